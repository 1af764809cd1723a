"""The values of a measure in several sets that were computed together: one array instead of an object for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import cast, final, overload

import numpy as np

from ranvier.objects.memory.arrays import Array
from ranvier.objects.memory.new_storage import dimension_text
from ranvier.units.dimensions import Dimension


@final
class StackedValues(Sequence[object]):
    """A sequence of numbers, or of arrays of one shape; each is made when it is asked for.

    Args:
        array: The values in SI units, of shape (sets,) or (sets, ...): numbers or truth values.
        dim: Their unit.
        make: Makes the value of a set of a row of the array: as the network gives it.

    Attributes:
        array: The values in SI units.
        dim: Their unit.
    """

    def __init__(self, array: Array, dim: Dimension, make: Callable[[object], object]) -> None:
        self.array, self.dim = array, dim
        self._make = make

    def with_array(self, array: Array) -> StackedValues:
        """Returns other values of the same measure."""
        return StackedValues(array, self.dim, self._make)

    @staticmethod
    def joined(pieces: Sequence[StackedValues]) -> StackedValues:
        """Returns values of one measure, at least one piece, as one sequence."""
        return pieces[0].with_array(np.concatenate([each.array for each in pieces]))

    @property
    def unit(self) -> str:
        """Their unit in base units, "" for none."""
        return dimension_text(self.dim)

    @property
    def firm(self) -> Array:
        """Which values are none of those that go with each unit: 0, NaN and infinity; of shape (sets,)."""
        return self._any(np.logical_and(np.isfinite(self.array), self.array != 0))

    @property
    def not_finite(self) -> Array:
        """Which values are NaN or infinite, or have such elements; of shape (sets,)."""
        return self._any(~np.isfinite(self.array))

    def where(self, places: Array) -> StackedValues:
        """Returns the values of some sets, given by truth values."""
        return self.with_array(self.array[places])

    def _any(self, elements: Array) -> Array:
        return np.any(elements.reshape(len(elements), -1), axis=1)

    def __len__(self) -> int:
        return len(self.array)

    @overload
    def __getitem__(self, index: int) -> object: ...

    @overload
    def __getitem__(self, index: slice) -> StackedValues: ...

    def __getitem__(self, index: int | slice) -> object:
        if isinstance(index, slice):
            return self.with_array(self.array[index])
        return self._make(cast(object, self.array[index]))

    def __iter__(self) -> Iterator[object]:
        return map(self._make, cast("list[object]", list(self.array)))
