"""Arrays that native code and Python share."""

from __future__ import annotations

import mmap
import threading
from contextlib import suppress
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from ranvier.ir.slots import ALIGNMENT, PADDING

LARGE_PAGE = 1 << 21
"""Bytes of a large page."""
LARGE = 2 * LARGE_PAGE
"""Arrays of at least so many bytes are put into large pages."""
HAS_LARGE_PAGES = hasattr(mmap, "MADV_HUGEPAGE")
"""Whether the system can be asked for them."""

HASHED = 1 << 18
"""Bytes that are hashed together, and copied for it: they fit into the cache."""


class Memory:
    """Where the arrays come from that native code uses; `memory` is the one of this process."""

    def zeros(self, size: int) -> npt.NDArray[np.uint8]:
        """Returns so many bytes of zeros, aligned.

        Large arrays ask for large pages: getting the memory then takes a fraction of the time, and reading it at random
        places misses the processor's table of pages less often.

        Raises:
            MemoryError: There are not so many.
        """
        if size < LARGE or not HAS_LARGE_PAGES:
            return _aligned(np.zeros(size + ALIGNMENT, dtype=np.uint8), ALIGNMENT, size)
        return _in_large_pages(size)

    def empty(self, size: int) -> npt.NDArray[np.uint8]:
        """Returns so many bytes, aligned, whose values are not set.

        What is recorded goes there, once: with small pages the main thread would wait for the system each 4096 bytes.

        Raises:
            MemoryError: There are not so many.
        """
        if size < LARGE_PAGE or not HAS_LARGE_PAGES:
            return _aligned(np.empty(size + ALIGNMENT, dtype=np.uint8), ALIGNMENT, size)
        return _in_large_pages(size)


def _in_large_pages(size: int) -> npt.NDArray[np.uint8]:
    try:
        pages = mmap.mmap(-1, size + LARGE_PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except (OSError, ValueError, OverflowError) as error:
        raise MemoryError(f"There is no memory for an array of {size / 1e9:.2f} GB") from error
    with suppress(OSError):  # small pages then
        pages.madvise(mmap.MADV_HUGEPAGE)
    return _aligned(np.frombuffer(pages, dtype=np.uint8), LARGE_PAGE, size)


memory = Memory()
"""The memory of this process. Tests put another one in its place, which is guarded, or runs out."""


def allocate(size: int, dtype: npt.DTypeLike, *, padding: int = PADDING) -> npt.NDArray[Any]:
    """Returns an array of zeros of `size` elements, aligned, padded with zeros to a multiple of `padding`.

    The padding stands behind the array in the same memory: compiled code may compute garbage there, so that its loops
    need no remainder.

    Args:
        size: Number of elements.
        dtype: Type of the elements.
        padding: The array's memory holds a multiple of this many elements, at least one multiple.
    """
    dtype = np.dtype(dtype)
    padded = max(-(-size // padding), 1) * padding
    return memory.zeros(padded * dtype.itemsize).view(dtype)[:size]


def aligned_empty(size: int, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Returns an aligned one-dimensional array of `size` elements whose values are not set, without padding."""
    return memory.empty(size * dtype.itemsize).view(dtype)


def _aligned(larger: npt.NDArray[np.uint8], alignment: int, size: int) -> npt.NDArray[np.uint8]:
    """Returns the first `size` bytes at a multiple of `alignment` in memory that is longer by so much."""
    start = -address(larger) % alignment
    return larger[start : start + size]


class Layout:
    """Counts the changes of what programs are bound to: where arrays are, which synapses there are, their delays.

    A run that finds another number after Python has been called binds anew.
    """

    changes: ClassVar[int] = 0
    lock: ClassVar[threading.RLock] = threading.RLock()
    """Held while something is changed that consists of several parts, and while programs are planned and bound."""

    restoring: ClassVar[str] = ""
    """While a stored state is put back: "looking", whether it fits, or "writing". Lost values may be asked for."""

    @classmethod
    def change(cls) -> None:
        """Notes a change."""
        cls.changes += 1


def address(array: npt.NDArray[Any]) -> int:
    """Returns the address of the first element."""
    return int(array.__array_interface__["data"][0])


def fingerprint(values: npt.NDArray[Any]) -> int:
    """Returns a number that differs if the values differ: SipHash of 64 bits with a key of this process.

    Nobody can construct two arrays of one number, and by chance it is one pair in 10^19.
    """
    data = np.ascontiguousarray(values).view(np.uint8).reshape(-1)
    return hash(tuple(hash(data[k : k + HASHED].tobytes()) for k in range(0, data.size, HASHED)))
