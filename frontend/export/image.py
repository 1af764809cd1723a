"""The memory of a network as one block: where each array stands, and what the compiled code is given of it.

A file of the block is what an exported program begins with; what it leaves behind has the same form.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ranvier.export.arrow_messages import BatchTemplate, template_of
from ranvier.ir.recipes import inputs_of
from ranvier.ir.slots import ALIGNMENT, PADDING, Recipe, Slot, SlotKind
from ranvier.plan.plan import Plan
from ranvier.runtime.columns import Column
from ranvier.runtime.derived import derived_array
from ranvier.runtime.simulation import bits_of

Array = npt.NDArray[Any]

CONTROL_WORDS = 64
"""Numbers of the control block, of which programs for one thread use two."""


@dataclass(frozen=True)
class Placed:
    """An array in the block.

    Attributes:
        name: What messages, the header and results call it; "" for what only compiled code needs.
        offset: Where it begins, in bytes.
        array: Its values.
        unit: The unit of the values, "" if they have none.
        is_fixed: Whether other arrays were made from it, or compiled code relies on its values: it must not be changed.
    """

    name: str
    offset: int
    array: Array
    unit: str = ""
    is_fixed: bool = False

    @property
    def padded(self) -> int:
        """The bytes that it takes."""
        count = max(-(-self.array.size // PADDING), 1) * PADDING
        return -(-count * self.array.itemsize // ALIGNMENT) * ALIGNMENT


@dataclass(frozen=True)
class Argument:
    """What a slot of compiled code is given.

    Attributes:
        kind: "number", "array" or "column".
        value: The bits of a number, where an array begins, or a table and its column.
        name: The name of a constant that may be changed; "" for everything else.
        type: Its type.
        unit: Its unit.
    """

    kind: str
    value: int | tuple[int, int]
    name: str = ""
    type: str = ""
    unit: str = ""


@dataclass(frozen=True)
class ClockPlace:
    """A clock: where its counter stands, its step in seconds, and the times at which it ticks if it has no step."""

    control: int
    dt: float
    times: Placed | None


@dataclass(frozen=True)
class TablePlace:
    """A table: where its counter stands, how many rows a step adds at most, its columns, its messages.

    `messages` is None where nothing is recorded but counts.
    """

    name: str
    control: int
    most_rows: int
    columns: tuple[Column, ...]
    messages: BatchTemplate | None


@dataclass
class Image:
    """The memory of a network as one block.

    Attributes:
        arrays: What stands in it, in order; the first is the time.
        arguments: What the compiled code is given.
        clocks: The clocks.
        tables: The tables.
        control: Where the control block stands.
        size: The bytes of the block.
    """

    arrays: list[Placed] = field(default_factory=list[Placed])
    arguments: list[Argument] = field(default_factory=list[Argument])
    clocks: list[ClockPlace] = field(default_factory=list[ClockPlace])
    tables: list[TablePlace] = field(default_factory=list[TablePlace])
    control: int = 0
    size: int = 0

    def write(self, path: Path) -> None:
        """Writes the block to a file."""
        with path.open("wb") as file:
            for placed in self.arrays:
                file.seek(placed.offset)
                file.write(np.ascontiguousarray(placed.array).data)
            file.truncate(self.size)


def image_of(plan: Plan, slots: Sequence[Slot], values: Sequence[Any], start: float) -> Image:
    """Returns the memory that a program needs.

    Args:
        plan: The plan of the program.
        slots: What its compiled code is given.
        values: What the inputs of the plan stand for.
        start: The simulated time in seconds.
    """
    return _Placing(plan, values, start).image(slots)


class _Placing:
    def __init__(self, plan: Plan, values: Sequence[Any], start: float) -> None:
        self._plan, self._values = plan, values
        self._image = Image()
        self._names: set[str] = set()
        self._placed: dict[tuple[int, int], Placed] = {}
        self._numbers: dict[int, int] = {}
        self._shared: dict[Recipe, Array] = {}
        self._place("", np.array([start]))
        self._image.control = self._place("", np.zeros(CONTROL_WORDS, np.int64)).offset

    def image(self, slots: Sequence[Slot]) -> Image:
        recipes = [slot.recipe for slot in slots if slot.recipe is not None]
        self._fixed = {number for recipe in recipes for number in inputs_of(recipe)}
        for number, entry in enumerate(self._plan.inputs):
            if entry.kind == "clock":
                self._add_clock(number)
            elif entry.kind == "sink":
                self._add_table(number)
        self._image.arguments = [self._argument(slot) for slot in slots]
        return self._image

    def _place(self, name: str, array: Array, unit: str = "", *, is_fixed: bool = False) -> Placed:
        placed = Placed(self._free(name), self._image.size, array, unit, is_fixed)
        self._image.arrays.append(placed)
        self._image.size += placed.padded
        return placed

    def _free(self, name: str) -> str:
        found = next(each for each in _numbered(name) if not each or each not in self._names)
        self._names.add(found)
        return found

    def _add_clock(self, number: int) -> None:
        clock, entry = self._values[number], self._plan.inputs[number]
        control = self._placed[number, 0] = self._place("", clock.control)
        times = self._state(entry.times) if entry.times >= 0 else None
        self._image.clocks.append(ClockPlace(control.offset, clock.dt_ if times is None else 0.0, times))

    def _add_table(self, number: int) -> None:
        table, label = self._values[number], self._plan.inputs[number].label
        self._numbers[number] = len(self._image.tables)
        control = self._placed[number, 0] = self._place("", np.zeros(2, np.int64))
        columns: tuple[Column, ...] = getattr(table, "columns", ())
        is_kept = any(column.row_bytes for column in columns)
        self._image.tables.append(
            TablePlace(
                self._free(table.name if is_kept else label),
                control.offset,
                table.rows_per_instant if is_kept else 1,
                columns,
                template_of(table) if is_kept else None,
            )
        )

    def _argument(self, slot: Slot) -> Argument:
        number = slot.input
        match slot.kind:
            case SlotKind.STATE if slot.recipe is None:
                return Argument("array", self._state(number).offset)
            case SlotKind.EVENT_LIST | SlotKind.EVENT_COUNT:
                return Argument("array", self._events(number, slot.kind is SlotKind.EVENT_COUNT).offset)
            case SlotKind.CLOCK_STEPS | SlotKind.SINK_ROWS:
                return Argument("array", self._placed[number, 0].offset)
            case SlotKind.CLOCK_DT:
                return Argument("number", bits_of(self._values[number].dt_, "f64"))
            case SlotKind.SINK_COLUMN:
                return Argument("column", (self._numbers[number], slot.column))
            case SlotKind.PARAM:
                return self._constant(slot)
            case SlotKind.CONTROL:
                return Argument("array", self._image.control)
            case SlotKind.UNUSED:
                return Argument("number", 0)
            case _:
                assert slot.recipe is not None, f"one thread is given no {slot.kind}"
                return Argument("array", self._place("", derived_array(slot.recipe, self._values, self._shared)).offset)

    def _constant(self, slot: Slot) -> Argument:
        entry, bits = self._plan.inputs[slot.input], bits_of(self._values[slot.input], slot.type)
        is_free = slot.type in ("f64", "i64") and slot.input not in self._fixed
        return Argument("number", bits, self._free(slot.label) if is_free else "", slot.type, entry.dim)

    def _state(self, number: int) -> Placed:
        if (number, 0) not in self._placed:
            entry, value = self._plan.inputs[number], self._values[number]
            is_fixed = number in self._fixed or entry.constant
            self._placed[number, 0] = self._place(entry.label, value.array, entry.dim, is_fixed=is_fixed)
        return self._placed[number, 0]

    def _events(self, number: int, is_count: bool) -> Placed:
        label, space = self._plan.inputs[number].label, self._values[number]
        if (number, int(is_count)) not in self._placed:
            array, name = (space.count, f"{label}.count") if is_count else (space.indices, label)
            self._placed[number, int(is_count)] = self._place(name, array)
        return self._placed[number, int(is_count)]


def _numbered(name: str) -> Iterator[str]:
    """Yields a name, then the same with numbers."""
    yield name
    number = 2
    while True:
        yield f"{name}#{number}"
        number += 1
