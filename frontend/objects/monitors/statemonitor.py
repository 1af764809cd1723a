"""`StateMonitor`: the values of variables over time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

import numpy as np

from ranvier.actions.actions import Action, Population, RecordStates
from ranvier.equations.expressions import Name
from ranvier.equations.source import one_of_variables
from ranvier.objects.groups.group import VariableOwner
from ranvier.objects.memory.arrays import Array, DType, DTypeLike
from ranvier.objects.memory.new_storage import dimension_text, index_storage
from ranvier.objects.monitors.monitor import Monitor
from ranvier.objects.variables.indexing import stands_for_elements
from ranvier.objects.variables.kept import Kept
from ranvier.objects.variables.scope import Scope
from ranvier.objects.variables.variables import ArrayVariable, LinkedVariable, Reference, Subexpression, Variable
from ranvier.objects.variables.view import quantity_of
from ranvier.public import public, public_in
from ranvier.runtime.columns import Column
from ranvier.runtime.recorder import Table
from ranvier.session.clocks import BaseClock
from ranvier.session.logger import get_logger
from ranvier.session.namespaces import caller_namespace
from ranvier.units import Quantity, second
from ranvier.units.dimensions import DIMENSIONLESS, Dimension

logger = get_logger("ranvier.monitors.statemonitor")

RESERVED = ("t", "N")
"""Names of the monitor's own variables."""

KEPT = tuple(np.dtype(name) for name in ("float64", "float32", "int64", "int32", "bool"))
"""Types in which values can be recorded."""


