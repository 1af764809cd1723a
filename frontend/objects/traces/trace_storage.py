"""The memory of event-driven variables, which need none of their own where neurons hold the values."""

from __future__ import annotations

from collections.abc import Callable

from ranvier.actions.actions import Population, Storage
from ranvier.objects.memory.arrays import Array, DTypeLike, Places
from ranvier.objects.memory.lazy import LazyStorage, UniformStorage
from ranvier.runtime.state import fingerprint


class TraceStorage(UniformStorage):
    """A variable of synapses whose values follow, for some time, from values of neurons.

    While it follows them, its elements are computed when somebody asks: a few by `take`, all by `array`, which are
    kept then, so that scripts can change them. Whether they did is found by comparing.

    Args:
        label: Name for people.
        size: Number of elements.
        dtype: Their type.
        dim: The physical dimension as text.
        population: The synapses.
    """

    __slots__ = ("_computed", "_few", "_handed_out")

    def __init__(
        self, label: str, size: int, dtype: DTypeLike, dim: str = "", population: Population | None = None
    ) -> None:
        super().__init__(label, size, dtype, dim, population)
        self._computed: Callable[[Places], Array] | None = None
        self._few: Storage | None = None
        self._handed_out = 0

    def follow(self, computed: Callable[[Places], Array], few: Storage | None = None) -> None:
        """Gives up the elements.

        Args:
            computed: From now on gives those at some places (numbers, or a slice).
            few: Values among which are those of all elements, if they are that simple.
        """
        self._made, self._computed, self._few = None, computed, few

    def leave(self) -> None:
        """Keeps the present elements, which follow from nothing any more."""
        if self._computed is not None:
            self._made, self._computed = self.array, None

    @property
    def follows(self) -> bool:
        """Whether the values are those of neurons."""
        return self._computed is not None

    @property
    def is_changed(self) -> bool:
        """Whether somebody has changed elements that follow from values of neurons."""
        return self.follows and self._made is not None and fingerprint(self._made) != self._handed_out

    def forget(self) -> None:
        """Lets elements that follow from values of neurons be computed anew."""
        if self.follows:
            self._made = None

    @property
    def representatives(self) -> Array:
        """Values among which are those of all elements: those of neurons, as long as elements follow from them."""
        if self._few is not None and self._computed is not None and self._made is None:
            return self._few.array
        return super().representatives

    @property
    def readable(self) -> TraceStorage | Array:
        """Something to read elements from; those that follow from values of neurons need no memory for it."""
        return self.array if self._computed is None or self._made is not None else self

    @property
    def uniform(self) -> bool | int | float | None:
        """The value of all elements as long as they have no memory and follow from nothing."""
        return None if self.follows else super().uniform

    def lent(self) -> Array:
        """Returns the memory of all elements; whether the script has changed some is found by comparing."""
        return super().lent() if self._computed is None else self.array

    def fill(self, value: object) -> None:
        """Sets all elements to one value."""
        if self._made is None:
            self._computed = None
        super().fill(value)

    def resize(self, size: int) -> None:
        """Changes the number of elements; those that are there keep their values, new ones are zero."""
        self.leave()
        super().resize(size)

    def clear(self, size: int) -> None:
        """Sets the number of elements, and all to zero."""
        self._computed = None
        super().clear(size)

    def _all(self) -> Array:
        if self._computed is None:
            return super()._all()
        found = LazyStorage._all(self)
        self._handed_out = fingerprint(found)
        return found

    def _some(self, places: Places) -> Array:
        return super()._some(places) if self._computed is None else self._computed(places).astype(self._dtype)
