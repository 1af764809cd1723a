"""Maps, thresholds, resets as kernels: a thread for each element, lists by counting before writing."""

from __future__ import annotations

from xdsl.dialects.builtin import i1, i32, i64
from xdsl.ir import SSAValue

from ranvier.ir.lanes import TabulateOp
from ranvier.ir.neurons import FRESH, CompactOp, MapOp, ResetOp, ThresholdOp, updated_inputs
from ranvier.ir.types import element_type
from ranvier.passes.kernels.blocks import own_part, prefix_sum
from ranvier.passes.kernels.device import DeviceKernel, DeviceRun
from ranvier.passes.lower.sweeps import apply_region, gathered_roots, target_of
from ranvier.passes.lower.writer import INDEX

MOST_BLOCKS = 256
"""Blocks of a kernel over a list whose length only the device knows."""


def map_kernel(run: DeviceRun, op: MapOp) -> bool:
    """Writes the kernel of a map; where it reads other elements of what it updates, another one brings the new ones."""
    kernel = run.device_kernel(op.kind.data, op.label.data, op=op)
    updates = updated_inputs(op)
    outs = [target_of(run, op, n, k) for n, k in enumerate(updates)]
    elsewhere = gathered_roots(run, op)
    spare = [
        run.fresh(op, element_type(out.type), op.size) if k != FRESH and run.versions.root(out) in elsewhere else None
        for k, out in zip(updates, op.outs, strict=True)
    ]
    with kernel.each(run.value(op.size), "elements") as index:
        place = _shifted(kernel, op, index)
        values = apply_region(kernel, op, index, place, op.inputs)
        for value, out, temporary, k in zip(values, outs, spare, updates, strict=True):
            target = kernel.pass_in(out if temporary is None else temporary)
            kernel.writer.store(value, target, index if k == FRESH or temporary is not None else place)
    kernel.close()
    if any(temporary is not None for temporary in spare):
        _bring(run, op, [(out, temporary) for out, temporary in zip(outs, spare, strict=True) if temporary is not None])
    return True


def _shifted(kernel: DeviceKernel, op: MapOp, index: SSAValue) -> SSAValue:
    return index if op.offset is None else kernel.writer.add(index, kernel.value(op.offset))


def _bring(run: DeviceRun, op: MapOp, arrays: list[tuple[SSAValue, SSAValue]]) -> None:
    kernel = run.device_kernel(op.kind.data, op.label.data, "copy", op=op)
    with kernel.each(run.value(op.size), "elements") as index:
        place = _shifted(kernel, op, index)
        for out, temporary in arrays:
            kernel.writer.store(kernel.writer.load(kernel.pass_in(temporary), index), kernel.pass_in(out), place)
    kernel.close()


def tabulate_kernel(run: DeviceRun, op: TabulateOp) -> bool:
    """Writes the kernel that computes arrays once per run."""
    kernel = run.device_kernel("tabulate", op=op)
    for out in op.outs:
        buffer = run.arrays[out] = run.fresh_lowered(element_type(out.type), run.value(op.size))
        buffer.name_hint = buffer.name_hint or out.name_hint
    with kernel.each(run.value(op.size), "elements") as index:
        for value, out in zip(apply_region(kernel, op, index, index, ()), op.outs, strict=True):
            kernel.writer.store(value, kernel.pass_in(run.arrays[out]), index)
    kernel.close()
    return True


def threshold_kernel(run: DeviceRun, op: ThresholdOp) -> bool:
    """Writes the kernel that tells for which elements a condition holds, and those that list them."""
    mask = run.fresh(op, i1, op.size)
    kernel = run.device_kernel("threshold", op.label.data, op=op)
    with kernel.each(run.value(op.size), "elements") as index:
        (value,) = apply_region(kernel, op, index, index, op.inputs)
        kernel.writer.store(value, kernel.pass_in(mask), index)
    kernel.close()
    _list_elements(run, op, mask)
    return True


def compact_kernel(run: DeviceRun, op: CompactOp) -> bool:
    """Writes the kernels that list the elements of a mask."""
    _list_elements(run, op, run.array(op.mask))
    return True


