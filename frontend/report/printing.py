"""Modules as lines: every value keeps its name from the first pass to the last, and each line knows its op."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from io import StringIO

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue
from xdsl.printer import Printer


@dataclass
class Names:
    """The names of values, each given once: what stays the same between two passes is printed the same.

    A module's own text numbers its values anew each time, so that one op less renames all that follow.
    """

    _given: dict[SSAValue, str] = field(default_factory=dict[SSAValue, str])
    _used: dict[str, int] = field(default_factory=dict[str, int])
    _numbers: int = 0

    def name(self, value: SSAValue) -> str:
        """Returns the name of a value, a new one if it has none."""
        found = self._given.get(value)
        if found is None:
            found = self._given[value] = self._new(value.name_hint)
        return found

    def _new(self, hint: str | None) -> str:
        if not hint:
            self._numbers += 1
            return str(self._numbers - 1)
        before = self._used.get(hint, 0)
        self._used[hint] = before + 1
        return f"{hint}_{before}" if before else hint


@dataclass(frozen=True)
class Printed:
    """A module as text.

    Attributes:
        lines: The lines.
        ops: The number of the line, and the op that begins there, in the order of the text.
    """

    lines: Sequence[str]
    ops: Sequence[tuple[int, Operation]]


class _Counted(StringIO):
    """A text that knows how many lines it has."""

    lines = 0

    def write(self, text: str, /) -> int:
        """Takes more text."""
        self.lines += text.count("\n")
        return super().write(text)


class _StablePrinter(Printer):
    """Prints with given names, and notes where ops begin."""

    def __init__(self, names: Names) -> None:
        self._text = _Counted()
        super().__init__(stream=self._text)
        self._stable = names
        self.found: list[tuple[int, Operation]] = []

    def print_ssa_value(self, value: SSAValue) -> str:
        """Prints the name that a value has in all texts."""
        name = self._stable.name(value)
        self.print_string(f"%{name}")
        return name

    def print_op(self, op: Operation) -> None:
        """Prints an op."""
        self.found.append((self._text.lines, op))
        super().print_op(op)

    def lines(self) -> list[str]:
        """Returns what was printed."""
        return self._text.getvalue().splitlines()


def print_module(module: ModuleOp, names: Names) -> Printed:
    """Returns a module as lines, with the names that its values have in all texts."""
    printer = _StablePrinter(names)
    printer.print_op(module)
    return Printed(printer.lines(), printer.found)
