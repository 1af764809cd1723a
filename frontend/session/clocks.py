"""Clocks: integer step counters with a step length, or with the times of their steps."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ranvier.ir.slots import SAME_EVENT, SAME_TIME
from ranvier.public import public, public_in
from ranvier.runtime.state import allocate
from ranvier.session.clock_values import Instant, Seconds, StepNumber, instant
from ranvier.session.defaults import DEFAULT_DT
from ranvier.session.extensible import Extensible
from ranvier.session.given import is_text
from ranvier.session.logger import get_logger
from ranvier.session.names import Nameable
from ranvier.units import DimensionMismatchError, Quantity, get_dimensions, second
from ranvier.units.check_units import check_units
from ranvier.units.checks import single

if TYPE_CHECKING:
    import numpy.typing as npt

TOLERANCE = SAME_TIME
"""Two times closer than this fraction of dt are the same step."""

SAME_END = 1e-12
"""Where no clock has a dt, times that differ by this share from an end of a run are at this end."""

_READ_ONLY = frozenset(("t", "t_", "timestep", "t_in_timesteps", "N"))
"""What a clock shows, and a script cannot set."""

GREATEST_STEP = 2**40
"""Steps beyond which there is a warning."""

logger = get_logger("ranvier.core.clocks")


def step_at(time: float, dt: float, tolerance: float | None = None) -> int:
    """Returns the first step that does not begin before `time` (all in seconds).

    Args:
        time: The time.
        dt: The step length.
        tolerance: What counts as the same time; None: a fraction of dt.
    """
    nearest = round(time / dt)
    if abs(nearest * dt - time) <= (TOLERANCE * dt if tolerance is None else tolerance):
        return nearest
    return math.ceil(time / dt)


def check_is_time(dt: Quantity, name: str) -> None:
    """Checks that the dt of an object is a time.

    Raises:
        ValueError: If it is a text: it says how a time is written.
        DimensionMismatchError: If it has another unit.
    """
    if is_text(dt):
        raise ValueError(f"The dt of {name} is a time, e.g. 0.1*ms, not the text {dt!r}: leave out the quotes.")
    if get_dimensions(dt) is not second.dim:
        raise DimensionMismatchError(f"The dt of {name} has to be a time, e.g. 0.1*ms, not {dt}", get_dimensions(dt))


@dataclass
class Run:
    """A run of a network.

    Attributes:
        name: The name of the network.
        thread: The thread that runs it.
        is_over: Whether it has ended.
    """

    name: str
    thread: int
    is_over: bool = False


@public_in("ranvier.core.clocks")
class BaseClock(Nameable):
    """What counts the steps of a simulation: a `Clock` or an `EventClock`.

    Args:
        name: Name of the clock; a trailing `*` asks for automatic numbering.

    Attributes:
        control: [n, n_end]: the step counter that native code advances, and the step at which it stops.
        used_by: The last run with this clock.
        N: Number of elements, as a group would have.
        epsilon_dt: Two times closer than this fraction of dt are the same step.
    """

    N: ClassVar[int] = 1
    epsilon_dt: ClassVar[float] = TOLERANCE

    def __init__(self, name: str) -> None:
        if type(self) is BaseClock:
            raise TypeError("BaseClock is what clocks have in common: create a Clock or an EventClock.")
        super().__init__(name=name)
        self.control: npt.NDArray[np.int64] = allocate(2, np.int64, padding=2)
        self.used_by: Run | None = None
        self._has_end = False

    def __setattr__(self, name: str, value: object) -> None:
        if name in _READ_ONLY:
            raise TypeError(f"Variable {name} is read-only. run(...) moves clocks on; a new network begins at 0 s.")
        object.__setattr__(self, name, value)

    @property
    def timestep(self) -> StepNumber:
        """The step counter n."""
        return StepNumber(self.control[0])

    @property
    def dt_(self) -> float:
        """Step length in seconds."""
        raise self._no_dt("dt_")

    @property
    def dt(self) -> Quantity:
        """Step length."""
        raise self._no_dt("dt")

    def _no_dt(self, name: str) -> AttributeError:
        return AttributeError(f"'{self.name}' has no {name}: it ticks at given times.")

    @property
    @abstractmethod
    def t_(self) -> float:
        """Time in seconds."""

    @property
    def t(self) -> Quantity:
        """Time."""
        return instant(self.t_)

    @property
    def event_times(self) -> npt.NDArray[np.float64] | None:
        """The times (seconds) of the steps, and infinity at their end; None if they are the multiples of dt."""
        return None

    @abstractmethod
    def set_interval(self, start: float | Quantity, end: float | Quantity, tolerance: float | None = None) -> None:
        """Prepares a run.

        Args:
            start: Its first time.
            end: Its end, which belongs to the next run.
            tolerance: What counts as the same time, in seconds; None: what does for this clock alone.
        """

    def advance(self) -> None:
        """Goes to the next step.

        Raises:
            StopIteration: If the interval of `set_interval` is over.
        """
        if self._has_end and self.control[0] >= self.control[1]:
            raise StopIteration(f"'{self.name}' is at the end of its interval.")
        self.control[0] += 1

    def same_time(self, other: BaseClock) -> bool:
        """Tells whether another clock has the same time, up to a small part of the shorter dt."""
        mine, others = self.t_, other.t_
        return mine == others or abs(mine - others) < same_time((self, other))

    # ------------------------------------------------------------------ as a group of one element

    @property
    def variables(self) -> dict[str, object]:
        """The values by name."""
        return {"t": self.t, "timestep": self.timestep, "N": self.N}

    def state(self, name: str, use_units: bool = True) -> Any:
        """Returns a value by its name.

        Raises:
            KeyError: If there is none of this name.
        """
        if name not in self.variables:
            raise KeyError(f"'{self.name}' has no variable '{name}', only {', '.join(self.variables)}.")
        value = self.variables[name]
        return Seconds(value) if isinstance(value, Quantity) and not use_units else value

    def get_states(self, units: bool = True) -> dict[str, Any]:
        """Returns all values by name."""
        return {name: self.state(name, units) for name in self.variables}


@public
class Clock(Extensible, BaseClock):
    """A clock that ticks every `dt`; its time is t = n*dt (one multiplication).

    Args:
        dt: Step length, a time.
        name: Name of the clock; a trailing `*` asks for automatic numbering.

    Raises:
        DimensionMismatchError: If dt is not a time.
        ValueError: If dt is not positive.
        RuntimeError: If dt is changed while a network is being run with the clock.
        AttributeError: If an attribute is set that clocks have not: a spelling mistake.
    """

    _has_all_attributes = False

    @check_units(dt=second)
    def __init__(self, dt: Quantity, name: str = "clock*") -> None:
        super().__init__(name=name)
        self._dt = _positive(single(dt, "The dt of a clock"))
        self._pending_dt: float | None = None
        self._has_all_attributes = type(self) is Clock

    def __setattr__(self, name: str, value: object) -> None:
        if self._has_all_attributes and not (name.startswith("_") or name in vars(self) or hasattr(type(self), name)):
            raise AttributeError(
                f'Could not find a state variable with name "{name}": what can be set of a clock is dt. Use the '
                "add_attribute method if you intend to add a new attribute to the object."
            )
        super().__setattr__(name, value)

    @property
    def t_in_timesteps(self) -> int:
        """The step counter n."""
        return self.timestep

    @property
    def dt_(self) -> float:
        """Step length in seconds."""
        return self._dt if self._pending_dt is None else self._pending_dt

    @dt_.setter
    def dt_(self, value: float) -> None:
        value = _positive(float(value))
        if self.used_by is not None and not self.used_by.is_over and value != self.dt_:
            raise RuntimeError(
                f"The dt of clock '{self.name}' cannot be changed while '{self.used_by.name}' is being run: call "
                "run() for the time until then, change dt, and call run() again."
            )
        self._pending_dt = None if value == self._dt else value

    @property
    def dt(self) -> Quantity:
        """Step length."""
        return Quantity(self.dt_, dim=second.dim)

    @dt.setter
    def dt(self, value: Quantity) -> None:
        check_is_time(value, self.name)
        self.dt_ = single(value, f"The dt of {self.name}")

    @property
    def t_(self) -> float:
        """Time in seconds."""
        return Seconds(int(self.control[0]) * self._dt)

    @property
    def variables(self) -> dict[str, object]:
        """The values by name."""
        return {"t": self.t, "timestep": self.timestep, "dt": self.dt, "N": self.N}

    def _unfitting(self, start: float, dt: float) -> ValueError:
        """Returns the error for a new dt that the time does not allow."""
        nearest = round(start / self._dt) * self._dt
        old, new, now, step, other = (
            Quantity(value, dim=second.dim) for value in (self._dt, dt, start, nearest, round(start / dt) * dt)
        )
        reason = f"the current time {now} is not a multiple of {new}. Choose a dt that divides it."
        if abs(nearest - start) > TOLERANCE * self._dt:
            reason = (
                f"the last run ended between two steps, at {now}; the nearest one began at {step}, but would at "
                f"{other} with the new dt. End runs at a multiple of both."
            )
        return ValueError(f"Cannot change the dt of clock '{self.name}' from {old} to {new}: {reason}")

    def set_interval(self, start: float | Quantity, end: float | Quantity, tolerance: float | None = None) -> None:
        """Prepares a run from `start` to `end`.

        Args:
            start: Its first time.
            end: Its end, which belongs to the next run.
            tolerance: What counts as the same time: with faster clocks, a fraction of their dt; None: of this one's.

        Raises:
            ValueError: If dt was changed and the step next to `start` does not begin at a multiple of the new one.
        """
        start, end = _seconds(start), _seconds(end)
        if self._pending_dt is not None:
            dt = self._pending_dt
            # Brian compares the nearest steps, since a run may have ended between two: of 0.1 ms 0.35 ms is the fourth
            if abs(round(start / dt) * dt - round(start / self._dt) * self._dt) > TOLERANCE * dt:
                raise self._unfitting(start, dt)
            self._dt, self._pending_dt = dt, None
        last = step_at(end, self._dt, tolerance)
        if last >= 2**63:
            raise ValueError(
                f"The run takes clock '{self.name}' to step {last:.3g}, which is more than can be counted: its dt of "
                f"{self._dt} s is too short for an end time of {end} s."
            )
        self.control[:] = step_at(start, self._dt, tolerance), last
        self._has_end = True
        if self.control[1] > GREATEST_STEP:
            logger.warn(
                f"The run takes clock '{self.name}' to step {self.control[1]} (end time {end} s, dt {self._dt} s); "
                "times of so many steps are not exact. Choose a larger dt or a shorter duration.",
                "many_timesteps",
            )

    def set_state(self, step: int, dt: float) -> None:
        """Sets the step counter and dt (seconds) back to stored values."""
        self._dt, self._pending_dt = dt, None
        self.control[:] = step
        self._has_end = False

    def __repr__(self) -> str:
        return f"Clock(dt={self.dt!r}, name={self.name!r})"


@public
class EventClock(BaseClock):
    """A clock that ticks at given times, on the grid of time steps or between them.

    What follows it happens at these times: `StateMonitor`, `NetworkOperation`, `Group.run_regularly`, summed variables
    of `Synapses` (each with `clock=`), and `Group.run_on_clock`. Times within 1e-4 dt of a step of another clock happen
    in that step, in the usual order of the schedule.

    Args:
        times: The times, in any order. Negative ones never happen.
        name: Name of the clock; a trailing `*` asks for automatic numbering.

    Raises:
        TypeError: If `times` is no sequence of numbers.
        DimensionMismatchError: If they are no times.
        ValueError: If two of them are the same, or one is not finite.
    """

    def __init__(self, times: Any, name: str = "eventclock*") -> None:
        given = _sorted_times(times)
        super().__init__(name=name)
        self._times = allocate(given.size + 1, np.float64)
        self._times[:-1], self._times[-1] = given, math.inf

    @property
    def event_times(self) -> npt.NDArray[np.float64]:
        """The times in seconds, and infinity at their end."""
        return self._times

    @property
    def times(self) -> Quantity:
        """The times, sorted."""
        return Quantity(self._times[:-1], dim=second.dim, copy=True)

    @times.setter
    def times(self, value: object) -> None:
        raise TypeError(f"The times of '{self.name}' cannot be changed: create another EventClock.")

    @property
    def t_(self) -> float:
        """The next time in seconds; infinity after the last one."""
        return Seconds(self._times[min(int(self.control[0]), self._times.size - 1)])

    @property
    def t(self) -> Instant:
        """The next time; infinity after the last one."""
        return instant(self.t_)

    @t.setter
    def t(self, value: object) -> None:
        raise TypeError(f"The time of '{self.name}' cannot be set.")

    def set_interval(self, start: float | Quantity, end: float | Quantity, tolerance: float | None = None) -> None:
        """Prepares a run: the times with start <= time < end will happen.

        Args:
            start: Its first time.
            end: Its end, which belongs to the next run.
            tolerance: What counts as the same time, in seconds; None: rounding errors.
        """
        self.control[:] = self._first_from(_seconds(start), tolerance), self._first_from(_seconds(end), tolerance)
        self._has_end = True

    def _first_from(self, time: float, tolerance: float | None) -> int:
        near = max(tolerance or SAME_EVENT, SAME_END * abs(time))
        return int(np.searchsorted(self._times[:-1], time - near, side="left"))

    def advance(self) -> None:
        """Goes to the next time.

        Raises:
            StopIteration: If there is none, or the interval of `set_interval` is over.
        """
        if self.control[0] >= self._times.size - 1:
            raise StopIteration(f"'{self.name}' has no further times.")
        super().advance()

    def __getitem__(self, item: Any) -> Any:
        """Returns the time of a number, or of several."""
        return self.times[item]

    def __len__(self) -> int:
        return self._times.size - 1

    def __repr__(self) -> str:
        count = len(self)
        return f"EventClock({count} {'time' if count == 1 else 'times'}, name={self.name!r})"


def same_time(clocks: Iterable[BaseClock]) -> float:
    """Returns how far apart (seconds) times may be that count as the same for some clocks."""
    return min((TOLERANCE * clock.dt_ for clock in clocks if isinstance(clock, Clock)), default=SAME_EVENT)


def present(clocks: Iterable[BaseClock], end: float) -> float:
    """Returns the time (seconds) of what comes next; `end` if no clock of given times has any before that."""
    clocks = list(clocks)
    now = min((float(clock.t_) for clock in clocks), default=end)
    return now if any(isinstance(clock, Clock) for clock in clocks) else min(now, end)


def check_has_dt(clock: BaseClock, name: str) -> None:
    """Checks that a clock has a step length.

    Args:
        clock: The clock.
        name: Name of the object that needs it.

    Raises:
        TypeError: If it ticks at given times.
    """
    if not isinstance(clock, Clock):
        raise TypeError(
            f"'{name}' does something at each time step and needs a clock with a dt, but '{clock.name}' is an "
            f"EventClock, which ticks at given times only. Leave out the clock, or give dt=...; what is to happen at "
            "given times goes into run_at(...), a network_operation or a StateMonitor."
        )


def step_length(clock: BaseClock) -> float:
    """Returns the dt (seconds) of a clock; that of the default clock for one that ticks at given times."""
    return (clock if isinstance(clock, Clock) else defaultclock).dt_


def are_at_end(clocks: Iterable[BaseClock]) -> bool:
    """Tells whether nothing is left to do in the interval of any clock."""
    return all(clock.control[0] >= clock.control[1] for clock in clocks)


def _seconds(time: float | Quantity) -> float:
    if isinstance(time, Quantity) and time.dim is not second.dim:
        raise DimensionMismatchError("The interval of a clock has to be given by times", time.dim)
    return float(time)


def _sorted_times(times: Any) -> npt.NDArray[np.float64]:
    if isinstance(times, (str, bytes)):
        raise TypeError(f"The times of an EventClock are a list of times, not text: {times!r}")
    if len(times) == 0:
        return np.zeros(0)
    quantity = Quantity(times)
    if quantity.dim is not second.dim:
        raise DimensionMismatchError("The times of an EventClock have to have the unit of time", quantity.dim)
    found = np.sort(np.asarray(quantity, dtype=np.float64).ravel())
    if not np.isfinite(found).all():
        raise ValueError("The times of an EventClock have to be finite.")
    same = np.flatnonzero(found[1:] == found[:-1])
    if same.size:
        twice = Quantity(found[same[0]], dim=second.dim)
        raise ValueError(f"The times of an EventClock have to differ, but {twice} is given more than once.")
    return found


def _positive(dt: float) -> float:
    if not (dt > 0 and math.isfinite(dt)):
        raise ValueError(f"The dt of a clock has to be a positive time, not {dt} s.")
    return dt


defaultclock = Clock(Quantity(DEFAULT_DT, dim=second.dim), name="defaultclock")
"""The clock of all objects that are given neither `dt` nor `clock`."""
