"""Clock-driven variables of synapses that neurons hold: which, and who has them.

A synapse's value is that of its neuron, to the bit: nothing is advanced when Python wants to see it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from ranvier.actions.actions import MapCode, Storage
from ranvier.actions.synaptic_actions import Connections


@dataclass(frozen=True)
class StateSharing:
    """Which variables belong to neurons.

    Attributes:
        sides: Clock-driven variable → "pre" or "post": whose neurons have it.
        parameters: Side and name of parameters that have one value for all synapses, of which the code for neurons
            needs one each.
    """

    sides: Mapping[str, str]
    parameters: frozenset[tuple[str, str]] = frozenset()

    def of_side(self, side: str) -> tuple[str, ...]:
        """Returns the variables of one side."""
        return tuple(name for name, own in self.sides.items() if own == side)


@dataclass(frozen=True, eq=False)
class HeldStates:
    """What neurons hold.

    Attributes:
        sharing: Which variables.
        values: Side and name → the values of its neurons.
    """

    sharing: StateSharing
    values: Mapping[tuple[str, str], Storage]


class StateHolder(Protocol):
    """The clock-driven variables of synapses: who holds them at present, and who may.

    Attributes:
        reasons: For each variable of the last run why it has a value per synapse; "" where it has not.
        held: What neurons hold at present, None for nothing.
    """

    reasons: dict[str, str]
    held: HeldStates | None

    @property
    def connections(self) -> Connections:
        """The ends of the synapses."""
        ...

    @property
    def sizes(self) -> Mapping[str, int]:
        """Side → number of neurons."""
        ...

    @property
    def storages(self) -> Mapping[str, Storage]:
        """Clock-driven variables → their memory."""
        ...

    @property
    def parameters(self) -> Mapping[str, Storage]:
        """Other variables of the synapses → their memory."""
        ...

    def settle(self, wanted: StateSharing) -> bool:
        """Lets neurons hold variables from now on, if the values of all synapses of a neuron are equal."""
        ...

    def stays_apart(self) -> bool:
        """Tells whether the values of synapses, which differed, need not be looked at again before this run."""
        ...

    def spread(self) -> None:
        """Gives each synapse values of its own."""
        ...


@dataclass(frozen=True, kw_only=True, eq=False)
class IntegrateSynapses(MapCode):
    """Code that advances the clock-driven variables of all synapses.

    Attributes:
        states: Who has them.
    """

    states: StateHolder
