"""`ranvier-opt` with all it can write: IR, and the LLVM IR and assembly that become of it."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ranvier.closed_output import leave_closed_output
from ranvier.passes import opt

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; see `ranvier.passes.opt.main`."""
    emitters = {"llvm": _llvm, "llvm-optimised": _optimised_llvm, "asm": _asm}
    try:
        status = opt.main(arguments, emitters=emitters)
        sys.stdout.flush()
    except BrokenPipeError:
        return leave_closed_output()
    return status


def _llvm(module: "ModuleOp") -> str:
    from ranvier.codegen.llvm.emitter import emit_module

    return emit_module(module)


def _optimised_llvm(module: "ModuleOp") -> str:
    from ranvier.codegen.compile import compile_text

    return compile_text(_llvm(module)).as_llvm(optimised=True)


def _asm(module: "ModuleOp") -> str:
    from ranvier.codegen.compile import compile_text

    return compile_text(_llvm(module)).as_asm()


if __name__ == "__main__":
    raise SystemExit(main())
