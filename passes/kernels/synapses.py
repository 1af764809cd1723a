"""Pathways as kernels: what arrives at an element is added by one block, in the order of the spikes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from xdsl.dialects import arith, memref
from xdsl.dialects.builtin import IntegerAttr, i1, i64
from xdsl.ir import SSAValue

from ranvier.ir.arrivals import ArrivalsOp, HistoryOp
from ranvier.ir.synapses import SORTED, PropagateOp, roles_of, written_inputs
from ranvier.ir.types import element_type
from ranvier.passes.kernels.blocks import chosen_events
from ranvier.passes.kernels.device import DeviceKernel, DeviceRun
from ranvier.passes.kernels.lanes import ascends, deliver_in_lanes
from ranvier.passes.kernels.rows import (
    deliver_pending,
    first_pending,
    kept_values,
    room_for_groups,
    write_rows,
)
from ranvier.passes.kernels.sort_rows import far_role, far_size, keeps_state, needs_order
from ranvier.passes.lower.bit_counts import words_of_row
from ranvier.passes.lower.due_rows import room_for_rows, row_at, size_of
from ranvier.passes.lower.emission import repeat
from ranvier.passes.lower.records import within
from ranvier.passes.lower.synapse_code import SynapseCode
from ranvier.passes.lower.writer import INDEX, Writer

ROW_BLOCKS = 256
"""Blocks that share the rows that are due, where their order does not matter."""
TARGETS = 4
"""A block owns so many times as many targets as it has threads."""
Ends: TypeAlias = "SSAValue | Callable[[SSAValue], SSAValue]"
"""What rows are sorted by: an array, or what writes the element at a place."""
_ADD, _MAX = 1, 5
"""The numbers of integer addition, and of the greatest number without sign, among the kinds of `memref.atomic_rmw`."""


def propagate_kernel(run: DeviceRun, op: PropagateOp) -> bool:
    """Writes the kernels that take in spikes, list the rows that are due, and deliver them; not for all pathways."""
    if op.instances is not None:
        if op.pending or keeps_state(op) or (op.alike is None and not ascends(run, op)):
            return False
        deliver_in_lanes(run, op, *_list_rows(run, op))
        return True
    ordered = needs_order(op, run.versions)
    if ordered is None or (ordered and SORTED not in op.attributes):
        return False
    if op.pending:
        deliver_pending(run, op)
    holds = any(roles_of(op)[k] == "row" for k in written_inputs(op))
    groups = room_for_groups(run, op) if holds else None
    rows, number = _list_rows(run, op, groups)
    kept = {} if groups is None else write_rows(run, op, rows, groups)
    kernel = run.device_kernel("deliver", op.label.data, op=op)
    if ordered:
        _deliver_in_order(run, kernel, op, rows, number, kept)
    else:
        _deliver_in_any_order(kernel, op, rows, number, kept)
    kernel.close()
    return True


def _list_rows(run: DeviceRun, op: HistoryOp, groups: SSAValue | None = None) -> tuple[SSAValue, SSAValue]:
    """Writes the kernel of one block that takes in the spikes of this step and lists the rows that are due.

    Args:
        run: The run.
        op: The pathway.
        groups: Where to write at which entry of the list the rows of each delay begin; None where nobody asks.

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
    take_in(run, kernel, op, slot, extent)
    kernel.barrier()
    found = _due(kernel, op, kernel.pass_in(rows), (position, slot, extent), groups)
    with w.when(w.compare("eq", kernel.thread(), kernel.zero)):
        if isinstance(op, PropagateOp) and op.pending:
            w.store(w.cast(first_pending(kernel, op, position), i64), kernel.array(op.pending[2]), kernel.zero)
        w.store(w.cast(found, i64), kernel.pass_in(number), kernel.zero)
        w.store(w.cast(w.add(position, w.constant(1)), i64), kernel.array(op.position), kernel.zero)
    kernel.close()
    return rows, number


