"""The values of one set of many, made when they are asked for: often nobody does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

import numpy as np

from ranvier.objects.memory.arrays import Array
from ranvier.objects.memory.new_storage import dimension_text
from ranvier.objects.networks.sweeps.numbers import Numbers
from ranvier.objects.networks.sweeps.sets import Axis, Sets, in_column
from ranvier.objects.networks.sweeps.work import Outcome, Seeds, values_with_seed
from ranvier.units import Quantity, get_dimensions
from ranvier.units.checks import common_dimension

Column = Sequence[object] | Array
"""The values of a name in several sets, as a table holds them."""


class SetValues(Mapping[str, object]):
    """The values of a set, with its seed.

    Args:
        sets: The sets.
        seeds: The seeds of those for which none is given.
        k: The number of the set.
    """

    __slots__ = ("_found", "_k", "_seeds", "_sets")

    def __init__(self, sets: Sets, seeds: Seeds, k: int) -> None:
        self._sets, self._seeds, self._k = sets, seeds, k
        self._found: dict[str, object] | None = None

    def _all(self) -> dict[str, object]:
        if self._found is None:
            self._found = values_with_seed(self._sets, self._seeds, self._k)
        return self._found

    def __getitem__(self, name: str) -> object:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        return dict, (self._all(),)

    @property
    def origin(self) -> tuple[Sets, Seeds]:
        """The sets and seeds that they were made with."""
        return self._sets, self._seeds

    def is_of(self, sets: Sets, seeds: Seeds) -> bool:
        """Tells whether they are the values of one of these sets."""
        return self._sets is sets and self._seeds is seeds


def columns_of_values(
    outcomes: Sequence[Outcome], kinds: Mapping[str, str]
) -> tuple[dict[str, Column], dict[str, str]]:
    """Returns the values of sets by their names, without units, and these units.

    Args:
        outcomes: The outcomes of the sets.
        kinds: What the values of each key are, see `Axis.kind`.
    """
    rows = [each.values for each in outcomes]
    first = rows[0]
    if isinstance(first, SetValues):
        sets, seeds = first.origin
        if all(type(row) is SetValues and row.is_of(sets, seeds) for row in rows):
            return values_of_sets(sets, seeds, np.array([each.index for each in outcomes]))
    columns: dict[str, Column] = {}
    units: dict[str, str] = {}
    for name in dict.fromkeys(name for row in rows for name in row):
        values = [row.get(name) for row in rows]
        columns[name] = in_column(values, kinds.get(name, ""))
        units[name] = unit_of_column(values)
    return columns, units


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
        array = axis.values.array[positions]
        return array if array.dtype.kind == "b" else array.astype(float if array.dtype.kind == "f" else np.int64)
    return in_column([axis.values[p] for p in positions.tolist()], axis.kind)


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
