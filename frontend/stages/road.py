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
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ranvier.actions.actions import Action
from ranvier.actions.protocols import ActionClock
from ranvier.actions.rewrites.registry import find_rewrites, rewritten
from ranvier.codegen import LoadedProgram
from ranvier.gpu.availability import check_device, tell_of_calls
from ranvier.pipeline.active_profiles import measured, note
from ranvier.pipeline.debugging import with_debug_info
from ranvier.pipeline.dumps import DUMP_VARIABLE, dump_key, write_dump
from ranvier.pipeline.edited_stages import (
    EditedStage,
    check_sizes,
    llvm_program,
    placed,
    table_of,
    with_edited,
)
from ranvier.pipeline.options import Options
from ranvier.pipeline.stage_table import (
    LLVM,
    LOOPS,
    Loops,
    Stage,
    advance,
    make_loops,
    native_program,
    warnings_of,
)
from ranvier.plan.plan import Plan
from ranvier.plan.planner import Arguments
from ranvier.plan.step_kinds import PropagateStep
from ranvier.report import TRACE_VARIABLE
from ranvier.session.logger import get_logger
from ranvier.session.preferences import prefs
from ranvier.session.program_cache import current_cache
from ranvier.stages.chosen_options import (
    CUDA,
    EMULATED,
    PASSES_VARIABLE,
    PIPELINE_VARIABLE,
    TARGET_VARIABLE,
    current_options,
    pass_modules,
    set_default_options,
)
from ranvier.stages.lowered import ACTIONS, GRAPH, STAGES, TABLE, Lowered, build_snn, chosen_edit, row_of
from ranvier.stages.pass_faults import explained, told_of_rewrites
from ranvier.stages.unheeded import tell_unheeded
from ranvier.watching.environment import watched_options

_logger = get_logger("ranvier.synapses.synapses")

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

    from ranvier.plan.known_plan import KnownPlan

__all__ = [
    "ACTIONS",
    "CUDA",
    "EMULATED",
    "GRAPH",
    "PASSES_VARIABLE",
    "PIPELINE_VARIABLE",
    "STAGES",
    "TABLE",
    "TARGET_VARIABLE",
    "Lowered",
    "Options",
    "actions_text",
    "build_loops",
    "build_snn",
    "compile_plan",
    "current_cache",
    "current_options",
    "make_plan",
    "native_of",
    "pass_modules",
    "set_default_options",
    "timings",
]


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
        PipelineError: A rewrite stands behind a pass, cannot be had, or fails.
    """
    from ranvier.plan import steps

    began = time.perf_counter()
    options = options or current_options()
    wanted = find_rewrites(options.rewrites)
    check_bounds = bool(prefs["codegen.check_bounds"])
    result = None if known is None or check_bounds else known.find(actions, clocks, wanted)
    if result is None:
        with told_of_rewrites(options):
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
    rewritten(actions, find_rewrites(options.rewrites), lambda name, now: show(f"After {name}", now))
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

    rows = table[row_of(GRAPH) : row_of(LOOPS.name) + 1]
    graph = replace(rows[0], make=build_snn) if rows[0].make is _build_bare else rows[0]
    try:
        with told_of_rewrites(options):
            return make_loops(plan, rows, options, _pathways(plan), note)
    except Exception as error:
        said = explained(error, options, lambda: advance(plan, [graph], options))
        if said is error:
            raise
        raise said from error


def _pathways(plan: Plan) -> list[str]:
    return [step.label for step in plan.steps if isinstance(step, PropagateStep)]


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
    edited = chosen_edit(plan, options)
    compiled = _traced(plan, options, asked, threads)
    began = time.perf_counter()
    if program is None:
        program = native_of(plan, options) if edited is None else _edited(plan, options, edited, values is not None)
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


def native_of(plan: Plan, options: Options, table: Sequence[Stage[Any, Any]] = TABLE, more: str = "") -> LoadedProgram:
    """Returns the native program of a plan by a table of stages, whose differences from the usual one `more` says."""
    options = watched_options(options, f"program {dump_key(plan, options)}", _timings.get("plan", 0.0))
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


def _edited(plan: Plan, options: Options, edited: EditedStage, may_grow: bool) -> LoadedProgram:
    """Returns the native program of a plan in which an edited file takes the place of a stage."""
    from xdsl.utils.exceptions import VerifyException

    from ranvier.codegen.errors import CodegenError, LoadError

    try:
        contracted = options.contracted or table_of(edited).contracted
        table = with_edited(TABLE, edited, may_grow=may_grow)
        if edited.stage == LLVM.name:
            rows = table[row_of(GRAPH) : row_of(LLVM.name) + 1]
            compare = functools.partial(advance, plan, rows, options)
            return llvm_program(edited, options, _symbols(plan), current_cache(), compare)
        more = f" edited {edited.stage} {edited.digest}{'' if may_grow else ' of instances'}"
        return native_of(plan, replace(options, contracted=contracted), table, more)
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
