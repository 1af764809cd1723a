"""The values of sets as columns of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np

from ranvier.objects.memory.arrays import Array
from ranvier.objects.memory.new_storage import dimension_text
from ranvier.objects.networks.sweeps.numbers import Numbers
from ranvier.objects.networks.sweeps.sets import Axis, Sets, in_column
from ranvier.objects.networks.sweeps.work import Seeds
from ranvier.units import Quantity, get_dimensions
from ranvier.units.checks import common_dimension

Column = Sequence[object] | Array
"""The values of a name in several sets, as a table holds them."""


def values_of_sets(sets: Sets, seeds: Seeds, ks: Array) -> tuple[dict[str, Column], dict[str, str]]:
    """Returns the values of these sets, and their units."""
    columns = {name: _column(axis, ks) for name, axis in sets.axes.items()}
    if "seed" in columns:
        columns["seed"] = [int(cast(int, seed)) for seed in columns["seed"]]
    else:
        columns["seed"] = seeds.of_all(ks)
    return columns, {name: unit_of_column(axis.values) for name, axis in sets.axes.items()}


def _column(axis: Axis, ks: Array) -> Column:
    positions = ks // axis.stride % len(axis.values)
    if isinstance(axis.values, Numbers):
        return as_column(axis.values.array[positions])
    return in_column([axis.values[p] for p in positions.tolist()], axis.kind)


def as_column(array: Array) -> Array:
    """Returns numbers or truth values as tables hold them: all whole numbers, and all fractions, of one type."""
    return array if array.dtype.kind == "b" else array.astype(float if array.dtype.kind == "f" else np.int64)


def unit_of_column(values: Sequence[object]) -> str:
    """Returns the unit of values of one unit, "" if they have none."""
    if isinstance(values, Numbers):
        return dimension_text(values.dim)
    dims = (get_dimensions(value) for value in values if isinstance(value, Quantity))
    found = next((dim for dim in dims if not dim.is_dimensionless), None)
    if found is None and any(type(value) is list for value in values):
        lists = (common_dimension(value) for value in values if type(value) is list)
        found = next((dim for dim in lists if not dim.is_dimensionless), None)
    return "" if found is None else dimension_text(found)
