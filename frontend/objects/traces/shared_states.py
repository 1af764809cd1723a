"""Clock-driven variables of synapses that are the same for all synapses of a neuron: one value a neuron."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from ranvier.actions.actions import Population, Storage
from ranvier.actions.states import HeldStates, StateSharing
from ranvier.actions.synaptic_actions import Connections
from ranvier.objects.memory.arrays import Array, Places
from ranvier.objects.memory.new_storage import new_storage
from ranvier.objects.traces.patience import Patience
from ranvier.objects.traces.trace_storage import TraceStorage


class SharedStates:
    """The clock-driven variables of a `Synapses` object, and how they are held at present.

    Args:
        label: Name of the object.
        connections: The ends of the synapses.
        sizes: Side → number of neurons.
        storages: Clock-driven variables → their memory.
        parameters: Other variables of the synapses → their memory.

    Attributes:
        reasons: Variable of the last run → why each synapse needs a value of its own; "" if neurons hold the values.
        held: What neurons hold at present, None for nothing.
    """

    def __init__(
        self,
        label: str,
        connections: Connections,
        sizes: Mapping[str, int],
        storages: Mapping[str, TraceStorage],
        parameters: Mapping[str, Storage],
    ) -> None:
        self.label = label
        self.connections = connections
        self.sizes = dict(sizes)
        self.storages = dict(storages)
        self.parameters = dict(parameters)
        self.reasons: dict[str, str] = {}
        self.held: HeldStates | None = None
        self._populations = {side: Population(f"{label}_{side}_states") for side in sizes}
        self._neurons: dict[tuple[str, str], Storage] = {}
        self._patience = Patience()

    # ------------------------------------------------------------------ between runs

    def settle(self, wanted: StateSharing) -> bool:
        """Lets neurons hold variables from now on, if the values of all synapses of a neuron are equal.

        Args:
            wanted: Which variables.

        Returns:
            Whether they do; otherwise all variables have a value per synapse.
        """
        held = self.held
        if held is not None and held.sharing == wanted and not self._is_changed(held):
            if self._set_parameters(held):
                self.forget()
                return True
        self.spread()
        if not wanted.sides or not self._may_try(wanted):
            return False
        found = held if held is not None and held.sharing == wanted else self._new(wanted)
        if not (self._set_parameters(found) and all(self._pack(found, name) for name in wanted.sides)):
            self._patience.note(is_equal=False)
            return False
        self._patience.note(is_equal=True)
        self.held = found
        for name, side in wanted.sides.items():
            own = found.values[side, name]
            self.storages[name].follow(self._reading(side, own), own)
        return True

    def stays_apart(self) -> bool:
        """Tells whether the values of synapses, which differed, need not be looked at again before this run."""
        return self._patience.waits()

    def spread(self) -> None:
        """Gives each synapse values of its own."""
        for storage in self.storages.values():
            storage.leave()
        self.held = None

    def forget(self) -> None:
        """Lets the values of synapses be taken from neurons anew."""
        for storage in self.storages.values():
            storage.forget()

    def clear(self) -> None:
        """Sets everything to zero."""
        for storage in self.storages.values():
            storage.clear(storage.size)
        self.held = None

    def _is_changed(self, held: HeldStates) -> bool:
        followed = (self.storages[name] for name in held.sharing.sides)
        return any(not storage.follows or storage.is_changed for storage in followed)

    def _may_try(self, wanted: StateSharing) -> bool:
        """Tells whether to look at all values: after it failed, ever less often, unless they are seen to be equal."""
        return all(self.storages[name].uniform is not None for name in wanted.sides) or not self.stays_apart()

    # ------------------------------------------------------------------ from neurons to synapses, and back

    def _neurons_of(self, side: str, places: Places) -> Array:
        """Returns the neuron at one end of some synapses."""
        ends = self.connections.sources if side == "pre" else self.connections.targets
        return ends.take(places)

    def _reading(self, side: str, values: Storage) -> Callable[[Places], Array]:
        return lambda places: values.array[self._neurons_of(side, places)]

    def _new(self, wanted: StateSharing) -> HeldStates:
        """Returns memory of neurons: the same for a variable whenever they hold it."""
        places = sorted({(side, name) for name, side in wanted.sides.items()} | wanted.parameters)
        return HeldStates(wanted, {(side, name): self._of_neurons(side, name) for side, name in places})

    def _of_neurons(self, side: str, name: str) -> Storage:
        found = self._neurons.get((side, name))
        if found is None:
            like, population = self._all[name], self._populations[side]
            found = new_storage(f"{population.name}.{name}", self.sizes[side], like.dtype, population=population)
            found.dim = like.dim
            self._neurons[side, name] = found
        return found

    @property
    def _all(self) -> Mapping[str, Storage]:
        return {**self.parameters, **self.storages}

    def _set_parameters(self, held: HeldStates) -> bool:
        """Gives neurons the value that a parameter has for all synapses; false if there are several."""
        for side, name in held.sharing.parameters:
            value = self.parameters[name].uniform
            if value is None:
                return False
            held.values[side, name].array[:] = value
        return True

    def _pack(self, held: HeldStates, name: str) -> bool:
        """Gives neurons the values of their synapses; false if those of one neuron differ in a bit."""
        side, storage = held.sharing.sides[name], self.storages[name]
        own = held.values[side, name].array
        uniform = storage.uniform
        if uniform is not None or not storage.size:
            own[:] = 0 if uniform is None else uniform
            return True
        values, neurons = storage.take(slice(None)), self._neurons_of(side, slice(None))
        own[:] = 0
        own[neurons] = values
        bits = np.dtype(f"u{values.dtype.itemsize}")
        return bool(np.array_equal(own[neurons].view(bits), values.view(bits)))
