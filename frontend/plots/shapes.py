"""The shape of cells: in the plane, in space, as a tree of distances."""

from __future__ import annotations

from typing import Any

import numpy as np

from ranvier.exchange.optional import needed
from ranvier.objects.memory.arrays import Array
from ranvier.objects.morphology.morphology import Morphology
from ranvier.objects.morphology.sections import Section, Soma
from ranvier.objects.morphology.spatialneuron import SpatialNeuron
from ranvier.plots.axes import axes_in_space, axes_or_present, best_unit, in_best_unit, label, plain
from ranvier.public import public_in
from ranvier.public.argument_names import explains_arguments
from ranvier.units import meter
from ranvier.units.dimensions import Dimension

ROUND = np.linspace(0, 2 * np.pi, 33)
"""The angles of the corners of what stands for a circle."""

PLANES = {"xy": (0, 1), "xz": (0, 2), "yz": (1, 2)}
"""Plane → which coordinates are to the right and upwards."""

LONG = 5e-3
"""Metres from which on lengths are not drawn in micrometres."""

DRAWS = "the shape of a cell: a Morphology or a SpatialNeuron"


@public_in("ranvier.plots")
@explains_arguments
def morphology(
    cell: Any, values: object = None, *, dimensions: int = 2, plane: str = "xy", ax: Any = None, **style: Any
) -> Any:
    """Draws the shape of a cell, true to scale in the plane, or as lines in space.

    Sections without coordinates are laid out as `Morphology.generate_coordinates` does.

    Args:
        cell: A `Morphology`, or a `SpatialNeuron` whose cells have the same one.
        values: What colours the compartments: one value for each, or the name of a variable of the neuron.
        dimensions: 2 or 3.
        plane: Which plane is drawn: "xy", "xz" or "yz".
        ax: The axes; None for the present ones (in space, for new ones).
        style: What else `PolyCollection` or `Line3DCollection` of matplotlib takes.

    Returns:
        The axes.

    Raises:
        ValueError: If there is no such plane, or the number of values is not that of the compartments.
    """
    root = _root(cell, "morphology")
    if dimensions not in (2, 3):
        raise ValueError(f"'dimensions' of morphology() is 2 or 3, not {dimensions!r}.")
    if plane not in PLANES:
        raise ValueError(f'\'plane\' of morphology() is "xy", "xz" or "yz", not {plane!r}.')
    colours = None if values is None else _colours(cell, values, root)
    sections = [*root.generate_coordinates().sections()]
    points = np.concatenate([_points(section) for section in sections])
    factor, unit = _unit_of_lengths(np.ptp(points, axis=0))
    if colours is None:
        style = {"color": "0.3", **style}
    if dimensions == 3:
        ax = axes_in_space(ax)
        drawn = _lines_in_space(ax, sections, factor, style)
        ax.set(xlabel=label("x", unit), ylabel=label("y", unit), zlabel=label("z", unit))
        _leave_out_flat(ax)
    else:
        ax = axes_or_present(ax)
        right, up = PLANES[plane]
        drawn = _shapes_in_plane(ax, sections, factor, (right, up), style)
        ax.set(xlabel=label("xyz"[right], unit), ylabel=label("xyz"[up], unit))
    if colours is not None:
        _colour(ax, drawn, colours, values if isinstance(values, str) else "")
    return ax


def _unit_of_lengths(lengths: Array) -> tuple[float, str]:
    """Returns micrometres, unless a cell is longer than some millimetres."""
    return (1e-6, "um") if lengths.max() < LONG else best_unit(lengths, meter.dim)


def _root(cell: Any, function: str) -> Morphology:
    if isinstance(cell, SpatialNeuron):
        return cell.morphology
    if not isinstance(cell, Morphology):
        raise TypeError(f"{function}() draws {DRAWS}, not {type(cell).__name__}.")
    return cell


def _colours(cell: Any, values: object, root: Morphology) -> tuple[Array, Dimension]:
    if isinstance(values, str):
        if not isinstance(cell, SpatialNeuron):
            raise TypeError(f"A Morphology has no variable '{values}': give a SpatialNeuron, or the values themselves.")
        values = getattr(cell, values)[:]
    numbers, dim = plain(values)
    numbers = np.broadcast_to(numbers, root.total_compartments) if numbers.ndim == 0 else numbers.ravel()
    if numbers.size != root.total_compartments:
        raise ValueError(
            f"{numbers.size} values for {root.total_compartments} compartments: give one for each, of a single cell."
        )
    return numbers, dim


def _points(section: Morphology) -> Array:
    points = section.coordinates_
    assert points is not None
    return points


def _ends(section: Morphology) -> Array:
    """Returns the diameters at the ends of the compartments."""
    if isinstance(section, Section):
        return np.append(np.asarray(section.start_diameter), np.asarray(section.end_diameter)[-1])
    return np.repeat(np.asarray(section.diameter), section.n + 1)


