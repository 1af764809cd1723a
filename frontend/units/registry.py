"""Which unit a value is shown in: the registers of known units, and the choice of the best one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol

import numpy as np

from ranvier.public import public
from ranvier.units.dimensions import DIMENSIONLESS, Dimension, get_or_create_dimension


class KnownUnit(Protocol):
    """A unit, as far as a register looks at it: its dimension, and its size in SI units."""

    @property
    def dim(self) -> Dimension:
        """The dimension."""
        ...

    def __float__(self) -> float:
        """Returns the size in SI units."""
        ...


class Measured(Protocol):
    """A number or an array with a unit."""

    @property
    def dim(self) -> Dimension:
        """The dimension."""
        ...

    def __array__(self) -> np.ndarray[Any, Any]:
        """Returns the numbers in SI units."""
        ...


class UnitRegistry:
    """Units by dimension and scale; `registry[quantity]` is the unit that suits a quantity best.

    Args:
        source: Called once for each dimension asked for; gives units to put before those added.
    """

    def __init__(self, source: Callable[[Dimension], Iterable[KnownUnit]] | None = None) -> None:
        self.units: list[KnownUnit] = []
        self.units_for_dimensions: dict[Dimension, dict[float, KnownUnit]] = {}
        self.source = source
        self._asked: set[Dimension] = set()

    def add(self, unit: KnownUnit) -> None:
        """Adds a unit; it takes the place of one with the same dimension and scale."""
        self._ask(unit.dim)
        self.units.append(unit)
        self.units_for_dimensions.setdefault(unit.dim, {})[float(unit)] = unit

    def clear(self) -> None:
        """Forgets all units (those of the source come back when they are asked for)."""
        self.units.clear()
        self.units_for_dimensions.clear()
        self._asked.clear()

    def of_dimension(self, dim: Dimension) -> dict[float, KnownUnit]:
        """Returns the known units of a dimension by their size in SI units."""
        self._ask(dim)
        return self.units_for_dimensions.get(dim, {})

    def __getitem__(self, quantity: Measured) -> KnownUnit:
        """Returns the unit in which the values of a quantity are nearest to 10.

        Raises:
            KeyError: If no unit of this dimension is known.
        """
        units = self.of_dimension(quantity.dim)
        if not units:
            raise KeyError(f"Unit not found in registry: {quantity.dim!r}.")
        if len(units) == 1:
            return next(iter(units.values()))
        return best_of(units, np.asarray(quantity))

    def _ask(self, dim: Dimension) -> None:
        if self.source is not None and dim not in self._asked:
            self._asked.add(dim)
            for unit in self.source(dim):
                self.units.append(unit)
                self.units_for_dimensions.setdefault(dim, {})[float(unit)] = unit


def best_of(units: dict[float, KnownUnit], values: np.ndarray[Any, Any]) -> KnownUnit:
    """Returns the unit with the smallest sum of (log10(|x|/unit) - 1)^2 over the values x that are not 0.

    Of long arrays only the values count that numpy prints. With nothing to go by (all values 0 or not a
    number) the unscaled unit, if there is one; at equal sums the first of the register.
    """
    shown = np.abs(_displayed(values)).ravel()
    sizes = shown[(shown != 0) & ~np.isnan(shown)]
    if sizes.size == 0:
        return units.get(1.0) or next(iter(units.values()))
    candidates = list(units.items())
    with np.errstate(all="ignore"):
        costs = [float(np.sum((np.log10(sizes / size) - 1) ** 2)) for size, _ in candidates]
    return candidates[int(np.argmin(costs))][1]


def _displayed(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Returns the elements that numpy prints (a long array is shortened to its edges)."""
    options = np.get_printoptions()
    if values.size <= options["threshold"]:
        return values
    edge = options["edgeitems"]
    for axis, length in enumerate(values.shape):
        if length > 2 * edge:
            values = np.take(values, [*range(edge), *range(length - edge, length)], axis=axis)
    return values


standard_unit_register: Final = UnitRegistry()
"""Units of Brian's own list, in the order in which the registers are searched."""

user_unit_register: Final = UnitRegistry()
"""Units made in this session: `register_new_unit` and products, quotients, powers of units."""

additional_unit_register: Final = UnitRegistry()
"""Further combinations that have a customary unit (`newton * metre`...)."""

REGISTERS: Final = (standard_unit_register, user_unit_register, additional_unit_register)


@public
def register_new_unit(unit: KnownUnit) -> None:
    """Makes a unit known for display: values of its dimension without a standard unit are shown in it."""
    user_unit_register.add(unit)


def unscaled_unit(dim: Dimension) -> KnownUnit | None:
    """Returns the known unit of a dimension that has the size 1 in SI units."""
    for register in REGISTERS:
        unit = register.of_dimension(dim).get(1.0)
        if unit is not None:
            return unit
    return None


def display_name(dim: Dimension) -> str:
    """Returns the name of the unscaled unit of a dimension for messages, e.g. `V` or `m s^-1`."""
    if dim is DIMENSIONLESS:
        return "1"
    unit = unscaled_unit(dim)
    if unit is None:
        changed = unscaled_unit(dim * get_or_create_dimension(time=1))
        return str(dim) if changed is None else f"{changed}/s"
    return str(unit)
