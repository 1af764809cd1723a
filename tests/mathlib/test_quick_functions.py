"""The quicker exponentials of integrations: 2 units of the last place inside their range, sane beyond it."""

import mpmath as mp
import numpy as np
import pytest
from mathlib.native import apply
from mathlib.test_mathlib_accuracy import evenly, powers, units_off

RANGES = {"f64": (-707.0, 708.0), "f32": (-86.0, 87.5)}
FUNCTIONS = {"exp_quick": mp.exp, "expm1_quick": mp.expm1}


@pytest.mark.parametrize("kind", list(RANGES))
@pytest.mark.parametrize("name", list(FUNCTIONS))
@pytest.mark.parametrize("count", [150, pytest.param(6000, marks=pytest.mark.long)])
def test_error_is_at_most_two_units_inside_the_range(name, kind, count):
    dtype = {"f64": np.float64, "f32": np.float32}[kind]
    rng = np.random.default_rng(5)
    draws = (evenly(*RANGES[kind]), evenly(-1, 1), evenly(-40 if kind == "f64" else -17, 5), powers(-18, 0))
    x = np.concatenate([draw(rng, count) for draw in draws]).astype(dtype)
    with mp.workdps(50):
        references = [FUNCTIONS[name](mp.mpf(v)) for v in x.tolist()]
        assert units_off(apply(f"{name}.{kind}", x), references, dtype) <= 2.0


@pytest.mark.parametrize("kind", list(RANGES))
def test_beyond_the_range(kind):
    dtype = {"f64": np.float64, "f32": np.float32}[kind]
    x = np.array([-np.inf, -1e30, -2000, 2000, 1e30, np.inf, np.nan, 0.0, -0.0], dtype=dtype)
    exp, expm1 = apply(f"exp_quick.{kind}", x), apply(f"expm1_quick.{kind}", x)
    assert np.all(exp[:3] <= np.finfo(dtype).tiny * 8) and np.all(exp[:3] >= 0)
    assert np.all(exp[3:6] > np.finfo(dtype).max / 8) and np.isnan(exp[6]) and np.all(exp[7:] == 1)
    assert np.all(expm1[:3] == -1) and np.all(expm1[3:6] > np.finfo(dtype).max / 8)
    assert np.isnan(expm1[6]) and np.all(expm1[7:] == 0)
