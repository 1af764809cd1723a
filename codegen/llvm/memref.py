"""The `memref` dialect: bare pointers to elements in row order; an i1 fills a byte."""

from __future__ import annotations

import math
from collections.abc import Sequence

from xdsl.dialects.builtin import DYNAMIC_INDEX, IntegerAttr
from xdsl.ir import Operation, SSAValue

from ranvier.codegen.errors import CodegenError
from ranvier.codegen.llvm.types import element_type, llvm_type, memory_type, shape
from ranvier.codegen.llvm.writer import Handler, Writer
from ranvier.ir.slots import ALIGNMENT

HELPERS = {
    "rv.allocate": f"""\
declare noalias ptr @malloc(i64)

define internal noalias nonnull ptr @rv.allocate(i64 %bytes) {{
  %all = add nuw nsw i64 %bytes, {ALIGNMENT + 8}
  %memory = call noalias ptr @malloc(i64 %all)
  %none = icmp eq ptr %memory, null
  br i1 %none, label %fail, label %done
fail:
  call void @llvm.trap()
  unreachable
done:
  %last = getelementptr i8, ptr %memory, i64 {ALIGNMENT + 7}
  %aligned = call ptr @llvm.ptrmask.p0.i64(ptr %last, i64 -{ALIGNMENT})
  %before = getelementptr i8, ptr %aligned, i64 -8
  store ptr %memory, ptr %before
  ret ptr %aligned
}}
""",
    "rv.release": """\
declare void @free(ptr)

define internal void @rv.release(ptr %aligned) {
  %before = getelementptr i8, ptr %aligned, i64 -8
  %memory = load ptr, ptr %before
  call void @free(ptr %memory)
  ret void
}
""",
}
"""Aligned memory from `malloc`; the word before the aligned address is where the memory really begins."""


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
    w.helpers.add("rv.allocate")
    count = str(static)
    for size in dynamic:
        count = w.temporary(f"mul nuw nsw i64 {count}, {w[size]}")
    end = w.temporary(f"getelementptr {type_}, ptr null, i64 {count}")
    w.define(op.results[0], f"call noalias nonnull ptr @rv.allocate(i64 {w.temporary(f'ptrtoint ptr {end} to i64')})")


def _allocate_on_stack(w: Writer, op: Operation) -> None:
    """Memory of known size is made once, at the top of the function, also for an op in a loop."""
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
    w.helpers.add("rv.release")
    w.line(f"call void @rv.release(ptr {w[op.operands[0]]})")


def _prefetch(w: Writer, op: Operation) -> None:
    array, *indices = op.operands
    w.line(f"call void @llvm.prefetch.p0(ptr {address(w, array, indices)}, i32 0, i32 3, i32 1)")


def _cast(w: Writer, op: Operation) -> None:
    element_type(op.results[0].type)
    w.bind(op.results[0], w[op.operands[0]])


OPS: dict[str, Handler] = {
    "memref.load": _load,
    "memref.store": _store,
    "memref.alloc": _allocate,
    "memref.alloca": _allocate_on_stack,
    "memref.dealloc": _release,
    "memref.cast": _cast,
    "memref.prefetch": _prefetch,
}
"""The translation of each op of the dialect."""
