"""Passes that are wrong, loaded from a file."""

from dataclasses import dataclass

from xdsl.dialects import arith, math
from xdsl.passes import ModulePass


@dataclass(frozen=True)
class Lessen(ModulePass):
    """Makes sums of products."""

    name = "lessen"

    def apply(self, ctx, op) -> None:
        for inner in list(op.walk()):
            if isinstance(inner, arith.MulfOp):
                new = arith.AddfOp(inner.lhs, inner.rhs)
                new.location = inner.location
                inner.parent.insert_op_before(new, inner)
                inner.result.replace_all_uses_with(new.result)
                inner.detach()
                inner.erase()


@dataclass(frozen=True)
class Stumble(ModulePass):
    """Raises where it meets an exponential."""

    name = "stumble"

    def apply(self, ctx, op) -> None:
        for inner in op.walk():
            if isinstance(inner, math.ExpOp):
                inner.properties["nothing"]


@dataclass(frozen=True)
class Lose(ModulePass):
    """Leaves a value without the op that makes it."""

    name = "lose"

    def apply(self, ctx, op) -> None:
        for inner in list(op.walk()):
            if isinstance(inner, math.ExpOp):
                inner.detach()
