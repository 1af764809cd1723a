"""Kernels in the assembly language of AMD's processors, with their names, barriers and sizes of blocks."""

import re
from pathlib import Path

import pytest
from xdsl.parser import Parser

from ranvier.codegen import CodegenOptions
from ranvier.codegen.amdgpu import PROCESSORS, _private, amdgcn_text
from ranvier.codegen.errors import CodegenError
from ranvier.codegen.nvptx import emit_kernels
from ranvier.ir.dialect import new_context
from ranvier.passes.default_pipeline import default_pipeline, lowering_to_kernels
from ranvier.passes.pipeline import lower, run_pipeline

PROGRAMS = Path(__file__).resolve().parents[1] / "passes" / "programs"
EXACT = CodegenOptions(fast_math="off")


def kernels(name: str):
    module = Parser(new_context(), (PROGRAMS / f"{name}.mlir").read_text()).parse_module()
    run_pipeline(module, default_pipeline("off"))
    lower(module, lowering_to_kernels(128))
    return module


@pytest.mark.parametrize(("name", "processor"), [("lif", PROCESSORS[0]), ("synapses", PROCESSORS[1])])
def test_kernels_become_assembly(name: str, processor: str) -> None:
    module = kernels(name)
    text = amdgcn_text(module, processor=processor, options=EXACT)
    wanted = re.findall(r"ptx_kernel void @(\w+)", emit_kernels(module, options=EXACT))
    assert wanted and re.findall(r"\.amdhsa_kernel (\w+)", text) == wanted
    assert f"amdgcn-amd-amdhsa--{processor}" in text and "s_barrier" in text and "rv." not in text
    assert re.search(r"\.max_flat_workgroup_size: 128", text)


def test_memory_of_a_thread_has_its_address_space() -> None:
    assert _private("  %a1 = alloca [8 x double], i64 1, align 8\n  ret void\n") == (
        "  %a1.p = alloca [8 x double], i64 1, align 8, addrspace(5)\n"
        "  %a1 = addrspacecast ptr addrspace(5) %a1.p to ptr\n  ret void\n"
    )


def test_processors_that_do_not_exist_are_named() -> None:
    with pytest.raises(CodegenError, match=r"'sm_90' is no processor of AMD's: their names are like gfx90a or gfx1100"):
        amdgcn_text(kernels("lif"), processor="sm_90")
