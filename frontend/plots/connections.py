"""Who is connected with whom, and how strongly."""

from __future__ import annotations

from typing import Any

import numpy as np

from ranvier.objects.memory.arrays import Array
from ranvier.objects.synapses.synapses import Synapses
from ranvier.plots.axes import axes_or_present, best_unit, count_cells, in_best_unit, label, plain
from ranvier.plots.columns import Columns, by_element, columns_of, dimension_of
from ranvier.public import public_in
from ranvier.public.argument_names import explains_arguments
from ranvier.units.dimensions import DIMENSIONLESS, Dimension

LARGEST = 1000
"""Larger matrices are drawn in blocks of cells, so many to a side."""

MOST_ARROWS = 5000
"""More arrows are a black square."""

_DRAWS = "connections: Synapses, or a table with the columns i and j"


@public_in("ranvier.plots")
@explains_arguments
def connectivity(
    synapses: Any, values: str | None = None, *, kind: str = "matrix", ax: Any = None, **style: Any
) -> Any:
    """Draws which cells are connected.

    Args:
        synapses: `Synapses`, or a table with the columns `i` and `j`.
        values: A variable of the synapses that is the colour, such as "w": the sum of a pair's synapses. None: their
            number.
        kind: "matrix": sources to the right, targets upwards; large ones are drawn in blocks. "arrows": an arrow from
            each source, on the left, to each of its targets, on the right.
        ax: The axes; None for the present ones.
        style: What else `imshow` or `quiver` of matplotlib takes.

    Returns:
        The axes.

    Raises:
        ValueError: If there is no such kind, or there are too many arrows.
        KeyError: If there is no such variable.
    """
    i, j, weights_, dim, sizes, names = _pairs(synapses, values)
    if kind not in ("matrix", "arrows"):
        raise ValueError(f'\'kind\' of connectivity() is "matrix" or "arrows", not {kind!r}.')
    if kind == "arrows" and len(i) > MOST_ARROWS:
        raise ValueError(
            f'{len(i):,} arrows cannot be told apart (at most {MOST_ARROWS:,}): take kind="matrix", or a table of some '
            "of the synapses."
        )
    ax = axes_or_present(ax)
    text = values or "synapses"
    if kind == "arrows":
        return _arrows(ax, i, j, sizes, names, (weights_, dim, text) if values else None, style)
    return _matrix(ax, i, j, sizes, names, (weights_, dim, text), style)


def _pairs(
    synapses: Any, values: str | None
) -> tuple[Array, Array, Array, Dimension, tuple[int, int], tuple[str, str]]:
    """Returns sources, targets, a value of each synapse with its dimension, and sizes and names of the two groups."""
    if isinstance(synapses, Synapses):
        i, j = np.asarray(synapses.i[:]).astype(int), np.asarray(synapses.j[:]).astype(int)
        size, names = (
            (synapses.source.element_count, synapses.target.element_count),
            (synapses.source.name, synapses.target.name),
        )
        given, dim = plain(np.ones(len(i)) if values is None else _variable(synapses, values))
        return i, j, np.broadcast_to(given, i.shape), dim, size, names
    columns = columns_of(synapses, "connectivity", _DRAWS)
    columns.needed("connectivity", ("i", "j"), _DRAWS)
    i, j = (columns.values[name].astype(int) for name in "ij")
    size = (int(i.max(initial=-1)) + 1, int(j.max(initial=-1)) + 1)
    if values is None:
        return i, j, np.ones(len(i)), DIMENSIONLESS, size, ("", "")
    columns.named(values, list(columns.values))
    return i, j, columns.values[values], columns.dims[values], size, ("", "")


def _variable(synapses: Synapses, name: str) -> Any:
    if name not in synapses.variables:
        raise KeyError(f"'{synapses.name}' has no variable '{name}'.{synapses.advice_on(name)}")
    return getattr(synapses, name)[:]


