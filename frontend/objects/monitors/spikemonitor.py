"""`SpikeMonitor` and `EventMonitor`: which element when."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ranvier.actions.actions import Action, Population, RecordEvents
from ranvier.equations.expressions import Name
from ranvier.equations.source import one_of_variables
from ranvier.objects.groups.memory_rows import own_bytes
from ranvier.objects.memory.arrays import Array
from ranvier.objects.memory.new_storage import dimension_text, new_storage
from ranvier.objects.memory.plan import MemoryRow
from ranvier.objects.monitors.ratemonitor import check_source
from ranvier.objects.monitors.rates import RateMonitor
from ranvier.objects.variables.variables import ArrayVariable
from ranvier.objects.variables.view import VariableView, quantity_of
from ranvier.public import public
from ranvier.runtime.columns import Column
from ranvier.runtime.recorder import Table
from ranvier.session.logger import get_logger
from ranvier.session.standalone import check_recorded
from ranvier.units import Quantity, second
from ranvier.units.dimensions import DIMENSIONLESS, Dimension

logger = get_logger("ranvier.monitors.spikemonitor")


@public
class EventMonitor(RateMonitor):
    """Records the events of a group, or only counts them.

    Args:
        source: A group with such events.
        event: Name of the event.
        variables: Variables whose values at the event are recorded, too.
        record: Whether times and numbers are recorded; otherwise events are counted, and `variables` recorded.
        when: Slot of the schedule; None for that in which the event is found.
        order: Place in the slot; None for just after the event is found.
        name: The name.
        codeobj_class: Accepted for compatibility.

    Attributes:
        source: The group.
        event: Name of the event.
        record: Whether times and numbers are recorded.
        record_variables: Names of the recorded variables.
        table: Where the recorded rows are: t, i, further variables; without columns if there is only the count.

    Raises:
        ValueError: If the group has no such event or variable, or `order` is given without `when`.
    """

    def __init__(
        self,
        source: object,
        event: str,
        variables: str | Iterable[str] | None = None,
        record: bool = True,
        when: str | None = None,
        order: int | None = None,
        name: str = "eventmonitor*",
        codeobj_class: object = None,
    ) -> None:
        check_source(source, event, type(self).__name__)
        if order is not None and when is None:
            raise ValueError("Cannot specify order if when is not specified.")
        if when is None:
            when, order = _just_after(source, event)
        RateMonitor.__init__(self, source, when=when, order=order or 0, name=name)
        self.event = event
        self.record = bool(record)
        if np.ndim(record):
            logger.warn(
                f"'{self.name}' records all elements of '{self.source.name}': 'record' only says whether times are "
                "recorded, it chooses no elements. To record some of them, record a part of the group, e.g. "
                f"{type(self).__name__}(group[:10]).",
                "record_all",
            )
        self._extra = _wanted_variables(source, variables)
        self.record_variables = {"i", "t", *self._extra} if self.record else set(self._extra)
        columns = self._columns() if self.record_variables else []
        self.table = Table([column for column, _ in columns], name=self.name)
        self._add_columns([entry for entry in columns if entry[0].name in self.record_variables])
        self._add_count()
        self._fix_attributes()

    def _columns(self) -> list[tuple[Column, Dimension]]:
        columns = [
            (Column("t", np.dtype(np.float64), None, "s"), second.dim),
            (Column("i", np.dtype(np.int32), None, ""), DIMENSIONLESS),
        ]
        for name in self._extra:
            variable = self.source.reference(name).variable
            columns.append((Column(name, variable.dtype, None, dimension_text(variable.dim)), variable.dim))
        return columns

    def _add_count(self) -> None:
        storage = new_storage(
            f"{self.name}.count", self.source.element_count, np.int32, population=Population(self.name)
        )
        self.variables["count"] = ArrayVariable(
            name="count", dtype=np.dtype(np.int32), read_only=True, storage=storage, owner_ref=weakref.ref(self)
        )

    # ------------------------------------------------------------------ reading

    @property
    def element_count(self) -> int:
        """Number of recorded events."""
        return self.table.rows if self.table.columns else self.num_events

    def __len__(self) -> int:
        return self.element_count

    @property
    def num_events(self) -> int:
        """Number of events so far."""
        return int(self._count_array().sum())

    def _count_array(self) -> Array:
        check_recorded(self)
        variable = self.variables["count"]
        assert isinstance(variable, ArrayVariable)
        return variable.get_value()

    def _attribute(self, name: str, *, use_units: bool) -> Any:
        if name == "count":
            return CountView(self)
        return super()._attribute(name, use_units=use_units)

    def _state_value(self, name: str, units: bool, level: int) -> Any:
        return self._count_array().copy() if name == "count" else super()._state_value(name, units, level)

    def __getattr__(self, name: str) -> Any:
        if name.removesuffix("_") in ("i", "t", "it") and not self.__dict__.get("record", True):
            raise AttributeError(f"'{self.name}' does not record times and numbers (record=False): no '{name}'.")
        return super().__getattr__(name)

    @property
    def it(self) -> tuple[VariableView, VariableView]:
        """The pair (i, t)."""
        return self.i, self.t

    @property
    def it_(self) -> tuple[VariableView, VariableView]:
        """The pair (i, t_)."""
        return self.i, self.t_

    def event_trains(self) -> dict[int, Quantity]:
        """Returns the times of the events of each element."""
        return self.values("t")

    def values(self, var: str) -> dict[int, Any]:
        """Returns the values of a recorded variable at the events of each element.

        Raises:
            KeyError: If it is not recorded.
        """
        return self._split([var])[var]

    def all_values(self) -> dict[str, dict[int, Any]]:
        """Returns the values of all recorded variables at the events of each element."""
        return self._split([*self._extra, "t"])

    def _split(self, names: Sequence[str]) -> dict[str, dict[int, Any]]:
        if not self.record:
            raise AttributeError(
                f"'{self.name}' does not record times and numbers (record=False): which values are whose is not known."
            )
        numbers = self.table.values("i")
        order = np.argsort(numbers, kind="stable")
        size = int(self.source.element_count)
        borders: Array = np.searchsorted(numbers[order], np.arange(size + 1))
        found: dict[str, dict[int, Any]] = {}
        for name in names:
            values, dim = self.table.values(name)[order], self.variables[name].dim
            found[name] = {k: quantity_of(values[borders[k] : borders[k + 1]].copy(), dim) for k in range(size)}
        return found

    def __repr__(self) -> str:
        event = "" if isinstance(self, SpikeMonitor) else f" event '{self.event}'"
        return f"<{type(self).__name__}, recording{event} from '{self.source.name}'>"

    def memory_rows(self, *, exact: bool) -> Iterator[MemoryRow]:
        """Yields the memory of what has been recorded, and what each event adds."""
        held = self.held_bytes()
        size = self.row_bytes()
        yield MemoryRow(self.name, "spikes", self.table.rows, held, held, per_spike=size, own=own_bytes(self))

    # ------------------------------------------------------------------ rates

    def _counts_per_step(self) -> tuple[Array, float]:
        """Events of each element in each step since t = 0, and the step length."""
        if not self.record:
            raise AttributeError(f"'{self.name}' does not record times and numbers (record=False): no rates.")
        dt, steps = self.clock.dt_, self.clock.timestep
        counts = np.zeros((self.source.element_count, steps))
        t, i = self.table.values("t"), self.table.values("i")
        np.add.at(counts, (i, np.round(t / dt).astype(np.int64)), 1)
        return counts, dt

    def _rates(self) -> Array:
        counts, dt = self._counts_per_step()
        return counts / dt

    def _binned(self, count: int) -> tuple[Array, Array]:
        counts, dt = self._counts_per_step()
        size, bins = counts.shape[0], counts.shape[1] // count
        binned: Array = counts[:, : bins * count].reshape(size, bins, count).sum(axis=2) / (count * dt)
        return np.arange(bins, dtype=np.float64) * (count * dt), binned

    # ------------------------------------------------------------------ recording

    def reinit(self) -> None:
        """Forgets everything recorded, and counts anew."""
        super().reinit()
        variable = self.variables["count"]
        assert isinstance(variable, ArrayVariable)
        variable.storage.fill(0)

    def actions(self, run_namespace: Mapping[str, object]) -> Sequence[Action]:
        """Returns the recording."""
        start, stop = self.source.extent
        scope = self.scope_of_source(run_namespace)
        variable = self.variables["count"]
        assert isinstance(variable, ArrayVariable)
        return (
            RecordEvents(
                label=self.name,
                clock=self.clock,
                table=self.table,
                events=self.source.event_spaces[self.event],
                start=start,
                stop=stop,
                counts=variable.storage,
                expressions=tuple(scope.lower(Name(name)) for name in self._extra),
                bindings=scope.bindings,
                float32=self.source.single_precision,
            ),
        )


@public
class SpikeMonitor(EventMonitor):
    """Records the spikes of a group, or only counts them.

    Args:
        source: A group with a threshold.
        variables: Variables whose values at the spike (before the reset) are recorded, too.
        record: Whether times and numbers are recorded; otherwise spikes are counted, and `variables` recorded.
        when: Slot of the schedule; None for that in which spikes are found.
        order: Place in the slot; None for just after spikes are found.
        name: The name.
        codeobj_class: Accepted for compatibility.
    """

    def __init__(
        self,
        source: object,
        variables: str | Iterable[str] | None = None,
        record: bool = True,
        when: str | None = None,
        order: int | None = None,
        name: str = "spikemonitor*",
        codeobj_class: object = None,
    ) -> None:
        EventMonitor.__init__(self, source, "spike", variables, record, when, order, name, codeobj_class)

    @property
    def num_spikes(self) -> int:
        """Number of spikes so far."""
        return self.num_events

    def spike_trains(self) -> dict[int, Quantity]:
        """Returns the times of the spikes of each neuron."""
        return self.event_trains()


class _Counted:
    """The elements of a monitor's source, as a group of their own for views of `count`."""

    def __init__(self, monitor: EventMonitor) -> None:
        self.name = monitor.name
        self.monitor = monitor
        self.element_count = int(monitor.source.element_count)

    def elements(self, item: object, names: Callable[[], Mapping[str, object]]) -> Array:
        """Returns the numbers of the elements that an index means."""
        from ranvier.objects.variables.indexing import elements_of

        if isinstance(item, str):
            return self.monitor.source.elements(item, names)
        return elements_of(item, self.element_count)


class CountView(VariableView):
    """The number of events of each element.

    Args:
        monitor: The monitor.
    """

    def __init__(self, monitor: EventMonitor) -> None:
        reference = monitor.reference("count")
        assert reference is not None
        super().__init__("count", reference, _Counted(monitor), DIMENSIONLESS)  # type: ignore[arg-type]


def _just_after(source: Any, event: str) -> tuple[str, int]:
    """Returns the place in the schedule after that in which a group finds an event.

    For a custom event of a subgroup Brian takes the slot "thresholds", where it sees the events of the step before.
    """
    holder = source.holder()
    finder = source.event_finder(event)
    return finder.when, (finder.order if source is holder else max(source.order, finder.order)) + 1


def _wanted_variables(source: Any, variables: str | Iterable[str] | None) -> list[str]:
    if variables is None:
        return []
    wanted = [variables] if isinstance(variables, str) else list(variables)
    for name in wanted:
        if source.reference(name) is None:
            hint = one_of_variables(source.variables, name)
            raise ValueError(f"'{name}' is not a variable of the recorded group '{source.name}'.{hint}")
    return [name for name in wanted if name not in ("i", "t")]
