"""Plays what a network's program did again, from the text of one of its stages, and compares bit by bit."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from ranvier import stages
from ranvier.codegen.cache import ProgramCache
from ranvier.ir.recipes import inputs_of
from ranvier.ir.slots import Slot, SlotKind
from ranvier.objects.networks import network as networks
from ranvier.plan.plan import Plan
from ranvier.runtime import beginning
from ranvier.runtime.simulation import Simulation, request_stop
from ranvier.text.program import TextProgram, TextRun

FORMS = ("snn", "optimised", "loops", "llvm")
"""The stages that can be run from text."""

MOST_STEPS = 2000
"""So many steps of the fastest clock are compared."""

_TABLES = (SlotKind.SINK_ROWS, SlotKind.SINK_COLUMN)
_EVENTS = (SlotKind.EVENT_LIST, SlotKind.EVENT_COUNT)


def contents(values: list[Any], slots: tuple[Slot, ...]) -> dict[int, Any]:
    """Copies of the inputs that a program uses, by number."""
    used = {slot.input: slot.kind for slot in slots if slot.kind is not SlotKind.UNUSED}
    for slot in slots:
        if slot.recipe is not None:
            used.update({number: SlotKind.STATE for number in inputs_of(slot.recipe) if number not in used})
    numbers = (int, float, np.generic)
    found: dict[int, Any] = {k: value for k, value in enumerate(values) if isinstance(value, numbers)}  # sizes, too
    for number, kind in used.items():
        value = values[number] if number >= 0 else None
        if kind in _EVENTS:
            found[number] = value.indices[: int(value.count[0])].copy()
        elif kind in (SlotKind.CLOCK_STEPS, SlotKind.CLOCK_DT):
            found[number] = (int(value.control[0]), value.dt_)
        elif kind in _TABLES:
            found[number] = None
        elif number >= 0:
            found[number] = value.array.copy() if hasattr(value, "array") else value
    return found


def rows_of(table: Any) -> list[np.ndarray]:
    """The columns of a table, as far as they are in memory."""
    return [np.array(table.values(column.name)) for column in table.columns]


@dataclass
class Played:
    """What one program did.

    Attributes:
        plan: The plan of the program.
        before, after: The inputs that it uses.
        ends: The last step of each clock, by number.
        rows: How many rows each table had before.
        tables: What it recorded.
        calls: After each call of Python: its number, the inputs, and whether it asked for an end.
    """

    plan: Plan
    options: stages.Options
    before: dict[int, Any]
    ends: dict[int, int] = field(default_factory=dict)
    rows: dict[int, int] = field(default_factory=dict)
    after: dict[int, Any] = field(default_factory=dict)
    tables: dict[int, list[np.ndarray]] = field(default_factory=dict)
    calls: list[tuple[int, dict[int, Any], bool]] = field(default_factory=list)

    def text(self, form: str) -> str:
        return stages.Lowered(self.plan, self.options).as_text(form)

    def check(self, form: str, cache: ProgramCache) -> None:
        """Runs the text of a stage, and compares."""
        pipeline = self.options.passes if form == "snn" else None if form in ("loops", "llvm") else ""
        program = TextProgram(self.text(form), pipeline=pipeline, options=self.options.codegen, cache=cache)
        run = self._start(program)
        done = self._replay(run)
        done.advance(lambda: False)
        bound = run._bound
        for number, expected in contents(bound, program.native.slots).items():
            if number in self.after and self.after[number] is not None:
                same(self.after[number], expected, f"{form}: {program.inputs[number].label}")
        for number, columns in self.tables.items():
            for mine, other in zip(columns, rows_of(bound[number]), strict=True):
                same(mine, other, f"{form}: {program.inputs[number].label}")

    def _start(self, program: TextProgram) -> TextRun:
        values: dict[str, Any] = {}
        inputs = program.inputs
        before = {number: value for number, value in self.before.items() if number < len(inputs)}  # not that of threads
        for number, value in before.items():
            if number >= 0 and inputs[number].kind in ("param", "state"):
                values[inputs[number].label] = value
            elif number >= 0 and inputs[number].kind == "clock":
                values[inputs[number].label] = value[1]
        run = program.start(values)
        for number, value in before.items():
            if number < 0 or value is None:
                continue
            if inputs[number].kind == "events":
                run._bound[number].indices[: value.size] = value
                run._bound[number].count[0] = value.size
            elif inputs[number].kind in ("clock", "event_clock"):
                run._bound[number].control[:] = (value[0], self.ends[number])
        return run

    def _replay(self, run: TextRun) -> Simulation:
        calls = iter(self.calls)

        def call(number: int) -> None:
            called, state, stops = next(calls)
            assert called == number
            for k, value in state.items():
                if k < len(run._bound) and hasattr(run._bound[k], "array"):  # the last is the number of threads
                    run._bound[k].array[...] = value
            if stops:
                request_stop()

        most = max((number for number, _, _ in self.calls), default=-1)
        callbacks = [lambda number=number: call(number) for number in range(most + 1)]
        return Simulation(run._native, run._bound, callbacks)


def same(mine: Any, other: Any, what: str) -> None:
    mine, other = np.asarray(mine), np.asarray(other)
    assert mine.shape == other.shape and mine.dtype.kind.replace("u", "i") == other.dtype.kind.replace("u", "i"), what
    wider = np.result_type(mine, other)  # the ends of synapses have 16 bits in the front end, 32 in the program
    assert mine.astype(wider).tobytes() == other.astype(wider).tobytes(), f"{what}: {mine} {other}"


@contextmanager
def playing() -> Iterator[list[Played]]:
    """Notes what the first run of each program does, meanwhile."""
    found: list[Played] = []
    sources: dict[int, tuple[Plan, stages.Options, Any]] = {}
    compile_plan = stages.compile_plan

    def compiled(plan: Plan, options: Any = None, *more: Any) -> Any:
        options = options or stages.current_options()
        program = compile_plan(plan, options, *more)
        sources.setdefault(id(program), (plan, options, program))
        return program

    class Watched(Simulation):
        def advance(self, watch: Callable[[], bool]) -> bool:
            source = sources.pop(id(self.program), None)
            if source is not None:
                clocks = {slot.input: self.values[slot.input] for slot in self.program.slots
                          if slot.kind is SlotKind.CLOCK_STEPS}  # fmt: skip
                ends = {number: int(clock.control[1]) for number, clock in clocks.items()}
                played = self._played(source[0], source[1], clocks)
                found.append(played)
                finished = super().advance(watch)
                self._note(played)
                if not finished or self.control[0]:
                    return finished
                for number, clock in clocks.items():
                    clock.control[1] = ends[number]
            return super().advance(watch)

        def _played(self, plan: Plan, options: Any, clocks: dict[int, Any]) -> Played:
            played = Played(plan, options, contents(self.values, self.program.slots))
            dt = min((clock.dt_ for clock in clocks.values() if clock.dt_ > 0), default=math.inf)
            for number, clock in clocks.items():
                first, end = (int(each) for each in clock.control)
                if math.isfinite(clock.dt_) and clock.dt_ > 0:
                    end = min(end, max(first, math.ceil((first * clock.dt_ + MOST_STEPS * dt) / clock.dt_ - 1e-6)))
                clock.control[1] = played.ends[number] = end
            tables = {slot.input for slot in self.program.slots if slot.kind in _TABLES}
            played.rows = {number: int(self.values[number].rows) for number in tables}
            callbacks = self.callbacks

            def noting(number: int) -> Callable[[], None]:
                def call() -> None:
                    callbacks[number]()
                    used = contents(self.values, self.program.slots)
                    played.calls.append((number, used, bool(self.control[0])))

                return call

            self.callbacks = [noting(number) for number in range(len(callbacks))]
            return played

        def _note(self, played: Played) -> None:
            played.after = contents(self.values, self.program.slots)
            numbers = {slot.input for slot in self.program.slots if slot.kind in _TABLES}
            played.tables = {
                number: [column[played.rows[number] :] for column in rows_of(self.values[number])]
                for number in numbers
                if not self.values[number].is_streamed
            }

    with pytest.MonkeyPatch.context() as patch:
        for place in (stages, networks):
            patch.setattr(place, "compile_plan", compiled)
        patch.setattr(beginning, "Simulation", Watched)
        yield found
