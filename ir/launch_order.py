"""Which launches of kernels have to wait for others: those that share memory to which one of them writes."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TypeVar

Memory = TypeVar("Memory", bound=Hashable)


def levels(launches: Sequence[tuple[Sequence[Memory], Sequence[Memory]]]) -> list[int]:
    """Returns a level for each launch: those of one level may run side by side, behind all of the levels below.

    Args:
        launches: For each launch, in order, all memory that it knows, and that to which it writes.
    """
    known: dict[Memory, int] = {}
    written: dict[Memory, int] = {}
    found: list[int] = []
    for everything, changes in launches:
        behind = [written[each] for each in everything if each in written]
        behind += [known[each] for each in changes if each in known]
        level = max(behind, default=-1) + 1
        found.append(level)
        for each in everything:
            known[each] = max(known.get(each, 0), level)
        for each in changes:
            written[each] = max(written.get(each, 0), level)
    return found


__all__ = ["levels"]
