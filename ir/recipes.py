"""Arrays that are made from the inputs of a program before a run (`snn.derive`): what each kind is, in numpy.

Plain functions without xDSL: the run time uses them, and so does the interpreter. Each takes a function that makes
an array of zeros for a size and a type, and the inputs (arrays, or numbers for params).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ranvier.ir import alias_tables, part_recipes, row_recipes
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
        self.values: Array = values if isinstance(values, np.ndarray) else values[:]
        self.order = order
        self.size: int = order.size
        self.dtype: np.dtype[Any] = self.values.dtype

    def __getitem__(self, places: slice) -> Array:
        return np.take(self.values, self.order[places], mode="clip")


def _gather(allocate: Allocate, values: Any, order: Any) -> Array:
    """Returns the values in another order: element n is `values[order[n]]`."""
    gathered = _Gathered(values, order)
    found = allocate(gathered.size, np.int32 if gathered.dtype == np.uint16 else gathered.dtype)
    for start in range(0, gathered.size, BLOCK):
        found[start : start + BLOCK] = gathered[start : start + BLOCK]
    return found


def _gather_each(allocate: Allocate, instances: int, values: Any, order: Any) -> Array:
    """Returns the values of several instances in another order: those of `order[n]` are put at n."""
    count = int(instances)
    found = allocate(order.size * count, values.dtype)
    step = max(BLOCK // count, 1)
    rows = np.asarray(values[:]).reshape(-1, count)
    for start in range(0, order.size, step):
        part = order[start : start + step]
        found[start * count : (start + part.size) * count] = rows[part].ravel()
    return found


def _narrow(allocate: Allocate, numbers: Any) -> Array:
    """Returns numbers from 0 to 65535 in 16 bits, without sign."""
    if not isinstance(numbers, _Gathered) and numbers.dtype == np.uint16:
        return numbers
    found = allocate(numbers.size, np.uint16)
    for start in range(0, numbers.size, BLOCK):
        found[start : start + BLOCK] = numbers[start : start + BLOCK]
    return found


def _records(allocate: Allocate, numbers: Any, *values: Any) -> Array:
    """Returns numbers and values side by side: for each place a record of words, as int32.

    Values have 32 or 64 bits; numbers without sign that are held in 16 become as wide as the numbers.
    """
    parts = (numbers, *values)
    widths = [max(part.dtype.itemsize // 4, 1) for part in parts]
    words, size = sum(widths), numbers.size
    found = allocate(size * words, np.int32)
    records = found.reshape(size, words)
    for start in range(0, size, BLOCK):
        stop, at = min(start + BLOCK, size), 0
        for part, width in zip(parts, widths, strict=True):
            own = np.ascontiguousarray(part[start:stop])
            if own.dtype == np.uint16:
                own = own.astype(np.int32)
            records[start:stop, at : at + width] = own.view(np.int32).reshape(stop - start, width)
            at += width
    return found


KINDS: Mapping[str, Callable[..., Array]] = {
    "gather": _gather,
    "narrow": _narrow,
    "records": _records,
    "bits": row_recipes.bits,
    "flat": row_recipes.flat,
    "ring": row_recipes.ring,
    "every": part_recipes.every,
    "parts": part_recipes.parts,
    "part_order": part_recipes.part_order,
    "gather_each": _gather_each,
    "ring_each": row_recipes.ring_each,
    "ring_alike": row_recipes.ring_alike,
    "sort_rows": row_recipes.sort_rows,
    "order": row_recipes.order,
    "levels": row_recipes.levels,
    "starts": row_recipes.starts,
    "binomial_table": alias_tables.binomial_table,
    "poisson_table": alias_tables.poisson_table,
}
"""The kinds of derived arrays by name. Those that end with "each" or "alike" are made for several instances side by
side: their first input is the number of these."""

IN_ORDER: frozenset[str] = frozenset({"narrow", "records", "bits", "flat", "parts", "part_order"})
"""Those that read their arrays from the first element to the last, slice by slice: what is gathered for them only
needs no memory."""

RUN_KINDS: frozenset[str] = frozenset({"ring", "ring_each", "ring_alike"})
"""Those that are made for each run anew, since the run changes them."""


SHARED: frozenset[str] = frozenset({"every", "part_order"})
"""Those that several arrays are made from, and that take long: made once for all."""


def make(
    recipe: Recipe, inputs: Callable[[int], Any], allocate: Allocate, shared: dict[Recipe, Array] | None = None
) -> Array:
    """Returns the array that a recipe describes.

    Args:
        recipe: See `Recipe`.
        inputs: Gives an input by its number.
        allocate: Makes the array.
        shared: What has been made of the kinds `SHARED` for other arrays; what is made now is added.

    Raises:
        KeyError: There is no such kind.
    """
    kind, parts = recipe

    def given(part: int | Recipe) -> Any:
        if not isinstance(part, tuple):
            return inputs(part)
        if kind in IN_ORDER and part[0] == "gather":
            return _gathered(part)
        if part[0] not in SHARED or shared is None:
            return make(part, inputs, allocate, shared)
        if part not in shared:
            shared[part] = make(part, inputs, allocate, shared)
        return shared[part]

    def _gathered(part: Recipe) -> _Gathered:
        values, order = part[1]
        if isinstance(values, tuple) and values[0] == "gather":  # x[a][b] is x[a[b]]: no x[a] is made
            inner, first = values[1]
            return _Gathered(given(inner), _Gathered(given(first), given(order)))
        return _Gathered(given(values), given(order))

    if kind == "gather":
        made = _gathered(recipe)
        return _gather(allocate, made.values, made.order)
    return KINDS[kind](allocate, *map(given, parts))


def mentions(recipe: Recipe, kinds: Set[str]) -> bool:
    """Tells whether a recipe, or one within it, is of one of some kinds."""
    return recipe[0] in kinds or any(isinstance(part, tuple) and mentions(part, kinds) for part in recipe[1])


def inputs_of(recipe: Recipe) -> tuple[int, ...]:
    """Returns the numbers of the inputs that a recipe needs."""
    found: list[int] = []
    for part in recipe[1]:
        found += inputs_of(part) if isinstance(part, tuple) else [part]
    return tuple(found)
