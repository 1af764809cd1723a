"""Memory for new variables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ranvier.actions.actions import Population, Storage
from ranvier.objects.memory.arrays import Array, DTypeLike
from ranvier.runtime.state import allocate
from ranvier.units.dimensions import DIMENSIONLESS, Dimension


def index_storage(values: Array | Sequence[int], label: str, population: Population | None = None) -> Storage:
    """Returns memory with integers that code uses as indices."""
    numbers = np.asarray(values)
    array = allocate(numbers.size, np.int32)
    array[:] = numbers
    return Storage(label, array, population=population)


def new_storage(
    label: str,
    size: int,
    dtype: DTypeLike,
    dim: Dimension = DIMENSIONLESS,
    population: Population | None = None,
) -> Storage:
    """Returns memory for a variable, filled with zeros."""
    return Storage(label, allocate(size, dtype), dimension_text(dim), population=population)


def dimension_text(dim: Dimension) -> str:
    """Returns a dimension for people who read plans and tables: base units, "" if there is none."""
    if dim is DIMENSIONLESS:
        return ""
    from ranvier.units.registry import display_name

    return display_name(dim)
