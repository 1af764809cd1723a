"""Which variables the actions of a network change."""

from collections.abc import Sequence

from ranvier.actions import actions as act
from ranvier.actions import synaptic_actions as syn
from ranvier.actions.code import assigned_names


def written_storages(actions: Sequence[act.Action]) -> set[int] | None:
    """Returns the identities of the variables that actions may change; None if it could be any.

    A function of the script that is called during a run can change whatever it can reach.
    """
    written: set[int] = set()
    for action in actions:
        match action:
            case act.HostCall():
                return None
            case act.MapCode() | act.EventCode() | syn.Propagate():
                bindings = action.bindings
                targets = (bindings[name] for name in assigned_names(action.code) if name in bindings)
                written |= {id(target.storage) for target in targets if hasattr(target, "storage")}  # pyright: ignore
            case syn.Accumulate():
                written.add(id(action.target))
            case _:
                pass
    return written
