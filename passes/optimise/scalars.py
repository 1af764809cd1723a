"""What the passes know of scalar ops: which are pure, which may run more often than written, which commute."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias, cast

from xdsl.dialects import arith
from xdsl.dialects.builtin import AnyFloat, FloatAttr, IndexType, IntegerAttr, IntegerType
from xdsl.ir import Attribute, Block, Operation, SSAValue

from ranvier.ir.neurons import GatherOp, PropagatorOp, RandomOp
from ranvier.ir.structure import DtOp, LoopOp, ProgramOp, ReadOp, TimeOp

FastMath: TypeAlias = Literal["off", "contract", "reassociate"]
FAST_MATH: tuple[FastMath, ...] = ("off", "contract", "reassociate")
"""How freely passes may change floating-point results, from not at all.

"off": each result is the nearest double of what the script says. "contract" (the default): results are within rounding:
small powers become products, a product and a sum may become one operation. "reassociate": sums and divisions may be
rearranged, the sign of zero is ignored.
"""

SNN_SCALARS = (DtOp, TimeOp, ReadOp, GatherOp, RandomOp, PropagatorOp)
"""The pure `snn` ops that compute scalars."""

COMMUTATIVE = frozenset(
    f"arith.{name}"
    for name in (
        "addf mulf addi muli andi ori xori minsi maxsi minui maxui maximumf minimumf maxnumf minnumf mului_extended"
    ).split()
)
"""Ops whose two operands may be swapped without changing a bit (but for the payload of a NaN)."""

_DIVISIONS = (
    arith.DivSIOp,
    arith.DivUIOp,
    arith.RemSIOp,
    arith.RemUIOp,
    arith.FloorDivSIOp,
    arith.CeilDivSIOp,
    arith.CeilDivUIOp,
)


def check_fast_math(value: str) -> None:
    """Raises `ValueError` if `value` is none of `FAST_MATH`."""
    if value not in FAST_MATH:
        raise ValueError(f"fast-math is one of {', '.join(FAST_MATH)}, not {value!r}")


def is_pure_scalar(op: Operation) -> bool:
    """Tells whether `op` only computes scalars from its operands, without regions."""
    if op.regions:
        return False
    return op.name.startswith(("arith.", "math.")) or isinstance(op, SNN_SCALARS)


def may_trap(op: Operation) -> bool:
    """Tells whether `op` is an integer division by something that could be zero: it must not run unasked."""
    return isinstance(op, _DIVISIONS) and not constant_integer(op.operands[1])


def constant_integer(value: SSAValue) -> int | None:
    """Returns the integer that `value` is always, None if it is not known."""
    owner = value.owner
    if type(owner) is arith.ConstantOp and isinstance(owner.value, IntegerAttr):
        number = owner.value.value.data
        return number & 1 if value.type == IntegerType(1) else number
    return None


def constant_float(value: SSAValue) -> float | None:
    """Returns the float that `value` is always, None if it is not known."""
    owner = value.owner
    if type(owner) is arith.ConstantOp and isinstance(owner.value, FloatAttr):
        return owner.value.value.data
    return None


def is_constant(value: SSAValue) -> bool:
    """Tells whether `value` comes from an `arith.constant`."""
    return type(value.owner) is arith.ConstantOp


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


def is_inside(value: SSAValue, block: Block) -> bool:
    """Tells whether `value` is an argument of `block`, or made by an op in it or in a region below it."""
    owner = value.owner
    inner = owner if isinstance(owner, Block) else owner.parent_block()
    while inner is not None:
        if inner is block:
            return True
        parent = inner.parent_op()
        inner = parent.parent_block() if parent is not None else None
    return False
