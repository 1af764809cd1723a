"""Two ways to compute one instant of a program: the interpreter, and native code."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from xdsl.dialects import gpu
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation

from ranvier.codegen import CodegenOptions, LoadedProgram
from ranvier.codegen.cache import ProgramCache
from ranvier.ir.interpret import ProgramInputs, Watch, interpret
from ranvier.ir.offers import BUILT_IN
from ranvier.ir.structure import ProgramOp
from ranvier.meaning.given import Array, Given, Outcome, Row, entries_of, of_kind, table_of, value_for
from ranvier.passes.lower.abi import used_slots
from ranvier.passes.pipeline import lower, run_pipeline
from ranvier.pipeline.options import Options
from ranvier.pipeline.stage_table import Loops, loops_table, native_program
from ranvier.runtime.simulation import CALLBACK_ADDRESS, Simulation
from ranvier.runtime.state import allocate
from ranvier.text.run import InputError, memory_of


class Runner(Protocol):
    """Computes instants of one program, each from what it is given."""

    native: bool
    """Whether it is native code, whose functions such as `exp` differ from the interpreter's in the last bits."""

    def step(self, given: Given) -> Outcome | None:
        """Returns what one instant gives, None if the run is at its end; what is given stays as it is."""
        ...


def runner_of(module: ModuleOp, *, native: bool = False) -> Runner | None:
    """Returns what computes a program; None if nothing can, such as loops with ops that a later pass is to lower.

    Kernels of a GPU run on the CPU, their threads in turns.

    Args:
        module: The program; it stays as it is.
        native: Compile it although it could be interpreted.
    """
    if any(isinstance(op, ProgramOp) for op in module.body.block.ops):
        if native and foreign_ops(module):
            return None
        return Compiled(module) if native else Interpreted(module)
    if loops_table(module) is None or foreign_ops(module):
        return None
    if any(isinstance(op, gpu.ModuleOp) for op in module.body.block.ops):
        module = module.clone()
        run_pipeline(module, EMULATION)
    return None if any(op.name.startswith("gpu.") for op in module.walk()) else Compiled(module)


def foreign_ops(module: ModuleOp) -> list[Operation]:
    """Returns the ops of dialects that are not Ranvier's."""
    return [op for op in module.walk() if op.dialect_name() not in BUILT_IN]


EMULATION = "emulate-kernels{order=1}"
"""The pass by which kernels run on the CPU, blocks and threads in an order that is not the usual one."""


class Interpreted:
    """A program as the interpreter computes it.

    Args:
        module: The program.
    """

    native = False

    def __init__(self, module: ModuleOp) -> None:
        self._module = module
        self._entries = entries_of(table_of(module))

    def step(self, given: Given, watch: Watch | None = None, instants: int = 1) -> Outcome | None:
        """Returns what one instant gives, None if the run is at its end.

        Args:
            given: What it begins with.
            watch: Told what each op gives.
            instants: 0: nothing is computed, only what is said of the arrays before the loop is looked at.

        Raises:
            InterpretError: The program does what it must not.
            InputError: An input is missing.
        """
        entries = self._entries

        def values(*kinds: str) -> list[Any]:
            return [value_for(*pair, given) for pair in of_kind(entries, *kinds)]

        clocks = [replace(clock) for clock in values("clock", "event_clock")]
        times = [clock.t for clock in given.clocks.values() if clock.n < clock.n_end]
        inputs = ProgramInputs(
            params=values("param", "threads"),
            states=[array.copy() for array in values("state")],
            events=[array.copy() for array in values("events")],
            clocks=clocks,
            sinks=[list[Any]() for _ in of_kind(entries, "table")],
            max_instants=instants,
        )
        before = [clock.n for clock in clocks]
        with np.errstate(all="ignore"):
            interpret(self._module, inputs, watch)
        if [clock.n for clock in clocks] == before:
            return None

        def by_label(arrays: Any, *kinds: str) -> dict[str, Any]:
            return {entry.label: one for (_, entry), one in zip(of_kind(entries, *kinds), arrays, strict=True)}

        return Outcome(
            {label: array for label, array in by_label(inputs.states, "state").items() if label in given.states},
            by_label(inputs.events, "events"),
            {label: clock.n for label, clock in by_label(clocks, "clock", "event_clock").items()},
            {label: [_as_row(row) for row in rows] for label, rows in by_label(inputs.sinks, "table").items()},
            min(times, default=0.0),
        )


def _as_row(row: Any) -> Row:
    return tuple(np.atleast_1d(np.asarray(value)) for value in row)


