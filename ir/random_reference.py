"""Random numbers in numpy: the oracle of the compiled ones.

A value is a function of (key, step, stream, element). How a Philox4x32-10 block serves elements is laid out in
``codegen/mathlib/philox.py`` and ``normal.py``; this module follows it independently. Uniform numbers are equal bit for
bit, normal ones to rounding; poisson and binomial take the same decisions, tabulated numbers are equal.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.polynomial.polynomial import polyval
from numpy.typing import NDArray

from ranvier.ir import normal_polynomials as c

Floats = NDArray[np.floating[Any]]
Doubles = NDArray[np.float64]
Integers = NDArray[np.int64]
Words = NDArray[np.uint64]

Polynomial = tuple[float, ...]

_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_INVERSION_LIMIT = 10.0


def philox(counter: tuple[Words, Words, Words, Words], key: tuple[int, int]) -> tuple[Words, Words, Words, Words]:
    """Returns the four 32-bit words of Philox4x32-10 blocks, for arrays of counters of 32-bit words (all held in
    uint64).
    """
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        first, second = c0 * np.uint64(0xD2511F53), c2 * np.uint64(0xCD9E8D57)
        c0, c1, c2, c3 = (
            (second >> _HALF) ^ c1 ^ np.uint64(k0),
            second & _LOW,
            (first >> _HALF) ^ c3 ^ np.uint64(k1),
            first & _LOW,
        )
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return c0, c1, c2, c3


def _blocks(
    key: int, step: int, stream: int, index: Integers, draw: int, single: bool = False
) -> tuple[Words, Words, Words, Words]:
    block = index.astype(np.uint64)
    shape = np.zeros_like(block)
    last = (step >> 32 & 0xFFF) | (draw & 0xFFF) << 20 | (1 << 31 if single else 0)
    counter = (
        block & _LOW,
        shape + np.uint64(stream & 0xFFFFFFFF),
        shape + np.uint64(step & 0xFFFFFFFF),
        ((block >> _HALF & np.uint64(0xFF)) << np.uint64(12)) | np.uint64(last),
    )
    return philox(counter, (key & 0xFFFFFFFF, key >> 32 & 0xFFFFFFFF))


def _wide(key: int, step: int, stream: int, index: Integers, draw: int = 0) -> tuple[Words, Words]:
    w0, w1, w2, w3 = _blocks(key, step, stream, index, draw)
    return w0 << _HALF | w1, w2 << _HALF | w3


def _narrow(key: int, step: int, stream: int, elements: Integers) -> tuple[Words, Words, Words, Words]:
    """Returns the words of the block of 32-bit values that serves each element."""
    return _blocks(key, step, stream, elements // 128 * 32 + elements % 32, 0, single=True)


def _to_uniform(value: Words) -> Doubles:
    return (value >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _pick(values: tuple[NDArray[Any], ...], elements: Integers, apart: int) -> NDArray[Any]:
    return np.choose(elements // apart % len(values), values)


def uniform(key: int, step: int, stream: int, elements: NDArray[Any], *, dtype: Any = np.float64) -> Floats:
    """Returns uniform numbers in [0, 1).

    Args:
        key: 64 bits that tell runs apart.
        step: The time step.
        stream: Tells apart the random variables of a program.
        elements: Indices from 0, of any shape.
        dtype: `float64` or `float32`.

    Returns:
        Numbers of that shape and type.
    """
    elements = np.asarray(elements, np.int64)
    if np.dtype(dtype) == np.float32:
        words = _narrow(key, step, stream, elements)
        return _pick(tuple((w >> np.uint64(8)).astype(np.float64) * 2.0**-24 for w in words), elements, 32).astype(
            dtype
        )
    block = elements // 32 * 16 + elements % 16
    return _pick(tuple(_to_uniform(v) for v in _wide(key, step, stream, block)), elements, 16).astype(dtype)


def normal(key: int, step: int, stream: int, elements: NDArray[Any], *, dtype: Any = np.float64) -> Floats:
    """Returns normal numbers of mean 0 and variance 1 (Box and Muller); arguments as for `uniform`."""
    elements = np.asarray(elements, np.int64)
    single = np.dtype(dtype) == np.float32
    apart = 16 if single else 8
    block = elements // (4 * apart) * apart + elements % apart
    words = _blocks(key, step, stream, block, 0, single)
    make = _pair_f32 if single else _pair_f64
    return _pick((*make(*words[:2]), *make(*words[2:])), elements, apart).astype(dtype)


def _pair_f64(low: Words, high: Words) -> tuple[Doubles, Doubles]:
    """Returns the two normal numbers of two words."""
    value = high << _HALF | low
    u = _unit(value >> np.uint64(10)) - (1.0 - 2.0**-53)
    turned = value << np.uint64(30) | value >> np.uint64(34)
    return _turned(u, _unit(turned | np.uint64(1)) - 1.5, high, c.LOG_F64, c.SINE_F64, c.COSINE_F64)


def _unit(bits: Words) -> Doubles:
    """Returns the numbers in [1, 2) whose fractions are the lower 52 bits."""
    return 1.0 + (bits & np.uint64((1 << 52) - 1)).astype(np.float64) * 2.0**-52


def _pair_f32(first: Words, second: Words) -> tuple[Doubles, Doubles]:
    """Returns the two normal numbers of two words, whose u is rounded to f32."""
    whole = (first >> np.uint64(1)).astype(np.float32)
    u = np.minimum(whole * np.float32(2.0**-31) + np.float32(2.0**-32), np.float32(1.0 - 2.0**-24))
    part = (second >> np.uint64(7) & np.uint64((1 << 23) - 1) | np.uint64(1)).astype(np.float64) * 2.0**-23 - 0.5
    return _turned(u.astype(np.float64), part, second, c.LOG_F32, c.SINE_F32, c.COSINE_F32)


def _turned(
    u: Doubles, part: Doubles, signs: Words, log: Polynomial, sine: Polynomial, cosine: Polynomial
) -> tuple[Doubles, Doubles]:
    """Returns Box and Muller's numbers of u and a part of a quarter turn, with the signs in the bits 31 and 30."""
    significand, exponent = np.frexp(u)
    t = 2.0 - 2.0 * significand
    root = np.sqrt(-exponent * np.log(2.0) + t * polyval(t, log))
    across, along = part * polyval(part * part, sine), polyval(part * part, cosine)
    return (
        np.where(signs >> np.uint64(31) & np.uint64(1), -1.0, 1.0) * root * (along - across),
        np.where(signs >> np.uint64(30) & np.uint64(1), -1.0, 1.0) * root * (along + across),
    )


