"""Small whole numbers of a tabulated distribution: one 32-bit word an element, and no branches.

The table (`ranvier.ir.alias_tables`) has an entry for each of 32 columns: a whole number is drawn by choosing a column,
and keeping its number or taking the other number of its entry (Walker, An efficient method for generating discrete
random variables with general distributions, 1977). The low 5 bits of a word w choose the column; the column's number
is kept where w is less than the entry without its low 5 bits, which are the other number:

    entry = table[w % 32];  value = w % 32 if w < entry - entry % 32 else entry % 32

Words are the 32-bit values of `ranvier.codegen.mathlib.philox`. A tile is looked up 16 lanes at a time. The lookup is
written as an extraction for each lane: AVX-512 permutes a register (two for 32 entries) by the indices in another,
which LLVM recognises; other targets load one entry a lane, from a line or two of memory.
"""

from __future__ import annotations

from ranvier.ir.alias_tables import COLUMNS
from ranvier.ir.slots import ALIGNMENT, ROWS, TILE

from .builder import Body, Function, FunctionTable, Value
from .floating import Format
from .philox import (
    COUNTER,
    IN,
    NARROW,
    OUT,
    READS,
    ROWS_PARAMETERS,
    SINGLE_PARAMETERS,
    functions_of,
    group_blocks,
    place_of,
    row_blocks,
    single_blocks,
    word_of,
)

VECTOR = 16
"""Lanes looked up at a time: the entries of a 512-bit register."""

_WORDS = f"<{VECTOR} x i32>"
_READ = "alwaysinline memory(argmem: read) willreturn nounwind mustprogress"


def _chosen(b: Body, word: Value, column: Value, entry: Value) -> Value:
    """Returns the column's number or the other one of its entry."""
    return b.select(word.below(entry & -COLUMNS), column, entry & (COLUMNS - 1))


def _scalar(f: Format) -> Function:
    """Returns the function of (key, step, stream, element, table) that gives one value."""

    def write(b: Body, key: Value, step: Value, stream: Value, element: Value, table: Value) -> Value:
        word = word_of(b, NARROW.of_element(b, key, step, stream, element), element, NARROW.sharing)
        column = word & (COLUMNS - 1)
        entry = b.load("i32", table, b.convert("zext", column, "i64"))
        return b.convert("sitofp", _chosen(b, word, column, entry), f.type)

    return Function(f.type, (*COUNTER, "ptr nocapture readonly"), write, _READ)


def _looked_up(b: Body, entries: Value, column: Value) -> Value:
    """Returns the entries at the low bits of columns."""
    lanes = column & (VECTOR - 1)
    found = Value(b, "poison", _WORDS)
    for lane in range(VECTOR):
        place = b.emit("i32", f"extractelement {_WORDS} {lanes.text}, i32 {lane}")
        entry = b.emit("i32", f"extractelement {_WORDS} {entries.text}, i32 {place.text}")
        found = b.emit(_WORDS, f"insertelement {_WORDS} {found.text}, i32 {entry.text}, i32 {lane}")
    return found


def _look_up(b: Body, f: Format, words: Value, table: Value, out: Value, count: Value) -> None:
    """Looks up vectors of words."""
    low = b.load_several(_WORDS, table, b.constant(0, "i64"))
    high = b.load_several(_WORDS, table, b.constant(VECTOR, "i64"))
    with b.count(count) as part:
        first = part * VECTOR
        word = b.load_several(_WORDS, words, first)
        column = word & (COLUMNS - 1)
        upper = (column & VECTOR).ne(0)
        entry = b.select(upper, _looked_up(b, high, column), _looked_up(b, low, column))
        values = b.convert("sitofp", _chosen(b, word, column, entry), f"<{VECTOR} x {f.type}>")
        b.store_several(values, out, first)


def _buffer(b: Body, size: int = TILE) -> Value:
    """Returns memory for the words of a tile."""
    return b.emit("ptr", f"alloca [{size} x i32], align {ALIGNMENT}")


def _fill(f: Format) -> Function:
    """Returns the procedure (out, key, step, stream, first element, groups, table) that writes the values of groups."""

    def write(b: Body, out: Value, *given: Value) -> None:
        key, step, stream, first, groups, table = given
        words = _buffer(b)
        with group_blocks(b, NARROW, key, step, stream, first, groups) as (group, lane, found):
            for number, word in enumerate(found):
                b.store(word, words, place_of(NARROW, group, number) + lane)
        _look_up(b, f, words, table, out, groups * (NARROW.sharing.group // VECTOR))

    return Function("void", (OUT, *COUNTER, "i64", IN), write, READS)


def _single(f: Format) -> Function:
    """Returns the procedure that writes numbers of single blocks.

    It has the parameters (out, places, key, step, stream, first element, count, words, table), see
    `ranvier.codegen.mathlib.normal`.
    """
    values = NARROW.sharing.values

    def write(b: Body, out: Value, places: Value, *given: Value) -> None:
        *place, wanted, table = given
        words = _buffer(b, TILE * values)
        with single_blocks(b, NARROW, places, *place) as (lane, found):
            for number in range(values):
                b.store(found[number], words, lane + TILE * number)
        with b.count(wanted) as number:
            row = number * TILE
            here, there = b.address(words, "i32", row), b.address(out, f.type, row)
            _look_up(b, f, here, table, there, _vectors(place[-1]))

    return Function("void", (*SINGLE_PARAMETERS, IN), write, READS)


def _rows(f: Format, *, one: bool) -> Function:
    """Returns the procedure that writes numbers of instances.

    It has the parameters (out, keys, instance, step, stream, element, count, blocks, apart, begin, table), see
    `ranvier.codegen.mathlib.normal`.

    Args:
        f: The format.
        one: Whether to write only the first row of each block.
    """
    values = NARROW.sharing.values
    used = 1 if one else values

    def write(b: Body, out: Value, keys: Value, *given: Value) -> None:
        *place, apart, begin, table = given
        count, blocks = place[-2:]
        words = _buffer(b, ROWS)
        for block, lane, found in row_blocks(b, NARROW, keys, *place):
            for k in range(used):
                b.store_several(found[k], words, (block * used + k) * apart + lane)
        with b.count(blocks * used) as row:
            here = b.address(words, "i32", row * apart)
            there = b.address(out, f.type, begin + row * (values // used) * apart)
            _look_up(b, f, here, table, there, _vectors(count))

    return Function("void", (*ROWS_PARAMETERS, IN), write, READS)


def _vectors(count: Value) -> Value:
    return (count + (VECTOR - 1)) >> (VECTOR.bit_length() - 1)


FUNCTIONS: FunctionTable = functions_of("tabulated", _scalar, _fill, _single, _rows)
