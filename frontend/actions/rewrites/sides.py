"""Which of the variables of synapses belong to neurons: sides are given, and taken from those that cannot keep them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import ClassVar


class Sides(ABC):
    """Finds the side of each variable, or why it has none.

    Attributes:
        sides: Variable → "pre" or "post".
        reasons: Variable → why each synapse needs a value of its own.
    """

    UNDRIVEN: ClassVar[str]
    """The reason where no side can be seen."""

    def __init__(self) -> None:
        self.sides: dict[str, str] = {}
        self.reasons: dict[str, str] = {}

    def find(self, variables: Iterable[str]) -> None:
        """Finds the sides of those variables that have no reason yet."""
        todo = [name for name in variables if name not in self.reasons]
        for name in todo:
            self._begin(name)
        self._give_rest_a_side([name for name in todo if name not in self.sides and name not in self.reasons])
        while self._drop_some():
            pass

    def _begin(self, name: str) -> None:
        """Gives a variable the side whose pathways assign to it."""
        writers = self._writers(name)
        if len(writers) > 1:
            self.reasons[name] = "events of both sides assign to it"
        elif writers:
            (self.sides[name],) = writers

    def _give_rest_a_side(self, todo: list[str]) -> None:
        """Gives variables that no pathway assigns to the side of those that drive them."""
        while todo:
            for name in todo:
                drivers = {side for side in self._drivers(name) if side}
                if len(drivers) == 1:
                    (self.sides[name],) = drivers
            left = [name for name in todo if name not in self.sides]
            if left == todo:
                self.reasons |= dict.fromkeys(left, self.UNDRIVEN)
                return
            todo = left

    def _drop_some(self) -> bool:
        """Finds variables that cannot stay with neurons; true if there are any."""
        dropped = {name: reason for name in self.sides if (reason := self._objection(name))}
        self.reasons |= dropped
        self.sides = {name: side for name, side in self.sides.items() if name not in dropped}
        return bool(dropped)

    @abstractmethod
    def _writers(self, name: str) -> set[str]:
        """Returns the sides whose pathways assign to a variable."""

    @abstractmethod
    def _drivers(self, name: str) -> Iterable[str]:
        """Returns the sides of what drives a variable, "" where that has none yet."""

    @abstractmethod
    def _objection(self, name: str) -> str:
        """Returns why a variable cannot stay with the neurons of its side, "" if it can."""
