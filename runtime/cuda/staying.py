"""Variables whose arrays stay on the device while a run is bound to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ranvier.runtime.cuda.memory import Array, Buffer, keep_up
from ranvier.runtime.state import address
from ranvier.runtime.watched_arrays import is_held, is_watched, raw, watch


@dataclass(eq=False)
class Staying:
    """A variable, or a list of events, whose arrays stay on the device.

    Attributes:
        value: The storage.
        changed: The arrays that kernels change, by name.
        read: Those that they read.
    """

    value: Any
    changed: dict[str, Buffer] = field(default_factory=dict[str, Buffer])
    read: dict[str, Buffer] = field(default_factory=dict[str, Buffer])

    @property
    def is_lost(self) -> bool:
        """Whether only a device that is lost had the elements."""
        return any(buffer.newer and buffer.driver.is_lost for buffer in self.changed.values())

    def is_replaced(self, name: str) -> bool:
        """Tells whether Python has put another array into the place of one."""
        return (self.changed | self.read)[name].array() is not raw(self.value, name)

    def keep_up(self) -> None:
        """Lets Python see that kernels have changed arrays; those that it has replaced get the elements at once."""
        staying = {name: buffer for name, buffer in self.changed.items() if not self.is_replaced(name)}
        if staying:
            keep_up(self.value, staying)
        for name, buffer in self.changed.items():
            if name not in staying:
                array = raw(self.value, name)
                size = min(array.nbytes, buffer.size)
                buffer.driver.download(address(array), buffer.address, size)

    def newer_pairs(self) -> list[tuple[Array, int]]:
        """Returns the arrays of which the device has newer elements, and where they are there."""
        own = {name: buffer for name, buffer in self.changed.items() if not self.is_replaced(name)}
        return [(raw(self.value, name), buffer.address) for name, buffer in own.items() if buffer.newer]

    def bring(self) -> bool:
        """Brings to the device what Python may have changed meanwhile; tells whether there was anything."""
        was_watched, any_ = is_watched(self.value), False
        for name, buffer in (self.changed | self.read).items():
            if self.is_replaced(name):
                array = raw(self.value, name)
                buffer.driver.upload(buffer.address, address(array), min(array.nbytes, buffer.size))
                any_ = True
            elif not was_watched or (not buffer.newer and is_held(self.value, name)):
                buffer.upload(raw(self.value, name))
                any_ = True
        watch(self.value)
        return any_


__all__ = ["Staying"]
