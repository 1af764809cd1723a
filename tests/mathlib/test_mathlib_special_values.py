"""Infinities, NaN, signed zeros, subnormal numbers, poles, overflow and underflow."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from mathlib.native import BASELINE, apply

INF, NAN = math.inf, math.nan
DENORMAL = 5e-324

SPECIAL = {
    "exp": [(0.0, 1.0), (-0.0, 1.0), (INF, INF), (-INF, 0.0), (NAN, NAN), (710.0, INF), (1e300, INF), (-746.0, 0.0)],
    "expm1": [(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-INF, -1.0), (NAN, NAN), (1e5, INF), (-1e5, -1.0)],
    "exprel": [(0.0, 1.0), (-0.0, 1.0), (1e-17, 1.0), (INF, INF), (-INF, 0.0), (NAN, NAN), (1e5, INF)],
    "log": [(1.0, 0.0), (0.0, -INF), (-0.0, -INF), (INF, INF), (-INF, NAN), (-1.0, NAN), (NAN, NAN)],
    "log2": [(1.0, 0.0), (0.0, -INF), (-0.0, -INF), (INF, INF), (-INF, NAN), (-1.0, NAN), (NAN, NAN), (8.0, 3.0)],
    "log10": [(1.0, 0.0), (0.0, -INF), (-0.0, -INF), (INF, INF), (-INF, NAN), (-1.0, NAN), (NAN, NAN), (1e3, 3.0)],
    "log1p": [(0.0, 0.0), (-0.0, -0.0), (-1.0, -INF), (INF, INF), (-INF, NAN), (-1.5, NAN), (NAN, NAN)],
    "sin": [(0.0, 0.0), (-0.0, -0.0), (INF, NAN), (-INF, NAN), (NAN, NAN)],
    "cos": [(0.0, 1.0), (-0.0, 1.0), (INF, NAN), (-INF, NAN), (NAN, NAN)],
    "tan": [(0.0, 0.0), (-0.0, -0.0), (INF, NAN), (-INF, NAN), (NAN, NAN)],
    "sinh": [(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-INF, -INF), (NAN, NAN), (1e5, INF), (-1e5, -INF)],
    "cosh": [(0.0, 1.0), (-0.0, 1.0), (INF, INF), (-INF, INF), (NAN, NAN), (-1e5, INF)],
    "tanh": [(0.0, 0.0), (-0.0, -0.0), (INF, 1.0), (-INF, -1.0), (NAN, NAN), (50.0, 1.0)],
    "asin": [(0.0, 0.0), (-0.0, -0.0), (1.0, math.pi / 2), (-1.0, -math.pi / 2), (1.5, NAN), (-INF, NAN), (NAN, NAN)],
    "acos": [(1.0, 0.0), (-1.0, math.pi), (0.0, math.pi / 2), (1.5, NAN), (INF, NAN), (NAN, NAN)],
    "atan": [(0.0, 0.0), (-0.0, -0.0), (INF, math.pi / 2), (-INF, -math.pi / 2), (NAN, NAN)],
    "sqrt": [(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-1.0, NAN), (NAN, NAN)],
    "asinh": [(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-INF, -INF), (NAN, NAN)],
    "acosh": [(1.0, 0.0), (0.5, NAN), (-2.0, NAN), (INF, INF), (-INF, NAN), (NAN, NAN)],
    "atanh": [(0.0, 0.0), (-0.0, -0.0), (1.0, INF), (-1.0, -INF), (2.0, NAN), (INF, NAN), (NAN, NAN)],
    "cbrt": [(0.0, 0.0), (-0.0, -0.0), (8.0, 2.0), (-27.0, -3.0), (INF, INF), (-INF, -INF), (NAN, NAN)],
    "erf": [(0.0, 0.0), (-0.0, -0.0), (INF, 1.0), (-INF, -1.0), (7.0, 1.0), (NAN, NAN)],
    "floor": [(1.5, 1.0), (-1.5, -2.0), (INF, INF), (NAN, NAN)],
    "ceil": [(1.5, 2.0), (-1.5, -1.0), (-INF, -INF), (NAN, NAN)],
}


@pytest.mark.parametrize("kind", ["f64", "f32"])
@pytest.mark.parametrize("name", list(SPECIAL))
def test_special_values(name, kind):
    dtype = np.float64 if kind == "f64" else np.float32
    with np.errstate(over="ignore"):
        x, expected = np.array(SPECIAL[name]).T.astype(dtype)
    got = apply(f"{name}.{kind}", x)
    np.testing.assert_array_equal(got, expected)
    numbers = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(got)[numbers], np.signbit(expected)[numbers])


@pytest.mark.parametrize("name", ["expm1", "log1p", "sin", "tan", "sinh", "tanh", "asin", "atan"])
def test_subnormal_numbers_pass_through_odd_functions(name):
    x = np.array([DENORMAL, -DENORMAL, 1e-310, -1e-320, 2.3e-308])
    np.testing.assert_array_equal(apply(f"{name}.f64", x), x)


def test_results_that_are_subnormal_are_rounded_once():
    x = np.linspace(-745.1, -708.4, 200)
    np.testing.assert_allclose(apply("exp.f64", x), np.exp(x), rtol=0, atol=DENORMAL * 1.01)
    x = np.array([2.0**-1074, 2.0**-1073, 3e-310, 1e-308])
    np.testing.assert_allclose(apply("log.f64", x), np.log(x), rtol=3e-16)


def test_the_last_finite_results_do_not_overflow():
    assert apply("exp.f64", [709.782712893384])[0] == pytest.approx(1.797693134862273e308, rel=1e-13)
    assert apply("sinh.f64", [710.4758600739439])[0] == pytest.approx(1.7976931348621744e308, rel=1e-12)
    assert apply("cosh.f64", [-710.4758600739439])[0] == pytest.approx(1.7976931348621744e308, rel=1e-12)
    assert np.isfinite(apply("exprel.f64", [716.0])[0])


def c_power(x: float, y: float) -> float:
    """``pow`` of C: Python's raises where C gives infinity or NaN."""
    try:
        return math.pow(x, y)
    except OverflowError:
        return INF if x > 0 or y % 2 == 0 else -INF
    except ValueError:
        if x != 0:
            return NAN
        odd = math.isfinite(y) and y == math.floor(y) and y % 2 == 1
        return math.copysign(INF, x) if odd else INF


