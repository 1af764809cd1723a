"""Steps of monitors → ops of the `snn` graph."""

from __future__ import annotations

from xdsl.ir import Block, Region

from ranvier.graph.arithmetic import INDEX
from ranvier.graph.scopes import TYPES, Builder, CodeScope
from ranvier.ir import recording, structure
from ranvier.plan.step_kinds import RecordEventsStep, RecordRateStep, RecordStep


def build_record(builder: Builder, position: int, step: RecordStep) -> None:
    """Adds the op that records values of some elements to the body of the loop."""
    block = Block(arg_types=[INDEX])
    scope = CodeScope(builder, position, step, block, lambda _: None, block.args[0])
    scope.index = scope.gathered_index(step.indices)
    _yield_columns(scope, step, skip=1)
    op = recording.RecordOp(
        step.label,
        builder.values[step.clock],
        builder.values[step.sink],
        builder.values[step.size],
        builder.time(step.clock)[0],
        Region(block),
    )
    builder.body.add_op(op)


def build_record_events(builder: Builder, position: int, step: RecordEventsStep) -> None:
    """Adds the op that records events to the body of the loop."""
    block = Block(arg_types=[INDEX])
    _yield_columns(CodeScope(builder, position, step, block, lambda _: None, block.args[0]), step, skip=2)
    op = recording.RecordEventsOp(
        step.label,
        builder.values[step.clock],
        builder.values[step.sink],
        builder.state(step.events),
        (builder.values[step.start], builder.values[step.stop]),
        builder.time(step.clock)[0],
        builder.state(step.counts),
        Region(block),
    )
    builder.body.add_op(op)
    builder.advance(step.counts, op.out)


def _yield_columns(scope: CodeScope, step: RecordStep | RecordEventsStep, skip: int) -> None:
    """Ends the region of a recording op: one value for each column after the first `skip`."""
    types = scope.builder.plan.inputs[step.sink].columns[skip:]
    emitter = scope.emitter
    columns = [
        emitter.converted(emitter.emit(expression), TYPES[type]).ssa
        for expression, type in zip(step.code.results, types, strict=True)
    ]
    emitter.block.add_op(structure.YieldOp(*columns))


def build_record_rate(builder: Builder, step: RecordRateStep) -> None:
    """Adds the op that records the rate of events to the body of the loop."""
    op = recording.RecordRateOp(
        step.label,
        builder.values[step.clock],
        builder.values[step.sink],
        builder.state(step.events),
        (builder.values[step.start], builder.values[step.stop]),
        builder.time(step.clock)[0],
        builder.dt(step.clock),
    )
    builder.body.add_op(op)
