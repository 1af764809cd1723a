"""Lowers maps, thresholds, compaction, resets and scatters: each becomes a private function with a loop."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager

from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import i1, i64
from xdsl.ir import Block, Operation, SSAValue

from ranvier.ir.lanes import TabulateOp
from ranvier.ir.neurons import FRESH, MapOp, ResetOp, ScatterOp, ThresholdOp, region_of, updated_inputs
from ranvier.ir.scalars import GatherOp, NativeOp, RandomOp
from ranvier.ir.slots import GREATEST_GROUP, PADDING, TILE
from ranvier.ir.structure import StateOp
from ranvier.ir.types import element_type
from ranvier.passes.lower.compaction import append_tile, compact_mask, compaction_of, found_by
from ranvier.passes.lower.draws import fill_tile, fillable_draws
from ranvier.passes.lower.instances import Element, instances_of, sweep_instances
from ranvier.passes.lower.lowered import LoweredEvents
from ranvier.passes.lower.phases import words
from ranvier.passes.lower.regions import lower_region
from ranvier.passes.lower.scopes import Kernel, Run
from ranvier.passes.lower.tiles import Tile, tiles
from ranvier.passes.lower.writer import INDEX

LANES = 16
"""Trip counts of sweeps are multiples of this, so that vectorised loops need no remainder."""

_TRAPPING = (
    arith.DivSIOp,
    arith.DivUIOp,
    arith.RemSIOp,
    arith.RemUIOp,
    arith.FloorDivSIOp,
    arith.CeilDivSIOp,
    arith.CeilDivUIOp,
)
_ITERATIVE = ("poisson", "binomial")


def lower_map(run: Run, op: MapOp) -> None:
    """Writes the function of a map and calls it.

    Where the next op compacts a mask that the map makes and nobody else reads, the map does both, tile by tile: the
    mask of a tile stays in the cache and never becomes an array. Where results are only stored at the end of a call,
    there are two functions.
    """
    late = run.late.get(op)
    if late is None or run.is_last is None:
        _write_map(run, op, frozenset())
        return
    writer, all_stored, others_stored = run.writer, Block(), Block()
    for block, left_out in ((all_stored, frozenset[SSAValue]()), (others_stored, late)):
        with writer.inside(block):
            _write_map(run, op, left_out)
            writer.op(scf.YieldOp, [])
    writer.branch(run.is_last, all_stored, others_stored)


def _write_map(run: Run, op: MapOp, left_out: frozenset[SSAValue]) -> None:
    """Writes the function of a map, which does not store the results that are left out, and calls it."""
    kernel = run.divided_kernel(op.kind.data, op.label.data, op=op)
    compact = None if instances_of(op) else compaction_of(op)
    outs = [
        kernel.writer.alloca(i1, TILE) if compact is not None and compact.mask is out else target_of(run, op, number, k)
        for number, (k, out) in enumerate(zip(updated_inputs(op), op.outs, strict=True))
    ]
    read_elsewhere = gathered_roots(run, op)
    spare = [
        run.fresh(op, element_type(out.type), op.size)
        if k != FRESH and run.versions.root(out) in read_elsewhere
        else None
        for k, out in zip(updated_inputs(op), op.outs, strict=True)
    ]
    size = kernel.value(op.size)
    offset = kernel.value(op.offset) if op.offset is not None else None
    exact = op.offset is not None or _needs_exact_size(op) or not _fills_its_arrays(run, op)
    fused = None if compact is None else compact.mask
    masks = any(element_type(out.type) == i1 and out is not fused and _is_new(op, out) for out in op.outs)
    upper = size if exact else kernel.writer.round_up(size, PADDING if masks else LANES)

    fresh = [k == FRESH for k in updated_inputs(op)]

    def element(index: SSAValue, in_tile: SSAValue) -> None:
        place = index if offset is None else kernel.writer.add(index, offset)
        values = apply_region(kernel, op, index, place, op.inputs)
        for value, result, out, temporary, new in zip(values, op.outs, outs, spare, fresh, strict=True):
            if compact is not None and compact.mask is result:
                kernel.writer.store(value, out, in_tile)
                continue
            if result in left_out:
                continue
            target = kernel.pass_in(out if temporary is None else temporary)
            kernel.writer.store(value, target, index if new or temporary is not None else place)

    if compact is None:
        _sweep(kernel, op, upper, element)
    else:
        mask = next(out for out, result in zip(outs, op.outs, strict=True) if result is compact.mask)
        _sweep_and_compact(kernel, op, upper, element, mask, run.event_list(compact.events))
        run.compacted.add(compact)
    for out, temporary in zip(outs, spare, strict=True):
        if temporary is not None:
            with kernel.writer.loop(size) as loop:
                place = loop.index if offset is None else kernel.writer.add(loop.index, offset)
                value = kernel.writer.load(kernel.pass_in(temporary), loop.index)
                kernel.writer.store(value, kernel.pass_in(out), place)
    kernel.close()


def target_of(run: Run, op: MapOp, number: int, k: int) -> SSAValue:
    if k != FRESH:
        return run.array(op.inputs[k])
    out = op.outs[number]
    buffer = run.arrays[out] = run.fresh(op, element_type(out.type), op.size)
    buffer.name_hint = buffer.name_hint or out.name_hint
    return buffer


def _is_new(op: MapOp, out: SSAValue) -> bool:
    return any(k == FRESH and made is out for k, made in zip(updated_inputs(op), op.outs, strict=True))


def _sweep(kernel: Kernel, op: MapOp, upper: SSAValue, element: Element) -> None:
    writer = kernel.writer
    if splits := instances_of(op):
        sweep_instances(kernel, op, splits, element)
        return
    if not fillable_draws(op):
        begin, end = kernel.bounds(kernel.value(op.size), upper)
        with writer.loop(end, lower=begin) as loop:
            element(loop.index, loop.index)
        return
    begin, end = kernel.bounds(kernel.value(op.size), upper)
    if kernel.share is not None and kernel.share.whole is not None:
        _sweep_from(kernel, op, begin, end, element)
        return
    with tiles(writer, end, None if kernel.share is None else begin) as tile:
        _sweep_tile(kernel, op, tile, element)


def _sweep_from(kernel: Kernel, op: MapOp, begin: SSAValue, end: SSAValue, element: Element) -> None:
    """Writes the loops over a range that begins and ends anywhere: random numbers are made by whole groups of elements.

    The numbers of the group in which two ranges meet are made for both. None are made ahead: both would keep them.
    """
    writer = kernel.writer
    first = writer.sub(begin, writer.binary(arith.RemUIOp, begin, writer.constant(GREATEST_GROUP)))
    first = writer.select(writer.compare("slt", begin, end), first, end)
    with tiles(writer, end, first) as tile:
        _sweep_tile(kernel, op, tile, element, begin)


def _sweep_and_compact(
    kernel: Kernel, op: MapOp, upper: SSAValue, element: Element, mask: SSAValue, events: LoweredEvents
) -> None:
    writer = kernel.writer
    size, found = kernel.value(op.size), found_by(kernel, events)
    indices = kernel.pass_in(events.indices)
    begin, end = kernel.bounds(size, upper)
    with tiles(writer, end, None if kernel.share is None else begin, [begin]) as tile:
        length = tile.length
        behind = writer.round_up(length, PADDING)  # the last block may be swept in part, and is read as a whole
        with writer.loop(writer.constant(PADDING)) as last:
            place = writer.sub(writer.add(behind, last.index), writer.constant(PADDING))
            writer.store(writer.constant(0, i1), mask, place)
        _sweep_tile(kernel, op, tile, element)
        loop = tile.loop
        loop.give(append_tile(kernel, writer, mask, tile.start, length, indices, loop.args[1], size))
    found.set(loop.results[0], begin)


def _sweep_tile(kernel: Kernel, op: MapOp, tile: Tile, element: Element, begin: SSAValue | None = None) -> None:
    """Writes the loop over one tile; over its elements from `begin` on if that is given (see `_sweep_from`)."""
    writer, draws, start, length = kernel.writer, fillable_draws(op), tile.start, tile.length
    drawn = length if begin is None else writer.round_up(length, GREATEST_GROUP)
    left = writer.binary(arith.MinSIOp, writer.sub(kernel.value(op.size), start), drawn)
    buffers = [fill_tile(kernel, draw, start, left, op.size if begin is None else None) for draw in draws]
    lower = None
    if begin is not None:
        lower = writer.binary(arith.MaxSIOp, writer.sub(begin, start), writer.constant(0))
    with writer.loop(length, lower=lower) as loop:
        for draw, buffer in zip(draws, buffers, strict=True):
            kernel.bind(draw.value, writer.load(buffer, loop.index))
        element(writer.add(start, loop.index), loop.index)


def apply_region(
    kernel: Kernel, op: Operation, index: SSAValue, place: SSAValue, inputs: Sequence[SSAValue]
) -> Sequence[SSAValue]:
    """Binds the arguments of the region of `op` (the index, the elements at `place` that it uses) and writes it."""
    block = region_of(op)
    kernel.bind(block.args[0], index)
    for arg, value in zip(block.args[1:], inputs, strict=True):
        if arg.first_use is not None:
            kernel.bind(arg, kernel.writer.load(kernel.array(value), place))
    return lower_region(kernel, block)


def gathered_roots(run: Run, op: Operation) -> set[SSAValue]:
    """Returns the buffers that a region reads at other places than its own element."""
    own = region_of(op).args[0]
    whole = not isinstance(op, MapOp) or op.offset is not None
    return {
        run.versions.root(inner.array)
        for inner in op.walk()
        if isinstance(inner, GatherOp) and (whole or inner.index is not own)
    }


def _fills_its_arrays(run: Run, op: MapOp) -> bool:
    """Tells whether what a map updates is as long as the map, so that there is padding behind it to write to."""
    return all(_size_of(run.versions.root(out)) is op.size for out in op.outs)


def _size_of(root: SSAValue) -> SSAValue | None:
    owner = root.owner
    return owner.size if isinstance(owner, StateOp | MapOp) else None


def _needs_exact_size(op: Operation) -> bool:
    """Tells whether the region must not run on the padding: it could read out of bounds, trap, not end, or count."""
    own = region_of(op).args[0]
    for inner in op.walk():
        if isinstance(inner, NativeOp) or (isinstance(inner, GatherOp) and not _in_step(op, inner, own)):
            return True
        if isinstance(inner, _TRAPPING) and not isinstance(inner.operands[1].owner, arith.ConstantOp):
            return True
        if isinstance(inner, RandomOp) and inner.distribution.data in _ITERATIVE:
            return True
        if inner is not op and inner.regions:
            return True
    return False


def _in_step(op: Operation, gather: GatherOp, own: SSAValue) -> bool:
    """Tells whether a gather reads within bounds for padded elements too: one place for all elements."""
    owner = gather.index.owner
    return gather.index is not own and (isinstance(owner, Block) or owner.parent_op() is not op)


def lower_threshold(run: Run, op: ThresholdOp) -> None:
    """Writes the function that sweeps the condition into a mask, and compacts the mask."""
    mask = run.fresh(op, i1, op.size)
    kernel = run.divided_kernel("threshold", op.label.data, op=op)
    upper = kernel.value(op.size)
    if not _needs_exact_size(op):
        upper = kernel.writer.round_up(upper, PADDING)

    def element(index: SSAValue, _: SSAValue) -> None:
        (value,) = apply_region(kernel, op, index, index, op.inputs)
        kernel.writer.store(value, kernel.pass_in(mask), index)

    if splits := instances_of(op):
        sweep_instances(kernel, op, splits, element)
    else:
        begin, end = kernel.bounds(kernel.value(op.size), upper)
        with kernel.writer.loop(end, lower=begin) as loop:
            element(loop.index, loop.index)
    kernel.close()
    compact_mask(run, op, mask, run.value(op.size))


def lower_tabulate(run: Run, op: TabulateOp) -> None:
    """Writes the function that computes arrays once per run."""
    kernel = run.kernel("tabulate", op=op)
    outs: list[SSAValue] = []
    for out in op.outs:
        buffer = run.arrays[out] = run.fresh_lowered(element_type(out.type), run.value(op.size))
        buffer.name_hint = buffer.name_hint or out.name_hint
        outs.append(buffer)
    with kernel.writer.loop(kernel.value(op.size)) as loop:
        for value, buffer in zip(apply_region(kernel, op, loop.index, loop.index, ()), outs, strict=True):
            kernel.writer.store(value, kernel.pass_in(buffer), loop.index)
    kernel.close()


def lower_reset(run: Run, op: ResetOp) -> None:
    """Writes the function of a reset: a loop over the events."""
    events = run.event_list(op.events)
    kernel = run.divided_kernel(op.kind.data, op.label.data, op=op)
    gathered = gathered_roots(run, op)
    spare = [
        run.fresh_lowered(element_type(out.type), events.size) if run.versions.root(out) in gathered else None
        for out in op.outs
    ]
    writer = kernel.writer
    first, count, is_own = _events_of(kernel, events)
    indices = kernel.pass_in(events.indices)
    with (
        writer.loop(count, lower=first) as loop,
        _own_event(kernel, events, writer.load(indices, loop.index), is_own=is_own) as index,
    ):
        values = apply_region(kernel, op, index, index, op.inputs)
        for value, out, temporary in zip(values, op.outs, spare, strict=True):
            if temporary is None:
                writer.store(value, kernel.array(out), index)
            else:
                writer.store(value, kernel.pass_in(temporary), loop.index)
    for out, temporary in zip(op.outs, spare, strict=True):
        if temporary is not None:
            with writer.loop(count, lower=first) as loop:
                value = writer.load(kernel.pass_in(temporary), loop.index)
                writer.store(value, kernel.array(out), writer.cast(writer.load(indices, loop.index), INDEX))
    kernel.close()


def _events_of(kernel: Kernel, events: LoweredEvents) -> tuple[SSAValue, SSAValue, bool]:
    """Returns where events begin in their list, where they end, and whether all of these are those of the share.

    They are if the share has found them in the same phase: the lists of all are joined when it ends.
    """
    w = kernel.writer
    numbers = None if kernel.phase is None else kernel.phase.lists.get(events.indices)
    if numbers is None:
        return w.constant(0), w.cast(w.first(kernel.pass_in(events.count)), INDEX), False
    assert kernel.share is not None
    size = kernel.pass_in(events.size)
    begin, _ = kernel.bounds(size, size)
    found = w.cast(w.load(kernel.pass_in(numbers), words(w, kernel.share.part)), INDEX)
    return begin, w.add(begin, found), True


@contextmanager
def _own_event(kernel: Kernel, events: LoweredEvents, event: SSAValue, *, is_own: bool) -> Generator[SSAValue]:
    """Opens the code for an event: where the work is divided, only for those of the share."""
    writer = kernel.writer
    index = writer.cast(event, INDEX)
    if kernel.share is None or is_own:
        yield index
        return
    size = kernel.pass_in(events.size)
    begin, end = kernel.bounds(size, size)
    above = writer.compare("sge", index, begin)
    with writer.when(writer.binary(arith.AndIOp, above, writer.compare("slt", index, end))):
        yield index


def lower_scatter(run: Run, op: ScatterOp) -> None:
    """Writes the function of a scatter; if its region reads the array it writes, it goes through temporaries."""
    kernel = run.kernel(op.kind.data, op.label.data, op=op)
    writer = kernel.writer
    root = run.versions.root(op.array)
    size, target = kernel.value(op.size), kernel.array(op.array)
    reads = gathered_roots(run, op) | {run.versions.root(value) for value in op.inputs}
    if root not in reads:
        with writer.loop(size) as loop:
            index, value = apply_region(kernel, op, loop.index, loop.index, op.inputs)
            writer.store(value, target, index)
        kernel.close()
        return
    indices = kernel.pass_in(run.fresh(op, i64, op.size))
    values = kernel.pass_in(run.fresh(op, element_type(op.array.type), op.size))
    with writer.loop(size) as loop:
        index, value = apply_region(kernel, op, loop.index, loop.index, op.inputs)
        writer.store(writer.cast(index, i64), indices, loop.index)
        writer.store(value, values, loop.index)
    with writer.loop(size) as loop:
        index = writer.cast(writer.load(indices, loop.index), INDEX)
        writer.store(writer.load(values, loop.index), target, index)
    kernel.close()
