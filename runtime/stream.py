"""Files that recorded tables are written to while a run goes on: Arrow IPC streams and Parquet.

An IPC stream is a sequence of self-contained messages, here written without buffering: whatever ends the process, the
file can be read up to the last message. Parquet has its index at the end, so that a file can be read once it is closed.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from ranvier.runtime.arrow import numpy_parts, pyarrow, record_batch, schema, stored_columns
from ranvier.runtime.columns import Array, Recorded

FORMATS = {".arrows": "ipc", ".arrow": "ipc", ".ipc": "ipc", ".parquet": "parquet", ".pq": "parquet"}
"""The formats by suffix."""
SPARE_BYTES = 1024 * 1024
"""So much space is left on the disk for a Parquet file's index."""
END_OF_STREAM = b"\xff\xff\xff\xff\x00\x00\x00\x00"
"""The last bytes of a complete IPC stream (https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format)."""


class StreamError(OSError):
    """A recording cannot be written to or read from its file. The message says which data are where."""


class Stream(Protocol):
    """A file that chunks are appended to.

    Attributes:
        path: The (first) file.
        rows: The number of rows written.
    """

    path: Path
    rows: int

    def write(self, arrays: Sequence[Array]) -> None:
        """Appends a chunk, or raises `StreamError` and leaves the file as it was."""
        ...

    def close(self) -> None:
        """Ends the file; writing again continues it or begins a further one."""
        ...

    def batches(self) -> Iterator[Any]:
        """Yields what was written as Arrow record batches, from the mapped file."""
        ...

    def column(self, name: str) -> list[Array]:
        """Returns the values written of a column, in parts of shape (rows,) or (rows, width)."""
        ...


def open_stream(path: Path, format: str | None, table: Recorded) -> Stream:
    """Begins a file for the chunks of `table`.

    Args:
        path: The file; one that exists is replaced.
        format: "ipc", "parquet", or None: by the suffix of the path.

    Raises:
        ValueError: If the format is not known.
        StreamError: If the file cannot be written.
    """
    format = format or FORMATS.get(path.suffix)
    if format is None:
        raise ValueError(f"The suffix of {path} does not tell its format: say format='ipc' or format='parquet'")
    if format not in ("ipc", "parquet"):
        raise ValueError(f"The formats of recordings are 'ipc' and 'parquet', not {format!r}")
    stream = IpcStream if format == "ipc" else ParquetStream
    try:
        return stream(path, table)
    except OSError as error:
        raise StreamError(f"The recording of {table.name!r} cannot be written to {path}: {error}") from error


def _write_error(stream: Stream, table: Recorded, error: OSError | str) -> StreamError:
    return StreamError(
        f"The recording of {table.name!r} cannot be written to {stream.path}: {error}. The first {stream.rows} rows are"
        " in the file, the later ones in memory; all can still be read from the monitor. Free some space on the disk,"
        " or stream to another place."
    )


def _check_space(stream: Stream, table: Recorded, nbytes: int) -> None:
    """Raises before a disk is full: then nothing has to be repaired, and a Parquet file can still be closed."""
    free = shutil.disk_usage(stream.path.parent).free
    if free < nbytes + SPARE_BYTES:
        raise _write_error(stream, table, f"the disk is full ({free} bytes are free)")


def _missing_error(stream: Stream, table: Recorded, error: Exception) -> StreamError:
    return StreamError(
        f"The recording of {table.name!r} was written to {stream.path}, which cannot be read any more ({error}). "
        f"{stream.rows} rows are in that file only: put it back, or record again with keep=True."
    )


