"""Lowers monitors: rows appended to sinks, and what room an instant may need there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xdsl.dialects import arith
from xdsl.dialects.builtin import StringAttr, f64, i1, i64
from xdsl.ir import SSAValue

from ranvier.ir.neurons import region_of
from ranvier.ir.recording import RecordEventsOp, RecordOp, RecordRateOp
from ranvier.ir.structure import LoopOp
from ranvier.ir.team import DIVISION, OWNERS
from ranvier.ir.types import element_type
from ranvier.passes.facts.owners import Owned, owned_elements
from ranvier.passes.lower.phases import BETWEEN, first_of, start_of
from ranvier.passes.lower.regions import lower_region, lower_scalar
from ranvier.passes.lower.scopes import Kernel, Run
from ranvier.passes.lower.writer import INDEX, element_of


def rows_needed(run: Run, loop: LoopOp) -> dict[SSAValue, SSAValue]:
    """Returns for each sink the greatest number of rows (i64) that one instant appends, written before the loop."""
    writer = run.writer
    needed: dict[SSAValue, SSAValue] = {}
    for op in loop.body.block.ops:
        match op:
            case RecordEventsOp():
                rows = writer.cast(writer.sub(run.value(op.stop), run.value(op.start)), i64)
            case RecordRateOp() if op.instances is not None:
                rows = writer.cast(run.value(op.instances), i64)
            case RecordOp() | RecordRateOp():
                rows = writer.constant(1, i64)
            case _:
                continue
        if len(run.sinks[op.sink]) > 1:
            needed[op.sink] = writer.add(needed[op.sink], rows) if op.sink in needed else rows
    return needed


def any_sink_full(run: Run, needed: Mapping[SSAValue, SSAValue], longest: SSAValue | None = None) -> SSAValue | None:
    """Writes the test whether a sink lacks room for one more instant; None without sinks.

    Args:
        run: Where it is written.
        needed: The greatest number of rows that an instant appends, by sink.
        longest: The most instants of a stretch. Where less than half is free, a whole one has to fit: else the
            stretches at the end of each chunk would become shorter and shorter.
    """
    writer = run.writer
    full: SSAValue | None = None
    for sink, rows in needed.items():
        block = run.sinks[sink][0]
        capacity = writer.load(block, writer.constant(1))
        room = writer.sub(capacity, writer.first(block))
        one = writer.compare("slt", room, rows)
        if longest is not None:
            short = writer.compare("slt", room, writer.mul(rows, writer.cast(longest, i64)))
            late = writer.compare("slt", room, writer.sub(capacity, room))
            one = writer.binary(arith.OrIOp, one, writer.binary(arith.AndIOp, short, late))
        full = one if full is None else writer.binary(arith.OrIOp, full, one)
    return full


def lower_record(run: Run, op: RecordOp) -> None:
    """Writes the function that appends one row of values."""
    if DIVISION in op.attributes:
        _record_divided(run, op)
        return
    kernel = run.kernel("record", op.label.data, op=op)
    writer = kernel.writer
    rows, times, *columns = (kernel.pass_in(buffer) for buffer in run.sinks[op.sink])
    row = writer.cast(writer.first(rows), INDEX)
    writer.store(kernel.value(op.t), times, row)
    _fill_row(kernel, op, row, columns)
    _set_rows(kernel, rows, writer.add(row, writer.constant(1)))
    kernel.close()


def _record_divided(run: Run, op: RecordOp) -> None:
    """Writes a function that begins a row, and one that fills a share of it.

    In a stretch rows are filled that are counted behind the phase.
    """
    owned = owned_elements(op, run.versions) if op.attributes[DIVISION] == StringAttr(OWNERS) else None
    bounds = None if owned is None else _bounds_of_owners(run, op, owned)
    begun = None if run.stretch is not None else run.fresh_lowered(i64, run.writer.constant(BETWEEN))
    if begun is not None:
        _begin_row(run, op, begun)
    kernel = run.divided_kernel("record", op.label.data, op=op)
    writer = kernel.writer
    if begun is not None:
        row = writer.cast(writer.first(kernel.pass_in(begun)), INDEX)
    else:
        assert run.stretch is not None
        counted = writer.cast(writer.first(kernel.pass_in(run.sinks[op.sink][0])), INDEX)
        row = writer.add(counted, kernel.pass_in(run.stretch.instant))
        run.open_phase().last.append(lambda: _begin_row(run, op, None))
    columns = [kernel.pass_in(buffer) for buffer in run.sinks[op.sink][2:]]
    if owned is None or bounds is None:
        _fill_row(kernel, op, row, columns)
    else:
        _fill_own(kernel, op, row, columns, owned, bounds)
    kernel.close()


def _begin_row(run: Run, op: RecordOp, begun: SSAValue | None) -> None:
    """Writes the function that counts a row and gives it its time, and notes its number."""
    kernel = run.kernel("begin_row", op.label.data, op=op)
    writer = kernel.writer
    rows, times = (kernel.pass_in(buffer) for buffer in run.sinks[op.sink][:2])
    row = writer.first(rows)
    writer.store(kernel.value(op.t), times, writer.cast(row, INDEX))
    if begun is not None:
        writer.store(row, kernel.pass_in(begun), writer.constant(0))
    writer.store(writer.add(row, writer.constant(1, i64)), rows, writer.constant(0))
    kernel.close()


def _bounds_of_owners(run: Run, op: RecordOp, owned: Owned) -> SSAValue:
    """Writes, in front of the loop, the function that finds the values of a row that each thread has.

    Returns:
        For each thread the number of values that are of threads before it, then the number of all; all zeros, and one
        behind them, if the recorded elements do not ascend.
    """
    assert run.threads is not None
    with run.writer.inside(run.setup):
        bounds = run.fresh_lowered(i64, run.writer.add(run.threads, run.writer.constant(2)))
        kernel = run.kernel("owners", op.label.data, op=op)
        w, found = kernel.writer, kernel.pass_in(bounds)
        size, threads = kernel.value(op.size), kernel.pass_in(run.threads)
        control, count = kernel.pass_in(run.control()), kernel.value(owned.size)
        start = [w.constant(0), w.constant(1, i1)]
        with w.loop(size, carried=start) as each:
            index = _index_of(kernel, op, owned, each.index)
            ascends = w.compare("sle", each.args[1], index)
            each.give(index, w.binary(arith.AndIOp, each.args[2], ascends))
            with w.loop(threads, lower=w.constant(1), carried=[w.constant(1)]) as part:
                begins = w.compare("sge", index, first_of(w, count, start_of(w, control, threads, part.index)))
                part.give(w.select(begins, w.add(part.index, w.constant(1)), part.args[1]))
            (place,) = part.results
            w.store(w.add(w.load(found, place), w.constant(1, i64)), found, place)
        one = w.select(each.results[1], w.constant(1, i64), w.constant(0, i64))
        last = w.add(threads, w.constant(1))
        with w.loop(last, lower=w.constant(1)) as part:
            before = w.load(found, w.sub(part.index, w.constant(1)))
            w.store(w.binary(arith.MuliOp, w.add(before, w.load(found, part.index)), one), found, part.index)
        w.store(w.sub(w.constant(1, i64), one), found, last)
        kernel.close()
    return bounds


def _index_of(kernel: Kernel, op: RecordOp, owned: Owned, number: SSAValue) -> SSAValue:
    """Writes which element a value of a row is of."""
    kernel.bind(region_of(op).args[0], number)
    for inner in owned.ops:
        lower_scalar(kernel, inner)
    return kernel.value(owned.index)


def _fill_own(
    kernel: Kernel, op: RecordOp, row: SSAValue, columns: Sequence[SSAValue], owned: Owned, bounds: SSAValue
) -> None:
    """Writes those values of a row that are of the thread's own elements."""
    writer, share = kernel.writer, kernel.share
    if not columns or share is None:
        return
    size, found = kernel.value(op.size), kernel.pass_in(bounds)
    start, one = writer.mul(row, size), writer.constant(1)

    def write(number: SSAValue) -> None:
        kernel.bind(region_of(op).args[0], number)
        place = writer.add(start, number)
        for value, column in zip(lower_region(kernel, region_of(op)), columns, strict=True):
            writer.store(value, column, place)

    begin, end = (writer.cast(writer.load(found, part), INDEX) for part in (share.part, writer.add(share.part, one)))
    with writer.loop(end, lower=begin) as each:
        write(each.index)
    mixed = writer.load(found, writer.add(share.threads, one))
    with writer.when(writer.compare("ne", mixed, writer.constant(0, i64))), writer.loop(size) as each:
        count = kernel.value(owned.size)
        first, stop = kernel.bounds(count, count)
        with writer.when(within(kernel, _index_of(kernel, op, owned, each.index), first, stop)):
            write(each.index)


