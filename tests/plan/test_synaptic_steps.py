"""Pathways and summed variables: native code does what the interpreter does, and what the words say."""

import numpy as np
import pytest
from graph.connected import (
    Connected,
    TestClock,
    assert_native_is_interpreted,
    emission,
    event_space,
    run_native,
    storage,
)

from ranvier.actions import actions as act
from ranvier.actions import synaptic_actions as syn
from ranvier.equations.assignments import Assign
from ranvier.equations.parser import parse_expression
from ranvier.plan import steps
from ranvier.plan.step_kinds import CallStep
from ranvier.stages import make_plan


def code(*lines: str) -> tuple[Assign, ...]:
    """Returns assignments written `target = expression`."""
    parts = [line.partition("=") for line in lines]
    return tuple(Assign(target.strip(), parse_expression(expression)) for target, _, expression in parts)


class Case:
    """Two populations g and h (of 7 and 5), their synapses, and spikes of g that a list gives."""

    def __init__(self, sources, targets, *, sizes=(7, 5), spikes=(), end: int = 20) -> None:
        self.connected = Connected(sources, targets, sizes)
        self.sizes = sizes
        self.clock = TestClock(end=end)
        self.events = event_space("g.spike", sizes[0])
        self.spikes = [list(step) for step in spikes]
        self.w = storage("synapses.w", np.arange(1.0, self.connected.number + 1))
        self.v = storage("h.v", np.zeros(sizes[1]))
        self.x = storage("g.x", np.arange(1.0, sizes[0] + 1))

    def bindings(self) -> dict[str, object]:
        return {
            "w": syn.OfSynapse(self.w),
            "v": syn.OfPost(self.v),
            "v_post": syn.OfPost(self.v),
            "x_pre": syn.OfPre(self.x),
            "i": syn.PreIndex(),
            "j": syn.PostIndex(),
            "number": act.OwnIndex(),
            "t": act.Time("t", self.clock),
            "a": act.Constant(0.5, "a"),
        }

    def pathway(
        self, lines, delays=0, *, pending=(), protected=None, ordered=None, length=None, **extra
    ) -> syn.Propagate:
        rows = self.connected.rows(delays, ordered=ordered)
        longest = int(max(rows.delays.array, default=0))
        return syn.Propagate(
            label="synapses_pre",
            clock=self.clock,
            events=self.events,
            start=0,
            stop=self.sizes[0],
            connections=self.connected.connections,
            rows=rows,
            history=self.connected.history(longest, self.sizes[0], pending=pending, length=length),
            code=code(*lines),
            bindings=self.bindings() | extra,
            protected=protected or {},
        )

    def emit(self) -> act.Emit:
        return emission(self.events, self.clock, self.spikes)


@pytest.fixture
def run():
    """Runs a case's pathway after its spikes, both ways; returns the states."""
    return lambda case, *actions: assert_native_is_interpreted([case.emit(), *actions], [case.clock])


def test_weights_are_added_where_spikes_arrive(run):
    case = Case([0, 0, 1], [0, 2, 2], spikes=[[0], [1], [], [0, 1]])
    run(case, case.pathway(["v = v + w"]))
    assert case.v.array.tolist() == [2, 0, 2 * 2 + 2 * 3, 0, 0]


def test_a_delay_is_that_many_steps(run):
    case = Case([0, 1], [0, 1], spikes=[[0, 1]])
    run(case, case.pathway(["v = v + t"], [3, 7]))
    assert np.allclose(case.v.array[:2], [3e-3, 7e-3])


def test_a_spike_whose_delay_is_not_over_stays_for_the_next_run(run):
    case = Case([0], [0], spikes=[[], [], [], [0]], end=5)
    pathway = case.pathway(["v = v + 1"], 4)
    run(case, pathway)
    assert case.v.array[0] == 0
    case.clock.control[1] = 8
    run(case, pathway)
    assert case.v.array[0] == 1
    assert pathway.history.position.array[0] == 8


def test_synapses_follow_each_other_by_delay_then_spike_then_row(run):
    # The digits that arrive in one step: the longest delay first, then by source, then by number.
    case = Case([0, 0, 1, 1, 0], [0] * 5, spikes=[[0, 1], [], [0, 1]], end=3)
    pathway = case.pathway(["v = 10*v + w"], [0, 2, 0, 2, 0])
    assert pathway.rows.order is not None
    run(case, pathway)
    # step 0: delay 0 of both: 1, 5 | 3; step 2: delay 2 of the first spikes: 2 | 4, then again 1, 5 | 3
    assert case.v.array[0] == 15324153


