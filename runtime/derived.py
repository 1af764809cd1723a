"""Derived arrays (`snn.derive`): made before a run, and kept as long as what they are made from stays the same."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ranvier.ir.recipes import KINDS, RUN_KINDS, inputs_of, make, make_all
from ranvier.ir.slots import Recipe, Slot
from ranvier.runtime.state import allocate, fingerprint
from ranvier.runtime.watched_arrays import is_marked, mark

Array = npt.NDArray[Any]

WATCHED = 1 << 20
"""Bytes of arrays of which it is noticed whether somebody may change them: looking at all elements takes too long."""


@dataclass(frozen=True)
class _Part:
    """What an array was made from: the object that holds an input, its array or what it follows from, its contents.

    `mark` has what stands for the contents as long as nobody can have changed them: then none need looking at.
    """

    holder: Callable[[], Any]
    array: Callable[[], Any]
    contents: int
    mark: list[object | None]

    def is_still(self, holder: Any) -> bool:
        if self.holder() is not holder:
            return False
        if self.mark[0] is not None and is_marked(holder, self.mark[0]):
            return True
        array = _basis(holder)
        is_same, is_large = self.array() is array and self.contents == _contents(holder, array), _is_large(array)
        del array  # whoever holds an array may change it
        if is_same and is_large:
            self.mark[0] = _mark_of(holder)
        return is_same


@dataclass(frozen=True)
class _Made:
    parts: tuple[_Part | int | float, ...]
    array: Array

    @property
    def is_orphan(self) -> bool:
        """Whether something that it was made from is gone, so that nobody can ask for it again."""
        return any(isinstance(part, _Part) and part.holder() is None for part in self.parts)


_made: weakref.WeakKeyDictionary[Any, dict[tuple[Recipe, tuple[int, ...]], _Made]] = weakref.WeakKeyDictionary()
"""For the first array that a derived array is made from: by recipe and identities of all inputs, what was made."""


_known: weakref.WeakKeyDictionary[Any, dict[str, Any]] = weakref.WeakKeyDictionary()
"""For objects that nobody changes meanwhile: the array that was looked at, and the number of its contents."""


@contextmanager
def unchanging(slots: Iterable[Slot], values: Sequence[Any], shift: int = 0) -> Generator[None, None, None]:
    """Lets the arrays that derived arrays are made from be looked at once: nobody changes them in the `with` block.

    Looking at the weights of hundreds of millions of synapses takes as long as a short run.

    Args:
        slots: The slots of the program.
        values: What its inputs stand for.
        shift: By how much the numbers of its inputs are greater.
    """
    numbers = {number - shift for slot in slots if slot.recipe is not None for number in inputs_of(slot.recipe)}
    holders = [values[n] for n in numbers if 0 <= n < len(values) and _is_array(values[n])]
    mine = [holder for holder in holders if holder not in _known]
    for holder in mine:
        _known[holder] = {}
    try:
        yield
    finally:
        for holder in mine:
            _known.pop(holder, None)


@contextmanager
def changing() -> Generator[None, None, None]:
    """Suspends `unchanging`, around it: in this `with` block arrays may change, and are looked at again after it."""
    held = dict(_known)
    _known.clear()
    try:
        yield
    finally:
        _known.update((holder, {}) for holder in held)


def derived_array(recipe: Recipe, values: Sequence[Any], shared: dict[Recipe, Array] | None = None) -> Array:
    """Returns the array of a recipe; see `derived_arrays`."""
    return derived_arrays([recipe], values, shared)[recipe]


def derived_arrays(
    recipes: Iterable[Recipe], values: Sequence[Any], shared: dict[Recipe, Array] | None = None, workers: int = 1
) -> dict[Recipe, Array]:
    """Returns the arrays of recipes, the same ones as last time if nothing has changed.

    Args:
        recipes: How they are made.
        values: The inputs of the program: numbers, and objects with `array`, `readable` and `basis` (see `Storage`).
        shared: What has been made for other arrays of these inputs (see `ranvier.ir.recipes.make_all`).
        workers: The number of threads that make large arrays.
    """
    shared = {} if shared is None else shared

    def content(number: int) -> Any:
        value = values[number]
        return value.readable if _is_array(value) else value

    found: dict[Recipe, Array] = {}
    wanted: dict[Recipe, tuple[dict[Any, _Made], Any]] = {}
    asked = list(dict.fromkeys(recipes))
    for recipe in asked:
        numbers = inputs_of(recipe)
        holder = next((values[n] for n in numbers if _is_array(values[n])), None)
        if recipe[0] in RUN_KINDS:
            continue  # made anew, of others
        if holder is None:
            own = _numbered(recipe, numbers)
            found[recipe] = _made_of_numbers(own, tuple(values[n] for n in dict.fromkeys(numbers)))
        else:
            kept, key = _kept(recipe, numbers, holder, values)
            old = kept.get(key)
            if old is not None and _are_still(old.parts, [values[n] for n in numbers]):
                found[recipe] = old.array
            else:
                kept.pop(key, None)
                wanted[recipe] = kept, key
    for recipe, array in zip(wanted, make_all([*wanted], content, allocate, shared, workers), strict=True):
        kept, key = wanted[recipe]
        kept[key] = _Made(tuple(_part(values[n]) for n in inputs_of(recipe)), array)
        found[recipe] = array
    for recipe in asked:
        kind, parts = recipe
        if kind in RUN_KINDS:
            given = [
                derived_array(part, values, shared) if isinstance(part, tuple) else content(part) for part in parts
            ]
            found[recipe] = KINDS[kind](allocate, *given)
    return found


def _kept(recipe: Recipe, numbers: Sequence[int], holder: Any, values: Sequence[Any]) -> tuple[dict[Any, _Made], Any]:
    """Returns where the array of a recipe is kept, and under what."""
    kept = _made.setdefault(holder, {})
    for gone in [key for key, made in kept.items() if made.is_orphan]:
        del kept[gone]
    return kept, (_numbered(recipe, numbers), tuple(id(values[n]) for n in numbers if _is_array(values[n])))


@lru_cache(maxsize=256)
def _made_of_numbers(recipe: Recipe, given: tuple[float, ...]) -> Array:
    return make(recipe, given.__getitem__, allocate)


def _numbered(recipe: Recipe, numbers: Sequence[int]) -> Recipe:
    """Returns the recipe with inputs numbered among its own: the numbers of the program's inputs differ between
    programs.
    """
    own = {number: k for k, number in enumerate(dict.fromkeys(numbers))}

    def renumbered(part: int | Recipe) -> int | Recipe:
        return own[part] if isinstance(part, int) else (part[0], tuple(renumbered(p) for p in part[1]))

    return recipe[0], tuple(renumbered(part) for part in recipe[1])


def _part(value: Any) -> _Part | int | float:
    if not _is_array(value):
        return value
    array = _basis(value)
    reference, contents, is_large = weakref.ref(array), _contents(value, array), _is_large(array)
    del array  # whoever holds an array may change it
    return _Part(weakref.ref(value), reference, contents, [_mark_of(value) if is_large else None])


def _is_large(array: Any) -> bool:
    return getattr(array, "nbytes", 0) >= WATCHED


def _mark_of(holder: Any) -> object | None:
    """Returns what stands for the elements of a large array that others may change, if changes can be noticed."""
    return None if getattr(holder, "frozen", False) else mark(holder)


def _is_array(value: Any) -> bool:
    """Tells whether an input is an array. The array itself is not asked for: it may have no memory yet."""
    return not isinstance(value, int | float | np.generic)


def _basis(value: Any) -> Any:
    """Returns what the elements of a frozen object follow from, the array of another, which nobody changes here."""
    return value.basis if hasattr(value, "basis") else value.array


def _are_still(parts: Sequence[_Part | int | float], values: Sequence[Any]) -> bool:
    return all(
        part.is_still(value) if isinstance(part, _Part) else part == value
        for part, value in zip(parts, values, strict=True)
    )


def _contents(holder: Any, array: Any) -> int:
    """Returns a number that differs if the contents do; 0 for arrays that nobody changes in place."""
    if getattr(holder, "frozen", False):
        return 0
    known = _known.get(holder)
    if known is None:
        return fingerprint(array)
    if "array" not in known or known["array"]() is not array:
        known.update(contents=fingerprint(array), array=weakref.ref(array))
    return known["contents"]
