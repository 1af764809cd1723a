"""A run of a program on a GPU: as `ranvier.runtime.simulation`, with arrays on the device."""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
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
from ranvier.runtime.cuda.graphs import Clocks, Graphs
from ranvier.runtime.cuda.memory import Array, Buffer, Resident, can_stay, copy_back, keep_up, padded_bytes
from ranvier.runtime.cuda.needs import DevicePlanRow, device_parts
from ranvier.runtime.cuda.rows import Rows
from ranvier.runtime.cuda.watching import is_held, is_watched, raw, watch
from ranvier.runtime.simulation import Simulation
from ranvier.runtime.state import address, allocate

_ALLOCATE = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)

UNCHANGED = "Variables and clocks are as before this run, which can be begun anew."
"""What every message says of a run that a GPU did not end."""
LOST = (
    "Clocks are as before this run, but values that only the GPU had are lost; set them anew, restore a state that was "
    "stored, or build the network again:"
)
"""What it says instead, before the names of variables, where the GPU had newer ones than Python."""


class Kernels:
    """The kernels of a program on the device.

    Attributes:
        handles: What the driver calls them, in the order of the program.
        idle: Memory of runs that have ended, for the next ones.
    """

    def __init__(self, driver: Driver, device: Any) -> None:
        self.driver = driver
        self.idle: list[Room] = []
        self._module = driver.load(device.image)
        self.handles = [driver.function(self._module, name) for name, _ in device.kernels]
        self._end = weakref.finalize(self, driver.unload, self._module)


class Room:
    """What a run has on the device for itself, and the next run of the same program after it.

    Attributes:
        scratch: Memory for intermediate values, by number: addresses and sizes.
        shared: Copies of arrays that cannot stay; a negative size is memory of the host.
        rows: What monitors record.
        graphs: Steps that were recorded.
    """

    def __init__(self, driver: Driver, steps: int) -> None:
        self.scratch: dict[int, tuple[int, int]] = {}
        self.shared: dict[tuple[int, SlotKind], tuple[int, int]] = {}
        self.rows = Rows(driver)
        self.graphs = Graphs(driver, steps)
        pools = self.scratch, self.rows.columns, self.rows.landing, self.shared
        self._end = weakref.finalize(self, _release, driver, *pools)


_loaded: weakref.WeakKeyDictionary[Any, Kernels] = weakref.WeakKeyDictionary()
_resident: dict[int, Resident] = {}


def resident_of(driver: Driver) -> Resident:
    """Returns what is on the device of a driver; what was there of a driver that is gone is forgotten."""
    if id(driver) not in _resident or _resident[id(driver)].driver is not driver:
        _resident.clear()
        _resident[id(driver)] = Resident(driver)
    return _resident[id(driver)]


