"""The pass `choose-width`: lanes for small instances, turns for large ones and where `batch` refuses."""

import pytest

from ranvier.ir.structure import ParamOp, ProgramOp
from ranvier.passes.errors import PassError
from ranvier.passes.facts.widths import LANE_BYTES, best_width, coarse
from ranvier.passes.pipeline import PipelineError, run_pipeline


def chosen(module):
    program = next(op for op in module.walk() if isinstance(op, ProgramOp))
    return program.attributes["width"].data, program.attributes["reasons"].data


def is_batched(module):
    return any(isinstance(op, ParamOp) and op.label.data == "instances" for op in module.walk())


@pytest.mark.parametrize(
    ("name", "options", "width", "reason"),
    [
        ("lif", "own-bytes=24 instances=1000", "lanes", "an instance has 24 bytes of its own: vectors"),
        ("lif", 'own-bytes=24 instances=1000 own="tau"', "lanes", "vectors compute several"),
        ("lif", "own-bytes=100000 instances=1000", "turns", "an instance has 97.7 KiB of its own, which stays"),
        ("lif", "own-bytes=24 instances=1", "turns", "there is one instance"),
        ("lif", 'own-bytes=24 width="turns"', "turns", "it was asked for"),
        ("elsewhere", "own-bytes=24 instances=1000", "turns", "it calls Python"),
    ],
)
def test_the_form_and_its_reason(name, options, width, reason, parse_program, programs):
    module = parse_program((programs / f"{name}.mlir").read_text())
    run_pipeline(module, f"choose-width{{{options}}}", verify=True)
    found, why = chosen(module)
    assert found == width and reason in why
    assert is_batched(module) == (width == "lanes")


def test_what_is_written_is_read_back(parse_program, programs):
    module = parse_program((programs / "lif.mlir").read_text())
    run_pipeline(module, "choose-width{own-bytes=24 instances=1000}")
    assert str(parse_program(str(module))) == str(module)


def test_lanes_that_were_asked_for_and_cannot_be_had(parse_program, programs):
    module = parse_program((programs / "elsewhere.mlir").read_text())
    with pytest.raises(PassError, match="calls Python"):
        run_pipeline(module, 'choose-width{width="lanes"}')
    with pytest.raises(PipelineError, match="width is one of auto, lanes, turns"):
        run_pipeline(module, 'choose-width{width="both"}')


@pytest.mark.parametrize("size", [1, LANE_BYTES - 1, LANE_BYTES, LANE_BYTES + 1, 10**9])
@pytest.mark.parametrize("instances", [1, 2, 3, 10**6])
def test_coarse_sizes_decide_alike(size, instances):
    assert best_width(*coarse(size, instances))[0] == best_width(size, instances)[0]
