"""The arguments of the lowered function, from the program's input ops (see `ranvier.ir.slots`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp, f64, i32, i64
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.utils.exceptions import VerifyException

from ranvier.ir.derive import DeriveOp
from ranvier.ir.slots import Recipe, Slot, SlotKind
from ranvier.ir.structure import ClockOp, EventSpaceOp, ParamOp, ProgramOp, SinkOp, StateOp
from ranvier.ir.types import SinkType, element_type
from ranvier.passes.lower.writer import pointer_to

OWN = "own"
"""The attribute of inputs of which each instance has its own, in programs of several instances."""

THREADS = "threads"
"""The attribute of the input that is the number of threads, in programs for several, and its label."""

INPUT_OPS = (ParamOp, StateOp, EventSpaceOp, ClockOp, SinkOp)
"""The ops that declare run-time inputs."""


def program_of(module: ModuleOp) -> ProgramOp:
    """Returns the one program of a module.

    Raises:
        VerifyException: The module has none, or several.
    """
    programs = [op for op in module.body.block.ops if isinstance(op, ProgramOp)]
    if len(programs) != 1:
        raise VerifyException(f"a module has one snn.program, this one has {len(programs)}")
    return programs[0]


def input_ops(program: ProgramOp) -> list[Operation]:
    """Returns the input ops of a program in order."""
    return [op for op in program.body.block.ops if isinstance(op, INPUT_OPS)]


def slots(module: ModuleOp) -> tuple[Slot, ...]:
    """Returns what the host puts in each slot of the table, before or after optimisation (not after lowering)."""
    found: list[Slot] = []
    program = program_of(module)
    numbers: dict[SSAValue, int] = {}
    for number, op in enumerate(input_ops(program)):
        numbers[op.results[0]] = number
        found += [replace(slot, own=OWN in op.attributes) for slot in _slots_of(op, number)]
    for op in derived_ops(program):
        element = str(element_type(op.value.type))
        found.append(Slot(SlotKind.DERIVED, -1, element, op.kind.data, recipe=_recipe(op, numbers)))
    return (*found, Slot(SlotKind.CONTROL, -1, "i64"))


def derived_ops(program: ProgramOp) -> list[DeriveOp]:
    """Returns the ops of the derived arrays that anything but other derived arrays uses, in order."""
    ops = (op for op in program.body.block.ops if isinstance(op, DeriveOp))
    return [op for op in ops if any(not isinstance(use.operation, DeriveOp) for use in op.value.uses)]


def _recipe(op: DeriveOp, numbers: Mapping[SSAValue, int]) -> Recipe:
    parts: list[int | Recipe] = []
    for value in op.inputs:
        parts.append(_recipe(value.owner, numbers) if isinstance(value.owner, DeriveOp) else numbers[value])
    return op.kind.data, tuple(parts)


def used_slots(module: ModuleOp, table: Sequence[Slot]) -> tuple[Slot, ...]:
    """Returns the slots of a lowered program, with those that `@run` has no use for marked as unused."""
    entry = next(op for op in module.body.block.ops if isinstance(op, func.FuncOp) and op.body.blocks)
    args = entry.body.block.args
    return tuple(
        slot if arg.first_use is not None or slot.kind is SlotKind.CONTROL else replace(slot, kind=SlotKind.UNUSED)
        for slot, arg in zip(table, args, strict=True)
    )


def _slots_of(op: Operation, number: int) -> list[Slot]:
    match op:
        case ParamOp() if THREADS in op.attributes:
            return [Slot(SlotKind.THREADS, number, "index", op.label.data)]
        case ParamOp():
            return [Slot(SlotKind.PARAM, number, str(op.value.type), op.label.data)]
        case StateOp():
            return [Slot(SlotKind.STATE, number, str(element_type(op.value.type)), op.label.data)]
        case EventSpaceOp():
            label = op.label.data
            return [
                Slot(SlotKind.EVENT_LIST, number, "i32", label),
                Slot(SlotKind.EVENT_COUNT, number, "i64", label),
            ]
        case ClockOp():
            label = op.label.data
            return [Slot(SlotKind.CLOCK_STEPS, number, "i64", label), Slot(SlotKind.CLOCK_DT, number, "f64", label)]
        case SinkOp():
            label = op.label.data
            columns = [
                Slot(SlotKind.SINK_COLUMN, number, str(type), label, k) for k, type in enumerate(sink_columns(op))
            ]
            return [Slot(SlotKind.SINK_ROWS, number, "i64", label), *columns]
        case _:
            raise TypeError(op.name)


def sink_columns(op: SinkOp) -> Sequence[Attribute]:
    """Returns the element types of the columns of a sink."""
    assert isinstance(op.value.type, SinkType)
    return tuple(op.value.type.columns)


def argument_types(op: Operation) -> list[Attribute]:
    """Returns the types of the arguments of the lowered function that stand for an input op."""
    match op:
        case ParamOp():
            return [op.value.type]
        case StateOp():
            return [pointer_to(element_type(op.value.type))]
        case EventSpaceOp():
            return [pointer_to(i32), pointer_to(i64)]
        case ClockOp():
            return [pointer_to(i64), f64]
        case SinkOp():
            return [pointer_to(i64), *(pointer_to(type) for type in sink_columns(op))]
        case _:
            raise TypeError(op.name)
