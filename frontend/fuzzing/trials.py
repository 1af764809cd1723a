"""One trial: a program means the same with and without passes, interpreted and compiled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from ranvier.fuzzing.calls import for_the_interpreter
from ranvier.fuzzing.choices import Choices
from ranvier.fuzzing.forms import Form, left_behind, random_form
from ranvier.fuzzing.lanes import Lanes, SideBySide, random_lanes, runs_in_turns
from ranvier.fuzzing.natives import MEANINGS
from ranvier.fuzzing.pipelines import name_of, random_pipeline
from ranvier.fuzzing.programs import DT, SLOW, RandomProgram
from ranvier.ir.diagnostics import parse_module
from ranvier.ir.interpret import ClockInput, ProgramInputs, interpret
from ranvier.passes.default_pipeline import PREPARING
from ranvier.passes.errors import PassError
from ranvier.passes.facts.program_checks import check_programs
from ranvier.passes.lower.abi import program_of
from ranvier.passes.lower.input_table import input_table
from ranvier.passes.pipeline import run_pipeline
from ranvier.pipeline.options import PARTITION

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
        form: How the program is compiled; None: it is interpreted only.
        lanes: Instances that are computed side by side, too.
        verify_each: Whether the graph is checked after each pass, and not only at the end.
    """

    program: RandomProgram
    pipeline: tuple[str, ...]
    form: Form | None = None
    lanes: Lanes | None = None
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
        mine = interpreted(module, self.program)
        compare(mine, reference.outcome, "interpreted")
        if self.form is not None:
            values, seconds = self.program.values(), self.program.seconds
            run = self.form.run(module, [name_of(one) for one in self.pipeline], values, seconds, self.program.calls)
            compare(left_behind(run), reference.outcome, f"compiled as {self.form}")
        if self.lanes is not None:
            self._check_lanes(module, self.lanes, mine)

    def _check_lanes(self, module: ModuleOp, lanes: Lanes, first: Outcome) -> None:
        """Compares instances side by side with some alone; what cannot be put side by side is refused.

        Args:
            module: The graph after its passes.
            lanes: The instances.
            first: What the first one leaves behind alone.
        """
        each = [self.program.values(k) for k in range(lanes.count)]
        lanes = lanes.among(each[0])
        sets = lanes.values(each)
        several = module.clone()
        try:
            run_pipeline(several, lanes.spec)
        except PassError:
            return
        several.verify()
        if runs_in_turns(several):
            compare(interpreted(several, self.program), first, "interpreted, of instances in turns")
            return
        side = SideBySide(several, lanes.count)
        outcomes = [(interpreted(several, self.program, side.inputs(sets)), "interpreted side by side")]
        if self.form is not None:
            names = [name_of(one) for one in self.pipeline]
            run = Form("off", self.form.level).run(several, names, side.inputs(sets), self.program.seconds)
            outcomes.append((left_behind(run), "compiled side by side"))
        for k in lanes.looked_at:
            alone = side.alone(interpreted(module, self.program, sets[k]) if k and lanes.own else first)
            for outcome, how in outcomes:
                mine = side.instance(outcome, k)
                mine = {what: mine[what] for what in mine.keys() & alone.keys()}  # own numbers are arrays there
                compare(mine, alone, f"{how}, instance {k}")


def interpreted(module: ModuleOp, program: RandomProgram, values: Mapping[str, Any] | None = None) -> Outcome:
    """Returns what a program leaves behind, as the interpreter has it.

    Args:
        module: The program as IR.
        program: What it was.
        values: Its inputs; None: those of the program.
    """
    values = program.values() if values is None else values
    table = _inputs(module)
    steps = {
        "clk": ClockInput(0, program.steps, DT),
        "slow": ClockInput(0, -(-program.steps // SLOW), SLOW * DT),
    }
    if "ticks" in values:
        steps["evt"] = ClockInput(0, int(np.searchsorted(values["ticks"][:-1], program.seconds)))
    params = {label: values[label] for kind, label, _ in table if kind == "param"}
    given = ProgramInputs(
        params=params | {label: THREADS for kind, label, _ in table if kind == "threads"},
        states={label: np.array(values[label], TYPES[type], ndmin=1) for kind, label, type in table if kind == "state"},
        events={label: np.zeros(0, np.int32) for kind, label, _ in table if kind == "events"},
        clocks={label: steps[label] for kind, label, _ in table if kind == "clock"},
        sinks={label: [] for kind, label, _ in table if kind == "table"},
        callbacks=for_the_interpreter(program.calls),
        functions=MEANINGS,
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


THREADS = 3
"""Threads for which the interpreter computes a program that is divided."""

TYPES = {"f64": "f8", "f32": "f4", "i64": "i8", "index": "i8", "i32": "i4", "i1": "?"}
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
        native: Whether the program is compiled, too, if it is exact; None: one of five trials.
    """
    choices = Choices(program.seed, "pipeline", number)
    pipeline = random_pipeline(choices, exact=program.exact, always=always)
    compiled = choices.chance(0.2, "native") if native is None else native
    form = random_form(choices.at("form"), exact=program.exact) if compiled and not program.functions else None
    if form is not None and form.block:  # nothing is divided among threads of the CPU there
        pipeline = tuple(one for one in pipeline if one != PARTITION)
    lanes = random_lanes(choices.at("lanes")) if not always and choices.chance(0.15, "lanes") else None
    if lanes is not None:
        pipeline = tuple(one for one in pipeline if one not in (PARTITION, PREPARING))
    return Trial(program, pipeline, form, lanes)
