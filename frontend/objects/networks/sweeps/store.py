"""Where the outcomes of a sweep go: into memory, or a directory of Parquet parts with which a later call goes on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import cast

import numpy as np

from ranvier.objects.memory.arrays import Array
from ranvier.objects.networks.sweeps.columns import unit_of
from ranvier.objects.networks.sweeps.kinds import Fitting
from ranvier.objects.networks.sweeps.set_values import Column, as_column, unit_of_column, values_of_sets
from ranvier.objects.networks.sweeps.sets import Sets, plain
from ranvier.objects.networks.sweeps.stacked_values import StackedValues
from ranvier.objects.networks.sweeps.work import REMARKS, SETS, Outcome, Seeds
from ranvier.runtime import parts
from ranvier.session.given import is_a
from ranvier.units import DimensionMismatchError, Quantity

MOST_WHOLE = 2**63
"""Whole numbers of tables are smaller."""


class Store:
    """The outcomes of a sweep, in memory.

    Args:
        sets: The sets.
        seeds: The seeds of those for which none is given.

    Attributes:
        seeds: The seeds of the sets.
        done: The sets that need not be done any more.
        failures: What went wrong, by set.
        warnings: What is to be said of sets that did not fail, by set.
    """

    def __init__(self, sets: Sets, seeds: Seeds) -> None:
        self.seeds = seeds
        self.done: set[int] = set()
        self.failures: dict[int, str] = {}
        self.warnings: dict[int, str] = {}
        self._sets = sets
        self._outcomes: list[Outcome] = []
        self._by_set: dict[int, Outcome] = {}
        self._fitting = Fitting()
        self._tables = parts.MemoryParts()
        self._table: object = None

    def left(self, todo: Iterable[int]) -> list[int]:
        """Returns those of some sets that were not done."""
        return [k for k in todo if k not in self.done] if self.done else list(todo)

    def add(self, outcome: Outcome) -> None:
        """Takes in an outcome; a set is a failure if a table cannot hold it beside the others."""
        self._table = None
        self._fail_if_odd(outcome)
        kept, is_review_due = self._fitting.take_in(outcome, self.done)
        for each in kept:
            self.done.update(each.indices)
            self.note(each)
            self._hold(each)
        if is_review_due:
            self._review()

    def _fail_if_odd(self, outcome: Outcome) -> None:
        """Makes a failure of a set that no table can hold."""
        if not outcome.error and not all(map(_are_simple, outcome.measures.values())):
            try:
                self._rows_of([outcome])
            except (TypeError, DimensionMismatchError) as error:
                outcome.error, outcome.measures, outcome.tables = f"{type(error).__name__}: {error}", {}, {}

    def _hold(self, outcome: Outcome) -> None:
        """Keeps an outcome."""
        for name, table in outcome.tables.items():
            self._tables.add(name, table)
        outcome.tables = {}
        self._outcomes.append(outcome)
        self._by_set = {}

    def _review(self) -> None:
        """Looks at sets again, since one that decides has come."""
        self._outcomes = [each for outcome in self._outcomes for each in outcome.parts()]
        self._by_set = {}
        for each in self._looked_at_again(self._outcomes):
            for name, table in each.tables.items():
                self._tables.add(name, table)
            each.tables = {}

    def _looked_at_again(self, held: Iterable[Outcome]) -> list[Outcome]:
        """Looks at sets again, each by itself; returns those that are no failures any more."""
        expelled, returned = self._fitting.again([each for each in held if not each.error])
        for outcome in expelled:
            self.warnings.pop(outcome.index, None)
            self.note(outcome)
        for outcome in returned:
            del self.failures[outcome.index]
            self.note(outcome)
        return returned

    def note(self, outcome: Outcome) -> None:
        """Takes note of what went wrong."""
        if outcome.error:
            self.failures[outcome.index] = outcome.error
        else:
            self.warnings.update(outcome.warnings)

    def flush(self) -> None:
        """Writes what waits to be written."""

    def sets(self) -> object:
        """Returns the table with a row for each set that was done, in their order; None if there are none."""
        if self._table is None and self._outcomes:
            self._table = self._rows_of(self._outcomes)
        return self._table

    def _rows_of(self, outcomes: Sequence[Outcome]) -> object:
        return rows_of(outcomes, self._sets, self.seeds)

    def table(self, name: str) -> object:
        """Returns what was recorded, in the order of the sets; None if nothing was."""
        return self._in_order(self._tables.table(name))

    def _in_order(self, table: object) -> object:
        """Returns a table in the order of the sets, without those that are failures after all."""
        if table is None:
            return None
        return parts.in_order(parts.rows_without(table, "instance", self._fitting.expelled), "instance")

    def table_names(self) -> list[str]:
        """Returns the names of the tables in which something was recorded."""
        return self._tables.names()

    def outcome(self, k: int) -> Outcome:
        """Returns what has become of a set that was done."""
        found = self._held(k)
        assert found is not None
        return found

    def _held(self, k: int) -> Outcome | None:
        """Returns the outcome of a set that is kept here, None if there is none."""
        if not self._by_set:
            self._by_set = {each: outcome for outcome in self._outcomes for each in outcome.indices}
        found = self._by_set.get(k)
        return None if found is None else found.only(k)

    def __iter__(self) -> Iterator[int]:
        return iter(sorted(self.done))


def rows_of(outcomes: Sequence[Outcome], sets: Sets, seeds: Seeds) -> object:
    """Returns a table with a row for each set, in their order.

    Args:
        outcomes: The outcomes of sets, at least one.
        sets: All sets of the sweep.
        seeds: The seeds of those for which none is given.

    Raises:
        TypeError: If a table cannot hold what was measured.
    """
    ks: Array = np.array([k for each in outcomes for k in each.indices])
    columns: dict[str, Column] = {"instance": ks}
    values, units = values_of_sets(sets, seeds, ks)
    columns |= values
    for name in dict.fromkeys(name for each in outcomes for name in each.measures):
        pieces = _pieces(outcomes, name)
        columns[name] = _joined([_plain(piece) for piece in pieces])
        units[name] = next((unit for unit in [_unit_of(piece) for piece in pieces] if unit), "")
    columns["warning"] = [text for each in outcomes for text in _warnings_of(each)]
    columns["error"] = [each.error for each in outcomes for _ in each.indices]
    return parts.in_order(parts.table_of(columns, units, SETS), "instance")


def _pieces(outcomes: Sequence[Outcome], name: str) -> list[Sequence[object]]:
    """Returns the values of a measure, None for sets without it: those of sets by themselves as one list."""
    found: list[Sequence[object]] = []
    lone: list[object] = []
    for each in outcomes:
        values = each.measures.get(name)
        if type(values) is StackedValues:
            found += [lone, values]
            lone = []
        else:
            lone += values or [None] * len(each)
    return [each for each in (*found, lone) if each]


def _warnings_of(outcome: Outcome) -> list[str]:
    """Returns what is to be said of each set, "" for nothing."""
    if not outcome.warnings:
        return [""] * len(outcome)
    return [outcome.warnings.get(k, "") for k in outcome.indices]


def _plain(values: Sequence[object]) -> Column:
    """Returns values of a measure as a table holds them."""
    return as_column(values.array) if type(values) is StackedValues else plain(values)


def _unit_of(values: Sequence[object]) -> str:
    return values.unit if type(values) is StackedValues else unit_of_column(values)


def _joined(pieces: Sequence[Column]) -> Column:
    """Returns values of several outcomes, one after another: as one array, where they are arrays of one form."""
    arrays = [piece for piece in pieces if isinstance(piece, np.ndarray)]
    if len(arrays) == len(pieces) and len({(each.dtype, each.shape[1:]) for each in arrays}) == 1:
        return np.concatenate(arrays)
    return [value for piece in pieces for value in (piece.tolist() if isinstance(piece, np.ndarray) else piece)]


def _are_simple(values: Sequence[object]) -> bool:
    """Tells whether any table can hold values of a measure: numbers or truth values, one or an array, or a text."""
    return type(values) is StackedValues or all(map(_is_simple, values))


def _is_simple(value: object) -> bool:
    if type(value) is float or type(value) is Quantity:
        return True
    if is_a(value, np.ndarray):
        dtype = cast(Array, value).dtype
        return dtype.kind == "b" or (dtype.kind in "iuf" and dtype.itemsize <= (4 if dtype.kind == "u" else 8))
    if type(value) is int:
        return abs(value) < MOST_WHOLE
    return value is None or is_a(value, (bool, float, str, np.floating, np.bool_))


def outcome_of(row: Mapping[str, object], units: Mapping[str, str], keys: Collection[str]) -> Outcome:
    """Returns the outcome that a row of the table of sets tells of.

    Args:
        row: The values of the row.
        units: The units of columns.
        keys: The columns that are values of the set; the others are measures.
    """
    k = int(cast(int, row["instance"]))
    names = (name for name in row if name not in REMARKS and name not in keys)
    measures: dict[str, Sequence[object]] = {name: [with_unit(row[name], units.get(name, ""))] for name in names}
    warnings = {k: str(row["warning"])} if row["warning"] else {}
    return Outcome([k], measures, {}, warnings, str(row["error"]))


def with_unit(value: object, unit: str) -> object:
    """Returns a value of a table with its unit."""
    if not unit or value is None:
        return value
    dim = unit_of(unit).dim
    try:
        return Quantity(cast(float, value), dim=dim)
    except ValueError:  # lists of different lengths
        return [with_unit(each, unit) for each in cast("list[object]", value)]


def in_unit(array: Array, unit: str) -> object:
    """Returns values of all sets with their unit; if they are arrays of different lengths, each with it."""
    if not unit or array.dtype.kind != "O":
        return with_unit(array, unit)
    found = np.full(array.shape, None, dtype=np.object_)
    for place in np.ndindex(array.shape):
        found[place] = with_unit(array[place], unit)
    return found
