"""Lowers compaction: from a mask to the list of the elements for which it is true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects import arith, func, math
from xdsl.dialects.builtin import i1, i32, i64
from xdsl.ir import Attribute, Block, Region, SSAValue

from ranvier.ir.neurons import FRESH, CompactOp, MapOp, ThresholdOp, updated_inputs
from ranvier.ir.slots import PADDING
from ranvier.ir.team import DIVISION
from ranvier.passes.lower.due_rows import LINE, announce
from ranvier.passes.lower.functions import function, noalias_attributes
from ranvier.passes.lower.lowered import LoweredEvents
from ranvier.passes.lower.phases import first_of, start_of, words
from ranvier.passes.lower.scopes import FunctionScope, Kernel, Run
from ranvier.passes.lower.writer import INDEX, Writer, pointer_to

COMPACT, JOIN, JOIN_ELSEWHERE = "rv.compact", "rv.join_events", "rv.join_events_elsewhere"
ANNOUNCED = 2
"""The number of cache lines of a list of events that are asked for."""
MASK_BITS = "rv.mask_bits"
"""The function that makes one word of `PADDING` elements of a mask."""


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
        compact_mask(run, op, run.array(op.mask), run.value(op.size))


def compact_mask(run: Run, op: CompactOp | ThresholdOp, mask: SSAValue, size: SSAValue) -> None:
    """Calls the function that turns a mask into events."""
    target = run.event_list(op.events)
    if DIVISION in op.attributes:
        _compact_share(run, op, mask, target)
        return
    if COMPACT not in run.functions:
        _write_compact(run)
    run.writer.call(COMPACT, [mask, target.indices, target.count, size])


def _compact_share(run: Run, op: CompactOp | ThresholdOp, mask: SSAValue, events: LoweredEvents) -> None:
    """Writes the function that turns the share of a mask into events."""
    kernel = run.divided_kernel("compact", op=op)
    w, size, found = kernel.writer, kernel.pass_in(events.size), found_by(kernel, events)
    begin, end = kernel.bounds(size, w.round_up(size, PADDING))
    indices = kernel.pass_in(events.indices)
    last = append_tile(kernel, w, kernel.pass_in(mask), w.constant(0), end, indices, begin, size, first=begin)
    found.set(last, begin)
    kernel.close()


@dataclass(frozen=True, eq=False)
class Found:
    """Where a kernel says how many events it has found."""

    kernel: Kernel
    place: SSAValue

    def set(self, end: SSAValue, begin: SSAValue) -> None:
        """Writes how many there are from `begin` on, where the list of the kernel's share begins."""
        w, share = self.kernel.writer, self.kernel.share
        if share is None:
            w.store(w.cast(end, i64), self.place, w.constant(0))
        else:
            w.store(w.cast(w.sub(end, begin), i64), self.place, words(w, share.part))


