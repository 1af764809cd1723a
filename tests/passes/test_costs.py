"""What ops do, counted from their regions."""

from pathlib import Path

import pytest

from ranvier import Network, NeuronGroup
from ranvier.actions.code import DRAWS as FUNCTIONS
from ranvier.ir.diagnostics import parse_module
from ranvier.ir.neurons import MapOp
from ranvier.ir.scalars import DISTRIBUTIONS
from ranvier.passes.facts.costs import Costs, Counts, costs_of
from ranvier.passes.facts.durations import COSTLY, DRAWS, ELEMENT, OPERATION
from ranvier.passes.facts.work import element_cost
from ranvier.passes.lower.abi import program_of
from ranvier.passes.pipeline import run_pipeline
from ranvier.plan.work import work_of

PROGRAMS = Path(__file__).resolve().parent / "programs"

MAP = """
snn.program @p {
  %N = snn.param "cells.N" "" : index
  %a = snn.param "a" "" : f64
  %v = snn.state "cells.v" "" [%N] : tensor<?xf64>
  %w = snn.state "cells.w" "" [%N] : tensor<?xf32>
  %clk = snn.clock "clock"
  %end = snn.loop (%v) : tensor<?xf64> -> tensor<?xf64> {
  ^bb0(%v0: tensor<?xf64>):
    %v1 = snn.map "integrate" "cells" on(%clk) [%N] (%v0, %w) updates [0]
          : tensor<?xf64>, tensor<?xf32> -> tensor<?xf64> {
    ^bb1(%i: index, %x: f64, %unused: f32):
      %e = math.exp %x : f64
      %d = arith.divf %e, %a : f64
      %f = math.fma %d, %a, %x : f64
      %s = math.sqrt %f : f64
      %g = snn.gather %w[%i] : tensor<?xf32> -> f32
      %h = arith.extf %g : f32 to f64
      %y = arith.addf %s, %h : f64
      snn.yield %y : f64
    }
    snn.yield %v1 : tensor<?xf64>
  }
}
"""


def costs(text: str, **kwds: object) -> Costs:
    return costs_of(program_of(parse_module(text)), **kwds)


def test_a_map_counts_what_its_region_says() -> None:
    (row,) = costs(MAP).rows
    assert row.each == Counts(loaded=8 + 4, stored=8, flops=3, divisions=2, functions=1)
    assert (row.name, row.kind, row.per, row.when, row.clock) == ("snn.map", "integrate", "element", "step", "clock")
    assert "cells.N" in str(costs(MAP)).splitlines()[1]


def test_a_step_is_the_sum_of_what_is_known() -> None:
    found = costs(MAP, param=lambda number: [7, 0][number])
    assert found.step == found.rows[0].each.times(7) and found.step.bytes == 7 * 20
    assert found.plain()[0]["count"] == 7 and found.plain()[0]["divisions"] == 2
    assert str(found).splitlines()[-1].split()[-4:] == ["21", "14", "7", "0"]
    with pytest.raises(ValueError, match="sizes of the program are not known"):
        _ = costs(MAP).step


@pytest.mark.parametrize("path", sorted(PROGRAMS.glob("*.mlir")), ids=lambda path: path.stem)
def test_all_programs_can_be_counted_before_and_after_passes(path: Path) -> None:
    module = parse_module(path.read_text())
    before = costs_of(program_of(module))
    run_pipeline(module)
    after = costs_of(program_of(module))
    assert str(before) and str(after)
    moved = [sum(row.each.divisions for row in each.rows if row.per == "element") for each in (before, after)]
    assert moved[1] <= moved[0]  # passes take divisions out of sweeps, never into them


def test_a_product_and_sum_in_one_takes_as_long_as_an_operation() -> None:
    module = parse_module(MAP)
    sweep = next(op for op in module.walk() if isinstance(op, MapOp))
    simple = sum(op.name in ("math.fma", "arith.extf", "arith.addf", "snn.yield") for op in sweep.walk())
    assert simple == 4
    assert element_cost(sweep) == ELEMENT + simple * OPERATION + 4 * COSTLY  # exp, division, square root, gather


@pytest.mark.parametrize(
    ("text", "drawn"),
    [("rand()", "uniform"), ("randn()", "normal"), ("poisson(x)", "poisson"), ("poisson(0.5)", "tabulated")],
)
def test_the_plan_counts_random_numbers_as_the_graph_does(text: str, drawn: str) -> None:
    cells = NeuronGroup(3, "x : 1")
    cells.run_regularly(f"x = {text}")
    lowered = Network(cells).lower()
    ((_, cost, _),) = work_of(lowered.plan).parts
    sweep = next(op for op in lowered.module("snn").walk() if isinstance(op, MapOp))
    assert cost == ELEMENT + DRAWS[drawn]
    assert element_cost(sweep) == cost + OPERATION  # the end of the region


def test_every_distribution_has_its_duration() -> None:
    assert DRAWS.keys() == DISTRIBUTIONS.keys() == {*FUNCTIONS.values()}
