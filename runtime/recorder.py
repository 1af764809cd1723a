"""Storage of what monitors record: tables that native code appends to and that the host empties.

A table is the host side of an `snn.sink` (see `ranvier.ir.slots`). It consists of chunks. Native code appends rows to
the current chunk, of which it knows the addresses; when the chunk may overflow the host calls `Table.turn_over`, which
seals it and begins a new one. Sealed chunks never change, so Arrow tables and snapshots share them without copying.
With `Table.stream_to` sealed chunks go to a file and memory stays bounded. A chunk is sealed when it is full, and when
its rows have waited for some seconds: that is what is lost if the process is killed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier.runtime.columns import Array, Chunk, Column, Described, TableSnapshot
from ranvier.runtime.state import aligned_empty, allocate
from ranvier.runtime.stream import open_stream
from ranvier.runtime.table_files import FLUSH_SECONDS, TableFiles

if TYPE_CHECKING:
    import numpy.typing as npt

FIRST_CHUNK_BYTES = 16 * 1024
"""The size of a table's first chunk: small runs stay small."""
UNBOUNDED = 2**62
"""The capacity in rows of a table without columns, which takes no memory."""
BUDGET_SHARE = 4
"""A chunk takes at most this part of the memory budget: there are the chunk, its encoded copy, and reserves."""
ROOM_BYTES = 64 * 1024 * 1024
"""For several instants at once a chunk has at most so much room; memory that is not used is not touched."""


