"""What a compiler wants to know of the sizes of a pathway, coarsely: small changes of a network compile nothing."""

from __future__ import annotations

import numpy as np

from ranvier.actions.actions import Storage
from ranvier.objects.memory.arrays import Array

DENSE = 6
"""Rows that reach less than 2**-DENSE of all targets count as sparse: the exact fraction does not matter below that."""

BLOCK = 1 << 20
"""Synapses that are looked at together."""


def row_facts(
    rows: int, targets: Storage, pointers: Array, elements: int, incoming: Array
) -> tuple[tuple[str, int], ...]:
    """Returns the facts of a pathway, by name.

    Args:
        rows: Number of rows: spiking elements times delays.
        targets: For each synapse the element that does not spike, in the order of creation.
        pointers: The first synapse of each spiking element in that order, if synapses are sorted by it; else empty.
        elements: Number of elements that do not spike.
        incoming: Number of synapses of each of these.

    `targets_bits`: what the number of such an element needs, 16 or 32; `degree_bits`: what the largest number of
    synapses of one needs, 8, 16 or 32; `row_log2`: the mean number of synapses of a row, rounded up to a power of 2
    (at most 12); `sparsity_log2`: how many times more elements than synapses of a row there are, rounded up to a power
    of 2 (at most `DENSE`); `degree_log2`: the mean number of synapses of an element (at most 12); `distinct`: 1 if no
    pair is connected twice, looked at only where rows are dense; `ascending`: 1 if the targets of each row ascend, some
    perhaps equal. A pathway adds `delayed`: 1 if no spike arrives in the step in which it is sent.
    """
    facts = size_facts(rows, targets.size, elements, int(incoming.max(initial=0)))
    may_be_distinct = facts["sparsity_log2"] < DENSE and pointers.size > 0
    ascends, distinct = _ascends(targets.readable, pointers)
    facts["distinct"], facts["ascending"] = int(may_be_distinct and distinct), int(ascends)
    return tuple(facts.items())


def size_facts(rows: int, size: int, elements: int, most: int) -> dict[str, int]:
    """Returns the facts that follow from numbers alone, "distinct" as if no pair were connected twice.

    Args:
        rows: Number of rows.
        size: Number of synapses.
        elements: Number of elements that do not spike.
        most: The largest number of synapses of one of these.
    """
    row = size / max(rows, 1)
    sparsity = min(_log2(elements / row), DENSE) if row else DENSE
    return {
        "targets_bits": 16 if elements <= 1 << 16 else 32,
        "degree_bits": next((bits for bits in (8, 16) if most < 1 << bits), 32),
        "row_log2": min(_log2(row), 12),
        "sparsity_log2": sparsity,
        "degree_log2": min(_log2(size / max(elements, 1)), 12),
        "distinct": int(sparsity < DENSE),
    }


def _log2(value: float) -> int:
    return max(int(np.ceil(np.log2(value))), 0) if value > 0 else 0


def _ascends(targets: Array, pointers: Array) -> tuple[bool, bool]:
    """Tells whether the targets of each row ascend, and whether all are different: then no pair occurs twice.

    Without pointers all targets are one row: if they ascend, those of any row do.
    """
    distinct = pointers.size > 0
    for begin in range(1, targets.size, BLOCK):
        end = min(begin + BLOCK, targets.size)
        before, after = targets[begin - 1 : end - 1], targets[begin:end]
        falls = np.flatnonzero(after < before) + begin
        if not _begin_rows(falls, pointers):
            return False, False
        distinct = distinct and _begin_rows(np.flatnonzero(after == before) + begin, pointers)
    return True, distinct


def _begin_rows(places: Array, pointers: Array) -> bool:
    """Tells whether at each place a row begins."""
    if not places.size or not pointers.size:
        return not places.size
    return bool((pointers[np.searchsorted(pointers, places)] == places).all())
