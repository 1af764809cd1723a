"""Kernels, and a host that launches them through a driver, to LLVM IR: what runs on the CPU, what the device gets.

The device gets PTX. In its place it may be given the same kernels as machine code of the CPU (`emulate-kernels` has
made functions of them then): a stand-in of the driver runs those, so that all but the driver is tested without a GPU.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from xdsl.dialects import arith, func, gpu, memref
from xdsl.dialects.builtin import (
    DenseArrayBase,
    DictionaryAttr,
    FunctionType,
    IndexType,
    IntegerAttr,
    IntegerType,
    MemRefType,
    ModuleOp,
    StringAttr,
    SymbolRefAttr,
)
from xdsl.ir import Attribute, BlockArgument, Operation, Region, SSAValue

from ranvier.codegen.artifact import DevicePart, Term
from ranvier.codegen.compile import LINKED, compile_text
from ranvier.codegen.llvm.emitter import emit_module
from ranvier.codegen.llvm.types import element_type, llvm_type, memory_type
from ranvier.codegen.nvptx import emit_kernels, nvidia, ptx_text
from ranvier.codegen.options import CodegenOptions
from ranvier.codegen.target import Target
from ranvier.ir.device_words import (
    ALLOCATE,
    DRIVER,
    ERROR,
    FAILED,
    HANDLES,
    LAUNCH,
    LAUNCHING,
    PREPARED,
    SINGLE,
    STEPS,
    STREAM,
)
from ranvier.ir.kernel_effects import kernel_of, written_arguments
from ranvier.ir.slots import OUT_OF_MEMORY, Slot, SlotKind

OLDEST = "sm_75"
"""The processor that PTX is written for: drivers translate it for all newer ones."""
_BYTES = {"double": 8, "float": 4, "i64": 8, "i32": 4, "i16": 2, "i8": 1}
_ROOM = "rv_device_memory"
_ONCE = "rv_once"


@dataclass(frozen=True)
class DeviceProgram:
    """A program for a device.

    Attributes:
        host: The LLVM IR of the function that launches the kernels.
        device: What the device gets, and who knows which memory.
    """

    host: str
    device: DevicePart


def is_for_device(module: ModuleOp) -> bool:
    """Tells whether kernels of a module are launched through a driver."""
    return "gpu.container_module" in module.attributes


def device_program(module: ModuleOp, slots: Sequence[Slot], target: Target, options: CodegenOptions) -> DeviceProgram:
    """Returns host and kernels of a module, which is used up.

    Args:
        module: A function `@run` that launches kernels, with a `gpu.module`, or with kernels as functions of the CPU.
        slots: The calling convention of `@run`.
        target: The CPU.
        options: The user's choices.

    Raises:
        CodegenError: A kernel calls what the device has not got.
    """
    run = next(op for op in module.ops if isinstance(op, func.FuncOp) and op.sym_name.data == "run")
    launches = [op for op in run.walk() if isinstance(op, gpu.LaunchFuncOp)]
    threads: dict[str, int] = {}
    for op in launches:
        threads[kernel_of(op)] = int(_constant(op.blockSizeX))
    written = written_arguments(module)
    where = tuple(
        "" if slot.kind is SlotKind.UNUSED or not isinstance(arg.type, MemRefType) else _where(arg, written)
        for slot, arg in zip(slots, run.body.block.args, strict=True)
    )
    names = tuple(threads)
    arguments = {kernel_of(op): _arguments(op, written) for op in launches}
    kernels = next((op for op in module.ops if isinstance(op, gpu.ModuleOp)), None)
    if kernels is not None:
        processor = nvidia(OLDEST)
        image = ptx_text(emit_kernels(module, target=processor, options=options), target=processor, options=options)
        kind, code = "ptx", image.encode()
    else:
        kind, code = "cpu", _emulated(module, run, launches, target, options)
    sizes, rooms = _shared_bytes(kernels), _rooms(run)
    form, steps, calls = _launching_of(run)
    host = _host(module, run, launches, (names, target, options, slots))
    numbered = tuple(threads.items())
    return DeviceProgram(
        host, DevicePart(kind, code, numbered, where, sizes, rooms, steps, calls, form, tuple(arguments.values()))
    )


def _launching_of(run: func.FuncOp) -> tuple[str, int, tuple[int, ...]]:
    """Returns the form of launching, the most steps at once, and the clocks in whose steps Python is called."""
    found = run.attributes.get(LAUNCHING)
    if not isinstance(found, DictionaryAttr):
        return SINGLE, 0, ()
    form, steps, calls = found.data["form"], found.data["steps"], found.data["calls"]
    assert isinstance(form, StringAttr) and isinstance(steps, IntegerAttr) and isinstance(calls, DenseArrayBase)
    number = cast("IntegerAttr[IntegerType]", steps).value.data
    return form.data, number, tuple(int(k) for k in calls.get_values())


def _constant(value: SSAValue) -> int:
    owner = value.owner
    assert isinstance(owner, Operation)
    number = owner.properties["value"]
    assert isinstance(number, IntegerAttr)
    return cast("IntegerAttr[IndexType]", number).value.data


def _shared_bytes(kernels: gpu.ModuleOp | None) -> int:
    """Returns the bytes of shared memory that kernels declare, together."""
    if kernels is None:
        return 0
    globals_ = [op for op in kernels.body.block.ops if isinstance(op, memref.GlobalOp)]
    shapes = [op.type for op in globals_]
    return sum(one.get_shape()[0] * _BYTES[memory_type(one.element_type)] for one in shapes)


# ---- memory for intermediate values

_OPERATIONS: Mapping[type[Operation], str] = {
    arith.AddiOp: "+",
    arith.SubiOp: "-",
    arith.MuliOp: "*",
    arith.DivUIOp: "/",
    arith.ShRUIOp: ">>",
    arith.ShLIOp: "<<",
    arith.MaxSIOp: "max",
    arith.MinSIOp: "min",
}


def _rooms(run: func.FuncOp) -> tuple[tuple[str, int, Term], ...]:
    """Returns the memory that a run asks for before its loop: whose, bytes of an element, number of elements."""
    return tuple(
        (op.result.name_hint or "", _BYTES[memory_type(element_type(op.result.type))], _term(op.dynamicSizes[0]))
        for op in run.walk()
        if isinstance(op, gpu.AllocOp)
    )


def _term(value: SSAValue) -> Term:
    """Returns a size as what it follows from; 0 for what only a run knows."""
    if isinstance(value, BlockArgument):
        return "slot", value.index
    owner = value.owner
    assert isinstance(owner, Operation)
    if isinstance(owner, arith.ConstantOp):
        return _constant(value)
    if isinstance(owner, arith.IndexCastOp | arith.ExtUIOp | arith.ExtSIOp | arith.TruncIOp):
        return _term(owner.operands[0])
    kind = _OPERATIONS.get(type(owner))
    return 0 if kind is None else (kind, _term(owner.operands[0]), _term(owner.operands[1]))


# ---- which memory is whose


def _arguments(op: gpu.LaunchFuncOp, written: set[tuple[str, int]]) -> str:
    """Returns what a kernel is given, see `DevicePart`."""
    given = enumerate(op.kernelOperands)
    return "".join(_kind(value, (kernel_of(op), k) in written) for k, value in given)


def _kind(value: SSAValue, is_written: bool) -> str:
    return "v" if not isinstance(value.type, MemRefType) else "w" if is_written else "r"


def _where(arg: SSAValue, written: set[tuple[str, int]]) -> str:
    """Returns who knows the memory of an argument of `@run`: "device", "changed" there, "host", "both"; or ""."""
    on_device = on_host = changes = False
    for use in arg.uses:
        op = use.operation
        if isinstance(op, gpu.LaunchFuncOp):
            on_device = True
            first = len(op.operands) - len(op.kernelOperands)
            changes = changes or (kernel_of(op), use.index - first) in written
        else:
            on_host = True
    if on_device and on_host:
        return "both"
    return "changed" if changes else "device" if on_device else "host" if on_host else ""


# ---- the host


def _host(
    module: ModuleOp,
    run: func.FuncOp,
    launches: Sequence[gpu.LaunchFuncOp],
    given: tuple[Sequence[str], Target, CodegenOptions, Sequence[Slot]],
) -> str:
    """Returns the text of `@run`, in which launches and allocations are calls, and of the functions that do these."""
    names, target, options, slots = given
    control = run.body.block.args[-1]
    texts, declared = list[str](), dict[str, func.FuncOp]()
    for op in launches:
        kernel, once = kernel_of(op), op.parent_block() is run.body.block
        name = f"{_ONCE}_{kernel}" if once else kernel
        operands = [*op.kernelOperands, op.gridSizeX, control]
        threads = _constant(op.blockSizeX)
        _replace(op, name, operands)
        if name not in declared:
            declared[name] = _declaration(name, [value.type for value in operands])
            texts.append(_launching(name, names.index(kernel), threads, operands, once=once))
    number = 0
    for op in list(run.walk()):
        if isinstance(op, gpu.AllocOp):
            element = element_type(op.result.type)
            name = f"{_ROOM}_{number}"
            operands = [op.dynamicSizes[0], control]
            declared[name] = _declaration(name, [value.type for value in operands], [op.result.type])
            texts.append(_allocating(name, number, _BYTES[memory_type(element)]))
            _replace(op, name, operands)
            number += 1
        elif isinstance(op, gpu.DeallocOp):
            op.detach()
            op.erase()
    for op in list(module.ops):
        kept = op is run or (isinstance(op, func.FuncOp) and op.sym_name.data not in declared)
        if not kept:
            op.detach()
    run.detach()
    module.body.block.add_ops([run, *declared.values()])
    called = {op.properties["callee"] for op in run.walk() if isinstance(op, func.CallOp)}
    for op in list(module.ops):
        if isinstance(op, func.FuncOp) and op is not run and SymbolRefAttr(op.sym_name.data) not in called:
            op.detach()
    text = emit_module(module, target=target, options=options, slots=slots)
    return LINKED.join([text, f'target triple = "{target.triple}"\n\n' + "\n".join(texts)])


def _replace(op: Operation, name: str, operands: Sequence[SSAValue]) -> None:
    block = op.parent_block()
    assert block is not None
    types = [result.type for result in op.results]
    made = func.CallOp.create(operands=operands, result_types=types, properties={"callee": SymbolRefAttr(name)})
    block.insert_op_before(made, op)
    for old, new in zip(op.results, made.results, strict=True):
        new.name_hint = old.name_hint
        old.replace_all_uses_with(new)
    op.detach()
    op.erase()


def _declaration(name: str, types: Sequence[Attribute], results: Sequence[Attribute] = ()) -> func.FuncOp:
    properties: dict[str, Attribute] = {
        "sym_name": StringAttr(name),
        "function_type": FunctionType.from_lists(types, results),
        "sym_visibility": StringAttr("private"),
    }
    return func.FuncOp.create(properties=properties, regions=[Region()])


def _word(number: int) -> str:
    return f"getelementptr inbounds i64, ptr %driver, i64 {number}"


_FIND_DRIVER = f"""\
  %at = getelementptr inbounds i64, ptr %control, i64 {DRIVER}
  %driver = load ptr, ptr %at, align 8"""


def _launching(name: str, number: int, threads: int, operands: Sequence[SSAValue], *, once: bool) -> str:
    """Returns the function that launches a kernel, unless a launch has failed before.

    Args:
        name: The name of the function.
        number: The number of the kernel.
        threads: The threads of a block.
        operands: What the kernel is given, the number of blocks, and the control block.
        once: Whether it is left out where what comes before the first step is done already.
    """
    types = [llvm_type(value.type) for value in operands[:-2]]
    stored = ["i8" if one == "i1" else one for one in types]
    arguments = ", ".join([*(f"{one} %a{k}" for k, one in enumerate(types)), "i64 %blocks", "ptr %control"])
    lines = [f"define void @{name}({arguments}) {{"]
    lines += [f"  %s{k} = alloca i64, align 8" for k in range(len(stored))]
    lines += [f"  %params = alloca [{max(len(types), 1)} x ptr], align 8", _FIND_DRIVER]
    lines += [f"  %at.error = {_word(ERROR)}", "  %error = load i64, ptr %at.error, align 8"]
    if once:
        lines += [f"  %at.prepared = {_word(PREPARED)}", "  %prepared = load i64, ptr %at.prepared, align 8"]
        lines += ["  %any = or i64 %error, %prepared", "  %ok = icmp eq i64 %any, 0"]
    else:
        lines += ["  %ok = icmp eq i64 %error, 0"]
    lines += ["  br i1 %ok, label %launch, label %done", "launch:"]
    for k, (one, kept) in enumerate(zip(types, stored, strict=True)):
        value = f"%a{k}"
        if one != kept:
            lines.append(f"  %b{k} = zext i1 {value} to i8")
            value = f"%b{k}"
        lines += [f"  store {kept} {value}, ptr %s{k}, align 8"]
        lines += [
            f"  %p{k} = getelementptr inbounds ptr, ptr %params, i64 {k}",
            f"  store ptr %s{k}, ptr %p{k}, align 8",
        ]
    for word, at in (("f", LAUNCH), ("stream", STREAM), ("handle", HANDLES + number)):
        lines += [f"  %at.{word} = {_word(at)}", f"  %{word} = load ptr, ptr %at.{word}, align 8"]
    lines += [
        "  %grid = trunc i64 %blocks to i32",
        f"  %code = call i32 %f(ptr %handle, i32 %grid, i32 1, i32 1, i32 {threads}, i32 1, i32 1, i32 0, ptr %stream, "
        "ptr %params, ptr null)",
        "  %bad = icmp ne i32 %code, 0",
        "  br i1 %bad, label %failed, label %done",
        "failed:",
        "  %wide = zext i32 %code to i64",
        "  store i64 %wide, ptr %at.error, align 8",
        f"  %at.failed = {_word(FAILED)}",
        f"  store i64 {number + 1}, ptr %at.failed, align 8",
        "  store volatile i64 1, ptr %control, align 8",
        "  br label %done",
        "done:",
        "  ret void",
        "}",
        "",
    ]
    return "\n".join(lines)


def _allocating(name: str, number: int, size: int) -> str:
    """Returns the function that asks for memory of the device; where there is none, nothing is launched."""
    return f"""\
