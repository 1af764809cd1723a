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
    """

    def __init__(self, morphology: Morphology) -> None:
        sections = list(morphology.sections())
        numbers = {id(section): number for number, section in enumerate(sections)}
        sizes = np.array([section.n for section in sections])
        self.n = int(sizes.sum())
        self.sections = len(sections)
        self.ends = np.cumsum(sizes)
        self.starts = self.ends - sizes
        self.morph_parent_i = np.array([_parent_number(section, morphology, numbers) for section in sections])
        depths = [0]
        for parent in self.morph_parent_i[1:].tolist():
            depths.append(depths[parent - 1] + 1)
        self.depth = np.repeat(depths, sizes)
        self.length = _joined(sections, "length")
        self.diameter = _joined(sections, "diameter")
        self.area = _joined(sections, "area")
        self.volume = _joined(sections, "volume")
        self.distance = _joined(sections, "distance")
        self.end_distance = np.array([float(np.asarray(section.end_distance)) for section in sections])
        self.r_length_1 = _joined(sections, "r_length_1")
        self.r_length_2 = _joined(sections, "r_length_2")
        placed = morphology.has_coordinates
        for name in _COORDINATES:
            setattr(self, name, _joined(sections, name) if placed else None)


def _joined(sections: list[Morphology], name: str) -> Array:
    return np.concatenate([np.asarray(getattr(section, name), dtype=float).reshape(-1) for section in sections])


def _parent_number(section: Morphology, root: Morphology, numbers: dict[int, int]) -> int:
    return 0 if section is root or section.parent is None else numbers[id(section.parent)] + 1
