"""Worker processes: each has the work from its parent and gives outcomes back, one by one.

A process that ends (killed by the system for its memory, say) is noticed at once. The set that it was computing is a
failure, the rest of what it had to do goes to another one.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import cast

from ranvier.objects.networks.sweeps.work import Computable, Outcome, failed

POLL_SECONDS = 0.1
"""So often it is looked whether the sweep is to end."""

CHUNK_SECONDS = 0.2
"""A worker is given as many sets at once as take about so long."""


@dataclass
class _Worker:
    """A process, and what it has to do."""

    process: BaseProcess
    pipe: Connection
    todo: list[int] = field(default_factory=lambda: [])

    def give(self, chunk: list[int]) -> None:
        self.todo = chunk
        with contextlib.suppress(OSError):  # it has died: that is noticed where outcomes are awaited
            self.pipe.send(chunk)

    def end(self) -> None:
        with contextlib.suppress(OSError):
            self.pipe.send(None)
        self.pipe.close()


def compute_in_processes(
    work: Computable, todo: Sequence[int], count: int, method: str, stopped: Callable[[], bool]
) -> Generator[Outcome, None, None]:
    """Yields the outcomes of sets, as they come.

    Args:
        work: What is to be done.
        todo: The sets.
        count: How many processes.
        method: How they are started: "fork" or "spawn".
        stopped: Tells whether to end at once.
    """
    crew = _Crew(work, list(todo), method, count)
    try:
        crew.begin()
        while crew.is_at_work and not stopped():
            yield from crew.gather()
    finally:
        crew.dismiss(at_once=crew.is_at_work)


class _Crew:
    """The processes of a sweep."""

    def __init__(self, work: Computable, rest: list[int], method: str, count: int) -> None:
        self._work, self._rest, self._method, self._count = work, rest, method, count
        self._rest.reverse()  # what comes next is at the end
        self._workers: list[_Worker] = []
        self._began = time.perf_counter()
        self._done = 0

    def begin(self) -> None:
        """Starts the processes."""
        for _ in range(self._count):
            self._start()

    @property
    def is_at_work(self) -> bool:
        """Whether outcomes are still to come."""
        return bool(self._rest) or any(worker.todo for worker in self._workers)

    def _start(self) -> None:
        here, there = multiprocessing.Pipe()
        is_forked = self._method == "fork"
        others = [*(worker.pipe for worker in self._workers), here] if is_forked else []
        begin = (
            multiprocessing.get_context("fork").Process if is_forked else multiprocessing.get_context("spawn").Process
        )
        process = begin(target=_serve, args=(self._work, there, others), daemon=True)
        try:
            process.start()
        except OSError as error:  # no memory, or no more processes
            here.close()
            there.close()
            if self._workers:
                return
            raise OSError(
                error.errno, f"No worker process can be started ({error.strerror}); form='one after another' needs none"
            ) from None
        there.close()
        worker = _Worker(process, here)
        self._workers.append(worker)
        self._feed(worker)

    def _feed(self, worker: _Worker) -> None:
        size = 1
        if self._done:
            per_second = self._done / (time.perf_counter() - self._began)
            size = max(1, int(CHUNK_SECONDS * per_second / self._count))
        size = min(size, max(1, len(self._rest) // (2 * self._count)))
        chunk = [self._rest.pop() for _ in range(min(size, len(self._rest)))]
        if chunk:
            worker.give(chunk)

    def gather(self) -> Generator[Outcome, None, None]:
        """Yields what is there now, after a short wait at most."""
        pipes = {worker.pipe: worker for worker in self._workers}
        for ready in wait(list(pipes), POLL_SECONDS):
            worker = pipes[cast(Connection, ready)]
            try:
                outcome: Outcome = worker.pipe.recv()
            except (EOFError, OSError):
                yield from self._bury(worker)
                continue
            worker.todo.remove(outcome.index)
            self._done += 1
            if not worker.todo:
                self._feed(worker)
            yield outcome

    def _bury(self, worker: _Worker) -> Generator[Outcome, None, None]:
        """Yields the failure of the set at which a process has died; the others go to a new one."""
        worker.process.join()
        worker.pipe.close()
        self._workers.remove(worker)
        if worker.todo:
            k, *others = worker.todo
            self._rest += reversed(others)
            yield failed(k, _death(worker.process.exitcode), is_final=False)
        if self._rest:
            self._start()

    def dismiss(self, *, at_once: bool) -> None:
        """Ends the processes."""
        for worker in self._workers:
            if at_once:
                worker.process.terminate()
            worker.end()
        for worker in self._workers:
            worker.process.join(5)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()


def _death(code: int | None) -> str:
    how = f"ended with code {code}"
    if code is not None and code < 0:
        with contextlib.suppress(ValueError):
            how = f"was killed by {signal.Signals(-code).name}"
    hint = " (the system kills processes when memory runs out)" if code == -signal.SIGKILL else ""
    return f"WorkerDied: the process that computed this set {how}{hint}"


def _end_with_parent() -> None:
    """Ends this process when its parent does, however that ends: nobody waits for the set any more."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _serve(work: Computable, pipe: Connection, others: Sequence[Connection]) -> None:
    """Computes what is asked for, in a worker process, until there is nothing more."""
    for other in others:
        other.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C means
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with contextlib.suppress(EOFError, OSError), work.session():
        while (chunk := cast("list[int] | None", pipe.recv())) is not None:
            for k in chunk:
                outcome = work.compute(k)
                try:
                    pipe.send(outcome)
                except (TypeError, AttributeError, ValueError) as error:  # a measure that cannot be sent
                    reason = f"{type(error).__name__}: what was measured cannot leave the worker process: {error}"
                    pipe.send(failed(k, reason))
