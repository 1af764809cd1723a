"""LLVM's names of the types and constants of the loops."""

from __future__ import annotations

import struct
from typing import cast

from xdsl.dialects.builtin import (
    BFloat16Type,
    DenseIntOrFPElementsAttr,
    Float16Type,
    Float32Type,
    Float64Type,
    FloatAttr,
    IndexType,
    IntegerAttr,
    IntegerType,
    MemRefType,
    NoneAttr,
    StridedLayoutAttr,
    VectorType,
)
from xdsl.ir import Attribute

from ranvier.codegen.errors import CodegenError

FLOAT_NAMES: dict[type[Attribute], str] = {
    Float64Type: "double",
    Float32Type: "float",
    Float16Type: "half",
    BFloat16Type: "bfloat",
}

INTRINSIC_NAMES = {"double": "f64", "float": "f32", "half": "f16", "bfloat": "bf16"}
"""How the types are spelled in the names of LLVM's intrinsics; integers keep their name."""


def llvm_type(type_: Attribute) -> str:
    """Returns LLVM's type of a scalar, memref or vector; an `index` is an i64, a memref a bare pointer.

    Raises:
        CodegenError: The type is none of those.
    """
    if isinstance(type_, IndexType):
        return "i64"
    if isinstance(type_, IntegerType):
        return f"i{cast('IntegerType', type_).width.data}"
    if isinstance(type_, MemRefType):
        return "ptr"
    if name := FLOAT_NAMES.get(type(type_)):
        return name
    if isinstance(type_, VectorType) and len(type_.shape) == 1 and not type_.get_num_scalable_dims():
        vector = cast("VectorType[Attribute]", type_)
        return f"<{vector.get_shape()[0]} x {llvm_type(vector.element_type)}>"
    raise CodegenError(f"the type {type_} has no translation to LLVM")


def memory_type(type_: Attribute) -> str:
    """Returns LLVM's type of an element in memory: an i1 fills a byte there."""
    name = llvm_type(type_)
    return "i8" if name == "i1" else name


def element_type(type_: Attribute) -> Attribute:
    """Returns the type of the elements of a memref in the standard layout.

    Raises:
        CodegenError: It is no memref, or its elements are not laid out row by row.
    """
    if not isinstance(type_, MemRefType):
        raise CodegenError(f"{type_} is no memref with a known number of dimensions")
    if not isinstance(type_.layout, NoneAttr) and not _is_part(type_.layout):
        raise CodegenError(f"the layout {type_.layout} of {type_} is not supported")
    return cast("MemRefType[Attribute]", type_).element_type


def _is_part(layout: Attribute) -> bool:
    """Tells whether a layout is that of elements which follow each other, from some place of a buffer on."""
    return isinstance(layout, StridedLayoutAttr) and layout.get_strides() == (1,)


def shape(type_: Attribute) -> list[int]:
    """Returns the sizes of a memref; `DYNAMIC_INDEX` stands for sizes known at run time.

    Raises:
        CodegenError: It is no memref in the standard layout.
    """
    element_type(type_)
    return [size.data for size in cast("MemRefType[Attribute]", type_).shape.data]


def is_float(type_: Attribute) -> bool:
    """Returns whether `type_` is a floating-point type."""
    return type(type_) in FLOAT_NAMES


def bit_width(type_: Attribute) -> int:
    """Returns the number of bits of an integer or index type."""
    return cast("IntegerType", type_).width.data if isinstance(type_, IntegerType) else 64


def constant(value: Attribute) -> str:
    """Returns a constant as LLVM writes it: a scalar, or a vector of integers whose elements are all the same.

    Raises:
        CodegenError: The constant is something else.
    """
    if isinstance(value, IntegerAttr):
        return _integer_constant(value.value.data, bit_width(value.get_type()))
    if isinstance(value, FloatAttr):
        return _float_constant(value.value.data, llvm_type(value.get_type()))
    if (number := _same_everywhere(value)) is not None:
        return number
    raise CodegenError(f"the constant {value} is no scalar, nor a vector of the same integer everywhere")


def _same_everywhere(value: Attribute) -> str | None:
    """Returns a vector of one integer, None for other constants."""
    if not isinstance(value, DenseIntOrFPElementsAttr) or not value.is_splat():
        return None
    dense = cast("DenseIntOrFPElementsAttr[IntegerType]", value)
    element = cast("Attribute", dense.get_element_type())
    if not isinstance(cast("Attribute", dense.type), VectorType) or is_float(element):
        return None
    width = bit_width(element)
    return f"splat (i{width} {_integer_constant(int(dense.get_values()[0]), width)})"


def _integer_constant(value: int, width: int) -> str:
    if width == 1:
        return "true" if value & 1 else "false"
    value &= (1 << width) - 1
    return str(value - (1 << width) if value >> (width - 1) else value)


def _float_constant(value: float, type_: str) -> str:
    # LLVM writes doubles and floats alike as the 16 digits of a double, the 16-bit types by their own bits.
    if type_ == "half":
        return f"0xH{struct.unpack('<H', struct.pack('<e', value))[0]:04X}"
    if type_ == "bfloat":
        return f"0xR{_bfloat_bits(value):04X}"
    if type_ == "float":
        value = _round_to_float(value)
    return f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"


def _round_to_float(value: float) -> float:
    try:
        return struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _bfloat_bits(value: float) -> int:
    bits: int = struct.unpack("<I", struct.pack("<f", _round_to_float(value)))[0]
    if value != value:
        return bits >> 16 | 0x40
    return (bits + 0x7FFF + (bits >> 16 & 1)) >> 16
