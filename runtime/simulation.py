"""One run of a compiled program: its table of arguments, and the calls into native code."""

from __future__ import annotations

import ctypes
import struct
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ranvier.ir import slots as abi
from ranvier.ir.block_recipes import WORTH
from ranvier.ir.recipes import RUN_KINDS, mentions
from ranvier.ir.slots import Recipe, Slot, SlotKind
from ranvier.ir.team import (
    BUSY,
    LEAST,
    LINE,
    LONGEST_STRETCH,
    MEASURES,
    PART,
    PARTS,
    TIMES,
    starts_at,
    words_for,
)
from ranvier.runtime.balance import Balance
from ranvier.runtime.derived import derived_arrays
from ranvier.runtime.state import Layout, address, allocate
from ranvier.runtime.team import Team, least_work, parts_for

if TYPE_CHECKING:
    import numpy.typing as npt

SLICE_SECONDS = 0.1
"""Native code returns about this often, so that Ctrl-C and progress reports are seen."""

LONGER = 5
"""Calls are so many times as long where much is done at the end of each."""

FIRST_INSTANTS = 64
"""Instants of the first call, by which the speed is measured."""


ROW_COST, SYNAPSE_COST, ORDER_COST = 10e-9, 5e-9, 22e-9
"""Seconds of one processor for a part of a row, for a synapse and thread, and for a word that is brought into another
order."""

_PARTED = frozenset({"parts", "part_order"})
"""The kinds of arrays that say where the parts of rows begin, and in what order they stand."""

NO_MEMORY = (
    "There is no memory for intermediate values of the compiled code: nothing more was simulated, and all that was "
    "recorded is still there. Simulate fewer elements or synapses, free memory, or raise the limit of the process; "
    "Network.memory_plan() says what a network takes."
)
"""The message when a program cannot get memory."""


class Program(Protocol):
    """A loaded program (see `ranvier.codegen.load`)."""

    @property
    def slots(self) -> tuple[Slot, ...]:
        """What each slot of the table holds."""
        ...

    @property
    def entry(self) -> Callable[[int], int]:
        """Runs on the table at an address."""
        ...

    @property
    def work(self) -> Callable[[int, int], None] | None:
        """Runs a further thread, see `Team`; None for programs for one."""
        ...


class Stopper(Protocol):
    """Says whether the simulation is to stop."""

    def __call__(self) -> bool:
        """Returns true to stop at the end of the current instant."""
        ...


