"""A pass of one's own, outside the package: choices within choices by the same condition are one choice.

ranvier-opt --load examples/own_pass/merge_selects.py program.mlir -p "default,merge-selects"
RANVIER_PASS_MODULES=examples/own_pass/merge_selects.py RANVIER_PIPELINE=default,merge-selects python any_script.py
"""

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.arith import SelectOp
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from ranvier.passes import register_pass


@register_pass
@dataclass(frozen=True)
class MergeSelects(ModulePass):
    """Takes the inner choice out of a choice by the same condition.

    Before:
        %x = arith.select %c, %a, %b : f64
        %y = arith.select %c, %x, %d : f64
    After:
        %y = arith.select %c, %a, %d : f64

    Legal because the inner choice is seen only where its condition is known. It is exact.
    """

    name = "merge-selects"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Looks at each choice once."""
        for outer in op.walk():
            if isinstance(outer, SelectOp):
                for place, side in ((1, "lhs"), (2, "rhs")):
                    inner = outer.operands[place].owner
                    while isinstance(inner, SelectOp) and inner.cond is outer.cond:
                        outer.operands[place] = getattr(inner, side)
                        inner = outer.operands[place].owner
