"""Errors of IR files: what is wrong, where, and what to do.

A `Diagnostic` is plain data and formats itself; `parse_module` gives errors of parsing and verifying as such.
"""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.parser import Parser
from xdsl.utils.exceptions import ParseError, VerifyException

from ranvier.ir.dialect import SNN, new_context
from ranvier.ir.offers import BUILT_IN, OfferError
from ranvier.ir.order import check_order
from ranvier.ir.own_dialects import find_dialect, load_dialects_of
from ranvier.ir.text_files import read_text as text_in


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """An error with its place.

    Attributes:
        title: What is wrong, in one line.
        file: The name of the file; "" if there is none.
        line: The number of the line, from 1; 0 if there is no place.
        column: The number of the first wrong character in the line, from 1.
        text: The line.
        length: The number of wrong characters.
        note: More about what is wrong.
        hint: What to do.
    """

    title: str
    file: str = ""
    line: int = 0
    column: int = 1
    text: str = ""
    length: int = 1
    note: str = ""
    hint: str = ""

    def __str__(self) -> str:
        lines = [f"error: {self.title}"]
        margin = " " * len(str(self.line))
        if self.line:
            before = re.sub(r"[^\t]", " ", self.text[: self.column - 1])  # tabs stay, so that the caret stays below
            carets = "^" * max(1, min(self.length, len(self.text) - self.column + 1))
            lines += [
                f"{margin}--> {self.file}:{self.line}:{self.column}",
                f"{margin} |",
                f"{self.line} | {self.text}",
                f"{margin} | {before}{carets}",
            ]
        lines += [f"{margin} = {kind}: {text}" for kind, text in (("note", self.note), ("hint", self.hint)) if text]
        return "\n".join(lines)


class IRFileError(Exception):
    """An IR file that cannot be read, or that breaks a rule of the dialect; `diagnostic` says where."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(str(diagnostic))
        self.diagnostic = diagnostic


_STRING = re.compile(r"""//[^\n]*|(?P<string>"(?:[^"\\\n\v\f]|\\(?:["nt\\]|[0-9A-Fa-f]{2}))*+)(?P<end>")?""")
"""A comment, or a string, which has an end or not."""


Resource: TypeAlias = "str | bool | float | dict[str, Resource]"
"""What the metadata of a file may hold: MLIR's `{-# external_resources: { ... } #-}`."""


class PlacingParser(Parser):
    """A parser that remembers where each operation begins, and keeps the metadata of a file."""

    def __init__(self, context: Context, text: str, name: str) -> None:
        super().__init__(context, text, name)
        self.places: dict[Operation, int] = {}
        self.resources: dict[str, Resource] = {}

    def _parse_external_resources(self) -> None:
        """Reads what xDSL cannot: what tools keep in a file beside the module."""
        self.resources.update(self._parse_resources())

    def _parse_resources(self) -> dict[str, Resource]:
        found: dict[str, Resource] = {}

        def parse_entry() -> None:
            key = self.parse_identifier_or_str_literal()
            self.parse_punctuation(":")
            found[key] = self._parse_value()

        self.parse_comma_separated_list(self.Delimiter.BRACES, parse_entry)
        return found

    def _parse_value(self) -> Resource:
        text = self.parse_optional_str_literal()
        if text is not None:
            return text
        truth = self.parse_optional_boolean()
        if truth is not None:
            return truth
        number = self.parse_optional_number()
        return self._parse_resources() if number is None else number

    def parse_operation(self) -> Operation:
        start = self.pos
        op = super().parse_operation()
        self.places[op] = start
        return op


def read_text(path: str | Path) -> str:
    """Returns the content of an IR file.

    Raises:
        OSError: If it cannot be read.
        IRFileError: If it is no text.
    """
    try:
        return text_in(path)
    except ValueError as error:
        title = str(error).partition(". ")[0]
        raise IRFileError(Diagnostic(title, str(path), hint="give a file with IR as text (.mlir)")) from None


def parse_module(
    text: str,
    name: str = "<text>",
    context: Context | None = None,
    *,
    check: Callable[[ModuleOp], None] = lambda module: None,
    parser: type[PlacingParser] = PlacingParser,
) -> ModuleOp:
    """Returns the verified module in an IR file.

    Args:
        text: The content of the file.
        name: The name of the file, for messages.
        context: The dialects that are known; by default `new_context()`.
        check: Further checks; an error with an attribute `op` is shown at the place of that op.
        parser: The parser.

    Raises:
        IRFileError: If the text cannot be parsed, the module does not verify, or a check fails.
    """
    if not re.sub(r"//.*", "", text).strip():
        raise IRFileError(Diagnostic(f"{name} is empty", name, hint="a program begins with snn.program @name {"))
    _check_characters(text, name)
    placing: PlacingParser | None = None
    try:
        context = context or new_context()
        load_dialects_of(text, context)
        placing = parser(context, text, name)  # reads the first token
        module = placing.parse_module()
    except ParseError as error:
        raise IRFileError(_of_parse_error(error, text, name)) from None
    except RecursionError:
        raise IRFileError(_at(text, name, placing.pos if placing else 0, "this is nested too deeply")) from None
    except OfferError as error:
        raise IRFileError(Diagnostic(str(error), name)) from error
    except Exception as error:  # whatever xDSL, and the dialects of others, raise about texts that they cannot read
        title = _first_line(error) if isinstance(error, VerifyException) else "this cannot be read"
        raise IRFileError(_at(text, name, placing.pos if placing else 0, title)) from None
    _verify(module, text, name, placing.places)
    try:
        check_order(module)
        check(module)
    except VerifyException as error:
        wrong = _op_of(error)
        if wrong is None:
            raise IRFileError(Diagnostic(f"{name}: {error}", name)) from None
        raise IRFileError(_of_verify_error(wrong, error, text, name, placing.places.get(wrong, 0))) from None
    return module


