"""Pathways and summed variables executed with numpy: the slow, obvious meaning of compiled code.

Synapses are processed in their order; those that do not touch the same neurons are taken together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from ranvier.actions import actions as act
from ranvier.actions import synaptic_actions as syn
from ranvier.actions.code import assigned_names, read_names
from ranvier.actions.effects import assigned_variables, reach
from ranvier.actions.host import OF_COMPILED_CODE
from ranvier.actions.present_values import bound_value, linked_places
from ranvier.actions.reached_synapses import reached_synapses
from ranvier.analysis.evaluate import evaluate
from ranvier.equations.assignments import Assign
from ranvier.integrators.reference import computed

Array = np.ndarray[Any, Any]


# ---------------------------------------------------------------- spikes


def run_propagate(action: syn.Propagate) -> None:
    """Takes in the spikes of this step, executes the code for all synapses reached now, and advances."""
    history = action.history
    position = int(history.position.array[0])
    _take_in(action, position)
    for synapses in _reached(action, position):
        if synapses.size:
            _run_code(action, synapses)
    history.position.array[0] = position + 1


def _take_in(action: syn.Propagate, position: int) -> None:
    history = action.history
    length = history.counts.array.size
    size = history.indices.array.size // length
    events = action.events.indices[: int(action.events.count[0])]
    own = events[(events >= action.start) & (events < action.stop)] - action.start
    slot = position % length
    history.indices.array[slot * size : slot * size + own.size] = own
    history.counts.array[slot] = own.size


def _reached(action: syn.Propagate, position: int) -> Iterator[Array]:
    """Returns the synapses that spikes reach now: pending ones, then by delay, longest first."""
    history, rows = action.history, action.rows
    first = int(history.pending_position.array[0])
    stop = int(np.searchsorted(history.pending_due.array, position, side="right"))
    if stop > first:
        history.pending_position.array[0] = stop
        yield history.pending_synapses.array[first:stop].astype(np.int64)
    length = history.counts.array.size
    size = history.indices.array.size // length
    for number, delay in enumerate(rows.delays.array):
        if delay > position:
            continue
        slot = (position - int(delay)) % length
        spikes = history.indices.array[slot * size : slot * size + int(history.counts.array[slot])]
        if spikes.size:
            yield reached_synapses(rows, spikes, number)


# ---------------------------------------------------------------- code


def _run_code(action: syn.Propagate, synapses: Array) -> None:
    """Executes the code for synapses that spikes reach with the same delay."""
    rows = [binding.storage for binding in action.bindings.values() if isinstance(binding, syn.OfRow)]
    before = {storage: storage.array.copy() for storage in rows}
    for batch in _independent(action, synapses):
        _run_batch(action, batch, before)


def _independent(action: syn.Propagate, synapses: Array) -> Iterator[Array]:
    """Yields consecutive synapses that do not read or write the same element of anything that is written."""
    keys = _touched(action, synapses)
    if not keys:
        yield synapses
        return
    start = 0
    seen: set[Any] = set()
    columns = [key.tolist() for key in keys]
    for place, touched in enumerate(zip(*columns, strict=True)):
        if not seen.isdisjoint(touched):
            yield synapses[start:place]
            start, seen = place, set[Any]()
        seen.update(touched)
    yield synapses[start:]


def _touched(action: syn.Propagate, synapses: Array) -> list[Array]:
    """Returns for each way in which memory that the code writes is reached, the elements that the synapses touch."""
    written = list(assigned_variables(action.code, action.bindings))
    found: list[Array] = []
    for binding in action.bindings.values():
        storage = reach(binding).value
        if storage not in written or isinstance(binding, (syn.OfSynapse, syn.OfRow, act.Element)):
            continue
        # elements of different arrays are different: the number of the array stands in the upper bits
        found.append(_place(binding, action, synapses).astype(np.int64) + (written.index(storage) << 40))
    return found


def _place(binding: syn.SynapticBinding, action: syn.Propagate | syn.Accumulate, synapses: Array) -> Array:
    """Returns the places of the values of some synapses in their array."""
    connections = action.connections
    match binding:
        case syn.OfPre(_, offset):
            return connections.sources.array[synapses] + offset
        case syn.OfPost(_, offset):
            return connections.targets.array[synapses] + offset
        case syn.OfRow():
            from_target = isinstance(action, syn.Propagate) and action.from_target
            return (connections.targets if from_target else connections.sources).array[synapses]
        case act.Shared():
            return np.zeros_like(synapses)
        case act.Indexed():
            return linked_places(binding, synapses)
        case _:
            return synapses


def _values_of(action: syn.Propagate | syn.Accumulate, used: Iterable[str], synapses: Array) -> dict[str, Any]:
    """Returns the present values of the names that are used for some synapses."""
    bindings = action.bindings
    values = {name: _value(bindings[name], action, synapses) for name in used if name in bindings}
    values.update(OF_COMPILED_CODE)
    return values


def _value(binding: syn.SynapticBinding, action: syn.Propagate | syn.Accumulate, synapses: Array) -> Any:
    match binding:
        case syn.PreIndex():
            return action.connections.sources.array[synapses]
        case syn.PostIndex():
            return action.connections.targets.array[synapses]
        case syn.OfSynapse(storage) | syn.OfPre(storage) | syn.OfPost(storage) | syn.OfRow(storage):
            return storage.array[_place(binding, action, synapses)]
        case _:
            return bound_value(binding, synapses)


def _run_batch(action: syn.Propagate, synapses: Array, before: Mapping[act.Storage, Array]) -> None:
    """Executes the code for synapses all at once.

    Args:
        action: The pathway.
        synapses: Their numbers.
        before: The values of elements that spike as they were before the synapses that they reach.
    """
    bindings = action.bindings
    assigned = assigned_names(action.code)
    used = read_names(action.code) | assigned
    used |= {guard for name, guard in action.protected.items() if name in assigned}
    others = _other_ends({name: bindings[name] for name in used if name in bindings})
    values = _values_of(action, used, synapses)
    for name in used:
        binding = bindings.get(name)
        if isinstance(binding, syn.OfRow):
            values[name] = before[binding.storage][_place(binding, action, synapses)]
    for line in action.code:
        if isinstance(line, Assign):
            name = line.target
            value = _stored(bindings.get(name), evaluate(line.expr, values, count=synapses.size))
            if name in action.protected:
                value = _chosen(values[action.protected[name]], value, values[name])
            values[name] = value
            if name in others:
                other = bindings[others[name]]
                same = _place(bindings[name], action, synapses) == _place(other, action, synapses)
                values[others[name]] = _chosen(same, value, values[others[name]])
        else:
            for name, value in computed(line, values, synapses.size):
                values[name] = value
    for name in assigned & bindings.keys():
        storage = reach(bindings[name]).value
        if storage is not None:
            storage.array[_place(bindings[name], action, synapses)] = np.broadcast_to(values[name], synapses.shape)


def _other_ends(bindings: Mapping[str, syn.SynapticBinding]) -> dict[str, str]:
    """Returns for the name of a variable at one end, the name of the same variable at the other end, if code uses
    both.
    """
    pre = {b.storage: name for name, b in bindings.items() if isinstance(b, syn.OfPre)}
    post = {b.storage: name for name, b in bindings.items() if isinstance(b, syn.OfPost)}
    both = [(pre[key], post[key]) for key in pre.keys() & post.keys()]
    return dict(both) | {end: start for start, end in both}


def _chosen(condition: Any, value: Any, other: Any) -> Any:
    chosen: Any = np.where(np.asarray(condition), np.asarray(value), np.asarray(other))
    return chosen


def _stored(binding: syn.SynapticBinding | None, value: Any) -> Any:
    """Returns a value as the type of the variable it is assigned to."""
    storage = None if binding is None else reach(binding).value
    return value if storage is None else np.asarray(value).astype(storage.dtype)


# ---------------------------------------------------------------- sums


def run_accumulate(action: syn.Accumulate) -> None:
    """Sets a variable of neurons to the sums over their synapses."""
    ends = (action.connections.sources if action.to_source else action.connections.targets).array
    values = _values_of(action, read_names((), (action.expression,)), np.arange(ends.size))
    terms = np.broadcast_to(evaluate(action.expression, values, count=ends.size), ends.shape)
    sums = np.bincount(ends, weights=terms.astype(np.float64), minlength=action.size)
    action.target.array[action.offset : action.offset + action.size] = sums
