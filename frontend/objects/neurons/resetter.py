"""Executing statements for the elements for which an event happened."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ranvier.actions.actions import Action, EventCode
from ranvier.objects.groups.part import Part
from ranvier.objects.groups.population import WithEventCode, common_facts
from ranvier.objects.variables.kept import Kept
from ranvier.objects.variables.scope import Scope
from ranvier.public import public_in


@public_in("ranvier.groups.neurongroup")
class Resetter(Part[WithEventCode]):
    """Executes the statements of an event.

    Args:
        group: The group.
        event: Name of the event.
        when: Slot of the schedule.
        order: Place in the slot; None for the order of the group.
    """

    def __init__(self, group: WithEventCode, event: str, when: str, order: int | None = None) -> None:
        super().__init__(
            group,
            when=when,
            order=group.order if order is None else order,
            name=f"{group.name}_{event}_resetter*",
        )
        self.event = event
        self._kept: Kept[Sequence[Action]] = Kept()

    def forget_code(self) -> None:
        """Gives up the code of the last run: its names may stand for variables of groups that are gone."""
        self._kept.forget()

    def actions(self, run_namespace: Mapping[str, object]) -> Sequence[Action]:
        """Returns the statements as code for the events."""
        group = self.group
        made_of = (*common_facts(self, group), group.event_codes[self.event], group.event_spaces[self.event])
        return self._kept.result(made_of, run_namespace, lambda: group.scope(run_namespace), self._statements)

    def _statements(self, new_scope: Callable[[], Scope]) -> Sequence[Action]:
        group, scope = self.group, new_scope()
        code = scope.code(group.event_codes[self.event])
        if not code:
            return ()
        return (
            EventCode(
                label=self.name,
                clock=self.clock,
                kind="reset" if self.event == "spike" else "event",
                events=group.event_spaces[self.event],
                code=code,
                bindings=scope.bindings,
                float32=group.single_precision,
            ),
        )
