"""Logistic functions that take an exponential that was there: the same values, also where exponentials overflow."""

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp

from ranvier.passes.optimise.logistic_functions import argument_of
from ranvier.passes.pipeline import run_pipeline

PROGRAM = """
snn.program @rates {
  %N = snn.param "g.N" "" : index
  %rest = snn.param "rest" "" : f64
  %one = arith.constant 1.0 : f64
  %four = arith.constant 4.0 : f64
  %zero = arith.constant 0.0 : f64
  %tiny = arith.constant 1.0e-30 : f64
  %slope = arith.constant 2.0 : f64
  %v = snn.state "g.v" "" [%N] : tensor<?xf64>
  %w = snn.state "g.w" "" [%N] : tensor<?xf64>
  %clk = snn.clock "clk"
  %end:2 = snn.loop (%v, %w) : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>, tensor<?xf64> {
  ^bb0(%v0: tensor<?xf64>, %w0: tensor<?xf64>):
    %w1 = snn.map "integrate" "g" on(%clk) [%N] (%v0, %w0) updates [1]
        : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %x: f64, %y: f64):
      %above = arith.subf %x, %rest : f64
      %scaled = arith.mulf %above, %slope : f64
      %none = arith.cmpf oeq, %scaled, %zero : f64
      %safe = arith.select %none, %tiny, %scaled : f64
      %power = math.expm1 %safe : f64
      %a = arith.divf %safe, %power : f64
      %below = arith.subf %rest, %x : f64
      %other = arith.mulf %below, %slope : f64
      %e = math.exp %other : f64
      %sum = arith.addf %one, %e : f64
      %b = arith.divf %four, %sum : f64
      %c = arith.addf %a, %b : f64
      snn.yield %RESULT : f64
    }
    snn.yield %v0, %w1 : tensor<?xf64>, tensor<?xf64>
  }
}
"""
EDGES = [0.0, -0.0, 1e-310, -1e-20, 1e-17, 20.0, -20.0, 170.0, -170.0, 340.0, -340.0, 360.0, 2000.0, np.inf, np.nan]


def inputs(type_: str, result: str, rest: float) -> dict[str, object]:
    values = np.concatenate([EDGES, np.random.default_rng(4).normal(0, 9, 25)])
    if type_ == "f32" or result == "c":  # within what quick exponentials and f32 can hold
        values = values[~(np.abs(values) > (40 if type_ == "f32" else 350))]
    return {"g.N": len(values), "rest": rest, "g.v": values, "g.w": np.zeros(len(values)), "clk": (0, 1, 1e-3)}


@pytest.mark.parametrize("rest", [0.0, 0.7])
@pytest.mark.parametrize("result", ["b", "c"])
@pytest.mark.parametrize("type_", ["f64", "f32"])
def test_same_values(type_, result, rest, parse_program, interpret_it, run_program):
    text = PROGRAM.replace("%RESULT", f"%{result}").replace("f64", type_)
    given = inputs(type_, result, rest)
    expected = interpret_it(parse_program(text), given).arrays["g.w"]
    within = 1e-13 if type_ == "f64" else 1e-4
    for run in (interpret_it, run_program):
        module = parse_program(text)
        run_pipeline(module, "approximate-functions", verify=True)
        assert "math.exp %other" not in str(module)
        found = run(module, given).arrays["g.w"]
        np.testing.assert_allclose(found, expected, rtol=within, atol=1e-300)


def forms(text: str, parse_program) -> dict[str, object]:
    module: ModuleOp = parse_program(PROGRAM.replace("%RESULT", "%c").replace("%c = arith", f"{text}\n%c = arith"))
    values = [result for op in module.walk() for result in op.results]
    return {value.name_hint: argument_of(value) for value in values if value.name_hint}


def test_forms_of_arguments(parse_program):
    """Sums of the same terms are the same in any order and with any signs; other factors and other terms are not."""
    found = forms(
        """%p0 = arith.subf %x, %rest : f64
           %p1 = arith.subf %p0, %four : f64
           %n0 = arith.subf %four, %x : f64
           %n1 = arith.addf %n0, %rest : f64
           %m0 = arith.negf %p1 : f64
           %p2 = arith.divf %p1, %slope : f64
           %n2 = arith.divf %n1, %slope : f64
           %f = arith.constant -2.0 : f64
           %q2 = arith.divf %n1, %f : f64
           %t2 = arith.mulf %p1, %slope : f64
           %o1 = arith.addf %p0, %rest : f64""",
        parse_program,
    )
    assert found["p1"] == found["n1"].negated() == found["m0"].negated() != found["n1"]
    assert found["p2"] == found["n2"].negated() == found["q2"]
    assert found["t2"] != found["p2"] and found["o1"] != found["p0"]


@pytest.mark.parametrize(
    "change",
    [
        ("%below = arith.subf %rest, %x", "%below = arith.subf %x, %rest"),
        ("arith.mulf %below, %slope", "arith.mulf %below, %four"),
        ("arith.addf %one, %e", "arith.addf %four, %e"),
        ("arith.addf %a, %b", "arith.addf %a, %e"),
        ('"integrate"', '"run_regularly"'),
        ("math.expm1 %safe", "math.sin %safe"),
    ],
)
def test_others_keep_their_exponentials(change, parse_program):
    text = PROGRAM.replace("%RESULT", "%c")
    assert change[0] in text
    module = parse_program(text.replace(*change))
    run_pipeline(module, "approximate-functions")
    assert "math.exp %other" in str(module)