def _matrix(
    ax: Any,
    i: Array,
    j: Array,
    sizes: tuple[int, int],
    names: tuple[str, str],
    shown: tuple[Array, Dimension, str],
    style: dict[str, Any],
) -> Any:
    weights_, dim, text = shown
    block = max(1, -(-max(sizes) // LARGEST))
    columns, rows = (-(-size // block) for size in sizes)
    sums = np.bincount((j // block) * columns + i // block, weights_, rows * columns).reshape(rows, columns)
    sums /= block**2
    values, unit = in_best_unit(sums, dim)
    extent = (-0.5, columns * block - 0.5, -0.5, rows * block - 0.5)
    signed = values.size and values.min() < 0
    reach = np.abs(values).max() if signed else None
    look = {"cmap": "RdBu_r", "vmin": -reach, "vmax": reach} if reach else {"cmap": "viridis"}
    image = ax.imshow(
        values, **{"origin": "lower", "extent": extent, "aspect": "auto", "interpolation": "none", **look, **style}
    )
    ax.figure.colorbar(image, ax=ax, label=label(text, unit) + (" per pair" if block > 1 else ""))
    ax.set(xlabel=_side("source", names[0]), ylabel=_side("target", names[1]))
    count_cells(ax.xaxis)
    count_cells(ax.yaxis)
    return ax


def _side(what: str, group: str) -> str:
    return f"{what} cell ({group})" if group else f"{what} cell"


def _arrows(
    ax: Any,
    i: Array,
    j: Array,
    sizes: tuple[int, int],
    names: tuple[str, str],
    shown: tuple[Array, Dimension, str] | None,
    style: dict[str, Any],
) -> Any:
    ax.plot(np.zeros(sizes[0]), np.arange(sizes[0]), "o", color="tab:blue", markersize=4, zorder=3)
    ax.plot(np.ones(sizes[1]), np.arange(sizes[1]), "o", color="tab:orange", markersize=4, zorder=3)
    look = {"angles": "xy", "scale_units": "xy", "scale": 1, "width": 0.003, "headwidth": 5}
    ends = np.zeros(len(i)), i, np.ones(len(i)), j - i
    if shown is None:
        ax.quiver(*ends, **{**look, "color": "0.4", **style})
    else:
        values, unit = in_best_unit(shown[0], shown[1])
        arrows = ax.quiver(*ends, values, **{**look, **style})
        ax.figure.colorbar(arrows, ax=ax, label=label(shown[2], unit))
    ax.set_xticks([0, 1], [names[0] or "sources", names[1] or "targets"])
    ax.set(xlim=(-0.15, 1.15), ylabel="cell")
    count_cells(ax.yaxis)
    return ax


@public_in("ranvier.plots")
@explains_arguments
def weights(source: Any, variable: str = "w", *, bins: int = 50, times: int = 2, ax: Any = None, **style: Any) -> Any:
    """Draws how the values of synapses are distributed: how many there are of each size.

    Args:
        source: `Synapses`, or a table with a column of the variable; or a `StateMonitor` of synapses, whose values are
            drawn at the first recorded time, the last one, and some between.
        variable: The variable.
        bins: The number of intervals.
        times: How many times of a `StateMonitor` are drawn.
        ax: The axes; None for the present ones.
        style: What else `stairs` of matplotlib takes.

    Returns:
        The axes.

    Raises:
        KeyError: If there is no such variable.
    """
    curves, dim = _distributions(source, variable, times)
    ax = axes_or_present(ax)
    everything = np.concatenate([values for _, values in curves])
    factor, unit = best_unit(everything, dim)
    edges = np.histogram_bin_edges(everything / factor, bins)
    for text, values in curves:
        look = {"fill": len(curves) == 1, "label": text or None}
        ax.stairs(np.histogram(values / factor, edges)[0], edges, **{**look, **style})
    if len(curves) > 1:
        ax.legend(title="time")
    ax.set(xlabel=label(variable, unit), ylabel="synapses")
    return ax


def _distributions(source: Any, variable: str, times: int) -> tuple[list[tuple[str, Array]], Dimension]:
    if isinstance(source, Synapses):
        values, dim = plain(_variable(source, variable))
        return [("", np.atleast_1d(values))], dim
    columns = columns_of(source, "weights", "values of synapses: Synapses, a StateMonitor of them, or a table")
    if "t" not in columns.values:
        columns.named(variable, list(columns.values))
        return [("", columns.values[variable])], columns.dims[variable]
    return _over_time(columns, variable, times)


def _over_time(columns: Columns, variable: str, times: int) -> tuple[list[tuple[str, Array]], Dimension]:
    recorded = by_element(columns, "weights")
    t, _, lines = recorded[columns.named(variable, list(recorded))]
    rows = np.unique(np.linspace(0, len(t) - 1, max(times, 1)).round().astype(int))
    values = np.stack(lines)
    factor, unit = best_unit(t, columns.dims["t"])
    return [(f"{t[k] / factor:g} {unit}", values[:, k]) for k in rows], dimension_of(columns, variable)
