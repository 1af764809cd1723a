"""What `store` keeps of one object, and the comparison of that with the object as it is now."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

import numpy as np

from ranvier.actions.actions import Storage
from ranvier.objects.memory.arrays import Array, DType, DTypeLike
from ranvier.objects.memory.lazy import LazyStorage
from ranvier.runtime.columns import TableSnapshot


@dataclass(frozen=True, eq=False)
class KeptEnds:
    """The elements at one end of synapses, as numpy takes them: what the synapses hold, which nobody changes in place.

    A stored state needs no copy of them: other connections are other arrays.

    Attributes:
        held: The elements, or, where they are sorted, the first synapse of each element and one more.
        is_sorted: Whether it is the latter.
    """

    held: Array
    is_sorted: bool
    dtype: ClassVar[DType] = np.dtype(np.int32)
    ndim: ClassVar[int] = 1

    @property
    def size(self) -> int:
        """Number of synapses."""
        return int(self.held[-1]) if self.is_sorted else int(self.held.size)

    @property
    def shape(self) -> tuple[int]:
        """The same, as numpy has it."""
        return (self.size,)

    @property
    def nbytes(self) -> int:
        """Bytes that the state needs for them: none of its own."""
        return 0

    def min(self) -> int:
        """Returns the lowest element."""
        return int(np.searchsorted(self.held, 0, "right")) - 1 if self.is_sorted else int(self.held.min())

    def max(self) -> int:
        """Returns the highest element."""
        if self.is_sorted:
            return int(np.searchsorted(self.held, self.size, "left")) - 1
        return int(self.held.max())

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Array:
        """Returns the element of each synapse, in new memory."""
        if not self.is_sorted:
            return self.held.astype(dtype or self.dtype)
        numbers = np.arange(self.held.size - 1, dtype=dtype or self.dtype)
        return np.repeat(numbers, np.diff(self.held))


@dataclass
class ObjectState:
    """The state of one object.

    Attributes:
        arrays: Its arrays by name.
        table: What it has recorded, None if it records nothing.
    """

    arrays: dict[str, Array] = field(default_factory=dict[str, Array])
    table: TableSnapshot | None = None


def check_arrays(
    name: str, stored: Mapping[str, Array], present: Mapping[str, Array], may_resize: Callable[[str], bool]
) -> None:
    """Checks that stored arrays can take the place of those of an object.

    Args:
        name: The name of the object.
        stored: The stored arrays.
        present: The arrays that it has now.
        may_resize: Tells of which arrays the size may differ.

    Raises:
        KeyError: If there are other arrays, or one has another size or kind of numbers.
    """
    changes = [f"{key!r} (stored, but not there any more)" for key in stored if key not in present]
    changes += [f"{key!r} (not stored)" for key in present if key not in stored]
    for key in stored.keys() & present.keys():
        old, new = stored[key], present[key]
        if old.dtype.kind != new.dtype.kind:
            changes.append(f"{key!r} (stored as {old.dtype}, now {new.dtype})")
        elif old.ndim != new.ndim or (old.shape != new.shape and not may_resize(key)):
            changes.append(f"{key!r} (stored with {old.size} values, now {new.size})")
    if changes:
        raise changed(name, ", ".join(sorted(changes)))


class Stored(Protocol):
    """An object, as far as its state goes."""

    def state_arrays(self) -> dict[str, Array]:
        """Returns its arrays by name, which may be the live ones."""
        ...

    def state_table(self) -> TableSnapshot | None:
        """Returns the rows that it has recorded."""
        ...


def state_of(obj: Stored, lasting: Collection[str] = ()) -> ObjectState:
    """Returns the present state of an object: copies of all that can change.

    Args:
        obj: The object.
        lasting: The names of arrays that nobody changes as long as the state is used.
    """
    arrays = {
        name: array if name in lasting or _is_kept(array) else array.copy()
        for name, array in obj.state_arrays().items()
    }
    return ObjectState(arrays, obj.state_table())


def _is_kept(array: Array) -> bool:
    return isinstance(array, KeptEnds) or not array.flags.writeable


def read_only(storage: Storage) -> Array:
    """Returns the elements of a variable of synapses for a stored state: a live array, or what nobody changes.

    Equal values without memory need none in the state, either: their array has one element for all of them.
    """
    if not isinstance(storage, LazyStorage) or storage.is_made:
        return storage.array
    uniform = storage.uniform
    if uniform is None:
        return storage.lasting()
    found: Array = np.broadcast_to(np.asarray(uniform, storage.dtype), (storage.size,))
    found.flags.writeable = False
    return found


def holds(storage: Storage, values: Array | KeptEnds) -> bool:
    """Returns whether a variable has these values already: then what is made of them can stay."""
    if isinstance(values, KeptEnds) and values.held is storage.basis:
        return True
    if storage.size != values.size:
        return False
    present = read_only(storage)
    return present is values or np.array_equal(present, values)


def changed(name: str, what: str) -> KeyError:
    """Returns the error that says what of an object is not as it was stored."""
    return KeyError(
        f"'{name}' has changed since the network was stored, in {what}: restore the state into the model that it was "
        "stored from."
    )


def check_lengths(name: str, stored: Mapping[str, Array], size: int) -> None:
    """Checks that stored arrays have as many values as they must have to go together.

    Raises:
        ValueError: If one has another number.
    """
    for key, values in stored.items():
        if values.size != size:
            raise ValueError(
                f"What was stored of '{name}' does not fit together: {key!r} has {values.size} values instead of "
                f"{size}. Store the network anew."
            )


def check_range(name: str, key: str, numbers: Array, size: int) -> None:
    """Checks that stored numbers of elements exist.

    Raises:
        ValueError: If one does not.
    """
    if numbers.size and not (numbers.min() >= 0 and numbers.max() < size):
        raise ValueError(
            f"What was stored of '{name}' does not fit together: {key!r} has numbers outside of 0 to {size - 1}. "
            "Store the network anew."
        )
