"""Spikes on their way: histories of spikes, and what is left of them when delays change."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ranvier.actions.actions import Storage
from ranvier.actions.reached_synapses import reached_synapses
from ranvier.actions.synaptic_actions import Rows, SpikeHistory
from ranvier.objects.connections.rows import RowOrder
from ranvier.objects.memory.arrays import Array
from ranvier.runtime.state import allocate


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

    def rescaled(self, factor: float) -> InFlight:
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
    delays, order = rows.delays.array, rows.order
    kept: dict[int, Array] = {}  # of elements that have spiked, their synapses in the order of the delays
    for step in range(max(position - length + 1, 0), position):
        slot = step % length
        spikes = history.indices.array[slot * size : slot * size + int(history.counts.array[slot])]
        if not spikes.size:
            continue
        for number in np.flatnonzero(delays + step >= position):
            if isinstance(order, RowOrder) and not order.is_made:
                reached = _reached(rows, order, spikes, int(number), kept)
            else:
                reached = reached_synapses(rows, spikes, int(number))
            due.append(np.full(reached.size, step + delays[number], dtype=np.int64))
            synapses.append(reached)
    all_due = np.concatenate(due)
    by_time = np.argsort(all_due, kind="stable")
    return InFlight(position, all_due[by_time], np.concatenate(synapses)[by_time].astype(np.int32))


def _reached(rows: Rows, order: RowOrder, spikes: Array, number: int, kept: dict[int, Array]) -> Array:
    """Returns the synapses that spikes reach after a delay, without the order of all synapses in memory.

    Args:
        rows: The rows of the pathway.
        order: Their order.
        spikes: The elements that have spiked.
        number: The number of the delay.
        kept: What is known of elements, which is added to.
    """
    pointers, count = rows.pointers.array, rows.delays.size
    found: list[Array] = []
    for element in spikes.tolist():
        begin = int(pointers[element * count])
        if element not in kept:
            kept[element] = order.take(slice(begin, int(pointers[(element + 1) * count])))
        first, stop = pointers[element * count + number : element * count + number + 2] - begin
        found.append(kept[element][first:stop])
    return np.concatenate(found)
