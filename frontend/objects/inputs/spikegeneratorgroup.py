"""`SpikeGeneratorGroup`: elements that spike at given times."""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ranvier.actions.actions import Action, Emit, EventSpace, Population, Storage
from ranvier.equations.function_values import TIMESTEP_TOLERANCE
from ranvier.objects.groups.group import Group, VariableOwner
from ranvier.objects.groups.subgroup import SpikeSource, Subgroup, to_start_stop
from ranvier.objects.memory.arrays import Array, DTypeLike
from ranvier.objects.memory.event_space import new_event_space
from ranvier.objects.memory.new_storage import new_storage
from ranvier.objects.memory.stored import ObjectState, check_lengths, check_range
from ranvier.objects.variables.adding import Variables
from ranvier.objects.variables.from_equations import add_clock_variables, add_index_variables
from ranvier.objects.variables.variables import ArrayVariable, Reference
from ranvier.objects.variables.view import VariableView
from ranvier.public import public
from ranvier.public.argument_names import explains_arguments
from ranvier.runtime.state import Layout, allocate
from ranvier.session.clocks import Clock
from ranvier.session.logger import get_logger
from ranvier.session.standalone import Standalone
from ranvier.units import Quantity, check_units, second
from ranvier.units.checks import single
from ranvier.units.dimensions import DIMENSIONLESS, Dimension

logger = get_logger("ranvier.input.spikegeneratorgroup")

LONGEST_PERIOD = 2**31 - 1
"""A period of more steps counts as none."""

END = np.iinfo(np.int64).max
"""The step of the end mark of a list of spikes, which never comes."""

SPIKE_VARIABLES = ("spike_number", "neuron_index", "spike_time")
"""The variables with a value for each spike, not for each element."""


