"""A run of a program from text: memory for its inputs, checks of what is given for them, and what it leaves behind."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ranvier.ir.inputs import Input as Declared
from ranvier.ir.inputs import InputTable, Size, labels_of
from ranvier.ir.slots import SAME_EVENT, SAME_TIME
from ranvier.runtime.beginning import simulation_of
from ranvier.runtime.columns import Column
from ranvier.runtime.recorder import Table
from ranvier.runtime.simulation import Program
from ranvier.runtime.state import allocate
from ranvier.session.defaults import DEFAULT_DT

if TYPE_CHECKING:
    import numpy.typing as npt

DTYPES = {"f64": "f8", "f32": "f4", "i64": "i8", "index": "i8", "i32": "i4", "i16": "i2", "i1": "?"}
"""Element type in the IR → numpy's."""

MOST_EVENTS = 2**31 - 1
"""Events are 32-bit numbers."""


class InputError(ValueError):
    """What was given for the inputs of a program does not fit them."""


@dataclass(frozen=True, slots=True)
class Input:
    """A run-time input of a program.

    Attributes:
        kind: "param", "state", "events", "clock", "event_clock", "table" or "threads".
        label: Its label; a label that occurs again is numbered ("tau#2").
        type: "f64", "index", ...; of tables the types of the columns.
        dim: The physical dimension, "" if it has none.
    """

    kind: str
    label: str
    type: str
    dim: str = ""

    def __str__(self) -> str:
        return f"{self.kind:7}{self.label:32}{self.type}{f'  ({self.dim})' if self.dim else ''}"


def named_inputs(table: InputTable) -> tuple[Input, ...]:
    """Returns the inputs of a program by labels that differ."""
    labels = labels_of([one.label for one in table.inputs])
    return tuple(_named(one, label) for one, label in zip(table.inputs, labels, strict=True))


def _named(one: Declared, label: str) -> Input:
    kind = "event_clock" if one.times >= 0 else one.kind
    return Input(kind, label, ", ".join(one.columns) if one.kind == "table" else one.type, one.dim)


@dataclass(slots=True, eq=False, weakref_slot=True)
class _State:
    """An array as `Simulation` and recipes ask for it: nothing ever moves it, anybody may change it."""

    array: npt.NDArray[Any]
    population: object = None

    @property
    def readable(self) -> npt.NDArray[Any]:
        """The elements."""
        return self.array

    @property
    def frozen(self) -> bool:
        """Whether nobody changes the elements."""
        return False


@dataclass(slots=True)
class _Events:
    indices: npt.NDArray[np.int32]
    count: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(1, dtype=np.int64))


@dataclass(slots=True)
class _Clock:
    dt_: float
    times: npt.NDArray[np.float64] | None = None
    control: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(2, dtype=np.int64))
    has_end: bool = False

    @property
    def t(self) -> float:
        """The time of the next step in seconds, 0 at the beginning."""
        n = int(self.control[0])
        if n == 0:
            return 0.0
        return n * self.dt_ if self.times is None else float(self.times[n])

    def end_at(self, time: float, near: float) -> None:
        """Says where the run ends; times that differ by at most `near` are the same."""
        step = round(time / self.dt_) if self.times is None else np.searchsorted(self.times[:-1], time - near)
        self.control[1] = max(int(step), int(self.control[0]))


class _NoCalls(Sequence[Callable[[], None]]):
    """Stands for the functions that a program calls, where it was given none."""

    def __getitem__(self, number: Any) -> Any:
        raise InputError(
            f"The program calls Python (function {number}), which is no part of its text: run it in the script, or "
            "start it in Python with `callbacks`"
        )

    def __len__(self) -> int:
        return 0