def _fill_row(kernel: Kernel, op: RecordOp, row: SSAValue, columns: Sequence[SSAValue]) -> None:
    """Writes the values of a row."""
    if not columns:
        return
    writer, size = kernel.writer, kernel.value(op.size)
    start = writer.mul(row, size)
    begin, end = kernel.bounds(size, size)
    with writer.loop(end, lower=begin) as loop:
        kernel.bind(region_of(op).args[0], loop.index)
        place = writer.add(start, loop.index)
        for value, column in zip(lower_region(kernel, region_of(op)), columns, strict=True):
            writer.store(value, column, place)


def lower_record_events(run: Run, op: RecordEventsOp) -> None:
    """Writes the function that counts the events of a range of elements and appends a row for each."""
    kernel = run.kernel("record_events", op.label.data, op=op)
    writer = kernel.writer
    events, rows = run.event_list(op.events), kernel.pass_in(run.sinks[op.sink][0])
    number = writer.cast(writer.first(kernel.pass_in(events.count)), INDEX)
    first_row = writer.cast(writer.first(rows), INDEX)
    behind = append_events(kernel, op, kernel.pass_in(events.indices), writer.constant(0), number, first_row)
    if len(run.sinks[op.sink]) > 1:
        _set_rows(kernel, rows, behind)
    kernel.close()


