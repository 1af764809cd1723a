"""Copies on the device of arrays that cannot stay there, and of what both host and device count."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from typing import Any

from ranvier.ir.slots import SlotKind
from ranvier.runtime.cuda.driver import Driver
from ranvier.runtime.cuda.memory import Array, copy_back, padded_bytes
from ranvier.runtime.state import address

_WHOLE = (SlotKind.SINK_ROWS, SlotKind.CLOCK_STEPS, SlotKind.EVENT_COUNT)
_COUNTED = (SlotKind.SINK_ROWS, SlotKind.CLOCK_STEPS)


class Shared:
    """What a run has copied to the device for itself.

    Attributes:
        pool: By what it is: its address and size; a negative size is memory of the host that the device sees.
    """

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self.pool: dict[tuple[int, SlotKind], tuple[int, int]] = {}
        self._copied: list[tuple[Array, int]] = []

    def forget(self) -> None:
        """Lets nothing be copied back; the memory is kept."""
        self._copied.clear()

    def of(self, array: Array, key: tuple[int, SlotKind], *, host: bool, back: bool = True) -> int:
        """Returns memory of the device with the elements of an array.

        Args:
            array: The array.
            key: What it is.
            host: Whether the host sees it, too.
            back: Whether it is copied back.
        """
        size = (array.nbytes if key[1] in _WHOLE else 0) or padded_bytes(array)
        kept = self.pool.get(key)
        if kept is None or abs(kept[1]) != size:
            if kept is not None:
                give_back(self._driver, kept)
            place = self._driver.allocate_shared(size) if host else self._driver.allocate(size)
            kept = self.pool[key] = place, -size if host else size
        if host:
            ctypes.memmove(kept[0], address(array), array.nbytes)
        else:
            self._driver.upload(kept[0], address(array), array.nbytes)
        if back:
            self._copied.append((array, kept[0]))
        return kept[0]

    @property
    def pairs(self) -> list[tuple[Array, int]]:
        """The arrays that are copied back from the device, and where they are there."""
        host = self._on_host()
        return [(array, place) for array, place in self._copied if place not in host]

    def bring(self) -> None:
        """Brings to Python what kernels have changed."""
        host = self._on_host()
        copy_back(self._driver, self.pairs)
        for array, place in self._copied:
            if place in host:
                ctypes.memmove(address(array), place, array.nbytes)

    def upload(self) -> None:
        """Brings to the device what Python may have changed."""
        for array, place in self.pairs:
            self._driver.upload(place, address(array), array.nbytes)

    def show_counts(self, values: Sequence[Any]) -> None:
        """Lets the device see the control blocks, among the inputs of the program, in which it counts."""
        for place, control in self._counted(values):
            ctypes.memmove(place, address(control), control.nbytes)

    def see_counts(self, values: Sequence[Any]) -> None:
        """Lets the host see them."""
        for place, control in self._counted(values):
            ctypes.memmove(address(control), place, control.nbytes)

    def _on_host(self) -> set[int]:
        return {place for place, size in self.pool.values() if size < 0}

    def _counted(self, values: Sequence[Any]) -> Iterator[tuple[int, Array]]:
        for key, (place, _) in self.pool.items():
            if key[1] in _COUNTED:
                yield place, values[key[0]].control


def give_back(driver: Driver, kept: tuple[int, int]) -> None:
    """Gives memory back: with a negative size it is the host's."""
    if kept[1] < 0:
        driver.free_shared(kept[0])
    else:
        driver.free(kept[0])


__all__ = ["Shared", "give_back"]
