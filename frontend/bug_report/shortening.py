"""Makes a script shorter that shows a fault, as long as it shows it: statements, lines of texts, arguments, numbers."""

from __future__ import annotations

import ast
import io
import re
import time
import tokenize
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeAlias, cast


@dataclass(frozen=True)
class Edit:
    """A change of a script.

    Attributes:
        start: Where it begins, in bytes.
        end: Where it ends.
        text: What stands there instead.
    """

    start: int
    end: int
    text: bytes = b""


@dataclass
class Shortener:
    """Makes a script shorter.

    Attributes:
        shows: Tells whether a script shows the fault.
        until: When to stop, as `time.monotonic` counts.
        best: The shortest script so far; also there when `shorten` was ended from outside.
        tried: How many scripts were run.
    """

    shows: Callable[[str], bool]
    until: float
    best: str = ""
    tried: int = 0
    _seen: set[str] = field(default_factory=set[str])

    @property
    def is_late(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() >= self.until

    def shorten(self, text: str) -> bool:
        """Puts the shortest script that was found into `best`.

        Args:
            text: The script.

        Returns:
            Whether the script as it is shows the fault in the way in which the shorter ones are run.

        Raises:
            SyntaxError: It is no Python.
        """
        ast.parse(text)
        self.best = text
        if not self._holds(text):
            return False
        for plain in (without_comments, one_statement_a_line):
            self._accept(plain(self.best))
        while not self.is_late:
            before = self.best
            for phase in PHASES:
                self._phase(phase)
            if self.best == before:
                break
        self._accept(without_comments(self.best))
        return True

    def _holds(self, text: str) -> bool:
        if text in self._seen or not _is_python(text):
            return False
        self._seen.add(text)
        self.tried += 1
        return self.shows(text)

    def _accept(self, text: str) -> bool:
        if text == self.best or self.is_late or not self._holds(text):
            return False
        self.best = text
        return True

    def _phase(self, phase: Phase) -> None:
        """Applies as many changes of one kind as the fault survives: first many at once, from the end on."""
        depth = 0
        while (units := phase(self.best, depth)) is not None:
            self._most_of(self.best, units)
            depth += 1

    def _most_of(self, text: str, units: Sequence[Edit]) -> None:
        done: set[int] = set()
        size = len(units)
        while size and not self.is_late:
            for end in range(len(units), 0, -size):
                chunk = set(range(max(0, end - size), end)) - done
                if chunk and self._accept(applied(text, [units[k] for k in sorted(done | chunk)])):
                    done |= chunk
            size //= 2


Phase: TypeAlias = Callable[[str, int], "list[Edit] | None"]
"""Takes a script and how deep to look; gives changes, each of which may be made or not, or None if that is too deep."""


def applied(text: str, edits: Sequence[Edit]) -> str:
    """Returns a script with changes made; what lies within another change is made with it."""
    given, parts, at = text.encode(), list[bytes](), 0
    for edit in sorted(edits, key=lambda edit: (edit.start, -edit.end)):
        if edit.start >= at:
            parts += [given[at : edit.start], edit.text]
            at = edit.end
    return b"".join([*parts, given[at:]]).decode()


def _is_python(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return False
    return True


class _Source:
    """A script with its tree and where its lines begin."""

    def __init__(self, text: str) -> None:
        self.tree = ast.parse(text)
        self.bytes = text.encode()
        self.begins = [0]
        for line in self.bytes.splitlines(keepends=True):
            self.begins.append(self.begins[-1] + len(line))

    def span(self, node: ast.expr | ast.stmt | ast.keyword) -> tuple[int, int]:
        """Returns where a node begins and ends, in bytes."""
        last = node.end_lineno or node.lineno
        end = node.col_offset if node.end_col_offset is None else node.end_col_offset
        return self.begins[node.lineno - 1] + node.col_offset, self.begins[last - 1] + end

    def lines(self, node: ast.stmt) -> tuple[int, int]:
        """Returns where the first line of a statement, with its decorators, begins and where its last one ends."""
        first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", []))])
        return self.begins[first - 1], self.begins[min(node.end_lineno or node.lineno, len(self.begins) - 1)]

    def is_alone(self, node: ast.stmt) -> bool:
        """Tells whether nothing else stands on the lines of a statement."""
        (start, end), (begin, last) = self.lines(node), self.span(node)
        decorated = bool(getattr(node, "decorator_list", []))
        before = b"" if decorated else self.bytes[start:begin]
        return not before.strip() and not self.bytes[last:end].partition(b"#")[0].strip()

    def bodies(self) -> Iterator[tuple[int, list[ast.stmt]]]:
        """Yields all sequences of statements, each with how deep it stands."""
        todo: list[tuple[int, ast.AST]] = [(0, self.tree)]
        while todo:
            depth, node = todo.pop()
            for name in ("body", "orelse", "finalbody", "handlers", "cases"):
                found = getattr(node, name, None)
                listed = cast("list[object]", found) if isinstance(found, list) else []
                inner = [one for one in listed if isinstance(one, ast.AST)]
                statements = [one for one in inner if isinstance(one, ast.stmt)]
                if statements:
                    yield depth, statements
                todo += [(depth + bool(statements), one) for one in inner]


# ---- before the phases


def without_comments(text: str) -> str:
    """Returns a script without comments and empty lines; the lines of texts stay."""
    lines = [f"{line}\n" for line in text.split("\n")]
    kept: set[int] = set()
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):
        return text
    for token in tokens:
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column].rstrip() + "\n"
        elif token.type not in (tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER, tokenize.INDENT, tokenize.DEDENT):
            kept |= set(range(token.start[0], token.end[0] + 1))
    return "".join(line for number, line in enumerate(lines, 1) if number in kept)