def take_in(run: DeviceRun, kernel: DeviceKernel, op: HistoryOp, slot: SSAValue, extent: SSAValue) -> SSAValue:
    """Writes the spikes of this step into their slot of the history, in their order; returns their number."""
    w, start, stop = kernel.writer, kernel.value(op.start), kernel.value(op.stop)
    history, first = kernel.array(op.indices), w.mul(slot, extent)

    def take(index: SSAValue, before: SSAValue) -> None:
        w.store(w.cast(w.sub(index, start), element_type(op.indices.type)), history, w.add(first, before))

    total = chosen_events(kernel, run.event_list(op.events), lambda index: within(kernel, index, start, stop), take)
    with w.when(w.compare("eq", kernel.thread(), kernel.zero)):
        w.store(w.cast(total, i64), kernel.array(op.counts), slot)
    return total


def _due(
    kernel: DeviceKernel,
    op: HistoryOp,
    due: SSAValue,
    now: tuple[SSAValue, SSAValue, SSAValue],
    groups: SSAValue | None,
) -> SSAValue:
    """Lists the rows that are due in the order of the delays and spikes; returns their number.

    Each thread goes through the delays, and writes the rows of every so many spikes. Of several instances that do not
    have the same spikes, the row r of instance b stands as r*B + b.
    """
    lanes = None if op.instances is None or getattr(op, "alike", None) is not None else kernel.value(op.instances)
    w, (position, slot, extent) = kernel.writer, now
    delays, counts, history = kernel.array(op.delays), kernel.array(op.counts), kernel.array(op.indices)
    number, length = size_of(kernel, op, op.delays), size_of(kernel, op, op.counts)
    with w.loop(number, carried=[w.constant(0)]) as each:
        if groups is not None:
            with w.when(w.compare("eq", kernel.thread(), kernel.zero)):
                w.store(w.cast(each.args[1], i64), kernel.pass_in(groups), each.index)
        delay = w.cast(w.load(delays, each.index), INDEX)
        with w.when(w.compare("sge", position, delay), otherwise=[each.args[1]]) as passed:
            before = w.sub(slot, delay)
            before = w.select(w.compare("slt", before, w.constant(0)), w.add(before, length), before)
            first, count = w.mul(before, extent), w.cast(w.load(counts, before), INDEX)
            with w.loop(count, lower=kernel.thread(), step=kernel.device.block) as spike:
                element = w.cast(w.load(history, w.add(first, spike.index)), INDEX)
                row = _row(w, element, (number, each.index), lanes)
                w.store(w.cast(row, i64), due, w.add(each.args[1], spike.index))
            passed.give(w.add(each.args[1], count))
        each.give(*passed.results)
    if groups is not None:
        with w.when(w.compare("eq", kernel.thread(), kernel.zero)):
            w.store(w.cast(each.results[0], i64), kernel.pass_in(groups), number)
    return each.results[0]


def _row(w: Writer, element: SSAValue, delay: tuple[SSAValue, SSAValue], lanes: SSAValue | None) -> SSAValue:
    """Returns the number of a row; of several instances, with the number of its own."""
    number, which = delay
    if lanes is None:
        return w.add(w.mul(element, number), which)
    spiking = w.binary(arith.DivUIOp, element, lanes)
    lane = w.sub(element, w.mul(spiking, lanes))
    return w.add(w.mul(w.add(w.mul(spiking, number), which), lanes), lane)


def _deliver_in_any_order(
    kernel: DeviceKernel, op: PropagateOp, rows: SSAValue, number: SSAValue, kept: Mapping[int, SSAValue]
) -> None:
    """Writes the delivery where each synapse changes nothing but its own elements: blocks share the rows."""
    kernel.some_blocks(ROW_BLOCKS, "rows that are due")
    w, code = kernel.writer, SynapseCode(kernel, op)
    pointers, delays = kernel.array(op.pointers), size_of(kernel, op, op.delays)
    due = kernel.pass_in(rows)
    count = w.cast(w.first(kernel.pass_in(number)), INDEX)
    with w.loop(count, lower=kernel.block_number(), step=ROW_BLOCKS) as each:
        row, begin, end = row_at(kernel, pointers, due, each.index)
        code.begin_row(w.binary(arith.DivUIOp, row, delays), kept_values(kernel, kept, each.index))
        with w.loop(end, lower=w.add(begin, kernel.thread()), step=kernel.device.block) as place:
            code.at_place(place.index)
            code.run()


