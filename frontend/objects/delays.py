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
    """Returns delays in steps: int(delay/dt + 0.5).

    Raises:
        ValueError: If a delay is negative or not finite.
    """
    steps = seconds / dt
    if steps.size and not (steps.min() >= 0 and np.isfinite(steps.max())):
        bad = seconds[~((seconds >= 0) & np.isfinite(seconds))][0]
        raise ValueError(f"The delays of '{name}' have to be finite and not negative, but one is {bad} s.")
    steps += 0.5
    return steps.astype(np.int64)


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


def new_rows(label: str, elements: Array, size: int, steps: Array) -> Rows:
    """Returns the rows of synapses.

    Args:
        label: Name of the pathway.
        elements: The spiking element of each synapse.
        size: Number of elements.
        steps: The delay of each synapse in steps, or a single one for all.
    """
    distinct = np.unique(steps)[::-1] if steps.size else np.zeros(1, dtype=np.int64)
    count = distinct.size
    if count == 1:
        keys = elements
    else:
        slots = count - 1 - np.searchsorted(distinct[::-1], steps)
        keys = elements.astype(np.int64) * count + slots
    order = sorted_order(keys)
    pointers = np.zeros(size * count + 1, dtype=np.int64)
    np.cumsum(np.bincount(keys, minlength=size * count), out=pointers[1:])
    return Rows(
        _storage(f"{label}.pointers", pointers),
        _storage(f"{label}.delays", distinct.astype(np.int64)),
        None if order is None else _storage(f"{label}.order", order),
    )


def _storage(label: str, values: Array) -> Storage:
    array = allocate(values.size, values.dtype)
    array[:] = values
    return Storage(label, array)


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
    return zlib.crc32(np.ascontiguousarray(values).view(np.uint8))
