"""Looking at parts of a morphology: children, compartments and their numbers, the tree as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Generic, Protocol, TypeAlias, TypeVar, cast, runtime_checkable

import numpy as np

from ranvier.objects.memory.arrays import Array
from ranvier.public import public_in
from ranvier.session.given import is_a
from ranvier.units import Quantity, get_dimensions, meter
from ranvier.units.quantity import quantity

SNAP = 1e-9
"""A distance this close (relative to the section's length) to the border of a compartment lies on the border."""


COMPONENTS = tuple(f"{place}{axis}" for place in ("", "start_", "end_") for axis in "xyz")
"""Attributes of sections that are coordinates, each also with `_` for plain numbers."""

S = TypeVar("S")
"""A section."""

AnySlice: TypeAlias = "slice[Any, Any, Any]"
"""A slice, of whatever."""


def check_settable(section: object, name: str) -> None:
    """Checks that an attribute of a section is none of its coordinates.

    Raises:
        AttributeError: If it is one.
    """
    if name.removesuffix("_") in COMPONENTS:
        raise AttributeError(
            f"property '{name}' of '{type(section).__name__}' object has no setter: coordinates are given when a "
            "section is made, or by generate_coordinates()."
        )


@public_in("ranvier.spatialneuron.morphology")
class Children(Generic[S]):
    """The sections that branch off a section, in order of their creation; each has names, and its ordinal as one."""

    def __init__(self) -> None:
        self._sections: list[S] = []
        self._by_name: dict[str, S] = {}
        self._counter = 0

    def add(self, section: S, names: Sequence[str]) -> None:
        """Adds a section, or further names of one that is there already."""
        if section not in self._sections:
            self._sections.append(section)
            self._counter += 1
            names = [*names, str(self._counter)]
        for name in names:
            self._by_name.setdefault(name, section)

    def remove(self, section: S) -> None:
        """Removes a section with all its names; the others keep their ordinals."""
        self._sections.remove(section)
        self._by_name = {name: found for name, found in self._by_name.items() if found is not section}

    def find(self, name: str) -> S | None:
        """Returns the section of a name, None if there is none."""
        return self._by_name.get(name)

    def names(self) -> list[str]:
        """Returns all names, ordinals included."""
        return list(self._by_name)

    def named(self) -> Iterator[tuple[list[str], S]]:
        """Yields each section with its names."""
        for section in self._sections:
            yield [name for name, found in self._by_name.items() if found is section], section

    def name(self, child: object) -> str | None:
        """Returns the first name that was given to a section; None if it is no child."""
        return next((name for name, found in self._by_name.items() if found is child), None)

    def __getitem__(self, item: int | str) -> S:
        """Returns a section by name, or by its ordinal (from 1 on)."""
        if not is_a(item, (int, str)):
            raise TypeError("Index has to be an integer or a string.")
        return self._by_name[str(item)]

    def __contains__(self, item: object) -> bool:
        return item in self._by_name or any(item is section for section in self._sections)

    def __iter__(self) -> Iterator[S]:
        return iter(self._sections)

    def __len__(self) -> int:
        return len(self._sections)

    def __repr__(self) -> str:
        shown = {self.name(section): section for section in self._sections}
        count = f"{len(self)} child{'' if len(self) == 1 else 'ren'}"
        return f"<{count}{f': {shown}' if shown else ''}>"


class Branch(Protocol):
    """A section as its shape in a tree."""

    @property
    def n(self) -> int:
        """Number of compartments."""
        ...

    @property
    def is_point(self) -> bool:
        """Whether it is a soma."""
        ...

    @property
    def children(self) -> Branches:
        """The sections behind it."""
        ...


class Branches(Protocol):
    """The sections behind another one."""

    def __iter__(self) -> Iterator[Branch]:
        """Yields them in the order of their creation."""
        ...

    def name(self, child: object) -> str | None:
        """Returns the first name that was given to a section."""
        ...


class Cable(Protocol):
    """A section as compartments in a row."""

    @property
    def n(self) -> int:
        """Number of compartments."""
        ...

    @property
    def length(self) -> Quantity:
        """Length of each compartment."""
        ...

    def first_index(self) -> int:
        """Returns the number of the first compartment in the whole tree."""
        ...


@public_in("ranvier.spatialneuron.morphology")
class Topology:
    """A morphology as text.

    Args:
        morphology: The tree.
    """

    def __init__(self, morphology: Branch) -> None:
        self._text = "".join(_lines(morphology, 0, ""))

    def __str__(self) -> str:
        return self._text

    __repr__ = __str__


def _lines(section: Branch, indent: int, name: str) -> Iterator[str]:
    body = "( )" if section.is_point else f"{'-' * section.n}|"
    yield f"{' ' * indent}{'`' if name else ''}{body}  {name or '[root] '}\n"
    inner = indent + (section.n if name or body != "( )" else 1) + 2
    for child in section.children:
        yield from _lines(child, inner, f"{name}.{section.children.name(child)}")


# ---------------------------------------------------------------------- compartments of a section


def is_length(value: object) -> bool:
    """Tells whether a value is a length."""
    return isinstance(value, Quantity) and get_dimensions(value) is meter.dim


def compartment_range(section: Cable, item: Any) -> tuple[int, int]:
    """Returns the compartments of a section that an index means: the first, and one past the last.

    Args:
        section: The section.
        item: A number, a distance from the section's start, or a slice of either.

    Raises:
        IndexError: If there is no such compartment.
        TypeError: If it is no such index.
    """
    if isinstance(item, slice):
        return _slice_range(section, cast(AnySlice, item))
    if is_length(item) and np.ndim(item) == 0:
        k = _compartment_at(section, item)
    elif isinstance(item, (int, np.integer)):
        number = int(cast(int, item))
        k = number + section.n if number < 0 else number
        if not 0 <= k < section.n:
            raise IndexError(f"Invalid index {item} for {section.n} compartments")
    else:
        raise TypeError(f"Index of type {type(item)} not understood")
    return k, k + 1


def _slice_range(section: Cable, item: AnySlice) -> tuple[int, int]:
    if item.step is not None:
        raise TypeError("Cannot provide a step argument when slicing a morphology")
    ends = [k for k in (item.start, item.stop) if k is not None]
    if all(isinstance(k, (int, np.integer)) for k in ends):
        start, stop, _ = item.indices(section.n)
    elif all(is_length(k) and np.ndim(k) == 0 for k in ends):
        borders = _borders(section)
        start = 0 if item.start is None else _compartment_from(borders, float(item.start))
        stop = section.n if item.stop is None else _compartment_after(borders, float(item.stop))
    else:
        raise TypeError("Index slice has to use lengths or integers")
    return start, max(start, stop)


def _borders(section: Cable) -> Array:
    """Distances from the start of a section to the borders of its compartments, n + 1 numbers in metres."""
    return np.concatenate([[0.0], np.cumsum(np.asarray(section.length))])


def _compartment_from(borders: Array, distance: float) -> int:
    """Returns the compartment in which a distance lies, on a border the one that begins there."""
    slack = SNAP * float(borders[-1])
    return min(max(int((borders <= distance + slack).sum()) - 1, 0), len(borders) - 1)


def _compartment_after(borders: Array, distance: float) -> int:
    """Returns the first compartment that does not begin before a distance."""
    slack = SNAP * float(borders[-1])
    return int((borders[:-1] < distance - slack).sum())


def _compartment_at(section: Cable, distance: Any) -> int:
    borders = _borders(section)
    value, slack = float(distance), SNAP * borders[-1]
    if not -slack <= value <= borders[-1] + slack:
        total = quantity(borders[-1], meter.dim)
        raise IndexError(f"Invalid index {distance}, has to be in the interval [0. m, {total}].")
    return min(_compartment_from(borders, value), section.n - 1)


class MorphologyIndices:
    """`section.indices[...]`: numbers of compartments in the whole tree.

    Args:
        section: The section, or some compartments of one.
    """

    def __init__(self, section: Cable | SubMorphology) -> None:
        self._section = section

    def __getitem__(self, item: object) -> Any:
        """Returns one number for a single compartment, an array of them for a slice."""
        section = self._section
        if isinstance(section, SubMorphology):
            if not (isinstance(item, slice) and item == slice(None)):
                raise TypeError("Some compartments of a section give all their numbers at once: write indices[:].")
            return np.arange(section.first, section.first + section.n)
        start, stop = compartment_range(section, item)
        first = section.first_index()
        return np.arange(first + start, first + stop) if isinstance(item, slice) else first + start


@runtime_checkable
class HasMorphology(Protocol):
    """Something with a tree of compartments, or several."""

    @property
    def morphologies(self) -> Sequence[object]:
        """The tree of each cell."""
        ...

    def places_of(self, numbers: Array, group: object) -> Array:
        """Returns the numbers that compartments of a tree have in the cells of a group."""
        ...


@public_in("ranvier.spatialneuron.morphology")
class SubMorphology:
    """Some consecutive compartments of a section, with the same properties as the section.

    Args:
        section: The section.
        start: The first compartment.
        stop: One past the last.

    Attributes:
        first: The number of the first compartment in the whole tree.
        n: Number of compartments.
    """

    OF_COMPARTMENTS = frozenset(
        "length diameter start_diameter end_diameter area volume distance r_length_1 r_length_2".split()
    ).union(f"{place}{axis}" for place in ("", "start_", "end_") for axis in "xyz")

    def __init__(self, section: Cable, start: int, stop: int) -> None:
        self._section = section
        self._slice = slice(start, stop)
        self.first = section.first_index() + start
        self.n = stop - start

    @property
    def indices(self) -> MorphologyIndices:
        """Numbers of the compartments in the whole tree."""
        return MorphologyIndices(self)

    def element_indices(self, group: Any) -> Array:
        """Returns the numbers that the compartments have in a neuron or a part of one, without dimension for one alone.

        Raises:
            IndexError: If they are not in that part.
            TypeError: If the group has no morphology.
        """
        holder = group.holder()
        if not isinstance(holder, HasMorphology):
            raise TypeError(f"'{group.name}' has no morphology: compartments cannot be an index of it.")
        places = holder.places_of(np.arange(self.first, self.first + self.n), group)
        return places[0] if places.size == 1 else places

    def __getattr__(self, name: str) -> Any:
        if name.removesuffix("_") not in self.OF_COMPARTMENTS:
            raise AttributeError(f"Compartments of a section have no attribute '{name}'")
        values = getattr(self._section, name)
        return None if values is None else values[self._slice]

    def __len__(self) -> int:
        return self.n

    def __repr__(self) -> str:
        return f"<compartments {self._slice.start} to {self._slice.stop} of {self._section!r}>"
