"""Lowers `snn.deposit`: all synapses of a spike at once, added to sums that wait for their time."""

from __future__ import annotations

from xdsl.dialects import arith
from xdsl.dialects.builtin import i64
from xdsl.ir import SSAValue

from ranvier.ir.arrivals import RING_PADDING, DepositOp
from ranvier.ir.neurons import region_of
from ranvier.ir.team import DIVISION
from ranvier.ir.types import element_type, integer_bits
from ranvier.passes.lower.due_rows import LINE, announce_row, bytes_of, expect_listed, size_of, take_in
from ranvier.passes.lower.instance_synapses import (
    add_to,
    choose_walk,
    each_group,
    each_instance,
    room_for_mask,
    write_mask,
)
from ranvier.passes.lower.phases import BETWEEN
from ranvier.passes.lower.regions import lower_region
from ranvier.passes.lower.scopes import Kernel, Run
from ranvier.passes.lower.writer import INDEX

CLEAR = 500
"""Picoseconds to take the sum of an element and clear it."""
ANNOUNCED = 4
"""The number of cache lines of the synapses of the next spike that are asked for; the machine sees the rest coming."""


def lower_deposit(run: Run, op: DepositOp) -> None:
    """Writes the function that takes in spikes, adds what they send, gives the sums of now, and calls it."""
    arrived = run.arrays[op.arrived] = run.fresh(op, element_type(op.arrived.type), op.size)
    if DIVISION in op.attributes:
        _lower_divided(run, op, arrived)
        return
    kernel = run.kernel("deposit", op.label.data, op=op)
    w = kernel.writer
    position = w.cast(w.first(kernel.array(op.position)), INDEX)
    length = size_of(kernel, op, op.counts)
    slot = w.binary(arith.RemUIOp, position, length)
    extent = w.sub(kernel.value(op.stop), kernel.value(op.start))
    take_in(kernel, op, slot, extent)
    instances = None if op.instances is None else kernel.value(op.instances)
    one = kernel.value(op.size) if instances is None else w.binary(arith.DivUIOp, kernel.value(op.size), instances)
    width = w.round_up(one, RING_PADDING)
    first = w.mul(slot, width)
    count = w.cast(w.load(kernel.array(op.counts), slot), INDEX)
    if instances is None:
        _deposit(kernel, op, w.mul(slot, extent), count, first, w.mul(length, width))
    else:
        _deposit_for_instances(kernel, op, w.mul(slot, extent), count, first, w.mul(length, width))
        first, width = w.mul(first, instances), kernel.value(op.size)
    ring, sums, zero = kernel.array(op.ring), kernel.pass_in(arrived), w.constant(0, element_type(op.ring.type))
    with w.loop(width) as each:
        place = w.add(first, each.index)
        w.store(w.load(ring, place), sums, each.index)
        w.store(zero, ring, place)
    w.store(w.cast(w.add(position, w.constant(1)), i64), kernel.array(op.position), w.constant(0))
    kernel.close()


def _lower_divided(run: Run, op: DepositOp, arrived: SSAValue) -> None:
    """Writes a function that takes in spikes, and one that adds a share of what they send and gives its sums."""
    found = run.fresh_lowered(i64, run.writer.constant(BETWEEN))
    kernel = run.kernel("due", op.label.data, op=op)
    w, now = kernel.writer, kernel.pass_in(found)
    position = w.cast(w.first(kernel.array(op.position)), INDEX)
    slot = w.binary(arith.RemUIOp, position, size_of(kernel, op, op.counts))
    take_in(kernel, op, slot, w.sub(kernel.value(op.stop), kernel.value(op.start)))
    w.store(w.cast(slot, i64), now, w.constant(0))
    w.store(w.load(kernel.array(op.counts), slot), now, w.constant(1))
    w.store(w.cast(w.add(position, w.constant(1)), i64), kernel.array(op.position), w.constant(0))
    kernel.close()

    kernel = run.divided_kernel("deposit", op.label.data, op=op)
    count = run.writer.cast(run.writer.load(found, run.writer.constant(1)), INDEX)
    expect_listed(run, op, op.pointers, count, parts=True)
    run.expect(run.value(op.size), CLEAR, 1000)
    w = kernel.writer
    slot, size = w.cast(w.first(kernel.pass_in(found)), INDEX), kernel.value(op.size)
    extent = w.sub(kernel.value(op.stop), kernel.value(op.start))
    width = w.round_up(size, RING_PADDING)
    first = w.mul(slot, width)
    count = w.cast(w.load(kernel.array(op.counts), slot), INDEX)
    _deposit(kernel, op, w.mul(slot, extent), count, first, w.mul(size_of(kernel, op, op.counts), width))
    ring, sums, zero = kernel.array(op.ring), kernel.pass_in(arrived), w.constant(0, element_type(op.ring.type))
    begin, end = kernel.bounds(size, width)
    with w.loop(end, lower=begin) as each:
        place = w.add(first, each.index)
        w.store(w.load(ring, place), sums, each.index)
        w.store(zero, ring, place)
    kernel.close()


