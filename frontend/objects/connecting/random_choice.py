"""Random choices among many: geometric skips for a probability, subsets of a given size."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from ranvier.objects.memory.arrays import Array, distinct
from ranvier.session.randomness import Draws

BLOCK = 1 << 18
"""Random numbers that are drawn together: they fit into the cache."""


def chosen_positions(total: int, p: float, rng: Draws) -> Iterator[Array]:
    """Yields the positions in 0, ..., total - 1 that are kept with probability `p` each, ascending, in blocks.

    The distances between them are geometric: floor(log(u)/log(1 - p)) + 1 with u uniform in (0, 1], so that the work
    is proportional to the number that is kept.
    """
    if p >= 1:
        for start in range(0, total, BLOCK):
            yield np.arange(start, min(start + BLOCK, total), dtype=np.int64)
        return
    if not p > 0 or total == 0:
        return
    scale = 1 / math.log1p(-p)
    count = max(min(BLOCK, int(total * p * 1.1) + 16), 1)
    position = -1
    while True:
        skips = rng.random(count)
        np.subtract(1.0, skips, out=skips)
        np.log(skips, out=skips)
        np.multiply(skips, scale, out=skips)
        np.minimum(skips, float(total), out=skips)
        steps = skips.astype(np.int64)
        steps += 1
        steps[0] += position
        positions = np.cumsum(steps, out=steps)
        position = int(positions[-1])
        if position >= total:
            rest = positions[: np.searchsorted(positions, total)]
            if rest.size:
                yield rest
            return
        yield positions


def positions_among(lengths: Array, p: float, rng: Draws) -> Iterator[tuple[Array, Array]]:
    """Yields (row, position) for rows of different lengths, each position kept with probability `p`."""
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if ends.size else 0
    for positions in chosen_positions(total, p, rng):
        rows = np.searchsorted(ends, positions, side="right")
        yield rows, positions - (ends[rows] - lengths[rows])


def subsets(lengths: Array, sizes: Array, rng: Draws) -> Iterator[tuple[Array, Array]]:
    """Yields (row, position): for each row `sizes[row]` of its positions 0, ..., lengths[row] - 1, ascending.

    All subsets of that size are equally probable. Rows more than half full are drawn as what is left out.
    """
    for start, stop in block_limits(np.maximum(np.minimum(sizes, lengths), 1), BLOCK):
        length, size = lengths[start:stop].astype(np.int64), sizes[start:stop].astype(np.int64)
        inverted = 2 * size > length
        width = int(length.max(initial=1))
        keys = _distinct(length, np.where(inverted, length - size, size), width, rng)
        rows, positions = keys // width, keys % width
        if inverted.any():
            rows, positions = _without(rows, positions, length, inverted, width)
        yield rows + start, positions


def _distinct(lengths: Array, sizes: Array, width: int, rng: Draws) -> Array:
    """Returns sorted keys row*width + position of random subsets: what is drawn twice is drawn again."""
    keys = np.zeros(0, dtype=np.int64)
    missing = sizes.copy()
    while missing.any():
        rows = np.repeat(np.arange(lengths.size, dtype=np.int64), missing)
        drawn = rows * width + (rng.random(rows.size) * lengths[rows]).astype(np.int64)
        keys = distinct(np.concatenate([keys, drawn]))
        missing = sizes - np.bincount(keys // width, minlength=lengths.size)
    return keys


def _without(rows: Array, positions: Array, lengths: Array, inverted: Array, width: int) -> tuple[Array, Array]:
    """Puts the complement in place of the subsets of some rows."""
    kept = ~inverted[rows]
    keys = rows * width + positions
    counts = np.where(inverted, lengths, 0)
    ends = np.cumsum(counts)
    owners = np.repeat(np.arange(lengths.size, dtype=np.int64), counts)
    everything = owners * width + np.arange(owners.size, dtype=np.int64) - np.repeat(ends - counts, counts)
    complement = np.setdiff1d(everything, keys[~kept], assume_unique=True)
    merged = np.sort(np.concatenate([keys[kept], complement]))
    return merged // width, merged % width


def block_limits(counts: Array, block: int) -> Iterator[tuple[int, int]]:
    """Yields ranges of rows that have about `block` elements together, at least one row each."""
    ends = np.cumsum(counts)
    start = 0
    while start < counts.size:
        before = int(ends[start - 1]) if start else 0
        stop = max(int(np.searchsorted(ends, before + block, side="right")), start + 1)
        yield start, stop
        start = stop
