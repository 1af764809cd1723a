"""Whether the index of a linked variable stays within what it is linked to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ranvier.actions import actions as act
from ranvier.actions.effects import Touched, bindings_of, may_be_in
from ranvier.actions.present_values import checked_places
from ranvier.actions.protocols import ActionClock

Array = np.ndarray[Any, Any]


@dataclass(eq=False)
class IndexCheck:
    """Checks an index before native code uses it.

    Attributes:
        name: The linked variable.
        binding: What it is linked to.
        first: The first element whose index is used.
        stop: The one behind the last; None: all.
    """

    name: str
    binding: act.Indexed
    first: int = 0
    stop: int | None = None
    _wrong: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])

    def check(self, clock: ActionClock | None = None) -> None:
        """Checks all elements.

        Args:
            clock: Tells the time during a run.

        Raises:
            IndexError: Naming the variable, the element, its index and the time.
        """
        index = self.binding.index
        assert index is not None
        values: Array = index.readable[self.first : index.size if self.stop is None else self.stop]
        if not self._is_within(values):
            elements: Array = np.arange(self.first, self.first + int(values.size))
            checked_places(self.binding, self.name, elements, values, None if clock is None else clock.t_)

    def _is_within(self, values: Array) -> bool:
        low = -self.binding.offset
        return not values.size or (int(values.min()) >= low and int(values.max()) < low + self.binding.storage.size)

    def replace_wrong(self) -> None:
        """Replaces wrong indices by some that harm nothing, until `put_back`: native code completes the instant."""
        index = self.binding.index
        if index is None or index.population is None or self._is_within(index.array):
            return
        low, size = -self.binding.offset, self.binding.storage.size
        for place in np.flatnonzero((index.array < low) | (index.array >= low + size)).tolist():
            self._wrong.append((place, int(index.array[place])))
            index.array[place] = max(low, 0)

    def put_back(self) -> None:
        """Shows the script the wrong values again."""
        index = self.binding.index
        for place, value in self._wrong:
            assert index is not None
            index.array[place] = value
        self._wrong.clear()


def index_checks(actions: Iterable[act.Action]) -> list[IndexCheck]:
    """Returns the checks of all indices that actions use, each once."""
    found: dict[Any, IndexCheck] = {}
    for action in actions:
        for check in _checks_of(action):
            binding = check.binding
            found.setdefault((binding.storage, binding.index, binding.offset, check.first, check.stop), check)
    return list(found.values())


def _checks_of(action: act.Action) -> Iterator[IndexCheck]:
    if isinstance(action, act.HostCall):
        return
    for name, binding in bindings_of(action).items():
        if not isinstance(binding, act.Indexed) or binding.index is None or binding.index.frozen:
            continue  # the ends of synapses are right
        if isinstance(action, act.MapCode):
            yield IndexCheck(name, binding, action.offset, action.offset + action.size)
        else:
            yield IndexCheck(name, binding)


def changed_by(checks: Iterable[IndexCheck], written: Touched) -> list[IndexCheck]:
    """Returns the checks of indices that are variables and may have been written."""
    return [
        check
        for check in checks
        if check.binding.index is not None and check.binding.index.population is not None
        if may_be_in(written, check.binding.index)
    ]
