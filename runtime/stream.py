"""Files that recorded tables are written to while a run goes on: Arrow IPC streams and Parquet.

An IPC stream is a sequence of self-contained messages. A message is written behind the mark that ends the stream, and
then put in the place of the mark: whatever ends the process, the file is a complete stream.

Parquet has its index at the end and cannot be read without it. Therefore rows for "v.parquet" go to an IPC stream
beside it ("_v.parquet.arrows") first, which is made into the Parquet file at the end of a run. Other ways: to write
Parquet directly loses everything with the process, or with one failed write; closing a file every few seconds leaves
many small files, and nothing that joins them. The price is disk space for both until the end, and writing twice.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from ranvier.runtime.arrow import numpy_parts, pyarrow, record_batch, schema, stored_columns
from ranvier.runtime.claims import EXISTING, NEW, Held, make_way, own
from ranvier.runtime.columns import Array, Recorded

FORMATS = {".arrows": "ipc", ".arrow": "ipc", ".ipc": "ipc", ".parquet": "parquet", ".pq": "parquet"}
"""The formats by suffix."""
SPARE_BYTES = 1024 * 1024
"""So much space is left on the disk."""
GROUP_BYTES = 4 * 1024 * 1024
"""A row group of a Parquet file holds at least so many bytes of values, unless it is the last."""
END_OF_STREAM = b"\xff\xff\xff\xff\x00\x00\x00\x00"
"""The last bytes of a complete IPC stream (https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format)."""
MARK = len(END_OF_STREAM)
"""The bytes of the mark, and of the head of a message that takes its place."""


class StreamError(OSError):
    """A recording cannot be written to or read from its file. The message says which data are where."""


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


def _write_error(stream: Stream, table: Recorded, error: Exception, where: Path) -> StreamError:
    return StreamError(
        f"The recording of {table.name!r} cannot be written to {stream.path}: {error}. The first {stream.rows} rows are"
        f" in the file {where}, the later ones in memory; all can still be read from the monitor. Free some space on"
        " the disk and run on, or call close(); or go on in another file: stream_to(...)."
    )


def _check_space(path: Path, nbytes: int) -> None:
    """Raises before a disk is full: then nothing has to be repaired."""
    free = shutil.disk_usage(path.parent).free
    if free < nbytes + SPARE_BYTES:
        raise OSError(f"the disk is full ({free} bytes are free)")


def _missing_error(path: Path, rows: int, table: Recorded, error: Exception) -> StreamError:
    return StreamError(
        f"The recording of {table.name!r} was written to {path}, which cannot be read any more ({error}). "
        f"{rows} rows are in that file only: put it back, or record again with keep=True."
    )


def _failures() -> tuple[type[Exception], ...]:
    """Returns what a write by pyarrow may raise."""
    return (OSError, pyarrow().ArrowException)


def _is_empty(path: Path) -> bool:
    """Tells whether a file is one without rows, of a run that was never begun: nobody misses it."""
    try:
        return path.stat().st_size == 0 or (path.stat().st_size < SPARE_BYTES and read_stream(path).num_rows == 0)
    except _failures():
        return False


class IpcStream:
    """An Arrow IPC stream; can be read at any time."""

    def __init__(self, path: Path, table: Recorded, overwrite: bool = False, *, journal: bool = False) -> None:
        """Begins a file.

        Args:
            path: The file, without symbolic links.
            table: What is recorded.
            overwrite: Whether a file that exists is removed.
            journal: Whether the file is of a `ParquetStream`: it keeps its name until it is removed.
        """
        self.path = path
        self.rows = 0
        self._table = table
        self._journal = journal
        self._closed = False
        self._mapped: tuple[int, Any] | None = None
        start = memoryview(schema(table).serialize())
        aside = make_way(path, overwrite or _is_empty(path))
        self.kept = [] if aside is None else [aside]
        self._file = Held(path, NEW)
        try:
            self._inode = os.fstat(self._file.fd).st_ino
            _write_all(self._file.fd, start, 0)
            _write_all(self._file.fd, memoryview(END_OF_STREAM), len(start))
        except OSError:
            os.unlink(path)
            self._file.close()
            raise
        self._end = len(start)
        own(path, self)

    def _append(self, message: memoryview) -> None:
        """Writes a whole message after the last one, or raises and leaves the file as it was."""
        self._check_file()
        file, end = self._file.fd, self._end
        try:
            _write_all(file, message[MARK:], end + MARK)
            _write_all(file, memoryview(END_OF_STREAM), end + len(message))
            _write_all(file, message[:MARK], end)
        except OSError:
            with contextlib.suppress(OSError):  # else the next message replaces what is left of this one
                _write_all(file, memoryview(END_OF_STREAM), end)
                os.ftruncate(file, end + MARK)
            raise
        self._end = end + len(message)

    def _check_file(self) -> None:
        """Raises if what is written would not be found under the name of the file."""
        if self._file.fd < 0:
            raise OSError("it belongs to the process that this one was forked from. Call stream_to() in each process")
        found = os.stat(self.path)
        if found.st_ino != self._inode or found.st_size < self._end:
            raise OSError("another program has put something else in its place")

    @property
    def writable(self) -> bool:
        """Whether this process writes the file."""
        return self._file.fd >= 0

    def append(self, arrays: Sequence[Array]) -> None:
        """Appends a chunk, or raises and leaves the file as it was.

        Raises:
            OSError: If it cannot be written.
        """
        message = memoryview(record_batch(arrays, self._table).serialize())
        _check_space(self.path, len(message))
        self._append(message)
        self.rows += len(arrays[0])
        self._closed = False

    def write(self, arrays: Sequence[Array]) -> None:
        """See `Stream`."""
        try:
            self.append(arrays)
        except _failures() as error:
            raise _write_error(self, self._table, error, self.path) from error

    def close(self) -> None:
        """See `Stream`. The file is complete at any time."""
        self._closed = True

    def release(self) -> None:
        """See `Stream`."""
        self._file.close()
        self._closed = True

    def remove(self) -> None:
        """Removes the file, if possible."""
        with contextlib.suppress(OSError):
            os.unlink(self.path)
        self._mapped = None
        self._file.close()

    def at_rest(self, path: Path) -> bool:
        """See `ranvier.runtime.claims.Owner`. A file that nothing was written to yet waits for its run."""
        return not self.writable or (self._closed and self.rows > 0 and not self._journal)

    def holds(self, path: Path) -> bool:
        """See `ranvier.runtime.claims.Owner`."""
        return self.writable

    def moved(self, old: Path, new: Path) -> None:
        """See `ranvier.runtime.claims.Owner`."""
        self.path = new

    def batches(self) -> Iterator[Any]:
        """See `Stream`."""
        if self._mapped is None or self._mapped[0] != self.rows:
            self._mapped = (self.rows, self._read())
        yield from self._mapped[1].to_batches()

    def _read(self) -> Any:
        try:
            table = read_stream(self.path)
        except _failures() as error:
            raise _missing_error(self.path, self.rows, self._table, error) from error
        if len(table) < self.rows:
            raise _missing_error(self.path, self.rows, self._table, ValueError(f"it has {len(table)} rows"))
        return table.slice(0, self.rows)  # in a forked process the file may have grown

    def column(self, name: str) -> list[Array]:
        """See `Stream`."""
        return _column(self.batches(), name, self)

    @property
    def table(self) -> Recorded:
        """The table that is written."""
        return self._table


def _write_all(file: int, rest: memoryview, position: int) -> None:
    while rest:
        written = os.pwrite(file, rest, position)
        position += written
        rest = rest[written:]


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
            break  # the end of the file was lost
    return pa.Table.from_batches(batches, schema=reader.schema)


class ParquetStream:
    """Parquet files: one for each time from the beginning or `close` to the next `close`."""

    def __init__(self, path: Path, table: Recorded, overwrite: bool = False) -> None:
        self.path = path
        self.rows = 0
        self.kept: list[Path] = []
        self._table = table
        self._overwrite = overwrite
        self._parts: list[Path] = []
        self._file: Held | None = None
        self._journal: IpcStream | None = self._open_part()
        self._make_way_for_parts()

    def _part(self, number: int) -> Path:
        return self.path if number == 1 else self.path.with_stem(f"{self.path.stem}-{number}")

    def _open_part(self) -> IpcStream:
        path = self._part(len(self._parts) + 1)
        journal = path.with_name(f"_{path.name.removeprefix('_')}.arrows")
        return IpcStream(journal, self._table, self._overwrite, journal=True)

    def _make_way_for_parts(self) -> None:
        """Lets all names be free that an earlier run used: its parts are not to be read as parts of this one."""
        assert self._journal is not None
        self.kept += self._journal.kept
        number = 1
        try:
            while self._part(number).exists():
                aside = make_way(self._part(number), self._overwrite)
                self.kept += [] if aside is None else [aside]
                number += 1
        except OSError:
            self._journal.remove()
            raise

    def write(self, arrays: Sequence[Array]) -> None:
        """See `Stream`."""
        try:
            if self._journal is None:
                self._journal = self._open_part()
            self._journal.append(arrays)
        except _failures() as error:
            raise _write_error(self, self._table, error, self._where()) from error
        self.rows += len(arrays[0])

    def _where(self) -> Path:
        return self._parts[-1] if self._journal is None else self._journal.path

    def close(self) -> None:
        """See `Stream`."""
        journal = self._journal
        if journal is None or not journal.writable or (self._parts and not journal.rows):
            return
        path = self._part(len(self._parts) + 1)
        try:
            self._convert(journal, path)
        except _failures() as error:
            raise StreamError(
                f"The recording of {self._table.name!r} cannot be written to {path}: {error}. Its {journal.rows} rows"
                f" are in {journal.path} and can still be read from the monitor. Free some space on the disk and call"
                " close(); or read that file with ranvier.runtime.stream.read_stream()."
            ) from error
        self._parts.append(path)
        own(path, self)
        self._journal = None
        journal.remove()
        if self._file is None:
            with contextlib.suppress(OSError):  # the rows are safe without the lock
                self._file = Held(path, EXISTING)

    def _convert(self, journal: IpcStream, path: Path) -> None:
        """Writes the Parquet file under another name first, so that it is there as a whole or not at all."""
        unfinished = path.with_name(f"_{path.name.removeprefix('_')}.unfinished")
        try:
            _write_parquet(journal.batches(), self._table, unfinished)
            make_way(path, overwrite=False)
            os.replace(unfinished, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(unfinished)
            raise

    def release(self) -> None:
        """See `Stream`."""
        if self._journal is not None:
            self._journal.release()
        if self._file is not None:
            self._file.close()

    def at_rest(self, path: Path) -> bool:
        """See `ranvier.runtime.claims.Owner`."""
        return True

    def holds(self, path: Path) -> bool:
        """See `ranvier.runtime.claims.Owner`. One name is enough: who wants the others wants the first too."""
        return path == self._parts[0] and self._file is not None and self._file.fd >= 0

    def moved(self, old: Path, new: Path) -> None:
        """See `ranvier.runtime.claims.Owner`."""
        self._parts = [new if part == old else part for part in self._parts]
        self.path = new if self.path == old else self.path

    def batches(self) -> Iterator[Any]:
        """See `Stream`."""
        yield from self._batches(None)

    def _batches(self, columns: list[str] | None) -> Iterator[Any]:
        pa = pyarrow()
        names = [column.name for column in stored_columns(self._table)] if columns is None else columns
        wanted = pa.schema([schema(self._table).field(name) for name in names])
        for part in self._parts:
            try:
                table = pyarrow("parquet").ParquetFile(str(part), memory_map=True).read(columns)
            except _failures() as error:
                raise _missing_error(part, self.rows, self._table, error) from error
            yield from table.cast(wanted).to_batches()
        if self._journal is not None:
            yield from (batch.select(names) for batch in self._journal.batches())

    def column(self, name: str) -> list[Array]:
        """See `Stream`."""
        return _column(self._batches([name]), name, self)

    @property
    def table(self) -> Recorded:
        """The table that is written."""
        return self._table


def _write_parquet(batches: Iterator[Any], table: Recorded, path: Path) -> None:
    with open(path, "wb") as file:
        writer = pyarrow("parquet").ParquetWriter(file, schema(table))
        try:
            for group in _groups(batches):
                _check_space(path, group.nbytes)
                writer.write_table(group, row_group_size=len(group))
            writer.close()
        except BaseException:
            with contextlib.suppress(*_failures()):  # it would try again, and complain, when it is collected
                writer.close()
            raise
        file.flush()
        os.fsync(file.fileno())  # the rows are removed from the other file when this one has its name


def _groups(batches: Iterator[Any]) -> Iterator[Any]:
    """Yields batches joined to groups that are worth a row group."""
    group: list[Any] = []
    nbytes = 0
    for batch in batches:
        group.append(batch)
        nbytes += batch.nbytes
        if nbytes >= GROUP_BYTES:
            yield pyarrow().Table.from_batches(group)
            group, nbytes = [], 0
    if group:
        yield pyarrow().Table.from_batches(group)


def _column(batches: Iterator[Any], name: str, stream: IpcStream | ParquetStream) -> list[Array]:
    column = next(column for column in stream.table.columns if column.name == name)
    if column.width == 0:
        import numpy as np

        return [np.empty((stream.rows, 0), dtype=column.dtype)]
    parts: list[Array] = []
    for batch in batches:
        parts.extend(numpy_parts(pyarrow().chunked_array([batch.column(name)]), column.width))
    return parts
