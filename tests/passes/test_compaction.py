"""Compaction: the events of a mask, whichever elements are true, at any size."""

from functools import cache

import numpy as np

from ranvier.codegen import compile

TEXT = """
snn.program @masks {
  %N = snn.param "g.N" "" : index
  %v = snn.state "g.v" "" [%N] : tensor<?xf64>
  %spike = snn.event_space "g.spike" [%N]
  %clk = snn.clock "clk"
  %end:2 = snn.loop (%v, %spike) : tensor<?xf64>, !snn.events -> tensor<?xf64>, !snn.events {
  ^bb0(%v0: tensor<?xf64>, %s0: !snn.events):
    %mask, %v1 = snn.map "integrate" "g" on(%clk) [%N] (%v0) updates [-1, 0]
        : tensor<?xf64> -> tensor<?xi1>, tensor<?xf64> {
    ^bb0(%i: index, %x: f64):
      %half = arith.constant 0.5 : f64
      %one = arith.constant 1.0 : f64
      %above = arith.cmpf ogt, %x, %half : f64
      %y = arith.addf %x, %one : f64
      snn.yield %above, %y : i1, f64
    }
    %s1 = snn.compact on(%clk) %mask[%N] into %s0 : tensor<?xi1>
    snn.yield %v1, %s1 : tensor<?xf64>, !snn.events
  }
}
"""


def test_events_are_the_true_elements_in_their_order(parse_program, run_program, monkeypatch):
    monkeypatch.setattr(compile, "compile_text", cache(compile.compile_text))
    rng = np.random.default_rng(2)
    for size in (1, 7, 63, 64, 65, 128, 511, 512, 513, 1087):
        for share in (0.0, 0.02, 0.5, 1.0):
            v = (rng.random(size) < share).astype(float)
            v[-1] = 1.0
            inputs = {"g.N": size, "g.v": v, "g.spike": size, "clk": (0, 1, 1e-3)}
            found = run_program(parse_program(TEXT), inputs)
            np.testing.assert_array_equal(found.events["g.spike"], np.flatnonzero(v))
