"""Sets that were computed as instances, brought back into the network, which then measures them as after `run`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from ranvier.actions.actions import EventSpace, Storage
from ranvier.actions.rewrites.count_refractory_steps import StepsUntil
from ranvier.actions.rewrites.held_traces import held_traces
from ranvier.objects.memory.arrays import Array
from ranvier.objects.networks.sweeps.instances import Instances, Prepared, prepared
from ranvier.objects.networks.sweeps.network_work import NetworkWork
from ranvier.objects.networks.sweeps.work import Outcome, attempted
from ranvier.runtime.columns import Chunk, TableSnapshot
from ranvier.runtime.recorder import Table


class FinishedRun(Protocol):
    """A run of one or several instances that has come to its end."""

    def state(self, number: int) -> Array:
        """Returns an array of which each instance has its own, of shape (elements, instances)."""
        ...

    def events(self, number: int, instance: int) -> Array:
        """Returns the elements of an instance that have an event now."""
        ...

    def rows_of(self, number: int, instance: int) -> Mapping[str, Array]:
        """Returns the rows of a monitor that an instance has recorded."""
        ...


class Return:
    """Brings instances back into the network.

    Args:
        work: The sweep.
        instances: What they are instances of.
    """

    def __init__(self, work: NetworkWork, instances: Instances) -> None:
        self._work = work
        self._instances = instances
        held = held_traces(instances.base.actions)
        self._is_prepared_each_time = held is None or bool(held)
        """Who holds the traces of synapses may be another object after the network was put back."""
        self._recorded = {
            n: value.snapshot()
            for n, value in enumerate(instances.base.arguments.values)
            if isinstance(value, Table)
        }

    def outcome(self, run: FinishedRun, instance: int, k: int) -> Outcome:
        """Returns the outcome of a set.

        Args:
            run: The run.
            instance: Which of its instances the set is.
            k: The number of the set.
        """
        values = self._work.values(k)

        def measured(outcome: Outcome) -> None:
            ready = self._network_of(values)
            self._fill(ready, run, instance)
            self._work.measure(outcome, ready.call)

        return attempted(k, values, measured)

    def _network_of(self, values: Mapping[str, object]) -> Prepared:
        """Returns the network with the values of a set, before its run."""
        if self._is_prepared_each_time:
            return prepared(self._work, values)
        base = self._instances.base
        call = self._work.prepare(values)
        return Prepared(call, base.actions, base.plan, base.arguments, base.key)

    def _fill(self, ready: Prepared, run: FinishedRun, instance: int) -> None:
        """Gives the network what an instance has come to."""
        numbers = {*self._instances.written}
        for n, value in enumerate(ready.arguments.values):
            if isinstance(value, Table):
                _record(value, self._recorded[n], run.rows_of(n, instance))
            elif n not in numbers:
                continue
            elif isinstance(value, EventSpace):
                events = run.events(n, instance)
                value.indices[: events.size] = events
                value.count[0] = events.size
            elif isinstance(value, Storage) and not isinstance(value, StepsUntil):
                value.array[:] = run.state(n)[:, instance]
        network = self._work.network
        for clock in network.clocks:
            clock.control[0] = clock.control[1]
        network.t_ = self._work.state.time + ready.call.length
        network.after_run()


def _record(table: Table, before: TableSnapshot, rows: Mapping[str, Array]) -> None:
    """Lets a table hold what it held before, and some rows."""
    arrays: tuple[Any, ...] = tuple(np.ascontiguousarray(rows[column.name]) for column in table.columns)
    count = len(arrays[0]) if arrays else 0
    new = (Chunk(count, arrays),) if count else ()
    table.restore(TableSnapshot(before.columns, (*before.chunks, *new), before.streamed))
