"""The road of a network in steps that can be taken one by one: `network.trace().lower(...).compile().run(...)`.

`network.run(...)` takes the same road at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from ranvier.actions.actions import Action
from ranvier.actions.protocols import ActionClock
from ranvier.codegen import LoadedProgram
from ranvier.pipeline.options import Options, Passes
from ranvier.pipeline.stage_views import StageViews
from ranvier.plan.plan import Plan
from ranvier.plan.planner import Arguments
from ranvier.stages.road import ACTIONS, GRAPH, Lowered, actions_text, compile_plan, make_plan, timings

if TYPE_CHECKING:
    import numpy.typing as npt
    from xdsl.dialects.builtin import ModuleOp

__all__ = ["Compiled", "LoweredNetwork", "Traced"]


class Threads(Protocol):
    """How many threads a run has, and why; see `ranvier.stages.threads`."""

    def options(self, options: Options) -> Options:
        """Returns options by which a program is compiled that can have so many."""
        ...


class Runs(Protocol):
    """A network, as far as its program is concerned."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    def threads_of(self, plan: Plan, values: Sequence[Any], options: Options) -> Threads:
        """Returns how many threads a run of a plan has."""
        ...

    def places(self) -> dict[str, tuple[str, int]]:
        """Returns the file and the line at which each object was created, by its name."""
        ...

    def present_inputs(self, plan: Plan, values: Sequence[Any]) -> dict[str, npt.NDArray[Any]]:
        """Returns the inputs of a run that begins now by their labels."""
        ...

    def taking(self, program: Compiled) -> AbstractContextManager[None]:
        """Lets runs take a program that was compiled before."""
        ...

    @property
    def run(self) -> Callable[..., None]:
        """Simulates."""
        ...


class Traced(StageViews):
    """What the objects of a network ask for, and the plan and the graph that it becomes.

    Args:
        network: The network.
        actions: What its objects ask for, in the order of the schedule.
        clocks: Its clocks.
        options: Those that `lower` takes where it is given none.

    Attributes:
        options: Those that `lower` takes where it is given none.
        stages: "actions", "plan", "snn".
    """

    stages = (ACTIONS, "plan", GRAPH)
    stage = GRAPH

    def __init__(
        self, network: Runs, actions: Sequence[Action], clocks: Sequence[ActionClock], options: Options
    ) -> None:
        self.options = options
        self._network, self._actions, self._clocks = network, actions, clocks
        self._lowered = self.lower(options=options, alone=True)
        self.plan = self._lowered.plan

    def lower(
        self, pipeline: Passes | None = None, *, options: Options | None = None, alone: bool = False
    ) -> LoweredNetwork:
        """Returns the program with the stages that a pipeline makes of it; each is made when it is first asked for.

        Args:
            pipeline: The rewrites and passes, see `ranvier.stages.Options.pipeline`; None: those of the options.
            options: How to compile; None: what the preferences said when the network was traced.

        Raises:
            PipelineError: There is no such pass, or a rewrite stands behind a pass.
        """
        chosen = options or self.options
        if pipeline is not None:
            chosen = replace(chosen, pipeline=pipeline)
        plan, arguments = make_plan(self._actions, self._clocks, options=chosen)
        threads = self._network.threads_of(plan, arguments.values, chosen)
        divided = chosen if alone or options is not None or pipeline is not None else threads.options(chosen)
        return LoweredNetwork(
            self._network, (self._actions, self._clocks), plan, arguments, chosen, divided, str(threads)
        )

    def as_text(self, stage: str = GRAPH) -> str:
        """Returns a stage as text.

        Raises:
            ValueError: There is no such stage.
        """
        if stage not in self.stages:
            raise ValueError(
                f"There is no stage {stage!r} yet: there are {', '.join(self.stages)}; lower() makes the others."
            )
        return self._lowered.as_text(stage)

    @property
    def saved(self) -> Sequence[tuple[str, str]]:
        """The stages that `save` writes, and the endings of their files."""
        return [row for row in self._lowered.saved if row[0] in self.stages]

    def kept_module(self, stage: str) -> ModuleOp:
        return self._lowered.kept_module(stage)

    def run_values(self) -> Sequence[Any] | None:
        return self._lowered.run_values()

    def run_inputs(self) -> dict[str, npt.NDArray[Any]] | None:
        return self._lowered.run_inputs()

    def __repr__(self) -> str:
        return f"<Traced network {self._network.name!r}: {len(self.plan.steps)} steps, key {self.key}; next: lower()>"


