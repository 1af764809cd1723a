"""Sets that were computed as instances, brought back into the network, which then measures them as after `run`."""

from __future__ import annotations

import copy
from collections.abc import Generator, Mapping, Sequence

import numpy as np

from ranvier.actions.actions import EventSpace, Storage
from ranvier.actions.rewrites.count_refractory_steps import StepsUntil
from ranvier.actions.rewrites.held_traces import held_traces
from ranvier.objects.groups.group import VariableOwner
from ranvier.objects.memory.arrays import Array
from ranvier.objects.networks.sweeps.instances import Instances
from ranvier.objects.networks.sweeps.measures import TextMeasure
from ranvier.objects.networks.sweeps.network_work import NetworkWork
from ranvier.objects.networks.sweeps.prepared import Prepared, prepared
from ranvier.objects.networks.sweeps.runs import FinishedRun, SortedRows
from ranvier.objects.networks.sweeps.stacked import Form, NotStacked, Stack
from ranvier.objects.networks.sweeps.stacked_values import StackedValues
from ranvier.objects.networks.sweeps.work import Outcome, attempted
from ranvier.objects.neurons.checks import LARGE
from ranvier.objects.synapses.synapses import Synapses
from ranvier.objects.variables.variables import ArrayVariable
from ranvier.runtime import parts
from ranvier.runtime.columns import Chunk, TableSnapshot
from ranvier.runtime.recorder import Table
from ranvier.session.clocks import same_time


