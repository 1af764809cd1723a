"""Sums in the arguments of exponentials: what is the same for all elements comes first; for `approximate-functions`."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.dialects import arith
from xdsl.ir import Block, Operation, SSAValue

from ranvier.passes.facts.scalars import constant_float, is_inside
from ranvier.passes.optimise.rewriting import new_op, replace
from ranvier.passes.statistics import count


@dataclass(frozen=True)
class Term:
    """What a sum adds or takes away."""

    value: SSAValue
    plus: bool


def add_uniform_first(exponential: Operation, sweep: Operation) -> None:
    """Adds the uniform terms of the argument of an exponential in front of the sweep.

    Args:
        exponential: An op in the region of the sweep.
        sweep: A map.
    """
    block = sweep.regions[0].block
    root = _sum_of(exponential.operands[0], block)
    if root is None:
        return
    terms = _terms(root, block)
    uniform = [term for term in terms if not is_inside(term.value, block)]
    own = [term for term in terms if is_inside(term.value, block)]
    if len(uniform) < 2 or not own:
        return
    loop = sweep.parent_op()
    assert loop is not None
    once = not any(is_inside(term.value, loop.regions[0].block) for term in uniform)
    before = loop if once else sweep
    # The first uniform term gets a plus, so that v - a - b is v - (a + b).
    plus = uniform[0].plus
    first = uniform[0].value
    for term in uniform[1:]:
        first = _added(first, Term(term.value, term.plus == plus), root, before)
    if own[0].plus:
        value, left = own[0].value, [*own[1:], Term(first, plus)]
    elif plus:
        value, left = first, own
    else:
        return
    for term in left:
        value = _added(value, term, root, root)
    replace(root, [value])
    count("gathered")


def _added(value: SSAValue, term: Term, like: Operation, before: Operation) -> SSAValue:
    """Returns a value and a term added up, by an op in front of another."""
    block = before.parent_block()
    assert block is not None
    op = new_op(arith.AddfOp if term.plus else arith.SubfOp, [value, term.value], like)
    block.insert_op_before(op, before)
    return op.results[0]


def _sum_of(value: SSAValue, block: Block) -> Operation | None:
    """Returns the sum that an argument is, but for a factor and for the number in the place of 0 (see `exprel`)."""
    owner = value.owner
    if isinstance(owner, arith.SelectOp) and constant_float(owner.lhs) is not None:
        value = owner.rhs
        owner = value.owner
    if isinstance(owner, arith.MulfOp | arith.DivfOp) and not is_inside(owner.rhs, block):
        value = owner.lhs
        owner = value.owner
    if not isinstance(owner, arith.AddfOp | arith.SubfOp) or owner.parent_block() is not block:
        return None
    return owner if value.has_one_use() else None


def _terms(root: Operation, block: Block) -> list[Term]:
    """Returns the terms of a sum from left to right; parts that something else uses, too, are terms."""
    found: list[Term] = []
    waiting = [Term(root.operands[1], isinstance(root, arith.AddfOp)), Term(root.operands[0], True)]
    while waiting:
        term = waiting.pop()
        owner = term.value.owner
        inner = isinstance(owner, arith.AddfOp | arith.SubfOp) and owner.parent_block() is block
        if not inner or not term.value.has_one_use():
            found.append(term)
            continue
        assert isinstance(owner, arith.AddfOp | arith.SubfOp)
        waiting.append(Term(owner.rhs, term.plus == isinstance(owner, arith.AddfOp)))
        waiting.append(Term(owner.lhs, term.plus))
    return found
