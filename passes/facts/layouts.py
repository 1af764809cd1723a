"""Which layout of synapses is the fastest, from facts about sizes: what `choose-layout` asks, and plans of memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping

BITS_FROM, DENSE = 8, 5
"""Elements with at least 2**BITS_FROM synapses, rows with 2**-DENSE of all elements: then bits are the fastest."""
COUNTS_FROM = 9
"""The same for counts. With fewer synapses a sweep over all elements in each step costs more than it saves."""
RING_FROM, SHORT = 7, 1
"""The same for a ring where rows have one synapse at most; four times as many where they have up to 2**SHORT."""


def best_layout(facts: Mapping[str, int], possible: Collection[str]) -> str:
    """Returns the layout that is the fastest for networks of some size, as was measured.

    What arrives is counted or summed up in an array of its own, which is cleared and added to the elements in each
    step: some 0.2 ns for each element. Nothing is known of rates: the bounds suit cells that fire some ten times a
    second. A synapse in a row takes about 1 ns, counted 0.7 ns, as a bit 0.2 ns; a row takes some 5 ns by itself, but
    nothing in a ring, where a synapse takes twice as long.
    """
    degree, row, sparsity = (facts.get(name, 0) for name in ("degree_log2", "row_log2", "sparsity_log2"))
    if "bits" in possible and degree >= BITS_FROM and sparsity <= DENSE:
        return "bits"
    if "counts" in possible and degree >= COUNTS_FROM:
        return "counts"
    if "ring" in possible and row <= SHORT and degree >= RING_FROM + 2 * row:
        return "ring"
    return "rows"
