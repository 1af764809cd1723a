"""The pipeline on one page: actions → rewritten actions → plan → snn → optimised snn → loops → LLVM IR → native code.

| stage | made from the one before by |
|---|---|
| actions | a network's objects, then the rewrites that the pipeline begins with, `ranvier.actions.rewrites` |
| plan | `ranvier.plan.steps.make_plan` |
| snn | `ranvier.graph.build.build_module` |
| optimised | `ranvier.passes.pipeline.run_pipeline`, `Options.passes` |
| loops | `ranvier.passes.pipeline.lower` |
| llvm | `ranvier.codegen.llvm.emitter.emit_module` |
| llvm-optimised | `ranvier.codegen.compile.optimised_text` |
| asm | `ranvier.codegen.compile.assembly_text`; to run it, `ranvier.codegen.program_for` makes object code instead |

What is imported inside functions here is needed only to compile: a program that is in the cache imports none of it.
"""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ranvier.actions.actions import Action
from ranvier.actions.protocols import ActionClock
from ranvier.actions.rewrites.registry import rewritten
from ranvier.active_profiles import measured, note
from ranvier.codegen import CodegenOptions, LoadedProgram
from ranvier.debugging import with_debug_info
from ranvier.dumps import DUMP_VARIABLE, alike_key, program_key, write_dump
from ranvier.edited_stages import (
    OVERRIDE_VARIABLE,
    EditedStage,
    check_sizes,
    edited_stage,
    llvm_program,
    placed,
    table_of,
    with_edited,
)
from ranvier.gpus import check_device, tell_of_calls, wants_stand_in, why_no_device
from ranvier.pass_faults import explained
from ranvier.passes.own import load_passes
from ranvier.pipelines import Options, Passes
from ranvier.plan.plan import Plan
from ranvier.plan.planner import Arguments
from ranvier.plan.step_kinds import PropagateStep
from ranvier.report import TRACE_VARIABLE
from ranvier.session.logger import get_logger
from ranvier.session.preferences import prefs
from ranvier.session.program_cache import current_cache
from ranvier.session.targets import DeviceTarget
from ranvier.stage_table import (
    AMDGCN,
    DEVICE,
    FROM_GRAPH,
    KERNELS,
    LLVM,
    LOOPS,
    OPTIMISED,
    Loops,
    Stage,
    advance,
    device_stages,
    make_loops,
    module_text,
    native_program,
    warnings_of,
)
from ranvier.stage_views import StageViews
from ranvier.unheeded import chosen, tell_unheeded
from ranvier.watching.environment import watched_options

_logger = get_logger("ranvier.synapses.synapses")

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

    from ranvier.plan.known_plan import KnownPlan

__all__ = [
    "STAGES",
    "TABLE",
    "Lowered",
    "Options",
    "actions_text",
    "build_loops",
    "build_snn",
    "compile_plan",
    "current_cache",
    "current_options",
    "make_plan",
    "pass_modules",
    "set_default_options",
    "timings",
]


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
"""All stages of a network's program, in order; see `ranvier.stage_table`."""

ACTIONS = "actions"
"""What the objects of a network ask for, before and after each rewrite: a text only, there is nothing to edit."""

STAGES = (ACTIONS, *(stage.name for stage in (*TABLE, *DEVICE, AMDGCN)))
"""The names of the stages that can be looked at, in order."""

_timings: dict[str, float] = {}


def timings() -> dict[str, float]:
    """Returns the seconds that each stage took, of the last program that was prepared."""
    return dict(_timings)


