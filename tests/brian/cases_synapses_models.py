"""Models of synapses: equations of each kind, summed variables, plasticity, gap junctions, types, monitors."""

from brian.replay import Case

SPIKES = """
G = SpikeGeneratorGroup(3, [0, 1, 2, 0, 2, 1, 0], [0.2, 0.5, 0.5, 1.3, 1.9, 2.4, 3.1]*ms)
T = SpikeGeneratorGroup(2, [0, 1, 0, 1], [0.4, 0.5, 1.6, 2.8]*ms)
"""

CASES = (
    Case(
        "event_driven_and_clock_driven",
        SPIKES
        + """
equations = '''da/dt = -a/(2*ms) : 1 ({0})
               db/dt = (k - b)/tau : 1 ({0})
               k : 1
               tau : second'''
code = dict(on_pre='a += 1; b = b + 0.1*a', on_post='a = a*0.5; b += 0.3')
for kind in ('event', 'clock'):
    S = Synapses(G, T, equations.format(kind + '-driven'), method='exact', **code)
    S.connect()
    S.k = 'i*0.5'; S.tau = '(1 + j)*ms'
    S.b = 'j'
    S.delay = '0.2*ms*j'
    Network(G, T, S).run(4*ms) if kind == 'event' else None
    if kind == 'event':
        keep(a=S.a[:], b=S.b[:], last=S.lastupdate[:])
start_scope()
"""
        + SPIKES
        + """
S = Synapses(G, T, equations.format('clock-driven'), method='exact', **code)
S.connect()
S.k = 'i*0.5'; S.tau = '(1 + j)*ms'
S.b = 'j'
S.delay = '0.2*ms*j'
run(4*ms)
keep(clock_a=S.a[:], clock_b=S.b[:])
""",
    ),
    Case(
        "coupled_event_driven",
        SPIKES
        + """
S = Synapses(G, T, '''dx/dt = -x/(3*ms) : 1 (event-driven)
                      dy/dt = (x - y)/(1.5*ms) : 1 (event-driven)
                      dz/dt = (y + c - z)/(2*ms) : 1 (event-driven)
                      c : 1
                      seen : 1''', on_pre='x += 1; seen = y', on_post='y += 0.5; seen = z')
S.connect()
S.c = 'i - j'
M = StateMonitor(S, ['x', 'y', 'z', 'seen'], record=True)
run(2*ms)
keep(last=S.lastupdate[:])
S.c = 2
run(2*ms)
keep(x=M.x, y=M.y, z=M.z, seen=M.seen)
""",
    ),
    Case(
        "event_driven_with_neuronal_coefficients",
        SPIKES
        + """
H = NeuronGroup(3, 'dv/dt = 1/ms : 1\\nrate : Hz', method='euler')
H.rate = '(1 + i)/ms'
S = Synapses(G, H, 'da/dt = -rate_post*a + v_post*rate_post : 1 (event-driven)', on_pre='a += 1')
S.connect()
run(4*ms)
keep(a=S.a[:], last=S.lastupdate[:])
""",
    ),
    Case(
        "lastupdate_by_hand",
        SPIKES
        + """
S = Synapses(G, T, '''u : 1
                      lastupdate : second''', on_pre='u = u*exp(-(t - lastupdate)/(2*ms)) + 1; lastupdate = t',
             on_post='u = u*exp(-(t - lastupdate)/(2*ms)); lastupdate = t')
S.connect()
run(4*ms)
keep(u=S.u[:], last=S.lastupdate[:])
""",
    ),
    Case(
        "summed_variables",
        SPIKES
        + """
H = NeuronGroup(4, '''dv/dt = (g - v)/(1*ms) : 1
                      g : 1
                      g2 : 1
                      n : 1''', method='euler')
S = Synapses(G, H, '''ds/dt = -s/(1*ms) : 1 (clock-driven)
                      w : 1
                      g_post = w*s : 1 (summed)
                      g2_post = s*v_post : 1 (summed)''', on_pre='s += 1', method='exact')
S.connect('i != j')
S.w = '1 + i + j'
R = Synapses(H, H, 'n_pre = v_post : 1 (summed)')
R.connect('(i + j) % 3 == 0')
M = StateMonitor(H, ['v', 'g', 'g2', 'n'], record=True)
N = StateMonitor(S, ['s', 'w'], record=[0, 3])
run(4*ms)
keep(v=M.v, g=M.g, g2=M.g2, n=M.n, s=N.s, w=N.w)
""",
    ),
    Case(
        "summed_to_parts",
        """
H = NeuronGroup(6, '''dv/dt = -v/(1*ms) : 1
                      a : 1
                      b : 1
                      c : 1''', method='euler')
H.v = 'i + 1'; H.a = -1; H.b = -2; H.c = -3
S1 = Synapses(H[:2], H[:3], 'a_post = v_pre : 1 (summed)')
S1.connect()
S2 = Synapses(H[3:], H[4:], 'a_post = 10*v_pre : 1 (summed)')
S2.connect('i == j')
S3 = Synapses(H[1:4], H[2:5], 'b_pre = v_post + i : 1 (summed)')
S3.connect('i <= j')
S4 = Synapses(H, H[2:4], 'c_post = v_pre*v_post : 1 (summed)')
S4.connect(i=[], j=array([], dtype=int)) if False else S4.connect('i == 5 and j == 1')
M = StateMonitor(H, ['a', 'b', 'c'], record=True)
run(1*ms)
keep(a=M.a, b=M.b, c=M.c)
""",
    ),
    Case(
        "summed_from_event_times_and_constants",
        """
strength = 2
H = NeuronGroup(5, 'x : 1\\ncount : 1\\ny : volt')
H.x = 'i'
S = Synapses(H, H, '''count_post = strength*int(x_pre > x_post) : 1 (summed)
                      d = x_pre - x_post : 1
                      w : volt
                      y_pre = w*abs(d) : volt (summed)''')
S.connect()
S.w = 'i*mV + 0.001*j*mV'
run(0.2*ms)
keep(count=H.count[:], y=H.y[:], d=S.d[:])
strength = 3
run(0.1*ms)
keep(count2=H.count[:])
""",
    ),
    Case(
        "stdp",
        """
taupre, taupost = 20*ms, 15*ms
gmax, dpre = 0.02, 0.01*0.02
dpost = -dpre*taupre/taupost*1.05
P = SpikeGeneratorGroup(6, arange(120) % 6, ((arange(120)*37) % 200 + (arange(120) % 6)*0.1)*ms)
H = NeuronGroup(2, '''dv/dt = (ge*(0*mV - v) + (-74*mV - v))/(10*ms) : volt
                      dge/dt = -ge/(5*ms) : 1''', threshold='v > -65*mV', reset='v = -74*mV', method='euler')
H.v = -70*mV
S = Synapses(P, H, '''w : 1
                      dapre/dt = -apre/taupre : 1 (event-driven)
                      dapost/dt = -apost/taupost : 1 (event-driven)''',
             on_pre='ge += 20*w; apre += dpre; w = clip(w + apost, 0, gmax)',
             on_post='apost += dpost; w = clip(w + apre, 0, gmax)')
S.connect()
S.w = '(0.3 + 0.1*i)*gmax + 0.0001*j'
spikes, M = SpikeMonitor(H), StateMonitor(S, ['w', 'apre', 'apost'], record=[0, 7])
run(250*ms)
keep(w=S.w[:], apre=S.apre[:], spikes=spikes, m=M.w, mpre=M.apre, mpost=M.apost)
""",
        rtol=1e-7,
    ),
    Case(
        "short_term_plasticity",
        """
P = SpikeGeneratorGroup(3, arange(60) % 3, ((arange(60)*7) % 61 + 0.5*(arange(60) % 3))*ms)
H = NeuronGroup(2, 'dv/dt = -v/(10*ms) : 1\\nn : 1', method='exact')
U = 0.45
S = Synapses(P, H, '''w : 1
                      du/dt = -u/tauf : 1 (event-driven)
                      dx/dt = (1 - x)/taud : 1 (event-driven)
                      tauf : second
                      taud : second''',
             on_pre='u += U*(1 - u); released = u*x; x -= released; v_post += w*released')
S.connect()
S.w = '1 + i'; S.x = 1; S.tauf = '(20 + 30*i)*ms'; S.taud = '(100 - 20*j)*ms'
S.delay = 'i*1*ms'
M = StateMonitor(H, 'v', record=True)
run(70*ms)
keep(v=M.v, u=S.u[:], x=S.x[:])
""",
    ),
    Case(
        "inhibitory_plasticity",
        """
G = NeuronGroup(12, '''dv/dt = (1.6 - v + gi*(-1 - v))/(10*ms) : 1 (unless refractory)
                       dgi/dt = -gi/(5*ms) : 1
                       drive : 1''', threshold='v > 1', reset='v = 0', refractory=2*ms, method='euler')
G.v = 'i/12.0'
alpha, eta, taustdp, gmax = 0.1, 0.05, 20*ms, 2
S = Synapses(G[8:], G[:8], '''w : 1
                             dApre/dt = -Apre/taustdp : 1 (event-driven)
                             dApost/dt = -Apost/taustdp : 1 (event-driven)''',
             on_pre='Apre += 1; w = clip(w + (Apost - alpha)*eta, 0, gmax); gi += w',
             on_post='Apost += 1; w = clip(w + Apre*eta, 0, gmax)')
S.connect('(i + j) % 3 != 0')
S.w = 0.01
spikes = SpikeMonitor(G)
run(120*ms)
keep(spikes=spikes, w=S.w[:], gi=G.gi[:])
""",
        rtol=1e-7,
    ),
    Case(
        "voltage_based_rule",
        """
H = NeuronGroup(3, 'dv/dt = (I - v)/(5*ms) : 1\\ndtrace/dt = (v - trace)/(10*ms) : 1\\nI : 1', threshold='v > 1',
                reset='v = 0', method='euler')
H.I = '1.2 + 0.3*i'
S = Synapses(H, H, '''dw/dt = eta*x*clip(trace_post - theta, 0, inf)*v_post : 1 (clock-driven)
                      dx/dt = -x/(8*ms) : 1 (clock-driven)
                      theta : 1
                      eta = 3*Hz*int(w < 0.9) : Hz''', on_pre='x += 1; w = clip(w - 0.01*clip(trace_post, 0, 1), 0, 1)',
             method='euler')
S.connect('i != j')
S.w = 0.5; S.theta = '0.1*i'
run(40*ms)
keep(w=S.w[:], x=S.x[:], trace=H.trace[:])
""",
    ),
    Case(
        "gap_junctions",
        """
H = NeuronGroup(5, '''dv/dt = (v0 - v + gap)/(10*ms) : 1
                      gap : 1
                      v0 : 1''', threshold='v > 1', reset='v = 0', method='euler')
H.v = 'i*0.15'; H.v0 = '0.8 + 0.1*i'
S = Synapses(H, H, 'w : 1\\ngap_post = w*(v_pre - v_post) : 1 (summed)')
S.connect('i != j')
S.w = '0.02*(1 + (i + j) % 3)'
spikes, M = SpikeMonitor(H), StateMonitor(H, ['v', 'gap'], record=True)
run(40*ms)
keep(spikes=spikes, v=M.v, gap=M.gap)
""",
        rtol=1e-7,
    ),
    Case(
        "rate_model",
        """
H = NeuronGroup(6, 'dr/dt = (tanh(total + ext) - r)/(5*ms) : 1\\ntotal : 1\\next : 1', method='rk4')
H.ext = '0.2*sin(i)'
S = Synapses(H, H, 'J : 1\\ntotal_post = J*r_pre : 1 (summed)')
S.connect()
S.J = '1.5*sin(3*i + 7*j)'
M = StateMonitor(H, ['r', 'total'], record=True)
run(15*ms)
keep(r=M.r, total=M.total)
""",
    ),
    Case(
        "nonlinear_synapses",
        """
H = NeuronGroup(2, 'dv/dt = (1.5 - v + g)/(10*ms) : 1\\ng : 1', threshold='v > 1', reset='v = 0', method='euler')
H.v = '0.5*i'
S = Synapses(H, H, '''dg_syn/dt = -a*g_syn + b*x*(1 - g_syn) : 1 (clock-driven)
                      dx/dt = -c*x : 1 (clock-driven)
                      g_post = g_syn*w : 1 (summed)
                      w : 1''', on_pre='x += 1', method='rk4')
a, b, c = 1/(10*ms), 1/(10*ms), 1/(5*ms)
S.connect('i != j')
S.w = 0.5
M = StateMonitor(S, ['g_syn', 'x'], record=True)
run(40*ms)
keep(g=M.g_syn, x=M.x)
""",
    ),
    Case(
        "noise_in_synapses",
        """
H = NeuronGroup(10, '')
S = Synapses(H, H, 'dw/dt = -w/(2*ms) + 0.5*xi*ms**-0.5 : 1 (clock-driven)', method='euler')
S.connect()
run(20*ms)
keep(w=[mean(S.w), std(S.w)])
""",
        stochastic=True,
    ),
    Case(
        "shared_constant_and_stored",
        SPIKES
        + """
S = Synapses(G, T, '''total : 1 (shared)
                      k : 1 (constant)
                      c = t/ms + k*total : 1 (constant over dt)
                      double = 2*total : 1 (shared)
                      n : integer
                      on : boolean
                      last : 1''', on_pre='last = c + double; n += 1', on_post='on = not on')
S.connect()
S.total = 3; S.k = 'i + 10*j'; S.on = 'i == 1'
run(2*ms)
keep(last=S.last[:], n=S.n[:], on=S.on[:])
S.total = 0.5
run(2*ms)
keep(last2=S.last[:], n2=S.n[:], on2=S.on[:], double=S.double[:], total=S.total[:])
""",
    ),
    Case(
        "linked_and_timed",
        SPIKES
        + """
values = TimedArray([1, 2, 3, 4], dt=1*ms)
table = TimedArray([[1, 10], [2, 20], [3, 30]], dt=1*ms)
H = NeuronGroup(2, 'v : 1\\nu : 1')
S = Synapses(G, H, 'w : 1', on_pre='v_post += w*values(t); u_post += table(t, j)')
S.connect()
S.w = 'i + 1'
S.delay = '0.4*ms*j'
run(4*ms)
keep(v=H.v[:], u=H.u[:])
""",
    ),
    Case(
        "synapses_onto_synapses",
        SPIKES
        + """
H = NeuronGroup(2, 'v : 1')
S = Synapses(G, H, 'w : 1\\ndm/dt = -m/(2*ms) : 1 (clock-driven)', on_pre='v_post += w*(1 + m)', method='exact')
S.connect()
S.w = 'i + j + 1'
A = Synapses(T, S, 'k : 1', on_pre='m_post += k; w_post += 0.1')
A.connect('(i + j) % 2 == 0')
A.k = '0.5 + 0.1*j'
A.delay = '0.2*ms*i'
M = StateMonitor(S, ['m', 'w'], record=True)
run(4*ms)
keep(m=M.m, w=M.w, v=H.v[:], N=[len(A)], j=A.j[:])
""",
    ),
    Case(
        "modulated_plasticity",
        SPIKES
        + """
R = SpikeGeneratorGroup(1, [0, 0], [1.5, 3]*ms)
S = Synapses(G, T, '''dw/dt = tag*dop/(5*ms) : 1 (clock-driven)
                      dtag/dt = -tag/(3*ms) : 1 (clock-driven)
                      ddop/dt = -dop/(2*ms) : 1 (clock-driven)
                      dpast/dt = -past/(2*ms) : 1 (event-driven)''',
                      on_pre='past += 1', on_post='tag += past', method='euler')
S.connect()
reward = Synapses(R, S, on_pre='dop_post += 0.5')
reward.connect()
run(4*ms)
keep(w=S.w[:], tag=S.tag[:], dop=S.dop[:], past=S.past[:])
""",
    ),
    Case(
        "monitors",
        SPIKES
        + """
S = Synapses(G, T, 'w : 1\\nx = 2*w + i : 1\\nk : integer', on_pre='w += 1', on_post='k += 1')
S.connect()
S.w = 'i + 0.1*j'
everything = StateMonitor(S, ['w', 'x', 'k'], record=True)
some = StateMonitor(S, 'w', record=[4, 1])
part = StateMonitor(S, 'w', record=S[0, :])
text = StateMonitor(S, ['w', 'k'], record=S['i == j'], dt=0.5*ms)
late = StateMonitor(S, 'w', record=[0], when='end')
run(3*ms)
keep(w=everything.w, x=everything.x, k=everything.k, some=some.w, some4=some[4].w, part=part.w, text=text.w,
     text_k=text.k, t=text.t[:], late=late.w, recorded=text.record)
""",
    ),
    Case(
        "run_regularly",
        SPIKES
        + """
H = NeuronGroup(2, 'v : 1\\nhomeo : 1')
S = Synapses(G, H, 'w : 1\\nk : integer', on_pre='w += 0.5; v_post += w')
S.connect()
S.w = 'i + 1'
S.run_regularly('w = clip(w*0.9, 0.2, 3); k += 1', dt=0.7*ms)
S.run_regularly('w = w + 0.01*v_post + N_outgoing', when='end', dt=1.5*ms)
M = StateMonitor(S, 'w', record=True)
run(4*ms)
keep(w=M.w, k=S.k[:], v=H.v[:])
""",
    ),
    Case(
        "network_operation_on_weights",
        SPIKES
        + """
H = NeuronGroup(2, 'v : 1')
S = Synapses(G, H, 'w : 1', on_pre='v_post += w')
S.connect()
S.w = 1
@network_operation(dt=1*ms)
def change(t):
    S.w = S.w + 1
    S.w[0, :] = t/ms
run(4*ms)
keep(w=S.w[:], v=H.v[:])
""",
    ),
    Case(
        "single_precision",
        SPIKES
        + """
prefs.core.default_float_dtype = float32
H = NeuronGroup(2, 'dv/dt = -v/(2*ms) : 1\\ng : 1', method='euler')
S = Synapses(G, H, '''w : 1
                      dx/dt = -x/(1*ms) : 1 (event-driven)
                      ds/dt = -s/(1*ms) : 1 (clock-driven)
                      g_post = s : 1 (summed)''', on_pre='x += w; v_post += w*x; s += 1', method='euler')
S.connect()
S.w = '0.1*(i + 1)'
S.delay = '0.3*j*ms'
run(4*ms)
keep(w=S.w[:].astype(float), x=S.x[:].astype(float), v=H.v[:].astype(float), g=H.g[:].astype(float),
     kinds=[str(S.w[:].dtype), str(S.x[:].dtype), str(S.s[:].dtype)])
""",
        rtol=3e-5,
    ),
    Case(
        "types_of_variables",
        SPIKES
        + """
H = NeuronGroup(2, 'v : 1')
S = Synapses(G, H, 'w : 1\\nk : integer\\nu : 1', on_pre='v_post += w; k += 1; u += 0.1', dtype={'w': float32})
S.connect()
S.w = 0.1
run(4*ms)
keep(v=H.v[:], k=S.k[:], u=S.u[:], kinds=[str(S.w[:].dtype), str(S.u[:].dtype)])
""",
        rtol=1e-6,
    ),
    Case(
        "states_and_matrices",
        SPIKES
        + """
S = Synapses(G, T, 'w : 1\\nu : volt', on_pre='w += 1')
S.connect('i + j > 0')
S.w = 'i - j'; S.u = 'j*mV'
states = S.get_states(['w', 'u', 'i', 'j'], units=False)
S.set_states({'w': S.w[:]*3})
W = full((3, 2), nan)
W[S.i[:], S.j[:]] = S.w[:]
keep(w=states['w'], u=states['u'], i=states['i'], j=states['j'], W=W)
""",
    ),
    Case(
        "neuron_variables_through_synapses",
        """
G = NeuronGroup(3, 'x : 1\\nz = 2*x : 1\\nk : integer', threshold='x > 1.5', reset='x = 0')
H = NeuronGroup(2, 'x : volt\\ny : 1\\nk : integer')
G.x = 'i'; G.k = 'i'; H.k = '5 + i'
S = Synapses(G, H, 's : 1\\nw : 1', on_pre='''w = s + x_pre + x_post/mV + z_pre
                                              y += w
                                              x_post = y*mV
                                              k_pre += k''')
S.connect()
S.s = 'x_pre*100 + k_post'
run(0.3*ms)
keep(s=S.s[:], w=S.w[:], gx=G.x[:], hx=H.x[:], y=H.y[:], k=G.k[:], seen=S.k[:], pre=S.k_pre[:])
""",
    ),
    Case(
        "functions_in_code",
        SPIKES
        + """
@check_units(x=1, result=1)
def twice(x):
    return 2*x + 1
@implementation('cpp', 'double twice(double x) { return 2*x + 1; }')
@check_units(x=1, result=1)
def unused(x):
    return x
H = NeuronGroup(2, 'v : 1')
S = Synapses(G, H, 'w : 1', on_pre='v_post += exp(-w) + sin(w)*abs(w - 1) + w % 2 + floor(w*1.5) + int(w > 1)')
S.connect()
S.w = 'i + 0.3*j'
run(4*ms)
keep(v=H.v[:])
""",
    ),
    *(
        Case(f"error_{name}", "G = NeuronGroup(2, 'v : 1\\ng : 1\\nu : volt', threshold='v > 1')\n" + text,
             any_error=loose, early=True)
        for name, text, loose in (
            ("summed_without_side", "Synapses(G, G, 'g = v_pre : 1 (summed)')", False),
            ("summed_of_unknown", "Synapses(G, G, 'other_post = v_pre : 1 (summed)')", False),
            ("summed_units", "Synapses(G, G, 'u_post = v_pre : 1 (summed)')", False),
            ("summed_twice", "Synapses(G, G, 'g_post = v_pre : 1 (summed)\\ng_pre = v_pre : 1 (summed)')", False),
            ("summed_of_equation", "H = NeuronGroup(2, 'dg/dt = -g/ms : 1')\n"
             "Synapses(G, H, 'g_post = v_pre : 1 (summed)')", False),
            ("summed_by_two", "A = Synapses(G, G, 'g_post = v_pre : 1 (summed)')\nA.connect()\n"
             "B = Synapses(G, G, 'g_post = 2*v_pre : 1 (summed)')\nB.connect()\nrun(1*ms)", False),
            ("summed_to_overlapping_parts", "A = Synapses(G, G[:1], 'g_post = v_pre : 1 (summed)')\nA.connect()\n"
             "B = Synapses(G, G, 'g_post = 2*v_pre : 1 (summed)')\nB.connect()\nrun(1*ms)", False),
            ("event_driven_nonlinear", "S = Synapses(G, G, 'dx/dt = -x**2/ms : 1 (event-driven)', on_pre='x += 1')\n"
             "S.connect()\nrun(1*ms)", False),
            ("event_driven_of_time", "S = Synapses(G, G, 'dx/dt = -x*t/ms**2 : 1 (event-driven)', on_pre='x += 1')\n"
             "S.connect()\nrun(1*ms)", False),
            ("clock_driven_of_event_driven", "Synapses(G, G, 'dx/dt = -x/ms : 1 (event-driven)\\n"
             "dy/dt = -x/ms : 1 (clock-driven)', on_pre='x += 1')", False),
            ("event_driven_of_clock_driven", "Synapses(G, G, 'dx/dt = -y/ms : 1 (event-driven)\\n"
             "dy/dt = -y/ms : 1 (clock-driven)', on_pre='x += 1')", False),
            ("summed_of_event_driven", "Synapses(G, G, 'dx/dt = -x/ms : 1 (event-driven)\\ng_post = x : 1 (summed)',"
             " on_pre='x += 1')", False),
            ("unless_refractory", "Synapses(G, G, 'dx/dt = -x/ms : 1 (unless refractory)')", False),
            ("both_flags", "Synapses(G, G, 'dx/dt = -x/ms : 1 (event-driven, clock-driven)')", False),
            ("units_of_equation", "S = Synapses(G, G, 'dx/dt = -x : 1 (clock-driven)')\nS.connect()\nrun(1*ms)", False),
            ("name_with_suffix", "Synapses(G, G, 'w_post : 1')", False),
            ("name_i", "Synapses(G, G, 'i : 1')", False),
            ("not_synapses_flag", "Synapses(G, G, 'w : 1 (summed)')", False),
            ("multisynaptic_index_taken", "Synapses(G, G, 'w : 1', multisynaptic_index='w')", True),
        )
    ),
)  # fmt: skip
