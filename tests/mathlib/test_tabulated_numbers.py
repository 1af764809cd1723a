"""Whole numbers drawn by tables: the tables themselves, compiled functions against numpy, statistics."""

from __future__ import annotations

import ctypes
import itertools
from functools import cache

import mpmath
import numpy as np
import pytest
from mathlib.native import BASELINE, Native, call_procedure, fill, fill_text, host, optimised
from scipy import stats

from ranvier.codegen import mathlib
from ranvier.ir import random_reference as reference
from ranvier.ir.alias_tables import COLUMNS, LARGEST_MEAN, aliases, binomial_table, counts, poisson_table

KEY, STEP, STREAM = -0x123456789ABCDEF, (5 << 32) + 77, 3
SHARE = 2**32 // COLUMNS
MEANS = [0.0, 1e-12, 0.001, 0.1, 1.0, 1.28, 2.3, 5.0, LARGEST_MEAN]
TRIALS = [(1, 0.3), (5, 0.5), (2100, 8e-4), (6, 1e-9), (10**6, 5e-6), (7, 0.0), (0, 0.4), (31, 0.2), (9, 1.0), (9, 0.7)]


def plain(size, dtype):
    return np.zeros(size, dtype)


def words_of(table):
    """Of how many of the 2**32 words each number is made, read off the entries."""
    entries = [int(entry) for entry in table.view(np.uint32)]
    found = [0] * COLUMNS
    for column, entry in enumerate(entries):
        kept = entry // COLUMNS
        found[column] += kept
        found[entry % COLUMNS] += SHARE - kept
    return found


# ------------------------------------------------------------------ tables


def assert_exact(table, terms):
    """Each P(X <= k) is off by half a word at most, and by nothing but rounding."""
    found = words_of(table)
    assert sum(found) == 2**32 and min(found) >= 0
    reached, wanted = 0, mpmath.mpf(0)
    for words, term in zip(found[:-1], terms, strict=False):
        reached, wanted = reached + words, wanted + term
        assert abs(reached - wanted * 2**32) <= 0.5001


@pytest.mark.parametrize("mean", MEANS)
def test_poisson_tables(mean):
    with mpmath.workdps(40):
        m = mpmath.mpf(mean)
        terms = [mpmath.exp(-m) * m**k / mpmath.factorial(k) for k in range(COLUMNS)]
        assert_exact(poisson_table(plain, mean), terms)
        assert 1 - mpmath.fsum(terms) < mpmath.mpf(2) ** -36  # what a table cannot hold


@pytest.mark.parametrize("n, p", TRIALS)
def test_binomial_tables(n, p):
    with mpmath.workdps(40):
        q = mpmath.mpf(min(p, 1 - p))
        terms = [mpmath.binomial(n, k) * q**k * (1 - q) ** (n - k) for k in range(COLUMNS)]
        table = binomial_table(plain, n, p)
        assert_exact(table, terms)
    assert not any(words_of(table)[n + 1 :])


def test_a_table_for_any_counts():
    rng = np.random.default_rng(3)
    for sparse in (0.0, 0.5, 0.97):
        weights = rng.random(COLUMNS) ** 4 * (rng.random(COLUMNS) >= sparse)
        weights[rng.integers(COLUMNS)] += 1e-9
        wanted = [int(w) for w in weights / weights.sum() * 2**32]
        wanted[0] += 2**32 - sum(wanted)
        assert words_of(np.array(aliases(wanted), np.uint32)) == wanted


def test_counts_of_certain_numbers():
    assert counts(iter([0.0, 0.0, 1.0] + [0.0] * 40)) == [0, 0, 2**32] + [0] * 29


# ------------------------------------------------------------------ compiled functions