Draw = Callable[[NDArray[Any], int], tuple[Doubles, Doubles]]


def _parameters(elements: NDArray[Any], *parameters: Any) -> tuple[tuple[int, ...], Integers, list[Doubles]]:
    """Returns the common shape of elements and parameters, and all of them flat."""
    arrays: list[NDArray[Any]] = [np.asarray(elements, np.int64), *(np.asarray(p, np.float64) for p in parameters)]
    index, *values = np.broadcast_arrays(*arrays)
    shape: tuple[int, ...] = index.shape
    return shape, np.ravel(index).astype(np.int64), [np.ravel(v).astype(np.float64) for v in values]


def _drawer(key: int, step: int, stream: int, elements: Integers) -> Draw:
    """Returns the two uniform numbers of a draw, of the elements at some positions."""

    def draw(where: NDArray[Any], number: int) -> tuple[Doubles, Doubles]:
        low, high = _wide(key, step, stream, elements[where], number)
        return _to_uniform(low), _to_uniform(high)

    return draw


def poisson(key: int, step: int, stream: int, elements: NDArray[Any], mean: Any) -> Integers:
    """Returns Poisson numbers of given means (broadcast to ``elements``); 0 where a mean is not positive, or NaN."""
    shape, index, (means,) = _parameters(elements, mean)
    means = np.minimum(means, 2.0**62)
    draw = _drawer(key, step, stream, index)
    result = np.zeros(index.shape)
    small = np.flatnonzero((means > 0) & (means < _INVERSION_LIMIT))
    m = means[small]
    result[small] = _invert(draw(small, 0)[0], np.exp(-m), m, np.zeros_like(m), np.full_like(m, 1000.0))

    todo = np.flatnonzero(means >= _INVERSION_LIMIT)
    number = 0
    while todo.size:
        m = means[todo]
        width = 0.931 + 2.53 * np.sqrt(m)
        slope = -0.059 + 0.02483 * width
        k, us, v = _transformed(draw(todo, number), slope, width, m + 0.43)
        quick = (us >= 0.07) & (v <= 0.9277 - 3.6224 / (width - 2.0))
        again = (k < 0) | ((us < 0.013) & (v > us))
        with np.errstate(divide="ignore"):
            left = np.log(v * (1.1239 + 1.1328 / (width - 3.4)) / (slope / (us * us) + width))
        accept = quick | (~again & (left <= _log_poisson(np.where(again, 0.0, k), m)))
        result[todo[accept]] = k[accept]
        todo, number = todo[~accept], number + 1
    return result.astype(np.int64).reshape(shape)


