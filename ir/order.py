"""Values are defined before they are used: what parsers of MLIR leave open, since some regions are graphs."""

from __future__ import annotations

from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.utils.exceptions import VerifyException


class PlacedError(VerifyException):
    """Something is wrong with an op within the one that is verified.

    Attributes:
        op: The op.
    """

    def __init__(self, op: Operation, message: str) -> None:
        """Takes the op and what is wrong with it."""
        super().__init__(message)
        self.op = op


def check_order(op: Operation) -> None:
    """Checks that in the regions of an op each value is defined before it is used.

    Regions of several blocks are not looked at: there the order of the text says nothing.

    Raises:
        PlacedError: One is not.
    """
    for region in op.regions:
        _check_region(region, set())


def _check_region(region: Region, known: set[SSAValue]) -> None:
    if len(region.blocks) == 1:
        own = _check_block(region.block, known)
        known.difference_update(own)


def _check_block(block: Block, known: set[SSAValue]) -> list[SSAValue]:
    """Checks a block and returns what it has added to the values that are known."""
    own: list[SSAValue] = list(block.args)
    known.update(own)
    for op in block.ops:
        for value in op.operands:
            if value not in known:
                name = f"%{value.name_hint}" if value.name_hint else f"a value of type {value.type}"
                raise PlacedError(
                    op, f"{op.name} uses {name} before it is defined, or outside the region that defines it"
                )
        for region in op.regions:
            _check_region(region, known)
        own += op.results
        known.update(op.results)
    return own
