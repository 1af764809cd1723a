"""Event-driven equations: solved exactly from event to event, so that nothing is stepped in between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ranvier.actions.synaptic_actions import EventDriven
from ranvier.actions.traces import LASTUPDATE, TraceHolder
from ranvier.equations.assignments import Assign, Line
from ranvier.equations.expressions import Binary, Expr, Name, functions, names, substitute
from ranvier.equations.provenance import attributed
from ranvier.integrators.system import OdeSystem, UnsupportedEquationsException
from ranvier.objects.connections.bindings import in_expressions, renamed_line
from ranvier.objects.connections.connected import Connected
from ranvier.objects.variables.lowered_names import symbol_of
from ranvier.objects.variables.scope import Scope


def event_driven_system(synapses: Connected, scope: Scope) -> OdeSystem:
    """Returns the event-driven equations.

    Args:
        synapses: The synapses.
        scope: The scope of the pathway's code.
    """
    equations: list[tuple[str, Expr]] = []
    scope.noise_in = "event-driven ones, which are solved from event to event"
    for name, expr in synapses.event_driven.diff_eq_expressions:
        scope.lower(Name(name))
        equations.append((name, scope.lower(expr.tree)))
    for name in ("t", "dt", LASTUPDATE):
        scope.lower(Name(name))
    used = {name for _, expr in equations for name in names(expr) | functions(expr)}
    used |= {"t", "dt", *(name for name, _ in equations)}
    return OdeSystem(tuple(equations), {name: symbol_of(name, scope) for name in used})


def advanced_to_now(system: OdeSystem, lastupdate: str = LASTUPDATE) -> tuple[Line, ...]:
    """Returns the assignments that advance event-driven variables from their last event to t.

    They are the exact solution in which the step is `t - lastupdate`.

    Args:
        system: The equations.
        lastupdate: Name of the time of the last event.

    Raises:
        UnsupportedEquationsException: If the equations are not linear, or depend on time.
    """
    elapsed: dict[str, Expr] = {"dt": Binary("-", Name("t"), Name(lastupdate))}

    def with_elapsed(expr: Expr) -> Expr:
        return substitute(expr, elapsed)

    return tuple(in_expressions(line, with_elapsed) for line in attributed(_solved(system), system.equations))


def event_driven_part(
    owner: TraceHolder, system: OdeSystem, body: tuple[Line, ...], new_names: Mapping[str, str]
) -> EventDriven:
    """Describes what code of a pathway does with event-driven variables.

    Args:
        owner: The object that holds them.
        system: The equations.
        body: The user's statements.
        new_names: The names that have been replaced in the body → those in their place.
    """
    renamed = [renamed_line(Assign(name, expr), new_names) for name, expr in system.equations]

    def advanced(variables: Sequence[str], lastupdate: str) -> tuple[Line, ...]:
        some = system.with_equations(part for part in system.equations if part[0] in variables)
        return tuple(renamed_line(line, new_names) for line in advanced_to_now(some, lastupdate))

    equations = tuple((line.target, line.expr) for line in renamed if isinstance(line, Assign))
    return EventDriven(owner, equations, body, advanced)


def _solved(system: OdeSystem) -> tuple[Line, ...]:
    from ranvier.integrators.exact import exact

    if any("t" in names(expr) for _, expr in system.equations):
        raise UnsupportedEquationsException(
            "Cannot solve the differential equations as event-driven: they depend on the time t. Use (clock-driven) "
            "instead."
        )
    try:
        return exact.integrate(system)
    except UnsupportedEquationsException as error:
        raise UnsupportedEquationsException(
            f"Cannot solve the differential equations as event-driven. Use (clock-driven) instead.\n{error}"
        ) from error
