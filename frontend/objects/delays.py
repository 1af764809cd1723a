"""From delays in seconds to rows of synapses and histories of spikes."""

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from ranvier.graph.actions import Storage
from ranvier.graph.synaptic_actions import Rows, SpikeHistory
from ranvier.runtime.state import allocate

Array = np.ndarray[Any, Any]


def delay_steps(seconds: Array, dt: float, name: str) -> Array:
    """Returns delays in steps: int(delay/dt + 0.5), int32 where they fit.

    Raises:
        ValueError: If a delay is negative or not finite.
    """
    steps = seconds / dt
    longest = float(steps.max(initial=0.0))
    if steps.size and not (steps.min() >= 0 and np.isfinite(longest)):
        bad = seconds[~((seconds >= 0) & np.isfinite(seconds))][0]
        raise ValueError(f"The delays of '{name}' have to be finite and not negative, but one is {bad} s.")
    steps += 0.5
    return steps.astype(np.int32 if longest < 2**30 else np.int64)


def sorted_order(keys: Array) -> Array | None:
    """Returns the stable order of non-negative integers, None if they are sorted.

    Sorts 16 bits at a time, for which numpy has a radix sort.
    """
    if keys.size < 2 or bool(np.all(keys[1:] >= keys[:-1])):
        return None
    order = np.argsort((keys & 0xFFFF).astype(np.uint16), kind="stable").astype(np.int32)
    most = int(keys.max())
    shift = 16
    while most >> shift:
        digits = ((keys[order] >> shift) & 0xFFFF).astype(np.uint16)
        order = order[np.argsort(digits, kind="stable")]
        shift += 16
    return order


BLOCK = 1 << 19
"""Synapses that are sorted together."""


def new_rows(label: str, elements: Array, size: int, steps: Array) -> Rows:
    """Returns the rows of synapses.

    Args:
        label: Name of the pathway.
        elements: The spiking element of each synapse.
        size: Number of elements.
        steps: The delay of each synapse in steps, or a single one for all.
    """
    distinct, ranks = _ranked(steps)
    count = distinct.size
    pointers = np.zeros(size * count + 1, dtype=np.int64)
    if count == 1:
        order = sorted_order(elements)
        np.cumsum(counted(elements, size), out=pointers[1:])
    elif bool(np.all(elements[1:] >= elements[:-1])):
        order = _order_within_elements(elements, ranks, size, count, pointers)
    else:
        keys = elements.astype(np.int64) * count + ranks
        order = sorted_order(keys)
        np.cumsum(counted(keys, size * count), out=pointers[1:])
    return Rows(
        _storage(f"{label}.pointers", pointers, is_frozen=True),
        _storage(f"{label}.delays", distinct.astype(np.int64), is_frozen=True),
        None if order is None else _storage(f"{label}.order", order, is_frozen=True),
    )


def _ranked(steps: Array) -> tuple[Array, Array]:
    """Distinct delays, longest first, and for each synapse the place of its delay among them."""
    if not steps.size:
        return np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.uint8)
    low, high = int(steps.min()), int(steps.max())
    if high - low >= 1 << 20:
        distinct = np.unique(steps)
        return distinct[::-1], distinct.size - 1 - np.searchsorted(distinct, steps)
    present = np.zeros(high + 1 - low, dtype=bool)
    present[steps - low] = True
    distinct = np.flatnonzero(present)[::-1] + low
    places = np.zeros(present.size, dtype=np.min_scalar_type(distinct.size - 1))
    places[distinct - low] = np.arange(distinct.size)
    return distinct, places[steps - low]