def _shapes_in_plane(
    ax: Any, sections: list[Morphology], factor: float, plane: tuple[int, int], style: dict[str, Any]
) -> Any:
    shapes: list[Array] = []
    for section in sections:
        points = _points(section)[:, plane] / factor
        radii = _ends(section) / 2 / factor
        if isinstance(section, Soma):
            shapes.append(points[0] + radii[0] * np.column_stack([np.cos(ROUND), np.sin(ROUND)]))
        else:
            shapes += [_tapered(points[k : k + 2], radii[k : k + 2]) for k in range(section.n)]
    look = {"edgecolors": "face", "linewidths": 0.8, **style}
    drawn = needed("matplotlib.collections", "plot").PolyCollection(shapes, **look)
    ax.add_collection(drawn)
    ax.set_aspect("equal", adjustable="datalim")
    ax.autoscale_view()
    return drawn


def _tapered(points: Array, radii: Array) -> Array:
    """Returns the four corners of a compartment in the plane."""
    along = points[1] - points[0]
    length = float(np.hypot(*along))
    across = np.array([-along[1], along[0]]) / length if length > 0 else np.array([0.0, 1.0])
    left, right = points + across * radii[:, np.newaxis], points - across * radii[:, np.newaxis]
    return np.concatenate([left, right[::-1]])


def _lines_in_space(ax: Any, sections: list[Morphology], factor: float, style: dict[str, Any]) -> Any:
    lines: list[Array] = []
    widths: list[float] = []
    for section in sections:
        points, across = _points(section) / factor, _ends(section) / factor
        if isinstance(section, Soma):  # as wide as long: a short, thick line
            points = points[:1] + across[0] / 2 * np.array([[0.0, -1.0, 0.0], [0.0, 1.0, 0.0]])
        lines += [points[k : k + 2] for k in range(section.n)]
        widths += ((across[:-1] + across[1:]) / 2).tolist()
    thick = np.clip(np.array(widths) / np.median(widths), 0.5, 5)
    look = {"linewidths": thick, **style}
    drawn = needed("mpl_toolkits.mplot3d.art3d", "plot").Line3DCollection(lines, **look)
    ax.add_collection(drawn)
    everything = np.concatenate(lines)
    low, high = everything.min(axis=0), everything.max(axis=0)
    around = float((high - low).max()) * 0.02 or 1.0
    for k, axis in enumerate("xyz"):
        getattr(ax, f"set_{axis}lim")(low[k] - around, high[k] + around)
    ax.set_box_aspect(high - low + 2 * around)
    return drawn


def _leave_out_flat(ax: Any) -> None:
    """Leaves out the numbers on an axis along which there is next to nothing: they would lie on one another."""
    spans = {axis: float(np.ptp(getattr(ax, f"get_{axis}lim")())) for axis in "xyz"}
    for axis, span in spans.items():
        if span < 0.1 * max(spans.values()):
            getattr(ax, f"set_{axis}ticks")([])
            ax.set(**{f"{axis}label": ""})


def _colour(ax: Any, drawn: Any, colours: tuple[Array, Dimension], name: str) -> None:
    values, unit = in_best_unit(*colours)
    drawn.set_array(values)
    drawn.set_cmap("viridis")
    drawn.autoscale()
    text = label(name, unit) if name else unit
    ax.figure.colorbar(drawn, ax=ax, label=text)


@public_in("ranvier.plots")
@explains_arguments
def dendrogram(cell: Any, *, ax: Any = None, **style: Any) -> Any:
    """Draws a cell as a tree: each section upwards from where it begins to where it ends, by the way from the root.

    Args:
        cell: A `Morphology`, or a `SpatialNeuron` whose cells have the same one.
        ax: The axes; None for the present ones.
        style: What else `LineCollection` of matplotlib takes.

    Returns:
        The axes.
    """
    sections = [*_root(cell, "dendrogram").sections()]
    places = _places(sections)
    ends = np.array([float(section.end_distance) for section in sections])
    starts = np.array([0.0 if k == 0 else float(_above(section).end_distance) for k, section in enumerate(sections)])
    factor, unit = _unit_of_lengths(ends)
    across = {id(section): place for section, place in zip(sections, places, strict=True)}
    lines: list[Array] = []
    for section, place, start, end in zip(sections, places, starts / factor, ends / factor, strict=True):
        lines.append(np.array([[place, start], [place, end]]))
        beside = [across[id(child)] for _, child in section.children.named()]
        if beside:
            lines.append(np.array([[min([place, *beside]), end], [max([place, *beside]), end]]))
    ax = axes_or_present(ax)
    look = {"colors": "black", "linewidths": 1.2, **style}
    ax.add_collection(needed("matplotlib.collections", "plot").LineCollection(lines, **look))
    ax.autoscale_view()
    ax.set_xticks([])
    ax.set(ylabel=label("distance", unit))
    return ax


def _above(section: Morphology) -> Morphology:
    assert section.parent is not None
    return section.parent


def _places(sections: list[Morphology]) -> list[float]:
    """Returns where each section stands: ends of the tree side by side, other sections in the middle of their children.

    Args:
        sections: Each before its children.
    """
    found: dict[int, float] = {}
    free = sum(1 for section in sections if not [*section.children.named()])
    for section in reversed(sections):
        below = [found[id(child)] for _, child in section.children.named()]
        if not below:
            free -= 1
        found[id(section)] = sum(below) / len(below) if below else float(free)
    return [found[id(section)] for section in sections]
