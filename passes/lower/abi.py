"""The arguments of the lowered function, from the program's input ops (see `ranvier.ir.slots`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

from xdsl.dialects.builtin import ModuleOp, UnitAttr, f64, i32, i64
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Operation
from xdsl.utils.exceptions import VerifyException

from ranvier.ir.input_attributes import entry_of
from ranvier.ir.inputs import CARRIED, HISTORY, OWN, TABLE
from ranvier.ir.slots import Slot, SlotKind
from ranvier.ir.structure import INPUT_OPS, ClockOp, EventSpaceOp, ParamOp, ProgramOp, SinkOp, StateOp
from ranvier.ir.types import SinkType, element_type
from ranvier.passes.lower.input_table import derived_ops, input_table
from ranvier.passes.lower.writer import pointer_to

__all__ = [
    "CARRIED",
    "HISTORY",
    "INPUT_OPS",
    "OWN",
    "derived_ops",
    "fits",
    "input_ops",
    "is_lowered",
    "program_of",
    "signature",
    "slots",
    "used_slots",
]


def program_of(module: ModuleOp) -> ProgramOp:
    """Returns the one program of a module.

    Raises:
        VerifyException: The module has none, or several.
    """
    if entry_of(module) is not None:
        raise VerifyException("the program is lowered already: what needs its graph comes before lower-to-loops")
    programs = [op for op in module.body.block.ops if isinstance(op, ProgramOp)]
    if len(programs) != 1:
        raise VerifyException(f"a module has one snn.program, this one has {len(programs)}")
    return programs[0]


def input_ops(program: ProgramOp) -> list[Operation]:
    """Returns the input ops of a program in order."""
    return [op for op in program.body.block.ops if isinstance(op, INPUT_OPS)]


Signature: TypeAlias = tuple[tuple[str, Attribute | None, Attribute, bool], ...]
"""What the host knows the inputs of a program by: op, label, type, and whether each instance has its own; of a lowered
one the type and the table of `@run`."""


def signature(module: ModuleOp) -> Signature:
    """Returns what the host knows of the inputs of the programs in a module, or of `@run` once they are lowered."""
    entry = entry_of(module)
    if entry is not None:
        table = entry.attributes.get(TABLE, UnitAttr())
        return (LOWERED, entry.sym_name, entry.function_type, False), (TABLE, None, table, False)
    return tuple(
        (op.name, op.properties.get("label"), op.results[0].type, OWN in op.attributes)
        for program in module.body.block.ops
        if isinstance(program, ProgramOp)
        for op in program.body.block.ops
        if isinstance(op, INPUT_OPS)
    )


LOWERED = FuncOp.name
"""What the signature of a lowered program begins with."""


def is_lowered(of: Signature) -> bool:
    """Tells whether a signature is that of a lowered program."""
    return bool(of) and of[0][0] == LOWERED


def fits(after: Signature, before: Signature) -> bool:
    """Tells whether a pass that had one program and left another leaves what the host binds arrays to as it was."""
    if before and not after:
        return not is_lowered(before)  # the graph of a program becomes functions that nobody runs, in tests
    return after == before or is_lowered(after) is not is_lowered(before)


def slots(module: ModuleOp) -> tuple[Slot, ...]:
    """Returns what the host puts in each slot of the table, before or after optimisation (not after lowering)."""
    return input_table(program_of(module), needs=False).slots()


def used_slots(module: ModuleOp, table: Sequence[Slot]) -> tuple[Slot, ...]:
    """Returns the slots of a lowered program, with those that `@run` has no use for marked as unused."""
    entry = entry_of(module)
    assert entry is not None
    args = entry.body.block.args
    return tuple(
        slot if arg.first_use is not None or slot.kind is SlotKind.CONTROL else replace(slot, kind=SlotKind.UNUSED)
        for slot, arg in zip(table, args, strict=True)
    )


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
