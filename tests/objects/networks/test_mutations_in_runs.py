"""Whatever a network operation does to the objects of a running network acts, or is refused by a sentence.

The counterpart of `test_changes_in_runs` for the rest: inputs, clocks, states, and objects that no longer fit together.
Runs with `--guard-pages` as well: nothing may be read or written beyond an array.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ranvier import (
    BrianObjectException,
    Clock,
    Network,
    NeuronGroup,
    PopulationRateMonitor,
    Quantity,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    defaultclock,
    linked_var,
    ms,
    network_operation,
    second,
)


@pytest.fixture(autouse=True)
def _step() -> None:
    defaultclock.dt = 0.1 * ms


def acting(net: Network, act: Callable[[], object], at: Quantity = 2 * ms) -> Network:
    """Returns the network with an operation that does something once."""

    @network_operation(when="end")
    def operation() -> None:
        if abs(defaultclock.t - at) < 0.05 * ms:
            act()

    net.add(operation)
    return net


# ---------------------------------------------------------------- timed arrays


@pytest.mark.parametrize("where", ["T(t)", "T(0*ms)", "T(t) + 0*v", "T(t)*int(v > -1)"])
def test_values_of_a_timed_array_act_at_once(where: str) -> None:
    T = TimedArray([1.0, 2, 3, 4, 5], dt=1 * ms)
    group = NeuronGroup(40, f"dv/dt = ({where})/ms : 1", method="euler")
    acting(Network(group), lambda: T.values.fill(10), 1.9 * ms).run(5 * ms)
    np.testing.assert_allclose(group.v, 32 if where == "T(0*ms)" else 33)
    assert T(0.5 * ms) == 10


def test_values_of_a_timed_array_with_columns() -> None:
    T = TimedArray(np.ones((5, 3)), dt=1 * ms)
    group = NeuronGroup(3, "dv/dt = T(t, i)/ms : 1", method="euler")

    def change() -> None:
        T.values[:, 1] = 3

    acting(Network(group), change, 1.9 * ms).run(4 * ms)
    np.testing.assert_allclose(group.v, [4, 8, 4])


def test_other_values_for_a_timed_array() -> None:
    T = TimedArray([1.0], dt=1 * ms)
    group = NeuronGroup(3, "dv/dt = T(t)/ms : 1", method="euler")

    def change() -> None:
        T.values = np.arange(1000.0)

    acting(Network(group), change, 1.9 * ms).run(4 * ms)
    np.testing.assert_allclose(group.v, 2 + 2 + 3)
    T.values = [5]
    assert T.values.tolist() == [5.0]
    assert T(7 * ms) == 5


# ---------------------------------------------------------------- clocks, states, activity


@pytest.mark.parametrize("own", [False, True])
def test_dt_cannot_change_while_a_network_runs(own: bool) -> None:
    clock = Clock(dt=0.2 * ms) if own else defaultclock
    group = NeuronGroup(3, "dv/dt = 1/ms : 1", method="euler", clock=clock)
    net = acting(Network(group), lambda: setattr(clock, "dt", 0.4 * ms))
    with pytest.raises(RuntimeError, match=f"The dt of clock '{clock.name}' cannot be changed while 'network"):
        net.run(5 * ms)
    net.run(0.1 * ms)  # to a step of both dt
    clock.dt = 0.05 * ms
    start = float(group.v[0])
    net.run(1 * ms)
    np.testing.assert_allclose(group.v, start + 1)


def test_the_same_dt_may_be_set_while_a_network_runs() -> None:
    group = NeuronGroup(3, "dv/dt = 1/ms : 1", method="euler")
    acting(Network(group), lambda: setattr(defaultclock, "dt", 0.1 * ms)).run(5 * ms)
    np.testing.assert_allclose(group.v, 5)


def test_the_clock_of_an_object_that_is_added_and_removed_is_free_after_the_run() -> None:
    clock = Clock(dt=0.5 * ms)
    group = NeuronGroup(3, "dv/dt = 1/ms : 1", method="euler")
    late = StateMonitor(group, "v", record=0, clock=clock)
    net = Network(group)

    def refuse() -> None:
        with pytest.raises(RuntimeError, match="cannot be changed while"):
            clock.dt = 1 * ms
        net.remove(late)

    acting(acting(net, lambda: net.add(late), 1 * ms), refuse, 3 * ms).run(5 * ms)
    clock.dt = 1 * ms
    np.testing.assert_allclose(late.t / ms, [1.5, 2, 2.5, 3])


def test_states_are_not_exchanged_within_a_run() -> None:
    group = NeuronGroup(3, "dv/dt = 1/ms : 1", method="euler")
    net = Network(group)
    net.store()
    acting(net, net.restore)
    with pytest.raises(RuntimeError, match=rf"restore\(\) is not possible while '{net.name}' is being run"):
        net.run(5 * ms)
    np.testing.assert_allclose(group.v, 2.1)


@pytest.mark.parametrize("replanned", [False, True])
def test_active_waits_for_the_next_run(replanned: bool) -> None:
    group = NeuronGroup(3, "dv/dt = 1/ms : 1", method="euler")
    trace = StateMonitor(group, "v", record=0)
    net = Network(group, trace)

    def switch() -> None:
        group.active = trace.active = False
        if replanned:
            net.add(StateMonitor(group, "v", record=1, name="late*"))

    acting(net, switch).run(5 * ms)
    np.testing.assert_allclose(group.v, 5)
    assert len(trace.t) == 50
    net.run(5 * ms)
    np.testing.assert_allclose(group.v, 5)
    assert len(trace.t) == 50
    group.active = True
    net.run(5 * ms)
    np.testing.assert_allclose(group.v, 10)


# ---------------------------------------------------------------- memory that moves, all at once


def test_everything_at_once(tmp_path: Path) -> None:
    """Each step something else moves: no array that native code holds may be gone."""
    n = 300
    cells = NeuronGroup(n, "dv/dt = 1/ms : 1", threshold="True", reset="v += 1", method="euler")
    source = SpikeGeneratorGroup(n, range(n), [1] * n * ms)
    s = Synapses(cells, cells, "w : 1", on_pre="v_post += 0*w; w += 1", on_post="w += 0")
    s.connect(j="i")
    spikes, rate = SpikeMonitor(cells), PopulationRateMonitor(cells)
    trace = StateMonitor(s, "w", record=True)
    net = Network(cells, source, s, spikes, rate, trace)
    acts: list[Callable[[], object]] = [
        lambda: s.connect(j="i"),
        lambda: setattr(s.pre, "delay", "(i % 4)*dt"),
        lambda: spikes.stream_to(tmp_path / "s.arrows"),
        lambda: source.set_spikes(range(n), [6] * n * ms),
        rate.reinit,
        spikes.close,
        lambda: trace.stream_to(tmp_path / "w.parquet"),
        lambda: net.add(SpikeMonitor(source, name="late")),
        trace.close,
        lambda: setattr(s.pre, "delay", 1 * ms),
        lambda: s.connect(condition="i == j + 1"),
        lambda: net.remove(rate),
        lambda: s.set_states({"w": np.ones(len(s))}),
        lambda: np.testing.assert_array_equal(spikes.i[:n], np.arange(n)),
        lambda: setattr(cells, "v", "i"),
    ]

    @network_operation(dt=0.4 * ms)
    def operation() -> None:
        step = defaultclock.timestep // 4
        if step < len(acts):
            acts[step]()

    net.add(operation)
    net.run(7 * ms)
    assert len(s) == 2 * n + n - 1
    assert trace.w.shape == (n, 70)
    assert spikes.count.tolist() == [70] * n
    assert net["late"].count.tolist() == [1] * n
    w, later = s.w[:].copy(), s
    net.run(1 * ms)
    assert (later.w[:] > w).all()


# ---------------------------------------------------------------- fewer or more synapses than something was made for


class Fewer:
    """A network whose stored state has one synapse; now there are 40."""

    def __init__(self) -> None:
        self.cells = NeuronGroup(40, "v : 1", threshold="True", reset="")
        self.s = Synapses(self.cells, self.cells, "w : 1", on_pre="w += 1")
        self.s.connect(i=[0], j=[0])
        self.net = Network(self.cells, self.s)
        self.net.store()
        self.s.connect(i=range(1, 40), j=range(1, 40))


def test_a_monitor_of_synapses_that_are_gone() -> None:
    m = Fewer()
    trace = StateMonitor(m.s, "w", record=[0, 39], name="trace")
    m.net.restore()
    m.net.add(trace)
    with pytest.raises(IndexError, match=r"'trace' records 'w' of element 39, but 'synapses.*' has 1 now"):
        m.net.run(0.3 * ms)
    m.s.connect(i=range(1, 40), j=range(1, 40))
    m.net.run(0.3 * ms)
    np.testing.assert_allclose(trace.w, [[0, 1, 2], [0, 1, 2]])


def test_synapses_that_came_after_a_link() -> None:
    cells = NeuronGroup(40, "v : 1", threshold="True", reset="")
    held, two = NeuronGroup(1, "y : 1"), NeuronGroup(2, "y : 1")
    held.y = 3
    s = Synapses(cells, cells, "w : 1 (linked)\nq : 1", on_pre="q = w", name="s")
    s.connect(i=range(2), j=0)
    with pytest.raises(TypeError, match="the number of synapses is not fixed"):
        s.w = linked_var(two, "y")
    s.w = linked_var(held, "y")
    s.connect(i=range(40), j=range(40))
    Network(cells, held, s).run(0.3 * ms)
    assert s.q[:].tolist() == [3.0] * 42


def test_synapses_onto_synapses_that_are_gone() -> None:
    m = Fewer()
    upper = Synapses(m.cells, m.s, "u : 1", on_pre="w_post += 10", name="upper")
    upper.connect(i=[0, 1], j=[39, 0])
    m.net.restore()
    m.net.add(upper)
    with pytest.raises(BrianObjectException) as failure:
        m.net.run(0.3 * ms)
    assert "'upper' has a synapse with j = 39, but" in str(failure.value.__cause__)
    assert m.net.t == 0 * second
