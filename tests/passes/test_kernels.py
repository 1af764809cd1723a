"""Kernels: the same bits as the loops for any size and order of blocks, accepted by the upstream verifier."""

import shutil
import subprocess

import pytest

from ranvier.passes.default_pipeline import lowering_to_emulation, lowering_to_kernels
from ranvier.passes.pipeline import DEFAULT_PIPELINE, lower, run_pipeline

NAMES = ["lif", "two_clocks", "elsewhere", "random", "linear", "integrate", "neurons", "emit", "synapses"]


@pytest.mark.parametrize("spec", ["", DEFAULT_PIPELINE])
@pytest.mark.parametrize(("size", "block", "order"), [(9, 4, 1), (70, 32, 2), (600, 128, 0)])
@pytest.mark.parametrize("name", NAMES)
def test_kernels_give_the_bits_of_the_loops(
    name, size, block, order, spec, parse_program, programs, run_program, same, inputs_of, callbacks
):
    text, results = (programs / f"{name}.mlir").read_text(), []
    for lowering in ({}, {"lowering": lowering_to_emulation(block, order)}):
        module = parse_program(text)
        run_pipeline(module, spec)
        callback = callbacks.native if name == "elsewhere" else None
        results.append(run_program(module, inputs_of(name, size), callback=callback, **lowering))
    assert results[0].codes == results[1].codes
    same(results[1], results[0])


@pytest.mark.parametrize("spec", ["", DEFAULT_PIPELINE])
@pytest.mark.parametrize("name", NAMES)
def test_kernels_are_valid_for_us_and_upstream(name, spec, parse_program, programs, tmp_path):
    module = parse_program((programs / f"{name}.mlir").read_text())
    run_pipeline(module, spec)
    lower(module, lowering_to_kernels(block=32))
    module.verify()
    parse_program(str(module))
    tool = shutil.which("mlir-opt-19") or shutil.which("mlir-opt")
    if tool is None:
        pytest.skip("mlir-opt is not installed")
    path, text = tmp_path / "kernels.mlir", str(module)
    if tool.endswith("-19"):  # there the end of a gpu.module is an op
        end = text.rindex("  }) : () -> ()\n}")
        text = f'{text[:end]}    "gpu.module_end"() : () -> ()\n{text[end:]}'
    path.write_text(text)
    done = subprocess.run([tool, str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
