"""How the elements of a network are divided among the threads of its runs: by how long each was at work.

Threads wait for the slowest of them. Parts of equal size are not equally long at work: the neurons of one get more
spikes than those of another, or its processor is slower. How long is only known in a run. So runs measure it, and
change where the parts begin once what waiting has cost is as much as the change costs. Results stay the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise

import numpy as np

from ranvier.ir.slots import TILE
from ranvier.ir.team import WHOLE, Parts

LEAST_GAIN = 0.03
"""The share of the time that other parts have to save."""
LEAST_SECONDS, LEAST_TIMES = 0.2, 10
"""How long is measured, and in how many phases of each stretch of time: the system may have stopped a thread."""
CHANGE = 0.001
"""Seconds that a change takes at least."""
MOST_CHANGES = 6
"""Parts are changed so often at most where a change takes longer: if it does not help, something else is the cause."""
SHORTLY, LATELY = 0.05, 0.2
"""Where a change takes no longer than that, it is enough to have measured for `SHORTLY`, and what was more than
`LATELY` ago counts little: processors are not always equally fast."""


@dataclass
class Balance:
    """What runs of a network with a number of threads have measured.

    Attributes:
        parts: Where the parts begin that runs are to have.
        size: The number of elements of the largest group that is divided; 0 if it is not known.
        changes: How often the parts have been changed, but for changes that took no time.
        busy: For how many seconds each part was worked at since then.
        seconds: How long these runs were.
        lately: For how many seconds each part was worked at lately.
        while_: How long that was.
    """

    parts: Parts
    size: int = 0
    changes: int = 0
    busy: list[float] = field(default_factory=list[float])
    seconds: float = 0.0
    lately: list[float] = field(default_factory=list[float])
    while_: float = 0.0

    def note(self, busy: Sequence[float], times: Sequence[int], seconds: float) -> None:
        """Takes in how long the parts were worked at in a stretch of time.

        Args:
            busy: Seconds, by part.
            times: The number of times, by part. Where they differ, one thread has done what is another's.
            seconds: How long that was.
        """
        if min(times) < max(LEAST_TIMES, 0.9 * max(times)):
            return
        self.busy = _added(self.busy, 1.0, busy)
        self.seconds += seconds
        kept = 0.5 ** (seconds / LATELY)
        self.lately = _added(self.lately, kept, busy)
        self.while_ = kept * self.while_ + seconds

    def better(self, left: float, cost: float) -> Parts | None:
        """Returns where parts should begin, if the change is worth it.

        It is when waiting has cost as much as the change will, and the rest of the run can save as much.

        Args:
            left: How many seconds the rest of the run takes.
            cost: How many seconds it takes to make arrays for other parts; 0 if there are none.
        """
        if not cost:
            busy, seconds, least = self.lately, self.while_, SHORTLY
        else:
            busy, seconds, least = self.busy, self.seconds, LEAST_SECONDS
        if seconds < least or (cost and self.changes >= MOST_CHANGES):
            return None
        parts, longest = self.equal(busy), max(busy)
        saved = longest - max(self._expected(busy, parts))
        cost += CHANGE
        if saved < LEAST_GAIN * longest or saved < cost or saved * left < cost * longest:
            return None
        return parts

    def equal(self, busy: Sequence[float]) -> Parts:
        """Returns parts that would have been equally long at work, if in each the work is spread evenly.

        They begin at whole tiles of the largest group, those next to where they would be.
        """
        done = [0.0, *accumulate(busy)]
        wanted = [done[-1] * part / int(self.parts) for part in range(1, self.parts)]
        inner: list[float] = np.interp(wanted, done, self.parts.starts).tolist()
        return Parts(self.parts, (0, *(self._at_tile(start) for start in inner), WHOLE))

    def _at_tile(self, start: float) -> int:
        if self.size < TILE:
            return int(start)
        tile = round(start * self.size / WHOLE / TILE)
        return min(-(-tile * TILE * WHOLE // self.size), WHOLE)

    def _expected(self, busy: Sequence[float], parts: Parts) -> list[float]:
        """Returns how long other parts would have been worked at."""
        done: list[float] = np.interp(parts.starts, self.parts.starts, [0.0, *accumulate(busy)]).tolist()
        return [after - before for before, after in pairwise(done)]

    def change(self, parts: Parts, cost: float) -> None:
        """Begins to measure anew, with other parts; the change has cost so many seconds as `better` takes them."""
        self.parts, self.busy, self.seconds, self.lately, self.while_ = parts, [], 0.0, [], 0.0
        self.changes += bool(cost)


def _added(before: Sequence[float], kept: float, busy: Sequence[float]) -> list[float]:
    return [kept * a + b for a, b in zip(before or [0.0] * len(busy), busy, strict=True)]


__all__ = ["Balance"]
