"""Terms of arguments that are the same for all elements are added first: the same sums, where there are such terms."""

import numpy as np
import pytest

from ranvier.passes.pipeline import run_pipeline

PROGRAM = """
snn.program @sums {
  %N = snn.param "g.N" "" : index
  %a = snn.param "a" "" : f64
  %b = snn.param "b" "" : f64
  %k = snn.param "k" "" : f64
  %v = snn.state "g.v" "" [%N] : tensor<?xf64>
  %w = snn.state "g.w" "" [%N] : tensor<?xf64>
  %clk = snn.clock "clk"
  %end:2 = snn.loop (%v, %w) : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64>, tensor<?xf64> {
  ^bb0(%v0: tensor<?xf64>, %w0: tensor<?xf64>):
    %t, %n = snn.time %clk
    %w1 = snn.map "integrate" "g" on(%clk) [%N] (%v0, %w0) updates [1]
        : tensor<?xf64>, tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %x: f64, %y: f64):
      OPS
      snn.yield %e : f64
    }
    snn.yield %v0, %w1 : tensor<?xf64>, tensor<?xf64>
  }
}
"""

SUMS = {
    "(a - x) + b": "%p = arith.subf %a, %x : f64\n%s = arith.addf %p, %b : f64",
    "(x - a) - b": "%p = arith.subf %x, %a : f64\n%s = arith.subf %p, %b : f64",
    "a - (x - b)": "%p = arith.subf %x, %b : f64\n%s = arith.subf %a, %p : f64",
    "(x - a) + b": "%p = arith.subf %x, %a : f64\n%s = arith.addf %p, %b : f64",
    "a - (x + b)": "%p = arith.addf %x, %b : f64\n%s = arith.subf %a, %p : f64",
    "((x + a) + y) - b": "%p = arith.addf %x, %a : f64\n%q = arith.addf %p, %y : f64\n%s = arith.subf %q, %b : f64",
    "(a - x) + t": "%p = arith.subf %a, %x : f64\n%s = arith.addf %p, %t : f64",
}
FEW = {
    "x - a": "%s = arith.subf %x, %a : f64",
    "x + y": "%s = arith.addf %x, %y : f64",
    "(b - x) - (a + a)": "%c = arith.addf %a, %a : f64\n%p = arith.subf %b, %x : f64\n%s = arith.subf %p, %p : f64",
}


def program(ops: str, end: str = "%e = math.exp %z : f64") -> str:
    return PROGRAM.replace("OPS", f"{ops}\n%z = arith.mulf %s, %k : f64\n{end}")


@pytest.mark.parametrize("name", SUMS)
def test_same_values_with_fewer_operations(name, parse_program, interpret_it, run_program):
    text = program(SUMS[name])
    size = 50
    given = {
        "g.N": size, "a": -0.063, "b": 0.04, "k": -200.0, "g.v": np.linspace(-0.09, 0.05, size),
        "g.w": np.linspace(0, 0.01, size), "clk": (3, 4, 1e-3),
    }  # fmt: skip
    expected = interpret_it(parse_program(text), given).arrays["g.w"]
    for run in (interpret_it, run_program):
        module = parse_program(text)
        run_pipeline(module, "approximate-functions,eliminate-dead-code", verify=True)
        (sweep,) = (op for op in module.walk() if op.name == "snn.map")
        inside = [op.name for op in sweep.regions[0].block.ops]
        assert inside.count("arith.addf") + inside.count("arith.subf") == SUMS[name].count("arith") - 1
        np.testing.assert_allclose(run(module, given).arrays["g.w"], expected, rtol=1e-12)


@pytest.mark.parametrize("name", FEW)
def test_sums_without_two_uniform_terms_stay(name, parse_program):
    module = parse_program(program(FEW[name]))
    run_pipeline(module, "approximate-functions{fast-math=off}")
    before = str(module)
    run_pipeline(module, "approximate-functions")
    assert str(module) == before.replace("math.exp %z", "math.exp %z fastmath<afn>")


def test_only_arguments_of_exponentials_change(parse_program):
    text = program(SUMS["(a - x) + b"], "%e = math.sin %z : f64")
    module = parse_program(text)
    before = str(module)
    run_pipeline(module, "approximate-functions")
    assert str(module) == before


def test_what_is_used_elsewhere_stays_as_it_was(parse_program):
    text = program(SUMS["(a - x) + b"], "%f = math.exp %z : f64\n%e = arith.addf %f, %s : f64")
    module = parse_program(text)
    run_pipeline(module, "approximate-functions")
    assert "%p = arith.subf %a, %x" in str(module) and "%s = arith.addf %p, %b" in str(module)
