"""Where code comes from: the user's texts that a plan was made of, as files, and places in them as locations of ops.

An op that computes part of an equation has the location `"dv/dt"("neurons_stateupdater":2:9)`: what is defined there,
the object, and line and column in the text that was given to it. Each text of an object is a file named after it;
further ones, as the models whose subexpressions it uses, have a number behind the name. An op that stands for
parts of several equations has a fused location. None of this is part of the plan's key.
"""

from __future__ import annotations

from collections.abc import Iterable

from xdsl.dialects.builtin import FileLineColLoc, FusedLoc, IntAttr, LocationAttr, NameLoc, NoneAttr, StringAttr

from ranvier.equations.assignments import Adaptive, Assign
from ranvier.equations.expressions import Expr, walk
from ranvier.equations.source import Place
from ranvier.plan.plan import Plan
from ranvier.plan.step_kinds import ElementCode


def equation_texts(plan: Plan) -> dict[str, str]:
    """Returns the texts of the user that a plan was made of, by the names of files in the locations of its ops."""
    return {name: text for (_, text), name in _file_names(plan).items()}


class Locations:
    """Gives the places of a plan's expressions as locations of ops.

    Args:
        plan: The plan.
    """

    def __init__(self, plan: Plan) -> None:
        self._files = _file_names(plan)
        self._known: dict[tuple[str, int], tuple[Place, LocationAttr]] = {}

    def of(self, label: str, place: Place) -> LocationAttr:
        """Returns the location of a place in the texts of the object of a step."""
        key = (label, id(place))
        found = self._known.get(key)
        if found is None:  # holds the place, so that its number stays its own
            found = self._known[key] = (place, self._made(label, place))
        return found[1]

    def _made(self, label: str, place: Place) -> LocationAttr:
        parts = [self._single(label, part) for part in place.parts]
        return parts[0] if len(parts) == 1 else FusedLoc(tuple(parts), NoneAttr())

    def _single(self, label: str, place: Place) -> LocationAttr:
        line, column = place.line_and_column
        file = self._files.get((label, place.origin.text), label)
        found = FileLineColLoc(StringAttr(file), IntAttr(line), IntAttr(column))
        return NameLoc(StringAttr(place.origin.name), found) if place.origin.name else found


def _file_names(plan: Plan) -> dict[tuple[str, str], str]:
    """Returns the name of the file for each text of an object."""
    names: dict[tuple[str, str], str] = {}
    counts: dict[str, int] = {}
    for step in plan.steps:
        code = getattr(step, "code", None)
        for expr in _expressions(code) if isinstance(code, ElementCode) else ():
            for text in _texts(expr):
                if (step.label, text) not in names:
                    count = counts[step.label] = counts.get(step.label, 0) + 1
                    names[step.label, text] = step.label if count == 1 else f"{step.label}-{count}"
    return names


def _expressions(code: ElementCode) -> Iterable[Expr]:
    for line in code.lines:
        if isinstance(line, Assign):
            yield line.expr
        elif isinstance(line, Adaptive):
            yield from line.expressions
        else:
            yield from (entry for row in line.matrix for entry in row)
            yield line.step
    yield from code.results


def _texts(expr: Expr) -> Iterable[str]:
    for node in walk(expr):
        if isinstance(node.span, Place):
            for part in node.span.parts:
                yield part.origin.text


__all__ = ["Locations", "equation_texts"]
