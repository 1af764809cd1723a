"""Scalar ops: which are pure, which may run more often than written, which commute, which are constants."""

from __future__ import annotations

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import FloatAttr, IntegerAttr, IntegerType
from xdsl.ir import Block, Operation, SSAValue

from ranvier.ir.lanes import InstanceOp
from ranvier.ir.own_dialects import is_pure
from ranvier.ir.scalars import GatherOp, NativeOp, PropagatorOp, RandomOp
from ranvier.ir.structure import DtOp, ReadOp, TimeOp

SNN_SCALARS = (DtOp, TimeOp, ReadOp, GatherOp, RandomOp, PropagatorOp, InstanceOp)
"""The pure `snn` ops that compute scalars."""

COMMUTATIVE = frozenset(
    f"arith.{name}"
    for name in (
        "addf mulf addi muli andi ori xori minsi maxsi minui maxui maximumf minimumf maxnumf minnumf mului_extended"
    ).split()
)
"""Ops whose two operands may be swapped without changing a bit (but for the payload of a NaN)."""

COSTLY = (
    arith.DivfOp, math.ExpOp, math.ExpM1Op, math.LogOp, math.Log10Op, math.Log1pOp, math.PowFOp, math.SinOp, math.CosOp,
    math.TanOp, math.TanhOp, math.SinhOp, math.CoshOp, math.AsinOp, math.AcosOp, math.AtanOp, math.SqrtOp,
)  # fmt: skip
"""Ops that are worth vectorising."""

_DIVISIONS = (
    arith.DivSIOp,
    arith.DivUIOp,
    arith.RemSIOp,
    arith.RemUIOp,
    arith.FloorDivSIOp,
    arith.CeilDivSIOp,
    arith.CeilDivUIOp,
)


def is_pure_scalar(op: Operation) -> bool:
    """Tells whether `op` only computes scalars from its operands, without regions."""
    if op.regions:
        return False
    if isinstance(op, NativeOp):
        return op.stateless is not None
    return op.name.startswith(("arith.", "math.")) or isinstance(op, SNN_SCALARS) or is_pure(op)


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
