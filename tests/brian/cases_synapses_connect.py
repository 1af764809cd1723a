"""Making synapses: each form of `connect`, what it refuses, and the access to the variables of synapses."""

from brian.replay import Case

GROUPS = """
A = NeuronGroup(4, 'x : 1\\nk : integer\\nb : boolean', threshold='x > 100')
B = NeuronGroup(3, 'x : 1\\ny : volt', threshold='x > 100')
A.x = 'i'; A.k = '3 - i'; A.b = 'i % 2 == 1'; B.x = '10*i'; B.y = 'i*mV'
few = 2
chance = 0.0
def connected(source, target, *args, **kwds):
    S = Synapses(source, target, multisynaptic_index='nr')
    S.connect(*args, **kwds)
    return concatenate([S.i[:], [-1], S.j[:], [-1], S.nr[:], [-1], S.N_incoming[:], [-1], S.N_outgoing[:]])
"""

FORMS = {
    "all": "",
    "true": "condition=True",
    "true_text": "'True'",
    "false": "condition=False",
    "false_text": "'False'",
    "all_twice": "n=2",
    "condition": "'i != j'",
    "condition_of_variables": "'x_pre + 8 < x_post or k_pre == 2'",
    "condition_of_bare_target_variable": "'x > 5 and y < 1.5*mV'",
    "condition_of_boolean": "'b_pre and not j == 1'",
    "condition_of_constants": "'i >= few'",
    "condition_of_sizes": "'i == N_pre - 1 or j == N_post - 1'",
    "condition_of_functions": "'abs(sin(i + j)) > 0.5 and int(x_post/10) != i'",
    "condition_never": "'i > 10'",
    "condition_and_number": "'i == j', n=3",
    "condition_and_number_text": "'i >= j', n='i - j + 1'",
    "number_of_variables": "n='int(x_pre)'",
    "number_none": "n=0",
    "probability_one": "p=1",
    "probability_none": "p=0",
    "probability_none_condition": "'i == j', p=0.0",
    "probability_text_of_ones": "p='1.0*(i == j)'",
    "probability_of_constant": "p='chance'",
    "probability_out_of_range": "p='2*(i > 1) - 1'",
    "probability_above_one": "p=3.5",
    "probability_with_condition": "'i > 0', p='1*(x_post < 15)'",
    "arrays": "i=[3, 0, 1], j=[1, 2, 0]",
    "arrays_of_pairs_again": "i=[1, 1, 0, 1], j=[2, 2, 0, 2]",
    "arrays_and_number": "i=array([1, 2]), j=array([2, 0]), n=2",
    "integers": "i=2, j=1",
    "one_to_many": "i=2, j=[0, 1, 2]",
    "many_to_one": "i=arange(4), j=0",
    "arrays_and_probability_none": "i=[0, 1], j=[0, 1], p=0",
    "expression": "j='i', skip_if_invalid=True",
    "expression_of_outer": "j='(i + 1) % N_post'",
    "expression_with_if": "j='i - 1 if i > 0'",
    "expression_with_if_of_target": "j='i if x_post < 15', skip_if_invalid=True",
    "expression_constant": "j='2'",
    "expression_of_variable": "j='int(x_pre/2)'",
    "expression_number": "j='0', n='i'",
    "expression_backwards": "i='j'",
    "expression_backwards_with_if": "i='j + 1 if x_post > 5'",
    "range": "j='k for k in range(0, 3)'",
    "range_short": "j='k for k in range(N_post)'",
    "range_of_outer": "j='k for k in range(i)'",
    "range_step": "j='k for k in range(0, 3, 2)'",
    "range_down": "j='k for k in range(2, -1, -1)'",
    "range_empty": "j='k for k in range(2, 1)'",
    "range_window": "j='k for k in range(i - 3, i + 4) if i != k', skip_if_invalid=True",
    "range_alternating": "j='i + (-1)**k for k in range(2)', skip_if_invalid=True",
    "range_if_of_target": "j='k for k in range(N_post) if x_post > x_pre*5'",
    "range_if_of_j": "j='k + 1 for k in range(2) if j != i'",
    "range_of_variables": "j='k for k in range(int(x_pre/2), 3)'",
    "range_of_integers": "j='k for k in range(few)'",
    "range_number": "j='k for k in range(2)', n=2",
    "range_number_text": "j='k for k in range(3)', n='j'",
    "range_backwards": "i='k for k in range(N_pre) if k != j'",
    "range_backwards_variables": "i='k for k in range(4) if x_pre > x_post/10'",
    "other_name": "j='other for other in range(i, i + 2)', skip_if_invalid=True",
    "expression_of_both": "j='(k*2 + i) % 3 for k in range(2)'",
    "sample_all": "j='k for k in sample(N_post, p=1)'",
    "sample_none": "j='k for k in sample(N_post, p=0)'",
    "sample_p_of_outer": "j='k for k in sample(0, N_post, p=1*(i > 1))'",
    "sample_size_full": "j='k for k in sample(N_post, size=3)'",
    "sample_size_none": "j='k for k in sample(N_post, size=0)'",
    "sample_size_of_outer": "j='k for k in sample(N_post, size=3*(i > 1))'",
    "sample_size_too_large_skips": "j='k for k in sample(N_post, size=i + 2)', skip_if_invalid=True, n='i > 0'",
    "sample_size_negative_skips": "j='k for k in sample(N_post, size=3*(i - 1))', skip_if_invalid=True",
    "sample_step": "j='k for k in sample(0, N_post, 2, p=1)'",
    "sample_bounds": "j='k for k in sample(1, 3, size=2)'",
    "sample_if": "j='k for k in sample(N_post, p=1) if k != i'",
    "sample_backwards": "i='k for k in sample(N_pre, p=1)'",
    "sample_skips": "j='k for k in sample(-2, 5, p=1.0)', skip_if_invalid=True",
    "namespace": "'i < few', namespace={'few': 1}",
}