class Simulation:
    """Binds arrays to a program and advances it.

    Args:
        program: The native code.
        values: What the inputs of the program stand for, in order: numbers; objects with `array` (states), `indices`
            and `count` (events), `control` and `dt_` (clocks), `control` and `buffers` (tables).
        callbacks: Functions for `snn.call`, by number.
        make_safe: Called instead of callbacks after an error, until native code has come to the end of the instant:
            replaces what it must not meet.
        threads: The number of threads, for a program for several; it is 1 for all others.
        is_apart: Whether all that the program is bound to stays where it is, whatever becomes of networks meanwhile.
        first: The instants of the first call.
        balance: How the work is divided among threads; None: into parts of equal size.
    """

    def __init__(
        self,
        program: Program,
        values: Sequence[Any],
        callbacks: Sequence[Callable[[], None]],
        make_safe: Callable[[], None] = lambda: None,
        *,
        is_apart: bool = False,
        threads: int = 1,
        first: int = FIRST_INSTANTS,
        balance: Balance | None = None,
    ) -> None:
        self.make_safe = make_safe
        self._balance = balance if threads > 1 else None
        self._is_apart = is_apart
        self.program = program
        self.threads = parts_for(threads if self._balance is None else self._balance.parts)
        self.values = list(values)
        self.values.append(self.threads)
        self.callbacks = callbacks
        self.control: npt.NDArray[np.int64] = allocate(words_for(threads), np.int64, padding=LINE)
        self.control[LEAST] = least_work()
        self.control[MEASURES] = self._balance is not None
        self.control[starts_at(threads) : words_for(threads)] = self.threads.starts
        self.error: BaseException | None = None
        self.outdated = False
        """Whether what the program is bound to has moved: it has to be made anew before the run goes on."""
        self._seen = Layout.changes
        self._bound: list[tuple[Any, npt.NDArray[Any]]] = []  # keeps the arrays alive that native code uses
        self._moved: list[tuple[npt.NDArray[Any], npt.NDArray[Any]]] = []
        self._tables: list[Any] = [value for value in values if hasattr(value, "turn_over")]
        self._table: npt.NDArray[np.uint64] = allocate(len(program.slots), np.uint64, padding=1)
        if threads > 1:  # they may pass several instants before rows are appended
            for table in self._tables:
                table.make_room(LONGEST_STRETCH)
        self._instants = first
        settles = any(slot.label == abi.SETTLES for slot in program.slots[-1:])
        self._slice = SLICE_SECONDS * (LONGER if settles else 1)
        self._changing: tuple[set[int], list[tuple[int, Slot]]] | None = None  # what `begin_again` writes
        made = [slot.recipe for slot in program.slots if slot.recipe is not None and slot.kind is SlotKind.DERIVED]
        self._by_parts = [each for each in made if each[0] not in RUN_KINDS and mentions(each, _PARTED)]
        self._derived: dict[Recipe, npt.NDArray[Any]] = {}
        self._derive(made)
        self.bind()

    def _derive(self, recipes: Sequence[Recipe]) -> None:
        shared: dict[Recipe, npt.NDArray[Any]] = {}
        self._derived |= derived_arrays(recipes, self.values, shared, int(self.threads))

    def _cost_of_parts(self) -> float:
        """Returns about how many seconds it takes to make the arrays by which threads find their parts; 0: none."""
        cost = 0.0
        for recipe in self._by_parts:
            made = self._derived[recipe]
            is_parts = recipe[0] == "parts"
            number = int(made[-1]) if is_parts else made.size  # of synapses, of words
            own = ROW_COST * made.size + SYNAPSE_COST * number * self.threads if is_parts else ORDER_COST * number
            cost += own / int(self.threads) if number >= WORTH else own
        return cost

    def bind(self) -> None:
        """Writes the addresses and numbers of all arguments into the table."""
        self._bound.clear()
        self._table[:] = [self._slot(slot) for slot in self.program.slots]

    def bind_columns(self) -> None:
        """Writes the addresses of the columns of tables, which have begun anew; all else is where it was."""
        for number, slot in enumerate(self.program.slots):
            if slot.kind is SlotKind.SINK_COLUMN:
                self._table[number] = self._slot(slot)

    def begin_again(self, numbers: Mapping[int, Any]) -> None:
        """Makes it ready for another run on the same arrays and tables, after a run that has come to its end.

        Args:
            numbers: By the number of an input: numbers that are others.
        """
        for number, value in numbers.items():
            self.values[number] = value
        if self._changing is None or self._changing[0] != {*numbers}:
            places = [
                (place, slot)
                for place, slot in enumerate(self.program.slots)
                if slot.kind is SlotKind.SINK_COLUMN or (slot.kind is SlotKind.PARAM and slot.input in numbers)
            ]
            self._changing = {*numbers}, places
        for place, slot in self._changing[1]:
            self._table[place] = self._slot(slot)

    def _slot(self, slot: Slot) -> int:
        if slot.kind is SlotKind.STATE and slot.recipe is None:  # most of them
            value = self.values[slot.input]
            array = value.array
            self._bound.append((value, array))
            return address(array)
        if slot.kind is SlotKind.CONTROL:
            return address(self.control)
        if slot.kind is SlotKind.UNUSED:
            return 0
        if slot.recipe is not None:
            return address(self._derived[slot.recipe])
        value = self.values[slot.input]
        match slot.kind:
            case SlotKind.THREADS:
                return self.threads
            case SlotKind.PARAM:
                return bits_of(value, slot.type)
            case SlotKind.EVENT_LIST:
                return address(value.indices)
            case SlotKind.EVENT_COUNT:
                return address(value.count)
            case SlotKind.CLOCK_STEPS | SlotKind.SINK_ROWS:
                return address(value.control)
            case SlotKind.CLOCK_DT:
                return bits_of(value.dt_, "f64")
            case _:
                return address(value.buffers[slot.column])

    def request_stop(self) -> None:
        """Lets native code return at the end of the current instant."""
        self.control[0] = 1

    def advance(self, watch: Callable[[], bool], *, instants: int | None = None) -> bool:
        """Runs to the end of the clocks.

        Args:
            watch: Called about every tenth of a second; returns true to stop.
            instants: Call `watch` after so many steps instead.

        Returns:
            Whether the end was reached (false: stopped, or `outdated`).

        Raises:
            BaseException: What a callback raised, after the instant was completed.
            MemoryError: The program cannot get the memory that it needs for intermediate values.
        """
        self.control[0] = 0
        self._lend(True)
        try:
            with Team(self.program.work, self.control, self.threads):
                return self._advance(watch, instants)
        finally:
            self._lend(False)
            self._put_back()

    def advance_part(self, watch: Callable[[], bool], parts: int) -> float:
        """Runs until `watch` says so, which is called at the end of each of so many parts of the run.

        Returns:
            The share of the steps that are done then.
        """
        clocks = [value.control for value in self.values if hasattr(value, "dt_") and hasattr(value, "control")]
        begun = max(clocks, key=lambda control: control[1] - control[0])
        first, steps = int(begun[0]), int(begun[1] - begun[0])
        self.advance(watch, instants=max(-(-steps // parts), 1))
        return max(int(begun[0]) - first, 1) / max(steps, 1)

    def _advance(self, watch: Callable[[], bool], instants: int | None = None) -> bool:
        while True:
            limit = self.control[1] = self._limit() if instants is None else instants
            began = time.perf_counter()
            status = self._call()
            seconds = time.perf_counter() - began
            self._note_work(seconds)
            if self.error is not None:
                error, self.error = self.error, None
                raise error
            if status == abi.FINISHED:
                self._balance_next()
                return True
            if status == abi.OUT_OF_MEMORY:
                raise MemoryError(NO_MEMORY)
            if not self._turn_over(LONGEST_STRETCH if status == abi.SINK_FULL else 1):
                self.outdated = True
                return False
            if status == abi.BUDGET_USED and instants is None and limit == self._instants:
                # geometric growth until a call takes as long as wanted
                factor = 4.0 if seconds <= self._slice / 4 else self._slice / seconds
                self._instants = max(int(self._instants * factor), 1)
            if watch() or status == abi.STOPPED:
                return False
            if self._has_moved:
                self.outdated = True
                return False
            if status == abi.BUDGET_USED and instants is None:
                self._balance_parts(seconds / limit)

    def _note_work(self, seconds: float) -> None:
        """Notes how long each part was worked at in a call that took so long. The main thread has the last part."""
        if self._balance is not None:
            words = self.control[PARTS : starts_at(self.threads)].reshape(-1, PART)[::-1]
            self._balance.note((1e-9 * words[:, BUSY]).tolist(), words[:, TIMES].tolist(), seconds)
            words[:, [BUSY, TIMES]] = 0

    def _balance_parts(self, seconds: float) -> None:
        """Lets parts begin elsewhere if that is worth it; a step takes so many seconds."""
        if self._balance is None:
            return
        left = max(int(value.control[1] - value.control[0]) for value in self.values if hasattr(value, "dt_"))
        cost = self._cost_of_parts()
        parts = self._balance.better(left * seconds, cost)
        if parts is None:
            return
        with Layout.lock:
            if self._has_moved:  # all is made anew after the next call
                return
            self._balance.change(parts, cost)
            self.threads = self.values[-1] = parts
            self.control[starts_at(parts) : words_for(parts)] = parts.starts
            self._derive(self._by_parts)
            self.bind()

    def _balance_next(self) -> None:
        """Lets parts begin elsewhere in the next run, where nothing has to be made anew for that."""
        if self._balance is None or self._by_parts:
            return
        parts = self._balance.better(float("inf"), 0.0)
        if parts is not None:
            self._balance.change(parts, 0.0)

    def _limit(self) -> int:
        """Returns the greatest number of instants of the next call."""
        return self._instants

    @property
    def _has_moved(self) -> bool:
        return not self._is_apart and Layout.changes != self._seen

    def _call(self) -> int:
        running = _running()
        running.append(self)
        try:
            return self.program.entry(address(self._table))
        finally:
            running.pop()

    def _turn_over(self, instants: int) -> bool:
        """Lets tables that are full, or whose rows have waited long enough for their file, begin anew.

        Args:
            instants: The most for which native code may have wanted room.

        Returns:
            Whether the program can go on: not if something has moved, by another thread perhaps.
        """
        full = [table for table in self._tables if table.full or table.lacks_room(instants)]
        if not full:
            return True
        self._lend(False)
        for table in full:
            table.turn_over()
        self._lend(True)
        with Layout.lock:
            if self._has_moved:
                return False
            self.bind_columns()
        return True

    def _lend(self, lent: bool) -> None:
        for table in self._tables:
            table.lent = lent

    # ---- arrays that a callback replaces: native code has the old ones until the end of the instant

    def call_back(self, number: int) -> None:
        """Calls a callback; what it moves is bound anew at the end of the instant."""
        self._put_back()
        before = Layout.changes
        self.callbacks[number]()
        if Layout.changes != before:
            self._follow()
        for old, new in self._moved:
            old[:] = new[: old.size]

    def _follow(self) -> None:
        """Notes which arrays of variables have been replaced, and ends the native call after this instant."""
        self.outdated = True
        self.control[0] = 1
        self._moved = [
            (old[: value.size], value.array)
            for value, old in self._bound
            if not value.frozen and value.population is not None and value.array is not old
        ]

    def _put_back(self) -> None:
        """Lets Python see what native code has written to arrays that have been replaced."""
        for old, new in self._moved:
            new[: old.size] = old


def bits_of(value: float | int | bool, type: str) -> int:
    """Returns what a slot holds for a number of a type, as 64 bits."""
    if type in ("f64", "f32"):
        return int(struct.unpack("<Q", struct.pack("<d", float(value)))[0])
    whole = int(value)
    assert -(2**63) <= whole < 2**63, f"{whole} is no 64-bit integer"
    return whole & 0xFFFFFFFFFFFFFFFF


_local = threading.local()


def _running() -> list[Simulation]:
    """Returns the simulations whose native code runs in this thread, the innermost last."""
    running: list[Simulation] | None = getattr(_local, "running", None)
    if running is None:
        running = _local.running = []
    return running


def request_stop() -> None:
    """Lets the native code that called Python in this thread return at the end of the instant."""
    for simulation in _running()[-1:]:
        simulation.request_stop()


def _dispatch(number: int) -> None:
    simulation = _running()[-1]
    if simulation.error is not None:
        simulation.make_safe()
        return
    try:
        simulation.call_back(number)
    except BaseException as error:
        simulation.error = error
        simulation.request_stop()
        simulation.make_safe()


_CALLBACK = ctypes.CFUNCTYPE(None, ctypes.c_int64)(_dispatch)

CALLBACK_ADDRESS: int = ctypes.cast(_CALLBACK, ctypes.c_void_p).value or 0
"""Address of the function that `snn.call` calls with the number of its callback; it lives as long as the process."""
