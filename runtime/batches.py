"""One run of a program of several instances side by side: their arrays, and what each of them left behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ranvier.ir.slots import Slot, SlotKind
from ranvier.runtime.recorder import Table
from ranvier.runtime.simulation import Program, Simulation
from ranvier.runtime.state import Layout, allocate

Array = npt.NDArray[Any]

DTYPES = {"f64": "f8", "f32": "f4", "i64": "i8", "index": "i8", "i32": "i4", "i16": "i2", "i1": "?"}
LANES = 8
"""Instances are filled up to a multiple of this, by copies of the last: full vectors cost less than a remainder."""
MOST = 2**31 - 1
"""The greatest number of elements of all instances: events are 32-bit numbers."""


@dataclass
class _OwnState:
    """An array of which each instance has its own: element i of instance b at i*B + b."""

    array: Array
    frozen: bool = True
    population: object = None


@dataclass
class _OwnEvents:
    """The events of all instances: numbers i*B + b, ascending."""

    indices: Array
    count: npt.NDArray[np.int64]


@dataclass
class _ClockOfBatch:
    """A clock that is advanced without the network's being so."""

    control: npt.NDArray[np.int64]
    dt_: float


class BatchRun:
    """Binds the inputs of a program of several instances, and advances it.

    The network's own arrays, clocks and tables stay as they are.

    Args:
        program: A program after the pass `batch`.
        values: What the inputs of the program of one network stand for, in order (see `Simulation`).
        count: The number of instances.
        given: By the number of an input: the values of the instances, of shape (count,), or (count, elements) for
            arrays. Own arrays that are not given begin as the network's.

    Attributes:
        count: The number of instances.
        lanes: The number that are computed.

    Raises:
        ValueError: Values have another shape, or are given for an input that the program has but once; or there
            would be too many elements.
    """

    def __init__(self, program: Program, values: Sequence[Any], count: int, given: Mapping[int, Any]) -> None:
        if count < 1:
            raise ValueError(f"a batch has at least one instance, not {count}")
        self.count = count
        self.lanes = -(-count // LANES) * LANES if count > 1 else 1
        self._given = given
        self._values: list[Any] = [self.lanes, *values]
        own = {slot.input for slot in program.slots if slot.own}
        if wrong := sorted(number for number in given if number + 1 not in own):
            raise ValueError(f"input {wrong[0]} is the same for all instances in this program")
        for slot in program.slots:
            if slot.own and slot.kind in (SlotKind.STATE, SlotKind.EVENT_LIST):
                self._values[slot.input] = self._own_input(slot, values[slot.input - 1])
        for number, value in enumerate(values, 1):
            if isinstance(value, Table):
                self._values[number] = self._own_table(value)
            elif hasattr(value, "control") and not hasattr(value, "buffers"):
                self._values[number] = _ClockOfBatch(value.control.copy(), getattr(value, "dt_", 0.0))
        with Layout.lock:  # arrays that are made of common ones are made once
            self.simulation = Simulation(program, self._values, [], is_apart=True)

    def advance(self, watch: Callable[[], bool] = lambda: False) -> bool:
        """Runs to the end of the clocks; see `Simulation.advance`."""
        return self.simulation.advance(watch)

    # ---- what is there afterwards, by the number of an input of the network's program

    def state(self, number: int) -> Array:
        """Returns an array of which each instance has its own, of shape (elements, count): a view."""
        return self._values[number + 1].array.reshape(-1, self.lanes)[:, : self.count]

    def events(self, number: int, instance: int) -> Array:
        """Returns the elements of an instance that have an event now, ascending."""
        space: _OwnEvents = self._values[number + 1]
        numbers = space.indices[: space.count[0]]
        return numbers[numbers % self.lanes == instance] // self.lanes

    def rows(self, number: int) -> dict[str, Array]:
        """Returns the rows of a monitor, by column, with a column "instance", in the order of time.

        What a monitor of states records has shape (steps, elements, count), and no such column.
        """
        table: Table = self._values[number + 1]
        columns = {column.name: table.values(column.name) for column in table.columns}
        if not columns:  # a monitor that only counts
            return columns
        if _records_states(table):
            wide = [column.name for column in table.columns if column.width is not None]
            shaped = {name: columns[name].reshape(len(columns[name]), -1, self.lanes) for name in wide}
            return columns | {name: values[..., : self.count] for name, values in shaped.items()}
        index = _index_column(table)
        if index is None:
            columns["instance"] = np.arange(len(columns["t"])) % self.lanes
        else:
            columns |= {"instance": columns[index] % self.lanes, index: columns[index] // self.lanes}
        if self.lanes == self.count:
            return columns
        real = columns["instance"] < self.count
        return {name: column[real] for name, column in columns.items()}

    def rows_of(self, number: int, instance: int) -> dict[str, Array]:
        """Returns the rows of a monitor that are those of an instance, as the network alone records them."""
        rows = self.rows(number)
        if "instance" not in rows:
            return {name: x[..., instance] if x.ndim == 3 else x for name, x in rows.items()}
        mine = rows.pop("instance") == instance
        return {name: column[mine] for name, column in rows.items()}

    # ---- making inputs

    def _own_input(self, slot: Slot, value: Any) -> _OwnState | _OwnEvents:
        if slot.kind is SlotKind.EVENT_LIST:
            return self._own_events(value)
        number = slot.input - 1
        one = np.atleast_1d(np.asarray(value.array if hasattr(value, "array") else value))
        self._check_size(one.size)
        array = allocate(one.size * self.lanes, DTYPES[slot.type])
        values = np.asarray(self._given.get(number, one[np.newaxis, :]))
        if values.ndim == 1:
            values = values[:, np.newaxis]
        if values.shape[0] not in (1, self.count) or values.shape[1] not in (1, one.size):
            raise ValueError(
                f"input {number} takes {self.count} values, or {self.count} times {one.size}, not {values.shape}"
            )
        rows = array.reshape(one.size, self.lanes)
        rows[:, : self.count] = values.T
        rows[:, self.count :] = rows[:, self.count - 1 : self.count]
        return _OwnState(array)

    def _own_events(self, space: Any) -> _OwnEvents:
        """Lets each instance have the events that the network has now."""
        self._check_size(space.indices.size)
        now = np.sort(space.indices[: space.count[0]].astype(np.int64))
        indices = allocate(space.indices.size * self.lanes, np.int32)
        count = allocate(1, np.int64, padding=1)
        count[0] = now.size * self.lanes
        indices[: count[0]] = (now[:, np.newaxis] * self.lanes + np.arange(self.lanes)).ravel()
        return _OwnEvents(indices, count)

    def _own_table(self, table: Table) -> Table:
        """Returns an empty table for the rows of all instances."""
        columns = [
            column if column.width is None else replace(column, width=column.width * self.lanes)
            for column in table.columns
        ]
        new = Table(columns, name=table.name)
        new.reserve(table.rows_per_instant * (1 if _records_states(table) else self.lanes))
        return new

    def _check_size(self, size: int) -> None:
        if size * self.lanes > MOST:
            raise ValueError(f"{self.count} instances of {size} elements are too many for one batch: divide the sets")


def _records_states(table: Table) -> bool:
    return any(column.width is not None for column in table.columns)


def _index_column(table: Table) -> str | None:
    """Returns the name of the column that says which element had an event, None for other tables."""
    second = table.columns[1] if len(table.columns) > 1 else None
    return second.name if second is not None and second.dtype.kind in "iu" else None
