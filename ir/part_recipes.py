"""Arrays by which each thread finds its synapses; see `ranvier.ir.recipes` and the pass `partition`.

`parts` says where the synapses of row r and part p begin, as entry r*threads + p, and the end of the last; they are in
the order of their parts, or will be. `part_order` gives the places of the rows in the order of the parts, which stays
the same within each part of a row. Both take the rows, the elements that the synapses end at, counted from element
`offset` of the `size` of the whole group, and the number of parts, which says where they begin
(`ranvier.ir.team.Parts`; a plain number: they are of equal size), rounded up to a multiple of 512 elements.
"""

from __future__ import annotations

import numpy as np

from ranvier.ir.row_recipes import Allocate, Array, width_of
from ranvier.ir.slots import TILE
from ranvier.ir.team import SHARES, Parts

KEYS = 1 << 16
"""Parts of rows that are treated together: numbers of 16 bits are sorted in a fraction of the time."""


def firsts_of(size: int, threads: int) -> Array:
    """Returns the first element of each part, and one beyond the last part."""
    starts = threads.starts if isinstance(threads, Parts) else Parts(threads).starts
    return np.array([width_of(size * start >> SHARES, TILE) for start in starts], dtype=np.int64)


def every(allocate: Allocate, pointers: Array, delays: Array) -> Array:
    """Returns where the synapses of each element begin, whatever their delay, and the end of the last."""
    own = pointers[:: max(delays.size, 1)]
    found = allocate(own.size, np.int64)
    found[:] = own
    return found


def one_row(allocate: Allocate, size: int) -> Array:
    """Returns where a single row begins, and where it ends: all synapses in their order."""
    found = allocate(2, np.int64)
    found[1] = size
    return found


def begins_of_parts(pointers: Array, numbers: Array, bounds: Array, begins: Array) -> None:
    """Finds where the parts of consecutive rows begin.

    Args:
        pointers: Where the rows begin, and the end of the last.
        numbers: What the synapses of these rows end at.
        bounds: The first numbers of the parts, but for part 0.
        begins: For each row and part the place at which it begins: written here.
    """
    ends = pointers - pointers[0]
    begins[:] = pointers[:-1, np.newaxis]
    below = np.zeros(numbers.size + 1, dtype=np.int32)
    for part, bound in enumerate(bounds.tolist(), 1):
        np.cumsum(numbers < bound, out=below[1:])
        begins[:, part] += np.diff(below[ends])


def order_by_parts(pointers: Array, numbers: Array, threads: int, bounds: Array) -> Array:
    """Returns the places, in a block of consecutive rows, by which each row is in the order of the parts.

    Args:
        pointers: Where the rows begin, and the end of the last; at most `KEYS` rows and parts.
        numbers: What the synapses of these rows end at.
        threads: The number of parts.
        bounds: The first numbers of the parts, but for part 0.
    """
    if pointers.size == 2:
        return _order_of_row(numbers, threads, bounds)
    keys = np.repeat(np.arange(0, (pointers.size - 1) * threads, threads, dtype=np.uint16), np.diff(pointers))
    for bound in bounds.tolist():
        keys += numbers >= bound
    return np.argsort(keys, kind="stable")


PIECE = 1 << 16
"""Elements of a long row that are sorted together."""


def _order_of_row(numbers: Array, threads: int, bounds: Array) -> Array:
    """Returns the same for a single row: it may have all synapses, and is sorted piece by piece, which needs no memory
    but that of the places.
    """

    def parts_of(begin: int) -> Array:
        return np.searchsorted(bounds, numbers[begin : begin + PIECE], side="right").astype(np.uint16)

    begins = range(0, numbers.size, PIECE)
    counts = np.zeros(threads, np.int64)
    for begin in begins:
        counts += np.bincount(parts_of(begin), minlength=threads)
    at = np.cumsum(counts) - counts
    found = np.empty(numbers.size, np.int32)
    for begin in begins:
        parts = parts_of(begin)
        places, mine = np.argsort(parts, kind="stable") + begin, np.bincount(parts, minlength=threads)
        for part, end in enumerate(np.cumsum(mine).tolist()):
            found[at[part] : at[part] + mine[part]] = places[end - mine[part] : end]
        at += mine
    return found