def _kernels_of(driver: Driver, program: Any) -> Kernels:
    found = _loaded.get(program)
    if found is None or found.driver is not driver:
        found = _loaded[program] = Kernels(driver, program.device)
    return found


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
        self._kernels, self._resident = _kernels_of(driver, program), resident_of(driver)
        self._where: dict[Slot, str] = dict(zip(program.slots, program.device.where, strict=True))
        idle = self._kernels.idle
        room = idle.pop() if idle else Room(driver, program.device.steps)
        self._scratch, self._shared, self._rows, self._graphs = room.scratch, room.shared, room.rows, room.graphs
        self._rows.forget()
        self._graphs.is_given_up = not program.device.steps
        self._failure: Exception | None = None
        self._ends = weakref.finalize(self, idle.append, room)
        self._allocate = _ALLOCATE(_allocator(weakref.ref(self)))
        self._words: npt.NDArray[np.int64] = allocate(HANDLES + len(self._kernels.handles), np.int64)
        self._words[LAUNCH], self._words[STREAM] = driver.launch, driver.stream
        self._words[ALLOCATE] = address_of(self._allocate)
        self._words[HANDLES:] = self._kernels.handles
        self._copied: list[tuple[Array, int]] = []
        self._staying: dict[int, _Staying] = {}
        self._point: list[tuple[Any, int]] = []
        self._rows_then: list[tuple[Any, int]] = []
        self._runs = False
        self._taken: list[int] = []
        super().__init__(program, values, callbacks, make_safe, is_apart=is_apart, threads=1)
        self.control[DRIVER] = address(self._words)
        numbers = [slot.input for slot in program.slots if slot.kind is SlotKind.CLOCK_STEPS]
        calls = [numbers.index(number) for number in program.device.calls]
        self._clocks = Clocks([self.values[number] for number in numbers], calls)
        self._has_calls = bool(calls)
        self._graphs.is_given_up = self._graphs.is_given_up or not self._clocks.are_regular

    # ---- binding

    def bind(self) -> None:
        """Brings to the device what is not there, and writes addresses and numbers into the table.

        Raises:
            MemoryError: The device has not enough, with the numbers.
        """
        if not self._runs:
            self._copied.clear()
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
            staying = self._staying.setdefault(id(value), _Staying(value))
            (staying.changed if where == "changed" else staying.read)[name] = buffer
        return buffer.address

    def _shared_copy(self, slot: Slot, array: Array, where: str) -> int:
        key = (slot.input if slot.input >= 0 else id(array), slot.kind)
        return self._shared_copy_of(array, key, host=where == "both", back=where in ("changed", "both"))

    def _shared_copy_of(self, array: Array, key: tuple[int, SlotKind], *, host: bool, back: bool = True) -> int:
        """Returns memory of the device with the elements of an array, which is this simulation's own.

        Args:
            array: The array.
            key: What it is.
            host: Whether the host sees it, too.
            back: Whether it is copied back.
        """
        size = array.nbytes if key[1] in (SlotKind.SINK_ROWS, SlotKind.CLOCK_STEPS, SlotKind.EVENT_COUNT) else 0
        size = size or padded_bytes(array)
        kept = self._shared.get(key)
        if kept is None or abs(kept[1]) != size:
            if kept is not None:
                _give_back(self._driver, kept)
            place = self._driver.allocate_shared(size) if host else self._driver.allocate(size)
            kept = self._shared[key] = place, -size if host else size
        if host:
            ctypes.memmove(kept[0], address(array), array.nbytes)
        else:
            self._driver.upload(kept[0], address(array), array.nbytes)
        if back:
            self._copied.append((array, kept[0]))
        return kept[0]

    # ---- running

    def advance(self, watch: Callable[[], bool], *, instants: int | None = None) -> bool:
        """Runs to the end of the clocks; see `Simulation.advance`.

        Raises:
            DeviceError: The GPU gave up: what was there before this run is there.
            MemoryError: Memory of the GPU cannot be had: likewise.
        """
        self._driver.check_process()
        self._note_point()
        try:
            self._driver.enter()
            self._words[ERROR] = self._words[FAILED] = self._words[PREPARED] = 0
            self._runs = True
            self._begin()
            done = super().advance(watch, instants=instants)
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
            self._copy_back()
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
        said = UNCHANGED if not lost else f"{LOST} {', '.join(lost)}."
        return kind(text if said in text else f"{text} {said}")

    def _note_point(self) -> None:
        """Notes where clocks and tables are: variables of Python are there, too."""
        self._rows.settle()
        tables = [(value, int(value.rows)) for value in self._tables]
        clocks = [value for value in self.values if hasattr(value, "control") and value not in self._tables]
        self._point = [(clock, int(clock.control[0])) for clock in clocks]
        self._rows_then = tables

    def _go_back(self) -> None:
        """Puts clocks, tables and variables back to where the run began."""
        self._rows.forget()
        self._leave_tables()
        for clock, step in self._point:
            if not hasattr(clock, "buffers"):
                clock.control[0] = step
        for table, rows in self._rows_then:
            table.lent = False
            if table.rows > rows and not table.is_streamed:
                table.cut(rows)
        for each in self._staying.values():
            for name, buffer in each.changed.items():
                buffer.go_back(raw(each.value, name))

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
        self._taken = [int(table.control[0]) for table in self._tables]
        self._to_shared()
        status = self._launch(int(self.control[1]))
        self._driver.synchronize()
        self._from_shared()
        self._take()
        return status

    def _launch(self, left: int) -> int:
        """Launches the kernels of so many instants: by graphs, and one by one what is left."""
        if not self._words[PREPARED] and not self._graphs.is_given_up and left >= LEAST_STEPS:
            self._launch_each(0)
            place = self._table.tobytes() + str(sorted(self._scratch.items())).encode()
            self._graphs.at(place)
        while True:
            if self._words[PREPARED]:
                left = self._graphs.run(self._clocks, left, self._record, self._counts())
            some = min(left, LEAST_STEPS) if self._has_calls and not self._graphs.is_given_up else left
            status = self._launch_each(some)
            left -= some
            if status != BUDGET_USED or left <= 0 or self.error is not None:
                return status

    def _launch_each(self, instants: int) -> int:
        """Launches the kernels of so many instants one by one."""
        self.control[1] = instants
        status = super()._call()
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure
        if self._words[ERROR]:
            code, self._words[ERROR] = int(self._words[ERROR]), 0
            raise self._driver.error(code)
        self._words[PREPARED] = 1
        return status

    def _record(self, instants: int) -> None:
        """Launches the kernels of so many instants while the driver records them."""
        if self._launch_each(instants) not in (BUDGET_USED, FINISHED):
            raise DeviceError("Steps that were to be launched together ended early.")

    def _counts(self) -> list[npt.NDArray[np.int64]]:
        """Returns where the host counts steps and rows."""
        found: list[npt.NDArray[np.int64]] = []
        for slot in self.program.slots:
            if slot.kind in (SlotKind.CLOCK_STEPS, SlotKind.SINK_ROWS):
                kept = self._shared.get((slot.input, slot.kind))
                own = self.values[slot.input].control
                found.append(own if kept is None else _at(kept[0], own.size))
        return found

    def _take(self) -> None:
        """Begins to copy the rows that monitors have recorded since."""
        numbers = [next(k for k, value in enumerate(self.values) if value is table) for table in self._tables]
        self._rows.take(list(zip(numbers, self._tables, self._taken, strict=True)))
        self._taken = [int(table.control[0]) for table in self._tables]

    def _to_shared(self) -> None:
        """Lets the device see control blocks of tables that it counts in."""
        for key, value in self._counted():
            ctypes.memmove(self._shared[key][0], address(value.control), value.control.nbytes)

    def _from_shared(self) -> None:
        for key, value in self._counted():
            ctypes.memmove(address(value.control), self._shared[key][0], value.control.nbytes)

    def _counted(self) -> list[tuple[tuple[int, SlotKind], Any]]:
        kinds = (SlotKind.SINK_ROWS, SlotKind.CLOCK_STEPS)
        return [(key, self.values[key[0]]) for key in self._shared if key[1] in kinds]

    def _copy_back(self) -> None:
        """Brings to Python what kernels have changed and what cannot stay on the device."""
        host = {place for place, size in self._shared.values() if size < 0}
        copy_back(self._driver, [(array, place) for array, place in self._copied if place not in host])
        for array, place in self._copied:
            if place in host:
                ctypes.memmove(address(array), place, array.nbytes)

    # ---- calls of Python

    def call_back(self, number: int) -> None:
        """Calls a callback, which sees all variables; what it may have changed goes back to the device."""
        self._driver.synchronize()
        self._copy_back()
        self._from_shared()
        self._take()
        for each in self._staying.values():
            each.keep_up()
        super().call_back(number)
        host = {place for place, size in self._shared.values() if size < 0}
        for array, place in self._copied:
            if place not in host:
                self._driver.upload(place, address(array), array.nbytes)
        for each in self._staying.values():
            each.bring()
        self._note_point()
        self._begin()

    def _follow(self) -> None:
        """Ends the native call after this instant, in which the device goes on with the arrays that it has."""
        self.outdated = True
        self.control[0] = 1

    def _put_back(self) -> None:
        """Does nothing: `_finish` brings elements of arrays that have been replaced."""


