"""Arrays that are made from the inputs of a program before a run (`snn.derive`): what each kind is, in numpy.

Plain functions without xDSL: the run time uses them, and so does the interpreter. Each takes a function that makes
an array of zeros for a size and a type, and the inputs (arrays, or numbers for params).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ranvier.ir import alias_tables, block_recipes, part_recipes, row_recipes
from ranvier.ir.slots import Recipe

Array: TypeAlias = npt.NDArray[Any]
Allocate: TypeAlias = Callable[[int, npt.DTypeLike], Array]

BLOCK = 1 << 20
"""Elements that are treated together, so that temporaries stay small."""


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


def _in_blocks(kind: str) -> Callable[..., Array]:
    """Returns what makes an array of one of the kinds that are made block by block."""

    def make_one(allocate: Allocate, *given: Any) -> Array:
        def input_of(part: int | Recipe) -> Any:
            assert isinstance(part, int)
            return given[part]

        recipe: Recipe = kind, tuple(range(len(given)))
        return block_recipes.make_in_blocks([recipe], input_of, allocate)[0]

    return make_one


KINDS: Mapping[str, Callable[..., Array]] = {
    "gather": _in_blocks("gather"),
    "narrow": _in_blocks("narrow"),
    "records": _in_blocks("records"),
    "parts": _in_blocks("parts"),
    "part_order": _in_blocks("part_order"),
    "bits": row_recipes.bits,
    "flat": row_recipes.flat,
    "ring": row_recipes.ring,
    "every": part_recipes.every,
    "one_row": part_recipes.one_row,
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

IN_ORDER: frozenset[str] = frozenset({"bits", "flat"})
"""Others that read their arrays from the first element to the last, slice by slice: what is gathered for them only
needs no memory."""

RUN_KINDS: frozenset[str] = frozenset({"ring", "ring_each", "ring_alike"})
"""Those that are made for each run anew, since the run changes them."""


SHARED: frozenset[str] = frozenset({"every", "part_order"})
"""Those that several arrays are made from, and that take long: made once for all."""


def make(
    recipe: Recipe, inputs: Callable[[int], Any], allocate: Allocate, shared: dict[Recipe, Array] | None = None
) -> Array:
    """Returns the array that a recipe describes; see `make_all`."""
    return make_all([recipe], inputs, allocate, shared)[0]


def make_all(
    recipes: Sequence[Recipe],
    inputs: Callable[[int], Any],
    allocate: Allocate,
    shared: dict[Recipe, Array] | None = None,
    workers: int = 1,
) -> list[Array]:
    """Returns the arrays that recipes describe.

    Args:
        recipes: See `Recipe`.
        inputs: Gives an input by its number.
        allocate: Makes an array of zeros.
        shared: What has been made of the kinds `SHARED` for other arrays; what is made now is added.
        workers: The number of threads that make large arrays.

    Raises:
        KeyError: There is no such kind.
    """
    kept: dict[Recipe, Array] = {} if shared is None else shared

    def given(part: int | Recipe) -> Any:
        if not isinstance(part, tuple):
            return inputs(part)
        if part[0] not in SHARED:
            return make(part, inputs, allocate, kept)
        if part not in kept:
            kept[part] = make(part, inputs, allocate, kept)
        return kept[part]

    def given_in_order(part: int | Recipe) -> Any:
        is_gathered = isinstance(part, tuple) and part[0] == "gather" and not mentions(part, {"part_order"})
        return block_recipes.Maker(given, None).elements(part) if is_gathered else given(part)

    in_blocks = [recipe for recipe in recipes if recipe[0] in block_recipes.KINDS]
    made = dict(zip(in_blocks, block_recipes.make_in_blocks(in_blocks, given, allocate, workers), strict=True))
    for recipe in recipes:
        kind, parts = recipe
        if recipe not in made:
            made[recipe] = KINDS[kind](allocate, *map(given_in_order if kind in IN_ORDER else given, parts))
    return [made[recipe] for recipe in recipes]


def mentions(recipe: Recipe, kinds: Set[str]) -> bool:
    """Tells whether a recipe, or one within it, is of one of some kinds."""
    return recipe[0] in kinds or any(isinstance(part, tuple) and mentions(part, kinds) for part in recipe[1])


def inputs_of(recipe: Recipe) -> tuple[int, ...]:
    """Returns the numbers of the inputs that a recipe needs."""
    found: list[int] = []
    for part in recipe[1]:
        found += inputs_of(part) if isinstance(part, tuple) else [part]
    return tuple(found)
