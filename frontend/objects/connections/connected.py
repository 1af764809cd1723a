"""What parts of synapses ask of them: their ends, their counts, and the groups that they connect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ranvier.equations import Equations
from ranvier.objects.connections.variables import SynapticVariables
from ranvier.objects.groups.population import Acting
from ranvier.objects.variables.adding import Extensible

if TYPE_CHECKING:  # scripts without synapses need not load them
    from ranvier.objects.connections.counts import SynapticCounts
    from ranvier.objects.connections.ends import SynapticEnds


class Connected(Acting, Extensible, Protocol):
    """Synapses between the elements of two groups."""

    @property
    def source(self) -> Acting:
        """The presynaptic group."""
        ...

    @property
    def target(self) -> Acting:
        """The postsynaptic group."""
        ...

    @property
    def connections(self) -> SynapticEnds:
        """The ends of the synapses."""
        ...

    @property
    def synaptic_counts(self) -> SynapticCounts:
        """How many synapses each neuron has."""
        ...

    @property
    def variables(self) -> SynapticVariables:
        """The variables, those of the groups included."""
        ...

    @property
    def equations(self) -> Equations:
        """The equations as they are stored."""
        ...

    @property
    def event_driven(self) -> Equations:
        """The event-driven equations."""
        ...

    @property
    def multisynaptic_index(self) -> str | None:
        """Name of the number of a synapse among those of the same pair, None if there is none."""
        ...

    @property
    def version(self) -> int:
        """A number that grows with each change of the connections."""
        ...

    @property
    def is_connected(self) -> bool:
        """Whether `connect` has been called."""
        ...
