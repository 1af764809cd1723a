"""A run of a program on a GPU: as `ranvier.runtime.simulation`, with arrays on the device."""

from __future__ import annotations

import ctypes
import time
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ranvier.ir.device_words import (
    ALLOCATE,
    DRIVER,
    ERROR,
    FAILED,
    HANDLES,
    LAUNCH,
    LEAST_STEPS,
    PREPARED,
    STREAM,
)
from ranvier.ir.slots import BUDGET_USED, FINISHED, Slot, SlotKind
from ranvier.runtime.cuda.driver import DeviceError, Driver, address_of
from ranvier.runtime.cuda.graphs import Clocks
from ranvier.runtime.cuda.memory import Array, can_stay, copy_back, fetch_all
from ranvier.runtime.cuda.needs import DevicePlanRow, device_parts
from ranvier.runtime.cuda.points import Point
from ranvier.runtime.cuda.pools import give_back_idle, kernels_of, resident_of
from ranvier.runtime.cuda.staying import Staying
from ranvier.runtime.simulation import Simulation
from ranvier.runtime.state import address, allocate
from ranvier.runtime.watched_arrays import raw, watch

_ALLOCATE = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)

UNCHANGED = "Variables and clocks are as before this run, which can be begun anew."
"""What every message says of a run that a GPU did not end."""
WITHIN = "Variables, clocks and monitors are {} of simulated time, from where another run goes on."
"""What it says instead where a later point of the run was safe."""
LOST = (
    "Clocks are {}, but values that only the GPU had are lost; set them anew, restore a state that was stored, or "
    "build the network again: {}."
)
"""What it says where the GPU had newer values of variables than Python."""


