"""Kernels of the `gpu` dialect to LLVM IR for NVIDIA's processors, and to PTX, their assembly language."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from xdsl.dialects import gpu
from xdsl.dialects.builtin import DenseArrayBase, DictionaryAttr, MemRefType, ModuleOp, StringAttr
from xdsl.dialects.func import FuncOp
from xdsl.dialects.memref import GetGlobalOp, GlobalOp
from xdsl.ir import Operation

from ranvier.codegen import mathlib
from ranvier.codegen.compile import LINKED, optimise, parsed
from ranvier.codegen.errors import CodegenError, UnsupportedOpError
from ranvier.codegen.llvm import func
from ranvier.codegen.llvm.emitter import HANDLERS
from ranvier.codegen.llvm.types import element_type, llvm_type, memory_type, shape
from ranvier.codegen.llvm.writer import Handler, Writer
from ranvier.codegen.options import CodegenOptions
from ranvier.codegen.target import Target, initialised_llvm
from ranvier.codegen.together import PART, Part, kernel_by_part, steps_kernel
from ranvier.ir.device_words import COOPERATIVE, LAUNCHING
from ranvier.ir.kernel_effects import entry_of, launched_kernels
from ranvier.ir.native import NATIVE

TRIPLE = "nvptx64-nvidia-cuda"
ARCHITECTURES = ("sm_75", "sm_80", "sm_90")
"""The processors that kernels are checked for: Turing, Ampere, Hopper."""
DEFAULT = "sm_80"
PTX_VERSION = "+ptx78"
"""The version of PTX that is written: drivers from 2022 on (CUDA 11.8) read it."""
SHARED = 3
"""The address space of the memory that a block shares."""

_SIZES = {"double": 8, "float": 4, "i64": 8, "i32": 4, "i16": 2, "i8": 1}


def nvidia(architecture: str = DEFAULT) -> Target:
    """Returns a processor of NVIDIA's, such as "sm_90"."""
    return Target("cuda", TRIPLE, architecture, PTX_VERSION)


def register(intrinsic: str) -> Handler:
    """Returns the translation of an op that is a number which a thread or a block has, by what LLVM calls it."""

    def emit(w: Writer, op: Operation) -> None:
        number = w.temporary(f"call i32 @llvm.{intrinsic}.x()")
        w.define(op.results[0], f"zext nneg i32 {number} to i64")

    return emit


def _barrier(w: Writer, op: Operation) -> None:
    w.line("call void @llvm.nvvm.barrier0()")


def _global(w: Writer, op: Operation) -> None:
    assert isinstance(op, GetGlobalOp)
    w.define(op.results[0], f"addrspacecast ptr addrspace({SHARED}) @{op.name_.root_reference.data} to ptr")


def _nothing(w: Writer, op: Operation) -> None:
    """Writes nothing: there is no asking ahead for memory where other threads run while one waits."""


KERNEL_HANDLERS: Mapping[str, Handler] = {
    **HANDLERS,
    "gpu.thread_id": register("nvvm.read.ptx.sreg.tid"),
    "gpu.block_id": register("nvvm.read.ptx.sreg.ctaid"),
    "gpu.barrier": _barrier,
    "memref.get_global": _global,
    "memref.prefetch": _nothing,
}
"""The translation of every op that may stand in a kernel."""


@dataclass(frozen=True, kw_only=True)
class KernelForm:
    """How LLVM IR says what kernels are, which differs between makers of GPUs.

    Attributes:
        keyword: The calling convention of a kernel.
        handlers: The translation of every op that may stand in one.
        bounds: Returns the attribute that says how many threads a block has, so that registers suffice for all.
        edit: Changes the text before LLVM reads it.
        is_cooperative: Whether blocks of a kernel can wait for each other.
    """

    keyword: str
    handlers: Mapping[str, Handler]
    bounds: Callable[[int], str]
    edit: Callable[[str], str] = str
    is_cooperative: bool = False


def _without_dots(text: str) -> str:
    """Returns the text with names as PTX knows them."""
    return re.sub(r"@rv\.[\w.]+", lambda name: name[0].replace(".", "_"), text)


