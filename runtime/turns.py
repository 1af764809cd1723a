"""A run of a program that leaves the network's own arrays as they are: one instance, with values of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from ranvier.ir.recipes import RUN_KINDS, inputs_of
from ranvier.ir.slots import SlotKind
from ranvier.runtime.beginning import simulation_of
from ranvier.runtime.recorder import Table
from ranvier.runtime.simulation import Program
from ranvier.runtime.stand_ins import PlainClock, PlainCounter, PlainEvents, PlainState, copy_of
from ranvier.runtime.state import Layout

Array = npt.NDArray[Any]


def plain_inputs(
    values: Sequence[Any], own: Set[int], copied: Callable[[int, Array], Array] = lambda _, array: copy_of(array)
) -> list[Any]:
    """Returns what inputs stand for, as it is now: what runs change or are given is copied, the rest is the same.

    Args:
        values: What the inputs of a program stand for, see `Simulation`.
        own: The numbers of the arrays that are copied.
        copied: Makes the copy of an array, given with its number.
    """
    return [_plain(value, partial(copied, number) if number in own else None) for number, value in enumerate(values)]


def _plain(value: Any, copied: Callable[[Array], Array] | None) -> Any:
    if isinstance(value, Table):
        return value
    if hasattr(value, "buffers"):
        return PlainCounter(value.control.copy())
    if hasattr(value, "control"):
        return PlainClock(value.control.copy(), getattr(value, "dt_", 0.0))
    if hasattr(value, "indices"):
        return PlainEvents(copy_of(value.indices), value.count.copy())
    if copied is not None and hasattr(value, "array"):
        return PlainState(copied(value.array))
    return value


def _pairs(held: Any, value: Any) -> list[tuple[Array, Array]]:
    """Returns the arrays of an input of a run, each with the one that it is a copy of."""
    names = ("array",) if isinstance(held, PlainState) else ("indices", "count", "control")
    return [(getattr(held, name), getattr(value, name)) for name in names if hasattr(held, name)]


class TurnRun:
    """Binds the inputs of the program of one network for an instance of it, and advances it.

    The given values stay as they are: what the run changes is copied. So several can run at a time.

    Args:
        program: The program of one network.
        values: What its inputs stand for, in order (see `Simulation`).
        own: The numbers of the arrays that the instance has for itself: all that the program changes, and those given.
        given: By the number of an input: the value of this instance, of shape (), or (elements,).

    Attributes:
        count: The number of instances, 1.
    """

    count = 1

    def __init__(self, program: Program, values: Sequence[Any], own: Set[int], given: Mapping[int, Any]) -> None:
        self._values: list[Any] = plain_inputs(values, own)
        self._copies: list[tuple[int, Array, Array]] = []
        for number, (value, held) in enumerate(zip(values, self._values, strict=True)):
            if isinstance(value, Table):
                self._values[number] = self._own_table(value)
            elif held is not value:
                self._copies += [(number, *pair) for pair in _pairs(held, value)]
        self._arrays = {slot.input for slot in program.slots if slot.kind is SlotKind.STATE}
        for number, value in self._given(given).items():
            self._values[number] = value
        recipes = [slot.recipe for slot in program.slots if slot.recipe is not None]
        lasts = all(recipe[0] not in RUN_KINDS and own.isdisjoint(inputs_of(recipe)) for recipe in recipes)
        self.may_begin_again = lasts and getattr(program, "device", None) is None
        """Whether all that was made for the run is as it was before it, but for what `begin_again` puts back."""
        with Layout.lock:  # arrays that are made of common ones are made once
            self.simulation = simulation_of(program, self._values, [], is_apart=True)

    def begin_again(self, given: Mapping[int, Any]) -> None:
        """Becomes the run of another instance, in the memory of this one, whose state and rows are lost.

        Args:
            given: By the number of an input: the value of that instance. They are the inputs of the first.
        """
        for number, mine, begun in self._copies:
            if number not in given:
                mine[:] = begun
        numbers = self._given(given)
        for value in self._values:
            if isinstance(value, Table):
                value.begin_again()
        self.simulation.begin_again(numbers)

    def _given(self, given: Mapping[int, Any]) -> dict[int, Any]:
        """Writes given values into the arrays of the instance, and returns those that are numbers."""
        numbers: dict[int, Any] = {}
        for number, value in given.items():
            held = self._values[number]
            if isinstance(held, PlainState):
                held.array[:] = value
            elif number in self._arrays:
                raise ValueError(f"input {number} is the same for all instances")
            else:
                numbers[number] = np.asarray(value).item()
        return numbers

    def _own_table(self, table: Table) -> Table:
        new = Table(table.columns, name=table.name)
        new.reserve(table.rows_per_instant)
        return new

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

    def state(self, number: int) -> Array:
        """Returns an array of the instance, of shape (elements, 1): a view."""
        return self._values[number].array.reshape(-1, 1)

    def events(self, number: int, instance: int) -> Array:
        """Returns the elements that have an event now, ascending."""
        space: PlainEvents = self._values[number]
        return space.indices[: space.count[0]]

    def rows(self, number: int) -> dict[str, Array]:
        """Returns the rows of a monitor, by column, with a column "instance" of zeros.

        What a monitor of states records has shape (steps, elements, 1), and no such column.
        """
        table: Table = self._values[number]
        found = {column.name: table.values(column.name) for column in table.columns}
        if not found or any(column.width is not None for column in table.columns):
            return {name: each[..., np.newaxis] if each.ndim == 2 else each for name, each in found.items()}
        return found | {"instance": np.zeros(table.rows, np.int64)}
