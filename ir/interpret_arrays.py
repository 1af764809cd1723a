"""What the interpreter makes of the ops that compute arrays, record, and call the host."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from xdsl.ir import Operation, SSAValue

from ranvier.ir import random_reference
from ranvier.ir.emission import EmitOp
from ranvier.ir.interpret_arith import numpy_type
from ranvier.ir.interpret_propagator import matrix_exponential
from ranvier.ir.interpret_run import UNDEFINED, Array, Handler, Handlers, InterpretError, Run
from ranvier.ir.neurons import FRESH, CompactOp, MapOp, ResetOp, ScatterOp, ThresholdOp, updated_inputs
from ranvier.ir.recording import CallOp, RecordEventsOp, RecordOp, RecordRateOp
from ranvier.ir.scalars import GatherOp, NativeOp, PropagatorOp, RandomOp
from ranvier.ir.slots import NEVER
from ranvier.ir.structure import ReadOp, WriteOp
from ranvier.ir.types import EventsType, SinkType, element_type

# ---- arrays


def _read(run: Run, op: ReadOp) -> list[Any]:
    return [run.get(op.array)[0]]


def _write(run: Run, op: WriteOp) -> list[Any]:
    return [np.array([run.get(op.value)], dtype=numpy_type(op.value.type))]


def _map(run: Run, op: MapOp) -> list[Any]:
    size = max(0, int(run.get(op.size)))
    start = 0 if op.offset is None else int(run.get(op.offset))
    inputs = [run.slice_of(value, start, start + size) for value in op.inputs]
    yielded = run.region(op, np.arange(size, dtype=np.int64), inputs)
    results: list[Array] = []
    for k, new in zip(updated_inputs(op), yielded, strict=True):
        if k == FRESH:  # as long as the map, also where the map has an offset
            results.append(new)
            continue
        whole = run.get(op.inputs[k]).copy()
        whole[start : start + size] = new
        results.append(whole)
    return results


def _scatter(run: Run, op: ScatterOp) -> list[Any]:
    size = int(run.get(op.size))
    inputs = [run.slice_of(value, 0, size) for value in op.inputs]
    targets, new = run.region(op, np.arange(size, dtype=np.int64), inputs)
    out = run.get(op.array).copy()
    _check_indices(targets, len(out), op)
    for k, value in zip(targets, new, strict=True):
        out[k] = value
    return [out]


def _threshold(run: Run, op: ThresholdOp) -> list[Any]:
    size = int(run.get(op.size))
    inputs = [run.slice_of(value, 0, size) for value in op.inputs]
    (mask,) = run.region(op, np.arange(size, dtype=np.int64), inputs)
    return [np.flatnonzero(mask).astype(np.int32)]


def _compact(run: Run, op: CompactOp) -> list[Any]:
    mask = run.slice_of(op.mask, 0, int(run.get(op.size)))
    return [np.flatnonzero(mask).astype(np.int32)]


def _emit(run: Run, op: EmitOp) -> list[Any]:
    steps, indices = run.get(op.steps), run.get(op.indices)
    if len(steps) != len(indices) or not len(steps) or steps[-1] != NEVER:
        raise InterpretError(f"the list of {op.label.data!r} has no end mark, or not as many indices as steps")
    period, step = int(run.get(op.period)), int(run.get(op.step))
    now = step % period if period > 0 else step
    first, last = np.searchsorted(steps, now, "left"), np.searchsorted(steps, now, "right")
    events = indices[first:last].copy()
    if np.any(np.diff(steps) < 0) or len(np.unique(events)) != len(events):
        raise InterpretError(f"the list of {op.label.data!r} does not ascend, or names an element twice for a step")
    if op.instances is not None:
        instances = int(run.get(op.instances))
        events = (events[:, np.newaxis] * instances + np.arange(instances)).ravel().astype(np.int32)
    return [events, np.array([last], dtype=np.int64)]


def _reset(run: Run, op: ResetOp) -> list[Any]:
    events = run.get(op.events).astype(np.int64)
    for value in op.inputs:
        _check_indices(events, len(run.get(value)), op)
    yielded = run.region(op, events, [run.get(value)[events] for value in op.inputs])
    results: list[Array] = []
    for k, new in zip(updated_inputs(op), yielded, strict=True):
        whole = run.get(op.inputs[k]).copy()
        whole[events] = new
        results.append(whole)
    return results


def _gather(run: Run, op: GatherOp) -> list[Any]:
    array, index = run.get(op.array), np.asarray(run.get(op.index))
    _check_indices(index, len(array), op)
    return [array[index]]


def _check_indices(index: Array, size: int, op: Operation) -> None:
    if np.any((index < 0) | (index >= size)):
        wrong = index[(index < 0) | (index >= size)] if index.ndim else index
        raise InterpretError(f"{op.name} reaches element {np.ravel(wrong)[0]} of an array of {size}: {op}")


def _random(run: Run, op: RandomOp) -> list[Any]:
    draw: Callable[..., Any] = getattr(random_reference, op.distribution.data)
    key, one = run.get(op.key), np.asarray(run.get(op.element))
    shape = np.broadcast_shapes(np.shape(key), one.shape)
    element = np.broadcast_to(one, shape or (1,))
    arguments = [run.get(value) for value in op.arguments]
    if op.distribution.data != "tabulated":
        arguments = [np.broadcast_to(argument, element.shape) for argument in arguments]
    stream = op.stream.value.data
    dtype = numpy_type(op.value.type)
    options = {"dtype": dtype} if op.distribution.data in ("uniform", "normal") else {}  # they have other bits in f32
    step, drawn = int(run.get(op.step)), np.empty(element.shape, dtype=dtype)
    for one_key in np.unique(key):  # instances side by side have keys of their own
        chosen = np.broadcast_to(key == one_key, element.shape)
        given = arguments if op.distribution.data == "tabulated" else [argument[chosen] for argument in arguments]
        drawn[chosen] = draw(int(one_key), step, stream, element[chosen], *given, **options)
    return [drawn if shape else drawn[0]]


def _propagator(run: Run, op: PropagatorOp) -> list[Any]:
    order = op.order.value.data
    step = run.get(op.step)
    entries = np.broadcast_arrays(*(np.asarray(run.get(value) * step) for value in op.entries))
    matrix = np.stack(entries, axis=-1).reshape(*entries[0].shape, order, order)
    with np.errstate(all="ignore"):
        exponential = matrix_exponential(matrix).reshape(*entries[0].shape, order * order)
    return [exponential[..., int(k)] for k in op.wanted.get_values()]


def _native(run: Run, op: NativeOp) -> list[Any]:
    name = op.function.data
    if name not in run.inputs.functions:
        raise InterpretError(f"no function {name!r} is given for {op.name}")
    arguments = [run.get(value) for value in op.arguments]
    return [np.asarray(run.inputs.functions[name](*arguments)).astype(numpy_type(op.value.type))[()]]


# ---- recording, calls


def _record(run: Run, op: RecordOp) -> list[Any]:
    columns = run.region(op, np.arange(int(run.get(op.size)), dtype=np.int64), [])
    run.get(op.sink).append((float(run.get(op.t)), *columns))
    return []


def _within(run: Run, op: RecordEventsOp | RecordRateOp) -> tuple[Array, int, int]:
    start, stop = int(run.get(op.start)), int(run.get(op.stop))
    events = run.get(op.events).astype(np.int64)
    return events[(start <= events) & (events < stop)], start, stop


def _record_events(run: Run, op: RecordEventsOp) -> list[Any]:
    events, start, stop = _within(run, op)
    sink_type = op.sink.type
    assert isinstance(sink_type, SinkType)
    columns = run.region(op, events, [])
    types = [numpy_type(type) for type in sink_type.columns]
    t = float(run.get(op.t))
    if types:
        for k, event in enumerate(events):
            row = (t, int(event - start), *(column[k] for column in columns))
            run.get(op.sink).append(tuple(type.type(x).item() for type, x in zip(types, row, strict=True)))
    counts = run.get(op.counts).copy()
    if len(counts) < stop - start:
        raise InterpretError(f"snn.record_events counts {stop - start} indices in an array of {len(counts)}")
    with np.errstate(over="ignore"):
        counts[events - start] += counts.dtype.type(1)
    return [counts]


def _record_rate(run: Run, op: RecordRateOp) -> list[Any]:
    events, start, stop = _within(run, op)
    instances = 1 if op.instances is None else int(run.get(op.instances))
    numbers = np.bincount(events % instances, minlength=instances)
    with np.errstate(all="ignore"):
        rates = numbers.astype(np.float64) / ((stop - start) // instances * run.get(op.dt))
    run.get(op.sink).extend((float(run.get(op.t)), float(rate)) for rate in rates)
    return []


def _call(run: Run, op: CallOp) -> list[Any]:
    number = op.callback.value.data
    if number >= len(run.inputs.callbacks):
        raise InterpretError(f"callbacks lack number {number} ({op.label.data})")
    values = [run.get(state).copy() for state in op.states]
    run.inputs.callbacks[number](values)
    for state, value in zip(op.states, values, strict=True):
        _check_returned(run, op, state, value)
    return [np.array(value) for value in values]


def _check_returned(run: Run, op: CallOp, state: SSAValue, value: Array) -> None:
    dtype = np.dtype(np.int32) if isinstance(state.type, EventsType) else numpy_type(element_type(state.type))
    same_shape = isinstance(state.type, EventsType) or value.shape == run.get(state).shape
    if value.dtype != dtype or not same_shape:
        raise InterpretError(f"callback {op.label.data!r} made an array of {value.shape} {value.dtype} of {state}")


def _old_inputs(run: Run, op: MapOp | ResetOp) -> list[Any]:
    return [UNDEFINED if k == FRESH else run.old(op.inputs[k]) for k in updated_inputs(op)]


def _old_events(run: Run, op: ThresholdOp | CompactOp) -> list[Any]:
    return [run.old(op.old)]


def _old_emit(run: Run, op: EmitOp) -> list[Any]:
    return [run.old(op.old), run.old(op.position)]


def _old_array(run: Run, op: ScatterOp | WriteOp) -> list[Any]:
    return [run.old(op.array)]


def _old_counts(run: Run, op: RecordEventsOp) -> list[Any]:
    return [run.old(op.counts)]


def _old_states(run: Run, op: CallOp) -> list[Any]:
    return [run.old(state) for state in op.states]


ARRAY_HANDLERS: Handlers = {
    ReadOp: Handler(_read),
    WriteOp: Handler(_write, _old_array),
    MapOp: Handler(_map, _old_inputs),
    ScatterOp: Handler(_scatter, _old_array),
    ThresholdOp: Handler(_threshold, _old_events),
    CompactOp: Handler(_compact, _old_events),
    EmitOp: Handler(_emit, _old_emit),
    ResetOp: Handler(_reset, _old_inputs),
    GatherOp: Handler(_gather),
    RandomOp: Handler(_random),
    PropagatorOp: Handler(_propagator),
    NativeOp: Handler(_native),
    RecordOp: Handler(_record),
    RecordEventsOp: Handler(_record_events, _old_counts),
    RecordRateOp: Handler(_record_rate),
    CallOp: Handler(_call, _old_states),
}
"""The ops of arrays, recording and calls."""
