"""A pass that fails when it has changed something, and one that leaves what is not valid."""

from dataclasses import dataclass

from xdsl.dialects import arith
from xdsl.passes import ModulePass

from ranvier.passes.errors import PassError


@dataclass(frozen=True)
class SwapAndFail(ModulePass):
    """Swaps the operands of a product, and refuses the next one."""

    name = "swap-and-fail"

    least: int
    """How many products there have to be."""
    factors: tuple[float, ...] = ()
    """Further factors."""

    def apply(self, ctx, op):
        """Changes the first product."""
        products = [inner for inner in op.walk() if isinstance(inner, arith.MulfOp)]
        products[0].operands = list(reversed(products[0].operands))
        raise PassError(products[-1], "a product too many")


@dataclass(frozen=True)
class DropOperand(ModulePass):
    """Takes an operand away.

    Attributes:
        which: Which one, where the operands
            have numbers from 0.
    """

    name = "drop-operand"

    which: int = 0

    def apply(self, ctx, op):
        """Changes the first product."""
        product = next(inner for inner in op.walk() if isinstance(inner, arith.MulfOp))
        product.operands = [value for k, value in enumerate(product.operands) if k != self.which]
