"""Whether all elements that actions reach exist: proven for each plan from sizes, and from the numbers in lists.

The other half, indices that are variables, is `ranvier.actions.linked_indices`; the ends of synapses are checked where
they are made (`connect`, `restore`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ranvier.actions import actions as act
from ranvier.actions import synaptic_actions as syn
from ranvier.actions.effects import bindings_of


@dataclass(frozen=True, slots=True)
class Extent:
    """The elements for which an action runs: from `first` to the one before `stop`."""

    first: int
    stop: int


def check_extents(actions: Iterable[act.Action]) -> None:
    """Checks that no action reaches beyond the end of an array.

    Synapses can become fewer (`restore`) or more (`connect`) after something else was made for them.

    Raises:
        IndexError: Naming the object, the variable and what to do.
    """
    for action in actions:
        extent = extent_of(action)
        if extent is None or extent.stop <= extent.first:
            continue
        for name, binding in bindings_of(action).items():
            match binding:
                case act.Element(storage) | syn.OfSynapse(storage):
                    if extent.stop > storage.size:
                        raise _beyond(action, name, storage, extent.stop - 1)
                case act.Indexed():
                    _check_link(action, name, binding, extent)
                case _:
                    pass


def extent_of(action: act.Action) -> Extent | None:
    """Returns the elements for which the code of an action runs, None if it has none."""
    match action:
        case act.MapCode():
            return Extent(action.offset, action.offset + action.size)
        case act.Threshold():
            return Extent(0, action.size)
        case act.EventCode():
            return Extent(0, action.events.indices.size)
        case act.RecordEvents():
            return Extent(action.start, action.stop)
        case act.RecordStates():
            numbers = action.indices.array
            return Extent(int(numbers.min()), int(numbers.max()) + 1) if numbers.size else None
        case syn.Propagate() | syn.Accumulate():
            return Extent(0, action.connections.sources.size)
        case _:
            return None


def _check_link(action: act.Action, name: str, binding: act.Indexed, extent: Extent) -> None:
    if binding.index is None:
        if extent.first + binding.offset < 0 or extent.stop + binding.offset > binding.storage.size:
            raise _beyond(action, name, binding.storage, extent.stop + binding.offset - 1)
    elif extent.stop > binding.index.size:
        raise _beyond(action, name, binding.index, extent.stop - 1)


def _beyond(action: act.Action, name: str, storage: act.Storage, last: int) -> IndexError:
    does = "records" if isinstance(action, act.RecordStates) else "uses"
    cure = "Make the monitor again" if isinstance(action, act.RecordStates) else f"Link '{name}' again with linked_var"
    return IndexError(
        f"'{action.label}' {does} '{name}' of element {last}, but '{storage.label}' has {storage.size} now: the number "
        f"of synapses has changed since, by connect() or restore(). {cure}."
    )