def _deposit(kernel: Kernel, op: DepositOp, spikes: SSAValue, count: SSAValue, first: SSAValue, size: SSAValue) -> None:
    """Adds what each spike sends.

    Args:
        kernel: The function.
        op: The op.
        spikes: The place of the first spike of this step in the history.
        count: Their number.
        first: The place of the slot of this step in the ring.
        size: The number of elements of the ring.
    """
    w, block = kernel.writer, region_of(op)
    flat, ring, history = kernel.array(op.flat), kernel.array(op.ring), kernel.array(op.indices)
    add = arith.AddfOp if integer_bits(element_type(op.ring.type)) is None else arith.AddiOp
    with w.loop(count) as spike:
        _announce(kernel, op, spikes, spike.index, count)
        element = w.cast(w.load(history, w.add(spikes, spike.index)), INDEX)
        begin, end = _places(kernel, op, element)
        kernel.bind(block.args[1], element)
        load_inputs(kernel, op, "spiking", element)
        with w.loop(end, lower=begin) as place:
            kernel.bind(block.args[0], place.index)
            load_inputs(kernel, op, "synapse", place.index)
            (addend,) = lower_region(kernel, block)
            at = w.add(first, w.cast(w.load(flat, place.index), INDEX))
            at = w.select(w.compare("sge", at, size), w.sub(at, size), at)
            w.store(w.binary(add, w.load(ring, at), addend), ring, at)


def _deposit_for_instances(
    kernel: Kernel, op: DepositOp, spikes: SSAValue, count: SSAValue, first: SSAValue, size: SSAValue
) -> None:
    """Adds what each spike sends, for all instances at once where many have it; arguments as in `_deposit`, of one."""
    assert op.instances is not None
    w, block, instances = kernel.writer, region_of(op), kernel.value(op.instances)
    flat, ring, history = kernel.array(op.flat), kernel.array(op.ring), kernel.array(op.indices)
    bounds = spikes, w.add(spikes, count)

    def add(element: SSAValue, place: SSAValue, lane: SSAValue, at: SSAValue, mask: SSAValue | None) -> None:
        kernel.bind(block.args[-1], lane)
        load_inputs(kernel, op, "spiking", element, lane)
        load_inputs(kernel, op, "synapse", place, lane)
        (addend,) = lower_region(kernel, block)
        own = w.add(at, lane)
        if mask is None:
            add_to(w, ring, own, addend)
            return
        old = w.load(ring, own)
        kind = arith.AddfOp if integer_bits(addend.type) is None else arith.AddiOp
        w.store(w.select(w.load(mask, lane), w.binary(kind, old, addend), old), ring, own)

    def walk(element: SSAValue, lane: SSAValue | None, mask: SSAValue | None = None) -> None:
        begin, end = _places(kernel, op, element)
        kernel.bind(block.args[1], element)
        with w.loop(end, lower=begin) as place:
            kernel.bind(block.args[0], place.index)
            at = w.add(first, w.cast(w.load(flat, place.index), INDEX))
            at = w.mul(w.select(w.compare("sge", at, size), w.sub(at, size), at), instances)
            if lane is not None:
                add(element, place.index, lane, at, mask)
                return
            with w.loop(instances) as each:
                add(element, place.index, each.index, at, mask)

    if op.alike is not None:
        with w.loop(bounds[1], lower=bounds[0]) as spike:
            walk(w.cast(w.load(history, spike.index), INDEX), None)
        return
    mask = room_for_mask(kernel, op.instances)

    def write(element: SSAValue, begin: SSAValue, following: SSAValue) -> None:
        group = element, begin, following

        def together() -> None:
            write_mask(kernel, mask, history, group, instances)
            walk(element, None, mask)

        apart = lambda: each_instance(kernel, history, group, instances, lambda lane: walk(element, lane))
        choose_walk(kernel, group, instances, together, apart)

    each_group(kernel, history, bounds, instances, write)


def _places(kernel: Kernel, op: DepositOp, element: SSAValue) -> tuple[SSAValue, SSAValue]:
    """Returns the places of the synapses of an element: the first, and one beyond the last."""
    w, pointers = kernel.writer, kernel.array(op.pointers)
    if kernel.share is not None:
        own = kernel.share.row(w, element)
        return w.cast(w.load(pointers, own), INDEX), w.cast(w.load(pointers, w.add(own, w.constant(1))), INDEX)
    delays = size_of(kernel, op, op.delays)
    first = w.mul(element, delays)
    return w.cast(w.load(pointers, first), INDEX), w.cast(w.load(pointers, w.add(first, delays)), INDEX)


def _announce(kernel: Kernel, op: DepositOp, spikes: SSAValue, spike: SSAValue, count: SSAValue) -> None:
    """Asks for the synapses of the next spike."""
    w, one = kernel.writer, kernel.writer.constant(1)
    following = w.binary(arith.MinSIOp, w.add(spike, one), w.sub(count, one))
    element = w.cast(w.load(kernel.array(op.indices), w.add(spikes, following)), INDEX)
    begin, end = _places(kernel, op, element)
    own = [value for value, role in zip(op.inputs, op.roles, strict=True) if role.data == "synapse"]
    for value in (op.flat, *own):
        array = kernel.array(value)
        announce_row(w, array, begin, end, ANNOUNCED * LINE // bytes_of(array))


def load_inputs(kernel: Kernel, op: DepositOp, role: str, number: SSAValue, lane: SSAValue | None = None) -> None:
    """Binds the elements of the inputs of one role, of an instance if there are several."""
    w = kernel.writer
    for k, (value, arg) in enumerate(zip(op.inputs, region_of(op).args[2 : len(op.inputs) + 2], strict=True)):
        if op.roles.data[k].data == role and arg.first_use is not None:
            shift = op.shift_of(k)
            place = number if shift is None else w.add(number, kernel.value(shift))
            if lane is not None and op.instances is not None and k in op.own_inputs:
                place = w.add(w.mul(place, kernel.value(op.instances)), lane)
            kernel.bind(arg, w.load(kernel.array(value), place))
