"""What rewriting takes: how freely results may change, the way to the programs of a module, ops made and replaced."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal, TypeAlias, cast

from xdsl.dialects import arith
from xdsl.dialects.builtin import AnyFloat, FloatAttr, IndexType, IntegerAttr, IntegerType
from xdsl.ir import Attribute, Block, Operation, SSAValue

from ranvier.ir.structure import LoopOp, ProgramOp, YieldOp

FastMath: TypeAlias = Literal["off", "contract", "reassociate"]
FAST_MATH: tuple[FastMath, ...] = ("off", "contract", "reassociate")
"""How freely passes may change floating-point results, from not at all.

"off": each result is the nearest double of what the script says. "contract" (the default): results are within rounding:
small powers become products, a product and a sum may become one operation. "reassociate": sums and divisions may be
rearranged, the sign of zero is ignored.
"""


def check_fast_math(value: str) -> None:
    """Raises `ValueError` if `value` is none of `FAST_MATH`."""
    if value not in FAST_MATH:
        raise ValueError(f"fast-math is one of {', '.join(FAST_MATH)}, not {value!r}")


def new_constant(number: float, type: Attribute) -> arith.ConstantOp:
    """Returns an `arith.constant` op of a float, integer or index type."""
    value: Attribute
    if type == IndexType() or isinstance(type, IntegerType):
        value = IntegerAttr(int(number), cast("IndexType", type))
    else:
        value = FloatAttr(number, cast("AnyFloat", type))
    return arith.ConstantOp.create(result_types=[cast("Attribute", type)], properties={"value": value})


def new_op(kind: type[Operation], operands: Sequence[SSAValue], like: Operation) -> Operation:
    """Returns a one-result op of the type of `like`, with its fast-math flags and source location."""
    properties: dict[str, Attribute] = {}
    if "fastmath" in like.properties:
        properties["fastmath"] = like.properties["fastmath"]
    op = kind.create(operands=operands, result_types=[like.results[0].type], properties=properties)
    op.location = like.location
    return op


def replace(op: Operation, values: Sequence[SSAValue]) -> None:
    """Puts `values` in the place of the results of `op` and removes it."""
    for old, new in zip(op.results, values, strict=True):
        old.replace_all_uses_with(new)
    op.detach()
    op.erase()


def precede(op: Operation, new: Operation) -> None:
    """Inserts an op in front of `op`, whose attributes, location and names of results it gets."""
    new.attributes.update(op.attributes)
    new.location = op.location
    for old, out in zip(op.results, new.results, strict=True):
        out.name_hint = old.name_hint
    block = op.parent_block()
    assert block is not None
    block.insert_op_before(new, op)


def blocks_below(op: Operation) -> Iterator[Block]:
    """Yields the blocks of the regions of `op`."""
    for region in op.regions:
        yield from region.blocks


def programs_in(module: Operation) -> Iterator[ProgramOp]:
    """Yields the programs of a module."""
    for block in blocks_below(module):
        for op in block.ops:
            if isinstance(op, ProgramOp):
                yield op


def loop_of(program: ProgramOp) -> LoopOp | None:
    """Returns the loop of a program."""
    return next((op for op in program.body.block.ops if isinstance(op, LoopOp)), None)


MANY = 32
"""Ends of blocks with more operands than this are held apart while ops are replaced."""


@contextmanager
def loose_end(block: Block) -> Generator[None, None, None]:
    """Holds the operands of the last op of a block apart, each by an op of its own, while values are replaced.

    To set one operand of an op takes as long as it has operands: with a loop of thousands of states that would be most
    of the time.
    """
    end = block.last_op
    if end is None or len(end.operands) <= MANY:
        yield
        return
    holders = [YieldOp.create(operands=[value]) for value in end.operands]
    end.operands = []
    try:
        yield
    finally:
        end.operands = [holder.operands[0] for holder in holders]
        for holder in holders:
            holder.operands = []
