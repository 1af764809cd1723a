"""Loops over the tiles of a range."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from xdsl.dialects import arith
from xdsl.ir import SSAValue

from ranvier.ir.slots import TILE
from ranvier.passes.lower.writer import OpenOp, Writer


@dataclass(frozen=True, eq=False)
class Tile:
    """A tile of a range, within a loop over all.

    Attributes:
        loop: The loop.
        start: The first number of the tile.
        length: How many numbers it has: `TILE`, the last tile may have fewer.
    """

    loop: OpenOp
    start: SSAValue
    length: SSAValue


@contextmanager
def tiles(
    w: Writer,
    end: SSAValue,
    begin: SSAValue | None = None,
    carried: Sequence[SSAValue] = (),
    *,
    most: int | SSAValue = TILE,
) -> Generator[Tile]:
    """Opens a loop over the tiles, of `most` numbers each, of the numbers from `begin` (0) to before `end`.

    The length of a tile is chosen from two numbers that are known before the loop. As the smaller of `most` and what is
    left, it would be a formula of the counter, which LLVM's strength reduction may compute anew for each vector.
    """
    size = end if begin is None else w.sub(end, begin)
    step = w.constant(most) if isinstance(most, int) else most
    rest = w.binary(arith.RemUIOp, size, step)
    whole = w.sub(size, rest)
    with w.loop(size, step=most, carried=carried) as loop:
        length = w.select(w.compare("slt", loop.index, whole), step, rest)
        yield Tile(loop, loop.index if begin is None else w.add(begin, loop.index), length)
