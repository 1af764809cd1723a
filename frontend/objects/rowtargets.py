"""Targets in the order of rows: where delays differ, the synapses of a row do not stand together otherwise."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ranvier.graph import actions as act
from ranvier.graph.actions import Storage
from ranvier.graph.code import DRAWS, used_names
from ranvier.graph.synaptic_actions import OfPost, OfPre, PostIndex, PreIndex, SynapticBinding
from ranvier.integrators.assignments import Action
from ranvier.runtime.state import allocate

Array = np.ndarray[Any, Any]

OF_ENDS = (OfPre, OfPost, PreIndex, PostIndex, act.Constant, act.Time, act.Shared)
"""What has the same value for all synapses between the same neurons."""

BLOCK = 1 << 20
"""Synapses that are copied together."""


def needs_only_ends(code: Sequence[Action], bindings: Mapping[str, SynapticBinding]) -> bool:
    """Tells whether code for a synapse depends only on which neurons it connects.

    Random numbers depend on the number of the synapse.
    """
    used = used_names(code)
    if not DRAWS.keys().isdisjoint(used):
        return False
    return all(isinstance(bindings[name], OF_ENDS) for name in used if name in bindings)


def row_targets(label: str, targets: Array, order: Array) -> Storage:
    """Returns the postsynaptic element of each synapse, in the order of the rows."""
    found = allocate(order.size, targets.dtype)
    for start in range(0, order.size, BLOCK):
        part = order[start : start + BLOCK]
        found[start : start + part.size] = targets[part]
    return Storage(f"{label}.row targets", found)