class Return:
    """Brings instances back into the network, and measures them.

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
        values = instances.base.arguments.values
        self._recorded = {n: value.snapshot() for n, value in enumerate(values) if isinstance(value, Table)}
        self._checked = instances.numbers_of(_integrated(work))
        self._texts = {name: each for name, each in work.request.measures.items() if isinstance(each, TextMeasure)}
        self.is_changing = len(self._texts) < len(work.request.measures)
        """Whether functions measure: they may change the network."""
        self._is_quick = len(self._texts) == len(work.request.measures)
        """Whether all measures may be computed for many instances at once: not known before the first was measured."""
        self._forms: dict[str, Form] | None = None

    @property
    def is_quick(self) -> bool:
        """Whether all measures are computed for many instances at once."""
        return self._forms is not None

    def stacked(self, run: FinishedRun, chunk: Sequence[int]) -> tuple[dict[str, StackedValues], Array]:
        """Returns the measures of all instances of a run, and which instances have a value that is not finite.

        Nothing of the network is asked for, or changed, and the memory of the run may be used again. It is known that
        all measures can be computed so, see `is_quick`.

        Args:
            run: The run.
            chunk: The numbers of its sets.

        Raises:
            NotStacked: If it depends on the sets whether they can be computed so.
        """
        return self._measures(run, SortedRows(run, len(chunk)), chunk), self._not_good(run)

    def with_sets(self, work: NetworkWork, instances: Instances) -> Return:
        """Returns the same for other values of the same keys.

        Args:
            work: The same work with other sets.
            instances: The same instances with other sets.
        """
        other = copy.copy(self)
        other._work, other._instances = work, instances
        return other

    def outcomes(self, run: FinishedRun, chunk: Sequence[int]) -> Generator[Outcome, None, None]:
        """Yields the outcomes of the sets of a run: one of all those that were measured at once.

        Args:
            run: The run.
            chunk: The numbers of its sets.
        """
        done = 0
        for outcome in self._each(run, SortedRows(run, len(chunk)), chunk):
            done += len(outcome)
            outcome.has_more = done < len(chunk)
            yield outcome

    def _each(self, run: FinishedRun, rows: SortedRows, chunk: Sequence[int]) -> Generator[Outcome, None, None]:
        bad = self._not_good(run)
        first = None
        if self._is_quick and self._forms is None:
            first = self._outcome(run, rows, 0, chunk[0], bad)
            if not first.error:
                self._try_at_once(run, rows, chunk, first)
        at_once = self._at_once(run, rows, chunk, bad)
        if at_once is not None:
            yield at_once
        for instance in range(len(chunk)) if at_once is None else np.flatnonzero(bad).tolist():
            known = first if instance == 0 else None
            yield known or self._outcome(run, rows, instance, chunk[instance], bad)

    def _not_good(self, run: FinishedRun) -> Array:
        """Returns which instances have a value that is not finite, or very large, in a differential equation."""
        if run.count == 1:  # few calls: after a long run the code of each is far from the processor
            return np.array([not all(_is_good(run.state(n)) for n in self._checked)])
        bad: Array = np.zeros(run.count, bool)
        for n in self._checked:
            values = run.state(n)
            if values.size:
                with np.errstate(invalid="ignore"):
                    bad |= ~((values.min(axis=0) > -LARGE) & (values.max(axis=0) < LARGE))
        return bad

    # ---------------------------------------------------------------- many at once

    def _try_at_once(self, run: FinishedRun, rows: SortedRows, chunk: Sequence[int], first: Outcome) -> None:
        """Finds out whether all measures can be computed for many instances at once, and give what the network does."""
        stack = self._stack(run, rows, chunk)
        try:
            forms = {
                name: Form.of(stack.values(measure), first.measures[name][0]) for name, measure in self._texts.items()
            }
        except NotStacked:
            self._is_quick = False
        else:
            self._forms = forms

    def _at_once(self, run: FinishedRun, rows: SortedRows, chunk: Sequence[int], bad: Array) -> Outcome | None:
        """Returns the outcome of all instances that are good; None if there are none, or that is not possible."""
        if self._forms is None or bad.all():
            return None
        try:
            measures = self._measures(run, rows, chunk)
        except NotStacked:  # it depends on the sets
            return None
        tables = {name: self._kept(name, rows, chunk) for name in self._work.request.keep}
        return Outcome.of_some(chunk, measures, tables, ~bad)

    def _measures(self, run: FinishedRun, rows: SortedRows, chunk: Sequence[int]) -> dict[str, StackedValues]:
        assert self._forms is not None
        stack = self._stack(run, rows, chunk)
        return {name: self._forms[name].values(stack.values(each)) for name, each in self._texts.items()}

    def _stack(self, run: FinishedRun, rows: SortedRows, chunk: Sequence[int]) -> Stack:
        facts = self._work.facts_of(self._work.values(chunk[0]), self._instances.base.call)
        return Stack(self._work, self._instances, run, rows, chunk, facts, self._recorded)

    def _kept(self, name: str, rows: SortedRows, chunk: Sequence[int]) -> object:
        """Returns the kept rows of all sets of a run."""
        monitor = self._work.request.keep[name]
        number = self._instances.number_of(monitor.table)
        assert number is not None
        columns, starts = rows.all(number)
        _record(monitor.table, self._recorded[number], columns)
        recorded = self._work.recorded(name)
        each = parts.rows_in(recorded) // max(int(starts[-1]), 1)
        return parts.with_column(recorded, "instance", np.repeat(np.asarray(chunk), np.diff(starts) * each))

    # ---------------------------------------------------------------- one by one

    def _outcome(self, run: FinishedRun, rows: SortedRows, instance: int, k: int, bad: Array) -> Outcome:
        """Returns the outcome of a set, measured by the network that has come to what the set has."""
        if bad[instance] and self._work.request.call.check_values:
            return self._work.compute(k)  # which says where and when
        values = self._work.values(k)

        def measured(outcome: Outcome) -> None:
            ready = self._network_of(values)
            self._fill(ready, run, rows, instance)
            self._work.measure(outcome, values, ready.call)

        return attempted(k, measured)

    def _network_of(self, values: Mapping[str, object]) -> Prepared:
        """Returns the network with the values of a set, before its run."""
        if self._is_prepared_each_time:
            return prepared(self._work, values)
        base = self._instances.base
        call = self._work.prepare(values)
        return Prepared(call, base.actions, base.plan, base.arguments, base.key)

    def _fill(self, ready: Prepared, run: FinishedRun, rows: SortedRows, instance: int) -> None:
        """Gives the network what an instance has come to."""
        for n, value in enumerate(ready.arguments.values):
            if isinstance(value, Table):
                _record(value, self._recorded[n], rows.of(n, instance))
            elif n not in self._instances.written:
                continue
            elif isinstance(value, EventSpace):
                events = run.events(n, instance)
                value.indices[: events.size] = events
                value.count[0] = events.size
            elif isinstance(value, Storage) and not isinstance(value, StepsUntil):
                value.array[:] = run.state(n)[:, instance]
        network = self._work.network
        begin, clocks = self._work.state.time, network.clocks
        for clock in clocks:
            clock.set_interval(begin, begin + ready.call.length, same_time(clocks))
            clock.control[0] = clock.control[1]
        network.t_ = begin + ready.call.length
        network.after_run()


def _integrated(work: NetworkWork) -> list[Storage]:
    """Returns the memory of the variables of differential equations; of those of synapses, that of neurons, too."""
    found: list[Storage] = []
    for obj in work.network:
        equations = getattr(obj, "user_equations", None)
        if isinstance(obj, VariableOwner) and equations is not None:
            variables = (obj.variables.get(name) for name in equations.diff_eq_names)
            found += [each.storage for each in variables if isinstance(each, ArrayVariable)]
        if isinstance(obj, Synapses) and obj.shared_states is not None and obj.shared_states.held is not None:
            found += obj.shared_states.held.values.values()
    return found


def _is_good(values: Array) -> bool:
    """Tells whether all values are finite, and not very large; NaN is neither greater nor less."""
    return values.size == 0 or bool(values.min() > -LARGE and values.max() < LARGE)


def _record(table: Table, before: TableSnapshot, rows: Mapping[str, Array]) -> None:
    """Lets a table hold what it held before, and some rows."""
    arrays: tuple[Array, ...] = tuple(np.ascontiguousarray(rows[column.name]) for column in table.columns)
    count = len(arrays[0]) if arrays else 0
    new = (Chunk(count, arrays),) if count else ()
    table.restore(TableSnapshot(before.columns, (*before.chunks, *new), before.streamed))