@dataclass(eq=False)
class _Staying:
    """A variable, or a list of events, whose arrays stay on the device.

    Attributes:
        value: The storage.
        changed: The arrays that kernels change, by name.
        read: Those that they read.
    """

    value: Any
    changed: dict[str, Buffer] = field(default_factory=dict[str, Buffer])
    read: dict[str, Buffer] = field(default_factory=dict[str, Buffer])

    @property
    def is_lost(self) -> bool:
        """Whether only a device that is lost had the elements."""
        return any(buffer.newer and buffer.driver.is_lost for buffer in self.changed.values())

    def is_replaced(self, name: str) -> bool:
        """Tells whether Python has put another array into the place of one."""
        return (self.changed | self.read)[name].array() is not raw(self.value, name)

    def keep_up(self) -> None:
        """Lets Python see that kernels have changed arrays; those that it has replaced get the elements at once."""
        staying = {name: buffer for name, buffer in self.changed.items() if not self.is_replaced(name)}
        if staying:
            keep_up(self.value, staying)
        for name, buffer in self.changed.items():
            if name not in staying:
                array = raw(self.value, name)
                size = min(array.nbytes, buffer.size)
                buffer.driver.download(address(array), buffer.address, size)

    def bring(self) -> None:
        """Brings to the device what Python may have changed meanwhile."""
        was_watched = is_watched(self.value)
        for name, buffer in (self.changed | self.read).items():
            if self.is_replaced(name):
                array = raw(self.value, name)
                buffer.driver.upload(buffer.address, address(array), min(array.nbytes, buffer.size))
            elif not was_watched or (not buffer.newer and is_held(self.value, name)):
                buffer.upload(raw(self.value, name))
        watch(self.value)


