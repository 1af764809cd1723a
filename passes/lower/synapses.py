"""Lowers `snn.propagate` and `snn.accumulate`: loops over the rows of the spikes that arrive, in place."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import i1, i64
from xdsl.ir import Block, SSAValue

from ranvier.ir.scalars import GatherOp
from ranvier.ir.slots import TILE
from ranvier.ir.synapses import AccumulateOp, PropagateOp
from ranvier.ir.types import element_type
from ranvier.passes.lower.due_rows import AHEAD, announce_row, list_due_rows, room_for_rows, row_at, size_of, take_in
from ranvier.passes.lower.emission import repeat
from ranvier.passes.lower.far_values import compute_far_values, far_values, reaches_many, room_for_values
from ranvier.passes.lower.instance_synapses import accumulate_for_instances, add_to, deliver_to_instances
from ranvier.passes.lower.scopes import Kernel, Run
from ranvier.passes.lower.synapse_code import SynapseCode, run_in_tiles, sums_of
from ranvier.passes.lower.writer import INDEX

ANNOUNCED = 64
"""The number of synapses of a row that are asked for; the machine sees the rest coming."""


def lower_propagate(run: Run, op: PropagateOp) -> None:
    """Writes the functions that take in spikes and deliver those that are due, and calls them."""
    if op.pending:
        _lower_pending(run, op)
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


def _deliver(kernel: Kernel, op: PropagateOp, due: SSAValue, number: SSAValue) -> None:
    """Delivers the rows that are due, with values of the other ends known beforehand if that pays."""
    w, code = kernel.writer, SynapseCode(kernel, op)
    far = far_values(code)
    if far is None:
        _deliver_rows(kernel, op, code, due, number)
        return
    many, few = Block(), Block()
    arrays = room_for_values(kernel, op, far)
    condition = reaches_many(kernel, kernel.array(op.pointers), due, number, far)
    with w.inside(few):
        _deliver_rows(kernel, op, code, due, number)
        w.op(scf.YieldOp, [])
    with w.inside(many):
        compute_far_values(kernel, code, far, arrays)
        code.know(dict(zip(far.values, arrays, strict=True)), far.costly)
        _deliver_rows(kernel, op, code, due, number)
        w.op(scf.YieldOp, [])
    w.branch(condition, many, few)


def _deliver_rows(kernel: Kernel, op: PropagateOp, code: SynapseCode, due: SSAValue, number: SSAValue) -> None:
    """Writes the delivery row by row, asking early for the synapses of the rows to come."""
    w = kernel.writer
    pointers, delays = kernel.array(op.pointers), size_of(kernel, op, op.delays)
    last = w.sub(number, w.constant(1))
    with w.loop(number) as each:
        later = w.binary(arith.MinSIOp, w.add(each.index, w.constant(AHEAD)), last)
        _, begin, end = row_at(kernel, pointers, due, later)
        for array in code.row_arrays():
            announce_row(w, array, begin, end, ANNOUNCED)
        row, begin, end = row_at(kernel, pointers, due, each.index)
        with w.when(w.compare("slt", begin, end)):
            code.begin_row(w.binary(arith.DivUIOp, row, delays))
            _run_row(kernel, op, code, begin, end)
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
    kernel = run.kernel("accumulate", op.label.data, op=op)
    w = kernel.writer
    element = element_type(op.array.type)
    count, offset, size = kernel.value(op.count), kernel.value(op.offset), kernel.value(op.size)
    sums, shift = _sums(run, kernel, op, offset)
    zero = w.constant(0, element)

    def of_all(number: SSAValue) -> SSAValue:
        return number if op.instances is None else w.mul(number, kernel.value(op.instances))

    with w.loop(of_all(count)) as each:
        w.store(zero, sums, w.add(each.index, of_all(shift)))
    index = kernel.array(op.index)
    code = SynapseCode(kernel, op)
    if op.instances is not None:
        accumulate_for_instances(kernel, op, sums, shift)
    elif code.is_costly():
        buffer = w.alloca(element, TILE)
        with w.loop(size, step=TILE) as tile:
            length = w.binary(arith.MinSIOp, w.sub(size, tile.index), w.constant(TILE))
            with w.loop(length) as each:
                code.at_synapse(w.add(tile.index, each.index))
                w.store(code.values()[0], buffer, each.index)
            with w.loop(length) as each:
                end = w.load_number(index, w.add(tile.index, each.index))
                add_to(w, sums, w.add(end, shift), w.load(buffer, each.index))
    else:
        with w.loop(size) as each:
            code.at_synapse(each.index)
            value = code.values()[0]
            add_to(w, sums, w.add(w.load_number(index, each.index), shift), value)
    if sums is not kernel.array(op.array):
        with w.loop(of_all(count)) as each:
            w.store(w.load(sums, each.index), kernel.array(op.array), w.add(each.index, of_all(offset)))
    kernel.close()


def _sums(run: Run, kernel: Kernel, op: AccumulateOp, offset: SSAValue) -> tuple[SSAValue, SSAValue]:
    """Returns where to sum, and the place of the first sum: elsewhere if the region reads the array of the sums."""
    root = run.versions.root(op.array)
    gathered = (inner.array for inner in op.walk() if isinstance(inner, GatherOp))
    if any(run.versions.root(value) is root for value in (*op.inputs, *gathered)):
        with run.writer.inside(run.setup):
            count = run.value(op.count)
            room = count if op.instances is None else run.writer.mul(count, run.value(op.instances))
        return kernel.pass_in(run.fresh_lowered(element_type(op.array.type), room)), kernel.writer.constant(0)
    return kernel.array(op.array), offset
