"""Functions of random programs that are code of their own: LLVM IR for machine code, numpy for the interpreter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ranvier.ir.interpret_arith import Value


@dataclass(frozen=True)
class Native:
    """A function that rounds nothing.

    Attributes:
        arguments: The types of the arguments.
        result: That of the result.
        text: The code.
        meaning: The same for the interpreter.
    """

    arguments: tuple[str, ...]
    result: str
    text: str
    meaning: Callable[..., Any]


def larger(x: Value, y: Value) -> Value:
    """Returns the larger number."""
    choose: Callable[..., Value] = np.where
    return choose(x > y, x, y)


def mixed(m: Value, n: Value) -> Value:
    """Returns bits of both numbers."""
    return np.multiply(m, np.int32(5)) ^ n


def above(x: Value) -> Value:
    """Tells whether a number is a half or more."""
    return x >= 0.5


NATIVES = {
    "fuzz_larger": Native(
        ("f64", "f64"),
        "f64",
        "define double @fuzz_larger(double %x, double %y) { %c = fcmp ogt double %x, %y"
        " %r = select i1 %c, double %x, double %y ret double %r }",
        larger,
    ),
    "fuzz_mixed": Native(
        ("i32", "i32"),
        "i32",
        "define i32 @fuzz_mixed(i32 %m, i32 %n) { %s = mul i32 %m, 5 %r = xor i32 %s, %n ret i32 %r }",
        mixed,
    ),
    "fuzz_above": Native(
        ("f64",),
        "i1",
        "define i1 @fuzz_above(double %x) { %c = fcmp oge double %x, 0.5 ret i1 %c }",
        above,
    ),
}
"""The functions, by name."""

MEANINGS: Mapping[str, Callable[..., Any]] = {name: native.meaning for name, native in NATIVES.items()}
"""What they mean, as the interpreter takes it."""


def native_line(name: str, arguments: list[str], *, stateless: bool) -> str:
    """Returns the op that calls a function.

    Args:
        name: Which.
        arguments: The names of its arguments.
        stateless: Whether it says that calls may be left out.
    """
    known = NATIVES[name]
    types = ", ".join(known.arguments)
    said = " stateless" if stateless else ""
    return f'snn.native "{name}"{said} text "{known.text}" ({", ".join(arguments)}) : ({types}) -> {known.result}'
