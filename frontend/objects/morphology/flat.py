"""A morphology as arrays over all its compartments, in their order."""

from __future__ import annotations

import numpy as np

from ranvier.objects.memory.arrays import Array
from ranvier.objects.morphology.morphology import Morphology
from ranvier.public import public_in

_COORDINATES = tuple(f"{place}{axis}" for place in ("", "start_", "end_") for axis in "xyz")


@public_in("ranvier.spatialneuron.spatialneuron")
class FlatMorphology:
    """The compartments of a morphology as arrays of plain numbers in SI units.

    Args:
        morphology: The morphology.

    Attributes:
        n: Number of compartments.
        sections: Number of sections.
        starts: The first compartment of each section.
        ends: The compartment after the last one of each section.
        depth: For each compartment, how many sections lie before its own.
        morph_parent_i: The parent of each section, numbered from 1; 0 for the first section.
        morph_children_num: The number of children of 0 (where the first section begins) and of each section.
        morph_children: These children, as many places for each as the largest of these numbers; 0 where there is none.
        morph_idxchild: The place of each section among the children of its parent.
        has_coordinates: Whether coordinates of any section are known.
        x, y, z: The middle of each compartment, metres; NaN in sections without coordinates, None if none has any.
        start_x, end_x: The same of its ends, as `start_y` and so on.
    """

    x: Array | None
    y: Array | None
    z: Array | None
    start_x: Array | None
    start_y: Array | None
    start_z: Array | None
    end_x: Array | None
    end_y: Array | None
    end_z: Array | None

    def __init__(self, morphology: Morphology) -> None:
        sections = list(morphology.sections())
        numbers = {id(section): number for number, section in enumerate(sections)}
        sizes = np.array([section.n for section in sections], dtype=np.int32)
        self.n = int(sizes.sum())
        self.sections = len(sections)
        self.ends = np.cumsum(sizes, dtype=np.int32)
        self.starts = self.ends - sizes
        parents = [_parent_number(section, morphology, numbers) for section in sections]
        self.morph_parent_i = np.array(parents, dtype=np.int32)
        depths = [0]
        for parent in parents[1:]:
            depths.append(depths[parent - 1] + 1)
        self.depth = np.repeat(np.array(depths, dtype=np.int32), sizes)
        self.morph_children_num, self.morph_children, self.morph_idxchild = _children(parents)
        self.length = _joined(sections, "length")
        self.diameter = _joined(sections, "diameter")
        self.area = _joined(sections, "area")
        self.volume = _joined(sections, "volume")
        self.distance = _joined(sections, "distance")
        self.end_distance = np.array([float(np.asarray(section.end_distance)) for section in sections])
        self.r_length_1 = _joined(sections, "r_length_1")
        self.r_length_2 = _joined(sections, "r_length_2")
        self.has_coordinates = any(section.has_coordinates for section in sections)
        for name in _COORDINATES:
            setattr(self, name, _joined(sections, name) if self.has_coordinates else None)


def _joined(sections: list[Morphology], name: str) -> Array:
    return np.concatenate([section_values(section, name) for section in sections])


def section_values(section: Morphology, name: str) -> Array:
    """Returns a value for each compartment of a section: NaN for coordinates of a section without any."""
    values = getattr(section, name)
    if values is None:
        return np.full(section.n, np.nan)
    return np.asarray(values, dtype=float).reshape(-1)


def _parent_number(section: Morphology, root: Morphology, numbers: dict[int, int]) -> int:
    return 0 if section is root or section.parent is None else numbers[id(section.parent)] + 1


def _children(parents: list[int]) -> tuple[Array, Array, Array]:
    children: list[list[int]] = [[] for _ in range(len(parents) + 1)]
    places: list[int] = []
    for number, above in enumerate(parents, start=1):
        places.append(len(children[above]))
        children[above].append(number)
    counts = np.array([len(below) for below in children])
    table = np.zeros((len(children), counts.max()), dtype=np.int32)
    for above, below in enumerate(children):
        table[above, : len(below)] = below
    return counts, table.reshape(-1), np.array(places, dtype=np.int32)
