"""Numbers of one kind and one unit, as the values of a key: one array instead of an object for each of many sets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast, overload

import numpy as np

from ranvier.objects.memory.arrays import Array
from ranvier.units import Quantity, get_dimensions
from ranvier.units.dimensions import DIMENSIONLESS, Dimension


class Numbers(Sequence[object]):
    """A sequence of numbers, or of numbers with a unit, which are made when they are asked for.

    Args:
        array: The numbers in SI units, of one dimension.
        dim: Their unit.

    Attributes:
        array: The numbers in SI units.
        dim: Their unit.
    """

    def __init__(self, array: Array, dim: Dimension = DIMENSIONLESS, *, has_unit: bool = False) -> None:
        self.array = np.asarray(array)
        self.dim = dim
        self._has_unit = has_unit or dim is not DIMENSIONLESS

    @staticmethod
    def can_hold(given: object) -> bool:
        """Tells whether something is an array of numbers of one dimension; nothing of it is lost then."""
        if not isinstance(given, Quantity) and type(given) is not np.ndarray:  # a masked array has more than numbers
            return False
        array = np.asarray(cast(Array, given))
        return array.ndim == 1 and array.size > 0 and array.dtype.kind in "biuf"

    @staticmethod
    def of(given: object) -> Numbers:
        """Returns the numbers of such an array; it may change later."""
        dim = get_dimensions(cast(Quantity, given))
        return Numbers(np.array(cast(Array, given), subok=False), dim, has_unit=isinstance(given, Quantity))

    def __len__(self) -> int:
        return len(self.array)

    @overload
    def __getitem__(self, index: int) -> object: ...

    @overload
    def __getitem__(self, index: slice) -> list[object]: ...

    def __getitem__(self, index: int | slice) -> object:
        if isinstance(index, slice):
            return list(Numbers(self.array[index], self.dim, has_unit=self._has_unit))
        return self._made(self.array[index].item())

    def __iter__(self) -> Iterator[object]:
        plain = cast("list[float]", self.array.tolist())
        return map(self._made, plain) if self._has_unit else iter(plain)

    def are_whole_below(self, most: int) -> bool:
        """Tells whether all are whole numbers without a unit, from 0 to one less than `most`."""
        array = self.array
        is_whole = not self._has_unit and array.dtype.kind in "iu"
        return is_whole and bool((array >= 0).all() and (array < most).all())

    def _made(self, plain: float) -> object:
        return Quantity(plain, dim=self.dim) if self._has_unit else plain

    def repeated(self, size: int) -> Numbers:
        """Returns so many copies of the only number."""
        return Numbers(np.broadcast_to(self.array, (size,)), self.dim, has_unit=self._has_unit)
