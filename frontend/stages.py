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

import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ranvier.actions.actions import Action
from ranvier.actions.protocols import ActionClock
from ranvier.actions.rewrites.registry import rewritten
from ranvier.codegen import CodegenOptions, LoadedProgram
from ranvier.passes.default_pipeline import LAYING_OUT
from ranvier.passes.own import load_passes
from ranvier.pipelines import Options, Passes
from ranvier.plan.plan import Plan
from ranvier.plan.planner import Arguments
from ranvier.plan.step_kinds import PropagateStep
from ranvier.session.logger import get_logger
from ranvier.session.preferences import prefs
from ranvier.session.program_cache import current_cache
from ranvier.session.targets import DeviceTarget
from ranvier.stage_table import (
    DEVICE,
    FROM_GRAPH,
    LOOPS,
    OPTIMISED,
    Loops,
    Stage,
    advance,
    make_loops,
    module_text,
    native_program,
    warnings_of,
)

_logger = get_logger("ranvier.synapses.synapses")

if TYPE_CHECKING:
    import networkx
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

STAGES = (ACTIONS, *(stage.name for stage in (*TABLE, *DEVICE)))
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


def build_loops(plan: Plan, options: Options, made: Callable[[str, Any], None] | None = None) -> Loops:
    """Returns the loops of a plan and their calling convention.

    Args:
        plan: The plan.
        options: Pipeline and checks.
        made: Called with the name of each stage from "snn" to "loops" and its form, which the next uses up.
    """

    def note(stage: str, form: Any, seconds: float) -> None:
        _timings[stage] = seconds
        if made is not None:
            made(stage, form)

    return make_loops(plan, TABLE[_row(GRAPH) : _row(LOOPS.name) + 1], options, _pathways(plan), note)


def _pathways(plan: Plan) -> list[str]:
    return [step.label for step in plan.steps if isinstance(step, PropagateStep)]


def _row(stage: str) -> int:
    """Returns the number of a stage in the table."""
    return STAGES.index(stage) - 1


def compile_plan(
    plan: Plan, options: Options | None = None, asked: Callable[[], str] | None = None, threads: str = ""
) -> LoadedProgram:
    """Returns the native program of a plan, from the cache if it is there.

    Args:
        plan: The plan.
        options: How to compile; by default what the preferences say.
        asked: Returns what the plan was made of as text, see `actions_text`.
        threads: How many threads the run has, and why: for dumps.

    Raises:
        DeviceError: The target is a GPU, and there is none that can be used.
    """
    from ranvier.runtime.simulation import CALLBACK_ADDRESS

    options = options or current_options()
    directory = os.environ.get(DUMP_VARIABLE)
    if directory:
        _write_stages(Lowered(plan, options, asked, threads=threads), Path(directory))
    if options.target == CUDA:
        check_device(options)
    began = time.perf_counter()
    program = native_program(
        plan.key,
        lambda: build_loops(plan, options),
        options,
        {"ranvier_call": CALLBACK_ADDRESS, **_addresses(plan)},
        current_cache(),
    )
    _timings["program"] = time.perf_counter() - began
    if program.artifact.notes or options.layout != "auto":
        _warn(warnings_of(program, _pathways(plan)), options)
    return program


def check_device(options: Options) -> None:
    """Checks that there is a GPU that can be used, before anything is compiled for it.

    Raises:
        DeviceError: There is none; it says what is missing.
    """
    from ranvier.runtime.cuda.driver import Driver  # only programs for a GPU need it

    if options.stand_in and Driver.stand_in is None:
        from ranvier.cuda_stand_in import StandIn  # only tests need it

        Driver.stand_in = StandIn
    Driver.of_process()


def wants_stand_in() -> bool:
    """Tells whether programs for a GPU are to be run by the stand-in of its driver, on the CPU."""
    return os.environ.get(CUDA_VARIABLE, "") == "stand-in"


_warned: set[str] = set()


def _warn(warnings: Sequence[str], options: Options) -> None:
    """Tells the user, once, which pathways are not stored as was asked."""
    if options.layout != "auto" and LAYING_OUT not in options.passes:
        warnings = [
            f"The preference codegen.synapse_layout = '{options.layout}' has no effect: the pipeline has no "
            f"{LAYING_OUT}, which obeys it."
        ]
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


