"""Arrays by which each thread finds its synapses; see `ranvier.ir.recipes` and the pass `partition`.

`numbers` are the elements that the synapses of the rows end at, counted from element `offset` of the `size` of the
whole group. `threads` is the number of parts and says where they begin (`ranvier.ir.team.Parts`; a plain number: they
are of equal size), rounded up to a multiple of 512 elements.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ranvier.ir.row_recipes import BLOCK, Allocate, Array, row_blocks, width_of
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


def _keys(
    pointers: Array, numbers: Array, threads: int, size: int, offset: int
) -> Iterator[tuple[int, int, int, int, Array]]:
    """Yields blocks of rows and for each of their synapses row*threads + part, counted from the first row."""
    bounds = firsts_of(size, threads)[1:-1] - offset
    threads = int(threads)
    for first, stop in row_blocks(pointers, max(KEYS // threads, 1)):
        begin, end = int(pointers[first]), int(pointers[stop])
        rows = np.repeat(np.arange(0, (stop - first) * threads, threads), np.diff(pointers[first : stop + 1]))
        keys = rows + np.searchsorted(bounds, numbers[begin:end], side="right")
        yield first, stop, begin, end, keys.astype(np.uint16)


def parts(allocate: Allocate, pointers: Array, numbers: Array, threads: int, size: int, offset: int = 0) -> Array:
    """Returns where the synapses of row r and part p begin, as entry r*threads + p, and the end of the last.

    The synapses of a row are in the order of their parts, or will be.
    """
    bounds = firsts_of(size, threads)[1:-1] - offset
    found = allocate((pointers.size - 1) * int(threads) + 1, np.int64)
    begins = found[:-1].reshape(-1, int(threads))
    for first, stop in row_blocks(pointers, BLOCK):
        ends = pointers[first : stop + 1] - pointers[first]
        own = numbers[int(pointers[first]) : int(pointers[stop])]
        begins[first:stop] = pointers[first:stop, np.newaxis]
        below = np.zeros(own.size + 1, dtype=np.int32)
        for part, bound in enumerate(bounds, 1):
            np.cumsum(own < bound, out=below[1:])
            begins[first:stop, part] += np.diff(below[ends])
    found[-1] = pointers[-1]
    return found


def part_order(allocate: Allocate, pointers: Array, numbers: Array, threads: int, size: int, offset: int = 0) -> Array:
    """Returns the places of the rows in the order of the parts, which stays the same within each part of a row."""
    found = allocate(numbers.size, np.int32)
    for _, _, begin, end, keys in _keys(pointers, numbers, threads, size, offset):
        found[begin:end] = np.argsort(keys, kind="stable") + begin
    return found
