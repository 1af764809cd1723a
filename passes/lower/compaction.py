"""Lowers compaction: from a mask to the list of the elements for which it is true."""

from __future__ import annotations

from xdsl.dialects import arith, func
from xdsl.dialects.builtin import i1, i32, i64
from xdsl.ir import Block, Region, SSAValue

from ranvier.ir.neurons import FRESH, CompactOp, MapOp, updated_inputs
from ranvier.ir.slots import PADDING
from ranvier.passes.lower.scopes import Run, function, noalias_attributes
from ranvier.passes.lower.writer import INDEX, Writer, pointer_to

COMPACT = "rv.compact"
WORD = 8
"""Elements of a mask that are looked at together where a block has a true one."""


def compaction_of(op: MapOp) -> CompactOp | None:
    """Returns the compaction that can be done with a map: the next op, of a mask that only it reads."""
    compact = op.next_op
    if not isinstance(compact, CompactOp) or op.offset is not None:
        return None
    made = [out for out, k in zip(op.outs, updated_inputs(op), strict=True) if k == FRESH]
    same = compact.clock is op.clock and compact.size is op.size
    return compact if same and compact.mask in made and compact.mask.has_one_use() else None


def lower_compact(run: Run, op: CompactOp) -> None:
    """Calls the function that turns a mask into events, unless the map that made the mask has done it."""
    if op not in run.compacted:
        compact_mask(run, run.array(op.mask), run.value(op.size), op.events)


def compact_mask(run: Run, mask: SSAValue, size: SSAValue, events: SSAValue) -> None:
    """Calls the function that turns a mask into events."""
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
    padded = w.round_up(size, PADDING)
    found = append_tile(w, mask, w.constant(0), padded, events, w.constant(0), size)
    w.store(w.cast(found, i64), count, w.constant(0))
    w.op(func.ReturnOp, [])
    w.finish()
    compact = run.functions[COMPACT] = function(COMPACT, types, [], Region(block))
    compact.properties["arg_attrs"] = noalias_attributes(types, unaligned=[2])


def append_tile(
    w: Writer,
    mask: SSAValue,
    start: SSAValue,
    length: SSAValue,
    events: SSAValue,
    found: SSAValue,
    size: SSAValue,
) -> SSAValue:
    """Appends the numbers of the true elements of a mask and returns the new count.

    Args:
        w: Writes the code.
        mask: The mask of elements `start`, `start + 1`, ...
        start: The number of the first element.
        length: The number of elements, a multiple of `PADDING`.
        events: The list.
        found: The count so far.
        size: Elements from here on are padding.
    """
    with w.loop(length, step=PADDING, carried=[found]) as block:
        with w.when(_any(w, mask, block.index, PADDING), otherwise=[block.args[1]]) as some:
            some.give(_append_block(w, mask, start, block.index, events, block.args[1], size))
        block.give(*some.results)
    return block.results[0]


def _append_block(
    w: Writer, mask: SSAValue, start: SSAValue, first: SSAValue, events: SSAValue, found: SSAValue, size: SSAValue
) -> SSAValue:
    """Appends the numbers of the true elements of one block of the mask and returns the new count."""
    last = w.add(first, w.constant(PADDING))
    with w.loop(last, lower=first, step=WORD, carried=[found]) as word:
        with w.when(_any(w, mask, word.index, WORD), otherwise=[word.args[1]]) as some:
            some.give(_append_word(w, mask, start, word.index, events, word.args[1], size))
        word.give(*some.results)
    return word.results[0]


def _append_word(
    w: Writer, mask: SSAValue, start: SSAValue, first: SSAValue, events: SSAValue, found: SSAValue, size: SSAValue
) -> SSAValue:
    """Appends the numbers of the true elements of one word without branches; returns the new count.

    Each number is written at the current end and kept if its element is true: never beyond the padded list.
    """
    with w.loop(w.constant(WORD), carried=[found]) as each:
        place = w.add(first, each.index)
        number = w.add(start, place)
        w.store(w.cast(number, i32), events, each.args[1])
        flag = w.binary(arith.AndIOp, w.load(mask, place), w.compare("slt", number, size))
        each.give(w.add(each.args[1], w.select(flag, w.constant(1), w.constant(0))))
    return each.results[0]


def _any(w: Writer, mask: SSAValue, start: SSAValue, number: int) -> SSAValue:
    """Tells whether one of some elements of a mask is true."""
    with w.loop(w.constant(number), carried=[w.constant(0, i1)]) as each:
        flag = w.load(mask, w.add(start, each.index))
        each.give(w.binary(arith.OrIOp, each.args[1], flag))
    return each.results[0]
