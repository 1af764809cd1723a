"""Tells Linux' `perf` of compiled programs: names of functions, their code, and the lines that it computes.

`/tmp/perf-PID.map` has the names, with which `perf report` finds functions by itself.
`/tmp/ranvier-perf-PID/jit-PID.dump` has code and lines, for `perf inject --jit`; perf notes where it is as this process
maps it as if it were code.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import platform
import struct
import sys
import tempfile
import threading
import time
from pathlib import Path

from ranvier.codegen.elf import Line, ObjectFile

_MAGIC, _VERSION, _HEADER = 0x4A695444, 1, 40
_LOAD, _LINES = 0, 2
_MACHINES = {"x86_64": 62, "AMD64": 62, "aarch64": 183, "arm64": 183}
"""ELF's numbers of machines."""

_lock = threading.Lock()
_dumps: dict[int, _Dump] = {}
"""The file of this process, by its number: a forked process has another."""


def tell_perf(code: ObjectFile, address: int) -> None:
    """Writes what perf wants to know of a program; nothing where there is no perf, or where nothing can be written.

    Args:
        code: Its object file.
        address: Where its section of code is in memory.
    """
    if sys.platform != "linux":
        return
    with _lock, contextlib.suppress(OSError):
        dump = _dumps.get(os.getpid())
        if dump is None:
            dump = _dumps[os.getpid()] = _Dump()
        dump.write(code, address)


class _Dump:
    """The files of one process."""

    def __init__(self) -> None:
        process = os.getpid()
        directory = Path(tempfile.gettempdir(), f"ranvier-perf-{process}")
        directory.mkdir(parents=True, exist_ok=True)
        self._file = open(directory / f"jit-{process}.dump", "w+b")
        machine = _MACHINES.get(platform.machine(), 0)
        self._file.write(
            struct.pack("<IIIIIIQQ", _MAGIC, _VERSION, _HEADER, machine, 0, process, time.monotonic_ns(), 0)
        )
        self._file.flush()
        self._marker = mmap.mmap(self._file.fileno(), _HEADER, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_EXEC)
        self._map = open(Path(tempfile.gettempdir(), f"perf-{process}.map"), "a", encoding="utf-8")
        self._count = 0

    def write(self, code: ObjectFile, address: int) -> None:
        """Writes the functions of a program."""
        lines = code.lines()
        for function in code.functions():
            begin, end = function.place, function.place + len(function.code)
            known = [line for line in lines if begin <= line.place < end and not line.is_end]
            if known:
                self._lines(address, begin, known)
            self._load(function.name, address + begin, function.code)
            self._map.write(f"{address + begin:x} {len(function.code):x} {function.name}\n")
        self._file.flush()
        self._map.flush()

    def _lines(self, address: int, begin: int, lines: list[Line]) -> None:
        parts = [struct.pack("<QQ", address + begin, len(lines))]
        for line in lines:
            parts.append(struct.pack("<QII", address + line.place, line.line, 0))
            parts.append(os.fsencode(line.file) + b"\0")
        self._record(_LINES, b"".join(parts))

    def _load(self, name: str, address: int, code: bytes) -> None:
        self._count += 1
        what = struct.pack("<IIQQQQ", os.getpid(), threading.get_native_id(), address, address, len(code), self._count)
        self._record(_LOAD, what + name.encode() + b"\0" + code)

    def _record(self, kind: int, body: bytes) -> None:
        body += b"\0" * (-len(body) % 8)
        self._file.write(struct.pack("<IIQ", kind, 16 + len(body), time.monotonic_ns()) + body)
