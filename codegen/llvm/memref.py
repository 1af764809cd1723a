"""The `memref` dialect: bare pointers to elements in row order; an i1 fills a byte."""

from __future__ import annotations

import math
from collections.abc import Sequence

from xdsl.dialects.builtin import DYNAMIC_INDEX, DenseArrayBase, IntegerAttr
from xdsl.ir import Operation, SSAValue

from ranvier.codegen.errors import CodegenError
from ranvier.codegen.llvm.types import element_type, llvm_type, memory_type, shape
from ranvier.codegen.llvm.writer import Allocations, Handler, Writer
from ranvier.ir.slots import ALIGNMENT

ATOMICALLY = {1: "add", 5: "umax"}
"""What is done atomically, by the number among the kinds of `memref.atomic_rmw`: only what has no order."""

HELPERS = {
    "malloc": "declare noalias ptr @malloc(i64)\n",
    "free": "declare void @free(ptr)\n",
    "rv.allocate": f"""\
define internal noalias ptr @rv.allocate(i64 %bytes) {{
  %all = add nuw nsw i64 %bytes, {ALIGNMENT + 8}
  %memory = call noalias ptr @malloc(i64 %all)
  %none = icmp eq ptr %memory, null
  br i1 %none, label %fail, label %done
fail:
  ret ptr null
done:
  %last = getelementptr i8, ptr %memory, i64 {ALIGNMENT + 7}
  %aligned = call ptr @llvm.ptrmask.p0.i64(ptr %last, i64 -{ALIGNMENT})
  %before = getelementptr i8, ptr %aligned, i64 -8
  store ptr %memory, ptr %before
  ret ptr %aligned
}}
""",
    "rv.allocate_for_run": f"""\
define internal ptr @rv.allocate_for_run(i64 %bytes, ptr %held) noinline {{
  %all = add nuw nsw i64 %bytes, {ALIGNMENT + 16}
  %memory = call noalias ptr @malloc(i64 %all)
  %none = icmp eq ptr %memory, null
  br i1 %none, label %fail, label %done
fail:
  ret ptr null
done:
  %last = getelementptr i8, ptr %memory, i64 {ALIGNMENT + 15}
  %aligned = call ptr @llvm.ptrmask.p0.i64(ptr %last, i64 -{ALIGNMENT})
  %before = getelementptr i8, ptr %aligned, i64 -8
  store ptr %memory, ptr %before
  %link = getelementptr i8, ptr %aligned, i64 -16
  %former = load ptr, ptr %held
  store ptr %former, ptr %link
  store ptr %aligned, ptr %held
  ret ptr %aligned
}}
""",
    "rv.release_all": """\
define internal void @rv.release_all(ptr %held) noinline {
entry:
  %first = load ptr, ptr %held
  br label %head
head:
  %aligned = phi ptr [ %first, %entry ], [ %former, %body ]
  %none = icmp eq ptr %aligned, null
  br i1 %none, label %done, label %body
body:
  %link = getelementptr i8, ptr %aligned, i64 -16
  %former = load ptr, ptr %link
  %before = getelementptr i8, ptr %aligned, i64 -8
  %memory = load ptr, ptr %before
  call void @free(ptr %memory)
  br label %head
done:
  ret void
}
""",
    "rv.release": """\
define internal void @rv.release(ptr %aligned) {
  %before = getelementptr i8, ptr %aligned, i64 -8
  %memory = load ptr, ptr %before
  call void @free(ptr %memory)
  ret void
}
""",
}
"""Aligned memory from `malloc`, null if there is none; the word before the aligned address is where it begins.

What a program holds to its end stands in a list: the word before that one is the memory that it got before. Were each
piece given back by itself, the size of a program would be twice that of its list, and LLVM's time more than that.
"""


