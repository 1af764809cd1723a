"""Uniform random numbers: Philox4x32-10 (Salmon and others, Parallel random numbers: as easy as 1, 2, 3; 2011).

A random value is a function of (key, step, stream, element), with no state. The layout is fixed for ever:

* Elements are in tiles of 512. Element e is in tile ``T = e // 512`` at lane ``l = e % 512``.
* 64-bit values: one block of 128 bits serves the lanes l and ``l + 256``. Its index is ``B = 256 T + l % 256``;
  words 0 (the upper half) and 1 are the value of lane l, words 2 and 3 that of lane ``l + 256``.
* 32-bit values: one block serves the lanes l, ``l + 128``, ``l + 256`` and ``l + 384``. Its index is
  ``B = 128 T + l % 128``; word w is the value of lane ``l + 128 w``.
* The counter of a block is (low 32 bits of B, low 32 bits of stream, low 32 bits of step, last), where ``last`` holds
  bits 32-43 of step in its bits 0-11, bits 32-39 of B in bits 12-19, and the number of the draw modulo 4096 in bits
  20-31. Values with one draw per element have draw 0; 32-bit values have the highest bit of ``last`` set, so that they
  share no block with 64-bit ones. Thus blocks differ for all steps below 2**44, streams below 2**32 and elements
  below 2**41.
* Tabulated numbers (see ``tabulated``) are looked up by 32-bit values, whatever the type they are converted to.
* Values that may need several draws (poisson, binomial) use the block of index ``B = e``.
* The key of a block is (low half, high half) of the key.
* ``uniform.f64`` is the upper 53 bits of the value times 2**-53, ``uniform.f32`` the upper 24 bits times 2**-24:
  at least 0, less than 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ranvier.ir.slots import TILE

from .builder import FILL, Body, Function, FunctionTable, Value
from .floating import F32, F64, Format

MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
WEYL = (0x9E3779B9, 0xBB67AE85)
ROUNDS = 10
LOW_WORD = (1 << 32) - 1
SINGLE = 1 << 31

COUNTER = ("i64", "i64", "i64", "i64")


def rounds(
    b: Body, counter: Sequence[Value], key: Sequence[Value], number: int = ROUNDS
) -> tuple[list[Value], list[Value]]:
    """The four words of a block after some rounds, and the key of the next round.

    Words stand in the low halves of i64, with rubbish in the upper halves, because the vector multiplication of 32 by
    32 bits reads and fills such lanes.
    """
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(number):
        first = (c0 & LOW_WORD) * MULTIPLIERS[0]
        second = (c2 & LOW_WORD) * MULTIPLIERS[1]
        c0, c1, c2, c3 = (second >> 32) ^ (c1 ^ k0), second, (first >> 32) ^ (c3 ^ k1), first
        k0, k1 = k0 + WEYL[0], k1 + WEYL[1]
    return [c0, c1, c2, c3], [k0, k1]


def key_words(key: Value) -> list[Value]:
    """The two halves of a key."""
    return [key, key >> 32]


def counter_words(step: Value, stream: Value, block: Value, draw: Value | int = 0) -> list[Value]:
    """The counter of a block, as the module's docstring lays it out."""
    last = ((step >> 32) & 0xFFF) | ((block >> 20) & (0xFF << 12))
    return [block, stream, step, last | (draw if isinstance(draw, int) else (draw & 0xFFF) << 20)]


def wide_block(b: Body, key: Value, step: Value, stream: Value, block: Value, draw: Value | int = 0) -> list[Value]:
    """The two 64-bit values of a block.

    Word 0 is the upper half of a product, changed by c1 and a key, word 1 the lower half of the same product: so the
    two together are that product, changed in its upper half.
    """
    (c0, c1, c2, c3), (k0, k1) = rounds(b, counter_words(step, stream, block, draw), key_words(key), ROUNDS - 1)
    first = (c0 & LOW_WORD) * MULTIPLIERS[0]
    second = (c2 & LOW_WORD) * MULTIPLIERS[1]
    return [second ^ ((c1 ^ k0) << 32), first ^ ((c3 ^ k1) << 32)]


def narrow_block(b: Body, key: Value, step: Value, stream: Value, block: Value) -> list[Value]:
    """The four 32-bit values of a block, as i32."""
    words, _ = rounds(b, counter_words(step, stream, block, SINGLE), key_words(key))
    return [b.convert("trunc", w, "i32") for w in words]


BLOCK = {F64: wide_block, F32: narrow_block}

SINGLE_LANES = TILE // 4
"""Blocks of a tile of 32-bit values."""


def lanes(f: Format) -> int:
    """Blocks of a tile."""
    return TILE // 2 if f is F64 else SINGLE_LANES


def block_of(element: Value, f: Format) -> Value:
    """The index of the block that serves an element."""
    return (element >> 9) * lanes(f) + (element & (lanes(f) - 1))


def to_uniform(value: Value, plus: int = 0) -> Value:
    """The upper bits of a random integer as a number in [0, 1), plus ``plus`` units of its last place: exact."""
    f = F64 if value.type == "i64" else F32
    bits = f.fraction + 1
    whole = value >> (f.width - bits)
    if plus:
        whole = whole + plus
    return value.body.convert("uitofp", whole, f.type) * 2.0**-bits


def word_of(b: Body, values: Sequence[Value], element: Value) -> Value:
    """The one of a block's two or four values that belongs to an element."""
    lane = (element & (TILE - 1)) >> (8 if len(values) == 2 else 7)
    result = values[0]
    for number, value in enumerate(values[1:], 1):
        result = b.select(lane.eq(number), value, result)
    return result


Transform = Callable[[Body, list[Value]], list[Value]]


def scalar(f: Format, transform: Transform) -> Function:
    """The function of (key, step, stream, element) that gives one value of a block after a transformation."""

    def write(b: Body, key: Value, step: Value, stream: Value, element: Value) -> Value:
        return word_of(b, transform(b, BLOCK[f](b, key, step, stream, block_of(element, f))), element)

    return Function(f.type, COUNTER, write)


def fill(f: Format, transform: Transform) -> Function:
    """The procedure (out, key, step, stream, first element) that writes the values of a tile."""
    count = lanes(f)

    def write(b: Body, out: Value, key: Value, step: Value, stream: Value, first: Value) -> None:
        start = (first >> 9) * count
        with b.count(count) as lane:
            values = transform(b, BLOCK[f](b, key, step, stream, start + lane))
            for number, value in enumerate(values):
                b.store(value, out, lane + count * number)

    return Function("void", ("ptr noalias nocapture writeonly", *COUNTER), write, FILL)


def uniforms(b: Body, values: list[Value]) -> list[Value]:
    """Uniform numbers in [0, 1)."""
    return [to_uniform(v) for v in values]


FUNCTIONS: FunctionTable = {
    "uniform.f64": scalar(F64, uniforms),
    "uniform.f32": scalar(F32, uniforms),
    "fill_uniform.f64": fill(F64, uniforms),
    "fill_uniform.f32": fill(F32, uniforms),
}
