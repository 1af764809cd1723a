"""Pipelines as strings, observers, and the command `ranvier-opt`."""

import pytest
from xdsl.dialects.builtin import ModuleOp

from ranvier.ir.diagnostics import parse_module
from ranvier.passes import opt
from ranvier.passes.observe import CompareMeaning, DumpToDirectory, MeaningChanged, PrintAfterAll, Timing, all_of
from ranvier.passes.optimise.rewriting import new_constant
from ranvier.passes.pipeline import (
    DEFAULT_PIPELINE,
    PipelineError,
    default_pipeline,
    parse_pipeline,
    print_pipeline,
    run_pipeline,
)
from ranvier.passes.registry import PLACES, available_passes


def test_a_pipeline_is_printed_as_it_was_read():
    for spec in (DEFAULT_PIPELINE, default_pipeline("off"), default_pipeline("reassociate"), "", "lower-to-loops"):
        assert print_pipeline(parse_pipeline(spec)) == spec


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("fuse-map", "there is no pass 'fuse-map'; there are fold-constants"),
        ("fold-constants{fast-math=wild}", "fast-math is one of off, contract, reassociate, not 'wild'"),
        ("fold-constants{speed=1}", "fold-constants"),
        ("fold-constants{", "cannot be read"),
    ],
)
def test_wrong_pipelines(spec, message):
    with pytest.raises(PipelineError, match=message):
        parse_pipeline(spec)


def test_every_registered_pass_can_be_loaded():
    for name, load in available_passes().items():
        assert load().name == name
    assert "lower-to-loops" in PLACES


def test_observers(parse_program, programs, tmp_path, capsys):
    module = parse_program((programs / "lif.mlir").read_text())
    timing = Timing()
    run_pipeline(
        module,
        "fold-constants,fuse-maps",
        observe=all_of(timing, DumpToDirectory(tmp_path / "dump"), PrintAfterAll(), timing.restart),
        verify=True,
    )
    assert [name for name, _ in timing.seconds] == ["fold-constants", "fuse-maps"]
    assert "ms  in all" in str(timing)
    files = sorted(path.name for path in (tmp_path / "dump").iterdir())
    assert files == ["00-input.mlir", "01-fold-constants.mlir", "02-fuse-maps.mlir"]
    assert "integrate+threshold" in (tmp_path / "dump" / "02-fuse-maps.mlir").read_text()
    parse_module((tmp_path / "dump" / "02-fuse-maps.mlir").read_text())  # a dump can be read again
    assert "// ---- After fuse-maps ----" in capsys.readouterr().err


def test_comparison_finds_a_pass_that_changes_the_meaning(parse_program, programs):
    from ranvier.ir.interpret import ClockInput, ProgramInputs

    def inputs() -> ProgramInputs:
        import numpy as np

        return ProgramInputs(
            params={"neurongroup.N": 9, "tau": 0.01, "vt": 1.0},
            states={"neurongroup.v": np.linspace(0, 2, 9), "spikemonitor.count": np.zeros(9, np.int32)},
            events={"neurongroup.spike": np.zeros(0, np.int32)},
            clocks={"defaultclock": ClockInput(0, 5, 1e-4)},
            sinks={"spikemonitor": []},
        )

    module = parse_program((programs / "lif.mlir").read_text())
    compare = CompareMeaning(inputs, tolerance=1e-14)
    run_pipeline(module, f"{DEFAULT_PIPELINE},lower-to-loops", observe=compare)
    module = parse_program((programs / "lif.mlir").read_text())
    compare = CompareMeaning(inputs)
    compare(None, module, None)
    _break(module)
    with pytest.raises(MeaningChanged, match=r"changed states neurongroup\.v"):
        compare(None, module, None)


def _break(module: ModuleOp) -> None:
    product = next(op for op in module.walk() if op.name == "arith.mulf")
    constant = new_constant(0.5, product.results[0].type)
    product.parent_block().insert_op_before(constant, product)
    product.operands[1] = constant.result


def test_command_prints_the_optimised_module(programs, capsys):
    assert opt.main([str(programs / "lif.mlir"), "--verify-each", "--timing"]) == 0
    printed = capsys.readouterr()
    assert "integrate+threshold+reset" in printed.out
    assert "ms  fuse-maps" in printed.err
    assert opt.main([str(programs / "lif.mlir"), "-p", "", "--lower", "--generic"]) == 0
    assert '"func.func"' in capsys.readouterr().out


def test_command_keeps_places_and_writes_files(programs, capsys, tmp_path):
    out = tmp_path / "out.mlir"
    source = programs / "lif.mlir"
    assert opt.main([str(source), "--lower", "--locations", "-o", str(out), "--dump", str(tmp_path / "d")]) == 0
    assert f'math.exp %k2 : f64 loc("{source}":19:7)' in out.read_text()
    assert (tmp_path / "d" / "00-input.mlir").exists()
    assert capsys.readouterr().out == ""


def test_command_lists_passes_and_emits(programs, capsys):
    assert opt.main(["--list-passes"]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in PLACES)
    assert opt.main([str(programs / "lif.mlir"), "--emit", "names"], emitters={"names": _names}) == 0
    assert capsys.readouterr().out.startswith("run integrate")


def _names(module: ModuleOp) -> str:
    return " ".join(op.sym_name.data for op in module.ops)


def test_command_reports_errors_with_their_place(tmp_path, capsys, programs):
    source = (programs / "lif.mlir").read_text()
    path = tmp_path / "wrong.mlir"
    path.write_text(source.replace("arith.mulf %x", "arith.mulx %x"))
    assert opt.main([str(path)]) == 1
    assert f"{path}:20:" in capsys.readouterr().err
    path.write_text(source.replace("%e1 (%v1) updates", "%e1 (%v0) updates"))
    assert opt.main([str(path), "-p", "", "--lower"]) == 1
    error = capsys.readouterr().err
    assert f"{path}:32:5: error: snn.reset" in error and "old version of 'neurongroup.v'" in error
    assert opt.main([str(tmp_path / "missing.mlir")]) == 1
    assert opt.main([str(path), "-p", "no-such-pass"]) == 2
    assert "there is no pass" in capsys.readouterr().err
