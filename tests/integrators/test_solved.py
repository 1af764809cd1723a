"""The method `independent`: what sympy is asked for, how long that takes, and whether its formulas are right."""

import math
import time
import warnings

import numpy as np
import pytest
import sympy

from ranvier import Network, NeuronGroup, ms, second
from ranvier.equations.parser import parse_expression
from ranvier.integrators.solved import hint_of, is_solution, solved
from ranvier.integrators.system import UnsupportedEquationsException
from ranvier.session.logger import catch_logs

NOW, PASSED = sympy.Symbol("x", real=True), sympy.Symbol("passed", nonnegative=True)

HOPELESS = [
    "x - x**3/3 - w + I",
    "(a*(b - x) + a*c*exp((x - d)/c) + I - w)/e",
    "a*(b - x) + c*(1 + tanh((x - d)/e))*(b - x) + I",
    "cos(x)*exp(sin(x))*x",
    "sin(x) + exp(-x**2)",
    "x**5 - x + 1",
    "-x + a*x**2/(1 + x**2)",
    "-x + 1/(1 + exp(-a*(x - b)))",
    "sin(t)*exp(x) + x*t",
]


@pytest.mark.parametrize("text", HOPELESS)
def test_what_has_no_formula_is_refused_at_once(text):
    """Sympy looks for some of them for minutes."""
    began = time.process_time()
    with pytest.raises(UnsupportedEquationsException, match=r"finds no formula.*Use another method, e.g. 'rk4'"):
        solved("x", parse_expression(text))
    assert time.process_time() - began < 15, "it takes half a second, some seconds where sympy is loaded"
    assert hint_of(sympy.sympify(text).subs({"x": NOW, "t": PASSED}), NOW, PASSED) is None


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("-x*sin(t) + t", "1st_linear"), ("2", "1st_linear"), ("x - x**4", "Bernoulli"), ("x**2 + a", "default"),
        ("x*log(x)", "default"), ("exp(-x)", "default"), ("sin(t)*x**2 - x", "default"), ("x**3", "default"),
        ("sin(t)*x**3 + x**2", None), ("x**1.5 - x", "Bernoulli"), ("1/x", "default"),
    ],
)  # fmt: skip
def test_hints(text, hint):
    assert hint_of(sympy.sympify(text).subs({"x": NOW, "t": PASSED}), NOW, PASSED) == hint


@pytest.mark.parametrize(
    ("text", "start", "wanted"),
    [
        ("r*x*(1 - x/K)", 0.3, lambda: 2 / (1 + (2 / 0.3 - 1) * math.exp(-0.7))),
        ("x - x**2", 0.3, lambda: 1 / (1 + (1 / 0.3 - 1) * math.exp(-1))),
        ("1 + x**2", 0.1, lambda: math.tan(math.atan(0.1) + 1)),
        ("exp(-x)", 0.3, lambda: math.log(math.exp(0.3) + 1)),
        ("x*log(x)", 0.3, lambda: 0.3**math.e),
    ],
)
def test_solutions(text, start, wanted):
    """Logarithms of negative numbers are none: logistic growth was NaN."""
    names = {"r": 0.7, "K": 2.0}
    cells = NeuronGroup(1, f"dx/dt = ({text})/second : 1", method="independent", dt=second / 50, namespace=names)
    cells.x = start
    with catch_logs():
        Network(cells).run(1 * second)
    assert np.isclose(cells.x[0], wanted(), rtol=1e-12)


def test_formulas_that_are_no_solutions():
    x = sympy.Symbol("x", real=True)
    right = -NOW + NOW**2 / (1 + NOW**2)
    assert not is_solution(x * sympy.exp(-PASSED), right, NOW, PASSED), "what sympy gives"
    assert is_solution(x * sympy.exp(-PASSED), -NOW, NOW, PASSED)


def test_networks_say_what_to_do():
    cells = NeuronGroup(1, "dv/dt = (v - v**3/3 - w)/ms : 1\ndw/dt = (v - w)/(10*ms) : 1", method="independent")
    with warnings.catch_warnings(), catch_logs(), pytest.raises(Exception, match=r"Use another method, e.g. 'rk4'"):
        Network(cells).run(1 * ms)
