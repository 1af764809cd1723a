"""What is said of a pass of others that raises, or leaves what is not valid: all of it, and of the right pass."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from xdsl.dialects import arith
from xdsl.dialects.builtin import IntegerAttr, f64, i32
from xdsl.ir import Dialect
from xdsl.irdl import IRDLOperation, irdl_op_definition, operand_def, result_def, traits_def
from xdsl.passes import ModulePass
from xdsl.traits import Pure

from ranvier.codegen.errors import UnsupportedOpError
from ranvier.commands import opt
from ranvier.ir.diagnostics import IRFileError, parse_module
from ranvier.ir.locating import LocatingParser
from ranvier.passes import register_dialect, register_pass, unregister_dialect, unregister_pass
from ranvier.passes.errors import InvalidProgram
from ranvier.passes.facts.program_checks import check_programs
from ranvier.passes.pipeline import run_pipeline
from ranvier.passes.remarks import remark, remarking
from ranvier.text.program import TextProgram

RING = str(Path(__file__).parents[2] / "examples/ring.mlir")
VALUES = "--set N=8 --set K=3 --set omega=10 --steps 3".split()


class WrongOperand(ModulePass):
    name = "wrong-operand"

    def apply(self, ctx: Any, op: Any) -> None:
        one = next(one for one in op.walk() if isinstance(one, arith.AddfOp))
        number = arith.ConstantOp(IntegerAttr(1, i32))
        one.parent.insert_op_before(number, one)
        one.operands[1] = number.result


@dataclass(frozen=True)
class TakesOut(ModulePass):
    name = "takes-out"

    what: str = "snn.time"

    def apply(self, ctx: Any, op: Any) -> None:
        for one in [one for one in op.walk() if one.name == self.what]:
            one.detach()
            one.erase(safe_erase=False)


@dataclass(frozen=True)
class RaisesSomething(ModulePass):
    name = "raises-something"

    what: str = ""

    def apply(self, ctx: Any, op: Any) -> None:
        raise {"stop": StopIteration(), "memory": MemoryError(), "file": FileNotFoundError(2, "gone", "x.txt")}[
            self.what
        ]


class Remarks(ModulePass):
    name = "says-something"

    def apply(self, ctx: Any, op: Any) -> None:
        for one in op.walk():
            if isinstance(one, arith.AddfOp):
                remark(one, "is seen")


@pytest.fixture(autouse=True)
def _passes() -> Iterator[None]:
    classes = WrongOperand, TakesOut, RaisesSomething, Remarks
    for cls in classes:
        register_pass(cls)
    yield
    for cls in classes:
        unregister_pass(cls.name)


def ring() -> Any:
    return parse_module(Path(RING).read_text(), "ring.mlir", parser=LocatingParser)


def said_by_opt(capsys: Any, *arguments: str) -> str:
    assert opt.main([RING, "-o", "/dev/null", *arguments]) == 1
    return capsys.readouterr().err


def test_the_verifier_is_quoted_to_its_end(capsys: Any) -> None:
    said = "operand 'rhs' at position 1 does not verify: attribute f64 expected from variable 'T', but got i32"
    with pytest.raises(InvalidProgram) as caught:
        run_pipeline(ring(), "wrong-operand", verify=True)
    assert f"{said}, at arith.addf (ring.mlir:" in str(caught.value)
    assert f"broke a rule: VerifyException: {said}\n  at arith.addf %slope ({RING}:" in said_by_opt(
        capsys, "-p", "wrong-operand,default"
    )


def test_an_op_that_is_missing_is_named_with_what_uses_it(capsys: Any) -> None:
    said = said_by_opt(capsys, "-p", "takes-out,default")
    assert "it uses a result of snn.time, which is not in the program any more" in said
    assert '\n  at snn.record_events "beat_times" (' in said
    assert "removes snn.time %t" in said  # it is not put in anywhere else


def test_the_pass_that_left_it_is_named_and_not_a_later_one(capsys: Any) -> None:
    """Without --verify-each: `convert-resets` looked for the end of a region, and was said to have raised."""
    said = said_by_opt(capsys, "-p", 'takes-out{what="snn.yield"},default')
    assert said.startswith('error: pass 1, takes-out{what="snn.yield"}: broke a rule: ')


@pytest.mark.parametrize(
    "what, raised", [("stop", "StopIteration"), ("memory", "MemoryError"), ("file", "FileNotFound")]
)
def test_whatever_a_pass_raises_is_its_own(what: str, raised: str, capsys: Any) -> None:
    said = said_by_opt(capsys, "-p", f'fold-constants,raises-something{{what="{what}"}}')
    assert said.startswith(f'error: pass 2, raises-something{{what="{what}"}}: raised {raised}')
    assert "--run-reproducer" in said


def test_a_remark_on_a_scalar_says_in_which_sweep_it_is() -> None:
    with remarking() as found:
        run_pipeline(ring(), "says-something")
    assert {one.about for one in found} == {"ring: arith.addf"}


# ---- ops of others


@irdl_op_definition
class TwiceOp(IRDLOperation):
    """Twice a number, of which its rule says that it has an attribute that it has not."""

    name = "twice.twice"
    x = operand_def(f64)
    y = result_def(f64)
    traits = traits_def(Pure())
    assembly_format = "$x attr-dict"

    def verify_(self) -> None:
        self.attributes["limit"]


class LowersWrongly(ModulePass):
    name = "lowers-wrongly"

    def apply(self, ctx: Any, op: Any) -> None:
        for one in [one for one in op.walk() if one.name == "twice.twice"]:
            new = arith.AddfOp(one.operands[0], one.operands[0])
            three = arith.AddfOp(new.result, one.operands[0])
            one.parent.insert_ops_before([new, three], one)
            one.results[0].replace_all_uses_with(three.result)
            one.detach()
            one.erase()


PROGRAM = """
snn.program @doubled {
  %N = snn.param "N" "" : index
  %v = snn.state "v" "" [%N] : tensor<?xf64>
  %clk = snn.clock "clk"
  %end = snn.loop (%v) : tensor<?xf64> -> tensor<?xf64> {
  ^bb0(%v0: tensor<?xf64>):
    %v1 = snn.map "run" "cells" on(%clk) [%N] (%v0) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb0(%i: index, %x: f64):
      %s = twice.twice %x {limit}
      snn.yield %s : f64
    }
    snn.yield %v1 : tensor<?xf64>
  }
}
"""


@pytest.fixture
def twice() -> Iterator[None]:
    register_dialect(Dialect("twice", [TwiceOp]), {TwiceOp: lambda op, x: np.add(x, x)})
    register_pass(LowersWrongly)
    yield
    unregister_pass("lowers-wrongly")
    unregister_dialect("twice")


@pytest.mark.usefixtures("twice")
def test_an_op_that_its_dialect_does_not_have_is_not_a_dialect_that_nobody_knows() -> None:
    with pytest.raises(IRFileError, match=r"hint: did you mean twice.twice\?"):
        parse_module(PROGRAM.replace("twice.twice %x", "twice.thrice %x"))
    with pytest.raises(IRFileError, match=r"hint: the dialect 'twice' has twice.twice"):
        parse_module(PROGRAM.replace("twice.twice %x", "twice.by_seven %x"))


@pytest.mark.usefixtures("twice")
def test_a_rule_that_raises_is_an_error_with_a_place() -> None:
    with pytest.raises(IRFileError) as caught:
        parse_module(PROGRAM.replace(" {limit}", ""), "p.mlir")
    assert "KeyError: 'limit'" in str(caught.value) and "--> p.mlir:10:12" in str(caught.value)


@pytest.mark.usefixtures("twice")
def test_a_graph_with_ops_that_are_lowered_later_is_compared_natively_too(tmp_path: Path, capsys: Any) -> None:
    """The message was that kernels of a GPU cannot be run."""
    file = tmp_path / "p.mlir"
    file.write_text(PROGRAM)
    values = ["--set", "N=2", "--set", "v=[0.5,0.25]", "--steps", "3"]
    assert opt.main([str(file), "-p", "default,lowers-wrongly", "--check-meaning=native", *values]) == 1
    assert "lowers-wrongly: changed what the program computes" in capsys.readouterr().err
    assert opt.main([str(file), "-p", "default,lower-to-loops", "-o", str(tmp_path / "loops.mlir")]) == 0
    assert opt.main([str(tmp_path / "loops.mlir"), "--check-meaning=native", *values]) == 2
    assert "Loops with twice.twice cannot be run" in capsys.readouterr().err


@pytest.mark.usefixtures("twice")
def test_an_op_that_nobody_lowered_has_its_place_in_a_run_too() -> None:
    with pytest.raises(UnsupportedOpError, match=r"twice.twice at p.mlir:10:7: there is no translation"):
        TextProgram(PROGRAM, "p.mlir")


# ---- texts that are wrong


def test_a_file_behind_check_meaning_is_the_file(capsys: Any) -> None:
    assert opt.main(["--check-meaning", RING, *VALUES, "-o", "/dev/null"]) == 0


@pytest.fixture(scope="module")
def loops(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("loops") / "ring.mlir"
    assert opt.main([RING, "--lower", "-o", str(file)]) == 0
    return file.read_text()


def test_a_region_hands_over_what_the_op_around_it_gives(loops: str) -> None:
    lines = loops.splitlines()
    place = next(k for k, line in enumerate(lines) if line.strip().startswith("scf.yield") and line.endswith(": index"))
    del lines[place]
    with pytest.raises(IRFileError, match=r"scf.yield hands over \(\), and scf.if needs \(index\): its results"):
        parse_module("\n".join(lines), check=check_programs)


def test_what_xdsl_raises_about_a_text_has_a_place(loops: str, programs: Path) -> None:
    wrong = loops.replace("memref.load %theta[%i]", "memref.load %theta[]", 1)
    with pytest.raises(IRFileError, match=r"expected an index for each dimension\n *-->"):
        parse_module(wrong, "loops.mlir")
    wrong = (programs / "lif.mlir").read_text().replace("updates [0", "updates [99999999999999999999", 1)
    with pytest.raises(IRFileError, match=r"this cannot be read\n *-->"):
        parse_module(wrong, "lif.mlir")


def test_a_table_of_inputs_that_lacks_something_says_what(loops: str, tmp_path: Path, capsys: Any) -> None:
    file = tmp_path / "loops.mlir"
    file.write_text(loops.replace("label = ", "lebel = ", 1))
    assert opt.main([str(file), "--emit", "llvm"]) == 1
    assert f"{file}:2:3: error: the table of inputs cannot be read: an entry has no 'label'" in capsys.readouterr().err
