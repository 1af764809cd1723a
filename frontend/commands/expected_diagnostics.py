"""`ranvier-opt --verify-diagnostics`: whether what is said of a file is what its comments expect, as in `mlir-opt`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from xdsl.ir import Operation

from ranvier.ir.diagnostics import IRFileError
from ranvier.ir.locations import sites
from ranvier.passes.errors import PassError

_EXPECTED = re.compile(
    r"//.*?expected-(?P<kind>error|warning|note|remark)(?P<re>-re)?\s*"
    r"(?:@(?P<place>[+-]\d+|above|below|unknown))?\s*\{\{(?P<text>.*)\}\}\s*$"
)
_ANY_DIRECTIVE = re.compile(r"//.*?expected-(error|warning|note|remark)")


@dataclass(frozen=True)
class Said:
    """An error, a warning or a note.

    Attributes:
        kind: "error", "warning" or "note".
        line: The number of its line, from 1; 0: it has no place.
        text: What it says.
    """

    kind: str
    line: int
    text: str


@dataclass(frozen=True)
class Expected:
    """A comment that says what will be said.

    Attributes:
        kind: "error", "warning", "note" or "remark".
        line: Of what line; 0: of none.
        text: A part of the text.
        regex: Whether the text has regular expressions, each between two braces.
        at: The line of the comment.
    """

    kind: str
    line: int
    text: str
    regex: bool
    at: int

    def fits(self, said: Said) -> bool:
        """Tells whether something that was said is this."""
        return (said.kind, said.line) == (self.kind, self.line) and self._is_in(said.text)

    def _is_in(self, text: str) -> bool:
        if not self.regex:
            return self.text in text
        parts = re.split(r"\{\{(.*?)\}\}", self.text)
        parts[::2] = map(re.escape, parts[::2])
        return re.search("".join(parts), text) is not None


def expected_in(text: str) -> list[Expected]:
    """Returns what the comments of a file say; "above" and "below" are the nearest lines without such a comment.

    Raises:
        ValueError: A comment cannot be read; the message begins with its line.
    """
    lines = text.splitlines()
    found: list[Expected] = []
    for number, line in enumerate(lines, 1):
        if "expected-" not in line or not _ANY_DIRECTIVE.search(line):
            continue
        one = _EXPECTED.search(line)
        if one is None:
            raise ValueError(f"{number}: write // expected-error@+1 {{{{text}}}}, with two braces on either side")
        found.append(Expected(one["kind"], _line(one["place"], number, lines), one["text"], bool(one["re"]), number))
    return found


def _line(place: str | None, number: int, lines: Sequence[str]) -> int:
    """Returns the line that a comment in a line is about."""
    if place == "unknown":
        return 0
    if place in ("above", "below"):
        step = -1 if place == "above" else 1
        number += step
        while 0 < number <= len(lines) and _ANY_DIRECTIVE.search(lines[number - 1]):
            number += step
        return number
    return number + int(place or 0)


def differences(expected: Iterable[Expected], said: Iterable[Said], file: str) -> list[str]:
    """Returns what was said and not expected, and what was expected and not said; notes need not be expected.

    Args:
        expected: What the comments say.
        said: What was said.
        file: The name of the file, for messages.
    """
    left, messages = list(expected), list[str]()
    for one in said:
        match = next((each for each in left if each.fits(one)), None)
        if match is not None:
            left.remove(match)
        elif one.kind != "note":
            messages.append(f"{_place(file, one.line)}: error: unexpected {one.kind}: {one.text}")
    for each in left:
        where = "" if each.line else " without a place"
        messages.append(
            f"{_place(file, each.line or each.at)}: error: expected {each.kind}{where} was not produced: {each.text}"
        )
    return messages


def _place(file: str, line: int) -> str:
    return f"{file}:{line}" if line else file


def said_of(error: BaseException) -> list[Said]:
    """Returns what an error says, with its notes."""
    if isinstance(error, IRFileError):
        one = error.diagnostic
        notes = [Said("note", one.line, text) for text in (one.note, one.hint) if text]
        return [Said("error", one.line, one.title), *notes]
    op = next((each for cause in (error, error.__cause__) if (each := getattr(cause, "op", None)) is not None), None)
    line = _line_of(op) if isinstance(op, Operation) else 0
    text = str(error) if isinstance(error, PassError) else _first_line(error)
    return [Said("error", line, text), *(Said("note", line, note) for note in getattr(error, "__notes__", ()))]


def _line_of(op: Operation) -> int:
    """Returns the line at which an op stands, 0 if that is not known."""
    return next((site.line for site in sites(op.location)), 0)


def _first_line(error: BaseException) -> str:
    """Returns the message without the printed module that xDSL adds to it."""
    text = str(error.__cause__ if error.__cause__ is not None and not str(error) else error)
    return next((line.strip() for line in text.splitlines() if line.strip()), type(error).__name__)


__all__ = ["Expected", "Said", "differences", "expected_in", "said_of"]
