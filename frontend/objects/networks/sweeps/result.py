"""What a sweep gives: a table with a row for each set, the tables that were kept, and each set by itself."""

from __future__ import annotations

import html
import math
from collections.abc import Iterator, Mapping
from typing import cast

import numpy as np

from ranvier.equations.source import one_of
from ranvier.objects.memory.arrays import Array
from ranvier.objects.networks.sweeps.notes import Failure
from ranvier.objects.networks.sweeps.sets import Sets, described, plain
from ranvier.objects.networks.sweeps.store import Store, with_unit
from ranvier.objects.networks.sweeps.work import REMARKS, Outcome, Seeds, units_in, values_with_seed
from ranvier.runtime import parts
from ranvier.units import Quantity

SHOWN = 10
"""So many sets are shown in notebooks."""


class Recorded:
    """What a monitor has recorded in one set: its columns are attributes, with units.

    Args:
        table: The rows, a `pyarrow.Table`.
    """

    def __init__(self, table: object) -> None:
        self._table = table

    def to_arrow(self) -> object:
        """Returns the rows as a `pyarrow.Table`."""
        return self._table

    def to_pandas(self) -> object:
        """Returns the rows as a `pandas.DataFrame`."""
        return parts.to_pandas(self._table)

    def __len__(self) -> int:
        return parts.rows_in(self._table)

    def __getattr__(self, name: str) -> Quantity | Array:
        if name.startswith("_") or name not in parts.names_in(self._table):
            raise AttributeError(f"There is no column '{name}'; there are: {', '.join(parts.names_in(self._table))}.")
        values = parts.column_values(self._table, name)
        return cast(Quantity, with_unit(values, parts.units_of(self._table).get(name, "")))

    def __repr__(self) -> str:
        return f"<{len(self)} rows of {', '.join(parts.names_in(self._table))}>"


class SetResult:
    """One set: its values, what was measured, what was kept. Measures and tables are attributes, too.

    Attributes:
        index: Its number.
        parameters: Its values, the seed among them.
        measures: What was measured, by name.
        warning: What is to be said of it although it did not fail, "" if nothing.
        error: What went wrong, "" if nothing.
    """

    def __init__(self, result: SweepResult, outcome: Outcome, parameters: Mapping[str, object]) -> None:
        self._result = result
        self.index = outcome.index
        self.parameters = dict(parameters)
        self.measures = {name: value for name, value in outcome.measures.items() if name not in self.parameters}
        self.warning, self.error = outcome.warning, outcome.error

    def table(self, name: str) -> Recorded:
        """Returns what a monitor has recorded."""
        return Recorded(parts.rows_where(self._result.table(name), "instance", self.index))

    def __getattr__(self, name: str) -> object:
        if name.startswith("_"):
            raise AttributeError(name)
        if name in self.measures:
            return self.measures[name]
        if name in self._result.table_names and not self.error:
            return self.table(name)
        known = [*self.measures, *self._result.table_names]
        reason = f" The set failed: {self.error}" if self.error else one_of(known, name)
        raise AttributeError(f"Set {self.index} has no '{name}'.{reason}")

    def __repr__(self) -> str:
        what = self.error or described(self.measures)
        return f"<set {self.index}: {described(self.parameters)}" + (f"; {what}>" if what else ">")


