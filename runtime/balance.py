"""How the elements of a network are divided among the threads of its runs: by how long each was at work.

Threads wait for the slowest of them. Parts of equal size are not equally long at work: the neurons of one get more
spikes than those of another, or its processor is slower. How long is only known in a run. So runs measure it, and
change where the parts begin once what waiting has cost is as much as the change costs. Results stay the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate

import numpy as np

from ranvier.ir.team import WHOLE, Parts

LEAST_GAIN = 0.03
"""The share of the time that other parts have to save."""
LEAST_SECONDS, LEAST_TIMES = 0.2, 10
"""How long is measured, and in how many phases of each stretch of time: the system may have stopped a thread."""
CHANGE = 0.01
"""Seconds that a change takes at least."""
MOST_CHANGES = 6
"""Parts are changed so often at most: where it does not help, something else is the cause."""


@dataclass
class Balance:
    """What runs of a network with a number of threads have measured.

    Attributes:
        parts: Where the parts begin that runs are to have.
        changes: How often the parts have been changed.
        busy: For how many seconds each part was worked at since then.
        seconds: How long these runs were.
    """

    parts: Parts
    changes: int = 0
    busy: list[float] = field(default_factory=list[float])
    seconds: float = 0.0

    def note(self, busy: Sequence[float], times: Sequence[int], seconds: float) -> None:
        """Takes in how long the parts were worked at in a stretch of time.

        Args:
            busy: Seconds, by part.
            times: The number of times, by part. Where they differ, one thread has done what is another's.
            seconds: How long that was.
        """
        if min(times) < max(LEAST_TIMES, 0.9 * max(times)):
            return
        self.busy = [a + b for a, b in zip(self.busy or [0.0] * len(busy), busy, strict=True)]
        self.seconds += seconds

    def better(self, left: float, cost: float) -> Parts | None:
        """Returns where parts should begin, if the change is worth it.

        It is when waiting has cost as much as the change will, and the rest of the run can save as much.

        Args:
            left: How many seconds the rest of the run takes.
            cost: How many seconds it takes to make arrays for other parts.
        """
        if self.seconds < LEAST_SECONDS or self.changes >= MOST_CHANGES:
            return None
        longest = max(self.busy)
        waited = longest - sum(self.busy) / len(self.busy)
        cost += CHANGE
        if waited < LEAST_GAIN * longest or waited < cost or waited * left < cost * longest:
            return None
        return self.equal()

    def equal(self) -> Parts:
        """Returns parts that would have been equally long at work, if in each the work is spread evenly."""
        done = [0.0, *accumulate(self.busy)]
        wanted = [done[-1] * part / int(self.parts) for part in range(1, self.parts)]
        inner: list[float] = np.interp(wanted, done, self.parts.starts).tolist()
        return Parts(self.parts, (0, *map(int, inner), WHOLE))

    def change(self, parts: Parts) -> None:
        """Begins to measure anew, with other parts."""
        self.parts, self.busy, self.seconds = parts, [], 0.0
        self.changes += 1


__all__ = ["Balance"]
