"""Lowers `snn.arrivals`: a list of the rows that are due, then their synapses counted, one by one or bit by bit."""

from __future__ import annotations

from xdsl.dialects import arith
from xdsl.dialects.builtin import i32, i64
from xdsl.ir import Attribute, SSAValue

from ranvier.ir.arrivals import ROW_BITS, ArrivalsOp
from ranvier.ir.neurons import element_type
from ranvier.ir.prefetch import PrefetchOp
from ranvier.ir.structure import StateOp
from ranvier.passes.errors import PassError
from ranvier.passes.lower.bit_counts import count_bits, words_of_row
from ranvier.passes.lower.scopes import Kernel, Run
from ranvier.passes.lower.synapses import LINE, READ, bytes_of, size_of, take_in
from ranvier.passes.lower.versions import describe
from ranvier.passes.lower.writer import INDEX, element_of

AHEAD = 8
"""The targets of a row are asked for so many rows before they are counted."""
ANNOUNCED = 2
"""The number of cache lines of a row that are asked for; the machine sees the rest coming."""


def lower_arrivals(run: Run, op: ArrivalsOp) -> None:
    """Writes the function that takes in spikes and counts the synapses that are reached now, and calls it."""
    element = element_type(op.arrived.type)
    with run.writer.inside(run.setup):
        room = run.writer.round_up(run.value(op.size), ROW_BITS)
    arrived = run.arrays[op.arrived] = run.fresh_lowered(element, room)
    rows = _room_for_rows(run, op, i64 if op.words is not None else i32)
    kernel = run.kernel("arrivals", op.label.data, op=op)
    w = kernel.writer
    position = w.cast(w.first(kernel.array(op.position)), INDEX)
    slot = w.binary(arith.RemUIOp, position, size_of(kernel, op, op.counts))
    size = w.sub(kernel.value(op.stop), kernel.value(op.start))
    take_in(kernel, op, slot, size)
    due, counted = kernel.pass_in(rows), kernel.pass_in(arrived)
    number = _list_due_rows(kernel, op, due, slot, size)
    zero = w.constant(0, element)
    with w.loop(w.round_up(kernel.value(op.size), ROW_BITS)) as each:
        w.store(zero, counted, each.index)
    if op.words is None:
        _count_lists(kernel, op, due, number, counted)
    else:
        last = w.mul(size, size_of(kernel, op, op.delays))
        count_bits(kernel, op, due, number, last, counted)
    w.store(w.cast(w.add(position, w.constant(1)), i64), kernel.array(op.position), w.constant(0))
    kernel.close()


def _room_for_rows(run: Run, op: ArrivalsOp, element: Attribute) -> SSAValue:
    """A buffer for the numbers of all rows and some more; memory that is never used is never touched."""
    w = run.writer
    delays = run.versions.root(op.delays).owner
    sizes = (op.start, op.stop, delays.size) if isinstance(delays, StateOp) else ()
    if not sizes or any(value.owner.parent_block() is not run.program.body.block for value in sizes):
        raise PassError(op, f"{describe(op)}: the number of rows must be known before the loop")
    with w.inside(run.setup):
        start, stop, number = (run.value(value) for value in sizes)
        buffer = w.alloc(element, w.add(w.mul(w.sub(stop, start), number), w.constant(ROW_BITS)))
    run.owned.append(buffer)
    return buffer


def _list_due_rows(kernel: Kernel, op: ArrivalsOp, due: SSAValue, slot: SSAValue, extent: SSAValue) -> SSAValue:
    """Writes the rows that are reached now into a list, in the order of the delays and spikes; returns their number.

    A row is its number, or the number of its first word if rows are bits.
    """
    w = kernel.writer
    delays, counts, history = kernel.array(op.delays), kernel.array(op.counts), kernel.array(op.indices)
    number, length = size_of(kernel, op, op.delays), size_of(kernel, op, op.counts)
    position = w.cast(w.first(kernel.array(op.position)), INDEX)
    width = words_of_row(kernel, op) if op.words is not None else None
    with w.loop(number, carried=[w.constant(0)]) as each:
        delay = w.cast(w.load(delays, each.index), INDEX)
        with w.when(w.compare("sge", position, delay), otherwise=[each.args[1]]) as passed:
            before = w.sub(slot, delay)
            before = w.select(w.compare("slt", before, w.constant(0)), w.add(before, length), before)
            first = w.mul(before, extent)
            with w.loop(w.cast(w.load(counts, before), INDEX), carried=[each.args[1]]) as spike:
                element = w.cast(w.load(history, w.add(first, spike.index)), INDEX)
                row = w.add(w.mul(element, number), each.index)
                if width is None:
                    w.op(PrefetchOp, [kernel.array(op.lists[0]), row], [], READ)
                else:
                    row = w.mul(row, width)
                w.store(w.cast(row, element_of(due)), due, spike.args[1])
                spike.give(w.add(spike.args[1], w.constant(1)))
            passed.give(*spike.results)
        each.give(*passed.results)
    return each.results[0]


def _count_lists(kernel: Kernel, op: ArrivalsOp, due: SSAValue, number: SSAValue, counted: SSAValue) -> None:
    """Counts row by row, asking early for the targets of the rows to come."""
    w = kernel.writer
    pointers, targets = (kernel.array(value) for value in op.lists)
    last, one = w.sub(number, w.constant(1)), w.constant(1)

    def ends(place: SSAValue) -> tuple[SSAValue, SSAValue]:
        row = w.cast(w.load(due, place), INDEX)
        return w.cast(w.load(pointers, row), INDEX), w.cast(w.load(pointers, w.add(row, one)), INDEX)

    with w.loop(number) as each:
        begin, end = ends(w.binary(arith.MinSIOp, w.add(each.index, w.constant(AHEAD)), last))
        most = w.binary(arith.MaxSIOp, w.sub(end, one), begin)
        for k in range(ANNOUNCED):
            at = w.add(begin, w.constant(k * LINE // bytes_of(targets)))
            w.op(PrefetchOp, [targets, w.binary(arith.MinSIOp, at, most)], [], READ)
        begin, end = ends(each.index)
        with w.loop(end, lower=begin) as place:
            target = w.load_number(targets, place.index)
            count = w.load(counted, target)
            w.store(w.add(count, w.constant(1, count.type)), counted, target)