def _deliver_in_order(
    run: DeviceRun,
    kernel: DeviceKernel,
    op: PropagateOp,
    rows: SSAValue,
    number: SSAValue,
    kept: Mapping[int, SSAValue],
) -> None:
    """Writes the delivery where synapses add to the elements at which they end: each block owns some of these.

    Rows are sorted by these elements, so that the part of a row that belongs to a block is found by bisection. The
    first of several synapses between the same two elements takes the others with it. A barrier ends each row.
    """
    part = TARGETS * run.block
    kernel.over(run.value(far_size(op, run.versions)), part, "targets")
    w, code = kernel.writer, SynapseCode(kernel, op)
    pointers, delays = kernel.array(op.pointers), size_of(kernel, op, op.delays)
    ends = _ends_of_places(kernel, op)
    due = kernel.pass_in(rows)
    count = w.cast(w.first(kernel.pass_in(number)), INDEX)
    lowest = w.mul(kernel.block_number(), w.constant(part))
    with w.loop(count) as each:
        row, begin, end = row_at(kernel, pointers, due, each.index)
        code.begin_row(w.binary(arith.DivUIOp, row, delays), kept_values(kernel, kept, each.index))
        first = bisect(kernel, ends, (begin, end), lowest)
        last = bisect(kernel, ends, (first, end), w.add(lowest, w.constant(part)))

        def deliver(place: SSAValue) -> None:
            code.at_place(place)
            code.run()

        equal_ends(kernel, ends, (first, last), deliver)
        kernel.barrier()


def _ends_of_places(kernel: DeviceKernel, op: PropagateOp) -> Ends:
    """Returns what gives the ends that do not spike by places of the rows."""
    ends = kernel.array(op.targets if far_role(op) == "post" else op.sources)
    if op.by_place is not None or op.order is None:
        return ends
    w, order = kernel.writer, kernel.array(op.order)
    return lambda place: w.load_number(ends, w.load_number(order, place))


def _end(w: Writer, ends: Ends, place: SSAValue) -> SSAValue:
    return ends(place) if callable(ends) else w.load_number(ends, place)


def bisect(kernel: DeviceKernel, ends: Ends, part: tuple[SSAValue, SSAValue], element: SSAValue) -> SSAValue:
    """Returns the first place of a sorted part whose element is not below a given one."""
    w, one = kernel.writer, kernel.writer.constant(1)

    def halve(args: Sequence[SSAValue]) -> Sequence[SSAValue]:
        low, high = args
        middle = w.binary(arith.ShRUIOp, w.add(low, high), one)
        below = w.compare("slt", _end(w, ends, middle), element)
        return [w.select(below, w.add(middle, one), low), w.select(below, high, middle)]

    return repeat(w, list(part), lambda args: w.compare("slt", args[0], args[1]), halve)[0]


def equal_ends(
    kernel: DeviceKernel, ends: Ends, part: tuple[SSAValue, SSAValue], write: Callable[[SSAValue], None]
) -> None:
    """Writes what the threads of a block do with a sorted part: the first of equal ends takes the others with it.

    Args:
        kernel: The kernel.
        ends: What the part is sorted by.
        part: Its first place, and one beyond its last.
        write: Writes what is done at a place.
    """
    w, (first, last) = kernel.writer, part
    with w.loop(last, lower=w.add(first, kernel.thread()), step=kernel.device.block) as place:
        target = _end(w, ends, place.index)
        before = _end(w, ends, w.binary(arith.MaxSIOp, w.sub(place.index, w.constant(1)), first))
        is_first = w.binary(arith.OrIOp, w.compare("eq", place.index, first), w.compare("ne", before, target))
        with w.when(is_first):
            _run_of_one(kernel, ends, (place.index, last), target, write)


def _run_of_one(
    kernel: DeviceKernel,
    ends: Ends,
    part: tuple[SSAValue, SSAValue],
    target: SSAValue,
    write: Callable[[SSAValue], None],
) -> None:
    """Writes a loop over places from one on that have the same end, one after another."""
    w, (place, last) = kernel.writer, part

    def same(args: Sequence[SSAValue]) -> SSAValue:
        with w.when(w.compare("slt", args[0], last), otherwise=[w.constant(0, i1)]) as inside:
            inside.give(w.compare("eq", _end(w, ends, args[0]), target))
        return inside.results[0]

    def step(args: Sequence[SSAValue]) -> Sequence[SSAValue]:
        write(args[0])
        return [w.add(args[0], w.constant(1))]

    repeat(w, [place], same, step)


