"""Who holds the traces of synapses after `share-traces`, and whether that is so at the next run.

It says for a network whose actions are the same what `share_traces` would decide again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ranvier.actions import actions as act
from ranvier.actions import synaptic_actions as syn
from ranvier.actions.rewrites.share_states import UNEQUAL, state_holders
from ranvier.actions.rewrites.share_traces import constant_during_run
from ranvier.actions.states import HeldStates, StateHolder
from ranvier.actions.traces import Sharing, TraceHolder, Traces


@dataclass(frozen=True)
class HeldTraces:
    """The traces of one `Synapses` object.

    Attributes:
        owner: The object that holds them.
        action: The pathway from whose names their equations are known.
        sharing: What neurons hold; None for nothing.
        traces: The values of neurons, in the memory that the plan knows.
        reasons: Why they do not.
    """

    owner: TraceHolder
    action: syn.Propagate
    sharing: Sharing | None
    traces: Traces
    reasons: Mapping[str, str]

    def settle(self) -> bool:
        """Tells whether the traces are held as before, and gets them ready for a run."""
        owner, sharing = self.owner, self.sharing
        if owner.sharing is not sharing or owner.traces is not self.traces or owner.reasons != self.reasons:
            return False
        if sharing is None:
            return True
        if not sharing.is_same(self._present(sharing)) or not owner.settle(sharing):
            return False
        return owner.traces is self.traces  # others, if a script has changed values

    def _present(self, sharing: Sharing) -> Sharing:
        """Returns what neurons would hold, with the present values of what the equations depend on."""
        bindings = self.action.bindings
        flows = {
            side: replace(flow, constants={name: constant_during_run(bindings[name]) for name in flow.constants})
            for side, flow in sharing.flows.items()
        }
        return replace(sharing, flows=flows)


@dataclass(frozen=True)
class SettledStates:
    """The clock-driven variables of one `Synapses` object.

    Attributes:
        owner: The object that holds them.
        held: What neurons hold; None for nothing.
        reasons: Why they do not.
    """

    owner: StateHolder
    held: HeldStates | None
    reasons: Mapping[str, str]

    def settle(self) -> bool:
        """Tells whether the variables are held as before, and gets them ready for a run."""
        owner, held = self.owner, self.held
        if owner.held is not held or owner.reasons != self.reasons:
            return False
        if held is None:
            return UNEQUAL not in self.reasons.values() or owner.stays_apart()
        return owner.settle(held.sharing) and owner.held is held


def held_traces(actions: Sequence[act.Action]) -> list[HeldTraces | SettledStates] | None:
    """Returns who holds the variables of actions as objects ask for them; None if that may change at each run.

    Where the values of the synapses of a neuron differed, it is tried again and again whether they still do.
    """
    found: dict[int, HeldTraces | SettledStates] = {
        id(owner): SettledStates(owner, owner.held, dict(owner.reasons)) for owner in state_holders(actions)
    }
    for action in actions:
        if isinstance(action, syn.Propagate) and action.event_driven is not None:
            owner = action.event_driven.owner
            if owner.sharing is None and UNEQUAL in owner.reasons.values():
                return None
            found.setdefault(id(owner), HeldTraces(owner, action, owner.sharing, owner.traces, dict(owner.reasons)))
    return list(found.values())
