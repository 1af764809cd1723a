"""Large arrays of synapses that no set changes: the state from which sets begin has them as they are, not as copies.

Which these are is known when the first set is ready to run: its actions say what a step writes. Until then nothing but
the variables of `over` and `start` is written, so that what turns out to be written is copied in time. Where Python of
the script is called, which may write anything, there is a copy of everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ranvier.actions.actions import Action
from ranvier.actions.effects import may_be_in, written_by_any
from ranvier.objects.groups.brianobject import BrianObject
from ranvier.objects.memory.lazy import LazyStorage
from ranvier.objects.networks.snapshot import NetworkState
from ranvier.objects.synapses.synapses import Synapses
from ranvier.objects.variables.variables import ArrayVariable

LARGE = 1 << 20
"""Arrays of fewer bytes are copied."""

Shared = Mapping[tuple[str, str], LazyStorage]
"""By the name of an object and of a variable: its memory."""


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
