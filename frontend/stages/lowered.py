"""The stages of a network's program as a table, and a program with all of them, to look at.

What is imported inside functions here is needed only to look.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ranvier.pipeline.debugging import with_debug_info
from ranvier.pipeline.dumps import alike_key, dump_key
from ranvier.pipeline.edited_stages import OVERRIDE_VARIABLE, EditedStage, edited_stage, with_edited
from ranvier.pipeline.options import Options
from ranvier.pipeline.stage_table import (
    AMDGCN,
    DEVICE,
    FROM_GRAPH,
    KERNELS,
    LOOPS,
    OPTIMISED,
    Loops,
    Stage,
    advance,
    device_stages,
    module_text,
)
from ranvier.pipeline.stage_views import StageViews
from ranvier.plan.plan import Plan

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp


def build_snn(plan: Plan, options: Options | None = None) -> ModuleOp:
    """Returns the `snn` graph of a plan, whatever the options."""
    from ranvier.graph.build import build_module

    return build_module(plan)


def _given(plan: Plan, options: Options) -> Plan:
    """Returns the first stage, which `make_plan` has made together with the arguments of a run."""
    return plan


GRAPH = "snn"
"""The stage that the passes begin with."""

TABLE: tuple[Stage[Any, Any], ...] = (
    Stage("plan", "txt", "What the compiled code depends on, and nothing else.", _given, Plan.as_text),
    Stage(GRAPH, "mlir", "Dataflow in value semantics: states are SSA arrays.", build_snn, module_text),
    *FROM_GRAPH,
)
"""All stages of a network's program, in order; see `ranvier.pipeline.stage_table`."""

ACTIONS = "actions"
"""What the objects of a network ask for, before and after each rewrite: a text only, there is nothing to edit."""

STAGES = (ACTIONS, *(stage.name for stage in (*TABLE, *DEVICE, AMDGCN)))
"""The names of the stages that can be looked at, in order."""


def row_of(stage: str) -> int:
    """Returns the number of a stage in the table."""
    return STAGES.index(stage) - 1


def chosen_edit(plan: Plan, options: Options) -> EditedStage | None:
    """Returns the edited file that takes the place of a stage of a program, None if there is none."""
    if not os.environ.get(OVERRIDE_VARIABLE):
        return None
    return edited_stage(dump_key(plan, options), lambda: alike_key(plan, options))


class Lowered(StageViews):
    """A program with all its stages, to look at; each is made from the one before when it is first asked for.

    Args:
        plan: The plan.
        options: How to compile it.
        asked: Returns what the plan was made of as text, see `actions_text`.
        places: File and line at which each object was created, by its name.
        threads: How many threads a run has, and why; "" if that was not decided.

    Attributes:
        plan: The plan.
        options: How it is compiled.
        stages: The names of the stages.
        threads: How many threads a run has, and why.
    """

    stages = STAGES

    def __init__(
        self,
        plan: Plan,
        options: Options,
        asked: Callable[[], str] | None = None,
        places: Mapping[str, tuple[str, int]] | None = None,
        *,
        threads: str = "",
    ) -> None:
        self.plan = plan
        self.options = with_debug_info(options, plan)
        self.threads = threads
        self._asked = asked or plan.as_text
        self._places = places or {}
        self._texts: dict[str, str] = {}
        self._form: Any = plan
        self._made = 0
        self._modules: dict[str, ModuleOp] = {}
        self._table = with_edited(TABLE, chosen_edit(plan, options))

    def as_text(self, stage: str = "snn", *, locations: bool = False) -> str:
        """Returns a stage as text.

        Args:
            stage: One of `stages`: "actions", "plan", "snn", "optimised", "loops", "llvm", "llvm-optimised", "asm"; for
                GPUs "kernels", "nvvm", "ptx", and "amdgcn", which nothing here runs.
            locations: Whether each op of "snn", "optimised" or "loops" says which part of an equation it computes.

        Raises:
            ValueError: If there is no such stage, or it has no locations.
        """
        if locations:
            from ranvier.pipeline.explaining import located_text  # for those who look

            return located_text(self.plan, self.options, stage)
        if stage not in STAGES:
            raise ValueError(f"There is no stage {stage!r}; the stages are {', '.join(STAGES)}.")
        if stage == ACTIONS:
            self._texts.setdefault(ACTIONS, self._asked())
        elif stage not in self._texts and row_of(stage) >= len(TABLE):
            self._advance_on_device(stage)
        elif stage not in self._texts:
            self._advance(row_of(stage) + 1)
        return self._texts[stage]

    def kept_module(self, stage: str) -> ModuleOp:
        if stage not in self._modules:
            self._texts.pop(stage, None)
            self.as_text(stage)
        return self._modules[stage]

    def explain(self, file: str | None = None, line: int | None = None) -> str:
        """Returns the lines of the equations, each with the ops and the instructions that compute it.

        Args:
            file: Only the text of this name (an object, such as "cells_stateupdater"), or those of this group.
            line: Only this line.

        Raises:
            ValueError: If there is no such text or line.
        """
        from ranvier.pipeline.explaining import explain_plan  # for those who look

        return explain_plan(self.plan, self.options, file, line)

    @property
    def saved(self) -> Sequence[tuple[str, str]]:
        """The stages that `save` and dumps write, and the endings of their files."""
        stages = TABLE if self.options.target == "cpu" else (*TABLE, *DEVICE)
        return ((ACTIONS, "txt"), *((stage.name, stage.ending) for stage in stages))

    def _advance(self, end: int) -> None:
        try:
            self._form = advance(self._form, self._table[self._made : end], self.options, self._keep)
        except BaseException:
            self._form, self._made = self.plan, 0  # the stage that failed has used up the one before
            raise

    def _advance_on_device(self, end: str) -> None:
        """Makes the stages of a GPU, from the plan on: the stages of the CPU use up the optimised graph."""
        options = self.options.on_device
        form: Any = advance(self.plan, self._table[: row_of(OPTIMISED.name) + 1], options)
        for stage in device_stages(end):
            form = stage.make(form, options)
            self._texts[stage.name] = stage.show(form)
            if stage == KERNELS:
                self._modules[stage.name] = form.module.clone()

    def _keep(self, stage: str, form: Any, seconds: float) -> None:
        self._texts[stage] = self._table[self._made].show(form)
        self._made += 1
        if stage == GRAPH:
            from ranvier.graph.build import place_in_script

            place_in_script(form, self._places)
        if stage in (GRAPH, OPTIMISED.name, LOOPS.name):  # with the locations, which the text does not show
            self._modules[stage] = (form.module if isinstance(form, Loops) else form).clone()

    def __repr__(self) -> str:
        return f"<Lowered program of {len(self.plan.steps)} steps; stages: {', '.join(STAGES)}>"


__all__ = ["ACTIONS", "GRAPH", "STAGES", "TABLE", "Lowered", "build_snn", "chosen_edit", "row_of"]
