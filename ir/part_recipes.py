"""Arrays by which each thread finds its synapses; see `ranvier.ir.recipes` and the pass `partition`.

`numbers` are the elements that the synapses of the rows end at, counted from element `offset` of the `size` of the
whole group. Part p of P has the elements [p*C, (p + 1)*C) of the group, where C is their number by P, rounded up to a
multiple of 512.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ranvier.ir.row_recipes import Allocate, Array, row_blocks, width_of
from ranvier.ir.slots import TILE

KEYS = 1 << 16
"""Parts of rows that are treated together: numbers of 16 bits are sorted in a fraction of the time."""


def chunk_of(size: int, threads: int) -> int:
    """Returns the number of elements of each part but the last."""
    return max(width_of(-(-size // threads), TILE), TILE)


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
    chunk = chunk_of(size, threads)
    for first, stop in row_blocks(pointers, max(KEYS // threads, 1)):
        begin, end = int(pointers[first]), int(pointers[stop])
        rows = np.repeat(np.arange(0, (stop - first) * threads, threads), np.diff(pointers[first : stop + 1]))
        keys = rows + (numbers[begin:end].astype(np.int64) + offset) // chunk
        yield first, stop, begin, end, keys.astype(np.uint16)


def parts(allocate: Allocate, pointers: Array, numbers: Array, threads: int, size: int, offset: int = 0) -> Array:
    """Returns where the synapses of row r and part p begin, as entry r*threads + p, and the end of the last.

    The synapses of a row are in the order of their parts, or will be.
    """
    found = allocate((pointers.size - 1) * threads + 1, np.int64)
    for first, stop, _, _, keys in _keys(pointers, numbers, threads, size, offset):
        found[first * threads + 1 : stop * threads + 1] = np.bincount(keys, minlength=(stop - first) * threads)
    np.cumsum(found, out=found)
    found += pointers[0]
    return found


def part_order(allocate: Allocate, pointers: Array, numbers: Array, threads: int, size: int, offset: int = 0) -> Array:
    """Returns the places of the rows in the order of the parts, which stays the same within each part of a row."""
    found = allocate(numbers.size, np.int32)
    for _, _, begin, end, keys in _keys(pointers, numbers, threads, size, offset):
        found[begin:end] = np.argsort(keys, kind="stable") + begin
    return found
