"""Lowers maps, thresholds, compaction, resets and scatters: each becomes a private function with a loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from xdsl.dialects import arith, func
from xdsl.dialects.builtin import i1, i32, i64
from xdsl.ir import Block, Operation, Region, SSAValue

from ranvier.ir.neurons import (
    FRESH,
    CompactOp,
    GatherOp,
    MapOp,
    RandomOp,
    ResetOp,
    ScatterOp,
    ThresholdOp,
    element_type,
    region_of,
    updated_inputs,
)
from ranvier.ir.slots import PADDING
from ranvier.ir.structure import StateOp
from ranvier.passes.lower.draws import TILE, fill_tile, fillable_draws
from ranvier.passes.lower.regions import lower_region
from ranvier.passes.lower.scopes import Kernel, Run, function, noalias_attributes
from ranvier.passes.lower.writer import INDEX, Writer, pointer_to

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
_Element: TypeAlias = Callable[[SSAValue], None]


def lower_map(run: Run, op: MapOp) -> None:
    """Writes the function of a map and calls it."""
    kernel = run.kernel(op.kind.data, op.label.data, op=op)
    outs = [_target(run, op, number, k) for number, k in enumerate(updated_inputs(op))]
    read_elsewhere = _gathered_roots(run, op)
    spare = [
        run.fresh(op, element_type(out.type), op.size)
        if k != FRESH and run.versions.root(out) in read_elsewhere
        else None
        for k, out in zip(updated_inputs(op), op.outs, strict=True)
    ]
    size = kernel.value(op.size)
    offset = kernel.value(op.offset) if op.offset is not None else None
    exact = op.offset is not None or _needs_exact_size(op) or not _fills_its_arrays(run, op)
    masks = any(element_type(out.type) == i1 for out in op.outs)
    upper = size if exact else kernel.writer.round_up(size, PADDING if masks else LANES)

    fresh = [k == FRESH for k in updated_inputs(op)]

    def element(index: SSAValue) -> None:
        place = index if offset is None else kernel.writer.add(index, offset)
        values = _apply(kernel, op, index, place, op.inputs)
        for value, out, temporary, new in zip(values, outs, spare, fresh, strict=True):
            target = kernel.pass_in(out if temporary is None else temporary)
            kernel.writer.store(value, target, index if new or temporary is not None else place)

    _sweep(kernel, op, upper, element)
    for out, temporary in zip(outs, spare, strict=True):
        if temporary is not None:
            with kernel.writer.loop(size) as loop:
                place = loop.index if offset is None else kernel.writer.add(loop.index, offset)
                value = kernel.writer.load(kernel.pass_in(temporary), loop.index)
                kernel.writer.store(value, kernel.pass_in(out), place)
    kernel.close()


def _target(run: Run, op: MapOp, number: int, k: int) -> SSAValue:
    if k != FRESH:
        return run.array(op.inputs[k])
    out = op.outs[number]
    buffer = run.arrays[out] = run.fresh(op, element_type(out.type), op.size)
    buffer.name_hint = buffer.name_hint or out.name_hint
    return buffer


def _sweep(kernel: Kernel, op: Operation, upper: SSAValue, element: _Element) -> None:
    draws = fillable_draws(op) if isinstance(op, MapOp) else []
    writer = kernel.writer
    if not draws:
        with writer.loop(upper) as loop:
            element(loop.index)
        return
    with writer.loop(upper, step=TILE) as tile:
        count = writer.binary(arith.MinSIOp, writer.sub(upper, tile.index), writer.constant(TILE))
        buffers = [fill_tile(kernel, draw, tile.index, count) for draw in draws]
        with writer.loop(count) as loop:
            for draw, buffer in zip(draws, buffers, strict=True):
                kernel.bind(draw.value, writer.load(buffer, loop.index))
            element(writer.add(tile.index, loop.index))


def _apply(
    kernel: Kernel, op: Operation, index: SSAValue, place: SSAValue, inputs: Sequence[SSAValue]
) -> Sequence[SSAValue]:
    """Binds the arguments of the region of `op` (the index, the elements at `place` that it uses) and writes it."""
    block = region_of(op)
    kernel.bind(block.args[0], index)
    for arg, value in zip(block.args[1:], inputs, strict=True):
        if arg.first_use is not None:
            kernel.bind(arg, kernel.writer.load(kernel.array(value), place))
    return lower_region(kernel, block)


def _gathered_roots(run: Run, op: Operation) -> set[SSAValue]:
    """The buffers that a region reads at other places than its own element."""
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
    """Tells whether the region must not run on the padding: it could read out of bounds, trap, or not end."""
    own = region_of(op).args[0]
    for inner in op.walk():
        if isinstance(inner, GatherOp) and not _in_step(op, inner, own):
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
    kernel = run.kernel("threshold", op.label.data, op=op)
    upper = kernel.value(op.size)
    if not _needs_exact_size(op):
        upper = kernel.writer.round_up(upper, PADDING)
    with kernel.writer.loop(upper) as loop:
        (value,) = _apply(kernel, op, loop.index, loop.index, op.inputs)
        kernel.writer.store(value, kernel.pass_in(mask), loop.index)
    kernel.close()
    _compact(run, mask, run.value(op.size), op.events)


def lower_compact(run: Run, op: CompactOp) -> None:
    """Calls the function that turns a mask into events."""
    _compact(run, run.array(op.mask), run.value(op.size), op.events)


COMPACT = "rv.compact"
WORD = 8
"""Elements of a mask that are looked at together where a block has a true one."""


def _compact(run: Run, mask: SSAValue, size: SSAValue, events: SSAValue) -> None:
    target = run.event_list(events)
    if COMPACT not in run.functions:
        _write_compact(run)
    run.writer.call(COMPACT, [mask, target.indices, target.count, size])


def _write_compact(run: Run) -> None:
    types = [pointer_to(i1), pointer_to(i32), pointer_to(i64), INDEX]
    block = Block(arg_types=types)
    for arg, hint in zip(block.args, ("mask", "events", "count", "n"), strict=True):
        arg.name_hint = hint
    w = Writer(block)
    mask, events, count, size = block.args
    with w.loop(size, step=PADDING, carried=[w.constant(0)]) as tile:
        with w.when(_any(w, mask, tile.index, PADDING), otherwise=[tile.args[1]]) as found:
            found.give(_append_block(w, mask, events, tile.index, tile.args[1], size))
        tile.give(*found.results)
    w.store(w.cast(tile.results[0], i64), count, w.constant(0))
    w.op(func.ReturnOp, [])
    w.finish()
    compact = run.functions[COMPACT] = function(COMPACT, types, [], Region(block))
    compact.properties["arg_attrs"] = noalias_attributes(types)


def _append_block(
    w: Writer, mask: SSAValue, events: SSAValue, start: SSAValue, found: SSAValue, size: SSAValue
) -> SSAValue:
    """Appends the indices of the true elements of one block and returns the new count."""
    last = w.add(start, w.constant(PADDING))
    with w.loop(last, lower=start, step=WORD, carried=[found]) as word:
        flags = _any(w, mask, word.index, WORD)
        with w.when(flags, otherwise=[word.args[1]]) as some:
            some.give(_append_word(w, mask, events, word.index, word.args[1], size))
        word.give(*some.results)
    return word.results[0]


def _append_word(
    w: Writer, mask: SSAValue, events: SSAValue, start: SSAValue, found: SSAValue, size: SSAValue
) -> SSAValue:
    """Appends the indices of the true elements of one word without branches; returns the new count.

    Each index is written at the current end and kept if its element is true: never beyond the padded list.
    """
    with w.loop(w.constant(WORD), carried=[found]) as each:
        index = w.add(start, each.index)
        w.store(w.cast(index, i32), events, each.args[1])
        flag = w.binary(arith.AndIOp, w.load(mask, index), w.compare("slt", index, size))
        each.give(w.add(each.args[1], w.select(flag, w.constant(1), w.constant(0))))
    return each.results[0]


def _any(w: Writer, mask: SSAValue, start: SSAValue, number: int) -> SSAValue:
    """Whether one of some elements of a mask is true."""
    with w.loop(w.constant(number), carried=[w.constant(0, i1)]) as each:
        flag = w.load(mask, w.add(start, each.index))
        each.give(w.binary(arith.OrIOp, each.args[1], flag))
    return each.results[0]


def lower_reset(run: Run, op: ResetOp) -> None:
    """Writes the function of a reset: a loop over the events."""
    events = run.event_list(op.events)
    kernel = run.kernel(op.kind.data, op.label.data, op=op)
    gathered = _gathered_roots(run, op)
    spare = [
        run.fresh_lowered(element_type(out.type), events.size) if run.versions.root(out) in gathered else None
        for out in op.outs
    ]
    writer = kernel.writer
    count = writer.cast(writer.first(kernel.pass_in(events.count)), INDEX)
    indices = kernel.pass_in(events.indices)
    with writer.loop(count) as loop:
        index = writer.cast(writer.load(indices, loop.index), INDEX)
        values = _apply(kernel, op, index, index, op.inputs)
        for value, out, temporary in zip(values, op.outs, spare, strict=True):
            if temporary is None:
                writer.store(value, kernel.array(out), index)
            else:
                writer.store(value, kernel.pass_in(temporary), loop.index)
    for out, temporary in zip(op.outs, spare, strict=True):
        if temporary is not None:
            with writer.loop(count) as loop:
                value = writer.load(kernel.pass_in(temporary), loop.index)
                writer.store(value, kernel.array(out), writer.cast(writer.load(indices, loop.index), INDEX))
    kernel.close()


def lower_scatter(run: Run, op: ScatterOp) -> None:
    """Writes the function of a scatter; if its region reads the array it writes, it goes through temporaries."""
    kernel = run.kernel(op.kind.data, op.label.data, op=op)
    writer = kernel.writer
    root = run.versions.root(op.array)
    size, target = kernel.value(op.size), kernel.array(op.array)
    reads = _gathered_roots(run, op) | {run.versions.root(value) for value in op.inputs}
    if root not in reads:
        with writer.loop(size) as loop:
            index, value = _apply(kernel, op, loop.index, loop.index, op.inputs)
            writer.store(value, target, index)
        kernel.close()
        return
    indices = kernel.pass_in(run.fresh(op, i64, op.size))
    values = kernel.pass_in(run.fresh(op, element_type(op.array.type), op.size))
    with writer.loop(size) as loop:
        index, value = _apply(kernel, op, loop.index, loop.index, op.inputs)
        writer.store(writer.cast(index, i64), indices, loop.index)
        writer.store(value, values, loop.index)
    with writer.loop(size) as loop:
        index = writer.cast(writer.load(indices, loop.index), INDEX)
        writer.store(writer.load(values, loop.index), target, index)
    kernel.close()
