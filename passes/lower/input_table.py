"""The inputs of a program as plain data (`ranvier.ir.inputs`), read from its ops."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from xdsl.dialects.builtin import IntegerAttr
from xdsl.ir import Operation, SSAValue

from ranvier.ir.derive import DeriveOp
from ranvier.ir.inputs import (
    CARRIED,
    CONTRACTED,
    HISTORY,
    OWN,
    THREADS,
    Input,
    InputTable,
    Rows,
    constant_size,
)
from ranvier.ir.recording import RecordEventsOp, RecordOp, RecordRateOp
from ranvier.ir.slots import Recipe
from ranvier.ir.structure import (
    INPUT_OPS,
    ClockOp,
    EventSpaceOp,
    LoopOp,
    ParamOp,
    ProgramOp,
    SinkOp,
    StateOp,
    YieldOp,
)
from ranvier.ir.types import SinkType, element_type
from ranvier.passes.facts.deferral import is_deferred
from ranvier.passes.facts.sizes import Sizes


def input_table(program: ProgramOp, *, needs: bool = True) -> InputTable:
    """Returns the inputs of a program.

    Args:
        program: A program of the `snn` dialect.
        needs: Say which sizes have to fit, too.
    """
    sizes = Sizes(program)
    inputs = tuple(_marked(_input(op, sizes), op) for op in program.body.block.ops if isinstance(op, INPUT_OPS))
    derived = tuple((_recipe(op, sizes.numbers), str(element_type(op.value.type))) for op in derived_ops(program))
    wanted = dict.fromkeys(need for _, need in sizes.needs()) if needs else ()
    return InputTable(inputs, derived, tuple(wanted), CONTRACTED in program.attributes, _settles(program))


def _settles(program: ProgramOp) -> bool:
    """Tells whether pathways are held back, whose synapses catch up at the end of each call."""
    loops = (op for op in program.body.block.ops if isinstance(op, LoopOp))
    return any(is_deferred(op) for loop in loops for op in loop.body.block.ops)


def derived_ops(program: ProgramOp) -> list[DeriveOp]:
    """Returns the ops of the derived arrays that anything but other derived arrays uses, in order."""
    ops = (op for op in program.body.block.ops if isinstance(op, DeriveOp))
    return [op for op in ops if any(not isinstance(use.operation, DeriveOp) for use in op.value.uses)]


def _recipe(op: DeriveOp, numbers: Mapping[SSAValue, int]) -> Recipe:
    parts: list[int | Recipe] = []
    for value in op.inputs:
        parts.append(_recipe(value.owner, numbers) if isinstance(value.owner, DeriveOp) else numbers[value])
    return op.kind.data, tuple(parts)


def _marked(found: Input, op: Operation) -> Input:
    """Returns an input with what several instances have of it."""
    other = op.attributes.get(HISTORY)
    return replace(
        found,
        own=OWN in op.attributes,
        carried=CARRIED in op.attributes,
        history=other.value.data if isinstance(other, IntegerAttr) else -1,
    )


def _input(op: Operation, sizes: Sizes) -> Input:
    match op:
        case ParamOp() if THREADS in op.attributes:
            return Input(THREADS, op.label.data, str(op.value.type))
        case ParamOp():
            return Input("param", op.label.data, str(op.value.type), op.dim.data)
        case StateOp():
            type = str(element_type(op.value.type))
            return Input("state", op.label.data, type, op.dim.data, sizes.of(op.size))
        case EventSpaceOp():
            return Input("events", op.label.data, "i32", size=sizes.of(op.size))
        case ClockOp():
            times = -1 if op.times is None else sizes.numbers[op.times]
            return Input("clock", op.label.data, "f64", "s", times=times)
        case SinkOp():
            assert isinstance(op.value.type, SinkType)
            columns = tuple(str(type) for type in op.value.type.columns)
            rows = tuple(one for use in op.value.uses for one in _rows(use.operation, len(columns), sizes))
            return Input("table", op.label.data, columns=columns, rows=rows)
        case _:
            raise TypeError(op.name)


def _rows(op: Operation, columns: int, sizes: Sizes) -> list[Rows]:
    """Returns what an op records to its table of so many columns."""
    match op:
        case RecordOp():
            width = sizes.of(op.size)
            return [Rows(None if width is None else constant_size(1), width, _names(op, columns - 1))]
        case RecordEventsOp():
            start, stop = sizes.of(op.start), sizes.of(op.stop)
            size = None if start is None or stop is None else stop + constant_size(-1) * start
            return [Rows(size, None, ("i", *_names(op, columns - 2))[: max(columns - 1, 0)])]
        case RecordRateOp():
            size = constant_size(1) if op.instances is None else sizes.of(op.instances)
            return [Rows(size, None, ("rate",))]
        case _:
            return []


def _names(op: Operation, count: int) -> tuple[str, ...]:
    """Returns the names of the values that a recording yields, if they have different ones."""
    last = op.regions[0].block.last_op
    hints = [value.name_hint for value in last.arguments] if isinstance(last, YieldOp) else []
    names = [hint for hint in hints if hint and hint not in ("t", "i")]
    return tuple(names) if len(set(names)) == count else tuple(f"x{k}" for k in range(1, count + 1))
