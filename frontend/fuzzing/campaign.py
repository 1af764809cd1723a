"""Many trials: random programs, pipelines and options, until something differs or enough have been done."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ranvier.fuzzing.programs import random_program
from ranvier.fuzzing.shrinking import failure, shrunk
from ranvier.fuzzing.trials import Reference, Trial, random_trial

PIPELINES = 5
"""Pipelines that each program is tried with."""


@dataclass(frozen=True)
class Finding:
    """A trial that failed.

    Attributes:
        trial: The trial.
        what: What went wrong.
        smallest: The smallest one that was found to fail in the same way.
        smallest_what: What goes wrong there.
    """

    trial: Trial
    what: str
    smallest: Trial
    smallest_what: str

    def __str__(self) -> str:
        small = self.smallest
        lines = [f"random program {self.trial.program.seed} with {self.trial.spec!r}: {self.what}"]
        lines += [f"smallest found: {small.program.lines} lines, pipeline {small.spec!r}: {self.smallest_what}"]
        return "\n".join([*lines, f"as Python: {small!r}", small.program.text])


@dataclass
class Fuzzed:
    """What many trials have come to.

    Attributes:
        cases: Trials that were done.
        compiled: How many of these ran as machine code, too.
        findings: Those that failed.
    """

    cases: int = 0
    compiled: int = 0
    findings: list[Finding] = field(default_factory=list[Finding])


def fuzz(
    *,
    cases: int = 200,
    seed: int = 1,
    always: Sequence[str] = (),
    native: bool | None = None,
    exact: bool | None = None,
    seconds: float | None = None,
    shrink_seconds: float = 60.0,
    begun: Callable[[Trial], None] | None = None,
    found: Callable[[Finding], None] | None = None,
) -> Fuzzed:
    """Tries random programs with random pipelines; each means the same as without passes, or it is a finding.

    Args:
        cases: How many trials.
        seed: The first random program.
        always: Passes that each pipeline has, each as text: those that somebody wrote.
        native: Whether programs that cannot round are compiled, too, and not only interpreted; None: every fifth is.
        exact: Whether the programs are such that nothing rounds, see `ranvier.fuzzing.programs.RandomProgram`; False
            for passes that are to be tried with all operations; None: most are.
        seconds: End after so long.
        shrink_seconds: How long to make a finding smaller.
        begun: Called with each trial before it is done.
        found: Called with each finding.
    """
    result, end = Fuzzed(), None if seconds is None else time.monotonic() + seconds
    while result.cases < cases:
        program = random_program(seed, exact=exact)
        reference = Reference(program)
        for number in range(min(PIPELINES, cases - result.cases)):
            if end is not None and time.monotonic() > end:
                return result
            trial = random_trial(program, number, always=always, native=native)
            if begun is not None:
                begun(trial)
            finding = _done(trial, reference, result, always, shrink_seconds)
            if finding is not None and found is not None:
                found(finding)
        seed += 1
    return result


def _done(trial: Trial, reference: Reference, result: Fuzzed, always: Sequence[str], seconds: float) -> Finding | None:
    """Does a trial and returns what it has found."""
    result.cases += 1
    result.compiled += trial.form is not None
    try:
        trial.run(reference)
    except Exception as error:  # whatever a pass or the compiler does is a finding
        what = f"{type(error).__name__}: {error}"
        small = shrunk(trial, seconds=seconds, always=always)
        result.findings.append(Finding(trial, what, small, failure(small)))
        return result.findings[-1]
    return None