@pytest.mark.parametrize("ordered", [None, False])
def test_rows_with_and_without_an_order(ordered, run):
    case = Case([0, 0, 2, 2], [1, 1, 1, 0], spikes=[[0, 2]])
    pathway = case.pathway(["v = 10*v + w"], ordered=ordered)
    assert (pathway.rows.order is None) == (ordered is None)
    run(case, pathway)
    assert case.v.array.tolist() == [4, 123, 0, 0, 0]


def test_pending_synapses_come_first_and_once(run):
    case = Case([0, 1], [0, 0], spikes=[[], [0]], end=6)
    pathway = case.pathway(["v = 10*v + w"], 0, pending=[(1, 1), (1, 0), (4, 1), (50, 0)])
    run(case, pathway)
    assert case.v.array[0] == 2112
    assert pathway.history.pending_position.array[0] == 3


def test_pending_synapses_that_have_arrived_are_forgotten(run):
    case = Case([0, 1], [0, 0], spikes=[], end=6)
    pathway = case.pathway(["v = 10*v + w"], 0, pending=[(1, 1)])
    run(case, pathway)
    case.clock.control[1] = 12
    run(case, pathway)
    assert case.v.array[0] == 2


def test_targets_that_spike_take_rows_by_target():
    case = Case([2, 0, 1, 0], [1, 1, 0, 0], spikes=[[1], [0, 1]], sizes=(3, 2))
    rows = case.connected.rows(0, "post", from_target=True)
    assert rows.order is not None
    h_events = event_space("h.spike", 2)
    emit = emission(h_events, case.clock, case.spikes, "back")
    pathway = syn.Propagate(
        label="synapses_post",
        clock=case.clock,
        events=h_events,
        start=0,
        stop=2,
        connections=case.connected.connections,
        rows=rows,
        history=case.connected.history(0, 2, "post"),
        code=code("w = 10*w + v", "x_pre = x_pre + j"),
        bindings=case.bindings(),
        protected={},
        from_target=True,
    )
    case.v.array[:] = [4, 7]
    assert_native_is_interpreted([emit, pathway], [case.clock])
    assert case.w.array.tolist() == [177, 277, 34, 44]
    assert case.x.array.tolist() == [1 + 2, 2 + 0, 3 + 2]


@pytest.mark.parametrize("from_target", [False, True])
def test_subgroups_at_both_ends(from_target, run):
    # Sources are elements 2.. of g, targets elements 3.. of h: only their spikes count.
    case = Case([0, 1, 2, 2], [0, 1, 1, 0], sizes=(5, 5), spikes=[[0, 1, 2, 4]])
    size = 2 if from_target else 3
    connected = Connected([0, 1, 2, 2], [0, 1, 1, 0], (3, 2))
    pathway = syn.Propagate(
        label="part",
        clock=case.clock,
        events=case.events,
        start=2,
        stop=2 + size,
        connections=connected.connections,
        rows=connected.rows(1, from_target=from_target),
        history=connected.history(1, size),
        code=code("v = v + w*x_pre + 100*i + 1000*j"),
        bindings=case.bindings() | {"v": syn.OfPost(case.v, 3), "x_pre": syn.OfPre(case.x, 2)},
        protected={},
        from_target=from_target,
    )
    run(case, pathway)
    if from_target:  # target 0 (element 2 of g spikes): synapses 0 and 3
        assert case.v.array.tolist() == [0, 0, 0, 1 * 3 + (4 * 5 + 200), 0]
    else:  # sources 0 and 2
        assert case.v.array.tolist() == [0, 0, 0, 3 + (4 * 5 + 200), 3 * 5 + 200 + 1000]


def test_one_population_at_both_ends(run):
    # Autapses among them: both ends are elements of one array, what one synapse writes the next one reads.
    case = Case([0, 0, 1, 2, 2], [0, 1, 2, 2, 0], sizes=(3, 3), spikes=[[0, 1, 2], [2]])
    both = {"u_pre": syn.OfPre(case.x), "u_post": syn.OfPost(case.x)}
    run(case, case.pathway(["u_post = 2*u_post + 3*u_pre"], **both))
    u = [1.0, 2.0, 3.0]
    for step in ([0, 1, 2], [2]):
        for i, j in ((i, j) for i, j in zip([0, 0, 1, 2, 2], [0, 1, 2, 2, 0], strict=True) if i in step):
            u[j] = 2 * u[j] + 3 * u[i]
    assert case.x.array.tolist() == u


