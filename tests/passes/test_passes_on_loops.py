"""Passes on loops: they stand behind `lower-to-loops` in a pipeline, for networks and for programs as text."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from xdsl.dialects import arith, func, memref, scf
from xdsl.dialects.builtin import FunctionType, IndexType, IntegerAttr, UnitAttr, i64
from xdsl.passes import ModulePass

import ranvier as rv
from ranvier.commands import bisect, opt, reduce
from ranvier.commands import run as run_command
from ranvier.commands.ablation import variants_of
from ranvier.meaning.check import CheckMeaning, PassBrokeProgram
from ranvier.meaning.given import given_of
from ranvier.passes import count, register_pass, unregister_pass
from ranvier.passes.errors import InputsChanged, InvalidProgram, RuleBroken
from ranvier.passes.pipeline import PipelineError, parse_pipeline, run_pipeline
from ranvier.pipeline.options import joined
from ranvier.stages import Options, set_default_options
from ranvier.text_program import TextProgram

RING = Path(__file__).parents[2] / "examples/ring.mlir"
VALUES = ["--set", "N=8", "--set", "K=3", "--set", "omega=10", "--set", "theta=[0,1,2,3,4,5,6,0.5]"]


def loops_of(module: Any) -> list[scf.ForOp]:
    return [op for op in module.walk() if isinstance(op, scf.ForOp)]


@dataclass(frozen=True)
class CutLoops(ModulePass):
    """Makes two loops of each that has no values: the first half of its steps, and the rest."""

    name = "cut-loops"
    statistics: ClassVar = {"cut": "loops that became two"}

    part: int = 2
    """What part of the steps the first loop does."""

    def apply(self, ctx: Any, op: Any) -> None:
        for loop in loops_of(op):
            if not loop.iter_args:
                block = loop.parent
                assert block is not None
                part = arith.ConstantOp(IntegerAttr(self.part, IndexType()))
                span = arith.SubiOp(loop.ub, loop.lb)
                wide = arith.MuliOp(loop.step, part.result)
                whole = arith.DivUIOp(span.result, wide.result)
                half = arith.MuliOp(whole.result, loop.step)
                middle = arith.AddiOp(loop.lb, half.result)
                rest = loop.clone()
                block.insert_ops_before([part, span, wide, whole, half, middle], loop)
                block.insert_op_after(rest, loop)
                loop.operands[1] = rest.operands[0] = middle.result
                count("cut")


@dataclass(frozen=True)
class BeginLate(ModulePass):
    """Wrong: the first loop leaves its first step out."""

    name = "begin-late"

    def apply(self, ctx: Any, op: Any) -> None:
        loop = loops_of(op)[0]
        late = arith.AddiOp(loop.lb, loop.step)
        loop.parent.insert_op_before(late, loop)
        loop.operands[0] = late.result


@dataclass(frozen=True)
class StoreFar(ModulePass):
    """Wrong: what the first loop stores goes to memory that is not there."""

    name = "store-far"

    def apply(self, ctx: Any, op: Any) -> None:
        store = next(one for one in loops_of(op)[0].walk() if isinstance(one, memref.StoreOp))
        much = arith.ConstantOp(IntegerAttr(1 << 40, IndexType()))
        far = arith.AddiOp(store.indices[0], much.result)
        store.parent.insert_ops_before([much, far], store)
        store.operands[2] = far.result


@dataclass(frozen=True)
class StandStill(ModulePass):
    """Wrong: the first loop never ends."""

    name = "stand-still"

    def apply(self, ctx: Any, op: Any) -> None:
        loop = loops_of(op)[0]
        zero = arith.ConstantOp(IntegerAttr(0, IndexType()))
        loop.parent.insert_op_before(zero, loop)
        loop.operands[2] = zero.result


def entry(module: Any) -> func.FuncOp:
    return next(one for one in module.ops if isinstance(one, func.FuncOp) and one.sym_name.data == "run")


def _another_argument(module: Any) -> None:
    run = entry(module)
    run.body.block.insert_arg(i64, 0)
    run.function_type = FunctionType.from_lists([arg.type for arg in run.body.block.args], [i64])


def _no_run(module: Any) -> None:
    entry(module).detach()


def _other_table(module: Any) -> None:
    entry(module).attributes["ranvier.table"] = UnitAttr()


def _forgotten_use(module: Any) -> None:
    next(one for one in module.walk() if isinstance(one, arith.CmpiOp)).detach()


BREAKING: dict[str, tuple[Callable[[Any], None], type[Exception], str]] = {
    "another-argument": (_another_argument, InputsChanged, "changed the arguments of the function @run"),
    "other-table": (_other_table, InputsChanged, "changed the attribute ranvier.table of the function @run"),
    "no-run": (_no_run, RuleBroken, "there is no function @run any more"),
    "forgotten-use": (
        _forgotten_use,
        InvalidProgram,
        "uses a result of arith.cmpi, which is not in the program",
    ),
}


def _pass_that(name: str, does: Callable[[Any], None]) -> type[ModulePass]:
    return type("Breaks", (ModulePass,), {"name": name, "apply": lambda self, ctx, op: does(op)})


OWN = (CutLoops, BeginLate, StoreFar, StandStill, *(_pass_that(name, how[0]) for name, how in BREAKING.items()))


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    for one in OWN:
        register_pass(one, replace=True)
    yield
    for one in OWN:
        unregister_pass(one.name)


PIPELINE = "default,lower-to-loops,merge-equal-functions,cut-loops"


def run_network(pipeline: Any, threads: int = 1) -> bytes:
    rv.start_scope()
    rv.seed(3)
    rv.prefs.codegen.threads = threads
    set_default_options(Options(pipeline=pipeline))
    try:
        cells = rv.NeuronGroup(70, "dv/dt = (1.5 - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0", method="exact")
        cells.v = "rand()"
        synapses = rv.Synapses(cells, cells, on_pre="v_post += 0.01")
        synapses.connect(p=0.3)
        network = rv.Network(cells, synapses)
        network.run(20 * rv.ms)
        return np.asarray(cells.v[:]).tobytes()
    finally:
        set_default_options(None)


@pytest.mark.parametrize("pipeline", [PIPELINE, ("default", "lower-to-loops", CutLoops(part=3))])
def test_networks_run_passes_on_loops(pipeline: Any) -> None:
    assert run_network(pipeline) == run_network("default")


def test_threads_come_before_the_loops() -> None:
    assert joined(PIPELINE, "partition").split(",")[-4:] == ["partition", *PIPELINE.split(",")[1:]]
    assert run_network(PIPELINE, threads=2) == run_network("default")


def test_stages_show_what_they_did() -> None:
    cells = rv.NeuronGroup(3, "dv/dt = -v/second : 1", method="exact")
    network = rv.Network(cells)
    plain, cut = (network.lower(options=Options(pipeline=one)) for one in ("default", PIPELINE))
    assert cut.as_text("optimised") == plain.as_text("optimised")
    assert cut.as_text("loops").count("scf.for") == 2 * plain.as_text("loops").count("scf.for")


def test_the_key_of_a_program_has_them() -> None:
    options = [Options(pipeline=one) for one in ("default", PIPELINE, f"{PIPELINE}{{part=3}}")]
    assert len({one.key for one in options}) == 3 and options[0].sources == "" != options[1].sources
    assert options[1].steps == options[0].steps and options[1].passes_on_loops == PIPELINE.partition(",")[2]


@pytest.mark.parametrize(
    ("pipeline", "message"),
    [
        ("lower-to-loops,default", "'default' is for the graph: it stands in front of 'lower-to-loops'"),
        ("lower-to-loops,fuse-maps", "'fuse-maps' is for the graph"),
        ("lower-to-loops,cut-loops,partition", "'partition' is for the graph"),
        ("default,lower-to-loops,lower-to-loops", "'lower-to-loops' stands in the pipeline twice"),
    ],
)
def test_what_cannot_stand_behind_lowering(pipeline: str, message: str) -> None:
    with pytest.raises(PipelineError, match=message):
        run_network(pipeline)


def test_kernels_have_no_loops_of_the_pipeline() -> None:
    set_default_options(Options(pipeline=PIPELINE, target="emulated"))
    try:
        with pytest.raises(PipelineError, match="'lower-to-loops' makes loops for the CPU; the target 'emulated'"):
            rv.Network(rv.NeuronGroup(1, "dv/dt = -v/second : 1", method="exact")).run(rv.ms)
    finally:
        set_default_options(None)


@pytest.mark.parametrize("name", BREAKING)
def test_a_pass_that_breaks_the_loops_is_named(name: str) -> None:
    _, kind, message = BREAKING[name]
    with pytest.raises(kind, match=message) as caught:
        run_network(f"default,lower-to-loops,{name}")
    assert name in str(caught.value)


# ---- programs as text


def start(pipeline: str | None, text: str | None = None) -> bytes:
    program = TextProgram(text or RING.read_text(), pipeline=pipeline)
    run = program.start({"N": 8, "K": 3, "omega": 10, "theta": np.linspace(0, 3, 8)})
    run.advance(0.05)
    return b"".join(np.asarray(run.states[name]).tobytes() for name in ("theta", "beats"))


def test_a_program_as_text_runs_passes_on_loops(capsys: pytest.CaptureFixture[str]) -> None:
    assert start(PIPELINE) == start(None)
    assert opt.main([str(RING), "-p", PIPELINE]) == 0
    loops = capsys.readouterr().out
    assert loops.count("scf.for") > opt_loops(capsys).count("scf.for")
    assert start(None, loops) == start(None)
    with pytest.raises(PipelineError, match="lowered already: leave 'lower-to-loops' out"):
        start(PIPELINE, loops)


def opt_loops(capsys: pytest.CaptureFixture[str]) -> str:
    assert opt.main([str(RING), "--lower"]) == 0
    return capsys.readouterr().out


def test_the_pipeline_is_printed_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert opt.main([str(RING), "-p", "fold-constants,lower-to-loops", "--lower", "--print-pipeline"]) == 0
    assert "builtin.module(fold-constants,lower-to-loops)\n" in capsys.readouterr().err


def test_dumps_name_them(tmp_path: Path) -> None:
    cells = rv.NeuronGroup(3, "dv/dt = -v/second : 1", method="exact")
    lowered = rv.Network(cells).lower(options=Options(pipeline=PIPELINE))
    (path,) = (one for one in lowered.save(tmp_path) if one.name.endswith("-optimised.mlir"))
    (inputs,) = tmp_path.glob("*-inputs.npz")
    assert '"passes": "lower-to-loops,merge-equal-functions,cut-loops"' in path.read_text().splitlines()[0]
    assert run_command.main([str(path), "--inputs", str(inputs), "--duration", "0.01"]) == 0


def test_ablation_keeps_what_makes_loops() -> None:
    found = {one.name: one.spec for one in variants_of("fuse-maps,lower-to-loops,cut-loops", ("out",))}
    assert found == {
        "all passes": "fuse-maps,lower-to-loops,cut-loops",
        "no pass": "lower-to-loops",
        "without fuse-maps": "lower-to-loops,cut-loops",
        "without cut-loops": "fuse-maps,lower-to-loops",
    }


# ---- wrong ones


def test_bisect_finds_a_wrong_pass_on_loops(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = tmp_path / "wrong.mlir"
    arguments = [str(RING), "-p", "default,lower-to-loops,begin-late,cut-loops", *VALUES, "--steps", "3"]
    assert bisect.main([*arguments, "--reproducer", str(wrong)]) == 1
    said = capsys.readouterr().out
    assert "pass 17 of 18, begin-late: changed what the program computes" in said and "1 of 8 elements differ" in said
    assert reduce.main([str(wrong), "-o", str(tmp_path / "small.mlir"), "--seconds", "4"]) == 0
    assert bisect.main([str(tmp_path / "small.mlir")]) == 1
    assert bisect.main([str(RING), "-p", PIPELINE, *VALUES, "--steps", "3"]) == 0


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="processes are not forked here")
@pytest.mark.parametrize(
    ("name", "message"), [("store-far", r"it ended the process \(SIG"), ("stand-still", "it does not end")]
)
def test_native_code_that_crashes_or_hangs_names_the_pass(
    name: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ranvier.meaning.apart.SECONDS", 1)
    module = opt.read_module(str(RING), opt.new_context())
    given = replace(given_of(module, {"N": 8, "K": 3, "omega": 10}))
    with pytest.raises(PassBrokeProgram, match=rf"after the pass {name} the program cannot be run: {message}"):
        run_pipeline(module, parse_pipeline(f"lower-to-loops,{name}"), observe=CheckMeaning(given, 2))
