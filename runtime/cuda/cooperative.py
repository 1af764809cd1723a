"""Launching the kernels of many steps as one: a kernel goes through a table of launches, again and again.

The host makes the launches of a step once, and writes down what it would have launched. Those that share no memory, or
only read it, stand behind one another without waiting; before all others the blocks of the kernel wait for each other.
As for graphs, steps in which the same clocks tick are the same. `ranvier.ir.device_words` has the table.
"""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ranvier.ir.device_words import BLOCKS, FIRST, GIVEN, KERNEL, LEAST_STEPS, ROW, WAIT
from ranvier.ir.launch_order import levels
from ranvier.runtime.cuda.driver import DeviceError, Driver, address_of
from ranvier.runtime.cuda.graphs import Clocks, Pattern
from ranvier.runtime.state import address

_LAUNCH = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, *[ctypes.c_uint] * 7, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p
)
_COUNTING = 64
"""Bytes of the place where blocks are counted: it has no neighbours."""


@dataclass(frozen=True)
class _Launch:
    """A launch that was written down.

    Attributes:
        kernel: The number of the kernel.
        blocks: How many blocks it has.
        given: What it is given: 64 bits each.
    """

    kernel: int
    blocks: int
    given: Sequence[int]


@dataclass(frozen=True)
class _Table:
    """Launches on the device.

    Attributes:
        place: Where they are.
        rows: How many there are.
        waits: How often blocks wait for each other while they go through it.
        blocks: How many blocks go through it.
        more: By how much that raises what the host counts.
    """

    place: int
    rows: int
    waits: int
    blocks: int
    more: Sequence[int]


class Together:
    """The steps of a program that one kernel does, for as long as everything is where it was.

    Args:
        driver: The driver.
        kernel: The kernel that goes through tables.
        handles: What the driver calls the kernels of a step, by their numbers.
        device: What the device gets.
    """

    def __init__(self, driver: Driver, kernel: int, handles: Sequence[int], device: Any) -> None:
        self._driver, self._kernel, self._most = driver, kernel, int(device.steps)
        self._numbers = {handle: number for number, handle in enumerate(handles)}
        self._arguments: tuple[str, ...] = device.arguments
        self._threads = max(threads for _, threads in device.kernels)
        self._known: dict[Pattern, _Table] = {}
        self._counting: list[int] = []
        self._come = self._room = 0
        self._place = b""
        self._end = weakref.finalize(self, _drop, driver, self._known, self._counting)
        self.is_given_up = False

    def at(self, place: bytes) -> None:
        """Forgets what was written down, if what kernels are given is no longer the same."""
        if place != self._place:
            _drop(self._driver, self._known, [])
            self._place = place

    def run(
        self,
        clocks: Clocks,
        left: int,
        record: Callable[[int, int], None],
        counts: Sequence[npt.NDArray[np.int64]],
    ) -> int:
        """Lets the device do as many steps as it can by itself; returns how many are left.

        Args:
            clocks: The clocks.
            left: The most steps.
            record: Calls a function, given by its address, for each launch of so many steps.
            counts: What the host counts meanwhile: the first number of each of these arrays.
        """
        while left > 0 and not self.is_given_up:
            pattern, times = clocks.repeated(left, self._most)
            if not times or (pattern not in self._known and len(pattern) * times < LEAST_STEPS):
                break
            before = [int(count[0]) for count in counts]
            try:
                table = self._known.get(pattern) or self._written(pattern, record, counts)
                self._launch(table, times)
            except (DeviceError, MemoryError):
                for count, number in zip(counts, before, strict=True):
                    count[0] = number
                if self._driver.is_lost:
                    raise
                self.is_given_up = True  # steps are launched otherwise then
                break
            for count, number, more in zip(counts, before, table.more, strict=True):
                count[0] = number + times * more
            left -= len(pattern) * times
        return left

    def _launch(self, table: _Table, times: int) -> None:
        numbers = (ctypes.c_int64 * 5)(table.place, table.rows, times, self._counting[0], self._come)
        first = ctypes.addressof(numbers)
        given = (ctypes.c_void_p * 5)(*[first + 8 * k for k in range(5)])
        self._driver.launch_at_once(self._kernel, table.blocks, self._threads, ctypes.addressof(given))
        self._come += times * table.waits * table.blocks

    def _written(
        self, pattern: Pattern, record: Callable[[int, int], None], counts: Sequence[npt.NDArray[np.int64]]
    ) -> _Table:
        """Returns the launches of some steps, as they are made once, on the device."""
        if not self._counting:
            self._room = self._driver.blocks_at_once(self._kernel, self._threads)
            self._counting.append(self._driver.allocate(_COUNTING))
            zeros = np.zeros(_COUNTING // 8, np.int64)
            self._driver.upload(self._counting[0], zeros.ctypes.data, _COUNTING)
        launches: list[_Launch] = []
        note = _LAUNCH(self._noting(launches))
        before = [int(count[0]) for count in counts]
        record(len(pattern), address_of(note))
        more = [int(count[0]) - number for count, number in zip(counts, before, strict=True)]
        words, waits, blocks = self._table(launches)
        place = self._driver.allocate(words.nbytes)
        table = self._known[pattern] = _Table(place, len(launches), waits, blocks, more)
        self._driver.upload(place, address(words), words.nbytes)
        return table

    def _noting(self, launches: list[_Launch]) -> Callable[..., int]:
        """Returns what is called in the place of the driver's function that launches a kernel."""

        def note(function: int, *rest: int) -> int:
            number, blocks, params = self._numbers[function], rest[0], rest[8]
            size = len(self._arguments[number])
            places = (ctypes.c_void_p * size).from_address(params) if size else ()
            given = [ctypes.c_int64.from_address(place or 0).value for place in places]
            launches.append(_Launch(number, blocks, given))
            return 0

        return note

    def _table(self, launches: Sequence[_Launch]) -> tuple[npt.NDArray[np.int64], int, int]:
        """Returns launches as a table, how often blocks wait in it, and how many blocks it is for."""
        order = levels([self._memory(each) for each in launches])
        waits = max(order, default=-1) + 1
        sizes = [sum(each.blocks for each, at in zip(launches, order, strict=True) if at == k) for k in range(waits)]
        blocks = max(min(self._room, max(sizes, default=1)), 1)
        words = np.zeros(len(launches) * ROW + sum(len(each.given) for each in launches), np.int64)
        at, last, first = len(launches) * ROW, -1, 0
        for row, k in enumerate(sorted(range(len(launches)), key=lambda k: (order[k], k))):
            launch, is_new = launches[k], order[k] != last
            first, last = 0 if is_new else first, order[k]
            one = words[row * ROW : (row + 1) * ROW]
            one[[KERNEL, BLOCKS, FIRST, WAIT, GIVEN]] = launch.kernel, launch.blocks, first, is_new, at
            words[at : at + len(launch.given)] = launch.given
            at, first = at + len(launch.given), (first + launch.blocks) % blocks
        return words, waits, blocks

    def _memory(self, launch: _Launch) -> tuple[list[int], list[int]]:
        """Returns the memory that a launch knows, and that to which it may write."""
        kinds = self._arguments[launch.kernel]
        known = [place for place, kind in zip(launch.given, kinds, strict=True) if kind != "v"]
        return known, [place for place, kind in zip(launch.given, kinds, strict=True) if kind == "w"]


def _drop(driver: Driver, known: dict[Pattern, _Table], counting: list[int]) -> None:
    for place in (*(table.place for table in known.values()), *counting):
        driver.free(place)
    known.clear()
    counting.clear()


__all__ = ["Together"]
