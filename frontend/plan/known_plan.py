"""The plan of the last run, which the next one takes if nothing has changed on which it depends.

A plan follows from the actions of a network, and from some facts that actions do not show: the sizes of arrays, which
variables have one value everywhere, whether neurons hold the traces of synapses, dt, which rewrites are done. All of
them are compared; what must be done before each run in any case (checks of indices, room in tables, steps counted from
the times of the last spikes) is done here, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ranvier.actions import actions as act
from ranvier.actions import synaptic_actions as syn
from ranvier.actions.effects import bindings_of
from ranvier.actions.linked_indices import IndexCheck
from ranvier.actions.rewrites.count_refractory_steps import StepsUntil
from ranvier.actions.rewrites.held_traces import HeldTraces, SettledStates, held_traces
from ranvier.actions.rewrites.own import Rewrite
from ranvier.actions.sameness import is_same, same_actions
from ranvier.plan.steps import reserve_rows

if TYPE_CHECKING:
    from ranvier.actions.protocols import ActionClock
    from ranvier.plan.plan import Plan
    from ranvier.plan.planner import Arguments


@dataclass(frozen=True)
class _Known:
    """A plan and what it was made of.

    Attributes:
        actions: What the objects asked for.
        clocks: The clocks of the network, with their dt.
        rewrites: The rewrites that were done.
        plan: The plan.
        arguments: What its inputs stand for.
        stored: The arrays among them, and what the plan knows of each.
        uniform: Arrays, their sizes, and the value that all their elements have, None for several values.
        traces: Who holds the traces of synapses.
    """

    actions: Sequence[act.Action]
    clocks: tuple[tuple[ActionClock, float | None], ...]
    rewrites: tuple[Rewrite, ...]
    plan: Plan
    arguments: Arguments
    stored: tuple[tuple[act.Storage, tuple[object, ...]], ...]
    uniform: tuple[tuple[act.Storage, tuple[int, bool | int | float | None]], ...]
    traces: Sequence[HeldTraces | SettledStates]


class KnownPlan:
    """The plan of the last run, if it may serve again."""

    def __init__(self) -> None:
        self._known: _Known | None = None

    def forget(self) -> None:
        """Gives up the plan, and with it what it holds of the objects."""
        self._known = None

    def keep(
        self,
        actions: Sequence[act.Action],
        clocks: Sequence[ActionClock],
        rewrites: Sequence[Rewrite],
        made: tuple[Plan, Arguments],
    ) -> None:
        """Keeps a plan for the next run, unless Python is called in it or something may change without being seen."""
        plan, arguments = made
        self._known = None
        if arguments.callbacks or _are_pending(actions) or any(map(_has_open_index, actions)):
            return
        traces = held_traces(actions)
        if traces is not None:
            times = tuple((clock, _pace(clock)) for clock in clocks)
            stored = tuple((value, _known_of(value)) for value in arguments.values if isinstance(value, act.Storage))
            uniform = tuple((storage, (storage.size, storage.uniform)) for storage in arguments.looked_at)
            self._known = _Known(actions, times, tuple(rewrites), plan, arguments, stored, uniform, traces)

    def find(
        self, actions: Sequence[act.Action], clocks: Sequence[ActionClock], rewrites: Sequence[Rewrite]
    ) -> tuple[Plan, Arguments] | None:
        """Returns the plan and its arguments, ready for a run, if they are those of these actions; None otherwise.

        Raises:
            IndexError: If the index of a linked variable is out of range.
        """
        known = self._known
        if known is None or not _holds(known, actions, clocks, rewrites):
            return None
        arguments = known.arguments
        for check in arguments.checks:
            if isinstance(check, IndexCheck):  # plans with other ones call Python, and are not kept
                check.check()
        if not all(value.renew() for value in arguments.values if isinstance(value, StepsUntil)):
            return None
        if not all(held.settle() for held in known.traces):
            return None
        for action in arguments.actions:
            reserve_rows(action)
        return known.plan, arguments


def _holds(
    known: _Known, actions: Sequence[act.Action], clocks: Sequence[ActionClock], rewrites: Sequence[Rewrite]
) -> bool:
    return (
        known.rewrites == tuple(rewrites)
        and len(known.clocks) == len(clocks)
        and all(old is new and pace == _pace(new) for (old, pace), new in zip(known.clocks, clocks, strict=True))
        and same_actions(known.actions, actions)
        and not _are_pending(actions)
        and all(_is_as_it_was(storage, was) for storage, was in known.stored)
        and all(is_same(was, (storage.size, storage.uniform)) for storage, was in known.uniform)
    )


def _pace(clock: ActionClock) -> float | None:
    """Returns the step length of a clock, None if it ticks at given times, which cannot change."""
    return clock.dt_ if clock.event_times is None else None


def _known_of(storage: act.Storage) -> tuple[object, ...]:
    """Returns what a plan may know of an array; that of a frozen one holds as long as its elements do."""
    basis: Any = storage.basis if storage.frozen else None
    return storage.size, storage.dtype, basis


def _is_as_it_was(storage: act.Storage, was: tuple[object, ...]) -> bool:
    size, dtype, basis = was
    return size == storage.size and dtype == storage.dtype and is_same(basis, storage.basis if storage.frozen else None)


def _are_pending(actions: Sequence[act.Action]) -> bool:
    """Tells whether spikes are on their way since before delays or dt were changed: they are delivered apart."""
    histories = (action.history for action in actions if isinstance(action, syn.Propagate))
    return any(each.pending_due.size > each.pending_position.array[0] for each in histories)


def _has_open_index(action: act.Action) -> bool:
    """Tells whether an action uses an index that scripts may change without its being seen."""
    indices = (binding.index for binding in bindings_of(action).values() if isinstance(binding, act.Indexed))
    return any(
        index is not None and index.population is None and not index.frozen and not isinstance(index, act.OneForAll)
        for index in indices
    )
