"""The ends of synapses, which are kept in less memory than a number for each end of each of them."""

from __future__ import annotations

import numpy as np

from ranvier.actions.actions import Population, Storage
from ranvier.actions.synaptic_actions import Connections
from ranvier.objects.memory.arrays import BLOCK, Array, DType, Places, counted, is_sorted, new_memory, resized
from ranvier.objects.memory.lazy import LazyStorage
from ranvier.objects.memory.stored import KeptEnds
from ranvier.runtime.state import allocate

FEW = 1000
"""Elements that are looked at first, to find out whether all are sorted."""


class SourceStorage(LazyStorage):
    """The presynaptic elements of synapses: where they are sorted, only the first synapse of each is kept.

    Args:
        label: Name for people.
        elements: Number of presynaptic elements.

    Attributes:
        pointers: int64, the first synapse of each element and one more; None if the synapses are not sorted.
    """

    __slots__ = ("_elements", "pointers")

    def __init__(self, label: str, elements: int) -> None:
        super().__init__(label, 0, np.int32)
        self.frozen = True
        self._elements = elements
        self.pointers: Array | None = new_memory(label, elements + 1, np.int64)

    @property
    def kept_bytes(self) -> int:
        """Bytes that are kept now."""
        return (0 if self._made is None else self._made.nbytes) + (0 if self.pointers is None else self.pointers.nbytes)

    def kept(self) -> KeptEnds:
        """Returns the elements for a stored state."""
        return KeptEnds(self.array, False) if self.pointers is None else KeptEnds(self.pointers, True)

    def set_pointers(self, pointers: Array) -> None:
        """Sets sorted elements: that of synapse k is the last e with pointers[e] <= k."""
        own = allocate(pointers.size, np.int64)
        own[:] = pointers
        self.pointers, self._made, self._size = own, None, int(pointers[-1])

    def set_elements(self, elements: Array) -> None:
        """Sets elements that are not sorted; the array is kept."""
        self.pointers, self._made, self._size = None, elements, int(elements.size)

    def set_copies(self, elements: Array) -> None:
        """Sets elements, which may be sorted; the array is not kept."""
        if is_sorted(elements):
            self.set_pointers(np.concatenate([[0], np.cumsum(counted(elements, self._elements))]))
        else:
            own = new_memory(self.label, elements.size, np.int32)
            own[:] = elements
            self.set_elements(own)

    @property
    def readable(self) -> Storage | Array:
        """Something to read slices of elements from."""
        return self if self._made is None else self._made

    @property
    def basis(self) -> Array | None:
        """An object that is another one when the elements have changed."""
        return self._made if self.pointers is None else self.pointers

    def extend(self, pointers: Array | None, elements: Array | None) -> None:
        """Adds elements behind those that are there.

        Args:
            pointers: Those of sorted elements, None for others.
            elements: Elements in any order, None for sorted ones.
        """
        last = int(np.searchsorted(self.pointers, self._size)) - 1 if self.pointers is not None else 0
        if not self._size and pointers is not None:
            self.set_pointers(pointers)
        elif not self._size and elements is not None:
            self.set_elements(elements)
        elif pointers is not None and self.pointers is not None and not pointers[max(last, 0)]:
            self.set_pointers(self.pointers + pointers)
        else:
            if elements is None:
                assert pointers is not None
                added = SourceStorage(self.label, 0)
                added.set_pointers(pointers)
                elements = added.array
            both = resized(self.label, self.array, self._size + elements.size)
            both[self._size :] = elements
            self.set_elements(both)

    def _all(self) -> Array:
        assert self.pointers is not None
        found = new_memory(self.label, self._size, np.int32)
        last = self.pointers.size - 1
        first = 0
        while first < last:
            reach = int(np.searchsorted(self.pointers, int(self.pointers[first]) + BLOCK, side="right")) - 1
            stop = min(max(reach, first + 1), last)
            numbers = np.arange(first, stop, dtype=np.int32)
            begin, end = int(self.pointers[first]), int(self.pointers[stop])
            found[begin:end] = np.repeat(numbers, np.diff(self.pointers[first : stop + 1]))
            first = stop
        return found

    def _some(self, places: Places) -> Array:
        assert self.pointers is not None
        if isinstance(places, slice):
            chosen = range(*places.indices(self._size))
            if chosen.step == 1 and len(chosen):
                return self._between(chosen.start, chosen.stop)
            places = np.arange(chosen.start, chosen.stop, chosen.step)
        numbers = np.asarray(places)
        if numbers.dtype.kind == "b":
            numbers = np.flatnonzero(numbers)
        numbers = np.where(numbers < 0, numbers + self._size, numbers)
        return (np.searchsorted(self.pointers, numbers, side="right") - 1).astype(np.int32)

    def _between(self, start: int, stop: int) -> Array:
        assert self.pointers is not None
        first = int(np.searchsorted(self.pointers, start, side="right")) - 1
        last = int(np.searchsorted(self.pointers, stop, side="left"))
        bounds = np.clip(self.pointers[first : last + 1], start, stop)
        return np.repeat(np.arange(first, last, dtype=np.int32), np.diff(bounds))