class LoweredNetwork(Lowered):
    """The program of a network with all its stages, which can be compiled and run.

    Args:
        network: The network.
        made_of: What its objects ask for, and its clocks.
        plan: The plan.
        arguments: What the inputs of the plan stand for.
        chosen: The options that were asked for.
        options: The same with what threads need.
        threads: How many threads a run has, and why.
    """

    def __init__(
        self,
        network: Runs,
        made_of: tuple[Sequence[Action], Sequence[ActionClock]],
        plan: Plan,
        arguments: Arguments,
        chosen: Options,
        options: Options,
        threads: str,
    ) -> None:
        super().__init__(plan, options, lambda: actions_text(*made_of, chosen), network.places(), threads=threads)
        self.chosen = chosen
        self._network, self._arguments = network, arguments

    def compile(self) -> Compiled:
        """Returns the program as machine code, from the cache if it is there.

        Raises:
            OverrideError, IRFileError: An edited stage takes the place of one of this program, and does not fit.
        """
        return Compiled(self, self._network)

    def run_values(self) -> Sequence[Any] | None:
        return self._arguments.values

    def run_inputs(self) -> dict[str, npt.NDArray[Any]] | None:
        return self._network.present_inputs(self.plan, self._arguments.values)


class Compiled(StageViews):
    """The program of a network as machine code.

    Attributes:
        plan: The plan.
        options: How it was compiled.
        lowered: All its stages.
        program: The machine code.
        timings: Seconds that each stage took: "plan", and "read" for a program from the cache, or "build", "llvm",
            "parse", "optimise", "emit"; then "load".
        stages: The names of the stages.
    """

    def __init__(self, lowered: LoweredNetwork, network: Runs) -> None:
        self.plan, self.options, self.stages = lowered.plan, lowered.options, lowered.stages
        self.lowered = lowered
        self.program: LoadedProgram = compile_plan(
            lowered.plan, lowered.options, lambda: lowered.as_text(ACTIONS), lowered.threads
        )
        self.timings: Mapping[str, float] = {"plan": timings().get("plan", 0.0), **self.program.timings}
        self._network = network

    def run(self, duration: Any, *, level: int = 0, **arguments: Any) -> None:
        """Runs the network with this program; see `Network.run`, which takes the same arguments.

        Args:
            duration: A time.
            level: Number of frames to skip to find the names of the script.
            **arguments: The others.

        Raises:
            RuntimeError: The network has become another one since it was traced, so that this is not its program; or a
                device of its own runs it.
            ValueError: The time of each object is to be measured.
        """
        if arguments.get("profile"):
            raise ValueError("To measure the time of each object takes a program of its own: use Network.run.")
        with self._network.taking(self):
            self._network.run(duration, level=level, **arguments)

    def program_of(self, plan: Plan) -> LoadedProgram:
        """Returns the program for a run of a plan.

        Raises:
            RuntimeError: It is another plan.
        """
        if plan.key != self.plan.key:
            raise RuntimeError(
                f"The network '{self._network.name}' is not what it was when it was traced: its equations or its "
                "objects have changed, so that it needs another program. Call trace() again."
            )
        return self.program

    def as_text(self, stage: str = "asm") -> str:
        """Returns a stage as text."""
        return self.lowered.as_text(stage)

    @property
    def saved(self) -> Sequence[tuple[str, str]]:
        """The stages that `save` writes, and the endings of their files."""
        return self.lowered.saved

    def kept_module(self, stage: str) -> ModuleOp:
        return self.lowered.kept_module(stage)

    def run_values(self) -> Sequence[Any] | None:
        return self.lowered.run_values()

    def run_inputs(self) -> dict[str, npt.NDArray[Any]] | None:
        return self.lowered.run_inputs()

    def _shown(self) -> Iterator[tuple[str, str]]:
        yield from super()._shown()
        yield "times", "\n".join(f"{seconds * 1e3:9.3f} ms  {name}" for name, seconds in self.timings.items())
        yield "asm", self.as_text("asm")

    def __repr__(self) -> str:
        size = len(self.program.artifact.object_code)
        return f"<Compiled network {self._network.name!r}: {size} bytes of object code, key {self.key}; next: run()>"
