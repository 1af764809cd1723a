"""The command `ranvier-opt`: passes on files, and the stages that come of them."""

import re
from pathlib import Path

import pytest

from ranvier.codegen.cache import ProgramCache
from ranvier.codegen.compile import compile_text
from ranvier.codegen.programs import forget_loaded
from ranvier.commands import opt
from ranvier.ir.dialect import new_context
from ranvier.passes.default_pipeline import DEFAULT_PIPELINE
from ranvier.passes.registry import PLACES
from ranvier.pipeline.options import Options
from ranvier.pipeline.stage_table import FROM_GRAPH, advance
from ranvier.text.program import TextProgram

PROGRAMS = Path(__file__).resolve().parents[1] / "passes" / "programs"
LIF = Path(__file__).resolve().parents[1] / "ir" / "lif.mlir"


def test_command_prints_the_optimised_module(capsys):
    assert opt.main([str(PROGRAMS / "lif.mlir"), "--verify-each", "--timing"]) == 0
    printed = capsys.readouterr()
    assert "integrate+threshold+reset" in printed.out
    assert re.search(r"\d\.\d{4} \( *\d+\.\d%\)    fuse-maps\n", printed.err)
    assert opt.main([str(PROGRAMS / "lif.mlir"), "-p", "", "--lower", "--generic"]) == 0
    assert '"func.func"' in capsys.readouterr().out


def test_command_keeps_places_and_writes_files(capsys, tmp_path):
    out = tmp_path / "out.mlir"
    source = PROGRAMS / "lif.mlir"
    assert opt.main([str(source), "--lower", "--locations", "-o", str(out), "--dump", str(tmp_path / "d")]) == 0
    assert f': (f64) -> f64 loc("{source}":19:7)' in out.read_text()
    again = tmp_path / "again.mlir"
    assert opt.main([str(out), "--locations", "-o", str(again)]) == 0  # what is written can be read
    assert f': (f64) -> f64 loc("{source}":19:7)' in again.read_text()
    assert (tmp_path / "d" / "00-input.mlir").exists()
    assert capsys.readouterr().out == ""


def test_command_lists_passes(capsys):
    assert opt.main(["--list-passes"]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in PLACES)


def test_command_reports_errors_with_their_place(tmp_path, capsys):
    source = (PROGRAMS / "lif.mlir").read_text()
    path = tmp_path / "wrong.mlir"
    path.write_text(source.replace("arith.mulf %x", "arith.mulx %x"))
    assert opt.main([str(path)]) == 1
    assert f"{path}:20:" in capsys.readouterr().err
    path.write_text(source.replace("%e1 (%v1) updates", "%e1 (%v0) updates"))
    assert opt.main([str(path), "-p", "", "--lower"]) == 1
    error = capsys.readouterr().err
    assert f"{path}:32:" in error and "error: snn.reset" in error and "old version of 'neurongroup.v'" in error
    assert opt.main([str(tmp_path / "missing.mlir")]) == 1
    assert opt.main([str(PROGRAMS / "lif.mlir"), "-p", "no-such-pass"]) == 2
    assert "there is no pass" in capsys.readouterr().err


@pytest.mark.parametrize("stage", ["llvm", "llvm-optimised", "asm"])
def test_stages_are_written_as_they_are_compiled(stage, capsys):
    assert opt.main([str(LIF), "--emit", stage]) == 0
    written = capsys.readouterr().out
    upto = [each.name for each in FROM_GRAPH].index(stage) + 1
    module = opt.read_module(str(LIF), new_context())
    assert written == f"{advance(module, FROM_GRAPH[:upto], Options())}\n"
    assert "ranvier_entry" in written


@pytest.mark.parametrize(
    ("stage", "part"),
    [
        ("kernels", "gpu.launch_func"),
        ("nvvm", "ptx_kernel void @count("),
        ("ptx", ".entry count("),
        ("amdgcn", ".amdhsa_kernel count"),
    ],
)
def test_stages_of_a_gpu_are_written(stage, part, capsys):
    assert opt.main([str(LIF), "--emit", stage]) == 0
    assert part in capsys.readouterr().out


@pytest.mark.parametrize("passes", ["", "fuse-maps", DEFAULT_PIPELINE])
def test_what_is_emitted_is_what_runs(passes, tmp_path, monkeypatch):
    compiled = []
    monkeypatch.setattr("ranvier.codegen.compile.compile_text", noting(compile_text, compiled))
    for step, source in (([], LIF), (["-p", ""], tmp_path / "optimised.mlir"), ([], tmp_path / "loops.mlir")):
        pipeline = ["-p", passes] if source is LIF else step
        forget_loaded()
        assert opt.main([str(source), *pipeline, "--emit=llvm", "-o", str(tmp_path / "out.ll")]) == 0
        TextProgram.read(
            source, pipeline=None if not pipeline else pipeline[1], cache=ProgramCache(tmp_path / source.stem)
        )
        assert compiled[-1] == (tmp_path / "out.ll").read_text().removesuffix("\n")
        if source is LIF:
            assert opt.main([str(LIF), "-p", passes, "-o", str(tmp_path / "optimised.mlir")]) == 0
            assert opt.main([str(LIF), "-p", passes, "--lower", "-o", str(tmp_path / "loops.mlir")]) == 0
    assert len(compiled) == 3 and len(set(compiled)) == 1
    TextProgram.read(tmp_path / "out.ll", cache=ProgramCache(tmp_path / "llvm"))


def noting(function, given):
    def call(text, **kwds):
        given.append(text)
        return function(text, **kwds)

    return call


def test_dumps_and_prints_show_each_module_once(tmp_path, capsys):
    assert opt.main([str(LIF), "-p", "fuse-maps", "--lower", "--print-ir-after-all", "--dump", str(tmp_path)]) == 0
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [
        "00-input.mlir",
        "01-fuse-maps.mlir",
        "02-pack-rows.mlir",
        "03-lower-to-loops.mlir",
        "04-merge-equal-functions.mlir",
    ]
    headings = [line for line in capsys.readouterr().err.splitlines() if line.startswith("// ----")]
    assert headings == [
        f"// -----// IR Dump {name} //----- //"
        for name in (
            "Of The Input",
            "After FuseMaps (fuse-maps)",
            "After PackRows (pack-rows)",
            "After LowerToLoops (lower-to-loops)",
            "After MergeEqualFunctions (merge-equal-functions)",
        )
    ]


def test_an_output_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert opt.main([str(LIF), "-o", str(tmp_path / "nowhere" / "lif.mlir")]) == 2
    assert "cannot write" in capsys.readouterr().err
