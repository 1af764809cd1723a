"""Finding the elements for which an event happens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ranvier.actions.actions import Action, EventCode, Threshold
from ranvier.equations.assignments import Assign
from ranvier.equations.expressions import Logical, Name, Number
from ranvier.objects.groups.part import Part
from ranvier.objects.groups.population import Spiking
from ranvier.public import public_in


@public_in("ranvier.groups.neurongroup")
class Thresholder(Part[Spiking]):
    """Finds the elements for which the condition of an event holds; spiking makes refractory.

    Args:
        group: The group.
        event: Name of the event.
        when: Slot of the schedule.
    """

    def __init__(self, group: Spiking, event: str, when: str) -> None:
        super().__init__(group, when=when, order=group.order, name=f"{group.name}_{event}_thresholder*")
        self.event = event

    def fall_silent(self) -> None:
        """Takes back the events of the last step, so that nobody takes them for those of the next ones."""
        self.group.event_spaces[self.event].count[0] = 0

    def actions(self, run_namespace: Mapping[str, object]) -> Sequence[Action]:
        """Returns the search, and what spiking does to a group with refractoriness."""
        group = self.group
        scope = group.scope(run_namespace)
        what = "The threshold" if self.event == "spike" else f"The condition of the event '{self.event}'"
        condition = scope.condition(group.events[self.event], what)
        refractory = self.event == "spike" and group.is_refractory
        if refractory:
            condition = Logical("and", (condition, scope.lower(Name("not_refractory"))))
        search = Threshold(
            label=self.name,
            clock=self.clock,
            size=group.element_count,
            condition=condition,
            bindings=scope.bindings,
            events=group.event_spaces[self.event],
            float32=group.single_precision,
        )
        return (search, self._become_refractory(group, run_namespace)) if refractory else (search,)

    def _become_refractory(self, group: Spiking, run_namespace: Mapping[str, object]) -> Action:
        scope = group.scope(run_namespace)
        for name in ("lastspike", "not_refractory"):
            scope.lower(Name(name))
        return EventCode(
            label=self.name,
            clock=self.clock,
            kind="refractory",
            events=group.event_spaces[self.event],
            code=(
                Assign("lastspike", scope.lower(Name("t"))),
                Assign("not_refractory", Number(False)),
            ),
            bindings=scope.bindings,
            float32=group.single_precision,
        )
