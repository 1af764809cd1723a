"""Event-driven variables of synapses that one side holds: which, how they go on between events, and who has them.

The values that are held are those at the last event of the side. A synapse's value follows from that of its neuron (or
from its own, where events of the side do not reach all synapses of a neuron at once), which is advanced with numpy when
Python wants to see it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from ranvier.actions.actions import Storage
from ranvier.analysis.evaluate import evaluate
from ranvier.equations.assignments import Assign, Line
from ranvier.equations.expressions import Name
from ranvier.integrators.reference import computed

Array = np.ndarray[Any, Any]

LASTUPDATE = "lastupdate"
"""Name of the variable with the time of the last event of each synapse."""

SIDES = ("pre", "post")

LAST = "_last_update"
"""Name of the time of the last update in the code of a flow."""


def event_time() -> Assign:
    """Returns the assignment that remembers the time of the event."""
    return Assign(LASTUPDATE, Name("t"))


@dataclass(frozen=True)
class Flow:
    """How the variables of one side go on by themselves.

    Attributes:
        names: The variables.
        code: The assignments that advance them to t.
        constants: What does not change: a number, or a value for each neuron of the side.
    """

    names: tuple[str, ...]
    code: tuple[Line, ...]
    constants: Mapping[str, Any]

    def advanced(self, values: Mapping[str, Array], elapsed: Array, neurons: Array) -> dict[str, Array]:
        """Returns the variables after some time.

        Args:
            values: Their values before, one for each synapse asked for.
            elapsed: The time in seconds.
            neurons: The neuron of each synapse.
        """
        known: dict[str, Any] = {
            name: value[neurons] if np.ndim(value) else value for name, value in self.constants.items()
        }
        known |= {**values, "t": elapsed, LAST: 0.0, "_select": np.where}
        for line in self.code:
            if isinstance(line, Assign):
                known[line.target] = evaluate(line.expr, known, count=elapsed.size)
            else:
                known.update(computed(line, known, elapsed.size))
        return {name: np.broadcast_to(np.asarray(known[name]), elapsed.shape) for name in self.names}

    def is_same(self, other: Flow) -> bool:
        """Tells whether both flows give the same."""
        return (
            (self.names, self.code) == (other.names, other.code)
            and self.constants.keys() == other.constants.keys()
            and all(np.array_equal(value, other.constants[name]) for name, value in self.constants.items())
        )


@dataclass(frozen=True)
class Sharing:
    """Which variables belong to one side.

    Attributes:
        sides: Variable → "pre" or "post": the side whose neurons have it.
        flows: Side → how its variables go on by themselves.
        is_complete: Whether all event-driven variables belong to a side, so that the time of the last event does.
        apart: The sides whose synapses have what neurons would have: events do not reach all of a neuron at once.
    """

    sides: Mapping[str, str]
    flows: Mapping[str, Flow]
    is_complete: bool
    apart: frozenset[str] = frozenset()

    def is_same(self, other: Sharing) -> bool:
        """Tells whether both say the same."""
        same = (self.sides, self.is_complete, self.apart) == (other.sides, other.is_complete, other.apart)
        return same and all(self.flows[side].is_same(other.flows[side]) for side in SIDES)

    def of_side(self, side: str) -> tuple[str, ...]:
        """Returns the variables of one side."""
        return tuple(name for name, own in self.sides.items() if own == side)


@dataclass
class Traces:
    """The values of neurons, or of synapses where a side is apart.

    Attributes:
        values: Variable → its values at the last events of its side.
        last: Side → the time of the last event of each neuron or synapse; missing where it is of no importance.
    """

    values: dict[str, Storage] = field(default_factory=dict[str, Storage])
    last: dict[str, Storage] = field(default_factory=dict[str, Storage])


class TraceHolder(Protocol):
    """The event-driven variables of synapses: who holds them at present, and who may.

    Attributes:
        storages: Event-driven variables → their memory.
        lastupdate: The memory of the time of the last event.
        reasons: For each event-driven variable of the last run why it has a value per synapse; "" where it has not.
        sharing: What sides hold at present, None for nothing.
        traces: The values that they hold.
    """

    reasons: dict[str, str]
    sharing: Sharing | None
    traces: Traces

    @property
    def storages(self) -> Mapping[str, Storage]:
        """Event-driven variables → their memory."""
        ...

    @property
    def lastupdate(self) -> Storage:
        """The memory of the time of the last event."""
        ...

    def settle(self, wanted: Sharing) -> bool:
        """Lets sides hold variables from now on, if the values of all synapses of a neuron are equal."""
        ...

    def spread(self) -> None:
        """Gives each synapse values of its own."""
        ...
