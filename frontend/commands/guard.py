"""Passes under guard: `ranvier-opt` says of one that fails which it is, at which op, and writes a reproducer."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import VerifyException

from ranvier.commands.program_options import add_value_options, given_by
from ranvier.meaning.check import STEPS, CheckMeaning
from ranvier.meaning.faults import Fault, find_fault
from ranvier.meaning.given import Given
from ranvier.meaning.reproducer import Reproducer, reproducer_of
from ranvier.passes.errors import PassError

HOW = ("interpret", "native")
"""How programs are run to compare them."""


def add_guard_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `ranvier-opt` that look for faults of passes."""
    parser.add_argument(
        "--check-meaning",
        nargs="?",
        const=HOW[0],
        choices=HOW,
        help="run the program after each pass, by the interpreter or natively, and compare with the program before it; "
        "a pass may round as it says (`rounding`), all others must not change a bit",
    )
    add_value_options(parser)
    parser.add_argument(
        "--reproducer",
        "--mlir-pass-pipeline-crash-reproducer",
        metavar="FILE",
        help="where the reproducer of a pass that fails is written (a temporary file)",
    )
    parser.add_argument(
        "--run-reproducer", action="store_true", help="run the passes that the file says, with its inputs, as it says"
    )


class PassFailed(Exception):
    """A pass has failed; the message says which, how and where, and how to do it again."""


@dataclass
class Guard:
    """An observer that keeps what a pass began with, to say of one that fails what went wrong.

    Attributes:
        given: What the program begins with, if it is to be run.
        native: Whether natively.
        steps: How many instants are compared.
        file: Where the reproducer goes; None: a temporary file.
        load: Where the passes come from.
        always: Whether also passes that refuse an op, and say why, get a reproducer.
        again: Whether a reproducer is run: there is no need for another one.
    """

    given: Given | None = None
    native: bool = False
    steps: int = STEPS
    file: str | None = None
    load: tuple[str, ...] = ()
    always: bool = False
    again: bool = False
    _before: ModuleOp | None = None
    _running: ModulePass | None = None
    _passes: list[ModulePass] = field(default_factory=list[ModulePass])
    _input: ModuleOp | None = None

    def __call__(self, before: ModulePass | None, module: ModuleOp, after: ModulePass | None) -> None:
        """Keeps the module before the pass to come."""
        self._before, self._running = module.clone(), after
        if self._input is None:
            self._input = self._before
        if after is not None:
            self._passes.append(after)

    @contextmanager
    def watching(self, context: Context) -> Generator[None]:
        """Says of errors that passes raise meanwhile, and of modules that are not valid, which pass it was.

        Raises:
            PassFailed: A pass failed.
        """
        try:
            yield
        except Exception as error:  # a pass may raise anything, and what is not a pass's fault goes on
            fault = self._fault(error, context)
            if fault is None or (isinstance(error, PassError) and not self.always):
                raise
            raise PassFailed(self._message(fault)) from error

    def _fault(self, error: Exception, context: Context) -> Fault | None:
        if self._before is None or self._input is None:
            return None
        if self._running is not None:
            fault = find_fault(
                self._before, [self._running], self.given, steps=self.steps, native=self.native, context=context
            )
            if fault is not None:
                return replace(fault, position=len(self._passes), of=0)
        if isinstance(error, VerifyException):  # found at the end: some pass had left it so
            return find_fault(self._input, self._passes, context=context)
        return None

    def _message(self, fault: Fault) -> str:
        kept = reproducer_of(fault, native=self.native, load=self.load)
        path = self.file
        if path is None and self.again:
            return f"error: {fault}"
        if path is None:
            handle, path = tempfile.mkstemp(".mlir", f"ranvier-{fault.one.name}-")
            os.close(handle)
        try:
            kept.write(path)
        except OSError as error:
            return f"error: {fault}\n = note: the reproducer cannot be written: {error}"
        return (
            f"error: {fault}\n = note: ranvier-opt --run-reproducer {path} does it again"
            f"\n = hint: ranvier reduce {path} -o small.mlir makes the program smaller"
        )


def checks_of(options: argparse.Namespace, module: ModuleOp, kept: Reproducer) -> tuple[CheckMeaning | None, Guard]:
    """Returns the comparison that the options of `ranvier-opt` ask for, and the guard.

    Args:
        options: Those of `add_guard_options`.
        module: The program.
        kept: What its file says.

    Raises:
        InputError: A value is missing, has no place, or does not fit.
    """
    again = bool(options.run_reproducer)
    checks = options.check_meaning is not None or (again and kept.given is not None)
    native = options.check_meaning == "native" or (again and kept.native)
    steps = kept.steps if again else options.steps
    given = given_by(options, module, kept.given) if checks else None
    always = options.reproducer is not None
    guard = Guard(given, native, steps, options.reproducer, (*kept.load, *options.load), always, again)
    return None if given is None else CheckMeaning(given, steps, native), guard