define ptr @{name}(i64 %count, ptr %control) {{
{_FIND_DRIVER}
  %bytes = mul i64 %count, {size}
  %at.f = {_word(ALLOCATE)}
  %f = load ptr, ptr %at.f, align 8
  %memory = call ptr %f(i64 {number}, i64 %bytes)
  %none = icmp eq ptr %memory, null
  br i1 %none, label %failed, label %done
failed:
  %at.error = {_word(ERROR)}
  store i64 {OUT_OF_MEMORY}, ptr %at.error, align 8
  store volatile i64 1, ptr %control, align 8
  br label %done
done:
  ret ptr %memory
}}
"""


# ---- kernels for a stand-in


def _emulated(
    module: ModuleOp, run: func.FuncOp, launches: Sequence[gpu.LaunchFuncOp], target: Target, options: CodegenOptions
) -> bytes:
    """Returns machine code of the CPU with a function for each kernel, which takes what the driver is given."""
    functions = ModuleOp([op.clone() for op in module.ops if isinstance(op, func.FuncOp) and op is not run])
    types: dict[str, list[str]] = {}
    for op in launches:
        types[kernel_of(op)] = [llvm_type(value.type) for value in op.kernelOperands]
    text, *linked = emit_module(functions, target=target, options=options).split(LINKED)
    wrappers = "\n".join([*(_wrapper(name, of) for name, of in types.items()), _parts(list(types))])
    return compile_text(LINKED.join([f"{text}\n{wrappers}", *linked]), target=target, options=options).object_code


def _wrapper(name: str, types: Sequence[str]) -> str:
    lines = [f"define void @ranvier_kernel_{name}(ptr %params, i64 %blocks) {{"]
    values: list[str] = []
    for k, one in enumerate(types):
        lines += [f"  %at{k} = getelementptr inbounds ptr, ptr %params, i64 {k}", f"  %p{k} = load ptr, ptr %at{k}"]
        lines.append(f"  %v{k} = load {'i8' if one == 'i1' else one}, ptr %p{k}")
        if one == "i1":
            lines.append(f"  %t{k} = trunc i8 %v{k} to i1")
        values.append(f"{one} %{'t' if one == 'i1' else 'v'}{k}")
    lines += [f"  call void @{name}({', '.join([*values, 'i64 %blocks'])})", "  ret void", "}", ""]
    lines += [f"define i64 @ranvier_arguments_{name}() {{", f"  ret i64 {len(types)}", "}", ""]
    return "\n".join(lines)


def _parts(names: Sequence[str]) -> str:
    """Returns a function that gives the kernels by their numbers, for a stand-in that runs steps by one call."""
    addresses = ", ".join(f"ptr @ranvier_kernel_{name}" for name in names)
    number = len(names)
    return f"""\
@ranvier_parts = internal constant [{number} x ptr] [{addresses}]
define ptr @ranvier_kernel_{STEPS}(i64 %number) {{
  %at = getelementptr inbounds [{number} x ptr], ptr @ranvier_parts, i64 0, i64 %number
  %part = load ptr, ptr %at, align 8
  ret ptr %part
}}
"""


__all__ = ["DeviceProgram", "device_program", "is_for_device"]
