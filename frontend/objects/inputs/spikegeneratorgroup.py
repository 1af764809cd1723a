"""`SpikeGeneratorGroup`: elements that spike at given times."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import numpy as np

from ranvier.actions.actions import Action, Emit, EventSpace, Population, Storage
from ranvier.objects.groups.group import Group
from ranvier.objects.groups.subgroup import SpikeSource, Subgroup, to_start_stop
from ranvier.objects.inputs.spike_lists import (
    SPIKE_VARIABLES,
    SpikeList,
    by_step,
    check_once_in_a_step,
    filled,
    first_place,
    in_order,
    list_row,
    period_in_steps,
    steps_of,
)
from ranvier.objects.memory.arrays import Array, DTypeLike
from ranvier.objects.memory.event_space import new_event_space
from ranvier.objects.memory.new_storage import new_storage
from ranvier.objects.memory.plan import MemoryRow
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
from ranvier.units.checks import fail_for_dimension_mismatch, single
from ranvier.units.dimensions import DIMENSIONLESS, Dimension

logger = get_logger("ranvier.input.spikegeneratorgroup")


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
        self._list = SpikeList(self)
        self._position = Storage(f"{self.name} position", allocate(1, np.int64))
        self._in_steps: tuple[Storage, Storage] | None = None
        self._prepared_dt, self._changed = 0.0, True
        self._room = 0  # so many entries the list has at least, see `take_spikes`
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
        if not sorted:
            who, when = in_order(who, when)
        with Layout.lock:
            self.take_spikes(who, when)
            self._array("period")[0] = float(period)

    def checked_spikes(self, indices: object, times: object, *, where: str = "") -> tuple[Array, Array]:
        """Returns indices and times, in seconds, in the order of time, as `take_spikes` takes them.

        Args:
            indices: Which element spikes, for each spike.
            times: When, for each spike; the period stays what it is.
            where: Whose spikes they are, for messages.

        Raises:
            DimensionMismatchError, IndexError, TypeError, ValueError: As for the group.
        """
        times = Quantity(times) if isinstance(times, (list, tuple)) else times
        text = f"The times of '{self.name}.spikes' of {where} have to be times, e.g. [1, 2]*ms, but are {{value}}"
        if np.size(cast(Array, times)):
            fail_for_dimension_mismatch(cast(Quantity, times), second, text, value=times)
        return in_order(*self._checked(indices, times, float(self._array("period")[0])))

    def take_spikes(self, who: Array, when: Array, room: int = 0) -> None:
        """Replaces the spikes by checked ones.

        Args:
            who: Which element spikes, for each spike.
            when: When, in seconds; ascending.
            room: So many spikes the list of compiled code has room for: runs that differ in their spikes have it alike.
        """
        with Layout.lock:
            self.put_array("neuron_index", who)
            self.put_array("spike_time", when)
            self.put_array("spike_number", np.arange(len(who)))
            self._room = room
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
        self._in_steps, self._room = None, 0

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
        self._position.array[0] = first_place(steps, now, period)

    def memory_rows(self, *, exact: bool) -> Iterator[MemoryRow]:
        """Yields the memory of the spikes as they were given, and of the list of them by steps that a run has."""
        yield from super().memory_rows(exact=exact)
        yield list_row(self.name, max(len(self._array("spike_time")), self._room), made=self._in_steps is not None)

    def fall_silent(self) -> None:
        """Takes back the spikes of the last step, so that nobody takes them for those of the next ones."""
        self.event_spaces["spike"].count[0] = 0

    def _make_list(self, dt: float) -> tuple[Storage, Storage]:
        """Returns steps and indices in the order that compiled code wants."""
        steps, who = self._by_step(self._array("neuron_index"), self._array("spike_time"), dt)
        entries = Population(f"{self.name} spikes")  # as many as there are spikes, and an end mark
        size = max(len(steps), self._room) + 1
        in_steps = Storage(f"{entries.name}.step", allocate(size, np.int64), population=entries)
        indices = Storage(f"{entries.name}.index", allocate(size, np.int32), population=entries)
        filled(steps, who, (in_steps.array, indices.array))
        return in_steps, indices

    def _by_step(self, who: Array, when: Array, dt: float) -> tuple[Array, Array]:
        steps, who = by_step(who, when, dt)
        check_once_in_a_step(steps, who, self.name, dt)
        return steps, who

    def list_of(self, who: Array, when: Array, action: Emit, dt: float, step: int) -> tuple[Array, Array, Array]:
        """Returns what the list of an action would hold for other spikes: its steps, indices and position.

        Args:
            who: Which element spikes, for each spike.
            when: When, in seconds; ascending, and no more than there is room for.
            action: The emission of the spikes that the group has.
            dt: The length of a step, seconds.
            step: The step with which the run begins.

        Raises:
            ValueError: If an element spikes twice in one step, or behind the period.
        """
        steps, who = self._by_step(who, when, dt)
        self._check_period(steps, action.period)
        found = np.empty(action.steps.size, np.int64), np.empty(action.indices.size, np.int32)
        filled(steps, who, found)
        return *found, np.array([first_place(found[0], step, action.period)])

    def _period_in_steps(self, dt: float) -> int:
        steps = period_in_steps(float(self._array("period")[0]), dt, self.name)
        assert self._in_steps is not None
        self._check_period(self._in_steps[0].array[: len(self._array("spike_time"))], steps)
        return steps

    def _check_period(self, steps: Array, period: int) -> None:
        if period and len(steps) and steps[-1] >= period:
            raise ValueError(
                f"The period of '{self.name}' has to be greater than the maximum of the spike times: with a dt of "
                f"{self.clock.dt} the last spike falls into the step in which the next period begins."
            )

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
        spikes = f"<length {len(self._array('spike_time'))} array>"
        return f"SpikeGeneratorGroup({self.element_count}, indices={spikes}, times={spikes})"


def _whole_number(size: Any) -> int:
    if isinstance(size, str) or size < 1 or int(size) != size:
        raise TypeError(f"N has to be an integer >=1, not {size!r}.")
    return int(size)