def _list_elements(run: DeviceRun, op: ThresholdOp | CompactOp, mask: SSAValue) -> None:
    """Writes three kernels: each block counts, one block adds up, each block writes its own.

    So the list ascends, whatever the order in which blocks run.
    """
    size, events = run.value(op.size), run.event_list(op.events)
    counts = run.fresh(op, i64, op.size)
    count = run.device_kernel("count", op=op)
    count.over(size, run.block, "elements")
    flag = _flag(count, mask, size)
    _, total = prefix_sum(count, flag)
    w = count.writer
    with w.when(w.compare("eq", count.thread(), count.zero)):
        w.store(w.cast(total, i64), count.pass_in(counts), count.block_number())
    number = count.blocks
    assert number is not None
    count.close()
    _add_up(run, op, counts, number, events.count)
    place = run.device_kernel("place", op=op)
    place.over(size, run.block, "elements")
    flag, w = _flag(place, mask, size), place.writer
    before, _ = prefix_sum(place, flag)
    with w.when(w.compare("ne", flag, place.zero)):
        first = w.cast(w.load(place.pass_in(counts), place.block_number()), INDEX)
        w.store(w.cast(place.number(), i32), place.pass_in(events.indices), w.add(first, before))
    place.close()


def _flag(kernel: DeviceKernel, mask: SSAValue, size: SSAValue) -> SSAValue:
    """Returns 1 for elements that are in the mask, 0 for others and for threads beyond the last."""
    w, number = kernel.writer, kernel.number()
    with w.when(w.compare("slt", number, kernel.pass_in(size)), otherwise=[w.constant(0)]) as inside:
        inside.give(w.select(w.load(kernel.pass_in(mask), number), w.constant(1), w.constant(0)))
    return inside.results[0]


def _add_up(run: DeviceRun, op: ThresholdOp | CompactOp, counts: SSAValue, number: SSAValue, total: SSAValue) -> None:
    """Writes the kernel that replaces counts by the sums of those before, and stores the sum of all."""
    kernel = run.device_kernel("offsets", op=op)
    kernel.one_block("blocks")
    w, array = kernel.writer, kernel.pass_in(counts)
    begin, end = own_part(kernel, kernel.pass_in(number))
    with w.loop(end, lower=begin, carried=[w.constant(0)]) as each:
        each.give(w.add(each.args[1], w.cast(w.load(array, each.index), INDEX)))
    before, everything = prefix_sum(kernel, each.results[0])
    with w.loop(end, lower=begin, carried=[before]) as each:
        own = w.cast(w.load(array, each.index), INDEX)
        w.store(w.cast(each.args[1], i64), array, each.index)
        each.give(w.add(each.args[1], own))
    with w.when(w.compare("eq", kernel.thread(), kernel.zero)):
        w.store(w.cast(everything, i64), kernel.pass_in(total), kernel.zero)
    kernel.close()


def reset_kernel(run: DeviceRun, op: ResetOp) -> bool:
    """Writes the kernel of a reset; where it reads other elements of what it updates, another brings the new ones."""
    events = run.event_list(op.events)
    gathered = gathered_roots(run, op)
    spare = [
        run.fresh_lowered(element_type(out.type), events.size) if run.versions.root(out) in gathered else None
        for out in op.outs
    ]
    kernel = run.device_kernel(op.kind.data, op.label.data, op=op)
    number = _over_events(run, kernel, events.count)
    w, indices = kernel.writer, kernel.pass_in(events.indices)
    with w.loop(number, lower=kernel.number(), step=MOST_BLOCKS * run.block) as each:
        index = w.cast(w.load(indices, each.index), INDEX)
        values = apply_region(kernel, op, index, index, op.inputs)
        for value, out, temporary in zip(values, op.outs, spare, strict=True):
            if temporary is None:
                w.store(value, kernel.array(out), index)
            else:
                w.store(value, kernel.pass_in(temporary), each.index)
    kernel.close()
    moved = [(out, temporary) for out, temporary in zip(op.outs, spare, strict=True) if temporary is not None]
    if moved:
        kernel = run.device_kernel(op.kind.data, op.label.data, "copy", op=op)
        number = _over_events(run, kernel, events.count)
        w, indices = kernel.writer, kernel.pass_in(events.indices)
        with w.loop(number, lower=kernel.number(), step=MOST_BLOCKS * run.block) as each:
            index = w.cast(w.load(indices, each.index), INDEX)
            for out, temporary in moved:
                w.store(w.load(kernel.pass_in(temporary), each.index), kernel.array(out), index)
        kernel.close()
    return True


def _over_events(run: DeviceRun, kernel: DeviceKernel, count: SSAValue) -> SSAValue:
    """Gives a kernel threads for events, of which only the device knows the number, and returns this."""
    kernel.some_blocks(MOST_BLOCKS, "events")
    return kernel.writer.cast(kernel.writer.first(kernel.pass_in(count)), INDEX)
