"""Counts how many of some rows of bits have each bit set: vertical counters, all bits of a line at once.

A counter of each bit position is spread over planes: plane k holds bit k of all counters. Adding a row is adding with
carry, plane by plane, in logical operations on whole vectors; eight rows at a time most of the carries stay inside
(Harley and Seal's tree of carry-save adders). A row of a line then costs three instructions for 512 synapses.

Rows are added in strips, few enough that the processor foresees how each of them goes on; meanwhile those of the next
strip are asked for. The counters of a line stay in registers while a strip is added, and in the nearest cache between
strips; at the end they become numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import i1, i8, i64
from xdsl.ir import SSAValue

from ranvier.ir.arrivals import ROW_BITS, ArrivalsOp
from ranvier.passes.lower.due_rows import announce, size_of
from ranvier.passes.lower.scopes import Kernel
from ranvier.passes.lower.vectors import load_vector, reinterpret, splat, store_vector, vector_of, widened
from ranvier.passes.lower.writer import INDEX, Writer, element_of

WORD = 64
LINE = ROW_BITS // WORD
"""The number of words of a vector."""
GROUP = 8
"""Rows that are added together."""
STRIP = 24
"""Rows that are read side by side: processors foresee some 32 sequences of addresses."""
BLOCK = 32
"""Lines whose counters are kept at a time: 16 KB."""
PLANES, BYTE = 8, 255
BATCH = 248
"""The most rows that counters of `PLANES` bits can count, a multiple of `GROUP`."""


def end_rows(kernel: Kernel, op: ArrivalsOp, due: SSAValue, number: SSAValue, size: SSAValue) -> None:
    """Writes rows of zeros behind the list, so that it is a whole number of groups.

    Args:
        kernel: The function.
        op: The op.
        due: The first words of the rows.
        number: How many there are.
        size: The number of elements that may spike; the row of zeros comes after all of theirs.
    """
    w = kernel.writer
    last = w.mul(size, size_of(kernel, op, op.delays))
    nothing = w.cast(w.mul(last, words_of_row(kernel, op)), i64)
    for k in range(GROUP - 1):
        w.store(nothing, due, w.add(number, w.constant(k)))


def count_bits(kernel: Kernel, op: ArrivalsOp, due: SSAValue, number: SSAValue, counted: SSAValue) -> None:
    """Writes the loops that set `counted`, for each element, to the number of rows in which its bit is set.

    Args:
        kernel: The function.
        op: The op.
        due: The first words of the rows; rows of zeros follow, see `end_rows`.
        number: How many there are.
        counted: The numbers, of 16 or 32 bits.
    """
    w = kernel.writer
    assert op.words is not None
    words = kernel.array(op.words)
    first, width = w.constant(0), words_of_row(kernel, op)
    if kernel.share is not None:
        size = kernel.value(op.size)
        begin, end = kernel.bounds(size, w.round_up(size, ROW_BITS))
        first, width = (w.binary(arith.ShRUIOp, value, w.constant(6)) for value in (begin, end))
    planes = w.alloca(i64, PLANES * LINE * BLOCK)
    some = w.binary(arith.MaxSIOp, w.round_up(number, GROUP), w.constant(GROUP))  # without rows all numbers become 0
    with w.loop(some, step=BATCH) as batch:
        is_first = w.compare("eq", batch.index, w.constant(0))
        rest = w.sub(number, batch.index)
        rows = w.binary(arith.MinSIOp, rest, w.constant(BATCH))
        end = w.add(batch.index, w.round_up(rows, GROUP))
        used = _bits_of(w, rows)
        with w.loop(width, lower=first, step=BLOCK * LINE) as block:
            left = w.sub(width, block.index)
            lines = w.binary(arith.MinSIOp, left, w.constant(BLOCK * LINE))
            _clear(w, planes, lines)
            with w.loop(end, lower=batch.index, step=STRIP) as strip:
                until = w.binary(arith.MinSIOp, w.add(strip.index, w.constant(STRIP)), end)
                with w.loop(lines, step=LINE) as line:
                    place = w.add(block.index, line.index)
                    _count_line(w, words, due, place, (strip.index, until, end), (planes, line.index))
            with w.loop(w.binary(arith.DivUIOp, lines, w.constant(LINE))) as line:
                with w.loop(w.constant(LINE)) as word:
                    start = w.mul(line.index, w.constant(LINE))
                    place = w.mul(w.add(w.add(block.index, start), word.index), w.constant(WORD))
                    at = w.add(w.mul(line.index, w.constant(PLANES * LINE)), word.index)
                    _add_counters(w, planes, (at, used), counted, place, is_first)


def words_of_row(kernel: Kernel, op: ArrivalsOp) -> SSAValue:
    """Returns the number of words of a row of bits."""
    w = kernel.writer
    return w.binary(arith.ShRUIOp, w.round_up(kernel.value(op.size), ROW_BITS), w.constant(6))


def _bits_of(w: Writer, number: SSAValue) -> SSAValue:
    """Returns the number of bits that a number takes."""
    zeros = w.op(math.CountLeadingZerosOp, [w.cast(number, i64)], [i64]).results[0]
    return w.cast(w.sub(w.constant(64, i64), zeros), INDEX)


def _clear(w: Writer, planes: SSAValue, lines: SSAValue) -> None:
    """Sets the counters of some lines to 0."""
    zero = splat(w, 0, vector_of(i64, LINE))
    with w.loop(w.mul(lines, w.constant(PLANES)), step=LINE) as place:
        store_vector(w, zero, planes, place.index)


def _count_line(
    w: Writer,
    words: SSAValue,
    due: SSAValue,
    line: SSAValue,
    rows: tuple[SSAValue, SSAValue, SSAValue],
    counters: tuple[SSAValue, SSAValue],
) -> None:
    """Adds one line of the rows of a strip to its counters.

    Args:
        w: Where it is written.
        words: The rows.
        due: The first words of the rows.
        line: The first word of the line in each row.
        rows: The first row of the strip, where the strip ends, and where the last of all ends.
        counters: The planes of a block of lines, and the first word of the line in the block.
    """
    begin, until, end = rows
    planes, start = counters[0], w.mul(counters[1], w.constant(PLANES))
    places = [w.add(start, w.constant(k * LINE)) for k in range(PLANES)]
    with w.loop(until, lower=begin, step=GROUP, carried=[load_vector(w, planes, at, LINE) for at in places]) as group:
        at = [w.add(group.index, w.constant(k)) for k in range(GROUP)]
        loaded = [load_vector(w, words, w.add(w.cast(w.load(due, k), INDEX), line), LINE) for k in at]
        for k in at:
            later = w.binary(arith.MinSIOp, w.add(k, w.constant(STRIP)), w.sub(end, w.constant(1)))
            announce(w, words, w.add(w.cast(w.load(due, later), INDEX), line))
        group.give(*_add_group(w, loaded, group.args[1:]))
    for place, plane in zip(places, group.results, strict=True):
        store_vector(w, plane, planes, place)


def _add_group(w: Writer, rows: Sequence[SSAValue], planes: Sequence[SSAValue]) -> Sequence[SSAValue]:
    """Returns the planes of counters to which eight rows are added."""
    ones, twos, fours, *high = planes
    ones, a = _add_three(w, ones, rows[0], rows[1])
    ones, b = _add_three(w, ones, rows[2], rows[3])
    twos, c = _add_three(w, twos, a, b)
    ones, a = _add_three(w, ones, rows[4], rows[5])
    ones, b = _add_three(w, ones, rows[6], rows[7])
    twos, d = _add_three(w, twos, a, b)
    fours, carry = _add_three(w, fours, c, d)
    for k, plane in enumerate(high):
        high[k] = w.binary(arith.XOrIOp, plane, carry)
        carry = w.binary(arith.AndIOp, plane, carry)
    return ones, twos, fours, *high


def _add_three(w: Writer, a: SSAValue, b: SSAValue, c: SSAValue) -> tuple[SSAValue, SSAValue]:
    """Returns a full adder for each bit: the sum and the carry."""
    half = w.binary(arith.XOrIOp, a, b)
    both = w.binary(arith.AndIOp, a, b)
    carry = w.binary(arith.OrIOp, both, w.binary(arith.AndIOp, half, c))
    return w.binary(arith.XOrIOp, half, c), carry


def _add_counters(
    w: Writer,
    planes: SSAValue,
    counters: tuple[SSAValue, SSAValue],
    counted: SSAValue,
    place: SSAValue,
    is_first: SSAValue,
) -> None:
    """Adds the counters of one word to the numbers, from the highest plane that is in use down.

    Args:
        w: Where it is written.
        planes: The planes; counters have no more bits than a byte.
        counters: The word of the first plane, and the number of planes in use.
        counted: The numbers.
        place: The first of them.
        is_first: Whether the numbers have no value yet.
    """
    word, used = counters
    bytes_ = vector_of(i8, WORD)
    with w.loop(used, carried=[splat(w, 0, bytes_)]) as bit:
        plane = w.sub(w.sub(used, w.constant(1)), bit.index)
        mask = load_vector(w, planes, w.add(w.mul(plane, w.constant(LINE)), word), 1)
        each = widened(w, reinterpret(w, mask, vector_of(i1, WORD)), bytes_)
        doubled = w.add(bit.args[1], bit.args[1])
        bit.give(w.sub(doubled, each))
    kind = vector_of(element_of(counted), WORD)
    numbers = w.binary(arith.AndIOp, widened(w, bit.results[0], kind), splat(w, BYTE, kind))
    more = w.add(load_vector(w, counted, place, WORD), numbers)
    store_vector(w, w.select(is_first, numbers, more), counted, place)
