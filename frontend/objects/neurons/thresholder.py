"""Finding the elements for which an event happens."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ranvier.actions.actions import Action, EventCode, Threshold
from ranvier.equations.assignments import Assign
from ranvier.equations.expressions import Logical, Name, Number
from ranvier.objects.groups.part import Part
from ranvier.objects.groups.population import Spiking, common_facts
from ranvier.objects.variables.kept import Kept
from ranvier.objects.variables.scope import Scope
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
        self._kept: Kept[Sequence[Action]] = Kept()

    def forget_code(self) -> None:
        """Gives up the code of the last run: its names may stand for variables of groups that are gone."""
        self._kept.forget()

    def fall_silent(self) -> None:
        """Takes back the events of the last step, so that nobody takes them for those of the next ones."""
        self.group.event_spaces[self.event].count[0] = 0

    def actions(self, run_namespace: Mapping[str, object]) -> Sequence[Action]:
        """Returns the search, and what spiking does to a group with refractoriness."""
        group = self.group
        events = group.event_spaces[self.event]
        made_of = (*common_facts(self, group), group.events[self.event], events, group.is_refractory)
        return self._kept.result(made_of, run_namespace, lambda: group.scope(run_namespace), self._search)

    def _search(self, new_scope: Callable[[], Scope]) -> Sequence[Action]:
        group, scope = self.group, new_scope()
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
        return (search, self._become_refractory(group, new_scope())) if refractory else (search,)

    def _become_refractory(self, group: Spiking, scope: Scope) -> Action:
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
