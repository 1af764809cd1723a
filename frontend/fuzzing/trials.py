"""One trial: a program means the same with and without passes, interpreted and compiled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from ranvier.codegen import CodegenOptions
from ranvier.codegen.cache import ProgramCache
from ranvier.fuzzing.choices import Choices
from ranvier.fuzzing.pipelines import random_pipeline
from ranvier.fuzzing.programs import DT, SLOW, RandomProgram
from ranvier.ir.diagnostics import parse_module
from ranvier.ir.interpret import ClockInput, ProgramInputs, interpret
from ranvier.passes.facts.program_checks import check_programs
from ranvier.passes.lower.abi import program_of
from ranvier.passes.lower.input_table import input_table
from ranvier.passes.pipeline import run_pipeline
from ranvier.text_program import TextProgram

Outcome = Mapping[str, Any]
"""What a program left behind: arrays by what they are."""


class Differs(AssertionError):
    """A program does not mean the same with passes."""


class Reference:
    """A program, and what it leaves behind without passes.

    Attributes:
        program: The program.
    """

    def __init__(self, program: RandomProgram) -> None:
        self.program = program

    @cached_property
    def module(self) -> ModuleOp:
        """The program as IR."""

        return parse_module(self.program.text, "<random program>", check=check_programs)

    @cached_property
    def outcome(self) -> Outcome:
        """What the program leaves behind, as the interpreter has it."""
        return interpreted(self.module, self.program)


@dataclass(frozen=True)
class Trial:
    """A program, a pipeline, and how it is run.

    Attributes:
        program: The program.
        pipeline: The passes, each as text.
        native: How products and sums may be rounded in compiled code: "off", "contract" or "fast"; "": the program is
            interpreted only.
        verify_each: Whether the graph is checked after each pass, and not only at the end.
    """

    program: RandomProgram
    pipeline: tuple[str, ...]
    native: str = ""
    verify_each: bool = False

    @property
    def spec(self) -> str:
        """The pipeline as text."""
        return ",".join(self.pipeline)

    def run(self, reference: Reference | None = None) -> None:
        """Compares the program with passes and without.

        Args:
            reference: What the program leaves behind without passes, if that is known.

        Raises:
            Differs: It does not mean the same.
            Exception: What a pass, the interpreter or the compiler raises.
        """

        reference = reference or Reference(self.program)
        module = reference.module.clone()
        run_pipeline(module, self.spec, verify=self.verify_each)
        if not self.verify_each:  # several times as fast
            module.verify()
            check_programs(module)
        compare(interpreted(module, self.program), reference.outcome, "interpreted")
        if self.native:
            compare(self._compiled(), reference.outcome, f"compiled with fast_math={self.native!r}")

    def _compiled(self) -> Outcome:

        program = TextProgram(
            self.program.text,
            pipeline=self.spec,
            options=CodegenOptions(fast_math=cast("Any", self.native)),
            cache=ProgramCache(None),
        )
        run = program.start(self.program.values())
        run.advance(self.program.seconds)
        found: dict[str, Any] = {f"state {label!r}": array for label, array in run.states.items()}
        found |= {f"events {label!r}": array for label, array in run.events.items()}
        for label, table in run.tables.items():
            for k, column in enumerate(table.columns):
                found[f"column {k} of {label!r}"] = np.ravel(table.values(column.name))
        return found


def interpreted(module: ModuleOp, program: RandomProgram) -> Outcome:
    """Returns what a program leaves behind, as the interpreter has it."""

    values = program.values()
    table = _inputs(module)
    steps = {"clk": (program.steps, DT), "slow": (-(-program.steps // SLOW), SLOW * DT)}
    given = ProgramInputs(
        params={label: values[label] for kind, label, _ in table if kind == "param"},
        states={label: np.array(values[label], TYPES[type], ndmin=1) for kind, label, type in table if kind == "state"},
        events={label: np.zeros(0, np.int32) for kind, label, _ in table if kind == "events"},
        clocks={label: ClockInput(0, *steps[label]) for kind, label, _ in table if kind == "clock"},
        sinks={label: [] for kind, label, _ in table if kind == "table"},
    )
    with np.errstate(all="ignore"):
        interpret(module, given)
    found: dict[str, Any] = {f"state {label!r}": array for label, array in cast("Any", given.states).items()}
    found |= {f"events {label!r}": array for label, array in cast("Any", given.events).items()}
    for _, label, types in (each for each in table if each[0] == "table"):
        rows = cast("Any", given.sinks)[label]
        for k, type in enumerate(types.split(", ")):
            values_ = [np.atleast_1d(row[k]) for row in rows]
            found[f"column {k} of {label!r}"] = np.concatenate([np.zeros(0, TYPES[type]), *values_])
    return found


TYPES = {"f64": "f8", "i64": "i8", "index": "i8", "i32": "i4", "i1": "?"}
"""Element types in the IR and in numpy."""


def _inputs(module: ModuleOp) -> Sequence[tuple[str, str, str]]:
    """Returns kinds, labels and types of the inputs."""

    inputs = input_table(program_of(module), needs=False).inputs
    return [(one.kind, one.label, ", ".join(one.columns) or one.type) for one in inputs]


def compare(found: Outcome, expected: Outcome, how: str) -> None:
    """Compares what two runs left behind, to the bit; all that is no number is the same.

    Raises:
        Differs: They are not the same.
    """
    if found.keys() != expected.keys():
        raise Differs(f"{how}: there are {sorted(found)} instead of {sorted(expected)}")
    for what, wanted in expected.items():
        has = found[what]
        if has.shape != wanted.shape:
            raise Differs(f"{how}: {what} has {has.size} values instead of {wanted.size}")
        same = (has == wanted) | ((has != has) & (wanted != wanted))
        if not same.all():
            place = int(np.flatnonzero(~same)[0])
            raise Differs(
                f"{how}: {what} differs at {int((~same).sum())} of {same.size} places, first at {place}: "
                f"{has[place]!r} instead of {wanted[place]!r}"
            )


def random_trial(
    program: RandomProgram, number: int, *, always: Sequence[str] = (), native: bool | None = None
) -> Trial:
    """Returns a trial of a program.

    Args:
        program: The program.
        number: Another number is another pipeline.
        always: Passes that each pipeline has.
        native: Whether the program is compiled, too; None: one of five trials of exact programs.
    """
    choices = Choices(program.seed, "pipeline", number)
    pipeline = random_pipeline(choices, exact=program.exact, always=always)
    compiled = program.exact and choices.chance(0.2, "native") if native is None else native
    modes = ("off", "contract", "fast") if program.exact else ("off",)
    return Trial(program, pipeline, choices.pick(modes, "mode") if compiled else "")
