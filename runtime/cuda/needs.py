"""What a program needs of the memory of a device: arrays, intermediate values, what monitors record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from ranvier.ir.recipes import inputs_of
from ranvier.ir.slots import Recipe, SlotKind
from ranvier.runtime.cuda.memory import bytes_of
from ranvier.runtime.derived import derived_array
from ranvier.runtime.watched_arrays import raw

Array = npt.NDArray[Any]

DTYPES = {"f64": 8, "f32": 4, "i64": 8, "index": 8, "i32": 4, "i16": 2, "i1": 1}


@dataclass(frozen=True, eq=False)
class DevicePlanRow:
    """A part of the memory of a device.

    Attributes:
        label: What it is of.
        kind: "variable", "events", "connections", "recorded" or "intermediate".
        number: How many elements.
        bytes: Bytes.
        value: The storage or list of events.
        name: Which array of that; "" for what is no array of Python.
        array: An array that was made of others.
    """

    label: str
    kind: str
    number: int
    bytes: int
    value: Any = None
    name: str = ""
    array: Array | None = None


def device_parts(
    program: Any, values: Sequence[Any], derived: Mapping[Recipe, Array] | None = None, lanes: int = 1
) -> list[DevicePlanRow]:
    """Returns what a program keeps on the device.

    Args:
        program: A program for a device.
        values: What its inputs stand for.
        derived: Arrays that were made already, by recipe.
        lanes: How many instances are computed, of which each has its own of what slots say; arrays are those of one.
    """
    found: list[DevicePlanRow] = []
    shared: dict[Recipe, Array] = {}
    for slot, where in zip(program.slots, program.device.where, strict=True):
        if where not in ("device", "changed"):
            continue
        value: Any = None if slot.input < 0 else values[slot.input]
        times = lanes if slot.own else 1
        match slot.kind:
            case SlotKind.STATE if slot.recipe is None:
                size = times * _size_of(value)
                found.append(
                    DevicePlanRow(slot.label, "variable", size, bytes_of(size, DTYPES[slot.type]), value, "array")
                )
            case SlotKind.STATE | SlotKind.DERIVED:
                assert slot.recipe is not None
                array = derived_array(slot.recipe, values, shared) if derived is None else derived[slot.recipe]
                label = _label_of(program, slot.recipe)
                size = times * array.size
                found.append(DevicePlanRow(label, "connections", size, bytes_of(size, array.itemsize), array=array))
            case SlotKind.EVENT_LIST | SlotKind.EVENT_COUNT:
                name = "indices" if slot.kind is SlotKind.EVENT_LIST else "count"
                own = raw(value, name)
                size = own.size * (times if name == "indices" else 1)
                found.append(DevicePlanRow(slot.label, "events", size, bytes_of(size, own.itemsize), value, name))
            case SlotKind.SINK_COLUMN:
                buffer = value.buffers[slot.column]
                found.append(DevicePlanRow(slot.label, "recorded", buffer.size, buffer.nbytes))
            case _:
                pass
    return found + _intermediate(program, values)


def _size_of(value: Any) -> int:
    """Returns how many elements an input has; an array that was not made yet need not be."""
    if hasattr(value, "size"):
        return int(value.size)
    return int(value.array.size) if hasattr(value, "array") else 1


def _label_of(program: Any, recipe: Recipe) -> str:
    """Returns the label of the first input that an array is made of."""
    inputs = inputs_of(recipe)
    return next((slot.label for slot in program.slots if inputs and slot.input == inputs[0]), recipe[0])


def _intermediate(program: Any, values: Sequence[Any]) -> list[DevicePlanRow]:
    """Returns what kernels keep for each other, as the program says it (`ranvier.codegen.device_program`)."""
    by_slot: dict[int, int] = {}

    def size(term: Any) -> int:
        if isinstance(term, int):
            return term
        kind, *rest = term
        if kind == "slot":
            if rest[0] not in by_slot:
                value: Any = values[program.slots[rest[0]].input]
                by_slot[rest[0]] = 0 if hasattr(value, "array") else int(value)
            return by_slot[rest[0]]
        left, right = map(size, rest)
        match kind:
            case "+":
                return left + right
            case "-":
                return left - right
            case "*":
                return left * right
            case "/":
                return left // max(right, 1)
            case ">>":
                return left >> right
            case "<<":
                return left << right
            case _:
                return max(left, right) if kind == "max" else min(left, right)

    found: list[DevicePlanRow] = []
    for label, width, term in program.device.rooms:
        number = max(size(term), 0)
        found.append(DevicePlanRow(label, "intermediate", number, number * width))
    return found


__all__ = ["DevicePlanRow", "device_parts"]
