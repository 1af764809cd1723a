"""`prefs.codegen.check_bounds`: every number that native code uses as an index is looked at before it is used.

Native code reaches other elements than its own only through lists of numbers: indices of linked variables, events,
ends of synapses, rows of synapses, spikes under way, recorded elements, trees. (Timed arrays clip what is computed.) So
it is enough to look at the lists that an action uses, just before it, at each step. What is derived from these lists
before a run (layouts) is right if they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, assert_never

import numpy as np

from ranvier.actions import actions as act
from ranvier.actions import synaptic_actions as syn
from ranvier.actions.effects import CompiledAction, bindings_of
from ranvier.actions.extents import extent_of
from ranvier.actions.protocols import ActionClock

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Watched:
    """Numbers that have to stay within a range.

    Attributes:
        name: The list, for people.
        numbers: Gives the numbers as they are now.
        low: The least allowed number.
        stop: The number behind the greatest.
    """

    name: str
    numbers: Callable[[], Array]
    low: int
    stop: int

    def wrong(self) -> Array:
        """Returns the places of numbers that are not allowed."""
        numbers = self.numbers()
        if not numbers.size or (int(numbers.min()) >= self.low and int(numbers.max()) < self.stop):
            return np.zeros(0, dtype=np.int64)
        return np.flatnonzero((numbers < self.low) | (numbers >= self.stop))


class BoundsCheck:
    """Looks at all numbers that an action uses as indices.

    Args:
        action: The action.
    """

    def __init__(self, action: CompiledAction) -> None:
        self._label = action.label
        self._watched = list(_watched(action))

    def __bool__(self) -> bool:
        return bool(self._watched)

    def check(self, clock: ActionClock) -> None:
        """Checks all numbers as they are now.

        Raises:
            IndexError: Naming the object, the list, the place in it, the number and the time.
        """
        for watched in self._watched:
            wrong = watched.wrong()
            if wrong.size:
                place = int(wrong[0])
                number = int(watched.numbers()[place])
                raise IndexError(
                    f"'{self._label}' would use element {number} by '{watched.name}'[{place}] at "
                    f"t = {clock.t_:g} s, but only {watched.low} to {watched.stop - 1} exist."
                )

    def replace_wrong(self) -> None:
        """Replaces wrong numbers by some that harm nothing: native code completes the instant."""
        for watched in self._watched:
            wrong = watched.wrong()
            if wrong.size:
                watched.numbers()[wrong] = watched.low

    def put_back(self) -> None:
        """Leaves what was replaced as it is: it was no value of the script."""


def _watched(action: CompiledAction) -> Iterator[Watched]:
    yield from _links(action)
    match action:
        case act.MapCode() | act.Threshold():
            pass
        case act.Emit():
            yield Watched(f"{action.label} spikes", _array(action.indices, -1), 0, action.events.indices.size)
            yield Watched(f"{action.label} position", _array(action.position), 0, action.steps.size)
        case act.EventCode() | act.RecordRate() | act.RecordEvents():
            yield from _events(action.events)
            if not isinstance(action, act.EventCode) and action.table is not None:
                yield _rows(action.label, action.table)
        case act.SolveTree():
            yield Watched(action.node.label, _array(action.node), -1, action.axial.size)
            yield Watched(action.parents.label, _array(action.parents), -1, action.axial.size)
        case act.SolveForest():
            yield Watched(action.node.label, _array(action.node), -1, action.largest)
            yield Watched(action.parents.label, _array(action.parents), -1, action.largest)
            greatest = max(action.potential.size, action.node.size, action.axial.size)
            yield Watched(action.blocks.label, _array(action.blocks), 0, greatest + 1)
        case act.RecordStates():
            own = [binding.storage.size for binding in bindings_of(action).values() if isinstance(binding, act.Element)]
            yield Watched(action.indices.label, _array(action.indices), 0, min(own, default=2**31))
            yield _rows(action.label, action.table)
        case syn.Propagate():
            yield from _events(action.events)
            yield from _ends(action, action.connections)
            yield from _deliveries(action)
        case syn.Accumulate():
            yield from _ends(action, action.connections)
            end = action.connections.sources if action.to_source else action.connections.targets
            yield Watched(end.label, _read(end), 0, action.size)
        case _:
            assert_never(action)


def _array(storage: act.Storage, stop: int | None = None) -> Callable[[], Array]:
    return lambda: storage.array[:stop]


def _read(storage: act.Storage) -> Callable[[], Array]:
    return lambda: storage.take(slice(None))


def _links(action: CompiledAction) -> Iterator[Watched]:
    """Yields the indices of linked variables."""
    extent = extent_of(action)
    for name, binding in bindings_of(action).items():
        if isinstance(binding, act.Indexed) and binding.index is not None and extent is not None:
            low, index = -binding.offset, binding.index
            label = f"{name}: {index.label}"
            yield Watched(label, _part(index, extent.first, extent.stop), low, low + binding.storage.size)


def _part(storage: act.Storage, first: int, stop: int) -> Callable[[], Array]:
    return lambda: storage.array[first:stop]


def _events(space: act.EventSpace) -> Iterator[Watched]:
    size = space.indices.size
    yield Watched(f"{space.label} count", lambda: space.count, 0, size + 1)
    yield Watched(f"{space.label} events", lambda: space.indices[: max(int(space.count[0]), 0)], 0, size)


def _rows(label: str, table: Any) -> Watched:
    """Returns the number of recorded rows, one of which is to be added."""
    return Watched(f"{label} rows", lambda: table.control[:1], 0, int(table.control[1]))


def _ends(action: syn.Propagate | syn.Accumulate, connections: syn.Connections) -> Iterator[Watched]:
    """Yields the ends of synapses, for each variable that they lead to."""
    for name, binding in bindings_of(action).items():
        match binding:
            case syn.OfPre(storage, offset):
                end = connections.sources
                yield Watched(f"{name}: {end.label}", _read(end), -offset, storage.size - offset)
            case syn.OfPost(storage, offset):
                end = connections.targets
                yield Watched(f"{name}: {end.label}", _read(end), -offset, storage.size - offset)
            case _:
                pass


def _deliveries(action: syn.Propagate) -> Iterator[Watched]:
    """Yields the rows of synapses, and the spikes under way."""
    rows, history, synapses = action.rows, action.history, action.connections.sources.size
    size = action.stop - action.start
    yield Watched(rows.pointers.label, _array(rows.pointers), 0, synapses + 1)
    yield Watched(rows.delays.label, _array(rows.delays), 0, history.counts.size)
    if rows.order is not None:
        yield Watched(rows.order.label, _array(rows.order), 0, synapses)
    yield Watched(history.indices.label, _array(history.indices), 0, size)
    yield Watched(history.counts.label, _array(history.counts), 0, size + 1)
    yield Watched(history.pending_synapses.label, _array(history.pending_synapses), 0, max(synapses, 1))
    pending = history.pending_due.size + 1
    yield Watched(history.pending_position.label, _array(history.pending_position), 0, pending)