def make_plan(
    actions: Sequence[Action],
    clocks: Sequence[ActionClock],
    *,
    options: Options | None = None,
    profile: Callable[[int], None] | None = None,
    known: KnownPlan | None = None,
) -> tuple[Plan, Arguments]:
    """Makes the plan of a program from actions in schedule order; see `ranvier.plan.steps.make_plan`.

    Args:
        actions: What the objects of a network ask for.
        clocks: The clocks of the network.
        options: Say which rewrites are done; by default those of the preferences.
        profile: See there.
        known: The plan of the run before, which is taken if it still holds, and replaced otherwise.

    Raises:
        PipelineError: A rewrite stands behind a pass.
    """
    from ranvier.plan import steps

    began = time.perf_counter()
    wanted = (options or current_options()).rewrites
    check_bounds = bool(prefs["codegen.check_bounds"])
    result = None if known is None or check_bounds else known.find(actions, clocks, wanted)
    if result is None:
        result = steps.make_plan(rewritten(actions, wanted), clocks, profile=profile, check_bounds=check_bounds)
        if known is not None:
            known.keep(actions, clocks, wanted, result)
    _timings.clear()
    _timings["plan"] = time.perf_counter() - began
    return result


def actions_text(actions: Sequence[Action], clocks: Sequence[ActionClock], options: Options) -> str:
    """Returns what objects ask for, before and after each rewrite of a pipeline, written as plans."""
    from ranvier.plan import steps

    parts: list[str] = []

    def show(title: str, now: Sequence[Action]) -> None:
        parts.append(f"# ---- {title} ----\n{steps.make_plan(now, clocks)[0].as_text()}")

    show("What the objects ask for", actions)
    rewritten(actions, options.rewrites, lambda name, now: show(f"After {name}", now))
    return "\n".join(parts)


def _build_bare(plan: Plan, options: Options) -> ModuleOp:
    """Returns the `snn` graph for a program that only runs: places take some hundredths of the time to compile."""
    from ranvier.graph.build import build_module

    return build_module(plan, places=bool(options.codegen.debug_info) or options.codegen.profile)


def _bare(table: Sequence[Stage[Any, Any]]) -> Sequence[Stage[Any, Any]]:
    """Returns the stages of a program that only runs."""
    return [replace(stage, make=_build_bare) if stage.make is build_snn else stage for stage in table]


def build_loops(
    plan: Plan,
    options: Options,
    made: Callable[[str, Any], None] | None = None,
    table: Sequence[Stage[Any, Any]] = TABLE,
) -> Loops:
    """Returns the loops of a plan and their calling convention.

    Args:
        plan: The plan.
        options: Pipeline and checks.
        made: Called with the name of each stage from "snn" to "loops" and its form, which the next uses up.
        table: The stages.
    """

    def note(stage: str, form: Any, seconds: float) -> None:
        _timings[stage] = seconds
        if made is not None:
            made(stage, form)

    rows = table[_row(GRAPH) : _row(LOOPS.name) + 1]
    graph = replace(rows[0], make=build_snn) if rows[0].make is _build_bare else rows[0]
    try:
        return make_loops(plan, rows, options, _pathways(plan), note)
    except Exception as error:
        said = explained(error, options, lambda: advance(plan, [graph], options))
        if said is error:
            raise
        raise said from error


def _pathways(plan: Plan) -> list[str]:
    return [step.label for step in plan.steps if isinstance(step, PropagateStep)]


def _row(stage: str) -> int:
    """Returns the number of a stage in the table."""
    return STAGES.index(stage) - 1


def compile_plan(
    plan: Plan,
    options: Options | None = None,
    asked: Callable[[], str] | None = None,
    threads: str = "",
    values: Sequence[Any] | None = None,
    program: LoadedProgram | None = None,
) -> LoadedProgram:
    """Returns the native program of a plan, from the cache if it is there.

    Args:
        plan: The plan.
        options: How to compile; by default what the preferences say.
        asked: Returns what the plan was made of as text, see `actions_text`.
        threads: How many threads the run has, and why: for dumps.
        values: What the inputs stand for, if a run begins: for dumps, and for the sizes of edited stages.
        program: What was compiled before with these options, if it is to be taken.

    Raises:
        DeviceError: The target is a GPU, and there is none that can be used.
        OverrideError, IRFileError: An edited stage takes the place of one of this program, and does not fit.
    """
    options = measured(with_debug_info(options or current_options(), plan))
    directory = os.environ.get(DUMP_VARIABLE)
    if directory:
        lowered = Lowered(plan, options, asked, threads=threads)
        write_dump(lowered, lowered.saved, Path(directory), values)
    if options.target == CUDA:
        check_device(options)
        tell_of_calls(plan)
    edited = _edited_stage(plan, options)
    compiled = _traced(plan, options, asked, threads)
    began = time.perf_counter()
    if program is None:
        program = _native(plan, options) if edited is None else _edited(plan, options, edited, values is not None)
    _timings["program"] = time.perf_counter() - began
    if edited is not None and values is not None:
        check_sizes(edited, values)
    note(program, plan)
    if compiled is not None:
        compiled(program)
    if program.artifact.notes:
        _warn(warnings_of(program, _pathways(plan)))
    tell_unheeded(options)
    return program


