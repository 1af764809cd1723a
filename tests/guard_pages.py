"""`pytest --guard-pages=over|under`: every array that native code uses lies against a page that cannot be touched.

"over" puts the page behind each array, "under" before it, so that a load or store beyond the array ends the process
with the Python stack on the terminal. Memory that was given back can't be touched, either. What compiled code itself
allocates is guarded too. The bytes between an array and the page (arrays start at multiples of 64 bytes) have a
pattern, which is looked at when the array goes.
"""

from __future__ import annotations

import ctypes
import gc
import mmap
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from ranvier.ir.slots import ALIGNMENT
from ranvier.runtime import state

PAGE = mmap.PAGESIZE
PATTERN = 0xA5
PROT_NONE, PROT_READ, PROT_WRITE = 0, 1, 2
FAILED = 2 ** (8 * ctypes.sizeof(ctypes.c_void_p)) - 1

OVER, UNDER = "over", "under"

if sys.platform == "linux":
    LIBC = ctypes.CDLL(None)
    LIBC.mmap.restype = ctypes.c_void_p
    LIBC.mmap.argtypes = (
        ctypes.c_void_p,
        ctypes.c_size_t,
        ctypes.c_int,
        ctypes.c_int,
        ctypes.c_int,
        ctypes.c_longlong,
    )
    LIBC.mprotect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    LIBC.munmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t)


class Overrun(AssertionError):
    """Somebody wrote beyond an array, within the bytes up to the guard page."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--guard-pages",
        choices=(OVER, UNDER),
        help="put a page that cannot be touched behind (over) or before (under) every array that native code uses",
    )


def pytest_configure(config: pytest.Config) -> None:
    where = config.getoption("--guard-pages")
    if where and sys.platform == "linux":
        install(GuardedMemory(where))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--guard-pages") and sys.platform != "linux":
        for item in items:
            item.add_marker(pytest.mark.skip(reason="guard pages are made with Linux's mmap and mprotect"))


class GuardedMemory(state.Memory):
    """Arrays against a guard page.

    Args:
        where: OVER or UNDER.
    """

    def __init__(self, where: str) -> None:
        self.where = where

    def zeros(self, size: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
        return self.place(size, ALIGNMENT)

    def empty(self, size: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
        found = self.place(size, ALIGNMENT)
        found[:] = 0xFF  # nobody may rely on zeros
        return found

    def place(self, size: int, alignment: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
        """Returns so many bytes that begin at a multiple of `alignment`, as near to the guard page as that allows."""
        return np.asarray(Pages(size, alignment, self.where))


class Pages:
    """Pages with one array, and the guard page.

    Args:
        size: Bytes of the array.
        alignment: It begins at a multiple of this.
        where: OVER or UNDER.

    Raises:
        MemoryError: There are no more pages.
    """

    address = 0

    def __init__(self, size: int, alignment: int, where: str) -> None:
        own = max(-(-size // PAGE), 1) * PAGE
        self._size = own + PAGE
        self.address = _map(self._size)
        first = self.address + (PAGE if where == UNDER else 0)
        start = first + ((own - size) // alignment * alignment if where == OVER else 0)
        LIBC.mprotect(self.address if where == UNDER else first + own, PAGE, PROT_NONE)
        self.around = ((first, start - first), (start + size, first + own - start - size))
        for place, length in self.around:
            ctypes.memset(place, PATTERN, length)
        self.__array_interface__ = {"shape": (size,), "typestr": "|u1", "data": (start, False), "version": 3}

    def __del__(self) -> None:
        if self.address:
            for place, length in self.around:
                if length and ctypes.string_at(place, length) != bytes([PATTERN]) * length:
                    overruns.append(f"{length} bytes at {place:#x}")
            LIBC.munmap(self.address, self._size)


def _map(size: int) -> int:
    for _ in range(2):
        found: int = LIBC.mmap(None, size, PROT_READ | PROT_WRITE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1, 0)
        if found != FAILED:
            return found
        gc.collect()  # the number of pieces of memory has a limit
    raise MemoryError(f"There are no pages for an array of {size} bytes")


overruns: list[str] = []
"""Bytes that were written beyond arrays which are gone."""


@pytest.fixture(autouse=True)
def no_overruns() -> Any:
    """Fails the test in which bytes beyond an array were found changed."""
    yield
    if overruns:
        found = list(overruns)
        overruns.clear()
        raise Overrun(f"Something was written beyond arrays: {', '.join(found)}")


class GuardedHeap:
    """Stands for `malloc` and `free` of compiled code."""

    def __init__(self, memory: GuardedMemory) -> None:
        self._memory = memory
        self._held: dict[int, np.ndarray[Any, Any]] = {}
        self._malloc = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_size_t)(self._get)
        self._free = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(self._give)

    def _get(self, size: int) -> int | None:
        try:
            block = self._memory.place(size, 16)
        except MemoryError:
            return None
        self._held[state.address(block)] = block
        return state.address(block)

    def _give(self, address: int | None) -> None:
        if address:
            del self._held[address]

    @property
    def symbols(self) -> Mapping[str, int]:
        """Addresses by names."""
        return {
            "malloc": ctypes.cast(self._malloc, ctypes.c_void_p).value or 0,
            "free": ctypes.cast(self._free, ctypes.c_void_p).value or 0,
        }


def install(memory: GuardedMemory) -> None:
    """Makes the memory that of the process, for all programs that are loaded from now on."""
    from ranvier.codegen import programs  # only where it is asked for: it loads llvmlite

    state.memory = memory
    heap, load = GuardedHeap(memory), programs.load
    programs.load = lambda artifact, symbols=None: load(artifact, {**heap.symbols, **(symbols or {})})
