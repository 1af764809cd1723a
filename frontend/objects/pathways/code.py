"""The code of a pathway."""

from __future__ import annotations

from dataclasses import dataclass

from ranvier.actions.synaptic_actions import EventDriven, SynapticBinding
from ranvier.equations.assignments import Line


@dataclass(frozen=True)
class PathwayCode:
    """The code of a pathway for a synapse.

    Attributes:
        code: The assignments.
        bindings: What their names stand for.
        protected: Names of variables that keep their value in refractory neurons → name of what tells.
        event_driven: The event-driven variables, None if there are none.
    """

    code: tuple[Line, ...]
    bindings: dict[str, SynapticBinding]
    protected: dict[str, str]
    event_driven: EventDriven | None
