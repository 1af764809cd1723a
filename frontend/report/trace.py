"""What a script compiles and runs, noted for the report that the environment variable `RANVIER_TRACE` names.

Nothing here is loaded unless that is set. Whatever goes wrong with a report is said in a warning; it never ends a run.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from ranvier.codegen import LoadedProgram
from ranvier.codegen.cache import default_cache
from ranvier.pipeline.options import Options
from ranvier.plan.plan import Plan
from ranvier.report import TRACE_VARIABLE, page, why
from ranvier.report.collect import collect
from ranvier.report.records import Program, SourceText
from ranvier.session.logger import get_logger

_OWNER = "RANVIER_TRACE_PROCESS"
"""Environment variable: the process whose script the report is of; those that it starts write none."""

_logger = get_logger("ranvier.report")

Compiled: TypeAlias = Callable[[LoadedProgram], None]
"""Takes in the program that was found or compiled."""


@dataclass(frozen=True)
class Context:
    """What is known of the network whose program is asked for next.

    Attributes:
        network: Its name.
        sources: Returns what the user wrote for its objects.
        sizes: The values of its sizes, by the labels of inputs.
    """

    network: str
    sources: Callable[[], Sequence[SourceText]]
    sizes: Mapping[str, float]


@dataclass
class Trace:
    """The programs of a script.

    Attributes:
        path: Where the report goes.
        programs: The programs, in the order in which they were first asked for.
        context: See there; None if nobody has said anything.
        works: Whether the report can be written.
    """

    path: Path
    programs: dict[tuple[str, str, str], Program] = field(default_factory=dict[tuple[str, str, str], Program])
    context: Context | None = None
    _earlier: list[why.Earlier] = field(default_factory=list[why.Earlier])
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _last: Program | None = None
    works: bool = True

    def asked_for(
        self, plan: Plan, options: Options, actions: Callable[[], str] | None, threads: str
    ) -> Compiled | None:
        """Notes that the program of a plan is asked for; returns what takes in where it came from.

        Args:
            plan: The plan.
            options: How it is compiled.
            actions: Returns what the plan was made of as text.
            threads: How many threads it has, and why.
        """
        if not self.works:
            return None
        with self._lock:
            context, self.context = self.context, None
            key = (plan.key, options.spec, f"{options.target} {options.code}")
            program = self.programs.get(key)
            if program is None:
                program = self.programs[key] = self._new(plan, options, actions, threads, context)
            if context is not None:
                program.sizes.update(context.sizes)
        before = default_cache().info()
        return lambda native: self._take(program, plan, options, native, before)

    def _new(
        self,
        plan: Plan,
        options: Options,
        actions: Callable[[], str] | None,
        threads: str,
        context: Context | None,
    ) -> Program:
        name = f"Program {len(self.programs) + 1}"
        program = Program(name=name, key=plan.key, spec=options.spec, target=options.target, threads=threads)
        if context is not None:
            program.network = context.network
        collect(program, plan, options, actions, () if context is None else context.sources())
        self.write()  # a run that is ended from outside leaves the report of what was compiled
        return program

    def _take(
        self, program: Program, plan: Plan, options: Options, native: LoadedProgram, before: why.CacheInfo
    ) -> None:
        cache = default_cache()
        with self._lock:
            found = why.outcome(before, cache.info(), options)
            self._last = program
            program.runs.append({"outcome": found})
            if len(program.runs) > 1:
                return
            reasons = why.reasons(found, plan, options, native, cache, self._earlier)
            program.cache = why.as_data(found, reasons, why.parts_of_key(plan, options))
            program.times = dict(native.timings)
            self._earlier.append(why.Earlier(program.name, plan.signature(), options.spec))
            self.write()

    def ran(self, network: str, simulated: float, seconds: float) -> None:
        """Notes that a network has run.

        Args:
            network: Its name.
            simulated: The time that was simulated, in seconds.
            seconds: How long that took.
        """
        with self._lock:
            if self._last is not None and self._last.runs:
                self._last.runs[-1].update(network=network, simulated=simulated, seconds=seconds)

    def write(self) -> None:
        """Writes the report as it is now; if that is not possible, it says so once and is not tried again."""
        if not self.works:
            return
        try:
            page.write(self.path, list(self.programs.values()), os.path.basename(sys.argv[0]) or "Python")
        except OSError as error:
            self.works = False
            _logger.warn(
                f"The report cannot be written to '{self.path}': {error.strerror or error}. The script runs "
                f"without it. The environment variable {TRACE_VARIABLE} names the file: change or unset it.",
                "trace",
            )


_traces: dict[str, Trace] = {}


def current() -> Trace | None:
    """Returns the trace that the environment asks for, which it begins when it is first asked for; None if none."""
    wanted = os.environ.get(TRACE_VARIABLE)
    if not wanted or os.environ.setdefault(_OWNER, str(os.getpid())) != str(os.getpid()):
        return None
    found = _traces.get(wanted)
    if found is None:
        found = _traces[wanted] = Trace(Path(wanted).expanduser().absolute())
        found.write()  # says before anything is run whether that is possible
        atexit.register(found.write)
    return found
