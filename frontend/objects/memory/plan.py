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
        own: How many of the bytes after a run each of several instances has for itself: what runs change.
    """

    object: str
    what: str
    number: int
    bytes: int
    present: int = 0
    per_second: float = 0.0
    per_spike: int = 0
    own: int = 0


class MemoryPlan:
    """The memory of a network, or of synapses.

    Args:
        rows: Its parts.
        instances: How many instances of the network there are, None for the network alone.

    Attributes:
        rows: The parts, see `MemoryRow`.
        instances: How many instances of the network there are, None for the network alone.
        total: Bytes after a run of one instance, without what monitors record in it.
        present: Bytes that are taken now.
        per_second: Bytes that monitors record in each second of a run, without those of spikes.
        own: Bytes that each instance has for itself.
        once: Bytes that all instances have in common.
    """

    def __init__(self, rows: Iterable[MemoryRow], instances: int | None = None) -> None:
        self.instances = instances
        self.rows: tuple[MemoryRow, ...] = tuple(rows)
        self.total: int = sum(row.bytes for row in self.rows)
        self.present: int = sum(row.present for row in self.rows)
        self.per_second: float = sum(row.per_second for row in self.rows)
        self.own: int = sum(row.own for row in self.rows)
        self.once: int = self.total - self.own

    def at_once(self, number: int) -> int:
        """Returns how many bytes are taken while so many instances are computed at once, without what is recorded."""
        return self.once + number * self.own

    def __str__(self) -> str:
        lines = self._lines() if self.instances is None else self._lines_of_instances(self.instances)
        free = available_memory()
        if free is not None:
            lines.append(("", "available", "", in_bytes(free)))
        widths = [max(len(line[k]) for line in lines if k < len(line)) for k in range(max(map(len, lines)))]
        return "\n".join(
            "  ".join(f"{cell:{'<' if k < 2 else '>'}{widths[k]}}" for k, cell in enumerate(line)).rstrip()
            for line in lines
        )

    def _lines(self) -> list[tuple[str, ...]]:
        lines = [(row.object, row.what, f"{row.number:,}", _amount(row)) for row in self.rows]
        lines.append(("", "total", "", in_bytes(self.total)))
        if self.per_second:
            lines.append(("", "recorded", "", f"{in_bytes(self.per_second)}/s"))
        return lines

    def _lines_of_instances(self, number: int) -> list[tuple[str, ...]]:
        lines: list[tuple[str, ...]] = [("", "", "", "once", "each")]
        for row in self.rows:
            is_recorded = bool(row.per_second or row.per_spike)
            once = in_bytes(row.bytes - row.own) if row.bytes > row.own else ""
            own = _amount(row) if is_recorded else in_bytes(row.own) if row.own else ""
            lines.append((row.object, row.what, f"{row.number:,}", once, own))
        lines.append(("", "total", "", in_bytes(self.once), in_bytes(self.own)))
        if self.per_second:
            lines.append(("", "recorded", "", "", f"{in_bytes(self.per_second)}/s"))
        lines.append(("", "one after another", "", in_bytes(self.at_once(1))))
        lines.append(("", f"all {number:,} side by side", "", in_bytes(self.at_once(number))))
        return lines

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
    try:
        import resource  # not on Windows

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        if limit != resource.RLIM_INFINITY:
            found.append(limit - int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize())
    except (ImportError, OSError, ValueError):
        pass
    return max(min(found), 0) if found else None
