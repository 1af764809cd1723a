"""Sweeps of equal populations are compiled once, and mean what they meant."""

import pytest

from ranvier.passes.pipeline import LOWERING, run_pipeline

POPULATION = """
      %{name}1 = snn.map "integrate" "{name}" on(%clk) [%N] (%{name}0) updates [0] : tensor<?xf64> -> tensor<?xf64> {{
      ^bb0(%i: index, %x: f64):
        %y = arith.{op} %x, %k_{name} : f64
        snn.yield %y : f64
      }}"""


def program(ops: str) -> str:
    """A program of one population for each letter of `ops`: "m" multiplies by its constant, "a" adds it."""
    names = [f"p{k}_" for k in range(len(ops))]
    types = ", ".join(["tensor<?xf64>"] * len(ops))
    states = "\n".join(
        f'    %k_{n} = snn.param "k_{n}" "" : f64\n    %{n} = snn.state "{n}" ""[%N] : tensor<?xf64>' for n in names
    )
    maps = "".join(
        POPULATION.format(name=n, op={"m": "mulf", "a": "addf"}[op]) for n, op in zip(names, ops, strict=True)
    )
    carried = ", ".join(f"%{n}" for n in names)
    results = ", ".join(f"%e{k}" for k in range(len(ops)))
    arguments = ", ".join(f"%{n}0: tensor<?xf64>" for n in names)
    yielded = ", ".join(f"%{n}1" for n in names)
    return f"""builtin.module {{
  snn.program @equal {{
    %N = snn.param "N" "" : index
{states}
    %clk = snn.clock "clk"
    {results} = snn.loop ({carried}) : {types} -> {types} {{
    ^bb0({arguments}):{maps}
      snn.yield {yielded} : {types}
    }}
  }}
}}"""


@pytest.mark.parametrize(("ops", "count"), [("m", 1), ("mm", 1), ("ma", 2), ("mamam", 2), ("m" * 30, 1)])
def test_equal_sweeps_become_one(ops, count, parse_program):
    module = parse_program(program(ops))
    run_pipeline(module, LOWERING, verify=True)
    assert sum(op.name == "func.func" and op.sym_name.data.startswith("integrate") for op in module.ops) == count


@pytest.mark.parametrize("ops", ["mm", "mama"])
def test_each_population_keeps_its_own_arrays_and_constants(ops, parse_program, run_program, interpret_it, same):
    inputs = {"N": 5, "clk": (0, 4, 1e-4)}
    for k in range(len(ops)):
        inputs |= {f"k_p{k}_": 1.5 + k, f"p{k}_": [float(k + e) for e in range(5)]}
    same(
        run_program(parse_program(program(ops)), inputs), interpret_it(parse_program(program(ops)), inputs), within=0.0
    )
