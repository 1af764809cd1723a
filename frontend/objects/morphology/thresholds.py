"""Where in each cell a threshold is applied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np

from ranvier.objects.morphology.morphology import Morphology
from ranvier.objects.morphology.views import SubMorphology

Location = int | SubMorphology | Morphology
"""A compartment of a cell: its number in the cell, or a part of the morphology."""


def located(morphologies: Sequence[Morphology], threshold: str | None, location: object) -> list[int]:
    """Returns the number in its cell of the compartment of each cell in which the threshold is applied.

    Args:
        morphologies: The morphology of each cell.
        threshold: The threshold.
        location: The `threshold_location` argument.

    Raises:
        AttributeError: If it is not a single compartment of each cell.
        IndexError: If a cell has no such compartment.
        TypeError: If it is no location.
        ValueError: If there is no threshold, or the number of locations is not that of the cells.
    """
    if threshold is None:
        raise ValueError("threshold_location says where the threshold is applied, but there is no threshold.")
    count = len(morphologies)
    if count > 1 and isinstance(location, (list, tuple, np.ndarray)):
        given: Sequence[object] = list(cast("Sequence[object]", location))
        if len(given) != count:
            raise ValueError(f"threshold_location has {len(given)} locations for {count} cells: give one for each.")
    else:
        if isinstance(location, (Morphology, SubMorphology)) and any(k is not morphologies[0] for k in morphologies):
            raise AttributeError(
                "threshold_location is a part of one morphology, but the cells have different ones: give a list with a "
                "location for each cell."
            )
        given = [location] * count
    pairs = zip(given, morphologies, strict=True)
    sizes = {one: one.total_compartments for one in dict.fromkeys(morphologies)}
    return [_compartment(where, sizes[one], k, count) for k, (where, one) in enumerate(pairs)]


def _compartment(location: object, size: int, cell: int, cells: int) -> int:
    if isinstance(location, (Morphology, SubMorphology)):
        numbers = np.atleast_1d(location.indices[:])
        if numbers.size != 1:
            raise AttributeError("Threshold can only be applied on a single location")
        location = int(numbers[0])
    if np.size(np.asarray(location)) > 1:
        raise AttributeError(f"Threshold can only be applied on a single location, not on {location}.")
    if isinstance(location, bool) or not isinstance(location, (int, np.integer)):
        raise TypeError(f"threshold_location has to be a number or a part of the morphology, not {location!r}.")
    if not 0 <= location < size:
        whose = "the neuron" if cells == 1 else f"cell {cell}"
        raise IndexError(f"threshold_location is {location}, but {whose} has the compartments 0 to {size - 1}.")
    return int(cast(int, location))


__all__ = ["Location", "located"]
