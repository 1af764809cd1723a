"""Event-driven variables of neurons advanced with numpy: what they are between the events, for Python to see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ranvier.actions import actions as act
from ranvier.actions.code import used_names
from ranvier.actions.synaptic_actions import EventDriven, OfPost, OfPre, SynapticBinding
from ranvier.analysis.evaluate import evaluate
from ranvier.equations.assignments import Assign, Line
from ranvier.integrators.reference import propagator_entries
from ranvier.objects.memory.arrays import Array

LAST = "_last_update"
"""Name of the time of the last update in the code of a flow."""


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

    @classmethod
    def of(cls, event_driven: EventDriven, names: Sequence[str], bindings: Mapping[str, SynapticBinding]) -> "Flow":
        """Returns the flow of some variables, with the present values of what they depend on."""
        code = event_driven.advanced(names, LAST) if names else ()
        used = set(used_names(code)) - {*names, LAST, "t"}
        constants = {name: _constant(bindings[name]) for name in sorted(used) if name in bindings}
        return cls(tuple(names), code, constants)

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
                known.update(propagator_entries(line, known))
        return {name: np.broadcast_to(np.asarray(known[name]), elapsed.shape) for name in self.names}

    def is_same(self, other: "Flow") -> bool:
        """Whether both flows give the same."""
        return (
            (self.names, self.code) == (other.names, other.code)
            and self.constants.keys() == other.constants.keys()
            and all(np.array_equal(value, other.constants[name]) for name, value in self.constants.items())
        )


def _constant(binding: SynapticBinding) -> Any:
    match binding:
        case act.Constant(value):
            return value
        case act.Shared(storage):
            return storage.array[0].item()
        case OfPre(storage, offset) | OfPost(storage, offset):
            return storage.array[offset:].copy()
        case _:
            raise TypeError(f"{binding!r} does not hold during a run")
