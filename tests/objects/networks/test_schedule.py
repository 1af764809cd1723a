"""Runs shorter than a step of some clock, objects that are inactive, processes forked from a run, odd indices."""

from __future__ import annotations

import os

import numpy as np
import pytest

from ranvier import (
    Network,
    NeuronGroup,
    PoissonGroup,
    PopulationRateMonitor,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    defaultclock,
    ms,
    mV,
    network_operation,
    second,
)


@pytest.fixture(autouse=True)
def _step() -> None:
    defaultclock.dt = 0.1 * ms


def test_a_run_much_shorter_than_the_step_of_a_monitor() -> None:
    cells = NeuronGroup(1, "dv/dt = 1/ms : 1", method="euler")
    monitor = StateMonitor(cells, "v", record=0, dt=2 * second)
    net = Network(cells, monitor)
    for number in range(1, 6):
        net.run(0.1 * ms)
        assert cells.v[0] == pytest.approx(0.1 * number)
    assert monitor.t_.tolist() == [0]


def test_rare_operations_happen_once() -> None:
    cells = NeuronGroup(1, "dv/dt = 1/ms : 1\nn : 1", method="euler")
    cells.run_regularly("n += 1", dt=60 * second)
    net = Network(cells)
    for expected in (5, 10):
        net.run(5 * ms)
        assert (cells.v[0], cells.n[0]) == (pytest.approx(expected), 1)


def test_a_step_of_a_slow_clock_just_after_the_end() -> None:
    cells = NeuronGroup(1, "n : 1\nm : 1")
    cells.run_regularly("n += 1", dt=10 * second)
    cells.run_regularly("m += 1", dt=0.5 * ms)
    net = Network(cells)
    net.run(9.9995 * second)
    assert (cells.n[0], cells.m[0]) == (1, 19999)
    net.run(1 * ms)
    assert (cells.n[0], cells.m[0]) == (2, 20001)


@pytest.mark.parametrize("part", [False, True])
def test_inactive_cells_do_not_spike(part: bool) -> None:
    cells = NeuronGroup(2, "x : 1", threshold="i == 0", reset="x += 1")
    targets = NeuronGroup(2, "y : 1")
    synapses = Synapses(cells, targets, on_pre="y += 1")
    synapses.connect(j="i")
    spikes, rate = SpikeMonitor(cells[:1]), PopulationRateMonitor(cells)
    net = Network(cells, targets, synapses, spikes, rate)
    net.run(0.1 * ms)
    if part:
        cells.thresholder["spike"].active = False
    else:
        cells.active = False
    net.run(0.2 * ms)
    assert spikes.t_.tolist() == [0]
    assert targets.y[:].tolist() == [1, 0]
    assert [float(value) for value in rate.rate_][1:] == [0, 0]


def test_spikes_on_their_way_arrive_though_their_source_falls_silent() -> None:
    cells = NeuronGroup(1, "x : 1", threshold="True", reset="")
    targets = NeuronGroup(1, "y : 1")
    synapses = Synapses(cells, targets, on_pre="y += 1", delay=0.3 * ms)
    synapses.connect()
    net = Network(cells, targets, synapses)
    net.run(0.2 * ms)
    cells.active = False
    net.run(1 * ms)
    assert targets.y[0] == 2


@pytest.mark.parametrize("kind", ["poisson", "generator", "event"])
def test_inactive_sources_have_no_events(kind: str) -> None:
    if kind == "poisson":
        source: object = PoissonGroup(100, 1 / (0.1 * ms))
    elif kind == "generator":
        source = SpikeGeneratorGroup(2, [0, 1, 0], [0, 0, 0.1] * ms)
    else:
        source = NeuronGroup(2, "x : 1", threshold="True", reset="")
    monitor = SpikeMonitor(source)
    net = Network(source, monitor)
    net.run(0.1 * ms)
    before = monitor.num_spikes
    assert before
    source.active = False  # pyright: ignore[reportAttributeAccessIssue]
    net.run(0.5 * ms)
    assert monitor.num_spikes == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_process_forked_from_a_run_can_run() -> None:
    cells = NeuronGroup(1, "n : 1")
    statuses: list[int] = []

    @network_operation(dt=0.5 * ms)
    def operation() -> None:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                other = NeuronGroup(1, "m : 1")
                other.run_regularly("m += 1")
                Network(other).run(1 * ms)
                status = 0
            finally:
                os._exit(status)
        statuses.append(os.waitpid(child, 0)[1])

    Network(cells, operation).run(1 * ms)
    assert statuses == [0, 0]


@pytest.mark.parametrize("record", [2**40, [2**32], [2**63], 2**70, -1, 5, float("nan")])
def test_elements_that_do_not_exist_are_not_recorded(record: object) -> None:
    with pytest.raises(IndexError, match="outside of the range"):
        StateMonitor(NeuronGroup(5, "v : volt"), "v", record=record)


def test_what_else_elements_to_record_may_be() -> None:
    cells = NeuronGroup(5, "v : volt")
    with pytest.raises(TypeError, match="by number"):
        StateMonitor(cells, "v", record=1 * mV)
    assert StateMonitor(cells, "v", record=[True, False, True]).record.tolist() == [1, 0, 1]
    assert StateMonitor(cells, "v", record=np.array([4, 2])).record.tolist() == [4, 2]


def test_a_spike_of_no_element() -> None:
    with pytest.raises(IndexError, match="not a number"):
        SpikeGeneratorGroup(3, [np.nan], [0.1] * ms)
