"""The functions against mpmath: at most 2 units of the last place over the whole range (most are below 1)."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest
from mathlib.native import BASELINE, apply

from ranvier.codegen import mathlib


def evenly(low, high, share=1.0):
    return lambda rng, n: rng.uniform(low, high, max(int(n * share), 1))


def powers(low, high, sign=True):
    def draw(rng, n):
        x = 10.0 ** rng.uniform(low, high, n)
        return x * rng.choice([-1.0, 1.0], n) if sign else x

    return draw


def near(point, low=-16, high=-1):
    return lambda rng, n: point + powers(low, high)(rng, n)


def right_angles(rng, n):
    """The numbers nearest to multiples of pi/2, where the reduction loses most."""
    return rng.integers(1, 600_000, n) * (np.pi / 2)


LOG = (evenly(0.5, 2), powers(-323, 308, sign=False), near(1.0))
ANGLES = (evenly(-10, 10), evenly(-1e6, 1e6), powers(-320, 308), right_angles)
CASES = {
    "exp": (mp.exp, (evenly(-745, 709.7), evenly(-1, 1), powers(-18, 0))),
    "expm1": (mp.expm1, (evenly(-40, 709.7), evenly(-1, 1), powers(-320, 0))),
    "exprel": (lambda x: mp.expm1(x) / x, (evenly(-800, 716), evenly(-1, 1), powers(-15.9, 0))),
    "log": (mp.log, LOG),
    "log2": (lambda x: mp.log(x, 2), LOG),
    "log10": (mp.log10, LOG),
    "log1p": (mp.log1p, (evenly(-1, 2), powers(-320, 308, sign=False), powers(-16, -0.01))),
    "sin": (mp.sin, ANGLES),
    "cos": (mp.cos, ANGLES),
    "tan": (mp.tan, ANGLES),
    "sin_near": (mp.sin, (*ANGLES[:2], right_angles)),
    "cos_near": (mp.cos, (*ANGLES[:2], right_angles)),
    "tan_near": (mp.tan, (*ANGLES[:2], right_angles)),
    "sinh": (mp.sinh, (evenly(-710, 710), evenly(-4, 4), powers(-320, 1))),
    "cosh": (mp.cosh, (evenly(-710, 710), evenly(-4, 4), powers(-320, 1))),
    "tanh": (mp.tanh, (evenly(-20, 20), evenly(-2, 2), powers(-320, 1))),
    "asin": (mp.asin, (evenly(-1, 1), powers(-320, 0), lambda rng, n: 1 - powers(-16, -1, False)(rng, n))),
    "acos": (mp.acos, (evenly(-1, 1), powers(-320, 0), lambda rng, n: powers(-16, -1, False)(rng, n) - 1)),
    "atan": (mp.atan, (evenly(-10, 10), powers(-320, 308))),
    "sqrt": (mp.sqrt, (powers(-320, 308, sign=False),)),
    "asinh": (mp.asinh, (evenly(-10, 10), powers(-320, 308))),
    "acosh": (mp.acosh, (evenly(1, 10), lambda rng, n: 1 + powers(-15, 308, False)(rng, n))),
    "atanh": (mp.atanh, (evenly(-1, 1), powers(-320, -0.01))),
    "cbrt": (mp.cbrt, (evenly(-10, 10), powers(-320, 308))),
    "erf": (mp.erf, (evenly(-7, 7), evenly(-1, 1), powers(-320, 1))),
}


def units_off(results, references, dtype) -> float:
    """The largest error in units of the last place."""
    worst = 0.0
    tiny = np.nextafter(dtype(0), dtype(1))
    largest = mp.mpf(float(np.finfo(dtype).max))
    for result, reference in zip(results, references, strict=True):
        if abs(reference) > largest:
            assert np.isinf(result) or abs(result) == largest
            continue
        with np.errstate(under="ignore"):
            unit = max(float(np.spacing(abs(dtype(float(reference))))), float(tiny))
        assert np.isfinite(result)
        worst = max(worst, float(abs(mp.mpf(float(result)) - reference) / unit))
    return worst


def largest_error(name: str, kind: str, count: int, target=None) -> float:
    function, draws = CASES[name]
    dtype = {"f64": np.float64, "f32": np.float32}[kind]
    rng = np.random.default_rng(17)
    with mp.workdps(50), np.errstate(over="ignore", under="ignore"):
        x = np.concatenate([draw(rng, count) for draw in draws]).astype(dtype)
        # Rounding to f32 can leave the domain: to 0, to infinity, or onto a bound.
        x = x[np.isfinite(x) & (x != 0)]
        if name in ("log1p",):
            x = x[x > -1]
        if name == "cbrt":
            function = lambda x: mp.sign(x) * mp.cbrt(abs(x))
        if name == "acosh":
            x = x[x > 1]
        if name == "atanh":
            x = x[abs(x) < 1]
        references = [function(mp.mpf(v)) for v in x.tolist()]
        return units_off(apply(f"{name}.{kind}", x, target=target), references, dtype)


@pytest.mark.parametrize("kind", ["f64", "f32"])
@pytest.mark.parametrize("name", list(CASES))
def test_error_is_at_most_two_units(name, kind):
    assert largest_error(name, kind, 150) <= 2.0


@pytest.mark.long
@pytest.mark.parametrize("kind", ["f64", "f32"])
@pytest.mark.parametrize("name", list(CASES))
def test_error_is_at_most_two_units_at_many_places(name, kind):
    assert largest_error(name, kind, 6000) <= 2.0


@pytest.mark.parametrize("name", ["exp", "log", "sin", "tan", "tanh", "expm1", "asin"])
def test_error_is_at_most_two_units_without_fma_hardware(name):
    assert largest_error(name, "f64", 150, target=BASELINE) <= 2.0


@pytest.mark.long
@pytest.mark.parametrize("name", list(CASES))
def test_error_is_at_most_two_units_at_many_places_without_fma_hardware(name):
    assert largest_error(name, "f64", 4000, target=BASELINE) <= 2.0


def power_arguments(count, dtype):
    rng = np.random.default_rng(5)
    x = np.concatenate([powers(-300, 300, False)(rng, count), evenly(0.5, 2)(rng, count), near(1.0)(rng, count)])
    y = np.concatenate([evenly(-2, 2)(rng, count), evenly(-1000, 1000)(rng, count), powers(-3, 18)(rng, count)])
    with np.errstate(over="ignore", under="ignore"):
        x, y = np.abs(x).astype(dtype), y.astype(dtype)
    good = np.isfinite(x) & (x > 0)
    return x[good], y[good]


@pytest.mark.parametrize("target", [None, BASELINE])
@pytest.mark.parametrize("kind", ["f64", "f32"])
def test_power(kind, target):
    dtype = {"f64": np.float64, "f32": np.float32}[kind]
    x, y = power_arguments(300, dtype)
    with mp.workdps(60):
        references = [mp.mpf(a) ** mp.mpf(b) for a, b in zip(x.tolist(), y.tolist(), strict=True)]
        assert units_off(apply(f"pow.{kind}", x, y, target=target), references, dtype) <= 1.0


def test_powers_of_two_and_ten_have_exact_logarithms():
    np.testing.assert_array_equal(apply("log2.f64", 2.0 ** np.arange(-1074, 1024)), np.arange(-1074, 1024))
    np.testing.assert_array_equal(apply("log10.f64", 10.0 ** np.arange(0, 23)), np.arange(0, 23))


@pytest.mark.long
@pytest.mark.parametrize("name", [n[:-4] for n in mathlib.NAMES if n.endswith(".f32") and n[:-4] in CASES])
def test_f32_over_all_exponents_against_f64(name):
    """Every 997th of all f32 numbers, against the f64 function (itself compared with mpmath)."""
    x = np.arange(0, 2**32, 997, dtype=np.uint64).astype(np.uint32).view(np.float32)
    x = x[np.abs(x) < 1e6] if name.endswith("_near") else x[~np.isnan(x)]
    expected = apply(f"{name}.f64", x.astype(np.float64))
    got = apply(f"{name}.f32", x)
    with np.errstate(all="ignore"):
        rounded = expected.astype(np.float32)
        np.testing.assert_array_equal(np.isnan(got), np.isnan(rounded))
        finite = np.isfinite(rounded) & np.isfinite(got)
        unit = np.spacing(np.abs(rounded[finite])).astype(np.float64)
        assert np.max(np.abs(got[finite] - expected[finite]) / unit) <= 2.0
        # where one overflows, the other is within a unit of it
        edge = ~finite & ~np.isnan(rounded) & (got != rounded)
        assert np.all(np.abs(expected[edge]) > 3.4028e38)
