"""Event-driven variables of synapses that are the same for all synapses of a neuron: one value a neuron.

A synapse of neurons i and j has its last event at the later one of the last events of i and of j. A variable of the
source has been advanced to the last event of i; at that of the synapse it is what the equation makes of it in between.
So the values of all synapses follow from those of the neurons, and there is no memory for them. Where the events of a
side reach the synapses of a neuron at different times (the side is apart), each synapse is as a neuron of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from ranvier.actions.actions import Population, Storage
from ranvier.actions.synaptic_actions import Connections
from ranvier.actions.traces import SIDES, Sharing, Traces
from ranvier.objects.memory.arrays import Array, DType, Places
from ranvier.objects.memory.new_storage import new_storage
from ranvier.objects.traces.patience import Patience
from ranvier.objects.traces.trace_storage import TraceStorage

TOLERANCES = {8: 1e-9, 4: 1e-5}
"""Relative difference up to which values count as equal, by bytes of a number: those of several steps of rounding."""


class SharedTraces:
    """The event-driven variables of a `Synapses` object, and how they are held at present.

    Args:
        label: Name of the object.
        connections: The ends of the synapses.
        sizes: Side → number of neurons.
        storages: Event-driven variables → their memory.
        lastupdate: The memory of the time of the last event.

    Attributes:
        reasons: Event-driven variable of the last run → why each synapse needs a value of its own; "" if neurons hold
            the values.
        sharing: What sides hold at present, None for nothing.
        traces: The values that they hold.
    """

    def __init__(
        self,
        label: str,
        connections: Connections,
        sizes: Mapping[str, int],
        storages: Mapping[str, TraceStorage],
        lastupdate: TraceStorage,
    ) -> None:
        self.label = label
        self.connections = connections
        self.sizes = dict(sizes)
        self.storages = dict(storages)
        self.lastupdate = lastupdate
        self.reasons: dict[str, str] = {}
        self.sharing: Sharing | None = None
        self.traces = Traces()
        self._populations = {side: Population(f"{label}_{side}_neurons") for side in sizes}
        self._stored: dict[str, Array] = {}
        self._patience = Patience()

    # ------------------------------------------------------------------ between runs

    def settle(self, wanted: Sharing) -> bool:
        """Lets sides hold variables from now on, if the values of all synapses of a neuron are equal.

        Args:
            wanted: Which variables.

        Returns:
            Whether they do; otherwise all variables have a value per synapse.
        """
        if self.sharing is not None and self.sharing.is_same(wanted) and not self._is_changed():
            self.forget()
            return True
        self.spread()
        if not wanted.sides or not self._may_try(wanted):
            return False
        found = self._packed(wanted)
        self._stored = {}
        self._patience.note(is_equal=found is not None)
        if found is None:
            return False
        self.sharing, self.traces = wanted, found
        for name in wanted.sides:
            self.storages[name].follow(self._computing(name))
        if wanted.is_complete:
            self.lastupdate.follow(self._last_events)
        return True

    def spread(self) -> None:
        """Gives each synapse values of its own."""
        for storage in self._all_storages():
            storage.leave()
        self.sharing, self.traces = None, Traces()

    def forget(self) -> None:
        """Lets the values of synapses that follow from those of neurons be computed anew."""
        for storage in self._all_storages():
            storage.forget()

    def clear(self) -> None:
        """Sets everything to zero."""
        for storage in self._all_storages():
            storage.clear(storage.size)
        self.sharing, self.traces = None, Traces()

    def _all_storages(self) -> Iterator[TraceStorage]:
        yield from self.storages.values()
        yield self.lastupdate

    def _is_changed(self) -> bool:
        sharing = self.sharing
        assert sharing is not None
        followed = [*(self.storages[name] for name in sharing.sides), *[self.lastupdate] * sharing.is_complete]
        return any(not storage.follows or storage.is_changed for storage in followed)

    def _may_try(self, wanted: Sharing) -> bool:
        """Tells whether to look at all values: after it failed, ever less often, unless they are seen to be equal."""
        storages = [*(self.storages[name] for name in wanted.sides), self.lastupdate]
        return bool(self._stored) or all(each.uniform is not None for each in storages) or not self._patience.waits()

    # ------------------------------------------------------------------ from neurons to synapses

    def _holders(self, side: str, places: Places, sharing: Sharing) -> Array | Places:
        """Returns where the values of a side are for some synapses: the number of the neuron, or of the synapse."""
        return places if side in sharing.apart else self._neurons(side, places)

    def _neurons(self, side: str, places: Places) -> Array:
        """Returns the neuron at one end of some synapses."""
        ends = self.connections.sources if side == "pre" else self.connections.targets
        return ends.take(places)

    def _last_events(self, places: Places) -> Array:
        """Returns the time of the last event of some synapses."""
        assert self.sharing is not None
        times = [last.array[self._holders(side, places, self.sharing)] for side, last in self.traces.last.items()]
        return np.maximum(*times) if len(times) == 2 else times[0]

    def _computing(self, name: str) -> Callable[[Places], Array]:
        assert self.sharing is not None
        sharing, traces = self.sharing, self.traces
        side, flow = sharing.sides[name], sharing.flows[sharing.sides[name]]

        def compute(places: Places) -> Array:
            holders = self._holders(side, places, sharing)
            until = self._last_events(places) if sharing.is_complete else self.lastupdate.take(places)
            values = {other: traces.values[other].array[holders] for other in flow.names}
            elapsed = until - traces.last[side].array[holders]
            return flow.advanced(values, elapsed, self._neurons(side, places))[name]

        return compute

    # ------------------------------------------------------------------ from synapses to neurons

    def _packed(self, wanted: Sharing) -> Traces | None:
        """Returns values of neurons from which the present values of all synapses follow; None if there are none."""
        found = Traces()
        sides = SIDES if wanted.is_complete else tuple(side for side in SIDES if wanted.of_side(side))
        for side in sides:
            found.last[side] = self._new(side, "lastupdate", np.dtype(np.float64), wanted)
        for name, side in wanted.sides.items():
            found.values[name] = self._new(side, name, self.storages[name].dtype, wanted)
        if self._take_uniform(wanted, found):
            return found
        if self._take_stored(wanted, found) and self._holds(wanted, found):
            return found
        for side in sides:
            self._take_earliest(side, wanted, found)
        return found if self._holds(wanted, found) else None

    def _new(self, side: str, name: str, dtype: DType, wanted: Sharing) -> Storage:
        if side in wanted.apart:
            size, population = self.lastupdate.size, self.lastupdate.population
            return new_storage(f"{self.label}_{side}.{name}", size, dtype, population=population)
        population = self._populations[side]
        return new_storage(f"{population.name}.{name}", self.sizes[side], dtype, population=population)

    def _take_uniform(self, wanted: Sharing, found: Traces) -> bool:
        values = {name: self.storages[name].uniform for name in wanted.sides}
        time = self.lastupdate.uniform
        if self.lastupdate.size and (time is None or any(value is None for value in values.values())):
            return False
        for last in found.last.values():
            last.array[:] = time or 0.0
        for name, value in values.items():
            found.values[name].array[:] = value or 0.0
        return True

    def _take_stored(self, wanted: Sharing, found: Traces) -> bool:
        """Takes the values of neurons that were stored with those of synapses."""
        wanted_arrays = _named(found)
        if any(self._stored.get(key, _NOTHING).size != storage.size for key, storage in wanted_arrays.items()):
            return False
        for key, storage in wanted_arrays.items():
            storage.array[:] = self._stored[key]
        return True

    def _take_earliest(self, side: str, wanted: Sharing, found: Traces) -> None:
        """Takes for each neuron the values of its synapse whose last event is the earliest: that was one of its own."""
        times = self.lastupdate.take(slice(None))
        if side in wanted.apart:
            found.last[side].array[:] = times
            for name in wanted.of_side(side):
                found.values[name].array[:] = self.storages[name].take(slice(None))
            return
        neurons = self._neurons(side, slice(None))
        earliest = np.full(self.sizes[side], np.inf)
        np.minimum.at(earliest, neurons, times)
        chosen = np.full(self.sizes[side], -1, dtype=np.int64)
        own = np.flatnonzero(times == earliest[neurons])
        chosen[neurons[own]] = own
        has_any = chosen >= 0
        found.last[side].array[:] = np.where(has_any, earliest, 0.0)
        for name in wanted.of_side(side):
            found.values[name].array[has_any] = self.storages[name].take(chosen[has_any])

    def _holds(self, wanted: Sharing, found: Traces) -> bool:
        """Tells whether the values of all synapses follow from those of neurons."""
        times = self.lastupdate.take(slice(None))
        if wanted.is_complete:
            both = [found.last[side].array[self._holders(side, slice(None), wanted)] for side in SIDES]
            if not np.array_equal(np.maximum(*both), times):
                return False
        return all(self._side_holds(side, wanted, found, times) for side in SIDES if wanted.of_side(side))

    def _side_holds(self, side: str, wanted: Sharing, found: Traces, times: Array) -> bool:
        neurons, holders = self._neurons(side, slice(None)), self._holders(side, slice(None), wanted)
        before = {name: found.values[name].array[holders] for name in wanted.of_side(side)}
        elapsed = times - found.last[side].array[holders]
        if elapsed.size and not float(elapsed.min()) >= 0:
            return False
        after = wanted.flows[side].advanced(before, elapsed, neurons)
        for name, value in before.items():
            own = self.storages[name].take(slice(None))
            largest = np.maximum(np.abs(own), np.maximum(np.abs(after[name]), np.abs(value)))
            limit = TOLERANCES[self.storages[name].dtype.itemsize] * largest
            if not bool((np.abs(own - after[name]) <= limit).all()):
                return False
        return True

    # ------------------------------------------------------------------ store and restore

    def state_arrays(self) -> dict[str, Array]:
        """Returns the values of neurons; empty arrays where synapses have values of their own."""
        is_valid = self.sharing is not None and not self._is_changed()
        held = _named(self.traces) if is_valid else {}
        names = [*(_value_key(name) for name in self.storages), *map(_last_key, SIDES)]
        return {name: held[name].array if name in held else _NOTHING for name in names}

    def set_state_arrays(self, arrays: Mapping[str, Array]) -> None:
        """Remembers values of neurons, which are used if those of synapses follow from them."""
        names = [*(_value_key(name) for name in self.storages), *map(_last_key, SIDES)]
        self._stored = {name: arrays[name].copy() for name in names}


_NOTHING = np.zeros(0)


def _value_key(name: str) -> str:
    return f"{name} of neurons"


def _last_key(side: str) -> str:
    return f"last events of {side} neurons"


def _named(traces: Traces) -> dict[str, Storage]:
    """Returns the arrays of neurons by the names under which they are stored."""
    named = {_value_key(name): storage for name, storage in traces.values.items()}
    return named | {_last_key(side): storage for side, storage in traces.last.items()}
