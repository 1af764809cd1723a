"""Numbers of the model language as `arith`/`math` ops, one op at a time.

Elements are computed in the group's precision (f64 or f32), integers as i64, booleans as i1. What is the same for all
elements (constants, dt) stays f64 until it meets an element; times stay f64.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import cast

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import (
    Float32Type,
    Float64Type,
    FloatAttr,
    IndexType,
    IntegerAttr,
    IntegerType,
    LocationAttr,
    f32,
    f64,
    i1,
    i64,
)
from xdsl.ir import Attribute, Block, Operation, SSAValue

INDEX = IndexType()
I32 = IntegerType(32)
NO_FLAGS = {"fastmath": arith.FastMathFlagsAttr("none")}
MAY_OVERFLOW = {"overflowFlags": arith.IntegerOverflowAttr("none")}

MATH_FUNCTIONS: dict[str, type[Operation]] = {
    "sin": math.SinOp,
    "cos": math.CosOp,
    "tan": math.TanOp,
    "sinh": math.SinhOp,
    "cosh": math.CoshOp,
    "tanh": math.TanhOp,
    "arcsin": math.AsinOp,
    "arccos": math.AcosOp,
    "arctan": math.AtanOp,
    "exp": math.ExpOp,
    "log": math.LogOp,
    "log10": math.Log10Op,
    "expm1": math.ExpM1Op,
    "log1p": math.Log1pOp,
    "sqrt": math.SqrtOp,
    "floor": math.FloorOp,
    "ceil": math.CeilOp,
}
"""Functions of one float argument that are one op."""

ARITHMETIC: dict[str, tuple[type[Operation], type[Operation]]] = {
    "+": (arith.AddfOp, arith.AddiOp),
    "-": (arith.SubfOp, arith.SubiOp),
    "*": (arith.MulfOp, arith.MuliOp),
}
"""The ops of an operator for floats and for integers."""

FLOAT_COMPARISONS = {"==": "oeq", "!=": "une", "<": "olt", "<=": "ole", ">": "ogt", ">=": "oge"}
INTEGER_COMPARISONS = {"==": "eq", "!=": "ne", "<": "slt", "<=": "sle", ">": "sgt", ">=": "sge"}


@dataclass(frozen=True, slots=True)
class Value:
    """A scalar of the code.

    Attributes:
        ssa: Its SSA value.
        uniform: Whether it is the same for all elements.
        exact: Whether it is a time or a number of steps, or computed from one: it stays double where it meets elements.
    """

    ssa: SSAValue
    uniform: bool
    exact: bool = False

    @property
    def type(self) -> Attribute:
        """The IR type."""
        return self.ssa.type

    @property
    def is_float(self) -> bool:
        """Whether it is a float of any precision."""
        return isinstance(self.ssa.type, (Float32Type, Float64Type))

    @property
    def is_boolean(self) -> bool:
        """Whether it is a boolean."""
        return self.ssa.type == i1


class Arithmetic:
    """Appends the ops of arithmetic to a block.

    Args:
        block: Where ops go.
        float_type: The type elements are computed in.

    Attributes:
        location: Where in the user's texts the ops that are made come from; None if that is not known.
    """

    def __init__(self, block: Block, float_type: Attribute = f64) -> None:
        self.block = block
        self.float_type = float_type
        self.location: LocationAttr | None = None

    def add(self, op: Operation) -> None:
        """Appends an op that was made."""
        if self.location is not None:
            op.location = self.location
        self.block.add_op(op)

    def op(self, op: type[Operation], *operands: Value, type: Attribute | None = None) -> Value:
        """Appends an op of one result; its type is that of the first operand unless given."""
        made = op.create(
            operands=[k.ssa for k in operands],
            result_types=[operands[0].type if type is None else type],
            properties=dict(NO_FLAGS) if op in FLAGGED else dict(MAY_OVERFLOW) if op in INTEGER_FLAGGED else {},
        )
        self.add(made)
        exact = op not in INEXACT and made.results[0].type != f32 and any(k.exact for k in operands)
        return Value(made.results[0], all(k.uniform for k in operands), exact)

    def constant(self, value: float | int | bool, type: Attribute | None = None) -> Value:
        """Appends a constant: float → f64, int → i64, bool → i1, unless a type is given."""
        if type is None:
            type = i1 if isinstance(value, bool) else i64 if isinstance(value, int) else f64
        attribute: Attribute
        if isinstance(type, (Float32Type, Float64Type)):
            attribute = FloatAttr(float(value), type)
        else:
            attribute = IntegerAttr(int(value), cast(IndexType, type))
        made = arith.ConstantOp.create(result_types=[type], properties={"value": attribute})
        self.add(made)
        return Value(made.results[0], True)

    # -- conversions

    def of_type(self, value: Value, type: Attribute) -> Value:
        """Returns the value as one of the types of functions: f64, i64 or i1."""
        if type == f64:
            return self.floating(value, f64)
        return self.boolean(value) if type == i1 else self.integer(value)

    def widened(self, value: Value) -> Value:
        """Integers of any width as i64."""
        if value.type == I32:
            return self.op(arith.ExtSIOp, value, type=i64)
        if value.type == INDEX:
            return self.op(arith.IndexCastOp, value, type=i64)
        return value

    def integer(self, value: Value) -> Value:
        """Returns the value as i64: booleans are 0 and 1, floats are truncated toward zero."""
        if value.is_boolean:
            return self.op(arith.ExtUIOp, value, type=i64)
        if value.is_float:
            return self.op(arith.FPToSIOp, value, type=i64)
        return self.widened(value)

    def floating(self, value: Value, type: Attribute | None = None) -> Value:
        """Returns the value as a float: f64 if uniform or exact, else the precision of the elements, unless a type is
        given.
        """
        if not value.is_float:
            target = type or (f64 if value.uniform or value.exact else self.float_type)
            return self.op(arith.SIToFPOp, self.integer(value), type=target)
        if type is None or value.type == type:
            return value
        return self.op(arith.TruncFOp if type == f32 else arith.ExtFOp, value, type=type)

    def boolean(self, value: Value) -> Value:
        """Returns the value as a boolean: anything but zero is true."""
        if value.is_boolean:
            return value
        zero = self.constant(0, value.type)
        return self._predicate("!=", value, zero)

    def index(self, value: Value) -> Value:
        """Returns the value as an index."""
        if value.type == INDEX:
            return value
        return self.op(arith.IndexCastOp, self.integer(value), type=INDEX)

    def converted(self, value: Value, type: Attribute) -> Value:
        """Returns the value as the type of a variable's elements."""
        if value.type == type:
            return value
        if isinstance(type, (Float32Type, Float64Type)):
            return self.floating(value, type)
        if type == i1:
            return self.boolean(value)
        integer = self.integer(value)
        return integer if type == i64 else self.op(arith.TruncIOp, integer, type=type)

    def unified(self, left: Value, right: Value) -> tuple[Value, Value]:
        """Returns both as the same kind: floats if one is, else integers.

        Uniform floats take the precision of elements, unless they are exact.
        """
        if not (left.is_float or right.is_float):
            return self.integer(left), self.integer(right)
        left, right = self.floating(left), self.floating(right)
        if left.type != right.type:
            type = f64
            uniform, other = (left, right) if left.uniform else (right, left)
            if not other.uniform and not uniform.exact:
                type = other.type if uniform.uniform else f64
            left, right = self.floating(left, type), self.floating(right, type)
        return left, right

    # -- operators

    def _negated(self, value: Value) -> Value:
        if value.is_float:
            return self.op(arith.NegfOp, value)
        return self.op(arith.SubiOp, self.constant(0), self.integer(value))

    def combined(self, op: str, left: Value, right: Value) -> Value:
        """Returns the sum, difference or product ("+", "-", "*") of two numbers."""
        left, right = self.unified(left, right)
        return self.op(ARITHMETIC[op][not left.is_float], left, right)

    def _divide(self, left: Value, right: Value) -> Value:
        if not (left.is_float or right.is_float):
            type = f64 if left.uniform and right.uniform else self.float_type
            left, right = self.floating(left, type), self.floating(right, type)
        left, right = self.unified(left, right)
        return self.op(arith.DivfOp, left, right)

    def _float_floor(self, op: str, left: Value, right: Value) -> Value:
        # a - trunc(a/b)*b with one rounding leaves what the rounding of a/b made wrong, which is much if a/b is large;
        # so again, with what is left: right up to quotients of 2**105 (single precision: 2**71)
        rest = left
        for _ in range(3 if left.type == f32 else 2):
            whole = self.op(math.TruncOp, self.op(arith.DivfOp, rest, right))
            rest = self.op(math.FmaOp, self.op(arith.NegfOp, whole), right, rest)
        zero = self.constant(0.0, rest.type)
        differs = self.op(arith.XOrIOp, self._predicate("<", rest, zero), self._predicate("<", right, zero))
        wrong = self.op(arith.AndIOp, self._predicate("!=", rest, zero), differs)
        rest = self.select(wrong, self.op(arith.AddfOp, rest, right), rest)
        if is_finite(right):
            return rest if op == "%" else self._whole_quotient(left, right, rest)
        largest = self.constant(float("inf"), right.type)
        infinite = self._predicate("==", self.op(math.AbsFOp, right), largest)
        infinite = self.op(arith.AndIOp, infinite, self._predicate("<", self.op(math.AbsFOp, left), largest))
        negative = self._predicate("<", self.op(arith.MulfOp, left, right), zero)
        if op == "%":
            return self.select(infinite, self.select(negative, right, left), rest)
        below = self.select(negative, self.constant(-1.0, zero.type), zero)
        return self.select(infinite, below, self._whole_quotient(left, right, rest))

    def _whole_quotient(self, left: Value, right: Value, rest: Value) -> Value:
        """Returns how many whole times `right` goes into `left`, which leaves `rest`; infinite or none for zero."""
        exact = self.op(arith.DivfOp, self.op(arith.SubfOp, left, rest), right)
        whole = self.op(math.FloorOp, exact)
        over = self._predicate(">", self.op(arith.SubfOp, exact, whole), self.constant(0.5, exact.type))
        whole = self.select(over, self.op(arith.AddfOp, whole, self.constant(1.0, whole.type)), whole)
        ratio, largest = self.op(arith.DivfOp, left, right), self.constant(float("inf"), left.type)
        unbounded = self._predicate("==", self.op(math.AbsFOp, ratio), largest)
        unbounded = self.op(arith.AndIOp, unbounded, self._predicate("<", self.op(math.AbsFOp, left), largest))
        return self.select(unbounded, ratio, whole)

    def _integer_floor(self, op: str, left: Value, right: Value) -> Value:
        zero = self.constant(0)
        # division by zero traps, and so does that of the lowest number by -1; both are products instead: 0 and -left
        is_minus_one = self._predicate("==", right, self.constant(-1))
        is_product = self.op(arith.OrIOp, self._predicate("==", right, zero), is_minus_one)
        divisor = self.select(is_product, self.constant(1), right)
        rest = self.op(arith.RemSIOp, left, divisor)
        differs = self.op(arith.XOrIOp, self._predicate("<", rest, zero), self._predicate("<", divisor, zero))
        wrong = self.op(arith.AndIOp, self._predicate("!=", rest, zero), differs)
        if op == "%":
            return self.select(wrong, self.op(arith.AddiOp, rest, divisor), rest)
        quotient = self.op(arith.DivSIOp, left, divisor)
        quotient = self.op(arith.SubiOp, quotient, self.op(arith.ExtUIOp, wrong, type=i64))
        return self.select(is_product, self.op(arith.MuliOp, left, right), quotient)

    def _whole_power(self, base: Value, exponent: int) -> Value:
        """Returns an integer to a whole power, by squaring."""
        result = self.constant(1)
        while exponent:
            if exponent % 2:
                result = self.op(arith.MuliOp, result, base)
            exponent //= 2
            if exponent:
                base = self.op(arith.MuliOp, base, base)
        return result

    def _predicate(self, op: str, left: Value, right: Value) -> Value:
        if left.is_float:
            made: Operation = arith.CmpfOp(left.ssa, right.ssa, FLOAT_COMPARISONS[op])
        else:
            made = arith.CmpiOp(left.ssa, right.ssa, INTEGER_COMPARISONS[op])
        self.add(made)
        return Value(made.results[0], left.uniform and right.uniform)

    def comparison(self, predicate: str, left: Value, right: Value) -> Value:
        """Compares integers: "eq", "ult" (unsigned less than), ..."""
        made = arith.CmpiOp(left.ssa, right.ssa, predicate)
        self.add(made)
        return Value(made.result, left.uniform and right.uniform)

    def select(self, condition: Value, yes: Value, no: Value) -> Value:
        """Returns `yes` where the condition holds, else `no`."""
        return self.op(arith.SelectOp, condition, yes, no, type=yes.type)


def is_finite(value: Value) -> bool:
    """Tells whether a value is known to be finite: a number of the text, but for `inf`."""
    made = value.ssa.owner
    if not isinstance(made, arith.ConstantOp):
        return False
    return not isinstance(made.value, FloatAttr) or isfinite(made.value.value.data)


FLAGGED = {
    arith.AddfOp,
    arith.SubfOp,
    arith.MulfOp,
    arith.DivfOp,
    math.FmaOp,
    arith.NegfOp,
    math.PowFOp,
    math.AbsFOp,
    math.FloorOp,
    math.TruncOp,
    math.CeilOp,
    *MATH_FUNCTIONS.values(),
}
"""Ops with a `fastmath` property."""
INEXACT = {*MATH_FUNCTIONS.values(), math.PowFOp} - {math.FloorOp, math.TruncOp, math.CeilOp}
"""Ops whose results are no times any more."""
INTEGER_FLAGGED = {arith.AddiOp, arith.SubiOp, arith.MuliOp}
"""Ops with an `overflowFlags` property."""
