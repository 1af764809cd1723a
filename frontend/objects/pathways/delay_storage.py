"""The delays of a pathway: kept as the values that scripts see, given to the engine as steps."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator

import numpy as np

from ranvier.objects.memory.arrays import BLOCK, Array, Places, new_memory
from ranvier.objects.memory.lazy import Blocks, UniformStorage
from ranvier.runtime.state import Layout, fingerprint

WIDTHS = (np.uint8, np.uint16, np.int32, np.int64)
"""Types of delays in steps, the narrowest that holds all is taken."""


class DelayStorage(UniformStorage):
    """The delays of a pathway in seconds; equal ones need no memory, nor do those that can be computed again.

    Args:
        label: Name for people.
        size: Number of synapses.
    """

    __slots__ = ("_known", "_lasting", "_text")

    def __init__(self, label: str, size: int) -> None:
        super().__init__(label, size, np.float64, "s")
        self._text: Blocks | None = None
        self._known: int | None = None
        self._lasting: tuple[Blocks, Callable[[], Array | None]] | None = None
        """The text of which `lasting` has returned the values, and these, unless nobody has them any more."""

    @property
    def is_zero(self) -> bool:
        """Whether no delay has been set."""
        return self.uniform == 0 or not self._size

    @property
    def uniform(self) -> bool | int | float | None:
        """The delay of all synapses as long as they have no memory, None if they have delays of their own."""
        return None if self._text is not None else super().uniform

    def fill(self, value: object) -> None:
        """Sets all delays to one value."""
        with Layout.lock:
            self._text = self._known = None
            Layout.change()
            super().fill(value)

    def set_values(self, values: object) -> None:
        """Sets all delays; equal ones need no memory."""
        with Layout.lock:
            self._text = None
            Layout.change()
            super().set_values(values)

    def set_computed(self, values: Blocks) -> None:
        """Sets all delays to the values of a text, which are computed when they are needed, if they can."""
        with Layout.lock:
            Layout.change()
            if values.is_repeatable and next(values.blocks()).strides != (0,):
                self.clear(self._size)
                self._text = values
            else:
                super().set_computed(values)
                self._text = None

    def resize(self, size: int) -> None:
        """Changes the number of synapses; those that are there keep their delays, new ones have none."""
        if size != self._size:
            if self._text is not None:
                self.array = self.array
            super().resize(size)

    def clear(self, size: int) -> None:
        """Sets the number of synapses, and all delays to zero."""
        self._text = None
        super().clear(size)

    def lent(self) -> Array:
        """Returns a copy of all delays: scripts set them by `synapses.delay[...] = ...`."""
        return self.take(slice(None))

    @property
    def array(self) -> Array:
        """The delays, which are kept from now on."""
        if self._made is None:
            self._made = self._all()
        self._text = self._known = None  # whoever asks for the array may change it
        Layout.change()
        return self._made

    @array.setter
    def array(self, values: Array) -> None:
        self._text = self._known = None
        self._made, self._size = values, int(values.size)

    def _all(self) -> Array:
        if self._text is None:
            return super()._all()
        found, place = new_memory(self.label, self._size, self._dtype), 0
        for values in self._text.blocks():
            found[place : place + values.size] = values
            place += values.size
        return found

    def _some(self, places: Places) -> Array:
        if self._text is None:
            return super()._some(places)
        if isinstance(places, slice) and range(*places.indices(self._size)) == range(self._size):
            return self._all()
        return self.array[places]

    def lasting(self) -> Array:
        """Returns all delays as a read-only array; those of a text are not computed again while somebody has them."""
        if self._text is None:
            return super().lasting()
        if self._lasting is not None and self._lasting[0] is self._text:
            found = self._lasting[1]()
            if found is not None:
                return found
        found = super().lasting()
        self._lasting = self._text, weakref.ref(found)
        return found

    def distinguishing(self) -> tuple[object, ...]:
        """Returns what differs (nearly always) if delays differ."""
        same = self.uniform
        if same is not None or not self._size:
            return self._size, same
        if self._text is not None:
            return self._size, self._text
        if self._known is None:  # looking at many delays before each run would take longer than a short run
            self._known = fingerprint(self.take(slice(None)) if self._made is None else self._made)
        return self._size, self._known

    def steps(self, dt: float, name: str) -> Array:
        """Returns the delays in steps, a single one if all are equal, in the narrowest type.

        Raises:
            ValueError: If a delay is negative or not finite.
        """
        same = self.uniform
        if same is not None or not self._size:
            return delay_steps(np.array([same or 0.0]), dt, name)
        return _narrowed(self._size, (delay_steps(part, dt, name) for part in self._parts()))

    def _parts(self) -> Iterator[Array]:
        if self._text is not None:
            yield from self._text.blocks()
            return
        for start in range(0, self._size, BLOCK):
            yield self.take(slice(start, start + BLOCK))


def delay_steps(seconds: Array, dt: float, name: str) -> Array:
    """Returns delays in steps: int(delay/dt + 0.5).

    Raises:
        ValueError: If a delay is negative or not finite.
    """
    steps = seconds / dt
    if steps.size and not (steps.min() >= 0 and np.isfinite(steps.max())):
        bad = seconds[~((seconds >= 0) & np.isfinite(seconds))][0]
        raise ValueError(f"The delays of '{name}' have to be finite and not negative, but one is {bad} s.")
    steps += 0.5
    return steps.astype(np.int64)


def _narrowed(size: int, parts: Iterator[Array]) -> Array:
    """Puts numbers behind one another, in the narrowest type that holds all; a single one if all are the same."""
    found: Array = np.empty(size, dtype=WIDTHS[0])
    place, same = 0, True
    for part in parts:
        longest = int(part.max())
        width = next(dtype for dtype in WIDTHS if longest <= np.iinfo(dtype).max)
        if np.iinfo(width).max > np.iinfo(found.dtype).max:
            found = found.astype(width)
        found[place : place + part.size] = part
        same = same and longest == found[0] == int(part.min())
        place += part.size
    return found[:1] if same else found
