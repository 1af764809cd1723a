"""Memory of variables that is made when somebody asks for it: most synapses need less than an element each."""

import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier.actions.actions import Population, Storage
from ranvier.actions.synaptic_actions import Connections
from ranvier.runtime.state import allocate

if TYPE_CHECKING:
    from ranvier.objects.variables.text_values import TextValues

Array = np.ndarray[Any, Any]

BLOCK = 1 << 18
"""Elements that are worked on together: they fit into the cache."""


class LazyStorage(Storage):
    """Elements that are computed when they are needed.

    Reading a few (`take`) computes those; `array` computes all and keeps them.

    Args:
        label: Name for people.
        size: Number of elements.
        dtype: Their type.
        dim: The physical dimension as text.
        population: Whose elements they are; None: they have a size of their own.
    """

    __slots__ = ("_dtype", "_made", "_size")

    def __init__(self, label: str, size: int, dtype: Any, dim: str = "", population: Population | None = None) -> None:
        self.label = label
        self.dim = dim
        self.frozen = False
        self.population = population
        self._size = size
        self._dtype: np.dtype[Any] = np.dtype(dtype)
        self._made: Array | None = None

    @property  # pyright: ignore[reportIncompatibleVariableOverride]
    def array(self) -> Array:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The elements, which are kept from now on."""
        if self._made is None:
            self._made = self._all()
        return self._made

    @array.setter
    def array(self, values: Array) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]
        self._made, self._size = values, int(values.size)

    @property
    def is_made(self) -> bool:
        """Whether there is memory for all elements."""
        return self._made is not None

    @property
    def size(self) -> int:
        """Number of elements."""
        return self._size

    @property
    def dtype(self) -> "np.dtype[Any]":
        """Type of the elements."""
        return self._dtype

    @property
    def kept_bytes(self) -> int:
        """Bytes that are kept now."""
        return 0 if self._made is None else self._made.nbytes

    def take(self, places: Any) -> Array:
        """Returns copies of the elements at some places: an array of numbers, or a slice."""
        if self._made is None:
            return self._some(places)
        found = self._made[places]
        return found.copy() if isinstance(places, slice) else found

    def __getitem__(self, places: slice) -> Array:
        return self.take(places)

    def _all(self) -> Array:
        found = new_memory(self.label, self._size, self._dtype)
        for start in range(0, self._size, BLOCK):
            stop = min(start + BLOCK, self._size)
            found[start:stop] = self._some(slice(start, stop))
        return found

    def _some(self, places: Any) -> Array:
        """Computes the elements at some places."""
        raise NotImplementedError


class UniformStorage(LazyStorage):
    """A variable that has one value for all elements, until somebody writes elements or asks for their memory.

    Args:
        label: Name for people.
        size: Number of elements.
        dtype: Their type.
        dim: The physical dimension as text.
        population: Whose elements they are; None: they have a size of their own.
    """

    __slots__ = ("_value",)

    def __init__(self, label: str, size: int, dtype: Any, dim: str = "", population: Population | None = None) -> None:
        super().__init__(label, size, dtype, dim, population)
        self._value: Any = self._dtype.type(0)

    @property
    def uniform(self) -> bool | int | float | None:
        """The value of all elements as long as they have no memory."""
        return None if self._made is not None or not self._size else self._value.item()

    def fill(self, value: Any) -> None:
        """Sets all elements to one value; those that have memory keep it, since native code may work on it."""
        if self._made is not None:
            self._made[:] = value
        else:
            self._value = np.asarray(value).astype(self._dtype)[()]

    def resize(self, size: int) -> None:
        """Changes the number of elements; those that are there keep their values, new ones are zero."""
        if self._made is None and (not self._size or size <= self._size or not _has_bits(self._value)):
            self._value = self._value if self._size else self._dtype.type(0)
            self._size = size
        else:
            self.array = resized(self.label, self.array, size)

    def clear(self, size: int) -> None:
        """Sets the number of elements, and all to zero."""
        self._made, self._size, self._value = None, size, self._dtype.type(0)

    def set_values(self, values: Any) -> None:
        """Sets all elements; equal ones need no memory."""
        given = np.asarray(values)
        if self._made is None and (given.ndim == 0 or (given.shape == (self._size,) and is_uniform(given))):
            if self._size:
                self.fill(given.reshape(-1)[0])
        else:
            self.array[:] = given

    def set_computed(self, values: "TextValues") -> None:
        """Sets all elements to the values of a text."""
        place = 0
        for block in values.blocks():
            if not place and block.strides == (0,):
                self.fill(block[0])
                return
            self.array[place : place + block.size] = block
            place += block.size

    def _all(self) -> Array:
        found = new_memory(self.label, self._size, self._dtype)
        if _has_bits(self._value):
            found[:] = self._value
        return found

    def _some(self, places: Any) -> Array:
        shape = (len(range(*places.indices(self._size))),) if isinstance(places, slice) else np.shape(places)
        return np.full(shape, self._value, dtype=self._dtype)


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
    def readable(self) -> Any:
        """Something to read slices of elements from."""
        return self if self._made is None else self._made

    @property
    def basis(self) -> Any:
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
                added = SourceStorage(self.label, 0)
                added.set_pointers(pointers)  # pyright: ignore[reportArgumentType]
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

    def _some(self, places: Any) -> Array:
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

    __slots__ = ("_stored", "width")

    def __init__(self, label: str, elements: int) -> None:
        super().__init__(label, 0, np.int32)
        self.frozen = True
        self.width: np.dtype[Any] = np.dtype(np.uint16 if elements <= 1 << 16 else np.int32)
        self._stored: Array = allocate(0, self.width)

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

    def set_stored(self, elements: Array) -> None:
        """Sets the elements, an array of type `width` that is kept."""
        self._stored, self._size = elements, int(elements.size)
        self._made = elements if self.width == np.int32 else None

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
        self.set_stored(both)

    def _some(self, places: Any) -> Array:
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


class ComputedStorage(LazyStorage):
    """Elements that a function computes when they are asked for, and again after `forget`.

    Args:
        label: Name for people.
        size: Number of elements.
        dtype: Their type.
        compute: Returns all elements.
    """

    __slots__ = ("_compute",)

    def __init__(self, label: str, size: int, dtype: Any, compute: Callable[[], Array]) -> None:
        super().__init__(label, size, dtype)
        self._compute = compute

    def forget(self) -> None:
        """Lets the elements be computed anew."""
        self._made = None

    def _all(self) -> Array:
        found = new_memory(self.label, self._size, self._dtype)
        found[:] = self._compute()
        return found

    def _some(self, places: Any) -> Array:
        found = self.array[places]
        return found.copy() if isinstance(places, slice) else found


def new_memory(label: str, size: int, dtype: Any) -> Array:
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
    """Whether no value is less than the one before it; looks at blocks, without copies of all."""
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


def fingerprint(values: Array) -> int:
    """Returns a number that differs (nearly always) if the values differ."""
    return zlib.crc32(np.ascontiguousarray(values).view(np.uint8).data)


def is_uniform(values: Array) -> bool:
    """Whether all elements have the same bits (0.0 and -0.0 differ, equal NaNs do not)."""
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


def _has_bits(value: Any) -> bool:
    """Whether a number is not stored as zero bits (-0.0 is not)."""
    return any(np.asarray(value).tobytes())
