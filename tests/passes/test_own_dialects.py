"""Ops of dialects that are not Ranvier's: in text, for the interpreter, for passes, and lowered by a pass of others."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from xdsl.dialects import arith
from xdsl.dialects.builtin import FloatAttr, f64
from xdsl.ir import Dialect
from xdsl.irdl import IRDLOperation, irdl_op_definition, operand_def, result_def, traits_def
from xdsl.passes import ModulePass
from xdsl.traits import Pure

from ranvier.commands import opt
from ranvier.ir.diagnostics import IRFileError, parse_module
from ranvier.ir.interpret import ClockInput, ProgramInputs, interpret
from ranvier.ir.offers import DIALECTS
from ranvier.ir.own_dialects import find_dialect
from ranvier.passes import load_passes, register_dialect, register_pass, unregister_dialect, unregister_pass
from ranvier.passes.pipeline import PipelineError, run_pipeline
from ranvier.testing import compare_meaning
from ranvier.text_program import TextProgram


@irdl_op_definition
class HalfSquareOp(IRDLOperation):
    """Half of the square of a number."""

    name = "lab.half_square"
    x = operand_def(f64)
    y = result_def(f64)
    traits = traits_def(Pure())
    assembly_format = "$x attr-dict `:` type($x)"


LAB = Dialect("lab", [HalfSquareOp])
PROGRAM = """
snn.program @squares {
  %N = snn.param "N" "" : index
  %a = snn.param "a" "" : f64
  %v = snn.state "v" "" [%N] : tensor<?xf64>
  %clk = snn.clock "clk"
  %end = snn.loop (%v) : tensor<?xf64> -> tensor<?xf64> {
  ^bb0(%v0: tensor<?xf64>):
    %v1 = snn.map "run" "cells" on(%clk) [%N] (%v0) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %x: f64):
      %s = lab.half_square %x : f64
      %t = lab.half_square %x : f64
      %same = lab.half_square %a : f64
      %sum = arith.addf %s, %t : f64
      %more = arith.addf %sum, %same : f64
      snn.yield %more : f64
    }
    snn.yield %v1 : tensor<?xf64>
  }
}
"""


@dataclass(frozen=True)
class LowerLab(ModulePass):
    """Half squares become products."""

    name = "lower-lab"

    def apply(self, ctx: Any, op: Any) -> None:
        for one in list(op.walk()):
            if isinstance(one, HalfSquareOp):
                half = arith.ConstantOp(FloatAttr(0.5, f64))
                square = arith.MulfOp(one.x, one.x)
                product = arith.MulfOp(square.result, half.result)
                one.parent.insert_ops_before([half, square, product], one)
                one.y.replace_all_uses_with(product.result)
                one.detach()
                one.erase()


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    register_dialect(LAB, {HalfSquareOp: lambda op, x: 0.5 * (x * x)}, replace=True)
    register_pass(LowerLab, replace=True)
    yield
    unregister_pass("lower-lab")
    if find_dialect("lab") is not None:
        unregister_dialect("lab")


def inputs() -> ProgramInputs:
    return ProgramInputs({"N": 3, "a": 0.5}, {"v": np.array([0.1, 0.2, 0.9])}, clocks={"clk": ClockInput(0, 4, 1e-4)})


def test_text_is_read_and_written() -> None:
    module = parse_module(PROGRAM)
    assert str(parse_module(str(module))) == str(module) and "lab.half_square %x : f64" in str(module)


def test_the_interpreter_computes_them() -> None:
    given = inputs()
    interpret(parse_module(PROGRAM), given)
    v = np.array([0.1, 0.2, 0.9])
    for _ in range(4):
        v = v * v + 0.125
    assert np.allclose(given.states["v"], v, rtol=1e-15)


def test_pure_ops_are_merged_and_moved() -> None:
    module = parse_module(PROGRAM)
    run_pipeline(module, "eliminate-common-subexpressions,hoist-uniform")
    text = str(module)
    assert text.count("lab.half_square") == 2
    assert text.index("lab.half_square %a") < text.index("snn.loop")
    compare_meaning(PROGRAM, "eliminate-common-subexpressions,hoist-uniform,lower-lab", inputs)


@pytest.mark.parametrize("pipeline", ["default,lower-lab", "default,lower-to-loops,lower-lab"])
def test_a_pass_of_others_lowers_them(pipeline: str) -> None:
    run = TextProgram(PROGRAM, pipeline=pipeline).start({"N": 3, "a": 0.5, "v": np.array([0.1, 0.2, 0.9])})
    run.advance(4e-4)
    given = inputs()
    interpret(parse_module(PROGRAM), given)
    assert np.allclose(run.states["v"], given.states["v"], rtol=1e-14)


def test_what_nobody_lowers_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "squares.mlir"
    path.write_text(PROGRAM)
    assert opt.main([str(path), "--emit", "llvm"]) == 1
    said = capsys.readouterr().err
    assert "lab.half_square" in said and "a pass at the end of the pipeline, or behind lower-to-loops, has to" in said


def test_meaning_is_checked_where_it_can_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "squares.mlir"
    path.write_text(PROGRAM)
    values = ["--set", "N=3", "--set", "a=0.5", "--set", "v=[0.1,0.2,0.9]", "--steps", "3"]
    assert opt.main([str(path), "-p", "hoist-uniform,lower-to-loops,lower-lab", "--check-meaning", *values]) == 0
    assert "arith.mulf" in capsys.readouterr().out


def test_ops_that_nobody_explains_are_told() -> None:
    register_dialect(LAB, replace=True)
    with pytest.raises(Exception, match=r"does not know lab.half_square: register_dialect\(..., meaning\) says"):
        interpret(parse_module(PROGRAM), inputs())


def test_a_dialect_that_is_not_known_is_told() -> None:
    unregister_dialect("lab")
    with pytest.raises(IRFileError, match=r"the dialect .lab. is not known: --load FILE\.py, or a package, brings it"):
        parse_module(PROGRAM)


def test_packages_offer_dialects(offering: Callable[..., None]) -> None:
    unregister_dialect("lab")
    offering(SimpleNamespace(group=DIALECTS, name="lab", value="lab:LAB", load=lambda: LAB))
    assert "half_square" in str(parse_module(PROGRAM))
    unregister_dialect("lab")
    offering(SimpleNamespace(group=DIALECTS, name="lab", value="lab:gone", load=lambda: 1 / 0))
    with pytest.raises(IRFileError, match="cannot be loaded: ZeroDivisionError"):
        parse_module(PROGRAM)
    offering(SimpleNamespace(group=DIALECTS, name="lab", value="lab:three", load=lambda: 3))
    with pytest.raises(IRFileError, match=r"is no xdsl.ir.Dialect of this name, but 3"):
        parse_module(PROGRAM)


def test_names_that_cannot_be_had() -> None:
    with pytest.raises(ValueError, match="'arith' is the name of a built-in dialect"):
        register_dialect(Dialect("arith", []))
    with pytest.raises(ValueError, match="there is a dialect 'lab' already, of "):
        register_dialect(Dialect("lab", []))
    with pytest.raises(ValueError, match="HalfSquareOp: not among the ops of the dialect 'other'"):
        register_dialect(Dialect("other", []), {HalfSquareOp: lambda op, x: x})


def test_a_file_may_bring_a_dialect_only(tmp_path: Path) -> None:
    path = tmp_path / "brings_a_dialect.py"
    path.write_text(
        "from ranvier.passes import register_dialect\nfrom xdsl.ir import Dialect\n"
        "EMPTY = register_dialect(Dialect('brought', []))\n"
    )
    assert load_passes(str(path)) == [] and find_dialect("brought") is not None
    unregister_dialect("brought")
    path.write_text("x = 1\n")
    with pytest.raises(PipelineError, match="has no passes"):
        load_passes(str(path))
