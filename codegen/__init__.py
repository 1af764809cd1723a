"""Loops to machine code that runs in this process.

    loops (func, scf, arith, math, memref) ── llvm/emitter ── LLVM IR text ── compile ── object code ── load ── entry
                                                                                artifact, cache

`program_for` is the doorway: it takes a program from memory or from disk, or builds, compiles and keeps it. Importing
this package costs nothing; xDSL is imported only to compile, llvmlite only to load.
"""

from __future__ import annotations

from importlib import import_module

from ranvier.codegen.errors import ArtifactError, CodegenError, CompilerMissing, LoadError, UnsupportedOpError
from ranvier.codegen.load import LoadedProgram
from ranvier.codegen.options import CodegenOptions
from ranvier.codegen.programs import program_for
from ranvier.codegen.target import Target, host

__all__ = [
    "ArtifactError",
    "CodegenError",
    "CodegenOptions",
    "CompilerMissing",
    "LoadError",
    "LoadedProgram",
    "Target",
    "UnsupportedOpError",
    "host",
    "program_for",
]

_OF_BRIAN = {
    "CodeObject": "ranvier.codegen.codeobject",
    "CythonCodeObject": "ranvier.codegen.runtime",
    "NumpyCodeObject": "ranvier.codegen.runtime",
}
"""Names that scripts import from Brian's package of this name → the module that has them."""


def __getattr__(name: str) -> object:
    """Returns one of Brian's names.

    Raises:
        AttributeError: If there is none.
    """
    if name not in _OF_BRIAN:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(import_module(_OF_BRIAN[name]), name)
