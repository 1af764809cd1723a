"""Functions of a script that are code of their own: what plans and programs say of them. Needs no xDSL."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

NativeKind: TypeAlias = Literal["mlir", "llvm", "library"]
"""Where the code is: text of MLIR or of LLVM IR, or a shared library, which finds it by the symbol."""

NATIVE = "ranvier.native"
"""The attribute of declared functions that are those of scripts: their LLVM IR, "" if they are in a library."""


@dataclass(frozen=True, slots=True)
class NativeFunction:
    """A function of numbers.

    Attributes:
        symbol: Its name in programs, by what it consists of: equal names, equal code.
        kind: Where the code is.
        arguments: The types of the arguments: "f64", "f32", "i64", "i32", "i1".
        result: The type of the result.
        stateless: Whether equal arguments give equal results, so that calls may be merged and left out.
        indexed: Whether the last argument is the number of the element.
        text: The code; "" for a shared library.
    """

    symbol: str
    kind: NativeKind
    arguments: tuple[str, ...]
    result: str
    stateless: bool = True
    indexed: bool = False
    text: str = field(default="", repr=False)
