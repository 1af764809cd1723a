"""Pathways as kernels: what arrives at an element is added by one block, in the order of the spikes."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import arith, memref
from xdsl.dialects.builtin import IntegerAttr, i1, i64
from xdsl.ir import SSAValue

from ranvier.ir.arrivals import ArrivalsOp, HistoryOp
from ranvier.ir.synapses import PropagateOp
from ranvier.ir.types import element_type
from ranvier.passes.kernels.blocks import chosen_events
from ranvier.passes.kernels.device import DeviceKernel, DeviceRun
from ranvier.passes.kernels.sort_rows import SORTED, far_role, far_size, needs_order
from ranvier.passes.lower.due_rows import room_for_rows, row_at, size_of
from ranvier.passes.lower.emission import repeat
from ranvier.passes.lower.records import within
from ranvier.passes.lower.synapse_code import SynapseCode
from ranvier.passes.lower.writer import INDEX

ROW_BLOCKS = 256
"""Blocks that share the rows that are due, where their order does not matter."""
TARGETS = 4
"""A block owns so many times as many targets as it has threads."""
_ADD = 1
"""The number of integer addition among the kinds of `memref.atomic_rmw` (as of `arith::AtomicRMWKind`)."""


def propagate_kernel(run: DeviceRun, op: PropagateOp) -> bool:
    """Writes the kernels that take in spikes, list the rows that are due, and deliver them; not for all pathways."""
    ordered = needs_order(op, run.versions)
    if ordered is None or (ordered and SORTED not in op.attributes):
        return False
    rows, number = _list_rows(run, op)
    kernel = run.device_kernel("deliver", op.label.data, op=op)
    if ordered:
        _deliver_in_order(run, kernel, op, rows, number)
    else:
        _deliver_in_any_order(kernel, op, rows, number)
    kernel.close()
    return True


def _list_rows(run: DeviceRun, op: HistoryOp) -> tuple[SSAValue, SSAValue]:
    """Writes the kernel of one block that takes in the spikes of this step and lists the rows that are due.

    Returns:
        The list, and the buffer with the number of its rows.
    """
    with run.writer.inside(run.setup):
        number = run.scratch(i64, 1)
    rows = room_for_rows(run, op)
    kernel = run.device_kernel("rows", op.label.data, op=op)
    kernel.one_block("spikes")
    w = kernel.writer
    position = w.cast(w.first(kernel.array(op.position)), INDEX)
    slot = w.binary(arith.RemUIOp, position, size_of(kernel, op, op.counts))
    start, stop = kernel.value(op.start), kernel.value(op.stop)
    extent = w.sub(stop, start)
    _take_in(run, kernel, op, slot, extent)
    kernel.barrier()
    found = _due(kernel, op, kernel.pass_in(rows), (position, slot, extent))
    with w.when(w.compare("eq", kernel.thread(), kernel.zero)):
        w.store(w.cast(found, i64), kernel.pass_in(number), kernel.zero)
        w.store(w.cast(w.add(position, w.constant(1)), i64), kernel.array(op.position), kernel.zero)
    kernel.close()
    return rows, number


def _take_in(run: DeviceRun, kernel: DeviceKernel, op: HistoryOp, slot: SSAValue, extent: SSAValue) -> None:
    """Writes the spikes of this step into their slot of the history, in their order."""
    w, start, stop = kernel.writer, kernel.value(op.start), kernel.value(op.stop)
    history, first = kernel.array(op.indices), w.mul(slot, extent)

    def take(index: SSAValue, before: SSAValue) -> None:
        w.store(w.cast(w.sub(index, start), element_type(op.indices.type)), history, w.add(first, before))

    total = chosen_events(kernel, run.event_list(op.events), lambda index: within(kernel, index, start, stop), take)
    with w.when(w.compare("eq", kernel.thread(), kernel.zero)):
        w.store(w.cast(total, i64), kernel.array(op.counts), slot)


def _due(kernel: DeviceKernel, op: HistoryOp, due: SSAValue, now: tuple[SSAValue, SSAValue, SSAValue]) -> SSAValue:
    """Lists the rows that are due in the order of the delays and spikes; returns their number.

    Each thread goes through the delays, and writes the rows of every so many spikes.
    """
    w, (position, slot, extent) = kernel.writer, now
    delays, counts, history = kernel.array(op.delays), kernel.array(op.counts), kernel.array(op.indices)
    number, length = size_of(kernel, op, op.delays), size_of(kernel, op, op.counts)
    with w.loop(number, carried=[w.constant(0)]) as each:
        delay = w.cast(w.load(delays, each.index), INDEX)
        with w.when(w.compare("sge", position, delay), otherwise=[each.args[1]]) as passed:
            before = w.sub(slot, delay)
            before = w.select(w.compare("slt", before, w.constant(0)), w.add(before, length), before)
            first, count = w.mul(before, extent), w.cast(w.load(counts, before), INDEX)
            with w.loop(count, lower=kernel.thread(), step=kernel.device.block) as spike:
                element = w.cast(w.load(history, w.add(first, spike.index)), INDEX)
                row = w.add(w.mul(element, number), each.index)
                w.store(w.cast(row, i64), due, w.add(each.args[1], spike.index))
            passed.give(w.add(each.args[1], count))
        each.give(*passed.results)
    return each.results[0]


def _deliver_in_any_order(kernel: DeviceKernel, op: PropagateOp, rows: SSAValue, number: SSAValue) -> None:
    """Writes the delivery where each synapse changes nothing but its own elements: blocks share the rows."""
    kernel.some_blocks(ROW_BLOCKS, "rows that are due")
    w, code = kernel.writer, SynapseCode(kernel, op)
    pointers, delays = kernel.array(op.pointers), size_of(kernel, op, op.delays)
    due = kernel.pass_in(rows)
    count = w.cast(w.first(kernel.pass_in(number)), INDEX)
    with w.loop(count, lower=kernel.block_number(), step=ROW_BLOCKS) as each:
        row, begin, end = row_at(kernel, pointers, due, each.index)
        code.begin_row(w.binary(arith.DivUIOp, row, delays))
        with w.loop(end, lower=w.add(begin, kernel.thread()), step=kernel.device.block) as place:
            code.at_place(place.index)
            code.run()


def _deliver_in_order(run: DeviceRun, kernel: DeviceKernel, op: PropagateOp, rows: SSAValue, number: SSAValue) -> None:
    """Writes the delivery where synapses add to the elements at which they end: each block owns some of these.

    Rows are sorted by these elements, so that the part of a row that belongs to a block is found by bisection. The
    first of several synapses between the same two elements takes the others with it. A barrier ends each row.
    """
    part = TARGETS * run.block
    kernel.over(run.value(far_size(op, run.versions)), part, "targets")
    w, code = kernel.writer, SynapseCode(kernel, op)
    pointers, delays = kernel.array(op.pointers), size_of(kernel, op, op.delays)
    ends = kernel.array(op.targets if far_role(op) == "post" else op.sources)
    due = kernel.pass_in(rows)
    count = w.cast(w.first(kernel.pass_in(number)), INDEX)
    lowest = w.mul(kernel.block_number(), w.constant(part))
    with w.loop(count) as each:
        row, begin, end = row_at(kernel, pointers, due, each.index)
        code.begin_row(w.binary(arith.DivUIOp, row, delays))
        first = _bisect(kernel, ends, (begin, end), lowest)
        last = _bisect(kernel, ends, (first, end), w.add(lowest, w.constant(part)))
        with w.loop(last, lower=w.add(first, kernel.thread()), step=run.block) as place:
            target = w.load_number(ends, place.index)
            before = w.load_number(ends, w.binary(arith.MaxSIOp, w.sub(place.index, w.constant(1)), first))
            is_first = w.binary(arith.OrIOp, w.compare("eq", place.index, first), w.compare("ne", before, target))
            with w.when(is_first):
                _run_of_one_target(kernel, code, ends, (place.index, last), target)
        kernel.barrier()


def _bisect(kernel: DeviceKernel, ends: SSAValue, part: tuple[SSAValue, SSAValue], element: SSAValue) -> SSAValue:
    """Returns the first place of a sorted part whose element is not below a given one."""
    w, one = kernel.writer, kernel.writer.constant(1)

    def halve(args: Sequence[SSAValue]) -> Sequence[SSAValue]:
        low, high = args
        middle = w.binary(arith.ShRUIOp, w.add(low, high), one)
        below = w.compare("slt", w.load_number(ends, middle), element)
        return [w.select(below, w.add(middle, one), low), w.select(below, high, middle)]

    return repeat(w, list(part), lambda args: w.compare("slt", args[0], args[1]), halve)[0]


def _run_of_one_target(
    kernel: DeviceKernel, code: SynapseCode, ends: SSAValue, part: tuple[SSAValue, SSAValue], target: SSAValue
) -> None:
    """Writes the synapses from a place on that end at one element, one after another."""
    w, (place, last) = kernel.writer, part

    def same(args: Sequence[SSAValue]) -> SSAValue:
        with w.when(w.compare("slt", args[0], last), otherwise=[w.constant(0, i1)]) as inside:
            inside.give(w.compare("eq", w.load_number(ends, args[0]), target))
        return inside.results[0]

    def deliver(args: Sequence[SSAValue]) -> Sequence[SSAValue]:
        code.at_place(args[0])
        code.run()
        return [w.add(args[0], w.constant(1))]

    repeat(w, [place], same, deliver)


def arrivals_kernel(run: DeviceRun, op: ArrivalsOp) -> bool:
    """Writes the kernels that count what arrives: whole numbers, so that threads may add in any order.

    Not for rows of bits, nor for several instances.
    """
    if op.words is not None or op.instances is not None:
        return False
    with run.writer.inside(run.setup):
        arrived = run.arrays[op.arrived] = run.fresh_lowered(element_type(op.arrived.type), run.value(op.size))
    rows, number = _list_rows(run, op)
    run.clear(arrived, run.value(op.size))
    kernel = run.device_kernel("arrivals", op.label.data, op=op)
    kernel.some_blocks(ROW_BLOCKS, "rows that are due")
    w = kernel.writer
    pointers, targets = (kernel.array(value) for value in op.lists)
    counted, due = kernel.pass_in(arrived), kernel.pass_in(rows)
    one = w.constant(1, element_type(op.arrived.type))
    with w.loop(w.cast(w.first(kernel.pass_in(number)), INDEX), lower=kernel.block_number(), step=ROW_BLOCKS) as each:
        _, begin, end = row_at(kernel, pointers, due, each.index)
        with w.loop(end, lower=w.add(begin, kernel.thread()), step=run.block) as place:
            target = w.load_number(targets, place.index)
            kind = {"kind": IntegerAttr(_ADD, i64)}
            w.op(memref.AtomicRMWOp, [one, counted, target], [one.type], kind)
    kernel.close()
    return True


__all__ = ["arrivals_kernel", "propagate_kernel"]