def _native(plan: Plan, options: Options, table: Sequence[Stage[Any, Any]] = TABLE, more: str = "") -> LoadedProgram:
    """Returns the native program of a plan by a table of stages, whose differences from the usual one `more` says."""
    options = watched_options(options, f"program {program_key(plan, options)}", _timings.get("plan", 0.0))
    return native_program(
        f"{plan.key}{more}",
        lambda: build_loops(plan, options, table=_bare(table)),
        options,
        _symbols(plan),
        current_cache(),
    )


def _symbols(plan: Plan) -> dict[str, int]:
    """Returns the addresses of the functions outside that the program of a plan calls."""
    from ranvier.runtime.simulation import CALLBACK_ADDRESS

    return {"ranvier_call": CALLBACK_ADDRESS, **_addresses(plan)}


def _edited_stage(plan: Plan, options: Options) -> EditedStage | None:
    if not os.environ.get(OVERRIDE_VARIABLE):
        return None
    return edited_stage(program_key(plan, options), lambda: alike_key(plan, options))


def _edited(plan: Plan, options: Options, edited: EditedStage, may_grow: bool) -> LoadedProgram:
    """Returns the native program of a plan in which an edited file takes the place of a stage."""
    from xdsl.utils.exceptions import VerifyException

    from ranvier.codegen.errors import CodegenError, LoadError

    try:
        contracted = options.contracted or table_of(edited).contracted
        table = with_edited(TABLE, edited, may_grow=may_grow)
        if edited.stage == LLVM.name:
            rows = table[_row(GRAPH) : _row(LLVM.name) + 1]
            compare = functools.partial(advance, plan, rows, options)
            return llvm_program(edited, options, _symbols(plan), current_cache(), compare)
        more = f" edited {edited.stage} {edited.digest}{'' if may_grow else ' of instances'}"
        return _native(plan, replace(options, contracted=contracted), table, more)
    except (VerifyException, CodegenError, LoadError) as error:
        raise placed(edited, error) from error


def _traced(
    plan: Plan, options: Options, asked: Callable[[], str] | None, threads: str
) -> Callable[[LoadedProgram], None] | None:
    """Tells the report of the script, if one is asked for, which program is wanted; returns what it wants to know."""
    if TRACE_VARIABLE not in os.environ:
        return None
    from ranvier.report.trace import current  # a report loads the whole compiler

    trace = current()
    return None if trace is None else trace.asked_for(plan, options, asked, threads)


def device_memory(
    plan: Plan, options: Options, values: Sequence[Any]
) -> tuple[list[tuple[str, str, int, int]], int | None]:
    """Returns what a run of a plan keeps in the memory of a GPU, and how many bytes are free there.

    Args:
        plan: The plan.
        options: Those of the target "cuda".
        values: What the inputs of the plan stand for.

    Returns:
        Kind, name, number of elements and bytes of each part; and the bytes, None where there is no GPU.
    """
    from ranvier.runtime.cuda.driver import Driver  # only programs for a GPU need it
    from ranvier.runtime.cuda.needs import device_parts

    parts = device_parts(_native(plan, options), values)
    free = None if why_no_device(options) else Driver.of_process().free_memory()[0]
    return [(part.kind, part.label, part.number, part.bytes) for part in parts], free


_warned: set[str] = set()


