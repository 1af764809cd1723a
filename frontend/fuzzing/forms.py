"""The forms in which a random program is compiled: loops, for several threads, kernels on the CPU, from text again."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from xdsl.dialects.builtin import ModuleOp

from ranvier.codegen import CodegenOptions
from ranvier.codegen.cache import ProgramCache
from ranvier.fuzzing.calls import Calls, ForMachineCode
from ranvier.fuzzing.choices import Choices
from ranvier.ir.diagnostics import parse_module
from ranvier.passes.default_pipeline import CONTRACTING
from ranvier.passes.facts.program_checks import check_programs
from ranvier.passes.lower.abi import program_of
from ranvier.passes.lower.input_table import input_table
from ranvier.passes.pipeline import lower, run_pipeline
from ranvier.pipeline.options import PARTITION, Options
from ranvier.pipeline.stage_table import Loops, module_text, native_program
from ranvier.runtime.simulation import CALLBACK_ADDRESS
from ranvier.runtime.team import dividing_all_work
from ranvier.text.program import TextProgram
from ranvier.text.run import TextRun, named_inputs

MODES = ("off", "contract", "fast")
"""How products and sums may be rounded in compiled code."""

LEVELS = (0, 0, 0, 0, 0, 0, 1, 1, 2, 3)
"""LLVM's levels of optimisation: most are not optimised, which takes a sixth of the time of level 2, that of users."""


@dataclass(frozen=True)
class Form:
    """How a program is compiled and run.

    Attributes:
        mode: One of `MODES`.
        level: LLVM's level of optimisation.
        threads: 1, or more by the pass `partition`.
        block: The threads of a block of kernels, which are emulated; 0: loops of the CPU.
        order: In which order blocks and threads run.
        text: "graph" or "loops": this stage is written and read again; "": none is.
    """

    mode: str = "contract"
    level: int = 1
    threads: int = 1
    block: int = 0
    order: int = 0
    text: str = ""

    def run(
        self, module: ModuleOp, names: Sequence[str], values: Mapping[str, Any], seconds: float, calls: Calls = ()
    ) -> TextRun:
        """Runs a program.

        Args:
            module: The graph after its passes, which stays as it is.
            names: The names of the passes that it has gone through.
            values: Its inputs.
            seconds: How long it runs.
            calls: What the functions of Python get that it calls.
        """
        module = module.clone()
        if self.threads > 1 and PARTITION not in names:
            run_pipeline(module, PARTITION)
        functions = ForMachineCode(calls)
        run = functions.run = self._started(module, CONTRACTING in names, values, functions)
        with dividing_all_work():
            run.advance(seconds)
        return run

    def _started(
        self, module: ModuleOp, contracted: bool, values: Mapping[str, Any], functions: ForMachineCode
    ) -> TextRun:
        if self.text == "graph":
            module = parse_module(str(module), "<after the passes>", check=check_programs)
        target = "emulated" if self.block else "cpu"
        code = CodegenOptions(fast_math=cast("Any", self.mode), optimise=self.level)
        how = Options(pipeline="", codegen=code, contracted=contracted, target=target)
        how = replace(how, block=self.block or how.block, order=self.order)
        table = input_table(program_of(module))
        loops = Loops(*lower(module, how.lowering))
        if self.text == "loops":
            program = TextProgram(module_text(loops.module), pipeline="", options=how.code, cache=ProgramCache(None))
            return program.start(values, callbacks=functions, threads=self.threads)
        symbols = {"ranvier_call": CALLBACK_ADDRESS}
        native = native_program(f"fuzz {next(_numbers)}", lambda: loops, how, symbols, ProgramCache(None))
        return TextRun(native, table, named_inputs(table), values, functions, threads=self.threads)


_numbers = itertools.count()


def random_form(choices: Choices, *, exact: bool) -> Form:
    """Returns a random form.

    Args:
        choices: What is chosen.
        exact: Whether the program is the same however it is rounded.
    """
    mode = choices.pick(MODES, "mode") if exact else "off"
    level = LEVELS[choices.below(len(LEVELS), "level")]
    text = choices.pick(("", "graph", "loops"), "text") if choices.chance(0.12, "from text") else ""
    kind = choices.pick(("loops", "threads", "kernels"), "kind")
    if kind == "threads":
        return Form(mode, level, threads=2 + choices.below(2, "threads"), text=text)
    if kind == "kernels":
        return Form(mode, level, block=2 ** (1 + choices.below(6, "block")), order=choices.below(8, "order"), text=text)
    return Form(mode, level, text=text)


def left_behind(run: TextRun) -> dict[str, Any]:
    """Returns what a run left behind: arrays by what they are."""
    found: dict[str, Any] = {f"state {label!r}": array for label, array in run.states.items()}
    found |= {f"events {label!r}": array for label, array in run.events.items()}
    for label, table in run.tables.items():
        for k, column in enumerate(table.columns):
            found[f"column {k} of {label!r}"] = np.ravel(table.values(column.name))
    return found
