"""What depends on what in code without branches: the lines that some results need, and what the results differ by."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from ranvier.actions.code import DRAWS, assigned_names, read_names
from ranvier.equations.assignments import Assign, Line


def lines_for(lines: Sequence[Line], results: Collection[str]) -> tuple[Line, ...]:
    """Returns the lines without which some names would not get their last values."""
    wanted, found = set(results), list[Line]()
    for line in reversed(lines):
        targets = assigned_names((line,))
        if wanted.isdisjoint(targets):
            continue
        found.append(line)
        if isinstance(line, Assign):
            wanted.discard(line.target)
        wanted |= read_names((line,))
    return tuple(reversed(found))


def differing(lines: Sequence[Line], differs: Callable[[str], bool]) -> dict[str, str]:
    """Returns the assigned names whose values may differ between elements, each with a name that is to blame.

    Args:
        lines: The code.
        differs: Tells whether a name that was not assigned before differs between the elements.
    """
    found, assigned = dict[str, str](), set[str]()
    for line in lines:
        names = sorted(read_names((line,)))
        blamed = (
            found.get(name, "") if name in assigned else name if name in DRAWS or differs(name) else ""
            for name in names
        )
        culprit = next(filter(None, blamed), "")
        for target in assigned_names((line,)):
            assigned.add(target)
            found[target] = found.get(target) or culprit
    return {name: culprit for name, culprit in found.items() if culprit}