def _order_within_elements(elements: Array, ranks: Array, size: int, count: int, pointers: Array) -> Array | None:
    """The order of synapses that are sorted by element, some elements at a time; the pointers are filled in."""
    bounds = np.searchsorted(elements, np.arange(size + 1, dtype=elements.dtype))
    order = np.empty(elements.size, dtype=np.int32)
    first, most, is_sorted = 0, max((1 << 16) // count, 1), True
    while first < size:
        stop = int(np.searchsorted(bounds, int(bounds[first]) + BLOCK, side="right")) - 1
        stop = min(max(stop, first + 1), first + most, size)
        begin, end = int(bounds[first]), int(bounds[stop])
        keys = (elements[begin:end] - first).astype(np.int64) * count + ranks[begin:end]
        own = sorted_order(keys)
        is_sorted = is_sorted and own is None
        order[begin:end] = np.arange(begin, end) if own is None else own + begin
        pointers[first * count + 1 : stop * count + 1] = np.bincount(keys, minlength=(stop - first) * count)
        first = stop
    np.cumsum(pointers, out=pointers)
    return None if is_sorted else order


def counted(numbers: Array, size: int) -> Array:
    """Returns how often each of 0, ..., size - 1 occurs; unlike `bincount`, it makes no wider copy of all numbers."""
    counts = np.zeros(size, dtype=np.int64)
    for start in range(0, numbers.size, max(BLOCK, size)):
        counts += np.bincount(numbers[start : start + max(BLOCK, size)], minlength=size)
    return counts


def _storage(label: str, values: Array, *, is_frozen: bool = False) -> Storage:
    array = allocate(values.size, values.dtype)
    array[:] = values
    return Storage(label, array, frozen=is_frozen)


@dataclass(frozen=True)
class InFlight:
    """Spikes on their way.

    Attributes:
        position: The step at which the pathway stands.
        due: The position at which each arrives, ascending.
        synapses: The synapse at which each arrives.
    """

    position: int
    due: Array
    synapses: Array

    def rescaled(self, factor: float) -> "InFlight":
        """Returns the same spikes for steps that are `factor` times shorter."""
        due = self.position + ((self.due - self.position) * factor + 0.5).astype(np.int64)
        return InFlight(self.position, due, self.synapses)


NOTHING = InFlight(0, np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int32))


def new_history(label: str, size: int, longest: int, pending: InFlight) -> SpikeHistory:
    """Returns a history without spikes, except those on their way.

    Args:
        label: Name of the pathway.
        size: Number of spiking elements.
        longest: The longest delay in steps.
        pending: Spikes on their way.
    """
    length = longest + 1
    return SpikeHistory(
        indices=Storage(f"{label}.spikes", allocate(length * size, np.int32)),
        counts=Storage(f"{label}.counts", allocate(length, np.int64)),
        position=_storage(f"{label}.position", np.array([pending.position], dtype=np.int64)),
        pending_due=_storage(f"{label}.pending times", pending.due),
        pending_synapses=_storage(f"{label}.pending synapses", pending.synapses),
        pending_position=_storage(f"{label}.arrived", np.zeros(1, dtype=np.int64)),
    )


def in_flight(rows: Rows, history: SpikeHistory) -> InFlight:
    """Returns the spikes that a pathway still has to deliver, in the order in which it would."""
    position = int(history.position.array[0])
    done = int(history.pending_position.array[0])
    due: list[Array] = [history.pending_due.array[done:]]
    synapses: list[Array] = [history.pending_synapses.array[done:]]
    length = history.counts.array.size
    size = history.indices.array.size // length
    delays = rows.delays.array
    for step in range(max(position - length + 1, 0), position):
        slot = step % length
        spikes = history.indices.array[slot * size : slot * size + int(history.counts.array[slot])]
        if not spikes.size:
            continue
        for number in np.flatnonzero(delays + step >= position):
            reached = reached_synapses(rows, spikes, int(number))
            due.append(np.full(reached.size, step + delays[number], dtype=np.int64))
            synapses.append(reached)
    all_due = np.concatenate(due)
    order = np.argsort(all_due, kind="stable")
    return InFlight(position, all_due[order], np.concatenate(synapses)[order].astype(np.int32))


def reached_synapses(rows: Rows, spikes: Array, number: int) -> Array:
    """Returns the synapses that spikes reach with one of the delays, in order."""
    count = rows.delays.array.size
    starts = rows.pointers.array[spikes.astype(np.int64) * count + number]
    lengths = rows.pointers.array[spikes.astype(np.int64) * count + number + 1] - starts
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if ends.size else 0
    places = np.arange(total, dtype=np.int64) + np.repeat(starts - (ends - lengths), lengths)
    return places if rows.order is None else rows.order.array[places]


def fingerprint(values: Array) -> int:
    """Returns a number that differs (nearly always) if the values differ."""
    return zlib.crc32(np.ascontiguousarray(values).view(np.uint8).data)