ERRORS = {
    "condition_and_indices": "'i == j', i=0, j=0",
    "only_i": "i=[0, 1]",
    "only_j": "j=[0, 1]",
    "float_indices": "i=[0.5, 1.0], j=[0, 1]",
    "float_indices_whole": "i=[0.0, 1.0], j=[0, 1]",
    "two_dimensions": "i=[[0, 1]], j=[[0, 1]]",
    "lengths": "i=[0, 1, 2], j=[0, 1]",
    "too_large_i": "i=4, j=0",
    "too_large_j": "i=[0, 1], j=[0, 3]",
    "negative_i": "i=-1, j=0",
    "negative_j": "i=[0, 0], j=[-1, 1]",
    "skip_with_arrays": "i=[0, 9], j=[0, 1], skip_if_invalid=True",
    "p_with_text": "j='i', p=0.5",
    "both_texts": "i='j', j='i'",
    "text_and_array": "i=[0, 1], j='i'",
    "condition_of_numbers": "[0, 1]",
    "condition_integer": "1",
    "generator_as_condition": "'k for k in range(3)'",
    "expression_out_of_range": "j='i'",
    "range_out_of_range": "j='k for k in range(5)'",
    "negative_target": "j='i - 1'",
    "backwards_out_of_range": "i='j + 2'",
    "sample_too_many": "j='k for k in sample(N_post, size=4)'",
    "sample_negative": "j='k for k in sample(N_post, size=-1)'",
    "n_array": "i=[0, 1], j=[0, 1], n=[1, 2]",
    "n_float": "n=1.5",
    "p_array": "i=[0, 1], j=[0, 1], p=[0.5, 0.5]",
    "unknown_name": "'i == unknown_thing'",
    "units_in_condition": "'y_post > 1'",
    "condition_not_boolean": "'i + j'",
    "n_incoming": "'N_incoming < 3'",
    "syntax": "'i =='",
    "two_loops": "j='k + l for k in range(2) for l in range(2)'",
    "two_ifs": "j='k for k in range(3) if k > 0 if k > 1'",
    "unknown_range": "j='k for k in steps(3)'",
    "sample_without_either": "j='k for k in sample(3)'",
    "sample_with_both": "j='k for k in sample(3, p=0.5, size=2)'",
    "range_with_p": "j='k for k in range(3, p=0.5)'",
    "range_of_target_variable": "j='k for k in range(int(x_post))'",
    "range_of_floats": "j='k for k in range(x_pre)'",
    "float_expression": "j='i*0.5'",
    "p_with_units": "p='y_post'",
    "unknown_argument": "wrong=3",
}
LOOSE = {
    # numpy's and Python's own errors come through in Brian
    "lengths", "two_dimensions", "n_array", "p_array", "syntax", "sample_too_many", "sample_negative",
    "float_expression", "range_of_floats", "negative_target", "unknown_range", "range_with_p", "n_float",
}  # fmt: skip

