"""The memory of an object's own variables."""

from collections.abc import Iterator, Mapping

from ranvier.actions.actions import Storage
from ranvier.objects.memory.lazy import LazyStorage
from ranvier.objects.variables.variables import ArrayVariable, Variable


def own_storages(obj: object) -> Iterator[tuple[str, Storage]]:
    """Yields the memory of the variables of an object, by name."""
    variables: Mapping[str, Variable] = getattr(obj, "variables", {})
    for name, variable in variables.items():
        if isinstance(variable, ArrayVariable) and variable.owner is obj:
            yield name, variable.storage


def kept_bytes(storage: Storage) -> int:
    """Returns how many bytes of a variable are kept now."""
    return storage.kept_bytes if isinstance(storage, LazyStorage) else storage.array.nbytes
