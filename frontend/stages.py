"""The pipeline on one page: actions → plan → snn → optimised snn → loops → LLVM IR → native code.

What is imported inside functions here is needed only to compile: a program that is in the cache imports none of it.
"""

import functools
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from ranvier.actions.actions import Action
from ranvier.actions.protocols import ActionClock
from ranvier.codegen import CodegenOptions, LoadedProgram, program_for
from ranvier.codegen.cache import ProgramCache, default_cache
from ranvier.ir.slots import Slot
from ranvier.plan.plan import Plan
from ranvier.plan.planner import Arguments
from ranvier.session.preferences import prefs

if TYPE_CHECKING:
    import networkx
    from xdsl.dialects.builtin import ModuleOp

STAGES = ("plan", "snn", "optimised", "loops", "llvm", "llvm-optimised", "asm")
"""The stages that can be looked at, in order."""

DUMP_VARIABLE = "RANVIER_DUMP"
"""Environment variable: a directory into which every stage of every program is written."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to compile.

    Attributes:
        pipeline: The passes between the graph and the loops, e.g. "fold-constants,hoist-uniform"; None: the default
            (`ranvier.passes.pipeline.default_pipeline`, by `codegen.fast_math`). Print it, edit it, give it back.
        layout: How synapses are stored, where the default pipeline is used: "auto", or a layout of the pass
            `choose-layout`.
        codegen: Options of code generation.
        verify: Check the graph after each pass.
    """

    pipeline: str | None = None
    layout: str = "auto"
    codegen: CodegenOptions = field(default_factory=CodegenOptions)
    verify: bool = False


_chosen: list[Options] = []

TARGETS = ("auto", "numpy", "cython", "cpp")
"""The values of the preference `codegen.target` that Brian's scripts use: all stand for native code."""


def set_default_options(options: Options | None) -> None:
    """Sets the options that `run` compiles with from now on; None: those of the preferences."""
    _chosen[:] = [] if options is None else [options]


def current_options() -> Options:
    """Returns what `set_default_options` set, else the options of the preferences `codegen.*`.

    Raises:
        ValueError: If `codegen.target` is no target.
    """
    if _chosen:
        return _chosen[-1]
    target = prefs["codegen.target"]
    if isinstance(target, str) and target not in TARGETS:
        raise ValueError(
            f"Unknown code generation target: {target}; the preference codegen.target has to be one of "
            f"{', '.join(TARGETS)} (all of them run native code)."
        )
    return Options(
        pipeline=prefs["codegen.pipeline"] or None,
        layout=prefs["codegen.synapse_layout"],
        codegen=CodegenOptions(fast_math=prefs["codegen.fast_math"]),
    )


def current_cache() -> ProgramCache:
    """Returns the cache of compiled programs that the preferences name."""
    directory = prefs["codegen.cache_dir"]
    cache = default_cache() if directory is None else _cache_at(str(directory))
    megabytes: int = prefs["codegen.max_cache_dir_size"]
    cache.limit = megabytes * 1_000_000 if megabytes > 0 else sys.maxsize
    return cache


@functools.cache
def _cache_at(directory: str) -> ProgramCache:
    return ProgramCache(None if directory.lower() == "off" else Path(directory).expanduser())


_timings: dict[str, float] = {}


def timings() -> dict[str, float]:
    """Returns the seconds that each stage took, of the last program that was prepared."""
    return dict(_timings)


def make_plan(
    actions: Sequence[Action], clocks: Sequence[ActionClock], *, profile: Callable[[int], None] | None = None
) -> tuple[Plan, Arguments]:
    """Makes the plan of a program from actions in schedule order; see `ranvier.plan.steps.make_plan`."""
    from ranvier.plan import steps

    began = time.perf_counter()
    result = steps.make_plan(actions, clocks, profile=profile)
    _timings.clear()
    _timings["plan"] = time.perf_counter() - began
    return result


def build_snn(plan: Plan) -> "ModuleOp":
    """Returns the `snn` graph of a plan."""
    from ranvier.graph.build import build_module

    return build_module(plan)


def build_loops(
    plan: Plan, options: Options, observe: Callable[[str, "ModuleOp"], None] | None = None
) -> "tuple[ModuleOp, Sequence[Slot]]":
    """Returns the loops of a plan and their calling convention.

    Args:
        plan: The plan.
        options: Pipeline and checks.
        observe: Called with the stages "snn", "optimised" and "loops".
    """
    from ranvier.passes.lower.abi import slots, used_slots
    from ranvier.passes.pipeline import default_pipeline, run_pipeline

    began = time.perf_counter()
    module = build_snn(plan)
    _timings["snn"] = time.perf_counter() - began
    if observe is not None:
        observe("snn", module)
    began = time.perf_counter()
    pipeline = options.pipeline
    if pipeline is None:
        pipeline = default_pipeline(options.codegen.fast_math, options.layout)
    run_pipeline(module, pipeline, verify=options.verify)
    _timings["passes"] = time.perf_counter() - began
    if observe is not None:
        observe("optimised", module)
    table = slots(module)
    began = time.perf_counter()
    run_pipeline(module, "lower-to-loops", verify=options.verify)
    _timings["loops"] = time.perf_counter() - began
    if observe is not None:
        observe("loops", module)
    return module, used_slots(module, table)


