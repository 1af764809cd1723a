"""What users read when something is wrong; `UPDATE_GOLDEN=1 pytest` writes the files anew."""

import os
import traceback
from pathlib import Path

import pytest

from ranvier.analysis.check import check_condition, check_expression, check_statements
from ranvier.analysis.names import resolve
from ranvier.analysis.symbols import Symbol
from ranvier.equations import Equations, parse_expression, parse_statements
from ranvier.equations.expressions import functions, names
from ranvier.integrators.choice import choose
from ranvier.integrators.from_equations import system_of
from ranvier.units import ms, second, volt
from ranvier.units.dimensions import DIMENSIONLESS

GOLDEN = Path(__file__).parent / "golden"

PER_SECOND = volt / second
"""Units are shown by the names of those made in the session, whatever ran before these tests."""

VARIABLES = {
    "v": Symbol("v", "float", volt.dim, False, "variable"),
    "w": Symbol("w", "float", DIMENSIONLESS, False, "variable"),
    "shared": Symbol("shared", "float", DIMENSIONLESS, True, "variable"),
    "I": Symbol("I", "float", volt.dim, False, "subexpression", expr=parse_expression("2*v")),
}


def resolved(*used):
    others = {name for some in used for name in some if name not in VARIABLES}
    return {**VARIABLES, **{name: resolve(name, {}, {"tau": 10 * ms}) for name in others}}


def expression(text):
    expr = parse_expression(text)
    return lambda: check_expression(expr, resolved(names(expr), functions(expr)), text)


def statements(code):
    block = parse_statements(code)
    used = [names(s.expr) | functions(s.expr) for s in block]
    return lambda: check_statements(block, resolved(*used))


def condition(text):
    expr = parse_expression(text)
    return lambda: check_condition(expr, resolved(names(expr)), text, "The threshold")


def method(text, name):
    return lambda: choose(system_of(Equations(text), {}), name)


CASES = {
    "add_different_units": expression("(v + 1)*w"),
    "compare_with_zero": expression("v > 0 and w < 3"),
    "argument_with_unit": expression("w*exp(v/(2*ms))"),
    "arguments_of_different_units": expression("clip(v, 0, 1*volt)"),
    "power_of_unknown_exponent": expression("v**w"),
    "number_of_arguments": expression("sin(w, w)"),
    "function_without_arguments": expression("exp*w"),
    "two_random_numbers": expression("rand() - rand()"),
    "no_condition": condition("v/mV"),
    "number_in_logic": expression("w and w > 1"),
    "misspelt_name": lambda: resolve("taus", {}, {"tau": 10 * ms}),
    "list_in_namespace": lambda: resolve("rates", {}, {"rates": [1, 2]}),
    "conditional_expression": lambda: parse_expression("v if w > 1 else 0*mV"),
    "chained_comparison": lambda: parse_expression("0 < w < 1"),
    "bit_operator": lambda: parse_expression("w > 1 & w < 2"),
    "index": lambda: parse_expression("2*w[3]"),
    "incomplete_expression": lambda: parse_expression("w*(2 +"),
    "caret_in_a_long_text": expression(" + ".join(["w"] * 40 + ["v"] + ["w"] * 20)),
    "assign_wrong_unit": statements("w += 1\nv = 3 # reset"),
    "assign_subexpression": statements("I = 3*mV"),
    "assign_time": statements("t = 3*ms"),
    "shared_after_elements": statements("w = 1\nshared = 2"),
    "shared_from_elements": statements("shared = w"),
    "assign_to_item": lambda: parse_statements("v[3] = 1"),
    "no_assignment": lambda: parse_statements("v = 1\nw == 3"),
    "equation_without_unit": lambda: Equations("dv/dt = -v/tau"),
    "equation_scaled_unit": lambda: Equations("v : mV"),
    "equation_bool": lambda: Equations("refr : bool"),
    "equation_syntax": lambda: Equations("dv/dt = (ge - v/tau : volt"),
    "equation_semicolon": lambda: Equations("v : 1; w : 1"),
    "equation_twice": lambda: Equations("v : 1\nv : volt"),
    "equation_noise_twice": lambda: Equations("dx/dt = xi/ms**.5 : 1\ndy/dt = xi/ms**.5 : 1"),
    "equation_circle": lambda: Equations("x = y : 1\ny = x : 1"),
    "equation_unit_name": lambda: Equations("flux : 1"),
    "method_unknown": method("dv/dt = -v/ms : 1", "eulr"),
    "method_exact_nonlinear": method("dv/dt = -v**2/ms : 1", "exact"),
    "method_exact_time": method("dv/dt = (sin(t/ms) - v)/ms : 1", "exact"),
    "method_rk4_noise": method("dv/dt = -v/ms + xi/ms**.5 : 1", "rk4"),
    "method_noise_not_linear": method("dv/dt = xi**2 : 1", "euler"),
    "method_gsl": method("dv/dt = -v/ms + xi/ms**.5 : 1", "gsl_rkf45"),
}


@pytest.mark.parametrize("case", sorted(CASES))
def test_message(case):
    with pytest.raises(Exception) as info:
        CASES[case]()
    lines = [traceback.format_exception_only(type(info.value), info.value)[0].rstrip("\n")]
    lines += getattr(info.value, "__notes__", [])
    text = "\n".join(lines) + "\n"
    path = GOLDEN / f"{case}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()


def test_no_golden_file_is_left_over():
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(CASES)
