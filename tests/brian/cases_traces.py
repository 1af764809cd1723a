"""Event-driven variables of synapses as Python sees them: values at the last event, between runs, set and stored."""

from brian.replay import Case

SPIKES = """
spikes = SpikeGeneratorGroup(6, [0, 1, 2, 0, 3, 1, 4, 2, 5, 0, 1, 3], [1, 2, 3, 4.5, 5, 6, 6, 7.5, 8, 9, 9, 9.5]*ms)
G = NeuronGroup(6, 'v : 1\\nc : 1', threshold='v > 0.5', reset='v = 0')
G.c = '1 + 0.1*i'
drive = Synapses(spikes, G, on_pre='v_post = 1')
drive.connect(j='i')
"""
PAIR = """w : 1
dapre/dt = -apre/(20*ms) : 1 (event-driven)
dapost/dt = -apost/(15*ms) : 1 (event-driven)"""
RULE = "on_pre='apre += 0.1; w += apost', on_post='apost -= 0.11; w += apre'"
CONNECTED = "\nS.connect('i != 5 and j != 4')\nS.w = '0.5 + 0.01*i'\n"

CASES = (
    Case(
        "pairs_as_seen_between_runs",
        SPIKES
        + f"""
S = Synapses(G, G, '''{PAIR}''', {RULE})"""
        + CONNECTED
        + """
run(5*ms)
first = dict(w=S.w[:].copy(), apre=S.apre[:].copy(), apost=S.apost[:].copy(), last=S.lastupdate[:].copy())
run(3*ms)
keep(apre2=S.apre[2, :], apost2=S.apost['i == j'], last2=S.lastupdate[:, 1])
run(3*ms)
keep(w=S.w[:], apre=S.apre[:], apost=S.apost[:], last=S.lastupdate[:],
     **{f'first_{name}': values for name, values in first.items()})
""",
    ),
    Case(
        "pairs_with_delays_on_both_sides",
        SPIKES
        + f"""
S = Synapses(G, G, '''{PAIR}''', {RULE}, delay={{'pre': 1.2*ms, 'post': 0.4*ms}})"""
        + CONNECTED
        + """
run(5*ms)
keep(w1=S.w[:], apre1=S.apre[:], apost1=S.apost[:], last1=S.lastupdate[:])
S.pre.delay = 0.3*ms
run(6*ms)
keep(w=S.w[:], apre=S.apre[:], apost=S.apost[:], last=S.lastupdate[:])
""",
    ),
    Case(
        "nearest_neighbours_that_are_set_between_runs",
        SPIKES
        + f"""
S = Synapses(G, G, '''{PAIR}''', on_pre='apre = 0.1*c_pre; w += apost', on_post='apost = -0.11*c_post; w += apre')"""
        + CONNECTED
        + """
run(4*ms)
S.apre = 0.2
S.apost['i < 2'] = '-0.01*j'
run(3*ms)
keep(w1=S.w[:], apre1=S.apre[:], apost1=S.apost[:], last1=S.lastupdate[:])
S.lastupdate = 6*ms
run(4*ms)
keep(w=S.w[:], apre=S.apre[:], apost=S.apost[:], last=S.lastupdate[:])
""",
    ),
    Case(
        "triplets_with_four_traces",
        SPIKES
        + """
S = Synapses(G, G, '''w : 1
                      dr1/dt = -r1/(17*ms) : 1 (event-driven)
                      dr2/dt = -r2/(100*ms) : 1 (event-driven)
                      do1/dt = -o1/(34*ms) : 1 (event-driven)
                      do2/dt = -o2/(114*ms) : 1 (event-driven)''',
             on_pre='w = clip(w - o1*(0.02 + 0.01*r2), 0, 1); r1 += 1; r2 += 1',
             on_post='w = clip(w + r1*(0.01 + 0.02*o2), 0, 1); o1 += 1; o2 += 1')"""
        + CONNECTED
        + """
run(11*ms)
keep(w=S.w[:], r1=S.r1[:], r2=S.r2[:], o1=S.o1[:], o2=S.o2[:], last=S.lastupdate[:])
""",
    ),
    Case(
        "traces_that_drive_each_other_and_return_to_a_value",
        SPIKES
        + """
S = Synapses(G, G, '''w : 1
                      dx/dt = (0.2 - x)/(10*ms) : 1 (event-driven)
                      dy/dt = (x - y)/(5*ms) : 1 (event-driven)
                      dz/dt = (1 - z)/(8*ms) : 1 (event-driven)''',
             on_pre='x += 0.1*c_pre; w += 0.1*y - 0.2*z', on_post='z *= 0.5; w += 0.2*y*x')"""
        + CONNECTED
        + """
S.z = 1
run(6*ms)
keep(x1=S.x[:], y1=S.y[:], z1=S.z[:])
run(5*ms)
keep(w=S.w[:], x=S.x[:], y=S.y[:], z=S.z[:], last=S.lastupdate[:])
""",
    ),
    Case(
        "traces_that_differ_between_the_synapses_of_a_neuron",
        SPIKES
        + f"""
S = Synapses(G, G, '''{PAIR}''', on_pre='apre += 0.1*w; w += apost', on_post='apost -= 0.11; w += apre; apre *= 0.9')"""
        + CONNECTED
        + """
run(11*ms)
keep(w=S.w[:], apre=S.apre[:], apost=S.apost[:], last=S.lastupdate[:])
""",
    ),
    Case(
        "synapses_added_and_time_step_changed_between_runs",
        SPIKES
        + f"""
S = Synapses(G, G, '''{PAIR}''', {RULE})"""
        + CONNECTED
        + """
run(4*ms)
S.connect(i=5, j=[0, 4])
S.w['i == 5'] = 0.3
run(2*ms)
keep(w1=S.w[:], apre1=S.apre[:], apost1=S.apost[:], last1=S.lastupdate[:])
defaultclock.dt = 0.05*ms
run(5*ms)
keep(w=S.w[:], apre=S.apre[:], apost=S.apost[:], last=S.lastupdate[:])
""",
    ),
    Case(
        "stored_and_restored_traces",
        SPIKES
        + f"""
S = Synapses(G, G, '''{PAIR}''', {RULE}, delay=0.7*ms)"""
        + CONNECTED
        + """
run(4.8*ms)
store()
run(6*ms)
keep(w1=S.w[:], apre1=S.apre[:], apost1=S.apost[:], last1=S.lastupdate[:])
restore()
keep(w2=S.w[:], apre2=S.apre[:], apost2=S.apost[:], last2=S.lastupdate[:])
S.w = 0.5
run(6*ms)
keep(w=S.w[:], apre=S.apre[:], apost=S.apost[:], last=S.lastupdate[:])
""",
    ),
    Case(
        "subgroups_and_several_synapses_of_a_pair",
        SPIKES
        + f"""
S = Synapses(G[1:5], G[2:], '''{PAIR}''', {RULE})
S.connect('i != 2', n=2)
S.w = 0.5
run(11*ms)
keep(w=S.w[:], apre=S.apre[:], apost=S.apost[:], last=S.lastupdate[:])
""",
    ),
    Case(
        "pathways_that_see_traces_at_different_times",
        SPIKES
        + f"""
S = Synapses(G, G, '''{PAIR}''', on_pre={{'learn': 'apre += 0.1; w += apost', 'deliver': 'c_post += 0.001*w'}},
             on_post='apost -= 0.11; w += apre', delay={{'deliver': 0.9*ms}})"""
        + CONNECTED
        + """
run(11*ms)
keep(w=S.w[:], apre=S.apre[:], apost=S.apost[:], last=S.lastupdate[:], c=G.c[:])
""",
    ),
)
