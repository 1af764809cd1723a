"""What the threads of a block do together: prefix sums, and lists that keep their order."""

from __future__ import annotations

from collections.abc import Callable

from xdsl.dialects import arith
from xdsl.ir import SSAValue

from ranvier.passes.kernels.device import DeviceKernel
from ranvier.passes.lower.lowered import LoweredEvents
from ranvier.passes.lower.writer import INDEX


def prefix_sum(kernel: DeviceKernel, value: SSAValue) -> tuple[SSAValue, SSAValue]:
    """Returns the sum of the values (i64 or index) of the threads before this one, and that of all.

    All threads take part: log2 of their number additions, with a barrier after each.
    """
    w, size, thread = kernel.writer, kernel.device.block, kernel.thread()
    memory = kernel.shared(INDEX, 2 * size)
    w.store(value, memory, thread)
    kernel.barrier()
    here, step = 0, 1
    while step < size:
        before = w.binary(arith.MaxSIOp, w.sub(thread, w.constant(step)), w.constant(0))
        left = w.load(memory, w.add(before, w.constant(here)))
        left = w.select(w.compare("sge", thread, w.constant(step)), left, w.constant(0))
        own = w.load(memory, w.add(thread, w.constant(here)))
        here, step = size - here, 2 * step
        w.store(w.add(own, left), memory, w.add(thread, w.constant(here)))
        kernel.barrier()
    mine = w.load(memory, w.add(thread, w.constant(here)))
    return w.sub(mine, value), w.load(memory, w.constant(here + size - 1))


def own_part(kernel: DeviceKernel, number: SSAValue) -> tuple[SSAValue, SSAValue]:
    """Returns where the part of a thread of a list of so many entries begins and ends: the parts follow one another."""
    w, size = kernel.writer, kernel.device.block
    raised = w.add(number, w.constant(size - 1))
    part = w.binary(arith.ShRUIOp, raised, w.constant(size.bit_length() - 1))
    begin = w.binary(arith.MinSIOp, w.mul(kernel.thread(), part), number)
    return begin, w.binary(arith.MinSIOp, w.add(begin, part), number)


def chosen_events(
    kernel: DeviceKernel,
    events: LoweredEvents,
    keep: Callable[[SSAValue], SSAValue],
    take: Callable[[SSAValue, SSAValue], None] | None,
) -> SSAValue:
    """Writes what one block does with some of the events, in their order; returns how many there are.

    Args:
        kernel: A kernel of one block.
        events: The events.
        keep: Writes whether an element is one of those.
        take: Writes what is done with an element, given how many come before it.
    """
    w = kernel.writer
    indices = kernel.pass_in(events.indices)
    begin, end = own_part(kernel, w.cast(w.first(kernel.pass_in(events.count)), INDEX))
    with w.loop(end, lower=begin, carried=[w.constant(0)]) as each:
        kept = keep(w.cast(w.load(indices, each.index), INDEX))
        each.give(w.add(each.args[1], w.select(kept, w.constant(1), w.constant(0))))
    before, total = prefix_sum(kernel, each.results[0])
    if take is not None:
        with w.loop(end, lower=begin, carried=[before]) as each:
            index = w.cast(w.load(indices, each.index), INDEX)
            with w.when(keep(index), otherwise=[each.args[1]]) as kept:
                take(index, each.args[1])
                kept.give(w.add(each.args[1], w.constant(1)))
            each.give(*kept.results)
    return total
