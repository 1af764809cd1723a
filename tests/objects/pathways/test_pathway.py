"""Spikes reach synapses when and in the order in which they should."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ranvier import (
    DimensionMismatchError,
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    StateMonitor,
    Synapses,
    check_units,
    ms,
    start_scope,
)
from ranvier.objects.connections.rows import sorted_order


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    start_scope()
    yield


def arrivals(steps: int, spikes: list[tuple[int, int]], links: list[tuple[int, int, int]]) -> list[list[int]]:
    """Synapses in the order in which spikes (step, source) reach them through links (source, target, delay)."""
    found: list[list[int]] = []
    for now in range(steps):
        row: list[int] = []
        for delay in sorted({delay for _, _, delay in links}, reverse=True):
            for source in sorted(s for step, s in spikes if step == now - delay):
                row += [k for k, (s, _, d) in enumerate(links) if s == source and d == delay]
        found.append(row)
    return found


def folded(numbers: list[list[int]], links: list[tuple[int, int, int]], targets: int) -> list[float]:
    """What "v = v*3 % 1009 + synapse" gives for each target: it tells the order."""
    values = [0.0] * targets
    for row in numbers:
        for k in row:
            target = links[k][1]
            values[target] = values[target] * 3 % 1009 + k + 1
    return values


LINKS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 4)), min_size=1, max_size=12)
SPIKES = st.sets(st.tuples(st.integers(0, 9), st.integers(0, 2)), max_size=12).map(sorted)


def connected(spikes: list[tuple[int, int]], links: list[tuple[int, int, int]], code: str) -> tuple[Any, ...]:
    """A network that executes `code`."""
    times = np.array([step for step, _ in spikes]) * 0.1
    source = SpikeGeneratorGroup(3, [k for _, k in spikes], times * ms)
    target = NeuronGroup(3, "v : 1")
    synapses = Synapses(source, target, "c : 1", on_pre=code)
    synapses.connect(i=[k for k, _, _ in links], j=[k for _, k, _ in links])
    synapses.delay = np.array([k for _, _, k in links]) * 0.1 * ms
    synapses.c = np.arange(len(links)) + 1
    return source, target, synapses


@given(SPIKES, LINKS)
@settings(max_examples=25, deadline=None)
def test_order_and_delays(spikes: list[tuple[int, int]], links: list[tuple[int, int, int]]) -> None:
    source, target, synapses = connected(spikes, links, "v_post = v_post*3 % 1009 + c")
    Network(source, target, synapses).run(1.5 * ms)
    assert target.v[:].tolist() == folded(arrivals(15, spikes, links), links, 3)


@check_units(x=1, result=1)
def python_identity(x: Any) -> Any:
    return x


@given(SPIKES, LINKS)
@settings(max_examples=15, deadline=None)
def test_python_functions_in_pathways(spikes: list[tuple[int, int]], links: list[tuple[int, int, int]]) -> None:
    source, target, synapses = connected(spikes, links, "v_post = v_post*3 % 1009 + python_identity(c)")
    Network(source, target, synapses).run(1.5 * ms)
    assert target.v[:].tolist() == folded(arrivals(15, spikes, links), links, 3)


@given(SPIKES, LINKS, st.integers(0, 15), st.booleans())
@settings(max_examples=25, deadline=None)
def test_spikes_on_their_way_survive(
    spikes: list[tuple[int, int]], links: list[tuple[int, int, int]], cut: int, restored: bool
) -> None:
    """Storing and restoring, or new synapses between two runs, change nothing for spikes on their way."""
    source, target, synapses = connected(spikes, links, "v_post = v_post*3 % 1009 + c")
    net = Network(source, target, synapses)
    net.run(cut * 0.1 * ms)
    if restored:
        net.store()
        net.run(0.5 * ms)
        synapses.connect(i=0, j=0)
        synapses.delay = 0 * ms
        net.restore()
        assert len(synapses) == len(links)
    else:
        synapses.connect(i=1, j=1)
        synapses.c[len(links)] = 0
        links = [*links, (1, 1, 0)]
        spikes = [*spikes]
    net.run((15 - cut) * 0.1 * ms)
    rows = arrivals(15, spikes, links)
    if restored:
        assert target.v[:].tolist() == folded(rows, links, 3)
        return
    new = len(links) - 1
    reached = [[k for k in row if k != new or step >= cut] for step, row in enumerate(rows)]
    values = [0.0] * 3
    for row in reached:
        for k in row:
            value = 0 if k == new else k + 1
            values[links[k][1]] = values[links[k][1]] * 3 % 1009 + value
    assert target.v[:].tolist() == values


def test_time_step_changed_while_spikes_are_on_their_way() -> None:
    from ranvier import defaultclock

    source = SpikeGeneratorGroup(1, [0], [0] * ms)
    target = NeuronGroup(1, "v : 1")
    synapses = Synapses(source, target, on_pre="v += 1", delay=2 * ms)
    synapses.connect()
    net = Network(source, target, synapses)
    net.run(1 * ms)
    defaultclock.dt = 0.5 * ms
    try:
        net.run(1 * ms)
        assert target.v[0] == 0
        net.run(0.5 * ms)
        assert target.v[0] == 1
    finally:
        defaultclock.dt = 0.1 * ms


def test_states_in_files(tmp_path: Any) -> None:
    source = SpikeGeneratorGroup(1, [0], [0] * ms)
    target = NeuronGroup(2, "v : 1")
    synapses = Synapses(source, target, "w : 1", on_pre="v += w", delay=1 * ms)
    synapses.connect()
    synapses.w = [2, 3]
    net = Network(source, target, synapses)
    net.run(0.5 * ms)
    net.store(filename=str(tmp_path / "state"))
    synapses.connect(i=0, j=[0, 1, 0])
    net.run(1 * ms)
    net.restore(filename=str(tmp_path / "state"))
    assert len(synapses) == 2 and synapses.w[:].tolist() == [2, 3] and target.v[:].tolist() == [0, 0]
    net.run(1 * ms)
    assert target.v[:].tolist() == [2, 3]


def test_protected_variables() -> None:
    def code(side: str) -> Any:
        a = NeuronGroup(2, "dv/dt = 0/second : 1 (unless refractory)\nfree : 1", threshold="v > 1", refractory=5 * ms)
        b = SpikeGeneratorGroup(2, [0, 1], [1, 1] * ms)
        a.v = [2, 0]
        pair = (b, a) if side == "post" else (a, b)
        on = {"on_pre" if side == "post" else "on_post": f"v_{side} += 1; free_{side} += 1"}
        synapses = Synapses(*pair, **on)
        synapses.connect(condition="i == j")
        Network(a, b, synapses).run(2 * ms)
        return a.v[:].tolist(), a.free[:].tolist()

    for side in ("pre", "post"):
        assert code(side) == ([2, 1], [1, 1])


def test_names_of_the_same_variable() -> None:
    source = SpikeGeneratorGroup(1, [0], [0] * ms)
    target = NeuronGroup(1, "v : 1\nq = 2*v : 1")
    synapses = Synapses(source, target, "w : 1", on_pre="v_post += 1; w = v + q_post + q; v += w")
    synapses.connect()
    Network(source, target, synapses).run(0.1 * ms)
    assert synapses.w[0] == 5 and target.v[0] == 6


def test_events_and_pathways() -> None:
    group = NeuronGroup(2, "v : 1\nn : 1", threshold="False", events={"high": "v > 0.5"}, reset="")
    group.v = [1, 0]
    synapses = Synapses(group, group, on_pre={"up": "n_post += 1", "down": "n_pre += 10"}, on_event={"up": "high"})
    synapses.connect(condition="i != j")
    assert synapses.events == {"up": "high"} and (synapses.up.event, synapses.down.event) == ("high", "spike")
    assert synapses.up.order == -1 and synapses.up.name.endswith("_up") and synapses.up.when == "synapses"
    Network(group, synapses).run(0.2 * ms)
    assert group.n[:].tolist() == [0, 2]


@pytest.mark.parametrize(
    ("delay", "error"),
    [(1, TypeError), ({"post": 1 * ms}, ValueError), (-1 * ms, ValueError), ([1, 2] * ms, TypeError)],
)
def test_wrong_delays(delay: Any, error: type[Exception]) -> None:
    group = NeuronGroup(2, "v : 1", threshold="v > 1", reset="")
    with pytest.raises(error):
        Synapses(group, group, on_pre="v += 1", delay=delay)


def test_delays_are_checked_when_used() -> None:
    group = NeuronGroup(2, "v : 1", threshold="v > 1", reset="")
    synapses = Synapses(group, group, on_pre="v += 1")
    synapses.connect()
    with pytest.raises(DimensionMismatchError):
        synapses.delay = 3
    synapses.delay[0, 1] = -1 * ms
    with pytest.raises(Exception, match="not negative"):
        Network(group, synapses).run(0 * ms)


def test_unconnected_synapses_with_pathways_do_not_run() -> None:
    group = NeuronGroup(2, "v : 1", threshold="v > 1", reset="")
    synapses = Synapses(group, group, on_pre="v += 1")
    with pytest.raises(Exception, match="connect"):
        Network(group, synapses).run(0 * ms)


def test_synapses_as_targets() -> None:
    source = SpikeGeneratorGroup(1, [0], [0] * ms)
    group = NeuronGroup(2, "v : 1", threshold="False", reset="")
    inner = Synapses(group, group, "w : 1")
    inner.connect()
    outer = Synapses(source, inner, on_pre="w_post += 1 + j")
    outer.connect()
    monitor = StateMonitor(inner, "w", record=True, when="end")
    Network(source, group, inner, outer, monitor).run(0.2 * ms)
    assert monitor.w[:, -1].tolist() == [1, 2, 3, 4]


@given(st.lists(st.integers(0, 2**40), max_size=30), st.integers(0, 40))
def test_sorting_by_digits(keys: list[int], shift: int) -> None:
    array = np.array(keys, dtype=np.int64) >> shift
    order = sorted_order(array)
    expected = np.argsort(array, kind="stable")
    assert np.array_equal(np.arange(array.size) if order is None else order, expected)


def test_an_empty_text_makes_no_pathway() -> None:
    cells = NeuronGroup(2, "v : 1", threshold="v > 1", reset="v = 0")
    assert not Synapses(cells, cells, on_pre="").pathways
    assert list(Synapses(cells, cells, on_pre={"a": "", "b": "v_post += 1"}).pathways) == ["a", "b"]
    with pytest.raises(ValueError, match="delay for pathway 'pre'"):
        Synapses(cells, cells, on_pre="", delay=1 * ms)


def test_states_are_without_delays() -> None:
    cells = NeuronGroup(2, "v : 1", threshold="v > 1", reset="v = 0")
    synapses = Synapses(cells, cells, "w : 1", on_pre="v_post += w")
    synapses.connect()
    synapses.delay = "i*ms"
    assert "delay" not in synapses.get_states()
    assert set(synapses.get_states(read_only_variables=False)) == {"w", "v", "v_pre", "v_post"}


def two_pathways() -> tuple[NeuronGroup, Synapses]:
    cells = NeuronGroup(2, "x : 1", threshold="True", reset="")
    synapses = Synapses(cells, cells, on_pre={"up": "x_post += 1", "down": "x_post -= 1"}, name="syn")
    synapses.connect()
    return cells, synapses


def test_delays_are_recorded_from_their_pathway() -> None:
    cells, synapses = two_pathways()
    synapses.up.delay = "i*ms + j*0.1*ms"
    monitors = StateMonitor(synapses.up, "delay", record=True), StateMonitor(synapses.down, True, record=[1])
    network = Network(cells, synapses, *monitors)
    network.run(0.2 * ms)
    synapses.up.delay = 3 * ms
    network.run(0.1 * ms)
    assert np.allclose(monitors[0].delay / ms, [[0, 0, 3], [0.1, 0.1, 3], [1, 1, 3], [1.1, 1.1, 3]])
    assert monitors[1].record_variables == ["delay"] and monitors[1].delay.shape == (1, 3)


def test_a_recorded_pathway_needs_its_synapses_in_the_network() -> None:
    _, synapses = two_pathways()
    with pytest.raises(ValueError, match="'syn' on which it depends"):
        Network(StateMonitor(synapses.up, "delay", record=True)).run(0 * ms)


def test_where_delays_are_is_said_if_no_pathway_is_pre() -> None:
    cells, synapses = two_pathways()
    for act in (
        lambda: synapses.delay,
        lambda: setattr(synapses, "delay", 1 * ms),
        lambda: StateMonitor(synapses, "delay", record=True),
    ):
        with pytest.raises((AttributeError, KeyError), match=r"those of 'syn' are up and down: .*S\.up\.delay"):
            act()
    with pytest.raises(AttributeError, match="'mute' has none: give it statements"):
        Synapses(cells, cells, name="mute").delay = 1 * ms


@pytest.mark.parametrize("change", ("nothing", "delay"))
def test_spikes_on_their_way_with_many_delays_go_on_as_such(change: str) -> None:
    """A restored network needs no other program for them, and keeps the rows if delays are what they were."""
    cells = NeuronGroup(40, "dv/dt = (1.5 - v)/(5*ms) : 1", threshold="v > 1", reset="v = 0", method="exact")
    cells.v = "i/N"
    synapses = Synapses(cells, cells, "w : 1", on_pre="v_post += w")
    synapses.connect(j="(i + 7*k) % N_post for k in range(1, 9)")
    synapses.w, synapses.delay = "0.001*(1 + i % 5)", "0.1*ms*((3*i + j) % 31)"
    network = Network(cells, synapses)
    network.run(12 * ms)
    network.store()
    network.run(9 * ms)
    expected = cells.v[:].copy()
    rows = synapses.pre.laid_out[0]
    if change == "delay":
        synapses.delay = 0.3 * ms
        network.run(1 * ms)
    network.restore()
    network.run(0 * ms)
    now, history = synapses.pre.laid_out
    assert history.pending_position.array[0] == history.pending_due.size > 0, "none is delivered one by one"
    assert (now is rows) == (change == "nothing")
    network.run(9 * ms)
    assert cells.v[:].tobytes() == expected.tobytes()
