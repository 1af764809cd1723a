"""What a recorded table is made of: columns, chunks of rows, and what `store` keeps of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        name: The name, as in the monitor ("t", "i", "v").
        dtype: The type of one value.
        width: None if a row holds one value; otherwise the number of values in a row.
        unit: The unit of the values as text, in base units; "" if they have none.
    """

    name: str
    dtype: np.dtype[Any]
    width: int | None = None
    unit: str = ""

    @property
    def row_bytes(self) -> int:
        """The bytes of one row."""
        return self.dtype.itemsize * (1 if self.width is None else self.width)

    def rows_of(self, buffer: Array, first: int, stop: int) -> Array:
        """Returns some rows of a flat buffer, of shape (rows,) or (rows, width)."""
        if self.width is None:
            return buffer[first:stop]
        return buffer[first * self.width : stop * self.width].reshape(stop - first, self.width)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows that do not change any more; one array for each column, of shape (rows,) or (rows, width)."""

    rows: int
    arrays: tuple[Array, ...]

    @property
    def nbytes(self) -> int:
        """The bytes of the values."""
        return sum(array.nbytes for array in self.arrays)

    def copy(self) -> Chunk:
        """Returns the same rows in memory of their own."""
        return Chunk(self.rows, tuple(array.copy() for array in self.arrays))


@dataclass(frozen=True, slots=True)
class TableSnapshot:
    """The contents of a table at one moment: what `store` keeps. It can be pickled.

    Attributes:
        columns: The columns of the table.
        chunks: The rows in memory.
        streamed: The number of rows that were in a file only.
    """

    columns: tuple[Column, ...]
    chunks: tuple[Chunk, ...]
    streamed: int

    def as_arrays(self) -> tuple[list[list[Any]], list[Array]]:
        """Returns the columns as plain data (name, dtype, width, unit) and their values, for files.

        Raises:
            ValueError: If some rows are in a file of `stream_to` only.
        """
        if self.streamed:
            raise ValueError("Rows that were streamed to a file cannot be stored in another file")
        columns = [[c.name, c.dtype.str, c.width, c.unit] for c in self.columns]
        values = [
            np.concatenate([chunk.arrays[k] for chunk in self.chunks])
            if self.chunks
            else np.empty((0,) if c.width is None else (0, c.width), c.dtype)
            for k, c in enumerate(self.columns)
        ]
        return columns, values

    @classmethod
    def from_arrays(cls, columns: Sequence[Sequence[Any]], values: Sequence[Array]) -> TableSnapshot:
        """Returns the snapshot that `as_arrays` describes.

        Raises:
            ValueError: If the columns have different numbers of rows, or values of another type or shape.
        """
        made = tuple(Column(name, np.dtype(dtype), width, unit) for name, dtype, width, unit in columns)
        rows = len(values[0]) if values else 0
        for column, array in zip(made, values, strict=True):
            shape = (rows,) if column.width is None else (rows, column.width)
            if array.shape != shape or array.dtype != column.dtype:
                raise ValueError(
                    f"The column {column.name!r} should have {column.dtype} values of shape {shape}, not {array.dtype} "
                    f"values of shape {array.shape}"
                )
        return cls(made, (Chunk(rows, tuple(values)),) if rows else (), 0)


@dataclass(frozen=True, slots=True)
class Described:
    """What a file keeps of a table, so that it does not keep the table itself; see `Recorded`."""

    columns: tuple[Column, ...]
    name: str
    indices: Array | None


class Recorded(Protocol):
    """What files and Arrow tables have to know of a table (see `ranvier.runtime.recorder.Table`)."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns."""
        ...

    @property
    def name(self) -> str:
        """The name of the monitor."""
        ...

    @property
    def indices(self) -> Array | None:
        """The recorded indices of columns with a width; None if unknown."""
        ...
