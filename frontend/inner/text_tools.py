"""What packages for Brian take from its modules about texts: names in a text, indentation, spelling."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping

from ranvier.equations.code_strings import rename_words
from ranvier.equations.source import close_words
from ranvier.public import public_in

_WORD = re.compile(r"\b[A-Za-z_]\w*\b")
_NUMBER = re.compile(r"(?<![\w.])(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_LOGIC = frozenset({"and", "or", "not"})


@public_in("ranvier.utils.stringtools")
def get_identifiers(expr: str, include_numbers: bool = False) -> set[str]:
    """Returns the names in a text of the model language.

    Args:
        expr: The text.
        include_numbers: Whether its numbers are returned, too.
    """
    found = set(_WORD.findall(expr)) - _LOGIC
    return found | set(_NUMBER.findall(expr)) if include_numbers else found


@public_in("ranvier.utils.stringtools")
def word_substitute(expr: str, substitutions: Mapping[str, str]) -> str:
    """Replaces whole words of a text, all at once."""
    return rename_words(expr, substitutions)


@public_in("ranvier.utils.stringtools")
def replace(s: str, substitutions: Mapping[str, str]) -> str:
    """Replaces parts of a text, one after another."""
    for old, new in substitutions.items():
        s = s.replace(old, new)
    return s


@public_in("ranvier.utils.stringtools")
def indent(text: str, numtabs: int = 1, spacespertab: int = 4) -> str:
    """Returns a text whose lines begin further to the right."""
    return textwrap.indent(text, " " * (numtabs * spacespertab), lambda line: True)


@public_in("ranvier.utils.stringtools")
def deindent(text: str) -> str:
    """Returns a text without the indentation that all its lines share."""
    return textwrap.dedent(text)


@public_in("ranvier.utils.stringtools")
def strip_empty_lines(s: str) -> str:
    """Returns a text without its empty lines."""
    return "\n".join(line for line in s.split("\n") if line.strip())


@public_in("ranvier.utils.stringtools")
def strip_empty_leading_and_trailing_lines(s: str) -> str:
    """Returns a text without the empty lines at its beginning and its end."""
    lines = s.split("\n")
    full = [number for number, line in enumerate(lines) if line.strip()]
    return "\n".join(lines[full[0] : full[-1] + 1]) if full else ""


@public_in("ranvier.utils.stringtools")
def stripped_deindented_lines(code: str) -> list[str]:
    """Returns the lines of a text that are not empty, without the indentation that all share."""
    return [line.rstrip() for line in deindent(code).split("\n") if line.strip()]


@public_in("ranvier.utils.stringtools")
def code_representation(code: str | Mapping[str, str]) -> str:
    """Returns code for people to read: a text, or several texts with their names."""
    if isinstance(code, str):
        return strip_empty_leading_and_trailing_lines(code)
    return "\n".join(f"{name}:\n{indent(code_representation(text))}" for name, text in code.items())


@public_in("ranvier.utils.stringtools")
class SpellChecker:
    """Proposes words for those that are misspelt.

    Args:
        words: The words that there are.
        alphabet: Accepted for compatibility.
    """

    def __init__(self, words: Iterable[str], alphabet: str = "") -> None:
        self.words = set(words)

    def suggest(self, word: str) -> set[str]:
        """Returns the words that are most like a word; itself, if it is one of them."""
        return {word} if word in self.words else set(close_words(self.words, word))
