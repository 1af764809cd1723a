"""The pass `fold-constants`."""

from __future__ import annotations

import math as numbers
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from xdsl.context import Context
from xdsl.dialects import arith, math
from xdsl.dialects.builtin import IndexType, ModuleOp, f64, i1, i32, i64
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass

from ranvier.ir.interpret_arith import constant as value_of
from ranvier.ir.interpret_arith import evaluate
from ranvier.passes.facts.rounding import rounding_of_mode
from ranvier.passes.facts.scalars import constant_float, constant_integer, is_constant, may_trap
from ranvier.passes.optimise.rewriting import blocks_below, check_fast_math, new_constant, new_op, replace
from ranvier.passes.statistics import count

MOST_FACTORS = 16
"""Integer powers up to this one become products (4 multiplications, 2 or 3 units in the last place)."""


@dataclass(frozen=True)
class FoldConstants(ModulePass):
    """Computes what is known at compile time, and removes arithmetic that changes nothing.

    Before:
        %a = arith.mulf %x, %one : f64          // %one is 1.0
        %b = math.powf %a, %three : f64         // %three is 3.0
        %c = arith.divf %b, %four : f64         // %four is 4.0
        %d = math.exp %zero : f64
    After:
        %s = arith.mulf %x, %x : f64
        %b = arith.mulf %x, %s : f64
        %c = arith.mulf %b, %quarter : f64
        %d = arith.constant 1.000000e+00 : f64

    Legal because, bit for bit: x*1, x/1, x+(-0.0), x-0.0 are x for every x with NaN, infinities and both zeros;
    negation is exact, so a-(-b) is a+b; 2^-k is exact, so x/2^k is x*2^-k. Not done: x*0 (NaN, infinity), x+0.0 (-0.0),
    x/c for other c (rounds twice) unless `fast-math` is "reassociate". Powers with a small integer exponent become
    products, within rounding of `pow`, unless `fast-math` is "off" (then only exponents that stay exact); x**0.5
    becomes a square root, as in numpy (it differs from `pow` for -infinity, and for -0.0 in the sign of zero).
    Ops of constants are computed with the interpreter's functions. An integer division by zero is left alone.
    """

    name = "fold-constants"
    statistics: ClassVar = {
        "folded": "ops of constants, which became constants",
        "simplified": "ops that a rule made simpler, or that changed nothing",
    }

    fast_math: str = "contract"
    """How freely results may be rounded otherwise: "off", "contract" or "reassociate"."""

    def __post_init__(self) -> None:
        """Raises `ValueError` for a `fast-math` that does not exist."""
        check_fast_math(self.fast_math)

    @property
    def rounding(self) -> float:
        """How far results may change, see `ranvier.passes.facts.rounding`."""
        return rounding_of_mode(self.fast_math)

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Folds in program order, so that results of folding are folded further."""
        with np.errstate(all="ignore"):
            for block in blocks_below(op):
                self._fold_block(block)

    def _fold_block(self, block: Block) -> None:
        op = block.first_op
        while op is not None:
            following = op.next_op
            if op.regions:
                for inner in blocks_below(op):
                    self._fold_block(inner)
            elif op.results and op.name.startswith(("arith.", "math.")) and not isinstance(op, arith.ConstantOp):
                self._fold(op)
            op = following

    def _fold(self, op: Operation) -> None:
        if all(is_constant(operand) for operand in op.operands):
            if _compute(op):
                count("folded")
                return
        rule = RULES.get(type(op))
        value = rule(op, self.fast_math) if rule is not None else None
        if value is not None:
            replace(op, [value])
            count("simplified")


def _compute(op: Operation) -> bool:
    """Replaces an op of constants by constants; False if that is not possible."""
    if may_trap(op) or any(constant_integer(value) == 0 for value in op.operands[1:] if _divides(op)):
        return False
    try:
        results = evaluate(op, [value_of(operand.owner) for operand in op.operands])  # type: ignore[arg-type]
    except (TypeError, NotImplementedError, ValueError):
        return False
    block = op.parent_block()
    assert block is not None
    constants = [new_constant(value.item(), out.type) for value, out in zip(results, op.results, strict=True)]
    for constant in constants:
        constant.location = op.location
        block.insert_op_before(constant, op)
    replace(op, [constant.result for constant in constants])
    return True


def _divides(op: Operation) -> bool:
    return "div" in op.name or "rem" in op.name


def _insert(op: Operation, new: Operation) -> SSAValue:
    block = op.parent_block()
    assert block is not None
    block.insert_op_before(new, op)
    return new.results[0]


def _is(value: SSAValue, number: float) -> bool:
    """Tells whether `value` is the constant `number`, with its sign of zero."""
    found = constant_float(value)
    return found is not None and found == number and numbers.copysign(1.0, found) == numbers.copysign(1.0, number)


def _negated(value: SSAValue) -> SSAValue | None:
    return value.owner.operands[0] if isinstance(value.owner, arith.NegfOp) else None


def _fold_addf(op: Operation, fast_math: str) -> SSAValue | None:
    for x, zero in (op.operands, reversed(op.operands)):
        if _is(zero, -0.0) or (fast_math == "reassociate" and _is(zero, 0.0)):
            return x
    for x, y in (op.operands, reversed(op.operands)):
        minus = _negated(y)
        if minus is not None:
            return _insert(op, new_op(arith.SubfOp, [x, minus], op))
    return None


def _fold_subf(op: Operation, fast_math: str) -> SSAValue | None:
    x, y = op.operands
    if _is(y, 0.0) or (fast_math == "reassociate" and _is(y, -0.0)):
        return x
    if _is(x, -0.0):
        return _insert(op, new_op(arith.NegfOp, [y], op))
    minus = _negated(y)
    return None if minus is None else _insert(op, new_op(arith.AddfOp, [x, minus], op))


def _fold_mulf(op: Operation, fast_math: str) -> SSAValue | None:
    for x, factor in (op.operands, reversed(op.operands)):
        if _is(factor, 1.0):
            return x
        if _is(factor, -1.0):
            return _insert(op, new_op(arith.NegfOp, [x], op))
    return _cancel_signs(op)


def _cancel_signs(op: Operation) -> SSAValue | None:
    left, right = (_negated(value) for value in op.operands)
    if left is None or right is None:
        return None
    return _insert(op, new_op(type(op), [left, right], op))


def _fold_divf(op: Operation, fast_math: str) -> SSAValue | None:
    x, divisor = op.operands
    if _is(divisor, 1.0):
        return x
    if _is(divisor, -1.0):
        return _insert(op, new_op(arith.NegfOp, [x], op))
    number = constant_float(divisor)
    if number and numbers.isfinite(number) and op.results[0].type == f64:
        mantissa, exponent = numbers.frexp(number)
        exact = abs(mantissa) == 0.5 and -1000 < exponent < 1000
        if exact or (fast_math == "reassociate" and 1e-300 < abs(number) < 1e300):
            inverse = _insert(op, new_constant(1.0 / number, f64))
            return _insert(op, new_op(arith.MulfOp, [x, inverse], op))
    return _cancel_signs(op)


def _fold_negf(op: Operation, fast_math: str) -> SSAValue | None:
    return _negated(op.operands[0])


def _fold_powf(op: Operation, fast_math: str) -> SSAValue | None:
    base, exponent = op.operands
    power = constant_float(exponent)
    if power is None:
        return None
    if power == 0.5:
        return _insert(op, new_op(math.SqrtOp, [base], op))
    few = {0.0, 1.0, 2.0, -1.0}
    if power in few or (fast_math != "off" and power.is_integer() and abs(power) <= MOST_FACTORS):
        return _product(op, base, int(power))
    return None


def _product(op: Operation, base: SSAValue, power: int) -> SSAValue:
    """Writes a power as products, by repeated squaring."""
    result: SSAValue | None = None
    square, left = base, abs(power)
    while left:
        if left & 1:
            result = square if result is None else _insert(op, new_op(arith.MulfOp, [result, square], op))
        left >>= 1
        if left:
            square = _insert(op, new_op(arith.MulfOp, [square, square], op))
    one = _insert(op, new_constant(1.0, op.results[0].type)) if power <= 0 else None
    if one is None:
        assert result is not None
        return result
    return one if result is None else _insert(op, new_op(arith.DivfOp, [one, result], op))


def _fold_select(op: Operation, fast_math: str) -> SSAValue | None:
    condition, yes, no = op.operands
    known = constant_integer(condition)
    if known is not None:
        return yes if known else no
    if yes is no:
        return yes
    if yes.type == i1 and constant_integer(yes) == 1 and constant_integer(no) == 0:
        return condition
    return None


def _neutral(*numbers_: int, left: bool = True) -> Callable[[Operation, str], SSAValue | None]:
    """Returns a rule: `x op number` is x; and `number op x` if `left`."""

    def fold(op: Operation, fast_math: str) -> SSAValue | None:
        x, y = op.operands
        wanted = [1 if number == -1 and x.type == i1 else number for number in numbers_]
        if constant_integer(y) in wanted:
            return x
        return y if left and constant_integer(x) in wanted else None

    return fold


def _fold_muli(op: Operation, fast_math: str) -> SSAValue | None:
    for x, factor in (op.operands, reversed(op.operands)):
        number = constant_integer(factor)
        if number == 0:
            return factor
        if number == 1:
            return x
    return None


def _fold_andi(op: Operation, fast_math: str) -> SSAValue | None:
    return _fold_masks(op, absorbs_none=True)


def _fold_ori(op: Operation, fast_math: str) -> SSAValue | None:
    return _fold_masks(op, absorbs_none=False)


def _fold_masks(op: Operation, *, absorbs_none: bool) -> SSAValue | None:
    """Returns what `and` or `or` gives where a mask is no bit, or all bits: the mask or the other value.

    Args:
        op: The operation.
        absorbs_none: Whether a mask of no bit is the result whatever the other value is, as for `and`.
    """
    x, y = op.operands
    if x is y:
        return x
    for value, mask in ((x, y), (y, x)):
        number = constant_integer(mask)
        if number == 0:
            return mask if absorbs_none else value
        if number == -1 or (number == 1 and x.type == i1):
            return value if absorbs_none else mask
    return None


def _fold_xori(op: Operation, fast_math: str) -> SSAValue | None:
    x, y = op.operands
    for value, mask in ((x, y), (y, x)):
        if constant_integer(mask) == 0:
            return value
    inner = x.owner
    if (
        isinstance(inner, arith.XOrIOp)
        and is_constant(y)
        and constant_integer(inner.operands[1]) == constant_integer(y)
    ):
        return inner.operands[0]
    return None


def _fold_floordiv(op: Operation, fast_math: str) -> SSAValue | None:
    x, divisor = op.operands
    number = constant_integer(divisor)
    if number == 1:
        return x
    if number is not None and number > 1 and number & (number - 1) == 0:
        shift = _insert(op, new_constant(number.bit_length() - 1, divisor.type))
        return _insert(op, new_op(arith.ShRSIOp, [x, shift], op))
    return None


def _fold_index_cast(op: Operation, fast_math: str) -> SSAValue | None:
    inner = op.operands[0].owner
    if not isinstance(inner, arith.IndexCastOp):
        return None
    start, middle = inner.operands[0], inner.results[0].type
    if start.type != op.results[0].type:
        return None
    wide = isinstance(middle, IndexType) or middle == i64
    return start if wide else None


def _fold_fptosi(op: Operation, fast_math: str) -> SSAValue | None:
    inner = op.operands[0].owner
    if not isinstance(inner, arith.SIToFPOp) or inner.results[0].type != f64:
        return None
    start = inner.operands[0]
    exact = start.type == i1 or start.type == i32
    return start if exact and start.type == op.results[0].type else None


def _fold_cmpi(op: Operation, fast_math: str) -> SSAValue | None:
    """Comparisons of a value with itself; a truth value that was made an integer and is compared with 0."""
    assert isinstance(op, arith.CmpiOp)
    x, y = op.operands
    predicate = op.predicate.value.data
    if x is y:
        return _insert(op, new_constant(int(predicate in (0, 3, 5, 7, 9)), i1))
    owner = x.owner
    if (
        predicate == 1
        and isinstance(owner, arith.ExtUIOp)
        and owner.operands[0].type == i1
        and constant_integer(y) == 0
    ):
        return owner.operands[0]
    return None


RULES: dict[type[Operation], Callable[[Operation, str], SSAValue | None]] = {
    arith.AddfOp: _fold_addf,
    arith.SubfOp: _fold_subf,
    arith.MulfOp: _fold_mulf,
    arith.DivfOp: _fold_divf,
    arith.NegfOp: _fold_negf,
    math.PowFOp: _fold_powf,
    arith.SelectOp: _fold_select,
    arith.AddiOp: _neutral(0),
    arith.SubiOp: _neutral(0, left=False),
    arith.MuliOp: _fold_muli,
    arith.ShLIOp: _neutral(0, left=False),
    arith.ShRSIOp: _neutral(0, left=False),
    arith.ShRUIOp: _neutral(0, left=False),
    arith.AndIOp: _fold_andi,
    arith.OrIOp: _fold_ori,
    arith.XOrIOp: _fold_xori,
    arith.DivSIOp: _neutral(1, left=False),
    arith.DivUIOp: _neutral(1, left=False),
    arith.FloorDivSIOp: _fold_floordiv,
    arith.IndexCastOp: _fold_index_cast,
    arith.FPToSIOp: _fold_fptosi,
    arith.CmpiOp: _fold_cmpi,
}
"""For each op: what it is equal to, or None."""
