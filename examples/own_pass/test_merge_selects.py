"""The tests of a pass of one's own: what it writes, that it means the same, and that networks do the same with it."""

from pathlib import Path

import merge_selects
import numpy as np

from ranvier import Network, NeuronGroup, SpikeMonitor, ms
from ranvier.ir.interpret import ClockInput, ProgramInputs
from ranvier.testing import check_file, compare_meaning, compare_native, compare_network

HERE = Path(__file__).parent
PIPELINE = f"default,{merge_selects.MergeSelects.name},eliminate-dead-code"
PROGRAM = """
snn.program @chosen {
  %N = snn.param "N" "" : index
  %v = snn.state "v" "" [%N] : tensor<?xf64>
  %clk = snn.clock "clk"
  %end = snn.loop (%v) : tensor<?xf64> -> tensor<?xf64> {
  ^bb0(%v0: tensor<?xf64>):
    %v1 = snn.map "run" "cells" on(%clk) [%N] (%v0) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %x: f64):
      %one = arith.constant 1.0 : f64
      %small = arith.cmpf olt, %x, %one : f64
      %more = arith.addf %x, %one : f64
      %inner = arith.select %small, %more, %one : f64
      %outer = arith.select %small, %inner, %x : f64
      snn.yield %outer : f64
    }
    snn.yield %v1 : tensor<?xf64>
  }
}
"""


def test_what_it_writes() -> None:
    check_file(HERE / "merge_selects.mlir")


def inputs() -> ProgramInputs:
    return ProgramInputs(params={"N": 5}, states={"v": np.linspace(-3, 3, 5)}, clocks={"clk": ClockInput(0, 4, 1e-4)})


def test_it_means_the_same() -> None:
    compare_meaning(PROGRAM, PIPELINE, inputs)


def test_compiled_it_does_what_the_interpreter_says() -> None:
    compare_native(PROGRAM, {"N": 5, "v": np.linspace(-3, 3, 5)}, seconds=4e-4, pipeline=PIPELINE)


def network() -> dict[str, object]:
    cells = NeuronGroup(
        5, "dv/dt = (1.5 - v)/(10*ms) : 1 (unless refractory)", threshold="v > 1", reset="v = 0", refractory=2 * ms,
        method="exact", namespace={"ms": ms},
    )  # fmt: skip
    cells.v = "i/5.0"
    spikes = SpikeMonitor(cells)
    Network(cells, spikes).run(30 * ms)
    return {"v": cells.v[:], "i": spikes.i[:], "t": spikes.t_[:]}


def test_networks_do_the_same() -> None:
    compare_network(network, PIPELINE)
