"""Memory of variables that is made when somebody asks for it: most synapses need less than an element each."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from types import MemberDescriptorType
from typing import Any, Protocol

import numpy as np

from ranvier.actions.actions import Population, Storage
from ranvier.objects.memory.arrays import BLOCK, Array, DType, DTypeLike, Places, is_uniform, new_memory, resized


class Blocks(Protocol):
    """Values of all elements that come block by block."""

    @property
    def is_repeatable(self) -> bool:
        """Whether they are the same whenever they are asked for."""
        ...

    def blocks(self) -> Iterator[Array]:
        """Yields the values, block by block; the same ones each time."""
        ...


_OWN_REFERENCES = 3
"""Those of an array that only its storage has: its place there, a local name, and the argument that counts them."""


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

    def __init__(
        self, label: str, size: int, dtype: DTypeLike, dim: str = "", population: Population | None = None
    ) -> None:
        self.label = label
        self.dim = dim
        self.frozen = False
        self.population = population
        self._size = size
        self._dtype: DType = np.dtype(dtype)
        self._made: Array | None = None

    @property
    def array(self) -> Array:
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
    def dtype(self) -> DType:
        """Type of the elements."""
        return self._dtype

    @property
    def kept_bytes(self) -> int:
        """Bytes that are kept now."""
        return 0 if self._made is None else self._made.nbytes

    def take(self, places: Places) -> Array:
        """Returns copies of the elements at some places: an array of numbers, or a slice."""
        if self._made is None:
            return self._some(places)
        found = self._made[places]
        return found.copy() if isinstance(places, slice) else found

    def __getitem__(self, places: slice) -> Array:
        return self.take(places)

    def lent(self) -> Array:
        """Returns a copy of all elements: what is computed, or kept in a shorter form, is not written to by scripts."""
        return self.take(slice(None))

    def lasting(self) -> Array:
        """Returns all elements as a read-only array: the same one as long as somebody has it and they are the same."""
        found = self.take(slice(None))
        found.flags.writeable = False
        return found

    def undo(self) -> Callable[[], None]:
        """Returns what puts the present memory back, after changes that replaced it."""
        kinds = [kind for kind in type(self).__mro__ if issubclass(kind, LazyStorage)]
        slots: list[MemberDescriptorType] = [
            vars(kind)[name] for kind in kinds for name in vars(kind).get("__slots__", ())
        ]
        held = [(slot, slot.__get__(self)) for slot in slots]

        def put_back() -> None:
            for slot, value in held:
                slot.__set__(self, value)

        return put_back

    def _all(self) -> Array:
        found = new_memory(self.label, self._size, self._dtype)
        for start in range(0, self._size, BLOCK):
            stop = min(start + BLOCK, self._size)
            found[start:stop] = self._some(slice(start, stop))
        return found

    def _some(self, places: Places) -> Array:
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

    __slots__ = ("_is_lent", "_value")

    def __init__(
        self, label: str, size: int, dtype: DTypeLike, dim: str = "", population: Population | None = None
    ) -> None:
        super().__init__(label, size, dtype, dim, population)
        self._value: Any = self._dtype.type(0)
        self._is_lent = False

    @property
    def uniform(self) -> bool | int | float | None:
        """The value of all elements as long as they have no memory."""
        if self._is_lent:
            self._take_back()
        return None if self._made is not None or not self._size else self._value.item()

    @property
    def is_made(self) -> bool:
        """Whether there is memory for all elements."""
        if self._is_lent:
            self._take_back()
        return super().is_made

    @property
    def kept_bytes(self) -> int:
        """Bytes that are kept now."""
        return super().kept_bytes if self.is_made else 0

    def lent(self) -> Array:
        """Returns the memory of all elements; equal ones need none again once the script has given it back."""
        self._is_lent = self._is_lent or self._made is None
        return self.array

    def _take_back(self) -> None:
        """Gives up memory that was made for a script if nobody has it any more and all elements are equal still."""
        made = self._made
        if made is not None:
            base: object = made.base
            if sys.getrefcount(made) > _OWN_REFERENCES or (
                base is not None and sys.getrefcount(base) > _OWN_REFERENCES
            ):
                return
        self._is_lent = False
        if made is not None and made.size and is_uniform(made):
            self._value, self._made = made[0], None

    def fill(self, value: object) -> None:
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

    def set_values(self, values: object) -> None:
        """Sets all elements; equal ones need no memory."""
        given = np.asarray(values)
        if self._made is None and (given.ndim == 0 or (given.shape == (self._size,) and is_uniform(given))):
            if self._size:
                self.fill(given.reshape(-1)[0])
        else:
            self.array[:] = given

    def set_computed(self, values: Blocks) -> None:
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

    def _some(self, places: Places) -> Array:
        shape = (len(range(*places.indices(self._size))),) if isinstance(places, slice) else np.shape(places)
        return np.full(shape, self._value, dtype=self._dtype)


class ComputedStorage(LazyStorage):
    """Elements that a function computes when they are asked for, and again after `forget`.

    Args:
        label: Name for people.
        size: Number of elements.
        dtype: Their type.
        compute: Returns all elements.
    """

    __slots__ = ("_compute",)

    def __init__(self, label: str, size: int, dtype: DTypeLike, compute: Callable[[], Array]) -> None:
        super().__init__(label, size, dtype)
        self._compute = compute

    def forget(self) -> None:
        """Lets the elements be computed anew."""
        self._made = None

    def _all(self) -> Array:
        found = new_memory(self.label, self._size, self._dtype)
        found[:] = self._compute()
        return found

    def _some(self, places: Places) -> Array:
        found = self.array[places]
        return found.copy() if isinstance(places, slice) else found


def _has_bits(value: object) -> bool:
    """Tells whether a number is not stored as zero bits (-0.0 is not)."""
    return any(np.asarray(value).tobytes())