class CudaSimulation(Simulation):
    """Binds arrays to a program for a GPU, and advances it.

    Variables are on the device, and stay there: what Python reads is copied when it does, what it may have changed goes
    up before the next run, or when a call of Python within a run has ended. If the GPU gives up, clocks, tables and
    variables are put back to where the run began, or to the last call of Python within.
    """

    def __init__(
        self,
        program: Any,
        values: Sequence[Any],
        callbacks: Sequence[Callable[[], None]],
        make_safe: Callable[[], None] = lambda: None,
        *,
        is_apart: bool = False,
        threads: int = 1,
    ) -> None:
        self._driver = driver = Driver.of_process()
        driver.enter()
        self._kernels, self._resident = kernels_of(driver, program), resident_of(driver)
        self._where: dict[Slot, str] = dict(zip(program.slots, program.device.where, strict=True))
        self._room = room = self._kernels.room()
        self._scratch, self._shared, self._rows = room.scratch, room.shared, room.rows
        self._rows.forget()
        self._ends = weakref.finalize(self, self._kernels.idle.append, room)
        self._allocate = _ALLOCATE(room.give)
        self._words: npt.NDArray[np.int64] = allocate(HANDLES + len(self._kernels.handles), np.int64)
        self._words[LAUNCH], self._words[STREAM] = driver.launch, driver.stream
        self._words[ALLOCATE] = address_of(self._allocate)
        self._words[HANDLES:] = self._kernels.handles
        self._staying: dict[int, Staying] = {}
        self._runs = False
        self._taken: list[int] = []
        super().__init__(program, values, callbacks, make_safe, is_apart=is_apart, threads=1)
        self.control[DRIVER] = address(self._words)
        numbers = [slot.input for slot in program.slots if slot.kind is SlotKind.CLOCK_STEPS]
        calls = [numbers.index(number) for number in program.device.calls]
        clocks = [value for value in self.values if hasattr(value, "control") and not hasattr(value, "buffers")]
        self._point, self._unsafe = Point(clocks, self._tables, self._rows), self._resident.unsafe
        self._clocks = Clocks([self.values[number] for number in numbers], calls)
        self._has_calls = bool(calls)
        for way in room.ways:
            way.is_given_up = not program.device.steps or not self._clocks.are_regular

    # ---- binding

    def bind(self) -> None:
        """Brings to the device what is not there, and writes addresses and numbers into the table.

        Raises:
            MemoryError: The device has not enough, with the numbers.
        """
        if not self._runs:
            self._shared.forget()
            self._staying.clear()
            self._check_room()
            super().bind()
            for each in self._staying.values():
                watch(each.value)
            return
        # tables begin anew within a run: all else is where it was, and newer on the device than here
        self._rows.hold()
        self._words[PREPARED] = 0
        for number, slot in enumerate(self.program.slots):
            if slot.kind is SlotKind.SINK_COLUMN:
                self._table[number] = self._slot(slot)

    def bind_columns(self) -> None:
        """Binds tables that have begun anew."""
        self.bind()

    def _check_room(self) -> None:
        """Checks that what the program needs fits on the device, before anything is simulated.

        Raises:
            MemoryError: It does not.
        """
        parts = device_parts(self.program, self.values, self._derived)
        held = sum(size for pool in (self._scratch, self._rows.columns) for _, size in pool.values())
        needed = sum(part.bytes for part in parts if not self._is_there(part)) - held
        free, _ = self._driver.free_memory()
        if needed > free:
            give_back_idle()
            free, _ = self._driver.free_memory()
        if needed > free:
            raise MemoryError(self._driver.shortage(needed))

    def _is_there(self, part: DevicePlanRow) -> bool:
        if part.array is not None:
            return self._resident.has_array(part.array)
        return part.name != "" and self._resident.has(part.value, part.name)

    def _slot(self, slot: Slot) -> int:
        where = self._where[slot]
        if not where or where == "host":
            return super()._slot(slot)
        value: Any = None if slot.input < 0 else self.values[slot.input]
        match slot.kind:
            case SlotKind.STATE if slot.recipe is None:
                return self._array(slot, value, "array", where)
            case SlotKind.DERIVED | SlotKind.STATE:
                assert slot.recipe is not None
                array = self._derived[slot.recipe]
                is_kept = where == "device"
                return self._resident.of_array(array).address if is_kept else self._shared_copy(slot, array, where)
            case SlotKind.EVENT_LIST:
                return self._array(slot, value, "indices", where)
            case SlotKind.EVENT_COUNT:
                return self._array(slot, value, "count", where)
            case SlotKind.CLOCK_STEPS | SlotKind.SINK_ROWS:
                return self._shared_copy(slot, value.control, "both")
            case SlotKind.SINK_COLUMN:
                return self._rows.column(slot.input, slot.column, value.buffers[slot.column])
            case _:
                return super()._slot(slot)

    def _array(self, slot: Slot, value: Any, name: str, where: str) -> int:
        """Returns the memory of an array of a variable, or of a list of events."""
        if where == "both":
            return self._shared_copy(slot, getattr(value, name), where)
        is_fixed = where == "device" and bool(getattr(value, "frozen", False))
        if not is_fixed and not can_stay(value):
            return self._shared_copy(slot, getattr(value, name), where)
        buffer = self._resident.of(value, name, is_fixed=is_fixed)
        if not is_fixed:
            staying = self._staying.setdefault(id(value), Staying(value))
            (staying.changed if where == "changed" else staying.read)[name] = buffer
        return buffer.address

    def _shared_copy(self, slot: Slot, array: Array, where: str) -> int:
        key = (slot.input if slot.input >= 0 else id(array), slot.kind)
        return self._shared.of(array, key, host=where == "both", back=where in ("changed", "both"))

    # ---- running

    def advance(self, watch: Callable[[], bool], *, instants: int | None = None) -> bool:
        """Runs to the end of the clocks; see `Simulation.advance`.

        Raises:
            DeviceError: The GPU gave up: what was there before this run is there.
            MemoryError: Memory of the GPU cannot be had: likewise.
        """
        self._driver.check_process()
        self._point.note(is_within=False)
        try:
            self._driver.enter()
            self._words[ERROR] = self._words[FAILED] = self._words[PREPARED] = 0
            self._runs = True
            if self._unsafe.is_due:
                self._unsafe.end(fetch_all)
            for each in self._staying.values():
                each.bring()  # what a report has changed that was called before the first step
            self._begin()
            done = super().advance(lambda: self._looked(watch), instants=instants)
        except BaseException as error:
            if isinstance(error, DeviceError | MemoryError) or self._driver.is_lost:
                self._go_back()
                raise self._explained(error) from error
            self._finish()
            raise
        finally:
            self._runs = False
        self._finish()
        return done

    def _looked(self, watch: Callable[[], bool]) -> bool:
        """Calls what looks on, which may see all variables, and change them."""
        for each in self._staying.values():
            each.keep_up()
        if self._unsafe.is_due:
            self._unsafe.end(self._make_safe)
        stop = watch()
        if any([each.bring() for each in self._staying.values()]):
            self._point.note(is_within=True)
            self._begin()
        return stop

    def _begin(self) -> None:
        """Notes the variables as they are, and that the device will have newer ones."""
        for each in self._staying.values():
            for name, buffer in each.changed.items():
                buffer.begin(raw(each.value, name))
            each.keep_up()

    def _finish(self) -> None:
        """Brings what cannot stay to Python, and what somebody holds; all else stays."""
        try:
            self._driver.synchronize()
            self._rows.settle()
            self._shared.bring()
            for each in self._staying.values():
                each.keep_up()
        except (DeviceError, MemoryError) as error:
            self._go_back()
            raise self._explained(error) from error
        finally:
            self._leave_tables()
        for each in self._staying.values():
            for buffer in each.changed.values():
                buffer.end()

    def _leave_tables(self) -> None:
        for table in self._tables:
            table.under_way = None

    def _explained(self, error: BaseException) -> Exception:
        kind = MemoryError if isinstance(error, MemoryError) else DeviceError
        text = str(error)
        lost = sorted({each.value.label for each in self._staying.values() if each.is_lost})
        is_within = self._point.is_within
        where = f"as they were at t = {_time(self._point.seconds)}" if is_within else "as before this run"
        said = LOST.format(where, ", ".join(lost)) if lost else WITHIN.format(where) if is_within else UNCHANGED
        return kind(text if said in text else f"{text} {said}")

    def _go_back(self) -> None:
        """Puts clocks, tables and variables back to the last point."""
        self._point.go_back()
        for each in self._staying.values():
            for name, buffer in each.changed.items():
                buffer.go_back(raw(each.value, name))

    def _make_safe(self) -> None:
        """Lets Python have all that the device has: if the device is lost later, the run goes back to here."""
        newer = [pair for each in self._staying.values() for pair in each.newer_pairs()]
        copy_back(self._driver, newer + self._shared.pairs)
        for each in self._staying.values():
            for name, buffer in each.changed.items():
                buffer.begin_here(raw(each.value, name))
        self._point.note(is_within=True)

    def _limit(self) -> int:
        """Returns the greatest number of instants of the next call: no table may overflow meanwhile.

        The host cannot see how many rows the device has written while it runs ahead.
        """
        limit = self._instants
        for table in self._tables:
            if table.columns:
                room = int(table.control[1] - table.control[0]) // table.rows_per_instant
                limit = min(limit, max(room, 1))
        return limit

    def _call(self) -> int:
        began = time.perf_counter()
        self._taken = [int(table.control[0]) for table in self._tables]
        self._shared.show_counts(self.values)
        status = self._launch(int(self.control[1]))
        self._driver.synchronize()
        self._unsafe.seconds += time.perf_counter() - began
        self._shared.see_counts(self.values)
        self._take()
        return status

    def _launch(self, left: int) -> int:
        """Launches the kernels of so many instants: those of many together, and one by one what is left."""
        if not self._words[PREPARED] and self._is_together and left >= LEAST_STEPS:
            self._launch_each(0)
            place = self._table.tobytes() + str(sorted(self._scratch.items())).encode()
            for way in self._room.ways:
                way.at(place)
        while True:
            if self._words[PREPARED]:
                for way in self._room.ways:
                    left = way.run(self._clocks, left, self._record, self._counts())
            some = min(left, LEAST_STEPS) if self._has_calls and self._is_together else left
            status = self._launch_each(some)
            left -= some
            if status != BUDGET_USED or left <= 0 or self.error is not None:
                return status

    @property
    def _is_together(self) -> bool:
        """Whether steps are launched together."""
        return any(not way.is_given_up for way in self._room.ways)

    def _launch_each(self, instants: int) -> int:
        """Launches the kernels of so many instants one by one."""
        self.control[1] = instants
        status = super()._call()
        if self._room.failure is not None:
            failure, self._room.failure = self._room.failure, None
            raise failure
        if self._words[ERROR]:
            code, self._words[ERROR] = int(self._words[ERROR]), 0
            raise self._driver.error(code)
        self._words[PREPARED] = 1
        return status

    def _record(self, instants: int, launch: int) -> None:
        """Lets a function, given by its address, take the launches of so many instants."""
        self._words[LAUNCH] = launch
        try:
            status = self._launch_each(instants)
        finally:
            self._words[LAUNCH] = self._driver.launch
        if status not in (BUDGET_USED, FINISHED):
            raise DeviceError("Steps that were to be launched together ended early.")

    def _counts(self) -> list[npt.NDArray[np.int64]]:
        """Returns where the host counts steps and rows; rows that the device counts meanwhile are not its own."""
        kinds = (SlotKind.CLOCK_STEPS, SlotKind.SINK_ROWS)
        own = (slot for slot in self.program.slots if slot.kind in kinds and self._where[slot] == "host")
        return [self.values[slot.input].control for slot in own]

    def _take(self) -> None:
        """Begins to copy the rows that monitors have recorded since."""
        numbers = [next(k for k, value in enumerate(self.values) if value is table) for table in self._tables]
        self._rows.take(list(zip(numbers, self._tables, self._taken, strict=True)))
        self._taken = [int(table.control[0]) for table in self._tables]

    # ---- calls of Python

    def call_back(self, number: int) -> None:
        """Calls a callback, which sees all variables; what it may have changed goes back to the device."""
        self._driver.synchronize()
        self._shared.bring()
        self._shared.see_counts(self.values)
        self._take()
        for each in self._staying.values():
            each.keep_up()
        super().call_back(number)
        self._shared.upload()
        for each in self._staying.values():
            each.bring()
        self._point.note(is_within=True)
        self._begin()

    def _follow(self) -> None:
        """Ends the native call after this instant, in which the device goes on with the arrays that it has."""
        self.outdated = True
        self.control[0] = 1

    def _put_back(self) -> None:
        """Does nothing: `_finish` brings elements of arrays that have been replaced."""


def _time(seconds: float) -> str:
    """Returns a time of the simulation as text."""
    return f"{seconds:.10g} s" if seconds >= 1 else f"{1e3 * seconds:.10g} ms"


__all__ = ["UNCHANGED", "CudaSimulation"]
