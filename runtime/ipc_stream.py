"""Arrow IPC streams that grow while a run goes on.

Such a stream is a sequence of self-contained messages. A message is written behind the mark that ends the stream, and
then put in the place of the mark: whatever ends the process, the file is a complete stream.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ranvier.runtime.arrow import numpy_parts, pyarrow, record_batch, schema
from ranvier.runtime.claims import NEW, Held, make_way, own
from ranvier.runtime.columns import Array, Recorded
from ranvier.runtime.stream_faults import SPARE_BYTES, check_space, failures, missing_error, write_error

END_OF_STREAM = b"\xff\xff\xff\xff\x00\x00\x00\x00"
"""The last bytes of a complete IPC stream (https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format)."""
MARK = len(END_OF_STREAM)
"""The bytes of the mark, and of the head of a message that takes its place."""


def _is_empty(path: Path) -> bool:
    """Tells whether a file is one without rows, of a run that was never begun: nobody misses it."""
    try:
        return path.stat().st_size == 0 or (path.stat().st_size < SPARE_BYTES and read_stream(path).num_rows == 0)
    except failures():
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
        check_space(self.path, len(message))
        self._append(message)
        self.rows += len(arrays[0])
        self._closed = False

    def write(self, arrays: Sequence[Array]) -> None:
        """See `Stream`."""
        try:
            self.append(arrays)
        except failures() as error:
            raise write_error(self.path, self.rows, self._table, error, self.path) from error

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
        except failures() as error:
            raise missing_error(self.path, self.rows, self._table, error) from error
        if len(table) < self.rows:
            raise missing_error(self.path, self.rows, self._table, ValueError(f"it has {len(table)} rows"))
        return table.slice(0, self.rows)  # in a forked process the file may have grown

    def column(self, name: str) -> list[Array]:
        """See `Stream`."""
        return column_of(self.batches(), name, self._table, self.rows)

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
        pyarrow.ArrowInvalid: If it is no IPC stream; it is a ValueError.
    """
    pa = pyarrow()
    file = pa.memory_map(str(path))
    try:
        reader = pyarrow("ipc").open_stream(file)
    except (OSError, pa.ArrowInvalid) as error:
        raise pa.ArrowInvalid(f"{path} is no IPC stream of Arrow, or it is damaged: {error}") from None
    batches: list[Any] = []
    while True:
        try:
            batches.append(reader.read_next_batch())
        except StopIteration:
            break
        except (OSError, pa.ArrowInvalid):
            break  # the end of the file was lost
    return pa.Table.from_batches(batches, schema=reader.schema)


def column_of(batches: Iterator[Any], name: str, table: Recorded, rows: int) -> list[Array]:
    """Returns the values of a column of record batches, in parts of shape (rows,) or (rows, width)."""
    column = next(column for column in table.columns if column.name == name)
    if column.width == 0:
        import numpy as np

        return [np.empty((rows, 0), dtype=column.dtype)]
    parts: list[Array] = []
    for batch in batches:
        parts.extend(numpy_parts(pyarrow().chunked_array([batch.column(name)]), column.width))
    return parts
