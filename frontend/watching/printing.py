"""Modules before and after passes, whole or as differences, on standard error or in files."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass, field
from typing import TextIO

from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from ranvier.ir.broken_text import generic_text_of, text_of
from ranvier.passes.pipeline import print_pass
from ranvier.pipeline.output_files import make_directory
from ranvier.pipeline.stage_views import difference
from ranvier.report.printing import Names, print_module
from ranvier.watching.flags import Flags


@dataclass
class Texts:
    """The text of a module at the last look, and the one before; values keep their names from one to the next.

    Attributes:
        old: The lines before the last pass; None: not known.
        new: The lines now.
    """

    old: list[str] | None = None
    new: list[str] | None = None
    _names: Names = field(default_factory=Names)

    def look(self, module: ModuleOp) -> None:
        """Takes in a module."""
        try:
            now = list(print_module(module, self._names).lines)
        except Exception:  # a pass has left what its own form cannot say
            now = generic_text_of(module).splitlines()
        self.old, self.new = self.new, now

    @property
    def changed(self) -> bool:
        """Whether the last pass has changed something."""
        return self.old != self.new


@dataclass
class PrintIR:
    """An observer that prints modules.

    Attributes:
        flags: Which, and how.
        texts: The module as text, if changes have to be known; it has looked already.
        name: What the program is called, in the names of files.
        file: Where, by default standard error.
    """

    flags: Flags
    texts: Texts
    name: str
    file: TextIO | None = None
    _number: int = 0

    def __call__(self, before: ModulePass | None, module: ModuleOp, after: ModulePass | None) -> None:
        """Prints what is asked for between two passes."""
        flags = self.flags
        if before is None and self._number == 0 and flags.after is None and not flags.change:
            self._print("IR Dump Of The Input", "input", text_of(module))
        if before is not None:
            self._number += 1
            if flags.shows_after(before.name) and not (flags.change and not self.texts.changed):
                self._print_after(before, module)
        if after is not None and flags.shows_before(after.name):
            self._print(f"IR Dump Before {_title(after)}", f"before_{after.name}", text_of(module), self._number + 1)

    def _print_after(self, one: ModulePass, module: ModuleOp) -> None:
        heading = f"IR Dump After {_title(one)}"
        if not self.flags.diff:
            self._print(heading, one.name, text_of(module))
            return
        found = difference("\n".join(self.texts.old or ()), "\n".join(self.texts.new or ()), ("before", one.name))
        coloured = self.flags.tree is None and is_coloured(self.flags.colour, self.file or sys.stderr)
        self._print(heading, one.name, found.coloured if coloured else str(found), ending="diff")

    def failed(self, one: ModulePass, module: ModuleOp) -> None:
        """Prints what a pass has left that has failed, if that is asked for."""
        if self.flags.failure:
            kind, options = _title(one).split(" ", 1)
            self._print(
                f"IR Dump After {kind} Failed {options}",
                f"{one.name}_failed",
                generic_text_of(module),
                self._number + 1,
            )

    def _print(self, heading: str, name: str, text: str, number: int | None = None, ending: str = "mlir") -> None:
        line = f"// -----// {heading} //----- //"
        if self.flags.tree is None:
            print(f"{line}\n{text}\n", file=self.file or sys.stderr)
            return
        directory = self.flags.tree / (re.sub(r"[^\w.+-]", "_", self.name) or "module")
        make_directory(directory, "--ir-tree-dir")
        path = directory / f"{self._number if number is None else number:02}_{name}.{ending}"
        path.write_text(f"{line}\n{text}\n", encoding="utf-8")


def is_coloured(colour: str, file: TextIO) -> bool:
    """Tells whether what is written to a file has colours."""
    return colour == "always" or (colour == "auto" and file.isatty() and not os.environ.get("NO_COLOR"))


def _title(one: ModulePass) -> str:
    """Returns what headings call a pass: its class, and its text."""
    return f"{type(one).__name__} ({print_pass(one)})"
