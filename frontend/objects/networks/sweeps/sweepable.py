"""A network, as far as sweeps go."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Protocol

from ranvier.actions.actions import Action
from ranvier.objects.groups.brianobject import BrianObject
from ranvier.objects.memory.plan import MemoryPlan
from ranvier.objects.networks.running import RunCall, RunRequest
from ranvier.objects.networks.snapshot import Storable


class Sweepable(Storable, Protocol):
    """A network that can be run many times."""

    @property
    def schedule(self) -> list[str]:
        """The slots of a time step, in order."""
        ...

    @property
    def objects(self) -> Collection[BrianObject]:
        """The objects that were added."""
        ...

    def __iter__(self) -> Iterator[BrianObject]:
        """Returns all objects."""
        ...

    def __getitem__(self, item: str) -> BrianObject:
        """Returns the object of a name."""
        ...

    def examine(self, call: RunCall) -> list[Action]:
        """Returns what happens in a step of a run that comes later."""
        ...

    def compile(self, call: RunCall) -> None:
        """Compiles what a run needs."""
        ...

    def perform(self, request: RunRequest) -> None:
        """Runs."""
        ...

    def after_run(self) -> None:
        """Tells all objects that a run has ended."""
        ...

    def stop(self) -> None:
        """Stops a run at the end of the current step."""
        ...

    def memory_plan(self, instances: int | None = None) -> MemoryPlan:
        """Returns how much memory each object takes, for each instance and in common."""
        ...
