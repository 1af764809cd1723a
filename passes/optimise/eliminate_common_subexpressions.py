"""The pass `eliminate-common-subexpressions`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.passes import ModulePass

from ranvier.ir.locations import join
from ranvier.passes.facts.scalars import COMMUTATIVE, is_pure_scalar
from ranvier.passes.optimise.rewriting import blocks_below, replace
from ranvier.passes.statistics import count

_Key: TypeAlias = tuple[str, tuple[SSAValue, ...], tuple[tuple[str, Attribute], ...], tuple[Attribute, ...]]


CONSTANT = "arith.constant"


@dataclass(frozen=True)
class EliminateCommonSubexpressions(ModulePass):
    """Computes equal scalar expressions once.

    Before:
        %a = arith.mulf %x, %y : f64
        snn.map ... { ^bb0(%i: index, %v: f64):  %b = arith.mulf %y, %x : f64 ... }
    After:
        %a = arith.mulf %x, %y : f64
        snn.map ... { ... %a ... }

    Legal because the ops are pure functions of their operands and properties: also `snn.random`, whose value depends
    on its counters alone, and `snn.gather`, since an array value never changes. The remaining op stands earlier, in the
    same block or in one around it, so it dominates. Operands of commutative ops are compared without regard to order;
    swapping them changes no bit.
    """

    name = "eliminate-common-subexpressions"
    statistics: ClassVar = {"eliminated": "ops whose value was there already"}

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Walks the module once, with one table for each nesting level."""
        for block in blocks_below(op):
            _visit(block, {})


def _visit(block: Block, known: dict[_Key, Operation]) -> None:
    """Visits a block, where `known` holds the expressions around it; it is left as it was."""
    own: list[_Key] = []
    op = block.first_op
    while op is not None:
        following = op.next_op
        if op.regions:
            isolated = op.name in ("func.func", "snn.program")
            for inner in blocks_below(op):
                _visit(inner, {} if isolated else known)
        elif op.results and is_pure_scalar(op):
            key = _key(op)
            earlier = known.get(key)
            if earlier is None:
                known[key] = op
                own.append(key)
            else:
                if op.name != CONSTANT:  # which says nothing of an equation
                    join(earlier, op)
                replace(op, earlier.results)
                count("eliminated")
        op = following
    for key in own:
        del known[key]


def _key(op: Operation) -> _Key:
    operands = tuple(op.operands)
    if len(operands) == 2 and op.name in COMMUTATIVE and id(operands[0]) > id(operands[1]):
        operands = (operands[1], operands[0])
    properties = tuple(op.properties.items())
    return op.name, operands, properties, tuple(result.type for result in op.results)
