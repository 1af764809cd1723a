"""The objects that were added to a network, as a set: what is added to it is added to the network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableSet
from typing import Protocol, TypeVar

from ranvier.objects.groups.brianobject import BrianObject

S = TypeVar("S")


class Collected(Protocol):
    """What has objects: a network."""

    def add(self, *objs: object) -> None:
        """Adds objects."""
        ...

    def remove(self, *objs: object) -> None:
        """Removes objects."""
        ...

    def added(self) -> list[BrianObject]:
        """Returns the objects that were added, in this order."""
        ...


class ObjectsOfNetwork(MutableSet[BrianObject]):
    """The objects of a network in the order in which they were added; changes of the set are changes of the network.

    Args:
        network: The network.
    """

    def __init__(self, network: Collected) -> None:
        self._network = network

    @classmethod
    def _from_iterable(cls, it: Iterable[S]) -> set[S]:
        """Returns what `objects | others` gives, which belongs to no network: a set of Python."""
        return set(it)

    def __contains__(self, x: object) -> bool:
        return any(obj is x for obj in self._network.added())

    def __iter__(self) -> Iterator[BrianObject]:
        return iter(self._network.added())

    def __len__(self) -> int:
        return len(self._network.added())

    def add(self, value: BrianObject) -> None:
        """Adds an object to the network."""
        self._network.add(value)

    def discard(self, value: BrianObject) -> None:
        """Removes an object from the network, if it is there."""
        if value in self:
            self._network.remove(value)

    def update(self, *others: Iterable[BrianObject]) -> None:
        """Adds objects to the network."""
        self._network.add(*others)

    def union(self, *others: Iterable[object]) -> set[object]:
        """Returns a set of the objects and others."""
        return set[object](self).union(*others)

    def intersection(self, *others: Iterable[object]) -> set[object]:
        """Returns a set of the objects that are in others, too."""
        return set[object](self).intersection(*others)

    def difference(self, *others: Iterable[object]) -> set[object]:
        """Returns a set of the objects that are not in others."""
        return set[object](self).difference(*others)

    def copy(self) -> set[BrianObject]:
        """Returns a set of the objects that belongs to no network."""
        return set(self)

    def __repr__(self) -> str:
        return f"{{{', '.join(repr(obj) for obj in self)}}}" if len(self) else "set()"
