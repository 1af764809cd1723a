"""Pathways: what happens to synapses when a neuron spikes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from operator import is_not

import numpy as np

from ranvier.actions.actions import Action, Storage
from ranvier.actions.sameness import is_same
from ranvier.actions.synaptic_actions import Propagate, Rows, SpikeHistory
from ranvier.actions.traces import event_time
from ranvier.equations.assignments import Assign
from ranvier.objects.connections.bindings import one_name_each, synaptic_bindings
from ranvier.objects.connections.guards import guards
from ranvier.objects.connections.row_facts import row_facts
from ranvier.objects.connections.rows import new_rows, sorted_rows
from ranvier.objects.memory.arrays import Array
from ranvier.objects.memory.new_storage import new_storage
from ranvier.objects.memory.stored import ObjectState, check_lengths, check_range, read_only
from ranvier.objects.pathways.code import PathwayCode
from ranvier.objects.pathways.delay_storage import DelayStorage
from ranvier.objects.pathways.delays import Pathed, WithDelays
from ranvier.objects.pathways.in_flight import NOTHING, InFlight, in_flight, new_history
from ranvier.objects.pathways.rates import expected_rate, rate_facts
from ranvier.objects.pathways.resumed_spikes import resume_spikes
from ranvier.objects.traces.event_driven import advanced_to_now, event_driven_part, event_driven_system
from ranvier.objects.variables.kept import Kept
from ranvier.objects.variables.scope import Scope
from ranvier.objects.variables.variables import ArrayVariable, DynamicArrayVariable
from ranvier.public import public_in
from ranvier.session.logger import get_logger
from ranvier.units import Quantity, second

logger = get_logger("ranvier.synapses.synapses")


@public_in("ranvier.synapses.synapses")
class SynapticPathway(WithDelays):
    """Executes statements for the synapses that a spike reaches.

    Args:
        synapses: The synapses.
        code: The statements.
        prepost: "pre" if spikes of the source count, "post" if those of the target do.
        objname: Name of the pathway: the last part of the object's name.
        delay: One delay for all synapses; None for one each.
        event: The event that counts as a spike.

    Attributes:
        code: The statements.
        prepost: "pre" or "post".
        event: The event that counts as a spike.
        source: The group whose spikes count.
        target: The group at the other end.
        delay_variable: The delays in seconds.
    """

    def __init__(
        self, synapses: Pathed, code: str, prepost: str, objname: str, delay: Quantity | None, event: str
    ) -> None:
        ends = (synapses.source, synapses.target)
        self.source, self.target = ends if prepost == "pre" else ends[::-1]
        super().__init__(
            synapses,
            clock=self.source.clock,
            when="synapses",
            order=-1 if prepost == "pre" else 1,
            name=f"{synapses.name}_{objname}*",
        )
        self.objname = objname
        self.code = code
        self.prepost = prepost
        self.event = event
        self.delay_variable = self._new_delay(synapses, delay)
        self._rows: Rows | None = None
        self._history: SpikeHistory | None = None
        self._facts: tuple[tuple[str, int], ...] | None = None
        self._facts_of: tuple[int, tuple[Array | None, Array | None]] = (0, (None, None))
        self.measured_rate: float | None = None
        self._kept: Kept[PathwayCode] = Kept()
        self._delivery: tuple[tuple[object, ...], tuple[Propagate]] | None = None
        self._waiting: InFlight = NOTHING
        self._prepared_for: tuple[object, ...] | None = None
        self._dt = 0.0
        if event not in self.source.event_spaces:
            which = "Source" if prepost == "pre" else "Target"
            hint = " Did you forget to set a 'threshold'?" if event == "spike" else ""
            raise ValueError(f"{which} group '{self.source.name}' does not define an event '{event}'.{hint}")
        self._has_all_attributes = True

    def _new_delay(self, synapses: Pathed, delay: Quantity | None) -> ArrayVariable:
        label = f"{self.name}.delay"
        if delay is None:
            storage: Storage = DelayStorage(label, synapses.element_count)
        else:
            storage = new_storage(label, 1, np.float64, second.dim)
            storage.array[0] = float(delay)
        kind = DynamicArrayVariable if delay is None else ArrayVariable
        return kind(
            name="delay",
            dim=second.dim,
            scalar=delay is not None,
            storage=storage,
            owner_ref=self._group_ref,
        )

    # ------------------------------------------------------------------ what scripts see

    @property
    def synapses(self) -> Pathed:
        """The synapses."""
        return self.group

    @property
    def queue(self) -> SpikeHistory | None:
        """The spikes on their way, None before the first run."""
        return self._history

    @property
    def laid_out(self) -> tuple[Rows | None, SpikeHistory | None]:
        """The rows of synapses and the spikes on their way; None before the first run, and when synapses changed."""
        known = self._prepared_for
        is_old = known is None or known[0] != self.synapses.version
        return (None, None) if is_old else (self._rows, self._history)

    def __repr__(self) -> str:
        return f"SynapticPathway(clock={self.clock!r}, when={self.when}, order={self.order}, name={self.name!r})"

    def forget_delays(self, size: int) -> None:
        """Sets all delays to zero, for a new number of synapses, unless there is one for all."""
        storage = self.delay_variable.storage
        if isinstance(storage, DelayStorage):
            storage.clear(size)

    # ------------------------------------------------------------------ running

    def before_run(self, run_namespace: Mapping[str, object]) -> None:
        """Sorts the synapses by spiking neuron and delay, if anything has changed.

        Raises:
            TypeError: If `connect` has not been called.
            ValueError: If a delay is negative.
        """
        synapses = self.synapses
        if not synapses.is_connected:
            raise TypeError(
                f"The synapses of '{synapses.name}' have not been made: call connect() (connect(False) makes none)."
            )
        self._prepare(synapses)

    def _prepare(self, synapses: Pathed) -> None:
        dt = float(self.source.clock.dt_)
        delays = self._all_delays()
        key = (synapses.version, dt, *delays.distinguishing())
        if key == self._prepared_for:
            return
        pending = self._unscaled_in_flight()
        if self._dt not in (0.0, dt):
            pending = pending.rescaled(self._dt / dt)
        steps = delays.steps(dt, self.name)
        size = self.source.element_count
        ends = self._near_ends
        if self.prepost == "pre" and synapses.connections.sources.pointers is not None:
            self._rows = sorted_rows(self.name, synapses.connections.sources.pointers, steps)
        else:
            elements = ends.array if self.prepost == "pre" else synapses.connections.targets.readable
            self._rows = new_rows(self.name, elements, size, steps)
        self._history = new_history(self.name, size, int(self._rows.delays.array[0]), pending)
        resume_spikes(self._history, self._rows, ends, steps)
        self._waiting, self._dt, self._prepared_for = NOTHING, dt, key

    @property
    def _near_ends(self) -> Storage:
        """The spiking element of each synapse."""
        ends = self.synapses.connections
        return ends.sources if self.prepost == "pre" else ends.targets

    def _all_delays(self) -> DelayStorage:
        storage = self.delay_variable.storage
        if isinstance(storage, DelayStorage):
            return storage
        delays = DelayStorage(storage.label, 1)  # one delay for all
        delays.fill(storage.array[0])
        return delays

    def _unscaled_in_flight(self) -> InFlight:
        if self._rows is None or self._history is None:
            return self._waiting
        return in_flight(self._rows, self._history)

    def actions(self, run_namespace: Mapping[str, object]) -> Sequence[Action]:
        """Returns the delivery of spikes."""
        synapses = self.synapses
        assert self._rows is not None and self._history is not None
        lowered, events = self._known_code(run_namespace), self.source.event_spaces[self.event]
        facts = self._known_facts(self._rows)
        made_of = (lowered, events, self.source.extent, synapses.connections, self._rows, facts, self._history,
                   synapses.single_precision)  # fmt: skip
        if self._delivery is None or not is_same(self._delivery[0], made_of):
            self._delivery = made_of, self._delivered(lowered, self._rows, self._history)
        return self._delivery[1]

    def _delivered(self, lowered: PathwayCode, rows: Rows, history: SpikeHistory) -> tuple[Propagate]:
        synapses = self.synapses
        start, stop = self.source.extent
        return (
            Propagate(
                label=self.name,
                clock=self.clock,
                events=self.source.event_spaces[self.event],
                start=start,
                stop=stop,
                connections=synapses.connections,
                rows=replace(rows, facts=self._known_facts(rows)),
                history=history,
                code=lowered.code,
                bindings=lowered.bindings,
                protected=lowered.protected,
                from_target=self.prepost == "post",
                float32=synapses.single_precision,
                event_driven=lowered.event_driven,
            ),
        )

    def _known_facts(self, rows: Rows) -> tuple[tuple[str, int], ...]:
        found, delays = self.facts(rows.pointers.array.size - 1), rows.delays.array
        delayed = () if delays.size == 0 or delays.min() < 1 else (("delayed", 1),)
        return (*found, *delayed, *self.rate_facts(dict(found)))

    def rate_facts(self, sizes: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
        """Returns what a compiler wants to know of how often the elements spike, besides the other facts."""
        return rate_facts(sizes, expected_rate(self.measured_rate), float(self.source.clock.dt_))

    @property
    def known_rate_facts(self) -> tuple[tuple[str, int], ...]:
        """The same for the synapses as they are."""
        return self.rate_facts(dict(self._facts or ()))

    def facts(self, rows: int) -> tuple[tuple[str, int], ...]:
        """Returns what a compiler wants to know of the sizes if there are so many rows; see `row_facts`.

        Looking at the synapses takes milliseconds for millions: what was found is kept as long as they are the same.
        """
        ends = self.synapses.connections
        bases = (ends.sources.basis, ends.targets.basis)  # other arrays for other connections
        if self._facts is None or rows != self._facts_of[0] or any(map(is_not, bases, self._facts_of[1])):
            self._facts, self._facts_of = self._looked_at(rows), (rows, bases)
        return self._facts

    def _looked_at(self, rows: int) -> tuple[tuple[str, int], ...]:
        ends, own = self.synapses.connections, self.synapses
        is_pre = self.prepost == "pre"
        pointers = ends.sources.pointers if is_pre else None
        return row_facts(
            rows,
            ends.targets if is_pre else ends.sources,
            np.zeros(0, dtype=np.int64) if pointers is None else pointers,
            self.target.element_count,
            (own.synaptic_counts.incoming if is_pre else own.synaptic_counts.outgoing).array,
        )

    def _known_code(self, run_namespace: Mapping[str, object]) -> PathwayCode:
        """Returns the code for a synapse: that of the last run, if all its names mean the same now."""
        ends = self.synapses.connections
        made_of = (self.code, ends.sources, ends.targets, self.synapses.shared_traces)
        synapses = self.synapses
        return self._kept.result(
            made_of,
            run_namespace,
            lambda: synapses.scope(run_namespace),
            lambda new_scope: self.lowered(new_scope()),
        )

    def forget_code(self) -> None:
        """Gives up the code of the last run: its names may stand for variables of groups that are gone."""
        self._kept.forget()
        self._delivery = None

    def lowered(self, scope: Scope) -> PathwayCode:
        """Returns the code for a synapse."""
        from ranvier.objects.pathways.order_dependence import warn_of_order

        synapses = self.synapses
        system = event_driven_system(synapses, scope) if synapses.event_driven else None
        before = () if system is None else advanced_to_now(system)
        body = scope.code(self.code)
        code = (*before, *body) if system is None else (*before, *body, event_time())
        free = guards(synapses, scope, {line.target for line in code if isinstance(line, Assign)})
        lines, bindings, renamed = one_name_each(code, synaptic_bindings(scope.bindings, synapses.connections))
        warn_of_order(lines, bindings, self.code)
        protected = {name: guard for name, guard in free.items() if name in bindings}
        event_driven = None
        if system is not None and synapses.shared_traces is not None:
            user_code = lines[len(before) : len(before) + len(body)]
            event_driven = event_driven_part(synapses.shared_traces, system, user_code, renamed)
        return PathwayCode(lines, bindings, protected, event_driven)

    # ------------------------------------------------------------------ store and restore

    def state_arrays(self) -> dict[str, Array]:
        """Returns the delays and the spikes on their way."""
        flying = self._unscaled_in_flight()
        return {
            "delay": self._delays(),
            "position": np.array([flying.position]),
            "due": flying.due,
            "synapses": flying.synapses,
            "dt": np.array([self._dt]),
        }

    def _delays(self) -> Array:
        storage = self.delay_variable.storage
        return np.zeros(0) if isinstance(storage, DelayStorage) and storage.is_zero else read_only(storage)

    @property
    def has_state(self) -> bool:
        """Whether a stored state has anything of the object: always."""
        return True

    def may_resize(self, name: str) -> bool:
        """Returns whether a stored state may have more or fewer values."""
        return name in ("due", "synapses") or (name == "delay" and not self.delay_variable.scalar)

    def check_state(self, states: Mapping[str, ObjectState]) -> None:
        """Checks that stored delays and spikes on their way can be set, and that they fit to the synapses."""
        super().check_state(states)
        stored = states[self.name].arrays
        number = states[self.synapses.name].arrays["i"].size
        if stored["delay"].size and not self.delay_variable.scalar:
            check_lengths(self.name, {"delay": stored["delay"]}, number)
        check_lengths(self.name, {"due": stored["due"]}, stored["synapses"].size)
        check_range(self.name, "synapses", stored["synapses"], number)

    def set_state(self, stored: ObjectState) -> None:
        """Sets the delays and the spikes on their way."""
        arrays = stored.arrays
        if self._has_delays_of(arrays):
            self._go_back(arrays)
            return
        storage, delays = self.delay_variable.storage, arrays["delay"]
        if not isinstance(storage, DelayStorage):
            storage.array[:] = delays
        else:
            storage.clear(self.synapses.element_count)
            if delays.size:
                storage.set_values(delays)
        self._rows = self._history = self._prepared_for = None
        self._waiting = InFlight(int(arrays["position"][0]), arrays["due"].copy(), arrays["synapses"].copy())
        self._dt = float(arrays["dt"][0])

    def _has_delays_of(self, stored: Mapping[str, Array]) -> bool:
        """Tells whether the rows are right for a stored state, too."""
        if self.laid_out[1] is None or float(stored["dt"][0]) not in (0.0, self._dt):
            return False
        present = self._delays()
        return stored["delay"] is present or np.array_equal(stored["delay"], present)

    def _go_back(self, stored: Mapping[str, Array]) -> None:
        """Sets the spikes on their way, whose delays are those that the rows have."""
        rows, history = self.laid_out
        assert rows is not None and history is not None
        if stored["due"].size:
            pending = InFlight(int(stored["position"][0]), stored["due"].copy(), stored["synapses"].copy())
            self._history = new_history(self.name, self.source.element_count, int(rows.delays.array[0]), pending)
            resume_spikes(self._history, rows, self._near_ends, self._all_delays().steps(self._dt, self.name))
            return
        history.counts.array[:] = 0
        history.position.array[0] = stored["position"][0]
        history.pending_position.array[0] = history.pending_due.size
