"""Programs with debug information, loaded so that debuggers and profilers know them.

LLVM's older linker tells gdb and lldb of each object file that it loads, by the interface that these have for compilers
at run time. perf is told by files, see `ranvier.codegen.perf`.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from typing import Any

from ranvier.codegen.artifact import Artifact
from ranvier.codegen.elf import ObjectFile
from ranvier.codegen.errors import LoadError
from ranvier.codegen.perf import tell_perf
from ranvier.codegen.target import host, initialised_llvm


class RegisteredProgram:
    """Machine code in this process that debuggers know; it is unloaded with this object."""

    def __init__(self, engine: Any) -> None:
        """Takes LLVM's engine."""
        self._engine = engine

    def __getitem__(self, symbol: str) -> int:
        """Returns the address of a function or of data.

        Raises:
            KeyError: There is none of this name.
        """
        address: int = self._engine.get_function_address(symbol)
        if not address:
            raise KeyError(symbol)
        return address


def register(artifact: Artifact, symbols: Mapping[str, int]) -> RegisteredProgram:
    """Loads a program with debug information into this process.

    Args:
        artifact: The program.
        symbols: The addresses of the functions outside that it calls.

    Raises:
        LoadError: It calls functions that do not exist.
    """
    llvm = initialised_llvm()
    code = object_file(artifact.object_code)
    known = dict(symbols)
    for name in () if code is None else code.missing():
        if name not in known:
            known[name] = _address_in_process(name)
    for name, address in known.items():
        llvm.add_symbol(name, address)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly("", llvm.create_context()), host().machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(artifact.object_code))
    engine.finalize_object()
    program = RegisteredProgram(engine)
    if code is not None:
        _tell_perf(code, program)
    return program


def _address_in_process(name: str) -> int:
    """Returns where a function of the C library is.

    Raises:
        LoadError: There is none; LLVM's older linker would end the process.
    """
    try:
        return ctypes.cast(getattr(ctypes.CDLL(None), name), ctypes.c_void_p).value or 0
    except AttributeError:
        raise LoadError(f"the compiled program cannot be loaded: there is no function {name!r}") from None


def object_file(data: bytes) -> ObjectFile | None:
    """Returns an object file, None if it is of another kind than can be read."""
    try:
        return ObjectFile(data)
    except ValueError:
        return None


def _tell_perf(code: ObjectFile, program: RegisteredProgram) -> None:
    entry = next((function for function in code.functions() if function.is_global), None)
    if entry is not None:
        tell_perf(code, program[entry.name] - entry.place)
