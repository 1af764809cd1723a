"""`CodeRunner`: statements of a script's own classes, executed in a step of a group."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import cast

from ranvier.actions.actions import Action, EventCode, MapCode, Threshold
from ranvier.equations import Statements
from ranvier.equations.expressions import render
from ranvier.equations.statements import parse_statements
from ranvier.objects.groups.group import Group
from ranvier.objects.groups.part import Part
from ranvier.public import public
from ranvier.session.clocks import BaseClock
from ranvier.session.given import is_a, is_text, text_of
from ranvier.units import Quantity

CONDITION = "_cond"
"""The name to which the code of the template "threshold" assigns its condition."""


@public
class CodeRunner(Part[Group]):
    """Executes code for a group in each step: the base of a script's own classes that do so.

    A class derived from it may set `abstract_code` in `update_abstract_code`, which is called before each run.

    Args:
        group: The group.
        template: What the code is: "stateupdate": statements for all elements; "reset": statements for those for which
            an event happened; "threshold": `_cond = ...`, the condition of an event, which happens where it holds.
        code: The code.
        user_code: The code as messages show it; None for the same.
        dt: Step length of a clock of its own.
        clock: The clock; neither means that of the group.
        when: Slot of the schedule.
        order: Place in the slot.
        name: The name.
        check_units: Whether units are checked.
        template_kwds: "event": the event of "reset" and "threshold", "spike" if absent.
        needed_variables: Names of variables that the group has to have.
        override_conditional_write: Names of variables that are written for refractory elements, too.
        codeobj_class: Accepted for compatibility.
        generate_empty_code: Accepted for compatibility.

    Attributes:
        template: What the code is.
        user_code: The code that was given.
        abstract_code: The code that is executed.
        template_kwds: As given.
        needed_variables: As given.

    Raises:
        NotImplementedError: There is no such template; the message names those that there are.
        TypeError: The code is no text, or `group` no group.
        ValueError: The group has no such event.
        KeyError: It has not a needed variable.
    """

    add_to_magic_network = True
    invalidates_magic_network = True
    _is_named_after_group = False

    def __init__(
        self,
        group: Group,
        template: str,
        code: str | Statements = "",
        user_code: str | None = None,
        dt: Quantity | None = None,
        clock: BaseClock | None = None,
        when: str = "start",
        order: int = 0,
        name: str = "coderunner*",
        check_units: bool = True,
        template_kwds: Mapping[str, object] | None = None,
        needed_variables: Iterable[str] | None = None,
        override_conditional_write: Iterable[str] | None = None,
        codeobj_class: object = None,
        generate_empty_code: bool = True,
    ) -> None:
        if template not in _TEMPLATES:
            raise NotImplementedError(
                f"A CodeRunner with the template '{template}' is not available: the templates are "
                f"{', '.join(map(repr, _TEMPLATES))}. For anything else use a network_operation, which calls Python."
            )
        if not is_a(group, Group):
            raise TypeError(f"A CodeRunner needs a group, not an object of type {type(group).__name__}.")
        text = text_of(code)
        if not is_text(text):
            raise TypeError(f"The code of a CodeRunner has to be text, not of type {type(code).__name__}.")
        super().__init__(group, dt=dt, clock=clock, when=when, order=order, name=name)
        self.template = template
        self.user_code = text if user_code is None else user_code
        self.abstract_code = text
        self.check_units = check_units
        self.template_kwds = dict(template_kwds or {})
        self.needed_variables = list(needed_variables or ())
        self.override_conditional_write = frozenset(override_conditional_write or ())
        for needed in self.needed_variables:
            if group.reference(needed) is None:
                raise KeyError(f"'{self.name}' needs a variable '{needed}' of '{group.name}', which has none.")
        if template != "stateupdate" and self.event not in group.event_spaces:
            raise ValueError(
                f"'{self.name}' needs the event '{self.event}', which '{group.name}' does not define. Say which with "
                "template_kwds={'event': ...}."
            )

    @property
    def event(self) -> str:
        """The event that the code finds or that it is executed for."""
        return str(self.template_kwds.get("event", "spike"))

    def update_abstract_code(self, run_namespace: Mapping[str, object]) -> None:
        """Sets `abstract_code` before a run; for derived classes.

        Args:
            run_namespace: The names that the script sees.
        """

    def before_run(self, run_namespace: Mapping[str, object]) -> None:
        """Asks for the code of the run."""
        self.update_abstract_code(run_namespace)
        if not is_text(self.abstract_code):
            raise TypeError(
                f"The code of '{self.name}' has to be text, but update_abstract_code set it to a value of type "
                f"{type(cast(object, self.abstract_code)).__name__}."
            )

    def actions(self, run_namespace: Mapping[str, object]) -> Sequence[Action]:
        """Returns the code as what the template says; nothing if it is empty."""
        return _TEMPLATES[self.template](self, run_namespace) if parse_statements(self.abstract_code) else ()


def _for_all(runner: CodeRunner, run_namespace: Mapping[str, object]) -> Sequence[Action]:
    group, text = runner.group, runner.abstract_code
    if runner.check_units or group.outer_names:  # synapses find out themselves what they have to execute in order
        actions = group.statement_actions(runner.name, runner.clock, text, group.scope(run_namespace, relative=True))
    else:
        scope = group.scope(run_namespace, relative=True)
        actions = (group.code_for_all(runner.name, runner.clock, scope, scope.unchecked_code(text)),)
    free = runner.override_conditional_write
    return [replace(each, protected=each.protected - free) if isinstance(each, MapCode) else each for each in actions]


def _for_events(runner: CodeRunner, run_namespace: Mapping[str, object]) -> Sequence[Action]:
    group, text = runner.group, runner.abstract_code
    scope = group.scope(run_namespace)
    code = scope.code(text) if runner.check_units else scope.unchecked_code(text)
    return (
        EventCode(
            label=runner.name,
            clock=runner.clock,
            kind="event",
            events=group.event_spaces[runner.event],
            code=code,
            bindings=scope.bindings,
            float32=group.single_precision,
        ),
    )


def _finding(runner: CodeRunner, run_namespace: Mapping[str, object]) -> Sequence[Action]:
    group = runner.group
    statements = parse_statements(runner.abstract_code)
    if [statement.target for statement in statements] != [CONDITION] or statements[0].op != "=":
        raise SyntaxError(f"The code of '{runner.name}' has to be '{CONDITION} = ...', the condition of the event.")
    scope = group.scope(run_namespace)
    return (
        Threshold(
            label=runner.name,
            clock=runner.clock,
            size=group.element_count,
            condition=scope.condition(render(statements[0].expr), f"The condition of '{runner.name}'"),
            bindings=scope.bindings,
            events=group.event_spaces[runner.event],
            float32=group.single_precision,
        ),
    )


_TEMPLATES: Mapping[str, Callable[[CodeRunner, Mapping[str, object]], Sequence[Action]]] = {
    "stateupdate": _for_all,
    "reset": _for_events,
    "threshold": _finding,
}
