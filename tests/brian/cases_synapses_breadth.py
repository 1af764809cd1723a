"""More of the synapse language: synapses between synapses, methods, access, monitors, matrices, sources of spikes."""

from brian.replay import Case

ENDS = """
G = SpikeGeneratorGroup(3, [0, 1, 2, 0, 2, 1, 0], [0.2, 0.5, 0.5, 1.3, 1.9, 2.4, 3.1]*ms)
H = NeuronGroup(2, '''dv/dt = -v/(5*ms) : 1
                      q : 1
                      u : volt
                      g : 1
                      h : 1''', threshold='v > 2.5', reset='v = 0', method='exact')
"""

GROUPS = """
A = NeuronGroup(4, 'x : 1\\nu : volt', threshold='x > 100', reset='')
B = NeuronGroup(3, 'y : 1', threshold='y > 100', reset='')
A.x = 'i'; B.y = '10*i'
S = Synapses(A, B, 'w : 1\\nv : volt\\nk : integer\\nb : boolean', on_pre='y_post += w')
"""

READ = (
    "w[1, 2]", "w[1]", "w[1, :]", "w[:, 2]", "w[1:3, 0]", "w[[0, 1], [1, 2]]", "w[array([0, 1]), :]", "w[-1]",
    "w[-1, -1]", "w['w > 20']", "w['b and k > 1']", "w['x_pre > 1']", "w['y > 5']", "v['v > 20*mV']", "v_[0, 1]",
    "k[1:3, :]", "w[A[1:2], :]", "w[A[1:2], B[0:1]]", "i[S[1, :]]", "w[range(2), range(2)]", "w[::3]", "w[[]]",
    "w[50, 0]", "w['i == one']", "w.get_item((1, 2))", "w.get_item('i == 1')", "N_outgoing[1, :]", "indices[1, 2]",
    "indices[1:3]",
    "w[S.indices['w > 20']]", "x_pre['i == 1']", "y_post[0, :]", "y[2:4]", "w['rand() < 2']",
)  # fmt: skip
WRITTEN = (
    "w[1, 2] = 5", "w[1, :] = [7, 8, 9]", "w[:, 0] = arange(4)", "w['i == 1'] = 'j*2'", "w[1, :] = 'j*100 + y'",
    "w[1:3, 1:] = 'i'", "w[:] = range(12)", "w[2] += 5", "w[1, :] *= 2", "w += 1", "w *= S.k", "v[1, :] = 3*mV",
    "v = 'w*mV + 1*mV'", "v_[0, 1] = 2", "k = 2.7", "k = 'w/3'", "b = 'w > 3'", "b[1, :] = True", "w[S['i == 1']] = 4",
    "w[A[2:], :] = 9", "w[[1, 2]] = [5, 6]", "w[[1, 2], [1, 2]] = 3", "x_pre['i == 1'] = 4", "x_pre[1, :] = 'i*3'",
    "y_post = 'i*3 + x_pre'", "y = 'j'", "y[0, 1] = 4", "w['i == 9'] = 3", "w.set_item('i == 1', 4)", "w = S.k",
    "w = S.x_pre", "w = 'N_incoming + N_outgoing + N'", "w = 'int(i > 1)*j'", "w = S.w[:][::-1]",
)  # fmt: skip

DELAYS = (
    "S.delay = 2*ms", "S.delay = 'i*ms'", "S.delay[1, :] = 5*ms", "S.delay_ = 0.001", "S.pre.delay = 'j*ms'",
    "S.delay['i > 1'] = 3*ms", "S.delay = arange(12)*ms", "S.delay = 'w*ms'", "S.delay = 1*ms; S.delay *= 3",
    "S.delay = '0.1*ms*(x_pre + y_post)'", "S.delay = 2*ms; S.delay = 'delay + i*ms'",
)  # fmt: skip

METHODS = ("euler", "rk2", "rk4", "exponential_euler", "heun", "milstein", "exact", "linear", "independent")

