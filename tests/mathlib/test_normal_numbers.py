"""Normal random numbers: how exact they are, their distribution in bulk and tails, and that pairs are independent."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from mathlib.native import fill
from scipy import stats
from tries import tries

from ranvier.ir import random_reference as reference
from ranvier.ir.slots import SHARING, TILE

KINDS = ["f64", "f32"]
MANY = [1 << 21, pytest.param(tries(1 << 26, 1 << 28), marks=pytest.mark.long)]
PART = 1 << 21


def apart(kind):
    """How far apart the two numbers of a pair are."""
    return SHARING[f"normal.{kind}"].neighbours


def parts(kind, count, key=5):
    """Gives numbers by parts, those of one step each."""
    groups = TILE // SHARING[f"normal.{kind}"].group
    for step in range(count // PART):
        tiles = [fill(f"fill_normal.{kind}", key, step, 3, first, groups) for first in range(0, PART, TILE)]
        yield np.concatenate(tiles).astype(np.float64)


def pairs(x, kind):
    """The first and the second numbers of all pairs."""
    first, second = np.moveaxis(x.reshape(-1, 2, apart(kind)), 1, 0)
    return first.ravel(), second.ravel()


def words(rng, count):
    return rng.integers(0, 1 << 32, count, dtype=np.uint64), rng.integers(0, 1 << 32, count, dtype=np.uint64)


def exact_f64(low, high):
    """Box and Muller's numbers of two words, as the docstring of `ranvier.codegen.mathlib.normal` lays them out."""
    value = [int(h) << 32 | int(k) for h, k in zip(high, low, strict=True)]
    u = np.array([((v >> 10 & (1 << 52) - 1) + 0.5) * 2.0**-52 for v in value])
    circle = [((v & (1 << 22) - 1) << 30 | v >> 34) | 1 for v in value]
    part = np.array([c * 2.0**-52 - 0.5 for c in circle])
    signs = [np.array([1 - 2 * (v >> bit & 1) for v in value]) for bit in (63, 62)]
    return turned(u, part, signs)


def exact_f32(first, second):
    whole = (first >> np.uint64(1)).astype(np.float32)
    u = np.minimum((whole + np.float32(0.5)) * np.float32(2.0**-31), np.float32(1 - 2.0**-24))
    part = np.array([(int(w) >> 7 & 0x7FFFFF | 1) * 2.0**-23 - 0.5 for w in second])
    signs = [np.array([1 - 2 * (int(w) >> bit & 1) for w in second]) for bit in (31, 30)]
    return turned(u.astype(float), part, signs)


def turned(u, part, signs):
    radius, angle = np.sqrt(-2 * np.log(u)), np.pi / 4 + np.pi / 2 * part
    return signs[0] * radius * np.cos(angle), signs[1] * radius * np.sin(angle), radius


@pytest.mark.parametrize(("kind", "error"), [("f64", 2.0**-33), ("f32", 2.0**-24)])
def test_polynomials_are_as_exact_as_is_said(kind, error):
    given = words(np.random.default_rng(1), 100_000)
    first, second = {"f64": reference._pair_f64, "f32": reference._pair_f32}[kind](*given)
    *expected, radius = {"f64": exact_f64, "f32": exact_f32}[kind](*given)
    for got, right in zip((first, second), expected, strict=True):
        assert np.max(np.abs(got - right) / radius) < error


@pytest.mark.parametrize(("kind", "greatest", "least"), [("f64", 8.58, 1e-8), ("f32", 6.67, 3e-4)])
def test_the_extreme_bits_give_finite_numbers(kind, greatest, least):
    """All zeros make the greatest radius, all ones the least, which is not 0."""
    make = {"f64": reference._pair_f64, "f32": reference._pair_f32}[kind]
    for word, low, high in ((0, greatest - 0.02, greatest), ((1 << 32) - 1, least / 2, 2 * least)):
        first, second = make(*(np.array([word], np.uint64),) * 2)
        assert low < np.hypot(first, second)[0] < high


