"""Back ends of the stock tools of MLIR, `mlir-opt` and `mlir-translate`, where these are installed.

    loops ── bare pointers, calls of runtime functions ── mlir-opt ── mlir-translate ── LLVM IR ── compile, load

Loops are valid MLIR as they are. Two things are changed here, so that calls are as runtime functions and the table of
slots have them: arrays of any length become arrays of a length that nobody reaches, since MLIR passes
only arrays of known length as bare pointers; and `math` ops of which Ranvier has functions of its own become calls of
these, so that results have the same bits.
"""

from __future__ import annotations

import ctypes
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, TypeAlias, cast

from xdsl.builder import Builder
from xdsl.dialects import arith, func, memref
from xdsl.dialects.builtin import DYNAMIC_INDEX, Float32Type, FunctionType, IndexType, MemRefType, ModuleOp, f64
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.rewriter import InsertPoint, Rewriter

from ranvier.codegen import mathlib
from ranvier.codegen.artifact import Artifact
from ranvier.codegen.backends import Backend, BackendOptions, Runnable
from ranvier.codegen.compile import LINKED, compile_text
from ranvier.codegen.errors import CodegenError
from ranvier.codegen.llvm.emitter import HANDLERS
from ranvier.codegen.llvm.func import LIBRARY_PREFIX, PROGRAM, native_text, write_entry
from ranvier.codegen.llvm.math import LIBRARY, is_approximate
from ranvier.codegen.llvm.writer import Writer
from ranvier.codegen.load import load
from ranvier.codegen.runtime_library import memory_text
from ranvier.codegen.target import host

if TYPE_CHECKING:
    from ranvier.ir.slots import Slot

TOOLS = ("mlir-opt", "mlir-translate")
"""The programs that are called; those of a certain version, "mlir-opt-19", are found, too."""

VERSIONS = ("", *(f"-{number}" for number in range(25, 15, -1)))
"""The endings of their names that are tried."""

PASSES = (
    "--arith-expand",
    "--convert-scf-to-cf",
    "--convert-vector-to-llvm",
    "--convert-math-to-llvm",
    "--convert-arith-to-llvm",
    "--finalize-memref-to-llvm",
    "--convert-func-to-llvm=use-bare-ptr-memref-call-conv=1",
    "--convert-cf-to-llvm",
    "--reconcile-unrealized-casts",
)
"""The passes of MLIR, in order."""

OPENMP_PASSES = (
    "--convert-scf-to-openmp",
    PASSES[0],
    "--finalize-memref-to-llvm",
    *(one for one in PASSES[1:-1] if one != "--finalize-memref-to-llvm"),
    "--convert-openmp-to-llvm",
    PASSES[-1],
)
"""The same where `scf.parallel` becomes a loop of OpenMP."""

OPENMP_LIBRARIES = ("libomp.so", "libomp.so.5", "libiomp5.so")
"""Names of LLVM's library of OpenMP, whose functions such a program calls."""

REACH = 1 << 40
"""The length that arrays are said to have: no program goes so far."""

Array: TypeAlias = "MemRefType[Attribute]"

