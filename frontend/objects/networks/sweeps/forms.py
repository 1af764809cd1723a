"""The forms of a sweep: how its sets are computed, and why so.

All forms give the same: a set depends on its values and its seed only.

| form | when |
|---|---|
| lanes | sets are instances of one program, small ones: side by side in vectors, on threads (`abreast.py`) |
| turns | sets are instances of one program, larger ones: each from beginning to end, several on threads |
| processes | a step or the set-up calls Python, and `workers` is a number or "all" |
| one after another | the same, and no workers are asked for, or there is one processor or one set |
| an executor | `workers` is one of `concurrent.futures` |
"""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import os
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from ranvier.equations.source import one_of
from ranvier.objects.networks.sweeps.work import NotAbreast, Outcome, Work
from ranvier.objects.networks.sweeps.workers import Reference, compute_chunk, compute_in_processes, held
from ranvier.session.given import is_a

CHUNK_SECONDS = 0.2
"""A worker is given as many sets at once as take about so long."""

FORMS = ("lanes", "turns", "processes", "one after another")
"""The forms that can be asked for."""

Stopped = Callable[[], bool]
"""Tells whether the sweep is to end."""


class Together(Protocol):
    """Gives the form in which sets are instances of one program."""

    def __call__(self, todo: Sequence[int], threads: int, width: str) -> Form:
        """Returns the form.

        Args:
            todo: The sets, at least one.
            threads: On how many threads they are computed.
            width: "auto", "lanes" or "turns".

        Raises:
            NotAbreast: That is not possible.
        """
        ...