def _op_of(error: Exception) -> Operation | None:
    """Returns the op that an error is about, if it says which."""
    for one in (error, error.__cause__):
        if isinstance(found := getattr(one, "op", None), Operation):
            return found
    return None


def _check_characters(text: str, name: str) -> None:
    """Checks that all strings are closed, in linear time (xDSL tries all ways to split one that is not), and that
    there is no NUL byte.

    Raises:
        IRFileError: They are not, or there is one.
    """
    if (place := text.find("\0")) >= 0:
        raise IRFileError(_at(text, name, place, "there is a NUL byte: the file is damaged, or no text"))
    for found in _STRING.finditer(text):
        if found["string"] is None or found["end"]:
            continue
        start, stop = found.span()
        if text[stop : stop + 1] == "\\":
            title, hint = (
                f"{text[stop : stop + 2]!r} is no escape",
                'escapes are \\\\, \\", \\n, \\t and two hex digits',
            )
            raise IRFileError(_at(text, name, stop, title, 2, hint=hint))
        hint = "strings begin and end in one line: look for a missing quote before this one, too"
        raise IRFileError(_at(text, name, start, "this string has no closing quote", stop - start, hint=hint))


def _verify(module: ModuleOp, text: str, name: str, places: Mapping[Operation, int]) -> None:
    try:
        module.verify()
    except Exception as error:  # the rules of others' ops may raise anything
        _verify_each(module, text, name, places)
        raise IRFileError(Diagnostic(_first_line(error), name)) from None


def _verify_each(module: ModuleOp, text: str, name: str, places: Mapping[Operation, int]) -> None:
    """Says which op is not valid, if it is one by itself."""
    for op in module.walk():
        try:
            op.verify(verify_nested_ops=False)
        except Exception as error:
            wrong = _op_of(error) or op
            raise IRFileError(_of_verify_error(wrong, error, text, name, places.get(wrong, 0))) from None


def _at(text: str, name: str, position: int, title: str, length: int = 1, note: str = "", hint: str = "") -> Diagnostic:
    start = text.rfind("\n", 0, position) + 1
    end = text.find("\n", position)
    line = text[start : end if end >= 0 else len(text)].replace("\0", "\N{REPLACEMENT CHARACTER}")
    return Diagnostic(title, name, text.count("\n", 0, start) + 1, position - start + 1, line, length, note, hint)


def _first_line(error: Exception) -> str:
    """Returns the message without the printed module that xDSL adds to it."""
    cause = error.__cause__ if isinstance(error.__cause__, VerifyException) else error
    lines = [line for line in str(cause).splitlines() if line.strip()]
    if not isinstance(cause, VerifyException | ValueError):
        lines = [f"{type(cause).__name__}{f': {lines[0]}' if lines else ''}"]
    return lines[0] if lines else type(error).__name__


def _of_parse_error(error: ParseError, text: str, name: str) -> Diagnostic:
    start, length = error.span.start, max(1, error.span.end - error.span.start)
    message = error.msg.strip() or "this cannot be read"
    hint = ""
    message = re.sub(r"Unexpected character: (.)", lambda found: f"unexpected character {found[1]!r}", message)
    message = message.replace("after {first_char}", f"after {error.span.text[:1]!r}")  # xDSL does not fill it in
    if unknown := re.fullmatch(r"Operation (\S+) is not registered", message):
        word = unknown.group(1)  # xDSL points behind it
        start, length, hint = text.rfind(word, 0, start), len(word), _spelling_hint(word)
    elif message.endswith("does not have a custom format."):
        hint = "write it in the generic form: mlir-opt --mlir-print-op-generic"
    elif undefined := re.fullmatch(r"values used but not defined: \[(%[^,\]]+).*\]", message):
        word = undefined.group(1)  # xDSL points to the end of the file
        use = re.search(re.escape(word) + r"\b", text)
        start, length = (use.start(), len(word)) if use else (start, length)
        message = f"{word} is used but not defined"
    elif not text[start:].strip() and text.count("{") > text.count("}"):
        message, hint = "the text ends here, within a region that is not closed", "a brace { has no }"
        start = len(text.rstrip())
    return _at(text, name, max(start, 0), message, length, hint=hint)


def _spelling_hint(word: str) -> str:
    close = difflib.get_close_matches(word, [op.name for op in SNN.operations], n=1)
    if close or word.partition(".")[0] in BUILT_IN:
        return f"did you mean {close[0]}?" if close else ""
    dialect = word.partition(".")[0]
    try:
        own = find_dialect(dialect)
    except OfferError as error:
        return str(error)
    if own is not None:
        names = [op.name for op in own.dialect.operations]
        guess = difflib.get_close_matches(word, names, n=1)
        return f"did you mean {guess[0]}?" if guess else f"the dialect {dialect!r} has {', '.join(names) or 'no ops'}"
    return f"the dialect {dialect!r} is not known: --load FILE.py, or a package, brings it (register_dialect)"


def _of_verify_error(op: Operation, error: Exception, text: str, name: str, position: int) -> Diagnostic:
    about = inspect.getdoc(type(op)) if op.name.startswith("snn.") else None
    note = f"{op.name}: {about.splitlines()[0]}" if about else ""
    return _at(text, name, max(text.find(op.name, position), position), _first_line(error), len(op.name), note)
