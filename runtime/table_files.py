"""The files of a table: its sealed chunks go to one, and earlier ones may hold rows that are in no other place."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from ranvier.runtime.columns import Chunk
from ranvier.runtime.stream import Stream, StreamError

FLUSH_SECONDS = 10.0
"""Rows reach the file after so many seconds of wall time, unless `Table.stream_to` is told otherwise."""


class TableFiles:
    """The files of a table, and which of its chunks have to go there.

    Attributes:
        current: The file that chunks are written to, None if they stay in memory.
        waiting: How many of the last sealed chunks are not in the file yet.
    """

    def __init__(self) -> None:
        self.current: Stream | None = None
        self.waiting = 0
        self._failed = False  # the last attempt to write to the file
        self._ended: list[Stream] = []  # former files, with rows that are in no other place
        self._keep = True
        self._flush_seconds = FLUSH_SECONDS
        self._due = 0.0  # when rows have waited long enough, by time.monotonic()

    @property
    def being_written(self) -> Path | None:
        """The file that more may be written to, None if there is none, or if writing has failed."""
        return None if self.current is None or self._failed else self.current.path

    @property
    def holding(self) -> list[Stream]:
        """The files with rows that are in no other place, the oldest first."""
        return self._ended if self.current is None or self._keep else [*self._ended, self.current]

    @property
    def rows(self) -> int:
        """How many rows are in files and in no other place."""
        return sum(stream.rows for stream in self.holding)

    @property
    def are_due(self) -> bool:
        """Whether rows have waited long enough for the file."""
        return self.current is not None and time.monotonic() >= self._due

    def wait_anew(self) -> None:
        """Lets rows wait for as long as they may, from now on."""
        self._due = time.monotonic() + self._flush_seconds

    def hurry(self) -> None:
        """Lets rows wait no longer."""
        self._due = 0.0

    def written_since(self, streamed: int) -> Path | str | None:
        """Returns where rows are that cannot be taken back, None if there are none.

        Args:
            streamed: How many rows were in files and in no other place when the table was as it is to be again.
        """
        files = self.holding if self.current is None else [*self._ended, self.current]
        written = 0 if self.current is None else self.current.rows
        if streamed == self.rows and not (self._keep and written):
            return None
        return files[-1].path if files else "a file"

    def begin(self, stream: Stream, keep: bool, flush_seconds: float) -> None:
        """Writes to a file from now on, and to no other one.

        Args:
            stream: The file.
            keep: Whether chunks stay in memory as well.
            flush_seconds: The seconds of wall time after which rows are written although there is room for more.
        """
        self.leave()
        self.current = stream
        self._keep = keep
        self._flush_seconds = flush_seconds

    def leave(self) -> None:
        """Lets the file be as it is: it is read from, but no more is written."""
        stream, self.current = self.current, None
        self._failed = False
        self.waiting = 0
        if stream is None:
            return
        if not self._keep and stream.rows:
            self._ended.append(stream)
        with contextlib.suppress(StreamError):  # after an error; the rows can be read as they are
            stream.close()
        stream.release()

    def write(self, sealed: list[Chunk]) -> None:
        """Writes the chunks that wait, and takes them out of the list unless they stay in memory.

        Raises:
            StreamError: If the file cannot be written: the chunks that are not written are in the list still.
        """
        if self.current is None:
            return
        self._failed = True
        while self.waiting:  # a chunk leaves memory only when it is written
            k = len(sealed) - self.waiting
            self.current.write(sealed[k].arrays)
            if not self._keep:
                del sealed[k]
            self.waiting -= 1
        self._failed = False

    def complete(self) -> None:
        """Completes the file.

        Raises:
            StreamError: If the file cannot be written. Nothing is lost; this can be called again.
        """
        if self.current is None:
            return
        self._failed = True
        self.current.close()
        self._failed = False


__all__ = ["FLUSH_SECONDS", "TableFiles"]
