"""Arrays that native code and Python share."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ranvier.ir.slots import PADDING

ALIGNMENT = 64
"""Bytes: a cache line, and the widest vector register."""


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
    memory = np.zeros(padded * dtype.itemsize + ALIGNMENT, dtype=np.uint8)
    start = -memory.ctypes.data % ALIGNMENT
    return memory[start : start + padded * dtype.itemsize].view(dtype)[:size]


def address(array: npt.NDArray[Any]) -> int:
    """Returns the address of the first element."""
    return int(array.__array_interface__["data"][0])
