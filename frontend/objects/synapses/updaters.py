"""Integrating clock-driven equations of synapses, and their subexpressions that are constant over a time step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Protocol

from ranvier.actions.actions import Action, MapCode
from ranvier.actions.states import IntegrateSynapses
from ranvier.objects.groups.population import Integrated
from ranvier.objects.neurons.state_updater import Integration
from ranvier.objects.neurons.subexpression_updater import SubexpressionUpdater
from ranvier.objects.traces.shared_states import SharedStates
from ranvier.objects.variables.scope import Scope
from ranvier.public import public_in


class WithStates(Integrated, Protocol):
    """Synapses with clock-driven equations."""

    @property
    def shared_states(self) -> SharedStates | None:
        """The clock-driven variables that neurons may hold, None if there are none."""
        ...


@public_in("ranvier.synapses.synapses")
class SynapticStateUpdater(Integration[WithStates]):
    """Advances clock-driven equations of synapses by one step."""

    ELEMENT = "synapse"

    def actions(self, run_namespace: Mapping[str, object]) -> Sequence[Action]:
        """Returns the integration as code for all synapses, nothing if there are none."""
        actions = super().actions(run_namespace)
        return actions if self.group.element_count else ()

    def _integration(self, new_scope: Callable[[], Scope]) -> Sequence[MapCode]:
        states = self.group.shared_states
        assert states is not None
        return [
            IntegrateSynapses(**{field.name: getattr(action, field.name) for field in fields(action)}, states=states)
            for action in super()._integration(new_scope)
        ]


class SynapticSubexpressionUpdater(SubexpressionUpdater):
    """Computes subexpressions of synapses that are constant over a time step."""

    def actions(self, run_namespace: Mapping[str, object]) -> Sequence[Action]:
        """Returns the assignments, nothing if there are no synapses."""
        actions = super().actions(run_namespace)
        return actions if self.group.element_count else ()
