"""Every form of expression, compiled, against its meaning in numpy."""

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ranvier import Network, NeuronGroup, defaultclock, ms, prefs, start_scope
from ranvier.analysis.evaluate import evaluate
from ranvier.equations import parse_expression

SIZE = 9
MODEL = "x : 1\ny : 1\nk : integer\nm : integer\nb : boolean\nc : boolean\ns : 1 (shared)\nn : integer (shared)"
NAMESPACE = {"p": 2.75, "q": -3, "z": 0.0}


@pytest.fixture(autouse=True)
def fresh():
    start_scope()
    defaultclock.dt = 0.1 * ms
    mode = prefs["codegen.fast_math"]
    prefs["codegen.fast_math"] = "off"
    yield
    prefs["codegen.fast_math"] = mode


def new_group(extra="", dtype=None):
    group = NeuronGroup(SIZE, MODEL + extra, namespace=NAMESPACE, dtype=dtype)
    group.x = [0.0, -0.0, 1.5, -2.25, 3.0, 1e-3, -7.75, 0.5, 12.0]
    group.y = [1.0, 2.5, -1.5, 0.3, -4.0, 6.0, 0.125, -0.7, 3.0]
    group.k = [0, 1, -1, 2, -3, 7, 5, -8, 4]
    group.m = [1, -1, 2, 3, -2, 1, 4, -5, 3]
    group.b = [True, False, True, True, False, False, True, False, True]
    group.c = [False, False, True, False, True, False, True, True, False]
    group.s = 1.375
    group.n = 3
    return group


def expected(group, text):
    values = {name: group.variables[name].get_value() for name in ("x", "y", "k", "m", "b", "c", "s", "n")}
    values.update(NAMESPACE, i=np.arange(SIZE), N=SIZE, dt=1e-4, t=0.0)
    return np.broadcast_to(evaluate(parse_expression(text), values, SIZE), (SIZE,))


def compiled(texts, types):
    """Values of many expressions, computed in one program."""
    declared = "".join(f"\nr{k} : {type}" for k, type in enumerate(types))
    group = new_group(declared)
    group.run_regularly("\n".join(f"r{k} = {text}" for k, text in enumerate(texts)))
    Network(group).run(0.1 * ms)
    return group, [np.array(getattr(group, f"r{k}")[:]) for k in range(len(texts))]


# Expressions whose values are exact, so that steps and comparisons are at the same places.
LEAVES = st.sampled_from(["x", "y", "k", "m", "s", "n", "p", "q", "i", "N", "1", "2", "-3", "0.5", "1.25", "b", "True"])
CONDITIONS = st.sampled_from(
    ["b", "c", "x > y", "k <= m", "not b", "x == 0", "k != 2", "b == c", "b and c", "k > 0 and b"]
)


def exact_operators(inner):
    pair = st.tuples(inner, inner)
    return st.one_of(
        pair.map(lambda a: f"({a[0]} + {a[1]})"),
        pair.map(lambda a: f"({a[0]} - {a[1]})"),
        pair.map(lambda a: f"({a[0]}*{a[1]})"),
        pair.map(lambda a: f"({a[0]})/(1.5 + abs({a[1]}))"),
        pair.map(lambda a: f"({a[0]} % (abs({a[1]}) + 1))"),
        pair.map(lambda a: f"(({a[0]}) % (-1 - abs({a[1]})))"),
        st.tuples(LEAVES, LEAVES).map(lambda a: f"(int({a[0]}) // (int(abs({a[1]})) + 1))"),
        inner.map(lambda a: f"(-({a}))"),
        inner.map(lambda a: f"abs({a})"),
        inner.map(lambda a: f"floor({a})"),
        inner.map(lambda a: f"ceil({a})"),
        inner.map(lambda a: f"sign({a})"),
        inner.map(lambda a: f"int(clip({a}, -1000, 1000))"),
        st.tuples(inner, CONDITIONS).map(lambda a: f"int({a[1]})*({a[0]})"),
        st.tuples(CONDITIONS, CONDITIONS).map(lambda a: f"int({a[0]} or not ({a[1]}))"),
        pair.map(lambda a: f"clip({a[0]}, -2, abs({a[1]}))"),
    )


EXACT = st.recursive(LEAVES, exact_operators, max_leaves=6)