class TextRun:
    """A run of a program from text.

    Args:
        native: The machine code.
        table: The inputs of the program.
        inputs: The same, named.
        values: By label, what `TextProgram.start` takes.
        callbacks: What `snn.call` calls, by number.
        threads: The number of threads, for a program that the pass `partition` has divided.

    Attributes:
        time: Seconds simulated; if clocks were given with their steps, the time at which the first of them goes on.
        states: Arrays by label: what native code reads and writes. They may be changed between calls of `advance`.
        tables: What was recorded, by label (see `ranvier.runtime.recorder.Table`).

    Raises:
        InputError: A value is missing, has no place, or does not fit; sizes do not fit each other.
    """

    def __init__(
        self,
        native: Program,
        table: InputTable,
        inputs: Sequence[Input],
        values: Mapping[str, Any],
        callbacks: Sequence[Callable[[], None]],
        *,
        threads: int = 1,
    ) -> None:
        self.states: dict[str, npt.NDArray[Any]] = {}
        self.tables: dict[str, Table] = {}
        self._events: dict[str, _Events] = {}
        self._clocks: list[_Clock] = []
        self._arrays: dict[int, npt.NDArray[Any]] = {}
        _check_labels(inputs, values)
        self._threads = threads
        self._sizes = _Sizes(inputs, values)
        self._sizes.check(table)
        pairs = enumerate(zip(table.inputs, inputs, strict=True))
        self._bound = [self._bind(number, *pair, values.get(pair[1].label)) for number, pair in pairs]
        self._native, self._callbacks = native, callbacks or _NoCalls()
        self.time = min((clock.t for clock in self._clocks), default=0.0)
        self._has_end = any(clock.has_end for clock in self._clocks)

    @property
    def events(self) -> dict[str, npt.NDArray[np.int32]]:
        """The elements that had an event in the last step, by label."""
        return {label: events.indices[: int(events.count[0])].copy() for label, events in self._events.items()}

    @property
    def has_end(self) -> bool:
        """Whether the clocks were given with the steps at which they end, so that `advance` needs no time."""
        return self._has_end

    def advance(self, seconds: float | None = None) -> None:
        """Simulates. An interrupt (Ctrl-C) is raised at the end of a step.

        Args:
            seconds: How long; None: to the steps at which the clocks end, as they were given.

        Raises:
            InputError: `seconds` is negative or not finite, or an array that is made of the states cannot be; it is
                None and no clock was given with an end; or the program calls Python and has no callbacks.
        """
        if seconds is None:
            if not self._has_end:
                raise InputError("The inputs do not say when the run ends: say how many seconds to simulate")
        elif not 0 <= seconds < math.inf:
            raise InputError(f"A run goes forward in time, not by {seconds} s")
        else:
            self.time += seconds
            near = min((SAME_TIME * clock.dt_ for clock in self._clocks if clock.times is None), default=SAME_EVENT)
            for clock in self._clocks:
                clock.end_at(self.time, near)
        self._simulate()
        if seconds is None:
            self.time = max((clock.t for clock in self._clocks if clock.times is None), default=self.time)
            self._has_end = False

    def _simulate(self) -> None:
        try:
            # each time anew: derived arrays follow the states, which may have been changed
            simulation = simulation_of(self._native, self._bound, self._callbacks, threads=self._threads)
        except (ValueError, IndexError, KeyError, TypeError) as error:
            raise InputError(f"An array cannot be made from the states of the program: {error}") from error
        simulation.advance(lambda: False)

    def _bind(self, number: int, declared: Declared, entry: Input, value: Any) -> Any:
        match entry.kind:
            case "state":
                array = _state_array(self._sizes.of(declared.size, entry.label), entry, value)
                self.states[entry.label] = self._arrays[number] = array
                return _State(array)
            case "events":
                size = self._sizes.of(declared.size, entry.label)
                if size > MOST_EVENTS:
                    raise InputError(f"There are at most {MOST_EVENTS} events in {entry.label!r}, not {size}")
                events = self._events[entry.label] = _Events(allocate(size, np.int32))
                if value is not None:
                    _fill_events(events, value, entry)
                return events
            case "event_clock":
                times = self._arrays[declared.times]
                if not (times.size and np.all(times[1:] > times[:-1]) and np.isposinf(times[-1])):
                    raise InputError(f"The times of {entry.label!r} have to ascend and to end with inf")
                self._clocks.append(clock := _Clock(math.inf, times))
                _set_steps(clock, value, entry)
                return clock
            case "clock":
                self._clocks.append(clock := _Clock(DEFAULT_DT))
                _set_steps(clock, value, entry)
                if not 0 < clock.dt_ < math.inf:
                    raise InputError(f"The step of {entry.label!r} is a positive number of seconds, not {value}")
                return clock
            case "table":
                self.tables[entry.label] = table = _table(declared, entry, self._sizes)
                return table
            case "threads":
                return self._threads  # also what derived arrays are made for
            case _:
                return _param(value, entry)