@public
class StateMonitor(Monitor):
    """Records variables of a group at each step of a clock.

    Args:
        source: The group.
        variables: Name of a variable or subexpression, or several; True for all of the group's equations.
        record: Numbers of the elements to record, True for all.
        dt: Step length of a clock of its own.
        clock: The clock; neither means the clock of the group.
        when: Slot of the schedule.
        order: Place in the slot.
        name: The name.
        dtype: Type in which values are kept: one for all, or a dictionary of variables that differ from the group;
            float32 takes half the memory.
        codeobj_class: Accepted for compatibility.

    Attributes:
        source: The group.
        record: Numbers of the recorded elements.
        record_variables: Names of the recorded variables.
        table: Where the recorded rows are: t, then the variables with one value for each recorded element.

    Raises:
        KeyError: If there is no such variable.
        IndexError: If there is no such element.
        TypeError: If `dtype` is of another kind than a variable, or no type that values are kept in.
    """

    def __init__(
        self,
        source: Any,
        variables: str | Sequence[str] | bool,
        record: object,
        dt: Quantity | None = None,
        clock: BaseClock | None = None,
        when: str = "start",
        order: int = 0,
        name: str = "statemonitor*",
        dtype: object = None,
        codeobj_class: object = None,
    ) -> None:
        Monitor.__init__(self, source, dt=dt, clock=clock, when=when, order=order, name=name)
        self.record_variables = _wanted_variables(source, variables)
        self.record = _wanted_elements(source, record)
        self._warn_of_shared(source)
        start, _ = source.extent
        self._index_storage = index_storage(self.record + start, f"{self.name}.indices", Population(self.name))
        columns = [(Column("t", np.dtype(np.float64), None, "s"), second.dim)]
        columns += [self._column(source, variable, dtype) for variable in self.record_variables]
        self.table = Table([column for column, _ in columns], name=self.name, indices=self.record)
        self._add_columns(columns)
        self._kept: Kept[RecordStates] = Kept()
        self._fix_attributes()

    def _warn_of_shared(self, source: VariableOwner) -> None:
        if self.record.size < 2:
            return
        for name in self.record_variables:
            if _is_shared(source.variables[name]):
                logger.warn(
                    f"'{name}' of '{source.name}' has one value for all elements, but '{self.name}' records it for "
                    f"each of {self.record.size}. One row is enough: a monitor of its own with record=0.",
                    once=f"{name} is shared",
                )

    def _column(self, source: Any, name: str, wanted: object) -> tuple[Column, Dimension]:
        variable = source.reference(name).variable
        dim: Dimension = variable.dim
        dtype = variable.dtype
        if isinstance(variable, Subexpression) and dtype.kind == "f" and source.single_precision:
            dtype = np.dtype(np.float32)
        wanted = _at(wanted, name)
        if wanted is not None:
            dtype = _checked_dtype(f"{source.name}.{name}", dtype, wanted)
        return Column(name, dtype, self.record.size, dimension_text(dim)), dim

    @property
    def n_indices(self) -> int:
        """Number of recorded elements."""
        return int(self.record.size)

    # ------------------------------------------------------------------ reading

    def reference(self, name: str) -> Reference | None:
        """Returns the column `t`; the others are no variables with one value for each row."""
        return super().reference(name) if name not in self.record_variables else None

    @property
    def record_all(self) -> bool:
        """Whether all elements are recorded."""
        return self.record.size == self.source.element_count

    def recorded(self, name: str, rows: Any = slice(None), *, use_units: bool = True) -> Any:
        """Returns what was recorded of a variable.

        Args:
            name: The variable.
            rows: Positions in `record`.
            use_units: Whether the values have units.

        Returns:
            A copy, of shape (recorded elements, times), or (times,) for a single position.
        """
        values = np.array(self.table.values(name).T[rows])
        return quantity_of(values, self.variables[name].dim) if use_units else values

    def _attribute(self, name: str, *, use_units: bool) -> Any:
        if name in self.record_variables:
            self._expect_rows()
            return self.recorded(name, use_units=use_units)
        return super()._attribute(name, use_units=use_units)

    def _set_variable(self, name: str, value: object, *, use_units: bool) -> None:
        raise TypeError(f"Variable {name} is read-only.")

    def _state_value(self, name: str, units: bool, level: int) -> Any:
        if name in self.record_variables:
            values = np.array(self.table.values(name))
            return quantity_of(values, self.variables[name].dim) if units else values
        return super()._state_value(name, units, level)

    def __getitem__(self, item: object) -> StateMonitorView:
        """Returns what was recorded of one or several elements, given by their numbers in the group."""
        if isinstance(item, (slice, str)):
            raise TypeError(f"Cannot use {item!r} as an index: use element numbers, e.g. M[0].v")
        if stands_for_elements(item):
            item = item.element_indices(self.source)
        numbers = np.asarray(item)
        if numbers.dtype.kind not in "iu" and numbers.size:
            raise TypeError("Index has to be an integer or a sequence of integers")
        positions = np.array([self._position(number) for number in _listed(numbers)], dtype=np.int64)
        return StateMonitorView(self, positions if numbers.ndim else int(positions[0]))

    def _position(self, number: object) -> int:
        found = np.flatnonzero(self.record == number)
        if found.size == 0:
            raise IndexError(
                f"Index number {number} has not been recorded by '{self.name}': its argument record says which "
                f"elements of '{self.source.name}' are."
            )
        return int(found[0])

    def __repr__(self) -> str:
        return f"<StateMonitor, recording {self.record_variables} from '{self.source.name}'>"

    # ------------------------------------------------------------------ recording

    def actions(self, run_namespace: Mapping[str, object]) -> Sequence[Action]:
        """Returns the recording."""
        made_of = (
            self.clock,
            self.table,
            self._index_storage,
            tuple(self.record_variables),
            self.source.single_precision,
        )
        action = self._kept.result(made_of, run_namespace, lambda: self.scope_of_source(run_namespace), self._recording)
        return (action,)

    def forget_code(self) -> None:
        """Gives up the code of the last run: its names may stand for variables of groups that are gone."""
        self._kept.forget()

    def _recording(self, new_scope: Callable[[], Scope]) -> RecordStates:
        scope = new_scope()
        return RecordStates(
            label=self.name,
            clock=self.clock,
            table=self.table,
            indices=self._index_storage,
            expressions=tuple(scope.lower(Name(name)) for name in self.record_variables),
            bindings=scope.bindings,
            float32=self.source.single_precision,
        )

    def record_single_timestep(self) -> None:
        """Records the present values once, outside of a run.

        Raises:
            TypeError: If the network with this monitor has not been run before.
        """
        if self._network is None:
            raise TypeError("Can only record a single time step after the network has been run once.")
        names = caller_namespace()
        self.table.reserve(1)
        row = int(self.table.control[0])
        self.table.buffers[0][row] = (self.clock if self.clock.event_times is None else self.source.clock).t_
        for buffer, name in zip(self.table.buffers[1:], self.record_variables, strict=True):
            width = self.record.size
            buffer[row * width : (row + 1) * width] = self._present(name, names)
        self.table.control[0] += 1

    def _present(self, name: str, names: Mapping[str, object]) -> Array:
        view = self.source.state(name, use_units=False)
        item = slice(None) if view.variable.scalar else self.record
        return view.get_item(item, namespace=names)


@public_in("ranvier.monitors.statemonitor")
class StateMonitorView:
    """What a `StateMonitor` recorded of some elements.

    Args:
        monitor: The monitor.
        rows: Positions of the elements in `monitor.record`; a single number gives values of one dimension.

    Attributes:
        monitor: The monitor.
    """

    def __init__(self, monitor: StateMonitor, rows: int | Array) -> None:
        self.monitor = monitor
        self._rows = rows

    @property
    def indices(self) -> int | Array:
        """Positions of the elements in `monitor.record`."""
        return self._rows

    @property
    def item(self) -> int | list[int]:
        """The elements."""
        return self.monitor.record[self._rows].tolist()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or "monitor" not in self.__dict__:  # asked for while a copy is being made
            raise AttributeError(f"Unknown attribute {name}")
        monitor = self.monitor
        for candidate, use_units in ((name, True), (name.removesuffix("_"), False)):
            if candidate in monitor.record_variables:
                return monitor.recorded(candidate, self._rows, use_units=use_units)
        if name in ("t", "t_"):
            return getattr(monitor, name)[:]
        raise AttributeError(f"Unknown attribute {name}: '{monitor.name}' records {monitor.record_variables}.")

    def __repr__(self) -> str:
        elements = ", ".join(str(k) for k in np.atleast_1d(self.monitor.record[self._rows]))
        return f"<StateMonitorView, giving access to elements {elements} recorded by {self.monitor.name}>"


