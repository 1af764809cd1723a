"""What a sweep gives: a table with a row for each set, the tables that were kept, and each set by itself."""

from __future__ import annotations

import html
import operator
from collections.abc import Iterator, Mapping
from typing import SupportsIndex, cast, overload

import numpy as np

from ranvier.equations.source import one_of
from ranvier.objects.memory.arrays import Array
from ranvier.objects.networks.sweeps.notes import Failure
from ranvier.objects.networks.sweeps.numbers import Numbers
from ranvier.objects.networks.sweeps.set_values import unit_of_column, values_of_sets
from ranvier.objects.networks.sweeps.sets import Sets, coordinates, described, positions_of
from ranvier.objects.networks.sweeps.store import Store, in_unit, with_unit
from ranvier.objects.networks.sweeps.work import REMARKS, Outcome, Seeds, values_with_seed
from ranvier.runtime import parts
from ranvier.runtime.joined_tables import units_of
from ranvier.session.given import is_a
from ranvier.units import Quantity

SHOWN = 10
"""So many sets are shown in notebooks."""
LONGEST = 80
"""Longer values are shortened there."""


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
        return cast(Quantity, with_unit(values, units_of(self._table).get(name, "")))

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

    def __init__(self, result: SweepResult, k: int, outcome: Outcome, parameters: Mapping[str, object]) -> None:
        self._result = result
        self.index = k
        self.parameters = dict(parameters)
        self.measures = {name: values[0] for name, values in outcome.measures.items()}
        self.warning, self.error = outcome.warnings.get(k, ""), outcome.error

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

    `result["rate"]` is a measure of all sets as an array; `sel` finds sets by their values.

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

    @overload
    def __getitem__(self, k: int) -> SetResult: ...

    @overload
    def __getitem__(self, k: str) -> Quantity | Array: ...

    def __getitem__(self, k: int | str) -> SetResult | Quantity | Array:
        """Returns a set, or a measure of all sets, with its unit.

        The array has a dimension for each key of `over`; if the values stand side by side, one for the sets. Sets that
        were not done, or failed, have NaN (None where that is not possible).

        Raises:
            IndexError: If there is no such set.
            KeyError: If there is no such measure.
            LookupError: If the set was not done, or none was.
            TypeError: If it is neither a number nor a name.
        """
        if isinstance(k, str):
            return self._measure(k)
        number = _whole(k)
        number += len(self) if number < 0 else 0
        if not 0 <= number < len(self):
            raise IndexError(f"There is no set {k}: the sweep has {len(self)}, from 0 to {len(self) - 1}.")
        if number not in self._store.done:
            raise LookupError(f"Set {number} was not done: the sweep was stopped before.")
        return SetResult(self, number, self._store.outcome(number), self._values(number))

    def sel(self, values: Mapping[str, object] | None = None, **more: object) -> list[SetResult]:
        """Returns the sets with these values, of those that were done: `sel(mu=20*mV)`, `sel({"cells.w": 2})`.

        Args:
            values: Name → value.
            more: The same, for names without a point.

        Raises:
            KeyError: If nothing has such a name, or such a value.
            DimensionMismatchError: If the unit is wrong.
        """
        wanted = {**(values or {}), **more}
        found = {name: positions_of(self._sets, name, value) for name, value in wanted.items()}
        return [self[k] for k in self.done if all(self._sets.axes[name].position(k) in found[name] for name in found)]

    def _values(self, k: int) -> dict[str, object]:
        return values_with_seed(self._sets, self._seeds, k)

    @property
    def parameters(self) -> object:
        """The values of all sets, as a `pyarrow.Table`."""
        numbers = np.arange(len(self))
        columns, units = values_of_sets(self._sets, self._seeds, numbers)
        return parts.table_of({"instance": numbers, **columns}, units, "parameters")

    @property
    def failures(self) -> list[Failure]:
        """The sets that failed, with the reasons."""
        return [Failure(k, self._values(k), text) for k, text in sorted(self._store.failures.items())]

    @property
    def warnings(self) -> list[Failure]:
        """The sets that did not fail, but whose variables or measures are NaN or infinite; `error` says which."""
        return [Failure(k, self._values(k), text) for k, text in sorted(self._store.warnings.items())]

    @property
    def done(self) -> list[int]:
        """The numbers of the sets that were done, failures among them."""
        return sorted(self._store.done)

    # ---------------------------------------------------------------- tables

    @property
    def table_names(self) -> list[str]:
        """The names of the tables that were kept."""
        return list(self._tables)

    @property
    def tables(self) -> dict[str, object]:
        """What the monitors that were kept have recorded, by their names, see `table`."""
        return {name: self.table(name) for name in dict.fromkeys(self._tables.values())}

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

        Coordinates are the values of the keys; arrays of values are numbered. Units are in `attrs["units"]`.

        Raises:
            ImportError: If xarray is not installed.
            LookupError: If no set was done.
        """
        axes, along = self._axes(), {name: axis.values for name, axis in self._sets.axes.items()}
        if self._sets.is_product:
            along = {}
        along.setdefault("seed", Numbers(self._seeds.of_all(np.arange(len(self)))))
        along = {name: values for name, values in along.items() if name not in axes}
        units = {name: unit_of_column(axis.values) for name, axis in self._sets.axes.items()}
        measures = {name: self._array(name) for name in self.measures}
        beside = {name: self._in_shape(np.array(coordinates(values))) for name, values in along.items()}
        return parts.to_xarray(axes, measures, {**units, **units_of(self.to_arrow())}, beside)

    @property
    def measures(self) -> list[str]:
        """The names of what was measured."""
        return [name for name in parts.names_in(self.to_arrow()) if name not in {*self._values(0), *REMARKS}]

    def _axes(self) -> dict[str, list[object]]:
        if self._sets.is_product:
            return {axis.name: coordinates(axis.values) for axis in self._sets.axes.values()}
        return {"instance": list(range(len(self)))}

    def _measure(self, name: str) -> Quantity | Array:
        table = self.to_arrow()
        known = parts.names_in(table)
        if name not in known and len(self._store.failures) == len(self._store.done):
            raise LookupError(f"No set has measured '{name}': all {len(self.failures)} have failed; {self.failures[0]}")
        if name not in known:
            raise KeyError(f"The sweep has no measure '{name}'; there are: {', '.join(known)}.{one_of(known, name)}")
        return cast(Quantity, in_unit(self._array(name), units_of(table).get(name, "")))

    def _array(self, name: str) -> Array:
        """Returns a column of all sets, in the shape of the axes; NaN or None for those that were not done.

        Values of different lengths are an array of arrays.
        """
        table = self.to_arrow()
        plain = parts.plain_values(table, name) if parts.rows_in(table) == len(self) else None
        if plain is not None:
            return self._in_shape(plain)
        column = parts.values_by(table, "instance", name)
        found = {k: value for k, value in column.items() if value is not None}
        kinds = {(np.shape(value), np.asarray(value).dtype.kind) for value in found.values() if not _is_ragged(value)}
        shape, kind = next(iter(kinds), ((), "f"))
        if len({each for each, _ in kinds}) > 1 or any(map(_is_ragged, found.values())) or kind not in "biuf":
            array = np.full(len(self), None, dtype=np.object_)
            for k, value in found.items():
                array[k] = value if not is_a(value, list) or _is_ragged(value) else np.asarray(cast(Array, value))
            return self._in_shape(array)
        if len(found) == len(self):
            return self._in_shape(np.array([found[k] for k in range(len(self))]))
        array = np.full((len(self), *shape), np.nan)
        for k, value in found.items():
            array[k] = value
        return self._in_shape(array)

    def _in_shape(self, array: Array) -> Array:
        return array.reshape(*(len(points) for points in self._axes().values()), *array.shape[1:])

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
        remarks = [name for name in ("warning", "error") if any(getattr(row, name) for row in rows)]
        lines = [f"<p>{html.escape(repr(self))}</p>", "<table>"]
        lines.append("<tr>" + "".join(f"<th>{html.escape(name)}</th>" for name in ["set", *names, *remarks]) + "</tr>")
        for row in rows:
            known = {**row.parameters, **row.measures}
            cells = [str(row.index), *(str(known.get(name, "")) for name in names)]
            cells += [cast(str, getattr(row, name)) for name in remarks]
            lines.append("<tr>" + "".join(f"<td>{html.escape(_shortened(cell))}</td>" for cell in cells) + "</tr>")
        lines.append("</table>")
        if len(self.done) > SHOWN:
            lines.append(f"<p>and {len(self.done) - SHOWN} more</p>")
        return "\n".join(lines)


def _whole(k: object) -> int:
    """Returns the number of a set, which numpy may have.

    Raises:
        TypeError: If it is no whole number.
    """
    try:
        return operator.index(cast("SupportsIndex", k))
    except TypeError:
        raise TypeError(
            f"A set is named by its number, a measure by its name, not by {k!r}. sel(name=value) finds sets by their "
            "values; [result[k] for k in ...] gives several."
        ) from None


def _is_ragged(value: object) -> bool:
    """Tells whether a value is a list of lists of different lengths."""
    try:
        np.asarray(cast(Array, value))
    except ValueError:
        return True
    return False


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
