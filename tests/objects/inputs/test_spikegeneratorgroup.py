"""Spikes at given times: when they come, repetition, replacement, restoring, what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ranvier import (
    BrianObjectException,
    DimensionMismatchError,
    Hz,
    Network,
    NeuronGroup,
    PopulationRateMonitor,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    defaultclock,
    ms,
    mV,
    second,
)
from ranvier.objects.inputs.spikegeneratorgroup import steps_of
from ranvier.session.logger import catch_logs


@pytest.fixture(autouse=True)
def usual_dt():
    defaultclock.dt = 0.1 * ms
    yield
    defaultclock.dt = 0.1 * ms


def pairs(monitor, dt=0.1 * ms):
    """(element, step) of all recorded spikes in order."""
    return list(zip(monitor.i[:].tolist(), np.rint(np.asarray(monitor.t / dt)).astype(int).tolist(), strict=True))


def spikes_of(*args, duration=1 * ms, **kwds):
    group = SpikeGeneratorGroup(*args, **kwds)
    monitor = SpikeMonitor(group)
    Network(group, monitor).run(duration)
    return pairs(monitor)


@pytest.mark.parametrize(("time", "step"), [(0, 0), (0.09, 0), (0.09989, 0), (0.09999, 1), (0.15, 1), (0.3, 3)])
def test_a_time_falls_into_the_step_that_it_has_reached(time, step):
    assert spikes_of(1, [0], [time] * ms) == [(0, step)]


def test_spikes_of_one_step_come_in_the_order_of_their_times_then_of_their_elements():
    assert spikes_of(3, [2, 1, 0], [0.11, 0.12, 0.13] * ms) == [(2, 1), (1, 1), (0, 1)]
    assert spikes_of(3, [2, 1, 0], [0.1, 0.1, 0.1] * ms) == [(0, 1), (1, 1), (2, 1)]
    assert spikes_of(3, [2, 1, 0], [0.1, 0.1, 0.1] * ms, sorted=True) == [(2, 1), (1, 1), (0, 1)]


def test_wrongly_sorted_spikes_come_nevertheless():
    assert spikes_of(3, [2, 1, 0], [0.7, 0.2, 0.5] * ms, sorted=True) == [(1, 2), (0, 5), (2, 7)]


def test_no_spikes():
    assert spikes_of(3, [], [] * ms) == []
    assert spikes_of(3, [0], [np.inf] * second) == []


def test_spikes_repeat_with_the_period_from_time_zero_on():
    group = SpikeGeneratorGroup(3, [0, 1, 2], [0, 0.1, 0.2] * ms, period=0.5 * ms)
    monitor = SpikeMonitor(group)
    net = Network(group, monitor)
    net.run(0.7 * ms)
    net.run(0.5 * ms)
    assert pairs(monitor) == [(0, 0), (1, 1), (2, 2), (0, 5), (1, 6), (2, 7), (0, 10), (1, 11)]
    group.set_spikes([2, 1], [0.1, 0.3] * ms, period=0.4 * ms)
    net.run(0.6 * ms)
    assert pairs(monitor)[8:] == [(2, 13), (1, 15), (2, 17)]
    group.set_spikes([2], [1.9] * ms)
    net.run(0.6 * ms)
    assert pairs(monitor)[11:] == [(2, 19)]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 25)), unique=True, max_size=60),
    st.sampled_from([0, 26, 31]),
    st.lists(st.integers(1, 15), min_size=1, max_size=5),
)
def test_every_spike_comes_once_however_the_time_is_cut(spikes, period, runs):
    who, steps = [k for k, _ in spikes], np.array([n for _, n in spikes], dtype=float)
    group = SpikeGeneratorGroup(5, who, steps * 0.1 * ms, period=period * 0.1 * ms)
    monitor = SpikeMonitor(group)
    net = Network(group, monitor)
    for length in runs:
        net.run(length * 0.1 * ms)
    total = sum(runs)
    wanted = [(n, k) for n in range(total) for k, step in spikes if step == (n % period if period else n)]
    assert [(n, k) for k, n in pairs(monitor)] == sorted(wanted)


def test_new_spikes_between_runs_and_what_is_too_late():
    group = SpikeGeneratorGroup(2, [0], [0.2] * ms)
    monitor = SpikeMonitor(group)
    net = Network(group, monitor)
    with catch_logs() as logs:
        net.run(0.5 * ms)
        net.run(0.1 * ms)
    assert logs == []
    group.set_spikes([1, 0], [0.7, 0.1] * ms)
    with catch_logs() as logs:
        net.run(0.5 * ms)
        net.run(0.5 * ms)
    assert [name.rpartition(".")[2] for _, name, _ in logs] == ["ignored_spikes"]
    assert "t = 0.6 ms" in logs[0][2]
    assert pairs(monitor) == [(0, 2), (1, 7)]


def test_another_dt_between_runs():
    group = SpikeGeneratorGroup(3, [2, 1, 0], [0.1, 0.5, 1] * ms)
    monitor = SpikeMonitor(group)
    net = Network(group, monitor)
    net.run(0.4 * ms)
    defaultclock.dt = 0.2 * ms
    net.run(1 * ms)
    assert pairs(monitor) == [(2, 1), (1, 4), (0, 10)]


def test_its_own_dt():
    assert spikes_of(3, [2, 1, 0], [0.1, 0.5, 1] * ms, dt=0.2 * ms, duration=1.3 * ms) == [(2, 0), (1, 4), (0, 10)]


def test_restoring_brings_back_spikes_and_position():
    group = SpikeGeneratorGroup(3, [2, 1, 0], [0.1, 0.5, 1] * ms, period=1.1 * ms)
    monitor = SpikeMonitor(group)
    net = Network(group, monitor)
    net.run(1.3 * ms)
    net.store()
    net.run(1 * ms)
    whole = pairs(monitor)
    group.set_spikes([0], [2.4] * ms)
    net.restore()
    assert group.neuron_index[:].tolist() == [2, 1, 0]
    assert float(group.period[:]) == pytest.approx(1.1e-3)
    net.run(1 * ms)
    assert pairs(monitor) == whole == [(2, 1), (1, 5), (0, 10), (2, 12), (1, 16), (0, 21)]


def test_restoring_from_a_file(tmp_path):
    group = SpikeGeneratorGroup(3, [2, 1], [0.1, 0.5] * ms)
    monitor = SpikeMonitor(group)
    net = Network(group, monitor)
    net.store(filename=str(tmp_path / "state"))
    group.set_spikes([0, 0, 0], [0.1, 0.2, 0.3] * ms)
    net.run(0.3 * ms)
    net.restore(filename=str(tmp_path / "state"))
    net.run(1 * ms)
    assert pairs(monitor) == [(2, 1), (1, 5)]


def test_spikes_are_seen_by_other_parts_of_the_step():
    group = SpikeGeneratorGroup(4, [0, 1, 3], [0, 0, 0.2] * ms)
    rate = PopulationRateMonitor(group)
    part = SpikeMonitor(group[1:])
    counts = SpikeMonitor(group, record=False)
    net = Network(group, rate, part, counts)
    net.run(0.1 * ms)
    assert group.spikes.tolist() == [0, 1]
    assert group[1:3].spikes.tolist() == [0]
    net.run(0.4 * ms)
    assert group.spikes.tolist() == []
    np.testing.assert_allclose(rate.rate / Hz, [5000, 0, 2500, 0, 0])
    assert pairs(part) == [(0, 0), (2, 2)]
    assert counts.count[:].tolist() == [1, 1, 0, 1]


def test_an_inactive_group_is_silent():
    group = SpikeGeneratorGroup(1, [0, 0], [0.1, 0.6] * ms)
    monitor = SpikeMonitor(group)
    net = Network(group, monitor)
    group.active = False
    net.run(0.5 * ms)
    group.active = True
    net.run(0.5 * ms)
    assert pairs(monitor) == [(0, 6)]


def test_a_network_of_the_same_shape_compiles_nothing(monkeypatch):
    from ranvier import stages

    keys = []
    compile_plan = stages.compile_plan
    monkeypatch.setattr(
        "ranvier.objects.networks.network.compile_plan",
        lambda plan, *more: keys.append(plan.key) or compile_plan(plan, *more),
    )
    for size, times in ((3, [0.1]), (1, [0.1]), (2, [0.1, 0.2, 0.3]), (3, [])):
        group = SpikeGeneratorGroup(size, [0] * len(times), times * ms, period=len(times) * ms, name="same")
        Network(group).run(0.5 * ms)
    assert len(set(keys)) == 1


# ------------------------------------------------------------------ looking at it


def test_what_it_shows():
    group = SpikeGeneratorGroup(3, [0, 1], [0.15, 0.1] * ms, name="gen")
    assert repr(group) == "SpikeGeneratorGroup(3, indices=<length 2 array>, times=<length 2 array>)"
    assert group.N == 3 and group.start == 0 and group.stop == 3 and len(group) == 3
    assert group.i[:].tolist() == [0, 1, 2]
    assert group.neuron_index[:].tolist() == [1, 0]
    np.testing.assert_allclose(group.spike_time_[:], [1e-4, 1.5e-4])
    assert group.spike_time["neuron_index == 0"] == [0.15] * ms
    assert group.spike_number[:].tolist() == [0, 1] and len(group.spike_time) == 2
    assert repr(group.spike_time) == "<gen.spike_time: array([100., 150.]) * usecond>"
    assert group.events == {"spike": None} and group.when == "thresholds" and group.order == 0
    assert set(group.get_states()) >= {"neuron_index", "spike_time", "period"}


@pytest.mark.parametrize("variable", ["spike_time", "neuron_index", "spike_number", "period"])
def test_its_variables_cannot_be_set(variable):
    group = SpikeGeneratorGroup(3, [0], [0.1] * ms)
    with pytest.raises(TypeError, match="read-only"):
        setattr(group, variable, 1)


def test_values_for_each_spike_are_none_for_each_element():
    group = SpikeGeneratorGroup(3, [0], [0.1] * ms, name="gen")
    with pytest.raises(TypeError, match="a value for each spike"):
        StateMonitor(group, "spike_time", record=True)


# ------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("args", "kwds", "error", "message"),
    [
        ((1, [0], [1]), {}, DimensionMismatchError, "times"),
        ((1, [0], [1] * mV), {}, DimensionMismatchError, "times"),
        ((1, [0], [1] * ms), {"period": 2}, DimensionMismatchError, "period"),
        ((1, [0, 0], [1] * ms), {}, ValueError, "must match, but 2 != 1"),
        ((1, [1], [1] * ms), {}, ValueError, "between 0 and 0"),
        ((1, [-1], [1] * ms), {}, ValueError, "between 0 and 0"),
        ((1, [0], [-1] * ms), {}, ValueError, "negative"),
        ((1, [0], [np.nan] * second), {}, ValueError, "not a number"),
        ((1, ["a"], [1] * ms), {}, TypeError, "numbers of elements"),
        ((1, 0, 1 * ms), {}, TypeError, "lists or arrays"),
        ((1, [0], [1] * ms), {"period": -1 * ms}, ValueError, "cannot be negative"),
        ((1, [0], [1] * ms), {"period": 1 * ms}, ValueError, "greater than the maximum"),
        ((1, [0], [0.9999] * ms), {"period": 1 * ms}, ValueError, "greater than the maximum"),
        ((0, [], [] * ms), {}, TypeError, "integer >=1"),
        ((2.5, [0], [1] * ms), {}, TypeError, "integer >=1"),
        (("a", [0], [1] * ms), {}, TypeError, "integer >=1"),
    ],
)
def test_wrong_arguments(args, kwds, error, message):
    with pytest.raises(error, match=message):
        SpikeGeneratorGroup(*args, **kwds)


def test_wrong_new_spikes_leave_the_old_ones():
    group = SpikeGeneratorGroup(1, [0], [0.1] * ms)
    with pytest.raises(ValueError, match="between 0 and 0"):
        group.set_spikes([0, 5], [1, 2] * ms)
    assert group.neuron_index[:].tolist() == [0]


@pytest.mark.parametrize(
    ("spikes", "period", "error", "message"),
    [
        ([0.1, 0.12], 0, ValueError, "more than once during a time step: neuron 0 at 100. us"),
        ([5.1, 5.1], 0, ValueError, "more than once during a time step"),
        ([0.1], 0.25, NotImplementedError, "not an integer multiple"),
    ],
)
def test_wrong_spikes_are_found_when_dt_is_known(spikes, period, error, message):
    group = SpikeGeneratorGroup(2, [0] * len(spikes), spikes * ms, period=period * ms)
    with pytest.raises(BrianObjectException) as caught:
        Network(group).run(0.2 * ms)
    assert isinstance(caught.value.__cause__, error)
    assert message in str(caught.value.__cause__)


def test_a_period_may_become_too_short_by_another_dt():
    group = SpikeGeneratorGroup(1, [0], [0.996] * ms, period=1 * ms)
    defaultclock.dt = 0.5 * ms
    Network(group).run(2 * ms)
    wide = SpikeGeneratorGroup(1, [0], [9.996] * ms, period=10 * ms, dt=0.1 * ms)
    wide.clock.dt = 5 * ms
    with pytest.raises(BrianObjectException) as caught:
        Network(wide).run(10 * ms)
    assert "greater than the maximum of the spike times" in str(caught.value.__cause__)


def test_steps_of_late_times_do_not_overflow():
    assert steps_of(np.array([0.0, 1.0, np.inf]), 1e-4).tolist() == [0, 10000, 2**62]


def test_neurons_with_events_see_neither_more_nor_fewer():
    neurons = NeuronGroup(2, "v : 1", threshold="v > 0.5", reset="v = 0")
    group = SpikeGeneratorGroup(2, [0, 1], [0.1, 0.3] * ms)
    mine, theirs = SpikeMonitor(group), SpikeMonitor(neurons)
    Network(neurons, group, mine, theirs).run(0.5 * ms)
    assert pairs(mine) == [(0, 1), (1, 3)] and pairs(theirs) == []


def test_a_very_long_period_is_none():
    group = SpikeGeneratorGroup(1, [0], [0] * ms, period=1e6 * second)
    with catch_logs() as caught:
        Network(group).run(0.2 * ms)
    assert [name.rpartition(".")[2] for _, name, _ in caught] == ["spikegenerator_long_period"]


def test_a_period_of_less_than_a_step_is_refused():
    group = SpikeGeneratorGroup(1, [0], [0] * ms, period=0.05 * ms)
    with pytest.raises(BrianObjectException, match="smaller than its dt of 100") as error:
        Network(group).run(0.2 * ms)
    assert isinstance(error.value.__cause__, ValueError)


def test_the_memory_of_the_list_by_steps_is_said_before_and_after_it_is_made():
    group = SpikeGeneratorGroup(10, np.arange(1000) % 10, np.arange(1000) * 0.1 * ms, name="given")
    network = Network(group)
    before = {row.what: row for row in network.memory_plan().rows}["spikes by step"]
    assert (before.number, before.bytes, before.present, before.own) == (1000, 1001 * 12, 0, 0)
    network.run(0.1 * ms)
    (after,) = (row for row in network.memory_plan().rows if row.what == "spikes by step")
    assert after.present == after.bytes == before.bytes
    in_steps = group._in_steps
    assert after.bytes == sum(storage.array.nbytes for storage in in_steps)
