"""Does what each program of a script begins with again, with several numbers of threads, and compares bit by bit."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from ranvier import stages
from ranvier.objects.networks import network as networks
from ranvier.objects.networks.sweeps import batched, network_sweep
from ranvier.objects.networks.sweeps.forms import form_of
from ranvier.objects.networks.sweeps.network_work import NetworkWork
from ranvier.plan.plan import Plan
from ranvier.runtime import beginning
from ranvier.runtime.recorder import Table
from ranvier.runtime.simulation import Simulation
from ranvier.runtime.team import dividing_all_work
from ranvier.runtime.turns import plain_inputs
from ranvier.stages.threads import Threads

NUMBERS = (1, 2, 3, 8)
"""The numbers of threads."""

MOST_STEPS = 150
"""So many steps of the fastest clock are done again."""

MOST_PROGRAMS = 3
"""So many programs of a script are compared; then it ends."""


class Enough(BaseException):
    """Ends a script: what it computes has been compared."""


@dataclass
class Compared:
    """What was compared.

    Attributes:
        seconds: After so many seconds the script ends, if a program had work for several threads.
        programs: How many programs.
        steps: How many steps of them, each with all numbers of threads.
        divided: How many programs had work for several threads.
    """

    seconds: float = 3.0
    programs: int = 0
    steps: int = 0
    divided: int = 0
    began: float = field(default_factory=time.monotonic)

    def again(self, plan: Plan, options: stages.Options, run: Simulation) -> None:
        """Does the beginning of a run again with each number of threads."""
        found = [self._done(plan, options, run, number) for number in NUMBERS]
        for number, other in zip(NUMBERS[1:], found[1:], strict=True):
            for label, value in found[0].items():
                assert other[label] == value, f"{label} differs with {number} threads"
        self.programs += 1

    def _done(self, plan: Plan, options: stages.Options, run: Simulation, number: int) -> dict[str, bytes]:
        program = stages.compile_plan(plan, Threads(number, "a test").options(options))
        values = _values_of_its_own(plan, run.values[: len(plan.inputs)])
        clocks = [value for value in values if getattr(value, "dt_", 0.0) > 0]
        dt = min((clock.dt_ for clock in clocks), default=0.0)
        for clock in clocks:
            first, end = (int(each) for each in clock.control)
            clock.control[1] = min(end, first + max(int(np.ceil(MOST_STEPS * dt / clock.dt_ - 1e-9)), 1))
            self.steps += int(clock.control[1]) - first if number == 1 else 0
        with dividing_all_work():
            other = Simulation(program, values, [lambda: None] * len(run.callbacks), threads=number)
            other.advance(lambda: False)
        self.divided += number == 2 and program.work is not None
        return dict(_contents(plan, values))


def _values_of_its_own(plan: Plan, values: Sequence[Any]) -> list[Any]:
    changed = {n for n, entry in enumerate(plan.inputs) if entry.changes}
    found = plain_inputs(values, changed)
    for number, value in enumerate(values):
        if isinstance(value, Table):
            found[number] = Table(value.columns, name=value.name)
            found[number].reserve(value.rows_per_instant)
    return found


def _contents(plan: Plan, values: Sequence[Any]) -> Iterator[tuple[str, bytes]]:
    for number, (entry, value) in enumerate(zip(plan.inputs, values, strict=True)):
        label = f"{number} {entry.label}"
        if isinstance(value, Table):
            for column in value.columns:
                yield f"{label}.{column.name}", np.array(value.values(column.name)).tobytes()
        elif hasattr(value, "indices"):
            yield label, value.indices[: value.count[0]].tobytes()
        elif hasattr(value, "control"):
            yield label, value.control.tobytes()
        elif entry.changes and hasattr(value, "array"):
            yield label, value.array.tobytes()


@contextmanager
def comparing() -> Iterator[Compared]:
    """Compares, meanwhile, what programs do; of a sweep, one set is run by itself."""
    compared = Compared()
    sources: dict[int, tuple[Plan, stages.Options, Any]] = {}
    seen: set[str] = set()
    compile_plan = stages.compile_plan

    def compiled(plan: Plan, options: stages.Options, *more: Any) -> Any:
        program = compile_plan(plan, options, *more)
        sources[id(program)] = plan, options, program
        return program

    class Watched(Simulation):
        def advance(self, watch: Callable[[], bool] = lambda: False) -> bool:
            plan, options, _ = sources.get(id(self.program), (None, None, None))
            if plan is not None and options is not None and options.target == "cpu" and plan.key not in seen:
                seen.add(plan.key)
                compared.again(plan, options, self)
            late = time.monotonic() - compared.began > compared.seconds
            if compared.programs >= MOST_PROGRAMS or (compared.divided and late):
                raise Enough
            return super().advance(watch)

    def formed(workers: object, work: Any, todo: Sequence[int], *more: Any) -> Any:
        if isinstance(work, NetworkWork):
            work.compute(work.typical)
        return form_of(workers, work, todo, *more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(networks, "compile_plan", compiled)
        patch.setattr(beginning, "Simulation", Watched)
        patch.setattr(network_sweep, "form_of", formed)
        patch.setattr(batched, "form_of", formed)
        yield compared
