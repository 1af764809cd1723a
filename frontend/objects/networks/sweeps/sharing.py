"""Large arrays that are in memory once, although the network, the state from which sets begin, and runs have them.

Runs begin with the arrays of the state, where the network has the same at their beginning.

Large arrays of synapses that no set changes are in the state as they are, not as copies. Which these are is known when
the first set is ready to run: its actions say what a step writes. Until then nothing but the variables of `over` and
`start` is written, so that what turns out to be written is copied in time. Where Python of the script is called, which
may write anything, there is a copy of everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set

import numpy as np

from ranvier.actions.actions import Action
from ranvier.actions.effects import may_be_in, written_by_any
from ranvier.objects.groups.brianobject import BrianObject
from ranvier.objects.memory.arrays import Array
from ranvier.objects.memory.lazy import LazyStorage
from ranvier.objects.networks.snapshot import NetworkState
from ranvier.objects.synapses.synapses import Synapses
from ranvier.objects.variables.variables import ArrayVariable
from ranvier.runtime.stand_ins import copy_of
from ranvier.runtime.state import address
from ranvier.runtime.turns import plain_inputs

LARGE = 1 << 20
"""Arrays of parameters of fewer bytes are copied."""
LEAST = 1 << 16
"""Arrays of which runs make copies are copied before, if they have fewer bytes."""

Shared = Mapping[tuple[str, str], LazyStorage]
"""By the name of an object and of a variable: its memory."""


class StoredArrays:
    """The large arrays of the state from which sets begin, by where the network has them now.

    Args:
        objects: The objects of the network.
        state: The state.

    Attributes:
        copied_bytes: Bytes of the copies that `as_now` has made.
    """

    def __init__(self, objects: Iterable[BrianObject], state: NetworkState) -> None:
        self.copied_bytes = 0
        self._stored = {
            address(array): state.objects[obj.name].arrays[name]
            for obj in objects
            if obj.name in state.objects
            for name, array in obj.state_arrays().items()
            if array.nbytes >= LEAST
        }

    def inputs_now(self, values: Sequence[object], own: Set[int], others: Set[int]) -> list[object]:
        """Returns what the inputs of a program stand for now, whatever becomes of the network later.

        Args:
            values: What they stand for.
            own: The numbers of arrays of which runs make copies: here they may be the stored ones.
            others: The numbers of further arrays that are copied.
        """
        return plain_inputs(values, own | others, lambda n, array: self.as_now(array) if n in own else copy_of(array))

    def as_now(self, array: Array) -> Array:
        """Returns what an array of the network is now: the stored one, if that is the same, else a copy."""
        stored = self._stored.get(address(array)) if array.nbytes >= LEAST else None
        if stored is not None and _are_same(stored, array):
            return stored
        self.copied_bytes += array.nbytes
        return copy_of(array)


def _are_same(one: Array, other: Array) -> bool:
    """Tells whether arrays have the same values bit for bit, each in memory of its own."""
    if one.dtype != other.dtype or one.shape != other.shape or not one.flags.c_contiguous:
        return False
    return address(one) != address(other) and np.array_equal(one.view(np.uint8), other.view(np.uint8))


def large_parameters(objects: Iterable[BrianObject], set_by_sets: Iterable[object]) -> Shared:
    """Returns the large parameters of synapses that sets do not set.

    Args:
        objects: The objects of the network.
        set_by_sets: The memory of the variables that sets set.
    """
    taken = {*map(id, set_by_sets)}
    return {
        (obj.name, name): storage
        for obj in objects
        if isinstance(obj, Synapses)
        for name, storage in _parameters(obj)
        if id(storage) not in taken and storage.kept_bytes >= LARGE
    }


def _parameters(synapses: Synapses) -> Iterator[tuple[str, LazyStorage]]:
    for name in synapses.user_equations.parameter_names:
        variable = synapses.variables.own(name)
        if isinstance(variable, ArrayVariable) and isinstance(variable.storage, LazyStorage):
            yield name, variable.storage


def copy_written(state: NetworkState, shared: Shared, actions: Iterable[Action]) -> None:
    """Gives a state copies of those arrays that a step may write: no step was done since it was taken.

    Args:
        state: The state.
        shared: What it has in common with the network.
        actions: What happens in a step.
    """
    written = written_by_any(actions)
    for (owner, name), storage in shared.items():
        arrays = state.objects[owner].arrays
        if may_be_in(written, storage):
            arrays[name] = arrays[name].copy()