def smooth_operators(inner):
    pair = st.tuples(inner, inner)
    return st.one_of(
        pair.map(lambda a: f"({a[0]} + {a[1]})"),
        pair.map(lambda a: f"({a[0]}*{a[1]})"),
        inner.map(lambda a: f"exp(clip({a}, -20, 20))"),
        inner.map(lambda a: f"log(1 + abs({a}))"),
        inner.map(lambda a: f"log10(0.1 + abs({a}))"),
        inner.map(lambda a: f"sqrt(abs({a}))"),
        inner.map(lambda a: f"tanh({a})"),
        inner.map(lambda a: f"sin(clip({a}, -50, 50))"),
        inner.map(lambda a: f"arctan({a})"),
        inner.map(lambda a: f"exprel(clip({a}, -20, 20))"),
        inner.map(lambda a: f"expm1(clip({a}, -20, 20))"),
        inner.map(lambda a: f"cosh(clip({a}, -9, 9))"),
        st.tuples(inner, LEAVES).map(lambda a: f"(abs({a[0]}) + 0.1)**clip({a[1]}, -2, 3)"),
        inner.map(lambda a: f"clip({a}, -30, 30)**3"),
        pair.map(lambda a: f"{a[0]}/exprel(clip({a[1]}, -5, 5))"),
    )


SMOOTH = st.recursive(EXACT, smooth_operators, max_leaves=5)
SETTINGS = settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    database=None,
    phases=[Phase.generate],
)


@SETTINGS
@given(st.lists(EXACT, min_size=40, max_size=40))
def test_exact_expressions(texts):
    group, found = compiled(texts, ["1"] * len(texts))
    for text, value in zip(texts, found, strict=True):
        np.testing.assert_array_equal(value, expected(group, text).astype(float), err_msg=text)


@SETTINGS
@given(st.lists(SMOOTH, min_size=30, max_size=30))
def test_smooth_expressions(texts):
    group, found = compiled(texts, ["1"] * len(texts))
    for text, value in zip(texts, found, strict=True):
        wanted = expected(group, text).astype(float)
        np.testing.assert_allclose(
            value, wanted, rtol=1e-9, atol=1e-9 * max(1, np.nanmax(np.abs(wanted))), err_msg=text
        )


INTEGERS = [
    "k + m", "k*m - n", "k // m", "k % m", "-k % m", "k // -m", "(k > 0) + (m > 0)", "b + b", "b*k", "k**2", "k**0",
    "m**3", "abs(k)", "sign(k)", "sign(-m)", "int(x)", "int(-2.75)", "int(b)", "-b", "+b", "abs(b)", "n // 2", "7 % n",
    "i", "N - i", "2*i % 3", "int(x > 0)*k", "clip(k, -2, 3)", "k - (-k)", "int(2.0**n)", "q // 2", "q % 2", "2**n",
    "timestep(3.05*dt, dt)", "timestep(3*dt, dt)", "int(1e10) + k",
]  # fmt: skip
BOOLEANS = [
    "x > y", "x >= 0", "k < m", "k == m", "x != x", "not (b or c)", "b and c and k > 0", "b == c", "b != c", "b > c",
    "k", "x", "not (k > 0)", "not (x < y)", "k > 0 and x < 1", "True", "False or b", "(k > 0) == (m > 0)", "x < k",
    "b == 1", "n > 2", "i % 2 == 0", "t < dt", "s > 1 and p > 2", "not True",
]  # fmt: skip
FLOATS = [
    "k/m", "1/2", "k/2", "b/2", "x % 1", "-x % 1", "x % -1.5", "5.5 // 2", "-5.5 // 2", "x // 0.5", "x**2", "x**-1.0",
    "x**0", "2**y", "abs(x)**0.5", "(-8.0)**3", "x/0.0", "-1/z", "sqrt(-1.0 - b)", "log(z)", "inf - k", "-inf*m",
    "exprel(0)", "exprel(1e-20)", "exprel(z)", "y/exprel(x)", "arcsin(clip(x, -1, 1))", "arccos(0.5)", "tan(x)",
    "sinh(y)", "log1p(abs(y))", "e**y", "pi*x", "p*q", "s*k + n", "floor(-0.5)", "ceil(x)", "clip(x, y, 3)",
    "(t + dt)/dt", "sign(x)", "sign(-0.5)*b", "clip(x, 2, -2)", "2.0*i + N", "abs(-0.0)", "x*int(b and c)", "--x",
    "int(b)*1.5", "+x", "2**-1.0", "2**(k*0.5)", "x - y - 1", "x/y/2", "-x**2", "2**3**2.0",
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "texts"),
    [("integer", INTEGERS), ("boolean", BOOLEANS), ("1", FLOATS)],
    ids=["integer", "boolean", "float"],
)
def test_forms(kind, texts):
    group, found = compiled(texts, [kind] * len(texts))
    for text, value in zip(texts, found, strict=True):
        wanted = expected(group, text).astype(value.dtype)
        np.testing.assert_allclose(value, wanted, rtol=1e-13, err_msg=text)


