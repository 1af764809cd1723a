"""Statements that a group executes regularly, or at given times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ranvier.actions.actions import Action, MapCode
from ranvier.equations import Statements
from ranvier.objects.groups.brianobject import BrianObject
from ranvier.objects.groups.part import Part
from ranvier.objects.groups.population import Acting, common_facts
from ranvier.objects.variables.kept import Kept
from ranvier.public.argument_names import explains_arguments
from ranvier.session.clocks import BaseClock, EventClock
from ranvier.session.given import is_text, text_of
from ranvier.units import Quantity


class RunRegularly(Part[Acting]):
    """Executes statements for all elements of a group at each step of a clock; see `Group.run_regularly`.

    Args:
        group: The group.
        code: The statements.
        dt: Step length of a clock of its own.
        clock: The clock; neither means the clock of the group.
        when: Slot of the schedule.
        order: Place in the slot.
        name: The name; None for "<group>_run_regularly".
        method: The method of the group that makes it, for messages.

    Attributes:
        code: The statements.
    """

    add_to_magic_network = True

    def __init__(
        self,
        group: Acting,
        code: str | Statements,
        dt: Quantity | None = None,
        clock: BaseClock | None = None,
        when: str = "start",
        order: int = 0,
        name: str | None = None,
        method: str = "run_regularly",
    ) -> None:
        text = text_of(code)
        if not is_text(text):
            raise TypeError(f"The statements of {method} have to be text, not of type {type(code).__name__}.")
        super().__init__(
            group,
            keep=id(group.holder()) != id(group),
            dt=dt,
            clock=clock,
            when=when,
            order=order,
            name=name or f"{group.name}_run_regularly*",
        )
        self.code = text
        self._kept: Kept[Sequence[Action]] = Kept()

    def actions(self, run_namespace: Mapping[str, object]) -> Sequence[Action]:
        """Returns the statements as code for all elements."""
        group = self.group
        actions = self._kept.result(
            (*common_facts(self, group), self.code),
            run_namespace,
            lambda: group.scope(run_namespace, relative=True),
            lambda new_scope: group.statement_actions(self.name, self.clock, self.code, new_scope()),
        )
        if not all(isinstance(action, MapCode) for action in actions):
            self._kept.forget()  # they have memory of their own, which goes with the synapses
        return actions

    def forget_code(self) -> None:
        """Gives up the code of the last run: its names may stand for variables of groups that are gone."""
        self._kept.forget()


class RunsStatements:
    """What executes statements of scripts for its elements: groups."""

    @explains_arguments
    def run_regularly(
        self: Acting,
        code: str | Statements,
        dt: Quantity | None = None,
        clock: BaseClock | None = None,
        when: str = "start",
        order: int = 0,
        name: str | None = None,
        codeobj_class: object = None,
    ) -> BrianObject:
        """Executes statements for all elements at each step of a clock.

        Args:
            code: The statements.
            dt: Step length of a clock of its own.
            clock: The clock; neither means the clock of the group.
            when: Slot of the schedule.
            order: Place in the slot.
            name: The name; None for "<group>_run_regularly".
            codeobj_class: Accepted for compatibility.

        Returns:
            The object that executes them; the group holds it.
        """
        return _held(self, RunRegularly(self, code, dt=dt, clock=clock, when=when, order=order, name=name))

    @explains_arguments
    def run_at(
        self: Acting,
        code: str | Statements,
        times: object,
        when: str = "start",
        order: int = 0,
        name: str | None = None,
        codeobj_class: object = None,
    ) -> BrianObject:
        """Executes statements for all elements at given times, on the grid of time steps or between them.

        Args:
            code: The statements. In them `t` is the time of the group: between two steps that of the next one.
            times: The times, as for `EventClock`.
            when: Slot of the schedule.
            order: Place in the slot.
            name: The name; None for "<group>_run_at".
            codeobj_class: Accepted for compatibility.

        Returns:
            The object that executes them; the group holds it.

        Raises:
            TypeError, ValueError, DimensionMismatchError: What is wrong with the times, see `EventClock`.
        """
        wanted = name or f"{self.name}_run_at*"
        clock = EventClock(times, name=f"{wanted.removesuffix('*')}_eventclock*")
        return _held(self, RunRegularly(self, code, None, clock, when, order, wanted, "run_at"))

    @explains_arguments
    def run_on_clock(
        self: Acting,
        code: str | Statements,
        clock: BaseClock | None = None,
        when: str = "start",
        order: int = 0,
        name: str | None = None,
        codeobj_class: object = None,
    ) -> BrianObject:
        """Executes statements for all elements whenever a clock ticks.

        Args:
            code: The statements.
            clock: A `Clock` or an `EventClock`; None means the clock of the group.
            when: Slot of the schedule.
            order: Place in the slot.
            name: The name; None for "<group>_run_custom".
            codeobj_class: Accepted for compatibility.

        Returns:
            The object that executes them; the group holds it.
        """
        wanted = name or f"{self.name}_run_custom*"
        return _held(self, RunRegularly(self, code, None, clock, when, order, wanted, "run_on_clock"))


def _held(group: Acting, runner: RunRegularly) -> RunRegularly:
    """Returns what executes statements, after the group has taken it among its parts."""
    group.holder().contained_objects.append(runner)
    return runner
