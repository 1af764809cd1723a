"""What an instant of a program begins with, and what it gives: plain arrays by label, whoever computes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import ModuleOp

from ranvier.ir.inputs import Input as Declared
from ranvier.ir.inputs import InputTable
from ranvier.ir.interpret import ClockInput
from ranvier.passes.lower.abi import program_of
from ranvier.passes.lower.input_table import input_table
from ranvier.pipeline.stage_table import loops_table
from ranvier.session.defaults import DEFAULT_DT
from ranvier.text.run import DTYPES, Input, InputError, checked_values, named_inputs

Array: TypeAlias = npt.NDArray[Any]
Row: TypeAlias = tuple[Array, ...]

INSTANCES = "instances"
"""The label of the param that `batch` adds: comparisons are of one instance."""


@dataclass
class Given:
    """What an instant begins with.

    Attributes:
        params: Numbers, by label.
        states: Arrays.
        events: The elements that had an event in the instant before.
        clocks: The clocks, each with the step that it is at.
    """

    params: dict[str, Any] = field(default_factory=dict[str, Any])
    states: dict[str, Array] = field(default_factory=dict[str, Array])
    events: dict[str, Array] = field(default_factory=dict[str, Array])
    clocks: dict[str, ClockInput] = field(default_factory=dict[str, ClockInput])

    def after(self, outcome: Outcome) -> Given:
        """Returns what the instant after another one begins with."""
        clocks = {label: replace(clock, n=outcome.steps[label]) for label, clock in self.clocks.items()}
        return Given(self.params, {**self.states, **outcome.states}, {**self.events, **outcome.events}, clocks)

    def copy(self) -> Given:
        """Returns the same in memory of its own."""
        return Given(
            dict(self.params),
            {label: array.copy() for label, array in self.states.items()},
            {label: array.copy() for label, array in self.events.items()},
            {label: replace(clock) for label, clock in self.clocks.items()},
        )


@dataclass(frozen=True)
class Outcome:
    """What an instant gives.

    Attributes:
        states: The arrays after it, by label.
        events: The elements that had an event in it.
        steps: The next step of each clock.
        rows: What it recorded, by table: for each row an array for each column.
        time: When it was, in seconds.
    """

    states: dict[str, Array]
    events: dict[str, Array]
    steps: dict[str, int]
    rows: dict[str, list[Row]]
    time: float


def table_of(module: ModuleOp) -> InputTable:
    """Returns the inputs of a program, lowered or not.

    Raises:
        VerifyException: There is not one program.
        ValueError: It is lowered, but does not say its inputs.
    """
    lowered = loops_table(module)
    return input_table(program_of(module)) if lowered is None else lowered


def entries_of(table: InputTable) -> list[tuple[Declared, Input]]:
    """Returns the inputs of a program, each with its name."""
    return list(zip(table.inputs, named_inputs(table), strict=True))


def given_of(module: ModuleOp, values: Mapping[str, Any], *, dt: float = DEFAULT_DT, seconds: float = np.inf) -> Given:
    """Returns what a run begins with at time 0.

    Args:
        module: The program.
        values: By label, what `TextProgram.start` takes.
        dt: The step of clocks that have none in `values`.
        seconds: How long the run is.

    Raises:
        InputError: A value is missing, has no place, or does not fit.
    """
    table = table_of(module)
    inputs = named_inputs(table)
    params, states = checked_values(table, inputs, values)
    found = Given(params, states)
    for declared, entry in entries_of(table):
        if entry.kind == "clock":
            step, now = _clock(values.get(entry.label, dt), entry.label)
            if not 0 < step < np.inf:
                raise InputError(f"The step of {entry.label!r} is a positive number of seconds, not {step}")
            found.clocks[entry.label] = ClockInput(now, now + _steps(seconds / step), step)
        elif entry.kind == "event_clock":
            times = states[inputs[declared.times].label]
            _, now = _clock(values.get(entry.label, np.inf), entry.label)
            found.clocks[entry.label] = ClockInput(now, int(np.searchsorted(times[:-1], seconds)), times=times)
        elif entry.kind == "events":
            found.events[entry.label] = np.array(values.get(entry.label, ()), np.int32)
    return found


def _clock(value: Any, label: str) -> tuple[float, int]:
    """Returns the step of a clock and the number of the next one, as dumps have both, or numbers only the first."""
    numbers = np.asarray(value, dtype=np.float64).ravel()
    if not 1 <= numbers.size <= 3:
        raise InputError(f"The clock {label!r} takes its step, the number of the next step, and that of the last one")
    return float(numbers[0]), int(numbers[1]) if numbers.size > 1 else 0


MOST_STEPS = 2**40
"""As good as without an end."""


def _steps(number: float) -> int:
    return round(min(number, MOST_STEPS))


def value_for(declared: Declared, entry: Input, given: Given) -> Any:
    """Returns the number or the array that an input stands for, also where a pass has made another input of it.

    A program of several instances gets one, whose own params are arrays of one element.

    Raises:
        InputError: Nothing is given for it.
    """
    label, number = entry.label, given.params.get(entry.label)
    match entry.kind:
        case "threads":
            return 1
        case "param" if number is None and label == INSTANCES:
            return 1
        case "param" if number is not None:
            return number
        case "state" if label in given.states:
            return given.states[label]
        case "state" if number is not None:
            return np.full(1, number, DTYPES[declared.type])
        case "events" if label in given.events:
            return given.events[label]
        case "clock" | "event_clock" if label in given.clocks:
            return given.clocks[label]
        case _:
            raise InputError(f"Nothing is given for the {entry.kind} {label!r}")


def of_kind(entries: Sequence[tuple[Declared, Input]], *kinds: str) -> Iterator[tuple[Declared, Input]]:
    """Yields the inputs of some kinds, in order."""
    return (pair for pair in entries if pair[1].kind in kinds)
