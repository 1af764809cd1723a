"""Files that recorded tables are written to while a run goes on: Arrow IPC streams and Parquet."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from ranvier.runtime.columns import Array, Recorded
from ranvier.runtime.ipc_stream import IpcStream, read_stream
from ranvier.runtime.parquet_stream import ParquetStream
from ranvier.runtime.stream_faults import StreamError

FORMATS = {".arrows": "ipc", ".arrow": "ipc", ".ipc": "ipc", ".parquet": "parquet", ".pq": "parquet"}
"""The formats by suffix."""


class Stream(Protocol):
    """A file that chunks are appended to.

    Attributes:
        path: The (first) file.
        rows: The number of rows written.
        kept: Files that had to make way, under their new names.
    """

    path: Path
    rows: int
    kept: list[Path]

    def write(self, arrays: Sequence[Array]) -> None:
        """Appends a chunk, or raises `StreamError` and leaves the file as it was."""
        ...

    def close(self) -> None:
        """Completes the file; writing again continues it or begins a further one."""
        ...

    def release(self) -> None:
        """Lets others write to the name; no more is written here."""
        ...

    def batches(self) -> Iterator[Any]:
        """Yields what was written as Arrow record batches, from the mapped file."""
        ...

    def column(self, name: str) -> list[Array]:
        """Returns the values written of a column, in parts of shape (rows,) or (rows, width)."""
        ...


def open_stream(path: Path, format: str | None, table: Recorded, overwrite: bool = False) -> Stream:
    """Begins a file for the chunks of `table`.

    Args:
        path: The file; one that exists gets another name.
        format: "ipc", "parquet", or None: by the suffix of the path.
        table: What is recorded.
        overwrite: Whether files that exist are removed instead.

    Raises:
        ValueError: If the format is not known.
        StreamError: If the file cannot be written, or is being written by another monitor or process.
    """
    format = format or FORMATS.get(path.suffix)
    if format is None:
        raise ValueError(f"The suffix of {path} does not tell its format: say format='ipc' or format='parquet'")
    if format not in ("ipc", "parquet"):
        raise ValueError(f"The formats of recordings are 'ipc' and 'parquet', not {format!r}")
    stream = IpcStream if format == "ipc" else ParquetStream
    try:
        return stream(Path(os.path.realpath(path)), table, overwrite)
    except OSError as error:
        raise StreamError(
            f"The recording of {table.name!r} cannot be written to {path}: {error}. Nothing has been written: give"
            " stream_to() another path, or put this right and call it again."
        ) from error


__all__ = ["FORMATS", "Stream", "StreamError", "open_stream", "read_stream"]