def append_events(
    kernel: Kernel, op: RecordEventsOp, events: SSAValue, first: SSAValue, number: SSAValue, first_row: SSAValue
) -> SSAValue:
    """Counts events and appends a row for each.

    Args:
        kernel: Where it is written.
        op: The monitor.
        events: A list of events.
        first: Where it begins in that buffer.
        number: Its length.
        first_row: The number of the first row.

    Returns:
        The number of the row behind.
    """
    writer, columns = kernel.writer, [kernel.pass_in(buffer) for buffer in kernel.run.sinks[op.sink][1:]]
    counts, start, stop = kernel.array(op.counts), kernel.value(op.start), kernel.value(op.stop)
    with writer.loop(number, carried=[first_row]) as loop:
        index = writer.cast(writer.load(events, writer.add(first, loop.index)), INDEX)
        with writer.when(within(kernel, index, start, stop), otherwise=[loop.args[1]]) as inside:
            place = writer.sub(index, start)
            one = writer.constant(1, element_type(op.counts.type))
            writer.store(writer.add(writer.load(counts, place), one), counts, place)
            inside.give(append_event(kernel, op, columns, loop.args[1], index, place))
        loop.give(*inside.results)
    return loop.results[0]


def append_event(
    kernel: Kernel, op: RecordEventsOp, columns: list[SSAValue], row: SSAValue, index: SSAValue, place: SSAValue
) -> SSAValue:
    """Writes one row and returns the number of the next; a sink without columns gets none."""
    if not columns:
        return row
    writer = kernel.writer
    writer.store(kernel.value(op.t), columns[0], row)
    if len(columns) > 1:
        writer.store(writer.cast(place, element_of(columns[1])), columns[1], row)
    kernel.bind(region_of(op).args[0], index)
    for value, column in zip(lower_region(kernel, region_of(op)), columns[2:], strict=True):
        writer.store(value, column, row)
    return writer.add(row, writer.constant(1))


