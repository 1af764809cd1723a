"""Where the outcomes of a sweep go: into memory, or a directory of Parquet parts with which a later call goes on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import cast

import numpy as np

from ranvier.objects.memory.arrays import Array
from ranvier.objects.networks.sweeps.columns import unit_of
from ranvier.objects.networks.sweeps.kinds import QUICK, Fitting
from ranvier.objects.networks.sweeps.set_values import Column, columns_of_values, unit_of_column
from ranvier.objects.networks.sweeps.sets import plain
from ranvier.objects.networks.sweeps.work import REMARKS, SETS, Outcome, Seeds
from ranvier.runtime import parts
from ranvier.session.given import is_a
from ranvier.units import DimensionMismatchError, Quantity

MOST_WHOLE = 2**63
"""Whole numbers of tables are smaller."""


class Store:
    """The outcomes of a sweep, in memory.

    Attributes:
        seeds: The seeds of the sets.
        done: The sets that need not be done any more.
        failures: What went wrong, by set.
        warnings: What is to be said of sets that did not fail, by set.
        kinds: What the values of each key are in a table, see `Axis.kind`.
    """

    def __init__(self, seeds: Seeds) -> None:
        self.seeds = seeds
        self.kinds: dict[str, str] = {}
        self.done: set[int] = set()
        self.failures: dict[int, Outcome] = {}
        self.warnings: dict[int, Outcome] = {}
        self._outcomes: dict[int, Outcome] = {}
        self._fitting = Fitting()
        self._tables = parts.MemoryParts()
        self._table: object = None

    def add(self, outcome: Outcome) -> None:
        """Takes in an outcome; it is a failure if a table cannot hold it beside those of other sets."""
        self._table = None
        is_review_due = self._take_in(outcome)
        self.done.add(outcome.index)
        self.note(outcome)
        for name, table in outcome.tables.items():
            self._tables.add(name, table)
        outcome.tables = {}
        self._outcomes[outcome.index] = outcome
        if is_review_due:
            for each in self._review(self._outcomes.values()):
                for name, table in each.tables.items():
                    self._tables.add(name, table)
                each.tables = {}

    def _take_in(self, outcome: Outcome) -> bool:
        """Makes a failure of a set that a table cannot hold; returns whether others do not go with this one."""
        if not outcome.error and not all(map(_is_simple, outcome.measures.values())):
            try:
                rows_of([outcome], self.kinds)
            except (TypeError, DimensionMismatchError) as error:
                outcome.error, outcome.measures, outcome.tables = f"{type(error).__name__}: {error}", {}, {}
        return self._fitting.take_in(outcome, self.done)

    def _review(self, held: Iterable[Outcome]) -> list[Outcome]:
        """Looks at sets again, since one that decides has come; returns those that are no failures any more."""
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
            self.failures[outcome.index] = outcome
        elif outcome.warning:
            self.warnings[outcome.index] = outcome

    def flush(self) -> None:
        """Writes what waits to be written."""

    def sets(self) -> object:
        """Returns the table with a row for each set that was done, in their order; None if there are none."""
        if self._table is None and self._outcomes:
            self._table = rows_of([self._outcomes[k] for k in sorted(self._outcomes)], self.kinds)
        return self._table

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
        return self._outcomes[k]

    def __iter__(self) -> Iterator[int]:
        return iter(sorted(self.done))


def rows_of(outcomes: Sequence[Outcome], kinds: Mapping[str, str]) -> object:
    """Returns a table with a row for each outcome.

    Args:
        outcomes: The outcomes.
        kinds: What the values of each key are, see `Axis.kind`.

    Raises:
        TypeError: If a table cannot hold what was measured.
    """
    columns: dict[str, Column] = {"instance": [each.index for each in outcomes]}
    values, units = columns_of_values(outcomes, kinds)
    columns |= values
    for name in dict.fromkeys(name for each in outcomes for name in each.measures):
        measured = [each.measures.get(name) for each in outcomes]
        columns[name] = plain(measured)
        units[name] = unit_of_column(measured)
    columns["warning"] = [each.warning for each in outcomes]
    columns["error"] = [each.error for each in outcomes]
    return parts.table_of(columns, units, SETS)


_SIMPLE: set[type] = {*QUICK, Quantity} - {int}


def _is_simple(value: object) -> bool:
    """Tells whether any table can hold a measure: numbers or truth values, one or an array, or a text."""
    if type(value) in _SIMPLE:
        return True
    if is_a(value, np.ndarray):
        dtype = cast(Array, value).dtype
        return dtype.kind == "b" or (dtype.kind in "iuf" and dtype.itemsize <= (4 if dtype.kind == "u" else 8))
    if type(value) is int:
        return abs(value) < MOST_WHOLE
    return value is None or is_a(value, (bool, float, str, np.floating, np.bool_))


def outcome_of(row: Mapping[str, object], units: Mapping[str, str]) -> Outcome:
    """Returns the outcome that a row of the table of sets tells of; all its values are measures."""
    known = {name: value for name, value in row.items() if name not in REMARKS}
    values = {name: with_unit(value, units.get(name, "")) for name, value in known.items()}
    return Outcome(int(cast(int, row["instance"])), {}, values, {}, str(row["warning"]), str(row["error"]))


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