def compile_plan(plan: Plan, options: Options | None = None) -> LoadedProgram:
    """Returns the native program of a plan, from the cache if it is there."""
    from ranvier.runtime.simulation import CALLBACK_ADDRESS

    options = options or current_options()
    key = f"{plan.key} {options.layout if options.pipeline is None else options.pipeline}"
    dump = _Dump.from_environment(plan)
    observe = None if dump is None else dump.module
    began = time.perf_counter()
    program = program_for(
        key,
        lambda: build_loops(plan, options, observe),
        options=options.codegen,
        symbols={"ranvier_call": CALLBACK_ADDRESS},
        cache=current_cache(),
        dump=None if dump is None else dump.text,
    )
    _timings["program"] = time.perf_counter() - began
    return program


class _Dump:
    """Writes the stages of one program into numbered files of a directory."""

    ENDINGS: ClassVar = {"plan": "txt", "llvm": "ll", "llvm-optimised": "ll", "asm": "s"}

    def __init__(self, directory: Path, plan: Plan) -> None:
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _not_writable(directory, error) from error
        numbers = (p.name.partition("-")[0] for p in directory.glob("*-plan.txt"))
        number = 1 + max((int(each) for each in numbers if each.isdecimal()), default=0)
        self._prefix = directory / f"{number:03d}"
        self.text("plan", plan.as_text())

    @classmethod
    def from_environment(cls, plan: Plan) -> "_Dump | None":
        directory = os.environ.get(DUMP_VARIABLE)
        return None if not directory else cls(Path(directory), plan)

    def module(self, stage: str, module: "ModuleOp") -> None:
        self.text(stage, str(module) + "\n")

    def text(self, stage: str, text: str) -> None:
        path = Path(f"{self._prefix}-{stage}.{self.ENDINGS.get(stage, 'mlir')}")
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise _not_writable(path, error) from error


def _not_writable(path: Path, error: OSError) -> OSError:
    reason = f"{error.strerror or error}: the environment variable {DUMP_VARIABLE} names a directory to write stages to"
    return type(error)(error.errno, f"{reason}, change or unset it", str(path))


class Lowered:
    """A program with all its stages, to look at.

    Args:
        plan: The plan.
        options: How to compile it.

    Attributes:
        plan: The plan.
        options: How it is compiled.
        stages: The names of the stages.
    """

    stages = STAGES

    def __init__(self, plan: Plan, options: Options) -> None:
        self.plan = plan
        self.options = options
        self._texts: dict[str, str] = {"plan": plan.as_text()}
        self._optimised: ModuleOp | None = None

    def as_text(self, stage: str = "snn") -> str:
        """Returns a stage as text.

        Args:
            stage: One of `stages`: "plan", "snn", "optimised", "loops", "llvm", "llvm-optimised", "asm".

        Raises:
            ValueError: If there is no such stage.
        """
        if stage not in STAGES:
            raise ValueError(f"There is no stage {stage!r}; the stages are {', '.join(STAGES)}.")
        if stage not in self._texts:
            self._compile(native=STAGES.index(stage) >= STAGES.index("llvm"))
        return self._texts[stage]

    def graph(self) -> "networkx.DiGraph[object]":
        """Returns the optimised dataflow as a networkx graph: nodes are ops, edges are values.

        See `ranvier.ir.graph.to_networkx`.
        """
        from ranvier.ir.graph import to_networkx

        if self._optimised is None:
            self._compile(native=False)
        assert self._optimised is not None
        return to_networkx(self._optimised)

    def _compile(self, *, native: bool) -> None:
        def keep(stage: str, module: "ModuleOp") -> None:
            self._texts[stage] = str(module) + "\n"
            if stage == "optimised":
                self._optimised = module.clone()  # with the locations, which the text does not show

        module, table = build_loops(self.plan, self.options, keep)
        if native:
            from ranvier.codegen.compile import compile_text
            from ranvier.codegen.llvm.emitter import emit_module

            text = emit_module(module, options=self.options.codegen, slots=table)
            compilation = compile_text(text, options=self.options.codegen)
            self._texts["llvm"] = text
            self._texts["llvm-optimised"] = compilation.as_llvm(optimised=True)
            self._texts["asm"] = compilation.as_asm()

    def __repr__(self) -> str:
        return f"<Lowered program of {len(self.plan.steps)} steps; stages: {', '.join(STAGES)}>"
