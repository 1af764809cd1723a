"""The text of a model, cut into definitions.

d NAME / dt = EXPRESSION : UNIT (FLAG, FLAG ...)     differential equation
NAME = EXPRESSION : UNIT (FLAG ...)                  subexpression
NAME : UNIT (FLAG ...)                               parameter
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NoReturn, TypeAlias

from ranvier.equations.source import Origin, Span, caret
from ranvier.public import public_in

PARAMETER = "parameter"
DIFFERENTIAL_EQUATION = "differential equation"
SUBEXPRESSION = "subexpression"

Pieces: TypeAlias = tuple[tuple[int, int], ...]
"""Places in an expression, and in the text that it comes from."""

EquationType: TypeAlias = Literal["parameter", "differential equation", "subexpression"]

_DIFFERENTIAL = re.compile(r"d\s*(?P<name>[A-Za-z_]\w*)\s*/\s*dt\s*=(?P<expr>.*)\Z", re.DOTALL)
_SUBEXPRESSION = re.compile(r"(?P<name>[A-Za-z_]\w*)\s*=(?P<expr>.*)\Z", re.DOTALL)
_PARAMETER = re.compile(r"(?P<name>[A-Za-z_]\w*)\s*\Z")
_FLAG = r"[A-Za-z_][A-Za-z0-9_]*(?:[\s-]+[A-Za-z_][A-Za-z0-9_]*)*"
_UNIT_AND_FLAGS = re.compile(
    rf"(?P<unit>.*?[^\s*/(])\s*\((?P<flags>\s*{_FLAG}\s*(?:,\s*{_FLAG}\s*)*)\)\s*\Z", re.DOTALL
)
"""Flags stand in the last parentheses, unless an operator shows that these belong to the unit."""


@public_in("ranvier.equations")
class EquationError(Exception):
    """The text of a model is wrong: syntax, a name defined twice, an unknown unit, noise in a wrong place."""


@public_in("ranvier.equations")
class EquationSyntaxError(EquationError, SyntaxError):
    """An expression in the text of a model cannot be read."""


@dataclass(frozen=True, slots=True)
class Definition:
    """One line of a model, still as text.

    Attributes:
        expr: The expression with comments and line breaks removed; `None` for parameters.
        unit: The text after the colon, without the flags.
        source: The definition as the user wrote it.
        origin: Where `expr` stands in the text of the model; `None` for parameters.
    """

    type: EquationType
    name: str
    expr: str | None
    unit: str
    flags: tuple[str, ...]
    source: str
    origin: Origin | None = field(default=None, compare=False)


def parse_definitions(text: str) -> tuple[Definition, ...]:
    """Cuts the text of a model into its definitions.

    Raises:
        EquationError: With a caret under the place that cannot be read.
    """
    clean = "\n".join(_without_comment(line) for line in text.split("\n"))
    return tuple(_parse_one(text, clean, start, colon, stop) for start, colon, stop in _chunks(clean))


def _without_comment(line: str) -> str:
    """Returns the line with its comment blanked, so that places stay what they were."""
    bare, mark, comment = line.partition("#")
    return bare + " " * (len(mark) + len(comment))


def _chunks(text: str) -> Iterator[tuple[int, int, int]]:
    """Yields start, colon and end of each definition."""
    position = 0
    while True:
        start = position + len(text[position:]) - len(text[position:].lstrip())
        if start >= len(text):
            return
        colon = text.find(":", start)
        if colon < 0:
            _refuse(text, (start, len(text)), "a definition ends with ': UNIT', but no colon follows")
        stop = _end_of_unit(text, colon)
        yield start, colon, stop
        position = stop


def _end_of_unit(text: str, colon: int) -> int:
    """Returns the end of the line, or of the line that closes the parentheses opened after the colon."""
    depth, seen = 0, False
    for place in range(colon + 1, len(text)):
        letter = text[place]
        if letter == "\n" and depth <= 0 and seen:
            return place
        depth += (letter == "(") - (letter == ")")
        seen = seen or not letter.isspace()
    return len(text)


def _parse_one(written: str, text: str, start: int, colon: int, stop: int) -> Definition:
    """Returns the definition that stands at a place of a text.

    Args:
        written: The text.
        text: The same with its comments blanked.
        start: Where it begins.
        colon: Where its colon is.
        stop: Where it ends.
    """
    left, right = text[start:colon], text[colon + 1 : stop]
    if ";" in left + right:
        place = text.index(";", start)
        _refuse(text, (place, place + 1), "each definition stands on a line of its own, without ';'")
    if ":" in right:
        place = text.index(":", colon + 1)
        _refuse(text, (place, place + 1), "a definition has one colon, before the unit")
    kind, name, expr, pieces = _left_side(text, start, left)
    unit, flags = _right_side(text, colon, right)
    shown = f"d{name}/dt" if kind == DIFFERENTIAL_EQUATION else name
    origin = None if expr is None else Origin(written, shown, pieces)
    return Definition(kind, name, expr, unit, flags, " ".join(text[start:stop].split()), origin)


def _left_side(text: str, start: int, left: str) -> tuple[EquationType, str, str | None, Pieces]:
    """Returns kind and name of a definition, its expression on one line, and where the pieces of that come from."""
    if found := _DIFFERENTIAL.match(left):
        kind: EquationType = DIFFERENTIAL_EQUATION
    elif found := _SUBEXPRESSION.match(left):
        kind = SUBEXPRESSION
    elif found := _PARAMETER.match(left):
        return PARAMETER, found["name"], None, ()
    else:
        _refuse(text, _first_line(text, start), "expected 'dx/dt = expression', 'x = expression' or 'x' before ':'")
    expr, pieces = _on_one_line(found["expr"], start + found.start("expr"))
    if not expr:
        _refuse(text, (start, start + len(left.rstrip())), "the expression after '=' is missing")
    return kind, found["name"], expr, pieces


def _on_one_line(written: str, place: int) -> tuple[str, Pieces]:
    """Returns an expression on one line, and where each line of it begins there and in the text."""
    expr, pieces = "", list[tuple[int, int]]()
    for line in written.split("\n"):
        if line.strip():
            expr += " " * bool(expr)
            pieces.append((len(expr), place + len(line) - len(line.lstrip())))
            expr += line.strip()
        place += len(line) + 1
    return expr, tuple(pieces)


def _right_side(text: str, colon: int, right: str) -> tuple[str, tuple[str, ...]]:
    if not right.strip():
        _refuse(text, (colon, colon + 1), "the unit after ':' is missing (write 1 for a number without unit)")
    found = _UNIT_AND_FLAGS.match(right)
    if found is None:
        return right.strip(), ()
    return found["unit"].strip(), tuple(" ".join(flag.split()) for flag in found["flags"].split(","))


def _first_line(text: str, start: int) -> Span:
    stop = text.find("\n", start)
    return (start, len(text) if stop < 0 else stop)


def _refuse(text: str, span: Span, reason: str) -> NoReturn:
    line = text.count("\n", 0, span[0]) + 1
    raise EquationError(f"Line {line} of the equations cannot be read: {reason}.\n{caret(text, span)}")
