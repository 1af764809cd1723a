"""Arrays of elements: making, comparing and counting them in blocks, so that little memory is needed meanwhile."""

from __future__ import annotations

from typing import Any

import numpy as np

from ranvier.runtime.state import allocate

Array = np.ndarray[Any, np.dtype[Any]]
"""An array whose shape and type of elements the checker does not follow."""

DType = np.dtype[Any]
"""A type of elements."""

DTypeLike = DType | type[Any] | str
"""What numpy makes a type of elements of."""

Places = slice | Array
"""Which elements: a slice, or an array of numbers or booleans."""

BLOCK = 1 << 18
"""Elements that are worked on together: they fit into the cache."""


def new_memory(label: str, size: int, dtype: DTypeLike) -> Array:
    """Returns memory for elements of something, zeros.

    Raises:
        MemoryError: Saying how much is needed, and for what.
    """
    try:
        return allocate(size, dtype)
    except MemoryError:
        needed = size * np.dtype(dtype).itemsize
        raise MemoryError(
            f"There is not enough memory for '{label}': {size:,} values need {in_bytes(needed)}. Network.memory_plan() "
            "shows what a network needs; dtype=float32 halves what variables need."
        ) from None


def in_bytes(number: float) -> str:
    """Returns a number of bytes for people: "12.3 MB"."""
    for unit in ("B", "kB", "MB", "GB"):
        if number < 999.5 or unit == "GB":
            break
        number /= 1000
    return f"{number:.0f} {unit}" if unit == "B" or number >= 99.95 else f"{number:.1f} {unit}"


def resized(label: str, old: Array, size: int) -> Array:
    """Returns memory for another number of elements; values are kept, new ones are zero."""
    if old.size == size and size:
        return old
    new = new_memory(label, size, old.dtype)
    common = min(size, old.size)
    new[:common] = old[:common]
    return new


def is_sorted(values: Array) -> bool:
    """Tells whether no value is less than the one before it; looks at blocks, without copies of all."""
    return all(
        bool((values[start + 1 : start + BLOCK + 1] >= values[start : start + BLOCK][: values.size - 1 - start]).all())
        for start in range(0, values.size - 1, BLOCK)
    )


def counted(numbers: Array, size: int) -> Array:
    """Returns how often each of 0, ..., size - 1 occurs; unlike `bincount`, it makes no wider copy of all numbers."""
    counts = np.zeros(size, dtype=np.int64)
    for start in range(0, numbers.size, max(BLOCK, size)):
        counts += np.bincount(numbers[start : start + max(BLOCK, size)], minlength=size)
    return counts


def distinct(values: Array) -> Array:
    """Returns the distinct numbers, ascending, as `numpy.unique` does, which looks for integers in a hash table.

    Measured with numpy 2.4, a million integers: 22 ms by sorting, 1.4 s by the hash table.
    """
    ordered = np.sort(values)
    is_new = np.ones(ordered.size, dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=is_new[1:])
    return ordered[is_new]


def is_uniform(values: Array) -> bool:
    """Tells whether all elements have the same bits (0.0 and -0.0 differ, equal NaNs do not)."""
    if not values.size or values.strides == (0,):
        return True
    bits = values if values.dtype.kind == "b" else np.ascontiguousarray(values[:1]).view(f"u{values.dtype.itemsize}")
    first = bits[0]
    for start in range(0, values.size, BLOCK):
        part = values[start : start + BLOCK]
        if part.dtype.kind != "b":
            part = np.ascontiguousarray(part).view(f"u{part.dtype.itemsize}")
        if not bool((part == first).all()):
            return False
    return True