class IpcStream:
    """An Arrow IPC stream; can be read at any time."""

    def __init__(self, path: Path, table: Recorded) -> None:
        self.path = path
        self.rows = 0
        self._table = table
        self._end = 0
        path.write_bytes(b"")
        self._mapped: tuple[int, Any] | None = None
        self._append(schema(table).serialize())

    def _append(self, message: Any) -> None:
        """Writes a whole message after the last one, or raises and leaves the file with whole messages only."""
        rest = memoryview(message)
        position = self._end
        with open(self.path, "r+b", buffering=0) as file:
            try:
                while rest:
                    written = os.pwrite(file.fileno(), rest, position)
                    position += written
                    rest = rest[written:]
            except OSError:
                file.truncate(self._end)
                raise
        self._end = position

    def write(self, arrays: Sequence[Array]) -> None:
        """See `Stream`."""
        message = record_batch(arrays, self._table).serialize()
        _check_space(self, self._table, len(message))
        try:
            self._append(message)
        except OSError as error:
            raise _write_error(self, self._table, error) from error
        self.rows += len(arrays[0])

    def close(self) -> None:
        """See `Stream`."""
        end = self._end
        try:
            self._append(END_OF_STREAM)
        except OSError:
            return  # a stream without its end mark can be read too
        self._end = end  # further chunks replace the mark

    def batches(self) -> Iterator[Any]:
        """See `Stream`."""
        if self._mapped is None or self._mapped[0] != self.rows:
            self._mapped = (self.rows, self._read())
        yield from self._mapped[1].to_batches()

    def _read(self) -> Any:
        pa = pyarrow()
        try:
            table = read_stream(self.path)
        except (OSError, pa.ArrowInvalid) as error:
            raise _missing_error(self, self._table, error) from error
        if len(table) != self.rows:
            raise _missing_error(self, self._table, ValueError(f"it has {len(table)} rows"))
        return table

    def column(self, name: str) -> list[Array]:
        """See `Stream`."""
        return _column(self.batches(), name, self)

    @property
    def table(self) -> Recorded:
        """The table that is written."""
        return self._table


def read_stream(path: str | Path) -> Any:
    """Returns the content of an IPC stream as a `pyarrow.Table` over the mapped file, also if its end is missing.

    Raises:
        OSError: If there is no such file.
        pyarrow.ArrowInvalid: If it is no IPC stream.
    """
    pa = pyarrow()
    reader = pyarrow("ipc").open_stream(pa.memory_map(str(path)))
    batches: list[Any] = []
    while True:
        try:
            batches.append(reader.read_next_batch())
        except StopIteration:
            break
        except (OSError, pa.ArrowInvalid):
            break  # the process was killed while it wrote this one
    return pa.Table.from_batches(batches, schema=reader.schema)


class ParquetStream:
    """Parquet files: one for each time from the beginning or `close` to the next `close`."""

    def __init__(self, path: Path, table: Recorded) -> None:
        self.path = path
        self.rows = 0
        self._table = table
        self._parts: list[Path] = []
        self._writer: Any = None
        self._open_part()

    def _open_part(self) -> Any:
        count = len(self._parts) + 1
        path = self.path if count == 1 else self.path.with_stem(f"{self.path.stem}-{count}")
        self._writer = pyarrow("parquet").ParquetWriter(str(path), schema(self._table))
        self._parts.append(path)
        return self._writer

    def write(self, arrays: Sequence[Array]) -> None:
        """See `Stream`."""
        batch = record_batch(arrays, self._table)
        _check_space(self, self._table, batch.nbytes)
        try:
            writer: Any = self._writer or self._open_part()
            writer.write_batch(batch)
        except OSError as error:
            raise _write_error(self, self._table, error) from error
        self.rows += batch.num_rows

    def close(self) -> None:
        """See `Stream`."""
        writer, self._writer = self._writer, None
        if writer is None:
            return
        try:
            writer.close()
        except OSError as error:
            raise _write_error(self, self._table, error) from error

    def _check_closed(self) -> None:
        if self._writer is not None:
            raise StreamError(
                f"The recording of {self._table.name!r} is in the Parquet file {self._parts[-1]}, which can be read"
                " only after it is closed: call close() first, or write an IPC stream (.arrows) instead."
            )

    def batches(self) -> Iterator[Any]:
        """See `Stream`."""
        yield from self._batches(None)

    def _batches(self, columns: list[str] | None) -> Iterator[Any]:
        self._check_closed()
        pa = pyarrow()
        for part in self._parts:
            try:
                table = pyarrow("parquet").ParquetFile(str(part), memory_map=True).read(columns)
            except (OSError, pa.ArrowInvalid) as error:
                raise _missing_error(self, self._table, error) from error
            names = [column.name for column in stored_columns(self._table)] if columns is None else columns
            wanted = pa.schema([schema(self._table).field(name) for name in names])
            yield from table.cast(wanted).to_batches()

    def column(self, name: str) -> list[Array]:
        """See `Stream`."""
        return _column(self._batches([name]), name, self)

    @property
    def table(self) -> Recorded:
        """The table that is written."""
        return self._table


def _column(batches: Iterator[Any], name: str, stream: IpcStream | ParquetStream) -> list[Array]:
    column = next(column for column in stream.table.columns if column.name == name)
    if column.width == 0:
        import numpy as np

        return [np.empty((stream.rows, 0), dtype=column.dtype)]
    parts: list[Array] = []
    for batch in batches:
        parts.extend(numpy_parts(pyarrow().chunked_array([batch.column(name)]), column.width))
    return parts
