"""Parquet files that recorded tables are written to while a run goes on.

Parquet has its index at the end and cannot be read without it. Therefore rows for "v.parquet" go to an IPC stream
beside it ("_v.parquet.arrows") first, which is made into the Parquet file at the end of a run. Other ways: to write
Parquet directly loses everything with the process, or with one failed write; closing a file every few seconds leaves
many small files, and nothing that joins them. The price is disk space for both until the end, and writing twice.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ranvier.runtime.arrow import pyarrow, schema, stored_columns
from ranvier.runtime.claims import EXISTING, Held, make_way, own
from ranvier.runtime.columns import Array, Recorded
from ranvier.runtime.ipc_stream import IpcStream, column_of
from ranvier.runtime.stream_faults import StreamError, check_space, failures, missing_error, write_error

GROUP_BYTES = 4 * 1024 * 1024
"""A row group of a Parquet file holds at least so many bytes of values, unless it is the last."""


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
        except failures() as error:
            raise write_error(self.path, self.rows, self._table, error, self._where()) from error
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
        except failures() as error:
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
            except failures() as error:
                raise missing_error(part, self.rows, self._table, error) from error
            yield from table.cast(wanted).to_batches()
        if self._journal is not None:
            yield from (batch.select(names) for batch in self._journal.batches())

    def column(self, name: str) -> list[Array]:
        """See `Stream`."""
        return column_of(self._batches([name]), name, self._table, self.rows)

    @property
    def table(self) -> Recorded:
        """The table that is written."""
        return self._table


def _write_parquet(batches: Iterator[Any], table: Recorded, path: Path) -> None:
    with open(path, "wb") as file:
        writer = pyarrow("parquet").ParquetWriter(file, schema(table))
        try:
            for group in _groups(batches):
                check_space(path, group.nbytes)
                writer.write_table(group, row_group_size=len(group))
            writer.close()
        except BaseException:
            with contextlib.suppress(*failures()):  # it would try again, and complain, when it is collected
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
