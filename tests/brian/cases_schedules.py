"""Order inside a step, clocks and their steps, several runs."""

from brian.replay import Case


def case(name: str, script: str, **options: bool) -> Case:
    """Return a case (a shorter spelling)."""
    return Case(name, script, **options)


SLOTS = tuple(
    f"{place}{slot}"
    for slot in ("start", "groups", "thresholds", "synapses", "resets", "end")
    for place in ("before_", "", "after_")
)

CASES = (
    case(
        "monitors_in_every_slot",
        f"""
G = NeuronGroup(2, 'dv/dt = (1 + 0.5*i)/ms : 1', threshold='v > 0.35', reset='v = -0.1', method='euler')
slots = {SLOTS!r}
monitors = [StateMonitor(G, 'v', record=True, when=slot, name='m_' + slot) for slot in slots]
net = Network(G, *monitors)
net.run(1*ms)
keep(**{{slot: monitor.v for slot, monitor in zip(slots, monitors)}})
""",
    ),
    case(
        "orders_within_a_slot",
        """
G = NeuronGroup(1, 'x : 1')
G.run_regularly('x = x*2 + 1', when='start', order=2, name='last')
G.run_regularly('x = x + 10', when='start', order=-1, name='zfirst')
G.run_regularly('x = x*3', when='start', order=0, name='middle')
G.run_regularly('x = x - 1', when='end', name='closing')
M = StateMonitor(G, 'x', record=0, when='start', order=1)
N_ = StateMonitor(G, 'x', record=0, when='end', order=1)
run(0.5*ms)
keep(m=M.x, n=N_.x)
""",
    ),
    case(
        "names_decide_ties",
        """
G = NeuronGroup(1, 'x : 1', name='g')
for name, factor in (('b_op', 2), ('a_op', 3), ('C_op', 5), ('a_op_10', 7), ('a_op_2', 11)):
    G.run_regularly('x = x*%d + 1' % factor, name=name)
M = StateMonitor(G, 'x', record=0, name='zmonitor')
early = StateMonitor(G, 'x', record=0, name='Amonitor')
run(0.3*ms)
keep(x=G.x[:], m=M.x, early=early.x)
""",
    ),
    case(
        "automatic_names_and_the_monitor",
        """
G = NeuronGroup(1, 'x : 1')
G.run_regularly('x = t/ms + 1')
Z = NeuronGroup(1, 'x : 1', name='zgroup')
Z.run_regularly('x = t/ms + 1')
M, K = StateMonitor(G, 'x', record=0), StateMonitor(Z, 'x', record=0)
run(0.3*ms)
keep(m=M.x, k=K.x)
""",
    ),
    case(
        "network_schedule",
        """
def simulate(schedule):
    G = NeuronGroup(2, 'dv/dt = (1 + i)/ms : 1', threshold='v > 0.35', reset='v = 0', method='euler')
    M = StateMonitor(G, 'v', record=True)
    S = SpikeMonitor(G)
    net = Network(G, M, S)
    net.schedule = schedule
    net.run(1*ms)
    return M.v, S.t[:]
default = ['start', 'groups', 'thresholds', 'synapses', 'resets', 'end']
reverse = ['resets', 'thresholds', 'groups', 'synapses', 'start', 'end']
early = ['start', 'thresholds', 'resets', 'groups', 'synapses', 'end']
for name, schedule in dict(default=default, reverse=reverse, early=early).items():
    v, t = simulate(schedule)
    keep(**{name + '_v': v, name + '_t': t})
""",
    ),
    case(
        "schedule_with_own_slot",
        """
G = NeuronGroup(1, 'dv/dt = 1/ms : 1', method='euler')
G.run_regularly('v = v*0.5', when='mine')
M = StateMonitor(G, 'v', record=0, when='after_mine')
net = Network(G, M)
net.schedule = ['start', 'groups', 'thresholds', 'mine', 'synapses', 'resets', 'end']
net.run(0.6*ms)
keep(m=M.v, v=G.v[:])
""",
    ),
    case(
        "state_updater_moved",
        """
G = NeuronGroup(1, 'dv/dt = 1/ms : 1', method='euler', order=2, name='first')
H = NeuronGroup(1, '''dw/dt = u/ms : 1
                      u : 1 (linked)''', method='euler', name='second')
H.u = linked_var(G, 'v')
K = NeuronGroup(1, '''dw/dt = u/ms : 1
                      u : 1 (linked)''', method='euler', name='third', order=3)
K.u = linked_var(G, 'v')
run(0.5*ms)
keep(w=H.w[:], k=K.w[:])
""",
    ),
    case(
        "group_in_another_slot",
        """
G = NeuronGroup(1, 'dv/dt = 1/ms : 1', method='euler')
G.state_updater.when = 'end'
M = StateMonitor(G, 'v', record=0, when='after_groups')
K = StateMonitor(G, 'v', record=0, when='after_end')
run(0.4*ms)
keep(m=M.v, k=K.v)
""",
    ),
    case(
        "groups_of_different_dt",
        """
A = NeuronGroup(2, 'dv/dt = -v/(5*ms) : 1', method='euler', dt=0.1*ms, name='a')
B = NeuronGroup(2, '''dw/dt = (u - w)/(5*ms) : 1
                      u : 1 (linked)''', method='euler', dt=0.25*ms, name='b')
C = NeuronGroup(2, 'dx/dt = 1/ms : 1', method='euler', dt=1*ms, threshold='x > 2.5', reset='x = 0', name='c')
A.v = [1, 2]
B.u = linked_var(A, 'v')
MA, MB = StateMonitor(A, 'v', record=True), StateMonitor(B, 'w', record=True)
slow = StateMonitor(A, 'v', record=0, dt=0.7*ms)
S = SpikeMonitor(C)
run(9.95*ms)
keep(a=A.v[:], b=B.w[:], c=C.x[:], ma=MA.v, ta=MA.t[:], mb=MB.w, tb=MB.t[:], slow=slow.v, slow_t=slow.t[:], S=S)
""",
    ),
    case(
        "shared_clock",
        """
fine = Clock(dt=0.05*ms)
A = NeuronGroup(1, 'dv/dt = 1/ms : 1', method='euler', clock=fine)
B = NeuronGroup(1, 'dv/dt = 1/ms : 1', method='euler')
M = StateMonitor(A, 'v', record=0, clock=fine)
run(0.3*ms)
keep(a=A.v[:], b=B.v[:], m=M.v, t=M.t[:], now=[fine.t/ms, defaultclock.t/ms], dt=A.dt/ms)
""",
    ),
    case(
        "clocks_that_do_not_divide",
        """
A = NeuronGroup(1, 'x : 1', dt=0.3*ms, name='a')
B = NeuronGroup(1, '''y : 1
                      x : 1 (linked)''', dt=0.2*ms, name='b')
B.x = linked_var(A, 'x')
A.run_regularly('x = x + 1', dt=0.3*ms)
B.run_regularly('y = y*2 + x', dt=0.2*ms)
MA = StateMonitor(A, 'x', record=0)
MB = StateMonitor(B, 'y', record=0)
run(2.5*ms)
keep(ax=MA.x, at=MA.t[:], bx=MB.y, bt=MB.t[:])
""",
    ),
    case(
        "times_are_products",
        """
G = NeuronGroup(1, 'x : second')
G.run_regularly('x = t')
M = StateMonitor(G, 'x', record=0)
run(3*ms)
keep(t=M.t[:], x=M.x, exact=[M.t_[k] == k*1e-4 for k in range(30)], now=defaultclock.t)
""",
    ),
    case(
        "runs_between_steps",
        """
G = NeuronGroup(1, 'x : 1')
G.run_regularly('x = x + 1')
M = StateMonitor(G, 'x', record=0)
net = Network(G, M)
ends = []
for duration in (0.25, 0.25, 0.04, 0.06, 0.1, 0.01, 1.0):
    net.run(duration*ms)
    ends.append(net.t/ms)
keep(t=M.t[:], x=M.x, ends=ends, final=G.x[:])
""",
    ),
    case(
        "dt_changes_between_runs",
        """
G = NeuronGroup(2, 'dv/dt = (2 - v)/(5*ms) : 1 (unless refractory)', threshold='v > 1', reset='v = 0', refractory=1*ms,
                method='euler')
M, S = StateMonitor(G, 'v', record=True), SpikeMonitor(G)
G.v = [0, 0.5]
run(5*ms)
defaultclock.dt = 0.5*ms
run(10*ms)
defaultclock.dt = 0.02*ms
run(3*ms)
keep(t=M.t[:], v=M.v, S=S)
""",
    ),
    case(
        "dt_changes_off_the_grid",
        """
G = NeuronGroup(1, 'dv/dt = 1/ms : 1', method='euler')
run(0.3*ms)
defaultclock.dt = 0.2*ms
run(1*ms)
""",
    ),
    case(
        "constants_and_parameters_change_between_runs",
        """
gain = 1.0; tau = 5*ms
G = NeuronGroup(3, '''dv/dt = (gain*I - v)/tau : 1
                      I : 1''', threshold='v > limit', reset='v = 0', method='exact')
G.I = '1 + i'
S, M = SpikeMonitor(G), StateMonitor(G, 'v', record=True)
limit = 1.5
run(5*ms)
gain = 2.0
run(5*ms)
G.I[1] = 0.1
limit = 2.5
tau = 2*ms
run(5*ms)
keep(S=S, v=M.v[:, ::4])
""",
    ),
    case(
        "inactive_objects",
        """
G = NeuronGroup(1, 'dv/dt = 1/ms : 1', method='euler', threshold='v > 0.55', reset='v = 0')
H = NeuronGroup(1, 'dv/dt = 2/ms : 1', method='euler')
M, S = StateMonitor(G, 'v', record=0), SpikeMonitor(G)
run(0.5*ms)
M.active = False; H.active = False
run(0.5*ms)
M.active = True; H.active = True; S.active = False
run(0.5*ms)
keep(v=G.v[:], h=H.v[:], m=M.v, t=M.t[:], S=S)
""",
    ),
    case(
        "network_operations",
        """
G = NeuronGroup(3, 'dv/dt = -v/(5*ms) : 1', method='euler')
G.v = 1
seen = []
@network_operation(dt=0.5*ms)
def kick(t):
    seen.append(t/ms)
    G.v[int(round(t/(0.5*ms))) % 3] += 1
@network_operation(when='end')
def late():
    seen.append(G.v_[0])
run(1.2*ms)
keep(v=G.v[:], seen=seen)
""",
    ),
    case(
        "stop_in_an_operation",
        """
G = NeuronGroup(1, 'dv/dt = 1/ms : 1', method='euler')
M = StateMonitor(G, 'v', record=0)
@network_operation
def watch(t):
    if t > 0.45*ms:
        stop()
run(2*ms)
keep(v=G.v[:], t=M.t[:], now=defaultclock.t)
run(0.2*ms)
keep(after=G.v[:], later=defaultclock.t)
""",
    ),
    case(
        "run_regularly_with_own_dt",
        """
G = NeuronGroup(4, '''dv/dt = (drive - v)/(5*ms) : 1
                      drive : 1
                      calls : integer''', method='euler')
G.run_regularly('''drive = i*cos(2*pi*t*50*Hz)
                   calls += 1''', dt=0.7*ms)
G.run_regularly('v = v + 0.01*calls', dt=1*ms, when='end')
M = StateMonitor(G, ['v', 'drive', 'calls'], record=True)
run(6*ms)
keep(v=M.v, drive=M.drive, calls=M.calls)
""",
    ),
    case(
        "magic_run_continues",
        """
G = NeuronGroup(1, 'dv/dt = 1/ms : 1', method='euler')
run(0.5*ms)
M = StateMonitor(G, 'v', record=0)
run(0.5*ms)
keep(v=G.v[:], m=M.v, t=M.t[:], now=magic_network.t/ms)
""",
    ),
    case(
        "start_scope_forgets",
        """
G = NeuronGroup(1, 'dv/dt = 1/ms : 1', method='euler')
run(0.5*ms)
start_scope()
H = NeuronGroup(1, 'dv/dt = 2/ms : 1', method='euler')
run(0.3*ms)
keep(g=G.v[:], h=H.v[:], now=magic_network.t/ms)
""",
    ),
    case(
        "two_networks",
        """
G = NeuronGroup(1, 'dv/dt = 1/ms : 1', method='euler')
H = NeuronGroup(1, 'dv/dt = 2/ms : 1', method='euler')
one, two = Network(G), Network(H)
one.run(0.5*ms)
two.run(0.3*ms)
one.run(0.2*ms)
K = StateMonitor(H, 'v', record=0)
two.add(K)
two.run(0.2*ms)
keep(g=G.v[:], h=H.v[:], k=K.v, t=K.t[:], times=[one.t/ms, two.t/ms])
""",
    ),
    case(
        "network_collect",
        """
G = NeuronGroup(2, 'dv/dt = 1/ms : 1', threshold='v > 0.25', reset='v = 0', method='euler')
S = SpikeMonitor(G)
net = Network(collect())
net.run(1*ms)
keep(S=S, v=G.v[:])
""",
    ),
    case(
        "run_of_zero_length",
        """
G = NeuronGroup(1, 'dv/dt = 1/ms : 1', method='euler')
M = StateMonitor(G, 'v', record=0)
run(0*ms)
keep(t=M.t[:], v=G.v[:])
run(0.2*ms)
keep(t2=M.t[:], v2=G.v[:])
""",
    ),
    case(
        "constant_over_dt",
        """
G = NeuronGroup(3, '''dv/dt = (a + b)/ms : 1
                      a = v*0.5 + 1 : 1 (constant over dt)
                      b = v*0.5 + 1 : 1
                      c = 0.1*t/ms : 1 (constant over dt)''', method='rk4')
G.v = 'i'
M = StateMonitor(G, ['v', 'a', 'c'], record=True)
late = StateMonitor(G, ['a', 'b'], record=True, when='end')
run(1*ms)
keep(v=M.v, a=M.a, c=M.c, late_a=late.a, late_b=late.b)
""",
    ),
    case(
        "shared_subexpressions_and_parameters",
        """
G = NeuronGroup(3, '''dv/dt = (total + s*i - v)/(5*ms) : 1
                      s : 1 (shared)
                      total = s*2 + sin(2*pi*100*Hz*t) : 1 (shared)
                      k : integer (shared)
                      on : boolean (shared)''', method='euler')
G.s = 1.5
G.run_regularly('s = s + 0.25\\nk += 1', dt=0.5*ms)
M = StateMonitor(G, ['s', 'total', 'v'], record=[0, 2])
run(2*ms)
keep(s=M.s, total=M.total, v=M.v, k=G.k[:], on=G.on[:])
""",
    ),
    case(
        "linked_variables",
        """
A = NeuronGroup(3, 'dx/dt = 1/ms : 1\\ny = x**2 : 1\\nz : 1 (shared)', method='euler', name='a')
B = NeuronGroup(3, '''same : 1 (linked)
                      square : 1 (linked)
                      of_shared : 1 (linked)
                      turned : 1 (linked)
                      picked : 1 (linked)
                      which : integer (constant)
                      sum = same + square + of_shared + turned : 1
                      dv/dt = sum/ms : 1''', method='euler', name='b')
C = NeuronGroup(1, 'x : 1', name='c')
D = NeuronGroup(4, 'of_one : 1 (linked)', name='d')
E = NeuronGroup(2, 'part : 1 (linked)', name='e')
A.x = [1, 2, 3]; A.z = 10
C.x = 7
B.same = linked_var(A, 'x')
B.square = linked_var(A, 'y')
B.of_shared = linked_var(A, 'z')
B.turned = linked_var(A.x, index=array([2, 0, 1]))
B.which = [1, 1, 0]
B.picked = linked_var(A, 'x', index='which')
D.of_one = linked_var(C, 'x')
E.part = linked_var(A[1:3], 'x')
keep(sum0=B.sum[:], of_one=zeros(4) + D.of_one[:], part=E.part[:])
M = StateMonitor(B, ['same', 'sum', 'v', 'picked'], record=True)
run(1*ms)
keep(same=M.same, sum=M.sum, v=M.v, picked=M.picked, part1=E.part[:], turned=B.turned[:], square=B.square[:])
B.same[:] = 5
keep(written=A.x[:])
""",
    ),
    case(
        "linked_order_by_name",
        """
def simulate(first, second):
    A = NeuronGroup(1, 'dx/dt = 1/ms : 1', method='euler', name=first)
    B = NeuronGroup(1, 'dy/dt = x/ms : 1\\nx : 1 (linked)', method='euler', name=second)
    B.x = linked_var(A, 'x')
    Network(A, B).run(0.5*ms)
    return B.y[0]
keep(y=[simulate('pa', 'pb'), simulate('qb', 'qa')])
""",
    ),
    case(
        "dt_changed_where_a_run_ended_between_steps",
        """
def times(first, duration, second):
    G = NeuronGroup(1, 'x : 1', dt=first*ms)
    M = StateMonitor(G, 'x', record=True)
    network = Network(G, M)
    network.run(duration*ms)
    G.clock.dt = second*ms
    try:
        network.run(0.5*ms)
    except ValueError:
        return [-1]
    return [*(M.t/ms), -2]
found = []
for first in (0.1, 0.15, 0.2):
    for duration in (0, 1e-9, 0.05, 0.1, 0.25, 0.3, 0.35, 0.399999, 0.4, 1.23):
        for second in (0.05, 0.1, 0.15, 0.2, 0.3):
            found.extend(times(first, duration, second))
keep(found=found)
""",
    ),
)
