"""The rewrite `share-traces`: one event-driven variable for a neuron, where all its synapses would have the same.

Before:
    Propagate s_pre: apre = apre*exp((lastupdate - t)/taupre); ...; apre += Apre; ...; lastupdate = t    per synapse
After:
    Propagate s_pre: apre = apre*exp((_own_last_event - t)/taupre); apre += Apre; ...                    once a spike

Legal for the reasons in `ranvier.actions.rewrites.trace_sides`, where all synapses of a neuron are reached at the same
time and no Python is called that may look at a synapse. The values of all synapses of a neuron must be equal to begin
with, which whoever holds them checks (`ranvier.actions.traces.TraceHolder.settle`). Clock-driven variables follow, see
`ranvier.actions.rewrites.share_states`.

Where the synapses of a neuron are reached at different times, each has values of its own, but only events of their side
write them, if all event-driven variables belong to a side:

Before:
    Propagate s_post: apre = apre*exp((lastupdate - t)/taupre); ...; lastupdate = t                      per synapse
After:
    Propagate s_post: apre = _apre_at_last_event*exp((_other_last_event - t)/taupre); ...                per synapse
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ranvier.actions import actions as act
from ranvier.actions import synaptic_actions as syn
from ranvier.actions.code import used_names
from ranvier.actions.effects import Touched, calls_python, may_be_in, reach, touches, written_by_any
from ranvier.actions.rewrites.names import SHARE_TRACES
from ranvier.actions.rewrites.share_states import UNEQUAL, leave_states, share_states
from ranvier.actions.rewrites.state_sides import side_of
from ranvier.actions.rewrites.trace_sides import PathwayCode, TraceSides
from ranvier.actions.traces import LAST, LASTUPDATE, SIDES, Flow, Sharing, event_time
from ranvier.equations.assignments import Assign, Line
from ranvier.equations.expressions import Name

OWN_EVENT, OTHER_EVENT = "_own_last_event", "_other_last_event"
"""Names in the code of pathways: the time of the last event of the neuron that spikes, and of that at the other end."""


def share_traces(actions: Sequence[act.Action]) -> list[act.Action]:
    """Returns actions in which neurons hold the variables that are the same for all their synapses."""
    groups = _by_holder(actions)
    changed = list(actions)
    network = _Network.of(actions if groups else ())
    for own in groups:
        shared = _shared([action for _, action in own], network)
        for (position, _), action in zip(own, shared, strict=True):
            changed[position] = action
    return share_states(changed)


def leave_traces(actions: Sequence[act.Action]) -> list[act.Action]:
    """Returns the actions as they are: every synapse has values of its own."""
    why = f"'{SHARE_TRACES}' is left out of the pipeline"
    leave_states(actions, why)
    for own in _by_holder(actions):
        event_driven = own[0][1].event_driven
        assert event_driven is not None
        event_driven.owner.spread()
        event_driven.owner.reasons = dict.fromkeys(event_driven.owner.storages, why)
    return list(actions)


def _by_holder(actions: Sequence[act.Action]) -> list[list[tuple[int, syn.Propagate]]]:
    """Returns the pathways with event-driven variables and their positions, those of one holder together."""
    groups: dict[int, list[tuple[int, syn.Propagate]]] = {}
    for position, action in enumerate(actions):
        if isinstance(action, syn.Propagate) and action.event_driven is not None:
            groups.setdefault(id(action.event_driven.owner), []).append((position, action))
    return list(groups.values())


@dataclass(frozen=True)
class _Network:
    """What happens in a step.

    Attributes:
        touched: Each action, and the memory that it reads or writes.
        written: The memory that some action changes.
        calls_python: The label of an action that calls Python, "" if there is none.
    """

    touched: Sequence[tuple[act.Action, Touched]]
    written: Touched
    calls_python: str

    @classmethod
    def of(cls, actions: Sequence[act.Action]) -> _Network:
        """Returns what is known of actions."""
        caller = next((action.label for action in actions if calls_python(action)), "")
        return cls([(action, touches(action)) for action in actions], written_by_any(actions), caller)

    def user_of(self, storage: act.Storage, own: Sequence[syn.Propagate]) -> str:
        """Returns the label of something that uses a variable of synapses otherwise than their pathways do."""
        for action, touched in self.touched:
            if may_be_in(touched, storage) and not any(action is mine for mine in own):
                return action.label
        for action in own:
            for name in used_names(action.event_driven.body if action.event_driven else ()):
                binding = action.bindings.get(name)
                if binding is None or isinstance(binding, syn.OfSynapse):
                    continue
                if storage in reach(binding).all:
                    return action.label
        return ""


def _shared(own: Sequence[syn.Propagate], network: _Network) -> Sequence[syn.Propagate]:
    """Returns the pathways of one holder with the variables that neurons can hold at neurons."""
    first = own[0].event_driven
    assert first is not None
    owner = first.owner
    sides, reasons = _sides(own, network)
    apart, is_complete = _apart(own), len(sides) == len(owner.storages)
    reasons |= {name: apart[side] for name, side in sides.items() if side in apart}
    if not is_complete:  # the time of a synapse's last event is needed anyway
        sides = {name: side for name, side in sides.items() if side not in apart}
    flows = {side: _flow(first, [n for n in sides if sides[n] == side], own[0]) for side in SIDES}
    sharing = Sharing(sides, flows, is_complete, frozenset(apart) if is_complete else frozenset())
    owner.reasons = {name: reasons.get(name, "") for name in owner.storages}
    settled = owner.settle(sharing)
    if not settled:
        owner.reasons = {name: reason or UNEQUAL for name, reason in owner.reasons.items()}
    held = {"pre": "held by the source", "post": "held by the target"}
    said = ((name, owner.reasons[name] or held[sides[name]]) for name in owner.storages)
    note = (SHARE_TRACES, "; ".join(f"{name}: {text}" for name, text in said))
    return [replace(shared_propagate(a) if settled else a, notes=(*a.notes, note)) for a in own]


def _sides(own: Sequence[syn.Propagate], network: _Network) -> tuple[dict[str, str], dict[str, str]]:
    """Returns the side of each event-driven variable, and why others have none."""
    first = own[0].event_driven
    assert first is not None
    whole = _reason_for_all(own, network)
    if whole:
        return {}, {name: whole for name, _ in first.equations}
    memory = {**first.owner.storages, LASTUPDATE: first.owner.lastupdate}
    users = {name: network.user_of(storage, own) for name, storage in memory.items()}
    pathways = [
        PathwayCode(action.label, side_of(action), action.event_driven.body, action.bindings)
        for action in own
        if action.event_driven is not None
    ]
    found = TraceSides(dict(first.equations), pathways, users, lambda storage: may_be_in(network.written, storage))
    return found.sides, found.reasons


def _reason_for_all(own: Sequence[syn.Propagate], network: _Network) -> str:
    if network.calls_python:
        return f"'{network.calls_python}' calls Python, which may use variables of synapses"
    return ""


def _apart(own: Sequence[syn.Propagate]) -> dict[str, str]:
    """Returns the sides whose events do not reach all synapses of a neuron at the same time, and why."""
    found: dict[str, str] = {}
    for action in own:
        history, side = action.history, side_of(action)
        if action.rows.delays.size != 1:
            found.setdefault(side, f"the synapses of '{action.label}' have different delays")
        elif history.pending_due.size > history.pending_position.array[0]:
            on_way = f"spikes of '{action.label}' are on their way since before its delays or dt were changed"
            found.setdefault(side, on_way)
    return found


# ---------------------------------------------------------------- code with variables of neurons


def _flow(event_driven: syn.EventDriven, names: Sequence[str], action: syn.Propagate) -> Flow:
    """Returns the flow of some variables, with the present values of what they depend on."""
    code = event_driven.advanced(names, LAST) if names else ()
    used = set(used_names(code)) - {*names, LAST, "t"}
    bindings = action.bindings
    constants = {name: constant_during_run(bindings[name]) for name in sorted(used) if name in bindings}
    return Flow(tuple(names), code, constants)


def constant_during_run(binding: syn.SynapticBinding) -> Any:
    """Returns the present value of something that does not change during a run: a number, or one for each neuron."""
    match binding:
        case act.Constant(value):
            return value
        case act.Shared(storage):
            return storage.array[0].item()
        case syn.OfPre(storage, offset) | syn.OfPost(storage, offset):
            return storage.array[offset:].copy()
        case _:
            raise TypeError(f"{binding!r} does not hold during a run")


def shared_propagate(action: syn.Propagate) -> syn.Propagate:
    """Returns a pathway whose code finds event-driven variables where they are held."""
    event_driven = action.event_driven
    assert event_driven is not None
    owner = event_driven.owner
    sharing, traces, side = owner.sharing, owner.traces, side_of(action)
    assert sharing is not None
    other = "pre" if side == "post" else "post"
    bindings = {name: binding for name, binding in action.bindings.items() if name not in sharing.sides}
    code: list[Line] = []
    rest = [name for name in owner.storages if name not in sharing.sides]
    if rest:
        code += event_driven.advanced(rest, LASTUPDATE)
    if side in traces.last:
        held = syn.OfSynapse if side in sharing.apart else syn.OfRow
        bindings[OWN_EVENT] = held(traces.last[side])
        bindings |= {name: held(traces.values[name]) for name in sharing.of_side(side)}
        code += event_driven.advanced(sharing.of_side(side), OWN_EVENT) if sharing.of_side(side) else ()
    far = sharing.of_side(other)
    if not set(used_names(event_driven.body)).isdisjoint(far):
        of_end = syn.OfSynapse if other in sharing.apart else syn.OfPost if side == "pre" else syn.OfPre
        bindings[OTHER_EVENT] = of_end(traces.last[other])
        for name in far:
            bindings[_before(name)] = of_end(traces.values[name])
            code.append(Assign(name, Name(_before(name))))
        code += event_driven.advanced(far, OTHER_EVENT)
    code += event_driven.body
    if rest:
        code.append(event_time())
    if side in traces.last:
        code.append(Assign(OWN_EVENT, Name("t")))
    return replace(action, code=tuple(code), bindings=bindings)


def _before(name: str) -> str:
    return f"_{name}_at_last_event"
