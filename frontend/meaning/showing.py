"""How a rewrite is shown: modules in which each value has a name of its own, and the lines that differ."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue


def with_names(module: ModuleOp) -> ModuleOp:
    """Gives each value a name of its own, so that the text of the others stays when one is added."""
    taken: dict[str, int] = {}
    for value in _values(module):
        name = value.name_hint or "x"
        taken[name] = taken.get(name, 0) + 1
        value.name_hint = name if taken[name] == 1 else f"{name}.{taken[name]}"
    return module


def _values(module: ModuleOp) -> list[SSAValue]:
    found: list[SSAValue] = []
    for op in module.walk():
        found += op.results
        found += (arg for region in op.regions for block in region.blocks for arg in block.args)
    return found


def diff_of(before: str, after: str) -> str:
    """Returns the lines that differ between two texts, as `diff -u` writes them, cut where there are too many."""
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), n=1, lineterm=""))[2:]
    more = [f"... {len(lines) - MOST_LINES} more lines"] if len(lines) > MOST_LINES else []
    return "\n".join(f"  {line}" for line in (*map(_cut, lines[:MOST_LINES], _others(lines)), *more))


def _others(lines: Sequence[str]) -> list[str]:
    """Returns, for each line of a difference, the one that stands in its place on the other side, "" if none does."""
    gone = [k for k, line in enumerate(lines) if line.startswith("-")]
    found = [""] * len(lines)
    for k in gone:
        run = next(number for number in range(k, len(lines) + 1) if number == len(lines) or lines[number][0] != "-")
        first = max(number for number in range(k + 1) if number == 0 or lines[number - 1][0] != "-")
        other = run + k - first
        if other < len(lines) and lines[other].startswith("+"):
            found[k], found[other] = lines[other], lines[k]
    return found


def _cut(line: str, other: str) -> str:
    """Returns a line that is not too long; one that differs late from another one is shown from there."""
    if len(line) <= WIDEST:
        return line
    same = next((k for k in range(1, len(line)) if line[k] != other[k : k + 1]), len(line))
    if not other or same < WIDEST - 20:
        return f"{line[: WIDEST - 4]} ..."
    rest = line[same - 20 : same + WIDEST - 80]
    return f"{line[:50]} ... {rest}{' ...' if same + WIDEST - 80 < len(line) else ''}"


WIDEST, MOST_LINES = 160, 24
"""How much of a rewrite is shown."""

__all__ = ["diff_of", "with_names"]