NVVM = KernelForm(
    keyword="ptx_kernel",
    handlers=KERNEL_HANDLERS,
    bounds=lambda threads: f' "nvvm.reqntid"="{threads},1,1"',
    edit=_without_dots,
    is_cooperative=True,
)


@dataclass
class _Together:
    """What goes into a kernel that does many steps.

    Attributes:
        numbers: The kernels of a step, by name.
        parts: Those that were written.
        is_part: Whether a part is being written, which is told its block.
    """

    numbers: Mapping[str, int] = field(default_factory=dict[str, int])
    parts: list[Part] = field(default_factory=list[Part])
    is_part: bool = False

    def handlers(self, handlers: Mapping[str, Handler]) -> Mapping[str, Handler]:
        """Returns the translation of ops where there are parts."""
        if not self.numbers:
            return handlers

        def block(w: Writer, op: Operation) -> None:
            if self.is_part:
                w.bind(op.results[0], "%block")
            else:
                handlers["gpu.block_id"](w, op)

        return {**handlers, "gpu.block_id": block}


def _together(module: ModuleOp) -> _Together:
    """Returns which kernels go into one that does many steps, none if the program has none of that kind."""
    run = entry_of(module)
    how = None if run is None else run.attributes.get(LAUNCHING)
    if run is None or not isinstance(how, DictionaryAttr) or how.data["form"] != StringAttr(COOPERATIVE):
        return _Together()
    names = launched_kernels(run)
    return _Together({name: number for number, (name, in_step) in enumerate(names.items()) if in_step})


def emit_kernels(
    module: ModuleOp,
    *,
    target: Target | None = None,
    options: CodegenOptions | None = None,
    form: KernelForm = NVVM,
) -> str:
    """Returns the LLVM IR text of the kernels of a module.

    Args:
        module: A module with a `gpu.module`.
        target: The processor, see `nvidia`.
        options: The user's choices.
        form: How its maker's kernels are written.

    Raises:
        UnsupportedOpError: An op has no translation.
        CodegenError: A kernel calls a function that is not there on the device.
    """
    together = _together(module) if form.is_cooperative else _Together()
    w = Writer(together.handlers(form.handlers), target or nvidia(), options or CodegenOptions())
    for kernels in module.ops:
        if isinstance(kernels, gpu.ModuleOp):
            for op in kernels.body.block.ops:
                _write(w, op, form, together)
    if together.parts:
        threads = max(part.threads for part in together.parts)
        w.lines.append(steps_kernel(together.parts, threads, form.bounds(threads)))
    if w.helpers:
        raise CodegenError(
            f"a kernel gets memory of its own ({', '.join(sorted(w.helpers))}), which devices do not give"
        )
    common = f'nounwind "target-cpu"="{w.target.cpu}" "target-features"="{w.target.features}"'
    attributes = [f"attributes #0 = {{ {common} }}", f"attributes #1 = {{ {common} }}"]
    begin = [f'target triple = "{w.target.triple}"', ""]
    text = "\n".join([*begin, *w.lines, *_library(w), *attributes, *w.loop_metadata(), ""])
    return LINKED.join([form.edit(text), *w.linked])


def _library(w: Writer) -> list[str]:
    if not w.library:
        return []
    return [re.sub(r"^(define .*) \{$", r"\1 #0 {", mathlib.definitions(sorted(w.library)), flags=re.MULTILINE)]


def _write(w: Writer, op: Operation, form: KernelForm, together: _Together) -> None:
    match op:
        case GlobalOp():
            type_ = memory_type(element_type(op.type))
            size = shape(op.type)[0]
            w.lines.append(
                f"@{op.sym_name.data} = internal addrspace({SHARED}) global [{size} x {type_}] undef, "
                f"align {_SIZES[type_]}\n"
            )
        case gpu.FuncOp():
            _write_kernel(w, op, form, together)
        case FuncOp() if op.body.blocks:
            func.write_function(w, op, calls_out=False, control=False)
        case FuncOp():
            native = op.attributes.get(NATIVE)
            if native is not None and not getattr(native, "data", ""):
                raise CodegenError(
                    f"a kernel calls {op.sym_name.data}, a function of C++, which is compiled for the CPU only: give "
                    "its code as an expression, as MLIR or as LLVM IR"
                )
            func.write_declaration(w, op)
        case _:
            raise UnsupportedOpError(op, "it stands beside kernels")