def _allocator(simulation: weakref.ref[CudaSimulation]) -> Callable[[int, int], int]:
    """Returns the function by which a program asks for memory, which is kept for its next call."""

    def give(number: int, size: int) -> int:
        me = simulation()
        assert me is not None
        kept = me._scratch.get(number)  # pyright: ignore[reportPrivateUsage]
        try:
            if kept is not None and kept[1] < size:
                me._driver.free(kept[0])  # pyright: ignore[reportPrivateUsage]
                kept = None
            if kept is None:
                kept = me._driver.allocate(size), size  # pyright: ignore[reportPrivateUsage]
                me._scratch[number] = kept  # pyright: ignore[reportPrivateUsage]
        except Exception as error:
            me._failure = me._failure or error  # pyright: ignore[reportPrivateUsage]
            return 0
        return kept[0]

    return give


def _at(place: int, size: int) -> npt.NDArray[np.int64]:
    """Returns whole numbers at an address as an array."""
    return np.ctypeslib.as_array((ctypes.c_int64 * size).from_address(place))


def give_back_idle() -> None:
    """Gives back the memory of runs that have ended, which the next runs of the same programs would have taken."""
    for kernels in list(_loaded.values()):
        kernels.idle.clear()


def _give_back(driver: Driver, kept: tuple[int, int]) -> None:
    """Gives memory back: with a negative size it is the host's."""
    if kept[1] < 0:
        driver.free_shared(kept[0])
    else:
        driver.free(kept[0])


def _release(driver: Driver, *pools: dict[Any, tuple[int, int]]) -> None:
    for pool in pools:
        for kept in pool.values():
            _give_back(driver, kept)
        pool.clear()


__all__ = ["UNCHANGED", "CudaSimulation", "Kernels", "resident_of"]
