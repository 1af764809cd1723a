"""Normal random numbers, by pairs: 64 random bits make two (Box and Muller).

For a uniform number u and an angle, ``sqrt(-2 log u)`` times the cosine and the sine of the angle are two normal
numbers. The angle is an eighth of a turn and d, at most an eighth, in the quarter turn that two random signs choose, so
no sine or cosine has to be told from another:

    s = sqrt(-log u);  first = +- s (cos d - sin d);  second = +- s (cos d + sin d)

In f64, a pair has a value v of 64 bits: word 1 of a block is its upper half, word 0 the lower (or words 3 and 2).

* Bit 63 is the sign of the first number, bit 62 that of the second.
* u is a number of 52 bits, 61 to 10, plus a half, times 2**-52. The upper 40 of them decide nothing else.
* d is a number of 52 bits that begins at bit 21 and goes on behind bit 0 with 63, 62 and so on, but for the last, which
  is 1; it is made a number between -1/2 and 1/2 of a quarter turn. The first 22 of its bits decide the angle to
  2**-24 turns; those behind are taken from others so that there are no gaps between angles.

In f32, word 0 (or 2) gives u: 31 bits, rounded, plus a half, times 2**-31, and less than 1. Word 1 (or 3) gives signs
in its upper two bits, and d in the 23 bits 29 to 7, the last of which is 1.

So f64 numbers are at most 8.6 (f32: 6.7). u and d are independent to 2**-40 and 2**-24 turns: numbers beyond 7.45, of
which 10**13 have one, come in fewer directions. Logarithm, sine and cosine are minimax polynomials, right to 2**-33 of
the value (f32: 2**-25), which no number of samples shows; what they are belongs to the definition
(`ranvier.ir.normal_polynomials`).

Bits are made for a whole tile, kept, and then made numbers: each of the two loops is short enough that a processor
works on several turns of it at once, and the square root takes the time of the logarithm of the next.
"""

from __future__ import annotations

from ranvier.ir import normal_polynomials as c
from ranvier.ir.slots import ALIGNMENT, ROWS, SHARING, TILE

from .builder import FILL, Body, Function, FunctionTable, Value, like
from .floating import F32, F64, Format
from .philox import (
    COUNTER,
    OUT,
    READS,
    ROWS_PARAMETERS,
    SINGLE,
    SINGLE_PARAMETERS,
    WIDEST,
    Source,
    by_vectors,
    functions_of,
    group_blocks,
    narrow_values,
    pair_values,
    place_in_block,
    row_blocks,
    single_blocks,
    vectors,
)

LN2 = 0.6931471805599453

SOURCES = {
    F64: Source(SHARING["normal.f64"], 0, pair_values),
    F32: Source(SHARING["normal.f32"], SINGLE, narrow_values, 32),
}
WORDS = {F64: 1, F32: 2}
"""How many values of a block make a pair."""


def _unit(bits: Value, f: Format, least: int = 0) -> Value:
    """Returns the number in [1, 2) whose fraction is the lower bits of an integer; `least` is a bit of it that is 1."""
    return ((bits & ((1 << f.fraction) - 1 - least)) | (f.bits_of(1.0) + least)).as_float()


def _uniform(b: Body, words: list[Value], f: Format) -> Value:
    """Returns u, more than 0 and less than 1."""
    if f is F64:
        return _unit(words[0] >> 10, f) - (1.0 - 2.0**-53)
    u = b.fma(b.convert("uitofp", words[0] >> 1, like(words[0].type, f.type)), 2.0**-31, 2.0**-32)
    most = 1.0 - 2.0**-24
    return b.select(u < most, u, most)


def _part(b: Body, words: list[Value], f: Format) -> Value:
    """Returns d as a part of a quarter turn."""
    bits = b.intrinsic("fshl", words[0], words[0], 30) if f is F64 else words[1] >> 7
    return _unit(bits, f, 1) - 1.5


def _root_of_log(b: Body, u: Value, f: Format) -> Value:
    """Returns ``sqrt(-log u)``.

    With ``u = 2**-(n + 1) (2 - t)``, t in (0, 1], it is the root of ``n log 2 - log(1 - t/2)``: both are at least 0.
    """
    bits = u.bits()
    t = 2.0 - _unit(bits, f)
    polynomial = c.LOG_F64 if f is F64 else c.LOG_F32
    square = t * t
    rest = t * b.fma(b.polynomial(square, polynomial[1::2]), t, b.polynomial(square, polynomial[::2]))
    carrier = f.bits_of(2.0**f.fraction)
    n = (2.0**f.fraction + (f.bias - 1)) - ((bits >> f.fraction) | carrier).as_float()
    return b.intrinsic("sqrt", b.fma(n, LN2, rest))


def _circle(b: Body, part: Value, f: Format) -> tuple[Value, Value]:
    """Returns ``sin(d)/part`` and ``cos(d)``."""
    square = part * part
    wide = f is F64
    sine = b.polynomial(square, c.SINE_F64 if wide else c.SINE_F32)
    return sine, b.polynomial(square, c.COSINE_F64 if wide else c.COSINE_F32)


def _with_sign(number: Value, bits: Value, f: Format) -> Value:
    """Returns a number with the upper bit of an integer as its sign, which must be clear."""
    return (number.bits() ^ (bits & f.sign_mask)).as_float()


