"""Monitors are groups: what can be done with their rows, and what cannot."""

from __future__ import annotations

import numpy as np
import pytest

from ranvier import (
    BrianObjectException,
    EventMonitor,
    Group,
    Hz,
    Network,
    NeuronGroup,
    PopulationRateMonitor,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    ms,
    second,
)


def cells() -> NeuronGroup:
    return NeuronGroup(2, "x : 1", threshold="i == 0 or t >= 0.2*ms", reset="x += 1", name="cells")


def monitors(group: NeuronGroup) -> list[Group]:
    return [
        SpikeMonitor(group, name="m"),
        EventMonitor(group, "spike", name="m"),
        StateMonitor(group, "x", record=True, name="m"),
        PopulationRateMonitor(group, name="m"),
    ]


@pytest.mark.parametrize("kind", range(4))
def test_statements_of_monitors_see_the_number_of_rows(kind: int) -> None:
    group = cells()
    monitor = monitors(group)[kind]
    assert isinstance(monitor, Group)
    monitor.variables.add_array("seen", size=1, scalar=True)
    monitor.variables.add_array("rate", size=1, scalar=True, dimensions=Hz.dim) if kind < 3 else None
    every = monitor.run_regularly("before = seen\nseen = N + 10*before", dt=0.2 * ms, when="end", order=9)
    late = monitor.run_at("seen += half", [0.3] * ms, when="end", order=10)
    if kind < 3:
        monitor.run_on_clock("rate = N/second", when="end", order=9)
    assert every.name == "m_run_regularly" and late.name == "m_run_at"
    Network(group, monitor).run(0.4 * ms, namespace={"half": 0.5, "second": second})
    rows = [1, 2, 4, 6] if kind < 2 else [1, 2, 3, 4]
    assert monitor.N == rows[-1]
    assert monitor.seen[:] == rows[2] + 10 * rows[0] + 0.5
    if kind < 3:
        assert monitor.rate[:] == rows[-1] * Hz


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("t = 0*ms", "cannot be changed"),
        ("N = 0", "cannot be changed"),
        ("several = 1", "scalar=True"),
        ("once = later", "could not be resolved"),
        ("once = 1*ms", "expected unit"),
        ("once = t/ms", "vector variable"),
        ("each = t/ms", "single values only"),
    ],
)
def test_statements_that_a_monitor_cannot_execute(statement: str, message: str) -> None:
    group = cells()
    monitor = StateMonitor(group, "x", record=True)
    monitor.variables.add_array("once", size=1, scalar=True)
    monitor.variables.add_array("several", size=3)
    network = Network(group, monitor)
    network.run(0.1 * ms)
    monitor.run_regularly(statement)
    with pytest.raises(BrianObjectException, match=message):
        network.run(0.1 * ms)
    assert monitor.once[:] == 0


@pytest.mark.parametrize("kind", range(4))
def test_rows_can_be_forgotten(kind: int) -> None:
    group = cells()
    monitor = monitors(group)[kind]
    network = Network(group, monitor)
    network.run(0.4 * ms)
    name = "x" if kind == 2 else "t"
    whole, rows = np.array(getattr(monitor, name)), monitor.N
    monitor.resize(rows)
    monitor.resize(3)
    assert monitor.N == len(monitor.t) == 3 and np.array_equal(getattr(monitor, name), whole[..., :3])
    with pytest.raises(ValueError, match="only a run adds"):
        monitor.resize(4)
    with pytest.raises(ValueError, match="cannot have -1"):
        monitor.resize(-1)
    network.run(0.1 * ms)
    assert monitor.N == 3 + (2 if kind < 2 else 1)
    monitor.resize(0)
    assert monitor.N == 0 and len(monitor.t) == 0


def test_conditions_on_rows_know_their_number() -> None:
    group = cells()
    spikes = SpikeMonitor(group)
    Network(group, spikes).run(0.4 * ms)
    assert list(spikes.i["t < 0.15*ms and N == 6"]) == [0, 0]


def test_a_monitor_is_no_end_of_synapses() -> None:
    group = cells()
    with pytest.raises(TypeError, match="has to be a group, not"):
        Synapses(group, SpikeMonitor(group))
