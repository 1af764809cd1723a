"""The mathematical and random functions that generated code links in, as LLVM IR text.

>>> from ranvier.codegen import mathlib
>>> mathlib.signature("exp.f64")
'double (double)'
>>> "define internal double @rv.exp.f64(double %a0)" in mathlib.definitions(["exp.f64"])
True

Every function is branch-free where it can be, so that the loop vectoriser of LLVM makes vector code of a loop that
calls it, for any vector width and target; nothing is taken from the C library. Names here have no ``rv.`` prefix.
"""

from __future__ import annotations

from collections.abc import Iterable

from . import (
    discrete,
    exponential,
    hyperbolic,
    inverse_trigonometric,
    logarithm,
    masks,
    normal,
    philox,
    power,
    quick,
    tabulated,
    trigonometric,
)
from .builder import CALLED, INTERLEAVED, SLOW, FunctionTable

_METADATA = 1 << 20
"""The first number of metadata; the code generator has smaller ones."""

FUNCTIONS: FunctionTable = {
    **exponential.FUNCTIONS,
    **logarithm.FUNCTIONS,
    **trigonometric.FUNCTIONS,
    **inverse_trigonometric.FUNCTIONS,
    **hyperbolic.FUNCTIONS,
    **power.FUNCTIONS,
    **quick.FUNCTIONS,
    **philox.FUNCTIONS,
    **normal.FUNCTIONS,
    **discrete.FUNCTIONS,
    **tabulated.FUNCTIONS,
    **masks.FUNCTIONS,
}

NAMES: tuple[str, ...] = tuple(
    name for name, function in FUNCTIONS.items() if function.attributes not in (SLOW, CALLED)
)


def signature(name: str) -> str:
    """Returns the LLVM type of a function, as in ``"double (double)"``.

    Raises:
        KeyError: There is no such function.
    """
    return FUNCTIONS[name].signature


def definitions(names: Iterable[str]) -> str:
    """Returns LLVM IR text that defines the given functions, and all they call, each once and in a fixed order.

    Raises:
        KeyError: There is no such function.
    """
    texts: dict[str, str] = {}
    waiting = sorted(set(names))
    while waiting:
        name = waiting.pop()
        if name not in texts:
            texts[name], called = FUNCTIONS[name].definition(name)
            waiting += called
    table = [trigonometric.table_text()] if any("_huge." in name for name in texts) else []
    return _with_metadata("\n\n".join([*table, *(texts[name] for name in sorted(texts))])) + "\n"


def _with_metadata(text: str) -> str:
    """Returns a text with the metadata of its interleaved loops, each of which has a number of its own."""
    first, *rest = text.split(INTERLEAVED)
    if not rest:
        return text
    asked = _METADATA + len(rest)
    lines = [f"!{number} = distinct !{{!{number}, !{asked}}}" for number in range(_METADATA, asked)]
    lines.append(f'!{asked} = !{{!"llvm.loop.interleave.count", i32 2}}')
    numbered = (f"!{number}{part}" for number, part in enumerate(rest, _METADATA))
    return "".join([first, *numbered, "\n\n", "\n".join(lines)])
