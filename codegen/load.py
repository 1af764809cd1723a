"""Compiled programs into this process."""

from __future__ import annotations

import ctypes
import functools
import itertools
import re
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any

from ranvier.codegen.artifact import Artifact, DevicePart
from ranvier.codegen.errors import LoadError
from ranvier.codegen.target import host, initialised_llvm
from ranvier.ir.slots import Slot, SlotKind

ENTRY = "ranvier_entry"
"""The symbol that compiled programs export."""
WORK = "ranvier_work"
"""The symbol that programs for several threads export besides: what the further threads run."""

PROFILE, SWEEPS = "ranvier_profile", "ranvier_sweeps"
"""The symbols of a program that measures its sweeps: numbers, and what they are; see `ranvier.codegen.llvm.profile`."""

_EntryType = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p)
"""`int64 entry(uint64 *table)`, called without the interpreter lock."""
_WorkType = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)
"""`void work(int64 *control, int64 number)`, called without the interpreter lock."""

_numbers = itertools.count(1)
_linking = threading.Lock()
_kept: list[Any] = []
"""Handles of code that stays loaded."""


class LoadedProgram:
    """Machine code in this process. It holds no state: any number of threads may run it, each with its own table.

    The code is unloaded when neither this object nor its `entry` is referenced any more.

    Attributes:
        artifact: What was loaded.
        address: The address of the entry.
        profile: The addresses of `PROFILE` and `SWEEPS`; None if the program does not measure its sweeps.
        timings: Seconds of the stages that made it: "read" from disk, or "build", "llvm", "parse", "optimise" and
            "emit"; then "load".
    """

    __slots__ = ("__weakref__", "_entry", "_work", "address", "artifact", "profile", "timings")

    def __init__(self, artifact: Artifact, tracker: Any) -> None:
        """Takes the artifact and LLVM's handle of the loaded code."""
        self.artifact = artifact
        self.timings: Mapping[str, float] = {}
        address: int = tracker[ENTRY]
        self.address = address
        self._entry = _EntryType(address)
        # Whoever holds the function holds the code: LLVM frees it with the tracker.
        self._entry.tracker = tracker  # pyright: ignore[reportAttributeAccessIssue]
        self.profile: tuple[int, int] | None = (tracker[PROFILE], tracker[SWEEPS]) if has_profile(artifact) else None
        self._work = _WorkType(tracker[WORK]) if has_work(artifact) else None
        if self._work is not None:
            self._work.tracker = tracker  # pyright: ignore[reportAttributeAccessIssue]

    @property
    def slots(self) -> tuple[Slot, ...]:
        """What each slot of the table holds."""
        return self.artifact.slots

    @property
    def device(self) -> DevicePart | None:
        """What a device gets, if it is a program for one."""
        return self.artifact.device

    @property
    def entry(self) -> Callable[[int], int]:
        """Runs the program on the table at an address; returns a code of `ranvier.ir.slots`. Frees the GIL."""
        return self._entry

    @property
    def work(self) -> Callable[[int, int], None] | None:
        """Runs a further thread of a program for several, None for other programs.

        It takes the address of the control block and the number of the thread, and returns when it is dismissed, which
        a call with the number -1 does. Frees the GIL.
        """
        return self._work


def has_work(artifact: Artifact) -> bool:
    """Tells whether a program is one for several threads."""
    return any(slot.kind is SlotKind.THREADS for slot in artifact.slots)


def has_profile(artifact: Artifact) -> bool:
    """Tells whether a program measures its sweeps."""
    return PROFILE.encode() in artifact.object_code


def load(artifact: Artifact, symbols: Mapping[str, int] | None = None) -> LoadedProgram:
    """Returns `artifact` loaded into this process.

    Args:
        artifact: A program that was compiled for this machine.
        symbols: The addresses of functions that it calls, such as `ranvier_call`. They must stay valid for as long as
            the program is used. Functions of the C library need not be named.

    Raises:
        LoadError: It was compiled for another kind of machine, or calls functions that do not exist.
    """
    llvm = initialised_llvm()
    if artifact.triple != host().triple:
        raise LoadError(f"the program was compiled for another kind of machine: {artifact.triple}")
    builder = llvm.JITLibraryBuilder().add_object_img(artifact.object_code).add_current_process().export_symbol(ENTRY)
    if has_work(artifact):
        builder.export_symbol(WORK)
    for name in (PROFILE, SWEEPS) if has_profile(artifact) else ():
        builder.export_symbol(name)
    for name, address in (symbols or {}).items():
        builder.import_symbol(name, address)
    if has_debug_info(artifact):
        return LoadedProgram(artifact, _known_to_debuggers(artifact, symbols or {}))
    try:
        with _linking:
            tracker = builder.link(_jit(), f"ranvier-program-{next(_numbers)}")
    except RuntimeError as error:
        wanted = f"; it may call functions that do not exist, and was given {sorted(symbols or ())}"
        raise LoadError(f"the compiled program cannot be loaded: {error}{wanted}") from error
    return LoadedProgram(artifact, tracker)


def has_debug_info(artifact: Artifact) -> bool:
    """Tells whether a program says which lines of the user's equations its instructions compute."""
    return b".debug_line" in artifact.object_code


def _known_to_debuggers(artifact: Artifact, symbols: Mapping[str, int]) -> Any:
    """Returns the handle of a program that gdb, lldb and perf are told of."""
    from ranvier.codegen.registered import register  # for programs with debug information only

    with _linking:
        return register(artifact, symbols)


@functools.cache
def _jit() -> Any:
    """Returns the linker of this process, which lives as long as the process."""
    # LLVM's newer linker keeps code and constants close together, as the small code model demands.
    return initialised_llvm().create_lljit_compiler(use_jit_link=sys.platform != "win32")


def load_function(object_code: bytes, symbol: str) -> int:
    """Returns the address of a function of an object file, loaded for as long as the process lives."""
    builder = initialised_llvm().JITLibraryBuilder().add_object_img(object_code).add_current_process()
    with _linking:
        tracker = builder.export_symbol(symbol).link(_jit(), f"ranvier-function-{next(_numbers)}")
    _kept.append(tracker)
    address: int = tracker[symbol]
    return address


def load_object(object_code: bytes) -> Any:
    """Returns the functions of an object file, by name, loaded for as long as the process lives.

    Args:
        object_code: The file, perhaps with zeros behind it.
    """
    builder = initialised_llvm().JITLibraryBuilder().add_object_img(object_code).add_current_process()
    for name in sorted(set(re.findall(rb"ranvier_(?:kernel|arguments)_\w+", object_code))):
        builder.export_symbol(name.decode())
    with _linking:
        tracker = builder.link(_jit(), f"ranvier-kernels-{next(_numbers)}")
    _kept.append(tracker)
    return tracker
