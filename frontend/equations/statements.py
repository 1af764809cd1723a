"""Statements: the code of resets, pathways and regular operations."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, NoReturn, TypeAlias

from ranvier.equations.expressions import Binary, BinaryOp, Expr, Name
from ranvier.equations.parser import parse_expression
from ranvier.equations.source import Origin, Span, TextError, caret

AssignOp: TypeAlias = Literal["=", "+=", "-=", "*=", "/=", "%=", "**=", "//="]

_ASSIGNMENT = re.compile(r"(?<![<>=!])(\*\*=|//=|[-+*/%]=|=)(?!=)")
"""The first '=' that is no comparison, with the operator before it."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")

_IN_PLACE: dict[str, BinaryOp] = {
    "+=": "+",
    "-=": "-",
    "*=": "*",
    "/=": "/",
    "%=": "%",
    "**=": "**",
    "//=": "//",
}


@dataclass(frozen=True, slots=True)
class Statement:
    """One assignment: `target op expr`, e.g. `v += w`.

    Attributes:
        text: The statement as the user wrote it; the spans of `expr` count its characters.
        line: Number of its line in the code, from 1.
    """

    target: str
    op: AssignOp
    expr: Expr
    text: str = field(compare=False)
    line: int = field(default=1, compare=False)

    @property
    def value(self) -> Expr:
        """What the target becomes: `v + w` for `v += w`."""
        if self.op == "=":
            return self.expr
        return Binary(_IN_PLACE[self.op], Name(self.target, self.place), self.expr, self.expr.span)

    @property
    def place(self) -> Span:
        """Where the target stands in the text."""
        return 0, len(self.target)


@lru_cache(maxsize=1024)
def parse_statements(code: str) -> tuple[Statement, ...]:
    """Parses a block of assignments, one a line or separated by `;`.

    Comments, blank lines and indentation are free.

    Raises:
        TextError: With the line, a caret under the place and what to write instead.
    """
    statements: list[Statement] = []
    begin = 0
    for number, line in enumerate(code.splitlines(keepends=True), start=1):
        place = begin
        for part in line.partition("#")[0].split(";"):
            if part.strip():
                statements.append(_parse_one(part.strip(), number, code, place + len(part) - len(part.lstrip())))
            place += len(part) + 1
        begin += len(line)
    return tuple(statements)


def _parse_one(text: str, line: int, code: str, place: int) -> Statement:
    """Parses the statement `text`, which begins at a place of the code."""
    found = _ASSIGNMENT.search(text)
    if found is None:
        _refuse(text, line, (0, len(text)), "a statement has the form 'name = expression'")
    target = text[: found.start()].rstrip()
    if not _NAME.match(target):
        reason = "only a plain name can be assigned to"
        if "[" in target or "." in target or "," in target:
            reason += " (no indexing, attributes or several names)"
        _refuse(text, line, (0, max(1, len(target))), reason)
    right = text[found.end() :]
    if not right.strip():
        _refuse(text, line, (found.end(), found.end() + 1), "the expression after '=' is missing")
    if _ASSIGNMENT.search(right) and "(" not in right:
        place = found.end() + _ASSIGNMENT.search(right).start()  # type: ignore[union-attr]
        _refuse(text, line, (place, place + 1), "one statement assigns to one name")
    origin = Origin(code, target, ((0, place),))
    expr = parse_expression(" " * found.end() + right, origin)  # blanks keep the places
    return Statement(target, found.group(1), expr, text, line)  # type: ignore[arg-type]


def _refuse(text: str, line: int, span: Span, reason: str) -> NoReturn:
    raise TextError(f"Line {line} of the statements cannot be read: {reason}.\n{caret(text, span)}")


def targets(statements: tuple[Statement, ...]) -> frozenset[str]:
    """Returns the names that are assigned to."""
    return frozenset(statement.target for statement in statements)
