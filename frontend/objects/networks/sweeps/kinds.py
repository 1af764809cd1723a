"""What the values of a measure are: numbers, arrays or texts, of one unit in all sets, since a table has columns.

The set with the lowest number decides, whichever is done first; a set whose measure is something else is a failure.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import cast

import numpy as np

from ranvier.objects.memory.arrays import Array
from ranvier.objects.memory.new_storage import dimension_text
from ranvier.objects.networks.sweeps.stacked_values import StackedValues
from ranvier.objects.networks.sweeps.work import Outcome
from ranvier.runtime import joined_tables
from ranvier.session.given import is_a
from ranvier.units import DimensionMismatchError, Quantity
from ranvier.units.checks import common_dimension
from ranvier.units.dimensions import Dimension

NUMBER, TEXT = "a number", "a text"
"""What single values are."""

_QUICK: set[type] = {float, int, bool, np.float64, np.int64, np.bool_}
"""Types of single numbers without a unit."""


@dataclass(frozen=True)
class Kind:
    """What a value is.

    Attributes:
        what: "a number", "an array of 2 dimensions", "a text".
        unit: Its unit in base units, "" for none; None if it goes with each: 0, NaN and infinity without a unit.
    """

    what: str
    unit: str | None

    def fits(self, other: Kind) -> bool:
        """Tells whether values of both kinds can be in one column."""
        return self.what == other.what and (self.unit == other.unit or self.unit is None or other.unit is None)


_NUMBER, _ANY_NUMBER = Kind(NUMBER, ""), Kind(NUMBER, None)


def kind_of(value: object, unit: str = "") -> Kind | None:
    """Returns what a value is, None for no value.

    Args:
        value: The value.
        unit: The unit of a value that stands without it.

    Raises:
        TypeError: If a table cannot hold such values.
    """
    if value is None:
        return None
    if type(value) in _QUICK and not unit:
        return _NUMBER if value and math.isfinite(cast(float, value)) else _ANY_NUMBER
    if type(value) is Quantity and value.ndim == 0 and not value.is_dimensionless:
        return _number_with(value.dim)
    if isinstance(value, str):
        return Kind(TEXT, "")
    if not is_a(value, (np.ndarray, np.generic, list, tuple, int, float, complex)):
        return Kind(TEXT, "")  # what it is shown as
    unit = unit or dimension_text(dimension_in(value))
    leaves, dimensions = _leaves(value)
    if leaves.dtype.kind == "c":
        raise TypeError("complex numbers cannot be written to a table; give their real and imaginary parts")
    if leaves.dtype.kind in "US":
        return Kind(f"{_array(dimensions)} of texts" if dimensions else TEXT, "")
    what = _array(dimensions) if dimensions else NUMBER
    return Kind(what, unit or ("" if leaves.dtype.kind not in "biuf" or _is_firm(leaves) else None))


@cache
def _number_with(dim: Dimension) -> Kind:
    return Kind(NUMBER, dimension_text(dim))


def kinds_in(values: Sequence[object]) -> dict[Kind, int]:
    """Returns what the values of a measure are, with the place of the first value of each kind.

    Raises:
        TypeError, DimensionMismatchError: If a table cannot hold one.
    """
    found: dict[Kind, int] = {}
    if type(values) is not StackedValues:
        for place, value in enumerate(values):
            kind = kind_of(value)
            if kind is not None:
                found.setdefault(kind, place)
        return found
    what = NUMBER if values.array.ndim == 1 else _array(values.array.ndim - 1)
    if values.unit:
        return {Kind(what, values.unit): 0}
    for is_firm, place in zip(*np.unique(values.firm, return_index=True), strict=True):
        found[Kind(what, "" if is_firm else None)] = int(place)
    return found


def _array(dimensions: int) -> str:
    return "an array" if dimensions == 1 else f"an array of {dimensions} dimensions"


def _is_firm(leaves: Array) -> bool:
    """Tells whether numbers without a unit are none of those that go with each unit."""
    return bool((np.isfinite(leaves) & (leaves != 0)).any())


def goes_with_each_unit(value: object) -> bool:
    """Tells whether a value without a unit is 0, NaN or infinite, or has only such elements."""
    return not _is_firm(np.asarray(cast(Array, value)))


def _leaves(value: object) -> tuple[Array, int]:
    """Returns the elements of a value, and how many dimensions it has; lists may have lists of different lengths."""
    try:
        array = np.asarray(cast(Array, value))
    except ValueError:
        found = [_leaves(each) for each in cast("Sequence[object]", value)]
        if len({dimensions for _, dimensions in found}) > 1:
            raise TypeError("lists of numbers and lists cannot be written to a table") from None
        return np.concatenate([leaves.ravel() for leaves, _ in found]), found[0][1] + 1
    return array, array.ndim


def dimension_in(value: object) -> Dimension:
    """Returns the dimension of a value, or of what is in a list.

    Raises:
        DimensionMismatchError: If values in a list have different units.
        TypeError: If some have units, and some have none.
    """
    return common_dimension(value)


def as_measured(value: object) -> object:
    """Returns a value that was measured, which later runs do not change: arrays may be the memory of variables.

    A list of values with a unit is an array with it, where it has a shape.

    Raises:
        DimensionMismatchError, TypeError: If values in a list have different units.
    """
    if not is_a(value, (list, tuple)) or dimension_in(value).is_dimensionless:
        return _kept(value)
    dim = dimension_in(value)
    try:
        return Quantity(np.array(cast("list[float]", value), dtype=float), dim=dim)
    except ValueError:  # lists of different lengths
        return _kept(value)


def _kept(value: object) -> object:
    """Returns a value with copies of arrays, also of those in lists."""
    if is_a(value, np.ndarray):
        return cast(Array, value).copy()
    if not is_a(value, (list, tuple)):
        return value
    several = cast(Sequence[object], value)
    if not any(is_a(each, (np.ndarray, list, tuple)) for each in several):
        return value
    return [_kept(each) for each in several] if isinstance(value, list) else tuple(map(_kept, several))


class Misfit(Exception):
    """A measure or a table of a set does not go with those of another; the text says why.

    Attributes:
        first: The set with which it was compared; None if a table cannot hold it in any case.
    """

    def __init__(self, reason: str, first: int | None) -> None:
        super().__init__(reason)
        self.first = first


class Kinds:
    """What the measures of a sweep, and the columns of its tables, are; see the head of this file."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, Kind]] = {}
        self._forms: dict[str, object] = {}

    def take_in(self, outcome: Outcome) -> bool:
        """Takes in what sets have measured and recorded.

        Args:
            outcome: Their outcome, none of which has failed.

        Returns:
            Whether sets that were taken in before do not go with one of them, which decides since its number is lower.

        Raises:
            Misfit: If one does not go with those that were taken in before.
        """
        is_other = False
        for name, values in outcome.measures.items():
            if self._is_known_number(name, values, outcome.index):
                continue
            what = f"The measure '{name}'"
            try:
                kinds = kinds_in(values)
            except (TypeError, DimensionMismatchError) as error:
                text = f"{type(error).__name__}: {what} of set {outcome.index}: {str(error).rstrip('.')}."
                raise Misfit(text, None) from None
            for kind, place in kinds.items():
                is_other |= self._compare(what, name, kind, outcome.indices[place])
        for name, table in outcome.tables.items():
            is_other |= self._take_table(name, table, outcome.index)
        return is_other

    def _is_known_number(self, name: str, values: Sequence[object], index: int) -> bool:
        """Tells whether a measure is one number, and goes with lower sets: of sets by themselves there are many."""
        first, known = self._known.get(name, (index, None))
        return known is _NUMBER and first < index and len(values) == 1 and type(values[0]) in _QUICK

    def know(self, name: str, index: int, kind: Kind | None) -> bool:
        """Takes in what a measure of a set is; returns whether no further set decides."""
        if kind is not None:
            self._compare(name, name, kind, index)
        return kind is not None and kind.unit is not None

    def _take_table(self, name: str, table: object, index: int) -> bool:
        if name in self._forms and joined_tables.is_same_form(self._forms[name], table):
            return False
        is_other = False
        for column, (what, unit) in joined_tables.kinds_in(table).items():
            where = f"'{column}' in the table '{name}'"
            is_other |= self._compare(where, f"{name}.{column}", Kind(what, unit), index)
        self._forms[name] = table
        return is_other

    def _compare(self, what: str, key: str, kind: Kind, index: int) -> bool:
        """Compares a kind with what is known, see `take_in`."""
        first, known = self._known.get(key, (index, kind))
        if known.fits(kind):
            if known.unit is None and kind.unit is not None:
                first = index  # what goes with each unit decides nothing
            elif kind.unit is not None or known.unit is None:
                first = min(first, index)
            self._known[key] = first, known if known.unit is not None else kind
            return False
        if index < first:
            self._known[key] = index, kind
            return True
        if known.what != kind.what:
            raise Misfit(
                f"TypeError: {what} is {kind.what} in set {index}, but {known.what} in set {first}: a column "
                "has values of one kind.",
                first,
            )
        raise Misfit(
            f"DimensionMismatchError: {what} has another unit in set {index} than in set {first} (units are "
            f"{kind.unit or 1} and {known.unit or 1}).",
            first,
        )


