"""Measures of many instances at once, from the arrays of their run: the same values, bit for bit, as one after another.

Texts are computed with arrays of shape (instances, elements), and with numbers as arrays of shape (instances, 1). What
has no such form is left to the network, into which an instance is then brought back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast

import numpy as np

from ranvier.analysis.names import default_symbol
from ranvier.analysis.table_texts import expression, value_of
from ranvier.objects.groups.brianobject import BrianObject
from ranvier.objects.groups.group import VariableOwner
from ranvier.objects.memory.arrays import Array
from ranvier.objects.monitors.monitor import Monitor
from ranvier.objects.monitors.spikemonitor import EventMonitor
from ranvier.objects.monitors.statemonitor import StateMonitor
from ranvier.objects.networks.sweeps.instances import Instances
from ranvier.objects.networks.sweeps.measures import (
    ELEMENTWISE,
    FUNCTIONS,
    REDUCED,
    Facts,
    Place,
    TextMeasure,
    over_time,
    reduce_any,
    variation,
)
from ranvier.objects.networks.sweeps.network_work import NetworkWork
from ranvier.objects.networks.sweeps.runs import FinishedRun, SortedRows
from ranvier.objects.networks.sweeps.stacked_values import StackedValues
from ranvier.objects.networks.sweeps.traces import Traces, are_parts_of_traces
from ranvier.objects.variables.variables import ArrayVariable
from ranvier.runtime.columns import TableSnapshot
from ranvier.session.given import is_a
from ranvier.units import Quantity, second
from ranvier.units import functions as unit_functions
from ranvier.units.dimensions import DIMENSIONLESS, Dimension


class NotStacked(Exception):
    """A measure has no form for many instances at once."""


class Stack:
    """The instances of a run, as far as measures ask for them.

    Args:
        work: The sweep.
        instances: What they are instances of.
        run: Their run.
        chunk: The numbers of their sets.
        facts: What a measure may ask for besides; its values and names are those of the first of them.
        recorded: By the number of an input: what a monitor had recorded before the sweep.
    """

    def __init__(
        self, work: NetworkWork, instances: Instances, run: FinishedRun, rows: SortedRows, chunk: Sequence[int],
        facts: Facts, recorded: Mapping[int, TableSnapshot],
    ) -> None:  # fmt: skip
        self._work, self._instances, self._run, self._rows, self._chunk = work, instances, run, rows, chunk
        self._facts, self._recorded = facts, recorded
        self._functions: dict[str, object] = {}

    def values(self, measure: TextMeasure) -> Array:
        """Returns a measure of all instances: of shape (instances, 1) for numbers, (instances, elements) for arrays.

        Raises:
            NotStacked: If it has no such form.
        """
        tree = expression(measure.text)
        if "[" in measure.text and not are_parts_of_traces(tree, measure.names):
            raise NotStacked
        try:
            found = cast(object, value_of(tree, Place(partial(self._name, measure)), Place(self._function)))
        except TypeError:  # something was done with traces that is done with arrays
            raise NotStacked from None
        if isinstance(found, Traces):
            return found.together()
        if isinstance(found, _Object) or np.ndim(cast(Array, found)) > 2:
            raise NotStacked
        shape = np.shape(cast(Array, found))
        if len(shape) == 2 and shape[0] == len(self._chunk):
            return cast(Array, found)
        shape = shape if len(shape) == 2 else (1, 1)
        return np.broadcast_to(cast(Array, found), (len(self._chunk), shape[1]), subok=True)

    # ---------------------------------------------------------------- names

    def _function(self, name: str) -> object:
        """Returns what is called by a name in a text.

        Raises:
            NotStacked: If it is a function of the script.
        """
        if name not in FUNCTIONS:
            raise NotStacked
        return self._functions.get(name) or self._made(name)

    def _name(self, measure: TextMeasure, name: str) -> object:
        obj = measure.names.object_of(name)
        if obj is not None:
            return _Object(self, obj)
        owners = measure.names.owners_of(name)
        if owners:
            return self.variable(owners[0], name)
        axis = self._work.sets.axes.get(name)
        if axis is not None:
            values = [axis.at(k) for k in self._chunk]
            if any(np.ndim(cast(Array, value)) for value in values):
                raise NotStacked
            plain = np.array([float(cast(float, value)) for value in values])[:, np.newaxis]
            return _with_dimension(plain, values[0])
        if name in self._facts.names:
            return self._number(self._facts.names[name])
        symbol = default_symbol(name)
        if symbol is None:
            raise NotStacked
        return Quantity(cast(float, symbol.value), dim=symbol.dim)

    def _number(self, value: object) -> object:
        if not is_a(value, (bool, int, float, Quantity, np.generic)) or np.ndim(cast(Array, value)):
            raise NotStacked
        return value

    def variable(self, owner: VariableOwner, name: str) -> object:
        """Returns the values of a variable, of shape (instances, elements)."""
        variable = owner.variables.get(name)
        if not isinstance(variable, ArrayVariable) or variable.scalar or variable.owner is not owner:
            raise NotStacked
        number = self._instances.number_of(variable.storage)
        if number not in self._instances.written:
            raise NotStacked
        plain = np.ascontiguousarray(self._run.state(number).T)
        return plain if variable.dim.is_dimensionless else Quantity(plain, dim=variable.dim)

    def traces(self, monitor: StateMonitor, name: str) -> Traces:
        """Returns what a monitor has recorded of a variable, as the network gives it."""
        number = self._instances.number_of(monitor.table)
        if number is None or self._had_rows(number):
            raise NotStacked
        rows = (self._rows.of(number, instance)[name] for instance in range(len(self._chunk)))
        return Traces([np.array(each.T) for each in rows], monitor.variables[name].dim)

    # ---------------------------------------------------------------- functions

    def total(self, monitor: EventMonitor) -> Array:
        """Returns how many spikes of each cell a monitor has counted, with those before the run."""
        variable = monitor.variables["count"]
        assert isinstance(variable, ArrayVariable)
        number = self._instances.number_of(variable.storage)
        if number not in self._instances.written:
            raise NotStacked
        return np.ascontiguousarray(self._run.state(number).T)

    def _trains(self, monitor: object) -> list[list[Array]]:
        """Returns the times of the spikes, by instance and cell."""
        columns, starts = self._spikes_of(monitor)
        others = cast(Array, np.arange(1, _spikes(monitor).source.element_count))
        found: list[list[Array]] = []
        for start, stop in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
            cells = columns["i"][start:stop]
            order = np.argsort(cells, kind="stable")
            bounds = cast(Array, np.searchsorted(cells[order], others))
            found.append(np.split(columns["t"][start:stop][order], bounds))
        return found

    def _spikes_of(self, monitor: object) -> tuple[Mapping[str, Array], Array]:
        """Returns the recorded spikes of all instances, and where those of each begin; one more is the end."""
        spikes = _spikes(monitor)
        number = self._instances.number_of(spikes.table)
        if number is None or not spikes.record or self._had_rows(number):
            raise NotStacked
        return self._rows.all(number)

    def _had_rows(self, number: int) -> bool:
        """Tells whether a monitor had recorded something before the sweep."""
        before = self._recorded[number]
        return before.streamed > 0 or any(chunk.rows for chunk in before.chunks)

    def _made(self, name: str) -> object:
        """Returns a function of texts."""
        if name in REDUCED:
            function: object = _reduction(REDUCED[name])
        elif name in ELEMENTWISE:
            function = getattr(unit_functions, name, None) or getattr(np, name)
        else:
            function = getattr(self, name)
        self._functions[name] = function
        return function

    # ---- the functions of spikes, by their names

    def count(self, monitor: object) -> Array:
        """Returns how many spikes there are in each instance."""
        return self.counts(monitor).sum(axis=1, keepdims=True)

    def counts(self, monitor: object) -> Array:
        """Returns how many spikes of each cell a monitor has counted, of shape (instances, cells)."""
        spikes = _spikes(monitor)
        return self.total(spikes) - self._facts.counted[spikes.name]

    def rate(self, monitor: object) -> object:
        """Returns the mean rate of the cells."""
        return over_time(self.counts(monitor).mean(axis=1, keepdims=True), self._length)

    def rates(self, monitor: object) -> object:
        """Returns the rate of each cell."""
        return over_time(self.counts(monitor), self._length)

    def first(self, monitor: object) -> Quantity:
        """Returns the time of the first spike."""
        columns, starts = self._spikes_of(monitor)
        earliest = np.full(len(self._chunk), np.nan)
        some = np.flatnonzero(np.diff(starts))
        earliest[some] = columns["t"][starts[some]]  # those of an instance are in the order of time
        return Quantity(earliest[:, np.newaxis], dim=second.dim)

    def cv(self, monitor: object) -> Array:
        """Returns the mean variation of the intervals."""
        return np.array([variation(trains) for trains in self._trains(monitor)])[:, np.newaxis]

    @property
    def _length(self) -> Quantity:
        return Quantity(self._facts.seconds, dim=second.dim)


def _spikes(monitor: object) -> EventMonitor:
    if isinstance(monitor, _Object) and isinstance(monitor.obj, EventMonitor):
        return monitor.obj
    raise NotStacked


def _reduction(reduce: Callable[..., object]) -> Callable[[object], object]:
    def reduced(values: object) -> object:
        if isinstance(values, Traces):
            return values.reduced(reduce)
        if isinstance(values, _Object) or np.ndim(cast(Array, values)) != 2:
            raise NotStacked
        return reduce_any(reduce, values, axis=1, keepdims=True)

    return reduced


def _with_dimension(plain: Array, like: object) -> object:
    return Quantity(plain, dim=like.dim) if isinstance(like, Quantity) else plain


class _Object:
    """An object of the network in a measure.

    Attributes:
        obj: The object.
    """

    def __init__(self, stack: Stack, obj: BrianObject) -> None:
        self._stack = stack
        self.obj = obj

    def __getattr__(self, name: str) -> object:
        if name.startswith("_"):
            raise AttributeError(name)
        if isinstance(self.obj, StateMonitor) and name in self.obj.record_variables:
            return self._stack.traces(self.obj, name)
        if isinstance(self.obj, Monitor):
            if isinstance(self.obj, EventMonitor) and name in ("num_spikes", "num_events"):
                return self._stack.total(self.obj).sum(axis=1, keepdims=True)
        elif isinstance(self.obj, VariableOwner):
            return self._stack.variable(self.obj, name)
        raise NotStacked


@dataclass(frozen=True)
class Form:
    """What a measure gives when it is measured for one set.

    Attributes:
        shape: Its shape.
        dim: Its unit.
        make: Makes it of an element of an array, or of a row of one.
    """

    shape: tuple[int, ...]
    dim: Dimension
    make: Callable[[object], object]

    @staticmethod
    def of(values: Array, like: object) -> Form:
        """Returns the form of a measure.

        Args:
            values: The measure of instances, of shape (instances, 1) or (instances, elements).
            like: That of the first, as the network gives it.

        Raises:
            NotStacked: If the first is another one.
        """
        plain, shape = np.asarray(values), np.shape(cast(Array, like))
        if plain.shape[1:] != (shape or (1,)) or plain.dtype.kind not in "bif" or not _is_same(plain[0], like, values):
            raise NotStacked
        if isinstance(like, Quantity):
            dim = like.dim
            return Form(shape, dim, lambda each: Quantity(cast(float, each), dim=dim))
        return Form(shape, DIMENSIONLESS, np.array if shape else cast("Callable[[object], object]", type(like)))

    def values(self, values: Array) -> StackedValues:
        """Returns the measure of instances, of shape (instances, 1) or (instances, elements)."""
        array = np.array(values if self.shape else values[:, 0], copy=True, subok=False)
        return StackedValues(array, self.dim, self.make)


def _is_same(row: Array, like: object, values: object) -> bool:
    other = np.atleast_1d(np.asarray(cast(Array, like)))
    same_dim = getattr(values, "dim", None) is getattr(like, "dim", None)
    return same_dim and row.dtype == other.dtype and row.tobytes() == other.tobytes()
