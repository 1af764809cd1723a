"""Coordinates for morphologies that have none, so that they can be drawn."""

from __future__ import annotations

import math

import numpy as np

from ranvier.objects.memory.arrays import Array
from ranvier.objects.morphology.morphology import Morphology, in_metres
from ranvier.objects.morphology.sections import Cylinder, Section, Soma

UP, OUT = np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0])


def with_coordinates(
    root: Morphology, section_randomness: float, compartment_randomness: float, overwrite: bool
) -> Morphology:
    """Returns a copy of a subtree with coordinates; see `Morphology.generate_coordinates`.

    The sections at a soma are spread over the circle, clockwise from below, and start at its surface; those at the end
    of another section are spread over the half circle ahead of it, from left to right; a root that is no soma points
    upwards.
    """
    new = _placed(root, UP, 0.0, compartment_randomness, overwrite)
    todo = [(root, new, UP)]
    while todo:
        section, copy, direction = todo.pop()
        children = [*section.children.named()]
        for k, (names, child) in enumerate(children):
            ahead = _turned_at_random(_direction(section, direction, k, len(children)), section_randomness)
            radius = section.diameter_[0] / 2 if isinstance(section, Soma) else 0.0
            placed = _placed(child, ahead, float(radius), compartment_randomness, overwrite)
            copy.attach(placed, names)
            todo.append((child, placed, _own_direction(placed, ahead)))
    return new


def _direction(parent: Morphology, direction: Array, k: int, count: int) -> Array:
    if isinstance(parent, Soma):
        return _turned(-UP, -360.0 * k / count)
    return _turned(direction, 90.0 - 180.0 * (k + 1) / (count + 1))


def _side(direction: Array) -> Array:
    """Returns a unit vector to the left of a direction, seen from above the plane of drawing."""
    left = np.cross(OUT, direction)
    length = np.linalg.norm(left)
    return left / length if length > 1e-9 else UP


def _turned(direction: Array, degrees: float, side: Array | None = None) -> Array:
    """Returns a unit vector turned by an angle towards a side, by default to the left."""
    angle = math.radians(degrees)
    side = _side(direction) if side is None else side
    return math.cos(angle) * direction + math.sin(angle) * side


def _turned_at_random(direction: Array, mean_degrees: float) -> Array:
    """Returns a unit vector turned by an angle with an exponential distribution, to any side."""
    if mean_degrees <= 0:
        return direction
    around = np.random.uniform(0, 2 * math.pi)
    left = _side(direction)
    side = math.cos(around) * left + math.sin(around) * np.cross(direction, left)
    return _turned(direction, np.random.exponential(mean_degrees), side)


def _own_direction(section: Morphology, otherwise: Array) -> Array:
    points = section.coordinates_
    assert points is not None
    way = points[-1] - points[0]
    length = np.linalg.norm(way)
    return way / length if length > 0 else otherwise


def _placed(section: Morphology, direction: Array, gap: float, randomness: float, overwrite: bool) -> Morphology:
    """Returns a copy of one section with coordinates, starting `gap` from the end of its parent."""
    if section.has_coordinates and not overwrite:
        return section.copy_section()
    if isinstance(section, Soma):
        return Soma(in_metres(section.diameter_[0]), *in_metres(np.zeros(3)), type=section.type)
    assert isinstance(section, Section)
    steps = [_turned_at_random(direction, randomness) * length for length in section.length_]
    points = direction * gap + np.concatenate([np.zeros((1, 3)), np.cumsum(steps, axis=0)])
    if isinstance(section, Cylinder) and randomness <= 0:
        ends = in_metres(points[[0, -1]].T)
        return Cylinder(in_metres(section.diameter_[0]), section.n, None, *ends, type=section.type)
    diameters = np.append(section.start_diameter_, section.end_diameter_[-1])
    return Section(in_metres(diameters), section.n, None, *in_metres(points.T), type=section.type)
