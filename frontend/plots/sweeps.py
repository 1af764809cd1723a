"""What sweeps measured: heat maps of two parameters, curves of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ranvier.objects.memory.arrays import Array
from ranvier.plots.axes import axes_or_present, in_best_unit, label
from ranvier.plots.columns import Columns, columns_of
from ranvier.public import public_in
from ranvier.public.argument_names import explains_arguments

BOOKKEEPING = ("instance", "seed")
"""Columns of a sweep that are no parameters; what differs by them only is averaged."""


@explains_arguments
@public_in("ranvier.plots")
def sweep(
    result: Any, measure: str, x: str | None = None, y: str | None = None, *, ax: Any = None, **style: Any
) -> Any:
    """Draws a measure of a sweep: as a heat map over two parameters, or as a curve over one.

    Sets that differ in nothing drawn, such as their seeds, are averaged; sets that failed are left white.

    Args:
        result: What `Network.sweep` gives, or its table of Arrow.
        measure: What was measured, such as "rate".
        x: The parameter to the right; None for the first one that has several values.
        y: The parameter upwards; None for the next one.
        ax: The axes; None for the present ones.
        style: What else `pcolormesh` or `plot` of matplotlib takes.

    Returns:
        The axes.

    Raises:
        KeyError: If there is no such measure or parameter.
        ValueError: If more than two parameters have several values, and `x` and `y` do not say which to draw.
    """
    columns = columns_of(result, "sweep", "results of sweeps: what Network.sweep gives, or its table")
    names = [name for name, values in columns.values.items() if values.ndim == 1]
    columns.named(measure, names)
    given = [columns.named(each, names) for each in (x, y) if each is not None]
    measures = set(result.measures) if hasattr(result, "measures") else set(names[names.index(measure) :])
    chosen = _parameters(columns, names, measures, given)
    ax = axes_or_present(ax)
    values, unit = in_best_unit(columns.values[measure], columns.dims[measure])
    places, texts = zip(*(_axis(columns, name) for name in chosen), strict=True)
    if len(chosen) == 1:
        points, means = _means(values, places)
        ax.plot(points[0], means, **{"marker": ".", **style})
        ax.set(xlabel=texts[0], ylabel=label(measure, unit))
        return ax
    points, means = _means(values, places)
    mesh = ax.pcolormesh(*points, means.T, **{"shading": "nearest", **style})
    ax.figure.colorbar(mesh, ax=ax, label=label(measure, unit))
    ax.set(xlabel=texts[0], ylabel=texts[1])
    return ax


def _axis(columns: Columns, name: str) -> tuple[Array, str]:
    values, unit = in_best_unit(columns.values[name], columns.dims[name])
    return values, label(name, unit)


def _parameters(columns: Columns, names: Sequence[str], measures: set[str], given: list[str]) -> list[str]:
    """Returns the one or two columns that are axes: those given, then the parameters with several values."""
    if len(given) == 2:
        return given
    parameters = [name for name in names if name not in BOOKKEEPING and name not in measures]
    varied = [name for name in parameters if np.unique(columns.values[name]).size > 1]
    found = [*given, *(name for name in varied if name not in given)]
    if len(found) > 2:
        raise ValueError(f"Several values have {', '.join(varied)}: say x=... and y=..., which two are the axes.")
    if not found:
        raise ValueError("No parameter has several values: there is no axis to draw over.")
    return found


def _means(values: Array, places: Sequence[Array]) -> tuple[list[Array], Array]:
    """Returns the coordinates of a grid, and the mean of the values at each of its points; NaN where there is none."""
    found = [np.unique(np.round(place, 12), return_inverse=True) for place in places]
    shape = tuple(len(points) for points, _ in found)
    number = np.ravel_multi_index(tuple(inverse for _, inverse in found), shape)
    there = np.isfinite(values)
    counts = np.bincount(number[there], minlength=int(np.prod(shape)))
    sums = np.bincount(number[there], values[there], int(np.prod(shape)))
    with np.errstate(invalid="ignore"):
        means = sums / counts
    return [points for points, _ in found], means.reshape(shape)
