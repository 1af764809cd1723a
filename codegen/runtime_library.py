"""The runtime functions of programs as one module of LLVM IR that anybody can link: `rv.exp.f64` and the like.

Code of Ranvier's own generator has those that it calls inside. Whoever compiles loops in another way links this module.
"""

from __future__ import annotations

import re

from ranvier.codegen import mathlib
from ranvier.codegen.llvm.memref import HELPERS
from ranvier.codegen.target import Target, host

ELEMENTS = {"f64": 8, "f32": 4, "i64": 8, "i32": 4, "i16": 2, "i1": 1, "index": 8}
"""Types of elements, and the bytes of one."""

_INTERNAL = re.compile(r"^define internal ", re.MULTILINE)


def library_text(target: Target | None = None) -> str:
    """Returns a module with all runtime functions, which other modules may call.

    Args:
        target: The machine, by default this one; the text itself is the same for all.
    """
    header = f'target triple = "{(target or host()).triple}"\n'
    functions = _INTERNAL.sub("define ", mathlib.definitions(mathlib.FUNCTIONS))
    return "\n".join([header, functions, memory_text()])


def memory_text(*, is_internal: bool = False) -> str:
    """Returns functions that get aligned memory for arrays and give it back: `rv.new.f64` and `rv.delete.f64`.

    Where there is none, the process ends.

    Args:
        is_internal: Whether only the module sees them that the text is put into.
    """
    linkage = "internal " if is_internal else ""
    texts = [HELPERS["malloc"], HELPERS["free"], HELPERS["rv.allocate"], HELPERS["rv.release"]]
    for element, size in ELEMENTS.items():
        texts.append(
            f"define {linkage}noalias ptr @rv.new.{element}(i64 %count) {{\n"
            f"  %bytes = mul i64 %count, {size}\n"
            "  %memory = call ptr @rv.allocate(i64 %bytes)\n"
            "  %none = icmp eq ptr %memory, null\n"
            "  br i1 %none, label %fail, label %done\n"
            "fail:\n"
            "  call void @llvm.trap()\n"
            "  unreachable\n"
            "done:\n"
            "  ret ptr %memory\n"
            "}\n"
        )
        texts.append(
            f"define {linkage}void @rv.delete.{element}(ptr %memory) {{\n"
            "  call void @rv.release(ptr %memory)\n"
            "  ret void\n"
            "}\n"
        )
    return "\n".join(texts)
