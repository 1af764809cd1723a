"""How many threads a run gets, and why: the preference `codegen.threads`, or what pays."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ranvier.codegen.backends import OWN, backend_of
from ranvier.codegen.target import has_threads
from ranvier.ir.team import MOST_THREADS
from ranvier.pipeline.options import PARTITION, joined
from ranvier.plan.plan import Plan
from ranvier.plan.work import work_of
from ranvier.session.preferences import prefs
from ranvier.stages.road import Options

AUTO = "auto"
"""The value of the preference that lets the work decide."""

WORTH = 12e3
"""Nanoseconds of work in a step that a thread is worth. Less, and waiting for each other takes what it gains: letting
threads begin and waiting for them takes a microsecond, and steps do so once or twice. The estimate is up to three times
what a step takes; measured with two threads, networks from 24 us on took 0.7 to 0.8 of the time of one."""

WORTH_SELDOM = 6e3
"""The same where threads meet once in many steps, which share what meeting adds. Measured: steps of 12 us took 0.88 of
the time of one thread, steps of 19 us 0.70."""

WORTH_BETWEEN_CALLS = 200e3
"""The same where Python is called in the step: the threads have fallen asleep meanwhile."""

MOST_BY_ITSELF = 16
"""The most threads that the work decides for: memory is shared by all."""


MANY = 50_000
"""So many synapses are work for two threads, where each is looked at in a step."""


@dataclass(frozen=True)
class Threads:
    """How many threads a run has.

    Attributes:
        number: The number.
        reason: Why.
    """

    number: int
    reason: str

    def __str__(self) -> str:
        return f"{self.number} thread{'s' * (self.number > 1)}: {self.reason}"

    def options(self, options: Options) -> Options:
        """Returns options by which a program is compiled that can have so many."""
        if self.number == 1 or _divides(options):
            return options
        return replace(options, pipeline=joined(options.pipeline, PARTITION))


def _divides(options: Options) -> bool:
    return PARTITION in options.passes


def threads_for(plan: Plan, values: Sequence[object], options: Options, *, profile: bool = False) -> Threads:
    """Returns how many threads a run gets.

    Args:
        plan: The plan of the run.
        values: What its inputs stand for.
        options: How it is compiled.
        profile: Whether the time of each object is measured.
    """
    if options.target != "cpu":
        return Threads(1, f"the target {options.target!r} has threads of its own")
    if options.backend != OWN and not backend_of(options.backend).divides:
        return Threads(1, f"the back end {options.backend!r} makes programs for one thread")
    if not has_threads():
        return Threads(1, "several threads need Linux on a processor of the families x86-64, ARM64 or RISC-V")
    if profile:
        return Threads(1, "the time that each object takes is measured")
    wanted = asked_for()
    if wanted is not None:
        return wanted
    available, limit = _available()
    if available == 1:
        return Threads(1, limit)
    work = work_of(plan)
    together = work.steps_together(values)
    worth = WORTH_BETWEEN_CALLS if work.calls else WORTH_SELDOM + (WORTH - WORTH_SELDOM) / together
    time = work.nanoseconds(values)
    number = max(min(available, MOST_BY_ITSELF, int(time / worth)), 1)
    about = f"a step has about {time / 1e3:.3g} us of work that can be divided"
    when = " between calls of Python" if work.calls else f" where threads meet once in {together} steps"
    why = f"{about}, a thread is worth {worth / 1e3:.3g} us{when if work.calls or together > 1 else ''}"
    return Threads(number, why if number < available else f"{why}; {limit}")


def asked_for() -> Threads | None:
    """Returns the number of threads that the preferences say, None if the work is to decide."""
    number = prefs["codegen.threads"]
    if number != AUTO:
        return Threads(int(number), "the preference codegen.threads")
    number = prefs["devices.cpp_standalone.openmp_threads"]
    if number <= 0:
        return None
    return Threads(min(int(number), MOST_THREADS), "the preference devices.cpp_standalone.openmp_threads")


def likely_threads(synapses: int) -> int:
    """Returns how many threads a run with some synapses is likely to have, before its program is known."""
    asked = asked_for()
    if not has_threads():
        return 1
    if asked is not None:
        return asked.number
    return min(_available()[0], MOST_BY_ITSELF) if synapses >= MANY else 1


def _available() -> tuple[int, str]:
    """Returns how many threads there may be without being asked for, and what limits them."""
    if threading.current_thread() is not threading.main_thread():
        return 1, "the network is run by a thread of the script"
    multiprocessing = sys.modules.get("multiprocessing.process")
    if multiprocessing is not None and multiprocessing.parent_process() is not None:
        return 1, "this is one of several processes"
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    given = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    if given.isdecimal() and 0 < int(given) < cores:
        return int(given), f"the environment variable OMP_NUM_THREADS is {given}"
    return cores, f"this process may use {cores} processor{'s' * (cores > 1)}"