def test_both_ends_are_written(run):
    case = Case([0, 1, 1], [1, 0, 2], sizes=(3, 3), spikes=[[0, 1]])
    both = {"u_pre": syn.OfPre(case.x), "u_post": syn.OfPost(case.x)}
    run(case, case.pathway(["u_pre = u_pre + 10", "u_post = u_post + u_pre"], **both))
    # synapse 0: x0 = 11, x1 = 2 + 11; synapse 1: x1 = 23, x0 = 11 + 23; synapse 2: x1 = 33, x2 = 3 + 33
    assert case.x.array.tolist() == [34, 33, 36]


def test_protected_variables_keep_their_values(run):
    case = Case([0, 0, 0], [0, 1, 2], spikes=[[0], [0]])
    free = storage("h.not_refractory", [True, False, True, True, True], "?")
    lines = ["v_post = v_post + w", "w = w + v_post"]
    run(case, case.pathway(lines, protected={"v_post": "free"}, free=syn.OfPost(free)))
    assert case.v.array.tolist() == [1 + 2, 0, 3 + 6, 0, 0]
    assert case.w.array.tolist() == [1 + 1 + 3, 2, 3 + 3 + 9]


def test_multapses_and_two_names_of_one_variable(run):
    case = Case([0, 0, 0], [1, 1, 1], spikes=[[0]])
    run(case, case.pathway(["v = v + w", "v_post = 10*v_post"]))
    assert case.v.array[1] == ((1 * 10 + 2) * 10 + 3) * 10


def test_integers_booleans_and_single_precision(run):
    case = Case([0, 1, 1], [1, 0, 1], spikes=[[0, 1], [1]])
    extra = {
        "hits": syn.OfPost(storage("h.hits", np.zeros(5), "i4")),
        "seen": syn.OfSynapse(storage("synapses.seen", np.zeros(3), "?")),
        "single": syn.OfSynapse(storage("synapses.single", [0.1, 0.2, 0.3], "f4")),
    }
    lines = ["hits = hits + 1 + number", "seen = hits > 3", "single = single*1.1 + x_pre"]
    run(case, case.pathway(lines, **extra))
    assert extra["hits"].storage.array[:2].tolist() == [4, 7]
    assert extra["seen"].storage.array.tolist() == [False, True, True]


def test_random_numbers_belong_to_synapses(run):
    # The draw of a synapse does not depend on which spikes there are besides, nor on the order of the rows.
    drawn = []
    for spikes, ordered in (([[0, 1, 2]], None), ([[1]], False)):
        case = Case([0, 1, 1, 2], [0, 1, 2, 3], spikes=spikes)
        run(case, case.pathway(["w = rand()", "v = v + rand()"], ordered=ordered))
        drawn.append((case.w.array[1:3].copy(), case.v.array[1:3].copy()))
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert len(np.unique(drawn[0])) == 4


def test_linked_values_are_read_through_an_index(run):
    case = Case([0, 1], [0, 1], spikes=[[0, 1]])
    far = act.Indexed(storage("far.q", [5.0, 6.0, 7.0]), storage("synapses.link", [2, 0], "i4"))
    run(case, case.pathway(["v = v + q"], q=far))
    assert case.v.array[:2].tolist() == [7, 5]


def test_shared_variables_are_not_written():
    case = Case([0], [0])
    with pytest.raises(NotImplementedError, match="cannot assign to 'q', which is a shared variable"):
        make_plan([case.pathway(["q = q + 1"], q=act.Shared(storage("far.q", [1.0])))], [case.clock])


@pytest.mark.parametrize("line", ["q = q + w", "v = v + q + w"])
def test_what_is_reached_through_an_index_too_is_left_to_python(line):
    case = Case([0, 0, 1], [0, 0, 1], spikes=[[0, 1]])
    case.v.array[:2] = [10, 20]
    link = act.Indexed(case.v, storage("synapses.link", [1, 1, 1], "i4"))
    actions = [case.emit(), case.pathway([line], q=link)]
    assert any(isinstance(step, CallStep) for step in make_plan(actions, [case.clock])[0].steps)
    run_native(actions, [case.clock])
    expected = [10, 20 + 1 + 2 + 3] if line.startswith("q") else [10 + 20 + 1 + 20 + 2, 20 + 20 + 3]
    assert case.v.array[:2].tolist() == expected


