"""Elements that belong to rows, and spikes that were on their way when delays changed: by many threads, in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xdsl.dialects import arith
from xdsl.dialects.builtin import i64
from xdsl.ir import SSAValue

from ranvier.ir.structure import StateOp
from ranvier.ir.synapses import PropagateOp, roles_of, written_inputs
from ranvier.ir.types import element_type
from ranvier.passes.kernels.device import DeviceKernel, DeviceRun
from ranvier.passes.kernels.sort_rows import far_role
from ranvier.passes.lower.due_rows import room_for_rows, row_at, size_of
from ranvier.passes.lower.emission import repeat
from ranvier.passes.lower.synapse_code import SynapseCode
from ranvier.passes.lower.writer import INDEX

PENDING_BLOCKS = 64
"""Blocks that share spikes which were on their way when delays changed: rarely any."""


def room_for_groups(run: DeviceRun, op: PropagateOp) -> SSAValue:
    """Returns memory for the entries of the list of rows at which the rows of each delay begin, and where they end."""
    owner = run.versions.root(op.delays).owner
    assert isinstance(owner, StateOp)
    with run.writer.inside(run.setup):
        return run.scratch(i64, run.writer.add(run.value(owner.size), run.writer.constant(1)))


def write_rows(run: DeviceRun, op: PropagateOp, rows: SSAValue, groups: SSAValue) -> dict[int, SSAValue]:
    """Writes the kernel that sets the elements of the rows that are due, and keeps what they were.

    It has one block, which goes through the delays in their order: rows of one delay belong to different elements, so
    that each may have a thread; an element may have a row of another delay, which sees what the first has set.

    Args:
        run: The run.
        op: A pathway that writes elements of rows.
        rows: The rows that are due.
        groups: The entries of that list at which the rows of each delay begin.

    Returns:
        For each input with such elements: what they were, for each entry of the list.
    """
    written = [k for k in written_inputs(op) if roles_of(op)[k] == "row"]
    kept = {k: room_for_rows(run, op, element_type(op.inputs[k].type)) for k in written}
    kernel = run.device_kernel("row_elements", op.label.data, op=op)
    kernel.one_block("rows that are due")
    w, code = kernel.writer, SynapseCode(kernel, op)
    pointers, delays = kernel.array(op.pointers), size_of(kernel, op, op.delays)
    due, starts, thread = kernel.pass_in(rows), kernel.pass_in(groups), kernel.thread()
    with w.loop(delays) as delay:
        first, last = (w.cast(w.load(starts, w.add(delay.index, w.constant(k))), INDEX) for k in (0, 1))
        with w.loop(last, lower=w.add(first, thread), step=run.block) as each:
            row, begin, end = row_at(kernel, pointers, due, each.index)
            with w.when(w.compare("slt", begin, end)):
                code.begin_row(w.binary(arith.DivUIOp, row, delays))
                for k, room in kept.items():
                    w.store(code.load(k), kernel.pass_in(room), each.index)
                code.end_row()
        kernel.barrier()
    kernel.close()
    return kept


def kept_values(kernel: DeviceKernel, kept: Mapping[int, SSAValue], entry: SSAValue) -> dict[int, SSAValue]:
    """Returns what the elements of a row were, given its entry in the list."""
    return {k: kernel.writer.load(kernel.pass_in(room), entry) for k, room in kept.items()}


def first_pending(kernel: DeviceKernel, op: PropagateOp, position: SSAValue) -> SSAValue:
    """Returns the first pending synapse that is not due yet: they are in the order of time."""
    w, one = kernel.writer, kernel.writer.constant(1)
    due, now = kernel.array(op.pending[0]), w.cast(position, i64)
    begin, end = w.cast(w.first(kernel.array(op.pending[2])), INDEX), size_of(kernel, op, op.pending[0])

    def halve(args: Sequence[SSAValue]) -> Sequence[SSAValue]:
        low, high = args
        middle = w.binary(arith.ShRUIOp, w.add(low, high), one)
        is_due = w.compare("sle", w.load(due, middle), now)
        return [w.select(is_due, w.add(middle, one), low), w.select(is_due, high, middle)]

    return repeat(w, [begin, end], lambda args: w.compare("slt", args[0], args[1]), halve)[0]


def deliver_pending(run: DeviceRun, op: PropagateOp) -> None:
    """Writes the kernel in which each thread delivers the pending synapses of its elements, in their order.

    All threads go through all that are due. Elements are dealt out by their numbers at the end that does not spike: a
    synapse changes nothing but what is its own or that element's.
    """
    kernel = run.device_kernel("pending", op.label.data, op=op)
    kernel.some_blocks(PENDING_BLOCKS, "elements")
    w, code = kernel.writer, SynapseCode(kernel, op)
    position = w.cast(w.first(kernel.array(op.position)), INDEX)
    begin = w.cast(w.first(kernel.array(op.pending[2])), INDEX)
    ends = kernel.array(op.targets if far_role(op) == "post" else op.sources)
    synapses, own = kernel.array(op.pending[1]), kernel.number()
    threads = w.constant(PENDING_BLOCKS * run.block)
    with w.loop(first_pending(kernel, op, position), lower=begin) as each:
        synapse = w.cast(w.load(synapses, each.index), INDEX)
        owner = w.binary(arith.RemUIOp, w.load_number(ends, synapse), threads)
        with w.when(w.compare("eq", owner, own)):
            code.at_synapse(synapse)
            code.run()
    kernel.close()


__all__ = ["deliver_pending", "first_pending", "kept_values", "room_for_groups", "write_rows"]
