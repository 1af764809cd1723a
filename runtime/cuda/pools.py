"""Memory of a device beside the arrays of Python: what kernels, and the runs of a program, have there for themselves.

A run that has ended leaves its memory to the next run of the same program.
"""

from __future__ import annotations

import weakref
from typing import Any

from ranvier.ir.device_words import COOPERATIVE, STEPS
from ranvier.runtime.cuda.cooperative import Together
from ranvier.runtime.cuda.driver import Driver
from ranvier.runtime.cuda.graphs import Graphs
from ranvier.runtime.cuda.memory import Resident
from ranvier.runtime.cuda.rows import Rows
from ranvier.runtime.cuda.shared import Shared, give_back


class Kernels:
    """The kernels of a program on the device.

    Attributes:
        handles: What the driver calls them, in the order of the program.
        steps: What it calls the kernel that does many steps, 0 if there is none.
        idle: Memory of runs that have ended, for the next ones.
    """

    def __init__(self, driver: Driver, device: Any) -> None:
        self.driver = driver
        self.idle: list[Room] = []
        self._module = driver.load(device.image)
        self.handles = [driver.function(self._module, name) for name, _ in device.kernels]
        self.device = device
        self.steps = driver.function(self._module, STEPS) if device.form == COOPERATIVE else 0
        self._end = weakref.finalize(self, driver.unload, self._module)

    def room(self) -> Room:
        """Returns memory for a run: that of one which has ended, or new memory."""
        return self.idle.pop() if self.idle else Room(self)


class Room:
    """What a run has on the device for itself, and the next run of the same program after it.

    Attributes:
        scratch: Memory for intermediate values, by number: addresses and sizes.
        shared: Copies of arrays that cannot stay.
        rows: What monitors record.
        ways: By which steps are launched together, in the order in which they are tried.
        failure: Why memory could not be had, since it was looked at last.
    """

    def __init__(self, kernels: Kernels) -> None:
        self._driver = driver = kernels.driver
        self.scratch: dict[int, tuple[int, int]] = {}
        self.shared = Shared(driver)
        self.rows = Rows(driver)
        self.ways: list[Together | Graphs] = [Graphs(driver, kernels.device.steps)]
        if kernels.steps:
            self.ways.insert(0, Together(driver, kernels.steps, kernels.handles, kernels.device))
        self.failure: Exception | None = None
        pools = self.scratch, self.rows.columns, self.rows.landing, self.shared.pool
        self._end = weakref.finalize(self, _release, driver, *pools)

    def give(self, number: int, size: int) -> int:
        """Returns the address of memory for intermediate values, which the next call gets, too; 0 if there is none."""
        kept = self.scratch.get(number)
        try:
            if kept is not None and kept[1] < size:
                self._driver.free(kept[0])
                kept = None
            if kept is None:
                kept = self._driver.allocate(size), size
                self.scratch[number] = kept
        except Exception as error:
            self.failure = self.failure or error
            return 0
        return kept[0]


_loaded: weakref.WeakKeyDictionary[Any, Kernels] = weakref.WeakKeyDictionary()
_resident: dict[int, Resident] = {}


def resident_of(driver: Driver) -> Resident:
    """Returns what is on the device of a driver; what was there of a driver that is gone is forgotten."""
    if id(driver) not in _resident or _resident[id(driver)].driver is not driver:
        _resident.clear()
        _resident[id(driver)] = Resident(driver)
    return _resident[id(driver)]


def kernels_of(driver: Driver, program: Any) -> Kernels:
    """Returns the kernels of a program on a device, loaded at the first call."""
    found = _loaded.get(program)
    if found is None or found.driver is not driver:
        found = _loaded[program] = Kernels(driver, program.device)
    return found


def give_back_idle() -> None:
    """Gives back the memory of runs that have ended, which the next runs of the same programs would have taken."""
    for kernels in list(_loaded.values()):
        kernels.idle.clear()


def _release(driver: Driver, *pools: dict[Any, tuple[int, int]]) -> None:
    for pool in pools:
        for kept in pool.values():
            give_back(driver, kept)
        pool.clear()


__all__ = ["Kernels", "Room", "give_back_idle", "kernels_of", "resident_of"]
