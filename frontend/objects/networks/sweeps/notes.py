"""What is said of sets that went wrong: failures, and values that are NaN or infinite."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from ranvier.objects.groups.brianobject import BrianObject
from ranvier.objects.memory.arrays import Array, in_bytes
from ranvier.objects.memory.plan import MemoryPlan, available_memory
from ranvier.objects.networks.sweeps.sets import described
from ranvier.objects.networks.sweeps.stacked_values import StackedValues
from ranvier.units import Quantity

ADVICE = (
    "Fewer workers, form='turns', fewer monitors in keep, or a directory for the results (out=...) need less memory; "
    "with out=..., a second call does only what is missing."
)
"""What to do if memory runs out in a sweep."""


def memory_advice(memory: MemoryPlan, workers: int) -> str:
    """Returns what a sweep takes, and what to do if there is not so much.

    Args:
        memory: The memory of the network.
        workers: How many sets are computed at once, at least.
    """
    free = available_memory()
    recorded = f", besides {in_bytes(memory.per_second)} recorded in each simulated second" if memory.per_second else ""
    left = "" if free is None else f"; {in_bytes(free)} are left"
    return (
        f"The network takes {in_bytes(memory.once)} once and {in_bytes(memory.own)} for each set{recorded}, with "
        f"{workers} worker{'s' if workers > 1 else ''}{left}. {ADVICE}"
    )


@dataclass(frozen=True)
class Failure:
    """A set that failed, or of which there is something to be said.

    Attributes:
        index: Its number.
        parameters: Its values.
        error: What went wrong.
    """

    index: int
    parameters: Mapping[str, object]
    error: str

    def __str__(self) -> str:
        return f"set {self.index} ({described(self.parameters)}): {self.error}"

    __repr__ = __str__


def not_finite_states(objects: Iterable[BrianObject]) -> str:
    """Returns which variables of differential equations are NaN or infinite after a run, "" if none."""
    found: list[str] = []
    for obj in objects:
        try:
            obj.check_finite(None)
        except FloatingPointError as error:
            found.append(str(error))
    return " ".join(found)


def not_finite_in(measures: Mapping[str, Sequence[object]]) -> dict[int, str]:
    """Returns which measures of sets are NaN or infinite, by the place of the set; those without such are left out.

    Args:
        measures: Name → values, one for each set.
    """
    found: dict[int, list[str]] = {}
    for name, values in measures.items():
        for place in _places_not_finite(values):
            found.setdefault(place, []).append(f"'{name}'")
    return {
        place: f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} NaN or infinite."
        for place, names in found.items()
    }


def _places_not_finite(values: Sequence[object]) -> list[int]:
    if type(values) is StackedValues:
        return np.flatnonzero(values.not_finite).tolist()
    return [place for place, value in enumerate(values) if _is_not_finite(value)]


def _is_not_finite(value: object) -> bool:
    if type(value) is float or type(value) is np.float64:
        return not math.isfinite(value)
    if type(value) is int or type(value) is np.int64:
        return False
    if type(value) is Quantity and value.ndim == 0 and value.dtype.kind == "f":
        return not math.isfinite(float(value))  # quicker than item()
    try:
        array = np.asarray(cast(Array, value))
    except ValueError:  # lists of different lengths
        return False
    return array.dtype.kind in "fc" and not bool(np.isfinite(array).all())
