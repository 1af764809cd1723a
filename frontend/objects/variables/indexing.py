"""Which elements of a group an index means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeGuard, cast

import numpy as np

from ranvier.objects.memory.arrays import Array
from ranvier.objects.variables.variables import ElementOwner
from ranvier.public import public_in
from ranvier.session.given import text_of
from ranvier.session.namespaces import caller_namespace
from ranvier.units import metre
from ranvier.units.dimensions import DIMENSIONLESS


def elements_of(item: object, size: int) -> Array:
    """Returns the numbers of elements that an index means; of no dimension for a single number.

    Args:
        item: A number, slice, list or array of numbers, or array of booleans.
        size: Number of elements of the group.

    Raises:
        IndexError: If an element does not exist.
        TypeError: If it is no index.
    """
    refuse_units(item)
    everything: Array = np.arange(size)
    if isinstance(item, slice):
        return everything[item]
    if isinstance(item, tuple):
        parts = cast(tuple[object, ...], item)
        if len(parts) != 1:
            raise IndexError(f"can only interpret 1-d indices, got {len(parts)} dimensions")
        return elements_of(parts[0], size)
    index: Array = np.asarray(item)
    if index.dtype.kind == "b" and index.ndim:
        return np.flatnonzero(_fitting(np.atleast_1d(index), size))
    if index.size == 0:
        return np.zeros(0, dtype=np.int64)
    if index.dtype.kind not in "iu":
        raise TypeError(f"Indexing is only supported for integer and boolean arrays, not for type {index.dtype.name}")
    return np.asarray(everything[index])


def adds_dimensions(item: object) -> bool:
    """Tells whether an index makes an array of more dimensions, as plotting functions do: `x[:, None]`."""
    parts = cast(tuple[object, ...], item) if isinstance(item, tuple) else (item,)
    return any(part is None or part is Ellipsis for part in parts)


def _fitting(mask: Array, size: int) -> Array:
    if mask.ndim != 1 or mask.size > size:
        raise IndexError(f"a boolean index has one value for each of the {size} elements, not shape {mask.shape}")
    return mask


@public_in("ranvier.groups.group")
class Indexing:
    """`group.indices[...]`: the numbers of elements.

    Args:
        group: The group.
        first: The number of its first element, in the whole group of which it is a part.
    """

    def __init__(self, group: ElementOwner, first: int = 0) -> None:
        self.group = group
        self._first = first

    def __getitem__(self, item: object) -> Array:
        """Returns the numbers, in the whole group, of the elements that an index or condition means."""
        return (self.group.elements(item, caller_namespace) + self._first).astype(np.int32)

    def __call__(self, item: object = slice(None), index_var: object = None) -> Array:
        """Returns the same numbers, for packages that call Brian's index objects.

        Args:
            item: The index or condition.
            index_var: What is indexed; "0" for a variable with a single value.
        """
        return np.zeros(1, dtype=np.int32) if index_var == "0" else self[item]

    def __repr__(self) -> str:
        return f"<indices of {self.group.name}>"


class StandsForElements(Protocol):
    """A subgroup, or another object that stands for elements of a group: it can be an index."""

    def element_indices(self, group: Any) -> Array:
        """Returns the numbers that the elements have in a group; see the classes."""
        ...


def stands_for_elements(item: object) -> TypeGuard[StandsForElements]:
    """Tells whether an index is an object that stands for elements; `isinstance` would take 50 times as long."""
    return hasattr(type(item), "element_indices")


def resolve_item(group: ElementOwner, item: object, names: Callable[[], Mapping[str, object]]) -> Array:
    """Returns the numbers of the elements that an index, a condition or an index object means.

    Args:
        group: The group.
        item: The index.
        names: Gives the names of the script, for conditions.
    """
    item = text_of(item)
    if stands_for_elements(item):  # subgroups and other objects that stand for elements
        try:
            return np.asarray(item.element_indices(group))
        except SyntaxError as error:
            raise condition_error(error) from None
    try:
        if isinstance(item, str):
            from ranvier.objects.variables.values import condition_elements

            return condition_elements(group, item, names(), elements_of)
        return elements_of(item, group.element_count)
    except SyntaxError as error:
        raise condition_error(error) from None
    except IndexError as error:
        raise IndexError(f"'{group.name}' has {group.element_count} elements, numbered from 0: {error}.") from None


@public_in("ranvier.groups.group")
class ConditionError(SyntaxError, ValueError):
    """A text that is an index is no condition."""


def condition_error(error: SyntaxError) -> SyntaxError:
    """Returns an error of the text of an index as Brian's, which is a ValueError as well."""
    if isinstance(error, ValueError):
        return error
    found = ConditionError(*error.args)
    for note in getattr(error, "__notes__", ()):
        found.add_note(note)
    return found


def refuse_units(item: object) -> None:
    """Checks that an index has no unit.

    Raises:
        TypeError: If it has one: it says how parts of a section are chosen, if it is a length.
    """
    parts: tuple[object, ...] = (item,)
    if isinstance(item, slice):
        given = cast("slice[object, object, object]", item)
        parts = given.start, given.stop, given.step
    for part in parts:
        dim = getattr(part, "dim", DIMENSIONLESS)
        if dim is not DIMENSIONLESS:
            lengths = "; lengths along a section stand before the variable: neuron.dendrite[10*um:20*um].v"
            raise TypeError(
                f"Elements are numbered from 0, not by values with a unit such as {part}"
                f"{lengths if dim is metre.dim else ''}."
            )
