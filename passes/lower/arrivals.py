"""Lowers `snn.arrivals`: a list of the rows that are due, then their synapses counted, one by one or bit by bit."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import arith
from xdsl.dialects.builtin import i64
from xdsl.ir import SSAValue

from ranvier.ir.arrivals import ROW_BITS, ArrivalsOp
from ranvier.ir.team import DIVISION, TAKES_IN_LAST
from ranvier.ir.types import element_type
from ranvier.passes.lower.bit_counts import count_bits, end_rows, words_of_row
from ranvier.passes.lower.due_rows import (
    AHEAD,
    LINE,
    announce,
    announce_history,
    announce_row,
    bytes_of,
    due_in_stretch,
    expect_listed,
    expect_rows,
    list_due_rows,
    position_of,
    room_for_rows,
    row_at,
    size_of,
    take_in,
    take_in_last,
)
from ranvier.passes.lower.instance_synapses import (
    add_to,
    choose_walk,
    each_group,
    each_instance,
    room_for_mask,
    write_mask,
)
from ranvier.passes.lower.phases import BETWEEN
from ranvier.passes.lower.scopes import Kernel, Run
from ranvier.passes.lower.writer import INDEX, Writer, element_of

ANNOUNCED = 2
"""The number of cache lines of a row that are asked for; the machine sees the rest coming."""
CLEAR, OF_BITS = 200, 128
"""Picoseconds to clear the number of an element; bits that are counted in a nanosecond."""
APART = LINE // 2
"""Numbers of 16 bits from what one thread writes to what the next does."""
TOGETHER = 4
"""The number of synapses that are counted in one pass of a loop."""


def lower_arrivals(run: Run, op: ArrivalsOp) -> None:
    """Writes the function that takes in spikes and counts the synapses that are reached now, and calls it."""
    element = element_type(op.arrived.type)
    with run.writer.inside(run.setup):  # one element beyond all others is for what is no synapse
        beyond = run.writer.constant(1)
        if DIVISION in op.attributes:  # one line of the cache for each thread
            assert run.threads is not None
            beyond = run.writer.mul(run.threads, run.writer.constant(APART))
        room = run.writer.add(run.writer.round_up(run.value(op.size), ROW_BITS), beyond)
    arrived = run.arrays[op.arrived] = run.fresh_lowered(element, room)
    rows = room_for_rows(run, op)
    if DIVISION in op.attributes:
        _lower_divided(run, op, rows, arrived)
        return
    kernel = run.kernel("arrivals", op.label.data, op=op)
    w = kernel.writer
    position = w.cast(w.first(kernel.array(op.position)), INDEX)
    slot = w.binary(arith.RemUIOp, position, size_of(kernel, op, op.counts))
    size = w.sub(kernel.value(op.stop), kernel.value(op.start))
    take_in(kernel, op, slot, size)
    due, counted = kernel.pass_in(rows), kernel.pass_in(arrived)
    if op.words is None:
        instances = None if op.instances is None else kernel.value(op.instances)
        pointers = kernel.array(op.lists[0])
        number = list_due_rows(kernel, op, due, slot, size, pointers=pointers, instances=instances)
    else:
        number = list_due_rows(kernel, op, due, slot, size, width=words_of_row(kernel, op))
    if op.words is None:
        with w.loop(w.round_up(kernel.value(op.size), ROW_BITS)) as each:
            w.store(w.constant(0, element), counted, each.index)
    if op.instances is not None:
        _count_for_instances(kernel, op, due, number, counted)
    elif op.words is None:
        _count_lists(kernel, op, due, number, counted)
    else:
        end_rows(kernel, op, due, number, size)
        count_bits(kernel, op, due, number, counted)
    w.store(w.cast(w.add(position, w.constant(1)), i64), kernel.array(op.position), w.constant(0))
    kernel.close()


def _lower_divided(run: Run, op: ArrivalsOp, rows: SSAValue, arrived: SSAValue) -> None:
    """Writes a function that takes in spikes and lists the rows that are due, and one that counts a share of them."""
    if run.stretch is not None:
        _lower_in_stretch(run, op, rows, arrived)
        return
    found = run.fresh_lowered(i64, run.writer.constant(BETWEEN))
    kernel = run.kernel("due", op.label.data, op=op)
    w, due = kernel.writer, kernel.pass_in(rows)
    position = w.cast(w.first(kernel.array(op.position)), INDEX)
    slot = w.binary(arith.RemUIOp, position, size_of(kernel, op, op.counts))
    size = w.sub(kernel.value(op.stop), kernel.value(op.start))
    if TAKES_IN_LAST not in op.attributes:
        take_in(kernel, op, slot, size)
    width = None if op.words is None else words_of_row(kernel, op)
    number = list_due_rows(kernel, op, due, slot, size, width=width)
    if op.words is not None:
        end_rows(kernel, op, due, number, size)
    w.store(w.cast(number, i64), kernel.pass_in(found), w.constant(0))
    if TAKES_IN_LAST not in op.attributes:
        w.store(w.cast(w.add(position, w.constant(1)), i64), kernel.array(op.position), w.constant(0))
    kernel.close()

    kernel = run.divided_kernel("arrivals", op.label.data, op=op)
    _expect(run, op, run.writer.cast(run.writer.first(found), INDEX))
    w = kernel.writer
    number = w.cast(w.first(kernel.pass_in(found)), INDEX)
    _count_share(kernel, op, kernel.pass_in(rows), number, kernel.pass_in(arrived))
    kernel.close()
    if TAKES_IN_LAST in op.attributes:
        take_in_last(run, op)


def _lower_in_stretch(run: Run, op: ArrivalsOp, rows: SSAValue, arrived: SSAValue) -> None:
    """Writes a function that lists the rows that are due, and counts a share of them."""
    kernel = run.divided_kernel("arrivals", op.label.data, op=op)
    _expect(run, op, due_in_stretch(run, op))
    w, due = kernel.writer, kernel.pass_in(rows)
    slot = w.binary(arith.RemUIOp, position_of(kernel, op), size_of(kernel, op, op.counts))
    size = w.sub(kernel.value(op.stop), kernel.value(op.start))
    width = None if op.words is None else words_of_row(kernel, op)
    number = list_due_rows(kernel, op, due, slot, size, width=width)
    if op.words is not None:
        end_rows(kernel, op, due, number, size)
    _count_share(kernel, op, due, number, kernel.pass_in(arrived))
    kernel.close()
    announce_history(run, op)
    take_in_last(run, op)


def _count_share(kernel: Kernel, op: ArrivalsOp, due: SSAValue, number: SSAValue, counted: SSAValue) -> None:
    """Counts the synapses of the rows that are due that reach elements of the share."""
    w, size = kernel.writer, kernel.value(op.size)
    if op.words is not None:
        count_bits(kernel, op, due, number, counted)
        return
    begin, end = kernel.bounds(size, w.round_up(size, ROW_BITS))
    with w.loop(end, lower=begin) as each:
        w.store(w.constant(0, element_type(op.arrived.type)), counted, each.index)
    _count_lists(kernel, op, due, number, counted)


def _expect(run: Run, op: ArrivalsOp, number: SSAValue) -> None:
    """Notes how long the open phase will take for so many rows."""
    run.expect(run.value(op.size), CLEAR, 1000)
    if op.lists:
        expect_listed(run, op, op.lists[0], number, parts=True)
        return
    w = run.writer
    with w.inside(run.setup):
        of_bits = w.binary(arith.DivUIOp, run.value(op.size), w.constant(OF_BITS))
    expect_rows(run, number, w.constant(1), of_bits)


def _count_lists(kernel: Kernel, op: ArrivalsOp, due: SSAValue, number: SSAValue, counted: SSAValue) -> None:
    """Counts row by row, asking early for the targets of the rows to come."""
    w, share = kernel.writer, kernel.share
    pointers, targets = (kernel.array(value) for value in op.lists)
    last = w.sub(number, w.constant(1))
    nobody = w.round_up(kernel.value(op.size), ROW_BITS)
    if share is not None:
        nobody = w.add(nobody, w.mul(share.part, w.constant(APART)))
    with w.loop(number) as each:
        if share is not None:  # nobody has asked for the pointers
            far = w.binary(arith.MinSIOp, w.add(each.index, w.constant(2 * AHEAD)), last)
            announce(w, pointers, share.row(w, w.cast(w.load(due, far), INDEX)))
        later = w.binary(arith.MinSIOp, w.add(each.index, w.constant(AHEAD)), last)
        _, begin, end = row_at(kernel, pointers, due, later)
        announce_row(w, targets, begin, end, ANNOUNCED * LINE // bytes_of(targets))
        _, begin, end = row_at(kernel, pointers, due, each.index)
        with w.when(w.compare("slt", begin, end)):
            _count_row(w, targets, counted, (begin, end), nobody)


def _count_for_instances(kernel: Kernel, op: ArrivalsOp, due: SSAValue, number: SSAValue, counted: SSAValue) -> None:
    """Counts row by row, for all instances at once where many spike."""
    assert op.instances is not None
    w, instances = kernel.writer, kernel.value(op.instances)
    pointers, targets = (kernel.array(value) for value in op.lists)
    mask, one = room_for_mask(kernel, op.instances), w.constant(1, element_of(counted))

    def write(row: SSAValue, first: SSAValue, following: SSAValue) -> None:
        begin = w.cast(w.load(pointers, row), INDEX)
        end = w.cast(w.load(pointers, w.add(row, w.constant(1))), INDEX)
        group = row, first, following

        def together() -> None:
            write_mask(kernel, mask, due, group, instances)
            with w.loop(end, lower=begin) as place:
                start = w.mul(w.load_number(targets, place.index), instances)
                with w.loop(instances) as lane:
                    more = w.select(w.load(mask, lane.index), one, w.constant(0, one.type))
                    add_to(w, counted, w.add(start, lane.index), more)

        def alone(lane: SSAValue) -> None:
            with w.loop(end, lower=begin) as place:
                start = w.mul(w.load_number(targets, place.index), instances)
                add_to(w, counted, w.add(start, lane), one)

        apart = lambda: each_instance(kernel, due, group, instances, alone)
        choose_walk(kernel, group, instances, together, apart)

    each_group(kernel, due, (w.constant(0), number), instances, write)


def _count_row(
    w: Writer, targets: SSAValue, counted: SSAValue, row: tuple[SSAValue, SSAValue], nobody: SSAValue
) -> None:
    """Counts the synapses of a row that has some, several at a time.

    The last few go with others that are no synapses, which `nobody` gets: a loop over them would end at another place
    for each row, which the machine cannot foresee.
    """
    begin, end = row
    whole = w.sub(end, w.binary(arith.AndIOp, w.sub(end, begin), w.constant(TOGETHER - 1)))

    def count(elements: Sequence[SSAValue]) -> None:
        for element in elements:
            old = w.load(counted, element)
            w.store(w.add(old, w.constant(1, old.type)), counted, element)

    with w.loop(whole, lower=begin, step=TOGETHER) as place:
        count([w.load_number(targets, w.add(place.index, w.constant(k))) for k in range(TOGETHER)])
    last = w.sub(end, w.constant(1))
    rest: list[SSAValue] = []
    for k in range(TOGETHER - 1):
        place = w.add(whole, w.constant(k))
        element = w.load_number(targets, w.binary(arith.MinSIOp, place, last))
        rest.append(w.select(w.compare("slt", place, end), element, nobody))
    count(rest)
