"""`TimedArray`: values that follow a time grid, callable in equations and from Python."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

from ranvier.actions.actions import Lookup, Storage
from ranvier.actions.present_values import looked_up
from ranvier.equations.function_objects import Function, FunctionImplementations
from ranvier.objects.memory.arrays import Array
from ranvier.objects.memory.new_storage import dimension_text
from ranvier.public import public
from ranvier.runtime.state import Layout, allocate
from ranvier.session.clocks import defaultclock
from ranvier.session.logger import get_logger
from ranvier.session.names import Nameable
from ranvier.session.refreshed import no_more_with_runs, refresh_with_runs
from ranvier.units import DimensionMismatchError, Quantity, check_units, get_dimensions, second
from ranvier.units.checks import single
from ranvier.units.quantity import quantity

logger = get_logger("ranvier.input.timedarray")

ALIGNED = 1e-9
"""A dt this close to a multiple of another one, in parts of it, is one: 0.3*ms is not quite three times 0.1*ms."""


def grid(dt: float, group_dt: float) -> tuple[float, int]:
    """Returns the resolution in which times are counted, and how many of its ticks make one bin.

    A time closer than half a tick below a boundary belongs to the next bin, so that rounding of n*dt does not matter:
    bin = int(round(t/epsilon)/per_bin), with epsilon = dt/per_bin and per_bin = max(2**ceil(log2(8*dt/group_dt)), 1).

    Args:
        dt: Width of a bin, seconds.
        group_dt: Step length of the code that asks, seconds.
    """
    per_bin = max(int(2.0 ** math.ceil(math.log2(8 * dt / group_dt))), 1)
    return dt / per_bin, per_bin


_ONLY_HERE = 2
"""References to an array that nothing holds but a view of it, and the call that counts them."""


@public
class TimedArray(Nameable, Function):
    """A function of time: values in bins of width `dt`, constant before the first and after the last one.

    Args:
        values: One value per bin, or one row per bin: then it is called with a second argument, the column. What the
            script changes in an array of floats that it gave counts in the next run.
        dt: Width of the bins.
        name: The name.

    Attributes:
        dim: Their dimension.
        dt: Width of the bins in seconds.

    Raises:
        DimensionMismatchError: If dt is not a time.
        ValueError: If dt is not positive and finite.
        NotImplementedError: If the values have more than two dimensions.
    """

    _given: Array | None = None
    implementations = FunctionImplementations(None)
    """What the implementations of each of them begin with."""

    @check_units(dt=second)
    def __init__(self, values: object, dt: Quantity, name: str | None = None) -> None:
        given = np.asarray(values)
        self.dim = get_dimensions(Quantity(values)) if isinstance(values, (list, tuple)) else get_dimensions(values)
        self.values = given
        if isinstance(values, np.ndarray):
            self._follow(given)
        self.dt = single(dt, "The dt of a TimedArray")
        if not 0 < self.dt < math.inf:
            raise ValueError(f"The dt of a TimedArray has to be a positive, finite time, not {self.dt} s.")
        columns = len(self._shape) == 2
        Function.__init__(
            self,
            self._in_python,
            arg_units=[second, None] if columns else [second],
            arg_names=["t", "i"] if columns else ["t"],
            return_unit=self.dim,
            arg_types=["float", "integer"] if columns else ["float"],
            return_type="float",
        )
        Nameable.__init__(self, "_timedarray*" if name is None else name)
        self.label = self.name
        self.implementations.add_numpy_implementation(self._plain, discard_units=True)

    @property
    def values(self) -> Array:
        """The values without unit; what is changed in them acts at once, also while a network runs."""
        self._leave()
        return self._storage.array.reshape(self._shape)

    @values.setter
    def values(self, values: Array) -> None:
        self._leave()
        given = np.asarray(values)
        if np.iscomplexobj(given):
            raise TypeError("The values of a TimedArray are real numbers, not complex ones.")
        given = given.astype(np.float64, copy=False)
        if given.ndim not in (1, 2):
            raise NotImplementedError("Only 1d and 2d arrays are supported for TimedArray")
        array = allocate(given.size, np.float64)
        array[:] = given.ravel()
        with Layout.lock:
            self._shape = given.shape
            self._storage = Storage("timed array", array, dimension_text(self.dim))
            Layout.change()

    @property
    def storage(self) -> Storage:
        """The memory of the values; another one when they are replaced by others."""
        return self._storage

    # ------------------------------------------------------------------ the array of the script

    def _follow(self, given: Array) -> None:
        """Lets changes of the array that the script gave count in the next run, until it asks for `values`.

        Only an array of floats can be followed; of others the values are converted, in Brian, too.
        """
        if given.dtype == np.float64 and given.size:
            self._given = given.view(np.ndarray)
            refresh_with_runs(self)

    def refresh(self) -> None:
        """Takes over what the script has changed in its array; one that only this object holds is let go."""
        given = self._given
        if given is None:
            return
        if given.base is None or sys.getrefcount(given.base) <= _ONLY_HERE:
            self._leave()
        elif not np.array_equal(given, self._storage.array.reshape(self._shape), equal_nan=True):
            self._storage.array[:] = given.ravel()

    def _leave(self) -> None:
        if self._given is not None:
            self._given = None
            no_more_with_runs(self)

    def is_locally_constant(self, dt: float) -> bool:
        """Tells whether `f(t)` does not change between steps of `dt` seconds, because bins are multiples of it."""
        if dt > self.dt:
            return False
        ratio = self.dt / dt
        return math.floor(ratio) == ratio

    def binding(self, group_dt: float) -> Lookup:
        """Returns what compiled code that runs every `group_dt` seconds needs."""
        self.refresh()
        self._warn_if_unaligned(group_dt)
        self._storage.label = f"{self.name}.values"
        epsilon, per_bin = grid(self.dt, group_dt)
        columns = self._shape[1] if len(self._shape) == 2 else None
        return Lookup(self._storage, self._shape[0], columns, epsilon, per_bin, self.name)

    def _warn_if_unaligned(self, group_dt: float) -> None:
        ratio = self.dt / group_dt
        if ratio > 1 and abs(ratio - round(ratio)) > ALIGNED * ratio:
            bins, steps = (Quantity(dt, dim=second.dim) for dt in (self.dt, group_dt))
            logger.warn(
                f"The values of the timed array '{self.name}' change every {bins}, which is not a multiple of the dt "
                f"of {steps} of the code that uses it: some values last a step longer than others. Choose a dt of "
                "TimedArray that is a multiple.",
                once=f"{bins} and {steps}",
            )

    def __repr__(self) -> str:
        return f"<TimedArray '{self.name}' of {self._shape[0]} bins of {Quantity(self.dt, dim=second.dim)}>"

    def _plain(self, *args: object) -> Any:
        return looked_up(self.binding(defaultclock.dt_), *args)

    def _in_python(self, *args: object) -> Any:
        wanted = len(self._shape)
        if len(args) != wanted:
            given = "t" if wanted == 1 else "t and i"
            raise TypeError(f"The timed array '{self.name}' is called with {given}, not with {len(args)} arguments")
        t = Quantity(args[0]) if isinstance(args[0], (list, tuple)) else args[0]
        if isinstance(t, str):
            raise TypeError(f"The timed array '{self.name}' is called with a time, not with text")
        if get_dimensions(t) is not second.dim:
            raise DimensionMismatchError(
                f"The timed array '{self.name}' is called with a time, e.g. {self.name}(10*ms)",
                get_dimensions(t),
                second.dim,
            )
        return quantity(self._plain(np.asarray(t), *args[1:]), self.dim)
