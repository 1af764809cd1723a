"""How many synapses neurons have, and which number a synapse has among those of the same pair."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ranvier.actions.actions import Storage
from ranvier.objects.connections.ends import SynapticEnds
from ranvier.objects.connections.rows import sorted_order
from ranvier.objects.memory.arrays import Array, counted
from ranvier.objects.memory.lazy import ComputedStorage
from ranvier.objects.variables.variables import ArrayVariable, Owner, Reference, Way


class Number(int):
    """The number of synapses: an int that can be read with `[:]` as well, as other shared variables are."""

    def __getitem__(self, item: object) -> np.int32:
        if not (item is Ellipsis or (isinstance(item, slice) and item == slice(None))):
            raise IndexError("'N' has one value: no index but [:] is possible.")
        return np.int32(self)


class SynapticCounts:
    """`N_incoming` and `N_outgoing`: numbers of synapses of each neuron.

    Args:
        owner: Name of the synapses.
        connections: Their ends.
        sources: Number of presynaptic neurons.
        targets: Number of postsynaptic neurons.

    Attributes:
        incoming: Number of synapses that end at each postsynaptic neuron.
        outgoing: Number of synapses that begin at each presynaptic neuron.
    """

    NAMES: ClassVar[tuple[str, str]] = ("N_incoming", "N_outgoing")

    def __init__(self, owner: str, connections: SynapticEnds, sources: int, targets: int) -> None:
        def begin() -> Array:
            pointers = connections.sources.pointers
            return counted(connections.sources.array, sources) if pointers is None else np.diff(pointers)

        def end() -> Array:
            return counted(connections.targets.readable, targets)

        self.incoming: ComputedStorage = ComputedStorage(f"{owner}.N_incoming", targets, np.int32, end)
        self.outgoing: ComputedStorage = ComputedStorage(f"{owner}.N_outgoing", sources, np.int32, begin)

    def renew(self) -> None:
        """Counts anew when somebody asks."""
        self.incoming.forget()
        self.outgoing.forget()

    def reference(self, name: str, index: Storage, owner: Owner) -> Reference:
        """Returns the variable, seen from the synapses."""
        variable = owner.variables[name]
        assert isinstance(variable, ArrayVariable)
        return Reference(variable, owner, Way(index=index))


def numbers_of_added(connections: SynapticEnds, before: int, targets: int) -> Array:
    """Returns for each of the last synapses how many of the same pair were made before it.

    Only synapses that end at the same elements are looked at: scripts that connect one element after another would
    otherwise sort all synapses each time.

    Args:
        connections: The ends of all synapses.
        before: Number of the synapses that are not among the last.
        targets: Number of postsynaptic elements.
    """
    ends = connections.targets.readable
    if not before:
        return multisynaptic_numbers(connections.sources.take(slice(None)), ends)
    wanted = np.zeros(targets, dtype=bool)
    wanted[ends[before:]] = True
    known = np.flatnonzero(wanted[ends[:before]])
    chosen = np.concatenate([known, np.arange(before, ends.size)])
    return multisynaptic_numbers(connections.sources.take(chosen), ends[chosen])[known.size :]


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
