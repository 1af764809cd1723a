"""Rows: which synapses a spike reaches after each delay, found in blocks so that little memory is needed meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from ranvier.actions.actions import Storage
from ranvier.actions.reached_synapses import ranges
from ranvier.actions.synaptic_actions import Rows
from ranvier.objects.memory.arrays import Array, Places, counted, distinct, is_sorted, new_memory
from ranvier.objects.memory.lazy import LazyStorage
from ranvier.runtime.state import allocate, fingerprint

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
    return _rows(label, _owned(pointers), ranking.distinct, Storage(f"{label}.order", order, frozen=True))


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
    order = RowOrder(f"{label}.order", pointers, ranking)
    rows, in_order = order.rows()
    return _rows(label, _owned(rows), ranking.distinct, None if in_order else order)


def _rows(label: str, pointers: Array, distinct: Array, order: Storage | None) -> Rows:
    return Rows(
        Storage(f"{label}.pointers", pointers, frozen=True),
        Storage(f"{label}.delays", _owned(distinct.astype(np.int64)), frozen=True),
        order,
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
            self.distinct = distinct(steps)[::-1].astype(np.int64)
        else:
            present = np.zeros(high + 1 - self._low, dtype=bool)
            for start in range(0, steps.size, BLOCK):
                present[steps[start : start + BLOCK] - steps.dtype.type(self._low)] = True
            self.distinct = np.flatnonzero(present)[::-1] + self._low
            self._places = np.zeros(present.size, dtype=np.min_scalar_type(self.distinct.size - 1))
            self._places[self.distinct - self._low] = np.arange(self.distinct.size)

    def ranks(self, begin: int, end: int) -> Array:
        """Returns the places of the delays of some synapses."""
        return self._of(self.steps[begin:end])

    def ranks_at(self, synapses: Array) -> Array:
        """Returns the places of the delays of the synapses with these numbers."""
        return self._of(self.steps[synapses])

    def _of(self, part: Array) -> Array:
        if self._places is None:
            return self.distinct.size - 1 - np.searchsorted(self.distinct[::-1], part)
        return self._places[part - part.dtype.type(self._low)]


class RowOrder(LazyStorage):
    """The order of synapses that are sorted by spiking element already: by delay within each element.

    It is found slice by slice from the delays, which need a byte or two for each synapse.

    Args:
        label: Name for people.
        starts: The first synapse of each element, and one more.
        ranking: The delays.
    """

    __slots__ = ("_followed", "_ranking", "_starts")

    def __init__(self, label: str, starts: Array, ranking: _Ranking) -> None:
        super().__init__(label, int(starts[-1]), np.int32)
        self.frozen = True
        self._starts = starts
        self._ranking = ranking
        self._followed: tuple[int, int] | None = None

    @property
    def readable(self) -> Storage | Array:
        """Something to read slices of elements from."""
        return self if self._made is None else self._made

    @property
    def basis(self) -> Array:
        """The object to compare by identity: there is a new one whenever the ends change."""
        return self._starts

    @property
    def followed(self) -> tuple[int, int]:
        """Numbers that differ if that differs which the order follows from."""
        if self._followed is None:
            self._followed = fingerprint(self._starts), fingerprint(self._ranking.steps)
        return self._followed

    @property
    def kept_bytes(self) -> int:
        """Bytes that are kept now."""
        return super().kept_bytes + self._ranking.steps.nbytes

    def forget(self) -> None:
        """Gives up memory for all elements."""
        self._made = None

    def rows(self) -> tuple[Array, bool]:
        """Returns the first place of each row (and one more), and whether the synapses stand in order already."""
        count, starts = self._ranking.distinct.size, self._starts
        pointers, in_order = np.zeros((starts.size - 1) * count + 1, dtype=np.int64), True
        for first, stop in _blocks(starts, 0, starts.size - 1, count):
            keys = self._keys(first, stop)
            in_order = in_order and bool((keys[1:] >= keys[:-1]).all())
            pointers[first * count + 1 : stop * count + 1] = np.bincount(keys, minlength=(stop - first) * count)
        np.cumsum(pointers, out=pointers)
        return pointers, in_order

    def of_elements(self, elements: Array) -> Array:
        """Returns the synapses of some elements, one element after another, each in the order of the delays."""
        count, lengths = self._ranking.distinct.size, self._starts[elements + 1] - self._starts[elements]
        ends, found = np.concatenate([[0], np.cumsum(lengths)]), np.empty(int(lengths.sum()), dtype=np.int32)
        for first, stop in _blocks(ends, 0, elements.size, count):
            synapses = ranges(self._starts[elements[first:stop]], lengths[first:stop])
            keys = np.repeat(np.arange(stop - first, dtype=np.int32) * count, lengths[first:stop])
            keys += self._ranking.ranks_at(synapses)
            order = sorted_order(keys)
            found[ends[first] : ends[stop]] = synapses if order is None else synapses[order]
        return found

    def _keys(self, first: int, stop: int) -> Array:
        """Returns a number for each synapse of some elements: larger for later rows."""
        lengths = np.diff(self._starts[first : stop + 1])
        keys = np.repeat(np.arange(stop - first, dtype=np.int32) * self._ranking.distinct.size, lengths)
        keys += self._ranking.ranks(int(self._starts[first]), int(self._starts[stop]))
        return keys

    def _some(self, places: Places) -> Array:
        if not isinstance(places, slice):
            return self._all()[places]
        chosen = range(*places.indices(self._size))
        if chosen.step != 1:
            return self._all()[places]
        found = np.empty(len(chosen), dtype=np.int32)
        if not found.size:
            return found
        last = int(np.searchsorted(self._starts, chosen.stop))
        begin = int(np.searchsorted(self._starts, chosen.start, side="right")) - 1
        for first, stop in _blocks(self._starts, begin, last, self._ranking.distinct.size):
            begin = int(self._starts[first])
            own = sorted_order(self._keys(first, stop))
            if own is None:
                own = np.arange(int(self._starts[stop]) - begin, dtype=np.int32)
            low, high = max(chosen.start - begin, 0), min(chosen.stop - begin, own.size)
            found[begin + low - chosen.start : begin + high - chosen.start] = own[low:high] + np.int32(begin)
        return found


def _blocks(starts: Array, first: int, last: int, count: int) -> Iterator[tuple[int, int]]:
    """Yields ranges of elements whose synapses are sorted together.

    Args:
        starts: The first synapse of each element, and one more.
        first: The first element.
        last: One after the last element.
        count: Number of delays.
    """
    most = max((1 << 16) // count, 1)
    while first < last:
        stop = int(np.searchsorted(starts, int(starts[first]) + BLOCK, side="right")) - 1
        stop = min(max(stop, first + 1), first + most, last)
        yield first, stop
        first = stop


def _counting_order(label: str, keys: Callable[[int, int], Array], size: int, cursors: Array) -> Array:
    """Returns the stable order of numbers that come in blocks.

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
