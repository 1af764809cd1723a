"""Ops of the upstream `vector` dialect, for the few loops that are written with whole vectors."""

from __future__ import annotations

from typing import cast

from xdsl.dialects import vector
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, IntegerType, VectorType
from xdsl.ir import Attribute, SSAValue

from ranvier.ir.widening import WidenOp
from ranvier.passes.lower.writer import Writer, element_of


def vector_of(element: Attribute, size: int) -> VectorType[Attribute]:
    """Returns `vector<size x element>`."""
    return VectorType(element, [size])


def splat(w: Writer, number: int, type: VectorType[Attribute]) -> SSAValue:
    """Returns a vector of the same integer everywhere."""
    value = DenseIntOrFPElementsAttr.from_list(cast("VectorType[IntegerType]", type), [number])
    return w.attribute(value, type)


def load_vector(w: Writer, array: SSAValue, index: SSAValue, size: int) -> SSAValue:
    """Returns consecutive elements of a buffer."""
    return w.op(vector.LoadOp, [array, index], [vector_of(element_of(array), size)]).results[0]


def store_vector(w: Writer, value: SSAValue, array: SSAValue, index: SSAValue) -> None:
    """Sets consecutive elements of a buffer."""
    w.op(vector.StoreOp, [value, array, index])


def reinterpret(w: Writer, value: SSAValue, type: VectorType[Attribute]) -> SSAValue:
    """Returns the bits of a vector as another vector."""
    return w.op(vector.BitcastOp, [value], [type]).results[0]


def widened(w: Writer, value: SSAValue, type: VectorType[Attribute]) -> SSAValue:
    """Returns each element of a vector in more bits, with its sign: an i1 becomes 0 or -1."""
    return w.op(WidenOp, [value], [type]).results[0]


def spread(w: Writer, value: SSAValue, size: int) -> SSAValue:
    """Returns a vector with the same value everywhere."""
    return w.op(vector.BroadcastOp, [value], [vector_of(value.type, size)]).results[0]
