"""Programs written as text: from an IR file to a run, without the front end.

program = TextProgram.read("cells.mlir")
run = program.start({"cells.N": 100, "tau": 0.01, "cells.v": 0.0})
run.advance(0.5)
run.states["cells.v"], run.tables["spikes"].to_arrow()
"""

from __future__ import annotations

import ast
import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ranvier.codegen import CodegenOptions, LoadedProgram
from ranvier.codegen.cache import ProgramCache
from ranvier.ir.slots import SAME_EVENT, SAME_TIME
from ranvier.runtime.columns import Column
from ranvier.runtime.recorder import Table
from ranvier.runtime.simulation import CALLBACK_ADDRESS, Simulation
from ranvier.runtime.state import allocate
from ranvier.session.defaults import DEFAULT_DT
from ranvier.stage_table import (
    LOOPS,
    OPTIMISED,
    Options,
    Passes,
    make_loops,
    native_program,
    passes_of_graph,
    warnings_of,
)

if TYPE_CHECKING:
    import numpy.typing as npt
    from xdsl.ir import Operation, SSAValue

DTYPES = {"f64": "f8", "f32": "f4", "i64": "i8", "index": "i8", "i32": "i4", "i16": "i2", "i1": "?"}
"""Element type in the IR → numpy's."""


class InputError(ValueError):
    """What was given for the inputs of a program does not fit them."""