def one_statement_a_line(text: str) -> str:
    """Returns a script in which statements that stand side by side stand below each other."""
    source, edits = _Source(text), list[Edit]()
    for _, body in source.bodies():
        for one, following in pairwise(body):
            (_, end), (start, _) = source.span(one), source.span(following)
            begin = source.begins[one.lineno - 1]
            indent = source.bytes[begin : source.span(body[0])[0]]
            if b"\n" not in source.bytes[end:start] and not indent.strip():
                edits.append(Edit(end, start, b"\n" + indent))
    return applied(text, edits)


# ---- the phases


def statements(text: str, depth: int) -> list[Edit] | None:
    """Returns the removals of the statements at a depth; what has to have a body keeps `pass`."""
    source = _Source(text)
    found = [body for level, body in source.bodies() if level == depth]
    if not found:
        return None
    edits: list[Edit] = []
    for body in found:
        for number, one in enumerate(body):
            if not source.is_alone(one):
                edits.append(Edit(*source.span(one), b"pass"))
            elif depth and number == 0 and not (isinstance(one, ast.Pass) and len(body) > 1):
                start, end = source.lines(one)
                indent = source.bytes[start : source.span(one)[0]] if not _decorated(one) else b" " * one.col_offset
                edits.append(Edit(start, end, indent + b"pass\n"))
            else:
                edits.append(Edit(*source.lines(one)))
    return sorted(edits, key=lambda edit: edit.start)


def _decorated(node: ast.stmt) -> bool:
    return bool(getattr(node, "decorator_list", []))


def unwrapped(text: str, depth: int) -> list[Edit] | None:
    """Returns what puts the body of an `if`, `with`, `for`, `while` or `try` in its place, one for each."""
    if depth:
        return None
    source, edits = _Source(text), list[Edit]()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.If | ast.With | ast.For | ast.While | ast.Try) and source.is_alone(node):
            start, end = source.lines(node)
            first, _ = source.lines(node.body[0])
            _, last = source.lines(node.body[-1])
            if first > start:
                extra = b" " * (node.body[0].col_offset - node.col_offset)
                lines = source.bytes[first:last].splitlines(keepends=True)
                edits.append(Edit(start, end, b"".join(line.removeprefix(extra) for line in lines)))
    return sorted(edits, key=lambda edit: edit.start)


def lines_of_texts(text: str, depth: int) -> list[Edit] | None:
    """Returns the removals of single lines of texts of several lines: of equations, for instance."""
    if depth:
        return None
    source, edits = _Source(text), list[Edit]()
    for node in ast.walk(source.tree):
        if not (isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))):
            continue
        start, end = source.span(node)
        opening = re.match(rb"[rbufRBUF]*(\"\"\"|''')", source.bytes[start:end])
        if opening is not None:
            start, end = start + opening.end(), end - 3
        at = start
        for piece in source.bytes[start:end].splitlines(keepends=True) if b"\n" in source.bytes[start:end] else ():
            edits.append(Edit(at, at + len(piece)))
            at += len(piece)
    return sorted(edits, key=lambda edit: edit.start)


def arguments(text: str, depth: int) -> list[Edit] | None:
    """Returns the removals of arguments of calls: those with names, and all but the first of the others."""
    if depth:
        return None
    source, edits = _Source(text), list[Edit]()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            for one in (*node.args[1:], *node.keywords):
                start, end = source.span(one)
                after = re.match(rb"\s*,\s*", source.bytes[end:])
                before = re.search(rb"\s*,\s*$", source.bytes[:start])
                if before is not None:
                    start = before.start()
                elif after is not None:
                    end += after.end()
                edits.append(Edit(start, end))
    return sorted(edits, key=lambda edit: edit.start)


def numbers(text: str, depth: int) -> list[Edit] | None:
    """Returns what makes whole numbers smaller, such as sizes of groups."""
    if depth:
        return None
    source = _Source(text)
    whole = [
        node
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Constant) and type(node.value) is int and node.value > 2
    ]
    return sorted([Edit(*source.span(node), b"2") for node in whole], key=lambda edit: edit.start)


PHASES: Sequence[Phase] = (statements, unwrapped, lines_of_texts, arguments, numbers)
"""The kinds of changes, in the order in which they are tried."""
