"""Arrays that native code and Python share."""

from __future__ import annotations

import mmap
import threading
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from ranvier.ir.slots import ALIGNMENT, PADDING

LARGE_PAGE = 1 << 21
"""Bytes of a large page."""
LARGE = 2 * LARGE_PAGE
"""Arrays of at least so many bytes are put into large pages."""


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
    memory, alignment = _zeros(padded * dtype.itemsize)
    return _aligned(memory, alignment, padded, dtype)[:size]


def aligned_empty(size: int, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Returns an aligned one-dimensional array of `size` elements whose values are not set, without padding."""
    return _aligned(np.empty(size * dtype.itemsize + ALIGNMENT, dtype=np.uint8), ALIGNMENT, size, dtype)


def _aligned(memory: npt.NDArray[np.uint8], alignment: int, size: int, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Returns the first aligned array of `size` elements in memory that is longer by `alignment`."""
    start = -address(memory) % alignment
    return memory[start : start + size * dtype.itemsize].view(dtype)


def _zeros(size: int) -> tuple[npt.NDArray[np.uint8], int]:
    """Returns memory for an aligned array of so many bytes, and the alignment.

    Large arrays ask for large pages: getting the memory then takes a fraction of the time, and reading it at random
    places misses the processor's table of pages less often.
    """
    if size < LARGE or not hasattr(mmap, "MADV_HUGEPAGE"):
        return np.zeros(size + ALIGNMENT, dtype=np.uint8), ALIGNMENT
    try:
        pages = mmap.mmap(-1, size + LARGE_PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except (OSError, ValueError, OverflowError) as error:
        raise MemoryError(f"There is no memory for an array of {size / 1e9:.2f} GB") from error
    try:
        pages.madvise(mmap.MADV_HUGEPAGE)
    except OSError:
        pass  # small pages then
    return np.frombuffer(pages, dtype=np.uint8), LARGE_PAGE


class Layout:
    """Counts the changes of what programs are bound to: where arrays are, which synapses there are, their delays.

    A run that finds another number after Python has been called binds anew.
    """

    changes: ClassVar[int] = 0
    lock: ClassVar[threading.RLock] = threading.RLock()
    """Held while something is changed that consists of several parts, and while programs are planned and bound."""

    @classmethod
    def change(cls) -> None:
        """Notes a change."""
        cls.changes += 1


def address(array: npt.NDArray[Any]) -> int:
    """Returns the address of the first element."""
    return int(array.__array_interface__["data"][0])
