"""Content for other processes of this machine in memory that they map: large arrays are there once, and travel nowhere.

The memory is that of a file without a name (`memfd_create`): others find it among the files of the process that made
it, `/proc/PID/fd/N`, as long as that lives. No name is left behind however processes end: the system frees the memory
with the last of those that have mapped it. Where there is no such thing (macOS, Windows, other machines, containers of
their own), `Memory.write` or `read` gives None, and content travels as bytes.
"""

from __future__ import annotations

import mmap
import os
import pickle
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ranvier.ir.slots import ALIGNMENT, PADDING
from ranvier.runtime.stand_ins import laid_out
from ranvier.runtime.state import address

LARGE = 1 << 16
"""Arrays of so many bytes are not part of what is read, but mapped."""
BEHIND = PADDING * 8
"""Bytes of zeros behind each array: compiled code may compute garbage there, but reads what belongs to nobody."""
HEAD = struct.Struct("<32sQQ")
PLACE = struct.Struct("<QQ")

Dumps = Callable[..., bytes]
"""`dumps` of pickle or cloudpickle."""


@dataclass
class Memory:
    """Memory of this process that others of this machine may map, found by numbers. It can be pickled.

    Attributes:
        key: What is in it: it begins with this text, of at most 32 letters.
        process: The process that has it.
        file: The number of its file there.
    """

    key: str
    process: int
    file: int
    _is_mine: bool = field(default=False, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_is_mine": False}

    def close(self) -> None:
        """Gives it up here; who has mapped it keeps it."""
        if self._is_mine:
            self._is_mine = False
            os.close(self.file)

    @staticmethod
    def write(key: str, content: object, dumps: Dumps) -> Memory | None:
        """Returns memory with content in it; None if this system has no such memory, or not enough.

        Args:
            key: What it is known by.
            content: What is pickled; its large arrays are mapped.
            dumps: Pickles it.
        """
        if not hasattr(os, "memfd_create") or not os.path.isdir("/proc/self/fd"):
            return None
        buffers: list[memoryview] = []

        def is_small(buffer: pickle.PickleBuffer) -> bool:
            raw = buffer.raw()
            if raw.nbytes < LARGE:
                return True
            buffers.append(raw)
            return False

        text = dumps(content, 5, buffer_callback=is_small)
        if not buffers:
            return None
        try:
            file = os.memfd_create(f"ranvier-{key}", os.MFD_CLOEXEC)
        except OSError:
            return None
        memory = Memory(key, os.getpid(), file, True)
        try:
            _fill(file, key, text, buffers)
        except (OSError, ValueError, MemoryError):
            memory.close()
            return None
        return memory

    def read(self) -> Any:
        """Returns the content, whose large arrays are those of the memory, read-only; None if it is not to be had."""
        try:
            file = os.open(f"/proc/{self.process}/fd/{self.file}", os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        except OSError:
            return None
        try:
            mapped = mmap.mmap(file, 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError):
            return None
        finally:
            os.close(file)
        key, count, length = HEAD.unpack_from(mapped) if len(mapped) >= HEAD.size else (b"", 0, 0)
        if key.rstrip(b"\0") != self.key.encode():  # another machine has a process of this number, too
            return None
        places = [PLACE.unpack_from(mapped, HEAD.size + k * PLACE.size) for k in range(count)]
        whole = memoryview(mapped)
        begin = HEAD.size + count * PLACE.size
        start = address(np.frombuffer(whole, np.uint8))
        with laid_out(start, start + len(mapped)):
            return pickle.loads(whole[begin : begin + length], buffers=[whole[at : at + size] for at, size in places])


def _fill(file: int, key: str, text: bytes, buffers: Sequence[memoryview]) -> None:
    """Writes a head, a pickle, and the arrays that it leaves out, each as native code wants them."""
    places: list[tuple[int, int]] = []
    at = HEAD.size + len(buffers) * PLACE.size + len(text)
    for buffer in buffers:
        at = -(-at // ALIGNMENT) * ALIGNMENT
        places.append((at, buffer.nbytes))
        at += buffer.nbytes + BEHIND
    os.posix_fallocate(file, 0, at)  # where there is not enough memory it is said here, not by a signal
    with mmap.mmap(file, at) as mapped:
        HEAD.pack_into(mapped, 0, key.encode(), len(buffers), len(text))
        for k, place in enumerate(places):
            PLACE.pack_into(mapped, HEAD.size + k * PLACE.size, *place)
        begin = HEAD.size + len(buffers) * PLACE.size
        mapped[begin : begin + len(text)] = text
        for (start, size), buffer in zip(places, buffers, strict=True):
            mapped[start : start + size] = buffer