CASES = (
    Case(
        "reading",
        GROUPS
        + "one = 1\nS.connect()\nS.w = 'i*10 + j'; S.k = 'i + j'; S.b = 'i > j'; S.v = 'w*mV'\n"
        + "".join(f"keep(r{number}=S.{text})\n" for number, text in enumerate(READ)),
    ),
    *(
        Case(
            f"writing_{number}",
            GROUPS
            + f"S.connect()\nS.w = 'i*10 + j'; S.k = 'i + j'; S.b = 'i > j'\nS.{text}\n"
            + "keep(w=S.w[:], v=S.v[:], k=S.k[:], b=S.b[:], x=A.x[:], y=B.y[:])\n",
        )
        for number, text in enumerate(WRITTEN)
    ),
    Case(
        "writing_delays",
        GROUPS
        + "S.connect()\nS.w = 'i + 0.1*j'\n"
        + "".join(f"S.delay = 0*ms\n{text}\nkeep(r{number}=S.delay[:])\n" for number, text in enumerate(DELAYS)),
    ),
    Case(
        "made_of_matrices",
        """
import scipy.sparse
weights = array([[1, 0, 2], [0, 0, 3], [4, 5, 0], [0, 0, 0]])
G, H = NeuronGroup(4, ''), NeuronGroup(3, '')
def made(i, j, values):
    S = Synapses(G, H, 'w : 1')
    S.connect(i=i, j=j)
    S.w = values
    back = full((4, 3), nan)
    back[S.i, S.j] = S.w
    return concatenate([S.i[:], S.j[:], S.w[:], back.flatten()])
i, j = weights.nonzero()
coo = scipy.sparse.coo_matrix(weights)
csc = scipy.sparse.csc_matrix(weights)
columns = csc.tocoo()
edges = [(0, 1), (2, 0), (3, 2)]
sources, targets = zip(*edges)
keep(dense=made(i, j, weights[i, j]), coo=made(coo.row, coo.col, coo.data), flat=made(
    i=repeat(arange(4), 3), j=tile(arange(3), 4), values=weights.flatten()),
    csc=made(columns.row, columns.col, columns.data), edges=made(sources, targets, [7, 8, 9]))
""",
    ),
    *(
        Case(
            f"method_{method}",
            ENDS
            + f"""
S = Synapses(G, H, '''dx/dt = -x/(2*ms) + k/(3*ms) : 1 (clock-driven)
                      k : 1''', on_pre='x += 1; v_post += 0.1*x', method='{method}')
S.connect()
S.k = 'i + 0.5*j'
M = StateMonitor(S, 'x', record=True)
run(4*ms)
keep(x=M.x, v=H.v[:])
""",
        )
        for method in METHODS
    ),
    Case(
        "method_chosen",
        ENDS
        + """
S = Synapses(G, H, '''dx/dt = x*(1 - x)*rate + drive/(4*ms) : 1 (clock-driven)
                      drive = v_post + 0.1*i : 1
                      rate : Hz''', on_pre='x += 0.1; v_post += 0.1*x')
S.connect()
S.rate = '(1 + i)*100*Hz'
R = Synapses(G, H, 'dy/dt = (drift - y)/(3*ms) : 1 (clock-driven)\\ndrift : 1', on_pre='y += 1')
R.connect()
R.drift = 'j'
run(4*ms)
keep(x=S.x[:], v=H.v[:], y=R.y[:])
""",
    ),
    Case(
        "sums_over_synapses_of_synapses",
        ENDS
        + """
S = Synapses(G, H, 'w : 1\\ndx/dt = -x/(2*ms) : 1 (clock-driven)\\nm : 1\\nz : 1', on_pre='x += 1; v_post += w*m',
             method='exact')
S.connect()
S.w = 'i + 1'
P = Synapses(S, H, 'g_post = w_pre*x_pre + 0.01*i_pre : 1 (summed)')
P.connect('i % 2 == j')
K = Synapses(H, S, 'm_post = v_pre + 1 : 1 (summed)')
K.connect('i == j % 2')
L = Synapses(S, S, 'k : 1\\nz_post = w_pre*k*x_post : 1 (summed)')
L.connect('i != j')
L.k = 0.1
M = StateMonitor(H, 'g', record=True)
run(4*ms)
keep(g=M.g, x=S.x[:], m=S.m[:], v=H.v[:], z=S.z[:])
""",
    ),
    Case(
        "pathways_onto_synapses",
        ENDS
        + """
S = Synapses(G, H, 'w : 1', on_pre='v_post += w')
S.connect()
P = Synapses(G, S, 'a : 1', on_pre='w_post += a*(i == i_post)', delay=0.2*ms)
P.connect('i == j // 2')
P.a = '1 + i'
run(4*ms)
keep(w=S.w[:], v=H.v[:], i=P.i[:], j=P.j[:], ends=P.j_post[:])
""",
    ),
    Case(
        "spikes_of_synapses",
        ENDS + "S = Synapses(G, H)\nS.connect()\nP = Synapses(S, H, on_pre='v_post += 1')\n",
    ),
    Case(
        "special_names",
        ENDS
        + """
K = NeuronGroup(3, 'dv/dt = (1.5 - v)/(2*ms) : 1', threshold='v > 1', reset='v = 0', method='exact', refractory=0.5*ms)
S = Synapses(K, H, 'w : 1\\nz = 2*w + t/ms : 1', on_pre='''v_post += t_pre/ms + i_pre + 10*j + 0.1*i_post + dt_post/ms
                                                           w = N_pre + 10*N_post + 100*N + (t - lastspike_pre)/ms
                                                           g_post += t_in_timesteps + int(not_refractory_pre) + z''')
S.connect()
R = Synapses(K, K, 'dx/dt = -x/(2*ms) : 1 (event-driven)\\ngap : second', on_pre='x += 1; gap = t - lastupdate',
             on_post='x += 10*(t - lastspike_post)/ms')
R.connect()
run(6*ms)
keep(v=H.v[:], w=S.w[:], g=H.g[:], x=R.x[:], gap=R.gap[:])
""",
    ),
    Case(
        "event_driven_with_subexpressions",
        ENDS
        + """
S = Synapses(G, H, '''dx/dt = (x0 - x)/tau : 1 (event-driven)
                      x0 = 0.1*v_post + shift : 1
                      tau = (1 + i)*unit_time : second
                      unit_time : second (shared, constant)
                      shift : 1 (constant)
                      y = x + 1 : 1
                      z = y*2 : 1''', on_pre='x += 0.3*z; q_post += y')
S.connect()
H.v = '1 + i'
S.unit_time = 1.5*ms; S.shift = 'j - i'
run(2*ms)
S.x[0] = 5
S.unit_time = 2*ms
run(2*ms)
keep(x=S.x[:], q=H.q[:], last=S.lastupdate[:], z=S.z[:])
""",
    ),
    Case(
        "monitors",
        ENDS
        + """
S = Synapses(G, H, 'w : 1\\ndx/dt = -x/(2*ms) : 1 (clock-driven)\\ny = 2*x + w*i : 1', on_pre='x += 1; w += 1',
             method='exact')
early = StateMonitor(S, 'w', record=True)
S.connect()
some = StateMonitor(S, ['w', 'x', 'y'], record=[0, 3])
row = StateMonitor(S, 'x', record=S[0, :])
text = StateMonitor(S, 'w', record=S['i == 2'], dt=0.5*ms)
run(2*ms)
keep(early=early.w, w=some.w, x=some.x, y=some.y, row=row.x, text=text.w, recorded=text.record, one=some[3].x)
""",
    ),
    Case("unrecorded_synapse", ENDS + "S = Synapses(G, H, 'w : 1')\nS.connect()\nM = StateMonitor(S, 'w', record=[0])\n"
         "run(0.2*ms)\nkeep(w=M[3].w)\n"),
    Case(
        "places_of_pathways_and_sums",
        ENDS
        + """
S = Synapses(G, H, '''dx/dt = -x/ms + v_post/ms : 1 (clock-driven)
                      g_post = x : 1 (summed)''', on_pre={'a': 'v_post += 1; x += 1', 'b': 'v_post *= 2; q_post += x'},
             method='euler', order=-3)
S.connect()
S.a.when = 'end'; S.b.when = 'start'; S.b.order = 3
S.summed_updaters['g_post'].when = 'after_synapses'
M = StateMonitor(H, ['v', 'g', 'q'], record=True)
run(3*ms)
keep(v=M.v, g=M.g, q=M.q, orders=[S.order, S.state_updater.order, S.a.order, S.b.order])
""",
    ),
    Case(
        "sums_of_every_kind",
        """
H = NeuronGroup(3, 'v : 1\\na : 1\\nb : 1\\nc : 1\\nd : 1\\nn : integer')
H.v = 'i + 1'; H.c = 3; H.d = 4
S = Synapses(H, H, '''w : 1
                      z = 2*w + v_pre : 1
                      a_pre = z + 1 : 1 (summed)
                      b_post = z*v_post : 1 (summed)
                      n_post = int(z > 3) : integer (summed)''')
S.connect('i <= j')
S.w = 'i*j'
none = Synapses(H, H, 'c_post = v_pre : 1 (summed)')
none.connect(False)
never = Synapses(H, H, 'd_post = v_pre : 1 (summed)')
run(0.3*ms)
keep(a=H.a[:], b=H.b[:], c=H.c[:], d=H.d[:], n=H.n[:])
""",
    ),
    Case(
        "poisson_groups_that_always_spike",
        """
P = PoissonGroup(4, rates=[0, 10000, 0, 10000]*Hz)
Q = PoissonGroup(3, rates='(i == 1)*10*kHz*(t > 0.35*ms)')
steps = TimedArray(array([[0, 10, 0], [10, 0, 10]])*kHz, dt=0.2*ms)
R = PoissonGroup(3, rates='steps(t, i)')
H = NeuronGroup(2, 'q : 1')
S = Synapses(P[1:3], H, on_pre='q_post += 1 + i')
S.connect()
T = Synapses(H, Q, 'w : 1', on_post='w += 1')
T.connect()
of_p, of_q, of_r, part = SpikeMonitor(P), SpikeMonitor(Q), SpikeMonitor(R), SpikeMonitor(P[2:])
run(1*ms)
keep(p=of_p, q=of_q, r=of_r, part=part, v=H.q[:], w=T.w[:], rates=P.rates[:], part_rates=P[1:3].rates)
P.rates = 10*kHz
run(0.3*ms)
P.rates[2] = 0*Hz
run(0.2*ms)
keep(again=of_p, shown=P.rates[:])
""",
    ),
    Case(
        "spike_generators",
        """
P = SpikeGeneratorGroup(3, [2, 0, 1], [0.5, 0.1, 0.1]*ms)
Q = SpikeGeneratorGroup(2, [0, 1], [0.1, 0.25]*ms, period=0.5*ms)
R = SpikeGeneratorGroup(3, [0, 1], [0.5, 0.74]*ms, dt=0.25*ms)
E = SpikeGeneratorGroup(2, [], []*ms)
of_p, of_q, of_r, of_e = [SpikeMonitor(g) for g in (P, Q, R, E)]
run(1.2*ms)
P.set_spikes([0, 1], [0.5, 1.5]*ms)
Q.set_spikes([0, 1], [2, 2.1]*ms)
E.set_spikes([1], [1.5]*ms, period=5*ms)
run(1.2*ms)
keep(p=of_p, q=of_q, r=of_r, e=of_e, number=P.spike_number[:], time=P.spike_time[:], index=P.neuron_index[:])
""",
    ),
    *(
        Case(f"spike_generator_error_{name}", f"G = SpikeGeneratorGroup(2, {text})\nrun(1*ms)\n", early=True)
        for name, text in (
            ("twice", "[0, 0], [0.11, 0.12]*ms"),
            ("period", "[0, 1], [0.1, 0.25]*ms, period=0.45*ms"),
            ("short_period", "[0, 1], [0.1, 0.25]*ms, period=0.2*ms"),
            ("index", "[0, 2], [0.1, 0.25]*ms"),
            ("negative", "[0, 1], [-0.1, 0.25]*ms"),
            ("lengths", "[0], [0.1, 0.25]*ms"),
            ("units", "[0], [0.1]"),
        )
    ),
    Case(
        "poisson_inputs_that_always_come",
        """
H = NeuronGroup(3, 'q : 1\\nu : volt\\nr : 1\\ns : 1')
P = PoissonInput(H, 'q', 10, 10*kHz, weight=0.5)
Q = PoissonInput(H, 'u', 2, 10*kHz, weight='(i + 1)*mV')
R = PoissonInput(H[1:], 'r', 3, 10*kHz, weight='1 + i + q')
T = PoissonInput(H, 's', 5, 0*Hz, weight=1)
run(0.5*ms)
keep(q=H.q[:], u=H.u[:], r=H.r[:], s=H.s[:], about=[float(P.N), float(P.rate), float(P.weight)])
""",
    ),
    Case(
        "timed_arrays_everywhere",
        ENDS
        + """
ta = TimedArray([1, 2, 3], dt=1*ms)
fine = TimedArray(arange(20), dt=0.05*ms)
on = TimedArray([1, 0, 1, 0], dt=0.25*ms)
S = Synapses(G, H, 'w : 1\\ndx/dt = (ta(t) - x)/(2*ms) : 1 (clock-driven)\\nd = fine(t) : 1',
             on_pre='v_post += ta(t)*w + x; g_post += d', method='exact')
S.connect('ta(i*ms) > 1')
S.w = 'ta(i*ms)'
S.delay = 'ta(i*ms)*0.1*ms'
K = NeuronGroup(2, 'v : 1', threshold='on(t) > 0.5', reset='v += on(t - 0.1*ms) + fine(t)')
M = StateMonitor(S, 'd', record=[0])
run(3*ms)
keep(i=S.i[:], w=S.w[:], delay=S.delay[:], v=H.v[:], g=H.g[:], x=S.x[:], k=K.v[:], d=M.d, called=ta(2.5*ms))
""",
    ),
    Case(
        "delays_again_and_again",
        ENDS
        + """
S = Synapses(G, H, 'w : 1', on_pre='v_post += w')
S.connect(n=5)
S.w = 0.1
S.delay = '0.1*ms*(i + 2*j)'
F = Synapses(G, H, on_pre='q_post += 1', delay=50*ms)
F.connect()
run(1*ms)
S.delay *= 2
run(1*ms)
S.delay = 0*ms
run(10*ms)
F.delay = 1*ms
run(40*ms)
keep(v=H.v[:], q=H.q[:])
""",
    ),
    Case(
        "two_sums_of_one_population_and_two_ends",
        """
K = NeuronGroup(4, '''dv/dt = (1.5 + 0.1*i - v + Ig + Is)/(5*ms) : 1
                      Ig : 1
                      Is : 1''', threshold='v > 1', reset='v = 0', method='euler')
gap = Synapses(K, K, 'w : 1\\nIg_post = w*(v_pre - v_post) : 1 (summed)')
gap.connect('i != j')
gap.w = '0.2 + 0.1*i'
slow = Synapses(K, K, '''Is_post = -0.3*s_nl*(v_post + 0.2) : 1 (summed)
                         ds_nl/dt = (1/(1 + exp(-(v_pre - 0.5)*20)) - s_nl)/(4*ms) : 1 (clock-driven)''',
                method='euler')
slow.connect('(i + j) % 2 == 1')
M = StateMonitor(K, ['v', 'Ig', 'Is'], record=True, dt=0.5*ms)
spikes = SpikeMonitor(K)
run(30*ms)
keep(v=M.v, gap=M.Ig, slow=M.Is, spikes=spikes)
""",
    ),
    Case(
        "parts_of_parts",
        """
K = NeuronGroup(10, 'dv/dt = (1.2 + 0.05*i - v)/(3*ms) : 1\\nq : 1', threshold='v > 1', reset='v = 0', method='exact')
A = K[2:8]
first, second_ = K[3:5], K[5:8]
S = Synapses(first, second_, 'w : 1', on_pre='q_post += w + i', on_post='q_pre += 0.1')
S.connect('i != j')
S.w = 'i + 0.1*j + v_pre'
one = Synapses(K[9:], K[:1], on_pre='q_post += 100')
one.connect()
spikes = SpikeMonitor(A)
run(20*ms)
keep(q=K.q[:], i=S.i[:], j=S.j[:], spikes=spikes)
""",
    ),
)  # fmt: skip