@pytest.mark.parametrize("seed", range(4))
def test_python_does_the_same_as_native_code(seed, monkeypatch):
    """The host executes pathways and sums as native code does."""
    found = []
    for host in (False, True):
        case, actions = random_case(seed, draws=False)
        if host:
            monkeypatch.setattr(steps, "has_no_native_form", lambda action: hasattr(action, "connections"))
        plan, _ = make_plan(actions, [case.clock])
        assert sum(isinstance(step, CallStep) for step in plan.steps) == (3 if host else 0)
        run_native(actions, [case.clock])
        found.append([case.w, case.v, case.x])
    for native, python in zip(*found, strict=True):
        np.testing.assert_allclose(native.array, python.array, rtol=1e-12, err_msg=native.label)


def test_without_synapses_or_spikes(run):
    case = Case([], [], spikes=[[0], [3]])
    run(case, case.pathway(["v = v + w"], 2))
    assert not case.v.array.any()


def test_structure_does_not_depend_on_sizes():
    keys = set()
    for sources, targets, sizes, delays in (
        ([0], [0], (1, 1), [1]),
        ([0, 1, 2], [1, 1, 1], (7, 5), [0, 3, 0]),
        (np.arange(12), np.arange(12), (12, 12), np.arange(12)),
    ):
        case = Case(sources, targets, sizes=sizes)
        summed = sum_over(case, "w*x_pre", case.v)
        plan, _ = make_plan([case.emit(), summed, case.pathway(["v = v + w"], delays)], [case.clock])
        keys.add(plan.key)
    assert len(keys) == 1


COSTLY = [
    ["w = w*exp(-w/1000)", "v = v + w"],
    ["v = w/3 + v"],
    ["w = sqrt(w) + x_pre", "v = v - w/3"],
    ["w = w/3 + x_post", "x_post = x_post*1"],  # not a sum: the synapses follow each other
    ["w = w/3 + x_post", "x_post = x_post + w", "v = v + w"],  # reads what it adds to
    ["x_post = x_post + w/3", "v = v + x_pre"],  # the array at the other end is also read at this one
    ["v = v + w/3", "x_pre = x_pre + w/7"],  # both ends
]


@pytest.mark.parametrize("ordered", [None, False])
@pytest.mark.parametrize("lines", COSTLY, ids=" ".join)
def test_long_rows_of_costly_code(lines, ordered):
    """Code that is computed for many synapses at once leaves what one synapse after another leaves."""
    rng = np.random.default_rng(3)
    case = Case(np.repeat([0, 1, 2], [700, 3, 90]), rng.integers(0, 5, 793), spikes=[[0, 1, 2], [1], [0, 2]])
    extra = {"x_post": syn.OfPost(case.x)}
    pathway = case.pathway(lines, rng.integers(0, 2, 793), ordered=ordered, **extra)
    within = 1e-13 if "exp" in lines[0] else 0.0  # numpy's exponential is not ours
    assert_native_is_interpreted([case.emit(), pathway], [case.clock], within)
    assert np.ptp(case.w.array) > 0 and (case.v.array.any() or "v" not in " ".join(lines))


# ---- summed variables


def sum_over(case: Case, expression: str, target: act.Storage, *, to_source=False, offset=0, size=None, **extra):
    """Returns the action of a summed variable."""
    return syn.Accumulate(
        label="synapses_summed",
        clock=case.clock,
        target=target,
        offset=offset,
        size=len(target.array) if size is None else size,
        connections=case.connected.connections,
        expression=parse_expression(expression),
        bindings=case.bindings() | extra,
        to_source=to_source,
    )


@pytest.mark.parametrize("number", [0, 1, 700, 2000])
@pytest.mark.parametrize("to_source", [False, True])
def test_sums(number, to_source, run):
    rng = np.random.default_rng(number)
    sources, targets = rng.integers(0, 7, number), rng.integers(0, 5, number)
    case = Case(sources, targets, end=1)
    size = case.sizes[not to_source]
    total = storage("sums.total", np.full(size, 99.0))
    run(case, sum_over(case, "w*x_pre + 10*j", total, to_source=to_source))
    each = np.arange(1, number + 1) * (sources + 1.0) + 10 * targets
    np.testing.assert_allclose(
        total.array, np.bincount(sources if to_source else targets, each, minlength=size), rtol=1e-12
    )


