"""How many synapses neurons have, and which number a synapse has among those of the same pair."""

from typing import Any, ClassVar

import numpy as np

from ranvier.graph.actions import Storage
from ranvier.objects.delays import counted, sorted_order
from ranvier.objects.variables import ArrayVariable, Reference, Way, new_storage

Array = np.ndarray[Any, Any]


class SynapticCounts:
    """`N_incoming` and `N_outgoing`: numbers of synapses of each neuron.

    Args:
        owner: Name of the synapses.
        sources: Number of presynaptic neurons.
        targets: Number of postsynaptic neurons.

    Attributes:
        incoming: Number of synapses that end at each postsynaptic neuron.
        outgoing: Number of synapses that begin at each presynaptic neuron.
    """

    NAMES: ClassVar[tuple[str, str]] = ("N_incoming", "N_outgoing")

    def __init__(self, owner: str, sources: int, targets: int) -> None:
        self.incoming: Storage = new_storage(f"{owner}.N_incoming", targets, np.int32)
        self.outgoing: Storage = new_storage(f"{owner}.N_outgoing", sources, np.int32)

    def renew(self, sources: Array, targets: Array) -> None:
        """Counts anew."""
        self.incoming.array[:] = counted(targets, self.incoming.array.size)
        self.outgoing.array[:] = counted(sources, self.outgoing.array.size)

    def reference(self, name: str, index: Storage, owner: Any) -> Reference:
        """Returns the variable, seen from the synapses."""
        variable = owner.variables[name]
        assert isinstance(variable, ArrayVariable)
        return Reference(variable, owner, Way(index=index))


def multisynaptic_numbers(sources: Array, targets: Array) -> Array:
    """Returns for each synapse how many of the same pair were made before it."""
    if not sources.size:
        return np.zeros(0, dtype=np.int32)
    keys = sources.astype(np.int64) * (int(targets.max()) + 1) + targets
    order = sorted_order(keys)
    ordered = keys if order is None else keys[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    lengths = np.diff(np.concatenate([starts, [keys.size]]))
    numbers = (np.arange(keys.size) - np.repeat(starts, lengths)).astype(np.int32)
    if order is None:
        return numbers
    found = np.empty_like(numbers)
    found[order] = numbers
    return found