def _load(w: Writer, op: Operation) -> None:
    memref, *indices = op.operands
    element = element_type(memref.type)
    type_, place = memory_type(element), address(w, memref, indices)
    load = f"load {_volatile(w, memref)}{type_}, ptr {place}"
    if llvm_type(element) == "i1":
        w.define(op.results[0], f"icmp ne i8 {w.temporary(load)}, 0")
    else:
        w.define(op.results[0], load)


def _store(w: Writer, op: Operation) -> None:
    value, memref, *indices = op.operands
    element = element_type(memref.type)
    stored = w[value]
    if llvm_type(element) == "i1":
        stored = w.temporary(f"zext i1 {stored} to i8")
    place = address(w, memref, indices)
    w.line(f"store {_volatile(w, memref)}{memory_type(element)} {stored}, ptr {place}")


def _change_atomically(w: Writer, op: Operation) -> None:
    value, memref, *indices = op.operands
    kind = op.properties["kind"]
    name = ATOMICALLY.get(kind.value.data) if isinstance(kind, IntegerAttr) else None
    if name is None:
        raise CodegenError("only whole numbers are added or compared atomically")
    w.define(op.results[0], f"atomicrmw {name} ptr {address(w, memref, indices)}, {w.typed(value)} monotonic")


def _volatile(w: Writer, memref: SSAValue) -> str:
    return "volatile " if w[memref] in w.volatile else ""


def address(w: Writer, memref: SSAValue, indices: Sequence[SSAValue]) -> str:
    """Writes the address of an element; indices are in bounds, hence no offset is negative or wraps."""
    if not indices:
        return w[memref]
    offset = w[indices[0]]
    for size, index in zip(shape(memref.type)[1:], indices[1:], strict=True):
        if size == DYNAMIC_INDEX:
            raise CodegenError(f"only the first dimension of {memref.type} may be dynamic")
        offset = w.temporary(f"mul nuw nsw i64 {offset}, {size}")
        offset = w.temporary(f"add nuw nsw i64 {offset}, {w[index]}")
    if offset == "0":
        return w[memref]
    type_ = memory_type(element_type(memref.type))
    return w.temporary(f"getelementptr inbounds nuw {type_}, ptr {w[memref]}, i64 {offset}")


def _allocate(w: Writer, op: Operation) -> None:
    type_, static, dynamic = _sizes(op)
    count = str(static)
    for size in dynamic:
        count = w.temporary(f"mul nuw nsw i64 {count}, {w[size]}")
    end = w.temporary(f"getelementptr {type_}, ptr null, i64 {count}")
    bytes_ = w.temporary(f"ptrtoint ptr {end} to i64")
    if w.allocations is not None and not w.nested:
        _allocate_for_run(w, w.allocations, op, bytes_)
        return
    w.helpers |= {"malloc", "rv.allocate"}
    w.define(op.results[0], f"call noalias ptr @rv.allocate(i64 {bytes_})")
    failed, done = w.fresh("none"), w.fresh("allocated")  # what is no program, or deep inside one, has no way out
    _branch_if_null(w, w[op.results[0]], failed, done)
    w.start_block(failed)
    w.line("call void @llvm.trap()")
    w.line("unreachable")
    w.start_block(done)


def _allocate_for_run(w: Writer, allocations: Allocations, op: Operation, bytes_: str) -> None:
    """Writes what gets memory that the program holds to its end, and leaves the program if there is none."""
    if not allocations.held:
        w.helpers |= {"malloc", "free", "rv.allocate_for_run", "rv.release_all"}
        allocations.held, allocations.failed = w.at_entry("alloca ptr"), w.fresh("none")
        w.line_at_entry(f"store ptr null, ptr {allocations.held}")
    w.define(op.results[0], f"call ptr @rv.allocate_for_run(i64 {bytes_}, ptr {allocations.held})")
    allocations.pointers.add(w[op.results[0]])
    done = w.fresh("allocated")
    _branch_if_null(w, w[op.results[0]], allocations.failed, done)
    w.start_block(done)


