"""Uniform random numbers: Philox4x32-10 (Salmon and others, Parallel random numbers: as easy as 1, 2, 3; 2011).

A random value is a function of (key, step, stream, element), with no state. The layout is fixed for ever:

* A few blocks of 128 bits serve a group of neighbours: as many as two of the widest vectors of values, so that small
  populations waste few bits, and neighbours are written by whole vectors.
* 64-bit values: 16 blocks serve 32 elements. Element e is served by the block ``B = 16 (e // 32) + e % 16``; words 0
  (the upper half) and 1 are the value of the first element of a block, words 2 and 3 that of the element 16 behind it.
* 32-bit values: 32 blocks serve 128 elements. Element e is served by the block ``B = 32 (e // 128) + e % 32``; word w
  is the value of the element ``32 w`` behind the first of the block.
* Normal numbers: 8 blocks serve 32 elements (in f32, 16 blocks serve 64), see ``normal``. Element e is served by the
  block ``B = 8 (e // 32) + e % 8``; words 0 and 1 make the numbers of the first element of a block and of the one 8
  behind it, words 2 and 3 those of the elements 16 and 24 behind it.
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

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from ranvier.ir.slots import SEVERAL, SHARING, TILE, TOGETHER, Sharing

from .builder import FILL, Body, Function, FunctionTable, Value, element_of, like
from .floating import F32, F64, Format

MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
WEYL = (0x9E3779B9, 0xBB67AE85)
ROUNDS = 10
LOW_WORD = (1 << 32) - 1
SINGLE = 1 << 31
WIDEST = 512
"""Bits of the widest vector."""

COUNTER = ("i64", "i64", "i64", "i64")


def rounds(
    b: Body, counter: Sequence[Value], key: Sequence[Value], number: int = ROUNDS
) -> tuple[list[Value], list[Value]]:
    """Returns the four words of a block after some rounds, and the key of the next round.

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
    """Returns the two halves of a key."""
    return [key, key >> 32]


def counter_words(
    step: Value, stream: Value, block: Value, draw: Value | int = 0, nearby: Value | None = None
) -> list[Value]:
    """Returns the counter of a block, as the module's docstring lays it out.

    Args:
        step: The time step.
        stream: The random variable.
        block: The index of the block.
        draw: The number of the draw.
        nearby: A block of the same tile: its upper bits are the same, and the same for all lanes of a loop.
    """
    upper = block if nearby is None else nearby
    last = ((step >> 32) & 0xFFF) | ((upper >> 20) & (0xFF << 12))
    return [block, stream, step, last | (draw if isinstance(draw, int) else (draw & 0xFFF) << 20)]


def wide_values(b: Body, counter: Sequence[Value], key: Value) -> list[Value]:
    """Returns the two 64-bit values of a block.

    Word 0 is the upper half of a product, changed by c1 and a key, word 1 the lower half of the same product: so the
    two together are that product, changed in its upper half.
    """
    (c0, c1, c2, c3), (k0, k1) = rounds(b, counter, key_words(key), ROUNDS - 1)
    first = (c0 & LOW_WORD) * MULTIPLIERS[0]
    second = (c2 & LOW_WORD) * MULTIPLIERS[1]
    return [second ^ (k0 << 32) ^ (c1 << 32), first ^ (k1 << 32) ^ (c3 << 32)]


def pair_values(b: Body, counter: Sequence[Value], key: Value) -> list[Value]:
    """Returns two 64-bit values of a block: words 1 and 0, words 3 and 2.

    They cost less than `wide_values`, for which the word before the last round has to be moved upwards: LLVM makes
    that a multiplication by 2**32 times the multiplier, of 64 bits.
    """
    (c0, c1, c2, c3), (k0, k1) = rounds(b, counter, key_words(key), ROUNDS - 1)
    first = (c0 & LOW_WORD) * MULTIPLIERS[0]
    second = (c2 & LOW_WORD) * MULTIPLIERS[1]
    turned = (b.intrinsic("fshl", product, product, 32) for product in (second, first))
    return [product ^ ((word ^ k) & LOW_WORD) for product, word, k in zip(turned, (c1, c3), (k0, k1), strict=True)]


def narrow_values(b: Body, counter: Sequence[Value], key: Value) -> list[Value]:
    """Returns the four 32-bit values of a block, as i32."""
    words, _ = rounds(b, counter, key_words(key))
    return [b.convert("trunc", w, like(w.type, "i32")) for w in words]


def wide_block(b: Body, key: Value, step: Value, stream: Value, block: Value, draw: Value) -> list[Value]:
    """Returns the two 64-bit values of a draw."""
    return wide_values(b, counter_words(step, stream, block, draw), key)