POWER_VALUES = [
    0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 3.0, -3.0, 1.5, -1.5, INF, -INF, NAN, 1e300, -1e300, 1e-300, -1e-300,
    DENORMAL, -DENORMAL, 2.0**52 + 1, -(2.0**52) - 1, 2.0**53 - 1, 2.0**53, 2.0**54 + 4, 1 + 2.0**-52, 1 - 2.0**-53,
    1e18, -1e18, 1e19, 700.0, -701.0,
]  # fmt: skip


@pytest.mark.parametrize("target", [None, BASELINE])
def test_power_of_every_pair_of_special_values(target):
    x, y = np.array(list(itertools.product(POWER_VALUES, repeat=2))).T
    expected = np.array([c_power(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)])
    got = apply("pow.f64", x, y, target=target)
    np.testing.assert_allclose(got, expected, rtol=4e-16, atol=DENORMAL)
    numbers = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(got)[numbers], np.signbit(expected)[numbers])


def test_huge_angles_among_small_ones():
    """One element of a vector beyond the fast reduction takes another road than its neighbours."""
    x = np.linspace(-7, 7, 999)
    x[::5] *= 1e20
    x[7] = INF
    with np.errstate(invalid="ignore"):
        np.testing.assert_allclose(apply("sin.f64", x), np.sin(x), rtol=1e-15)
        np.testing.assert_allclose(apply("cos.f64", x), np.cos(x), rtol=1e-15)
        np.testing.assert_allclose(apply("tan.f64", x), np.tan(x), rtol=1e-15)
    # Payne and Hanek's famous case: the f64 nearest to a multiple of pi/2.
    assert apply("cos.f64", [6381956970095103.0 * 2.0**797])[0] == pytest.approx(-4.68716592425462761112e-19, rel=4e-16)


def test_angles_of_points():
    numbers = [0.0, -0.0, 1.0, -1.0, 2.5, -1e-310, 1e300, INF, -INF, NAN]
    y, x = np.array(list(itertools.product(numbers, numbers))).T.copy()
    got, expected = apply("atan2.f64", y, x), np.arctan2(y, x)
    np.testing.assert_allclose(got, expected, rtol=5e-16)
    numbers = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(got)[numbers], np.signbit(expected)[numbers])