class Fitting:
    """Sees that the measures of all sets go together, and makes failures of those sets whose do not.

    Attributes:
        expelled: Sets that are failures although what monitors recorded in them was kept.
    """

    def __init__(self) -> None:
        self._kinds = Kinds()
        self._unsure: dict[int, tuple[Outcome, dict[str, Sequence[object]], dict[str, object]]] = {}
        self.expelled: set[int] = set()

    def take_in(self, outcome: Outcome, done: Collection[int]) -> tuple[list[Outcome], bool]:
        """Takes in an outcome; a set that does not fit becomes a failure.

        Args:
            outcome: The outcome.
            done: The sets that were done before. Where one that decides may still come, the failure is not final.

        Returns:
            The outcome, or those of its sets by themselves if some do not fit; and whether others do not go with them,
            which decide: see `again`.
        """
        if outcome.error:
            return [outcome], False
        try:
            return [outcome], self._kinds.take_in(outcome)
        except Misfit as misfit:
            if len(outcome) == 1:
                is_sure = misfit.first is None or all(k in done for k in range(misfit.first))
                self._expel(outcome, misfit, is_sure=is_sure)
                return [outcome], False
        alone = list(outcome.parts())
        return alone, any([self.take_in(each, done)[1] for each in alone])

    def know(self, name: str, values: Iterable[tuple[int, object]], unit: str) -> None:
        """Takes in values of a measure that were written, until one of them decides.

        Args:
            name: The measure.
            values: The numbers of sets, in order, and their values.
            unit: The unit of the values.
        """
        for k, value in values:
            if self._kinds.know(name, k, kind_of(value, unit)):
                return

    def again(self, held: Iterable[Outcome]) -> tuple[list[Outcome], list[Outcome]]:
        """Looks at sets again, since one that decides has come.

        Args:
            held: The outcomes of sets that have not failed, each by itself.

        Returns:
            Those that are failures now; those that were, and are not any more.
        """
        known = {outcome.index for outcome in held}
        for outcome, measures, tables in self._unsure.values():
            outcome.measures, outcome.tables, outcome.error, outcome.is_final = measures, tables, "", True
        several = [*held, *(outcome for outcome, _, _ in self._unsure.values())]
        self._kinds, self._unsure = Kinds(), {}
        expelled: list[Outcome] = []
        for outcome in sorted(several, key=lambda each: each.index):
            try:
                self._kinds.take_in(outcome)
            except Misfit as misfit:
                self._expel(outcome, misfit, is_sure=False)
                expelled.append(outcome)
        lost = {outcome.index for outcome in expelled}
        self.expelled = (self.expelled | (lost & known)) - {each.index for each in several if not each.error}
        return expelled, [each for each in several if not each.error and each.index not in known]

    def _expel(self, outcome: Outcome, misfit: Misfit, *, is_sure: bool) -> None:
        if not is_sure:
            self._unsure[outcome.index] = outcome, outcome.measures, outcome.tables
            outcome.is_final = False
        outcome.measures, outcome.tables, outcome.error = {}, {}, str(misfit)