class Lowered:
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
        self.options = options
        self.threads = threads
        self._asked = asked or plan.as_text
        self._places = places or {}
        self._texts: dict[str, str] = {}
        self._form: Any = plan
        self._made = 0
        self._optimised: ModuleOp | None = None

    def as_text(self, stage: str = "snn") -> str:
        """Returns a stage as text.

        Args:
            stage: One of `stages`: "actions", "plan", "snn", "optimised", "loops", "llvm", "llvm-optimised", "asm"; for
                GPUs "kernels", "nvvm", "ptx".

        Raises:
            ValueError: If there is no such stage.
        """
        if stage not in STAGES:
            raise ValueError(f"There is no stage {stage!r}; the stages are {', '.join(STAGES)}.")
        if stage == ACTIONS:
            self._texts.setdefault(ACTIONS, self._asked())
        elif stage not in self._texts and _row(stage) >= len(TABLE):
            self._advance_on_device(_row(stage) - len(TABLE) + 1)
        elif stage not in self._texts:
            self._advance(_row(stage) + 1)
        return self._texts[stage]

    def graph(self) -> networkx.DiGraph[object]:
        """Returns the optimised dataflow as a networkx graph: nodes are ops, edges are values.

        See `ranvier.ir.graph.to_networkx`.
        """
        from ranvier.ir.graph import to_networkx

        if self._optimised is None:
            self._advance(_row(OPTIMISED.name) + 1)
        assert self._optimised is not None
        return to_networkx(self._optimised)

    def _advance(self, end: int) -> None:
        try:
            self._form = advance(self._form, TABLE[self._made : end], self.options, self._keep)
        except BaseException:
            self._form, self._made = self.plan, 0  # the stage that failed has used up the one before
            raise

    def _advance_on_device(self, end: int) -> None:
        """Makes the stages of a GPU, from the plan on: the stages of the CPU use up the optimised graph."""
        options = self.options.on_device
        form: Any = advance(self.plan, TABLE[: _row(OPTIMISED.name) + 1], options)
        for stage in DEVICE[:end]:
            form = stage.make(form, options)
            self._texts[stage.name] = stage.show(form)

    def _keep(self, stage: str, form: Any, seconds: float) -> None:
        self._texts[stage] = TABLE[self._made].show(form)
        self._made += 1
        if stage == GRAPH:
            from ranvier.graph.build import place_in_script

            place_in_script(form, self._places)
        if stage == OPTIMISED.name:
            self._optimised = form.clone()  # with the locations, which the text does not show

    def __repr__(self) -> str:
        return f"<Lowered program of {len(self.plan.steps)} steps; stages: {', '.join(STAGES)}>"


DUMP_VARIABLE = "RANVIER_DUMP"
"""Environment variable: a directory into which every stage of every program is written."""


def _write_stages(program: Lowered, directory: Path) -> None:
    """Writes the stages of one program into numbered files of a directory, up to the one that cannot be made."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _not_writable(directory, error) from error
    numbers = (path.name.partition("-")[0] for path in directory.glob("*-plan.txt"))
    number = 1 + max((int(each) for each in numbers if each.isdecimal()), default=0)
    stages = TABLE if program.options.target == "cpu" else (*TABLE, *DEVICE)
    rows = ((ACTIONS, "txt"), *((stage.name, stage.ending) for stage in stages))
    for name, ending in (*rows, *((("threads", "txt"),) if program.threads else ())):
        text = f"{program.threads}\n" if name == "threads" else program.as_text(name)
        path = directory / f"{number:03d}-{name}.{ending}"
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise _not_writable(path, error) from error


def _not_writable(path: Path, error: OSError) -> OSError:
    reason = f"{error.strerror or error}: the environment variable {DUMP_VARIABLE} names a directory to write stages to"
    return type(error)(error.errno, f"{reason}, change or unset it", str(path))


# ---- choosing

_chosen: list[Options] = []

TARGETS = ("auto", "numpy", "cython", "cpp")
"""The values of the preference `codegen.target` that Brian's scripts use: all stand for native code."""

EMULATED, CUDA = "emulated", "cuda"
"""Further values: the kernels of a GPU, on the CPU; and on the GPU."""

TARGET_VARIABLE = "RANVIER_TARGET"
"""Environment variable: what the preference `codegen.target` is where a script leaves it at "auto"."""

CUDA_VARIABLE = "RANVIER_CUDA"
"""Environment variable: "stand-in" runs programs for a GPU by a stand-in of its driver, on the CPU."""


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
        stand_in=target == CUDA and wants_stand_in(),
    )


PIPELINE_VARIABLE = "RANVIER_PIPELINE"
"""Environment variable: the pipeline of scripts that do not set `codegen.pipeline`."""

PASSES_VARIABLE = "RANVIER_PASS_MODULES"
"""Environment variable: modules and files with passes, parted as in `PATH`."""


def _pipeline() -> Passes:
    given = os.environ.get(PIPELINE_VARIABLE)
    return prefs["codegen.pipeline"] if given is None or prefs.is_explicit("codegen.pipeline") else given


def pass_modules() -> tuple[str, ...]:
    """Returns the modules and files with passes that environment and preferences name."""
    named = (where for where in os.environ.get(PASSES_VARIABLE, "").split(os.pathsep) if where)
    return (*named, *prefs["codegen.pass_modules"])
