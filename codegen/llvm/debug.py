"""Debug information: which line of the user's equations each instruction computes, as LLVM's metadata.

Files and lines are those of the ops' source locations (`ranvier.ir.locations`); an instruction for several has the
first. The numbers of metadata begin far behind all others.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from xdsl.ir import Operation

from ranvier.ir.locations import Site, sites

FIRST = 1_000_000
"""The number of the first line of metadata."""

NOWHERE = Site("program", 0, 0)
"""What is no part of an equation: the loop over time steps, the bookkeeping of events."""

PROGRAM = "run"
"""The name of the function that is no sweep."""

_FLAGS = (
    "!llvm.module.flags = !{{!{0}, !{1}}}",
    '!{0} = !{{i32 2, !"Debug Info Version", i32 3}}',
    '!{1} = !{{i32 7, !"Dwarf Version", i32 4}}',
)


class DebugInfo:
    """Numbers what instructions say of the places that they come from.

    Args:
        directory: Where the files are that locations name, unless their names say so.

    Attributes:
        suffix: What is written behind an instruction at the current place.
    """

    def __init__(self, directory: str) -> None:
        self.suffix = ""
        self._directory = directory
        self._lines: list[str] = []
        self._known: dict[object, int] = {}
        self._scope = 0
        self._file = ""

    def enter(self, name: str, op: Operation) -> str:
        """Begins a function, and returns what is written behind its attributes.

        Args:
            name: Its name.
            op: What it is made of.
        """
        site = next(_precise(op), NOWHERE) if name != PROGRAM else NOWHERE
        unit, type_ = self._unit(), self._node("type", "!DISubroutineType(types: !{})")
        file = self._of_file(site.file)
        self._scope = self._add(
            f'distinct !DISubprogram(name: "{_text(name)}", scope: !{file}, file: !{file}, line: {site.line}, '
            f"type: !{type_}, scopeLine: {site.line}, spFlags: DISPFlagLocalToUnit | DISPFlagDefinition | "
            f"DISPFlagOptimized, unit: !{unit})"
        )
        self._file = site.file
        self.suffix = self._at(None)
        return f" !dbg !{self._scope}"

    def leave(self) -> None:
        """Ends a function."""
        self.suffix = ""

    def state(self) -> tuple[str, int, str]:
        """Returns what `restore` goes back to: where another function is written amid the current one."""
        return self.suffix, self._scope, self._file

    def restore(self, state: tuple[str, int, str]) -> None:
        """Goes back to the function that was being written."""
        self.suffix, self._scope, self._file = state

    def move(self, op: Operation) -> str:
        """Goes to the place of an op, if it is known, and returns the suffix to go back to."""
        before = self.suffix
        found = sites(op.location)
        if found:
            self.suffix = self._at(found[0])
        return before

    def metadata(self) -> list[str]:
        """Returns what the numbers mean."""
        if not self._lines:
            return []
        first = FIRST + len(self._lines)
        flags = [line.format(first, first + 1) for line in _FLAGS]
        return [f"!llvm.dbg.cu = !{{!{self._unit()}}}", *self._lines, *flags]

    def _at(self, site: Site | None) -> str:
        """Returns the suffix for a place; line 0 where only the object is known."""
        line, column = (site.line, site.column) if site is not None and site.column else (0, 0)
        scope = self._scope
        if site is not None and site.file != self._file:
            file = self._of_file(site.file)
            scope = self._node((scope, file), f"!DILexicalBlockFile(scope: !{scope}, file: !{file}, discriminator: 0)")
        number = self._node((scope, line, column), f"!DILocation(line: {line}, column: {column}, scope: !{scope})")
        return f", !dbg !{number}"

    def _unit(self) -> int:
        file = self._of_file(NOWHERE.file)
        return self._node(
            "unit",
            f'distinct !DICompileUnit(language: DW_LANG_C99, file: !{file}, producer: "Ranvier", isOptimized: true, '
            "runtimeVersion: 0, emissionKind: FullDebug)",
        )

    def _of_file(self, name: str) -> int:
        path = os.path.join(self._directory, name)  # whole, since perf is told of files only
        return self._node(("file", name), f'!DIFile(filename: "{_text(path)}", directory: "")')

    def _node(self, key: object, text: str) -> int:
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._add(text)
        return found

    def _add(self, text: str) -> int:
        number = FIRST + len(self._lines)
        self._lines.append(f"!{number} = {text}")
        return number


def _precise(op: Operation) -> Iterator[Site]:
    """Yields the places within an op of which the line is known."""
    return (site for inner in op.walk() for site in sites(inner.location) if site.column)


def _text(text: str) -> str:
    return "".join(c if c.isprintable() and c not in '"\\' and c.isascii() else _escaped(c) for c in text)


def _escaped(letter: str) -> str:
    return "".join(f"\\{byte:02X}" for byte in letter.encode())
