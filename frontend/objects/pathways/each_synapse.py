"""Statements for each synapse that change variables of neurons: as if every neuron of the source had spiked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ranvier.actions.actions import Action, Indexed, MapCode, Population, Shared
from ranvier.actions.synaptic_actions import Propagate
from ranvier.equations.assignments import Assign
from ranvier.objects.connections.bindings import one_name_each, synaptic_bindings
from ranvier.objects.connections.connected import Connected
from ranvier.objects.connections.guards import guards
from ranvier.objects.connections.rows import new_rows
from ranvier.objects.memory.event_space import new_event_space
from ranvier.objects.pathways.in_flight import NOTHING, new_history
from ranvier.objects.pathways.order_dependence import warn_of_order
from ranvier.objects.variables.scope import Scope
from ranvier.session.clocks import BaseClock


def changes_neurons(synapses: Connected, scope: Scope, code: Sequence[Assign]) -> bool:
    """Tells whether code assigns a variable that has one value per neuron of the source or target."""
    ends = (synapses.connections.sources, synapses.connections.targets)
    bound = (scope.bindings.get(line.target) for line in code)
    return any(isinstance(binding, Indexed) and binding.index in ends for binding in bound)


def for_each_synapse(
    synapses: Connected, label: str, clock: BaseClock, scope: Scope, code: Sequence[Assign], text: str
) -> tuple[Action, ...]:
    """Returns the actions that execute code for one synapse after another, each of which sees what the others did.

    Args:
        synapses: The synapses.
        label: Name of the object that executes the code.
        clock: When.
        scope: What the names of the code stand for.
        code: The statements.
        text: The code as the user wrote it.
    """
    shared = _shared_part(scope, code)
    actions: list[Action] = []
    if shared:
        actions.append(
            MapCode(
                label=label,
                clock=clock,
                kind="run_regularly",
                size=synapses.element_count,
                code=tuple(code[:shared]),
                bindings=scope.bindings,
                offset=0,
                protected=frozenset(),
                float32=synapses.single_precision,
            )
        )
    left = [line for number, line in enumerate(code) if number >= shared or line.target in scope.temporaries]
    free = guards(synapses, scope, {line.target for line in left})
    lines, bindings, _ = one_name_each(left, synaptic_bindings(scope.bindings, synapses.connections))
    warn_of_order(lines, bindings, text)
    size = synapses.source.element_count
    everyone = new_event_space(f"{label}.all", size, Population(label))
    everyone.indices[:size], everyone.count[0] = np.arange(size), size
    actions.append(
        Propagate(
            label=label,
            clock=clock,
            events=everyone,
            start=0,
            stop=size,
            connections=synapses.connections,
            rows=new_rows(label, synapses.connections.sources.array, size, np.zeros(1, dtype=np.int64)),
            history=new_history(label, size, 0, NOTHING),
            code=lines,
            bindings=bindings,
            protected={name: guard for name, guard in free.items() if name in bindings},
            float32=synapses.single_precision,
        )
    )
    return tuple(actions)


def _shared_part(scope: Scope, code: Sequence[Assign]) -> int:
    """Returns the number of statements up to the last one that assigns a shared variable."""
    found = [number for number, line in enumerate(code) if isinstance(scope.bindings.get(line.target), Shared)]
    return found[-1] + 1 if found else 0
