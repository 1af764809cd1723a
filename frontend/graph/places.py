"""Where code comes from: the user's texts that a plan was made of, as files, and places in them as locations of ops.

An op that computes part of an equation has the location `"dv/dt"("neurons_stateupdater":2:9)`: what is defined there,
the object, and line and column in the text that was given to it. Each text of an object is a file named after it;
further ones, as the models whose subexpressions it uses, have a number behind the name. An op that stands for
parts of several equations has a fused location. None of this is part of the plan's key.
"""

from __future__ import annotations

from xdsl.dialects.builtin import FileLineColLoc, FusedLoc, IntAttr, LocationAttr, NameLoc, NoneAttr, StringAttr

from ranvier.equations.source import Place
from ranvier.plan.plan import Plan
from ranvier.plan.texts import file_names


class Locations:
    """Gives the places of a plan's expressions as locations of ops.

    Args:
        plan: The plan.
        written: Whether they hold the part of the text itself, too, see `ranvier.ir.locations.written_at`.
    """

    def __init__(self, plan: Plan, *, written: bool = False) -> None:
        self._written = written
        self._files = file_names(plan)
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
        named = NameLoc(StringAttr(place.origin.name), found) if place.origin.name else found
        return FusedLoc((named,), StringAttr(place.written)) if self._written and place.written else named


__all__ = ["Locations"]
