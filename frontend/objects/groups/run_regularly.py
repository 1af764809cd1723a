"""Statements that a group executes regularly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ranvier.actions.actions import Action
from ranvier.objects.groups.brianobject import Part
from ranvier.objects.groups.population import Acting
from ranvier.session.clocks import Clock
from ranvier.session.given import is_text
from ranvier.units import Quantity


class RunRegularly(Part[Acting]):
    """Executes statements for all elements of a group at each step of a clock; see `Group.run_regularly`.

    Attributes:
        code: The statements.
    """

    add_to_magic_network = True

    def __init__(
        self,
        group: Acting,
        code: str,
        dt: Quantity | None = None,
        clock: Clock | None = None,
        when: str = "start",
        order: int = 0,
        name: str | None = None,
    ) -> None:
        if not is_text(code):
            raise TypeError(f"The statements of run_regularly have to be text, not of type {type(code).__name__}.")
        super().__init__(
            group,
            keep=id(group.holder()) != id(group),
            dt=dt,
            clock=clock,
            when=when,
            order=order,
            name=name or f"{group.name}_run_regularly*",
        )
        self.code = code

    def actions(self, run_namespace: Mapping[str, object]) -> Sequence[Action]:
        """Returns the statements as code for all elements."""
        return self.group.statement_actions(self.name, self.clock, self.code, run_namespace)
