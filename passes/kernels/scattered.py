"""Values that go to computed places, and events from lists: what decides is the number of an element."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import i1, i32, i64
from xdsl.ir import SSAValue

from ranvier.ir.emission import EmitOp
from ranvier.ir.neurons import ScatterOp
from ranvier.ir.structure import StateOp
from ranvier.ir.types import element_type
from ranvier.passes.kernels.blocks import prefix_sum
from ranvier.passes.kernels.device import DeviceKernel, DeviceRun
from ranvier.passes.kernels.sort_rows import keeps_state
from ranvier.passes.kernels.synapses import greatest_atomically
from ranvier.passes.lower.due_rows import size_of
from ranvier.passes.lower.emission import first_entry, looked_up, repeat
from ranvier.passes.lower.sweeps import apply_region
from ranvier.passes.lower.writer import INDEX


def scatter_kernel(run: DeviceRun, op: ScatterOp) -> bool:
    """Writes the kernels of a scatter: of all elements that write to one place, the last one does.

    The first kernel computes all values, and for each place the greatest number of an element that writes there; in
    the second, each element looks whether it is that one.
    """
    owner = run.versions.root(op.array).owner
    if not isinstance(owner, StateOp) or keeps_state(op):
        return False
    places, values = run.fresh(op, i64, op.size), run.fresh(op, element_type(op.array.type), op.size)
    with run.writer.inside(run.setup):
        last = run.fresh_lowered(i32, run.value(owner.size))
    size = run.value(op.size)
    kernel = run.device_kernel(op.kind.data, op.label.data, op=op)
    w = kernel.writer
    with kernel.each(size, "elements") as index:
        place, value = apply_region(kernel, op, index, index, op.inputs)
        w.store(w.cast(place, i64), kernel.pass_in(places), index)
        w.store(value, kernel.pass_in(values), index)
        greatest_atomically(w, _named(kernel, index), kernel.pass_in(last), place)
    kernel.close()
    kernel = run.device_kernel(op.kind.data, op.label.data, "last", op=op)
    w = kernel.writer
    with kernel.each(size, "elements") as index:
        place = w.cast(w.load(kernel.pass_in(places), index), INDEX)
        wins = w.compare("eq", w.load(kernel.pass_in(last), place), _named(kernel, index))
        with w.when(wins):
            w.store(w.load(kernel.pass_in(values), index), kernel.array(op.array), place)
            w.store(w.constant(0, i32), kernel.pass_in(last), place)
    kernel.close()
    return True


def _named(kernel: DeviceKernel, index: SSAValue) -> SSAValue:
    """Returns the number of an element, from 1 on: 0 stands for nobody."""
    return kernel.writer.cast(kernel.writer.add(index, kernel.writer.constant(1)), i32)


def emit_kernel(run: DeviceRun, op: EmitOp) -> bool:
    """Writes the kernel of one block that copies the entries of this step; the list is sorted by steps."""
    kernel = run.device_kernel("emit", op.label.data, op=op)
    kernel.one_block("entries that are due")
    w, target = kernel.writer, run.event_list(op.events)
    steps, indices, events = kernel.array(op.steps), kernel.array(op.indices), kernel.pass_in(target.indices)
    now, end = looked_up(kernel, op), size_of(kernel, op, op.steps)
    first = first_entry(kernel, op, now)
    lanes = w.constant(1) if op.instances is None else kernel.value(op.instances)
    thread, size = kernel.thread(), w.constant(run.block)

    def is_due(args: Sequence[SSAValue]) -> SSAValue:
        with w.when(w.compare("slt", args[0], end), otherwise=[w.constant(0, i1)]) as inside:
            inside.give(w.compare("eq", w.load(steps, args[0]), now))
        return inside.results[0]

    def take(args: Sequence[SSAValue]) -> list[SSAValue]:
        element, place = w.load(indices, args[0]), w.mul(w.sub(args[0], first), lanes)
        with w.loop(lanes) as lane:
            number = w.add(w.mul(w.cast(element, INDEX), lanes), lane.index)
            w.store(w.cast(number, element.type), events, w.add(place, lane.index))
        return [w.add(args[0], size), w.add(args[1], w.constant(1))]

    _, own = repeat(w, [w.add(first, thread), w.constant(0)], is_due, take)
    _, total = prefix_sum(kernel, own)
    with w.when(w.compare("eq", thread, kernel.zero)):
        w.store(w.cast(w.add(first, total), i64), kernel.array(op.position), kernel.zero)
        w.store(w.cast(w.mul(total, lanes), i64), kernel.pass_in(target.count), kernel.zero)
    kernel.close()
    return True


__all__ = ["emit_kernel", "scatter_kernel"]