class Table:
    """A growing table, appended to by native code.

    Attributes:
        columns: The columns.
        name: The name of the monitor, for messages and metadata.
        indices: The recorded indices of columns with a width; None if unknown.
        control: Int64 array [rows in the buffers, capacity of the buffers]; its address never changes.
        buffers: The flat buffers of the current chunk, one for each column; row-major where a row has several values.
        lent: Whether native code appends to the buffers now: then they stay, and a new chunk begins within them.
        under_way: Waits for values of rows that are being copied from a device, None if there are none.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        chunk_bytes: int = 8 * 1024 * 1024,
        *,
        name: str = "",
        indices: Sequence[int] | Array | None = None,
    ) -> None:
        """Makes an empty table.

        Args:
            columns: The columns, in the order of the sink's; names must differ.
            chunk_bytes: The size that chunks grow to.
            name: The name of the monitor.
            indices: The recorded indices of columns with a width.
        """
        self.columns = tuple(columns)
        if len({column.name for column in self.columns}) != len(self.columns):
            raise ValueError(f"The columns of a table have different names, not {[c.name for c in self.columns]}")
        self.name = name
        self.indices = None if indices is None else np.asarray(indices, dtype=np.int64)
        self.control: npt.NDArray[np.int64] = allocate(2, np.int64, padding=2)
        self.buffers: tuple[Array, ...] = ()
        self.lent = False
        self.under_way: Callable[[], None] | None = None
        self._first = 0  # the row of the buffers with which the current chunk begins
        self._used = 0  # so many rows of the buffers have been written before `begin_again`
        self._positions = {column.name: k for k, column in enumerate(self.columns)}
        self._row_bytes = sum(column.row_bytes for column in self.columns)
        self._limit = chunk_bytes
        self._next_bytes = min(FIRST_CHUNK_BYTES, chunk_bytes)
        self._budget: int | None = None
        self._per_instant = 1
        self._room = 0  # the rows that a new chunk has room for, at least, see `make_room`
        self._sealed: list[Chunk] = []
        self._files = TableFiles()
        self._cache: dict[str, Array] = {}
        self._begin_chunk()

    # ---- writing

    def reserve(self, rows_per_instant: int) -> None:
        """Makes sure that one instant's rows fit into the current chunk, and into every later one.

        The addresses of the buffers may change.

        Args:
            rows_per_instant: The greatest number of rows that one instant appends.

        Raises:
            ValueError: If a chunk for so many rows exceeds the memory budget of `stream_to`.
        """
        self._check_budget(rows_per_instant, self._budget)
        self._per_instant = max(1, rows_per_instant)
        self._room = 0
        if self.control[1] - self.control[0] < self._per_instant:
            self.turn_over()

    def make_room(self, instants: int) -> None:
        """Lets chunks have room for several instants, which native code then passes at once, until `reserve` is called.

        The addresses of the buffers may change. Room is limited by `ROOM_BYTES` and the memory budget.
        """
        if not self._row_bytes or self.lent:
            return
        most = ROOM_BYTES if self._budget is None else self._limit
        self._room = min(2 * instants * self._per_instant, most // self._row_bytes)
        if self.control[1] - self.control[0] < self._room // 2:
            self.turn_over()

    @property
    def rows_per_instant(self) -> int:
        """The greatest number of rows that one instant appends, as `reserve` was told."""
        return self._per_instant

    @property
    def full(self) -> bool:
        """Whether `turn_over` is due: one more instant may not fit, or rows have waited long enough for the file."""
        return self._crowded or self._files.are_due

    @property
    def _crowded(self) -> bool:
        return self.lacks_room(1)

    def lacks_room(self, instants: int) -> bool:
        """Tells whether one more instant may not fit, or so many where at least half of the chunk is used.

        Native code that goes through several instants at once returns when that is so (`any_sink_full`).
        """
        rows, capacity = map(int, self.control)
        room = capacity - rows
        return room < self._per_instant or (room < instants * self._per_instant and room < rows)

    def turn_over(self) -> None:
        """Seals the current chunk and begins a new one; the addresses of the buffers change, unless they are lent.

        Raises:
            StreamError: If the chunk cannot be written to the file of `stream_to`. Nothing recorded is lost.
        """
        rows, capacity = map(int, self.control)
        if not self._crowded and capacity - rows > rows:  # written early: there is no need for a larger one
            self._next_bytes = max(self._next_bytes // 2, min(FIRST_CHUNK_BYTES, self._limit))
        self._seal()
        self._begin_chunk()
        self._write_sealed()
        self._files.wait_anew()

    def _begin_chunk(self) -> None:
        self._first = int(self.control[0])
        if self.lent:
            return
        if self._row_bytes == 0:
            rows = UNBOUNDED
        else:
            rows = max(self._next_bytes // self._row_bytes, self._per_instant, self._room)
        self.buffers = tuple(
            aligned_empty(0 if column.row_bytes == 0 else rows * (column.width or 1), column.dtype)
            for column in self.columns
        )
        self.control[:] = (0, rows)
        self._first = self._used = 0
        self._next_bytes = min(2 * self._next_bytes, self._limit)

    def _current(self) -> Chunk:
        first, stop = self._first, int(self.control[0])
        if stop > self.control[1]:
            raise RuntimeError(f"The table of {self.name!r} overflowed: {stop} rows, room for {self.control[1]}")
        arrays = tuple(c.rows_of(b, first, stop) for b, c in zip(self.buffers, self.columns, strict=True))
        return Chunk(stop - first, arrays)

    def _seal(self) -> None:
        chunk = self._current()
        if chunk.rows == 0:
            return
        if 2 * chunk.rows < self.control[1]:  # don't let a nearly empty chunk hold its whole buffer
            self._settle()
            chunk = chunk.copy()
        self._sealed.append(chunk)
        self._files.waiting += 1
        self._first = int(self.control[0])

    def clear(self) -> None:
        """Removes all rows. Arrow tables and arrays handed out before keep theirs.

        Raises:
            ValueError: If rows have been written to a file.
        """
        self._check_not_written(0, "be cleared")
        self._replace(())

    def begin_again(self) -> None:
        """Removes all rows, and uses the memory of the current chunk again: who has an array of a chunk loses it.

        What `values` has given is a copy, and stays. The addresses of the buffers change if there were more chunks.

        Raises:
            ValueError: If rows have been written to a file.
        """
        self._check_not_written(0, "begin again")
        self._settle()
        rows = self.rows
        self._sealed.clear()
        self._files.waiting = 0
        self._cache.clear()
        wanted = min((rows + rows // 8 + self._per_instant) * self._row_bytes, self._limit)
        if rows + self._per_instant > self.control[1] and wanted > self.control[1] * self._row_bytes:
            self._next_bytes = wanted
            self._begin_chunk()
        else:
            self._used = max(self._used, int(self.control[0]))
            self.control[0] = self._first = 0

    def cut(self, rows: int) -> None:
        """Removes all rows but the first ones. Arrow tables and arrays handed out before keep theirs.

        Raises:
            ValueError: If rows have been written to a file.
        """
        self._check_not_written(0, "be cut")
        left, kept = rows, list[Chunk]()
        for chunk in self.snapshot().chunks:
            taken = min(left, chunk.rows)
            if taken:
                kept.append(Chunk(taken, tuple(array[:taken] for array in chunk.arrays)))
            left -= taken
        self._replace(tuple(kept))

    # ---- reading

    @property
    def rows(self) -> int:
        """The number of rows recorded so far, in memory and in the file."""
        return self._files.rows + sum(chunk.rows for chunk in self._sealed) + int(self.control[0]) - self._first

    @property
    def memory_bytes(self) -> int:
        """The bytes of memory that the table takes: all rows there, and arrays kept by `values`.

        Room of the current chunk in which no row has been yet is not among them: the system gives no memory for it.
        """
        used = max(int(self.control[0]), self._used) * self._row_bytes
        kept = sum(array.nbytes for array in self._cache.values())
        elsewhere = [*self._cache.values(), *self.buffers]
        sealed = sum(
            array.nbytes
            for chunk in self._sealed
            for array in chunk.arrays
            if not any(np.may_share_memory(array, other) for other in elsewhere)
        )
        return used + kept + sealed

    @property
    def is_streamed(self) -> bool:
        """Whether what is recorded is written to a file."""
        return self._files.current is not None

    def _settle(self) -> None:
        """Waits for rows that have been counted already, and whose values are still being copied from elsewhere."""
        if self.under_way is not None:
            self.under_way()

    def values(self, name: str) -> Array:
        """Returns all rows of a column, of shape (rows,) or (rows, width).

        The array is not changed by later runs. It is kept and given again until the table grows, therefore read-only:
        copy it where it is handed to someone who may write. Rows in a file are read from there.

        Raises:
            KeyError: If there is no such column.
            StreamError: If the file is gone or damaged.
        """
        k = self._position(name)
        cached = self._cache.get(name)
        if cached is not None and len(cached) == self.rows:
            return cached
        self._settle()
        parts = [chunk.arrays[k] for chunk in (*self._sealed, self._current())]
        parts = [part for stream in self._files.holding if stream.rows for part in stream.column(name)] + parts
        whole = np.concatenate(parts, dtype=self.columns[k].dtype)
        whole.flags.writeable = False
        self._cache[name] = whole
        self._share(k, whole)
        return whole

    def _position(self, name: str) -> int:
        if name not in self._positions:
            raise KeyError(f"{self.name or 'The table'} has no column {name!r}; it has {', '.join(self._positions)}")
        return self._positions[name]

    def _share(self, k: int, whole: Array) -> None:
        """Lets the sealed chunks look into `whole`, so that the values are not in memory twice."""
        start = self._files.rows
        for n, chunk in enumerate(self._sealed):
            arrays = list(chunk.arrays)
            arrays[k] = whole[start : start + chunk.rows]
            self._sealed[n] = replace(chunk, arrays=tuple(arrays))
            start += chunk.rows

    @property
    def chunks(self) -> tuple[Chunk, ...]:
        """The chunks in memory that hold rows, the current one last."""
        self._settle()
        current = self._current()
        return (*self._sealed, current) if current.rows else tuple(self._sealed)

    def to_arrow(self, layout: str = "nested") -> Any:
        """Returns the rows as a `pyarrow.Table`.

        Metadata of the table: monitor name and recorded indices; of each field: its unit. "nested" copies nothing
        (but booleans, which Arrow packs).

        Args:
            layout: "nested": a row holds a list of values of fixed size where the column has a width; "wide": a column
                "v[3]" for each recorded index; "long": a row for each time and recorded index (columns t, i, v, ...).

        Raises:
            ValueError: If the layout is unknown.
        """
        from ranvier.runtime import arrow  # pyarrow and its import time are needed here only

        batches: list[Any] = []
        for stream in self._files.holding:
            batches.extend(stream.batches())
        batches.extend(arrow.record_batch(chunk.arrays, self) for chunk in self.chunks)
        return arrow.table_of(batches, self, layout)

    # ---- store and restore

    def snapshot(self) -> TableSnapshot:
        """Returns the present contents; sealed chunks are shared, not copied."""
        self._settle()
        current = self._current()
        chunks = (*self._sealed, current.copy()) if current.rows else tuple(self._sealed)
        return TableSnapshot(self.columns, chunks, self._files.rows)

    def check_restorable(self, snapshot: TableSnapshot) -> None:
        """Checks that the table can go back to the contents of a snapshot. Nothing is changed.

        Raises:
            ValueError: If the snapshot is of another table, or if rows recorded since were written to a file.
        """
        if [(c.name, c.dtype, c.width) for c in snapshot.columns] != [(c.name, c.dtype, c.width) for c in self.columns]:
            raise ValueError(f"What was stored for {self.name!r} has other columns than the monitor has now")
        self._check_not_written(snapshot.streamed, "go back to what was stored")

    def restore(self, snapshot: TableSnapshot) -> None:
        """Goes back to the contents of a snapshot; the addresses of the buffers change.

        Raises:
            ValueError: If the snapshot is of another table, or if rows recorded since were written to a file.
        """
        self.check_restorable(snapshot)
        self._replace(snapshot.chunks)

    def _check_not_written(self, streamed: int, what: str) -> None:
        where = self._files.written_since(streamed)
        if where is not None:
            raise ValueError(f"{self.name or 'The table'} cannot {what}: its data were written to {where} already")

    def _replace(self, chunks: tuple[Chunk, ...]) -> None:
        self._sealed = list(chunks)
        self._files.waiting = len(chunks)
        self._cache.clear()
        self._next_bytes = min(FIRST_CHUNK_BYTES, self._limit)  # else it would be larger after each of many runs
        self._begin_chunk()

    # ---- streaming

    def stream_to(
        self,
        path: str | Path,
        format: str | None = None,
        *,
        keep: bool = False,
        memory_budget: int | None = None,
        flush_seconds: float = FLUSH_SECONDS,
        overwrite: bool = False,
    ) -> list[Path]:
        """Writes full chunks to a file from now on, while the run goes on; those already there first.

        The "ipc" format is Arrow's IPC stream (`pyarrow.ipc.open_stream`, `polars.read_ipc_stream`): a process that is
        killed leaves a file with all chunks but the current one. A "parquet" file is there after `close`, before it
        the rows are in an IPC stream "_v.parquet.arrows"; rows recorded after that go to further files
        ("v-2.parquet", ...). A file that exists gets another name. Columns with a width are lists of fixed size.
        After a `StreamError` this continues the recording in another file: with the rows that are still in memory.

        Args:
            path: The file.
            format: "ipc" or "parquet"; None: by the suffix (.arrows, .arrow, .ipc; .parquet, .pq).
            keep: Whether the rows stay in memory as well.
            memory_budget: The bytes of memory that the table may use while recording (not with `keep`).
            flush_seconds: The seconds of wall time after which rows are written although there is room for more.
            overwrite: Whether a file that exists is removed.

        Returns:
            The new names of files that existed.

        Raises:
            ValueError: If the format is unknown, the budget too small or the table streamed already.
            StreamError: If the file cannot be written, or is being written by another table or process.
        """
        already = self._files.being_written
        if already is not None:
            raise ValueError(f"{self.name or 'The table'} is being written to {already} already: call close() first")
        if not flush_seconds > 0:
            raise ValueError(f"The time after which rows are written must be greater than 0 s, not {flush_seconds} s")
        if keep and memory_budget is not None:
            raise ValueError(
                "With keep=True all data stay in memory, whatever the memory_budget: leave one of them out"
            )
        if self._row_bytes == 0:
            raise ValueError(f"{self.name or 'The table'} records nothing that could be written to {path}")
        self._check_budget(self._per_instant, memory_budget)
        described = Described(self.columns, self.name, self.indices)
        stream = open_stream(Path(path), format, described, overwrite)
        self._files.begin(stream, keep, flush_seconds)
        if memory_budget is not None:
            self._budget = memory_budget
            self._limit = min(self._limit, memory_budget // BUDGET_SHARE)
            self._next_bytes = min(self._next_bytes, self._limit)
        self._files.waiting = len(self._sealed)
        self.turn_over()
        return stream.kept

    def _check_budget(self, rows_per_instant: int, budget: int | None) -> None:
        needed = BUDGET_SHARE * rows_per_instant * self._row_bytes
        if budget is not None and needed > budget:
            raise ValueError(
                f"A memory budget of {budget} bytes is too small for {self.name or 'the table'}: one time step can"
                f" record {rows_per_instant} rows of {self._row_bytes} bytes; give at least {needed} bytes"
            )

    def _write_sealed(self) -> None:
        if self._files.current is not None and self._files.waiting:
            self._settle()
            self._cache.clear()
            self._files.write(self._sealed)

    def flush(self) -> None:
        """Writes the current chunk to the file too; without `stream_to` it does nothing. Addresses change.

        In a run it is written as soon as compiled code has ended the time step and lets go of the buffers.
        """
        if self.lent:
            self._files.hurry()
        elif self.is_streamed:
            self.turn_over()

    def close(self) -> None:
        """Completes the file, the current chunk included: after a run and after errors. Addresses change.

        Values can be read and rows appended afterwards (a Parquet table continues in a further file).

        Raises:
            StreamError: If the file cannot be written. Nothing recorded is lost; this can be called again.
        """
        if self.is_streamed:
            self.turn_over()
            self._files.complete()

    def end_stream(self) -> None:
        """Completes the file and leaves it: rows recorded later stay in memory, until `stream_to` is called again.

        Raises:
            StreamError: If the file cannot be written; it is not left then.
        """
        self.close()
        self._files.leave()