def _write_kernel(w: Writer, op: gpu.FuncOp, form: KernelForm, together: _Together) -> None:
    name, number = op.sym_name.data, together.numbers.get(op.sym_name.data)
    arguments: list[str] = []
    for position, argument in enumerate(op.body.block.args):
        value = w.fresh("%a")
        w.bind(argument, value)
        arguments.append(" ".join([llvm_type(argument.type), *_flags(op, position), value]))
    threads = op.known_block_size
    assert isinstance(threads, DenseArrayBase)
    size = int(threads.get_values()[0])
    header = f"{form.keyword} void {{}}({{}}) #0{form.bounds(size)}"
    if number is None:
        with w.function(header.format(func.quoted(name), ", ".join(arguments))):
            w.ops(op.body.block)
            w.line("ret void")
        return
    types = [llvm_type(argument.type) for argument in op.body.block.args]
    together.is_part = True
    with w.function(
        f"internal void {func.quoted(PART + name)}({', '.join([*arguments, 'i64 %block'])}) alwaysinline convergent #0"
    ):
        w.ops(op.body.block)
        w.line("ret void")
    together.is_part = False
    w.lines.append(kernel_by_part(name, header, arguments, types))
    together.parts.append(Part(name, number, types, size))


def _flags(op: gpu.FuncOp, number: int) -> list[str]:
    """Returns what LLVM is told of an argument."""
    if not isinstance(op.body.block.args[number].type, MemRefType):
        return []
    given = str(getattr(op.attributes.get("buffers"), "data", [""] * (number + 1))[number])
    return [flag for flag, name in (("noalias", "llvm.noalias"), ("align 64", "llvm.align")) if name in given]


def ptx_text(text: str, *, target: Target | None = None, options: CodegenOptions | None = None) -> str:
    """Returns the PTX of LLVM IR text.

    Args:
        text: What `emit_kernels` returned.
        target: The processor.
        options: The user's choices.

    Raises:
        CodegenError: LLVM does not accept the text.
    """
    return device_assembly(text, target or nvidia(), options or CodegenOptions())


def device_assembly(text: str, target: Target, options: CodegenOptions) -> str:
    """Returns the assembly of LLVM IR text for a processor that is not the host.

    Raises:
        CodegenError: LLVM does not accept the text.
    """
    module = parsed(text, target)
    machine = _machine(target, options)
    optimise(module, machine, options)
    return machine.emit_assembly(module)


def _machine(target: Target, options: CodegenOptions) -> Any:
    llvm = initialised_llvm(target.triple)
    made = llvm.Target.from_triple(target.triple)
    return made.create_target_machine(target.cpu, target.features, opt=options.optimise)


@dataclass(frozen=True, slots=True)
class Assembled:
    """What `ptxas` says of a kernel.

    Attributes:
        name: Its name.
        registers: Registers of a thread.
        spilled: Bytes of registers that did not fit, stores and loads together.
        shared: Bytes that a block shares.
        stack: Bytes of a thread's stack.
    """

    name: str
    registers: int
    spilled: int
    shared: int
    stack: int


def read_ptxas(report: str) -> list[Assembled]:
    """Returns what `ptxas -v` reports, kernel by kernel."""
    found: list[Assembled] = []
    for part in report.split("Compiling entry function '")[1:]:
        name = part.partition("'")[0]

        def number(pattern: str, text: str = part) -> int:
            match = re.search(pattern, text)
            return int(match.group(1)) if match else 0

        spilled = number(r"(\d+) bytes spill stores") + number(r"(\d+) bytes spill loads")
        registers, shared = number(r"Used (\d+) registers"), number(r"(\d+) bytes smem")
        found.append(Assembled(name, registers, spilled, shared, number(r"(\d+) bytes stack frame")))
    return found


__all__ = [
    "ARCHITECTURES",
    "Assembled",
    "KernelForm",
    "device_assembly",
    "emit_kernels",
    "nvidia",
    "ptx_text",
    "read_ptxas",
]
