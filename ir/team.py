"""The memory by which the threads of a run find their work: words of 64 bits behind those of the control block.

| words | what |
|---|---|
| 0, 1 | the control block: stop request, greatest number of instants |
| `PAUSE`, `SKIP` | where nobody came to help: for how long nobody is woken, and until when |
| `UNTIL` | until when the main thread works alone, since others were stopped at work; 0 if it does not |
| `SINCE`, `SEEN`, `HELPS` | when a trial began, how many phases it has seen, in how many of them somebody helped |
| `PHASE` | the number of the phase that is at work, or was last; its low half is what threads sleep at |
| `CODE`, `ARGUMENTS`, `LEAVE` | its function, what that takes, and whether threads are to leave for good |
| `LEAST` | about how many nanoseconds of work are worth a phase: less the main thread does alone |
| `MEASURES` | whether it is measured how long parts take |
| `ASLEEP` | whether a thread sleeps until the next phase |
| `WAITING` | whether the main thread sleeps until a part is done |
| `PARTS` + 16p, and 8 words on | the last phase whose part p was taken, and the last whose part p is done |
| `BUSY`, `TIMES` words on from there | for how many nanoseconds thread p was at work on its own part, and how often |
| behind the last part | where each part begins, and the end of the last: of all elements so many in `WHOLE` |

Each row fills cache lines of its own: what one thread writes often and another reads stands alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

PAUSE, SKIP, UNTIL, SINCE, SEEN, HELPS = 2, 3, 4, 5, 6, 7
PHASE, CODE, ARGUMENTS, LEAVE, LEAST, MEASURES = 8, 9, 10, 11, 12, 13
ASLEEP, WAITING, PARTS = 16, 24, 32
"""The words, see above."""

DIVISION, BY_TARGETS = "division", "targets"
"""The attribute of ops that says by what their work is divided, and its value where each row of synapses has as many
rows as there are threads; see the pass `partition`."""

OWNERS = "owners"
"""The division of a monitor whose recorded values each thread writes that are those of its own elements."""

TAKES_IN_LAST = "takes_in_last"
"""The attribute of a divided pathway that takes in the spikes of a step when all threads are done: none arrives before
the next step."""

STRETCHES = "stretches"
"""The attribute of a loop whose threads may go through several instants between two meetings, see `partition`."""

LONGEST_STRETCH = 32
"""The most instants between two meetings: the run can stop, and others see what was recorded, at meetings only."""

LINE = 8
"""Words of a cache line."""

PART = 2 * LINE
"""Words of a part: who takes one writes to a line of its own, who waits for one looks at another."""

BUSY, TIMES = LINE + 1, LINE + 2
"""Words of a part that its own thread writes, see above."""

SHARES = 20
"""Parts begin at multiples of 1 in two to the power of this of all elements, and then at a whole tile."""

WHOLE = 1 << SHARES
"""All elements."""

LEAST_WORK = 2000
"""Nanoseconds of work that are worth a phase, unless a run says otherwise: a phase costs some hundred."""

MOST_THREADS = 1024
"""More threads than that are a mistake."""

PLATFORMS = {"x86_64": 202, "aarch64": 98, "riscv64": 98}
"""The architectures of Linux on which a run can have several threads, and the number of the system call `futex`."""


def words_for(threads: int) -> int:
    """Returns the number of words for so many threads."""
    return starts_at(threads) + threads + 1


def starts_at(threads: int) -> int:
    """Returns the word from which on it stands where parts begin."""
    return PARTS + PART * threads


class Parts(int):
    """A number of parts, and where they begin.

    Attributes:
        starts: For each part, how many of `WHOLE` parts of all elements come before it; then `WHOLE`.
    """

    starts: tuple[int, ...]

    def __new__(cls, number: int, starts: Sequence[int] | None = None) -> Parts:
        """Makes parts of equal size, or those that begin at `starts`."""
        self = super().__new__(cls, number)
        self.starts = tuple(p * WHOLE // number for p in range(number + 1)) if starts is None else tuple(starts)
        ascending = all(one <= other for one, other in pairwise(self.starts))
        assert ascending and len(self.starts) == number + 1 and (self.starts[0], self.starts[-1]) == (0, WHOLE)
        return self

    def __eq__(self, other: object) -> bool:
        """Tells whether these are as many parts which begin at the same places; a plain number means equal parts."""
        if not isinstance(other, int):
            return NotImplemented
        return int(self) == int(other) and self.starts == (other if isinstance(other, Parts) else Parts(other)).starts

    def __ne__(self, other: object) -> bool:
        """Tells whether these are other parts."""
        return not self == other

    def __hash__(self) -> int:
        """Returns a number that is the same for equal parts."""
        return hash(int(self))
