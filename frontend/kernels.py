"""Looking at what a GPU would do: `launch_plan(network.lower())`, `step_costs(network.lower())`.

Nothing here runs on a GPU. The plan is what the kernels say, the costs are counted from their PTX.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

from ranvier.codegen.ptx_counts import Counts, count_levels
from ranvier.passes.kernels import launch_plan as plans
from ranvier.passes.kernels.launch_plan import Launch, LaunchPlan
from ranvier.pipeline.stage_table import KERNELS, OPTIMISED, Loops, advance
from ranvier.stages.road import TABLE, Lowered

__all__ = ["StepCosts", "launch_plan", "step_costs"]


def launch_plan(program: Lowered) -> LaunchPlan:
    """Returns the kernels of a program in the order in which they run, their sizes, and which memory is where.

    Args:
        program: What `network.lower()` returns.
    """
    upto = [stage.name for stage in TABLE].index(OPTIMISED.name) + 1
    made: Loops = advance(program.plan, (*TABLE[:upto], KERNELS), program.options.on_device)
    return plans.launch_plan(made.module, made.slots)


@dataclass(frozen=True)
class StepCosts:
    """What each kernel of a step does, in one thread; as text it is a table.

    Attributes:
        levels: The launches of a step, and what is counted outside of loops, within one loop, within two, and so on.
    """

    levels: Sequence[tuple[Launch, Sequence[Counts]]]

    @property
    def rows(self) -> Sequence[tuple[Launch, Counts]]:
        """The launches of a step, and what is counted in all: the body of a loop counts once."""
        return [(one, sum(levels, Counts())) for one, levels in self.levels]

    def __str__(self) -> str:
        """Returns the table."""
        names = [field.name for field in fields(Counts)]
        lines = [("kernel", "blocks", "threads", *names)]
        lines += [
            (one.kernel, one.blocks, str(one.threads), *(str(getattr(counts, name)) for name in names))
            for one, counts in self.rows
        ]
        return plans.table(lines)


def step_costs(program: Lowered) -> StepCosts:
    """Returns the instructions of the kernels of a step, counted from their PTX.

    Args:
        program: What `network.lower()` returns.
    """
    counts = count_levels(program.as_text("ptx"))
    return StepCosts([(one, counts[one.kernel]) for one in launch_plan(program).launches if one.in_step])
