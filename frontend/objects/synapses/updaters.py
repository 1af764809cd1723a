"""Integrating clock-driven equations of synapses, and their subexpressions that are constant over a time step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ranvier.actions.actions import Action
from ranvier.objects.groups.population import Integrated
from ranvier.objects.neurons.state_updater import Integration
from ranvier.objects.neurons.subexpression_updater import SubexpressionUpdater
from ranvier.public import public_in


@public_in("ranvier.synapses.synapses")
class SynapticStateUpdater(Integration[Integrated]):
    """Advances clock-driven equations of synapses by one step."""

    ELEMENT = "synapse"

    def actions(self, run_namespace: Mapping[str, object]) -> Sequence[Action]:
        """Returns the integration as code for all synapses, nothing if there are none."""
        actions = super().actions(run_namespace)
        return actions if self.group.element_count else ()


class SynapticSubexpressionUpdater(SubexpressionUpdater):
    """Computes subexpressions of synapses that are constant over a time step."""

    def actions(self, run_namespace: Mapping[str, object]) -> Sequence[Action]:
        """Returns the assignments, nothing if there are no synapses."""
        actions = super().actions(run_namespace)
        return actions if self.group.element_count else ()