class _Sizes:
    """The sizes of the arrays of a run, which params say."""

    def __init__(self, inputs: Sequence[Input], values: Mapping[str, Any]) -> None:
        self._inputs, self._values = inputs, values

    def _param(self, number: int) -> int:
        entry = self._inputs[number] if number < len(self._inputs) else None
        if entry is None or entry.kind != "param" or entry.type != "index":
            raise InputError(f"A size of the program is said by input {number}, which is no param of type index")
        return int(_param(self._values[entry.label], entry))

    def of(self, size: Size | None, label: str) -> int:
        """Returns the size of an input."""
        if size is None:
            raise InputError(f"The size of {label!r} is computed: sizes are sums and products of params and constants")
        found = size.value(self._param)
        if found < 0:
            raise InputError(f"The size of {label!r} is negative: {found}")
        return found

    def rows(self, size: Size | None, label: str) -> int:
        """Returns how many rows are recorded, none if it would be less."""
        if size is None:
            raise InputError(f"How much is recorded to {label!r} is computed: say it by sums and products of params")
        return max(size.value(self._param), 0)

    def check(self, table: InputTable) -> None:
        """Checks that all arrays are as long as they have to be."""
        for need in table.needs:
            has, size = need.has.value(self._param), need.size.value(self._param)
            if has < size:
                raise InputError(need.message(has, size))


