"""One run of a program of several instances side by side: their arrays, and what each of them left behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ranvier.ir.recipes import RUN_KINDS, inputs_of
from ranvier.ir.slots import NEVER, Slot, SlotKind
from ranvier.runtime.beginning import simulation_of
from ranvier.runtime.recorder import Table
from ranvier.runtime.simulation import Program
from ranvier.runtime.stand_ins import PlainClock, PlainEvents, PlainState
from ranvier.runtime.state import Layout, allocate

Array = npt.NDArray[Any]

DTYPES = {"f64": "f8", "f32": "f4", "i64": "i8", "index": "i8", "i32": "i4", "i16": "i2", "i1": "?"}
LANES = 8
"""Instances are filled up to a multiple of this, by copies of the last: full vectors cost less than a remainder."""
MOST = 2**31 - 1
"""The greatest number of elements of all instances: events are 32-bit numbers."""


class BatchRun:
    """Binds the inputs of a program of several instances, and advances it.

    The network's own arrays, clocks and tables stay as they are.

    Args:
        program: A program after the pass `batch`.
        values: What the inputs of the program of one network stand for, in order (see `Simulation`).
        count: The number of instances.
        given: By the number of an input: the values of the instances, of shape (count,), or (count, elements) for
            arrays. Own arrays that are not given begin as the network's. Past spikes (see `history_of`) are given
            together with their numbers.

    Attributes:
        count: The number of instances.
        lanes: The number that are computed.
        may_begin_again: Whether all that was made for the run is as it was before it, but for what `begin_again` puts
            back.

    Raises:
        ValueError: Values have another shape, or are given for an input that the program has but once; or there
            would be too many elements.
    """

    def __init__(self, program: Program, values: Sequence[Any], count: int, given: Mapping[int, Any]) -> None:
        if count < 1:
            raise ValueError(f"a batch has at least one instance, not {count}")
        self.count = count
        self.lanes = lanes_of(count)
        self._given: Mapping[int, Any] = given
        self._network = values
        self._joined: tuple[tuple[int, int], tuple[Array, Array]] | None = None
        self._values: list[Any] = [self.lanes, *values]
        self._own = own = {slot.input for slot in program.slots if slot.own}
        self._histories = {slot.input: slot.history for slot in program.slots if slot.history >= 0 and slot.own}
        lists = {slot.input for slot in program.slots if slot.history >= 0 and not slot.own}
        if wrong := sorted(number for number in given if number + 1 not in own | lists):
            raise ValueError(f"input {wrong[0]} is the same for all instances in this program")
        recipes = [slot.recipe for slot in program.slots if slot.recipe is not None]
        derived = {number for recipe in recipes for number in inputs_of(recipe)}
        self._begun: list[tuple[Slot, Any]] = []
        for slot in program.slots:
            changes = slot.kind is SlotKind.STATE and (slot.own or slot.carried or slot.history >= 0)
            is_made_from = slot.kind is SlotKind.UNUSED and slot.own and slot.input in derived
            if slot.kind is SlotKind.EVENT_LIST or changes or is_made_from:
                self._values[slot.input] = self._own_input(slot, values[slot.input - 1])
                self._begun.append((slot, values[slot.input - 1]))
        self._clocks: list[tuple[Array, Array]] = []
        for number, value in enumerate(values, 1):
            if isinstance(value, Table):
                self._values[number] = _own_table(value, self.lanes if number in own else 1)
            elif hasattr(value, "control") and not hasattr(value, "buffers"):
                self._values[number] = PlainClock(value.control.copy(), getattr(value, "dt_", 0.0))
                self._clocks.append((self._values[number].control, value.control.copy()))
        lasts = derived.isdisjoint(slot.input for slot, _ in self._begun)
        lasts = lasts and all(recipe[0] not in RUN_KINDS for recipe in recipes)
        self.may_begin_again = lasts and getattr(program, "device", None) is None
        self._given, self._joined = {}, None  # they are written into the arrays of the run
        with Layout.lock:  # arrays that are made of common ones are made once
            self.simulation = simulation_of(program, self._values, [], is_apart=True)

    def begin_again(self, given: Mapping[int, Any]) -> None:
        """Becomes the run of other instances, as many, in the memory of this one, whose state and rows are lost.

        Args:
            given: By the number of an input: the values of those instances. They are the inputs of the first.
        """
        self._given, self._joined = given, None
        for slot, value in self._begun:
            self._fill(slot, value, self._values[slot.input])
        self._given, self._joined = {}, None
        for control, begun in self._clocks:
            control[:] = begun
        for value in self._values:
            if isinstance(value, Table):
                value.begin_again()
        self.simulation.begin_again({})

    @property
    def recorded_bytes(self) -> int:
        """The bytes that its monitors hold."""
        return sum(value.memory_bytes for value in self._values if isinstance(value, Table))

    def advance(self, watch: Callable[[], bool] = lambda: False) -> bool:
        """Runs to the end of the clocks; see `Simulation.advance`."""
        return self.simulation.advance(watch)

    def advance_part(self, watch: Callable[[], bool], parts: int) -> float:
        """Runs until it is told to stop, see `Simulation.advance_part`; returns the share that is done."""
        return self.simulation.advance_part(watch, parts)

    # ---- what is there afterwards, by the number of an input of the network's program

    def state(self, number: int) -> Array:
        """Returns an array that a run changes or that instances have for themselves, of shape (elements, count).

        It is a view, for writing only where the instances have their own. Past spikes, which are one list of all, and
        their numbers are copies: for each instance as the network alone keeps them, zeros behind the spikes of a step.
        """
        array: Array = self._values[number + 1].array
        other = self._histories.get(number + 1)
        if other is not None:
            spikes, counts = apart(*self._history(number + 1, other), self.lanes)
            return (spikes if array.dtype == np.int32 else counts)[:, : self.count]
        if number + 1 not in self._own:
            return np.broadcast_to(array[:, np.newaxis], (array.size, self.count))
        return array.reshape(-1, self.lanes)[:, : self.count]

    def history_of(self, number: int) -> int | None:
        """Returns for past spikes the number of the input with their numbers, and the other way round; None else."""
        other = self._histories.get(number + 1)
        return None if other is None else other - 1

    def events(self, number: int, instance: int) -> Array:
        """Returns the elements of an instance that have an event now, ascending or as the network alone has them."""
        space: PlainEvents = self._values[number + 1]
        numbers = space.indices[: space.count[0]]
        if number + 1 not in self._own:
            return numbers.copy()
        return numbers[numbers % self.lanes == instance] // self.lanes

    def rows(self, number: int) -> dict[str, Array]:
        """Returns the rows of a monitor, by column, with a column "instance", in the order of time.

        What a monitor of states records has shape (steps, elements, count), and no such column. What all instances have
        in common is recorded once, and repeated here for each.
        """
        table: Table = self._values[number + 1]
        columns = {column.name: table.values(column.name) for column in table.columns}
        if not columns:  # a monitor that only counts
            return columns
        common = number + 1 not in self._own
        if _records_states(table):
            wide = [column.name for column in table.columns if column.width is not None]
            if common:
                shape = {name: (*columns[name].shape, self.count) for name in wide}
                return columns | {name: np.broadcast_to(columns[name][..., np.newaxis], shape[name]) for name in wide}
            shaped = {name: columns[name].reshape(len(columns[name]), -1, self.lanes) for name in wide}
            return columns | {name: values[..., : self.count] for name, values in shaped.items()}
        if common:
            rows = len(columns["t"])
            repeated = {name: np.repeat(column, self.count) for name, column in columns.items()}
            return repeated | {"instance": np.tile(np.arange(self.count), rows)}
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

    def _own_input(self, slot: Slot, value: Any) -> PlainState | PlainEvents:
        """Makes the memory of an input, and fills it."""
        if slot.kind is SlotKind.EVENT_LIST:
            indices = allocate(self._size(slot, value.indices.size), np.int32)
            made: PlainState | PlainEvents = PlainEvents(indices, allocate(1, np.int64, padding=1))
        else:
            one = _array_of(value)
            dtype = one.dtype if not slot.own or slot.history >= 0 else np.dtype(DTYPES[slot.type])
            is_number = slot.own and slot.history >= 0 and one.dtype != np.int32  # of past spikes: one for all
            made = PlainState(allocate(one.size if is_number else self._size(slot, one.size), dtype), frozen=True)
        self._fill(slot, value, made)
        return made

    def _size(self, slot: Slot, one: int) -> int:
        """Returns the elements of all instances, of those of one.

        Raises:
            ValueError: There are too many.
        """
        if not slot.own and slot.history < 0:
            return one
        if one * self.lanes > MOST:
            raise ValueError(f"{self.count} instances of {one} elements are too many for one batch: divide the sets")
        return one * self.lanes

    def _fill(self, slot: Slot, value: Any, made: Any) -> None:
        """Gives an input the values with which the instances begin."""
        if slot.kind is SlotKind.EVENT_LIST:
            self._fill_events(slot, value, made)
        elif not slot.own and slot.history >= 0:
            self._fill_list(slot, _array_of(value), made.array)
        elif not slot.own:
            made.array[:] = _array_of(value)
        elif slot.history >= 0:
            self._fill_history(slot, _array_of(value), made.array)
        else:
            self._fill_rows(slot.input - 1, _array_of(value), made.array)

    def _fill_rows(self, number: int, one: Array, array: Array) -> None:
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

    def _history(self, number: int, other: int) -> tuple[Array, Array]:
        """Returns the list of past spikes and their numbers, by the input of either."""
        first, second = self._values[number].array, self._values[other].array
        return (first, second) if first.dtype == np.int32 else (second, first)

    def _fill_history(self, slot: Slot, one: Array, array: Array) -> None:
        """Makes one list of the past spikes of all instances, or of the numbers of these.

        Raises:
            ValueError: Instances are given spikes, but not their numbers, or the other way round.
        """
        pair = (slot.input, slot.history) if one.dtype == np.int32 else (slot.history, slot.input)
        if not self._joined or self._joined[0] != pair:
            given = [self._given.get(number - 1) for number in pair]
            if (given[0] is None) is not (given[1] is None):
                raise ValueError(
                    f"past spikes and their numbers are given together: inputs {pair[0] - 1}, {pair[1] - 1}"
                )
            start: list[Array] = []
            for number, values in zip(pair, given, strict=True):
                alone = _array_of(self._network[number - 1])
                rows = np.asarray(alone[np.newaxis, :] if values is None else values)
                wide = np.empty((alone.size, self.lanes), alone.dtype)
                wide[:, : self.count] = rows.T
                wide[:, self.count :] = wide[:, self.count - 1 : self.count]
                start.append(wide)
            self._joined = pair, together(start[0], start[1])
        array[:] = self._joined[1][0 if one.dtype == np.int32 else 1]

    def _fill_list(self, slot: Slot, one: Array, array: Array) -> None:
        """Makes one list of the spikes that instances are given, or of their steps."""
        pair = (slot.input, slot.history) if one.dtype == np.int32 else (slot.history, slot.input)
        if self._joined is None or self._joined[0] != pair:
            alone = [_array_of(self._network[number - 1])[np.newaxis, :] for number in pair]
            rows = [np.asarray(self._given.get(n - 1, each)) for n, each in zip(pair, alone, strict=True)]
            indices, steps = (np.broadcast_to(each, (self.count, one.size)) for each in rows)
            self._joined = pair, listed(indices, steps, self.lanes)
        array[:] = self._joined[1][0 if one.dtype == np.int32 else 1]

    def _fill_events(self, slot: Slot, space: Any, made: PlainEvents) -> None:
        """Lets each instance have the events that the network has now."""
        indices, count, found = made.indices, made.count, space.indices[: space.count[0]]
        copies = self.lanes if slot.own else 1
        count[0] = found.size * copies
        if not slot.own:
            indices[: count[0]] = found
            return
        now = np.sort(found.astype(np.int64))
        indices[: count[0]] = (now[:, np.newaxis] * copies + np.arange(copies)).ravel()


def _array_of(value: Any) -> Array:
    """Returns an input of one network as an array."""
    return np.atleast_1d(np.asarray(value.array if hasattr(value, "array") else value))


def lanes_of(count: int) -> int:
    """Returns how many instances are computed, if there are so many."""
    return -(-count // LANES) * LANES if count > 1 else 1


def inputs_of_batch(program: Program, values: Sequence[Any], count: int) -> tuple[list[Any], int]:
    """Returns the inputs of a program of several instances, arrays as those of one, and how many are computed.

    Args:
        program: A program after the pass `batch`.
        values: What the inputs of the program of one network stand for.
        count: The number of instances.
    """
    lanes = lanes_of(count)
    own = {slot.input for slot in program.slots if slot.own}
    tables = enumerate(values, 1)
    return [lanes, *(_own_table(v, lanes if n in own else 1) if isinstance(v, Table) else v for n, v in tables)], lanes


def _own_table(table: Table, lanes: int) -> Table:
    """Returns an empty table for the rows of so many instances."""
    columns = [
        column if column.width is None else replace(column, width=column.width * lanes) for column in table.columns
    ]
    new = Table(columns, name=table.name)
    new.reserve(table.rows_per_instant * (1 if _records_states(table) else lanes))
    return new


def together(spikes: Array, counts: Array) -> tuple[Array, Array]:
    """Returns the past spikes of several instances as one list: numbers i*B + b, and their numbers by step.

    Args:
        spikes: Those of each instance, of shape (steps*N, B): in each step as many as `counts` says, then anything.
        counts: Their numbers, of shape (steps, B).
    """
    steps, instances = int(counts.shape[0]), int(counts.shape[1])
    size = int(spikes.shape[0]) // max(steps, 1)
    each = spikes.reshape(steps, size, instances)
    found = np.zeros((steps, size * instances), spikes.dtype)
    for step in np.flatnonzero(counts.any(axis=1)).tolist():
        is_one: Array = np.arange(size)[:, np.newaxis] < counts[step]
        numbers: Array = each[step].astype(np.int64) * instances + np.arange(instances)
        mine: Array = numbers[is_one]
        found[step, : mine.size] = mine
    return found.ravel(), counts.sum(axis=1)


def listed(indices: Array, steps: Array, lanes: int) -> tuple[Array, Array]:
    """Returns the lists of given spikes of several instances as one: numbers i*B + b, and their steps, ascending.

    Args:
        indices: Those of each instance, of shape (instances, entries).
        steps: Their steps; ascending in each instance, and `NEVER` behind its spikes.
        lanes: The number of instances that are computed, B.
    """
    found = np.zeros(indices.shape[1] * lanes, indices.dtype), np.full(steps.shape[1] * lanes, NEVER, steps.dtype)
    owners, places = np.nonzero(steps != NEVER)
    order = np.argsort(steps[owners, places], kind="stable")
    owners, places = owners[order], places[order]
    found[0][: order.size] = indices[owners, places].astype(np.int64) * lanes + owners
    found[1][: order.size] = steps[owners, places]
    return found


def apart(spikes: Array, counts: Array, instances: int) -> tuple[Array, Array]:
    """Returns the past spikes of each instance from those of all in one list: the reverse of `together`."""
    steps = counts.size
    size = spikes.size // max(steps, 1) // instances
    found = np.zeros((steps, size, instances), spikes.dtype)
    numbers = np.zeros((steps, instances), counts.dtype)
    for step in range(steps):
        first = step * size * instances
        elements, owners = np.divmod(spikes[first : first + counts[step]].astype(np.int64), instances)
        order = np.argsort(owners, kind="stable")
        numbers[step] = np.bincount(owners, minlength=instances)
        ranks = np.arange(order.size) - np.repeat(np.cumsum(numbers[step]) - numbers[step], numbers[step])
        found[step, ranks, owners[order]] = elements[order]
    return found.reshape(steps * size, instances), numbers


def _records_states(table: Table) -> bool:
    return any(column.width is not None for column in table.columns)


def _index_column(table: Table) -> str | None:
    """Returns the name of the column that says which element had an event, None for other tables."""
    second = table.columns[1] if len(table.columns) > 1 else None
    return second.name if second is not None and second.dtype.kind in "iu" else None
