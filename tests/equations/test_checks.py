"""Names, units and types of expressions and statements."""

import numpy as np
import pytest

from ranvier.analysis.check import (
    check_condition,
    check_derivative,
    check_expression,
    check_statements,
    check_subexpression,
)
from ranvier.analysis.names import resolve
from ranvier.analysis.symbols import Symbol
from ranvier.equations import parse_expression, parse_statements
from ranvier.equations.expressions import functions, names
from ranvier.units import DimensionMismatchError, check_units, ms, mV, second, volt
from ranvier.units.dimensions import DIMENSIONLESS

VARIABLES = {
    symbol.name: symbol
    for symbol in [
        Symbol("v", "float", volt.dim, False, "variable"),
        Symbol("x", "float", DIMENSIONLESS, False, "variable"),
        Symbol("k", "integer", DIMENSIONLESS, False, "variable"),
        Symbol("b", "boolean", DIMENSIONLESS, False, "variable"),
        Symbol("s", "float", DIMENSIONLESS, True, "variable"),
        Symbol("i", "integer", DIMENSIONLESS, False, "variable"),
        Symbol("N", "integer", DIMENSIONLESS, True, "variable"),
        Symbol("u", "float", volt.dim, False, "subexpression", expr=parse_expression("2*v")),
        Symbol("noisy", "float", DIMENSIONLESS, False, "subexpression", expr=parse_expression("rand()")),
    ]
}
NAMESPACE = {"tau": 10 * ms, "two": 2, "array": np.ones(2), "arr0": np.array(3.0), "flag": True}


def resolved(used, **namespace):
    return {name: VARIABLES.get(name) or resolve(name, namespace, NAMESPACE) for name in used}


def symbols_of(expr, **namespace):
    return resolved(names(expr) | functions(expr), **namespace)


def check(text, **namespace):
    expr = parse_expression(text)
    return check_expression(expr, {**VARIABLES, **symbols_of(expr, **namespace)}, text)


@pytest.mark.parametrize(
    ("text", "dim", "dtype"),
    [("v + 2*mV", volt, "float"), ("v/tau", volt / second, "float"), ("v**2/v", volt, "float"),
     ("sqrt(v*v)", volt, "float"),
     ("v**two", volt**2, "float"), ("k//2", 1, "integer"), ("k/2", 1, "float"), ("v > 0*mV", 1, "boolean"),
     ("k + b", 1, "integer"), ("-b", 1, "integer"), ("clip(v, 0*mV, 1*volt)", volt, "float"), ("abs(k)", 1, "integer"),
     ("exp(v/mV)", 1, "float"), ("2**3", 1, "integer"), ("2**k", 1, "float"), ("not b and x > 3", 1, "boolean"),
     ("timestep(tau, 1*ms)", 1, "integer"), ("floor(v)", volt, "float"), ("flag", 1, "boolean"), ("arr0*k", 1, "float"),
     ("v % (1*mV)", volt, "float"), ("int(x)", 1, "integer"), ("v**0.5", volt**0.5, "float"), ("two", 1, "integer")],
)  # fmt: skip
def test_units_and_types(text, dim, dtype):
    found, kind = check(text)
    assert found is getattr(dim, "dim", DIMENSIONLESS) and kind == dtype


@pytest.mark.parametrize(
    ("text", "error"),
    [("v + 1", DimensionMismatchError), ("v > 0", DimensionMismatchError), ("v == 0", DimensionMismatchError),
     ("v//v", DimensionMismatchError), ("exp(v)", DimensionMismatchError), ("x**v", DimensionMismatchError),
     ("clip(v, 0, 1*mV)", DimensionMismatchError), ("timestep(1, 1*ms)", DimensionMismatchError), ("v**x", SyntaxError),
     ("not v", DimensionMismatchError), ("v % 2", DimensionMismatchError), ("int(v)", DimensionMismatchError),
     ("rand() - rand()", NotImplementedError), ("x and b", TypeError), ("not k", TypeError), ("exp", TypeError),
     ("x(3)", TypeError), ("sin(1, 2)", SyntaxError), ("nope", KeyError), ("array", KeyError), ("max(1, 2)", KeyError)],
)  # fmt: skip
def test_refused(text, error):
    with pytest.raises(error):
        check(text)


def test_a_mismatch_names_both_sides_and_the_place():
    with pytest.raises(DimensionMismatchError) as info:
        check("x*(v + 1*second)")
    assert "'v' and '1*second'" in str(info.value) and "(units are V and s)" in str(info.value)
    assert info.value.__notes__ == ["    x*(v + 1*second)\n       ^^^^^^^^^^^^"]


