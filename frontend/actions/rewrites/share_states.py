"""The part of the rewrite `share-traces` for clock-driven variables: neurons hold what all their synapses would have.

Before:
    MapCode s_stateupdater: x = x + dt*(-x/tau); s = s + dt*(a*x*(1 - s) - s/taus)    each synapse, at each step
    Accumulate s_summed: g_post += w*s                                                s of the synapse
    Propagate s_pre: x += 1                                                           each synapse of the source
After:
    MapCode s_stateupdater: x = x + dt*(-x/tau); s = s + dt*(a*x*(1 - s) - s/taus)    each source, at each step
    Accumulate s_summed: g_post += w*s                                                s of the source
    Propagate s_pre: x += 1                                                           once for the source

Legal for the reasons in `ranvier.actions.rewrites.state_sides`, where no Python is called that may look at a synapse.
The values of all synapses of a neuron must be equal to begin with, which whoever holds them checks
(`ranvier.actions.states.StateHolder.settle`). All results are the same to the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ranvier.actions import actions as act
from ranvier.actions import synaptic_actions as syn
from ranvier.actions.code import assigned_names, used_names
from ranvier.actions.effects import calls_python, may_be_in, touches, written_by_any
from ranvier.actions.rewrites.names import SHARE_TRACES
from ranvier.actions.rewrites.state_sides import StateSides
from ranvier.actions.rewrites.straight_code import lines_for
from ranvier.actions.states import IntegrateSynapses, StateHolder, StateSharing
from ranvier.actions.traces import SIDES
from ranvier.equations.assignments import Line

UNEQUAL = "its values differ between the synapses of a neuron"
"""The reason that is found only by looking at all values, and may be gone at the next run."""

HELD_BY = {"pre": "held by the source", "post": "held by the target"}
"""What is noted of a variable by its side."""


def share_states(actions: Sequence[act.Action]) -> list[act.Action]:
    """Returns actions in which neurons hold the clock-driven variables that are the same for all their synapses."""
    changed = list(actions)
    for holder in state_holders(actions):
        changed = _shared(changed, holder)
    return changed


def leave_states(actions: Sequence[act.Action], why: str) -> None:
    """Lets every synapse have values of its own."""
    for holder in state_holders(actions):
        holder.spread()
        holder.reasons = dict.fromkeys(holder.storages, why)


def state_holders(actions: Sequence[act.Action]) -> list[StateHolder]:
    """Returns who holds the clock-driven variables that actions advance, each once."""
    found = (action.states for action in actions if isinstance(action, IntegrateSynapses))
    return list({id(holder): holder for holder in found}.values())


def _shared(actions: Sequence[act.Action], holder: StateHolder) -> list[act.Action]:
    """Returns actions with the variables of one holder that neurons can hold at neurons."""
    caller = next((action.label for action in actions if calls_python(action)), "")
    storages = list(holder.storages.values())
    users = [action for action in actions if any(may_be_in(touches(action), storage) for storage in storages)]
    sharing, found = StateSharing({}), None
    if caller:
        reasons = dict.fromkeys(holder.storages, f"'{caller}' calls Python, which may use variables of synapses")
    else:
        written = written_by_any(actions)
        found = StateSides(holder, users, lambda storage: may_be_in(written, storage))
        reasons, sharing = found.reasons, StateSharing(found.sides, found.parameters)
    is_held = holder.settle(sharing)
    reasons = {name: reasons.get(name, "" if is_held else UNEQUAL) for name in holder.storages}
    holder.reasons = reasons
    said = ((name, reasons[name] or HELD_BY[sharing.sides[name]]) for name in holder.storages)
    note = (SHARE_TRACES, "; ".join(f"{name}: {text}" for name, text in said))
    changed: list[act.Action] = []
    for action in actions:
        is_noted = isinstance(action, IntegrateSynapses) and action.states is holder
        noted = replace(action, notes=(*action.notes, note)) if is_noted else action
        is_user = is_held and found is not None and any(action is user for user in users)
        changed += _Rewriter(holder, found).of(noted) if is_user and found is not None else [noted]
    return changed


class _Rewriter:
    """Puts variables of neurons in the place of those of synapses.

    Args:
        holder: Who holds the variables.
        found: Which of them belong to neurons.
    """

    def __init__(self, holder: StateHolder, found: StateSides) -> None:
        assert holder.held is not None
        self._holder = holder
        self._found = found
        self._values = holder.held.values

    def of(self, action: act.Action) -> list[act.Action]:
        """Returns what is done in the place of an action."""
        held = {name: v for name, v in self._found.names_in(action).items() if v in self._found.sides}
        match action:
            case act.MapCode():
                return [*self._maps(action)]
            case syn.Propagate():
                assigned = assigned_names(action.code)
                of = {name: self._in_pathway(v, name in assigned) for name, v in held.items()}
                return [replace(action, bindings={**action.bindings, **of})]
            case syn.Accumulate():
                ends = {name: self._at_end(v) for name, v in held.items()}
                return [replace(action, bindings={**action.bindings, **ends})]
            case act.RecordStates():
                found = {name: self._from_synapse(v) for name, v in held.items()}
                return [replace(action, bindings={**action.bindings, **found})]
            case _:
                raise TypeError(f"{action.label}: a {type(action).__name__} cannot use variables of neurons")

    def _maps(self, action: act.MapCode) -> list[act.MapCode]:
        """Returns code for the synapses, for their sources and for their targets."""
        parts: list[act.MapCode] = []
        own = self._found.names_of_synapses(action)
        if own:
            parts.append(replace(action, code=lines_for(action.code, own)))
        for side in SIDES:
            names = self._found.names_of_side(action, side)
            if names:
                parts.append(self._for_neurons(action, lines_for(action.code, names), side))
        return parts

    def _for_neurons(self, action: act.MapCode, lines: tuple[Line, ...], side: str) -> act.MapCode:
        bindings = {
            name: self._of_neuron(action.bindings[name], side) for name in used_names(lines) if name in action.bindings
        }
        return replace(action, code=lines, bindings=bindings, size=self._holder.sizes[side])

    def _of_neuron(self, binding: act.Binding, side: str) -> act.Binding:
        """Returns what a name of code for synapses stands for in code for their neurons."""
        match binding:
            case act.Element(storage):
                return act.Element(self._values[side, self._names[storage]])
            case act.Indexed(storage, _, offset):
                return act.Indexed(storage, None, offset)
            case _:
                return binding

    @property
    def _names(self) -> Mapping[act.Storage, str]:
        both = {**self._holder.parameters, **self._holder.storages}
        return {storage: name for name, storage in both.items()}

    def _value(self, variable: str) -> tuple[str, act.Storage]:
        side = self._found.sides[variable]
        return side, self._values[side, variable]

    def _at_end(self, variable: str) -> syn.SynapticBinding:
        side, storage = self._value(variable)
        return syn.OfPre(storage) if side == "pre" else syn.OfPost(storage)

    def _in_pathway(self, variable: str, is_assigned: bool) -> syn.SynapticBinding:
        return syn.OfRow(self._value(variable)[1]) if is_assigned else self._at_end(variable)

    def _from_synapse(self, variable: str) -> act.Binding:
        side, storage = self._value(variable)
        ends = self._holder.connections
        return act.Indexed(storage, ends.sources if side == "pre" else ends.targets)
