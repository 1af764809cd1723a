"""The program of a network: traced, lowered, compiled, and run step by step."""

from __future__ import annotations

import os
import re
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from ranvier.actions.actions import Action
from ranvier.gpu.availability import wants_stand_in
from ranvier.objects.networks.exporting import Exporting
from ranvier.pipeline.dumps import packed_inputs
from ranvier.plan.plan import Plan
from ranvier.public.argument_names import explains_arguments
from ranvier.report import TRACE_VARIABLE
from ranvier.session.clocks import same_time
from ranvier.session.namespaces import get_local_namespace, names_given
from ranvier.session.standalone import Standalone
from ranvier.stages.road import CUDA, Options, current_options
from ranvier.stages.staged import Compiled, LoweredNetwork, Traced
from ranvier.stages.threads import Threads, threads_for

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from ranvier.objects.memory.device_plan import DeviceMemoryPlan
    from ranvier.stages.staged import Runs


class Lowering(Exporting):
    """A collection of objects whose program can be looked at."""

    def __init__(self, name: str) -> None:
        Exporting.__init__(self, name=name)
        self._compiled: Compiled | None = None
        """The program that the run under way was told to take."""

    def before_run(self, namespace: Mapping[str, object]) -> list[Action]:
        """Prepares all objects for a run and returns what happens in a step, in order."""
        raise NotImplementedError

    def _look(self, level: int) -> None:
        """Prepares the collection of objects for a look at it; `level` as in `run`. Here it is what has been added."""

    @explains_arguments
    def trace(self, namespace: Mapping[str, object] | None = None, *, level: int = 0) -> Traced:
        """Prepares the network as for a run, and returns what its objects ask for.

        `network.trace().lower(pipeline).compile().run(duration)` is the road of `run` step by step; each step can be
        looked at: `as_text`, `module`, `diff`, `graph`, `cost`, `save`.

        Args:
            namespace: Names for the objects' texts instead of those that the calling script sees.
            level: Number of frames to skip to find the names of the script.
        """
        self._look(level)
        namespace = get_local_namespace(level=level) if namespace is None else names_given(namespace)
        network = cast("Runs", self)  # networks have `run`
        return Traced(network, self.before_run(namespace), self.clocks, current_options())

    @explains_arguments
    def lower(
        self,
        namespace: Mapping[str, object] | None = None,
        *,
        options: Options | None = None,
        level: int = 0,
    ) -> LoweredNetwork:
        """Compiles the network without running it, keeping every stage: `trace(...).lower(options=options)`.

        Args:
            namespace: Names for the objects' texts instead of those that the calling script sees.
            options: The pass pipeline and code generation options, see `ranvier.stages.Options`.
            level: Number of frames to skip to find the names of the script.

        Returns:
            An object with `.as_text(stage)` for each of `.stages` ("actions", "plan", "snn", "optimised", "loops",
            "llvm", "asm"), `.graph()`, `.cost()`, and `.threads`, which says how many threads a run would have, and
            why.
        """
        return self.trace(namespace, level=level).lower(options=options)

    @explains_arguments
    def device_memory_plan(self, target: str, instances: int | None = None, *, level: int = 0) -> DeviceMemoryPlan:
        """Returns what a run keeps in the memory of a GPU; see `Network.memory_plan`."""
        if target != CUDA:
            raise ValueError(f"memory_plan knows the memory of the target {CUDA!r}, not of {target!r}.")
        from ranvier.objects.memory.device_plan import DeviceMemoryPlan, DeviceMemoryRow
        from ranvier.stages.device_memory import device_memory  # only who asks needs it

        lowered = self.lower(
            options=replace(current_options(), target=CUDA, stand_in=wants_stand_in()), level=level + 1
        )
        found = device_memory(lowered.plan, lowered.options, lowered.run_values() or (), instances)
        return DeviceMemoryPlan((DeviceMemoryRow(*part) for part in found.parts), found.free)

    def threads_of(self, plan: Plan, values: Sequence[object], options: Options) -> Threads:
        """Returns how many threads a run of a plan has, and why."""
        return threads_for(plan, values, options)

    def present_inputs(self, plan: Plan, values: Sequence[object]) -> dict[str, npt.NDArray[np.generic]]:
        """Returns the inputs of a run that begins now by their labels; see `ranvier.pipeline.dumps.packed_inputs`.

        Args:
            plan: The plan of the run.
            values: What its inputs stand for.
        """
        clocks = self.clocks
        before = [clock.control.copy() for clock in clocks]
        try:
            for clock in clocks:
                clock.set_interval(self.t_, self.t_, same_time(clocks))
            return packed_inputs(plan, [self.random.key(), *values[1:]], has_end=False)
        finally:
            for clock, control in zip(clocks, before, strict=True):
                clock.control[:] = control

    def announce(self, plan: Plan, values: Sequence[object]) -> None:
        """Tells the report of the script, if one is asked for, what the user wrote and what a run is about to do.

        Args:
            plan: The plan of the run.
            values: What its inputs stand for.
        """
        if TRACE_VARIABLE in os.environ:
            from ranvier.objects.networks.traced import announce  # loads what reports need

            announce(self.name, self.sorted_objects, plan, values)

    def note_run(self, simulated: float, seconds: float) -> None:
        """Tells the report of the script, if one is asked for, that the network has run.

        Args:
            simulated: The time that was simulated, in seconds.
            seconds: How long that took.
        """
        if TRACE_VARIABLE in os.environ:
            from ranvier.objects.networks.traced import note_run  # loads what reports need

            note_run(self.name, simulated, seconds)

    @contextmanager
    def taking(self, program: Compiled) -> Generator[None, None, None]:
        """Lets runs take a program that was compiled before.

        Args:
            program: The program.

        Raises:
            RuntimeError: A device of its own runs the network.
        """
        if Standalone.program is not None:
            raise RuntimeError("A compiled program is run at once: use set_device('runtime').")
        self._compiled = program
        try:
            yield
        finally:
            self._compiled = None

    def places(self) -> dict[str, tuple[str, int]]:
        """Returns the file and the line at which each object was created, by its name."""
        found = ((obj.name, re.search(r"File '(.*)', line (\d+)", obj.creation_place())) for obj in self.sorted_objects)
        return {name: (place[1], int(place[2])) for name, place in found if place}
