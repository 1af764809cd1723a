"""Parts of neurons with compartments: sections of a cell, cells, and the same section of several cells."""

from __future__ import annotations

import operator
from collections import ChainMap
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol, SupportsIndex, cast

import numpy as np

from ranvier.equations.source import one_of
from ranvier.objects.groups.brianobject import BrianObject
from ranvier.objects.groups.group import Group, VariableOwner
from ranvier.objects.groups.subgroup import Subgroup, to_start_stop
from ranvier.objects.memory.arrays import Array
from ranvier.objects.memory.new_storage import index_storage
from ranvier.objects.morphology.morphology import Morphology
from ranvier.objects.morphology.views import AnySlice, SubMorphology, is_length
from ranvier.objects.variables.from_equations import add_index_variables
from ranvier.objects.variables.indexing import Indexing
from ranvier.objects.variables.variables import ElementOwner, Owner, Reference, Variable, Way
from ranvier.public import public_in
from ranvier.session.namespaces import held_namespace


class Cellular(ElementOwner, Protocol):
    """A group of cells with compartments."""

    @property
    def morphologies(self) -> Sequence[Morphology]:
        """The morphology of each cell."""
        ...

    @property
    def starts(self) -> Array:
        """The first compartment of each cell, and one past the last of all."""
        ...

    def holder(self) -> BrianObject:
        """Returns the whole group, as the object that goes into a network."""
        ...

    def part(self, section: Morphology, *, alone: bool = False, cell: int = 0) -> SpatialSubgroup:
        """Returns the compartments of a section of a cell."""
        ...

    def extent_of(self, section: Morphology, cell: int, *, alone: bool = False) -> tuple[int, int]:
        """Returns the first compartment of a section of a cell, and one past the last."""
        ...


@public_in("ranvier.spatialneuron.spatialneuron")
class SpatialSubgroup(Subgroup):
    """The compartments of a section and those behind it.

    Args:
        source: The neuron.
        start: The first compartment.
        stop: One past the last.
        section: The section, in the morphology of the cell.
        cell: The number of the cell.

    Attributes:
        section: The section.
    """

    section: Morphology
    _cell: int

    def __init__(self, source: Cellular, start: int, stop: int, section: Morphology, cell: int = 0) -> None:
        object.__setattr__(self, "section", section)
        object.__setattr__(self, "_cell", cell)
        super().__init__(source, start, stop)

    @property
    def main(self) -> SpatialSubgroup:
        """The compartments of the section alone."""
        return self.source.part(self.section, alone=True, cell=self._cell)

    def __getattr__(self, name: str) -> Any:
        section = child_of(self.__dict__.get("section"), self, name)
        if section is not None:
            return self.source.part(section, cell=self._cell)
        try:
            return super().__getattr__(name)
        except AttributeError as error:
            raise with_sections(error, self.__dict__.get("section"), name) from None

    def __getitem__(self, item: object) -> Subgroup:
        return selected(self, self.source, self.section, self._cell, item) or super().__getitem__(item)

    def __repr__(self) -> str:
        return f"<SpatialSubgroup '{self.name}' of '{self.source.name}' from {self.start} to {self.stop}>"


def with_sections(error: AttributeError, section: Morphology | None, name: str) -> AttributeError:
    """Returns an error about an unknown name that says which sections there are, if it proposes nothing yet."""
    if section is None or name.startswith("_") or "Did you mean" in str(error):
        return error
    known = [*filter(str.isidentifier, section.children.names()), "main"]
    hint = one_of(known, name) or f" Its sections are {', '.join(known)}."
    return AttributeError(f"{error}.{hint}")


def child_of(section: Morphology | None, group: object, name: str) -> Morphology | None:
    """Returns the section behind another one that a name means, unless it means a variable; None if nothing."""
    if section is None or name.startswith("_") or name in group.__dict__.get("variables", ()):
        return None
    try:
        return section[name]
    except AttributeError:
        return None


def selected(group: Owner, neuron: Cellular, section: Morphology, cell: int, item: object) -> Subgroup | None:
    """Returns the part of a cell that a part of a morphology, or lengths in a section, mean; else None."""
    first = int(neuron.starts[cell])
    if isinstance(item, (Morphology, SubMorphology)):
        part = item if isinstance(item, SubMorphology) else cast(SubMorphology, item[:])
        numbers = first + np.arange(part.first, part.first + part.n)
        if part.n and numbers[-1] >= neuron.starts[cell + 1]:
            raise IndexError(f"The compartments {numbers[0]} to {numbers[-1]} are not in '{group.name}'.")
    elif isinstance(item, Subgroup):
        numbers: Array = item.element_indices(neuron)
    elif has_lengths(item):
        numbers = first + section[item].indices[:]
    else:
        return None
    if not numbers.size:
        raise IndexError(f"There are no compartments of '{group.name}' in this range.")
    return Subgroup(neuron, int(numbers[0]), int(numbers[-1]) + 1)