def arrivals_kernel(run: DeviceRun, op: ArrivalsOp) -> bool:
    """Writes the kernels that count what arrives: whole numbers, so that threads may add in any order."""
    with run.writer.inside(run.setup):
        arrived = run.arrays[op.arrived] = run.fresh_lowered(element_type(op.arrived.type), run.value(op.size))
    rows, number = _list_rows(run, op)
    if op.words is not None:
        _count_bits(run, op, (rows, number), arrived)
        return True
    run.clear(arrived, run.value(op.size))
    kernel = run.device_kernel("arrivals", op.label.data, op=op)
    kernel.some_blocks(ROW_BLOCKS, "rows that are due")
    w = kernel.writer
    pointers, targets = (kernel.array(value) for value in op.lists)
    counted, due = kernel.pass_in(arrived), kernel.pass_in(rows)
    one = w.constant(1, element_type(op.arrived.type))
    lanes = None if op.instances is None else kernel.value(op.instances)
    with w.loop(w.cast(w.first(kernel.pass_in(number)), INDEX), lower=kernel.block_number(), step=ROW_BLOCKS) as each:
        row = entry = w.cast(w.load(due, each.index), INDEX)
        if lanes is not None:
            row = w.binary(arith.DivUIOp, entry, lanes)
        begin, end = (w.cast(w.load(pointers, w.add(row, w.constant(k))), INDEX) for k in (0, 1))
        with w.loop(end, lower=w.add(begin, kernel.thread()), step=run.block) as place:
            target = w.load_number(targets, place.index)
            if lanes is not None:
                target = w.add(w.mul(target, lanes), w.sub(entry, w.mul(row, lanes)))
            add_atomically(w, one, counted, target)
    kernel.close()
    return True


def add_atomically(w: Writer, value: SSAValue, array: SSAValue, place: SSAValue) -> None:
    """Writes the addition of a whole number to an element, which other threads may add to at the same time."""
    w.op(memref.AtomicRMWOp, [value, array, place], [value.type], {"kind": IntegerAttr(_ADD, i64)})


def greatest_atomically(w: Writer, value: SSAValue, array: SSAValue, place: SSAValue) -> None:
    """Writes that an element becomes a whole number without sign if it is smaller."""
    w.op(memref.AtomicRMWOp, [value, array, place], [value.type], {"kind": IntegerAttr(_MAX, i64)})


def _count_bits(run: DeviceRun, op: ArrivalsOp, due: tuple[SSAValue, SSAValue], arrived: SSAValue) -> None:
    """Writes the kernel in which each element has a thread, which looks at its bit of all rows that are due.

    The threads that look at one word stand next to each other, so that it is read once for all.
    """
    assert op.words is not None
    kernel = run.device_kernel("arrivals", op.label.data, op=op)
    w, kind = kernel.writer, element_type(op.arrived.type)
    with kernel.each(run.value(op.size), "elements") as index:
        words, rows = kernel.array(op.words), kernel.pass_in(due[0])
        width, word = words_of_row(kernel, op), w.binary(arith.ShRUIOp, index, w.constant(6))
        bit = w.cast(w.binary(arith.AndIOp, index, w.constant(63)), i64)
        number = w.cast(w.first(kernel.pass_in(due[1])), INDEX)
        with w.loop(number, carried=[w.constant(0, i64)]) as each:
            row = w.cast(w.load(rows, each.index), INDEX)
            moved = w.binary(arith.ShRUIOp, w.load(words, w.add(w.mul(row, width), word)), bit)
            each.give(w.add(each.args[1], w.binary(arith.AndIOp, moved, w.constant(1, i64))))
        counted = w.op(arith.TruncIOp, [each.results[0]], [kind]).results[0]
        w.store(counted, kernel.pass_in(arrived), index)
    kernel.close()


__all__ = [
    "TARGETS",
    "add_atomically",
    "arrivals_kernel",
    "bisect",
    "equal_ends",
    "greatest_atomically",
    "propagate_kernel",
    "take_in",
]
