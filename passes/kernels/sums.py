"""Sums over the synapses of each element, and what is sent to sums that wait: one thread or block owns each sum."""

from __future__ import annotations

from xdsl.dialects import arith
from xdsl.dialects.builtin import i64
from xdsl.ir import SSAValue

from ranvier.ir.arrivals import RING_PADDING, DepositOp
from ranvier.ir.neurons import region_of
from ranvier.ir.synapses import SORTED, AccumulateOp
from ranvier.ir.types import element_type, integer_bits
from ranvier.passes.kernels.device import DeviceKernel, DeviceRun
from ranvier.passes.kernels.lanes import each_spike_of_lane, mark_spikes
from ranvier.passes.kernels.synapses import TARGETS, bisect, equal_ends, take_in
from ranvier.passes.lower.deposits import load_inputs
from ranvier.passes.lower.due_rows import size_of
from ranvier.passes.lower.instance_synapses import add_to
from ranvier.passes.lower.regions import lower_region
from ranvier.passes.lower.synapse_code import SynapseCode
from ranvier.passes.lower.synapses import room_for_sums
from ranvier.passes.lower.writer import INDEX


def accumulate_kernel(run: DeviceRun, op: AccumulateOp) -> bool:
    """Writes the kernel in which each sum has a thread, which goes through its synapses in their order."""
    if not op.rows:
        return False
    kernel = run.device_kernel("accumulate", op.label.data, op=op)
    w, offset = kernel.writer, kernel.value(op.offset)
    with run.writer.inside(run.setup):
        number = run.value(op.count)
        if op.instances is not None:
            number = run.writer.mul(number, run.value(op.instances))
    sums, shift = room_for_sums(run, kernel, op, offset)
    starts, order = (kernel.array(value) for value in op.rows)
    code = SynapseCode(kernel, op)
    add = arith.AddfOp if integer_bits(element_type(op.array.type)) is None else arith.AddiOp
    with kernel.each(number, "sums") as index:
        target, lane = _split(kernel, op.instances, index)
        begin = w.cast(w.load(starts, target), INDEX)
        end = w.cast(w.load(starts, w.add(target, w.constant(1))), INDEX)
        with w.loop(end, lower=begin, carried=[w.constant(0, element_type(op.array.type))]) as each:
            code.at_synapse(w.load_number(order, each.index))
            if lane is not None:
                code.at_instance(lane)
            each.give(w.binary(add, each.args[1], code.values()[0]))
        w.store(each.results[0], sums, _place(kernel, op.instances, w.add(target, shift), lane))
    kernel.close()
    if run.array(op.array) not in kernel.arguments or kernel.arguments[run.array(op.array)] is not sums:
        outer = next(value for value, inner in kernel.arguments.items() if inner is sums)
        _copy(run, op, outer, number)
    return True


def _split(kernel: DeviceKernel, instances: SSAValue | None, number: SSAValue) -> tuple[SSAValue, SSAValue | None]:
    """Returns the element and the instance of a number; no instance if there are not several."""
    if instances is None:
        return number, None
    w, lanes = kernel.writer, kernel.value(instances)
    element = w.binary(arith.DivUIOp, number, lanes)
    return element, w.sub(number, w.mul(element, lanes))


def _place(kernel: DeviceKernel, instances: SSAValue | None, element: SSAValue, lane: SSAValue | None) -> SSAValue:
    if instances is None or lane is None:
        return element
    return kernel.writer.add(kernel.writer.mul(element, kernel.value(instances)), lane)


def _copy(run: DeviceRun, op: AccumulateOp, sums: SSAValue, number: SSAValue) -> None:
    """Writes the kernel that brings sums which were made elsewhere, since their code reads the array."""
    kernel = run.device_kernel("accumulate", op.label.data, "copy", op=op)
    w = kernel.writer
    with kernel.each(number, "sums") as index:
        first = kernel.value(op.offset)
        if op.instances is not None:
            first = w.mul(first, kernel.value(op.instances))
        w.store(w.load(kernel.pass_in(sums), index), kernel.array(op.array), w.add(index, first))
    kernel.close()


def deposit_kernel(run: DeviceRun, op: DepositOp) -> bool:
    """Writes the kernels that take in spikes, add what they send, and give the sums of now.

    Sums belong to blocks by their targets; of several instances each has a thread. Needs sorted rows.
    """
    marks = None if op.instances is None or op.alike is not None else mark_spikes(run, op)
    if (SORTED not in op.attributes and op.instances is None) or marks is False:
        return False
    arrived = run.arrays[op.arrived] = run.fresh(op, element_type(op.arrived.type), op.size)
    with run.writer.inside(run.setup):
        found, one = run.scratch(i64, 2), run.value(op.size)
        if op.instances is not None:
            one = run.writer.binary(arith.DivUIOp, one, run.value(op.instances))
    _due(run, op, found)
    kernel = run.device_kernel("deposit", op.label.data, op=op)
    if op.instances is None:
        _deposit_in_blocks(run, kernel, op, found, one)
    else:
        _deposit_in_lanes(kernel, op, found, one, marks or None)
    kernel.close()
    _take_sums(run, op, found, arrived, one)
    return True


