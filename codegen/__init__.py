"""Loops to machine code that runs in this process.

    loops (func, scf, arith, math, memref) ── llvm/emitter ── LLVM IR text ── compile ── object code ── load ── entry
                                                                                artifact, cache

`program_for` is the doorway: it takes a program from memory or from disk, or builds, compiles and keeps it. Importing
this package costs nothing; xDSL is imported only to compile, llvmlite only to load.
"""

from __future__ import annotations

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
