"""Modules as lines: every value keeps its name from the first pass to the last, and each line knows its op."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import StringIO

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue
from xdsl.printer import Printer


@dataclass
class Names:
    """The names of values, each given once: what stays the same between two passes is printed the same.

    A module's own text numbers its values anew each time, so that one op less renames all that follow. The name of a
    value that is gone, if it says what the value is, goes to the next of the same hint: the new version of a state has
    the name of the one whose place it takes.
    """

    _given: dict[SSAValue, str] = field(default_factory=dict[SSAValue, str])
    _free: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    _used: dict[str, int] = field(default_factory=dict[str, int])
    _numbers: int = 0

    def name(self, value: SSAValue) -> str:
        """Returns the name of a value, a new one if it has none."""
        found = self._given.get(value)
        if found is None:
            found = self._given[value] = self._new(value.name_hint)
        return found

    def free_all_but(self, values: set[SSAValue]) -> None:
        """Lets the names of all other values be given again."""
        gone = [value for value in self._given if value not in values]
        for value in gone:
            name, hint = self._given.pop(value), value.name_hint
            number = name.removeprefix(f"{hint}_") if hint else ""
            if hint and (name == hint or number.isdecimal()):
                heapq.heappush(self._free.setdefault(hint, []), 0 if name == hint else int(number))

    def _new(self, hint: str | None) -> str:
        if not hint:
            self._numbers += 1
            return str(self._numbers - 1)
        if self._free.get(hint):
            number = heapq.heappop(self._free[hint])
        else:
            number = self._used.get(hint, 0)
            self._used[hint] = number + 1
        return f"{hint}_{number}" if number else hint


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
    names.free_all_but(_values(module))
    printer = _StablePrinter(names)
    printer.print_op(module)
    return Printed(printer.lines(), printer.found)


def _values(module: ModuleOp) -> set[SSAValue]:
    found: set[SSAValue] = set()
    for op in module.walk():
        found.update(op.results)
        found.update(argument for region in op.regions for block in region.blocks for argument in block.args)
    return found