def has_lengths(item: object) -> bool:
    """Tells whether an index is a length, or a slice of them."""
    if isinstance(item, slice):
        ends = cast("slice[object, object, object]", item)
        return is_length(ends.start) or is_length(ends.stop)
    return is_length(item)


# ---------------------------------------------------------------------- cells


class Cells:
    """`neuron.cell`: the cells of a group, by number or slice.

    Args:
        neuron: The group.
    """

    def __init__(self, neuron: Cellular) -> None:
        self._neuron = neuron

    def __len__(self) -> int:
        return len(self._neuron.morphologies)

    def __getitem__(self, item: object) -> Subgroup:
        """Returns the compartments of a cell, or of several that follow each other."""
        neuron, count = self._neuron, len(self)
        if isinstance(item, slice):
            first, last, step = cast(AnySlice, item).indices(count)
            if step != 1 or first >= last:
                raise IndexError(f"A slice of the cells of '{neuron.name}' has at least one cell, and steps of 1.")
            return SpatialCells(neuron, first, last)
        try:
            number = operator.index(cast(SupportsIndex, item))
        except TypeError:
            raise TypeError(f"The cells of '{neuron.name}' are taken by number or slice, not by {item!r}.") from None
        if not -count <= number < count:
            raise IndexError(f"'{neuron.name}' has {count} cells, numbered from 0: there is no cell {number}.")
        number %= count
        return neuron.part(neuron.morphologies[number], cell=number)

    def __iter__(self) -> Iterator[Subgroup]:
        return (self[k] for k in range(len(self)))

    def __repr__(self) -> str:
        return f"<{len(self)} cells of '{self._neuron.name}'>"


class SpatialCells(Subgroup):
    """Several cells of a group, with the sections that they have.

    Args:
        source: The group.
        first: The first cell.
        last: One past the last.
    """

    _cells: range

    def __init__(self, source: Cellular, first: int, last: int) -> None:
        object.__setattr__(self, "_cells", range(first, last))
        super().__init__(source, int(source.starts[first]), int(source.starts[last]))

    @property
    def main(self) -> Compartments:
        """The compartments of the first section of each cell, alone."""
        return main_of(self.source, self._cells)

    def __getattr__(self, name: str) -> Any:
        cells = self.__dict__.get("_cells")
        if cells is not None and not name.startswith("_") and name not in self.__dict__.get("variables", ()):
            found = section_of(self.source, cells, name)
            if found is not None:
                return found
        return super().__getattr__(name)

    def __getitem__(self, item: object) -> Any:
        return chosen(self, self.source, self._cells, item) or super().__getitem__(item)

    def __repr__(self) -> str:
        return f"<cells {self._cells.start} to {self._cells.stop} of '{self.source.name}'>"


# ---------------------------------------------------------------------- the same section of several cells


class Piece(NamedTuple):
    """Consecutive compartments of a cell: those of a section and what is behind it, or any others."""

    cell: int
    start: int
    stop: int
    section: Morphology | None = None


