"""Morphologies from reconstructions: lists of points, SWC files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ranvier.objects.memory.arrays import Array
from ranvier.objects.morphology.morphology import Morphology, in_metres
from ranvier.objects.morphology.sections import Section, Soma
from ranvier.session.logger import get_logger

logger = get_logger("ranvier.spatialneuron.morphology")

SWC_TYPES = {1: "soma", 2: "axon", 3: "dend", 4: "apic"}
"""Names of the types of points in SWC files; others have none."""

COLUMNS = 7
MICRO = 1e-6

SOMA_TOLERANCE = 0.1 * MICRO
"""How far the second and third point of a soma may be off the sphere, in metres: 0.1 micrometres, as in Brian."""


@dataclass(eq=False)
class Point:
    """A point of a reconstruction, in metres."""

    index: int
    name: str | None
    position: Array
    diameter: float
    parent: Point | None = None
    children: list[Point] = field(default_factory=list["Point"])


def points_of_swc(path: Path) -> list[tuple[object, ...]]:
    """Returns the points of an SWC file, as `Morphology.from_points` takes them.

    Raises:
        ValueError: If a line cannot be understood.
    """
    points: list[tuple[object, ...]] = []
    for number, line in enumerate(path.read_text(encoding="utf-8-sig", errors="replace").splitlines(), start=1):
        entries = line.partition("#")[0].split()
        if not entries:
            continue
        if len(entries) != COLUMNS:
            raise ValueError(
                f"Each line of an SWC file has to contain {COLUMNS} space-separated entries, but line {number} of "
                f"{path.name} contains {len(entries)}."
            )
        try:
            index, kind, parent = (int(entries[k]) for k in (0, 1, 6))
            x, y, z, radius = (float(entries[k]) for k in (2, 3, 4, 5))
        except ValueError as error:
            raise ValueError(f"Line {number} of {path.name} cannot be read: {error}.") from None
        points.append((index, SWC_TYPES.get(kind), x, y, z, 2 * radius, parent))
    if not points:
        raise ValueError(f"The file {path.name} contains no points.")
    return points


def morphology_of(points: Sequence[Sequence[object]], spherical_soma: bool) -> Morphology:
    """Returns the morphology that points describe; see `Morphology.from_points`."""
    linked = _linked(points)
    if spherical_soma:
        linked = _with_one_soma_point(linked)
    count = sum(point.name == "soma" for point in linked)
    if count > 1:
        logger.warn(
            f"Found {count} soma compartments. If you have a 3-point soma, make sure it is at the beginning.",
            "soma_compartments",
        )
    run = _run(linked[0])
    root = _root(run, spherical_soma)
    todo = [(root, run[-1])]
    while todo:
        section, last = todo.pop()
        for child, names in zip(last.children, _names(last.children), strict=True):
            run = _run(child)
            new = _section(run, last, spherical_soma)
            section.attach(new, names)
            todo.append((new, run[-1]))
    return root


def _linked(points: Sequence[Sequence[Any]]) -> list[Point]:
    """Returns the points, each with its parent and children."""
    found: dict[int, Point] = {}
    for entries in points:
        if len(entries) != COLUMNS:
            raise ValueError(f"Each point needs to be described by {COLUMNS} values, got {len(entries)} instead.")
        index, name, x, y, z, diameter, above = entries
        point = Point(index, name, np.array([x, y, z], dtype=float) * MICRO, diameter * MICRO)
        if not (np.isfinite(point.position).all() and 0 <= point.diameter < np.inf):
            raise ValueError(
                f"Point {index} of the morphology is at ({x}, {y}, {z}) and has the diameter {diameter}: coordinates "
                "have to be finite, diameters finite and not negative."
            )
        if index in found:
            raise ValueError(f"Two compartments with index {index}")
        if found or above != -1:
            parent = found.get(above)
            if parent is None:
                raise ValueError(
                    f"Did not find the compartment {above} (parent compartment of compartment {index}). Make sure "
                    "that parent compartments are listed before their children."
                )
            point.parent = parent
            parent.children.append(point)
        found[index] = point
    if not found:
        raise ValueError("A morphology needs at least one point.")
    return list(found.values())


def _with_one_soma_point(points: list[Point]) -> list[Point]:
    """Replaces a soma of three points (a centre and two at its surface) by the centre."""
    centre, *surface = points[:3]
    is_soma = len(surface) == 2 and all(point.name == "soma" for point in points[:3])
    if not is_soma or any(point.parent is not centre for point in surface):
        return points
    if len({point.diameter for point in points[:3]}) > 1:
        raise ValueError(
            "Cannot replace '3-point-soma' by a single point, not all the diameters are identical: "
            + ", ".join(f"point {point.index} has {point.diameter / MICRO:g}um" for point in points[:3])
            + ". Give all three the diameter of the soma."
        )
    radius = centre.diameter / 2
    distances = [float(np.linalg.norm(point.position - centre.position)) for point in surface]
    if any(abs(distance - radius) > SOMA_TOLERANCE for distance in distances):
        shown = " and ".join(f"{distance / MICRO:.3f}um" for distance in distances)
        raise ValueError(
            "Cannot replace '3-point-soma' by a single point, the second and third points should be positioned one "
            f"radius away from the first point. Distances are {shown}, respectively, while the radius is "
            f"{radius / MICRO:.3f}um."
        )
    centre.children = [point for point in centre.children if point not in surface]
    for point in surface:
        for child in point.children:
            child.parent = centre
            centre.children.append(child)
    return [centre, *points[3:]]


def _run(point: Point) -> list[Point]:
    """Returns the points of a section: from `point` on as long as neither branches nor type changes."""
    run = [point]
    while len(point.children) == 1 and point.children[0].name == point.name:
        point = point.children[0]
        run.append(point)
    return run


def _is_sphere(run: Sequence[Point], spherical_soma: bool) -> bool:
    return spherical_soma and len(run) == 1 and run[0].name == "soma"


def _root(run: Sequence[Point], spherical_soma: bool) -> Morphology:
    if _is_sphere(run, spherical_soma):
        return _soma(run[0], run[0].position)
    if len(run) < 2:
        raise ValueError(
            f"The first section of a morphology needs at least two points, but point {run[0].index} is followed by "
            "a branch, by points of another type, or by nothing. Only a soma of one point can stand alone (with "
            "spherical_soma=True)."
        )
    return _cones(run, [point.position for point in run], [point.diameter for point in run])


def _section(run: Sequence[Point], last: Point, spherical_soma: bool) -> Morphology:
    """Returns the section of some points behind the point `last` of another section."""
    if _is_sphere(run, spherical_soma):
        return _soma(run[0], run[0].position - last.position)
    leaves_soma = last.name == "soma" and run[0].name != "soma"
    first = run[0].diameter if leaves_soma else last.diameter  # a dendrite is not as thick as the soma it starts at
    positions = [np.zeros(3), *(point.position - last.position for point in run)]
    return _cones(run, positions, [first, *(point.diameter for point in run)])


def _soma(point: Point, position: Array) -> Soma:
    return Soma(in_metres(point.diameter), *in_metres(position), type=point.name)


def _cones(run: Sequence[Point], positions: Iterable[Array], diameters: Sequence[float]) -> Section:
    columns = in_metres(np.transpose([*positions]))
    return Section(in_metres(diameters), len(diameters) - 1, None, *columns, type=run[0].name)


def _names(children: Sequence[Point]) -> Iterator[list[str]]:
    """Returns the names of sections: by type, numbered from the second on, and "L" and "R" where there are at most
    two.
    """
    counts: dict[str, int] = {}
    for k, child in enumerate(children):
        names: list[str] = []
        if child.name is not None:
            kind = str(child.name)
            counts[kind] = counts.get(kind, 0) + 1
            names.append(kind if counts[kind] == 1 else f"{kind}{counts[kind]}")
        if len(children) <= 2:
            names.append("LR"[k])
        yield names