def _pair(b: Body, words: list[Value], f: Format) -> list[Value]:
    """Returns the two numbers of a pair."""
    root, part = _root_of_log(b, _uniform(b, words, f), f), _part(b, words, f)
    sine, cosine = _circle(b, part, f)
    first, second = b.fma(-part, sine, cosine) * root, b.fma(part, sine, cosine) * root
    return [_with_sign(first, words[-1], f), _with_sign(second, words[-1] << 1, f)]


def _scalar(f: Format) -> Function:
    """Returns the function of (key, step, stream, element) that gives one number."""
    source, words = SOURCES[f], WORDS[f]

    def write(b: Body, key: Value, step: Value, stream: Value, element: Value) -> Value:
        values = source.of_element(b, key, step, stream, element)
        place = place_in_block(element, source.sharing)
        is_late, is_second = (place & 2).ne(0), (place & 1).ne(0)
        mine = [b.select(is_late, late, early) for early, late in zip(values[:words], values[words:], strict=True)]
        part = _part(b, mine, f)
        sine, cosine = _circle(b, part, f)
        number = b.fma(b.select(is_second, part, -part), sine, cosine) * _root_of_log(b, _uniform(b, mine, f), f)
        return _with_sign(number, b.select(is_second, mine[-1] << 1, mine[-1]), f)

    return Function(f.type, COUNTER, write)


def _buffer(b: Body, f: Format, words: int) -> Value:
    """Returns memory for words."""
    return b.emit("ptr", f"alloca [{words} x {f.bits}], align {ALIGNMENT}")


def _fill(f: Format) -> Function:
    """Returns the procedure (out, key, step, stream, first element, groups) that writes the numbers of groups."""
    source, words = SOURCES[f], WORDS[f]
    row = source.neighbours

    def write(b: Body, out: Value, *given: Value) -> None:
        kept = _buffer(b, f, TILE * words // 2)
        with group_blocks(b, source, *given) as (group, lane, values):
            for number, value in enumerate(values):
                b.store(value, kept, (group * len(values) + number) * row + lane)
        with b.count(given[-1] << 1) as pair, b.count(row) as lane:
            mine = [b.load(f.bits, kept, (pair * words + k) * row + lane) for k in range(words)]
            for number, value in enumerate(_pair(b, mine, f)):
                b.store(value, out, (pair * 2 + number) * row + lane)

    return Function("void", (OUT, *COUNTER, "i64"), write, FILL)


def _single(f: Format) -> Function:
    """Returns the procedure that writes numbers of single blocks.

    It has the parameters (out, places, key, step, stream, first element, count, words), see
    `ranvier.codegen.mathlib.philox.single_blocks`. Numbers of the elements that share a block follow each other at
    distances of a tile, by pairs: at least so many as `words` says.
    """
    words = WORDS[f]

    def write(b: Body, out: Value, places: Value, *given: Value) -> None:
        *place, wanted = given
        kept = _buffer(b, f, TILE * 2 * words)
        with single_blocks(b, SOURCES[f], places, *place) as (lane, values):
            for number, value in enumerate(values):
                b.store(value, kept, lane + TILE * number)
        with b.count((wanted + 1) >> 1) as pair, by_vectors(b, place[-1], interleaved=False) as lane:
            mine = [b.load(f.bits, kept, (pair * words + k) * TILE + lane) for k in range(words)]
            for number, value in enumerate(_pair(b, mine, f)):
                b.store(value, out, (pair * 2 + number) * TILE + lane)

    return Function("void", SINGLE_PARAMETERS, write, READS)


def _rows(f: Format, *, one: bool = False) -> Function:
    """Returns the procedure that writes numbers of instances.

    It has the parameters (out, keys, instance, step, stream, element, count, blocks, apart, begin), see
    `ranvier.codegen.mathlib.philox.row_blocks`. Rows of numbers, one for each element, begin at `begin` in `out` and
    are `apart`, which is at least `count` rounded up: first those that share the block of `element`, then those that
    share that of its neighbour, and so on.

    Args:
        f: The format.
        one: Whether to write only the first row of each block.
    """
    words, source = WORDS[f], SOURCES[f]
    pairs = 1 if one else 2
    rows = source.sharing.values // pairs

    def write(b: Body, out: Value, keys: Value, *given: Value) -> None:
        *place, apart, begin = given
        count, blocks = place[-2:]
        kept = _buffer(b, f, ROWS * words // 2)
        for block, lane, values in row_blocks(b, source, keys, *place):
            for number, value in enumerate(values[: pairs * words]):
                b.store_several(value, kept, (block * (pairs * words) + number) * apart + lane)
        lanes = WIDEST // f.width
        vector = f"<{lanes} x {f.bits}>"
        with b.count(blocks * pairs) as pair, vectors(b, count, lanes) as lane:
            mine = [b.load_several(vector, kept, (pair * words + k) * apart + lane) for k in range(words)]
            for number, value in enumerate(_pair(b, mine, f)[: 1 if one else 2]):
                b.store_several(value, out, begin + (pair * rows + number) * apart + lane)

    return Function("void", ROWS_PARAMETERS, write, READS)


FUNCTIONS: FunctionTable = functions_of("normal", _scalar, _fill, _single, _rows)
