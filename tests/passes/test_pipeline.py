"""Pipelines as strings, and observers."""

import pytest
from xdsl.dialects.builtin import ModuleOp

from ranvier.ir.diagnostics import parse_module
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
