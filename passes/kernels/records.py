"""Monitors as kernels. The host counts the rows that it knows; those of events stand where both can see them."""

from __future__ import annotations

from xdsl.dialects import arith
from xdsl.dialects.builtin import f64, i64
from xdsl.ir import SSAValue

from ranvier.ir.neurons import region_of
from ranvier.ir.recording import RecordEventsOp, RecordOp, RecordRateOp
from ranvier.ir.types import element_type
from ranvier.passes.kernels.blocks import chosen_events
from ranvier.passes.kernels.device import DeviceKernel, DeviceRun
from ranvier.passes.kernels.synapses import add_atomically
from ranvier.passes.lower.records import append_event, within
from ranvier.passes.lower.regions import lower_region
from ranvier.passes.lower.writer import INDEX

COUNTING = 256
"""Blocks that count events."""


def record_kernel(run: DeviceRun, op: RecordOp) -> bool:
    """Writes the kernel that fills one row, whose number the host passes."""
    kernel = run.device_kernel("record", op.label.data, op=op)
    rows, times, *columns = run.sinks[op.sink]
    w, row = kernel.writer, run.next_row(kernel, op.sink)
    if columns:
        size = run.value(op.size)
        with kernel.each(size, "recorded elements") as index:
            kernel.bind(region_of(op).args[0], index)
            place = w.add(w.mul(row, kernel.pass_in(size)), index)
            for value, column in zip(lower_region(kernel, region_of(op)), columns, strict=True):
                w.store(value, kernel.pass_in(column), place)
        with w.when(w.compare("eq", kernel.number(), kernel.zero)):
            w.store(kernel.value(op.t), kernel.pass_in(times), row)
    else:
        w.store(kernel.value(op.t), kernel.pass_in(times), row)
    kernel.close()
    _end_row(run, op, rows)
    return True


def _end_row(run: DeviceRun, op: RecordOp | RecordRateOp, rows: SSAValue, number: SSAValue | None = None) -> None:
    """Lets the host count rows, too: one, or so many."""
    run.end_row(op, number)
    w = run.writer
    more = w.constant(1, i64) if number is None else w.cast(number, i64)
    w.store(w.add(w.first(rows), more), rows, w.constant(0))


def record_events_kernel(run: DeviceRun, op: RecordEventsOp) -> bool:
    """Writes the kernel of one block that counts the events of a range of elements and appends a row for each."""
    kernel = run.device_kernel("record_events", op.label.data, op=op)
    kernel.one_block("events")
    w = kernel.writer
    rows, *columns = (kernel.pass_in(buffer) for buffer in run.sinks[op.sink])
    counts, start, stop = kernel.array(op.counts), kernel.value(op.start), kernel.value(op.stop)
    first = w.cast(w.first(rows), INDEX)

    def take(index: SSAValue, before: SSAValue) -> None:
        place = w.sub(index, start)
        one = w.constant(1, element_type(op.counts.type))
        w.store(w.add(w.load(counts, place), one), counts, place)
        append_event(kernel, op, columns, w.add(first, before), index, place)

    total = chosen_events(kernel, run.event_list(op.events), lambda index: within(kernel, index, start, stop), take)
    if columns:
        with w.when(w.compare("eq", kernel.thread(), kernel.zero)):
            w.store(w.cast(w.add(first, total), i64), rows, kernel.zero)
    kernel.close()
    return True


def record_rate_kernel(run: DeviceRun, op: RecordRateOp) -> bool:
    """Writes the kernel of one block that counts the events of a range of elements."""
    if op.instances is not None:
        _record_rates(run, op, op.instances)
        return True
    kernel = run.device_kernel("record_rate", op.label.data, op=op)
    kernel.one_block("events")
    rows, times, rates = run.sinks[op.sink]
    w, row = kernel.writer, run.next_row(kernel, op.sink)
    start, stop = kernel.value(op.start), kernel.value(op.stop)
    total = chosen_events(kernel, run.event_list(op.events), lambda index: within(kernel, index, start, stop), None)
    with w.when(w.compare("eq", kernel.thread(), kernel.zero)):
        _write_rate(kernel, op, total, (times, rates), row)
    kernel.close()
    _end_row(run, op, rows)
    return True


def _record_rates(run: DeviceRun, op: RecordRateOp, instances: SSAValue) -> None:
    """Writes the kernels that count the events of each instance, and append a row for each."""
    lanes = run.value(instances)
    counts, events = run.fresh_lowered(i64, lanes), run.event_list(op.events)
    kernel = run.device_kernel("count_events", op.label.data, op=op)
    kernel.some_blocks(COUNTING, "events")
    w, start, stop = kernel.writer, kernel.value(op.start), kernel.value(op.stop)
    number = w.cast(w.first(kernel.pass_in(events.count)), INDEX)
    with w.loop(number, lower=kernel.number(), step=COUNTING * run.block) as each:
        index = w.cast(w.load(kernel.pass_in(events.indices), each.index), INDEX)
        with w.when(within(kernel, index, start, stop)):
            lane = w.binary(arith.RemUIOp, index, kernel.pass_in(lanes))
            add_atomically(w, w.constant(1, i64), kernel.pass_in(counts), lane)
    kernel.close()
    kernel = run.device_kernel("record_rate", op.label.data, op=op)
    rows, times, rates = run.sinks[op.sink]
    w, first = kernel.writer, run.next_row(kernel, op.sink)
    with kernel.each(lanes, "instances") as lane:
        own, row = kernel.pass_in(counts), w.add(first, lane)
        one = w.binary(arith.DivUIOp, w.sub(kernel.value(op.stop), kernel.value(op.start)), kernel.pass_in(lanes))
        span = w.binary(arith.MulfOp, w.cast(one, f64), kernel.value(op.dt))
        w.store(kernel.value(op.t), kernel.pass_in(times), row)
        rate = w.binary(arith.DivfOp, w.cast(w.load(own, lane), f64), span)
        w.store(rate, kernel.pass_in(rates), row)
        w.store(w.constant(0, i64), own, lane)
    kernel.close()
    _end_row(run, op, rows, lanes)


def _write_rate(
    kernel: DeviceKernel, op: RecordRateOp, total: SSAValue, columns: tuple[SSAValue, SSAValue], row: SSAValue
) -> None:
    w = kernel.writer
    times, rates = columns
    population = w.cast(w.sub(kernel.value(op.stop), kernel.value(op.start)), f64)
    span = w.binary(arith.MulfOp, population, kernel.value(op.dt))
    w.store(kernel.value(op.t), kernel.pass_in(times), row)
    rate = w.binary(arith.DivfOp, w.cast(total, f64), span)
    w.store(rate, kernel.pass_in(rates), row)