def steps_of(times: Array, dt: float) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Returns the steps in which times (seconds) fall, as `timestep` counts them."""
    return np.minimum((times + TIMESTEP_TOLERANCE * dt) / dt, float(2**62)).astype(np.int64)


@public
class SpikeGeneratorGroup(SpikeSource, Group):
    """Elements that spike when they are told to; at most once in a step.

    Args:
        N: Number of elements.
        indices: Which element spikes, for each spike.
        times: When, for each spike, from the beginning of the simulation.
        dt: Step length of a clock of its own.
        clock: The clock; neither means `defaultclock`.
        period: The time after which the spikes repeat; 0: never. A multiple of dt.
        when: Slot of the schedule.
        order: Place among objects of the same slot.
        sorted: Whether the spikes are sorted by time already.
        name: The name.
        codeobj_class: Accepted for compatibility.

    Raises:
        TypeError: If N is no whole number from 1 on, or indices or times are no sequences.
        DimensionMismatchError: If times or period are no times.
        ValueError: If there are more indices than times or fewer, an element does not exist, a time is negative, or
            the period is not longer than the last of them.
    """

    add_to_magic_network = True
    needs_dt = True

    @check_units(N=1, times=second, dt=second, period=second)
    def __init__(
        self,
        N: int,  # noqa: N803
        indices: object,
        times: object,
        dt: Quantity | None = None,
        clock: Clock | None = None,
        period: Quantity = Quantity(0.0, dim=second.dim),  # noqa: B008
        when: str = "thresholds",
        order: int = 0,
        sorted: bool = False,
        name: str = "spikegeneratorgroup*",
        codeobj_class: object = None,
    ) -> None:
        Group.__init__(self, dt=dt, clock=clock, when=when, order=order, name=name)
        size = _whole_number(N)
        self.variables = Variables(self)
        add_index_variables(self, size)
        add_clock_variables(self, self.clock)
        self._add_variable("period", 1, np.float64, second.dim, scalar=True)
        for variable, dtype, dim in zip(
            SPIKE_VARIABLES, (np.int32, np.int32, np.float64), (DIMENSIONLESS, DIMENSIONLESS, second.dim), strict=True
        ):
            self._add_variable(variable, 0, dtype, dim)
        self.events: dict[str, Any] = {"spike": None}
        self.event_spaces: Mapping[str, EventSpace] = {
            "spike": new_event_space(f"{self.name}.spike", size, self.element_population)
        }
        self._start, self._stop = 0, size
        self._list = _SpikeList(self)
        self._position = Storage(f"{self.name} position", allocate(1, np.int64))
        self._in_steps: tuple[Storage, Storage] | None = None
        self._prepared_dt, self._changed = 0.0, True
        self._set(indices, times, period, sorted)
        self._fix_attributes()

    def _add_variable(self, name: str, size: int, dtype: DTypeLike, dim: Dimension, *, scalar: bool = False) -> None:
        self.variables[name] = ArrayVariable(
            name=name,
            dim=dim,
            dtype=np.dtype(dtype),
            scalar=scalar,
            read_only=True,
            owner_ref=weakref.ref(self),
            storage=new_storage(f"{self.name}.{name}", size, dtype, dim),
        )

    # ------------------------------------------------------------------ the spikes

    @explains_arguments
    @check_units(times=second, period=second)
    def set_spikes(
        self,
        indices: object,
        times: object,
        period: Quantity = Quantity(0.0, dim=second.dim),  # noqa: B008
        sorted: bool = False,
    ) -> None:
        """Replaces the spikes; in a network operation, from the next step on.

        Those before the present time are ignored, with a warning.

        Args:
            indices: Which element spikes, for each spike.
            times: When, for each spike, from the beginning of the simulation.
            period: The time after which the spikes repeat; 0: never.
            sorted: Whether the spikes are sorted by time already.

        Raises:
            DimensionMismatchError, TypeError, ValueError: As for the group.
        """
        self._set(indices, times, period, sorted)
        if Standalone.program is not None:
            Standalone.program.note_call(self, lambda: self._set(indices, times, period, sorted))

    def _set(self, indices: object, times: object, period: Quantity, sorted: bool) -> None:
        who, when = self._checked(indices, times, single(period, "The period"))
        if not sorted and np.any(np.diff(when) <= 0):
            order = np.lexsort((who, when))
            who, when = who[order], when[order]
        with Layout.lock:
            self.put_array("neuron_index", who)
            self.put_array("spike_time", when)
            self.put_array("spike_number", np.arange(len(who)))
            self._array("period")[0] = float(period)
            self._changed = (run := self.clock.used_by) is None or run.is_over
            Layout.change()

    def _checked(self, indices: object, times: object, period: float) -> tuple[Array, Array]:
        """Returns indices and times in seconds as arrays."""
        given = np.asarray(indices)
        when = np.asarray(Quantity(times) if isinstance(times, (list, tuple)) else times, dtype=np.float64)
        if given.ndim == 0 or when.ndim == 0:
            raise TypeError(
                f"The indices and times of '{self.name}' have to be lists or arrays, e.g. [0] and [1]*ms, not "
                f"{indices!r} and {times!r}."
            )
        given, when = given.ravel(), when.ravel()
        if given.size != when.size:
            raise ValueError(f"Length of the indices and times array must match, but {given.size} != {when.size}")
        if period < 0:
            raise ValueError("The period cannot be negative.")
        if not given.size:
            return np.zeros(0, dtype=np.int32), np.zeros(0)
        if given.dtype.kind not in "iufb":
            raise TypeError(f"The indices of '{self.name}' have to be numbers of elements, not {given.dtype}.")
        if given.dtype.kind == "f" and np.isnan(given).any():
            raise IndexError(f"An index of '{self.name}' is not a number (nan).")
        if np.isnan(when).any():
            raise ValueError(f"A spike time of '{self.name}' is not a number (nan).")
        if np.min(when) < 0:
            raise ValueError(f"The spike times of '{self.name}' cannot be negative: {np.min(when)} s.")
        if np.min(given) < 0 or np.max(given) >= self.element_count:
            raise ValueError(f"The indices of '{self.name}' have to lie between 0 and {self.element_count - 1}.")
        if not 0 <= period < np.inf:
            raise ValueError(f"The period of '{self.name}' has to be a finite time, not {period} s; 0 s means none.")
        if period > 0:
            dt = self.clock.dt_
            # a period of less than a step is refused by the run
            if period <= when.max() or (period >= dt and round(period / dt) <= steps_of(when, dt).max()):
                raise ValueError("The period has to be greater than the maximum of the spike times")
        return given.astype(np.int32), when

    def _array(self, name: str) -> Array:
        variable = self.variables[name]
        assert isinstance(variable, ArrayVariable)
        return variable.get_value()

    # ------------------------------------------------------------------ variables with a value for each spike

    def is_private(self, name: str) -> bool:
        """Returns whether a variable has a value for each spike."""
        return name in SPIKE_VARIABLES

    def may_resize(self, name: str) -> bool:
        """Returns whether a variable has a value for each spike, of which there may be another number."""
        return name in SPIKE_VARIABLES

    def check_state(self, states: Mapping[str, ObjectState]) -> None:
        """Checks that a stored state can be set, and that its spikes are complete."""
        super().check_state(states)
        stored = states[self.name].arrays
        check_lengths(self.name, {name: stored[name] for name in SPIKE_VARIABLES}, stored["spike_time"].size)
        check_range(self.name, "neuron_index", stored["neuron_index"], self.element_count)

    def set_state(self, stored: ObjectState) -> None:
        """Sets the spikes and all other variables back."""
        live = self.state_arrays()
        for name, values in stored.arrays.items():
            if self.may_resize(name):
                self.put_array(name, values)
            else:
                live[name][...] = values

    def put_array(self, name: str, values: Array) -> None:
        """Replaces the values of a variable of the spikes, of which there may be another number then."""
        variable = self.variables[name]
        assert isinstance(variable, ArrayVariable)
        variable.storage.array = allocate(len(values), variable.dtype)
        variable.storage.array[:] = values
        self._in_steps = None

    def reference(self, name: str) -> Reference | None:
        """Returns what a name stands for.

        Raises:
            TypeError: If it is a variable with a value for each spike, which no text or monitor can use.
        """
        if name in SPIKE_VARIABLES:
            raise TypeError(
                f"'{name}' of '{self.name}' has a value for each spike, not for each element: it cannot be used here. "
                f"{self.name}.{name}[:] are its values."
            )
        return super().reference(name)

    def state(self, name: str, use_units: bool = True, level: int = 0) -> VariableView:
        """Returns the view of a variable.

        Raises:
            KeyError: If there is none of this name.
        """
        if name not in SPIKE_VARIABLES:
            return super().state(name, use_units, level)
        variable = self.variables[name]
        return VariableView(name, Reference(variable, self._list), self._list, variable.dim if use_units else None)

    # ------------------------------------------------------------------ running

    def before_run(self, run_namespace: Mapping[str, object]) -> None:
        """Sorts the spikes into steps.

        Raises:
            NotImplementedError: If the period is no multiple of dt.
            ValueError: If an element spikes twice in one step.
        """
        dt, now = self.clock.dt_, self.clock.timestep
        if self._in_steps is None or self._prepared_dt != dt:
            self._in_steps = self._make_list(dt)
            self._prepared_dt = dt
        period = self._period_in_steps(dt)
        steps = self._in_steps[0].array
        if self._changed and steps[0] < now:
            logger.warn(
                "The SpikeGeneratorGroup contains spike times earlier than the start time of the current run "
                f"(t = {self.clock.t}), these spikes will be ignored.",
                "ignored_spikes",
            )
        self._changed = False
        self._position.array[0] = np.searchsorted(steps, now % period if period else now)

    def fall_silent(self) -> None:
        """Takes back the spikes of the last step, so that nobody takes them for those of the next ones."""
        self.event_spaces["spike"].count[0] = 0

    def _make_list(self, dt: float) -> tuple[Storage, Storage]:
        """Returns steps and indices in the order that compiled code wants."""
        steps, who = steps_of(self._array("spike_time"), dt), self._array("neuron_index")
        if np.any(np.diff(steps) < 0):  # the times were said to be sorted, but are not
            order = np.argsort(steps, kind="stable")
            steps, who = steps[order], who[order]
        self._check_once_in_a_step(steps, who, dt)
        entries = Population(f"{self.name} spikes")  # as many as there are spikes, and an end mark
        in_order = Storage(f"{entries.name}.step", allocate(len(steps) + 1, np.int64), population=entries)
        indices = Storage(f"{entries.name}.index", allocate(len(steps) + 1, np.int32), population=entries)
        in_order.array[:-1], in_order.array[-1], indices.array[:-1] = steps, END, who
        return in_order, indices

    def _check_once_in_a_step(self, steps: Array, who: Array, dt: float) -> None:
        if not np.any((np.diff(steps) == 0) & (np.diff(who) <= 0)):
            return
        order = np.lexsort((who, steps))
        steps, who = steps[order], who[order]
        twice = np.flatnonzero((np.diff(steps) == 0) & (np.diff(who) == 0))
        if twice.size:
            raise ValueError(
                f"Using a dt of {self.clock.dt}, some neurons of SpikeGeneratorGroup '{self.name}' spike more than "
                f"once during a time step: neuron {who[twice[0]]} at "
                f"{Quantity(steps[twice[0]] * dt, dim=second.dim)}, for instance. Use a smaller dt, or remove spikes."
            )

    def _period_in_steps(self, dt: float) -> int:
        period = float(self._array("period")[0])
        if period == 0:
            return 0
        steps = round(period / dt)
        if steps > LONGEST_PERIOD:
            logger.warn(
                f"The period of '{self.name}', {Quantity(period, dim=second.dim)}, is more than {LONGEST_PERIOD} steps "
                f"of {self.clock.dt}: its spikes are not repeated.",
                "spikegenerator_long_period",
                once=True,
            )
            return 0
        if period < dt * (1 - TIMESTEP_TOLERANCE):
            raise ValueError(
                f"The period of '{self.name}' is {Quantity(period, dim=second.dim)}, which is smaller than its dt of "
                f"{self.clock.dt}."
            )
        if abs(steps * dt - period) > TIMESTEP_TOLERANCE * dt:
            raise NotImplementedError(
                f"The period of '{self.name}' is {Quantity(period, dim=second.dim)}, which is not an integer multiple "
                f"of its dt of {self.clock.dt}."
            )
        assert self._in_steps is not None
        list_of_steps = self._in_steps[0].array
        if len(list_of_steps) > 1 and list_of_steps[-2] >= steps:
            raise ValueError(
                f"The period of '{self.name}' has to be greater than the maximum of the spike times: with a dt of "
                f"{self.clock.dt} the last spike falls into the step in which the next period begins."
            )
        return steps

    def actions(self, run_namespace: Mapping[str, object]) -> Sequence[Action]:
        """Returns the emission of the spikes that are due."""
        assert self._in_steps is not None
        steps, indices = self._in_steps
        return (
            Emit(
                label=self.name,
                clock=self.clock,
                steps=steps,
                indices=indices,
                position=self._position,
                period=self._period_in_steps(self._prepared_dt),
                events=self.event_spaces["spike"],
            ),
        )

    def __getitem__(self, item: object) -> Subgroup:
        start, stop = to_start_stop(item, self.element_count)
        return Subgroup(self, start, stop)

    def __repr__(self) -> str:
        number = len(self._array("spike_time"))
        return (
            f"SpikeGeneratorGroup({self.element_count}, indices=<length {number} array>, times=<length {number} array>)"
        )


class _SpikeList(VariableOwner):
    """The spikes of a group, as the owner of the variables with a value for each of them.

    Args:
        group: The group; it holds this object.
    """

    def __init__(self, group: SpikeGeneratorGroup) -> None:  # no name of its own: it is seen under the group's
        self._name, self._clock = group.name, group.clock
        self.namespace = group.namespace
        self.variables = {name: group.variables[name] for name in SPIKE_VARIABLES}

    @property
    def element_count(self) -> int:
        """Number of spikes."""
        times = self.variables["spike_time"]
        assert isinstance(times, ArrayVariable)
        return times.size


def _whole_number(size: Any) -> int:
    if isinstance(size, str) or size < 1 or int(size) != size:
        raise TypeError(f"N has to be an integer >=1, not {size!r}.")
    return int(size)