@dataclass(frozen=True)
class Source:
    """Where a kind of random numbers takes its bits from.

    Attributes:
        sharing: Which elements share a block.
        draw: What stands in the counter of a block for the number of the draw.
        values: Returns the values of a block, given its counter and the key.
        bits: How many bits a value has.
    """

    sharing: Sharing
    draw: int
    values: Callable[[Body, Sequence[Value], Value], list[Value]]
    bits: int = 64

    @property
    def neighbours(self) -> int:
        """How many elements in a row have blocks of their own."""
        return self.sharing.neighbours

    def of_element(self, b: Body, key: Value, step: Value, stream: Value, element: Value) -> list[Value]:
        """Returns the values of the block that serves an element."""
        return self.values(b, counter_words(step, stream, block_of(element, self.sharing), self.draw), key)


WIDE = Source(SHARING["uniform.f64"], 0, wide_values)
NARROW = Source(SHARING["uniform.f32"], SINGLE, narrow_values, 32)
UNIFORM = {F64: WIDE, F32: NARROW}


def block_of(element: Value, sharing: Sharing) -> Value:
    """Returns the index of the block that serves an element."""
    row = sharing.neighbours
    return (element >> log2(sharing.group)) * row + (element & (row - 1))


def log2(power: int) -> int:
    """Returns the logarithm of a power of two."""
    return power.bit_length() - 1


def place_in_block(element: Value, sharing: Sharing) -> Value:
    """Returns the number of an element among those that share its block."""
    return (element >> log2(sharing.neighbours)) & (sharing.values - 1)


def to_uniform(value: Value) -> Value:
    """Returns the upper bits of a random integer as a number in [0, 1)."""
    f = F64 if element_of(value.type) == "i64" else F32
    bits = f.fraction + 1
    return value.body.convert("uitofp", value >> (f.width - bits), like(value.type, f.type)) * 2.0**-bits


def word_of(b: Body, values: Sequence[Value], element: Value, sharing: Sharing) -> Value:
    """Returns the one of a block's two or four values that belongs to an element."""
    place = place_in_block(element, sharing)
    result = values[0]
    for number, value in enumerate(values[1:], 1):
        result = b.select(place.eq(number), value, result)
    return result


OUT = "ptr noalias nocapture writeonly"
IN = "ptr noalias nocapture readonly"
SINGLE_PARAMETERS = (OUT, IN, *COUNTER, "i64", "i64")
ROWS_PARAMETERS = (OUT, IN, *COUNTER, "i64", "i64", "i64", "i64")
READS = FILL.replace("argmem: write", "argmem: readwrite")


def _scalar(f: Format) -> Function:
    """Returns the function of (key, step, stream, element) that gives one number."""
    source = UNIFORM[f]

    def write(b: Body, key: Value, step: Value, stream: Value, element: Value) -> Value:
        values = source.of_element(b, key, step, stream, element)
        return to_uniform(word_of(b, values, element, source.sharing))

    return Function(f.type, COUNTER, write)


def _fill(f: Format) -> Function:
    """Returns the procedure (out, key, step, stream, first element, groups) that writes the numbers of groups."""
    source = UNIFORM[f]

    def write(b: Body, out: Value, *given: Value) -> None:
        with group_blocks(b, source, *given) as (group, lane, values):
            for number, value in enumerate(values):
                b.store(to_uniform(value), out, place_of(source, group, number) + lane)

    return Function("void", (OUT, *COUNTER, "i64"), write, FILL)


def _single(f: Format) -> Function:
    """Returns the procedure that writes numbers of single blocks.

    It has the parameters (out, places, key, step, stream, first element, count, words), see `single_blocks`. Numbers of
    the elements that share a block follow each other at distances of a tile: at least so many as `words` says, rounded
    up to a multiple of `TOGETHER` elements.
    """

    def write(b: Body, out: Value, places: Value, *given: Value) -> None:
        *place, _ = given
        with single_blocks(b, UNIFORM[f], places, *place) as (lane, values):
            for number, value in enumerate(values):
                b.store(to_uniform(value), out, lane + TILE * number)

    return Function("void", SINGLE_PARAMETERS, write, READS)


def _rows(f: Format, *, one: bool = False) -> Function:
    """Returns the procedure that writes numbers of instances.

    It has the parameters (out, keys, instance, step, stream, element, count, blocks, apart, begin), see `row_blocks`.
    Rows of numbers, one for each element, begin at `begin` in `out` and are `apart`, which is at least `count` rounded
    up: first those that share the block of `element`, then those that share that of its neighbour, and so on.

    Args:
        f: The format.
        one: Whether to write only the first row of each block.
    """
    source = UNIFORM[f]

    def write(b: Body, out: Value, keys: Value, *given: Value) -> None:
        *place, apart, begin = given
        for block, lane, values in row_blocks(b, source, keys, *place):
            for number, value in enumerate(values[:1] if one else values):
                row = block * source.sharing.values + number
                b.store_several(to_uniform(value), out, begin + row * apart + lane)

    return Function("void", ROWS_PARAMETERS, write, READS)


Blocks = Generator[tuple[Value, list[Value]]]
"""Opens a loop over blocks: gives the index of each, and its values."""


