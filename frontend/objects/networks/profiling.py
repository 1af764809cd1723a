"""How long each object of a network takes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from html import escape
from typing import Protocol

from ranvier.public import public_in
from ranvier.units import Quantity, second


class Profiled(Protocol):
    """A network that may know how long its objects took."""

    @property
    def profiling_info(self) -> list[tuple[str, Quantity]]:
        """(name, time) of each object, the slowest first."""
        ...


class Stopwatch:
    """Adds up the wall time between marks.

    Args:
        labels: The names of the actions, by number.
    """

    def __init__(self, labels: Sequence[str]) -> None:
        self.labels = tuple(labels)
        self._seconds = [0.0] * len(labels)
        self._past: list[tuple[str, float]] = []
        self._current = -1
        self._began = 0.0

    def relabel(self, labels: Sequence[str]) -> None:
        """Goes on with other actions; the times of those before count."""
        self.mark(-1)
        self._past += zip(self.labels, self._seconds, strict=True)
        self.labels = tuple(labels)
        self._seconds = [0.0] * len(labels)

    def mark(self, number: int) -> None:
        """Ends the current action and begins action `number` (-1: none)."""
        now = time.perf_counter()
        if self._current >= 0:
            self._seconds[self._current] += now - self._began
        self._current = number
        self._began = now

    def times(self) -> list[tuple[str, Quantity]]:
        """Returns (name, time) of each object, the slowest first."""
        total: dict[str, float] = {}
        for label, seconds in (*self._past, *zip(self.labels, self._seconds, strict=True)):
            total[label] = total.get(label, 0.0) + seconds
        ordered = sorted(total.items(), key=lambda item: -item[1])
        return [(name, Quantity(seconds, dim=second.dim)) for name, seconds in ordered]


def _text(time: Quantity) -> str:
    seconds = float(time)
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1e3:.2f} ms"


@public_in("ranvier.core.network")
class ProfilingSummary:
    """A table of times, the slowest first.

    Args:
        net: The network, or (name, time) of each object.
        show: Greatest number of rows.

    Attributes:
        names: The objects.
        times: The time of each.
        percentages: The part of the time of all objects that each took.

    Raises:
        ValueError: If the last run of the network was not profiled.
    """

    def __init__(self, net: Profiled | Sequence[tuple[str, Quantity]], show: int | None = None) -> None:
        times = net if isinstance(net, Sequence) else net.profiling_info
        total = sum(float(value) for _, value in times) or 1.0
        self.rows = [(name, value, 100 * float(value) / total) for name, value in times][:show]
        self.names = [name for name, _, _ in self.rows]
        self.times = tuple(value for _, value, _ in self.rows)
        self.percentages = [percent for _, _, percent in self.rows]

    def __repr__(self) -> str:
        title = "Profiling summary"
        width = max((len(name) for name, _, _ in self.rows), default=0)
        lines = [f"{name:<{width}}  {_text(value):>12}  {percent:6.2f} %" for name, value, percent in self.rows]
        return "\n".join([title, "=" * len(title), *lines])

    def _repr_html_(self) -> str:
        cells = "".join(
            f"<tr><td>{escape(name)}</td><td>{_text(value)}</td><td>{percent:.2f} %</td></tr>"
            for name, value, percent in self.rows
        )
        return f"<h2>Profiling summary</h2><table>{cells}</table>"
