"""Kernels of the `gpu` dialect in the assembly language of AMD's processors: to look at, since nothing here runs it."""

from __future__ import annotations

import re

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation

from ranvier.codegen.errors import CodegenError
from ranvier.codegen.llvm.writer import Writer
from ranvier.codegen.nvptx import KERNEL_HANDLERS, KernelForm, device_assembly, emit_kernels, register
from ranvier.codegen.options import CodegenOptions
from ranvier.codegen.target import Target, initialised_llvm

TRIPLE = "amdgcn-amd-amdhsa"
PROCESSORS = ("gfx90a", "gfx1100")
"""The processors that kernels are assembled for by the tests: threads in groups of 64 (CDNA 2), and of 32 (RDNA 3)."""


def amd(processor: str = PROCESSORS[0]) -> Target:
    """Returns a processor of AMD's, such as "gfx90a"."""
    return Target("amdgcn", TRIPLE, processor, "")


def _barrier(w: Writer, op: Operation) -> None:
    w.line('fence syncscope("workgroup") release')
    w.line("call void @llvm.amdgcn.s.barrier()")
    w.line('fence syncscope("workgroup") acquire')


def _private(text: str) -> str:
    """Returns the text with the memory of a thread in the address space that AMD's processors have for it."""
    place = r"(?m)^(\s*)(%[\w.]+) = alloca ([^\n]*)$"
    return re.sub(place, r"\1\2.p = alloca \3, addrspace(5)\n\1\2 = addrspacecast ptr addrspace(5) \2.p to ptr", text)


AMD = KernelForm(
    keyword="amdgpu_kernel",
    handlers={
        **KERNEL_HANDLERS,
        "gpu.thread_id": register("amdgcn.workitem.id"),
        "gpu.block_id": register("amdgcn.workgroup.id"),
        "gpu.barrier": _barrier,
    },
    bounds=lambda threads: f' "amdgpu-flat-work-group-size"="{threads},{threads}"',
    edit=_private,
)


def amdgcn_text(module: ModuleOp, *, processor: str = PROCESSORS[0], options: CodegenOptions | None = None) -> str:
    """Returns the assembly of the kernels of a module.

    Args:
        module: A module with a `gpu.module`.
        processor: One of AMD's.
        options: The user's choices.

    Raises:
        CodegenError: LLVM has no such processor or was built without AMD's, or does not accept what is emitted.
        UnsupportedOpError: An op has no translation.
    """
    target, options = amd(processor), options or CodegenOptions()
    _check(target)
    return device_assembly(emit_kernels(module, target=target, options=options, form=AMD), target, options)


def _check(target: Target) -> None:
    """Checks that LLVM knows a processor: it would take another one and say so on the terminal only."""
    llvm = initialised_llvm(target.triple)
    try:
        llvm.Target.from_triple(target.triple)
    except RuntimeError as error:
        raise CodegenError(
            "this build of llvmlite has no code generator for AMD's processors (amdgcn): use the wheels from PyPI"
        ) from error
    if not re.fullmatch(r"gfx\d+[a-z\d]*", target.cpu):
        raise CodegenError(f"{target.cpu!r} is no processor of AMD's: their names are like {' or '.join(PROCESSORS)}")


__all__ = ["PROCESSORS", "amdgcn_text"]
