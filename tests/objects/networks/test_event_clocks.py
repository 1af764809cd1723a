"""Things that happen at given times: between the steps of other clocks, in them, and in runs of any division."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ranvier import (
    BrianObjectException,
    Clock,
    Cylinder,
    DimensionMismatchError,
    EventClock,
    MagicError,
    Network,
    NetworkOperation,
    NeuronGroup,
    PoissonGroup,
    Quantity,
    SpatialNeuron,
    SpikeGeneratorGroup,
    Statements,
    StateMonitor,
    Synapses,
    TimedArray,
    defaultclock,
    ms,
    network_operation,
    restore_initial_state,
    run,
    start_scope,
    um,
    us,
)


@pytest.fixture(autouse=True)
def fresh() -> Any:
    start_scope()
    restore_initial_state()
    yield
    restore_initial_state()


def noting(log: list[Any], what: Any = None, **kwds: Any) -> NetworkOperation:
    """Returns an operation that notes its time, or something else."""
    if what is None:
        return NetworkOperation(lambda t: log.append(round(t / us)), **kwds)
    return NetworkOperation(lambda: log.append(what), **kwds)


# ---------------------------------------------------------------- instants


def test_events_stand_between_steps_and_in_them() -> None:
    log: list[str] = []
    net = Network(noting(log, "x", dt=1 * ms, order=0), noting(log, "y", clock=EventClock([0.5, 2.5, 4] * ms), order=1))
    net.run(5 * ms)
    assert "".join(log) == "xyxxyxxy"


def test_an_event_in_a_step_takes_its_place_by_slot_order_and_name() -> None:
    log: list[str] = []
    clock = EventClock([0.2] * ms)
    net = Network(
        noting(log, "a", order=0),
        noting(log, "b", order=2),
        noting(log, "c", when="end"),
        noting(log, "E", clock=clock, order=1),
        noting(log, "F", clock=clock, when="thresholds"),
    )
    net.run(0.3 * ms)
    assert "".join(log) == "abcabcaEbFc"


@pytest.mark.parametrize(("off", "order"), [(0.9e-4, "xyxx"), (-0.9e-4, "xyxx"), (1.2e-4, "xxyx"), (-1.2e-4, "xyxx")])
def test_within_a_ten_thousandth_of_dt_an_event_belongs_to_the_step(off: float, order: str) -> None:
    log: list[str] = []
    net = Network(noting(log, "x", order=1), noting(log, "y", clock=EventClock([0.1 * (1 + off)] * ms), order=0))
    net.run(0.3 * ms)
    assert "".join(log) == order


def test_code_sees_the_time_of_its_group_and_monitors_that_of_the_event() -> None:
    ramp = TimedArray([0, 1, 2, 3, 4, 5], dt=0.1 * ms)
    group = NeuronGroup(1, "x : second\ny : 1", namespace={"ramp": ramp})
    group.run_at("x = t; y = ramp(t)", [0.25] * ms)
    monitor = StateMonitor(group, ["x", "y"], record=0, clock=EventClock([0.26, 0.22] * ms))
    run(0.5 * ms)
    assert monitor.t / ms == pytest.approx([0.22, 0.26])
    assert monitor.x[0] / ms == pytest.approx([0, 0.3]) and list(monitor.y[0]) == [0, 3]


def test_operations_get_the_time_of_the_event_and_so_does_the_network() -> None:
    seen: list[Any] = []
    clock = EventClock([0.35, 1, 2] * ms)

    @network_operation(clock=clock)
    def look(t: Any) -> None:
        seen.append((float(t / ms), float(net.t / ms), float(clock.t / ms)))

    net = Network(look, NeuronGroup(1, "x : 1"))
    net.run(3 * ms)
    assert np.array(seen) == pytest.approx(np.repeat([[0.35], [1], [2]], 3, axis=1)) and net.t == 3 * ms


def test_a_monitor_at_multiples_of_a_step_is_one_with_that_step() -> None:
    group = NeuronGroup(3, "dv/dt = (2 - v)/(5*ms) : 1", method="exact")
    regular = StateMonitor(group, "v", record=True, dt=1 * ms)
    events = StateMonitor(group, "v", record=True, clock=EventClock(np.arange(10) * ms))
    run(10 * ms)
    np.testing.assert_allclose(events.t / ms, regular.t / ms)
    np.testing.assert_array_equal(events.v, regular.v)


def test_one_clock_for_several_objects() -> None:
    clock, log = EventClock([0.15, 0.3] * ms), []
    group = NeuronGroup(1, "x : 1")
    group.run_regularly("x += 1", clock=clock)
    monitor = StateMonitor(group, "x", record=0, clock=clock, when="end")
    net = Network(group, monitor, noting(log, clock=clock))
    net.run(1 * ms)
    assert log == [150, 300] and list(monitor.x[0]) == [1, 2] and len(net.clocks) == 2


def test_summed_variables_are_updated_at_the_events() -> None:
    source, target = NeuronGroup(3, "x : 1"), NeuronGroup(1, "total : 1")
    source.run_regularly("x += 1")
    synapses = Synapses(source, target, "total_post = x_pre : 1 (summed)", clock=EventClock([0.25, 0.55] * ms))
    synapses.connect()
    monitor = StateMonitor(target, "total", record=0, when="end")
    run(0.8 * ms)
    assert list(monitor.total[0]) == [0, 0, 0, 9, 9, 9, 18, 18]


# ---------------------------------------------------------------- runs


@pytest.mark.parametrize("pieces", [1, 2, 3, 7, 14])
def test_runs_of_any_division_give_the_same(pieces: int) -> None:
    log: list[int] = []
    times = [0.1, 0.25, 0.3, 0.6, 0.7, 0.9, 1.1, 1.2, 1.25, 1.4, -0.1]
    net = Network(noting(log, clock=EventClock(times * ms)), NeuronGroup(1, "x : 1"))
    for _ in range(pieces):
        net.run(1.4 / pieces * ms)
    assert log == [100, 250, 300, 600, 700, 900, 1100, 1200, 1250]
    net.run(0.1 * ms)
    assert log[-1] == 1400


def test_an_event_at_the_end_belongs_to_the_next_run() -> None:
    group = NeuronGroup(1, "x : 1")
    group.run_at("x += 1", [0, 2, 4] * ms)
    values = []
    for _ in range(3):
        run(2 * ms)
        values.append(group.x[0])
    assert values == [1, 2, 3]


def test_times_as_products_and_decimals_meet_their_steps() -> None:
    group = NeuronGroup(2, "x : 1")
    group.run_at("x = x + 1", np.arange(1, 8) * 0.1 * ms, when="end")
    monitor = StateMonitor(group, "x", record=0, when="end", order=1)
    run(1 * ms)
    assert list(monitor.x[0]) == [0, 1, 2, 3, 4, 5, 6, 7, 7, 7]


def test_a_clock_made_after_a_run_has_its_later_times() -> None:
    log: list[int] = []
    net = Network(NeuronGroup(1, "x : 1"))
    net.run(1 * ms)
    net.add(noting(log, clock=EventClock([0.5, 1, 1.55] * ms)))
    net.run(1 * ms)
    assert log == [1000, 1550]


def test_only_event_clocks() -> None:
    log: list[int] = []
    first, second = EventClock([0.3, 1, 5] * ms), EventClock([0.1 * 3, 2] * ms)
    net = Network(noting(log, clock=first), noting(log, "second", clock=second, order=1))
    for _ in range(30):
        net.run(0.1 * ms)
    assert log == [300, "second", 1000, "second"] and net.t / ms == pytest.approx(3)
    net.run(10 * ms)
    assert log[4:] == [5000] and first.t == float("inf") * ms
    Network(noting(log, clock=EventClock([]))).run(1 * ms)


def test_dt_may_change_between_runs() -> None:
    log: list[int] = []
    net = Network(noting(log, clock=EventClock([0.25, 0.5, 0.75] * ms)), NeuronGroup(1, "x : 1"))
    net.run(0.4 * ms)
    defaultclock.dt = 0.2 * ms
    net.run(0.4 * ms)
    assert log == [250, 500, 750]


def test_stop_during_an_event() -> None:
    log: list[int] = []

    @network_operation(clock=EventClock([0.25, 0.28, 0.6] * ms))
    def halt(t: Any) -> None:
        log.append(round(t / us))
        net.stop()

    group = NeuronGroup(1, "x : 1")
    group.run_regularly("x += 1")
    net = Network(halt, group)
    net.run(1 * ms)
    assert log == [250] and net.t / us == pytest.approx(280) and group.x[0] == 3
    net.run(1 * ms)
    assert log == [250, 280] and net.t / us == pytest.approx(300) and group.x[0] == 3
    net.run(1 * ms)
    net.run(1 * ms)
    assert log == [250, 280, 600] and group.x[0] == 17


def test_stop_without_another_event() -> None:
    net = Network(network_operation(clock=EventClock([1] * ms))(lambda: net.stop()))
    net.run(3 * ms)
    assert net.t == 3 * ms
    net.run(1 * ms)
    assert net.t == 4 * ms


def test_store_and_restore(tmp_path: Path) -> None:
    log: list[int] = []
    clock = EventClock([0.25, 0.5, 0.75] * ms)
    net = Network(noting(log, clock=clock), NeuronGroup(1, "x : 1"))
    net.store("begin")
    net.run(0.3 * ms)
    net.store(filename=str(tmp_path / "state"))
    net.run(0.7 * ms)
    assert log == [250, 500, 750]
    net.restore(filename=str(tmp_path / "state"))
    assert clock.t == 0.5 * ms and clock.timestep == 1 and net.t == 0.3 * ms
    net.run(0.3 * ms)
    assert log[3:] == [500]
    net.restore("begin")
    assert clock.t == 0.25 * ms
    net.run(0.3 * ms)
    assert log[4:] == [250]


def test_reports_profiles_and_slices(capsys: pytest.CaptureFixture[str]) -> None:
    group = NeuronGroup(1, "x : 1")
    operation = group.run_at("x += 1", np.arange(1000) * 0.77 * ms)
    net = Network(group)
    net.run(100 * ms, report="text", profile=True)
    assert group.x[0] == 130 and "100. ms (100%)" in capsys.readouterr().out
    assert operation.name in str(net.profiling_summary())


# ---------------------------------------------------------------- what takes one, and what does not


def test_dt_and_clock_together() -> None:
    with pytest.raises(ValueError, match="either a dt or a clock"):
        NetworkOperation(lambda: None, dt=1 * ms, clock=EventClock([1] * ms))


@pytest.mark.parametrize(
    "make",
    [
        lambda clock: NeuronGroup(1, "dv/dt = -v/ms : 1", clock=clock),
        lambda clock: NeuronGroup(1, "v : 1", clock=clock),
        lambda clock: PoissonGroup(1, 10 / (1000 * ms), clock=clock),
        lambda clock: SpikeGeneratorGroup(1, [0], [1] * ms, clock=clock),
        lambda clock: Synapses(CELLS(), None, on_pre="v_post += 1", clock=clock),
        lambda clock: Synapses(CELLS(), None, "dw/dt = -w/ms : 1 (clock-driven)", clock=clock),
    ],
)
def test_what_needs_a_dt_refuses_an_event_clock(make: Any) -> None:
    with pytest.raises(TypeError, match=r"needs a clock with a dt.*'happenings' is an EventClock.*run_at"):
        make(EventClock([1] * ms, name="happenings"))


def CELLS() -> NeuronGroup:
    return NeuronGroup(1, "v : 1")


def test_the_schedule_shows_event_clocks() -> None:
    group = NeuronGroup(1, "x : 1")
    group.run_at("x += 1", [1, 2, 3] * ms)
    monitor = StateMonitor(group, "x", record=0, dt=0.3 * ms)
    net = Network(group, monitor)
    summary = net.scheduling_summary()
    entries = {entry.name: entry for entry in summary.entries}
    event, recording = entries[f"{group.name}_run_at"], entries[monitor.name]
    assert (event.dt, event.clock, event.when, event.order) == (None, "at 3 times", "start", 0)
    assert recording.dt == 0.3 * ms and isinstance(recording.dt, Quantity) and recording.active
    assert summary.dts == pytest.approx([1e-4, 3e-4])
    assert list(summary.steps.values()) == ["every step", "every 3 steps"] and len(summary.all_dts) == 2
    before = str(summary), summary._repr_html_()
    net.run(5 * ms)
    assert (str(net.scheduling_summary()), net.scheduling_summary()._repr_html_()) == before
    assert "at 3 times" in before[0]


# ---------------------------------------------------------------- run_at, run_on_clock


def test_run_at() -> None:
    defaultclock.dt = 1 * ms
    group = NeuronGroup(2, "x : 1")
    operation = group.run_at("x += 1", times=[1, 3] * ms)
    monitor = StateMonitor(group, "x", record=1, when="end")
    run(5 * ms)
    assert list(monitor.x[0]) == [0, 1, 1, 2, 2]
    assert operation in group.contained_objects and (operation.when, operation.order) == ("start", 0)
    assert isinstance(operation.clock, EventClock) and operation.active


def test_names_of_operations_and_their_clocks() -> None:
    group = NeuronGroup(1, "x : 1", name="cells")
    operations = [group.run_at("x += 1", [1] * ms), group.run_at("x += 1", [1] * ms)]
    operations += [group.run_on_clock("x += 1"), group.run_on_clock("x += 1", Clock(1 * ms), "end", 3)]
    operations.append(group.run_at("x += 1", [1] * ms, name="mine"))
    assert [each.name for each in operations] == [
        "cells_run_at",
        "cells_run_at_1",
        "cells_run_custom",
        "cells_run_custom_1",
        "mine",
    ]
    assert operations[0].clock.name == "cells_run_at_eventclock" and operations[2].clock is group.clock
    assert (operations[3].when, operations[3].order, operations[3].clock.dt) == ("end", 3, 1 * ms)


def test_run_on_clock() -> None:
    group = NeuronGroup(1, "x : 1\ny : 1")
    group.run_on_clock("x += 1")
    group.run_on_clock("y += 1", clock=EventClock([0.15, 0.3, 0.5] * ms))
    run(0.5 * ms)
    assert (group.x[0], group.y[0]) == (5, 2)


def test_code_of_every_kind() -> None:
    group = NeuronGroup(50, "x : 1\nr : 1\ns : 1 (shared)\nk : integer")
    group.run_at(Statements("s += 1"), [0.25, 0.35] * ms)
    group.run_at("r = rand()\nx = i*s\nk = i", [0.45] * ms)
    run(1 * ms)
    assert group.s[:] == 2 and list(group.x[:3]) == [0, 2, 4] and list(group.k[:3]) == [0, 1, 2]
    assert len(set(group.r[:])) == 50


def test_every_kind_of_group() -> None:
    group = NeuronGroup(4, "x : 1", threshold="False")
    part = group[1:3]
    part.run_at("x = 5 + i", [0.15] * ms)
    synapses = Synapses(group, group, "w : 1")
    synapses.connect(j="i")
    synapses.run_at("w += 2", [0.15, 0.25] * ms)
    cable = SpatialNeuron(
        Cylinder(length=10 * um, diameter=1 * um, n=2),
        "Im = 0*amp/meter**2 : amp/meter**2\nc : 1",
    )
    cable.run_at("c += i + 1", [0.15] * ms)
    run(0.3 * ms)
    assert list(group.x[:]) == [0, 5, 6, 0] and list(synapses.w[:]) == [4] * 4 and list(cable.c[:]) == [1, 2]


@pytest.mark.parametrize(
    ("times", "error"),
    [([1, 2], DimensionMismatchError), ([1, 1] * ms, ValueError), (3 * ms, TypeError), ("ms", TypeError)],
)
def test_wrong_times_are_told_at_once(times: Any, error: type[Exception]) -> None:
    group = NeuronGroup(1, "x : 1")
    with pytest.raises(error):
        group.run_at("x += 1", times)
    assert all(part.name != f"{group.name}_run_at" for part in group.contained_objects)


def test_wrong_slots_and_wrong_code_are_told_when_a_network_is_run() -> None:
    group = NeuronGroup(1, "x : 1")
    late = group.run_at("x += 1", [1] * ms, when="sometime")
    with pytest.raises(KeyError, match="sometime"):
        run(1 * ms)
    group.contained_objects.remove(late)
    del late
    wrong = group.run_at("x = 3*ms", [1] * ms)
    with pytest.raises(BrianObjectException, match=wrong.name) as caught:
        Network(group).run(1 * ms)
    assert isinstance(caught.value.__cause__, DimensionMismatchError)
    with pytest.raises(TypeError, match="statements of run_at have to be text"):
        group.run_at(3, [1] * ms)  # type: ignore[arg-type]


def test_operations_can_be_switched_off_and_removed() -> None:
    group = NeuronGroup(1, "x : 1")
    off, removed = group.run_at("x += 1", [0.1] * ms), group.run_at("x += 10", [0.1] * ms)
    off.active = False
    group.contained_objects.remove(removed)
    Network(group).run(0.3 * ms)
    assert group.x[0] == 0


def test_a_removed_operation_that_the_script_holds_runs() -> None:
    group = NeuronGroup(1, "x : 1")
    held = group.run_at("x += 1", [0.1] * ms)
    group.contained_objects.remove(held)
    run(0.3 * ms)
    assert group.x[0] == 1


def test_a_new_operation_after_a_magic_run_is_a_new_object() -> None:
    group = NeuronGroup(1, "x : 1")
    run(0.1 * ms)
    group.run_at("x += 1", [0.1] * ms)
    with pytest.raises(MagicError):
        run(0.1 * ms)


def test_other_times_compile_nothing() -> None:
    def key(times: Any) -> str:
        group = NeuronGroup(3, "x : 1")
        group.run_at("x += 1", times * ms)
        return Network(group).lower().plan.key

    assert key([1, 2.5]) == key([0.3, 4, 7, 9]) == key([])


@pytest.mark.parametrize("schedule", [{"start", "groups"}, frozenset({"start"}), {"start": 1}, iter(["start"])])
def test_a_schedule_has_an_order(schedule: Any) -> None:
    with pytest.raises(TypeError, match="list of slot names"):
        Network().schedule = schedule
