"""Tables of rows that come in pieces: in memory, and as Parquet parts of which each is whole or absent.

A part is written under another name and renamed when it is on the disk. Names that begin with "_" are passed over by
readers of directories of Parquet files.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ranvier.runtime.arrow import pyarrow
from ranvier.runtime.frames import library
from ranvier.runtime.joined_tables import joined, units_of

SUFFIX = ".parquet"

_PLAIN: set[type] = {bool, int, float, str}


def table_of(
    columns: Mapping[str, Sequence[Any] | np.ndarray[Any, Any]], units: Mapping[str, str], name: str = ""
) -> Any:
    """Returns a `pyarrow.Table` of columns of numbers, truth values, texts or arrays; None is "no value".

    Args:
        columns: Name → values; arrays are of shape (rows,), or (rows, ...) for lists of one length.
        units: Name → unit, for those that have one.
        name: The name of the table, in its metadata.

    Raises:
        TypeError: If a table cannot hold the values of a column, naming it.
    """
    pa = pyarrow()
    arrays = {column: _array(column, values) for column, values in columns.items()}
    fields = [
        pa.field(column, array.type, metadata={"unit": units[column]} if units.get(column) else None)
        for column, array in arrays.items()
    ]
    return pa.table(list(arrays.values()), schema=pa.schema(fields, metadata={"table": name} if name else None))


def _array(name: str, values: Sequence[Any] | np.ndarray[Any, Any]) -> Any:
    pa = pyarrow()
    if isinstance(values, np.ndarray):
        return pa.array(values) if values.ndim == 1 else _lists(values)
    kinds = set(map(type, values))
    plain = list(values) if kinds <= _PLAIN else [_plain(value) for value in values]
    if len(kinds) == 1 and kinds <= _PLAIN:
        pass
    elif any(isinstance(value, str) for value in plain):  # initial values may be numbers and texts
        plain = [value if value is None else str(value) for value in plain]
    elif any(isinstance(value, float) for value in plain):
        plain = [float(value) if type(value) in (int, bool) else value for value in plain]
    elif {bool, int} <= kinds:
        plain = [int(value) if type(value) is bool else value for value in plain]
    try:
        return pa.array(plain)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError) as error:
        raise TypeError(
            f"The values of '{name}' cannot be written to a table: {error}. Tables hold numbers, truth values, texts, "
            "and arrays of them, of one kind in each column."
        ) from None


def _lists(values: np.ndarray[Any, Any]) -> Any:
    """Returns the rows of an array as lists, or lists of lists."""
    pa = pyarrow()
    if not values.size:
        return pa.array(values.tolist())
    found = pa.array(values.ravel())
    for axis in range(values.ndim - 1, 0, -1):
        ends = np.arange(0, len(found) + 1, values.shape[axis], dtype=np.int32)
        found = pa.ListArray.from_arrays(ends, found)
    return found


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value  # pyright: ignore


def with_column(table: Any, name: str, values: int | np.ndarray[Any, Any]) -> Any:
    """Returns a table with a first column of whole numbers: one for all rows, or one for each."""
    pa = pyarrow()
    column = np.full(table.num_rows, values, np.int64) if isinstance(values, int) else values.astype(np.int64)
    return table.add_column(0, pa.field(name, pa.int64()), pa.array(column))


def write_part(path: Path, table: Any) -> None:
    """Writes a Parquet file that is whole or absent, whatever happens meanwhile.

    Raises:
        OSError: If it cannot be written.
    """
    aside = path.with_name(f"_{path.name}.{os.getpid()}.tmp")
    try:
        pyarrow("parquet").write_table(table, aside)
        _to_disk(aside)
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def read_part(path: Path) -> Any:
    """Returns the table in a Parquet file.

    Raises:
        ValueError: If the file is damaged.
        OSError: If it cannot be read.
    """
    pa = pyarrow()
    try:
        return pyarrow("parquet").read_table(path)
    except (pa.ArrowException, OSError) as error:
        if getattr(error, "errno", None) is not None:
            raise
        raise ValueError(f"{path} is damaged ({str(error).partition(': ')[2] or error}).") from None


def parts_in(directory: Path) -> list[Path]:
    """Returns the parts in a directory, by name; none if there is no such directory."""
    return sorted(path for path in directory.glob(f"*{SUFFIX}") if not path.name.startswith("_"))


def _to_disk(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def column_values(table: Any, name: str) -> np.ndarray[Any, Any]:
    """Returns a column as a numpy array."""
    return table.column(name).to_numpy()


def plain_values(table: Any, name: str) -> np.ndarray[Any, Any] | None:
    """Returns a column of numbers or truth values of which none is missing, else None."""
    column = table.column(name)
    types = pyarrow("types")
    is_plain = types.is_floating(column.type) or types.is_integer(column.type) or types.is_boolean(column.type)
    return column.to_numpy().copy() if is_plain and not column.null_count else None


def names_in(table: Any) -> list[str]:
    """Returns the names of the columns."""
    return list(table.column_names)


def rows_in(table: Any) -> int:
    """Returns the number of rows."""
    return int(table.num_rows)


def values_by(table: Any, key: str, name: str) -> dict[int, Any]:
    """Returns the values of a column, by those of a column of whole numbers."""
    return dict(zip(table.column(key).to_pylist(), table.column(name).to_pylist(), strict=True))


def pairs(table: Any, key: str, name: str) -> Iterator[tuple[int, Any]]:
    """Yields the values of two columns, row by row."""
    for piece in table.select([key, name]).to_batches(max_chunksize=256):
        yield from zip(piece.column(0).to_pylist(), piece.column(1).to_pylist(), strict=True)


def rows_of(table: Any) -> list[dict[str, Any]]:
    """Returns the rows of a table, each with its values by name."""
    return table.to_pylist()


def rows_with(table: Any, name: str, values: Collection[int]) -> Any:
    """Returns the rows in which a column of whole numbers has one of some values."""
    return table.filter(pyarrow().array(np.isin(column_values(table, name), list(values))))


def rows_without(table: Any, name: str, values: Collection[int]) -> Any:
    """Returns the rows in which a column of whole numbers has none of some values."""
    if not values:
        return table
    return table.filter(pyarrow().array(~np.isin(column_values(table, name), list(values))))


def rows_where(table: Any, name: str, value: int) -> Any:
    """Returns the rows in which a column has a value."""
    pc = pyarrow("compute")
    return table.filter(pc.equal(table.column(name), value))


def first_row(table: Any, name: str, value: int) -> dict[str, Any]:
    """Returns the row in which a column has a value."""
    return rows_where(table, name, value).slice(0, 1).to_pylist()[0]


def rows_with_text(table: Any, name: str) -> list[dict[str, Any]]:
    """Returns the rows in which a column of texts is not empty."""
    return table.filter(pyarrow("compute").not_equal(table.column(name), "")).to_pylist()


def in_order(table: Any, name: str) -> Any:
    """Returns a table sorted by a column of whole numbers; rows with equal ones stay in order."""
    values = column_values(table, name)
    return table if np.all(values[:-1] <= values[1:]) else table.take(np.argsort(values, kind="stable"))


def bytes_of(table: Any) -> int:
    """Returns how many bytes of memory a table takes."""
    return int(table.nbytes)


def columns_of(frame: Any) -> dict[str, list[Any]] | None:
    """Returns the columns of a table of pandas, polars or Arrow, None for anything else.

    A unit in the metadata of an Arrow column is added to its name: "tau [s]". What is missing in a row is None.

    Raises:
        ValueError: If two columns have one name.
    """
    match type(frame).__module__.partition(".")[0]:
        case "pandas" if hasattr(frame, "columns"):
            names = [str(name) for name in frame.columns]
            columns = [_without_missing(frame.iloc[:, k].tolist()) for k in range(len(names))]
        case "polars" if hasattr(frame, "collect_schema") and hasattr(frame, "collect"):
            return columns_of(frame.collect())
        case "polars" if hasattr(frame, "columns"):
            names, columns = list(frame.columns), [frame[name].to_list() for name in frame.columns]
        case "pyarrow" if hasattr(frame, "column_names"):
            units = units_of(frame)
            names = [f"{name} [{units[name]}]" if name in units else name for name in frame.column_names]
            columns = [column.to_pylist() for column in frame.columns]
        case _:
            return None
    twice = next((name for k, name in enumerate(names) if name in names[:k]), None)
    if twice is not None:
        raise ValueError(f"The table has two columns '{twice}': leave one of them out, or give it another name.")
    return dict(zip(names, columns, strict=True))


def _without_missing(values: list[Any]) -> list[Any]:
    """Returns the values of a column of pandas, None for `pandas.NA`."""
    return [None if type(value).__name__ in ("NAType", "NaTType") else value for value in values]


def to_pandas(table: Any) -> Any:
    """Returns a table as a `pandas.DataFrame`, with the units of its columns in `attrs["units"]`.

    Raises:
        ImportError: If pandas is not installed.
    """
    library("pandas")
    frame = table.to_pandas()
    frame.attrs["units"] = units_of(table)
    return frame


def to_polars(table: Any) -> Any:
    """Returns a table as a `polars.DataFrame`.

    Raises:
        ImportError: If polars is not installed.
    """
    return library("polars").from_arrow(table)


def to_xarray(
    axes: Mapping[str, Sequence[Any]],
    values: Mapping[str, Any],
    units: Mapping[str, str],
    beside: Mapping[str, Any],
) -> Any:
    """Returns an `xarray.Dataset`.

    Args:
        axes: Dimension → coordinates, in order.
        values: Name → array whose first dimensions are the axes.
        units: Name of an axis or a variable → unit.
        beside: Name → array of further coordinates, of the shape of the axes.

    Raises:
        ImportError: If xarray is not installed.
    """
    try:
        xarray = library("xarray")
    except ImportError:
        raise ImportError("This needs the package 'xarray', which is not installed: pip install xarray.") from None

    def attributes(name: str) -> dict[str, str]:
        return {"units": units[name]} if units.get(name) else {}

    variables: dict[str, Any] = {}
    for name, array in values.items():
        extra = [f"{name}_{k}" for k in range(array.ndim - len(axes))]
        variables[name] = ((*axes, *extra), array, attributes(name))
    coordinates = {name: ((name,), list(points), attributes(name)) for name, points in axes.items()}
    coordinates |= {name: (tuple(axes), array, attributes(name)) for name, array in beside.items()}
    return xarray.Dataset(variables, coords=coordinates)


class MemoryParts:
    """Tables whose pieces stay in memory."""

    def __init__(self) -> None:
        self._tables: dict[str, list[Any]] = {}

    def add(self, name: str, table: Any) -> None:
        """Adds rows to a table."""
        self._tables.setdefault(name, []).append(table)

    def names(self) -> list[str]:
        """Returns the names of the tables."""
        return list(self._tables)

    def table(self, name: str) -> Any:
        """Returns a table, None if nothing was added to it."""
        pieces = self._tables.get(name)
        if not pieces:
            return None
        if len(pieces) > 1:
            self._tables[name] = pieces = [joined(pieces)]
        return pieces[0]