class Form(Protocol):
    """How the sets are computed."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def reason(self) -> str:
        """Why it was chosen."""
        ...

    @property
    def workers(self) -> int:
        """How many sets are computed at once."""
        ...

    def outcomes(self, work: Work, todo: Sequence[int], stopped: Stopped) -> Generator[Outcome, None, None]:
        """Yields the outcomes of sets, in the order in which they are there; all of them unless `stopped()`."""
        ...


@dataclass(frozen=True)
class InTurn:
    """One set after another, in this process."""

    reason: str
    name: str = "one after another"
    workers: int = 1

    def outcomes(self, work: Work, todo: Sequence[int], stopped: Stopped) -> Generator[Outcome, None, None]:
        """Yields the outcomes of sets."""
        for k in todo:
            if stopped():
                return
            outcome = work.compute(k)
            if stopped():  # the run was cut short
                return
            yield outcome


@dataclass(frozen=True)
class InProcesses:
    """Worker processes of this sweep, each with one set after another."""

    reason: str
    workers: int
    method: str
    name: str = "processes"

    def outcomes(self, work: Work, todo: Sequence[int], stopped: Stopped) -> Generator[Outcome, None, None]:
        """Yields the outcomes of sets."""
        yield from compute_in_processes(work, todo, min(self.workers, len(todo)), self.method, stopped)


@dataclass(frozen=True)
class ByExecutor:
    """An executor of `concurrent.futures` that the script has made."""

    reason: str
    executor: concurrent.futures.Executor
    workers: int
    name: str = "executor"

    def outcomes(self, work: Work, todo: Sequence[int], stopped: Stopped) -> Generator[Outcome, None, None]:
        """Yields the outcomes of sets."""
        with held(work) as reference:
            pending: dict[concurrent.futures.Future[list[Outcome]], Sequence[int]] = {}
            rest, size, began, done = list(todo), 1, time.perf_counter(), 0
            try:
                while (rest or pending) and not stopped():
                    while rest and len(pending) < 2 * self.workers:
                        chunk, rest = rest[:size], rest[size:]
                        pending[self._submit(reference, chunk)] = chunk
                    ready, _ = concurrent.futures.wait(pending, 0.1, concurrent.futures.FIRST_COMPLETED)
                    for future in ready:
                        for outcome in _outcomes_of(future, pending.pop(future), work):
                            done += 1
                            yield outcome
                    if done:
                        size = max(1, int(CHUNK_SECONDS * done * self.workers / (time.perf_counter() - began)))
                        size = min(size, max(1, len(rest) // (2 * self.workers)))
            finally:
                for future in pending:
                    future.cancel()

    def _submit(self, reference: Reference, chunk: Sequence[int]) -> concurrent.futures.Future[list[Outcome]]:
        try:
            return self.executor.submit(compute_chunk, reference, chunk)
        except concurrent.futures.BrokenExecutor as error:
            broken: concurrent.futures.Future[list[Outcome]] = concurrent.futures.Future()
            broken.set_exception(error)
            return broken


def _outcomes_of(future: concurrent.futures.Future[list[Outcome]], chunk: Sequence[int], work: Work) -> list[Outcome]:
    """Returns the outcomes of a chunk; failures if its process has died.

    Raises:
        RuntimeError: If the workers do not have the network.
    """
    try:
        return future.result()
    except concurrent.futures.BrokenExecutor:
        error = (
            "BrokenExecutor: a worker process of the executor has ended (killed, out of memory, or crashed) while this "
            "set was computed or waited for. Make another executor and call the sweep again."
        )
        return [Outcome(k, work.values(k), error=error, is_final=False) for k in chunk]


def form_of(
    workers: object, work: Work, todo: Sequence[int], together: Together | None = None, asked: str | None = None
) -> Form:
    """Returns the form of a sweep.

    Args:
        workers: None, a number, "all", or an executor.
        work: What is to be done.
        todo: The sets that are to be done.
        together: Gives the form in which sets are instances of one program; None for work that is no network.
        asked: The name of the form that is asked for, None for the best.

    Raises:
        TypeError: If it is something else, or an executor of threads for a network.
        ValueError: If it is no positive number, or the form that is asked for is not possible.
    """
    if asked is not None and asked not in FORMS:
        raise ValueError(f"form is one of {', '.join(map(repr, FORMS))}, not {asked!r}.{one_of(FORMS, asked)}")
    if isinstance(workers, concurrent.futures.Executor):
        if asked is not None:
            raise ValueError(f"An executor has a form of its own: leave form={asked!r} out, or workers.")
        return _by_executor(workers, work)
    count = _count_of(workers)
    if asked == InTurn.name:
        return InTurn("it was asked for")
    reason = ""
    if asked != InProcesses.name and todo and together is not None:
        try:
            return together(todo, count, "auto" if asked is None else asked)
        except NotAbreast as error:
            reason = str(error)
        if asked is not None:
            raise ValueError(f"form={asked!r} is not possible: {reason}.")
    return _by_processes(workers, work, count, len(todo), reason)


def _count_of(workers: object) -> int:
    """Returns how many workers there are to be.

    Raises:
        TypeError: If it is no number.
        ValueError: If it is no positive number.
    """
    if workers is None:
        return 1
    if workers == "all":
        count = processors()
    elif is_a(workers, int) and not is_a(workers, bool):
        count = cast(int, workers)
    else:
        raise TypeError(
            "workers is None, a number, 'all', or an executor of concurrent.futures, not "
            f"{workers!r} of type {type(workers).__name__}."
        )
    if count < 1:
        raise ValueError(f"workers has to be 1 or more, not {count}.")
    return count


def _by_processes(workers: object, work: Work, count: int, number: int, reason: str) -> Form:
    """Returns worker processes, or one set after another where these are of no use.

    Args:
        workers: What was asked for.
        work: What is to be done.
        count: How many workers that is.
        number: How many sets there are to do.
        reason: Why the sets are no instances of one program, "" if nothing is known.
    """
    because = f"; {reason}" if reason else ""
    if workers is None:
        return InTurn(f"no workers were asked for; workers='all' uses all processors{because}")
    if min(count, number) < 2:
        few = "there is one processor" if count == 1 and workers == "all" else "one worker was asked for"
        return InTurn((few if count == 1 else "there is one set or none to be run") + because)
    if multiprocessing.current_process().daemon:
        return InTurn("this is a worker process already, which can have none of its own")
    if "fork" in multiprocessing.get_all_start_methods():
        count = min(count, number)
        return InProcesses(f"{count} workers, forked: they have the network and its code{because}", count, "fork")
    if work.needs_fork:
        return InTurn(f"this system cannot fork processes; sweep(function, ...) can use others{because}")
    return InProcesses(f"{min(count, number)} workers{because}", count, "spawn")


def _by_executor(executor: concurrent.futures.Executor, work: Work) -> ByExecutor:
    if isinstance(executor, concurrent.futures.ThreadPoolExecutor) and work.is_shared:
        raise TypeError(
            "Threads cannot run one network several times at once. Use processes: workers='all', or a "
            "ProcessPoolExecutor."
        )
    count = cast("int | None", getattr(executor, "_max_workers", None))
    return ByExecutor(f"the script has given {type(executor).__name__}", executor, count or processors())


def processors() -> int:
    """Returns how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
