"""Which equations of the user the code of integrators comes from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ranvier.equations.assignments import Adaptive, Assign, Line, Propagator
from ranvier.equations.expressions import NOWHERE, Expr, map_children, names, once_each
from ranvier.equations.source import Place


def attributed(lines: Sequence[Line], equations: Iterable[tuple[str, Expr]]) -> tuple[Line, ...]:
    """Returns code of an integrator in which each expression knows the equations that it is computed for.

    A temporary belongs to the variables for which it is used. An expression has its place at its root; what has a place
    of its own within it keeps that.

    Args:
        lines: The code.
        equations: The variables, and the right-hand sides of their equations.
    """
    places = {name: expr.span for name, expr in equations if isinstance(expr.span, Place)}
    wanted: dict[str, dict[str, Place]] = {}
    found: list[Line] = []
    for line in reversed(lines):
        parts: dict[str, Place] = {}
        for target in _targets(line):
            parts.update({target: places[target]} if target in places else wanted.get(target, {}))
        for expr in _expressions(line):
            for name in names(expr) - places.keys():
                wanted.setdefault(name, {}).update(parts)
        found.append(_placed(line, list(parts.values())))
    return tuple(reversed(found))


def without_places(expr: Expr) -> Expr:
    """Returns an expression that is part of no text of a user."""

    def bare(node: Expr) -> Expr:
        inner = map_children(node, part)
        return replace(inner, span=NOWHERE)

    part = once_each(bare)
    return part(expr)


def _targets(line: Line) -> Iterable[str]:
    match line:
        case Assign():
            return (line.target,)
        case Propagator():
            return (name for row in line.targets for name in row if name)
        case Adaptive():
            return line.targets


def _expressions(line: Line) -> Iterable[Expr]:
    match line:
        case Assign():
            return (line.expr,)
        case Propagator():
            return (line.step, *(entry for row in line.matrix for entry in row))
        case Adaptive():
            return line.expressions


def _placed(line: Line, places: Sequence[Place]) -> Line:
    """Returns a line whose expressions stand at the given places, if they have none."""
    if not places:
        return line
    place = places[0].joined(places[1:]) if len(places) > 1 else places[0]

    def put(expr: Expr) -> Expr:
        return expr if isinstance(expr.span, Place) else replace(expr, span=place)

    match line:
        case Assign():
            return Assign(line.target, put(line.expr))
        case Propagator():
            matrix = tuple(tuple(put(entry) for entry in row) for row in line.matrix)
            return Propagator(line.targets, matrix, put(line.step))
        case Adaptive():
            return line.with_parts(put)


__all__ = ["attributed", "without_places"]
