"""Programs of a few actions that run outside of networks, for what scripts ask for at once: large arrays of values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ranvier.actions.actions import Action
from ranvier.codegen import CodegenOptions
from ranvier.pipeline.options import Options
from ranvier.plan.steps import make_plan
from ranvier.runtime.beginning import simulation_of
from ranvier.runtime.simulation import Simulation
from ranvier.runtime.stand_ins import PlainClock
from ranvier.runtime.state import allocate
from ranvier.stages.road import current_options, native_of
from ranvier.stages.threads import Threads, threads_for

Array = npt.NDArray[Any]


@dataclass(eq=False)
class Steps(PlainClock):
    """A clock that counts, one second a step."""

    name: str = "steps"
    event_times: None = None

    @property
    def timestep(self) -> int:
        """The number of the step."""
        return int(self.control[0])

    @property
    def t_(self) -> float:
        """Its number as a time."""
        return float(self.control[0])


def new_steps() -> Steps:
    """Returns a clock that stands at step 0."""
    return Steps(allocate(2, np.int64, padding=2), 1.0)


def has_native_code() -> bool:
    """Tells whether programs run on this processor, and not on a GPU or what stands for one."""
    return current_options().target == "cpu"


def program_of(actions: Sequence[Action], clock: Steps, seed: Array, *, alone: bool = False) -> Simulation:
    """Returns what runs some actions, with as many threads as pay; each operation is rounded by itself.

    Args:
        actions: The actions.
        clock: Their clock.
        seed: What random numbers depend on, see `ranvier.session.randomness.new_seed`.
        alone: Whether it has one thread in any case.
    """
    plan, arguments = make_plan(actions, [clock])
    first, second = seed[:2]
    arguments.values[0] = int(first) << 32 | int(second)
    options = Options(codegen=CodegenOptions(fast_math="off"))  # the user's pipeline is for networks
    threads = Threads(1, "pieces are small") if alone else threads_for(plan, arguments.values, options)
    program = native_of(plan, threads.options(options))
    return simulation_of(program, arguments.values, arguments.callbacks, is_apart=True, threads=threads.number)


def run_to(simulation: Simulation, clock: Steps, end: int) -> None:
    """Runs to a step; what a program is bound to may have moved since the last time."""
    clock.control[1] = end
    simulation.bind()
    simulation.advance(lambda: False)
