"""Derivatives against differences."""

import numpy as np
import pytest

from ranvier.analysis.derivative import derivative
from ranvier.analysis.evaluate import evaluate
from ranvier.equations import parse_expression, render

TEXTS = [
    "3*x**2 - x/2 + 7",
    "g*(E - x)",
    "exp(-x**2)*sin(3*x)",
    "x**g",
    "g**x",
    "x**x",
    "x**-1.5",
    "1/(1 + exp(-x))",
    "tanh(x)/x",
    "sqrt(1 + x**2)",
    "log(x) + log10(x) + log1p(x)",
    "arctan(x)*arcsin(x/3)*arccos(x/3)",
    "cosh(x) - sinh(2*x)",
    "tan(x/2)",
    "exprel(x)",
    "exprel(2*x - 1.4)",
    "expm1(x)*abs(x - 3)",
    "cos(x)**2",
    "+x - -x",
    "E*int(g > 2)*x",
    "(x - E)/(1 - exp(E - x))",
]


@pytest.mark.parametrize("text", TEXTS)
def test_against_differences(text):
    expr = parse_expression(text)
    slope = derivative(expr, "x")
    known = {"g": 2.3, "E": -0.4, "_select": np.where}
    x, h = np.linspace(0.2, 1.4, 13), 1e-5

    def at(place):
        return evaluate(expr, {**known, "x": place}, 13)

    expected = (8 * (at(x + h) - at(x - h)) - (at(x + 2 * h) - at(x - 2 * h))) / (12 * h)
    np.testing.assert_allclose(
        np.broadcast_to(evaluate(slope, {**known, "x": x}, 13), (13,)), expected, rtol=1e-7, atol=1e-9
    )


def test_simple_forms_stay_simple():
    def text(source):
        return render(derivative(parse_expression(source), "v"))

    assert text("gl*(El - v)") == "-gl" and text("gl*El") == "0"
    assert text("g*v**2") == "g*(2*v)" and text("-g*m**3*h*(v - ENa)") == "-g*m**3*h"


@pytest.mark.parametrize("text", ["int(x > 2)", "floor(x)", "f(x)", "x % 2", "x // 2", "not x", "clip(x, 0, 1)"])
def test_no_derivative(text):
    with pytest.raises(TypeError, match="cannot be differentiated"):
        derivative(parse_expression(text), "x")
