"""The `vector` dialect: the few ops on vectors of one dimension that lowering writes by itself."""

from __future__ import annotations

from xdsl.ir import Operation

from ranvier.codegen.errors import CodegenError
from ranvier.codegen.llvm.memref import address
from ranvier.codegen.llvm.types import INTRINSIC_NAMES, bit_width, element_type, is_float, llvm_type
from ranvier.codegen.llvm.writer import Handler, Writer


def _alignment(w: Writer, op: Operation, memref_position: int) -> int:
    """Returns the bytes to which an element is aligned: of the first of several, nothing is known."""
    element = element_type(op.operands[memref_position].type)
    if is_float(element):
        return int(INTRINSIC_NAMES[llvm_type(element)].lstrip("bf")) // 8
    width = bit_width(element)
    if width % 8:
        raise CodegenError(f"vectors of {element} are not stored element by element: an i1 fills a byte in memory")
    return width // 8


def _load(w: Writer, op: Operation) -> None:
    memref, *indices = op.operands
    align = _alignment(w, op, 0)
    place = address(w, memref, indices)
    w.define(op.results[0], f"load {llvm_type(op.results[0].type)}, ptr {place}, align {align}")


def _store(w: Writer, op: Operation) -> None:
    value, memref, *indices = op.operands
    align = _alignment(w, op, 1)
    w.line(f"store {w.typed(value)}, ptr {address(w, memref, indices)}, align {align}")


def _bitcast(w: Writer, op: Operation) -> None:
    (source,) = op.operands
    w.define(op.results[0], f"bitcast {w.typed(source)} to {llvm_type(op.results[0].type)}")


def _broadcast(w: Writer, op: Operation) -> None:
    (source,) = op.operands
    type_ = llvm_type(op.results[0].type)
    if llvm_type(source.type) == type_:
        w.bind(op.results[0], w[source])
        return
    one = w.temporary(f"insertelement {type_} poison, {w.typed(source)}, i64 0")
    lanes = type_[1:].split(" x ")[0]
    w.define(op.results[0], f"shufflevector {type_} {one}, {type_} poison, <{lanes} x i32> zeroinitializer")


OPS: dict[str, Handler] = {
    "vector.load": _load,
    "vector.store": _store,
    "vector.bitcast": _bitcast,
    "vector.broadcast": _broadcast,
}
"""The translation of each op of the dialect."""
