"""What passes have counted, and how long everything took, as tables in MLIR's form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xdsl.passes import ModulePass

from ranvier.passes.pipeline import print_pass
from ranvier.passes.statistics import statistics_of

RULE = f"===-{'-' * 71}-==="
"""The line around a heading."""

MOST_PARTS = 8
"""Of LLVM's passes, which are about a hundred, those that took the longest have a line of their own."""


@dataclass(frozen=True)
class Counted:
    """What a pass has counted.

    Attributes:
        one: The pass.
        changed: Whether it has changed the module.
        ops: How many ops there were before it, and after it.
        counts: What it has counted.
    """

    one: ModulePass
    changed: bool
    ops: tuple[int, int]
    counts: Mapping[str, int]

    @property
    def lines(self) -> list[str]:
        """The lines of a table."""
        before, after = self.ops
        said = f"{before} ops, {after} after it" if self.changed else "changed nothing"
        about = {**statistics_of(self.one)}
        about.update({name: "" for name in self.counts if name not in about})
        width = max((len(str(number)) for number in self.counts.values()), default=1)
        rows = [
            f"    (S) {self.counts.get(name, 0):{width}} {name}{text and f' - {text}'}" for name, text in about.items()
        ]
        return [f"  {print_pass(self.one)}: {said}", *rows]


def statistics_table(rows: Sequence[Counted], name: str = "") -> str:
    """Returns a table of what passes have counted, in the order in which they ran.

    Args:
        rows: A pass each.
        name: The program.
    """
    lines = [line for row in rows for line in row.lines]
    return "\n".join([*_heading("Pass statistics report", name), "'builtin.module' Pipeline", *lines])


@dataclass(frozen=True)
class Timed:
    """A part of the road that a program takes.

    Attributes:
        name: What it is.
        seconds: How long it took.
        parts: What it consists of.
    """

    name: str
    seconds: float
    parts: tuple[Timed, ...] = ()

    def lines(self, total: float, indent: int = 2) -> list[str]:
        """Returns the lines of a table.

        Args:
            total: What is 100 %.
            indent: Blanks in front of the name.
        """
        share = 100 * self.seconds / total if total else 0.0
        own = f"  {self.seconds:8.4f} ({share:5.1f}%){' ' * indent}{self.name}"
        return [own, *(line for part in self.parts for line in part.lines(total, indent + 2))]


def longest(parts: Sequence[tuple[str, float]]) -> tuple[Timed, ...]:
    """Returns the parts that took the longest, and all others as one."""
    ordered = sorted(parts, key=lambda part: -part[1])
    first, rest = ordered[:MOST_PARTS], ordered[MOST_PARTS:]
    others = [Timed(f"({len(rest)} others)", sum(seconds for _, seconds in rest))] if rest else []
    return (*(Timed(*part) for part in first), *others)


def timing_table(rows: Sequence[Timed], name: str = "") -> str:
    """Returns a table of times.

    Args:
        rows: The parts of the road, in order.
        name: The program.
    """
    total = sum(row.seconds for row in rows)
    return "\n".join(
        [
            *_heading("Execution time report", name),
            f"  Total Execution Time: {total:.4f} seconds",
            "",
            "  ----Wall Time----  ----Name----",
            *(line for row in rows for line in row.lines(total)),
            f"  {total:8.4f} (100.0%)  Total",
        ]
    )


def _heading(text: str, name: str) -> list[str]:
    whole = f"... {text} of {name} ..." if name else f"... {text} ..."
    return [RULE, f"{whole:^79}".rstrip(), RULE]