@contextmanager
def group_blocks(
    b: Body, source: Source, key: Value, step: Value, stream: Value, first: Value, groups: Value
) -> Generator[tuple[Value, Value, list[Value]]]:
    """Opens a loop over the blocks of some groups, at least one, from a `first` element on; all are in one tile.

    It gives the number of the group, the number of the block in it, and its values.
    """
    start, row = block_of(first, source.sharing), source.neighbours
    with b.count(groups) as group, b.count(row, interleaved=row >= TOGETHER) as lane:
        block = start + (group * row + lane)
        yield group, lane, source.values(b, counter_words(step, stream, block, source.draw, start), key)


def place_of(source: Source, group: Value, number: int) -> Value:
    """Returns where the numbers of a group of elements begin that are made of the values `number` of its blocks."""
    return group * source.sharing.group + source.neighbours * number


@contextmanager
def single_blocks(
    b: Body, source: Source, places: Value, key: Value, step: Value, stream: Value, first: Value, count: Value
) -> Blocks:
    """Opens a loop over single blocks at several steps.

    Args:
        b: The body.
        source: Where they come from.
        places: For each block, the number of its first element from `first` on in the lower half, less than that of
            neighbours, and the number of a step from `step` on in its upper half.
        key: The key.
        step: The first step.
        stream: The random variable.
        first: The first element of a group.
        count: How many, is rounded up to a multiple of `TOGETHER`.
    """
    start = block_of(first, source.sharing)
    with by_vectors(b, count) as lane:
        place = b.load("i64", places, lane)
        counter = counter_words(step + (place >> 32), stream, start + (place & LOW_WORD), source.draw, start)
        yield lane, source.values(b, counter, key)


def row_blocks(
    b: Body,
    source: Source,
    keys: Value,
    instance: Value,
    step: Value,
    stream: Value,
    element: Value,
    count: Value,
    blocks: Value,
) -> Generator[tuple[Value, Value, list[Value]]]:
    """Writes loops over the blocks that serve neighbours, in several instances.

    It gives, one after another, each block that their bodies make: its number, the number of the first of some
    instances that follow each other, and vectors of values, one for each of these. Who takes them writes into the body.

    Bodies make several blocks of an instance, as far as there are so many: these share the additions to the key, and in
    the first two rounds what depends on step and stream only. That is a fourth of all instructions.

    Args:
        b: The body.
        source: Where they come from.
        keys: The keys of all instances.
        instance: The first instance.
        step: The time step.
        stream: The random variable.
        element: The element, the first of its block.
        count: How many instances, is rounded up to a multiple of `TOGETHER`.
        blocks: How many blocks, from that of `element` on: not more than are in its group.
    """
    start = block_of(element, source.sharing)
    several = SEVERAL * source.bits // 64
    whole = blocks >> log2(several)
    left = blocks & (several - 1)
    for number, lanes, done, times in (
        (several, WIDEST // source.bits, None, whole),
        (1, TOGETHER, whole << log2(several), left),
    ):
        with b.when(times.ne(0)), b.count(times) as time:
            first = time << log2(number) if done is None else done + time
            places = [first + k for k in range(number)]
            counters = [counter_words(step, stream, start + place, source.draw, start) for place in places]
            wide = [[b.splat(word, lanes) for word in counter] for counter in counters]
            with vectors(b, count, lanes) as lane:
                key = b.load_several(f"<{lanes} x i64>", keys, instance + lane)
                for place, counter in zip(places, wide, strict=True):
                    yield place, lane, source.values(b, counter, key)


@contextmanager
def vectors(b: Body, count: Value, lanes: int) -> Generator[Value]:
    """Opens a loop over vectors of at least `count` values, a multiple of `TOGETHER`; gives the index of the first."""
    parts = ((count + (TOGETHER - 1)) >> log2(TOGETHER)) * (TOGETHER // lanes)
    with b.count(parts) as part:
        yield part << log2(lanes)


@contextmanager
def by_vectors(b: Body, count: Value, *, interleaved: bool = True) -> Generator[Value]:
    """Opens a loop over at least `count` indices: its inner loop has a constant length, and needs no remainder."""
    shift = log2(TOGETHER)
    with b.count((count + (TOGETHER - 1)) >> shift) as part, b.count(TOGETHER, interleaved=interleaved) as lane:
        yield (part << shift) + lane


def functions_of(
    distribution: str,
    scalar: Callable[[Format], Function],
    fill: Callable[[Format], Function],
    single: Callable[[Format], Function],
    rows: Callable[..., Function],
) -> FunctionTable:
    """Returns the functions of a distribution by their names, given what writes each kind for a format.

    Args:
        distribution: The name of the distribution.
        scalar: Writes the function that gives one value.
        fill: Writes that for groups of elements.
        single: Writes that for single elements.
        rows: Writes that for the elements of several keys; with `one` for one element of each.
    """
    return {
        f"{name}{distribution}.{f.suffix}": function
        for f in (F64, F32)
        for name, function in (
            ("", scalar(f)),
            ("fill_", fill(f)),
            ("single_", single(f)),
            ("row_", rows(f, one=True)),
            ("rows_", rows(f, one=False)),
        )
    }


FUNCTIONS: FunctionTable = functions_of("uniform", _scalar, _fill, _single, _rows)