def binomial(key: int, step: int, stream: int, elements: NDArray[Any], n: Any, p: Any) -> Integers:
    """Returns binomial numbers of n trials of probability p (broadcast to ``elements``).

    0 where n or p is not positive or p is NaN, n where p is 1 or more.
    """
    shape, index, (trials, chance) = _parameters(elements, n, p)
    trials = np.maximum(trials, 0.0)
    chance = np.where(chance > 0, np.minimum(chance, 1.0), 0.0)
    mirrored = chance > 0.5
    chance = np.where(mirrored, 1.0 - chance, chance)
    mean, odds = trials * chance, chance / (1.0 - chance)
    draw = _drawer(key, step, stream, index)
    result = np.zeros(index.shape)
    small = np.flatnonzero((mean > 0) & (mean < _INVERSION_LIMIT))
    first = np.exp(trials[small] * np.log1p(-chance[small]))
    most = np.minimum(trials[small], 1000.0)
    result[small] = _invert(draw(small, 0)[0], first, (trials[small] + 1.0) * odds[small], odds[small], most)

    todo = np.flatnonzero(mean >= _INVERSION_LIMIT)
    number = 0
    while todo.size:
        t, q, m = trials[todo], chance[todo], mean[todo]
        deviation = np.sqrt(m * (1.0 - q))
        width = 1.15 + 2.53 * deviation
        slope = -0.0873 + 0.0248 * width + 0.01 * q
        k, us, v = _transformed(draw(todo, number), slope, width, m + 0.5)
        mode = np.floor((t + 1.0) * q)
        quick = (us >= 0.07) & (v <= 0.92 - 4.2 / width)
        again = (k < 0) | (k > t)
        j = np.where(again, mode, k)
        with np.errstate(divide="ignore"):
            left = np.log(v * (2.83 + 5.1 / width) * deviation / (slope / (us * us) + width))
        ways = _log_factorial(mode) + _log_factorial(t - mode) - _log_factorial(j) - _log_factorial(t - j)
        accept = quick | (~again & (left <= ways + (j - mode) * np.log(odds[todo])))
        result[todo[accept]] = k[accept]
        todo, number = todo[~accept], number + 1
    return np.where(mirrored, trials - result, result).astype(np.int64).reshape(shape)


def tabulated(key: int, step: int, stream: int, elements: NDArray[Any], table: NDArray[Any]) -> Integers:
    """Returns whole numbers from 0 to 31 drawn by a table of `ranvier.ir.alias_tables`."""
    index = np.asarray(elements, np.int64)
    word = _pick(_narrow(key, step, stream, index), index, 32)
    column = word % np.uint64(32)
    entry = np.asarray(table).view(np.uint32).astype(np.uint64)[column.astype(np.int64)]
    other = entry % np.uint64(32)
    return np.where(word < entry - other, column, other).astype(np.int64)


def _invert(u: Doubles, first: Doubles, ratio: Doubles, shift: Doubles, most: Doubles) -> Doubles:
    """Returns the least k with ``P(0) + ... + P(k) > u``, given P(0) and ``P(k) / P(k - 1) = ratio / k - shift``."""
    k, probability, rest = np.zeros_like(u), first.copy(), u.copy()
    while True:
        on = (rest >= probability) & (k < most)
        if not on.any():
            return k
        rest[on] -= probability[on]
        k[on] += 1.0
        probability[on] *= ratio[on] / k[on] - shift[on]


def _transformed(
    draws: tuple[Doubles, Doubles], slope: Doubles, width: Doubles, centre: Doubles
) -> tuple[Doubles, Doubles, Doubles]:
    """Returns Hoermann's transformation: the candidate k, the distance of U from the ends, and V."""
    u, v = draws[0] - 0.5, draws[1]
    us = 0.5 - np.abs(u)
    us = np.where(us > 0, us, 2.0**-54)
    return np.floor((2.0 * slope / us + width) * u + centre), us, v


def _stirling(x: Doubles) -> Doubles:
    """Returns the series that Stirling's formula lacks, for x from 10 on."""
    z = 1.0 / (x * x)
    return (1 / 12 + z * (-1 / 360 + z * (1 / 1260 - z / 1680))) / x


def _log_factorial(k: Doubles) -> Doubles:
    product, x = np.ones_like(k), k + 1.0
    while (small := x < 10.0).any():
        product[small] *= x[small]
        x[small] += 1.0
    return (x - 0.5) * np.log(x) - x + 0.9189385332046727 + _stirling(x) - np.log(product)


def _log_poisson(k: Doubles, mean: Doubles) -> Doubles:
    few = np.minimum(k, 10.0)
    plain = k * np.log(mean) - mean - _log_factorial(few)
    many = np.maximum(k, 10.0)
    excess = many - mean
    arranged = many * np.log1p(-excess / many) + excess - (0.5 * np.log(many) + 0.9189385332046727) - _stirling(many)
    return np.where(k < 10.0, plain, arranged)
