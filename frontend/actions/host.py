"""Code that the host executes with numpy: what calls functions that exist only in Python, and a few rare forms.

It gives the same results as compiled code, slowly: each name is read from the same memory, each statement is computed
for all elements at once.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from ranvier.actions import actions as act
from ranvier.actions.synaptic_actions import Accumulate, Propagate
from ranvier.analysis.evaluate import evaluate
from ranvier.equations.assignments import Assign
from ranvier.equations.expressions import Call, Expr, Name, map_children
from ranvier.integrators.reference import propagator_entries

Executor = Callable[[], None]


def executor_for(action: act.Action) -> Executor | None:
    """Returns a function that executes an action in Python, or None if it can be compiled."""
    bindings: Mapping[str, act.Binding] = getattr(action, "bindings", {})
    host = any(isinstance(binding, act.HostFunction) for binding in bindings.values())
    match action:
        case Propagate() | Accumulate():
            from ranvier.actions import synaptic_host

            return synaptic_host.executor_for(action)
        case act.MapCode() if host:
            return lambda: _run_map(action)
        case act.EventCode() if host or _writes_linked(action):
            return lambda: _run_events(action)
        case act.Threshold() if host:
            return lambda: _run_threshold(action)
        case act.RecordStates() if host:
            return lambda: _run_record(action)
        case act.RecordEvents(table=table) if host and table is not None:
            table.reserve(action.stop - action.start)
            return lambda: _run_record_events(action)
        case _:
            return None


def _writes_linked(action: act.EventCode) -> bool:
    targets = {line.target for line in action.code if isinstance(line, Assign)}
    return any(isinstance(action.bindings.get(name), act.Indexed) for name in targets)


def _values(bindings: Mapping[str, act.Binding], elements: "np.ndarray[Any, Any]", offset: int) -> dict[str, Any]:
    """The values of all names for some elements (numbers relative to the offset)."""
    return {name: _value(binding, elements, offset) for name, binding in bindings.items()}


def _linked(binding: act.Indexed, elements: "np.ndarray[Any, Any]", offset: int) -> "np.ndarray[Any, Any]":
    positions = elements + offset
    if binding.index is not None:
        positions = binding.index.array[positions]
    return np.zeros_like(elements) if binding.storage.array.size == 1 else positions + binding.offset


def bound_value(binding: act.Binding, elements: "np.ndarray[Any, Any]") -> Any:
    """Returns the present value of a binding for some elements."""
    return _value(binding, elements, 0)


def _value(binding: act.Binding, elements: "np.ndarray[Any, Any]", offset: int) -> Any:
    match binding:
        case act.Element(storage):
            return storage.array[elements + offset]
        case act.Indexed(storage):
            return storage.array[_linked(binding, elements, offset)]
        case act.Shared(storage):
            return storage.array[0]
        case act.Constant(value):
            return value
        case act.Time(what, clock):
            return {"t": clock.t_, "dt": clock.dt_, "t_in_timesteps": clock.timestep}[what]
        case act.OwnIndex():
            return elements
        case act.Lookup():
            return partial(looked_up, binding)
        case act.HostFunction():
            return _host_call(binding, len(elements))


def _host_call(function: act.HostFunction, count: int) -> Callable[..., Any]:
    if function.vectorise:

        def call(*args: Any) -> Any:
            return function.call(*args, np.arange(count))

        return call
    return function.call


def looked_up(array: act.Lookup, t: Any, column: Any = None) -> Any:
    """Returns the values of a timed array: values[clip(int(round(t/epsilon)/per_bin), 0, bins-1)*columns + column].

    Negative columns count from the end, as in numpy.

    Raises:
        IndexError: If there is no such column.
    """
    ticks = np.floor(np.asarray(t, dtype=float) / array.epsilon + 0.5)
    position = np.clip((ticks / array.per_bin).astype(np.int64), 0, array.bins - 1)
    if column is not None and array.columns is not None:
        column = np.asarray(column, dtype=np.int64)
        wrong = column[(column < -array.columns) | (column >= array.columns)]
        if wrong.size:
            raise IndexError(
                f"The timed array '{array.label}' has the columns 0 to {array.columns - 1}, but column {wrong.flat[0]} "
                "was asked for."
            )
        position = position * array.columns + column % array.columns
    return array.values.array[position]


def _execute(
    code: tuple[Any, ...], bindings: Mapping[str, act.Binding], elements: "np.ndarray[Any, Any]", offset: int
) -> dict[str, Any]:
    """Runs assignments; returns the values of all assigned names."""
    values = _values(bindings, elements, offset)
    values["_select"] = np.where

    def binomial(n: Any, p: Any) -> Any:
        return np.random.binomial(n, p, len(elements))

    values["_binomial"] = binomial
    assigned: dict[str, Any] = {}
    for line in code:
        if isinstance(line, Assign):
            value = evaluate(_with_noise(line.expr, values, len(elements)), values, count=len(elements))
            assigned[line.target] = values[line.target] = _stored(bindings.get(line.target), value)
        else:
            for name, value in propagator_entries(line, values):
                assigned[name] = values[name] = value
    return assigned


def _with_noise(expr: Expr, values: dict[str, Any], count: int) -> Expr:
    """Replaces each noise by a name whose values are drawn once per step."""
    if isinstance(expr, Call) and expr.function == "_normal":
        source = expr.args[0]
        assert isinstance(source, Name)
        name = f"_noise_{source.id}"
        if name not in values:
            values[name] = np.random.standard_normal(count)
        return Name(name)
    return map_children(expr, lambda operand: _with_noise(operand, values, count))


def _stored(binding: "act.Binding | None", value: Any) -> Any:
    """A value as the type of the variable it is assigned to."""
    if isinstance(binding, (act.Element, act.Indexed, act.Shared)):
        return np.asarray(value).astype(binding.storage.array.dtype)
    return value


def _write(
    bindings: Mapping[str, act.Binding],
    assigned: Mapping[str, Any],
    elements: "np.ndarray[Any, Any]",
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
            value = np.where(mask, value, _value(bindings[name], elements, offset))
        match binding:
            case act.Element(storage):
                storage.array[elements + offset] = value
            case act.Indexed(storage):
                storage.array[_linked(binding, elements, offset)] = value
            case act.Shared(storage):
                storage.array[0] = value.flat[0]
            case _:
                pass


def _run_map(action: act.MapCode) -> None:
    elements = np.arange(action.size)
    assigned = _execute(action.code, action.bindings, elements, action.offset)
    _write(action.bindings, assigned, elements, action.offset, action.protected)


def _run_events(action: act.EventCode) -> None:
    elements = action.events.indices[: action.events.count[0]].astype(np.int64)
    if not len(elements):
        return
    assigned = _execute(action.code, action.bindings, elements, 0)
    _write(action.bindings, assigned, elements, 0)


def _run_threshold(action: act.Threshold) -> None:
    elements = np.arange(action.size)
    values = _values(action.bindings, elements, 0)
    found = np.broadcast_to(evaluate(action.condition, values, count=action.size), (action.size,))
    indices = np.flatnonzero(found)
    action.events.indices[: len(indices)] = indices
    action.events.count[0] = len(indices)


def _columns(expressions: tuple[Expr, ...], values: Mapping[str, Any], count: int) -> list[Any]:
    return [np.broadcast_to(evaluate(expression, values, count=count), (count,)) for expression in expressions]


def _run_record(action: act.RecordStates) -> None:
    elements = action.indices.array.astype(np.int64)
    values = _values(action.bindings, elements, 0)
    table = action.table
    if table.full:
        table.turn_over()
    row = int(table.control[0])
    table.buffers[0][row] = action.clock.t_
    width = len(elements)
    for buffer, column in zip(table.buffers[1:], _columns(action.expressions, values, width), strict=True):
        buffer[row * width : (row + 1) * width] = column
    table.control[0] = row + 1


def _run_record_events(action: act.RecordEvents) -> None:
    """Appends a row for each event, and counts."""
    found = action.events.indices[: action.events.count[0]].astype(np.int64)
    elements = found[(found >= action.start) & (found < action.stop)]
    if not len(elements):
        return
    values = _values(action.bindings, elements, 0)
    table = action.table
    assert table is not None
    if table.full:
        table.turn_over()
    row = int(table.control[0])
    rows = slice(row, row + len(elements))
    columns = (action.clock.t_, elements - action.start, *_columns(action.expressions, values, len(elements)))
    for buffer, column in zip(table.buffers, columns, strict=True):
        buffer[rows] = column
    table.control[0] = rows.stop
    action.counts.array[elements - action.start] += 1
