"""Pipelines as strings, and observers."""

from dataclasses import dataclass

import pytest
from xdsl.dialects.builtin import ModuleOp, i64
from xdsl.passes import ModulePass

from ranvier.ir.diagnostics import parse_module
from ranvier.ir.structure import ParamOp, StateOp
from ranvier.passes.errors import InputsChanged
from ranvier.passes.lower.abi import signature
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
        ("spin", "there is no pass 'spin'; there are fold-constants"),
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
    with pytest.raises(MeaningChanged, match=r"changed states neurongroup\.v: element 1: \S+ became \S+; 8 of 9 elem"):
        compare(None, module, None)
    fold = parse_pipeline("fold-constants")[0]
    with pytest.raises(MeaningChanged, match=r"fold-constants .* \(it may round, by 1e-12: compare within=1e-12"):
        compare(fold, module, None)


def _break(module: ModuleOp) -> None:
    product = next(op for op in module.walk() if op.name == "arith.mulf")
    constant = new_constant(0.5, product.results[0].type)
    product.parent_block().insert_op_before(constant, product)
    product.operands[1] = constant.result


UNUSED = """\
snn.program @p {
  %gain = snn.param "gain" "" : f64
  %N = snn.param "g.N" "" : index
  %table = snn.state "table" "" [%N] : tensor<?xf64>
  %same = snn.state "table" "" [%N] : tensor<?xf64>
  %v = snn.state "g.v" "" [%N] : tensor<?xf64>
  %none = snn.event_space "g.spike" [%N]
  %sink = snn.sink "m" : !snn.sink<[f64]>
  %clk = snn.clock "defaultclock"
  %out = snn.loop (%v) : tensor<?xf64> -> tensor<?xf64> {
  ^bb0(%v0: tensor<?xf64>):
    %v1 = snn.map "integrate" "g" on(%clk) [%N] (%v0) updates [0] : tensor<?xf64> -> tensor<?xf64> {
    ^bb1(%i: index, %x: f64):
      snn.yield %x : f64
    }
    snn.yield %v1 : tensor<?xf64>
  }
}"""


CHANGES_INPUTS = ("batch", "choose-width", "partition")
"""Passes that say so: `changes_inputs`."""


@pytest.mark.parametrize(
    "spec",
    [
        *sorted(PLACES.keys() - {*CHANGES_INPUTS, "lower-to-loops", "lower-to-kernels", "convert-scf-to-cf"}),
        DEFAULT_PIPELINE,
    ],
)
def test_no_pass_removes_or_merges_inputs(spec):
    module = parse_module(UNUSED)
    before = signature(module)
    assert len(before) == 8
    run_pipeline(module, spec, verify=True)
    assert signature(module) == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            "remove",
            r"the pass 'fuse-maps' changed the inputs of the program: number 3 was snn.state \"table\" .*, and is",
        ),
        ("add", r"number 0 was snn.param \"gain\" : f64, and is snn.param \"more\" : i64 now"),
        ("append", r"number 8 was nothing, and is snn.param \"more\" : i64 now"),
    ],
)
def test_a_pass_that_changes_inputs_is_named(change, message, monkeypatch):
    @dataclass(frozen=True)
    class Spoil(ModulePass):
        """Changes an input."""

        name = "fuse-maps"

        def apply(self, ctx, op):
            body = next(iter(op.ops)).body.block
            if change == "remove":
                unused = next(one for one in body.ops if isinstance(one, StateOp))
                unused.detach()
                unused.erase()
            elif change == "add":
                body.insert_op_before(ParamOp("more", i64), body.first_op)
            else:
                body.insert_op_before(ParamOp("more", i64), body.last_op)

    monkeypatch.setattr("ranvier.passes.pipeline.load_pass", lambda name: Spoil)
    with pytest.raises(InputsChanged, match=message):
        run_pipeline(parse_module(UNUSED), "fuse-maps")
    Spoil.changes_inputs = True
    run_pipeline(parse_module(UNUSED), "fuse-maps")
