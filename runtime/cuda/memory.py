"""Arrays of Python on the device: which are there, which of both has the newer elements, and back.

A variable's array lives on the device from its first run on. What kernels have changed stays there until Python reads
it, and what Python has not asked for does not go up again (`ranvier.runtime.watched_arrays`). Before a run, what only
the device has is kept there a second time, so that a run that the device does not end can be taken back.
"""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np
import numpy.typing as npt

from ranvier.ir.slots import PADDING
from ranvier.runtime.cuda.driver import DeviceError, Driver
from ranvier.runtime.cuda.points import Unsafe
from ranvier.runtime.state import Layout, address
from ranvier.runtime.watched_arrays import homes, is_held, is_watched, places, raw, watch

Array = npt.NDArray[Any]


def padded_bytes(array: Array) -> int:
    """Returns the bytes of an array with its padding."""
    return bytes_of(array.size, array.itemsize)


def bytes_of(size: int, itemsize: int) -> int:
    """Returns the bytes of so many elements with their padding."""
    return max(-(-size // PADDING), 1) * PADDING * itemsize


class Buffer:
    """Memory of the device for an array.

    Attributes:
        address: Where it is on the device.
        size: Bytes.
        array: The array of Python, None if it is gone.
        newer: Whether the device has newer elements than Python.
        is_valid: Whether the device has elements at all that may be used.
        spare: Bytes of the second copy.
    """

    def __init__(self, driver: Driver, array: Array) -> None:
        self.driver = driver
        self.size = padded_bytes(array)
        self.address = driver.allocate(self.size)
        self.array = weakref.ref(array)
        self.newer = self.is_valid = False
        self.spare = 0
        self._end = weakref.finalize(self, driver.free, self.address)
        self._second: int | None = None
        self._end_second: weakref.finalize[..., Buffer] | None = None
        self._runs = self._is_of_device = False
        self._before: Array | None = None

    def upload(self, array: Array) -> None:
        """Copies the elements to the device, with their padding."""
        self.driver.upload(self.address, address(array), self.size)
        self.is_valid, self.newer = True, False

    def fetch(self, array: Array, label: str = "") -> None:
        """Brings the elements to Python.

        Raises:
            DeviceError: The device is lost, and with it the elements; or another process has it.
        """
        if self.driver.is_lost:
            if Layout.restoring:
                self.newer = Layout.restoring == "looking"
                return
            raise DeviceError(
                f"The values of '{label}' were on the GPU when it gave up, and are lost. Set all of them anew, restore "
                "a state that was stored, or build the network again."
            )
        self.driver.check_process()
        self.driver.enter()
        if self._runs and not self._is_of_device and self._before is None:
            self._before = array.copy()
        self.driver.download(address(array), self.address, array.nbytes)
        self.newer = False

    @property
    def is_at_rest(self) -> bool:
        """Whether the device is there, and no run changes the elements."""
        return not self.driver.is_lost and not self._runs

    # ---- taking back what a run has done

    def begin(self, array: Array) -> None:
        """Notes the elements as those that a run begins with: by a second copy, if only the device has them."""
        self._runs, self._before, self._is_of_device = True, None, self.newer
        if not self.newer:
            return
        try:
            if self._second is None:
                self._second, self.spare = self.driver.allocate(self.size), self.size
                self._end_second = weakref.finalize(self, self.driver.free, self._second)
            self.driver.copy(self._second, self.address, self.size)
        except MemoryError:  # then Python has them
            self.driver.download(address(array), self.address, array.nbytes)
            self.newer = self._is_of_device = False

    def begin_here(self, array: Array) -> None:
        """Notes the elements, which Python has got, as those that a run may be taken back to."""
        self.newer = False
        self.begin(array)
        self.newer = True

    def end(self) -> None:
        """Keeps what a run has done."""
        self._runs, self._before = False, None

    def go_back(self, array: Array) -> None:
        """Takes back what a run has done; where the device is lost, elements that only it had are lost."""
        if not self._runs:
            return
        if self._before is not None:
            array[:] = self._before
        self.newer, self.is_valid = self._is_of_device, self._is_of_device
        if self._is_of_device and not self.driver.is_lost and self._second is not None:
            try:
                self.driver.copy(self.address, self._second, self.size)
            except DeviceError:  # lost only now
                pass
        self.end()

    def release(self) -> None:
        """Gives the memory back."""
        self._end()
        if self._end_second is not None:
            self._end_second()


class Resident:
    """What is on the device: of storages and of arrays that nobody changes, for as long as these are there."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self._of_array: dict[int, Buffer] = {}
        self._held: weakref.WeakSet[Buffer] = weakref.WeakSet()
        self.unsafe = Unsafe()

    def of(self, storage: Any, name: str, *, is_fixed: bool = False) -> Buffer:
        """Returns the memory of an array of a storage, with its elements, from now on watched.

        Args:
            storage: A storage or a list of events.
            name: The attribute that is the array.
            is_fixed: Whether nobody changes the elements of this array.

        Raises:
            DeviceError: The elements are lost.
        """
        own: dict[str, Any] = homes.setdefault(storage, {})
        buffer: Buffer | None = own.get(name)
        if buffer is not None and buffer.driver is not self.driver and buffer.newer:
            buffer.fetch(raw(storage, name), storage.label)  # says that they are lost
        was_watched = is_watched(storage)
        array = raw(storage, name)
        if not self._fits(buffer, array):
            if buffer is not None:
                buffer.release()
            buffer = own[name] = Buffer(self.driver, array)
            self._held.add(buffer)
        assert buffer is not None
        del array
        known = is_fixed or (was_watched and (buffer.newer or not is_held(storage, name)))
        if not (buffer.is_valid and known):
            buffer.upload(raw(storage, name))
        return buffer

    def _fits(self, buffer: Buffer | None, array: Array) -> bool:
        return (
            buffer is not None
            and buffer.driver is self.driver
            and buffer.array() is array
            and buffer.size == padded_bytes(array)
        )

    def of_array(self, array: Array) -> Buffer:
        """Returns the memory of an array that nobody changes, with its elements."""
        key = id(array)
        buffer = self._of_array.get(key)
        if buffer is None or buffer.array() is not array:
            buffer = Buffer(self.driver, array)
            self._of_array[key] = buffer
            self._held.add(buffer)
            weakref.finalize(array, self._of_array.pop, key, None)
        if not buffer.is_valid:
            buffer.upload(array)
        return buffer

    def has(self, storage: Any, name: str) -> bool:
        """Tells whether an array of a storage has memory on the device already."""
        buffer: Any = homes.get(storage, {}).get(name)
        return isinstance(buffer, Buffer) and buffer.driver is self.driver

    def has_array(self, array: Array) -> bool:
        """Tells whether an array that nobody changes has memory on the device already."""
        buffer = self._of_array.get(id(array))
        return buffer is not None and buffer.array() is array

    @property
    def bytes(self) -> int:
        """The bytes that are taken."""
        return sum(buffer.size + buffer.spare for buffer in self._held)


def can_stay(storage: Any) -> bool:
    """Tells whether the arrays of an object may stay on the device between runs."""
    return bool(places(storage.__class__)) or is_watched(storage)


def keep_up(storage: Any, buffers: dict[str, Buffer]) -> None:
    """Lets arrays that kernels have changed be newer on the device; those that somebody holds are brought at once.

    Args:
        storage: A storage or a list of events.
        buffers: The arrays that were changed, by name.
    """
    for buffer in buffers.values():
        buffer.newer = True
    watch(storage)
    for name, buffer in buffers.items():
        if is_held(storage, name):
            buffer.fetch(raw(storage, name), storage.label)


def fetch_all() -> None:
    """Brings to Python all that only the device has, but for what a run changes now, in another thread."""
    for storage, own in list(homes.items()):
        for name, home in own.items():
            if isinstance(home, Buffer) and home.is_at_rest and home.newer:
                home.fetch(raw(storage, name), storage.label)


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
