"""The memory of an object's own variables."""

from __future__ import annotations

from collections.abc import Iterator

from ranvier.actions.actions import Storage
from ranvier.objects.memory.lazy import LazyStorage
from ranvier.objects.variables.variables import ArrayVariable, Owner


def own_storages(obj: Owner) -> Iterator[tuple[str, Storage]]:
    """Yields the memory of the variables of an object, by name."""
    for name, variable in obj.variables.items():
        if isinstance(variable, ArrayVariable) and variable.owner is obj:
            yield name, variable.storage


def own_bytes(obj: Owner) -> int:
    """Returns how many bytes the variables of an object take now."""
    return sum(kept_bytes(storage) for _, storage in own_storages(obj))


def changing_bytes(obj: Owner) -> int:
    """Returns how many of these bytes runs change, as far as one can tell: not those of constants."""
    changing = {
        name for name, variable in obj.variables.items() if not (variable.constant or variable.read_only)
    }  # fmt: skip
    return sum(kept_bytes(storage) for name, storage in own_storages(obj) if name in changing)


def kept_bytes(storage: Storage) -> int:
    """Returns how many bytes of a variable are kept now."""
    return storage.kept_bytes if isinstance(storage, LazyStorage) else storage.array.nbytes