class TargetStorage(LazyStorage):
    """The postsynaptic elements of synapses: kept in 16 bits where there are few enough elements.

    Args:
        label: Name for people.
        elements: Number of postsynaptic elements.
    """

    __slots__ = ("_sorted", "_stored", "width")

    def __init__(self, label: str, elements: int) -> None:
        super().__init__(label, 0, np.int32)
        self.frozen = True
        self.width: DType = np.dtype(np.uint16 if elements <= 1 << 16 else np.int32)
        self._stored: Array = allocate(0, self.width)
        self._sorted: bool | None = None

    @property
    def readable(self) -> Array:
        """The elements, in 16 bits where these suffice."""
        return self._stored

    @property
    def basis(self) -> Array:
        """An object that is another one when the elements have changed."""
        return self._stored

    @property
    def kept_bytes(self) -> int:
        """Bytes that are kept now."""
        twice = self._made is not None and self._made is not self._stored
        return self._stored.nbytes + (self._made.nbytes if twice and self._made is not None else 0)

    def kept(self) -> KeptEnds:
        """Returns the elements for a stored state."""
        return KeptEnds(self._stored, False)

    def set_stored(self, elements: Array) -> None:
        """Sets the elements, an array of type `width` that is kept."""
        self._stored, self._size = elements, int(elements.size)
        self._made = elements if self.width == np.int32 else None
        self._sorted = None

    def set_copies(self, elements: Array) -> None:
        """Sets the elements; the array is not kept."""
        own = new_memory(self.label, elements.size, self.width)
        own[:] = elements
        self.set_stored(own)

    def extend(self, elements: Array) -> None:
        """Adds elements of type `width` behind those that are there; the array may be kept."""
        if not self._size:
            self.set_stored(elements)
            return
        both = resized(self.label, self._stored, self._size + elements.size)
        both[self._size :] = elements
        known = self._sorted and is_sorted(both[self._size - 1 :])
        self.set_stored(both)
        self._sorted = known

    @property
    def is_sorted(self) -> bool:
        """Whether no synapse ends at an earlier element than the one made before it."""
        if self._sorted is None:
            self._sorted = is_sorted(self._stored[:FEW]) and is_sorted(self._stored)
        return self._sorted

    def range_of(self, element: int) -> tuple[int, int]:
        """Returns the first synapse that ends at an element, and one more than the last; for sorted elements."""
        if not 0 <= element <= np.iinfo(self.width).max:
            return 0, 0
        wanted = np.array(element, self.width)  # of the same type: otherwise all elements are converted
        low, high = (np.searchsorted(self._stored, wanted, side) for side in ("left", "right"))
        return int(low), int(high)

    def _some(self, places: Places) -> Array:
        return self._stored[places].astype(np.int32)


class SynapticEnds(Connections):
    """The ends of synapses, which need memory for all of them only where somebody asks.

    Args:
        owner: Name of the synapses.
        pre: Number of presynaptic elements.
        post: Number of postsynaptic elements.
        population: The synapses.
    """

    sources: SourceStorage  # pyright: ignore[reportIncompatibleVariableOverride]
    targets: TargetStorage  # pyright: ignore[reportIncompatibleVariableOverride]

    def __init__(self, owner: str, pre: int, post: int, population: Population | None = None) -> None:
        super().__init__(SourceStorage(f"{owner}.i", pre), TargetStorage(f"{owner}.j", post))
        self.sources.population = self.targets.population = population

    def kept(self) -> dict[str, KeptEnds]:
        """Returns both ends for a stored state."""
        return {"i": self.sources.kept(), "j": self.targets.kept()}
