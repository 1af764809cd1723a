"""Arrays of Python on the device: which are there, whether they are still the same, and back.

A variable's array lives on the device from its first run on. After each run what kernels have changed is copied back,
so that Python has everything even if the GPU is lost later; before a run only that is copied to the device which Python
may have changed. Python asks for the array of a `Storage` by its attribute `array`; to see that, a storage that is on
the device gets another class, in which this attribute is noticed, until it is asked for. Whoever still holds the array
itself is noticed by the number of its owners.
"""

from __future__ import annotations

import sys
import weakref
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ranvier.ir.slots import PADDING
from ranvier.runtime.cuda.driver import Driver
from ranvier.runtime.state import address

Array = npt.NDArray[Any]

_OWNERS = 3
"""The owners of an array that nobody else holds: a variable, a local name, and the argument that counts them."""


def padded_bytes(array: Array) -> int:
    """Returns the bytes of an array with its padding."""
    return max(-(-array.size // PADDING), 1) * PADDING * array.itemsize


class Buffer:
    """Memory of the device for an array.

    Attributes:
        address: Where it is on the device.
        size: Bytes.
        array: The array of Python, None if it is gone.
        fresh: Whether the device has the elements that Python has, as far as is known.
    """

    def __init__(self, driver: Driver, array: Array) -> None:
        self.driver = driver
        self.size = padded_bytes(array)
        self.address = driver.allocate(self.size)
        self.array = weakref.ref(array)
        self.fresh = False
        self._end = weakref.finalize(self, driver.free, self.address)

    def upload(self, array: Array) -> None:
        """Copies the elements to the device, with their padding, unless they are there."""
        if not self.fresh:
            self.driver.upload(self.address, address(array), self.size)
            self.fresh = True

    def release(self) -> None:
        """Gives the memory back."""
        self._end()


class Resident:
    """What is on the device: of storages and of arrays that nobody changes, for as long as these are there."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self._of_storage: weakref.WeakKeyDictionary[Any, Buffer] = weakref.WeakKeyDictionary()
        self._of_array: dict[int, Buffer] = {}

    def of_storage(self, storage: Any) -> Buffer:
        """Returns the memory of a storage, with its elements."""
        buffer = self._of_storage.get(storage)
        is_away = _is_watched(storage)
        array: Array = storage.array
        if buffer is None or buffer.array() is not array or buffer.size != padded_bytes(array):
            if buffer is not None:
                buffer.release()
            buffer = self._of_storage[storage] = Buffer(self.driver, array)
        elif not is_away or _is_held(array):
            buffer.fresh = False
        buffer.upload(array)
        return buffer

    def of_array(self, array: Array) -> Buffer:
        """Returns the memory of an array that nobody changes, with its elements."""
        key = id(array)
        buffer = self._of_array.get(key)
        if buffer is None or buffer.array() is not array:
            buffer = Buffer(self.driver, array)
            self._of_array[key] = buffer
            weakref.finalize(array, self._of_array.pop, key, None)
        buffer.upload(array)
        return buffer

    @property
    def bytes(self) -> int:
        """The bytes that are taken."""
        return sum(buffer.size for buffer in (*self._of_storage.values(), *self._of_array.values()))


# ---- noticing that Python asks for an array


def _is_held(array: Array) -> bool:
    """Tells whether somebody else holds an array, or a part of it."""
    base: Any = array.base
    return sys.getrefcount(array) > _OWNERS + 1 or (base is not None and sys.getrefcount(base) > _OWNERS)


def watch(storage: object) -> None:
    """Lets it be noticed when Python asks for the array of a storage."""
    kind = type(storage)
    if not _is_watched(storage) and _can_be_watched(kind):
        storage.__class__ = _watched(kind)


def _can_be_watched(kind: type) -> bool:
    """Tells whether all that a kind of storage does with its elements goes through its attribute `array`."""
    return isinstance(vars(kind).get("array"), type(_Example.array))


class _Example:
    __slots__ = ("array",)
    array: Any


def _is_watched(storage: object) -> bool:
    return hasattr(type(storage), "_watched_kind")


@cache
def _watched(kind: type) -> type:
    """Returns a class like a kind of storage, whose objects become that kind when they are asked for their array."""

    def ask(self: Any) -> Array:
        self.__class__ = kind
        array: Array = self.array
        return array

    def replace(self: Any, array: Array) -> None:
        self.__class__ = kind
        self.array = array

    members: dict[str, Any] = {"__slots__": (), "array": property(ask, replace), "_watched_kind": kind}
    return type(kind.__name__, (kind,), members)


def copy_back(driver: Driver, pairs: list[tuple[Array, int]]) -> None:
    """Copies arrays from the device: all of them, or none if one cannot be.

    Args:
        driver: The driver.
        pairs: Arrays, and where they are on the device.
    """
    made: list[tuple[Array, Array]] = []
    for array, place in pairs:
        copy = np.empty(array.shape, array.dtype)
        driver.download(copy.ctypes.data, place, array.nbytes)
        made.append((array, copy))
    for array, copy in made:
        array[:] = copy