def _at(wanted: object, name: str) -> object:
    return cast("Mapping[str, object]", wanted).get(name) if isinstance(wanted, Mapping) else wanted


def _is_shared(variable: Variable) -> bool:
    """Tells whether a model says that a variable has one value; one that is linked to a single element is none."""
    if not isinstance(variable, LinkedVariable):
        return variable.scalar
    linked = variable.group.reference(variable.target)
    return linked is not None and _is_shared(linked.variable)


def _checked_dtype(name: str, own: DType, wanted: object) -> DType:
    """Returns the type in which values of a variable are kept.

    Raises:
        TypeError: If it is of another kind than the variable's own type, or cannot be kept.
    """
    dtype = np.dtype(cast("DTypeLike", wanted))
    kinds = [kind.kind.replace("u", "i") for kind in (own, dtype)]
    if kinds[0] != kinds[1]:
        raise TypeError(f"'{name}' has values of type {own} and cannot be recorded as {dtype}: that is another kind.")
    if dtype not in KEPT:
        names = ", ".join(str(each) for each in KEPT if each.kind == own.kind)
        raise TypeError(f"'{name}' cannot be recorded as {dtype}; its values (of type {own}) can be kept as {names}.")
    return dtype


def _listed(numbers: Array) -> list[int]:
    return numbers.ravel().tolist()


def _wanted_variables(source: Any, variables: str | Iterable[str] | bool) -> list[str]:
    if variables is True:
        if hasattr(source, "equations"):
            wanted = sorted(source.equations.names, key=list(source.variables).index)
        else:  # a pathway, or a group without equations: what scripts can set
            known: Mapping[str, object] = source.variables
            wanted = [name for name, each in known.items() if isinstance(each, ArrayVariable) and not each.read_only]
    elif isinstance(variables, str):
        wanted = [variables]
    elif isinstance(variables, Iterable):
        wanted = list(variables)
    else:
        raise TypeError(f"The variables to record are given by name, not by {variables!r}.")
    for name in wanted:
        if name in RESERVED:
            raise KeyError(f"The name '{name}' cannot be recorded: it is a variable of the monitor itself.")
        if source.reference(name) is None:
            advice = source.advice_on(name) if isinstance(source, VariableOwner) else ""
            hint = advice or one_of_variables(source.variables, name)
            raise KeyError(f"'{source.name}' has no variable '{name}' to record.{hint}")
    return wanted


def _wanted_elements(source: Any, record: object) -> Array:
    size = source.element_count
    if record is True:
        return np.arange(size, dtype=np.int32)
    if record is False:
        return np.zeros(0, dtype=np.int32)
    if record is source:
        return np.arange(size, dtype=np.int32)
    if stands_for_elements(record):
        return np.atleast_1d(np.asarray(record.element_indices(source), dtype=np.int32))
    if isinstance(record, VariableOwner):
        raise TypeError(f"The elements to record are given by number: '{record.name}' is no part of '{source.name}'.")
    if isinstance(record, str):
        raise ValueError(f"The elements to record are given by number, not by text: {record!r}")
    if getattr(record, "dim", DIMENSIONLESS) is not DIMENSIONLESS:
        raise TypeError(f"The elements to record are given by number, not as a quantity with a unit: {record!r}")
    given = np.atleast_1d(np.asarray(record))
    if given.dtype.kind in "OUS" and not all(isinstance(each, int) for each in given.flat):
        raise (TypeError if given.dtype == object else ValueError)(
            f"The elements to record are given by number, in a list of numbers only, not {record!r}. The numbers of "
            "compartments are those of morphology.dendrite[50*um].indices[:]."
        )
    if given.ndim > 1:
        raise ValueError(f"The elements to record are a list of numbers, not a table of the shape {given.shape}.")
    if given.size and not bool(((given >= 0) & (given < size)).all()):  # also true for nan, and beyond 64 bits
        wrong = given[~((given >= 0) & (given < size))][0]
        raise IndexError(
            f"The indices to record from contain values outside of the range [0, {size - 1}] allowed for the group "
            f"'{source.name}': {wrong} is none of its elements, which are numbered from 0."
        )
    return given.astype(np.int32)  # truth values are the numbers 0 and 1, as in Brian
