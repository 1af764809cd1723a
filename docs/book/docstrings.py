"""Docstrings as MyST Markdown: sections become lists of fields, indented text becomes code."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from textwrap import dedent

_FIELDS: Mapping[str, str] = {"Args:": "param", "Attributes:": "ivar", "Raises:": "raises"}
_PARAGRAPHS: Mapping[str, str] = {"Returns:": "returns", "Yields:": "yields"}
_ENTRY = re.compile(r"([^:\s][^:]*): (.*)")


def markdown(docstring: str | None, language: str = "python") -> str:
    """Returns a docstring as Markdown.

    Args:
        docstring: As it is written; None is the empty text.
        language: The language of indented text.
    """
    lines = inspect.cleandoc(docstring or "").splitlines()
    written: list[str] = []
    fields: list[str] = []
    fenced = False
    position = 0
    while position < len(lines):
        line = lines[position]
        position += 1
        fenced ^= line.startswith("```")
        written.append(line if fenced or line.startswith("```") else escaped(line))
        if fenced or not line.rstrip().endswith(":"):
            continue
        block, position = _indented(lines, position)
        if line in _FIELDS:
            written.pop()
            fields += _entries(block, _FIELDS[line])
        elif line in _PARAGRAPHS:
            written.pop()
            fields.append(f":{_PARAGRAPHS[line]}: {escaped(' '.join(' '.join(block).split()))}")
        elif block:
            written += ["", f"```{language}", *block, "```", ""]
    return "\n".join([*written, "", *fields]).strip() + "\n"


def _indented(lines: list[str], position: int) -> tuple[list[str], int]:
    """Returns the lines that stand further in, without their indentation, and the position behind them."""
    end = position
    while end < len(lines) and (not lines[end].strip() or lines[end].startswith("  ")):
        end += 1
    block = lines[position:end]
    while block and not block[-1].strip():
        block, end = block[:-1], end - 1
    return dedent("\n".join(block)).splitlines(), end


def _entries(block: list[str], field: str) -> Iterator[str]:
    entry: list[str] = []
    for line in [*block, None]:
        if line is not None and (not entry or line.startswith(" ") or not line.strip()):
            entry.append(line.strip())
            continue
        found = _ENTRY.match(" ".join(word for word in entry if word))
        name, says = found.groups() if found else ("", " ".join(entry))
        yield f":{field} {name.replace('*', chr(92) + '*')}: {escaped(says)}"
        entry = [] if line is None else [line]


def escaped(line: str) -> str:
    """Returns a line of prose in which what is no Markdown in docstrings is none: tags, links, emphasis."""
    parts = re.split(r"(`+[^`]*`+)", line)
    prose = [re.sub(r"([<*\[\]_])", r"\\\1", part) if k % 2 == 0 else part for k, part in enumerate(parts)]
    return "".join(prose)


def summary(docstring: str | None) -> str:
    """Returns the first paragraph of a docstring in one line; numpy's begin with a signature, which is left out."""
    paragraphs = inspect.cleandoc(docstring or "").split("\n\n")
    if re.match(r"\w+\(.*\)$", paragraphs[0].replace("\n", " ")) and len(paragraphs) > 1:
        paragraphs = paragraphs[1:]
    return " ".join(paragraphs[0].split())
