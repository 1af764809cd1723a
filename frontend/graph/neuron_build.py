"""Steps of neurons and of lists of spikes → ops of the `snn` graph."""

from __future__ import annotations

from dataclasses import replace

from xdsl.dialects import arith
from xdsl.dialects.builtin import IntegerAttr
from xdsl.ir import Block, Region, SSAValue

from ranvier.actions.code import assigned_names
from ranvier.equations.assignments import Line
from ranvier.graph.arithmetic import INDEX, Value
from ranvier.graph.scopes import TYPES, Builder, CodeScope, name_hint
from ranvier.ir import emission, neurons, structure
from ranvier.ir.types import array_of
from ranvier.plan.bounds import IndexedBy, SharedBy
from ranvier.plan.step_kinds import EmitStep, EventStep, MapStep, ThresholdStep


class _Elements:
    """The region of an op that takes own elements of some states, and the scope of the code in it."""

    def __init__(self, builder: Builder, position: int, step: MapStep | ThresholdStep | EventStep) -> None:
        self.inputs = CodeScope.own_elements(step.code)
        entries = [builder.plan.inputs[number] for number in self.inputs]
        self.block = Block(arg_types=[INDEX, *(TYPES[entry.type] for entry in entries)])
        self.block.args[0].name_hint = "i"
        for entry, arg in zip(entries, self.block.args[1:], strict=True):
            arg.name_hint = name_hint(entry.label.rpartition(".")[2])
        own = dict(zip(self.inputs, self.block.args[1:], strict=True))
        self.scope = CodeScope(builder, position, step, self.block, own.get, self.block.args[0])
        self.arrays = [builder.state(number) for number in self.inputs]


def build_map(builder: Builder, position: int, step: MapStep) -> None:
    """Adds the ops of a map to the body of the loop."""
    lines, local = _write_shared(builder, position, step)
    if not lines:
        return
    step = replace(step, code=replace(step.code, lines=lines))
    elements = _Elements(builder, position, step)
    scope = elements.scope
    _set_offset(builder, scope, step)
    scope.predefine(local)
    scope.run(lines)
    written = scope.written_elements(elements.inputs)
    updates, results = scope.results(written, elements.inputs)
    scattered = scope.scattered()
    fresh = [array_of(TYPES[builder.plan.inputs[bound.input].type]) for bound, _ in scattered]
    elements.block.add_op(structure.YieldOp(*results, *(value for _, value in scattered)))
    op = neurons.MapOp(
        step.kind,
        step.label,
        builder.values[step.clock],
        builder.values[step.size],
        elements.arrays,
        [*updates, *[neurons.FRESH] * len(scattered)],
        [*(elements.arrays[k].type for k in updates), *fresh],
        Region(elements.block),
        None if step.offset is None else builder.values[step.offset],
    )
    builder.body.add_op(op)
    for number, out in zip(written, op.outs, strict=False):
        builder.advance(number, out)
    for (bound, _), values in zip(scattered, op.outs[len(written) :], strict=True):
        _scatter(builder, position, step, bound, values)


def _write_shared(builder: Builder, position: int, step: MapStep) -> tuple[tuple[Line, ...], dict[str, Value]]:
    """Puts code that is the same for all elements, up to the last shared variable, into the body of the loop.

    Returns:
        The code that remains, and the temporaries that it may use.
    """
    lines = step.code.lines
    shared = {name: bound for name, bound in step.code.bindings if isinstance(bound, SharedBy)}
    last = max((k for k, line in enumerate(lines) if not shared.keys().isdisjoint(assigned_names([line]))), default=-1)
    if last < 0:
        return lines, {}
    zero = arith.ConstantOp(IntegerAttr(0, INDEX))
    builder.body.add_op(zero)
    scope = CodeScope(builder, position, step, builder.body, lambda _: None, zero.result)
    scope.elements_allowed = False
    scope.run(lines[: last + 1])
    for name, bound in shared.items():
        if name in scope.assigned_values:
            type = TYPES[builder.plan.inputs[bound.input].type]
            value = scope.emitter.converted(scope.assigned_values[name], type)
            op = structure.WriteOp(builder.values[step.clock], builder.state(bound.input), value.ssa)
            builder.body.add_op(op)
            builder.advance(bound.input, op.out)
    return lines[last + 1 :], {k: v for k, v in scope.assigned_values.items() if k not in shared}


def _set_offset(builder: Builder, scope: CodeScope, step: MapStep) -> None:
    if step.offset is not None:
        scope.offset = builder.values[step.offset]


def _scatter(builder: Builder, position: int, step: MapStep, bound: IndexedBy, values: SSAValue) -> None:
    """Writes new values of a linked variable to the elements it is linked to."""
    block = Block(arg_types=[INDEX, TYPES[builder.plan.inputs[bound.input].type]])
    scope = CodeScope(builder, position, step, block, lambda _: None, block.args[0])
    _set_offset(builder, scope, step)
    block.add_op(structure.YieldOp(scope.linked_index(bound).ssa, block.args[1]))
    op = neurons.ScatterOp(
        step.kind,
        step.label,
        builder.values[step.clock],
        builder.values[step.size],
        [values],
        builder.state(bound.input),
        Region(block),
    )
    builder.body.add_op(op)
    builder.advance(bound.input, op.out)


def build_threshold(builder: Builder, position: int, step: ThresholdStep) -> None:
    """Adds the op of a threshold to the body of the loop."""
    elements = _Elements(builder, position, step)
    emitter = elements.scope.emitter
    condition = emitter.boolean(emitter.emit(step.code.results[0]))
    elements.block.add_op(structure.YieldOp(condition.ssa))
    op = neurons.ThresholdOp(
        step.label,
        builder.values[step.clock],
        builder.values[step.size],
        elements.arrays,
        builder.state(step.events),
        Region(elements.block),
    )
    builder.body.add_op(op)
    builder.advance(step.events, op.events)


def build_emit(builder: Builder, step: EmitStep) -> None:
    """Adds the op of a list of spikes to the body of the loop."""
    op = emission.EmitOp(
        step.label,
        builder.values[step.clock],
        (builder.state(step.indices), builder.state(step.steps)),
        builder.values[step.period],
        builder.time(step.clock)[1],
        builder.state(step.position),
        builder.state(step.events),
    )
    builder.body.add_op(op)
    builder.advance(step.events, op.events)
    builder.advance(step.position, op.next)


def build_event(builder: Builder, position: int, step: EventStep) -> None:
    """Adds the op of what happens to elements with an event to the body of the loop."""
    elements = _Elements(builder, position, step)
    scope = elements.scope
    scope.run(step.code.lines)
    written = scope.written_elements(elements.inputs)
    updates, results = scope.results(written, elements.inputs)
    if not updates:
        return
    elements.block.add_op(structure.YieldOp(*results))
    op = neurons.ResetOp(
        step.kind,
        step.label,
        builder.values[step.clock],
        builder.state(step.events),
        elements.arrays,
        updates,
        Region(elements.block),
    )
    builder.body.add_op(op)
    for number, out in zip(written, op.outs, strict=True):
        builder.advance(number, out)
