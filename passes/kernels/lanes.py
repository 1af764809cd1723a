"""Several instances side by side as kernels: each instance has a thread, and all arrays are in the order of threads.

The spikes of all instances are one list, in which those of one instance are far apart. So they are marked first, in
an array in which each instance finds its own: element by element, in the order of the list, which ascends.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from xdsl.dialects import arith
from xdsl.dialects.builtin import i1
from xdsl.ir import SSAValue

from ranvier.ir.arrivals import DepositOp, HistoryOp
from ranvier.ir.emission import EmitOp
from ranvier.ir.synapses import PropagateOp
from ranvier.passes.kernels.device import DeviceKernel, DeviceRun
from ranvier.passes.lower.due_rows import size_of
from ranvier.passes.lower.records import within
from ranvier.passes.lower.synapse_code import SynapseCode
from ranvier.passes.lower.writer import INDEX

MARKING = 256
"""Blocks that mark spikes."""


def ascends(run: DeviceRun, op: HistoryOp) -> bool:
    """Tells whether the spikes that a pathway takes in always ascend: no generator lists them."""
    root, emitters = run.versions.root(op.events), (one for one in run.program.walk() if isinstance(one, EmitOp))
    return not any(run.versions.root(one.events) is root for one in emitters)


def mark_spikes(run: DeviceRun, op: DepositOp) -> SSAValue | Literal[False]:
    """Writes the kernel that marks the spikes of this step, in an array; False if it cannot be."""
    if not ascends(run, op):
        return False
    with run.writer.inside(run.setup):
        marks = run.fresh_lowered(i1, run.writer.sub(run.value(op.stop), run.value(op.start)))
    events = run.event_list(op.events)
    kernel = run.device_kernel("mark", op.label.data, op=op)
    kernel.some_blocks(MARKING, "spikes")
    w, start, stop = kernel.writer, kernel.value(op.start), kernel.value(op.stop)
    indices, count = kernel.pass_in(events.indices), w.cast(w.first(kernel.pass_in(events.count)), INDEX)
    with w.loop(count, lower=kernel.number(), step=MARKING * run.block) as each:
        index = w.cast(w.load(indices, each.index), INDEX)
        with w.when(within(kernel, index, start, stop)):
            w.store(w.constant(1, i1), kernel.pass_in(marks), w.sub(index, start))
    kernel.close()
    return marks


def each_spike_of_lane(
    kernel: DeviceKernel,
    op: DepositOp,
    now: tuple[SSAValue, SSAValue],
    marks: SSAValue | None,
    lane: SSAValue,
    write: Callable[[SSAValue], None],
) -> None:
    """Writes a loop over the elements of this step that spike in an instance.

    Args:
        kernel: A kernel with a thread for each instance.
        op: The pathway.
        now: The slot of the history for this step, and how many spikes it has.
        marks: What `mark_spikes` returned; None if all instances have the same spikes, which the history has then.
        lane: The instance.
        write: Writes what is done with an element.
    """
    assert op.instances is not None
    w, extent = kernel.writer, kernel.writer.sub(kernel.value(op.stop), kernel.value(op.start))
    if marks is None:
        first, history = w.mul(now[0], extent), kernel.array(op.indices)
        with w.loop(now[1]) as each:
            write(w.cast(w.load(history, w.add(first, each.index)), INDEX))
        return
    lanes, found = kernel.value(op.instances), kernel.pass_in(marks)
    with w.loop(w.binary(arith.DivUIOp, extent, lanes)) as each:
        place = w.add(w.mul(each.index, lanes), lane)
        with w.when(w.load(found, place)):
            w.store(w.constant(0, i1), found, place)
            write(each.index)


def deliver_in_lanes(run: DeviceRun, op: PropagateOp, rows: SSAValue, number: SSAValue) -> None:
    """Writes the kernels that deliver the rows that are due: each instance by a thread, in the order of one alone.

    Args:
        run: The run.
        op: A pathway of several instances.
        rows: The rows that are due, r*B + b for instance b; r alone if all have the same.
        number: The buffer with their number.
    """
    assert op.instances is not None
    marks = None if op.alike is not None else _mark_rows(run, op, rows, number)
    kernel = run.device_kernel("deliver", op.label.data, op=op)
    with kernel.each(run.value(op.instances), "instances") as lane:
        w, code = kernel.writer, SynapseCode(kernel, op)
        pointers, delays = kernel.array(op.pointers), size_of(kernel, op, op.delays)

        def walk(row: SSAValue) -> None:
            begin, end = (w.cast(w.load(pointers, w.add(row, w.constant(k))), INDEX) for k in (0, 1))
            with w.when(w.compare("slt", begin, end)):
                code.at_instance(lane)
                code.begin_row(w.binary(arith.DivUIOp, row, delays))
                with w.loop(end, lower=begin) as place:
                    code.at_place(place.index)
                    code.run()
                code.end_row()

        if marks is None:
            due = kernel.pass_in(rows)
            with w.loop(w.cast(w.first(kernel.pass_in(number)), INDEX)) as each:
                walk(w.cast(w.load(due, each.index), INDEX))
        else:
            _each_marked_row(kernel, op, kernel.pass_in(marks), lane, walk)
    kernel.close()


def _mark_rows(run: DeviceRun, op: PropagateOp, rows: SSAValue, number: SSAValue) -> SSAValue:
    """Writes the kernel that marks the rows that are due, in an array with a place for each."""
    assert op.instances is not None
    with run.writer.inside(run.setup):
        w, pointers = run.writer, run.versions.root(op.delays).owner
        size = run.value(pointers.size)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType]
        marks = run.fresh_lowered(i1, w.mul(w.sub(run.value(op.stop), run.value(op.start)), size))
    kernel = run.device_kernel("mark", op.label.data, op=op)
    kernel.some_blocks(MARKING, "rows that are due")
    w, due = kernel.writer, kernel.pass_in(rows)
    count = w.cast(w.first(kernel.pass_in(number)), INDEX)
    with w.loop(count, lower=kernel.number(), step=MARKING * run.block) as each:
        w.store(w.constant(1, i1), kernel.pass_in(marks), w.cast(w.load(due, each.index), INDEX))
    kernel.close()
    return marks


def _each_marked_row(
    kernel: DeviceKernel, op: PropagateOp, marks: SSAValue, lane: SSAValue, walk: Callable[[SSAValue], None]
) -> None:
    """Writes loops over the rows of an instance that are due, delay by delay, and takes their marks away."""
    assert op.instances is not None
    w, lanes, delays = kernel.writer, kernel.value(op.instances), size_of(kernel, op, op.delays)
    elements = w.binary(arith.DivUIOp, w.sub(kernel.value(op.stop), kernel.value(op.start)), lanes)
    with w.loop(delays) as delay, w.loop(elements) as each:
        row = w.add(w.mul(each.index, delays), delay.index)
        place = w.add(w.mul(row, lanes), lane)
        with w.when(w.load(marks, place)):
            w.store(w.constant(0, i1), marks, place)
            walk(row)


__all__ = ["ascends", "deliver_in_lanes", "each_spike_of_lane", "mark_spikes"]
