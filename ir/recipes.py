"""Arrays that are made from the inputs of a program before a run (`snn.derive`): what each kind is, in numpy.

Plain functions without xDSL: the run time uses them, and so does the interpreter. Each takes a function that makes
an array of zeros for a size and a type, and the inputs (arrays, or numbers for params).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ranvier.ir import alias_tables, row_recipes
from ranvier.ir.slots import Recipe

Array: TypeAlias = npt.NDArray[Any]
Allocate: TypeAlias = Callable[[int, npt.DTypeLike], Array]

BLOCK = 1 << 20
"""Elements that are treated together, so that temporaries stay small."""


class _Gathered:
    """The values in another order, slice by slice: element n is `values[order[n]]`.

    Args:
        values: The values.
        order: Where each comes from.
    """

    def __init__(self, values: Any, order: Any) -> None:
        self._values: Array = values if isinstance(values, np.ndarray) else values[:]
        self._order = order
        self.size: int = order.size
        self.dtype: np.dtype[Any] = self._values.dtype

    def __getitem__(self, places: slice) -> Array:
        return np.take(self._values, self._order[places], mode="clip")


def _gather(allocate: Allocate, values: Any, order: Any) -> Array:
    """Returns the values in another order: element n is `values[order[n]]`."""
    gathered = _Gathered(values, order)
    found = allocate(gathered.size, np.int32 if gathered.dtype == np.uint16 else gathered.dtype)
    for start in range(0, gathered.size, BLOCK):
        found[start : start + BLOCK] = gathered[start : start + BLOCK]
    return found


def _narrow(allocate: Allocate, numbers: Any) -> Array:
    """Returns numbers from 0 to 65535 in 16 bits, without sign."""
    if not isinstance(numbers, _Gathered) and numbers.dtype == np.uint16:
        return numbers
    found = allocate(numbers.size, np.uint16)
    for start in range(0, numbers.size, BLOCK):
        found[start : start + BLOCK] = numbers[start : start + BLOCK]
    return found


KINDS: Mapping[str, Callable[..., Array]] = {
    "gather": _gather,
    "narrow": _narrow,
    "bits": row_recipes.bits,
    "flat": row_recipes.flat,
    "ring": row_recipes.ring,
    "sort_rows": row_recipes.sort_rows,
    "binomial_table": alias_tables.binomial_table,
    "poisson_table": alias_tables.poisson_table,
}
"""The kinds of derived arrays by name."""

IN_ORDER: frozenset[str] = frozenset({"narrow", "bits", "flat"})
"""Those that read their arrays from the first element to the last, slice by slice: what is gathered for them only
needs no memory."""

RUN_KINDS: frozenset[str] = frozenset({"ring"})
"""Those that are made for each run anew, since the run changes them."""


def make(recipe: Recipe, inputs: Callable[[int], Any], allocate: Allocate) -> Array:
    """Returns the array that a recipe describes.

    Args:
        recipe: See `Recipe`.
        inputs: Gives an input by its number.
        allocate: Makes the array.

    Raises:
        KeyError: There is no such kind.
    """
    kind, parts = recipe

    def given(part: int | Recipe) -> Any:
        if not isinstance(part, tuple):
            return inputs(part)
        if kind in IN_ORDER and part[0] == "gather":
            return _Gathered(*(given(inner) for inner in part[1]))
        return make(part, inputs, allocate)

    return KINDS[kind](allocate, *map(given, parts))


def inputs_of(recipe: Recipe) -> tuple[int, ...]:
    """Returns the numbers of the inputs that a recipe needs."""
    found: list[int] = []
    for part in recipe[1]:
        found += inputs_of(part) if isinstance(part, tuple) else [part]
    return tuple(found)
