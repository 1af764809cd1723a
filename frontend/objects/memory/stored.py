"""What `store` keeps of one object, and the comparison of that with the object as it is now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from ranvier.actions.actions import Storage
from ranvier.objects.memory.arrays import Array
from ranvier.runtime.columns import TableSnapshot


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


def holds(storage: Storage, values: Array) -> bool:
    """Returns whether a variable has these values already: then what is made of them can stay."""
    return storage.size == values.size and np.array_equal(storage.take(slice(None)), values)


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