def lower_record_rate(run: Run, op: RecordRateOp) -> None:
    """Writes the function that appends the rate of events of a range of elements."""
    if op.instances is not None:
        _record_rates(run, op, op.instances)
        return
    kernel = run.kernel("record_rate", op.label.data, op=op)
    writer = kernel.writer
    events = run.event_list(op.events)
    rows, times, rates = (kernel.pass_in(buffer) for buffer in run.sinks[op.sink])
    indices, start, stop = kernel.pass_in(events.indices), kernel.value(op.start), kernel.value(op.stop)
    number = writer.cast(writer.first(kernel.pass_in(events.count)), INDEX)
    with writer.loop(number, carried=[writer.constant(0)]) as loop:
        index = writer.cast(writer.load(indices, loop.index), INDEX)
        one = writer.select(within(kernel, index, start, stop), writer.constant(1), writer.constant(0))
        loop.give(writer.add(loop.args[1], one))
    population = writer.cast(writer.sub(stop, start), f64)
    span = writer.binary(arith.MulfOp, population, kernel.value(op.dt))
    row = writer.cast(writer.first(rows), INDEX)
    writer.store(kernel.value(op.t), times, row)
    writer.store(writer.binary(arith.DivfOp, writer.cast(loop.results[0], f64), span), rates, row)
    _set_rows(kernel, rows, writer.add(row, writer.constant(1)))
    kernel.close()


def _record_rates(run: Run, op: RecordRateOp, instances: SSAValue) -> None:
    """Writes the function that appends the rates of all instances."""
    numbers = run.fresh_lowered(i64, run.value(instances))
    kernel = run.kernel("record_rate", op.label.data, op=op)
    writer = kernel.writer
    events, counts, lanes = run.event_list(op.events), kernel.pass_in(numbers), kernel.value(instances)
    rows, times, rates = (kernel.pass_in(buffer) for buffer in run.sinks[op.sink])
    indices, start, stop = kernel.pass_in(events.indices), kernel.value(op.start), kernel.value(op.stop)
    with writer.loop(lanes) as loop:
        writer.store(writer.constant(0, i64), counts, loop.index)
    with writer.loop(writer.cast(writer.first(kernel.pass_in(events.count)), INDEX)) as loop:
        index = writer.cast(writer.load(indices, loop.index), INDEX)
        lane = writer.binary(arith.RemUIOp, index, lanes)
        one = writer.select(within(kernel, index, start, stop), writer.constant(1, i64), writer.constant(0, i64))
        writer.store(writer.add(writer.load(counts, lane), one), counts, lane)
    population = writer.cast(writer.binary(arith.DivUIOp, writer.sub(stop, start), lanes), f64)
    span = writer.binary(arith.MulfOp, population, kernel.value(op.dt))
    first = writer.cast(writer.first(rows), INDEX)
    with writer.loop(lanes) as loop:
        row = writer.add(first, loop.index)
        writer.store(kernel.value(op.t), times, row)
        number = writer.cast(writer.load(counts, loop.index), f64)
        writer.store(writer.binary(arith.DivfOp, number, span), rates, row)
    _set_rows(kernel, rows, writer.add(first, lanes))
    kernel.close()


def within(kernel: Kernel, index: SSAValue, start: SSAValue, stop: SSAValue) -> SSAValue:
    writer = kernel.writer
    above = writer.compare("sge", index, start)
    return writer.binary(arith.AndIOp, above, writer.compare("slt", index, stop))


def _set_rows(kernel: Kernel, rows: SSAValue, number: SSAValue) -> None:
    kernel.writer.store(kernel.writer.cast(number, i64), rows, kernel.writer.constant(0))
