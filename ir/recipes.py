"""Arrays that are made from the inputs of a program before a run (`snn.derive`): what each kind is, in numpy.

Plain functions without xDSL: the run time uses them, and so does the interpreter. Each takes a function that makes
an array of zeros for a size and a type, and the inputs (arrays, or numbers for params).
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ranvier.ir import row_recipes
from ranvier.ir.slots import Recipe

Array: TypeAlias = npt.NDArray[Any]
Allocate: TypeAlias = Callable[[int, npt.DTypeLike], Array]

BLOCK = 1 << 20
"""Elements that are treated together, so that temporaries stay small."""


def _gather(allocate: Allocate, values: Array, order: Array) -> Array:
    """The values in another order: element n is `values[order[n]]`."""
    found = allocate(order.size, values.dtype)
    for start in range(0, order.size, BLOCK):
        np.take(values, order[start : start + BLOCK], out=found[start : start + BLOCK], mode="clip")
    return found


def _narrow(allocate: Allocate, numbers: Array) -> Array:
    """Numbers from 0 to 65535 in 16 bits, without sign."""
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
}
"""The kinds of derived arrays by name."""

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
    given = [make(part, inputs, allocate) if isinstance(part, tuple) else inputs(part) for part in parts]
    return KINDS[kind](allocate, *given)


def inputs_of(recipe: Recipe) -> tuple[int, ...]:
    """Returns the numbers of the inputs that a recipe needs."""
    found: list[int] = []
    for part in recipe[1]:
        found += inputs_of(part) if isinstance(part, tuple) else [part]
    return tuple(found)
