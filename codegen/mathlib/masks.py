"""Masks: truth values that fill a byte each, as the bits of words."""

from __future__ import annotations

from ranvier.ir.slots import PADDING

from .builder import Body, Function, FunctionTable, Value

_READ = "alwaysinline memory(argmem: read) willreturn nounwind mustprogress"


def mask_bits(b: Body, mask: Value, first: Value) -> Value:
    """Returns a word whose bit k tells whether element ``first + k`` of a mask is true.

    It is a comparison of a register where there is AVX-512, and two instructions for 32 elements where there is AVX2.
    """
    place = b.address(mask, "i8", first)
    elements = b.load_several(f"<{PADDING} x i8>", place, b.constant(0, "i64"))
    return b.convert("bitcast", elements.ne(0), "i64")


FUNCTIONS: FunctionTable = {"mask_bits": Function("i64", ("ptr nocapture readonly", "i64"), mask_bits, _READ)}