def _warn(warnings: Sequence[str]) -> None:
    """Tells the user, once, which pathways are not stored as was asked."""
    for warning in warnings:
        if warning not in _warned:
            _warned.add(warning)
            _logger.warn(warning, "synapse_layout")


def _addresses(plan: Plan) -> dict[str, int]:
    """Returns where the functions are that the program of a plan calls in libraries."""
    if not plan.libraries:
        return {}
    from ranvier.codegen.libraries import address_of

    return {symbol: address_of(symbol) for symbol in plan.libraries}


# ---- looking


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
        self._table = with_edited(TABLE, _edited_stage(plan, options))

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
            from ranvier.explaining import located_text  # for those who look

            return located_text(self.plan, self.options, stage)
        if stage not in STAGES:
            raise ValueError(f"There is no stage {stage!r}; the stages are {', '.join(STAGES)}.")
        if stage == ACTIONS:
            self._texts.setdefault(ACTIONS, self._asked())
        elif stage not in self._texts and _row(stage) >= len(TABLE):
            self._advance_on_device(stage)
        elif stage not in self._texts:
            self._advance(_row(stage) + 1)
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
        from ranvier.explaining import explain_plan  # for those who look

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
        form: Any = advance(self.plan, self._table[: _row(OPTIMISED.name) + 1], options)
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


# ---- choosing

_chosen: list[Options] = []

TARGETS = ("auto", "numpy", "cython", "cpp")
"""The values of the preference `codegen.target` that Brian's scripts use: all stand for native code."""

EMULATED, CUDA = "emulated", "cuda"
"""Further values: the kernels of a GPU, on the CPU; and on the GPU."""

TARGET_VARIABLE = "RANVIER_TARGET"
"""Environment variable: what the preference `codegen.target` is where a script leaves it at "auto"."""


def set_default_options(options: Options | None) -> None:
    """Sets the options that `run` compiles with from now on; None: those of the preferences."""
    _chosen[:] = [] if options is None else [options]


def current_options() -> Options:
    """Returns what `set_default_options` set, else the options of the preferences `codegen.*`.

    Raises:
        ValueError: If `codegen.target` is no target.
        PipelineError: If the passes of `codegen.pass_modules` cannot be loaded.
    """
    if _chosen:
        return _chosen[-1]
    target = prefs["codegen.target"]
    if target == "auto":
        target = DeviceTarget.chosen or os.environ.get(TARGET_VARIABLE) or target
    if isinstance(target, str) and target not in (*TARGETS, EMULATED, CUDA):
        raise ValueError(
            f"Unknown code generation target: {target}; the preference codegen.target has to be one of "
            f"{', '.join(TARGETS)} (all of them run native code), {EMULATED} or {CUDA}."
        )
    for where in pass_modules():
        load_passes(where)
    return Options(
        target=target if target in (EMULATED, CUDA) else "cpu",
        pipeline=_pipeline(),
        share_traces=prefs["codegen.share_traces"],
        layout=prefs["codegen.synapse_layout"],
        codegen=CodegenOptions(fast_math=prefs["codegen.fast_math"]),
        backend=_backend(),
        stand_in=target == CUDA and wants_stand_in(),
    )


PIPELINE_VARIABLE = "RANVIER_PIPELINE"
"""Environment variable: the pipeline of scripts that do not set `codegen.pipeline`."""

PASSES_VARIABLE = "RANVIER_PASS_MODULES"
"""Environment variable: modules and files with passes, parted as in `PATH`."""


def _pipeline() -> Passes:
    return cast("Passes", chosen("codegen.pipeline", PIPELINE_VARIABLE))


BACKEND_VARIABLE = "RANVIER_BACKEND"
"""Environment variable: the back end of scripts that do not set `codegen.backend`."""


def _backend() -> str:
    return str(chosen("codegen.backend", BACKEND_VARIABLE) or prefs["codegen.backend"])


def pass_modules() -> tuple[str, ...]:
    """Returns the modules and files with passes that environment and preferences name."""
    named = (where for where in os.environ.get(PASSES_VARIABLE, "").split(os.pathsep) if where)
    return (*named, *prefs["codegen.pass_modules"])
