"""Counts how many of some rows of bits have each bit set: vertical counters, all bits of a line at once.

A counter of each bit position is spread over planes: plane k holds bit k of all counters. Adding a row is adding with
carry, plane by plane, in logical operations on whole vectors; eight rows at a time most of the carries stay inside
(Harley and Seal's tree of carry-save adders). A row of a line then costs three instructions for 512 synapses. The
counters of a line stay in registers while all rows are added; at the end they become numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import arith, math
from xdsl.dialects.builtin import i1, i64
from xdsl.ir import SSAValue

from ranvier.ir.arrivals import ROW_BITS, ArrivalsOp
from ranvier.passes.lower.due_rows import size_of
from ranvier.passes.lower.scopes import Kernel
from ranvier.passes.lower.vectors import load_vector, reinterpret, splat, store_vector, vector_of, widened
from ranvier.passes.lower.writer import INDEX, Writer, element_of

WORD = 64
LINE = ROW_BITS // WORD
"""The number of words of a vector."""
GROUP = 8
"""Rows that are added together."""
PLANES = 8
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
    """Writes the loops that add to `counted`, for each element, the number of rows in which its bit is set.

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
    planes = w.alloca(i64, PLANES * LINE)
    with w.loop(w.round_up(number, GROUP), step=BATCH) as batch:
        rest = w.sub(number, batch.index)
        rows = w.binary(arith.MinSIOp, rest, w.constant(BATCH))
        end = w.add(batch.index, w.round_up(rows, GROUP))
        used = _bits_of(w, rows)
        with w.loop(width, lower=first, step=LINE) as line:
            counters = _count_line(w, words, due, line.index, batch.index, end)
            for k, plane in enumerate(counters):
                store_vector(w, plane, planes, w.constant(k * LINE))
            with w.loop(w.constant(LINE)) as word:
                place = w.mul(w.add(line.index, word.index), w.constant(WORD))
                _add_counters(w, planes, word.index, used, counted, place)


def words_of_row(kernel: Kernel, op: ArrivalsOp) -> SSAValue:
    """Returns the number of words of a row of bits."""
    w = kernel.writer
    return w.binary(arith.ShRUIOp, w.round_up(kernel.value(op.size), ROW_BITS), w.constant(6))


def _bits_of(w: Writer, number: SSAValue) -> SSAValue:
    """Returns the number of bits that a number takes."""
    zeros = w.op(math.CountLeadingZerosOp, [w.cast(number, i64)], [i64]).results[0]
    return w.cast(w.sub(w.constant(64, i64), zeros), INDEX)


def _count_line(
    w: Writer, words: SSAValue, due: SSAValue, line: SSAValue, begin: SSAValue, end: SSAValue
) -> Sequence[SSAValue]:
    """Returns the planes of the counters of one line."""
    zero = splat(w, 0, vector_of(i64, LINE))
    with w.loop(end, lower=begin, step=GROUP, carried=[zero] * PLANES) as group:
        rows = [
            load_vector(w, words, w.add(w.cast(w.load(due, w.add(group.index, w.constant(k))), INDEX), line), LINE)
            for k in range(GROUP)
        ]
        ones, twos, fours, *high = group.args[1:]
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
        group.give(ones, twos, fours, *high)
    return group.results


def _add_three(w: Writer, a: SSAValue, b: SSAValue, c: SSAValue) -> tuple[SSAValue, SSAValue]:
    """Returns a full adder for each bit: the sum and the carry."""
    half = w.binary(arith.XOrIOp, a, b)
    both = w.binary(arith.AndIOp, a, b)
    carry = w.binary(arith.OrIOp, both, w.binary(arith.AndIOp, half, c))
    return w.binary(arith.XOrIOp, half, c), carry


def _add_counters(
    w: Writer, planes: SSAValue, word: SSAValue, used: SSAValue, counted: SSAValue, place: SSAValue
) -> None:
    """Adds the counters of one word, from the highest plane that is in use down."""
    numbers = vector_of(element_of(counted), WORD)
    with w.loop(used, carried=[splat(w, 0, numbers)]) as bit:
        plane = w.sub(w.sub(used, w.constant(1)), bit.index)
        mask = load_vector(w, planes, w.add(w.mul(plane, w.constant(LINE)), word), 1)
        each = widened(w, reinterpret(w, mask, vector_of(i1, WORD)), numbers)
        doubled = w.add(bit.args[1], bit.args[1])
        bit.give(w.sub(doubled, each))
    store_vector(w, w.add(load_vector(w, counted, place, WORD), bit.results[0]), counted, place)
