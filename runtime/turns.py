"""A run of a program that leaves the network's own arrays as they are: one instance, with values of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ranvier.ir.slots import SlotKind
from ranvier.runtime.recorder import Table
from ranvier.runtime.simulation import Program, Simulation
from ranvier.runtime.state import Layout, allocate

Array = npt.NDArray[Any]


@dataclass(eq=False)
class PlainState:
    """An array that belongs to no network: an input of a program for a run of its own.

    Attributes:
        array: The elements.
        frozen: Whether nobody changes them.
        population: Whose elements they are: nobody's.
    """

    array: Array
    frozen: bool = False
    population: object = None

    @property
    def readable(self) -> Array:
        """The elements."""
        return self.array

    @property
    def basis(self) -> Array:
        """What the elements follow from: themselves."""
        return self.array

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state | {"array": copy_of(state["array"])})  # aligned, as native code wants it


@dataclass(eq=False)
class PlainEvents:
    """Events that belong to no network.

    Attributes:
        indices: The elements that have an event; the first `count[0]` are valid.
        count: How many.
    """

    indices: npt.NDArray[np.int32]
    count: npt.NDArray[np.int64]

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update({name: copy_of(array) for name, array in state.items()})


@dataclass(eq=False)
class PlainClock:
    """A clock that is advanced without the network's being so.

    Attributes:
        control: The step, and that of the end.
        dt_: The length of a step, seconds.
    """

    control: npt.NDArray[np.int64]
    dt_: float


@dataclass(eq=False)
class PlainCounter:
    """The table of a monitor that only counts."""

    control: npt.NDArray[np.int64]
    buffers: tuple[Array, ...] = ()


def copy_of(array: Array) -> Array:
    """Returns a copy of an array that native code may use."""
    made = allocate(array.size, array.dtype)
    made[:] = array
    return made


def plain_inputs(values: Sequence[Any], own: Collection[int]) -> list[Any]:
    """Returns what inputs stand for, as it is now: what runs change or are given is copied, the rest is the same.

    Args:
        values: What the inputs of a program stand for, see `Simulation`.
        own: The numbers of the arrays that are copied.
    """
    return [_plain(value, is_own=number in own) for number, value in enumerate(values)]


def _plain(value: Any, *, is_own: bool) -> Any:
    if isinstance(value, Table):
        return value
    if hasattr(value, "buffers"):
        return PlainCounter(value.control.copy())
    if hasattr(value, "control"):
        return PlainClock(value.control.copy(), getattr(value, "dt_", 0.0))
    if hasattr(value, "indices"):
        return PlainEvents(copy_of(value.indices), value.count.copy())
    if is_own and hasattr(value, "array"):
        return PlainState(copy_of(value.array))
    return value


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

    def __init__(self, program: Program, values: Sequence[Any], own: Collection[int], given: Mapping[int, Any]) -> None:
        self._values: list[Any] = plain_inputs(values, own)
        for number, value in enumerate(values):
            if isinstance(value, Table):
                self._values[number] = self._own_table(value)
        arrays = {slot.input for slot in program.slots if slot.kind is SlotKind.STATE}
        for number, value in given.items():
            held = self._values[number]
            if isinstance(held, PlainState):
                held.array[:] = value
            elif number in arrays:
                raise ValueError(f"input {number} is the same for all instances")
            else:
                self._values[number] = np.asarray(value).item()
        with Layout.lock:  # arrays that are made of common ones are made once
            self.simulation = Simulation(program, self._values, [], is_apart=True)

    def _own_table(self, table: Table) -> Table:
        new = Table(table.columns, name=table.name)
        new.reserve(table.rows_per_instant)
        return new

    def advance(self, watch: Callable[[], bool] = lambda: False) -> bool:
        """Runs to the end of the clocks; see `Simulation.advance`."""
        return self.simulation.advance(watch)

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
