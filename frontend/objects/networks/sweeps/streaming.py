"""Sets go out in chunks, outcomes come back as they are there; what a dead worker had is given to others."""

from __future__ import annotations

import queue
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from typing import Protocol

from ranvier.objects.networks.sweeps.work import Outcome, failed
from ranvier.runtime.lost import INTERRUPTED, Lost

POLL_SECONDS = 0.1
"""So often it is looked whether the sweep is to end."""

CHUNK_SECONDS = 0.2
"""A worker is given as many sets at once as take about so long."""

MOST_IN_CHUNK = 1000
"""A worker is given so many sets at once at most."""

PIECES = 8
"""The sets of a chunk at which a worker has died are divided among so many chunks, to find the one that did it."""


class Future(Protocol):
    """What comes back later: of `concurrent.futures`, of Dask, of others."""

    def add_done_callback(self, fn: Callable[..., object], /) -> object:
        """Has a function called when it is there."""
        ...

    def cancel(self) -> object:
        """Gives it up."""
        ...


class Sender(Protocol):
    """Sends sets to workers."""

    def send(self, chunk: Sequence[int]) -> Future:
        """Sends some sets.

        Raises:
            Lost: If there are no workers any more.
        """
        ...

    def outcomes(self, future: Future) -> list[Outcome] | None:
        """Returns what has come back; None if the sets have to be sent again, since a worker had not got the work.

        Raises:
            Lost: If a worker has died.
            RuntimeError: If the workers cannot do the sweep.
        """
        ...

    def most_pending(self) -> int:
        """Returns how many chunks may be on their way."""
        ...

    @property
    def workers(self) -> int:
        """How many sets are computed at once."""
        ...

    def cancel(self, futures: Iterable[Future]) -> None:
        """Gives up what is on its way."""
        ...


def stream(sender: Sender, todo: Sequence[int], stopped: Callable[[], bool]) -> Generator[Outcome]:
    """Yields the outcomes of sets, as they come.

    Args:
        sender: Sends them to workers.
        todo: The sets.
        stopped: Tells whether to end; what is there then is still yielded.
    """
    traffic = _Traffic(sender, todo)
    try:
        while traffic.is_going_on and not stopped():
            traffic.fill()
            yield from traffic.arrived(POLL_SECONDS)
        while traffic.is_going_on and (found := traffic.arrived(0.0)):  # what was there when it was stopped
            yield from (outcome for outcome in found if outcome.is_final)  # workers may have been interrupted as well
    finally:
        traffic.end()


class _Traffic:
    """The sets that are still to be sent, and those on their way."""

    def __init__(self, sender: Sender, todo: Sequence[int]) -> None:
        self._sender = sender
        self._rest = deque(todo)
        self._again: deque[list[int]] = deque()
        self._suspects: deque[int] = deque()
        self._alone: int | None = None
        self._pending: dict[int, tuple[Future, list[int]]] = {}
        self._arrivals: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._sent = self._done = 0
        self._began = time.perf_counter()
        self._failures: list[Outcome] = []

    @property
    def is_going_on(self) -> bool:
        """Whether outcomes are still to come."""
        return bool(self._pending or self._rest or self._again or self._suspects or self._failures)

    def fill(self) -> None:
        """Sends as much as may be on its way."""
        most = self._sender.most_pending()
        while (self._rest or self._again) and self._alone is None and len(self._pending) < most:
            self._send(self._again.popleft() if self._again else self._chunk())
        if self._suspects and not self._pending and not self._rest and not self._again:
            self._alone = self._suspects.popleft()
            self._send([self._alone])

    def _chunk(self) -> list[int]:
        size, workers = 1, max(self._sender.workers, 1)
        if self._done:
            size = int(CHUNK_SECONDS * self._done * workers / (time.perf_counter() - self._began))
        size = max(1, min(size, len(self._rest) // (2 * workers), MOST_IN_CHUNK))
        return [self._rest.popleft() for _ in range(min(size, len(self._rest)))]

    def _send(self, chunk: list[int]) -> None:
        try:
            future = self._sender.send(chunk)
        except Lost as error:
            self._lose(chunk, error)
            return
        number = self._sent = self._sent + 1
        self._pending[number] = future, chunk

        def note(_: object) -> None:
            self._arrivals.put(number)

        future.add_done_callback(note)

    def arrived(self, seconds: float) -> list[Outcome]:
        """Returns what is there; waits for so long at most if nothing is."""
        found, self._failures = self._failures, []
        try:
            number = self._arrivals.get(timeout=seconds) if seconds and not found else self._arrivals.get_nowait()
            while True:
                found += self._outcomes(*self._pending.pop(number))
                number = self._arrivals.get_nowait()
        except queue.Empty:
            self._done += sum(map(len, found))
            return found

    def _outcomes(self, future: Future, chunk: list[int]) -> list[Outcome]:
        was_alone = self._alone is not None
        self._alone = None
        try:
            found = self._sender.outcomes(future)
        except Lost as error:
            self._lose(chunk, error, was_alone=was_alone)
            return []
        if found is None:
            self._again.append(chunk)
            return []
        left = {*chunk}.difference(*(outcome.indices for outcome in found))
        if left:  # they are done again, unless the sweep ends; a set that interrupts its worker each time is a failure
            self._lose(sorted(left), Lost(INTERRUPTED, is_over=False), was_alone=was_alone)
        return found

    def _lose(self, chunk: list[int], error: Lost, *, was_alone: bool = False) -> None:
        """Divides a chunk that was lost: a set that dies alone is a failure, the others are done elsewhere.

        A set may be lost because another one has ended its worker: so it is tried by itself at the end.
        """
        if error.is_over or was_alone:
            self._failures += [failed(k, error.reason, is_final=False) for k in chunk]
        elif len(chunk) == 1:
            self._suspects += chunk
        else:
            size = -(-len(chunk) // PIECES)
            self._again += [chunk[begin : begin + size] for begin in range(0, len(chunk), size)]

    def end(self) -> None:
        """Gives up what is on its way."""
        self._sender.cancel([future for future, _ in self._pending.values()])
