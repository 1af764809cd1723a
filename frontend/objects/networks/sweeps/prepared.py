"""A network that is ready for a set of a sweep: its plan, and what the inputs of its program stand for."""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np

from ranvier.actions.actions import Action, Storage
from ranvier.actions.rewrites.count_refractory_steps import StepsUntil
from ranvier.actions.synaptic_actions import Propagate, SpikeHistory
from ranvier.objects.connections.rows import RowOrder
from ranvier.objects.memory.arrays import Array
from ranvier.objects.memory.lazy import LazyStorage
from ranvier.objects.networks.running import RunCall
from ranvier.objects.networks.sweeps.network_work import NetworkWork
from ranvier.objects.networks.sweeps.sets import described
from ranvier.objects.networks.sweeps.work import CannotBePrepared, NotAbreast, error_text
from ranvier.plan.plan import Plan
from ranvier.plan.planner import Arguments
from ranvier.runtime.recorder import Table
from ranvier.runtime.state import fingerprint
from ranvier.stages.road import current_options, make_plan

KEY = 0
"""The number of the input with the random key."""


@dataclass(frozen=True)
class Prepared:
    """A network that is ready for a set.

    Attributes:
        call: The arguments of the run.
        actions: What happens in a step.
        plan: The plan.
        arguments: What its inputs stand for.
        key: The random key.
    """

    call: RunCall
    actions: Sequence[Action]
    plan: Plan
    arguments: Arguments
    key: int

    def content(self, number: int) -> object:
        """Returns what stands for the values of an input: equal for equal values."""
        value = self.arguments.values[number]
        if number == KEY:
            return self.key
        if isinstance(value, Table) or hasattr(value, "buffers"):
            return None
        if hasattr(value, "control"):
            return value.control.tobytes(), getattr(value, "dt_", 0.0)
        if hasattr(value, "indices"):
            return value.indices[: value.count[0]].tobytes()
        if not isinstance(value, Storage):
            return repr(value)
        if value in self._histories:
            return value.size, _spikes_of(self._histories[value])
        if isinstance(value, RowOrder):
            return value.size, value.followed
        if isinstance(value, LazyStorage) and value.frozen:  # with memory for all elements, or without
            return value.size, _Basis(cast(object, value.basis))
        if not value.size or value.uniform is not None:
            return value.size, value.uniform
        return value.size, fingerprint(value.array)

    @cached_property
    def rows(self) -> frozenset[object]:
        """The memory of what follows from the ends and the delays of synapses."""
        rows = [action.rows for action in self.actions if isinstance(action, Propagate)]
        return frozenset(each for one in rows for each in (one.pointers, one.delays, one.order))

    @cached_property
    def _histories(self) -> Mapping[Storage, SpikeHistory]:
        """The memory of spikes on their way, of which a part only has a meaning."""
        histories = [action.history for action in self.actions if isinstance(action, Propagate)]
        return {each.indices: each for each in histories}


class _Basis:
    """Stands for an object that is another one when the elements that follow from it have changed; it is not kept.

    Args:
        basis: The object.
    """

    def __init__(self, basis: object) -> None:
        self._basis = weakref.ref(basis)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Basis) and self._basis() is not None and self._basis() is other._basis()

    def __hash__(self) -> int:
        return id(self._basis())


def _spikes_of(history: SpikeHistory) -> int:
    """Returns a number that differs if the spikes on their way do."""
    counts = history.counts.array
    if not counts.any():
        return 0
    room = history.indices.size // counts.size
    slots = np.flatnonzero(counts)
    held = [history.indices.array[slot * room : slot * room + counts[slot]] for slot in slots.tolist()]
    return fingerprint(np.concatenate([slots, *held]))


def prepared(work: NetworkWork, values: Mapping[str, object]) -> Prepared:
    """Makes a network ready for a set.

    Raises:
        Exception: What `run` raises if the network cannot be run.
    """
    network = work.network
    call = work.prepare(values)
    actions = network.examine(call)
    work.secure(actions)
    plan, arguments = make_plan(actions, network.clocks, options=current_options())
    return Prepared(call, actions, plan, arguments, network.random.key())


def check_alone_in_code(ready: Prepared) -> None:
    """Checks that a step is all compiled code, of no library.

    Raises:
        NotAbreast: If it is not.
    """
    callbacks = ready.arguments.callbacks
    if callbacks:
        raise NotAbreast("Python is called in the step: network operations, or functions that only Python has")
    if ready.plan.libraries:
        raise NotAbreast("functions of a library are called, which may have a state of their own")


def array_of(ready: Prepared, n: int) -> Array:
    """Returns what an input stands for, as an array of its own."""
    value = ready.arguments.values[n]
    return value.array.copy() if isinstance(value, Storage) else np.asarray(value)


def usual_sets(work: NetworkWork, members: Sequence[int]) -> list[int]:
    """Returns those sets whose constants are all finite numbers."""
    axes = [work.sets.axes[name] for name in work.request.targets.constants]
    axes = [axis for axis in axes if not axis.usual.all()]
    return [k for k in members if all(axis.usual[axis.position(k)] for axis in axes)] if axes else list(members)


def ready_for(work: NetworkWork, values: Mapping[str, object]) -> Prepared:
    """Returns a network that is ready for a set.

    Raises:
        CannotBePrepared: If it cannot be run with its values; it says which.
    """
    try:
        return prepared(work, values)
    except Exception as error:
        raise CannotBePrepared(f"the network cannot be run with {described(values)} ({error_text(error)})") from None


def is_another(one: object, other: object) -> bool:
    """Tells whether memory is another one; steps that are counted for a run have memory of their own each time."""
    return isinstance(one, Storage) and one is not other and not isinstance(one, StepsUntil)


def filled(plain: Array, storage: Storage) -> Array:
    """Returns what an array is when all its elements were set."""
    return np.broadcast_to(plain, (storage.size,)).astype(storage.dtype)