@cache
def scalar(name, target=None):
    result = mathlib.signature(name).split()[0]
    text = f"""
define void @apply(i64 %n, ptr noalias %x, i64 %key, i64 %step, i64 %stream, ptr noalias %t, ptr noalias %out) {{
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %p = getelementptr inbounds i64, ptr %x, i64 %i
  %e = load i64, ptr %p
  %r = call {result} @rv.{name}(i64 %key, i64 %step, i64 %stream, i64 %e, ptr %t)
  %q = getelementptr inbounds {result}, ptr %out, i64 %i
  store {result} %r, ptr %q
  %next = add nuw nsw i64 %i, 1
  %done = icmp eq i64 %next, %n
  br i1 %done, label %exit, label %loop
exit:
  ret void
}}
"""
    return Native(mathlib.definitions([name]) + text, *(target or host()))


def apply(name, elements, table, step=STEP, target=None):
    e, t = np.ascontiguousarray(elements, np.int64), np.ascontiguousarray(table)
    out = np.empty(e.size, np.float64 if name.endswith("f64") else np.float32)
    pointer, number = ctypes.c_void_p, ctypes.c_int64
    call = ctypes.CFUNCTYPE(None, number, pointer, *[number] * 3, pointer, pointer)(scalar(name, target).address)
    call(out.size, e.ctypes.data, KEY, step, STREAM, t.ctypes.data, out.ctypes.data)
    return out


@pytest.mark.parametrize("kind", ["f64", "f32"])
@pytest.mark.parametrize("target", [None, BASELINE])
def test_compiled_numbers_equal_the_reference_bit_for_bit(kind, target):
    for mean, first in ((0.001, 0), (1.3, 512 * 1000), (LARGEST_MEAN, 2**40 - 512)):
        table = poisson_table(plain, mean)
        elements = first + np.arange(512)
        expected = reference.tabulated(KEY, STEP, STREAM, elements, table)
        np.testing.assert_array_equal(apply(f"tabulated.{kind}", elements, table, target=target), expected)
        for groups in (4, 3):
            filled = fill(f"fill_tabulated.{kind}", KEY, STEP, STREAM, first, groups, target, table)
            np.testing.assert_array_equal(filled[: groups * 128], expected[: groups * 128])
            assert np.isnan(filled[groups * 128 :]).all()


def test_known_numbers():
    """The counter of element 0 and key 0 gives these words: values that must never change."""
    identity = np.arange(COLUMNS, dtype=np.int32)
    table = poisson_table(plain, 1.3)
    elements = np.arange(0, 512, 37)
    assert reference.tabulated(0, 0, 0, elements, identity).tolist() == KNOWN_COLUMNS
    assert reference.tabulated(0, 0, 0, elements, table).tolist() == KNOWN_NUMBERS
    assert table.view(np.uint32)[:6].tolist() == KNOWN_ENTRIES


KNOWN_COLUMNS = [2, 2, 26, 7, 8, 15, 1, 5, 7, 2, 16, 10, 13, 21]
KNOWN_NUMBERS = [1, 2, 2, 0, 0, 1, 1, 0, 0, 1, 1, 0, 1, 1]
KNOWN_ENTRIES = [0, 4027672544, 2578882849, 992924578, 162510435, 1158944192]