class Sums:
    """What the tests ask of many numbers, which are made once for all of them.

    Attributes:
        powers: The sums of the first six powers.
        cells: How many numbers lie in each of 1,600 bins between -4 and 4, below and above.
        far: How many lie above each limit, and below its negative.
        angles: How many of the angles of pairs lie in each of 4,096 bins, in turns.
        radii: The same of a function of the radii that is uniform.
        both: How many pairs lie in each of 64 times 64 bins of both.
        products: The sums of three products of pairs, whose means are 0.
    """

    LIMITS = np.array([3.0, 4.0, 5.0, 6.0])
    FINE, COARSE = 4096, 64

    def __init__(self, kind, count):
        self.count = count
        self.powers, self.cells, self.far = np.zeros(6), np.zeros(1602), np.zeros((2, 4))
        self.angles, self.radii = np.zeros(self.FINE), np.zeros(self.FINE)
        self.both, self.products = np.zeros(self.COARSE**2), np.zeros(3)
        for x in parts(kind, count):
            self._add(x)
            self._add_pairs(*pairs(x, kind))

    def _add(self, x):
        square = x * x
        cube = square * x
        self.powers += [np.sum(x), np.sum(square), np.sum(cube), square @ square, square @ cube, cube @ cube]
        self.cells += np.bincount(np.clip(200 * x + 801, 0, 1601).astype(np.int64), minlength=1602)
        big = x[np.abs(x) > 3]
        for side, sign in enumerate((1, -1)):
            self.far[side] += np.sum(sign * big[:, np.newaxis] > self.LIMITS, axis=0)

    def _add_pairs(self, first, second):
        a, b = first * first, second * second
        turn, u = np.arctan2(second, first) / (2 * np.pi) % 1, np.exp(-(a + b) / 2)
        turn, u = (np.minimum((self.FINE * each).astype(np.int64), self.FINE - 1) for each in (turn, u))
        self.angles += np.bincount(turn, minlength=self.FINE)
        self.radii += np.bincount(u, minlength=self.FINE)
        coarse = self.FINE // self.COARSE
        self.both += np.bincount(turn // coarse * self.COARSE + u // coarse, minlength=self.both.size)
        self.products += [first @ second, np.sum((a - 1) * (b - 1)), (a * first) @ second]


SUMS = functools.cache(Sums)


@pytest.mark.parametrize("count", MANY)
@pytest.mark.parametrize("kind", KINDS)
def test_moments(kind, count):
    expected, spread = [0, 1, 0, 3, 0, 15], [1, 2, 15, 96, 945, 10170]
    assert np.all(np.abs(SUMS(kind, count).powers / count - expected) < 5 * np.sqrt(np.divide(spread, count)))


@pytest.mark.parametrize("count", MANY)
@pytest.mark.parametrize("kind", KINDS)
def test_bins_and_tails(kind, count):
    sums = SUMS(kind, count)
    edges = np.concatenate([[-np.inf], np.linspace(-4, 4, 1601), [np.inf]])
    assert stats.chisquare(sums.cells, np.diff(stats.norm.cdf(edges)) * count).pvalue > 1e-4
    for limit, seen in zip(sums.LIMITS, sums.far.sum(axis=0), strict=True):
        mean = 2 * stats.norm.sf(limit) * count
        assert min(stats.poisson.cdf(seen, mean), stats.poisson.sf(seen - 1, mean)) > 1e-5, limit
    above, below = sums.far
    assert np.all(np.abs(above - below) <= 5 * np.sqrt(above + below) + 1e-9)


@pytest.mark.parametrize("count", MANY)
@pytest.mark.parametrize("kind", KINDS)
def test_pairs_are_independent(kind, count):
    """Angles and radii are uniform, each alone and both together; no product of powers shows that two are a pair."""
    sums = SUMS(kind, count)
    for cells in (sums.angles, sums.radii, sums.both):
        assert stats.chisquare(cells).pvalue > 1e-4
    assert np.all(np.abs(sums.products) < 5 * np.sqrt(np.array([1, 4, 15]) * count / 2))


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_of_neighbours_and_steps_are_independent(kind):
    """Also their squares: what shares a block of bits is 1, 2 or 3 times the number of neighbours apart."""
    before, *_ = parts(kind, PART)
    for key, x in enumerate((*list(parts(kind, 3 * PART))[1:], *parts(kind, PART, key=6))):
        assert abs(np.corrcoef(before, x)[0, 1]) < 5 / np.sqrt(PART), key
        assert abs(np.corrcoef(before**2, x**2)[0, 1]) < 5 / np.sqrt(PART), key
    for shift in (1, 2, 3, apart(kind), 2 * apart(kind), 3 * apart(kind), 4 * apart(kind), TILE):
        x = np.roll(before, shift)
        assert abs(np.corrcoef(before, x)[0, 1]) < 5 / np.sqrt(PART), shift
        assert abs(np.corrcoef(before**2, x**2)[0, 1]) < 5 / np.sqrt(PART), shift


def test_there_is_no_gap_between_angles():
    """Of the angles 2**-24 turns apart, the one at an axis: the bits that it shares spread numbers down to 0."""
    low, high = words(np.random.default_rng(7), 100_000)
    low &= ~np.uint64((1 << 22) - 1)
    first, second = reference._pair_f64(low, high)
    spread = np.abs(second) / np.hypot(first, second) / (np.pi / 2 * 2.0**-22)
    assert stats.kstest(spread, "uniform").pvalue > 1e-4
