"""Lowers `snn.propagate` and `snn.accumulate`: loops over the rows of the spikes that arrive, in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import StringAttr, i1, i64
from xdsl.ir import Block, SSAValue

from ranvier.ir.scalars import GatherOp
from ranvier.ir.slots import TILE
from ranvier.ir.synapses import AccumulateOp, PropagateOp
from ranvier.ir.team import DIVISION, TAKES_IN_LAST
from ranvier.ir.types import element_type
from ranvier.passes.errors import PassError
from ranvier.passes.facts.accesses import far_size
from ranvier.passes.facts.durations import SYNAPSE
from ranvier.passes.lower.catch_up import enter_rows, let_catch_up, mark_rows, number_of_rows
from ranvier.passes.lower.deferred import note_spikes
from ranvier.passes.lower.due_rows import (
    announce_history,
    due_in_stretch,
    expect_listed,
    list_due_rows,
    position_of,
    room_for_rows,
    size_of,
    take_in,
    take_in_last,
    whole_row,
)
from ranvier.passes.lower.emission import repeat
from ranvier.passes.lower.far_values import compute_far_values, far_values, reaches_many, room_for_values
from ranvier.passes.lower.instance_synapses import accumulate_for_instances, add_to, deliver_to_instances
from ranvier.passes.lower.noted_rows import deliver_noted, list_noted_rows, room_for_notes
from ranvier.passes.lower.phases import BETWEEN
from ranvier.passes.lower.row_loops import ANNOUNCED, each_row
from ranvier.passes.lower.scopes import Kernel, Run
from ranvier.passes.lower.synapse_code import NOTHING, SynapseCode, run_in_tiles, sums_of
from ranvier.passes.lower.tiles import tiles
from ranvier.passes.lower.writer import INDEX


def lower_propagate(run: Run, op: PropagateOp) -> None:
    """Writes the functions that take in spikes and deliver those that are due, and calls them."""
    if op.pending:
        _lower_pending(run, op)
    if op in run.deferred:
        _lower_deferred(run, op)
        return
    if DIVISION in op.attributes:
        _lower_divided(run, op)
        return
    if op.words is not None:
        _lower_noted(run, op)
        return
    rows = room_for_rows(run, op)
    kernel = run.kernel("propagate", op.label.data, op=op)
    w = kernel.writer
    place, due = kernel.array(op.position), kernel.pass_in(rows)
    position = w.cast(w.first(place), INDEX)
    slot = w.binary(arith.RemUIOp, position, size_of(kernel, op, op.counts))
    size = w.sub(kernel.value(op.stop), kernel.value(op.start))
    take_in(kernel, op, slot, size)
    joint = None if op.instances is None or op.alike is not None else kernel.value(op.instances)
    number = list_due_rows(kernel, op, due, slot, size, pointers=kernel.array(op.pointers), instances=joint)
    if op.instances is None:
        _deliver(kernel, op, due, number)
    else:
        deliver_to_instances(kernel, op, due, number, _run_row)
    w.store(w.cast(w.add(position, w.constant(1)), i64), place, w.constant(0))
    kernel.close()


def _lower_noted(run: Run, op: PropagateOp) -> None:
    """Writes the function of a pathway whose rows are noted once their spike is on its way."""
    kernel = run.kernel("propagate", op.label.data, op=op)
    w, place = kernel.writer, kernel.array(op.position)
    position = w.cast(w.first(place), INDEX)
    slot = w.binary(arith.RemUIOp, position, size_of(kernel, op, op.counts))
    take_in(kernel, op, slot, w.sub(kernel.value(op.stop), kernel.value(op.start)))
    _deliver_noted(kernel, op)
    w.store(w.cast(w.add(position, w.constant(1)), i64), place, w.constant(0))
    kernel.close()


def _lower_deferred(run: Run, op: PropagateOp) -> None:
    """Writes the functions of a pathway that is held back, or of the one that it waits for."""
    held = run.deferred[op]
    if op is held.found.held:
        note_spikes(run, op)
        return
    kept = _list_rows(run, op, held.rows, lambda kernel, number, kept: enter_rows(kernel, op, number, kept))
    let_catch_up(run, op, kept)
    kernel = run.divided_kernel("propagate", op.label.data, op=op)
    _deliver(kernel, op, kernel.pass_in(held.rows), number_of_rows(kernel, held), kept)
    kernel.close()
    mark_rows(run, op)
    if TAKES_IN_LAST in op.attributes:
        take_in_last(run, op)


def _list_rows(
    run: Run, op: PropagateOp, rows: SSAValue, enter: Callable[[Kernel, SSAValue, Mapping[int, SSAValue]], None]
) -> dict[int, SSAValue]:
    """Writes a function that takes in spikes and lists the rows that are due.

    Elements that belong to rows change in it, where the work is divided.

    Args:
        run: The run.
        op: The pathway.
        rows: The list.
        enter: Writes where the number of rows goes; it is given what is returned, too.

    Returns:
        By input what these elements were before, for each row.
    """
    kernel = run.kernel("due", op.label.data, op=op)
    w, code, is_divided = kernel.writer, SynapseCode(kernel, op), DIVISION in op.attributes
    place, due = kernel.array(op.position), kernel.pass_in(rows)
    position = w.cast(w.first(place), INDEX)
    slot = w.binary(arith.RemUIOp, position, size_of(kernel, op, op.counts))
    size = w.sub(kernel.value(op.stop), kernel.value(op.start))
    if TAKES_IN_LAST not in op.attributes:
        take_in(kernel, op, slot, size)
    number = list_due_rows(kernel, op, due, slot, size, pointers=None if is_divided else kernel.array(op.pointers))
    written = code.row_writes if is_divided else ()
    kept = {k: room_for_rows(run, op, element_type(op.inputs[k].type)) for k in written}
    enter(kernel, number, kept)
    if kept:
        _write_rows(kernel, op, code, (due, number), kept)
    if TAKES_IN_LAST not in op.attributes:
        w.store(w.cast(w.add(position, w.constant(1)), i64), place, w.constant(0))
    kernel.close()
    return kept


def _lower_divided(run: Run, op: PropagateOp) -> None:
    """Writes a function that takes in spikes and lists the rows that are due, and one that delivers a share of them."""
    if run.stretch is not None:
        _lower_in_stretch(run, op)
        return
    rows, found = room_for_rows(run, op), run.fresh_lowered(i64, run.writer.constant(BETWEEN))

    def enter(kernel: Kernel, number: SSAValue, _: Mapping[int, SSAValue]) -> None:
        kernel.writer.store(kernel.writer.cast(number, i64), kernel.pass_in(found), kernel.writer.constant(0))

    kept = _list_rows(run, op, rows, enter)
    kernel = run.divided_kernel("propagate", op.label.data, op=op)
    assert kernel.share is not None
    due_now = run.writer.cast(run.writer.first(found), INDEX)
    expect_listed(run, op, op.pointers, due_now, parts=kernel.share.by_targets)
    number = kernel.writer.cast(kernel.writer.first(kernel.pass_in(found)), INDEX)
    _deliver(kernel, op, kernel.pass_in(rows), number, kept)
    kernel.close()
    if TAKES_IN_LAST in op.attributes:
        take_in_last(run, op)


def _lower_in_stretch(run: Run, op: PropagateOp) -> None:
    """Writes a function that lists the rows that are due, and delivers a share of them."""
    rows = None if op.words is not None else room_for_rows(run, op)
    kernel = run.divided_kernel("propagate", op.label.data, op=op)
    assert kernel.share is not None
    expect_listed(run, op, op.pointers, due_in_stretch(run, op), parts=kernel.share.by_targets)
    if rows is None:
        _deliver_noted(kernel, op)
    else:
        w, due = kernel.writer, kernel.pass_in(rows)
        slot = w.binary(arith.RemUIOp, position_of(kernel, op), size_of(kernel, op, op.counts))
        number = list_due_rows(kernel, op, due, slot, w.sub(kernel.value(op.stop), kernel.value(op.start)))
        _deliver(kernel, op, due, number)
    kernel.close()
    announce_history(run, op)
    take_in_last(run, op)


def _deliver_noted(kernel: Kernel, op: PropagateOp) -> None:
    """Delivers the rows that are due, which have been noted when their spikes were on their way."""
    code = SynapseCode(kernel, op)
    due, number = list_noted_rows(kernel, op, room_for_notes(kernel.run, op))
    deliver_noted(kernel, code, due, number, ANNOUNCED)


def _write_rows(
    kernel: Kernel,
    op: PropagateOp,
    code: SynapseCode,
    rows: tuple[SSAValue, SSAValue],
    kept: Mapping[int, SSAValue],
) -> None:
    """Writes the elements of the rows that are due, one after another, and keeps what they were before."""
    w, (due, number) = kernel.writer, rows
    division, threads = op.attributes[DIVISION], kernel.run.threads
    assert isinstance(division, StringAttr) and threads is not None
    parts = kernel.pass_in(threads) if division.data == "targets" else None
    pointers, delays = kernel.array(op.pointers), size_of(kernel, op, op.delays)
    with w.loop(number) as each:
        row = w.cast(w.load(due, each.index), INDEX)
        begin, end = whole_row(kernel, pointers, row, parts)
        with w.when(w.compare("slt", begin, end)):
            code.begin_row(w.binary(arith.DivUIOp, row, delays))
            for k, room in kept.items():
                w.store(code.load(k), kernel.pass_in(room), each.index)
            code.end_row()


def _deliver(
    kernel: Kernel, op: PropagateOp, due: SSAValue, number: SSAValue, kept: Mapping[int, SSAValue] = NOTHING
) -> None:
    """Delivers the rows that are due, with values of the other ends known beforehand if that pays.

    Args:
        kernel: The function.
        op: The pathway.
        due: The rows.
        number: How many there are.
        kept: For the elements of rows that have been written already: what they were before, for each row.
    """
    w, code = kernel.writer, SynapseCode(kernel, op)
    far = far_values(code)
    divided = None if far is None else _divided_size(kernel, op, far.size)
    if far is None or divided is None:
        _deliver_rows(kernel, op, code, due, number, kept)
        return
    many, few = Block(), Block()
    arrays = room_for_values(kernel, op, far)
    condition = reaches_many(kernel, kernel.array(op.pointers), due, number, far)
    with w.inside(few):
        _deliver_rows(kernel, op, code, due, number, kept)
        w.op(scf.YieldOp, [])
    with w.inside(many):
        compute_far_values(kernel, code, far, arrays, divided)
        code.know(dict(zip(far.values, arrays, strict=True)), far.costly)
        _deliver_rows(kernel, op, code, due, number, kept)
        w.op(scf.YieldOp, [])
    w.branch(condition, many, few)


def _divided_size(kernel: Kernel, op: PropagateOp, size: SSAValue) -> SSAValue | None:
    """Returns the number of elements of which a pathway that is divided has shares, `size` if it is not divided.

    None if its shares are no ranges of the elements at the other end.
    """
    if kernel.share is None or kernel.share.whole is not None:
        return size
    own = far_size(op, kernel.run.versions) if kernel.share.by_targets else None
    return None if own is None else own[0]


def _deliver_rows(
    kernel: Kernel,
    op: PropagateOp,
    code: SynapseCode,
    due: SSAValue,
    number: SSAValue,
    kept: Mapping[int, SSAValue],
) -> None:
    """Writes the delivery row by row, asking early for the synapses of the rows to come."""
    w = kernel.writer
    pointers, delays = kernel.array(op.pointers), size_of(kernel, op, op.delays)
    with each_row(kernel, pointers, due, number, code.row_arrays(), code.words) as each:
        with w.when(w.compare("slt", each.begin, each.end)):
            before = {k: w.load(kernel.pass_in(room), each.place) for k, room in kept.items()}
            code.begin_row(w.binary(arith.DivUIOp, each.row, delays), before)
            _run_row(kernel, op, code, each.begin, each.end)
            if not kept:
                code.end_row()


def _run_row(kernel: Kernel, op: PropagateOp, code: SynapseCode, begin: SSAValue, end: SSAValue) -> None:
    sums = sums_of(code)
    if sums is not None and code.is_costly():
        run_in_tiles(kernel, op, code, sums, (begin, end))
        return
    with kernel.writer.loop(end, lower=begin) as place:
        code.at_place(place.index)
        code.run()


def _lower_pending(run: Run, op: PropagateOp) -> None:
    """Writes the function that delivers what was on its way when delays changed: rarely anything."""
    kernel = run.kernel("propagate", op.label.data, "pending", op=op)
    w = kernel.writer
    due, synapses, arrived = (kernel.array(value) for value in op.pending)
    position, number = w.first(kernel.array(op.position)), size_of(kernel, op, op.pending[0])
    code = SynapseCode(kernel, op)

    def is_due(args: Sequence[SSAValue]) -> SSAValue:
        with w.when(w.compare("slt", args[0], number), otherwise=[w.constant(0, i1)]) as more:
            more.give(w.compare("sle", w.load(due, args[0]), position))
        return more.results[0]

    def deliver(args: Sequence[SSAValue]) -> list[SSAValue]:
        synapse = w.cast(w.load(synapses, args[0]), INDEX)
        if op.instances is None:
            code.at_synapse(synapse)
            code.run()
        else:
            with w.loop(kernel.value(op.instances)) as lane:
                code.at_synapse(synapse)
                code.at_instance(lane.index)
                code.run()
        return [w.add(args[0], w.constant(1))]

    (last,) = repeat(w, [w.cast(w.first(arrived), INDEX)], is_due, deliver)
    w.store(w.cast(last, i64), arrived, w.constant(0))
    kernel.close()


def lower_accumulate(run: Run, op: AccumulateOp) -> None:
    """Writes the function of a sum over synapses, in the order of the synapses.

    Where a value takes long to compute, a tile of them is computed by a loop that can be vectorised, then added.
    """
    kernel = run.divided_kernel("accumulate", op.label.data, op=op)
    w = kernel.writer
    element = element_type(op.array.type)
    count, offset = kernel.value(op.count), kernel.value(op.offset)
    sums, shift = room_for_sums(run, kernel, op, offset)
    zero = w.constant(0, element)

    def of_all(number: SSAValue) -> SSAValue:
        return number if op.instances is None else w.mul(number, kernel.value(op.instances))

    first, last = kernel.bounds(count, of_all(count))
    with w.loop(last, lower=first) as each:
        w.store(zero, sums, w.add(each.index, of_all(shift)))
    if op.instances is not None:
        accumulate_for_instances(kernel, op, sums, shift)
    else:
        _add_values(kernel, op, sums, shift)
    if sums is not kernel.array(op.array):
        with w.loop(of_all(count)) as each:
            w.store(w.load(sums, each.index), kernel.array(op.array), w.add(each.index, of_all(offset)))
    kernel.close()


def _add_values(kernel: Kernel, op: AccumulateOp, sums: SSAValue, shift: SSAValue) -> None:
    """Adds up the values of all synapses, or of those that end at elements of the thread's part."""
    w, index, code = kernel.writer, kernel.array(op.index), SynapseCode(kernel, op)
    begin, end, order = None, kernel.value(op.size), None
    if kernel.share is not None:
        if not op.rows:
            raise PassError(op, "it is divided, and lacks the rows that say which synapses each thread has")
        kernel.run.expect(kernel.run.value(op.size), SYNAPSE)
        starts, *listed = (kernel.array(value) for value in op.rows)
        order = listed[0] if listed else None
        places = kernel.share.part, w.add(kernel.share.part, w.constant(1))
        begin, end = (w.cast(w.load(starts, place), INDEX) for place in places)

    def synapse(place: SSAValue) -> SSAValue:
        return place if order is None else w.load_number(order, place)

    def value(number: SSAValue) -> SSAValue:
        code.at_synapse(number)
        return code.values()[0]

    def element(number: SSAValue) -> SSAValue:
        return w.add(w.load_number(index, number), shift)

    if not code.is_costly():
        with w.loop(end, lower=begin) as each:
            number = synapse(each.index)
            found = value(number)
            add_to(w, sums, element(number), found)
        return
    buffer = w.alloca(element_type(op.array.type), TILE)
    with tiles(w, end, begin) as tile:
        with w.loop(tile.length) as each:
            w.store(value(synapse(w.add(tile.start, each.index))), buffer, each.index)
        with w.loop(tile.length) as each:
            number = synapse(w.add(tile.start, each.index))
            add_to(w, sums, element(number), w.load(buffer, each.index))


def room_for_sums(run: Run, kernel: Kernel, op: AccumulateOp, offset: SSAValue) -> tuple[SSAValue, SSAValue]:
    """Returns where to sum, and the place of the first sum: elsewhere if the region reads the array of the sums."""
    root = run.versions.root(op.array)
    gathered = (inner.array for inner in op.walk() if isinstance(inner, GatherOp))
    if any(run.versions.root(value) is root for value in (*op.inputs, *gathered)):
        with run.writer.inside(run.setup):
            count = run.value(op.count)
            room = count if op.instances is None else run.writer.mul(count, run.value(op.instances))
        return kernel.pass_in(run.fresh_lowered(element_type(op.array.type), room)), kernel.writer.constant(0)
    return kernel.array(op.array), offset