def test_words_are_those_of_single_precision_uniform_numbers():
    """A table whose columns give a half each: the highest bit of the word decides, as it decides u < 1/2."""
    table = np.full(COLUMNS, (SHARE // 2) * COLUMNS + 31, np.uint32).view(np.int32)
    elements = np.arange(5000)
    kept = reference.tabulated(KEY, STEP, STREAM, elements, table) != 31
    u = reference.uniform(KEY, STEP, STREAM, elements, dtype=np.float32)
    assert (kept <= (u < 0.5)).all() and abs(kept.mean() - 31 / 64) < 0.03


def test_a_tile_is_looked_up_in_registers():
    if "+avx512f" not in host()[1]:
        pytest.skip("needs a machine with AVX-512")
    module, machine = optimised(fill_text("fill_tabulated.f64"), *host())
    text = machine.emit_assembly(module)
    assert text.count("vpermd") + text.count("vpermi2d") + text.count("vpermt2d") >= 1
    assert "gather" not in text


# ------------------------------------------------------------------ statistics


def chi_square(values, distribution):
    """The probability of a worse fit, over cells of 5 or more expected numbers."""
    top = int(values.max()) + 2
    expected = distribution.pmf(np.arange(top)) * values.size
    observed = np.bincount(values.astype(int), minlength=top).astype(float)
    good = expected >= 5
    rest = max(values.size - expected[good].sum(), 0.0)
    statistic = np.sum((observed[good] - expected[good]) ** 2 / expected[good])
    if rest >= 5:
        statistic += (observed[~good].sum() - rest) ** 2 / rest
    return stats.chi2.sf(statistic, max(good.sum() - (rest < 5), 1))


@pytest.mark.parametrize(
    "n, p", [(10, 1e-4), (1000, 1e-5), (1600, 8e-4), (2900, 8e-4), (100, 0.05), (10, 0.5), (5, 0.9)]
)
def test_binomial_numbers(n, p):
    values = apply("tabulated.f64", np.arange(400_000), binomial_table(plain, n, p))
    values = values if p <= 0.5 else n - values
    assert chi_square(values, stats.binom(n, p)) > 1e-4
    assert abs(values.mean() - n * p) < 5 * np.sqrt(n * p * (1 - p) / values.size)


@pytest.mark.parametrize("mean", [0.001, 0.03, 0.4, 1.3, 3.0, 5.0, LARGEST_MEAN])
def test_poisson_numbers(mean):
    values = apply("tabulated.f32", np.arange(400_000), poisson_table(plain, mean))
    assert chi_square(values, stats.poisson(mean)) > 1e-4
    assert abs(values.mean() - mean) < 5 * np.sqrt(mean / values.size)


def test_numbers_of_steps_and_elements_are_independent():
    table = poisson_table(plain, 2.0)
    e = np.arange(100_000)
    x = apply("tabulated.f64", e, table, 100)
    others = [apply("tabulated.f64", e, table, step) for step in (99, 101, 100 + (1 << 32))]
    others += [np.roll(x, shift) for shift in (1, 2, 16, 32, 64, 96, 512)]
    for other in others:
        assert abs(np.corrcoef(x, other)[0, 1]) < 5 / np.sqrt(e.size)
        assert abs(np.corrcoef(x == 0, other == 0)[0, 1]) < 5 / np.sqrt(e.size)
        assert abs(np.corrcoef((x - 2) ** 2, (other - 2) ** 2)[0, 1]) < 5 / np.sqrt(e.size)


@pytest.mark.parametrize("kind", ["f64", "f32"])
def test_single_numbers_and_those_of_instances_equal_the_scalar_function(kind):
    table, element = poisson_table(plain, 1.3), 512 * 7 + 5
    places = np.arange(512) % 5 + (np.arange(512) // 5 << 32)
    for words in range(1, 5):
        given = (KEY, STEP, STREAM, 512 * 7, 21, words)
        got = call_procedure(f"single_tabulated.{kind}", kind, places, *given, table=table)
        for word, q in itertools.product(range(words), range(21)):
            place = 512 * 7 + q % 5 + 32 * word
            assert got[512 * word + q] == apply(f"tabulated.{kind}", [place], table, STEP + q // 5)[0]
    keys = np.full(64, KEY)
    for name, number in (("row", 1), ("rows", 4)):
        given = (0, STEP, STREAM, element, 3, 2, 64, 128)
        got = call_procedure(f"{name}_tabulated.{kind}", kind, keys, *given, table=table)
        for block in range(2):
            expected = apply(f"tabulated.{kind}", element + block + 32 * np.arange(number), table)
            rows = got.reshape(-1, 64)[2 + 4 * block :][:number, :3]
            np.testing.assert_array_equal(rows, np.repeat(expected[:, np.newaxis], 3, 1))
