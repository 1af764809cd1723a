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
from ranvier.ir.slots import TILE

from .builder import FILL, Body, Function, FunctionTable, Value
from .floating import F32, F64, Format
from .philox import COUNTER, SINGLE_LANES, block_of, narrow_block, word_of

VECTOR = 16
"""Lanes looked up at a time: the entries of a 512-bit register."""

_WORDS = f"<{VECTOR} x i32>"
_READ = "alwaysinline memory(argmem: read) willreturn nounwind mustprogress"


def _chosen(b: Body, word: Value, column: Value, entry: Value) -> Value:
    """The column's number or the other one of its entry."""
    return b.select(word.below(entry & -COLUMNS), column, entry & (COLUMNS - 1))


def _scalar(f: Format) -> Function:
    """The function of (key, step, stream, element, table) that gives one value."""

    def write(b: Body, key: Value, step: Value, stream: Value, element: Value, table: Value) -> Value:
        word = word_of(b, narrow_block(b, key, step, stream, block_of(element, F32)), element)
        column = word & (COLUMNS - 1)
        entry = b.load("i32", table, b.convert("zext", column, "i64"))
        return b.convert("sitofp", _chosen(b, word, column, entry), f.type)

    return Function(f.type, (*COUNTER, "ptr nocapture readonly"), write, _READ)


def _looked_up(b: Body, entries: Value, column: Value) -> Value:
    """The entries at the low bits of columns."""
    lanes = column & (VECTOR - 1)
    found = Value(b, "poison", _WORDS)
    for lane in range(VECTOR):
        place = b.emit("i32", f"extractelement {_WORDS} {lanes.text}, i32 {lane}")
        entry = b.emit("i32", f"extractelement {_WORDS} {entries.text}, i32 {place.text}")
        found = b.emit(_WORDS, f"insertelement {_WORDS} {found.text}, i32 {entry.text}, i32 {lane}")
    return found


def _fill(f: Format) -> Function:
    """The procedure (out, key, step, stream, first element, table) that writes the values of a tile."""

    def write(b: Body, out: Value, key: Value, step: Value, stream: Value, first: Value, table: Value) -> None:
        words = b.emit("ptr", f"alloca [{TILE} x i32], align 64")
        start = (first >> 9) * SINGLE_LANES
        with b.count(SINGLE_LANES) as lane:
            for number, word in enumerate(narrow_block(b, key, step, stream, start + lane)):
                b.store(word, words, lane + SINGLE_LANES * number)
        low = b.load_vector(_WORDS, table, b.constant(0, "i64"))
        high = b.load_vector(_WORDS, table, b.constant(1, "i64"))
        with b.count(TILE // VECTOR) as part:
            word = b.load_vector(_WORDS, words, part)
            column = word & (COLUMNS - 1)
            upper = (column & VECTOR).ne(0)
            entry = b.select(upper, _looked_up(b, high, column), _looked_up(b, low, column))
            values = b.convert("sitofp", _chosen(b, word, column, entry), f"<{VECTOR} x {f.type}>")
            b.store_vector(values, out, part)

    parameters = ("ptr noalias nocapture writeonly", *COUNTER, "ptr noalias nocapture readonly")
    return Function("void", parameters, write, FILL.replace("argmem: write", "argmem: readwrite"))


FUNCTIONS: FunctionTable = {
    "tabulated.f64": _scalar(F64),
    "tabulated.f32": _scalar(F32),
    "fill_tabulated.f64": _fill(F64),
    "fill_tabulated.f32": _fill(F32),
}
