"""Removable singularities get their limit."""

import numpy as np
import pytest

from ranvier.analysis.evaluate import evaluate
from ranvier.equations import Equations, parse_expression, render
from ranvier.integrators.choice import integrate
from ranvier.integrators.from_equations import system_of
from ranvier.integrators.reference import run
from ranvier.integrators.removable import with_limits

UNITS = {"ms": 1e-3, "mV": 1e-3}
SYMBOLS = system_of(Equations("dv/dt = 0*volt/second + 0*mV/ms : volt"), {}).symbols

RATES = [
    ("0.32*(mV**-1)*(13*mV - v + VT)/(exp((13*mV - v + VT)/(4*mV)) - 1.)/ms", -0.05, 1280.0),
    ("0.28*(mV**-1)*(v - VT - 40*mV)/(exp((v - VT - 40*mV)/(5*mV)) - 1)/ms", -0.023, 1400.0),
    ("0.01*(10*mV - v)/mV/expm1((10*mV - v)/(10*mV))/ms", 0.01, 100.0),
    ("0.1/mV*(v + 40*mV)/(1 - exp(-(v + 40*mV)/(10*mV)))/ms", -0.04, 1000.0),
    ("-0.1*(v + 35*mV)/mV/(exp(-0.1/mV*(v + 35*mV)) - 1)/ms", -0.035, 1000.0),
    ("v/(exp(v/mV) - 1)/mV", 0.0, 1.0),
    ("v/mV/(-1 + exp(v/mV))", 0.0, 1.0),
]


@pytest.mark.parametrize(("text", "place", "limit"), RATES)
def test_rates_of_hodgkin_and_huxley(text, place, limit):
    expr = parse_expression(text)
    found = with_limits(expr, SYMBOLS)
    assert "exprel" in render(found)
    known = {**UNITS, "VT": -0.063}
    np.testing.assert_allclose(evaluate(found, {**known, "v": place}), limit, rtol=1e-12)
    elsewhere = {**known, "v": np.linspace(-0.1, 0.09731, 50)}
    np.testing.assert_allclose(evaluate(found, elsewhere), evaluate(expr, elsewhere), rtol=1e-11)


@pytest.mark.parametrize(
    "text",
    [
        "(v - mV)/(exp(v/mV) - 1)",
        "v/(exp(v/mV) + 1)",
        "v/(exp(v**2) - 1)",
        "w/(exp(v/mV) - 1)",
        "v/(exp(w) - exp(v))",
        "3/v",
    ],
)
def test_other_quotients_stay(text):
    expr = parse_expression(text)
    assert with_limits(expr, SYMBOLS) is expr


def test_membrane_at_the_singularity_stays_finite():
    text = "dv/dt = 0*mV/ms : volt\ndm/dt = a*(1 - m) - b*m : 1\n"
    text += "a = (v - 25*mV)/mV/(1 - exp((25*mV - v)/(10*mV)))/ms : Hz\nb = 1/ms : Hz"
    for method in ("euler", "exponential_euler", "rk4"):
        after = run(
            integrate(system_of(Equations(text), {}), method),
            {"v": 0.025, "m": 0.1, "dt": 1e-5, "t": 0.0, **UNITS},
            1,
            np.random.default_rng(0),
        )
        assert abs(float(after["m"]) - (0.1 + 1e-5 * (10e3 * 0.9 - 1e3 * 0.1))) < 0.01


@pytest.mark.parametrize(
    ("text", "finite_at_zero"),
    [
        ("(g*i - mV)/(exp(g*i/mV - 1) - 1)", True),
        ("(1 + 2*g*i)/(1 - exp(-(1 + 2*g*i)))", True),
        ("(g*i + 1)*k/expm1(-(g*i) - 1)", True),
        ("-(g*i - 1)/(1 - exp(3 - 3*g*i))", True),
        ("k*(i + 1)/(exp(k*(i + 1)) - 1)", False),
        ("k*g*(i + 1)/(exp(-k*g*i - k*g) - 1)", False),
        ("g*(3*i + 2*i - 1)/(exp(5*i - 1) - 1)", True),
        ("(g*i + g*k - 1)/(exp(g*(i + k) - 1) - 1)", True),
    ],
)
def test_factors_that_vanish_in_some_neurons_leave_the_value(text: str, finite_at_zero: bool) -> None:
    expr = parse_expression(text)
    found = with_limits(expr, SYMBOLS)
    for zeros in ({}, {"i": 0.0}, {"g": 0.0}, {"k": 0.0}, {"i": 0.0, "g": 0.0, "k": 0.0}):
        values = {"i": 3.0, "g": 0.7, "k": 1.3, **UNITS, **zeros}
        with np.errstate(all="ignore"):
            before, after = evaluate(expr, values), evaluate(found, values)
        assert np.isfinite(before) or not finite_at_zero
        if np.isfinite(before):
            np.testing.assert_allclose(after, before, rtol=1e-11)