@dataclass(slots=True, eq=False, weakref_slot=True)
class _State:
    """An array as `Simulation` and recipes ask for it: anybody may change it."""

    array: Array
    population: object = None

    @property
    def readable(self) -> Array:
        """The elements."""
        return self.array

    @property
    def frozen(self) -> bool:
        """Whether nobody changes the elements."""
        return False


@dataclass(slots=True)
class _Clock:
    dt_: float
    control: Array


_numbers = itertools.count()


class Compiled:
    """A program as native code computes it, quickly compiled, each operation rounded as it is written.

    Args:
        module: The program, lowered or not; it stays as it is.

    Raises:
        VerifyException: It cannot be lowered.
        CodegenError: LLVM does not accept it.
    """

    native = True

    def __init__(self, module: ModuleOp) -> None:
        self._entries = entries_of(table_of(module))
        self._native = _compiled(module)
        is_graph = any(isinstance(op, ProgramOp) for op in module.body.block.ops)
        self._unchecked = Interpreted(module) if is_graph else None

    def step(self, given: Given) -> Outcome | None:
        """Returns what one instant gives, None if the run is at its end.

        Raises:
            InputError: An input is missing, or an array cannot be made of the states.
            InterpretError: An op says of its synapses what is not so.
        """
        if self._unchecked is not None:
            self._unchecked.step(given, instants=0)
            self._unchecked = None
        bound = {entry.label: self._bind(declared, entry, given) for declared, entry in self._entries}
        try:
            simulation = Simulation(self._native, list(bound.values()), [], first=1)
        except (ValueError, IndexError, KeyError, TypeError) as error:
            raise InputError(f"An array cannot be made from the states of the program: {error}") from error
        time = min((clock.t for clock in given.clocks.values() if clock.n < clock.n_end), default=0.0)
        simulation.advance(lambda: True)
        steps = {label: int(bound[label].control[0]) for label in given.clocks}
        if steps == {label: clock.n for label, clock in given.clocks.items()}:
            return None
        return Outcome(
            {label: bound[label].array for label in given.states},
            {label: bound[label].indices[: int(bound[label].count[0])] for label in given.events},
            steps,
            {entry.label: _rows(bound[entry.label]) for _, entry in of_kind(self._entries, "table")},
            time,
        )

    def _bind(self, declared: Any, entry: Any, given: Given) -> Any:
        if entry.kind == "table":
            return memory_of(declared, entry, [one for _, one in self._entries], self._sizes(given))
        value = value_for(declared, entry, given)
        match entry.kind:
            case "state":
                array = allocate(value.size, value.dtype)
                array[...] = value
                return _State(array)
            case "events":
                events = memory_of(declared, entry, [one for _, one in self._entries], self._sizes(given))
                events.indices[: len(value)] = value
                events.count[0] = len(value)
                return events
            case "clock" | "event_clock":
                control = np.array([value.n, value.n_end], np.int64)
                return _Clock(value.dt if entry.kind == "clock" else np.inf, control)
            case _:
                return value

    def _sizes(self, given: Given) -> dict[str, Any]:
        return {entry.label: value_for(declared, entry, given) for declared, entry in of_kind(self._entries, "param")}


def _compiled(module: ModuleOp) -> LoadedProgram:
    def build() -> Loops:
        clone = module.clone()
        table = loops_table(clone)
        return Loops(*lower(clone)) if table is None else Loops(clone, used_slots(clone, table.slots()))

    options = Options(pipeline="", codegen=CodegenOptions(fast_math="off", optimise=1))
    symbols = {"ranvier_call": CALLBACK_ADDRESS}
    return native_program(f"meaning {next(_numbers)}", build, options, symbols, ProgramCache(None))


def _rows(table: Any) -> list[Row]:
    if not table.columns:
        return []
    columns = [table.values(column.name) for column in table.columns]
    return [tuple(np.atleast_1d(column[k]) for column in columns) for k in range(table.rows)]


def course(
    runner: Runner, given: Given, steps: int, told: Callable[[Given, Outcome], None] | None = None
) -> list[tuple[Given, Outcome]]:
    """Returns the instants of a run, each with what it began with.

    Args:
        runner: Computes it.
        given: What it begins with.
        steps: The greatest number of instants.
        told: Called after each.
    """
    found: list[tuple[Given, Outcome]] = []
    for _ in range(steps):
        outcome = runner.step(given)
        if outcome is None:
            break
        found.append((given, outcome))
        if told is not None:
            told(given, outcome)
        given = given.after(outcome)
    return found
