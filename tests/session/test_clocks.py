"""Clocks by themselves: what they tell, how they are advanced, and what times an `EventClock` takes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ranvier import Clock, DimensionMismatchError, EventClock, Network, NeuronGroup, Quantity, core, ms, second, volt
from ranvier.session.clocks import BaseClock


def test_values_can_be_indexed_like_variables() -> None:
    clock = Clock(0.5 * ms)
    clock.set_interval(2 * ms, 5 * ms)
    assert clock.timestep[:] == 4 and type(clock.timestep[:]) is np.int64
    assert clock.t[:] == 2 * ms and type(clock.t[:]) is Quantity and type(clock.t + 1 * ms) is Quantity
    assert clock.t_[:] == 0.002 and type(clock.t_[:]) is float
    assert int(clock.timestep) == 4 and float(clock.t) == 0.002 and f"{clock.t}" == "2. ms"
    with pytest.raises(IndexError, match="one time"):
        clock.t[1]


def test_clocks_advance_to_the_end_of_their_interval() -> None:
    clock = Clock(1 * ms)
    clock.advance()
    assert clock.t == 1 * ms
    clock.set_interval(0.002, 0.004)
    clock.advance()
    clock.advance()
    with pytest.raises(StopIteration):
        clock.advance()
    events = EventClock([1, 2, 5] * ms)
    for expected in (1, 2, 5):
        assert events.t == expected * ms
        events.advance()
    assert events.t == float("inf") * second and events.timestep == 3
    with pytest.raises(StopIteration):
        events.advance()
    events.set_interval(1.5 * ms, 5 * ms)
    assert events.timestep == 1 and events.t == 2 * ms
    events.advance()
    with pytest.raises(StopIteration):  # 5 ms belongs to the next interval
        events.advance()
    with pytest.raises(DimensionMismatchError):
        clock.set_interval(1 * volt, 2 * volt)


def test_the_same_time() -> None:
    fine, coarse, events = Clock(0.1 * ms), Clock(1 * ms), EventClock([2.000001, 3] * ms)
    fine.set_interval(2 * ms, 3 * ms)
    coarse.set_interval(2 * ms, 3 * ms)
    assert fine.same_time(coarse) and coarse.same_time(events) and events.same_time(fine)
    assert not events.same_time(EventClock([2.0000012] * ms)) and events.same_time(EventClock([2.000001] * ms))
    fine.advance()
    assert not fine.same_time(coarse) and not fine.same_time(events)


def test_members_of_clocks() -> None:
    clock, events = Clock(0.1 * ms), EventClock([4, 3] * ms, name="happenings")
    assert clock.N == events.N == 1 and clock.epsilon_dt == 1e-4
    assert set(clock.variables) == {"t", "timestep", "dt", "N"} and set(events.variables) == {"t", "timestep", "N"}
    assert clock.get_states() == {"t": 0 * ms, "timestep": 0, "dt": 0.1 * ms, "N": 1}
    assert events.get_states(units=False) == {"t": 0.003, "timestep": 0, "N": 1}
    assert clock.state("dt") == 0.1 * ms and clock.state("t", use_units=False) == 0.0
    with pytest.raises(KeyError, match="no variable 'v'"):
        clock.state("v")
    assert repr(events) == "EventClock(2 times, name='happenings')" and len(events) == 2
    assert core.clocks.BaseClock is BaseClock and core.clocks.EventClock is EventClock
    with pytest.raises(TypeError, match="create a Clock or an EventClock"):
        BaseClock("clock")  # type: ignore[abstract]


@pytest.mark.parametrize("times", [[3, 1, 2] * ms, [3 * ms, 1 * ms, 2 * ms], (3 * ms, 1 * ms, 2 * ms)])
def test_times_in_any_form_and_order(times: Any) -> None:
    clock = EventClock(times)
    assert list(clock.times / ms) == pytest.approx([1, 2, 3]) and clock[1] == 2 * ms and clock.t == 1 * ms
    assert not any(hasattr(clock, name) for name in ("dt", "dt_", "t_in_timesteps"))
    assert clock.name.startswith("eventclock")
    with pytest.raises(AttributeError, match="ticks at given times"):
        _ = clock.dt
    with pytest.raises(TypeError):
        clock.t = 2 * ms  # type: ignore[misc]
    with pytest.raises(TypeError):
        clock.times = [1] * ms  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("times", "error"),
    [
        ([1, 2], DimensionMismatchError),
        ([1, 2] * volt, DimensionMismatchError),
        ([1, 2, 1] * ms, ValueError),
        ([1, np.inf] * ms, ValueError),
        (3 * ms, TypeError),
        ("1*ms", TypeError),
        (None, TypeError),
    ],
)
def test_wrong_times(times: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        EventClock(times)


def test_no_times() -> None:
    assert EventClock([]).t == float("inf") * second
    with pytest.raises(TypeError):
        EventClock()  # type: ignore[call-arg]


def test_a_new_dt_that_does_not_fit_says_where_the_last_run_ended() -> None:
    group = NeuronGroup(1, "x : 1", dt=0.25 * ms)
    network = Network(group)
    network.run(0.35 * ms)
    group.clock.dt = 0.05 * ms
    with pytest.raises(ValueError, match=r"ended between two steps, at 0\.35 ms; the nearest one began at 250\. us"):
        network.run(1 * ms)
    group.clock.dt = 0.5 * ms  # nothing is kept of the dt that did not fit
    with pytest.raises(ValueError, match=r"at 0\.5 ms with the new dt"):
        network.run(1 * ms)
    group.clock.dt = 0.25 * ms
    network.run(1 * ms)
