"""Clocks: integer step counters with a step length."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ranvier.public import public
from ranvier.runtime.state import allocate
from ranvier.session.defaults import DEFAULT_DT
from ranvier.session.logger import get_logger
from ranvier.session.names import Nameable
from ranvier.units import DimensionMismatchError, Quantity, get_dimensions, second
from ranvier.units.check_units import check_units

if TYPE_CHECKING:
    import numpy.typing as npt

TOLERANCE = 1e-4
"""Two times closer than this fraction of dt are the same step."""

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


@public
class Clock(Nameable):
    """A clock that ticks every `dt`; its time is t = n*dt (one multiplication).

    Args:
        dt: Step length, a time.
        name: Name of the clock; a trailing `*` asks for automatic numbering.

    Raises:
        DimensionMismatchError: If dt is not a time.
        ValueError: If dt is not positive.
        RuntimeError: If dt is changed while a network is being run with the clock.
    """

    @check_units(dt=second)
    def __init__(self, dt: Quantity, name: str = "clock*") -> None:
        super().__init__(name=name)
        self.control: npt.NDArray[np.int64] = allocate(2, np.int64, padding=2)
        """[n, n_end]: the step counter that native code advances, and the step at which it stops."""
        self._dt = _positive(float(dt))
        self._pending_dt: float | None = None
        self.used_by: Run | None = None
        """The last run with this clock."""

    @property
    def timestep(self) -> int:
        """The step counter n."""
        return int(self.control[0])

    @property
    def t_in_timesteps(self) -> int:
        """The step counter n."""
        return int(self.control[0])

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
        if get_dimensions(value) is not second.dim:
            raise DimensionMismatchError(f"The dt of {self.name} has to be a time", get_dimensions(value))
        self.dt_ = float(value)

    @property
    def t_(self) -> float:
        """Time in seconds."""
        return self.timestep * self._dt

    @property
    def t(self) -> Quantity:
        """Time."""
        return Quantity(self.t_, dim=second.dim)

    def set_interval(self, start: float, end: float, tolerance: float | None = None) -> None:
        """Prepares a run from `start` to `end` (seconds).

        Args:
            start: Its first time.
            end: Its end, which belongs to the next run.
            tolerance: What counts as the same time: with faster clocks, a fraction of their dt; None: of this one's.

        Raises:
            ValueError: If dt was changed and `start` is no multiple of the new one.
        """
        if self._pending_dt is not None:
            dt = self._pending_dt
            if abs(round(start / dt) * dt - start) > TOLERANCE * dt:
                old, new = Quantity(self._dt, dim=second.dim), Quantity(dt, dim=second.dim)
                raise ValueError(
                    f"Cannot change the dt of clock '{self.name}' from {old} to {new}: the current time "
                    f"{Quantity(start, dim=second.dim)} is not a multiple of {new}. Choose a dt that divides it."
                )
            self._dt, self._pending_dt = dt, None
        last = step_at(end, self._dt, tolerance)
        if last >= 2**63:
            raise ValueError(
                f"The run takes clock '{self.name}' to step {last:.3g}, which is more than can be counted: its dt of "
                f"{self._dt} s is too short for an end time of {end} s."
            )
        self.control[:] = step_at(start, self._dt, tolerance), last
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

    def __repr__(self) -> str:
        return f"Clock(dt={self.dt!r}, name={self.name!r})"


def same_time(clocks: Iterable[Clock]) -> float:
    """Returns how far apart (seconds) times may be that count as the same for some clocks."""
    return TOLERANCE * min(clock.dt_ for clock in clocks)


def are_at_end(clocks: Iterable[Clock]) -> bool:
    """Tells whether nothing is left to do in the interval of any clock."""
    return all(clock.control[0] >= clock.control[1] for clock in clocks)


def _positive(dt: float) -> float:
    if not (dt > 0 and math.isfinite(dt)):
        raise ValueError(f"The dt of a clock has to be a positive time, not {dt} s.")
    return dt


defaultclock = Clock(Quantity(DEFAULT_DT, dim=second.dim), name="defaultclock")
"""The clock of all objects that are given neither `dt` nor `clock`."""
