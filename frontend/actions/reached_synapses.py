"""Which synapses spikes reach."""

from __future__ import annotations

from typing import Any

import numpy as np

from ranvier.actions.synaptic_actions import Rows

Array = np.ndarray[Any, Any]


def reached_synapses(rows: Rows, spikes: Array, number: int) -> Array:
    """Returns the synapses that spikes reach with one of the delays, in order."""
    count = rows.delays.array.size
    starts = rows.pointers.array[spikes.astype(np.int64) * count + number]
    places = ranges(starts, rows.pointers.array[spikes.astype(np.int64) * count + number + 1] - starts)
    return places if rows.order is None else rows.order.array[places].astype(np.int64)


def ranges(starts: Array, lengths: Array) -> Array:
    """Returns numbers that count up from each start, one range after another."""
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if ends.size else 0
    return np.arange(total, dtype=np.int64) + np.repeat(starts - (ends - lengths), lengths)
