"""The messages of failed checks: what, where, and what to do."""

from __future__ import annotations

import re
from typing import TypeVar

from ranvier.equations.expressions import Expr, shown
from ranvier.equations.source import caret
from ranvier.public import public_in
from ranvier.units.dimensions import Dimension
from ranvier.units.mismatch import DimensionMismatchError

LONGEST = 80
"""Longer expressions are shortened in messages."""

Failure = TypeVar("Failure", bound=Exception)


@public_in("ranvier.core.functions")
class ArgumentCountError(SyntaxError, ValueError):
    """A function is called with a wrong number of arguments."""


@public_in("ranvier.core.functions")
class NotCalledError(SyntaxError, TypeError, ValueError):
    """A function is named where its value is meant."""


@public_in("ranvier.core.functions")
class UnknownUnitError(KeyError, ValueError):
    """A function of the script does not say the unit of what it returns."""

    def __str__(self) -> str:
        return str(self.args[0])


def quoted(expr: Expr, source: str | None = None) -> str:
    """Returns the expression as the user wrote it, if the text is known, in quotes; long ones without their middle."""
    start, stop = expr.span
    text = shown(expr)
    if source is not None and 0 <= start < stop <= len(source):
        text = " ".join(source[start:stop].split())
    return f"'{text}'" if len(text) <= LONGEST else f"'{text[: LONGEST // 2]} … {text[-LONGEST // 2 :]}'"


def at(error: Failure, expr: Expr, source: str | None) -> Failure:
    """Adds the user's text with carets under the expression as a note to the error."""
    if source is not None and expr.span[1] > expr.span[0]:
        error.add_note(caret(source, expr.span))
    return error


def mismatch(description: str, expr: Expr, source: str | None, *dims: Dimension) -> DimensionMismatchError:
    """Returns an error about units; its text ends with the units."""
    return at(DimensionMismatchError(description, *dims), expr, source)


def unresolved(name: str, hint: str = "") -> KeyError:
    """Returns the error for a name that stands for nothing."""
    return KeyError(f'The identifier "{name}" could not be resolved.{hint}')


def unlinked(name: str, owner: str) -> TypeError:
    """Returns the error for a linked variable that was not linked."""
    return TypeError(
        f"The linked variable '{name}' of '{owner}' has not been linked: assign it with "
        f"{owner}.{name} = linked_var(...)."
    )


def unresolved_name(error: Exception) -> str | None:
    """Returns the name that stands for nothing, if that is what an error says."""
    found = _UNRESOLVED.match(str(error.args[0])) if isinstance(error, KeyError) and error.args else None
    return None if found is None else found[1]


_UNRESOLVED = re.compile(r'The identifier "(\w+)" could not be resolved')
