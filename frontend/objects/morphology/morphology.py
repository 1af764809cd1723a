"""The shape of a neuron: a tree of sections, each a sequence of compartments."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from ranvier.objects.morphology.views import (
    COMPONENTS,
    Array,
    Children,
    MorphologyIndices,
    SubMorphology,
    Topology,
    check_settable,
    compartment_range,
)
from ranvier.public import public
from ranvier.public.argument_names import explains_arguments
from ranvier.session.given import is_a, is_text
from ranvier.units import meter
from ranvier.units.quantity import Quantity, quantity

JOINED = frozenset("LR123456789")
"""Names made of these characters may be joined: `m.LL2` is `m.L.L['2']`."""

AMBIGUOUS = (
    "The 'length' of a Morphology is ambiguous, use its 'n' attribute for the number of compartments in this section "
    "or the 'total_compartments' attribute for the total number of compartments in the whole sub-tree."
)


def in_metres(values: object) -> Quantity:
    """Returns values with the unit metre."""
    return quantity(np.array(values), meter.dim)


@public
class Morphology:
    """One section of a neuron, with the sections that branch off at its end: base of `Soma`, `Cylinder`, `Section`.

    Sections are added as attributes or items, `m.axon = Cylinder(...)`, `m["axon"] = ...`, and reached the same way;
    all but the first know their `parent`.

    Attributes:
        type: What the section is ("soma", "axon", ...), or None.
    """

    type: Any
    _n: int
    _relative: Array | None
    """Coordinates in metres of the n + 1 ends of compartments, relative to the end of the parent; None if unknown."""

    def __new__(cls, *args: Any, **kwds: Any) -> Self:
        if cls is Morphology:
            raise TypeError(
                "A Morphology is made of sections: create a Soma, Cylinder or Section, or use Morphology.from_file."
            )
        return super().__new__(cls)

    def __init__(self, n: int, type: str | None = None) -> None:
        if is_text(n) or int(n) != n:
            raise TypeError(f"The number of compartments n has to be a whole number, not {n!r}.")
        if n < 1:
            raise ValueError("The number of compartments n has to be at least 1.")
        self._n = int(n)
        self._parent: Morphology | None = None
        self._children: Children[Morphology] = Children()
        self.type = type

    # ------------------------------------------------------------------ what sections have

    _length: Array
    """Length in metres of each compartment."""
    _path: float
    """What the section adds to the distance of what follows it, in metres."""

    def _geometry(self) -> dict[str, Array]:
        """Returns area, volume, diameter, r_length_1 and r_length_2 in SI units."""
        raise NotImplementedError

    def copy_section(self) -> Morphology:
        """Returns a copy of this section alone."""
        raise NotImplementedError

    # ------------------------------------------------------------------ geometry

    @property
    def n(self) -> int:
        """Number of compartments of this section."""
        return self._n

    @property
    def length(self) -> Quantity:
        """Length of each compartment."""
        return in_metres(self._length)

    @property
    def diameter(self) -> Quantity:
        """Diameter in the middle of each compartment."""
        return in_metres(self._geometry()["diameter"])

    @property
    def area(self) -> Quantity:
        """Membrane area of each compartment."""
        return quantity(self._geometry()["area"], (meter**2).dim)

    @property
    def volume(self) -> Quantity:
        """Volume of each compartment."""
        return quantity(self._geometry()["volume"], (meter**3).dim)

    @property
    def r_length_1(self) -> Quantity:
        """Cross-section by length between start and middle of each compartment: axial conductance times Ri."""
        return in_metres(self._geometry()["r_length_1"])

    @property
    def r_length_2(self) -> Quantity:
        """The same between middle and end."""
        return in_metres(self._geometry()["r_length_2"])

    @property
    def distance(self) -> Quantity:
        """Distance along the tree from the root (from the soma, where it is one) to the middle of each compartment."""
        return in_metres(self._distances())

    @property
    def end_distance(self) -> Quantity:
        """Distance along the tree to the end of this section."""
        return in_metres(self._end())

    def _end(self) -> float:
        return sum(section._path for section in reversed([*self._line()]))

    def _distances(self) -> Array:
        start = self._end() - self._path
        inner = self._length if self._path else np.zeros(self._n)
        return start + np.cumsum(inner) - inner / 2

    # ------------------------------------------------------------------ coordinates

    def _absolute(self) -> Array | None:
        points = self._relative
        for section in self._line():
            if section._relative is None or points is None:
                break
            points = points if section is self else points + section._relative[-1]
        return points

    @property
    def has_coordinates(self) -> bool:
        """Whether coordinates of this section are known."""
        return self._relative is not None

    @property
    def coordinates(self) -> Quantity | None:
        """Absolute coordinates of the ends of compartments, an array of n + 1 rows; None if they are not known."""
        points = self._absolute()
        return None if points is None else in_metres(points)

    @property
    def coordinates_(self) -> Array | None:
        """The same in metres, without unit."""
        return self._absolute()

    def _component(self, name: str) -> Array | None:
        """Values of x, start_x, end_x, ...: middle, start or end of each compartment."""
        points = self._absolute()
        if points is None:
            return None
        place, _, axis = name.rpartition("_")
        values = points[:, "xyz".index(axis)]
        return {"": (values[:-1] + values[1:]) / 2, "start": values[:-1], "end": values[1:]}[place]

    # ------------------------------------------------------------------ the tree

    @property
    def parent(self) -> Morphology | None:
        """The section at whose end this one begins."""
        return self._parent

    @property
    def children(self) -> Children[Morphology]:
        """The sections that branch off at the end of this one."""
        return self._children

    def _line(self) -> Iterator[Morphology]:
        """Yields this section, its parent, and so on to the root."""
        section: Morphology | None = self
        while section is not None:
            yield section
            section = section._parent

    def sections(self) -> Iterator[Morphology]:
        """Yields the sections of the subtree, each before its children, in the order of compartment numbers."""
        waiting: list[Morphology] = [self]
        while waiting:
            section = waiting.pop()
            yield section
            waiting += reversed([*section._children])

    @property
    def total_sections(self) -> int:
        """Number of sections of the subtree."""
        return sum(1 for _ in self.sections())

    @property
    def total_compartments(self) -> int:
        """Number of compartments of the subtree."""
        return sum(section.n for section in self.sections())

    @property
    def indices(self) -> MorphologyIndices:
        """Numbers of compartments in the whole tree: `m.axon.indices[:]`."""
        return MorphologyIndices(self)

    def first_index(self) -> int:
        """Returns the number in the whole tree of the first compartment of this section."""
        *_, root = self._line()
        before = itertools.takewhile(lambda section: section is not self, root.sections())
        return sum(section.n for section in before)

    def element_indices(self, group: object) -> Array:
        """Returns the numbers that the compartments of this section have in a neuron: the section as an index of it."""
        return self[:].element_indices(group)

    @property
    def is_point(self) -> bool:
        """Whether it has no length, as a soma."""
        return not self._path

    def topology(self) -> Topology:
        """Returns the tree as text: a sphere for a soma, as many dashes as compartments for other sections."""
        return Topology(self)

    def copy(self) -> Morphology:
        """Returns a copy of the subtree."""
        copies: dict[Morphology, Morphology] = {self: self.copy_section()}
        for section in self.sections():
            for names, child in section._children.named():
                copies[child] = child.copy_section()
                copies[section].attach(copies[child], names)
        return copies[self]

    # ------------------------------------------------------------------ access

    def _child(self, name: str) -> Morphology:
        found = self._children.find(name)
        if found is not None:
            return found
        if len(name) > 1 and JOINED.issuperset(name):
            return self._child(name[0])._child(name[1:])
        raise AttributeError(f"The subtree {name} does not exist")

    def __getitem__(self, item: object) -> Any:
        """Returns a section by name; compartments by number, distance from the section's start, or range of them."""
        if isinstance(item, str):
            return self._child(item)
        return SubMorphology(self, *compartment_range(self, item))

    def __setitem__(self, name: str, section: Morphology) -> None:
        if not is_a(section, Morphology):
            raise TypeError(
                f"A part of a morphology has to be a Soma, Cylinder or Section, not {type(section).__name__}."
            )
        if self._children.find(name) is not None:
            raise AttributeError(f"The name {name} is already used for a subtree.")
        if len(name) > 1 and JOINED.issuperset(name):
            self._child(name[0])[name[1:]] = section
        else:
            self.attach(section, [name])

    def attach(self, section: Morphology, names: Sequence[str]) -> None:
        """Puts a section behind this one, under some names (and its ordinal).

        Raises:
            ValueError: If it is a part of a morphology already.
        """
        if any(section is above for above in self._line()):
            raise ValueError("A section cannot be a part of itself: use copy_section() for a copy.")
        if section._parent is not None and section._parent is not self:
            raise ValueError(
                "The section is already a part of another morphology: use copy_section() for a copy of it."
            )
        section._parent = self
        self._children.add(section, names)

    def __delitem__(self, name: str) -> None:
        section = self._child(name)
        parent = section._parent
        assert parent is not None
        parent._children.remove(section)
        section._parent = None

    def __getattr__(self, name: str) -> Any:
        plain = name.removesuffix("_")
        if plain in COMPONENTS:
            values = self._component(plain)
            return values if values is None or plain != name else in_metres(values)
        if name.startswith("_"):
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")
        if plain != name and self._children.find(name) is None and plain in PLAIN:
            return np.asarray(getattr(self, plain))
        return self._child(name)

    def __setattr__(self, name: str, value: object) -> None:
        if isinstance(value, Morphology) and not name.startswith("_"):
            self[name] = value
            return
        check_settable(self, name)
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        if name in self.__dict__:
            object.__delattr__(self, name)
        else:
            del self[name]

    def __len__(self) -> int:
        raise TypeError(AMBIGUOUS)

    def __bool__(self) -> bool:
        return True

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *COMPONENTS, *(f"{k}_" for k in COMPONENTS), *self._children.names()})

    # ------------------------------------------------------------------ making morphologies

    @explains_arguments
    def generate_coordinates(
        self,
        section_randomness: float = 0.0,
        compartment_randomness: float = 0.0,
        overwrite_existing: bool = False,
    ) -> Morphology:
        """Returns a copy of the subtree with coordinates, so that it can be drawn; lengths stay as they are.

        Args:
            section_randomness: Mean angle (degrees) by which the direction of a section is turned at random.
            compartment_randomness: The same for each compartment of a section.
            overwrite_existing: Whether sections that have coordinates get new ones.
        """
        from ranvier.objects.morphology.coordinates import with_coordinates

        return with_coordinates(self, section_randomness, compartment_randomness, overwrite_existing)

    @staticmethod
    @explains_arguments
    def from_file(filename: str | Path, spherical_soma: bool = True) -> Morphology:
        """Reads a morphology from a file; the format is known by the name's ending, and has to be `.swc`.

        Args:
            filename: The file.
            spherical_soma: Whether a soma of a single point, or of three in the usual arrangement, is a sphere.

        Raises:
            NotImplementedError: If it is another format.
            ValueError: If the file cannot be understood.
        """
        if Path(filename).suffix.lower() != ".swc":
            raise NotImplementedError(f"{Path(filename).name}: the format has to be SWC, the name *.swc.")
        return Morphology.from_swc_file(filename, spherical_soma)

    @staticmethod
    @explains_arguments
    def from_swc_file(filename: str | Path, spherical_soma: bool = True) -> Morphology:
        """Reads a morphology from an SWC file; see `from_file`."""
        from ranvier.objects.morphology.files import points_of_swc

        return Morphology.from_points(points_of_swc(Path(filename)), spherical_soma)

    @staticmethod
    @explains_arguments
    def from_points(points: Sequence[Sequence[object]], spherical_soma: bool = True) -> Morphology:
        """Makes a morphology of points.

        Args:
            points: (index, name, x, y, z, diameter, parent) each, in micrometres; the parent of the root is -1.
            spherical_soma: Whether a soma of a single point, or of three in the usual arrangement, is a sphere.

        Raises:
            ValueError: If the points are no tree, or a section has no length.
        """
        from ranvier.objects.morphology.files import morphology_of

        return morphology_of(points, spherical_soma)


PLAIN = frozenset(
    "length diameter start_diameter end_diameter area volume distance end_distance r_length_1 r_length_2".split()
)
"""Further attributes that give plain numbers with `_`."""

__all__ = ["Morphology", "in_metres"]