def found_by(kernel: Kernel, events: LoweredEvents) -> Found:
    """Returns where a kernel says how many events it has found.

    Each share has its own list, in the list of all at the place of its first element: it cannot be longer than it has
    elements. Behind the phase these are joined, so that the list is that of one thread.
    """
    run, phase = kernel.run, kernel.phase
    if phase is None:
        return Found(kernel, kernel.pass_in(events.count))
    assert run.threads is not None
    size, threads, stretch = events.size, run.threads, run.stretch
    if stretch is None:
        with run.writer.inside(run.setup):
            room = words(run.writer, threads)
        numbers = phase.lists[events.indices] = run.fresh_lowered(i64, room)
        control = run.control()
        phase.last.append(
            lambda: _join_lists(run, JOIN, [events.indices, events.count, numbers, size, threads, control])
        )
        return Found(kernel, kernel.pass_in(numbers))
    all_numbers = events.numbers
    assert all_numbers is not None
    numbers = phase.lists[events.indices] = all_numbers.piece(run.writer, stretch.instant)

    def join() -> None:
        assert run.stretch is not None and events.lists is not None and events.joined is not None
        lists, numbers = (all_.piece(run.writer, run.stretch.instant) for all_ in (events.lists, all_numbers))
        given = [events.joined, events.count, numbers, size, threads, run.control(), lists]
        _join_lists(run, JOIN_ELSEWHERE, given)

    def announce_lists(instant: SSAValue) -> None:
        w, lists = run.writer, events.lists
        assert lists is not None
        begun = w.mul(instant, lists.size)
        first = w.mul(instant, all_numbers.size)
        with w.loop(threads) as part:
            announce(w, all_numbers.whole, w.add(first, words(w, part.index)))
            place = w.add(begun, first_of(w, size, start_of(w, run.control(), threads, part.index)))
            for line in range(ANNOUNCED):
                announce(w, lists.whole, w.add(place, w.constant(line * LINE // 4)))

    phase.last.append(join)
    phase.announcing.append(announce_lists)
    return Found(kernel, kernel.pass_in(numbers))


def _join_lists(run: Run, name: str, arguments: Sequence[SSAValue]) -> None:
    """Calls the function that joins the lists of all shares."""
    if name not in run.functions:
        _write_join(run, name, [value.type for value in arguments])
    run.writer.call(name, arguments)


def _write_join(run: Run, name: str, types: Sequence[Attribute]) -> None:
    """Writes the function that joins the lists of all shares: in the list where they stand, or in another one."""
    block = Block(arg_types=types)
    for arg, hint in zip(block.args, ("events", "count", "numbers", "n", "threads", "control", "lists"), strict=False):
        arg.name_hint = hint
    w = Writer(block)
    events, count, numbers, size, threads, control, *elsewhere = block.args
    zero = w.constant(0)
    lists, first, begun = events, w.constant(1), w.cast(w.first(numbers), INDEX)  # the first is where it is to be
    if elsewhere:
        lists, first, begun = elsewhere[0], zero, zero
    with w.loop(threads, lower=first, carried=[begun]) as part:
        own = w.cast(w.load(numbers, words(w, part.index)), INDEX)
        begin = first_of(w, size, start_of(w, control, threads, part.index))
        with w.loop(own) as event:
            w.store(w.load(lists, w.add(begin, event.index)), events, w.add(part.args[1], event.index))
        part.give(w.add(part.args[1], own))
    w.store(w.cast(part.results[0], i64), count, zero)
    w.op(func.ReturnOp, [])
    w.finish()
    join = run.functions[name] = function(name, types, [], Region(block))
    join.properties["arg_attrs"] = noalias_attributes(types, unaligned=[1, 5])


def _write_compact(run: Run) -> None:
    types = [pointer_to(i1), pointer_to(i32), pointer_to(i64), INDEX]
    block = Block(arg_types=types)
    for arg, hint in zip(block.args, ("mask", "events", "count", "n"), strict=True):
        arg.name_hint = hint
    w = Writer(block)
    mask, events, count, size = block.args
    padded = w.round_up(size, PADDING)
    found = append_tile(run, w, mask, w.constant(0), padded, events, w.constant(0), size)
    w.store(w.cast(found, i64), count, w.constant(0))
    w.op(func.ReturnOp, [])
    w.finish()
    compact = run.functions[COMPACT] = function(COMPACT, types, [], Region(block))
    compact.properties["arg_attrs"] = noalias_attributes(types, unaligned=[2])


def append_tile(
    scope: FunctionScope,
    w: Writer,
    mask: SSAValue,
    start: SSAValue,
    length: SSAValue,
    events: SSAValue,
    found: SSAValue,
    size: SSAValue,
    *,
    first: SSAValue | None = None,
) -> SSAValue:
    """Appends the numbers of the true elements of a mask and returns the new count.

    Args:
        scope: Where functions are declared.
        w: Writes the code.
        mask: The mask of elements `start`, `start + 1`, ...
        start: The number of the first element.
        length: The number of elements; blocks of `PADDING` are read.
        events: The list.
        found: The count so far.
        size: Elements from here on are padding.
        first: The first place of the mask to look at, a multiple of `PADDING`.
    """
    scope.declare(MASK_BITS, [pointer_to(i1), INDEX], [i64])
    mask = w.unsized(mask)
    with w.loop(length, lower=first, step=PADDING, carried=[found]) as block:
        with w.when(_any(w, mask, block.index, PADDING), otherwise=[block.args[1]]) as some:
            some.give(_append_block(w, mask, start, block.index, events, block.args[1], size))
        block.give(*some.results)
    return block.results[0]


def _append_block(
    w: Writer, mask: SSAValue, start: SSAValue, first: SSAValue, events: SSAValue, found: SSAValue, size: SSAValue
) -> SSAValue:
    """Appends the numbers of the true elements of one block of the mask and returns the new count.

    The block becomes the bits of one word, whose ones are looked for from the lowest on.
    """
    begin = w.add(start, first)
    bits = w.binary(arith.AndIOp, w.call(MASK_BITS, [mask, first], [i64])[0], _within(w, w.sub(size, begin)))
    number = w.cast(w.op(math.CtPopOp, [bits], [i64]).results[0], INDEX)
    with w.loop(number, carried=[bits]) as each:
        lowest = w.op(math.CountTrailingZerosOp, [each.args[1]], [i64]).results[0]
        w.store(w.cast(w.add(begin, w.cast(lowest, INDEX)), i32), events, w.add(found, each.index))
        each.give(w.binary(arith.AndIOp, each.args[1], w.sub(each.args[1], w.constant(1, i64))))
    return w.add(found, number)


def _within(w: Writer, left: SSAValue) -> SSAValue:
    """Returns a word whose lowest bits are ones, as many as elements are left: at least one, at most all."""
    some = w.binary(arith.ShLIOp, w.constant(1, i64), w.cast(left, i64))
    ones = w.sub(some, w.constant(1, i64))
    return w.select(w.compare("slt", left, w.constant(PADDING)), ones, w.constant(-1, i64))


def _any(w: Writer, mask: SSAValue, start: SSAValue, number: int) -> SSAValue:
    """Tells whether one of some elements of a mask is true."""
    with w.loop(w.constant(number), carried=[w.constant(0, i1)]) as each:
        flag = w.load(mask, w.add(start, each.index))
        each.give(w.binary(arith.OrIOp, each.args[1], flag))
    return each.results[0]