@dataclass(frozen=True, slots=True)
class Input:
    """A run-time input of a program.

    Attributes:
        kind: "param", "state", "events", "clock", "event_clock" or "table".
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


class TextProgram:
    """A program from text, compiled.

    Args:
        text: The IR: a module with one `snn.program`.
        name: The name of the file, for messages.
        pipeline: The optimisations: text, passes or a sequence of both, see `ranvier.stage_table.Options`; None or
            "default": the default ones; "": none.
        options: Options of code generation.
        cache: Where compiled programs are kept; None: the default cache.

    Attributes:
        inputs: What `start` takes.
        native: The machine code; `native.timings` has the seconds of each stage.
        warnings: What has not been done as was asked.

    Raises:
        IRFileError: The text cannot be parsed, or breaks a rule of the dialect.
        PipelineError: The pipeline string names no such pass.
    """

    def __init__(
        self,
        text: str,
        name: str = "<text>",
        *,
        pipeline: Passes | None = None,
        options: CodegenOptions | None = None,
        cache: ProgramCache | None = None,
    ) -> None:
        from xdsl.utils.exceptions import VerifyException

        from ranvier.ir.diagnostics import Diagnostic, IRFileError, parse_module
        from ranvier.ir.synapses import PropagateOp
        from ranvier.passes.lower.abi import input_ops, program_of

        self._module = parse_module(text, name)
        try:
            program = program_of(self._module)
        except VerifyException as error:
            raise IRFileError(Diagnostic(f"{name}: {error}", name)) from None
        self._ops = input_ops(program)
        self.inputs = _named(self._ops)
        how = Options(pipeline=pipeline, codegen=options or CodegenOptions())
        passes_of_graph(how)
        pathways = [op.label.data for op in program.walk() if isinstance(op, PropagateOp)]
        self.native: LoadedProgram = native_program(
            hashlib.sha256(str(self._module).encode()).hexdigest(),
            lambda: make_loops(self._module.clone(), (OPTIMISED, LOOPS), how, pathways),
            how,
            {"ranvier_call": CALLBACK_ADDRESS},
            cache,
        )
        self.warnings: list[str] = warnings_of(self.native, pathways)

    @classmethod
    def read(cls, path: str | Path, **kwds: Any) -> TextProgram:
        """Returns the program in a file; see the class.

        Raises:
            OSError: The file cannot be read.
        """
        from ranvier.ir.diagnostics import read_text

        return cls(read_text(path), str(path), **kwds)

    def start(self, values: Mapping[str, Any], callbacks: Sequence[Callable[[], None]] = ()) -> TextRun:
        """Returns a run at time 0.

        Args:
            values: By label: numbers for params (all of them), numbers or arrays for states (otherwise 0), the step
                length in seconds for clocks (otherwise 0.1 ms).
            callbacks: What `snn.call` calls, by number.

        Raises:
            InputError: A value is missing, has no place, or does not fit.
        """
        return TextRun(self, values, callbacks)

    def _sizes(self, params: Mapping[str, Any]) -> Callable[[SSAValue], int]:
        labels = {id(op.results[0]): entry.label for op, entry in zip(self._ops, self.inputs, strict=True)}

        def size_of(value: SSAValue) -> int:
            from xdsl.dialects.arith import ConstantOp, MuliOp
            from xdsl.dialects.builtin import IntegerAttr

            if id(value) in labels:
                size = int(params[labels[id(value)]])
                if size < 0:
                    raise InputError(f"The param {labels[id(value)]!r} is a size and cannot be negative: {size}")
                return size
            if isinstance(value.owner, ConstantOp) and isinstance(value.owner.value, IntegerAttr):
                return value.owner.value.value.data
            if isinstance(value.owner, MuliOp):  # of all instances together
                return size_of(value.owner.lhs) * size_of(value.owner.rhs)
            raise InputError(
                f"The size {value.name_hint or value} is computed: sizes are params, constants, or products of them"
            )

        return size_of


@dataclass(slots=True, eq=False, weakref_slot=True)
class _State:
    array: npt.NDArray[Any]


@dataclass(slots=True)
class _Events:
    indices: npt.NDArray[np.int32]
    count: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(1, dtype=np.int64))


@dataclass(slots=True)
class _Clock:
    dt_: float
    times: npt.NDArray[np.float64] | None = None
    control: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(2, dtype=np.int64))

    def end_at(self, time: float, near: float) -> None:
        """Says where the run ends; times that differ by at most `near` are the same."""
        step = round(time / self.dt_) if self.times is None else np.searchsorted(self.times[:-1], time - near)
        self.control[1] = max(int(step), int(self.control[0]))


class TextRun:
    """A run of a program from text.

    Attributes:
        time: Seconds simulated.
        states: Arrays by label: what native code reads and writes. They may be changed between calls of `advance`.
        tables: What was recorded, by label (see `ranvier.runtime.recorder.Table`).
    """

    def __init__(
        self, program: TextProgram, values: Mapping[str, Any], callbacks: Sequence[Callable[[], None]]
    ) -> None:
        self.time = 0.0
        self.states: dict[str, npt.NDArray[Any]] = {}
        self.tables: dict[str, Table] = {}
        self._events: dict[str, _Events] = {}
        self._clocks: list[_Clock] = []
        self._arrays: dict[SSAValue, npt.NDArray[Any]] = {}
        _check_labels(program, values)
        values = {**values, **_whole_params(program, values)}
        params = {entry.label: values[entry.label] for entry in program.inputs if entry.kind == "param"}
        size_of = program._sizes(params)  # pyright: ignore[reportPrivateUsage]
        pairs = zip(program._ops, program.inputs, strict=True)  # pyright: ignore[reportPrivateUsage]
        bound = [self._bind(op, entry, values.get(entry.label), size_of) for op, entry in pairs]
        self._simulation = Simulation(program.native, bound, callbacks)

    @property
    def events(self) -> dict[str, npt.NDArray[np.int32]]:
        """The elements that had an event in the last step, by label."""
        return {label: events.indices[: int(events.count[0])].copy() for label, events in self._events.items()}

    def advance(self, seconds: float) -> None:
        """Simulates. An interrupt (Ctrl-C) is raised at the end of a step.

        Raises:
            InputError: `seconds` is negative.
        """
        if seconds < 0:
            raise InputError(f"A run goes forward in time, not by {seconds} s")
        self.time += seconds
        near = min((SAME_TIME * clock.dt_ for clock in self._clocks if clock.times is None), default=SAME_EVENT)
        for clock in self._clocks:
            clock.end_at(self.time, near)
        self._simulation.bind()
        self._simulation.advance(lambda: False)

    def _bind(self, op: Operation, entry: Input, value: Any, size_of: Callable[[SSAValue], int]) -> Any:
        match entry.kind:
            case "state":
                array = _state_array(op.operands[0] if op.operands else None, entry, value, size_of)
                self.states[entry.label] = self._arrays[op.results[0]] = array
                return _State(array)
            case "events":
                events = _Events(allocate(size_of(op.operands[0]), np.int32))
                self._events[entry.label] = events
                return events
            case "event_clock":
                times = self._arrays[op.operands[0]]
                if not (np.all(times[1:] > times[:-1]) and np.isposinf(times[-1])):
                    raise InputError(f"The times of {entry.label!r} have to ascend and to end with inf")
                self._clocks.append(clock := _Clock(math.inf, times))
                return clock
            case "clock":
                clock = _Clock(DEFAULT_DT if value is None else float(value))
                if not clock.dt_ > 0:
                    raise InputError(f"The step of {entry.label!r} is a positive number of seconds, not {value}")
                self._clocks.append(clock)
                return clock
            case "table":
                self.tables[entry.label] = table = _table(op, entry, size_of)
                return table
            case _:
                return value


def parse_value(text: str) -> Any:
    """Returns the number, truth value or list of them that a text says ("0.1", "True", "[1, 2]").

    Raises:
        InputError: It says none.
    """
    try:
        value = float(text) if text.lstrip("+-") in ("inf", "nan") else ast.literal_eval(text)
    except (ValueError, SyntaxError):
        value = None
    numbers = value if isinstance(value, list) else [value]  # pyright: ignore[reportUnknownVariableType]
    if not all(isinstance(number, int | float) for number in numbers):  # pyright: ignore[reportUnknownVariableType]
        raise InputError(f"A value is a number, True, False, or a list of them, not {text!r}")
    return cast(Any, value)


def _named(ops: Sequence[Operation]) -> tuple[Input, ...]:
    from ranvier.ir.structure import ClockOp, EventSpaceOp, ParamOp, SinkOp, StateOp
    from ranvier.ir.types import element_type
    from ranvier.passes.lower.abi import sink_columns

    found: list[Input] = []
    seen: dict[str, int] = {}
    for op in ops:
        match op:
            case ParamOp():
                entry = Input("param", op.label.data, str(op.value.type), op.dim.data)
            case StateOp():
                entry = Input("state", op.label.data, str(element_type(op.value.type)), op.dim.data)
            case EventSpaceOp():
                entry = Input("events", op.label.data, "i32")
            case ClockOp():
                entry = Input("clock" if op.times is None else "event_clock", op.label.data, "f64", "s")
            case SinkOp():
                entry = Input("table", op.label.data, ", ".join(str(type) for type in sink_columns(op)))
            case _:
                raise TypeError(op.name)
        seen[entry.label] = seen.get(entry.label, 0) + 1
        if seen[entry.label] > 1:
            entry = Input(entry.kind, f"{entry.label}#{seen[entry.label]}", entry.type, entry.dim)
        found.append(entry)
    return tuple(found)


def _whole_params(program: TextProgram, values: Mapping[str, Any]) -> dict[str, int]:
    """Returns the params that are integers as such: 2.0 is 2."""
    whole = (entry for entry in program.inputs if entry.kind == "param" and entry.type not in ("f64", "f32"))
    return {entry.label: int(values[entry.label]) for entry in whole}


def _check_param(entry: Input, value: Any) -> None:
    if not np.isscalar(value) or not isinstance(value, int | float | np.number | np.bool_):
        raise InputError(f"The param {entry.label!r} is one number, not {value!r}")
    if entry.type in ("f64", "f32"):
        return
    number = float(cast("float", value))
    if not math.isfinite(number) or not number.is_integer():
        raise InputError(f"The param {entry.label!r} ({entry.type}) is a whole number, not {value!r}")
    bits = {"i1": 1, "i8": 7, "i16": 15, "i32": 31}.get(entry.type, 63)
    if not -(2**bits) <= value < 2**bits:
        raise InputError(f"The param {entry.label!r} ({entry.type}) cannot be {value!r}: it has {bits + 1} bits")


def _check_labels(program: TextProgram, values: Mapping[str, Any]) -> None:
    takes = {entry.label: entry for entry in program.inputs}
    for label in values:
        if label not in takes or takes[label].kind in ("events", "event_clock", "table"):
            names = ", ".join(entry.label for entry in program.inputs if entry.kind in ("param", "state", "clock"))
            raise InputError(f"The program has no param, state or clock {label!r}; it has {names}")
    for label, entry in takes.items():
        if entry.kind == "param" and label not in values:
            raise InputError(f"The param {label!r} ({entry.type}{f', in {entry.dim}' if entry.dim else ''}) is missing")
        if entry.kind == "param":
            _check_param(entry, values[label])


def _state_array(
    size: SSAValue | None, entry: Input, value: Any, size_of: Callable[[SSAValue], int]
) -> npt.NDArray[Any]:
    array = allocate(1 if size is None else size_of(size), DTYPES[entry.type])
    if value is None:
        return array
    given = np.asarray(value)
    if given.ndim > 1 or (given.ndim == 1 and given.shape != array.shape):
        raise InputError(
            f"The state {entry.label!r} has {array.size} elements, the value given for it has shape {given.shape}"
        )
    array[...] = given
    return array


def _table(sink: Operation, entry: Input, size_of: Callable[[SSAValue], int]) -> Table:
    """Returns the table of a sink; how wide its rows are and how many an instant adds is said by what records to it."""
    from ranvier.ir.recording import RecordEventsOp, RecordOp, RecordRateOp

    types = entry.type.split(", ") if entry.type else []
    names = ["t", *(f"x{k}" for k in range(1, len(types)))][: len(types)]
    width: int | None = None
    rows = 0
    for op in (use.operation for use in sink.results[0].uses):
        match op:
            case RecordOp():
                width, rows = size_of(op.size), rows + 1
                names[1:] = _names_of_columns(op, len(types) - 1)
            case RecordEventsOp():
                rows += max(size_of(op.stop) - size_of(op.start), 0)
                names[1:] = ["i", *_names_of_columns(op, len(types) - 2)][: len(types) - 1] if types else []
            case RecordRateOp():
                names[1:], rows = ["rate"], rows + (1 if op.instances is None else size_of(op.instances))
            case _:
                pass
    columns = [
        Column(name, np.dtype(DTYPES[type]), width if k else None, "" if k else "s")
        for k, (name, type) in enumerate(zip(names, types, strict=True))
    ]
    table = Table(columns, name=entry.label)
    table.reserve(rows)
    return table


def _names_of_columns(op: Operation, count: int) -> list[str]:
    """Returns the names of the values that a recording yields, if they have different ones."""
    block = op.regions[0].block
    last = block.last_op
    hints = [] if last is None else [value.name_hint for value in last.operands]
    names = [hint for hint in hints if hint and hint not in ("t", "i")]
    return names if len(set(names)) == count else [f"x{k}" for k in range(1, count + 1)]
