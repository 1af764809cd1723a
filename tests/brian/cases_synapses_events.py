"""Spikes on their way: delays of each form, orders and names of pathways, events, sources of spikes, schedules."""

from brian.replay import Case

SPIKING = "G = NeuronGroup(2, 'v : 1\\nu : volt', threshold='v > 1')\n"

CASES = (
    Case(
        "rounding_of_delays",
        """
G = SpikeGeneratorGroup(1, [0, 0], [0, 2]*ms)
H = NeuronGroup(12, 'v : 1')
S = Synapses(G, H, on_pre='v_post += 1')
S.connect()
S.delay = [0, 0.04, 0.05, 0.06, 0.14, 0.15, 0.16, 0.25, 0.35, 0.45, 1.0, 1.05]*ms
M = StateMonitor(H, 'v', record=True)
run(4*ms)
keep(v=M.v, delay=S.delay[:])
""",
    ),
    Case(
        "forms_of_delays",
        """
G = SpikeGeneratorGroup(3, [0, 1, 2, 1], [0, 0.1, 0.2, 1.5]*ms)
H = NeuronGroup(4, 'v : 1\\nq : 1')
scalar = Synapses(G, H, on_pre='v_post += 1', delay=0.5*ms, name='scalar')
scalar.connect()
text = Synapses(G, H, on_pre='v_post += 10', name='text')
text.connect('i != j')
text.delay = '(i + 2*j)*0.1*ms'
some = Synapses(G, H, on_pre='v_post += 100', name='some')
some.connect()
some.delay = 0.2*ms
some.delay[1, :] = 0.7*ms
some.delay['i == 2'] = 'j*0.3*ms'
several = Synapses(G, H, 'w : 1', on_pre={'fast': 'q_post += 1', 'slow': 'q_post += 10', 'pre': 'q_post += 100'},
                   delay={'fast': 0.1*ms, 'slow': 1.2*ms}, name='several')
several.connect('i == j')
several.pre.delay = 'i*0.4*ms'
M = StateMonitor(H, ['v', 'q'], record=True)
run(3*ms)
keep(v=M.v, q=M.q, scalar=scalar.delay[:], text=text.delay[:], some=some.delay[1:2, :], fast=several.fast.delay[:],
     slow=several.slow.delay[:], pre=several.delay[:])
""",
    ),
    Case(
        "delays_changed_between_runs",
        """
G = SpikeGeneratorGroup(2, [0, 1, 0, 1], [0, 0.3, 1.0, 1.2]*ms)
H = NeuronGroup(2, 'v : 1\\nu : 1')
S = Synapses(G, H, on_pre='v_post += i + 1')
S.connect()
S.delay = 0.8*ms
F = Synapses(G, H, on_pre='u_post += i + 1', delay=0.6*ms)
F.connect('i == j')
M = StateMonitor(H, ['v', 'u'], record=True)
run(0.5*ms)
S.delay = '0.1*ms + j*0.5*ms'
F.delay = 0.3*ms
run(0.6*ms)
S.delay[0, 1] = 1.1*ms
F.delay = 1*ms
run(2.4*ms)
keep(v=M.v, u=M.u)
""",
    ),
    Case(
        "time_step_changed_between_runs",
        """
G = NeuronGroup(2, 'dx/dt = (1 + i)/ms : 1', threshold='x > 1.99', reset='x = 0', method='euler')
H = NeuronGroup(2, 'v : 1')
S = Synapses(G, H, on_pre='v_post += 1')
S.connect()
S.delay = '0.5*ms + 0.4*j*ms'
M = StateMonitor(H, 'v', record=True)
run(2.2*ms)
defaultclock.dt = 0.2*ms
run(4*ms)
keep(v=M.v, t=M.t[:])
""",
    ),
    Case(
        "spikes_of_a_delay_longer_than_the_run",
        """
G = SpikeGeneratorGroup(2, [0, 1], [0.2, 0.5]*ms)
H = NeuronGroup(2, 'v : 1')
S = Synapses(G, H, on_pre='v_post += 1')
S.connect(j='i')
S.delay = [2, 3.3]*ms
M = StateMonitor(H, 'v', record=True)
for k in range(8):
    run(0.5*ms)
keep(v=M.v)
""",
    ),
    Case(
        "store_with_spikes_on_the_way",
        """
G = SpikeGeneratorGroup(2, [0, 1, 0], [0.2, 0.5, 1.3]*ms)
H = NeuronGroup(2, 'v : 1')
S = Synapses(G, H, 'w : 1', on_pre='v_post += w; w += 1')
S.connect()
S.w = 1
S.delay = '0.3*ms + 0.4*j*ms'
F = Synapses(G, H, on_pre='v_post += 100', delay=0.9*ms)
F.connect('i == j')
M = StateMonitor(H, 'v', record=True)
run(0.6*ms)
store()
run(2*ms)
first, w = array(M.v), array(S.w)
restore()
keep(restored=S.w[:], now=H.v[:])
run(2*ms)
keep(first=first, w=w, again=M.v, w2=S.w[:])
restore()
S.w = 5
run(1.4*ms)
keep(other=M.v)
""",
    ),
    Case(
        "store_with_fewer_synapses",
        """
G = SpikeGeneratorGroup(2, [0, 1, 0], [0.2, 0.5, 1.3]*ms)
H = NeuronGroup(3, 'v : 1')
S = Synapses(G, H, 'w : 1', on_pre='v_post += w', multisynaptic_index='k')
S.connect(i=0, j=0)
S.w = 1
store()
S.connect('i != j', n=2)
S.w = 'i + 2*j'
S.delay = 0.1*ms
store('more')
restore()
keep(N=len(S), w=S.w[:], into=S.N_incoming[:], k=S.k[:])
restore('more')
run(2*ms)
keep(v=H.v[:], w2=S.w[:], i=S.i[:], k2=S.k[:])
""",
    ),
    Case(
        "orders_of_pathways",
        """
G = SpikeGeneratorGroup(2, [0, 1, 0, 1], [0, 0, 1, 1]*ms)
H = NeuronGroup(2, 'v : 1')
made = {}
def case(name, change):
    start_scope()
    G = SpikeGeneratorGroup(2, [0, 1, 0, 1], [0, 0, 1, 1]*ms)
    S = Synapses(G, G, 'w : 1', on_pre={'pre': 'w = 2*w + 1', 'b': 'w = 3*w + 5', 'a': 'w = 5*w + 7'},
                 on_post={'post': 'w = 7*w + 11', 'c': 'w = 11*w + 13'})
    S.connect()
    S.w = 'i + j'
    change(S)
    Network(G, S).run(1.5*ms)
    keep(**{name: S.w[:]})
case('plain', lambda S: None)
def post_first(S): S.post.order = -2
def third(S): S.b.order = 5; S.pre.order = 3
def slots(S): S.a.when = 'after_synapses'; S.c.when = 'before_synapses'; S.b.when = 'end'
def equal(S): S.pre.order = S.a.order = S.b.order = S.post.order = S.c.order = 0
case('post_first', post_first)
case('third', third)
case('slots', slots)
case('equal', equal)
""",
    ),
    Case(
        "order_within_a_pathway",
        """
G = SpikeGeneratorGroup(5, [4, 2, 0, 1, 3, 3, 0], [0, 0, 0, 0, 0, 0.2, 0.4]*ms)
H = NeuronGroup(2, 'v : 1\\nc : 1')
S = Synapses(G, H, 'k : 1\\nseen : 1', on_pre='v_post = v_post*10 % 1000000007 + k; seen = c_post; c_post += 1')
S.connect(i=[4, 0, 1, 3, 2, 0, 3, 2], j=[0, 0, 0, 0, 1, 1, 1, 0])
S.k = 'i + 1'
S.delay = array([0, 4, 3, 2, 0, 1, 3, 4])*0.1*ms
M = StateMonitor(H, 'v', record=True)
run(1.5*ms)
keep(v=M.v, seen=S.seen[:])
""",
    ),
    Case(
        "several_targets_of_one_statement",
        """
G = SpikeGeneratorGroup(3, [0, 1, 2, 0, 2], [0, 0, 0, 0.3, 0.3]*ms)
H = NeuronGroup(3, 'v : 1\\nu : 1\\nk : integer\\nb : boolean')
S = Synapses(G, H, 'w : 1\\nn : integer', on_pre='''x = w*2
                                               v_post += x + u_post
                                               u_post = u_post + 0.5
                                               w = w + v_post
                                               k_post += 1
                                               n = k_post + i
                                               b_post = b_post or (k_post > 3)''')
S.connect()
S.w = '1 + i + 3*j'
run(0.6*ms)
keep(v=H.v[:], u=H.u[:], w=S.w[:], k=H.k[:], n=S.n[:], b=H.b[:])
""",
    ),
    Case(
        "autapses_and_copies",
        """
G = NeuronGroup(3, 'dv/dt = (1.2 + 0.1*i - v)/(3*ms) : 1\\ng : 1\\nh : 1', threshold='v > 1', reset='v = g*0.01',
                method='exact')
S = Synapses(G, G, 'w : 1', on_pre='h_pre += 1; g_post += w', on_post='w += 0.5', multisynaptic_index='nr')
S.connect('i == j', n=2)
S.connect(i=0, j=[1, 2], n=3)
S.w = 'nr + 1'
S.delay = 'nr*0.2*ms'
M = SpikeMonitor(G)
run(15*ms)
keep(M=M, g=G.g[:], h=G.h[:], w=S.w[:], nr=S.nr[:])
""",
    ),
    Case(
        "post_pathways_with_delays",
        """
G = SpikeGeneratorGroup(2, [0, 1, 0], [0, 0.5, 1]*ms)
T = SpikeGeneratorGroup(3, [0, 1, 2, 1], [0.1, 0.4, 0.9, 1.1]*ms)
S = Synapses(G, T, 'w : 1', on_pre='w = w*2 + 1', on_post='w = w*3 + 2')
S.connect()
S.delay = '0.2*ms*j'
S.post.delay = '0.3*ms*i + 0.1*ms'
M = StateMonitor(S, 'w', record=True)
run(2.5*ms)
keep(w=M.w, post=S.post.delay[:])
""",
    ),
    Case(
        "only_post",
        """
G = SpikeGeneratorGroup(2, [0, 1, 0], [0, 0.5, 1]*ms)
H = NeuronGroup(2, 'v : 1')
S = Synapses(H, G, 'w : 1', on_post='w += 1; v_pre += w')
S.connect(i=[1, 0, 1], j=[0, 1, 1])
S.post.delay = array([0, 1, 2])*0.1*ms
run(2*ms)
keep(w=S.w[:], v=H.v[:])
""",
    ),
    Case(
        "events",
        """
G = NeuronGroup(3, 'dx/dt = (1 + 0.3*i)/ms : 1\\ncount : 1', threshold='x > 2.03', reset='x = 0', method='euler',
                events={'half': 'x > 1.02 and x < 1.17', 'odd': 'int(x*10 + 0.47) % 3 == 1'})
H = NeuronGroup(3, 'v : 1\\nu : 1\\nz : 1')
S = Synapses(G, H, on_pre={'pre': 'v_post += 1', 'other': 'u_post += 1', 'third': 'z_post += 1'},
             on_event={'other': 'half', 'third': 'odd'})
S.connect()
S.other.delay = 'j*0.2*ms'
A = Synapses(G, H, on_pre='v_post += 100', on_event='half')
A.connect('i == j')
B = Synapses(H, G, 'w : 1', on_post='w += 1; count_post += 1', on_event='odd')
B.connect('i != j')
M = StateMonitor(H, ['v', 'u', 'z'], record=True)
run(6*ms)
keep(v=M.v, u=M.u, z=M.z, w=B.w[:], count=G.count[:])
""",
    ),
    Case(
        "parts_of_groups",
        """
G = NeuronGroup(10, 'q : 1', threshold='abs(t/ms - q) < 0.04', reset='')
G.q = [0, -1, 0.4, 0, 0, 0.2, 0.4, 0.7, 0.2, 0.2]
H = NeuronGroup(8, 'v : 1\\ndx/dt = 1/ms : 1', threshold='x > 0.5 + 0.2*i', reset='x = 0', method='euler')
S = Synapses(G[2:6], H[3:7], 'w : 1', on_pre='v_post += 10**i')
S.connect('j != i')
T = Synapses(H[:4], H[2:], 'k : 1', on_pre='k += 1; v_post += 0.5', on_post='k += 100')
T.connect()
T.delay = '(i + j)*0.1*ms'
U = Synapses(H[5:], G[1:4], 'k : 1', on_pre='k += 1', on_post='k += 100', delay=0.3*ms)
U.connect()
one = Synapses(G[9:], H[7:], on_pre='v_post -= 7')
one.connect()
M = StateMonitor(H, 'v', record=True)
run(2.5*ms)
keep(v=M.v, k=T.k[:], u=U.k[:])
""",
    ),
    Case(
        "inactive_objects",
        """
G = SpikeGeneratorGroup(2, [0, 1, 0, 1, 0], [0, 0.5, 1, 1.5, 2.2]*ms)
H = NeuronGroup(2, 'v : 1\\nu : 1')
S = Synapses(G, H, 'dq/dt = 1/ms : 1 (clock-driven)', on_pre={'pre': 'v_post += 1', 'late': 'u_post += 1'},
             delay={'late': 0.6*ms}, method='euler')
S.connect()
M = StateMonitor(H, ['v', 'u'], record=True)
run(0.8*ms)
S.late.active = False
run(0.4*ms)
S.late.active = True
S.pre.active = False
S.state_updater.active = False
run(0.5*ms)
keep(q=S.q[:])
S.active = False
run(0.4*ms)
S.active = True
run(1.2*ms)
keep(v=M.v, u=M.u, q2=S.q[:])
""",
    ),
    Case(
        "groups_of_different_steps",
        """
fast, slow = Clock(dt=0.05*ms), Clock(dt=0.2*ms)
G = NeuronGroup(2, 'dx/dt = (2 + i)/ms : 1', threshold='x > 0.99', reset='x = 0', method='euler', clock=fast)
H = NeuronGroup(2, 'dv/dt = -v/ms : 1\\nn : 1', method='exact', clock=slow, threshold='v > 2.5', reset='v = 0')
S = Synapses(G, H, 'w : 1', on_pre='v_post += w; n_post += 1', on_post='w *= 0.9', clock=fast)
S.connect()
S.w = 1
S.delay = 'i*0.15*ms + 0.1*ms'
T = Synapses(H, G, 'w : 1', on_pre='w += 1', clock=slow)
T.connect()
T.delay = 'j*0.2*ms'
M = StateMonitor(H, ['v', 'n'], record=True)
run(4*ms)
keep(v=M.v, n=M.n, w=S.w[:], tw=T.w[:])
""",
    ),
    Case(
        "clock_of_their_own",
        """
G = SpikeGeneratorGroup(2, [0, 1, 0, 1], [0, 0.5, 1, 1.5]*ms)
H = NeuronGroup(2, 'v : 1\\ng : 1')
S = Synapses(G, H, '''ds/dt = -s/(1*ms) : 1 (clock-driven)
                      g_post = s : 1 (summed)''', on_pre='s += 1; v_post += 1', dt=0.5*ms, method='exact')
S.connect()
M = StateMonitor(H, ['v', 'g'], record=True)
N = StateMonitor(S, 's', record=True)
run(3*ms)
keep(v=M.v, g=M.g, s=N.s, t=N.t[:])
""",
    ),
    Case(
        "schedule_of_the_network",
        """
for name, schedule in (('one', ['start', 'synapses', 'resets', 'thresholds', 'groups', 'end']),
                       ('two', ['start', 'resets', 'groups', 'thresholds', 'synapses', 'end'])):
    G = NeuronGroup(2, 'dx/dt = 1/ms : 1', threshold='x > 0.463 + 0.1*i', reset='x = 0', method='euler')
    H = NeuronGroup(2, 'dv/dt = 1/ms : 1\\nc : 1', threshold='v > 0.7123', reset='v = 0.0101*c', method='euler')
    S = Synapses(G, H, 'w : 1', on_pre='c_post = c_post*0.2 + v_post', on_post='w = w + v_post + x_pre')
    S.connect()
    M = StateMonitor(H, ['v', 'c'], record=True)
    net = Network(G, H, S, M)
    net.schedule = schedule
    net.run(3*ms)
    keep(**{name + '_v': M.v, name + '_c': M.c, name + '_w': S.w[:]})
""",
    ),
    Case(
        "generators_with_periods",
        """
G = SpikeGeneratorGroup(3, [0, 1, 2, 1], [0, 0.1, 0.35, 0.6]*ms, period=1*ms)
H = NeuronGroup(3, 'v : 1')
S = Synapses(G, H, on_pre='v_post += i + 1')
S.connect('i <= j')
S.delay = 'j*0.7*ms'
M = StateMonitor(H, 'v', record=True)
run(2.5*ms)
G.set_spikes([2], [0.2]*ms, period=0.5*ms)
run(2*ms)
keep(v=M.v)
""",
    ),
    Case(
        "input_and_synapses_in_one_step",
        """
G = SpikeGeneratorGroup(1, [0, 0], [0.3, 0.6]*ms)
H = NeuronGroup(2, 'dv/dt = -v/ms : 1 (unless refractory)\\nseen : 1', threshold='v > 2.5', reset='v = 0',
                refractory=0.4*ms, method='exact')
P = PoissonInput(H, 'v', N=1, rate=1/(0.1*ms), weight=0.4)
S = Synapses(G, H, on_pre='seen_post = seen_post*2 + v_post; v_post += 1.5', on_post='seen_post = 0')
S.connect()
M, spikes = StateMonitor(H, ['v', 'seen'], record=True), SpikeMonitor(H)
run(3*ms)
keep(v=M.v, seen=M.seen, spikes=spikes)
""",
    ),
    Case(
        "protected_conductances",
        """
G = NeuronGroup(4, 'dq/dt = 1/ms : 1', threshold='q > 0.6 + 0.2*i', reset='q = 0', method='euler')
H = NeuronGroup(3, '''dv/dt = (-v + (ge*(5 - v) - gi*(v + 1)))/(2*ms) : 1 (unless refractory)
                      dge/dt = -ge/(1*ms) : 1 (unless refractory)
                      dgi/dt = -gi/(3*ms) : 1''', threshold='v > 1', reset='v = 0', refractory='0.3*ms + i*0.4*ms',
                method='rk2')
E = Synapses(G[:3], H, 'w : 1', on_pre='ge_post += w')
E.connect()
E.w = '1 + 0.5*i + 0.2*j'
K = Synapses(G[3:], H, on_pre='gi_post += 0.4; v_post -= 0.1')
K.connect()
M, spikes = StateMonitor(H, ['v', 'ge', 'gi'], record=True), SpikeMonitor(H)
run(5*ms)
keep(v=M.v, ge=M.ge, gi=M.gi, spikes=spikes)
""",
    ),
    Case(
        "recurrent_network",
        """
N = 60
G = NeuronGroup(N, '''dv/dt = (I + ge + gi - v)/(10*ms) : 1 (unless refractory)
                      dge/dt = -ge/(3*ms) : 1
                      dgi/dt = -gi/(6*ms) : 1
                      I : 1''', threshold='v > 1', reset='v = 0', refractory=2*ms, method='exact')
G.I = '0.9 + 0.4*((7*i) % N)/N'
G.v = '((13*i) % N)/N*0.9'
E = Synapses(G, G, 'w : 1', on_pre='ge_post += w')
E.connect('i < 45 and (i*7 + j*11) % 10 < 2 and i != j')
E.w = '0.03*(1 + (i + j) % 3)'
E.delay = '(0.1 + 0.2*((3*i + j) % 9))*ms'
K = Synapses(G[45:], G, on_pre='gi_post -= 0.25', delay=0.8*ms)
K.connect('(i*5 + j*3) % 4 == 0')
spikes, rate = SpikeMonitor(G), PopulationRateMonitor(G)
M = StateMonitor(G, 'v', record=[0, 30])
run(80*ms)
keep(spikes=spikes, rate=rate.rate[:], v=M.v)
""",
        rtol=1e-7,
    ),
    Case(
        "poisson_through_synapses",
        """
P = PoissonGroup(100, rates=200*Hz)
H = NeuronGroup(50, 'dv/dt = -v/(5*ms) : 1\\ncount : 1', method='exact')
S = Synapses(P, H, on_pre='v_post += 1; count_post += 1')
S.connect('i % 50 == j')
S.delay = 'rand()*2*ms'
M = SpikeMonitor(P)
rates = PoissonGroup(80, rates='(10 + i)*Hz*(1 + (t > 100*ms))')
K = NeuronGroup(1, 'n : 1')
T = Synapses(rates, K, on_pre='n_post += 1')
T.connect()
run(200*ms)
keep(number=[M.num_spikes, K.n[0]], v=[mean(H.v), std(H.v)], counts=[mean(H.count), std(H.count)],
     delays=[mean(S.delay/ms), std(S.delay/ms)])
""",
        stochastic=True,
    ),
    Case(
        "release_by_chance",
        """
G = SpikeGeneratorGroup(1, zeros(100, dtype=int), arange(100)*0.2*ms)
H = NeuronGroup(200, 'n : 1\\nx : 1\\nz : 1')
S = Synapses(G, H, 'p : 1', on_pre='n_post += int(rand() < p); x_post += randn()\\n'
                             'q = rand(); z_post += rand()*(q < 0.5)')
S.connect()
S.p = 0.3
run(20.1*ms)
keep(n=[mean(H.n), std(H.n)], x=[mean(H.x), std(H.x)], z=[mean(H.z), std(H.z)],
     correlated=[corrcoef(H.n, H.z)[0, 1], corrcoef(H.x, H.z)[0, 1], corrcoef(H.x[1:], H.x[:-1])[0, 1]])
""",
        stochastic=True,
    ),
    *(
        Case(f"error_{name}", SPIKING + text, any_error=loose, early=True)
        for name, text, loose in (
            ("delay_array", "Synapses(G, on_pre='v += 1', delay=[1, 2]*ms)",
             False),
            ("delay_number", "Synapses(G, on_pre='v += 1', delay=1)", False),
            ("delay_units", "Synapses(G, on_pre='v += 1', delay=1*mV)", False),
            ("delay_of_unknown", ""
             "Synapses(G, on_pre='v += 1', delay={'post': 1*ms})", False),
            ("delay_without_pathway", "Synapses(G, delay=1*ms)", False),
            ("scalar_delay_made_several", ""
             "S = Synapses(G, on_pre='v += 1', delay=1*ms)\nS.connect()\nS.delay = [1, 2, 3, 4]*ms", True),
            ("scalar_delay_by_text", ""
             "S = Synapses(G, on_pre='v += 1', delay=1*ms)\nS.connect()\nS.delay = 'i*ms'", True),
            ("unknown_event", "Synapses(G, on_pre='v += 1', on_event='x')",
             False),
            ("no_threshold", "Synapses(NeuronGroup(2, 'v : 1'), on_pre='v += 1')", False),
            ("target_without_threshold", "H = NeuronGroup(2, 'v:1')\n"
             "Synapses(G, H, on_post='v += 1')", False),
            ("connect_argument", "Synapses(G, on_pre='v += 1', connect=True)",
             False),
            ("never_connected", "S = Synapses(G, on_pre='v += 1')\nrun(1*ms)",
             True),
            ("unknown_name_in_code", "S = Synapses(G, on_pre='v += nothing')\n"
             "S.connect()\nrun(1*ms)", False),
            ("unknown_target_in_code", ""
             "S = Synapses(G, on_pre='y_post += 1')\nS.connect()\nrun(1*ms)", False),
            ("units_in_code", "S = Synapses(G, on_pre='u_post += 1')\n"
             "S.connect()\nrun(1*ms)", False),
            ("wrong_source", "Synapses(3, on_pre='v += 1')", True),
            ("same_name_of_pathways", ""
             "Synapses(G, on_pre={'a': 'v += 1'}, on_post={'a': 'v += 1'})", True),
        )
    ),
)  # fmt: skip
