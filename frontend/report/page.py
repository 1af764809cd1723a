"""The page: data and code in one file that needs nothing else.

Lines of texts are stored once, since most stay the same from pass to pass; texts are lists of their numbers.
"""

from __future__ import annotations

import base64
import functools
import importlib.resources
import json
import os
import platform
import zlib
from collections.abc import Sequence
from dataclasses import asdict
from html import escape
from pathlib import Path
from typing import Any

from ranvier.codegen.target import host
from ranvier.ir.text_files import object_in
from ranvier.report.records import Program, Text

FORMAT = 1
"""The version of the data, for programs that read it."""

STYLES = ("page.css",)
SCRIPTS = ("data.js", "diff.js", "listing.js", "graph.js", "views.js", "main.js")
"""The files of the page, in the order in which they are put into it."""


def write(path: Path, programs: Sequence[Program], script: str) -> None:
    """Writes the report; a reader finds the old one or the new one.

    Args:
        path: The file.
        programs: The programs.
        script: The name of the script.

    Raises:
        OSError: It cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        unfinished.write_text(page(data_of(programs, script)), encoding="utf-8")
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def data_of(programs: Sequence[Program], script: str) -> dict[str, Any]:
    """Returns programs as plain data."""
    numbers: dict[str, int] = {}
    written = [_program(program, numbers) for program in programs]
    return {
        "format": FORMAT,
        "script": script,
        "machine": _machine(),
        "roofs": _roofs() if any(program.sweeps for program in programs) else {},
        "lines": list(numbers),
        "programs": written,
    }


def page(data: dict[str, Any]) -> str:
    """Returns the page of a report."""
    packed = base64.b64encode(zlib.compress(json.dumps(data, separators=(",", ":")).encode(), 6)).decode()
    parts = {
        "TITLE": escape(f"{data['script']}: what the compiler made of it"),
        "STYLE": "\n".join(map(_file, STYLES)),
        "SCRIPT": "\n".join(map(_file, SCRIPTS)),
        "DATA": packed,
    }
    text = _file("page.html")
    for name, part in parts.items():
        text = text.replace(f"{{{{{name}}}}}", part)
    return text


def data_in(text: str) -> dict[str, Any]:
    """Returns the data of a page, for tests and for programs that read reports.

    Raises:
        ValueError: The text is no report, or a damaged one.
    """
    _, found, rest = text.partition('<script type="application/octet-stream" id="data">')
    if not found:
        raise ValueError("this is no report of Ranvier")
    try:
        written = zlib.decompress(base64.b64decode(rest.partition("</script>")[0])).decode()
    except (ValueError, zlib.error) as error:
        raise ValueError(f"this report of Ranvier is damaged: {error}") from None
    return object_in(written, "what this report of Ranvier holds")


@functools.cache
def _file(name: str) -> str:
    return importlib.resources.files("ranvier.report").joinpath("page", name).read_text(encoding="utf-8")


def _program(program: Program, numbers: dict[str, int]) -> dict[str, Any]:
    fields = ("name", "key", "spec", "target", "network", "threads", "sizes", "times", "cache", "runs", "failure")
    return {
        **{name: getattr(program, name) for name in fields},
        "texts": [_text(text, numbers) for text in program.texts],
        "sweeps": [asdict(sweep) for sweep in program.sweeps],
        "decisions": [asdict(decision) for decision in program.decisions],
    }


def _text(text: Text, numbers: dict[str, int]) -> dict[str, Any]:
    fields = ("name", "kind", "about", "language", "seconds", "ops", "options", "chained", "stage")
    return {
        **{name: getattr(text, name) for name in fields},
        "lines": [numbers.setdefault(line, len(numbers)) for line in text.lines],
        "parents": [_relative(k, lines) for k, lines in enumerate(text.parents)],
        **({"origins": [list(lines) for lines in text.origins]} if any(text.origins) else {}),
        **({"spans": [list(map(list, spans)) for spans in text.spans]} if any(text.spans) else {}),
    }


def _relative(number: int, lines: Sequence[int]) -> int | list[int] | None:
    """Returns the lines that a line comes from, counted from its own, which is short and often the same."""
    return None if not lines else lines[0] - number if len(lines) == 1 else [line - number for line in lines]


def _machine() -> dict[str, Any]:
    target = host()
    return {
        "cpu": target.cpu,
        "triple": target.triple,
        "vector": target.vector_bits,
        "python": platform.python_version(),
        "cores": os.cpu_count(),
    }


def _roofs() -> dict[str, Any]:
    from ranvier.report.roofs import measured  # measures the machine when that is first wanted

    return measured()
