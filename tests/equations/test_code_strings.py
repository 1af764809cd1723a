"""`Expression` and `Statements`: substitutions, noise, and their use in place of texts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ranvier import (
    Expression,
    NeuronGroup,
    PoissonGroup,
    PoissonInput,
    Statements,
    Synapses,
    ms,
    mV,
    run,
    start_scope,
    volt,
)
from ranvier.units import hertz, second


@pytest.mark.parametrize(
    ("text", "substitutions", "result"),
    [
        ("x += w", {"w": 0.3}, "x += (0.3)"),
        ("x += w # w in mV", {"w": mV}, "x += (mvolt) # w in mV"),
        ("x += w # w", {"w": "v_x", "x": "y"}, "y += v_x # v_x"),
        ("x += ww*w\ny = w", {"w": np.float64(2)}, "x += ww*(2.0)\ny = (2.0)"),
        ("x = w", {"w": 1 / 3 * volt}, "x = (0.3333333333333333 * volt)"),
    ],
)
def test_substitutions(text: str, substitutions: dict[str, Any], result: str) -> None:
    code = Statements(text, **substitutions)
    assert code.code == result and code == Statements(result) and len({code, Statements(result)}) == 1


def test_what_is_assigned_can_be_renamed_only() -> None:
    with pytest.raises(ValueError, match="'x' is assigned in 'x \\+= w'"):
        Statements("x += w", x=3)


def test_expressions_are_read_at_once() -> None:
    assert Expression("a + b", b=2).code == "a + (2)" and Expression("a + b", b="c").identifiers == {"a", "c"}
    with pytest.raises(SyntaxError, match="cannot be read"):
        Expression("a+")
    for arguments in ({}, {"code": "a", "sympy_expression": 3}):
        with pytest.raises(TypeError, match="needs its text"):
            Expression(**arguments)


def test_an_expression_of_sympy() -> None:
    from sympy import Symbol

    assert Expression(sympy_expression=2 * Symbol("x")).code == "2*x"


def test_noise_is_split_off() -> None:
    both = Expression("f + g*xi + h*xi_2")
    assert both.stochastic_variables == {"xi", "xi_2"}
    assert both.split_stochastic() == (Expression("f"), {"xi": Expression("g"), "xi_2": Expression("h")})
    assert Expression("xi").split_stochastic() == (None, {"xi": Expression("1")})
    assert Expression("f").split_stochastic() == (Expression("f"), None)
    with pytest.raises(ValueError, match="'g\\*xi\\*\\*2' cannot be separated"):
        Expression("g*xi**2").split_stochastic()


def test_they_are_accepted_where_texts_are() -> None:
    start_scope()
    cells = NeuronGroup(
        3,
        "v : 1\ny : 1",
        threshold=Expression("v > limit", limit=2),
        reset=Statements("v = 0; y += k", k=1),
        refractory=Expression("2*ms"),
        events={"high": Expression("v > 1")},
    )
    cells.run_on_event("high", Statements("y += 10"))
    cells.v = Expression("i + a", a=1)
    assert list(cells.v[Expression("v > 1")]) == [2, 3] and list(cells.indices[Expression("v > 2")]) == [2]
    cells.v[Expression("v == 1")] = Expression("v/2")
    cells.run_regularly(Statements("y += 100"), when="end")
    cells.run_at(Statements("y += 1000"), times=[0.1] * ms)
    synapses = Synapses(cells, cells, "w : 1", on_pre=Statements("y_post += w"), on_post={"back": Statements("w += 0")})
    synapses.connect(condition=Expression("i != j"), p=Expression("1.0"), n=Expression("1"))
    assert len(synapses) == 6
    synapses.w[Expression("j == 0")] = Expression("10000*i")
    diagonal = Synapses(cells, cells, on_pre="v += 0")
    diagonal.connect(j=Expression("i"))
    assert list(diagonal.j) == [0, 1, 2]
    inputs = PoissonGroup(2, rates=Expression("r*i", r=10 / second))
    assert list(inputs.rates[:] / hertz) == [0, 10]
    more = PoissonInput(cells, "y", 1, 0 / second, weight=Expression("v"))
    run(0.2 * ms)
    assert list(cells.y) == [21200, 1220, 1211] and more.weight == "v"
