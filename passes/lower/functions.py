"""Functions of lowered modules, and what is said of their arguments."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import func
from xdsl.dialects.builtin import (
    ArrayAttr,
    DictionaryAttr,
    FunctionType,
    IntegerAttr,
    MemRefType,
    StringAttr,
    UnitAttr,
    i64,
)
from xdsl.ir import Attribute, Region

from ranvier.ir.slots import ALIGNMENT

_NOALIAS = DictionaryAttr({"llvm.noalias": UnitAttr()})
_NOALIAS_ALIGNED = DictionaryAttr({"llvm.noalias": UnitAttr(), "llvm.align": IntegerAttr(ALIGNMENT, i64)})
_NOTHING = DictionaryAttr({})


def function(
    name: str, arguments: Sequence[Attribute], results: Sequence[Attribute], body: Region, *, public: bool = False
) -> func.FuncOp:
    """Returns a function; without blocks in its body it is a declaration."""
    properties: dict[str, Attribute] = {
        "sym_name": StringAttr(name),
        "function_type": FunctionType.from_lists(arguments, results),
    }
    if not public:
        properties["sym_visibility"] = StringAttr("private")
    return func.FuncOp.create(properties=properties, regions=[body])


def argument_attributes(type: Attribute, *, is_aligned: bool = True) -> DictionaryAttr:
    """Returns the attributes of an argument: a buffer overlaps no other one, and is aligned unless it is said not to be
    (see `ranvier.ir.slots.ALIGNMENT`).
    """
    if not isinstance(type, MemRefType):
        return _NOTHING
    return _NOALIAS_ALIGNED if is_aligned else _NOALIAS


def noalias_attributes(types: Sequence[Attribute], *, unaligned: Sequence[int] = ()) -> ArrayAttr[DictionaryAttr]:
    """Returns the argument attributes of a function; all buffers are aligned but those at the positions `unaligned`."""
    return ArrayAttr([argument_attributes(type, is_aligned=k not in unaligned) for k, type in enumerate(types)])