_STUB = re.compile(r"^declare .*@\"?rv\..*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Program:
    """A loaded program, and the library that it calls."""

    entry: Callable[[int], int]
    library: ctypes.CDLL | None = None


def compile_with_tools(
    module: ModuleOp, slots: Sequence[Slot], options: BackendOptions, passes: Sequence[str] = PASSES
) -> Runnable:
    """Returns a program that the stock tools have compiled.

    Args:
        module: The loops, which are changed.
        slots: What stands in the table of slots.
        options: The user's choices, and the functions outside.
        passes: The passes of MLIR.

    Raises:
        CodegenError: The tools are not installed, or do not accept the program.
    """
    library = _openmp() if "--convert-scf-to-openmp" in passes else None
    text = llvm_text(module, options, passes)
    compilation = compile_text(text, options=options.codegen)
    program = load(Artifact(compilation.object_code, (), compilation.target.triple), options.symbols)
    return _Program(program.entry, library)


STOCK = Backend(compile_with_tools)
"""The back end "mlir"."""

OPENMP = Backend(partial(compile_with_tools, passes=OPENMP_PASSES), divides=True)
"""The back end "mlir-openmp"."""


def llvm_text(module: ModuleOp, options: BackendOptions, passes: Sequence[str] = PASSES) -> str:
    """Returns the LLVM IR that the stock tools make of loops, with the runtime functions and the entry."""
    functions = [op for op in module.ops if isinstance(op, func.FuncOp)]
    run = next(op for op in functions if op.sym_name.data == PROGRAM)
    linked = [text for op in functions if (text := native_text(op))]
    w = Writer(HANDLERS, host(), options.codegen)
    write_entry(w, run, passes_table=False)
    entry = "\n".join(w.lines).replace(" #0 {", " {")
    call_runtime(module)
    lowered = _run_tool("mlir-opt", ["--allow-unregistered-dialect", *passes], f"{module!s}\n")
    text = _run_tool("mlir-translate", ["--mlir-to-llvmir"], lowered)
    called = sorted(set(re.findall(r"^declare .*@\"?rv\.([\w.]+)\"?\(", text, re.MULTILINE)))
    own = mathlib.definitions([name for name in called if name in mathlib.FUNCTIONS])
    memory = memory_text(is_internal=True) if any(name.startswith(("new.", "delete")) for name in called) else ""
    return LINKED.join(["\n".join([_STUB.sub("", text), entry, own, memory]), *linked])


def call_runtime(module: ModuleOp) -> None:
    """Changes loops so that what Ranvier has functions for are calls of these, and arrays are bare pointers."""
    declared = {op.sym_name.data for op in module.ops if isinstance(op, func.FuncOp)}
    for op in list(module.walk()):
        if op.name in LIBRARY:
            _call_function(op, module, declared)
        elif isinstance(op, memref.AllocOp):
            _call_memory(op, module, declared)
        elif isinstance(op, memref.DeallocOp):
            _call_release(op, module, declared)
        elif isinstance(op, memref.CastOp):
            _cast_pointer(op)
    for op in module.walk():
        for value in (*op.results, *(argument for block in _blocks(op) for argument in block.args)):
            if _bare(value.type) != value.type:
                Rewriter.replace_value_with_new_type(value, _bare(value.type))
        if isinstance(op, func.FuncOp):
            types = op.function_type
            inputs, outputs = ([_bare(type) for type in some] for some in (types.inputs.data, types.outputs.data))
            op.function_type = FunctionType.from_lists(inputs, outputs)


def _blocks(op: Operation) -> list[Block]:
    return [block for region in op.regions for block in region.blocks]


def _bare(type: Attribute) -> Attribute:
    return _reaching(cast("Array", type)) if isinstance(type, MemRefType) else type


def _reaching(type: Array) -> Array:
    sizes = [REACH if size == DYNAMIC_INDEX else size for size in type.get_shape()]
    return MemRefType(type.element_type, sizes)


def _call_function(op: Operation, module: ModuleOp, declared: set[str]) -> None:
    """Replaces a `math` op by a call of a function of the library; types that it lacks are widened to f64."""
    name, type = LIBRARY[op.name], op.results[0].type
    if f"{name}_quick.f64" in mathlib.FUNCTIONS and is_approximate(op):
        name = f"{name}_quick"
    builder = Builder(InsertPoint.before(op))
    arguments: list[SSAValue] = list(op.operands)
    is_narrow = isinstance(type, Float32Type)
    has_narrow = f"{name}.f32" in mathlib.FUNCTIONS
    if is_narrow and not has_narrow:
        arguments = [builder.insert(arith.ExtFOp(argument, f64)).result for argument in arguments]
    function = f"{LIBRARY_PREFIX}{name}.{'f32' if is_narrow and has_narrow else 'f64'}"
    _declare(module, declared, function, [one.type for one in arguments], [arguments[0].type])
    result = builder.insert(func.CallOp(function, arguments, [arguments[0].type])).results[0]
    if result.type != type:
        result = builder.insert(arith.TruncFOp(result, Float32Type())).result
    Rewriter.replace_op(op, [], [result])


def _call_memory(op: memref.AllocOp, module: ModuleOp, declared: set[str]) -> None:
    builder, type = Builder(InsertPoint.before(op)), op.memref.type
    size: SSAValue | None = None
    for number in op.dynamic_sizes:
        size = number if size is None else builder.insert(arith.MuliOp(size, number)).result
    for number in type.get_shape():
        if number != DYNAMIC_INDEX:
            known = builder.insert(arith.ConstantOp.from_int_and_width(number, IndexType())).result
            size = known if size is None else builder.insert(arith.MuliOp(size, known)).result
    assert size is not None
    function = f"{LIBRARY_PREFIX}new.{type.element_type}"
    _declare(module, declared, function, [size.type], [type])
    Rewriter.replace_op(op, func.CallOp(function, [size], [type]))


def _call_release(op: memref.DeallocOp, module: ModuleOp, declared: set[str]) -> None:
    array = op.memref
    type = cast("Array", array.type)
    function = f"{LIBRARY_PREFIX}delete.{type.element_type}"
    _declare(module, declared, function, [type], [])
    Rewriter.replace_op(op, func.CallOp(function, [array], []))


def _cast_pointer(op: memref.CastOp) -> None:
    """Replaces a cast to another length, which MLIR allows only where lengths are open."""
    type = _reaching(cast("Array", op.dest.type))
    sizes = [int(size) for size in type.get_shape()]
    wider = memref.ReinterpretCastOp.from_dynamic(op.source, [0], sizes, [1], type)
    Rewriter.replace_op(op, wider)


def _declare(
    module: ModuleOp, declared: set[str], name: str, inputs: Sequence[Attribute], outputs: Sequence[Attribute]
) -> None:
    if name not in declared:
        declared.add(name)
        function = func.FuncOp.external(name, list(inputs), list(outputs))
        module.body.block.add_op(function)


# ---- the tools


@cache
def tool(name: str) -> str | None:
    """Returns the path of a tool, None if it is not installed."""
    return next(filter(None, (shutil.which(f"{name}{version}") for version in VERSIONS)), None)


def _run_tool(name: str, arguments: Sequence[str], text: str) -> str:
    path = tool(name)
    if path is None:
        raise CodegenError(
            f"the back end 'mlir' calls {' and '.join(TOOLS)}, and {name} is not found: install MLIR's tools (Debian's "
            "package mlir-19-tools has them), or use the back end 'llvm'"
        )
    done = subprocess.run([path, *arguments], input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CodegenError(f"{path} does not accept the program: {done.stderr.strip()[:2000]}")
    return done.stdout


@cache
def _openmp() -> ctypes.CDLL:
    for name in OPENMP_LIBRARIES:
        try:
            return ctypes.CDLL(name, mode=ctypes.RTLD_GLOBAL)
        except OSError:
            continue
    raise CodegenError(
        f"the back end 'mlir-openmp' needs LLVM's library of OpenMP, and none of {', '.join(OPENMP_LIBRARIES)} is "
        "found: install it (Debian's package libomp5-19 has it), or use the back end 'mlir'"
    )
