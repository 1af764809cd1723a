"""What happens over time: spikes, variables, rates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ranvier.objects.memory.arrays import Array
from ranvier.plots.axes import axes_or_present, best_unit, count_cells, in_best_unit, in_time_unit, label
from ranvier.plots.columns import Columns, by_element, columns_of, dimension_of
from ranvier.public import public_in
from ranvier.public.argument_names import explains_arguments
from ranvier.units import Quantity, check_units, hertz, second
from ranvier.units.checks import fail_for_dimension_mismatch

FEW = 200
"""Up to so many cells a spike is a stroke, beyond a dot."""

NAMED = 10
"""Up to so many lines have a legend."""


@public_in("ranvier.plots")
@explains_arguments
def raster(
    spikes: Any,
    *,
    interval: tuple[Quantity, Quantity] | None = None,
    cells: object = None,
    ax: Any = None,
    **style: Any,
) -> Any:
    """Draws each spike as a mark: time to the right, cells upwards.

    Args:
        spikes: A `SpikeMonitor` or `EventMonitor`, or a table with the columns `t` and `i`.
        interval: The times that are drawn, from and to; None for all.
        cells: The numbers of the cells that are drawn; None for all.
        ax: The axes; None for the present ones.
        style: What else `plot` of matplotlib takes: `color`, `markersize`, ...

    Returns:
        The axes.
    """
    draws = "spikes: a SpikeMonitor, or a table with the columns t and i"
    columns = columns_of(spikes, "raster", draws)
    columns.needed("raster", ("t", "i"), draws)
    t, i = columns.values["t"], columns.values["i"]
    chosen = _between(t, interval, "raster")
    if cells is not None:
        chosen &= np.isin(i, np.asarray(cells))
    ax = axes_or_present(ax)
    shown, text = in_time_unit(t[chosen])
    mark = "|" if np.unique(i[chosen]).size <= FEW else "."
    look = {"linestyle": "none", "marker": mark, "color": "black", "markersize": 4 if mark == "|" else 1.5}
    ax.plot(shown, i[chosen], **{**look, **style})
    ax.set(xlabel=text, ylabel="cell")
    count_cells(ax.yaxis)
    return ax


@public_in("ranvier.plots")
@explains_arguments
def traces(
    states: Any,
    variable: str | None = None,
    *,
    cells: Sequence[int] | None = None,
    apart: Quantity | float | None = None,
    interval: tuple[Quantity, Quantity] | None = None,
    ax: Any = None,
    **style: Any,
) -> Any:
    """Draws a variable over time, a line for each recorded element.

    Args:
        states: A `StateMonitor`, or one of its tables in any layout.
        variable: The variable; None if only one was recorded.
        cells: The numbers of the elements that are drawn; None for all that were recorded.
        apart: How much each line is moved above the one before, in the unit of the variable.
        interval: The times that are drawn, from and to; None for all.
        ax: The axes; None for the present ones.
        style: What else `plot` of matplotlib takes.

    Returns:
        The axes.

    Raises:
        KeyError: If the variable, or an element, was not recorded.
        DimensionMismatchError: If `apart` has another unit than the variable.
    """
    draws = "variables over time: a StateMonitor, or one of its tables"
    columns = columns_of(states, "traces", draws)
    columns.needed("traces", ("t",), draws)
    recorded = by_element(columns, "traces")
    name = _only(recorded, columns) if variable is None else columns.named(variable, list(recorded))
    t, elements, lines = recorded[name]
    wanted = (
        elements if cells is None else [_element(cell, elements, columns) for cell in np.atleast_1d(cells).tolist()]
    )
    dim = dimension_of(columns, name)
    if apart is not None:
        fail_for_dimension_mismatch(apart, Quantity(1.0, dim=dim), "'apart' has to be in the unit of the variable.")
    ax = axes_or_present(ax)
    chosen = _between(t, interval, "traces")
    shown, text = in_time_unit(t[chosen])
    factor, unit = best_unit(np.array([abs(line).max(initial=0) for line in lines]), dim)
    for k, element in enumerate(wanted):
        above = 0.0 if apart is None else k * float(apart)
        line = (lines[elements.index(element)][chosen] + above) / factor
        ax.plot(shown, line, **{"label": str(element), "linewidth": 1.0, **style})
    if 1 < len(wanted) <= NAMED:
        ax.legend(title="cell")
    ax.set(xlabel=text, ylabel=label(name, unit))
    return ax


@explains_arguments
@public_in("ranvier.plots")
@check_units(width=second)
def rates(source: Any, *, width: Quantity | None = None, cells: int | None = None, ax: Any = None, **style: Any) -> Any:
    """Draws the rate of a population over time.

    Args:
        source: A `PopulationRateMonitor`, or a table with `t` and `rate`; or a `SpikeMonitor`, or a table with `t` and
            `i`, whose spikes are counted.
        width: The rate is the mean of each interval of this length; None for the rate at each recorded time, and for
            10 ms where spikes are counted.
        cells: The number of cells, where spikes are counted and no monitor says it.
        ax: The axes; None for the present ones.
        style: What else `plot` of matplotlib takes.

    Returns:
        The axes.

    Raises:
        ValueError: If the number of cells is not known.
    """
    draws = "rates: a PopulationRateMonitor or a SpikeMonitor, or a table with t and rate, or with t and i"
    columns = columns_of(source, "rates", draws)
    columns.needed("rates", ("t", "rate" if "rate" in columns.values else "i"), draws)
    t = columns.values["t"]
    if "rate" in columns.values:
        rate = columns.values["rate"]
        if width is not None:
            t, rate = _means(t, rate, float(width))
    else:
        size = cells if cells is not None else _size_of(source)
        bins, counts = _counted(t, 0.01 if width is None else float(width))
        t, rate = bins, counts / size
    ax = axes_or_present(ax)
    shown, text = in_time_unit(t)
    values, unit = in_best_unit(rate, hertz.dim)
    ax.plot(shown, values, **{"linewidth": 1.0, **style})
    ax.set(xlabel=text, ylabel=label("rate", unit))
    return ax


def _between(t: Array, interval: tuple[Quantity, Quantity] | None, function: str) -> Array:
    if interval is None:
        return np.ones(t.shape, dtype=bool)
    start, stop = interval
    for each in (start, stop):
        fail_for_dimension_mismatch(each, second, f"'interval' of {function}() has to be two times.")
    return (t >= float(start)) & (t <= float(stop))


def _only(recorded: dict[str, Any], columns: Columns) -> str:
    if len(recorded) > 1:
        names = ", ".join(recorded)
        raise ValueError(f"{columns.what} has several variables: say which of {names} to draw.")
    return next(iter(recorded))


def _element(cell: int, elements: list[int], columns: Columns) -> int:
    if cell not in elements:
        raise KeyError(f"{columns.what} has not recorded element {cell}; it has {', '.join(map(str, elements[:20]))}.")
    return cell


def _size_of(source: Any) -> int:
    try:
        return len(source.source)
    except (AttributeError, TypeError):
        raise ValueError("A table of spikes does not say how many cells there are: rates(table, cells=...).") from None


def _means(t: Array, rate: Array, width: float) -> tuple[Array, Array]:
    """Returns the middles of intervals of a length, and the mean rate in each, but for intervals without records."""
    number = np.floor((t - t[:1]) / width + 1e-9).astype(int)
    counts = np.bincount(number)
    sums = np.bincount(number, rate)
    full = counts > 0
    return (t[:1] + (np.arange(len(counts)) + 0.5) * width)[full], sums[full] / counts[full]


def _counted(t: Array, width: float) -> tuple[Array, Array]:
    """Returns the middles of intervals of a length, and the events in each, by time."""
    counts = np.bincount(np.floor(t / width + 1e-9).astype(int)) if t.size else np.zeros(1)
    return (np.arange(len(counts)) + 0.5) * width, counts / width