def test_conversions_of_assigned_values():
    """Floats are truncated, numbers become True unless they are 0, as in Brian."""
    texts = ["x*1.5", "-2.9", "b", "k*1.0"]
    _, found = compiled(texts, ["integer"] * 4)
    np.testing.assert_array_equal(found[0], np.trunc(np.array(new_group().x[:]) * 1.5).astype(int))
    assert found[1][0] == -2
    _, found = compiled(["x", "k", "0.25", "0"], ["boolean"] * 4)
    np.testing.assert_array_equal(found[0], np.array(new_group().x[:]) != 0)
    assert found[2].all() and not found[3].any()


def test_single_precision_computes_in_single_precision():
    group = new_group("\nr : 1\nu : 1\nv : 1\nw : integer", dtype=np.float32)
    group.run_regularly("r = x*y + p\nu = (x + 1e-9) - x\nv = k/m\nw = int(x*1000)")
    Network(group).run(0.1 * ms)
    x, y = np.array(group.x[:]), np.array(group.y[:])
    assert x.dtype == np.float32 and group.r[:].dtype == np.float32
    np.testing.assert_array_equal(group.r[:], x * y + np.float32(2.75))
    np.testing.assert_array_equal(group.u[:], (x + np.float32(1e-9)) - x)
    np.testing.assert_array_equal(group.v[:], np.array(group.k[:], np.float32) / np.array(group.m[:], np.float32))
    np.testing.assert_array_equal(group.w[:], (x * np.float32(1000)).astype(int))


def test_single_precision_keeps_what_is_uniform_in_double():
    """Constants are combined in double precision before they meet an element."""
    group = NeuronGroup(2, "x : 1\nr : 1", dtype=np.float32, namespace={"big": 16777216.0})
    group.x = 1
    group.run_regularly("r = x*(big + 1 - big)")
    Network(group).run(0.1 * ms)
    assert list(group.r[:]) == [1, 1]


def test_mixed_precision():
    group = NeuronGroup(3, "x : 1\ny : 1\nz : 1", dtype={"x": np.float32})
    group.y = 0.1
    group.run_regularly("x = y\nz = y - x")
    Network(group).run(0.1 * ms)
    assert group.x[:].dtype == np.float32 and group.y[:].dtype == np.float64
    np.testing.assert_array_equal(group.z[:], np.float64(0.1) - np.float64(np.float32(0.1)))


EDGES = [
    *("9223372036854775808 + x", "2**62*4 + x", "99999999999999999999999*1.0", "large + x"),
    *("k//0", "k//m0", "k%m0", "k//-1", "N//i"),
    *("x//y", "x%y", "x//0.1", "w//v", "w%v", "w%inf", "w//inf", "w//0.001"),
    *("sign(v)", "sign(w)", "clip(w, v, 1)", "clip(w, 0, v)", "clip(w, none, 1)", "clip(v, 0, 1)"),
]


def test_values_at_the_edges_are_those_of_numpy():
    infinite, none = np.inf, np.nan
    extra = "\nv : 1\nw : 1\nm0 : integer" + "".join(f"\nr{k} : 1" for k in range(len(EDGES)))
    extra += "".join(f"\ne{k} = {text} : 1" for k, text in enumerate(EDGES))
    group = new_group(extra)
    group.namespace.update(large=2**63, none=none)
    group.v = [none, infinite, -infinite, 0, 0.001, infinite, -infinite, 2, 0]
    group.w = [1, 1, 1, 1, 0.5, -0.5, -0.5, none, 0]
    group.m0 = [0, -1, 0, 2, -2, 1, 0, -1, 0]
    wanted = [np.array(getattr(group, f"e{k}")[:], dtype=float) for k in range(len(EDGES))]
    group.run_regularly("\n".join(f"r{k} = {text}" for k, text in enumerate(EDGES)))
    Network(group).run(0.1 * ms)
    for k, text in enumerate(EDGES):
        assert np.array_equal(getattr(group, f"r{k}")[:], wanted[k], equal_nan=True), text
    assert wanted[0][0] == 2.0**63 and wanted[1][0] == 2.0**64
    assert wanted[EDGES.index("w//0.001")][4] == 499
