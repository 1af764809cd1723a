"""What each kind of action reads and writes, and whether it calls Python: the only place that knows it.

Who shares memory, leaves something out or reorders asks here. A kind of action or of binding that is not told here does
not pass the type checker, and is refused: taking "everything" or "nothing" for it would be slow or wrong.

Memory is what one step leaves for another: variables and other arrays, lists of events, tables of monitors. The clocks
are none of it: no action moves them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias, assert_never

import numpy as np

from ranvier.actions import actions as act
from ranvier.actions import synaptic_actions as syn
from ranvier.actions.code import assigned_names, read_names
from ranvier.actions.states import IntegrateSynapses

if TYPE_CHECKING:
    from ranvier.actions.protocols import RecordTable
    from ranvier.equations.assignments import Line

Memory: TypeAlias = "act.Storage | act.EventSpace | RecordTable"


class Anything(Enum):
    """What a function of the script may read and write: whatever it can reach."""

    ANYTHING = "anything"


ANYTHING = Anything.ANYTHING

Touched: TypeAlias = "frozenset[Memory] | Anything"
"""Some memory, or all there is; `may_be_in` asks for one piece of it."""

CompiledAction = (
    act.MapCode
    | IntegrateSynapses
    | act.Threshold
    | act.Emit
    | act.EventCode
    | act.SolveTree
    | act.SolveForest
    | act.RecordStates
    | act.RecordEvents
    | act.RecordRate
    | syn.Propagate
    | syn.Accumulate
)
"""The kinds of actions that become native code, unless they call Python."""

KnownAction = CompiledAction | act.HostCall
"""All kinds of actions."""


def reads(action: act.Action) -> Touched:
    """Returns the memory on which the outcome of an action may depend.

    Elements that keep their values are not read, nor is a table to which rows are appended.
    """
    known = _known(action)
    if isinstance(known, act.HostCall) or calls_python(known):
        return ANYTHING
    return frozenset(_reads(known))


def writes(action: act.Action) -> Touched:
    """Returns the memory that an action may change."""
    known = _known(action)
    if isinstance(known, act.HostCall) or calls_python(known):
        return ANYTHING
    return frozenset(_writes(known))


def touches(action: act.Action) -> Touched:
    """Returns the memory that an action reads or writes."""
    known = _known(action)
    if isinstance(known, act.HostCall) or calls_python(known):
        return ANYTHING
    return frozenset((*_reads(known), *_writes(known)))


def may_be_in(touched: Touched, memory: Memory) -> bool:
    """Tells whether a piece of memory may be one of those that are touched."""
    return isinstance(touched, Anything) or memory in touched


def written_by_any(actions: Iterable[act.Action]) -> Touched:
    """Returns the memory that some of the actions may change."""
    found: set[Memory] = set()
    for action in actions:
        touched = writes(action)
        if isinstance(touched, Anything):
            return touched
        found |= touched
    return frozenset(found)


def calls_python(action: act.Action) -> bool:
    """Tells whether an action calls functions that exist only in Python: these may read and write anything."""
    known = _known(action)
    if isinstance(known, act.HostCall):
        return True
    if act.HostFunction not in map(type, _bindings(known).values()):
        return False  # nearly always, without a look at the code
    return any(isinstance(binding, act.HostFunction) for binding in _used_bindings(known))


def has_no_native_form(action: act.Action) -> bool:
    """Tells whether the host executes an action: it calls Python, or has one of the rare forms that are not compiled.

    The latter read and write what they say, like compiled actions.
    """
    known = _known(action)
    if calls_python(known):
        return True
    match known:
        case act.EventCode():
            return any(isinstance(binding, act.Indexed) for binding in _assigned(known.code, known.bindings))
        case act.MapCode():
            return _depends_on_order(known)
        case syn.Propagate():
            linked = {binding.storage for binding in known.bindings.values() if isinstance(binding, act.Indexed)}
            return not linked.isdisjoint(assigned_variables(known.code, known.bindings))
        case _:
            return False


def _depends_on_order(action: act.MapCode) -> bool:
    """Tells whether some elements may see what others write: then they have to run one after another."""
    linked = [binding for binding in _assigned(action.code, action.bindings) if isinstance(binding, act.Indexed)]
    for binding in linked:
        same = [other for other in _used_bindings(action) if reach(other).value is binding.storage]
        if any(other != binding for other in same) or not writes_once_each(binding, action):
            return True
    written = assigned_variables(action.code, action.bindings)
    return any(binding.index in written for binding in linked)


def writes_once_each(binding: act.Indexed, action: act.MapCode) -> bool:
    """Tells whether no two elements write to the same one, now and later; or what is written is the same for all."""
    if binding.index is None or isinstance(binding.index, act.OneForAll):
        return True
    if binding.index.population is not None:  # a variable, which may change
        return False
    places = binding.index.take(slice(action.offset, action.offset + action.size))
    return bool((np.bincount(places - places.min(initial=0)) <= 1).all())


def assigned_variables(
    code: Iterable[Line], bindings: Mapping[str, act.Binding] | Mapping[str, syn.SynapticBinding]
) -> set[act.Storage]:
    """Returns the variables to which code assigns."""
    reached = (reach(binding).value for binding in _assigned(code, bindings))
    return {storage for storage in reached if storage is not None}


# ---------------------------------------------------------------- bindings


@dataclass(frozen=True, slots=True)
class Reach:
    """How a name gets at memory.

    Attributes:
        value: Where the value stands; None if it stands in none.
        places: What tells which of the elements it is.
    """

    value: act.Storage | None = None
    places: tuple[act.Storage, ...] = ()

    @property
    def all(self) -> tuple[act.Storage, ...]:
        """All memory that is needed to read the value."""
        return self.places if self.value is None else (self.value, *self.places)


def reach(binding: syn.SynapticBinding, connections: syn.Connections | None = None) -> Reach:
    """Returns how a binding gets at memory.

    Args:
        binding: What a name stands for.
        connections: The ends of the synapses for which the code is executed.
    """
    sources = () if connections is None else (connections.sources,)
    targets = () if connections is None else (connections.targets,)
    match binding:
        case act.Element(storage) | act.Shared(storage) | syn.OfSynapse(storage):
            return Reach(storage)
        case act.Indexed(storage, index):
            return Reach(storage, () if index is None else (index,))
        case act.Lookup(values):
            return Reach(values)
        case syn.OfPre(storage):
            return Reach(storage, sources)
        case syn.OfPost(storage):
            return Reach(storage, targets)
        case syn.OfRow(storage):
            return Reach(storage, (*sources, *targets))
        case syn.PreIndex():
            return Reach(None, sources)
        case syn.PostIndex():
            return Reach(None, targets)
        case act.Constant() | act.Time() | act.OwnIndex() | act.HostFunction() | act.CodeFunction():
            return Reach()
        case _:
            assert_never(binding)


def _assigned(
    code: Iterable[Line], bindings: Mapping[str, act.Binding] | Mapping[str, syn.SynapticBinding]
) -> list[syn.SynapticBinding]:
    """Returns what the names stand for to which code assigns; those of temporaries stand for nothing."""
    return [bindings[name] for name in assigned_names(code) if name in bindings]


# ---------------------------------------------------------------- actions


def _known(action: act.Action) -> KnownAction:
    if isinstance(action, KnownAction):
        return action
    raise TypeError(f"{action.label}: nothing is known of what a {type(action).__name__} reads and writes")


def _reads(action: CompiledAction) -> Iterator[Memory]:
    connections = action.connections if isinstance(action, syn.Propagate | syn.Accumulate) else None
    for binding in _used_bindings(action):
        yield from reach(binding, connections).all
    match action:
        case act.MapCode() | act.Threshold():
            pass
        case act.Emit():
            yield from (action.steps, action.indices, action.position)
        case act.EventCode() | act.RecordRate():
            yield action.events
        case act.SolveTree():
            yield from (action.leak, action.source, action.node, action.parents, action.axial)
        case act.SolveForest():
            yield from (action.leak, action.source, action.node, action.parents, action.axial, action.blocks)
        case act.RecordStates():
            yield action.indices
        case act.RecordEvents():
            yield from (action.events, action.counts)
        case syn.Propagate():
            yield from _read_by_delivery(action)
        case syn.Accumulate():
            yield action.connections.sources if action.to_source else action.connections.targets
        case _:
            assert_never(action)
    if isinstance(action, act.MapCode | act.EventCode | syn.Propagate):
        for binding in _assigned(action.code, action.bindings):
            yield from reach(binding, connections).places


def _read_by_delivery(action: syn.Propagate) -> Iterator[Memory]:
    rows, history = action.rows, action.history
    yield action.events
    yield from (rows.pointers, rows.delays) if rows.order is None else (rows.pointers, rows.delays, rows.order)
    yield from (history.indices, history.counts, history.position)
    yield from (history.pending_due, history.pending_synapses, history.pending_position)


def _writes(action: CompiledAction) -> Iterator[Memory]:
    match action:
        case act.MapCode() | act.EventCode():
            yield from assigned_variables(action.code, action.bindings)
        case act.Threshold():
            yield action.events
        case act.Emit():
            yield from (action.position, action.events)
        case act.SolveTree() | act.SolveForest():
            yield action.potential
        case act.RecordStates() | act.RecordRate():
            yield action.table
        case act.RecordEvents():
            yield from (action.counts,) if action.table is None else (action.counts, action.table)
        case syn.Propagate():
            history = action.history
            yield from (history.indices, history.counts, history.position, history.pending_position)
            yield from assigned_variables(action.code, action.bindings)
        case syn.Accumulate():
            yield action.target
        case _:
            assert_never(action)


def bindings_of(action: act.Action) -> Mapping[str, syn.SynapticBinding]:
    """Returns what names stand for in the code of an action that is used."""
    known = _known(action)
    if isinstance(known, act.HostCall):
        return {}
    bindings = _bindings(known)
    code = known.code if isinstance(known, act.MapCode | act.EventCode | syn.Propagate) else ()
    return {name: bindings[name] for name in _used(known) | assigned_names(code) if name in bindings}


def _bindings(action: CompiledAction) -> Mapping[str, act.Binding] | Mapping[str, syn.SynapticBinding]:
    """Returns what names stand for in the expressions of an action, be they used or not."""
    match action:
        case act.Emit() | act.SolveTree() | act.SolveForest() | act.RecordRate():
            return {}
        case act.MapCode() | act.EventCode() | act.Threshold() | act.RecordStates() | act.RecordEvents():
            return action.bindings
        case syn.Propagate() | syn.Accumulate():
            return action.bindings
        case _:
            assert_never(action)


def _used_bindings(action: CompiledAction) -> list[syn.SynapticBinding]:
    """Returns what the names in the expressions of an action stand for."""
    bindings = _bindings(action)
    return [bindings[name] for name in _used(action) if name in bindings]


def _used(action: CompiledAction) -> set[str]:
    """Returns the names in the expressions of an action, and those that tell where variables keep their values."""
    match action:
        case act.Emit() | act.SolveTree() | act.SolveForest() | act.RecordRate():
            return set()
        case act.MapCode():
            guards = {"not_refractory"} if action.protected & assigned_names(action.code) else set[str]()
            return read_names(action.code) | guards
        case act.EventCode():
            return read_names(action.code)
        case syn.Propagate():
            assigned = assigned_names(action.code)
            return read_names(action.code) | {action.protected[name] for name in assigned & action.protected.keys()}
        case act.Threshold():
            return read_names((), (action.condition,))
        case act.RecordStates() | act.RecordEvents():
            return read_names((), action.expressions)
        case syn.Accumulate():
            return read_names((), (action.expression,))
        case _:
            assert_never(action)
