"""Spikes on their way that a stored state holds synapse by synapse, put back into the history of their pathway."""

from __future__ import annotations

import numpy as np

from ranvier.actions.actions import Storage
from ranvier.actions.synaptic_actions import Rows, SpikeHistory
from ranvier.objects.memory.arrays import Array
from ranvier.objects.pathways.in_flight import in_flight


def resume_spikes(history: SpikeHistory, rows: Rows, ends: Storage, delays: Array) -> None:
    """Makes pending spikes spikes of the last steps again, where that is exactly what they were.

    So a restored network goes on as it did, without synapses that have to be looked after one by one.

    Args:
        history: A new history, with pending spikes only.
        rows: The rows of the pathway.
        ends: The spiking element of each synapse.
        delays: The delay of each synapse in steps, or a single one for all.
    """
    due, synapses = history.pending_due.array, history.pending_synapses.array
    if not due.size:
        return
    position, length = int(history.position.array[0]), history.counts.size
    steps = due - (delays[synapses].astype(np.int64) if delays.size > 1 else rows.delays.array[0])
    if int(steps.min()) < max(position - length + 1, 0) or int(steps.max()) >= position:
        return
    elements = ends.take(synapses)
    is_first = np.r_[True, (steps[1:] != steps[:-1]) | (elements[1:] != elements[:-1])]
    size = history.indices.size // length
    for step in np.unique(steps):
        spikes = elements[is_first & (steps == step)]
        # synapses of different delays stand apart: the order of the spikes is not known, but thresholds give them so
        spikes = (spikes if rows.delays.size == 1 else np.unique(spikes))[:size]
        slot = int(step) % length
        history.counts.array[slot] = spikes.size
        history.indices.array[slot * size : slot * size + spikes.size] = spikes
    history.pending_position.array[0] = due.size
    found = in_flight(rows, history)
    if not (np.array_equal(found.due, due) and np.array_equal(found.synapses, synapses)):
        history.counts.array[:] = 0
        history.pending_position.array[0] = 0
