"""Lowers `snn.emit`: events from a list sorted by step, at a cost of the events that are due."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import i64
from xdsl.ir import Block, Region, SSAValue

from ranvier.ir.emission import EmitOp
from ranvier.passes.lower.scopes import Kernel, Run
from ranvier.passes.lower.writer import INDEX, Writer


def lower_emit(run: Run, op: EmitOp) -> None:
    """Writes the function that goes on in the list from its position to the first entry of a later step.

    No load goes beyond the end mark: its step is not smaller than any step, and not equal to one.
    """
    kernel = run.kernel("emit", op.label.data, op=op)
    w = kernel.writer
    target = run.event_list(op.events)
    steps, position = kernel.array(op.steps), kernel.array(op.position)
    indices, events = kernel.array(op.indices), kernel.pass_in(target.indices)
    now = looked_up(kernel, op)
    first, one = first_entry(kernel, op, now), w.constant(1)

    def take(args: Sequence[SSAValue]) -> list[SSAValue]:
        element = w.load(indices, args[0])
        if op.instances is None:
            w.store(element, events, args[1])
            return [w.add(args[0], one), w.add(args[1], one)]
        instances = kernel.value(op.instances)
        number = w.mul(w.cast(element, INDEX), instances)
        with w.loop(instances) as lane:
            w.store(w.cast(w.add(number, lane.index), element.type), events, w.add(args[1], lane.index))
        return [w.add(args[0], one), w.add(args[1], instances)]

    last, count = repeat(w, [first, w.constant(0)], lambda args: w.compare("eq", w.load(steps, args[0]), now), take)
    w.store(w.cast(last, i64), position, w.constant(0))
    w.store(w.cast(count, i64), kernel.pass_in(target.count), w.constant(0))
    kernel.close()


def first_entry(kernel: Kernel, op: EmitOp, now: SSAValue) -> SSAValue:
    """Returns the place of the first entry of a step or of a later one, looking from the position on."""
    w, steps = kernel.writer, kernel.array(op.steps)
    first, one = _not_beyond(w, steps, w.cast(w.first(kernel.array(op.position)), INDEX), now), w.constant(1)
    (first,) = repeat(
        w,
        [first],
        lambda args: w.compare("slt", w.load(steps, args[0]), now),
        lambda args: [w.add(args[0], one)],
    )
    return first


def looked_up(kernel: Kernel, op: EmitOp) -> SSAValue:
    """Returns the step to look up: the remainder where there is a period."""
    w = kernel.writer
    step, period = kernel.value(op.step), kernel.value(op.period)
    divisor = w.binary(arith.MaxSIOp, period, w.constant(1, i64))
    rest = w.binary(arith.RemSIOp, step, divisor)
    return w.select(w.compare("sgt", period, w.constant(0, i64)), rest, step)


def _not_beyond(w: Writer, steps: SSAValue, position: SSAValue, now: SSAValue) -> SSAValue:
    """Returns the position, or the beginning of the list if the entry before it is not of an earlier step."""
    zero = w.constant(0)
    with w.when(w.compare("sgt", position, zero), otherwise=[position]) as inside:
        earlier = w.compare("slt", w.load(steps, w.sub(position, w.constant(1))), now)
        inside.give(w.select(earlier, position, zero))
    return inside.results[0]


def repeat(
    w: Writer,
    start: Sequence[SSAValue],
    condition: Callable[[Sequence[SSAValue]], SSAValue],
    body: Callable[[Sequence[SSAValue]], Sequence[SSAValue]],
) -> Sequence[SSAValue]:
    """Writes `scf.while`: values that `body` replaces as long as `condition` holds for them."""
    types = [value.type for value in start]
    before, after = Block(arg_types=types), Block(arg_types=types)
    with w.inside(before):
        w.op(scf.ConditionOp, [condition(before.args), *before.args])
    with w.inside(after):
        w.op(scf.YieldOp, body(after.args))
    return w.op(scf.WhileOp, start, types, {}, [Region(before), Region(after)]).results
