"""Spikes on their way: histories of spikes, and what is left of them when delays change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ranvier.actions.actions import Storage
from ranvier.actions.reached_synapses import ranges
from ranvier.actions.synaptic_actions import Rows, SpikeHistory
from ranvier.objects.connections.rows import RowOrder
from ranvier.objects.memory.arrays import Array, distinct
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
    steps = [step for step in range(max(position - length + 1, 0), position) if history.counts.array[step % length]]
    slots = [slice(step % length * size, step % length * size + history.counts.array[step % length]) for step in steps]
    spikes = [history.indices.array[slot].astype(np.int64) for slot in slots]
    synapse_at = _row_contents(rows, spikes)
    delays, pointers = rows.delays.array, rows.pointers.array
    for step, elements in zip(steps, spikes, strict=True):
        still = int((delays + step >= position).sum())  # the longest come first
        firsts = elements * delays.size
        places = ranges(pointers[firsts], pointers[firsts + still] - pointers[firsts])
        due.append(step + delays[(np.searchsorted(pointers, places, side="right") - 1) % delays.size])
        synapses.append(synapse_at(places))
    all_due = np.concatenate(due)
    by_time = np.argsort(all_due, kind="stable")
    return InFlight(position, all_due[by_time], np.concatenate(synapses)[by_time].astype(np.int32))


def _row_contents(rows: Rows, spikes: list[Array]) -> Callable[[Array], Array]:
    """Returns what gives the synapses at places of the rows, without the order of all synapses in memory.

    Args:
        rows: The rows of a pathway.
        spikes: The elements whose rows will be asked for.
    """
    order = rows.order
    if order is None:
        return lambda places: places
    if not (isinstance(order, RowOrder) and not order.is_made):
        return lambda places: order.array[places]
    elements = distinct(np.concatenate([*spikes, np.zeros(0, dtype=np.int64)]))
    known = order.of_elements(elements)
    firsts, lasts = (rows.pointers.array[(elements + after) * rows.delays.size] for after in (0, 1))
    shifts = firsts - np.concatenate([[0], np.cumsum(lasts - firsts)[:-1]])  # from places of all rows to those known

    def synapse_at(places: Array) -> Array:
        return known[places - shifts[np.searchsorted(firsts, places, side="right") - 1]]

    return synapse_at
