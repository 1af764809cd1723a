"""Results that nothing in the loop reads are stored in the last instant of a call only: nobody can tell."""

import numpy as np
import pytest

from ranvier.ir.slots import BUDGET_USED, FINISHED, SINK_FULL
from ranvier.passes.pipeline import DEFAULT_PIPELINE, run_pipeline

SIZE = 40
PROGRAM = """
snn.program @cells {
  %N = snn.param "g.N" "" : index
  %zero = arith.constant 0 : index
  %drive = snn.param "drive" "" : f64
  %v = snn.state "g.v" "" [%N] : tensor<?xf64>
  %until = snn.state "g.until" "" [%N] : tensor<?xi32>
  %free = snn.state "g.free" "" [%N] : tensor<?xi1>
  %twice = snn.state "g.twice" "" [%N] : tensor<?xf64>
  %spike = snn.event_space "g.spike" [%N]
  %clk = snn.clock "clk"
  %count = snn.state "m.count" "" [%N] : tensor<?xi32>
  %m = snn.sink "m" : !snn.sink<[f64, i32]>
  %end:6 = snn.loop (%v, %until, %free, %twice, %spike, %count)
      : tensor<?xf64>, tensor<?xi32>, tensor<?xi1>, tensor<?xf64>, !snn.events, tensor<?xi32>
      -> tensor<?xf64>, tensor<?xi32>, tensor<?xi1>, tensor<?xf64>, !snn.events, tensor<?xi32> {
  ^bb0(%v0: tensor<?xf64>, %u0: tensor<?xi32>, %f0: tensor<?xi1>, %w0: tensor<?xf64>, %s0: !snn.events,
       %c0: tensor<?xi32>):
    %t, %n = snn.time %clk
    %step = arith.trunci %n : i64 to i32
    %f1, %w1, %v1, %mask = snn.map "integrate" "g" on(%clk) [%N] (%u0, %f0, %w0, %v0) updates [1, 2, 3, -1]
        : tensor<?xi32>, tensor<?xi1>, tensor<?xf64>, tensor<?xf64>
        -> tensor<?xi1>, tensor<?xf64>, tensor<?xf64>, tensor<?xi1> {
    ^bb0(%i: index, %u: i32, %f: i1, %w: f64, %x: f64):
      %is_free = arith.cmpi sge, %step, %u : i32
      %new = arith.addf %x, %drive : f64
      %y = arith.select %is_free, %new, %x : f64
      %z = arith.addf %y, %y : f64
      %one = arith.constant 1.0 : f64
      %high = arith.cmpf ogt, %y, %one : f64
      snn.yield %is_free, %z, %y, %high : i1, f64, f64, i1
    }
    %s1 = snn.compact on(%clk) %mask[%N] into %s0 : tensor<?xi1>
    %u1, %f2, %v2 = snn.reset "refractory" "g" on(%clk) %s1(%u0, %f1, %v1) updates [0, 1, 2]
        : tensor<?xi32>, tensor<?xi1>, tensor<?xf64> -> tensor<?xi32>, tensor<?xi1>, tensor<?xf64> {
    ^bb0(%i: index, %u: i32, %f: i1, %x: f64):
      %period = arith.constant 4 : i32
      %then = arith.addi %step, %period : i32
      %no = arith.constant false
      %low = arith.constant 0.0 : f64
      snn.yield %then, READ, %low : i32, i1, f64
    }
    %c1 = snn.record_events "m" on(%clk) %m %s1[%zero, %N] at %t counts %c0
        : !snn.sink<[f64, i32]>, tensor<?xi32> -> tensor<?xi32> {
    ^bb0(%k: index):
      snn.yield
    }
    snn.yield %v2, %u1, %f2, %w1, %s1, %c1
        : tensor<?xf64>, tensor<?xi32>, tensor<?xi1>, tensor<?xf64>, !snn.events, tensor<?xi32>
  }
}
"""


def inputs(first=0, last=50):
    return {
        "g.N": SIZE, "drive": 0.3, "g.v": np.linspace(0, 1, SIZE), "g.until": np.zeros(SIZE), "g.free": np.ones(SIZE),
        "g.twice": np.full(SIZE, -1.0), "g.spike": SIZE, "clk": (first, last, 1e-4), "m.count": np.zeros(SIZE),
    }  # fmt: skip


def program(parse_program, read="%no", spec=""):
    module = parse_program(PROGRAM.replace("READ", read))
    run_pipeline(module, spec)
    return module


def functions_of(module):
    from ranvier.passes.lower.lower_to_loops import LowerToLoops

    LowerToLoops().apply(None, module)
    return [op.sym_name.data for op in module.ops]


def test_a_map_with_such_results_becomes_two_functions(parse_program):
    assert [name for name in functions_of(program(parse_program)) if name.startswith("integrate")] == [
        "integrate_g",
        "integrate_g_2",
    ]


@pytest.mark.parametrize(("rows", "spec"), [(SIZE, ""), (SIZE + 7, DEFAULT_PIPELINE), (1000, "")])
def test_full_sinks_leave_what_the_last_instant_made(rows, spec, parse_program, run_program, interpret_it, same):
    expected = interpret_it(program(parse_program), inputs())
    found = run_program(program(parse_program, spec=spec), inputs(), rows=rows)
    assert found.codes == [SINK_FULL] * (len(found.codes) - 1) + [FINISHED]
    assert not expected.arrays["g.free"].all() and expected.arrays["g.free"].any()
    same(found, expected)


@pytest.mark.parametrize(("budget", "last"), [(1, 6), (7, 50), (9, 6), (2, 0)])
def test_budgets_leave_what_the_last_instant_made(budget, last, parse_program, run_program, interpret_it, same):
    expected = interpret_it(program(parse_program), inputs(last=last), most=budget)
    found = run_program(program(parse_program), inputs(last=last), budget=budget)
    assert found.codes == [FINISHED if last < budget else BUDGET_USED]
    same(found, expected)
    if last == 0:
        assert (found.arrays["g.twice"] == -1).all(), "no instant, nothing stored"


def test_what_a_reset_reads_is_stored_at_each_instant(parse_program, run_program, interpret_it, same):
    names = functions_of(program(parse_program, "%f"))
    assert "integrate_g_2" in names, "the other result still is not read"
    expected = interpret_it(program(parse_program, "%f"), inputs())
    same(run_program(program(parse_program, "%f"), inputs()), expected)
