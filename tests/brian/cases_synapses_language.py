"""Corners of the synapse language: both ends the same, several draws, statements for all synapses, timed arrays."""

from brian.replay import Case

CASES = (
    Case(
        "both_ends_are_one_element",
        """
n = 4
codes = ['v_pre -= 1; v_post += w', 'v_post += w; v_pre -= 1', 'v_pre += u_post; v_post += u_pre',
         'v_pre *= 2; v_post *= w', 'x = w*2; v_post += x; v_pre -= 3; w = x']
found = []
for code in codes:
    for pairs in ('i == j', 'i != j', 'i >= j and i > 1'):
        G = NeuronGroup(n, 'v : 1\\nu : 1', threshold='t < 0.15*ms and i != 1', reset='')
        G.v = '0.5*i + 1'; G.u = '1 + i'
        S = Synapses(G, G, 'w : 1', on_pre=code)
        S.connect(pairs)
        S.w = '1 + i + 0.25*j'
        Network(G, S).run(0.5*ms)
        found += [*G.v[:], *S.w[:]]
keep(found=found)
""",
    ),
    Case(
        "both_ends_of_overlapping_parts",
        """
G = NeuronGroup(6, 'v : 1\\nc : integer', threshold='t < 0.05*ms', reset='')
S = Synapses(G[:4], G[2:], 'w : 1', on_pre='v_pre -= w; v_post += 2*w; c_post += 1; c_pre += 10', delay=0.2*ms)
S.connect('i == j + 2 or i == j')
S.w = 'i + 1'
R = Synapses(G[3:], G[1:5], on_post='v_pre += 0.5; v_post -= 0.25')
R.connect()
run(0.5*ms)
keep(v=G.v[:], c=G.c[:])
""",
    ),
    Case(
        "protected_ends",
        """
G = NeuronGroup(4, '''dv/dt = 0/ms : 1 (unless refractory)
                      n : 1''', threshold='n > 0.5 and i > 1', reset='n = 0', refractory=0.25*ms, method='euler')
G.n = 1
H = NeuronGroup(4, 'v0 : 1', threshold='True', reset='')
S = Synapses(G, G, on_pre='v_post += 1; n_pre -= 0.25; n_post += 0.25')
S.connect()
K = Synapses(H, G, on_pre='v_post += 100')
K.connect('i == j')
M = StateMonitor(G, 'v', record=True)
run(0.6*ms)
keep(v=M.v)
""",
    ),
    Case(
        "several_draws",
        """
G = NeuronGroup(2000, 'v : 1\\nu : 1', threshold='t < 0.05*ms and rand() + rand() < 1',
                reset='v += rand()*rand(); x = rand() - rand(); u = x')
G.run_regularly('u += 0*(rand() + rand())')
H = NeuronGroup(400, 'q : 1')
S = Synapses(G[:400], H, 'w : 1', on_pre='w += rand() - rand(); q_post += int(rand() < 0.5)*int(rand() < 0.5)')
S.connect('rand() < 0.1 or rand() < 0.1', j=None)
P = PoissonGroup(500, rates='rand()*rand()*10*kHz')
spikes, rates = SpikeMonitor(G), SpikeMonitor(P)
run(1*ms)
keep(n=[spikes.num_spikes, rates.num_spikes, len(S)], v=[mean(G.v), std(G.v), mean(G.u), std(G.u)],
     w=[mean(S.w), std(S.w)], q=[mean(H.q), std(H.q)], part=[G.v['rand() < rand()'].size])
""",
        stochastic=True,
    ),
    *(
        Case(f"several_draws_refused_{name}", f"G = NeuronGroup(2, '''v : 1\\nx = 1 : 1''')\n{text}\n")
        for name, text in (
            ("set", "G.v = 'rand() - rand()'"),
            ("regularly", "G.run_regularly('v = rand() - rand()')\nrun(0.1*ms)"),
            ("equation", "H = NeuronGroup(2, 'dv/dt = (rand() - rand())/dt : 1', method='euler')\nrun(0.1*ms)"),
            ("stored", "H = NeuronGroup(2, 'y = rand() - rand() : 1 (constant over dt)')\nrun(0.1*ms)"),
            ("synapses", "S = Synapses(G, G, 'w : 1')\nS.connect()\nS.w = 'rand()*rand()'"),
        )
    ),
    *(
        Case(
            f"shared_{name}",
            f"""
G = NeuronGroup(3, 'v : 1\\nq : 1 (shared)', threshold='t < 0.05*ms', reset='')
H = NeuronGroup({size}, 'v : 1\\nq : 1 (shared)')
S = Synapses(G, H, 'w : 1\\ns : 1 (shared)'{code})
S.connect()
{text}
run(0.2*ms)
keep(w=S.w[:], s=S.s[:], q=[H.q[:], G.q[:]], v=H.v[:])
""",
        )
        for name, size, code, text in (
            ("read", 3, ", on_pre='w = s + 2*q_post + 3*q_pre; v_post += w'", "S.s = 1; H.q = 2; G.q = 3"),
            ("written", 3, ", on_pre='s = 1'", ""),
            ("added_to", 3, ", on_pre='s += w'", ""),
            ("of_the_target", 3, ", on_pre='q_post = 1'", ""),
            ("of_a_target_of_one", 1, ", on_pre='q_post += 1'", ""),
            ("of_the_source", 3, ", on_pre='q_pre = 1'", ""),
            ("after_others", 3, ", on_pre='v_post += s; s = 2'", ""),
            ("regularly", 3, "", "S.run_regularly('s += 1; w = s')"),
            ("of_the_target_regularly", 3, "", "S.run_regularly('q_post += 1; q_pre = q_post + 1; v_post += q_pre')"),
            ("from_elements_regularly", 3, "", "S.run_regularly('s += w')"),
            ("after_elements_regularly", 3, "", "S.run_regularly('w = 1; s = 1')"),
        )
    ),
    Case(
        "statements_for_all_synapses",
        """
G = NeuronGroup(4, 'x : 1\\ntotal : 1', threshold='False')
H = NeuronGroup(3, '''v : 1
                      n : integer
                      dz/dt = 0/ms : 1 (unless refractory)''', threshold='i == 1', reset='', refractory=0.3*ms,
                method='euler')
G.x = 'i'
S = Synapses(G, H, 'w : 1\\nk : 1')
S.connect('(i + j) % 3 != 0')
S.connect(i=[3, 0], j=[0, 1])
S.w = '1 + i + 10*j'
S.run_regularly('v_post += w*x_pre; n_post += 1; z_post += 1', dt=0.2*ms)
S.run_regularly('total_pre += w; k = v_post + N_incoming', when='end')
R = Synapses(G[1:], H[1:], 'w : 1')
R.connect()
R.run_regularly('v_post += 0.001; total_pre -= 0.5*x_pre', when='after_resets', dt=0.3*ms)
none = Synapses(G, H)
none.connect(False)
none.run_regularly('v_post += 1000')
run(1*ms)
keep(v=H.v[:], n=H.n[:], z=H.z[:], total=G.total[:], k=S.k[:])
run(0.5*ms)
keep(v2=H.v[:], k2=S.k[:])
""",
    ),
    Case(
        "sums_of_random_numbers",
        """
H = NeuronGroup(300, 'g : 1\\nh : 1')
S = Synapses(H, H, 'w : 1\\ng_post = w*rand() + 0.1*randn() : 1 (summed)\\nh_pre = rand() - rand() : 1 (summed)')
S.connect(p=0.5)
S.w = '1 + i/N_pre'
run(0.2*ms)
keep(g=[mean(H.g), std(H.g)], h=[mean(H.h), std(H.h)], correlated=[corrcoef(H.g, H.h)[0, 1]])
""",
        stochastic=True,
    ),
    Case(
        "numbers_and_events_of_synapses",
        """
G = NeuronGroup(3, 'v : 1', threshold='v > 1', reset='', events={'half': 'v > 1'})
S = Synapses(G, G, 'w : 1', on_pre={'pre': 'w += 1', 'b': 'w += 2'}, on_post='w += 3', on_event={'b': 'half'})
S.connect('i != j')
T = Synapses(G, G, 'w : 1', on_pre='w += 1', on_event='half')
T.connect()
names = [f'{k}:{v}' for k, v in sorted(S.events.items())]
keep(N=[S.N[:], T.N[:], S.N + 1, len(S)], kinds=[str(S.N[:].dtype), S.b.event, S.pre.event, S.post.event, T.pre.event],
     names=names, none=[len(T.events), len(Synapses(G, G).events)])
""",
    ),
    Case("number_of_synapses_by_index", "G = NeuronGroup(3, '')\nS = Synapses(G, G)\nS.connect()\nkeep(N=S.N[0])\n"),
    Case(
        "timed_arrays_of_columns",
        """
table = TimedArray([[1, 2, 9], [3, 4, 8], [5, 6, 7]], dt=0.1*ms)
coarse = TimedArray([[1, 2, 9], [3, 4, 8]], dt=0.3*ms)
line = TimedArray([1, 3, 2], dt=0.2*ms)
made = []
for text in ('table(t, i)', 'table(t, k)', 'table(t, 1)', 'table(t, 2 - i)*line(t)', 'coarse(t, i)', 'table(t, i) + k',
             'line(t + 0.1*ms) + table(t - 0.1*ms, i)'):
    G = NeuronGroup(3, f'dv/dt = ({text} - v)/ms : 1\\nk : integer')
    G.k = '(i + 1) % 3'
    M = StateMonitor(G, 'v', record=True)
    Network(G, M).run(0.7*ms)
    made += [*M.v.flatten()]
keep(made=made, called=[table(0.1*ms, 1), table(5*ms, 2), table(-1*ms, 0), table(0*ms, -1)],
     several=table(0.1*ms, array([0, 2, 1])))
""",
    ),
    *(
        Case(f"timed_array_error_{name}", f"table = TimedArray([[1, 2], [3, 4]], dt=0.1*ms)\nkeep(x={text})\n")
        for name, text in (("column", "table(0*ms, 2)"), ("negative", "table(0*ms, -3)"), ("none", "table(0*ms)"))
    ),
)  # fmt: skip
