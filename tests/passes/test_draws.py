"""Random numbers of sweeps: the same bits however many are made at once, for whichever steps and instances."""

from functools import cache

import numpy as np
import pytest
from graph.batches import Batched

from ranvier.codegen import compile
from ranvier.passes.pipeline import run_pipeline

TEXT = """
snn.program @noise {
  %N = snn.param "g.N" "" : index
  %key = snn.param "key" "" : i64
  %mean = snn.param "mean" "" : f64
  %table = snn.derive "poisson_table" (%mean) : f64 -> tensor<?xi32>
  %v = snn.state "g.v" "" [%N] : tensor<?xf64>
  %w = snn.state "g.w" "" [%N] : tensor<?xf32>
  %clk = snn.clock "clk"
  %rows = snn.sink "rows" : !snn.sink<[f64, f64]>
  %end:2 = snn.loop (%v, %w) : tensor<?xf64>, tensor<?xf32> -> tensor<?xf64>, tensor<?xf32> {
  ^bb0(%v0: tensor<?xf64>, %w0: tensor<?xf32>):
    %t, %n = snn.time %clk
    %v1 = snn.map "integrate" "g_stateupdater" on(%clk) [%N] (%v0) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %x: f64):
      %half = arith.constant 0.5 : f64
      %a = snn.random "normal" 1 at (%key, %n, %i) () : -> f64
      %b = snn.random "uniform" 2 at (%key, %n, %i) () : -> f64
      %c = snn.random "tabulated" 3 at (%key, %n, %i) (%table) : tensor<?xi32> -> f64
      %y0 = arith.mulf %x, %half : f64
      %y1 = arith.addf %y0, %a : f64
      %y2 = arith.addf %y1, %b : f64
      %y3 = arith.addf %y2, %c : f64
      snn.yield %y3 : f64
    }
    %w1 = snn.map "integrate" "g_floats" on(%clk) [%N] (%w0) updates [0] : tensor<?xf32> -> tensor<?xf32> {
    ^bb0(%i: index, %x: f32):
      %half = arith.constant 0.5 : f32
      %a = snn.random "normal" 4 at (%key, %n, %i) () : -> f32
      %b = snn.random "uniform" 5 at (%key, %n, %i) () : -> f32
      %y0 = arith.mulf %x, %half : f32
      %y1 = arith.addf %y0, %a : f32
      %y2 = arith.addf %y1, %b : f32
      snn.yield %y2 : f32
    }
    snn.record "rows" on(%clk) %rows[%N] at %t : !snn.sink<[f64, f64]> {
    ^bb0(%i: index):
      %x = snn.gather %v1[%i] : tensor<?xf64> -> f64
      snn.yield %x : f64
    }
    snn.yield %v1, %w1 : tensor<?xf64>, tensor<?xf32>
  }
}
"""


def inputs(size, steps=(0, 7), key=-987654321):
    return {
        "g.N": size, "key": key, "mean": 1.3, "g.v": np.zeros(size), "g.w": np.zeros(size),
        "clk": (*steps, 1e-3), "rows": size,
    }  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def compiled_once():
    """Lets each of the three programs be compiled once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compile, "compile_text", cache(compile.compile_text))
        yield


@pytest.fixture(scope="module")
def run(parse_program, run_program):
    def run(size, rows=2000, **options):
        return run_program(parse_program(TEXT), inputs(size, **options), rows=rows)

    return run


@pytest.mark.parametrize("size", [1, 3, 16, 17, 33, 64, 79, 100, 129, 257, 499, 512, 513, 600])
def test_an_element_draws_the_same_numbers_in_any_population(size, run):
    many, some = run(700), run(size)
    for label in ("g.v", "g.w"):
        np.testing.assert_array_equal(some.arrays[label], many.arrays[label][:size])


@pytest.mark.parametrize("steps", [(0, 1100), ((1 << 32) - 300, (1 << 32) + 300)])
def test_numbers_made_for_many_steps_are_those_of_each_step(steps, run):
    """A second neuron halves the number of steps that are made at once."""
    one, two, three = run(1, steps=steps), run(2, steps=steps), run(3, steps=steps)
    rows = [result.sinks["rows"][1].reshape(steps[1] - steps[0], -1) for result in (one, two, three)]
    np.testing.assert_array_equal(rows[0], rows[2][:, :1])
    np.testing.assert_array_equal(rows[1], rows[2][:, :2])


def test_runs_that_go_on_draw_the_same_numbers(run):
    whole, parts = run(5, steps=(0, 250)), run(5, rows=3, steps=(0, 250))
    assert len(parts.codes) > 80
    np.testing.assert_array_equal(whole.sinks["rows"][1], parts.sinks["rows"][1])


@pytest.mark.parametrize(("size", "count"), [(1, 530), (3, 9), (37, 20), (140, 3), (700, 2)])
@pytest.mark.parametrize("own", ["key", "g.v"])
def test_instances_draw_the_numbers_that_they_draw_alone(size, count, own, parse_program, run_program):
    rng = np.random.default_rng(size)
    sets = [inputs(size, key=int(rng.integers(-(2**62), 2**62)) if own == "key" else 5) for _ in range(count)]
    for values in sets:
        values["g.v"] = rng.random(size)
    module = parse_program(TEXT)
    run_pipeline(module, f'batch{{own="{own}"}}', verify=True)
    batched = Batched(module, count)
    together = run_program(module, batched.inputs(sets), rows=20)
    for k in (0, count // 2, count - 1):
        batched.check(together, run_program(parse_program(TEXT), sets[k], rows=20), k)