def _branch_if_null(w: Writer, pointer: str, yes: str, no: str) -> None:
    missing = w.temporary(f"icmp eq ptr {pointer}, null")
    w.line(f"br i1 {missing}, label %{yes}, label %{no}")


def write_end_of_memory(w: Writer) -> None:
    """Writes what gives back all memory that a program holds to its end."""
    if w.allocations is not None and w.allocations.held:
        w.line(f"call void @rv.release_all(ptr {w.allocations.held})")


def write_failure(w: Writer, code: int) -> None:
    """Writes what a program does where memory cannot be had: it gives back what it has, and returns `code`."""
    if w.allocations is not None and w.allocations.held:
        w.start_block(w.allocations.failed)
        write_end_of_memory(w)
        w.line(f"ret i64 {code}")


def _allocate_on_stack(w: Writer, op: Operation) -> None:
    """Makes memory of known size once, at the top of the function, also for an op in a loop."""
    type_, static, dynamic = _sizes(op)
    alignment = op.properties.get("alignment")
    align = max(ALIGNMENT, alignment.value.data) if isinstance(alignment, IntegerAttr) else ALIGNMENT
    if not dynamic:
        w.bind(op.results[0], w.at_entry(f"alloca [{static} x {type_}], align {align}"))
        return
    if w.nested:
        raise CodegenError("stack memory of a size known at run time must be made outside loops and branches")
    count = str(static)
    for size in dynamic:
        count = w.temporary(f"mul nuw nsw i64 {count}, {w[size]}")
    w.define(op.results[0], f"alloca {type_}, i64 {count}, align {align}")


def _sizes(op: Operation) -> tuple[str, int, list[SSAValue]]:
    """Returns the element's type, the product of the static sizes, and the dynamic sizes."""
    type_ = op.results[0].type
    static = [size for size in shape(type_) if size != DYNAMIC_INDEX]
    return memory_type(element_type(type_)), math.prod(static), list(op.operands)


def _release(w: Writer, op: Operation) -> None:
    if w.allocations is not None and w[op.operands[0]] in w.allocations.pointers:
        return  # given back with all others at the end of the program
    w.helpers |= {"free", "rv.release"}
    w.line(f"call void @rv.release(ptr {w[op.operands[0]]})")


def _prefetch(w: Writer, op: Operation) -> None:
    array, *indices = op.operands
    w.line(f"call void @llvm.prefetch.p0(ptr {address(w, array, indices)}, i32 0, i32 3, i32 1)")


def _part(w: Writer, op: Operation) -> None:
    """Writes where a part of a buffer begins: elements that follow each other."""
    array, *dynamic = op.operands
    offsets, strides = op.properties["static_offsets"], op.properties["static_strides"]
    assert isinstance(offsets, DenseArrayBase) and isinstance(strides, DenseArrayBase)
    (offset, *more), steps = offsets.get_values(), strides.get_values()
    if more or steps != (1,):
        raise CodegenError("memref.subview takes elements that follow each other, of a buffer of one dimension")
    if offset == DYNAMIC_INDEX:
        w.bind(op.results[0], address(w, array, dynamic[:1]))
        return
    type_ = memory_type(element_type(array.type))
    w.define(op.results[0], f"getelementptr inbounds nuw {type_}, ptr {w[array]}, i64 {offset}")


def _cast(w: Writer, op: Operation) -> None:
    element_type(op.results[0].type)
    w.bind(op.results[0], w[op.operands[0]])


OPS: dict[str, Handler] = {
    "memref.load": _load,
    "memref.store": _store,
    "memref.atomic_rmw": _change_atomically,
    "memref.alloc": _allocate,
    "memref.alloca": _allocate_on_stack,
    "memref.dealloc": _release,
    "memref.cast": _cast,
    "memref.subview": _part,
    "memref.prefetch": _prefetch,
}
"""The translation of each op of the dialect."""
