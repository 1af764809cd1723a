"""A network, as far as the program of a standalone device goes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Protocol
from uuid import UUID

from ranvier.actions.actions import Action
from ranvier.objects.groups.brianobject import BrianObject
from ranvier.objects.networks.running import RunCall, RunRequest
from ranvier.session.clocks import BaseClock
from ranvier.session.randomness import NetworkRandom


class Recordable(Protocol):
    """A network, as far as the program of a standalone device goes."""

    random: NetworkRandom

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def id(self) -> UUID:
        """The number of its simulation."""
        ...

    @property
    def t_(self) -> float:
        """Current time in seconds."""
        ...

    @t_.setter
    def t_(self, value: float) -> None: ...

    @property
    def clocks(self) -> Sequence[BaseClock]:
        """The clocks of all objects."""
        ...

    @property
    def objects(self) -> Collection[BrianObject]:
        """The objects that were added."""
        ...

    def __iter__(self) -> Iterator[BrianObject]:
        """Returns all objects."""
        ...

    def gather(self, members: Iterable[BrianObject]) -> None:
        """Makes the network one of these objects."""
        ...

    def rejoin(self, simulation: UUID) -> None:
        """Makes the network an earlier simulation again."""
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
