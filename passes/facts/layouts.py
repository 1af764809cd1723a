"""Which layout of synapses is the fastest, from facts of sizes and rates: for `choose-layout`, and plans of memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping

INTERVAL = "interval_log2"
"""The fact that says how often elements spike: the mean number of steps between two spikes, as a power of two."""

GUESS = 10
"""This fact where nothing is known: cells that fire ten times a second, in steps of 0.1 ms."""

GUARDED = "guarded"
"""The fact that what is added may be refused: elements that are refractory get nothing."""

MOST_SPARSE = 6
"""The largest `sparsity_log2`: rows are at least as sparse, and the number of elements is not known."""

SMALL = 13
"""With fewer elements than 2**SMALL, about, what they get stays in the nearest cache, so that counts save nothing."""

ROW, SYNAPSE, GUARDED_SYNAPSE = 10.0, 1.0, 1.6
"""Nanoseconds for a row that is due, and for a synapse in it, without and with a look whether the element takes it."""

SWEEP, SMALL_SWEEP = 0.20, 0.26
"""Nanoseconds for an element in each step, for clearing its count, and for adding what has arrived."""

COUNTED, GUARDED_COUNTED, SMALL_COUNTED = 0.70, 0.55, 1.0
"""Nanoseconds for a synapse that is counted."""

BITS_OF_ROW, BIT = 60.0, 0.015
"""Nanoseconds for a row of bits, and for each element in it."""

DENSE = 5
"""Rows of bits are possible where a row reaches 2**-DENSE of all elements or more: else they are mostly zeros."""

RING_SWEEP, RING_SYNAPSE = 0.8, 5.5
"""Nanoseconds for an element in each step, and for a synapse, where sums wait in a ring."""


def best_layout(facts: Mapping[str, int], possible: Collection[str]) -> str:
    """Returns the layout that is the fastest for a network of some size whose elements spike at some rate.

    What arrives is counted or summed up in an array of its own, which is cleared and added to the elements in each
    step, whether spikes arrive or not; synapses in rows cost nothing until then. So it is the number of synapses that
    reach an element in a step that decides. The constants were fitted to runs of 1,000 to 10,000 cells at 0, 5 and
    20 Hz, with a tenth and a fiftieth of all pairs connected, on one core of a Zen 4 server.
    """
    costs = costs_of(facts)
    return min((name for name in costs if name in possible or name == "rows"), key=costs.__getitem__)


def costs_of(facts: Mapping[str, int]) -> dict[str, float]:
    """Returns, for each layout, about how many nanoseconds it takes for each element in a step.

    Facts are powers of two, rounded up: an element has taken half a power less.
    """
    degree, row, sparsity = (facts.get(name, 0) for name in ("degree_log2", "row_log2", "sparsity_log2"))
    is_guarded = bool(facts.get(GUARDED))
    is_small = sparsity < MOST_SPARSE and row + sparsity <= SMALL
    arrivals, length = 2.0 ** (degree - 0.5 - facts.get(INTERVAL, GUESS)), 2.0 ** (row - 0.5)
    counted = SMALL_COUNTED if is_small else GUARDED_COUNTED if is_guarded else COUNTED
    sweep = SMALL_SWEEP if is_small else SWEEP
    costs = {
        "rows": arrivals * ((GUARDED_SYNAPSE if is_guarded else SYNAPSE) + ROW / length),
        "counts": sweep + arrivals * (counted + ROW / length),
        "ring": RING_SWEEP + arrivals * RING_SYNAPSE,
    }
    if sparsity <= DENSE:
        elements = length * 2.0 ** (sparsity - 0.5)
        costs["bits"] = sweep + arrivals * (BITS_OF_ROW + BIT * elements) / length
    return costs


def decides(facts: Mapping[str, int], interval: int) -> bool:
    """Tells whether another layout is the best, of any that may be possible, once it is known how often cells spike."""
    known = {**facts, INTERVAL: interval}
    for others in (("counts",), ("counts", "bits"), ("ring",)):
        for guarded in (0, 1):
            before, after = ({**each, GUARDED: guarded} for each in (facts, known))
            if best_layout(before, others) != best_layout(after, others):
                return True
    return False
