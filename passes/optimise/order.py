"""Where the ops of a block stand, known in constant time while ops are put in and moved."""

from __future__ import annotations

from xdsl.ir import Block, Operation

_GAP = 1 << 120
"""The distance of the places of neighbours: so many times can it be halved before all are numbered anew."""

NOWHERE = -1
"""The place of an op that is not in the block."""


class Order:
    """The order of the ops of a block.

    Args:
        block: The block; whoever puts an op into it says so by `put`.
    """

    def __init__(self, block: Block) -> None:
        self._block = block
        self._places: dict[Operation, int] = {}
        self._number()

    def place(self, op: Operation) -> int:
        """Returns a number that is greater the later an op stands; `NOWHERE` if it is not in the block."""
        return self._places.get(op, NOWHERE)

    def put(self, op: Operation) -> None:
        """Takes note of the place of an op that has been put in, or moved."""
        before, after = op.prev_op, op.next_op
        low = 0 if before is None else self._places[before]
        high = low + 2 * _GAP if after is None else self._places[after]
        self._places[op] = place = (low + high) // 2
        if place in (low, high):
            self._number()

    def _number(self) -> None:
        self._places = {op: number * _GAP for number, op in enumerate(self._block.ops, start=1)}