def test_order_of_meanings():
    warnings = []
    group, run = {"a": 1, "exp": 4}, {"a": 2, "tau": 10 * ms, "pi": 3, "mV": mV}
    found = {name: resolve(name, group, run, warn=warnings.append) for name in ("a", "exp", "mV", "pi", "tau")}
    assert found["exp"].kind == "function" and found["a"].value == 1
    assert found["pi"].value == np.pi and found["tau"].value == 0.01 and found["mV"].value == 1e-3
    assert [message.split()[0] for message in warnings] == ["'a'", "'exp'", "'pi'"]


def test_values_from_outside():
    @check_units(x=1, result=1)
    def f(x):
        return x

    given = {"a": np.int64(3), "b2": np.float32(0.5), "c": np.bool_(True), "f": f, "q": np.array(2.0) * mV}
    found = {name: resolve(name, {}, given) for name in given}
    assert (found["a"].dtype, found["b2"].dtype, found["c"].dtype) == ("integer", "float", "boolean")
    assert found["f"].kind == "function" and found["q"].dim is volt.dim and found["q"].value == 0.002
    for value in ([1], "text", None, np.ones(1), lambda x: x, 1j):
        with pytest.raises(KeyError, match=r"is not a scalar value|units are not known|z.item\(0\)"):
            resolve("z", {}, {"z": value})
    with pytest.raises(KeyError, match='Did you mean "tau"'):
        resolve("taus", {}, NAMESPACE)


def block(code, **options):
    statements = parse_statements(code)
    used = {name for s in statements for name in names(s.expr) | functions(s.expr)} - {s.target for s in statements}
    return check_statements(statements, {**VARIABLES, **resolved(used)}, **options)


def test_statements():
    (first, second_, third) = block("tmp = i\ntmp += 0.5\nx = tmp")
    assert (first.target.kind, first.dtype, second_.dtype) == ("temporary", "integer", "float")
    assert third.target.kind == "variable" and not third.scalar
    assert block("s = 3\nx = s")[0].scalar and not block("x = rand()")[0].scalar
    assert block("two = x; x = two")[0].target.kind == "temporary"  # not the constant of that name
    block("v *= x; v /= 2; v += 1*mV; k = 7.9; x = i > 0; b = x > 3")


@pytest.mark.parametrize(
    ("code", "error"),
    [("v = 3", DimensionMismatchError), ("v += 1", DimensionMismatchError), ("v *= v", DimensionMismatchError),
     ("x = 3\ns = 3", SyntaxError), ("s = x", SyntaxError), ("x = nope", KeyError), ("tmp += 1", KeyError),
     ("u = 1*mV", SyntaxError), ("i = 3", SyntaxError), ("N = 3", SyntaxError), ("t = 1*ms", SyntaxError),
     ("x = rand() + rand()", NotImplementedError), ("x = tmp; tmp = 3", KeyError),
     ("tmp = v; tmp = 3", DimensionMismatchError)],
)  # fmt: skip
def test_refused_statements(code, error):
    with pytest.raises(error):
        block(code)


def test_shared_variables_need_code_for_all_elements():
    with pytest.raises(SyntaxError, match="some of the elements"):
        block("s = 3", all_elements=False)


def test_conditions():
    for text in ("v > 1*mV", "b", "not b", "flag"):
        expr = parse_expression(text)
        check_condition(expr, symbols_of(expr), text)
    for text in ("x", "k", "1"):
        expr = parse_expression(text)
        with pytest.raises(TypeError, match="has to be a condition"):
            check_condition(expr, symbols_of(expr), text, "The threshold")


def test_derivatives_and_subexpressions():
    def derivative(text):
        expr = parse_expression(text)
        check_derivative("v", volt.dim, expr, symbols_of(expr), text)

    derivative("-v/tau")
    with pytest.raises(DimensionMismatchError, match="per second"):
        derivative("-v")

    def subexpression(text, dtype="float", scalar=False, once=""):
        expr = parse_expression(text)
        known = {**VARIABLES, **symbols_of(expr)}
        check_subexpression(Symbol("y", dtype, DIMENSIONLESS, scalar, "subexpression"), expr, known, text, once)

    subexpression("x + k"), subexpression("s*2", scalar=True), subexpression("rand()", once="stored")
    subexpression("rand() + rand()", once="summed")
    subexpression("x > 3", dtype="boolean"), subexpression("k*2", dtype="integer")
    refused = [
        (("v",), DimensionMismatchError),
        (("x", "boolean"), TypeError),
        (("x", "float", True), SyntaxError),
        (("rand()",), SyntaxError),
        (("2*noisy",), SyntaxError),
    ]
    for arguments, error in refused:
        with pytest.raises(error):
            subexpression(*arguments)
