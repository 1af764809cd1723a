"""What monitors record, from the device to tables: buffers of the device, and copies beside the kernels.

After each call of compiled code the host knows how many rows there are. Their values are copied to memory that the
device sees, while the next steps run, and from there to the table when these are done, or somebody asks before.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from ranvier.runtime.cuda.driver import Driver
from ranvier.runtime.state import address

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class _Copy:
    """A part of a column that is being copied.

    Attributes:
        buffer: The column of the table.
        first: The first byte.
        size: How many.
        place: Where they come from: memory of the host that the device sees.
    """

    buffer: Array
    first: int
    size: int
    place: int


class Rows:
    """The columns of tables on the device. A table is known by the number of its input."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self.columns: dict[tuple[int, int], tuple[int, int]] = {}
        self.landing: dict[tuple[int, int], tuple[int, int]] = {}
        self._under_way: list[_Copy] = []
        self._mark: Any = None

    def column(self, number: int, column: int, buffer: Array) -> int:
        """Returns the address of a column with room for as much as a buffer has."""
        key = number, column
        kept = self.columns.get(key)
        if kept is None or kept[1] < buffer.nbytes:
            self.settle()
            for pool, give, get in (
                (self.columns, self._driver.free, self._driver.allocate),
                (self.landing, self._driver.free_shared, self._driver.allocate_shared),
            ):
                old = pool.pop(key, None)
                if old is not None:
                    give(old[0])
                size = buffer.nbytes
                pool[key] = (get(size), size if pool is self.columns else -size)
        return self.columns[key][0]

    def take(self, tables: list[tuple[int, Any, int]]) -> None:
        """Begins to copy the rows that the device has written since.

        Args:
            tables: Numbers of tables, the tables, and how many rows were there before.
        """
        self.settle()
        begun: list[_Copy] = []
        for number, table, before in tables:
            now = int(table.control[0])
            for k, (column, buffer) in enumerate(zip(table.columns, table.buffers, strict=True)):
                if (number, k) not in self.columns or now <= before:
                    continue
                width = (column.width if column.width is not None else 1) * buffer.itemsize
                first, size = before * width, (now - before) * width
                if not size:
                    continue
                place = self.landing[number, k][0]
                self._driver.begin_download(place + first, self.columns[number, k][0] + first, size)
                begun.append(_Copy(buffer, first, size, place + first))
                table.under_way = self.settle
        if begun:
            self._under_way, self._mark = begun, self._driver.mark_copies()

    def hold(self) -> None:
        """Lets kernels wait for the copies: they begin anew where these come from."""
        if self._mark is not None:
            self._driver.hold_kernels(self._mark)

    def settle(self) -> None:
        """Waits for the copies, and puts what has come into the tables."""
        mark, self._mark = self._mark, None
        begun, self._under_way = self._under_way, []
        if mark is None:
            return
        self._driver.wait_for(mark)
        for copy in begun:
            ctypes.memmove(address(copy.buffer) + copy.first, copy.place, copy.size)

    def forget(self) -> None:
        """Leaves the copies alone: the device is lost, or what it has recorded is taken back."""
        self._mark, self._under_way = None, []
