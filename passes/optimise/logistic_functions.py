"""Logistic functions of arguments whose negative has its exponential taken already; for `approximate-functions`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from xdsl.dialects import arith, math
from xdsl.ir import Block, Operation, SSAValue

from ranvier.passes.facts.scalars import constant_float
from ranvier.passes.optimise.rewriting import new_constant, new_op, replace
from ranvier.passes.statistics import count

MOST_TERMS = 8
"""Sums with more terms are taken for single values."""

NEXT_TO_ZERO = 1.1e-30
"""Guards put at most this in the place of 0: its exponential is 1."""

LARGEST = {"f64": 1e300, "f32": 1e37}
"""Beyond it, e/(1 + e) is 1; an infinite e is taken for this one."""


@dataclass(frozen=True)
class Argument:
    """An argument as a scaled sum: its terms with their signs, and what the sum is multiplied or divided by."""

    terms: frozenset[tuple[SSAValue | float, int]]
    scale: tuple[str, SSAValue | float] | None

    def negated(self) -> Argument:
        """Returns the negative."""
        return Argument(frozenset((term, -times) for term, times in self.terms), self.scale)


def share_exponentials(block: Block) -> None:
    """Computes 1/(1 + exp(-x)) from exp(x) where exp(x) or exp(x) - 1 is there.

    Args:
        block: The region of a map.
    """
    known: dict[Argument, Operation] = {}
    for op in list(block.ops):
        if isinstance(op, math.ExpOp | math.ExpM1Op):
            known.setdefault(argument_of(_before_guard(op.operands[0])), op)
        elif isinstance(op, arith.DivfOp) and (exponential := _of_logistic(op, block)) is not None:
            other = known.get(argument_of(exponential.operands[0]).negated())
            if other is not None:
                _share(op, other, exponential, block)


def argument_of(value: SSAValue) -> Argument:
    """Returns the form of a value by which equal and opposite ones are found."""
    owner = value.owner
    scale = None
    if isinstance(owner, arith.MulfOp | arith.DivfOp) and (number := constant_float(owner.rhs)):
        scale, value = (owner.name, abs(number)), owner.lhs
        sign = 1 if number > 0 else -1
    elif isinstance(owner, arith.MulfOp | arith.DivfOp):
        scale, value, sign = (owner.name, owner.rhs), owner.lhs, 1
    else:
        sign = 1
    found = Counter[SSAValue | float]()
    for term, times in _terms(value, sign):
        found[term] += times
    return Argument(frozenset((term, times) for term, times in found.items() if times), scale)


def _terms(value: SSAValue, sign: int) -> Iterator[tuple[SSAValue | float, int]]:
    """Yields the terms of a sum with their signs; constants are positive."""
    waiting, given = [(value, sign)], 1
    while waiting:
        one, sign = waiting.pop()
        owner, number = one.owner, constant_float(one)
        if number is not None:
            yield abs(number), sign if number >= 0 else -sign
        elif isinstance(owner, arith.NegfOp):
            waiting.append((owner.operands[0], -sign))
        elif isinstance(owner, arith.AddfOp | arith.SubfOp) and given < MOST_TERMS:
            given += 1
            waiting.append((owner.lhs, sign))
            waiting.append((owner.rhs, sign if isinstance(owner, arith.AddfOp) else -sign))
        else:
            yield one, sign


def _before_guard(value: SSAValue) -> SSAValue:
    """Returns x of a value that is x, but a number next to 0 where x is 0, as `exprel` needs it."""
    owner = value.owner
    if not isinstance(owner, arith.SelectOp):
        return value
    condition, number, x = owner.cond.owner, constant_float(owner.lhs), owner.rhs
    if not isinstance(condition, arith.CmpfOp) or condition.predicate.value.data != 1:  # "oeq"
        return value
    at_zero = condition.lhs is x and constant_float(condition.rhs) == 0.0
    return x if at_zero and number is not None and abs(number) <= NEXT_TO_ZERO else value


def _of_logistic(op: arith.DivfOp, block: Block) -> math.ExpOp | None:
    """Returns the exponential of a quotient n/(1 + exp(x)), if nothing else uses it."""
    total = op.rhs.owner
    if not isinstance(total, arith.AddfOp) or not op.rhs.has_one_use() or total.parent_block() is not block:
        return None
    for one, exponential in ((total.lhs, total.rhs), (total.rhs, total.lhs)):
        owner = exponential.owner
        if constant_float(one) == 1.0 and isinstance(owner, math.ExpOp) and exponential.has_one_use():
            return owner if owner.parent_block() is block else None
    return None


def _share(op: arith.DivfOp, other: Operation, exponential: math.ExpOp, block: Block) -> None:
    """Puts n (e/(1 + e)), e = exp(x), in the place of n/(1 + exp(-x))."""
    type_ = op.results[0].type
    one, most = new_constant(1.0, type_), new_constant(LARGEST[str(type_)], type_)
    power = new_op(math.ExpOp, [other.operands[0]], exponential)
    beyond = arith.CmpfOp(power.results[0], most.result, "ogt")
    beyond.location = op.location
    bounded = arith.SelectOp(beyond.result, most.result, power.results[0])
    bounded.location = op.location
    total = new_op(arith.AddfOp, [one.result, bounded.result], op)
    ratio = new_op(arith.DivfOp, [bounded.result, total.results[0]], op)
    product = new_op(arith.MulfOp, [op.lhs, ratio.results[0]], op)
    block.insert_ops_before([one, most, power, beyond, bounded, total, ratio, product], op)
    sum_ = op.rhs.owner
    replace(op, product.results)
    for unused in (sum_, exponential):
        assert isinstance(unused, Operation)
        unused.detach()
        unused.erase()
    count("shared")
