"""Recorded tables as Arrow data: schemas, record batches that share the recorder's memory, layouts.

pyarrow is imported when the first of these functions is called.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ranvier.runtime.columns import Array, Column, Recorded

LAYOUTS = ("nested", "wide", "long")


def pyarrow(module: str = "") -> Any:
    """Returns pyarrow, or a module of it, imported now."""
    return importlib.import_module(f"pyarrow.{module}" if module else "pyarrow")


def schema(table: Recorded) -> Any:
    """Returns the nested Arrow schema of a table; columns whose rows are empty (width 0) are left out."""
    fields = [_field(column, _value_type(column)) for column in stored_columns(table)]
    return pyarrow().schema(fields, metadata=_metadata(table))


def stored_columns(table: Recorded) -> list[Column]:
    """Returns the columns that Arrow can store: lists of zero values it cannot."""
    return [column for column in table.columns if column.width != 0]


def _metadata(table: Recorded) -> dict[str, str]:
    indices = {} if table.indices is None else {"indices": ",".join(str(k) for k in table.indices)}
    return {"monitor": table.name, **indices}


def _field(column: Column, type: Any, name: str | None = None) -> Any:
    metadata = {"unit": column.unit} if column.unit else None
    return pyarrow().field(column.name if name is None else name, type, nullable=False, metadata=metadata)


def _value_type(column: Column) -> Any:
    pa = pyarrow()
    value = pa.from_numpy_dtype(column.dtype)
    return value if column.width is None else pa.list_(pa.field("item", value, nullable=False), column.width)


def _flat(values: Array) -> Any:
    """Returns a one-dimensional numpy array as an Arrow array over the same memory (booleans: packed, a copy)."""
    pa = pyarrow()
    if values.dtype == np.bool_:  # `pa.array` would load pandas
        bits = np.packbits(values, bitorder="little")
        return pa.Array.from_buffers(pa.bool_(), len(values), [None, pa.py_buffer(bits)])
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [None, pa.py_buffer(values)])


def record_batch(arrays: Sequence[Array], table: Recorded) -> Any:
    """Returns a chunk's arrays, of shape (rows,) or (rows, width), as a record batch over the same memory."""
    pa = pyarrow()
    values: list[Any] = []
    for column, array in zip(table.columns, arrays, strict=True):
        if column.width is None:
            values.append(_flat(np.ascontiguousarray(array)))
        elif column.width:
            flat = _flat(np.ascontiguousarray(array).reshape(-1))
            values.append(pa.FixedSizeListArray.from_arrays(flat, type=_value_type(column)))
    return pa.RecordBatch.from_arrays(values, schema=schema(table))


def numpy_parts(column: Any, width: int | None) -> list[Array]:
    """Returns the chunks of an Arrow column as numpy arrays of shape (rows,) or (rows, width), not copied."""
    parts: list[Array] = []
    for chunk in column.chunks:
        if width is None:
            parts.append(chunk.to_numpy(zero_copy_only=False))
        else:
            parts.append(chunk.flatten().to_numpy(zero_copy_only=False).reshape(-1, width))
    return parts


def table_of(batches: Iterable[Any], table: Recorded, layout: str) -> Any:
    """Returns nested record batches as one `pyarrow.Table` of the given layout.

    Raises:
        ValueError: If the layout is unknown.
    """
    if layout not in LAYOUTS:
        raise ValueError(f"The layouts of recorded tables are {', '.join(LAYOUTS)}, not {layout!r}")
    pa = pyarrow()
    nested = pa.Table.from_batches(batches, schema=schema(table))
    if layout == "nested" or not any(column.width for column in table.columns):
        return nested
    return _wide(nested, table) if layout == "wide" else _long(nested, table)


def _indices(table: Recorded, width: int) -> Array:
    return np.arange(width) if table.indices is None or len(table.indices) != width else table.indices


def _wide(nested: Any, table: Recorded) -> Any:
    pa = pyarrow()
    fields: list[Any] = []
    values: list[Any] = []
    for column in stored_columns(table):
        if column.width is None:
            fields.append(_field(column, _value_type(column)))
            values.append(nested[column.name])
            continue
        parts = numpy_parts(nested[column.name], column.width)
        type = pa.from_numpy_dtype(column.dtype)
        for k, index in enumerate(_indices(table, column.width)):
            fields.append(_field(column, type, f"{column.name}[{index}]"))
            values.append(pa.chunked_array([_flat(np.ascontiguousarray(part[:, k])) for part in parts], type=type))
    return pa.Table.from_arrays(values, schema=pa.schema(fields, metadata=_metadata(table)))


def _long(nested: Any, table: Recorded) -> Any:
    """Returns one row for each time and recorded index; columns without a width are repeated, `i` is added."""
    pa = pyarrow()
    columns = stored_columns(table)
    widths = {column.width for column in columns if column.width is not None}
    if len(widths) != 1:
        raise ValueError(
            f"The long layout has one value for each time and recorded index, but the columns of {table.name!r} hold "
            f"{sorted(widths) or 'no'} values at a time."
        )
    (width,) = widths
    single = [column for column in columns if column.width is None]
    several = [column for column in columns if column.width is not None]
    values: list[Any] = []
    for column in single:
        parts = numpy_parts(nested[column.name], None)
        type = pa.from_numpy_dtype(column.dtype)
        values.append(pa.chunked_array([_flat(np.repeat(part, width)) for part in parts], type=type))
    tiled = [_flat(np.tile(_indices(table, width), len(chunk))) for chunk in nested.column(0).chunks]
    values.append(pa.chunked_array(tiled, type=pa.int64()))
    for column in several:
        type = pa.from_numpy_dtype(column.dtype)
        values.append(pa.chunked_array([chunk.flatten() for chunk in nested[column.name].chunks], type=type))
    fields = [
        *(_field(column, pa.from_numpy_dtype(column.dtype)) for column in single),
        pa.field("i", pa.int64(), nullable=False),
        *(_field(column, pa.from_numpy_dtype(column.dtype)) for column in several),
    ]
    return pa.Table.from_arrays(values, schema=pa.schema(fields, metadata=_metadata(table)))


def capsules(values: Array, wanted: object) -> tuple[object, object]:
    """Returns an array in the form in which libraries of tables take columns from each other.

    Args:
        values: The array.
        wanted: The schema that is asked for, None for any.
    """
    return pyarrow().array(values).__arrow_c_array__(wanted)
