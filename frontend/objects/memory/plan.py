"""How much memory the parts of objects take: rows of a table, and the table."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ranvier.objects.memory.arrays import in_bytes


@dataclass(frozen=True)
class MemoryRow:
    """The memory of one part of an object.

    Attributes:
        object: Name of the object.
        what: What it is for.
        number: How many elements, synapses or spikes.
        bytes: Bytes after a run.
        present: How many of them are there now.
        per_second: Bytes that each second of a run adds.
        per_spike: Bytes that each spike adds.
    """

    object: str
    what: str
    number: int
    bytes: int
    present: int = 0
    per_second: float = 0.0
    per_spike: int = 0


class MemoryPlan:
    """The memory of a network, or of synapses.

    Args:
        rows: Its parts.

    Attributes:
        rows: The parts, see `MemoryRow`.
        total: Bytes after a run, without what monitors record in it.
        present: Bytes that are taken now.
        per_second: Bytes that monitors record in each second of a run, without those of spikes.
    """

    def __init__(self, rows: Iterable[MemoryRow]) -> None:
        self.rows: tuple[MemoryRow, ...] = tuple(rows)
        self.total: int = sum(row.bytes for row in self.rows)
        self.present: int = sum(row.present for row in self.rows)
        self.per_second: float = sum(row.per_second for row in self.rows)

    def __str__(self) -> str:
        lines = [(row.object, row.what, f"{row.number:,}", _amount(row)) for row in self.rows]
        lines.append(("", "total", "", in_bytes(self.total)))
        if self.per_second:
            lines.append(("", "recorded", "", f"{in_bytes(self.per_second)}/s"))
        free = available_memory()
        if free is not None:
            lines.append(("", "available", "", in_bytes(free)))
        widths = [max(len(line[k]) for line in lines) for k in range(4)]
        return "\n".join(
            f"{line[0]:<{widths[0]}}  {line[1]:<{widths[1]}}  {line[2]:>{widths[2]}}  {line[3]:>{widths[3]}}".rstrip()
            for line in lines
        )

    def __repr__(self) -> str:
        return f"<MemoryPlan: {in_bytes(self.total)}, {in_bytes(self.present)} of it taken already>"


def _amount(row: MemoryRow) -> str:
    if row.per_second:
        return f"{in_bytes(row.per_second)}/s"
    return f"{row.per_spike} B/spike" if row.per_spike else in_bytes(row.bytes)


def available_memory() -> int | None:
    """Returns how many bytes this process can still get without swapping; None where that is not known."""
    found: list[int] = []
    try:
        lines = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
        found.append(int(lines["MemAvailable"].split()[0]) * 1024)
    except (OSError, KeyError, ValueError):
        if hasattr(os, "sysconf") and "SC_AVPHYS_PAGES" in os.sysconf_names:
            found.append(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    try:
        limits = Path("/sys/fs/cgroup")
        found.append(int((limits / "memory.max").read_text()) - int((limits / "memory.current").read_text()))
    except (OSError, ValueError):
        pass
    return max(min(found), 0) if found else None