CASES = (
    *(Case(f"form_{name}", f"{GROUPS}\nkeep(made=connected(A, B, {form}))\n") for name, form in FORMS.items()),
    *(
        Case(f"error_{name}", f"{GROUPS}\nkeep(made=connected(A, B, {form}))\n", any_error=name in LOOSE, early=True)
        for name, form in ERRORS.items()
    ),
    Case(
        "several_calls",
        GROUPS
        + """
S = Synapses(A, B, 'w : 1', on_pre='x += w', multisynaptic_index='nr')
S.connect(i=0, j=1)
S.w = 5
S.delay = 2*ms
S.connect('i == j')
keep(w=S.w[:], delay=S.delay[:])
S.w['i == j'] = 'i + 1'
S.connect(j='(i + 1) % 3', n=2)
keep(i=S.i[:], j=S.j[:], nr=S.nr[:], w2=S.w[:], delay2=S.delay[:], into=S.N_incoming[:], out=S.N_outgoing[:])
keep(into_post=S.N_incoming_post, out_pre=S.N_outgoing_pre, N=[len(S), int(S.N_pre), int(S.N_post)])
""",
    ),
    Case(
        "parts_of_groups",
        GROUPS
        + """
G = NeuronGroup(10, 'x : 1')
G.x = 'i'
keep(a=connected(G[2:6], G[5:8], 'i == j'), b=connected(G[2:6], G[7:], j='i - 1 if x_pre > 2'),
     c=connected(G[3:5], G[:4], 'x_pre > x_post'), d=connected(G[4:], G, i=[0, 1], j=[9, 0]),
     e=connected(G[1:4], G[1:4], 'i != j'), f=connected(G[1:4], G[2:5], 'N_pre + i > N_post + j'))
S = Synapses(G[2:5], G[6:], 'w : 1')
S.connect()
S.w = 'x_pre*100 + x_post + 0.01*i + 0.0001*j'
keep(w=S.w[:], into=S.N_incoming[:], out=S.N_outgoing[:], pre=S.x_pre[:], post=S.x_post[:], bare=S.x[:])
T = Synapses(G, G, 'w : 1')
T.connect(i=array(G[2:5].i[:]) + 2, j=array([1, 2, 3]))
keep(ti=T.i[:], tj=T.j[:])
""",
    ),
    Case(
        "part_too_small",
        "G = NeuronGroup(10, '')\nS = Synapses(G[2:5], G)\nS.connect(i=3, j=0)\nkeep(i=S.i[:])\n",
    ),
    Case(
        "random_probabilities",
        """
G = NeuronGroup(150, 'x : 1')
H = NeuronGroup(100, '')
def count(*args, **kwds):
    S = Synapses(G, H)
    S.connect(*args, **kwds)
    into, out = S.N_incoming_post, S.N_outgoing_pre
    pairs = len(set(zip(S.i[:], S.j[:])))
    return [len(S), std(into), std(out), pairs, mean(S.i[:]), mean(S.j[:])]
keep(plain=count(p=0.1), high=count(p=0.9), condition=count('i != j', p=0.2), varied=count(p='0.3*i/N_pre'),
     sampled=count(j='k for k in sample(N_post, p=0.15)'), window=count('abs(i - j) < 10', p=0.5),
     outer=count(j='k for k in sample(N_post, p=i/N_pre*0.5)'), step=count(j='k for k in sample(0, N_post, 3, p=0.3)'),
     rand=count('rand() < 0.1'), copies=count(p=0.05, n=3), back=count(i='k for k in sample(N_pre, p=0.1)'),
     arrays=count(i=arange(100), j=arange(100), p=0.4))
""",
        stochastic=True,
    ),
    Case(
        "random_samples_of_a_size",
        """
G = NeuronGroup(60, '')
def look(text, **kwds):
    S = Synapses(G, G)
    S.connect(j=text, **kwds)
    i, j = S.i[:], S.j[:]
    rising = all((j[1:] > j[:-1]) | (i[1:] != i[:-1]))
    return [len(S), rising, mean(j), std(S.N_incoming_post), max(S.N_outgoing_pre)]
keep(some=look('k for k in sample(N_post, size=12)'), outer=look('k for k in sample(N_post, size=i)'),
     few=look('k for k in sample(10, 50, size=3)'), step=look('k for k in sample(0, 60, 2, size=20)'),
     most=look('k for k in sample(N_post, size=55)'), filtered=look('k for k in sample(N_post, size=30) if k != i'))
""",
        stochastic=True,
    ),
    Case(
        "access_by_two_indices",
        GROUPS
        + """
S = Synapses(A, B, 'w : 1\\nu : volt\\nc : integer\\nflag : boolean', multisynaptic_index='nr')
S.connect('i >= j', n=2)
S.w = 'i*10 + j + 0.1*nr'
keep(one=S.w[2, 1], row=S.w[3, :], column=S.w[:, 2], block=S.w[1:3, 0:2], lists=S.w[[0, 2, 3], [0, 1]],
     none=S.w[0, 2], negative=S.w[-1, -1], everything=S.w[:, :],
     steps=S.w[::2, ::2], number=S.w[3], numbers=S.w[[0, 5, 1]], part=S.w[2:6], last=S.w[-1], array=S.w[array([4, 2])])
S.w[1, 0] = 100
S.w[2, :] = [1, 2, 3, 4, 5, 6]
S.w[3, 1] += 0.5
S.w[:, 2] = -1
S.w[0] = 55
S.w[-2:] = 66
keep(set=S.w[:])
S.u['i == 3'] = 3*mV
S.u[2, 2] = '(i + j)*volt'
S.c = 'i + j'
S.flag = 'c > 3'
S.flag[1, 1] = True
keep(u=S.u[:], c=S.c[:], flag=S.flag[:], texts=S.w['flag and nr == 0'], of_pre=S.w['x_pre > 1 and x_post < 15'],
     empty=S.w['i > 7'], i=S.i['j == 1'], j=S.j[3, :], u_=S.u_[3, :])
S.w['nr == 1'] = 'w*2 + k_pre + N_outgoing'
keep(again=S.w[:])
""",
    ),
    Case(
        "access_by_groups_and_parts_of_synapses",
        GROUPS
        + """
S = Synapses(A, B, 'w : 1')
S.connect()
S.w = 'i*10 + j'
part = S[1:3, 0]
keep(groups=S.w[A[2:], B[:2]], mixed=S.w[A[1:3], 0], part=S.w[part], size=len(part), text=S.w[S['i == j']],
     scalar=S.w[S[0]], row=S.w[S[1, :]], slices=S.w[S[2:5]])
S.w[S[0, :]] = -1
S.w[A[3:], B] = [1, 2, 3]
keep(w=S.w[:])
S.x_post = 'j*7'
S.x_pre[0, :] = 3
S.y = 'j*volt'
keep(post=B.x[:], pre=A.x[:], y=B.y[:], seen=S.x_post[1, :], seen_pre=S.x_pre[:, 0])
""",
    ),
    Case(
        "part_of_synapses_grows_stale",
        GROUPS + "S = Synapses(A, B, 'w : 1')\nS.connect()\npart = S[0, :]\nS.connect(i=0, j=0)\nkeep(w=S.w[part])\n",
    ),
    *(
        Case(f"access_error_{name}", f"{GROUPS}S = Synapses(A, B, 'w : 1\\nu : volt')\n{text}\n", any_error=loose)
        for name, text, loose in (
            ("before_connect", "S.w = 3", False),
            ("delay_before_connect", "S = Synapses(A, B, on_pre='x += 1')\nS.delay = 3*ms", False),
            ("read_only_i", "S.connect()\nS.i = 3", False),
            ("read_only_counts", "S.connect()\nS.N_incoming = 3", False),
            ("lengths", "S.connect()\nS.w = [1, 2, 3]", True),
            ("units", "S.connect()\nS.w = 3*mV", False),
            ("units_missing", "S.connect()\nS.u = 3", False),
            ("units_of_text", "S.connect()\nS.u = 'i'", False),
            ("unknown", "S.connect()\nS.unknown = 3", False),
            ("unknown_read", "S.connect()\nkeep(x=S.unknown)", False),
            ("out_of_range", "S.connect()\nkeep(x=S.w[12])", True),
            ("three_indices_without_number", "S.connect()\nkeep(x=S.w[0, 0, 0])", True),
            ("unknown_in_text", "S.connect()\nS.w = 'nothing_known*2'", False),
            ("condition_of_units", "S.connect()\nkeep(x=S.w['u > 3'])", False),
            ("float_index", "S.connect()\nkeep(x=S.w[1.5])", True),
            ("no_pre_pathway", "S.connect()\nkeep(x=S.delay)", False),
        )
    ),
    Case(
        "connections_between_runs",
        """
G = SpikeGeneratorGroup(2, [0, 1, 0, 1], [0, 0, 1, 1]*ms)
H = NeuronGroup(3, 'v : 1')
S = Synapses(G, H, 'w : 1', on_pre='v_post += w', delay=0.3*ms)
S.connect(i=0, j=0)
S.w = 1
M = StateMonitor(H, 'v', record=True)
run(0.2*ms)
S.connect(i=[0, 1], j=[1, 2])
S.w[1:] = [10, 100]
run(1.8*ms)
keep(v=M.v)
""",
    ),
    Case(
        "attributes",
        GROUPS
        + """
S = Synapses(A, B, '''w : 1
                      dg/dt = -g/ms : 1 (clock-driven)
                      da/dt = -a/ms : 1 (event-driven)
                      x_post = g : 1 (summed)''', on_pre={'pre': 'a += 1', 'late': 'g += w'}, on_post='w += 1',
             delay={'late': 3*ms}, name='mine')
S.connect('i == j')
keep(names=[S.name, S.pre.name, S.late.name, S.post.name, S.state_updater.name, S.late.prepost, S.post.prepost,
            S.pre.event, S.post.event, str(S.pre.active), S.late.when],
     orders=[S.pre.order, S.late.order, S.post.order, S.order], summed=list(S.summed_updaters),
     N=[len(S), int(S.N_pre), int(S.N_post)], late=float(S.late.delay[:]), delays=S.delay[:], last=S.lastupdate[:],
     event_driven=sorted(S.event_driven.diff_eq_names))
""",
    ),
)