class Compartments(VariableOwner):
    """Compartments of several cells, such as those of the axon of each: it reads and writes their variables.

    It stands for these compartments as an index, too (`record=neuron.axon`, `connect(j=neuron.axon)`).

    Args:
        source: The group.
        pieces: Those of each cell.
    """

    def __init__(self, source: Cellular, pieces: Sequence[Piece]) -> None:
        self._name = f"{source.name}_compartments"
        self._clock = source.clock
        self.source = source
        self.namespace = held_namespace(source.namespace)
        self._pieces = pieces
        self.numbers: Array = np.concatenate([np.arange(piece.start, piece.stop) for piece in pieces])
        self._way = Way(index=index_storage(self.numbers, f"{self._name}.i"))
        self._own: dict[str, Variable] = {}
        self.variables = ChainMap(self._own, source.variables)
        add_index_variables(self, self.numbers.size)
        self._fix_attributes()

    def reference(self, name: str) -> Reference | None:
        """Returns what a name stands for: own `i` and `N`, otherwise what it means in the whole group."""
        if name in self._own:
            return Reference(self._own[name], self)
        target: Reference | None = self.source.reference(name)
        return None if target is None else Reference(target.variable, target.owner, self._way.then(target.way))

    def holder(self) -> BrianObject:
        """Returns the whole group."""
        return self.source.holder()

    @property
    def indices(self) -> Indexing:
        """Numbers of the compartments in the whole group."""
        return _NumbersOf(self)

    def element_indices(self, group: object) -> Array:
        """Returns the numbers that the compartments have in a group: this object as an index of it.

        Raises:
            TypeError: If they are no part of that group.
        """
        if group is self:
            return np.arange(self.numbers.size)
        if group is self.source:
            return self.numbers
        raise TypeError(
            f"These compartments can be an index of '{self.source.name}' itself, not of its parts or of other groups."
        )

    @property
    def main(self) -> Compartments:
        """The compartments of the section of each cell, alone."""
        sections = [(piece.cell, piece.section) for piece in self._pieces if piece.section is not None]
        return Compartments(self.source, [_piece(self.source, cell, k, alone=True) for cell, k in sections])

    def __getattr__(self, name: str) -> Any:
        pieces: Sequence[Piece] = self.__dict__.get("_pieces", ())
        if not name.startswith("_") and name not in self.__dict__.get("variables", ()):
            below = [(piece.cell, child_of(piece.section, self, name)) for piece in pieces]
            found = [_piece(self.source, cell, child) for cell, child in below if child is not None]
            if found:
                return Compartments(self.source, found)
        return super().__getattr__(name)

    def __getitem__(self, item: object) -> Compartments:
        """Returns those of each cell that a number, a length or a slice means, counted from where its part begins."""
        found: list[Piece] = []
        for cell, start, stop, section in self._pieces:
            if has_lengths(item):
                if section is None:
                    raise TypeError("Lengths choose compartments of a section: neuron.axon[10*um:50*um].")
                numbers = section[item].indices[:] + int(self.source.starts[cell])
                if numbers.size:
                    found.append(Piece(cell, int(numbers[0]), int(numbers[-1]) + 1))
            else:
                first, last = to_start_stop(item, stop - start)
                found.append(Piece(cell, start + first, start + last))
        if not found:
            raise IndexError(f"There are no compartments of '{self.source.name}' in this range.")
        return Compartments(self.source, found)

    def __len__(self) -> int:
        return self.numbers.size

    def __repr__(self) -> str:
        return f"<{self.numbers.size} compartments of {len(self._pieces)} cells of '{self.source.name}'>"


class _NumbersOf(Indexing):
    group: Compartments

    def __getitem__(self, item: object) -> Array:
        return self.group.numbers[super().__getitem__(item)].astype(np.int32)


def _piece(neuron: Cellular, cell: int, section: Morphology, *, alone: bool = False) -> Piece:
    return Piece(cell, *neuron.extent_of(section, cell, alone=alone), section)


def main_of(neuron: Cellular, cells: range) -> Compartments:
    """Returns the compartments of the first section of some cells, without those behind it."""
    return Compartments(neuron, [_piece(neuron, cell, neuron.morphologies[cell], alone=True) for cell in cells])


def section_of(neuron: Cellular, cells: range, name: str) -> Compartments | None:
    """Returns the compartments of a section in those of some cells that have it; None if none has it."""
    found = {one: child_of(one, neuron, name) for one in dict.fromkeys(neuron.morphologies[k] for k in cells)}
    below = [(cell, found[neuron.morphologies[cell]]) for cell in cells]
    pieces = [_piece(neuron, cell, section) for cell, section in below if section is not None]
    return Compartments(neuron, pieces) if pieces else None


def chosen(group: Group, neuron: Cellular, cells: range, item: object) -> Compartments | Subgroup | None:
    """Returns the compartments of each cell that parts of a morphology, or lengths, mean; None for other indices."""
    if isinstance(item, Subgroup):
        numbers = item.element_indices(neuron)
        return Subgroup(neuron, int(numbers[0]), int(numbers[-1]) + 1)
    if isinstance(item, Compartments) and item.source is neuron:
        return item
    if has_lengths(item):
        roots = [_piece(neuron, cell, neuron.morphologies[cell], alone=True) for cell in cells]
        return Compartments(neuron, roots)[item]
    if isinstance(item, (Morphology, SubMorphology)):
        numbers = np.atleast_1d(item.element_indices(group)) + group.extent[0]
        inside: Array = np.searchsorted(neuron.starts, numbers, side="right") - 1
        groups = [numbers[inside == cell] for cell in cells]
        pieces = [Piece(cell, int(k[0]), int(k[-1]) + 1) for cell, k in zip(cells, groups, strict=True) if k.size]
        if not pieces:
            raise IndexError(f"There are no compartments of '{group.name}' in this range.")
        return Compartments(neuron, pieces)
    return None


__all__ = ["Cells", "Compartments", "SpatialCells", "SpatialSubgroup"]