class SweepResult:
    """What a sweep gives: `len` is the number of its sets, `result[k]` is one; iteration is over those that were done.

    Args:
        sets: The sets.
        seeds: Their seeds.
        store: What has become of them.
        tables: The names of the tables that were kept, and those by which the script calls them → name.
        was_stopped: Whether Ctrl-C has ended the sweep.

    Attributes:
        was_stopped: Whether Ctrl-C has ended the sweep before all sets were done.
    """

    def __init__(
        self, sets: Sets, seeds: Seeds, store: Store, tables: Mapping[str, str], *, was_stopped: bool = False
    ) -> None:
        self._sets, self._seeds, self._store = sets, seeds, store
        self._tables = {**{name: name for name in store.table_names()}, **tables}
        self.was_stopped = was_stopped

    # ---------------------------------------------------------------- sets

    def __len__(self) -> int:
        return len(self._sets)

    def __iter__(self) -> Iterator[SetResult]:
        for k in self._store:
            yield self[k]

    def __getitem__(self, k: int) -> SetResult:
        """Returns a set.

        Raises:
            IndexError: If there is no such set.
            LookupError: If it was not done.
        """
        number = k + len(self) if k < 0 else k
        if not 0 <= number < len(self):
            raise IndexError(f"There is no set {k}: the sweep has {len(self)}, from 0 to {len(self) - 1}.")
        if number not in self._store.done:
            raise LookupError(f"Set {number} was not done: the sweep was stopped before.")
        return SetResult(self, self._store.outcome(number), self._values(number))

    def _values(self, k: int) -> dict[str, object]:
        return values_with_seed(self._sets, self._seeds, k)

    @property
    def parameters(self) -> object:
        """The values of all sets, as a `pyarrow.Table`."""
        rows = [self._values(k) for k in range(len(self))]
        columns: dict[str, list[object]] = {"instance": list(range(len(self)))}
        columns |= {name: plain([row[name] for row in rows]) for name in rows[0]}
        return parts.table_of(columns, units_in(rows[0]), "parameters")

    @property
    def failures(self) -> list[Failure]:
        """The sets that failed, with the reasons."""
        return [Failure(k, self._values(k), outcome.error) for k, outcome in sorted(self._store.failures.items())]

    @property
    def warnings(self) -> list[Failure]:
        """The sets that did not fail, but whose variables or measures are NaN or infinite; `error` says which."""
        return [Failure(k, self._values(k), outcome.warning) for k, outcome in sorted(self._store.warnings.items())]

    @property
    def done(self) -> list[int]:
        """The numbers of the sets that were done, failures among them."""
        return sorted(self._store.done)

    # ---------------------------------------------------------------- tables

    @property
    def table_names(self) -> list[str]:
        """The names of the tables that were kept."""
        return list(self._tables)

    def table(self, name: str) -> object:
        """Returns what a monitor has recorded in all sets, as a `pyarrow.Table` with a column "instance".

        Raises:
            KeyError: If it was not kept.
            LookupError: If no set has got so far.
        """
        if name not in self._tables:
            raise KeyError(
                f"No table '{name}' was kept; there are: {', '.join(self._tables) or 'none'}. Say keep=[monitor]."
                f"{one_of(self._tables, name)}"
            )
        table = self._store.table(self._tables[name])
        if table is None:
            raise LookupError(f"No set has recorded anything in '{name}': {len(self.failures)} sets have failed.")
        return table

    def to_arrow(self) -> object:
        """Returns a `pyarrow.Table` with a row for each set that was done: instance, values, measures, error.

        Raises:
            LookupError: If none was done.
        """
        table = self._store.sets()
        if table is None:
            raise LookupError("No set was done: there is no table of results.")
        return table

    def to_pandas(self) -> object:
        """Returns the table of `to_arrow` as a `pandas.DataFrame`.

        Raises:
            ImportError: If pandas is not installed.
        """
        return parts.to_pandas(self.to_arrow())

    def to_polars(self) -> object:
        """Returns the table of `to_arrow` as a `polars.DataFrame`.

        Raises:
            ImportError: If polars is not installed.
        """
        return parts.to_polars(self.to_arrow())

    def to_xarray(self) -> object:
        """Returns the measures as an `xarray.Dataset`: its dimensions are the keys of `over`, or "instance".

        Raises:
            ImportError: If xarray is not installed.
        """
        if self._sets.is_product:
            axes = {axis.name: _coordinates(axis.values) for axis in self._sets.axes.values()}
            units = {axis.name: units_in({"": axis.values[0]}).get("", "") for axis in self._sets.axes.values()}
        else:
            axes, units = {"instance": list(range(len(self)))}, {}
        table = self.to_arrow()
        shape = tuple(len(points) for points in axes.values())
        names = [name for name in parts.names_in(table) if name not in {*self._values(0), *REMARKS}]
        values = {name: self._array(name, shape) for name in names}
        return parts.to_xarray(axes, values, {**units, **parts.units_of(table)})

    def _array(self, name: str, shape: tuple[int, ...]) -> Array:
        """Returns a measure of all sets; NaN for those that were not done."""
        found = parts.values_by(self.to_arrow(), "instance", name)
        first = next((np.asarray(value) for value in found.values() if value is not None), np.zeros(()))
        blank: object = float("nan") if first.dtype.kind in "biuf" else None
        kind = np.float64 if first.dtype.kind in "biuf" else np.object_
        array = np.full((math.prod(shape), *first.shape), blank, dtype=kind)
        for k, value in found.items():
            if value is not None:
                array[k] = value
        return array.reshape(*shape, *first.shape)

    # ---------------------------------------------------------------- for people

    def __repr__(self) -> str:
        over = ", ".join(f"{axis.name} ({len(axis.values)})" for axis in self._sets.axes.values())
        done, failed = len(self._store.done), len(self._store.failures)
        text = f"<SweepResult: {len(self)} sets over {over}; {done - failed} done, {failed} failed"
        if self._store.warnings:
            text += f", {len(self._store.warnings)} with warnings"
        if done < len(self):
            text += f", {len(self) - done} left"
        return text + (f"; tables: {', '.join(dict.fromkeys(self._tables.values()))}>" if self._tables else ">")

    def _repr_html_(self) -> str:
        rows = [self[k] for k in self.done[:SHOWN]]
        names = list(dict.fromkeys(name for row in rows for name in (*row.parameters, *row.measures)))
        lines = [f"<p>{html.escape(repr(self))}</p>", "<table>"]
        lines.append("<tr>" + "".join(f"<th>{html.escape(name)}</th>" for name in ["set", *names, "error"]) + "</tr>")
        for row in rows:
            known = {**row.parameters, **row.measures}
            cells = [str(row.index), *(str(known.get(name, "")) for name in names), row.error]
            lines.append("<tr>" + "".join(f"<td>{html.escape(cell[:80])}</td>" for cell in cells) + "</tr>")
        lines.append("</table>")
        if len(self.done) > SHOWN:
            lines.append(f"<p>and {len(self.done) - SHOWN} more</p>")
        return "\n".join(lines)


def _coordinates(values: list[object]) -> list[object]:
    """Returns values as coordinates; numbers where they are no single values."""
    found = plain(values)
    return list(range(len(values))) if any(isinstance(value, np.ndarray) for value in found) else found
