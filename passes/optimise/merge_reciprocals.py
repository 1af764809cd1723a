"""The pass `merge-reciprocals`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects import arith, math
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass

from ranvier.ir.neurons import MapOp, region_of
from ranvier.passes.facts.rounding import rounding_of_mode
from ranvier.passes.facts.scalars import is_inside
from ranvier.passes.optimise.rewriting import blocks_below, check_fast_math, new_constant, new_op, replace
from ranvier.passes.statistics import count


@dataclass(frozen=True)
class MergeReciprocals(ModulePass):
    """Divides once where several values are divided by one, or where the divisor is the same for all elements.

    Before:
        %a = arith.divf %x, %d : f64
        %b = arith.divf %y, %d : f64
    After:
        %r = arith.divf %one, %d : f64
        %a = arith.mulf %x, %r : f64
        %b = arith.mulf %y, %r : f64

    x*(1/d) rounds twice: up to 1.5 units in the last place instead of 0.5, and it overflows for subnormal d. That is
    within rounding where a quotient is a step of an integration, but not where it is truncated: int(i/49) must be 1 for
    i = 49. So the pass works on maps of kind "integrate" only, and leaves divisions alone whose quotients reach a
    truncation (`arith.fptosi`, `math.floor`, `math.ceil`, `math.trunc`). With `fast-math` "reassociate" it works
    everywhere, with "off" nowhere. A division whose dividend is uniform too is left to `hoist-uniform`.
    """

    name = "merge-reciprocals"
    statistics: ClassVar = {
        "reciprocals": "divisions that are left",
        "products": "divisions that became products",
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
        """Rewrites each block by itself."""
        if self.fast_math == "reassociate":
            for block in blocks_below(op):
                _visit(block)
        elif self.fast_math == "contract":
            for inner in op.walk():
                if isinstance(inner, MapOp) and "integrate" in inner.kind.data:
                    _visit(region_of(inner), _truncated(region_of(inner)))


_TRUNCATIONS = (arith.FPToSIOp, math.FloorOp, math.CeilOp, math.TruncOp)


def _truncated(block: Block) -> frozenset[Operation]:
    """Returns the ops whose values reach a truncation."""
    found: set[Operation] = set()
    waiting: list[Operation] = [op for op in block.walk() if isinstance(op, _TRUNCATIONS)]
    while waiting:
        for operand in waiting.pop().operands:
            owner = operand.owner
            if isinstance(owner, Operation) and owner not in found:
                found.add(owner)
                waiting.append(owner)
    return frozenset(found)


def _visit(block: Block, exact: frozenset[Operation] = frozenset()) -> None:
    divisions: dict[SSAValue, list[arith.DivfOp]] = {}
    for op in block.ops:
        for inner in blocks_below(op):
            _visit(inner, exact)
        if op in exact:
            continue
        if isinstance(op, arith.DivfOp) and not isinstance(op.lhs.owner, arith.ConstantOp):
            divisions.setdefault(op.rhs, []).append(op)
    for ops in divisions.values():
        divisor = ops[0].rhs  # may have been rewritten, if it is a quotient itself
        uniform = not is_inside(divisor, block) and any(is_inside(op.lhs, block) for op in ops)
        if len(ops) > 1 or uniform:
            _merge(block, divisor, ops)


def _merge(block: Block, divisor: SSAValue, ops: list[arith.DivfOp]) -> None:
    first = ops[0]
    one = new_constant(1.0, divisor.type)
    reciprocal = new_op(arith.DivfOp, [one.result, divisor], first)
    block.insert_ops_before([one, reciprocal], first)
    count("reciprocals")
    count("products", len(ops))
    for op in ops:
        product = new_op(arith.MulfOp, [op.lhs, reciprocal.results[0]], op)
        block.insert_op_before(product, op)
        replace(op, product.results)
