"""Counts that passes keep of what they do: `--pass-statistics` prints them.

A pass says in an attribute what it counts, and counts while it runs:

    class FuseMaps(ModulePass):
        statistics: ClassVar[Mapping[str, str]] = {"fused": "sweeps that joined an earlier one"}

        def apply(self, ctx, op):
            ...
            count("fused")

Where nobody asks, a count costs a look at a variable. Helpers of a pass count as well: what runs inside it is its own.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from xdsl.passes import ModulePass

_counts: ContextVar[dict[str, int] | None] = ContextVar("ranvier counts of passes", default=None)


def count(name: str, by: int = 1) -> None:
    """Counts something that the pass which runs has done.

    Args:
        name: What; a key of the `statistics` of the pass, whose text says more.
        by: How many.
    """
    counts = _counts.get()
    if counts is not None:
        counts[name] = counts.get(name, 0) + by


@contextmanager
def counting() -> Generator[dict[str, int]]:
    """Gives a table into which all counts go meanwhile; its user empties it between passes."""
    counts: dict[str, int] = {}
    token = _counts.set(counts)
    try:
        yield counts
    finally:
        _counts.reset(token)


def statistics_of(one: ModulePass | type[ModulePass]) -> Mapping[str, str]:
    """Returns what a pass counts, each with a text that says more; nothing for passes that keep no counts."""
    return cast("Mapping[str, str]", getattr(one, "statistics", {}))


__all__ = ["count", "counting", "statistics_of"]
