"""Rows: which synapses a spike reaches after each delay, found in blocks so that little memory is needed meanwhile."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ranvier.graph.actions import Storage
from ranvier.graph.synaptic_actions import Rows
from ranvier.objects.lazystorage import counted, is_sorted, new_memory
from ranvier.runtime.state import allocate

Array = np.ndarray[Any, Any]

BLOCK = 1 << 19
"""Synapses that are sorted together."""


def sorted_order(keys: Array) -> Array | None:
    """Returns the stable order of non-negative integers, None if they are sorted.

    Sorts 16 bits at a time, for which numpy has a radix sort.
    """
    if keys.size < 2 or bool((keys[1:] >= keys[:-1]).all()):
        return None
    order = np.argsort((keys & 0xFFFF).astype(np.uint16), kind="stable").astype(np.int32)
    most = int(keys.max())
    shift = 16
    while most >> shift:
        digits = ((keys[order] >> shift) & 0xFFFF).astype(np.uint16)
        order = order[np.argsort(digits, kind="stable")]
        shift += 16
    return order


def new_rows(label: str, elements: Array, size: int, steps: Array) -> Rows:
    """Returns the rows of synapses in any order.

    Args:
        label: Name of the pathway.
        elements: The spiking element of each synapse.
        size: Number of elements.
        steps: The delay of each synapse in steps, or a single one for all.

    Raises:
        MemoryError: If there is not enough memory.
    """
    if is_sorted(elements):
        return sorted_rows(label, np.concatenate([[0], np.cumsum(counted(elements, size))]), steps)
    ranking = _Ranking(steps)
    count = ranking.distinct.size
    pointers = np.zeros(size * count + 1, dtype=np.int64)

    def keys(begin: int, end: int) -> Array:
        if count == 1:
            return elements[begin:end]
        found = elements[begin:end].astype(np.int64)
        found *= count
        found += ranking.ranks(begin, end)
        return found

    block = max(BLOCK, pointers.size)
    for begin in range(0, elements.size, block):
        pointers[1:] += np.bincount(keys(begin, min(begin + block, elements.size)), minlength=size * count)
    np.cumsum(pointers, out=pointers)
    order = _counting_order(f"{label}.order", keys, elements.size, pointers[:-1].copy())
    return _rows(label, _owned(pointers), ranking.distinct, order)


def sorted_rows(label: str, pointers: Array, steps: Array) -> Rows:
    """Returns the rows of synapses that are sorted by spiking element.

    Args:
        label: Name of the pathway.
        pointers: The first synapse of each element, and one more.
        steps: The delay of each synapse in steps, or a single one for all.

    Raises:
        MemoryError: If there is not enough memory.
    """
    ranking = _Ranking(steps)
    if ranking.distinct.size == 1:
        return _rows(label, pointers if pointers.base is not None else _owned(pointers), ranking.distinct, None)
    rows = np.zeros((pointers.size - 1) * ranking.distinct.size + 1, dtype=np.int64)
    order = _order_within_elements(f"{label}.order", pointers, ranking, rows)
    return _rows(label, _owned(rows), ranking.distinct, order)


def _rows(label: str, pointers: Array, distinct: Array, order: Array | None) -> Rows:
    return Rows(
        Storage(f"{label}.pointers", pointers, frozen=True),
        Storage(f"{label}.delays", _owned(distinct.astype(np.int64)), frozen=True),
        None if order is None else Storage(f"{label}.order", order, frozen=True),
    )


def _owned(values: Array) -> Array:
    array = allocate(values.size, values.dtype)
    array[:] = values
    return array


class _Ranking:
    """The distinct delays, longest first, and for each synapse the place of its delay among them.

    Args:
        steps: The delay of each synapse in steps, or a single one for all.
    """

    def __init__(self, steps: Array) -> None:
        self.steps = steps
        self._low = int(steps.min(initial=0 if not steps.size else steps[0]))
        high = int(steps.max(initial=0))
        self._places: Array | None = None
        if not steps.size:
            self.distinct: Array = np.zeros(1, dtype=np.int64)
        elif high - self._low >= 1 << 20:
            self.distinct = np.unique(steps)[::-1].astype(np.int64)
        else:
            present = np.zeros(high + 1 - self._low, dtype=bool)
            for start in range(0, steps.size, BLOCK):
                present[steps[start : start + BLOCK] - steps.dtype.type(self._low)] = True
            self.distinct = np.flatnonzero(present)[::-1] + self._low
            self._places = np.zeros(present.size, dtype=np.min_scalar_type(self.distinct.size - 1))
            self._places[self.distinct - self._low] = np.arange(self.distinct.size)

    def ranks(self, begin: int, end: int) -> Array:
        """Returns the places of the delays of some synapses."""
        part = self.steps[begin:end]
        if self._places is None:
            return self.distinct.size - 1 - np.searchsorted(self.distinct[::-1], part)
        return self._places[part - part.dtype.type(self._low)]


def _order_within_elements(label: str, starts: Array, ranking: _Ranking, pointers: Array) -> Array | None:
    """The order of synapses that are sorted by element, some elements at a time; the pointers are filled in."""
    size, count = starts.size - 1, ranking.distinct.size
    order = new_memory(label, int(starts[-1]), np.int32)
    first, most, in_order = 0, max((1 << 16) // count, 1), True
    while first < size:
        stop = int(np.searchsorted(starts, int(starts[first]) + BLOCK, side="right")) - 1
        stop = min(max(stop, first + 1), first + most, size)
        begin, end = int(starts[first]), int(starts[stop])
        keys = np.repeat(np.arange(stop - first, dtype=np.int32) * count, np.diff(starts[first : stop + 1]))
        keys += ranking.ranks(begin, end)
        own = sorted_order(keys)
        in_order = in_order and own is None
        order[begin:end] = np.arange(begin, end) if own is None else own + begin
        pointers[first * count + 1 : stop * count + 1] = np.bincount(keys, minlength=(stop - first) * count)
        first = stop
    np.cumsum(pointers, out=pointers)
    return None if in_order else order


def _counting_order(label: str, keys: Callable[[int, int], Array], size: int, cursors: Array) -> Array:
    """The stable order of numbers that come in blocks.

    Args:
        label: What it is for.
        keys: Gives the numbers from one place to another.
        size: How many there are.
        cursors: The first place of each number; it is changed.
    """
    order = new_memory(label, size, np.int32)
    for begin in range(0, size, BLOCK):
        block = keys(begin, min(begin + BLOCK, size))
        own = sorted_order(block)
        if own is None:
            own = np.arange(block.size, dtype=np.int32)
        ordered = block[own]
        starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
        lengths = np.diff(starts, append=ordered.size)
        numbers = ordered[starts]
        places = np.repeat(cursors[numbers] - starts, lengths)
        places += np.arange(ordered.size)
        own += np.int32(begin)
        order[places] = own
        cursors[numbers] += lengths
    return order
