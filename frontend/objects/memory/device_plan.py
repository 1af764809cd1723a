"""How much memory of a GPU a network takes: rows of a table, and the table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ranvier.objects.memory.arrays import in_bytes


@dataclass(frozen=True)
class DeviceMemoryRow:
    """A part of the memory of a GPU.

    Attributes:
        what: What it holds: "variable", "events", "connections", "recorded" or "intermediate".
        label: Of what: "neurongroup.v".
        number: How many elements.
        bytes: Bytes.
    """

    what: str
    label: str
    number: int
    bytes: int


class DeviceMemoryPlan:
    """The memory of a GPU that a run of a network takes.

    Args:
        parts: Its parts; those of equal name are put together.
        free: The bytes of the GPU that can be had, None where there is no GPU.

    Attributes:
        rows: The parts, the largest first.
        total: Bytes of all of them.
        free: The bytes of the GPU that can be had, None where there is no GPU.
    """

    def __init__(self, parts: Iterable[DeviceMemoryRow], free: int | None) -> None:
        found: dict[tuple[str, str], DeviceMemoryRow] = {}
        for part in parts:
            key = part.what, part.label
            before = found.get(key, DeviceMemoryRow(*key, 0, 0))
            found[key] = DeviceMemoryRow(*key, before.number + part.number, before.bytes + part.bytes)
        self.rows: tuple[DeviceMemoryRow, ...] = tuple(sorted(found.values(), key=lambda row: -row.bytes))
        self.total: int = sum(row.bytes for row in self.rows)
        self.free = free

    def bytes_of(self, what: str) -> int:
        """Returns the bytes of all parts of a kind: "variable", "events", "connections", "recorded", "intermediate"."""
        return sum(row.bytes for row in self.rows if row.what == what)

    def __str__(self) -> str:
        """Returns the table."""
        lines = [(row.what, row.label, f"{row.number:,}", in_bytes(row.bytes)) for row in self.rows]
        lines.append(("total", "", "", in_bytes(self.total)))
        lines.append(("free", "", "", "no GPU here" if self.free is None else in_bytes(self.free)))
        widths = [max(len(line[k]) for line in lines) for k in range(4)]
        return "\n".join(
            "  ".join(f"{cell:{'<' if k < 2 else '>'}{widths[k]}}" for k, cell in enumerate(line)).rstrip()
            for line in lines
        )

    def __repr__(self) -> str:
        return f"<DeviceMemoryPlan: {in_bytes(self.total)}>"
