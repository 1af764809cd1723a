"""Where pictures are drawn: matplotlib's axes, and the units that stand on them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ranvier.exchange.optional import needed
from ranvier.objects.memory.arrays import Array
from ranvier.units import Quantity, get_dimensions, ms, second
from ranvier.units.dimensions import DIMENSIONLESS, Dimension

LONG = 10.0
"""Seconds from which on times are drawn in seconds, not in milliseconds."""


def axes_or_present(ax: Any) -> Any:
    """Returns the axes that a script gives, or the ones that it drew into last.

    Raises:
        ImportError: If matplotlib is not installed, saying how to.
        TypeError: If what is given are no axes.
    """
    pyplot = needed("matplotlib.pyplot", "plot")
    if ax is None:
        return pyplot.gca()
    if not hasattr(ax, "add_collection"):
        raise TypeError(f"'ax' has to be axes of matplotlib, such as plt.subplots()[1], not {type(ax).__name__}.")
    return ax


def axes_in_space(ax: Any) -> Any:
    """Returns axes of three dimensions: those that are given, or new ones in the present figure.

    Raises:
        ImportError: If matplotlib is not installed, saying how to.
        TypeError: If what is given are axes of two dimensions.
    """
    if ax is None:
        return needed("matplotlib.pyplot", "plot").gcf().add_subplot(projection="3d")
    if not hasattr(ax, "set_zlabel"):
        raise TypeError("'ax' has to be axes of three dimensions: figure.add_subplot(projection='3d').")
    return ax


def count_cells(axis: Any) -> None:
    """Lets the ticks of an axis be whole numbers: those of cells."""
    axis.set_major_locator(needed("matplotlib.ticker", "plot").MaxNLocator(integer=True, steps=[1, 2, 5, 10]))


def in_time_unit(times: Array) -> tuple[Array, str]:
    """Returns times (seconds) in the unit that suits their end, and the label of their axis."""
    unit = second if times.size and float(times[-1] if times.ndim == 1 else times.max()) > LONG else ms
    return times / float(unit), f"time ({unit})"


def in_best_unit(values: Array, dim: Dimension) -> tuple[Array, str]:
    """Returns values (SI units) in the unit that suits the largest, and its name; "" for plain numbers."""
    factor, name = best_unit(values, dim)
    return values / factor, name


def best_unit(values: Array, dim: Dimension) -> tuple[float, str]:
    """Returns what values (SI units) are to be divided by, and the name of the unit; "" for plain numbers."""
    if dim is DIMENSIONLESS:
        return 1.0, ""
    finite = np.abs(values[np.isfinite(values)])
    largest = float(finite.max()) if finite.size else 0.0
    unit = Quantity(largest or 1.0, dim=dim).get_best_unit()
    return float(unit), str(unit) if float(unit) != 1.0 or hasattr(unit, "dispname") else str(dim)


def label(name: str, unit: str) -> str:
    """Returns the label of an axis."""
    return f"{name} ({unit})" if unit else name


def plain(values: object) -> tuple[Array, Dimension]:
    """Returns values in SI units as plain numbers, and their dimension."""
    return np.asarray(values, dtype=float), get_dimensions(values)