def checked_values(
    table: InputTable, inputs: Sequence[Input], values: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
    """Returns params and states by label as a run has them at its start.

    Args:
        table: The inputs of the program.
        inputs: The same, named.
        values: By label, what `TextProgram.start` takes.

    Raises:
        InputError: A value is missing, has no place, or does not fit; sizes do not fit each other.
    """
    _check_labels(inputs, values)
    sizes = _Sizes(inputs, values)
    sizes.check(table)
    pairs = list(zip(table.inputs, inputs, strict=True))
    params = {entry.label: _param(values[entry.label], entry) for entry in inputs if entry.kind == "param"}
    states = {
        entry.label: _state_array(sizes.of(declared.size, entry.label), entry, values.get(entry.label))
        for declared, entry in pairs
        if entry.kind == "state"
    }
    return params, states


def memory_of(declared: Declared, entry: Input, inputs: Sequence[Input], params: Mapping[str, Any]) -> Any:
    """Returns the table or the list of events of an input, empty, for a run with such params."""
    sizes = _Sizes(inputs, params)
    if entry.kind == "table":
        return _table(declared, entry, sizes)
    return _Events(allocate(sizes.of(declared.size, entry.label), np.int32))


def _check_labels(inputs: Sequence[Input], values: Mapping[str, Any]) -> None:
    takes = {entry.label: entry for entry in inputs}
    for label in values:
        if label not in takes or takes[label].kind == "table":
            names = ", ".join(entry.label for entry in inputs if entry.kind in ("param", "state", "clock"))
            raise InputError(f"The program has no param, state or clock {label!r}; it has {names}")
    for label, entry in takes.items():
        if entry.kind == "param" and label not in values:
            raise InputError(f"The param {label!r} ({entry.type}{f', in {entry.dim}' if entry.dim else ''}) is missing")


def _fill_events(events: _Events, value: Any, entry: Input) -> None:
    given = np.atleast_1d(np.asarray(value))
    whole = given.astype(np.int32) if given.dtype.kind in "iu" and given.ndim == 1 else None
    if whole is None and given.size:
        raise InputError(f"The events {entry.label!r} are numbers of elements, not {value!r}")
    whole = np.zeros(0, np.int32) if whole is None else whole
    if whole.size > events.indices.size or np.any((whole < 0) | (whole >= events.indices.size)):
        raise InputError(f"The events {entry.label!r} are numbers of elements from 0 to {events.indices.size - 1}")
    events.indices[: whole.size] = whole
    events.count[0] = whole.size


def _set_steps(clock: _Clock, value: Any, entry: Input) -> None:
    """Sets a clock to its step length; or to that, the number of its next step, and perhaps of that where it ends."""
    if value is None:
        return
    given = np.asarray(value)
    if given.shape in ((2,), (3,)) and given.dtype.kind in "iuf":
        first, end = float(given[1]), float(given[-1])
        last = math.inf if clock.times is None else clock.times.size - 1
        if not (first.is_integer() and end.is_integer() and 0 <= first <= end <= last):
            raise InputError(f"The steps of the clock {entry.label!r} are two whole numbers that ascend, not {value}")
        clock.control[:] = int(first), int(end)
        clock.has_end = given.size == 3
        value = given[0]
    elif clock.times is not None:
        raise InputError(f"The clock {entry.label!r} ticks at given times: it has no step")
    if clock.times is None:
        clock.dt_ = float(_number(value, entry))


def _number(value: Any, entry: Input) -> float:
    if isinstance(value, np.ndarray):
        array = cast("npt.NDArray[Any]", value)
        value = array[()] if array.ndim == 0 else array
    if not isinstance(value, numbers.Real | np.bool_):
        raise InputError(f"The {entry.kind} {entry.label!r} is one number, not {value!r}")
    return cast("float", value)


def _param(value: Any, entry: Input) -> Any:
    """Returns the value of a param, checked."""
    number = _number(value, entry)
    if entry.type in ("f64", "f32"):
        return float(number)
    if not math.isfinite(number) or int(number) != number:
        raise InputError(f"The param {entry.label!r} is a whole number ({entry.type}), not {value}")
    whole = int(number)
    least, most = _range(entry)
    if not least <= whole <= most:
        raise InputError(f"The param {entry.label!r} ({entry.type}) is a number from {least} to {most}, not {whole}")
    return whole


def _range(entry: Input) -> tuple[int, int]:
    """Returns the least and the greatest value of a param of whole numbers."""
    match entry.type:
        case "i1":
            return 0, 1
        case "i32" | "i16":
            half = 2 ** (int(entry.type[1:]) - 1)
            return -half, half - 1
        case _:
            return -(2**63), 2**63 - 1


def _state_array(size: int, entry: Input, value: Any) -> npt.NDArray[Any]:
    array = allocate(size, DTYPES[entry.type])
    if value is None:
        return array
    given = np.asarray(value)
    if given.ndim > 1 or (given.ndim == 1 and given.shape != array.shape):
        raise InputError(
            f"The state {entry.label!r} has {array.size} elements, the value given for it has shape {given.shape}"
        )
    if given.dtype.kind not in "biuf":
        raise InputError(f"The state {entry.label!r} has numbers ({entry.type}), not {value!r}")
    with np.errstate(all="ignore"):
        array[...] = given
    if array.dtype.kind != "f" and not np.array_equal(array, np.broadcast_to(given, array.shape)):
        raise InputError(f"The state {entry.label!r} has whole numbers ({entry.type}), not {value!r}")
    return array


def _table(declared: Declared, entry: Input, sizes: _Sizes) -> Table:
    """Returns the table of a sink; how wide its rows are and how many an instant adds is said by what records to it."""
    names = ["t", *(f"x{k}" for k in range(1, len(declared.columns)))][: len(declared.columns)]
    width: int | None = None
    for one in declared.rows:
        width = None if one.width is None else sizes.of(one.width, entry.label)
        names[1:] = one.names[: len(names) - 1]
    columns = [
        Column(name, np.dtype(DTYPES[type]), width if k else None, "" if k else "s")
        for k, (name, type) in enumerate(zip(names, declared.columns, strict=True))
    ]
    table = Table(columns, name=entry.label)
    table.reserve(sum(sizes.rows(one.size, entry.label) for one in declared.rows))
    return table
