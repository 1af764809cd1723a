"""What can be drawn, as columns with units: monitors, tables of Arrow, frames of polars and pandas, mappings."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from ranvier.equations.source import one_of
from ranvier.objects.memory.arrays import Array
from ranvier.objects.networks.sweeps.columns import unit_of
from ranvier.plots.axes import plain
from ranvier.runtime import parts
from ranvier.runtime.arrow import pyarrow
from ranvier.runtime.joined_tables import units_of
from ranvier.units.dimensions import DIMENSIONLESS, Dimension

USUAL_UNITS: Mapping[str, str] = {"t": "s", "rate": "Hz"}
"""Units of columns that do not say theirs: a frame of polars has no place for them."""

_NUMBERED = re.compile(r"(.+)\[(\d+)\]")
"""The column of one element in a wide table: "v[3]"."""


@dataclass(frozen=True)
class Columns:
    """Columns of numbers.

    Attributes:
        values: Name → values in SI units, the first index counts rows.
        dims: Name → dimension.
        indices: The elements whose values stand side by side in columns of two dimensions; empty if unknown.
        what: What a message calls the whole.
    """

    values: Mapping[str, Array]
    dims: Mapping[str, Dimension]
    indices: Array
    what: str

    def needed(self, function: str, names: Sequence[str], draws: str) -> None:
        """Checks that there are columns of some names.

        Raises:
            TypeError: If one is missing, saying what the function draws and what it was given.
        """
        if not set(names) <= set(self.values):
            have = ", ".join(self.values) or "no columns"
            raise TypeError(f"{function}() draws {draws}; {self.what} has {have}.")

    def named(self, name: str, among: Sequence[str]) -> str:
        """Returns the name of a column that a script asks for.

        Raises:
            KeyError: If there is none.
        """
        if name not in among:
            raise KeyError(f"{self.what} has no '{name}'; there are: {', '.join(among)}.{one_of(among, name)}")
        return name


def columns_of(source: Any, function: str, draws: str) -> Columns:
    """Returns the columns of a source.

    Args:
        source: A monitor, a result of a sweep, a table of Arrow, a frame, or a mapping of names to values.
        function: The name of the function that draws.
        draws: What it draws, for a message.

    Raises:
        TypeError: If the source is nothing of the kind.
    """
    if isinstance(source, Mapping):
        given = {str(name): plain(value) for name, value in cast("Mapping[str, object]", source).items()}
        return Columns(
            {name: values for name, (values, _) in given.items()},
            {name: dim if dim is not DIMENSIONLESS else _usual(name) for name, (_, dim) in given.items()},
            np.zeros(0, dtype=int),
            "the mapping",
        )
    table = _table_of(source)
    if table is None:
        raise TypeError(f"{function}() draws {draws}, not {type(source).__name__}.")
    return _columns_of_table(table, getattr(source, "name", None))


def _table_of(source: Any) -> Any:
    if hasattr(source, "column_names") and hasattr(source, "schema"):
        return source
    if hasattr(source, "to_arrow"):
        found = source.to_arrow()
        return found if hasattr(found, "column_names") else pyarrow().table(found)
    return pyarrow().table(source) if hasattr(source, "__arrow_c_stream__") else None


def _columns_of_table(table: Any, name: object) -> Columns:
    units = {**USUAL_UNITS, **units_of(table)}
    metadata: dict[bytes, bytes] = table.schema.metadata or {}
    numbers = metadata.get(b"indices", b"").decode()
    called = name if isinstance(name, str) else metadata.get(b"monitor", b"").decode()
    values = {each: _values(table, each) for each in parts.names_in(table)}
    kept = {each: array for each, array in values.items() if array is not None}
    return Columns(
        kept,
        {each: _dimension(units.get(_NUMBERED.sub(r"\1", each) if each not in units else each, "")) for each in kept},
        np.array([int(each) for each in numbers.split(",") if each], dtype=int),
        f"'{called}'" if called else "the table",
    )


def _values(table: Any, name: str) -> Array | None:
    """Returns a column as numbers; None for texts and lists of several lengths."""
    column = table.column(name)
    kind = str(column.type)
    if kind.startswith("fixed_size_list"):
        width = int(column.type.list_size)
        return column.combine_chunks().flatten().to_numpy(zero_copy_only=False).reshape(-1, width)
    values = np.asarray(column.to_numpy())
    return values.astype(float) if values.dtype.kind in "biuf" else None


def _usual(name: str) -> Dimension:
    return _dimension(USUAL_UNITS.get(name, ""))


def _dimension(unit: str) -> Dimension:
    return unit_of(unit).dim if unit else DIMENSIONLESS


def by_element(columns: Columns, function: str) -> dict[str, tuple[Array, list[int], list[Array]]]:
    """Returns what a table tells of the elements of a group, in whichever layout it is.

    Args:
        columns: The columns; "t" is one of them.
        function: The name of the function that draws.

    Returns:
        Variable → times, the numbers of the elements, and the values of each element over time.
    """
    t = columns.values["t"]
    if "i" in columns.values:
        return _of_long(columns)
    found: dict[str, tuple[Array, list[int], list[Array]]] = {}
    for name, values in columns.values.items():
        numbered = _NUMBERED.fullmatch(name)
        if name == "t":
            continue
        if values.ndim == 2:
            width = int(values.shape[1])
            known = [int(each) for each in columns.indices]
            found[name] = (t, known if len(known) == width else list(range(width)), [*values.T])
        elif numbered:
            _, elements, lines = found.setdefault(numbered[1], (t, [], []))
            elements.append(int(numbered[2]))
            lines.append(values)
        else:
            found[name] = (t, [0], [values])
    if not found:
        raise TypeError(f"{function}() draws variables over time; {columns.what} has times only.")
    return found


def _of_long(columns: Columns) -> dict[str, tuple[Array, list[int], list[Array]]]:
    i = columns.values["i"].astype(int)
    elements = np.unique(i).tolist()
    rows = [np.flatnonzero(i == element) for element in elements]
    t = columns.values["t"][rows[0]] if rows else np.zeros(0)
    variables = [name for name in columns.values if name not in ("t", "i")]
    return {name: (t, elements, [columns.values[name][row] for row in rows]) for name in variables}


def dimension_of(columns: Columns, variable: str) -> Dimension:
    """Returns the dimension of a variable, whichever column has it."""
    names = [name for name in columns.dims if name == variable or name.startswith(f"{variable}[")]
    return columns.dims[names[0]] if names else DIMENSIONLESS
