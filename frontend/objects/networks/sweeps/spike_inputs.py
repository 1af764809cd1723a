"""The inputs of a program that are the spikes of a group, for sets each of which gives it others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np

from ranvier.actions.actions import Emit
from ranvier.objects.memory.arrays import Array
from ranvier.objects.networks.sweeps.given_spikes import GivenSpikes
from ranvier.objects.networks.sweeps.prepared import Prepared
from ranvier.objects.networks.sweeps.targets import SpikesTarget


class SpikeInputs:
    """What the inputs of a program are for spikes that sets give a group: found without preparing the network.

    Args:
        target: The group and its spikes.
        ready: The network, ready for one of the sets.

    Attributes:
        listed: The numbers of the inputs with the steps and the elements.
    """

    def __init__(self, target: SpikesTarget, ready: Prepared) -> None:
        self._group = target.group
        events = self._group.event_spaces["spike"]
        self._action = next(each for each in ready.actions if isinstance(each, Emit) and each.events is events)
        storages = self._action.steps, self._action.indices, self._action.position
        places = {id(value): n for n, value in enumerate(ready.arguments.values)}
        self._numbers = [places[id(storage)] for storage in storages]
        self.listed = self._numbers[:2]
        self._dt, self._step = self._group.clock.dt_, int(self._group.clock.timestep)

    def of(self, values: Sequence[object]) -> Mapping[int, Array]:
        """Returns the inputs for some sets: of shape (sets, elements), by their numbers.

        Args:
            values: The spikes of each.

        Raises:
            ValueError: If an element spikes twice in one step.
        """
        rows = [
            self._group.list_of(each.indices, each.times, self._action, self._dt, self._step)
            for each in cast("Sequence[GivenSpikes]", values)
        ]
        return {n: np.stack([row[place] for row in rows]) for place, n in enumerate(self._numbers)}
