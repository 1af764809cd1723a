"""Random numbers: known answers of Philox, the compiled functions against numpy, and statistics."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from mathlib.native import BASELINE, apply, call_procedure, fill
from scipy import stats

from ranvier.ir import random_reference as reference
from ranvier.ir.slots import SHARING

KEY, STEP, STREAM = -0x123456789ABCDEF, (5 << 32) + 77, 3
DTYPES = {"f64": np.float64, "f32": np.float32}

# The known-answer vectors published with Random123 for Philox4x32-10: counter, key, result.
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize("counter, key, result", KNOWN)
def test_known_answers(counter, key, result):
    words = reference.philox(tuple(np.array([w], np.uint64) for w in counter), key)
    assert tuple(int(w[0]) for w in words) == result


def test_known_answer_through_the_compiled_function():
    """Counter and key 0: elements 0 and 16 hold the words 0 and 1, 2 and 3."""
    u = apply("uniform.f64", 0, 0, 0, np.array([0, 16]))
    expected = [(0x6627E8D5E169C58D >> 11) * 2.0**-53, (0xBC57AC4C9B00DBD8 >> 11) * 2.0**-53]
    np.testing.assert_array_equal(u, expected)


@pytest.mark.parametrize("kind", ["f64", "f32"])
@pytest.mark.parametrize("start", [0, 512 * 1000 + 17, 2**40 - 300])
def test_uniform_equals_the_reference_bit_for_bit(kind, start):
    elements = start + np.arange(1500)
    got = apply(f"uniform.{kind}", KEY, STEP, STREAM, elements)
    np.testing.assert_array_equal(got, reference.uniform(KEY, STEP, STREAM, elements, dtype=DTYPES[kind]))


@pytest.mark.parametrize("kind, tolerance", [("f64", 3e-15), ("f32", 1e-6)])
def test_normal_equals_the_reference_to_rounding(kind, tolerance):
    elements = np.arange(20_000)
    got = apply(f"normal.{kind}", KEY, STEP, STREAM, elements)
    expected = reference.normal(KEY, STEP, STREAM, elements, dtype=DTYPES[kind])
    np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("what", ["uniform", "normal"])
@pytest.mark.parametrize("kind", ["f64", "f32"])
@pytest.mark.parametrize("target", [None, BASELINE], ids=["host", "baseline"])
def test_fill_equals_the_scalar_function(what, kind, target):
    group = SHARING[f"{what}.{kind}"].group
    for first, groups in ((0, 512 // group), (512, 1), (512 * 123456, 3)):
        scalar = apply(f"{what}.{kind}", KEY, STEP, STREAM, first + np.arange(groups * group), target=target)
        filled = fill(f"fill_{what}.{kind}", KEY, STEP, STREAM, first, groups, target)
        np.testing.assert_array_equal(filled[: groups * group], scalar)
        assert np.isnan(filled[groups * group :]).all()


def test_f32_and_f64_share_no_block():
    e = np.arange(512)
    wide, narrow = apply("uniform.f64", 1, 2, 3, e), apply("uniform.f32", 1, 2, 3, e)
    assert not np.any(np.isclose(np.sort(wide), np.sort(narrow), rtol=0, atol=1e-9))


@pytest.mark.parametrize("kind", ["f64", "f32"])
def test_uniform_distribution(kind):
    u = apply(f"uniform.{kind}", 11, 5, 2, np.arange(200_000)).astype(np.float64)
    assert u.min() >= 0 and u.max() < 1
    assert abs(u.mean() - 0.5) < 5 / np.sqrt(12 * u.size)
    assert stats.kstest(u, "uniform").pvalue > 1e-4


@pytest.mark.parametrize("kind", ["f64", "f32"])
def test_normal_distribution(kind):
    x = apply(f"normal.{kind}", 11, 5, 2, np.arange(200_000)).astype(np.float64)
    assert np.isfinite(x).all()
    assert abs(x.mean()) < 5 / np.sqrt(x.size)
    assert abs(x.var() - 1) < 5 * np.sqrt(2 / x.size)
    assert abs(stats.kurtosis(x)) < 5 * np.sqrt(24 / x.size)
    assert stats.kstest(x, "norm").pvalue > 1e-4


@pytest.mark.parametrize("what", ["uniform.f64", "normal.f64", "normal.f32"])
def test_values_are_uncorrelated(what):
    e = np.arange(100_000)
    x = apply(what, 3, 100, 7, e)
    others = [
        apply(what, 3, 101, 7, e),
        apply(what, 3, 100, 8, e),
        apply(what, 4, 100, 7, e),
        apply(what, 3 + (1 << 32), 100, 7, e),
        apply(what, 3, 100 + (1 << 32), 7, e),
        *(np.roll(x, shift) for shift in (1, 2, 8, 16, 24, 32, 48, 64, 96, 512)),
    ]
    for other in others:
        assert abs(np.corrcoef(x, other)[0, 1]) < 5 / np.sqrt(e.size)
    if what.startswith("normal"):  # the two of a pair, and what shares a block: their squares are independent as well
        for shift in (8, 16, 24, 32, 48):
            assert abs(np.corrcoef(x**2, np.roll(x, shift) ** 2)[0, 1]) < 5 / np.sqrt(e.size)


MEANS = [0.0, -1.0, np.nan, 1e-9, 0.3, 4.0, 9.999, 10.0, 12.5, 80.0, 1e4, 1e9, 1e15, np.inf]
TRIALS = [(10, 0.3), (7, 0.9), (100, 0.02), (100, 0.5), (1000, 0.99), (10**6, 0.4), (5, 1.0), (5, 0.0), (-3, 0.5)]


@pytest.mark.parametrize("mean", MEANS)
def test_poisson_equals_the_reference(mean):
    e = np.arange(3000)
    np.testing.assert_array_equal(
        apply("poisson", KEY, STEP, STREAM, e, mean), reference.poisson(KEY, STEP, STREAM, e, mean)
    )


@pytest.mark.parametrize("n, p", TRIALS)
def test_binomial_equals_the_reference(n, p):
    e = np.arange(3000)
    np.testing.assert_array_equal(
        apply("binomial", KEY, STEP, STREAM, e, n, p), reference.binomial(KEY, STEP, STREAM, e, n, p)
    )


def assert_fits(values, distribution):
    """A chi-square test over cells of some expected size."""
    low, high = int(distribution.ppf(1e-3)), int(distribution.ppf(1 - 1e-3))
    edges = np.unique(np.linspace(low, high, 40).astype(int))
    expected = np.diff(np.concatenate([[0.0], distribution.cdf(edges), [1.0]])) * values.size
    cells = np.bincount(np.searchsorted(edges, values, side="left"), minlength=edges.size + 1)
    good = expected > 5
    observed, expected = cells[good], expected[good]
    statistic = np.sum((observed - expected) ** 2 / expected)
    assert stats.chi2.sf(statistic, max(good.sum() - 1, 1)) > 1e-4
    assert abs(values.mean() - distribution.mean()) < 5 * distribution.std() / np.sqrt(values.size)


@pytest.mark.parametrize("mean", [0.3, 4.0, 9.99, 10.0, 11.0, 25.0, 300.0, 1e5])
def test_poisson_distribution(mean):
    assert_fits(apply("poisson", 9, 1, 1, np.arange(200_000), mean), stats.poisson(mean))


@pytest.mark.parametrize("n, p", [(10, 0.3), (30, 0.34), (100, 0.5), (1000, 0.02), (1000, 0.97), (100_000, 0.3)])
def test_binomial_distribution(n, p):
    values = apply("binomial", 9, 1, 1, np.arange(200_000), n, p)
    assert values.min() >= 0 and values.max() <= n
    assert_fits(values, stats.binom(n, p))


@pytest.mark.parametrize("what", ["uniform", "normal"])
@pytest.mark.parametrize("kind", ["f64", "f32"])
def test_single_values_of_many_steps_equal_the_scalar_function(what, kind):
    first, step = 512 * 12345 + 128, (7 << 32) - 3
    elements, steps = np.tile([0, 5, 15], 11)[:31], np.repeat(np.arange(11), 3)[:31]
    elements %= SHARING[f"{what}.{kind}"].neighbours
    places = np.zeros(512, np.int64)
    places[:31] = elements + (steps << 32)
    sharing = SHARING[f"{what}.{kind}"]
    for words in range(1, sharing.values + 1):
        got = call_procedure(f"single_{what}.{kind}", kind, places, KEY, step, STREAM, first, 31, words)
        for word in range(words):
            expected = apply(f"{what}.{kind}", KEY, step + steps, STREAM, first + elements + sharing.neighbours * word)
            np.testing.assert_array_equal(got[512 * word : 512 * word + 31], expected)


@pytest.mark.parametrize("blocks", [1, 2, 3, 5], ids="{} blocks".format)
@pytest.mark.parametrize("what", ["uniform", "normal"])
@pytest.mark.parametrize("kind", ["f64", "f32"])
def test_values_of_instances_equal_the_scalar_function(what, kind, blocks):
    """Several blocks of an instance are made side by side, what is left over one by one."""
    keys = np.random.default_rng(1).integers(-(2**62), 2**62, 64)
    sharing, element = SHARING[f"{what}.{kind}"], 512 * 99 + 128 + 3
    for name, number in ((f"row_{what}.{kind}", 1), (f"rows_{what}.{kind}", sharing.values)):
        got = call_procedure(name, kind, keys, 10, STEP, STREAM, element, 21, blocks, 48, 96)
        for block, k in itertools.product(range(blocks), range(number)):
            expected = apply(f"{what}.{kind}", keys[10:31], STEP, STREAM, element + block + sharing.neighbours * k)
            start = 96 + 48 * (block * sharing.values + k)
            np.testing.assert_array_equal(got[start : start + 21], expected)
