"""Expressions: reading, writing, computing."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ranvier.analysis.evaluate import evaluate
from ranvier.equations import parse_expression, render
from ranvier.equations.expressions import (
    Binary,
    Call,
    Compare,
    Logical,
    Name,
    Number,
    Unary,
    calls,
    names,
    substitute,
    walk,
)

NAMES = st.sampled_from(["v", "ge", "tau_m", "I1", "x", "not_refractory"]).map(Name)
NUMBERS = st.one_of(
    st.integers(0, 10**6), st.floats(0, 1e300, allow_nan=False), st.booleans(), st.sampled_from([1e-300, 0.1, 1e22])
).map(Number)


def combined(inner):
    return st.one_of(
        st.builds(Unary, st.sampled_from(["-", "+", "not"]), inner),
        st.builds(Binary, st.sampled_from(["+", "-", "*", "/", "//", "%", "**"]), inner, inner),
        st.builds(Compare, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), inner, inner),
        st.builds(Logical, st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=3).map(tuple)),
        st.builds(Call, st.sampled_from(["exp", "clip", "f"]), st.lists(inner, max_size=3).map(tuple)),
    )


def too_large(expr):
    """Whether a power of two whole numbers is more than 64 bits hold: it is read as a power of floats."""
    match expr:
        case Binary("**", Number(int() as base), Number(int() as exponent)) if base > 1:
            return exponent * math.log2(base) >= 62
    return False


@given(st.recursive(NAMES | NUMBERS, combined, max_leaves=25))
def test_rendered_text_is_read_back_as_the_same_tree(expr):
    assume(not any(too_large(node) for node in walk(expr)))
    assert parse_expression(render(expr)) == expr


ARITHMETIC = st.recursive(
    st.one_of(
        st.integers(0, 20).map(Number),
        st.floats(0.001, 1000).map(Number),
        st.sampled_from([Name("k"), Name("x"), Name("b")]),
    ),
    lambda inner: st.one_of(
        st.builds(Unary, st.sampled_from(["-", "+"]), inner),
        st.builds(Binary, st.sampled_from(["+", "-", "*", "/", "//", "%"]), inner, inner),
    ),
    max_leaves=8,
)


@given(ARITHMETIC, st.integers(-5, 5), st.floats(-100, 100), st.booleans())
def test_arithmetic_is_that_of_python(expr, k, x, b):
    try:
        expected = eval(render(expr), {"k": k, "x": x, "b": b})
    except (ZeroDivisionError, OverflowError):
        assume(False)
    values = {"k": np.full(3, k, dtype=np.int32), "x": np.full(3, x), "b": np.full(3, b)}
    found = np.broadcast_to(evaluate(expr, values, 3), (3,))
    np.testing.assert_allclose(found, float(expected), rtol=1e-13, atol=1e-300)
    assert (found.dtype.kind == "f") == isinstance(expected, float) or isinstance(expected, bool)


@given(ARITHMETIC, ARITHMETIC, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), st.sampled_from(["and", "or"]))
def test_conditions_are_those_of_python(left, right, op, join):
    expr = Logical(join, (Compare(op, left, right), Unary("not", Compare("<", right, left))))
    values = {"k": 3, "x": 0.5, "b": True}
    try:
        expected = eval(render(expr), dict(values))
    except (ZeroDivisionError, OverflowError):
        assume(False)
    assert bool(evaluate(expr, values)) is expected


VALUES = [
    ("1/2", 0.5), ("3//2", 1), ("-3//2", -2), ("-3 % 2", 1), ("3 % -2", -1), ("-3.5 % 2", 0.5), ("-2**2", -4),
    ("2**3**2", 512), ("2**-1", 0.5), ("int(2.7)", 2), ("int(-2.7)", -2), ("k/2", 1.5), ("int(k/2)", 1), ("-k//2", -2),
    ("k**0.5", 3**0.5), ("int(b)", 1), ("k + b", 4), ("b + b", 2), ("-b", -1), ("floor(-x)", -1), ("ceil(x)", 1),
    ("sign(-x)", -1), ("sign(0)", 0), ("clip(x, 0, 0.25)", 0.25), ("exprel(0.0)", 1), ("exprel(1.0)", math.e - 1),
    ("exprel(712)", 2.31841469829864e306), ("exprel(-1e-20)", 1), ("expm1(1e-10)", 1.00000000005e-10),
    ("timestep(0.3*ms, 0.1*ms)", 3), ("timestep(0.25*ms, 0.1*ms)", 2), ("(k > 2) and (x < 1)", 1), ("not b", 0),
    ("k*100000*100000", 3e10), ("0x10 + 1_000", 1016), ("e**2", math.e**2), ("inf > 1e300", 1), ("abs(-k)", 3),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_values(text, value):
    known = {"k": np.array([3, 3], dtype=np.int32), "x": np.array([0.5, 0.5]), "b": np.array([True, True]), "ms": 1e-3}
    found = np.broadcast_to(evaluate(parse_expression(text), known, 2), (2,))
    np.testing.assert_allclose(found, value, rtol=1e-13)


def test_integer_functions_keep_integers():
    for text in ("abs(k)", "sign(k)", "clip(k, 0, 5)", "k//2", "int(0.5)", "timestep(1*ms, 0.1*ms)"):
        assert evaluate(parse_expression(text), {"k": np.int32(3), "ms": 1e-3}).dtype == np.int64


def test_random_functions_give_one_value_per_element():
    rng = np.random.default_rng(1)
    for text in ("rand()", "randn()", "poisson(4)"):
        found = evaluate(parse_expression(text), {}, count=1000, rng=rng)
        assert found.shape == (1000,) and len(np.unique(found)) > 5
    drawn = evaluate(parse_expression("poisson(lam)"), {"lam": np.repeat([0.0, 50.0], 500)}, 1000, rng)
    assert np.all(drawn[:500] == 0) and abs(np.mean(drawn[500:]) - 50) < 2


def test_spans_point_into_the_text():
    text = "  a +\n  f(bb, 12)"
    expr = parse_expression(text)
    assert [text[slice(*node.span)] for node in (expr.left, expr.right, *expr.right.args)] == [
        "a",
        "f(bb, 12)",
        "bb",
        "12",
    ]


def test_names_calls_substitute():
    expr = parse_expression("f(a) + b*f(g(a), c)")
    assert names(expr) == {"a", "b", "c"}
    assert [call.function for call in calls(expr)] == ["f", "f", "g"]
    swapped = substitute(expr, {"a": Name("b"), "b": Name("a")})
    assert render(swapped) == "f(b) + a*f(g(b), c)"


def test_numbers_of_different_type_differ():
    assert len({Number(1), Number(1.0), Number(True)}) == 3
    assert parse_expression("1") != parse_expression("1.0")


@pytest.mark.parametrize(
    "text",
    ["1 if b else 2", "x[0]", "1 < 2 < 3", "x & 3", "lambda: 1", "f(x=3)", "1j", "", "  ", "v +", "x = 3", "a b", "a.b",
     "'text'", "[1]", "(1, 2)", "f(*x)", "f()()", "~x", "a is b", "None", "x := 3", "µ + 1", "((", "a if"],
)  # fmt: skip
def test_rejected(text):
    with pytest.raises(SyntaxError):
        parse_expression(text)
