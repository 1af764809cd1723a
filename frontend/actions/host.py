"""Actions of groups and monitors executed with numpy: the slow, obvious meaning of compiled code.

Each name is read from the same memory, each statement is computed for all elements at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier.actions import actions as act
from ranvier.actions.code import assigned_names, read_names
from ranvier.actions.effects import bindings_of, reach
from ranvier.actions.present_values import bound_value, linked_places
from ranvier.analysis.evaluate import evaluate
from ranvier.equations.assignments import REACHED, Adaptive, Assign, Line
from ranvier.equations.expressions import Binary, Call, Expr, Name, functions, map_children, once_each
from ranvier.integrators.reference import computed
from ranvier.ir.tree_blocks import COLUMNS, ELEMENTS, FIRST_ELEMENT, FIRST_NODE, NODES, STARTS, TREES
from ranvier.runtime.simulation import request_stop

if TYPE_CHECKING:
    from ranvier.actions.protocols import RecordTable
    from ranvier.actions.synaptic_actions import SynapticBinding

Array = np.ndarray[Any, Any]

OF_COMPILED_CODE: Mapping[str, Any] = {"_select": np.where, REACHED: np.greater_equal}
"""Functions that no script knows: integrators and optimisations use them."""


def values_of(
    bindings: Mapping[str, act.Binding], used: Iterable[str], elements: Array, offset: int = 0
) -> dict[str, Any]:
    """Returns the present values of the names that are used for some elements (numbers relative to the offset)."""
    values = {name: bound_value(bindings[name], elements, offset) for name in used if name in bindings}
    values.update(OF_COMPILED_CODE)
    return values


_KEPT = 256
_names: dict[int, tuple[Sequence[Line], frozenset[str]]] = {}


def _names_in(code: Sequence[Line]) -> frozenset[str]:
    """Returns `read_names` of code, which is looked through once, not at each step."""
    known = _names.get(id(code))
    if known is None or known[0] is not code:
        if len(_names) >= _KEPT:
            _names.clear()
        known = _names[id(code)] = code, frozenset(read_names(code))
    return known[1]


def _execute(code: Sequence[Line], bindings: Mapping[str, act.Binding], elements: Array, offset: int) -> dict[str, Any]:
    """Runs assignments; returns the values of all assigned names."""
    values = values_of(bindings, _names_in(code), elements, offset)

    def binomial(n: Any, p: Any) -> Any:
        return np.random.binomial(n, p, len(elements))

    values["_binomial"] = binomial
    assigned: dict[str, Any] = {}
    for line in code:
        if isinstance(line, Assign):
            value = evaluate(_with_noise(line.expr, values, len(elements)), values, count=len(elements))
            assigned[line.target] = values[line.target] = _stored(bindings.get(line.target), value)
        else:
            for name, value in computed(line, values, len(elements)):
                assigned[name] = values[name] = _stored(bindings.get(name), value)
            if isinstance(line, Adaptive) and assigned[line.stuck].any():
                request_stop()  # as native code does; the network says what happened
    return assigned


def _with_noise(expr: Expr, values: dict[str, Any], count: int) -> Expr:
    """Replaces each noise by a name whose values are drawn once per step."""
    if "_normal" not in functions(expr):
        return expr

    def drawn(node: Expr) -> Expr:
        if not isinstance(node, Call) or node.function != "_normal":
            return map_children(node, draw)
        source = node.args[0]
        assert isinstance(source, Name)
        name = f"_noise_{source.id}"
        if name not in values:
            values[name] = np.random.standard_normal(count)
        return Name(name)

    draw = once_each(drawn)
    return draw(expr)


def _stored(binding: act.Binding | None, value: Any) -> Any:
    """Returns a value as the type of the variable it is assigned to."""
    if isinstance(binding, (act.Element, act.Indexed, act.Shared)):
        return np.asarray(value).astype(binding.storage.dtype)
    return value


def _write(
    bindings: Mapping[str, act.Binding],
    assigned: Mapping[str, Any],
    elements: Array,
    offset: int,
    protected: frozenset[str] = frozenset(),
) -> None:
    for name, value in assigned.items():
        binding = bindings.get(name)
        value = np.broadcast_to(value, elements.shape)
        if name in protected:
            free = bindings["not_refractory"]
            assert isinstance(free, act.Element)
            mask = free.storage.array[elements + offset]
            value = np.where(mask, value, bound_value(bindings[name], elements, offset))
        match binding:
            case act.Element(storage):
                storage.array[elements + offset] = value
            case act.Indexed(storage):
                storage.array[linked_places(binding, elements, offset)] = value
            case act.Shared(storage):
                storage.array[0] = value.flat[0]
            case _:
                pass


# ---------------------------------------------------------------- groups


def run_map(action: act.MapCode) -> None:
    """Executes code for all elements."""
    for elements in _in_turn(action, np.arange(action.size), action.offset):
        assigned = _execute(action.code, action.bindings, elements, action.offset)
        _write(action.bindings, assigned, elements, action.offset, action.protected)


def run_event_code(action: act.EventCode) -> None:
    """Executes code for the elements that had an event."""
    events = _present(action.events)
    if events.size:
        if _add_at(action, events):
            return
        for elements in _in_turn(action, events, 0):
            _write(action.bindings, _execute(action.code, action.bindings, elements, 0), elements, 0)


def _add_at(action: act.EventCode, elements: Array) -> bool:
    """Executes code that only adds to linked variables what does not depend on them; returns whether it is such."""
    bindings = bindings_of(action)
    sums: list[tuple[act.Indexed, Expr]] = []
    for line in action.code:
        match line:
            case Assign(name, Binary("+", Name(same), amount)) if name == same:
                target = bindings.get(name)
                if not isinstance(target, act.Indexed) or target.storage.dtype != np.float64:
                    return False
                sums.append((target, amount))
            case _:
                return False
    written = {target.storage for target, _ in sums}
    used = read_names((), [amount for _, amount in sums])
    if any(reach(bindings[name]).value in written for name in used if name in bindings):
        return False
    values = values_of(action.bindings, used, elements)
    amounts = [np.broadcast_to(evaluate(amount, values, count=elements.size), elements.shape) for _, amount in sums]
    for (target, _), amount in zip(sums, amounts, strict=True):
        np.add.at(target.storage.array, linked_places(target, elements), amount)
    return True


def _in_turn(action: act.MapCode | act.EventCode, elements: Array, offset: int) -> Iterator[Array]:
    """Yields consecutive elements that do not read or write what others of them write through links."""
    targets = [action.bindings.get(name) for name in assigned_names(action.code)]
    written = {reach(binding).value for binding in targets if isinstance(binding, act.Indexed)}
    if not written:
        yield elements
        return
    same = [binding for binding in bindings_of(action).values() if reach(binding).value in written]
    once = isinstance(action, act.MapCode)
    columns = [found for binding in same if (found := _places(binding, elements, offset, once=once))]
    start, seen = 0, set[Any]()
    for place, touched in enumerate(zip(*columns, strict=True)):
        if not seen.isdisjoint(touched):
            yield elements[start:place]
            start, seen = place, set[Any]()
        seen.update(touched)
    yield elements[start:]


def _places(binding: SynapticBinding, elements: Array, offset: int, *, once: bool) -> list[tuple[int, int]]:
    """Returns the values for some elements, as number of the memory and place in it.

    Args:
        binding: How they are reached.
        elements: The elements.
        offset: What is added to their numbers.
        once: Whether code for all elements writes a value for all only once.
    """
    match binding:
        case act.Indexed(storage, index) if not (once and isinstance(index, act.OneForAll)):
            places = linked_places(binding, elements, offset)
        case act.Element(storage):
            places = elements + offset
        case _:  # the same for all
            return []
    return [(id(storage), place) for place in places.tolist()]


def run_threshold(action: act.Threshold) -> None:
    """Makes events of the elements for which a condition holds."""
    values = values_of(action.bindings, read_names((), (action.condition,)), np.arange(action.size))
    found = np.broadcast_to(evaluate(action.condition, values, count=action.size), (action.size,))
    _set_events(action.events, np.flatnonzero(found))


def run_emit(action: act.Emit) -> None:
    """Makes events of the elements that a list names for the present step."""
    step = action.clock.timestep
    step = step % action.period if action.period else step
    first, stop = np.searchsorted(action.steps.array, [step, step + 1])
    _set_events(action.events, action.indices.array[first:stop])
    action.position.array[0] = stop


def run_solve_tree(action: act.SolveTree) -> None:
    """Solves a system on a tree, densely; see `ranvier.ir.trees.SolveTreeOp`."""
    tree = (action.node.array, action.parents.array, action.axial.array)
    action.potential.array[:] = _solved(action.leak.array, action.source.array, *tree)


def run_solve_forest(action: act.SolveForest) -> None:
    """Solves a system on each of many trees, densely; see `ranvier.ir.trees.SolveForestOp`."""
    for block in action.blocks.array.reshape(-1, COLUMNS):
        nodes = slice(block[FIRST_NODE], block[FIRST_NODE] + block[NODES])
        own = slice(block[FIRST_ELEMENT], block[FIRST_ELEMENT] + block[ELEMENTS])
        tree = (action.node.array[own], action.parents.array[nodes], action.axial.array[nodes])
        for start in block[STARTS : STARTS + block[TREES]]:
            elements = slice(start, start + block[ELEMENTS])
            action.potential.array[elements] = _solved(
                action.leak.array[elements], action.source.array[elements], *tree
            )


def _solved(leak: Array, source: Array, node: Array, parents: Array, axial: Array) -> Array:
    nodes = axial.size
    children, parents, axial = np.arange(1, nodes), parents[1:], axial[1:]
    matrix, right = np.zeros((nodes, nodes)), np.zeros(nodes)
    matrix[node, node], right[node] = leak, source
    for near, far in ((children, parents), (parents, children)):
        np.add.at(matrix, (near, near), axial)
        np.add.at(matrix, (near, far), -axial)
    return np.linalg.solve(matrix, right)[node]


def _present(events: act.EventSpace) -> Array:
    """Returns the elements that had an event."""
    return events.indices[: int(events.count[0])].astype(np.int64)


def _set_events(events: act.EventSpace, elements: Array) -> None:
    events.indices[: elements.size] = elements
    events.count[0] = elements.size


# ---------------------------------------------------------------- monitors


def run_record_states(action: act.RecordStates) -> None:
    """Appends a row of values of chosen elements."""
    elements = action.indices.array.astype(np.int64)
    columns = _columns(action.expressions, action.bindings, elements)
    _append(action.table, 1, [np.array([action.clock.t_]), *columns])


def run_record_events(action: act.RecordEvents) -> None:
    """Appends a row for each event, and counts."""
    elements = _between(action.events, action.start, action.stop)
    if not elements.size:
        return
    if action.table is not None and action.table.buffers:
        times = np.full(elements.size, action.clock.t_)
        columns = _columns(action.expressions, action.bindings, elements)
        _append(action.table, elements.size, [times, elements - action.start, *columns])
    action.counts.array[elements - action.start] += 1


def run_record_rate(action: act.RecordRate) -> None:
    """Appends a row with the rate of events."""
    rate = _between(action.events, action.start, action.stop).size / ((action.stop - action.start) * action.clock.dt_)
    _append(action.table, 1, [np.array([action.clock.t_]), np.array([rate])])


def _between(events: act.EventSpace, start: int, stop: int) -> Array:
    found = _present(events)
    return found[(found >= start) & (found < stop)]


def _columns(expressions: Sequence[Expr], bindings: Mapping[str, act.Binding], elements: Array) -> list[Array]:
    values = values_of(bindings, read_names((), expressions), elements)
    return [np.broadcast_to(evaluate(each, values, count=elements.size), elements.shape) for each in expressions]


def _append(table: RecordTable, rows: int, columns: Sequence[Array]) -> None:
    """Appends rows; each column holds the values of all of them."""
    if table.full:
        table.turn_over()
    first = int(table.control[0])
    for buffer, values in zip(table.buffers, columns, strict=True):
        width = values.size // rows
        buffer[first * width : first * width + values.size] = values
    table.control[0] = first + rows
