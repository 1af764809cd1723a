"""`--check-meaning`: each pass must leave what the program computes as it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import VerifyException

from ranvier.codegen.errors import CodegenError
from ranvier.ir.interpret import InterpretError
from ranvier.ir.structure import ProgramOp
from ranvier.meaning.apart import Died, run_apart
from ranvier.meaning.differences import Difference, differences, listed
from ranvier.meaning.given import Given, Outcome
from ranvier.meaning.origin import ops_at_fault, ops_that_make
from ranvier.meaning.runners import course, foreign_ops, runner_of
from ranvier.passes.facts.rounding import WITHIN_ROUNDING, rounding_of
from ranvier.passes.observe import MeaningChanged
from ranvier.passes.pipeline import is_built_in, print_pass
from ranvier.text.run import InputError

STEPS = 100
"""How many instants are compared unless somebody asks for another number."""

FAILURES = (InterpretError, InputError, VerifyException, CodegenError, Died)
"""What a program raises that a pass has made impossible to run."""


class PassChangedMeaning(MeaningChanged):
    """A pass changed what a program computes.

    Attributes:
        one: The pass.
        found: What differs.
        within: By how much values might have differed.
    """

    def __init__(self, one: ModulePass, found: Sequence[Difference], within: float) -> None:
        """Takes the pass, what differs, and what was allowed."""
        self.one, self.found, self.within = one, list(found), within
        allowed = f"values may differ by {within:g} of the largest" if within else "no bit may differ"
        lines = [f"the pass {print_pass(one)} changed what the program computes ({allowed})", *listed(found)]
        super().__init__("\n".join(lines))


class PassBrokeProgram(MeaningChanged):
    """After a pass, the program cannot be run any more.

    Attributes:
        one: The pass.
    """

    def __init__(self, one: ModulePass, error: Exception) -> None:
        """Takes the pass and what the program raised."""
        self.one = one
        super().__init__(f"after the pass {print_pass(one)} the program cannot be run: {error}")


@dataclass
class Reference:
    """A run of a program that others are compared with, instant by instant.

    Each instant of the others begins with what that of this run began with: rounding adds up over no more than one
    instant, and a spike more or less has no consequences that would hide where it came from.

    Attributes:
        begun: What each instant began with.
        outcomes: What each gave.
        native: Whether native code has computed them.
        module: The program that gave them, a graph.
    """

    begun: list[Given]
    outcomes: list[Outcome]
    native: bool
    module: ModuleOp | None = None

    @staticmethod
    def of(module: ModuleOp, given: Given, *, steps: int = STEPS, native: bool = False) -> Reference:
        """Runs a program.

        Raises:
            InterpretError, InputError: It cannot be run.
        """
        runner = runner_of(module, native=native) or runner_of(module)  # what no native code can be made of yet
        if runner is None:
            raise InputError(_why_not(module))
        found = course(runner, given, steps)
        has_graph = any(isinstance(op, ProgramOp) for op in module.body.block.ops)
        kept = module.clone() if has_graph else None
        return Reference([start for start, _ in found], [end for _, end in found], runner.native, kept)

    def only(self, step: int) -> Reference:
        """Returns the run of one instant."""
        return Reference(self.begun[step : step + 1], self.outcomes[step : step + 1], self.native, self.module)

    def compare(
        self, module: ModuleOp, within: float, *, native: bool = False, first: bool = False, apart: bool = False
    ) -> tuple[list[Difference], Reference] | None:
        """Compares a program with this run; returns what differs, and the other's instants; None if it cannot run.

        Args:
            module: The other program.
            within: See `differences`.
            native: Compile it although it could be interpreted.
            first: Whether the first instant that differs is enough.
            apart: Run native code in a process of its own first, which it may end.

        Raises:
            InterpretError, InputError, VerifyException, CodegenError, Died: The other cannot be run.
        """
        runner = runner_of(module, native=native)
        if runner is None:
            return None
        if runner.native != self.native:
            within = max(within, WITHIN_ROUNDING)
        if apart and runner.native:
            run_apart(lambda: all(runner.step(given) for given in self.begun))
        outcomes: list[Outcome | None] = []
        for given, old in zip(self.begun, self.outcomes, strict=True):
            outcomes.append(runner.step(given))
            if first and differences([old], outcomes[-1:], within):
                break
        found = differences(self.outcomes[: len(outcomes)], outcomes, within)
        there = [one for one in outcomes if one is not None]
        return found, Reference(self.begun[: len(there)], there, runner.native, self.module)

    def with_ops(self, found: list[Difference], module: ModuleOp) -> list[Difference]:
        """Returns differences with the op of the other program that makes each of the first instant that differs."""
        if not found or self.module is None:
            return found
        first = found[0].step
        now = [one for one in found if one.step == first]
        try:
            if any(isinstance(op, ProgramOp) for op in module.body.block.ops):
                named = ops_at_fault(now, self.module, module, self.begun[first])
            else:  # it is lowered: what was lowered wrongly
                named = ops_that_make(now, self.module)
        except FAILURES:
            return found
        return [*named, *found[len(now) :]]


def _why_not(module: ModuleOp) -> str:
    """Returns why a module cannot be run."""
    foreign = foreign_ops(module)
    if foreign:
        return (
            f"Loops with {foreign[0].name} cannot be run, since a later pass is to lower it: begin with a graph, or "
            "with what that pass leaves"
        )
    return "Kernels of a GPU cannot be run here: begin with a graph, or with loops"


@dataclass
class CheckMeaning:
    """An observer of a pipeline: runs the program after each pass, and compares with the program before it.

    A pass whose `rounding` says so may change values by that much in an instant
    (`ranvier.passes.facts.rounding`), all others must not change a bit. What is lowered is run natively in any case.

    Attributes:
        given: What the run begins with.
        steps: How many instants are compared.
        native: Run native code instead of the interpreter.
        checked: The passes that were found to be right.
        skipped: Those whose results cannot be run.
        reference: The program before the next pass, as it ran.
    """

    given: Given
    steps: int = STEPS
    native: bool = False
    checked: list[str] = field(default_factory=list[str])
    skipped: list[str] = field(default_factory=list[str])
    reference: Reference | None = None
    _text: str = ""

    def __call__(self, before: ModulePass | None, module: ModuleOp, after: ModulePass | None) -> None:
        """Compares.

        Raises:
            PassChangedMeaning: Something differs.
            PassBrokeProgram: The program cannot be run any more.
            InterpretError, InputError: It cannot be run before any pass.
        """
        if self.reference is None:
            self.reference = Reference.of(module, self.given, steps=self.steps, native=self.native)
            self._text = str(module)
            return
        if before is None:
            return
        last, self._text = self._text, str(module)
        if last == self._text:  # it had nothing to do
            self.checked.append(before.name)
            return
        within = rounding_of(before)
        try:
            compared = self.reference.compare(module, within, native=self.native, apart=not is_built_in(before))
        except FAILURES as error:
            raise PassBrokeProgram(before, error) from error
        if compared is None:
            self.skipped.append(before.name)
            return
        found, now = compared
        if found:
            raise PassChangedMeaning(before, self.reference.with_ops(found, module), within)
        self.checked.append(before.name)
        self.reference = now
        if any(isinstance(op, ProgramOp) for op in module.body.block.ops):
            now.module = module.clone()
