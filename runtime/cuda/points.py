"""Points of a run to which it can be taken back: where clocks and tables were when variables were safe.

A run begins at such a point, and so does what follows a call of Python. In long runs there are others: about every
`EVERY` seconds of computing Python gets what only the device has, unless that takes more than `SHARE` of the time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from ranvier.runtime.cuda.rows import Rows

EVERY = 10.0
"""Seconds of computing that may be lost with the device."""
SHARE = 0.02
"""The part of the time that copies to keep variables safe may take."""


class Point:
    """Where clocks and tables of a run were.

    Args:
        clocks: The clocks.
        tables: The tables.
        rows: What monitors record.

    Attributes:
        is_within: Whether it is a later one than the beginning of the run.
    """

    def __init__(self, clocks: Sequence[Any], tables: Sequence[Any], rows: Rows) -> None:
        self._clocks, self._tables, self._rows = clocks, tables, rows
        self._steps: list[int] = []
        self._lengths: list[int] = []
        self.is_within = False

    def note(self, *, is_within: bool) -> None:
        """Notes where clocks and tables are."""
        self._rows.settle()
        self._steps = [int(clock.control[0]) for clock in self._clocks]
        self._lengths = [int(table.rows) for table in self._tables]
        self.is_within = is_within

    def go_back(self) -> None:
        """Puts clocks and tables back to there; rows that were written to files stay."""
        self._rows.forget()
        for clock, step in zip(self._clocks, self._steps, strict=True):
            clock.control[0] = step
        for table, rows in zip(self._tables, self._lengths, strict=True):
            table.under_way, table.lent = None, False
            if table.rows > rows and not table.is_streamed:
                table.cut(rows)

    @property
    def seconds(self) -> float:
        """The simulated time."""
        times = (step * float(clock.dt_) for clock, step in zip(self._clocks, self._steps, strict=True))
        return min(times, default=0.0)


class Unsafe:
    """How much has been computed since Python had all that the device has.

    Attributes:
        seconds: Seconds of computing.
        cost: Seconds that copying took the last time.
    """

    def __init__(self) -> None:
        self.seconds = self.cost = 0.0

    @property
    def is_due(self) -> bool:
        """Whether Python is to get it now."""
        return self.seconds >= max(EVERY, self.cost / SHARE)

    def end(self, copy: Callable[[], None]) -> None:
        """Lets Python get it, by a function that copies."""
        began = time.perf_counter()
        copy()
        self.seconds, self.cost = 0.0, time.perf_counter() - began


__all__ = ["Point", "Unsafe"]
