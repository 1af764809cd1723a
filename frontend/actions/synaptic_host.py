"""Pathways and summed variables executed with numpy: for code that calls functions that exist only in Python.

Synapses are processed in their order; those that do not touch the same neurons are taken together.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from ranvier.actions import actions as act
from ranvier.actions import host
from ranvier.actions import synaptic_actions as syn
from ranvier.actions.code import assigned_names
from ranvier.analysis.evaluate import evaluate
from ranvier.equations.assignments import Assign
from ranvier.integrators.reference import propagator_entries

Array = np.ndarray[Any, Any]


def executor_for(action: act.Action) -> Callable[[], None] | None:
    """Returns a function that executes an action of synapses in Python; None for one that is compiled."""
    match action:
        case syn.Propagate() if _calls_python(action.bindings) or _writes_through_index(action):
            return lambda: run_propagate(action)
        case syn.Accumulate() if _calls_python(action.bindings):
            return lambda: run_accumulate(action)
        case _:
            return None


def _calls_python(bindings: Mapping[str, syn.SynapticBinding]) -> bool:
    return any(isinstance(binding, act.HostFunction) for binding in bindings.values())


def _writes_through_index(action: syn.Propagate) -> bool:
    """Tells whether code assigns to a linked variable, or reads what it assigns to as a linked variable, too."""
    linked = {id(binding.storage) for binding in action.bindings.values() if isinstance(binding, act.Indexed)}
    assigned = (action.bindings.get(name) for name in assigned_names(action.code))
    return any(id(getattr(binding, "storage", None)) in linked for binding in assigned)


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
    """The synapses that spikes reach now: pending ones, then by delay, longest first."""
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
            yield _synapses_of(rows, spikes, number)


def _synapses_of(rows: syn.Rows, spikes: Array, number: int) -> Array:
    count = rows.delays.array.size
    pointers, order = rows.pointers.array, rows.order
    first = [e * count + number for e in spikes.tolist()]
    parts: list[Array] = [np.arange(int(pointers[k]), int(pointers[k + 1])) for k in first]
    places: Array = np.concatenate(parts)
    return places if order is None else order.array[places].astype(np.int64)


# ---------------------------------------------------------------- code


def _run_code(action: syn.Propagate, synapses: Array) -> None:
    for batch in _independent(action, synapses):
        _run_batch(action, batch)


def _independent(action: syn.Propagate, synapses: Array) -> Iterator[Array]:
    """Consecutive synapses that do not read or write the same element of anything that is written."""
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
    """For each way in which memory that the code writes is reached, the elements that the synapses touch."""
    bindings = action.bindings
    targets = {line.target for line in action.code if isinstance(line, Assign)}
    written = {id(b.storage) for name in targets if (b := bindings.get(name)) is not None and hasattr(b, "storage")}  # type: ignore[union-attr]
    found: dict[Any, Array] = {}
    for number, binding in enumerate(bindings.values()):
        storage = getattr(binding, "storage", None)
        if id(storage) not in written or isinstance(binding, (syn.OfSynapse, act.Shared)):
            continue
        # elements of different arrays are different: the number of the array stands in the upper bits
        where = _place(binding, action.connections, synapses).astype(np.int64)
        found[number] = where + (sorted(written).index(id(storage)) << 40)
    return list(found.values())


def _place(binding: syn.SynapticBinding, connections: syn.Connections, synapses: Array) -> Array:
    match binding:
        case syn.OfPre(_, offset):
            return connections.sources.array[synapses] + offset
        case syn.OfPost(_, offset):
            return connections.targets.array[synapses] + offset
        case act.Indexed(storage, index, offset):
            if storage.size == 1:
                return np.zeros_like(synapses)
            return (synapses if index is None else index.array[synapses]) + offset
        case _:
            return synapses


def values_of(
    bindings: Mapping[str, syn.SynapticBinding], connections: syn.Connections, synapses: Array
) -> dict[str, Any]:
    """Returns the present values of all names for some synapses."""
    return {name: _value(binding, connections, synapses) for name, binding in bindings.items()}


def _value(binding: syn.SynapticBinding, connections: syn.Connections, synapses: Array) -> Any:
    match binding:
        case syn.PreIndex():
            return connections.sources.array[synapses]
        case syn.PostIndex():
            return connections.targets.array[synapses]
        case syn.OfSynapse(storage) | syn.OfPre(storage) | syn.OfPost(storage) | act.Indexed(storage):
            return storage.array[_place(binding, connections, synapses)]
        case syn.OfRow(storage):
            raise TypeError(f"{storage.label} belongs to neurons: only compiled code uses it")
        case _:
            return host.bound_value(binding, synapses)


def _run_batch(action: syn.Propagate, synapses: Array) -> None:
    bindings, connections = action.bindings, action.connections
    values = values_of(bindings, connections, synapses)
    values["_select"] = np.where
    others = _other_ends(bindings)
    assigned: set[str] = set()
    for line in action.code:
        if isinstance(line, Assign):
            name = line.target
            value = _stored(bindings.get(name), evaluate(line.expr, values, count=synapses.size))
            if name in action.protected:
                value = _chosen(values[action.protected[name]], value, values[name])
            values[name] = value
            assigned.add(name)
            if name in others:
                same = _place(bindings[name], connections, synapses) == _place(
                    bindings[others[name]], connections, synapses
                )
                values[others[name]] = _chosen(same, value, values[others[name]])
        else:
            for name, value in propagator_entries(line, values):
                values[name] = value
    for name in assigned:
        binding = bindings.get(name)
        if isinstance(binding, (syn.OfSynapse, syn.OfPre, syn.OfPost, act.Indexed)):
            places = _place(binding, connections, synapses)
            binding.storage.array[places] = np.broadcast_to(values[name], synapses.shape)


def _other_ends(bindings: Mapping[str, syn.SynapticBinding]) -> dict[str, str]:
    """For the name of a variable at one end, the name of the same variable at the other end, if code uses both."""
    pre = {id(b.storage): name for name, b in bindings.items() if isinstance(b, syn.OfPre)}
    post = {id(b.storage): name for name, b in bindings.items() if isinstance(b, syn.OfPost)}
    both = [(pre[key], post[key]) for key in pre.keys() & post.keys()]
    return dict(both) | {end: start for start, end in both}


def _chosen(condition: Any, value: Any, other: Any) -> Any:
    chosen: Any = np.where(np.asarray(condition), np.asarray(value), np.asarray(other))
    return chosen


def _stored(binding: syn.SynapticBinding | None, value: Any) -> Any:
    storage = getattr(binding, "storage", None)
    return value if storage is None else np.asarray(value).astype(storage.array.dtype)


# ---------------------------------------------------------------- sums


def run_accumulate(action: syn.Accumulate) -> None:
    """Sets a variable of neurons to the sums over their synapses."""
    connections = action.connections
    ends = (connections.sources if action.to_source else connections.targets).array
    synapses = np.arange(ends.size)
    values = values_of(action.bindings, connections, synapses)
    terms = np.broadcast_to(evaluate(action.expression, values, count=ends.size), ends.shape)
    sums = np.bincount(ends, weights=terms.astype(np.float64), minlength=action.size)
    action.target.array[action.offset : action.offset + action.size] = sums