def test_sums_of_a_part_leave_the_rest_alone(run):
    case = Case([0, 1, 1], [0, 1, 1], end=1)
    total = storage("sums.total", np.full(6, 99.0))
    run(case, sum_over(case, "w", total, offset=2, size=3))
    assert total.array.tolist() == [99, 99, 1, 5, 0, 99]


def test_a_sum_that_reads_its_own_target_sees_the_old_values(run):
    case = Case([0, 1, 1], [0, 1, 1], end=2)
    case.v.array[:] = [1, 2, 3, 4, 5]
    run(case, sum_over(case, "v_post + w", case.v))
    assert case.v.array.tolist() == [3, (2 + 2 + 2 + 3) * 2 + 5, 0, 0, 0]


def test_integer_sums(run):
    case = Case([0, 1, 1], [0, 1, 1], end=2)
    total = storage("sums.total", np.full(5, 9), "i4")
    run(case, sum_over(case, "2 + i", total))
    assert total.array.tolist() == [2, 6, 0, 0, 0]


# ---- random networks


EXPRESSIONS = [
    "v = v*0.75 + w", "v = v + w*x_pre", "w = clip(w + a*v, 0, 9)", "x_pre = x_pre*0.5 + 1",
    "u_post = u_post + a*u_pre", "u_pre = u_pre*0.9 + j", "w = w*exp(-x_pre/9)", "v = v + rand()",
    "temp = u_pre + u_post", "w = w - t + 0.01*i", "w = w/3 + sqrt(abs(w))", "v = v - sqrt(abs(w))",
    "u_post = exp(-abs(w)) + u_post",
]  # fmt: skip


def random_case(seed: int, *, draws: bool = True) -> tuple[Case, list[act.Action]]:
    """Returns populations of one array at both ends, with random synapses, spikes, delays, code and schedule."""
    rng = np.random.default_rng(seed)
    size, number = int(rng.integers(1, 8)), int(rng.integers(0, 40))
    sources = rng.integers(0, size, number)
    if rng.random() < 0.5:
        sources = np.sort(sources)
    spikes = [np.flatnonzero(rng.random(size) < 0.3) for _ in range(15)]
    case = Case(sources, rng.integers(0, size, number), sizes=(size, size), spikes=spikes)
    both = {
        "u_pre": syn.OfPre(case.x),
        "u_post": syn.OfPost(case.x),
        "x_pre": syn.OfPre(storage("g.y", rng.random(size))),
    }
    delays = rng.integers(0, 5, number) if rng.random() < 0.6 and number else int(rng.integers(0, 5))
    lines = [EXPRESSIONS[k] for k in rng.choice(len(EXPRESSIONS), rng.integers(1, 4), replace=False)]
    lines = lines if draws else [line for line in lines if "rand" not in line] or EXPRESSIONS[:1]
    pending = sorted((int(rng.integers(0, 9)), int(rng.integers(0, number))) for _ in range(3)) if number else []
    pathway = case.pathway(lines, delays, pending=pending if rng.random() < 0.5 else [], **both)
    back_events = event_space("h.spike", size)
    back_spikes = [np.flatnonzero(rng.random(size) < 0.3) for _ in range(15)]
    back = syn.Propagate(
        label="synapses_post",
        clock=case.clock,
        events=back_events,
        start=0,
        stop=size,
        connections=case.connected.connections,
        rows=case.connected.rows(int(rng.integers(0, 3)), "post", from_target=True),
        history=case.connected.history(3, size, "post"),
        code=code(EXPRESSIONS[int(rng.integers(0, 6))]),
        bindings=case.bindings() | both,
        protected={},
        from_target=True,
    )
    other = emission(back_events, case.clock, back_spikes, "back")
    actions = [pathway, back, sum_over(case, "w*u_pre - u_post", storage("sums.total", np.zeros(size)), **both)]
    order = rng.permutation(len(actions))
    return case, [case.emit(), other, *(actions[k] for k in order)]


def compare(seed: int) -> None:
    case, actions = random_case(seed)
    assert_native_is_interpreted(actions, [case.clock], 1e-13)


@pytest.mark.parametrize("seed", range(12))
def test_random_networks(seed):
    compare(seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 400))
def test_more_random_networks(seed):
    compare(seed)