def _due(run: DeviceRun, op: DepositOp, found: SSAValue) -> None:
    """Writes the kernel of one block that takes in spikes, and keeps the slot of now and their number."""
    kernel = run.device_kernel("due", op.label.data, op=op)
    kernel.one_block("spikes")
    w, now = kernel.writer, kernel.pass_in(found)
    position = w.cast(w.first(kernel.array(op.position)), INDEX)
    slot = w.binary(arith.RemUIOp, position, size_of(kernel, op, op.counts))
    extent = w.sub(kernel.value(op.stop), kernel.value(op.start))
    total = take_in(run, kernel, op, slot, extent)
    with w.when(w.compare("eq", kernel.thread(), kernel.zero)):
        w.store(w.cast(slot, i64), now, kernel.zero)
        w.store(w.cast(total, i64), now, w.constant(1))
        w.store(w.cast(w.add(position, w.constant(1)), i64), kernel.array(op.position), kernel.zero)
    kernel.close()


class _Ring:
    """Where sums of a pathway wait, for a kernel that is being written."""

    def __init__(self, kernel: DeviceKernel, op: DepositOp, found: SSAValue, one: SSAValue) -> None:
        self.kernel, self.op = kernel, op
        w = kernel.writer
        self.slot = w.cast(w.first(kernel.pass_in(found)), INDEX)
        self.count = w.cast(w.load(kernel.pass_in(found), w.constant(1)), INDEX)
        self.width = w.round_up(kernel.pass_in(one), RING_PADDING)
        self.first = w.mul(self.slot, self.width)
        self.size = w.mul(size_of(kernel, op, op.counts), self.width)
        self.flat, self.sums = kernel.array(op.flat), kernel.array(op.ring)

    def place(self, place: SSAValue) -> SSAValue:
        """Returns where the synapse at a place of the rows adds to."""
        w = self.kernel.writer
        at = w.add(self.first, w.load_number(self.flat, place))
        return w.select(w.compare("sge", at, self.size), w.sub(at, self.size), at)

    def spiking(self, element: SSAValue) -> None:
        """Sets the element that spikes."""
        self.kernel.bind(region_of(self.op).args[1], element)

    def add(self, place: SSAValue, element: SSAValue, lane: SSAValue | None) -> None:
        """Writes the addition of what a synapse sends."""
        kernel, block = self.kernel, region_of(self.op)
        kernel.bind(block.args[0], place)
        if lane is not None:
            kernel.bind(block.args[-1], lane)
        load_inputs(kernel, self.op, "spiking", element, lane)
        load_inputs(kernel, self.op, "synapse", place, lane)
        (addend,) = lower_region(kernel, block)
        add_to(kernel.writer, self.sums, _place(kernel, self.op.instances, self.place(place), lane), addend)


def _deposit_in_blocks(run: DeviceRun, kernel: DeviceKernel, op: DepositOp, found: SSAValue, one: SSAValue) -> None:
    """Writes the additions where each block owns some targets. Rows are sorted; a barrier ends each."""
    part = TARGETS * run.block
    kernel.over(one, part, "targets")
    w, ring = kernel.writer, _Ring(kernel, op, found, one)
    history, pointers = kernel.array(op.indices), kernel.array(op.pointers)
    delays, number = kernel.array(op.delays), size_of(kernel, op, op.delays)
    extent = w.sub(kernel.value(op.stop), kernel.value(op.start))
    spikes, lowest = w.mul(ring.slot, extent), w.mul(kernel.block_number(), w.constant(part))
    with w.loop(w.mul(ring.count, number)) as each:
        spike = w.binary(arith.DivUIOp, each.index, number)
        which = w.sub(each.index, w.mul(spike, number))
        element = w.cast(w.load(history, w.add(spikes, spike)), INDEX)
        row = w.add(w.mul(element, number), which)
        begin, end = (w.cast(w.load(pointers, w.add(row, w.constant(k))), INDEX) for k in (0, 1))
        own = w.add(w.mul(w.cast(w.load(delays, which), INDEX), ring.width), lowest)
        first = bisect(kernel, ring.flat, (begin, end), own)
        last = bisect(kernel, ring.flat, (first, end), w.add(own, w.constant(part)))
        ring.spiking(element)
        equal_ends(kernel, ring.flat, (first, last), lambda place: ring.add(place, element, None))
        kernel.barrier()


def _deposit_in_lanes(
    kernel: DeviceKernel, op: DepositOp, found: SSAValue, one: SSAValue, marks: SSAValue | None
) -> None:
    """Writes the additions where each instance has a thread."""
    assert op.instances is not None
    w = kernel.writer
    with kernel.each(kernel.run.value(op.instances), "instances") as lane:
        ring = _Ring(kernel, op, found, one)
        pointers, number = kernel.array(op.pointers), size_of(kernel, op, op.delays)

        def walk(element: SSAValue) -> None:
            first = w.mul(element, number)
            begin = w.cast(w.load(pointers, first), INDEX)
            end = w.cast(w.load(pointers, w.add(first, number)), INDEX)
            ring.spiking(element)
            with w.loop(end, lower=begin) as place:
                ring.add(place.index, element, lane)

        each_spike_of_lane(kernel, op, (ring.slot, ring.count), marks, lane, walk)


def _take_sums(run: DeviceRun, op: DepositOp, found: SSAValue, arrived: SSAValue, one: SSAValue) -> None:
    """Writes the kernel that gives the sums of now, and clears them."""
    kernel = run.device_kernel("sums", op.label.data, op=op)
    with kernel.each(run.value(op.size), "elements") as index:
        ring, w = _Ring(kernel, op, found, one), kernel.writer
        first = ring.first if op.instances is None else w.mul(ring.first, kernel.value(op.instances))
        place = w.add(first, index)
        w.store(w.load(ring.sums, place), kernel.pass_in(arrived), index)
        w.store(w.constant(0, element_type(op.ring.type)), ring.sums, place)
    kernel.close()
