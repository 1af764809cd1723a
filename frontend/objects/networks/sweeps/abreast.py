"""Forms in which the sets of a sweep are instances of one program: side by side in lanes, or in turns on threads."""

from __future__ import annotations

import concurrent.futures
import os
import threading
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

from ranvier.objects.networks.sweeps.job import Job
from ranvier.objects.networks.sweeps.network_work import NetworkWork
from ranvier.objects.networks.sweeps.prepared import usual_sets
from ranvier.objects.networks.sweeps.work import NotAbreast, Outcome, Work
from ranvier.runtime.batches import BatchRun, lanes_of
from ranvier.runtime.derived import changing
from ranvier.runtime.turns import TurnRun

Stopped = Callable[[], bool]
"""Tells whether the sweep is to end."""

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class _Begun:
    """A run that a thread advances.

    Attributes:
        chunk: The numbers of the sets.
        run: The run.
        future: What the thread gives.
    """

    chunk: Sequence[int]
    run: BatchRun | TurnRun
    future: concurrent.futures.Future[bool]


class _Here(concurrent.futures.Executor):
    """Calls functions at once, in this thread: a thread of their own would cost more than some runs."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> concurrent.futures.Future[T]:
        """Calls a function, and returns what it gives."""
        future = concurrent.futures.Future[T]()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def _most_runs(workers: int) -> int:
    """Returns how many runs are there at once: with several threads the next one waits for one of them."""
    return workers + (workers > 1)


def _pool(workers: int) -> concurrent.futures.Executor:
    return _Here() if workers == 1 else concurrent.futures.ThreadPoolExecutor(workers, "ranvier-sweep")


@dataclass
class Abreast:
    """Sets as instances of one program.

    Attributes:
        reason: Why in this form.
        name: "lanes" or "turns".
        workers: How many threads there are.
        width: The form that was asked for.
        first: The job that the form was chosen for.
    """

    reason: str
    name: str
    workers: int
    width: str
    first: Job
    _stopped: threading.Event = field(default_factory=threading.Event)

    def outcomes(self, work: Work, todo: Sequence[int], stopped: Stopped) -> Generator[Outcome, None, None]:
        """Yields the outcomes of sets."""
        assert isinstance(work, NetworkWork)
        for members in groups(work, todo):
            if stopped():
                return
            usual = usual_sets(work, members)
            alone = [*{*members} - {*usual}] if len(usual) < len(members) else []
            if usual:
                job = self.job(work, usual)
                if job is None:
                    alone += usual
                else:
                    yield from self._together(work, job, usual, stopped)
            yield from self.one_by_one(work, sorted(alone), stopped)

    def held(self, todo: Sequence[int]) -> int:
        """Returns of how many instances the own arrays are in memory at once.

        They are those of the network, of the state from which sets begin, of the set that was prepared if they are not
        those of the state, and of runs.

        Args:
            todo: The sets that are to be done, at least one.
        """
        instances = self.first.instances
        before = 2 + round(instances.copied_bytes / max(instances.own_bytes, 1))
        if self.first.is_on_device:
            return before
        chunks = self.first.chunks(todo, self.workers)
        runs = min(len(chunks), _most_runs(self.workers))
        return before + runs * (lanes_of(len(chunks[0])) if self.name == "lanes" else 1)

    def job(self, work: NetworkWork, members: Sequence[int]) -> Job | None:
        """Returns how some sets are computed together, None if they cannot be."""
        if members == self.first.members:
            return self.first
        try:
            job = Job(work, members, self.width)
        except NotAbreast:
            return None
        if self.workers > 1:
            job.protect()
        return None if job.is_idle else job

    def _together(
        self, work: NetworkWork, job: Job, members: Sequence[int], stopped: Stopped
    ) -> Generator[Outcome, None, None]:
        with job.unchanging():
            yield from self._run_all(work, job, members, stopped)

    def _run_all(
        self, work: NetworkWork, job: Job, members: Sequence[int], stopped: Stopped
    ) -> Generator[Outcome, None, None]:
        chunks = deque(job.chunks(members, self.workers))
        running: dict[concurrent.futures.Future[bool], _Begun] = {}
        self._stopped.clear()
        pool = _pool(self.workers)

        def is_ended() -> bool:
            return self._stopped.is_set() or stopped()

        try:
            while (chunks or running) and not stopped():
                while chunks and len(running) < _most_runs(self.workers):
                    chunk = chunks.popleft()
                    try:
                        run = job.start(chunk)
                    except Exception:  # what is wrong with one of them is said when it is run alone
                        yield from self.one_by_one(work, chunk, stopped)
                        continue
                    future = self._sent(pool, run, is_ended)
                    running[future] = _Begun(chunk, run, future)
                ready, _ = concurrent.futures.wait(running, 0.05, concurrent.futures.FIRST_COMPLETED)
                for future in ready:
                    for outcome in self._measured(work, job, running.pop(future), stopped):
                        yield outcome
                        if stopped():
                            return
        finally:
            self._stopped.set()
            pool.shutdown(wait=True, cancel_futures=True)
            job.end()

    def _sent(
        self, pool: concurrent.futures.Executor, run: BatchRun | TurnRun, is_ended: Stopped
    ) -> concurrent.futures.Future[bool]:
        """Lets a thread advance a run; this one, if the system has no further one."""
        try:
            return pool.submit(run.advance, is_ended)
        except RuntimeError:
            return _Here().submit(run.advance, is_ended)

    def _measured(self, work: NetworkWork, job: Job, begun: _Begun, stopped: Stopped) -> Generator[Outcome, None, None]:
        """Yields the outcomes of sets that have been run; those that went wrong are run alone, which says what."""
        try:
            is_whole = begun.future.result()
        except Exception:
            is_whole = False
        left = set(begun.chunk)
        if is_whole:
            try:
                for outcome in job.returned.outcomes(begun.run, begun.chunk):
                    left.difference_update(outcome.indices)
                    yield outcome
                job.take_back(begun.run)
            except MemoryError:  # there may be enough for one
                pass
        yield from self.one_by_one(work, sorted(left), stopped)

    def one_by_one(self, work: NetworkWork, chunk: Sequence[int], stopped: Stopped) -> Generator[Outcome, None, None]:
        """Runs sets alone."""
        for k in chunk:
            if stopped():
                return
            with changing():  # the network has the values of the set
                outcome = work.compute(k)
            if not stopped():  # else the run was cut short
                yield outcome


def groups(work: NetworkWork, todo: Sequence[int]) -> list[list[int]]:
    """Returns sets by their dt and duration."""
    found: dict[tuple[int, ...], list[int]] = {}
    axes = [axis for name, axis in work.sets.axes.items() if name in ("dt", "duration")]
    if not axes:
        return [list(todo)]
    for k in todo:
        found.setdefault(tuple(axis.position(k) for axis in axes), []).append(k)
    return list(found.values())


def abreast(
    work: NetworkWork, todo: Sequence[int], threads: int, width: str, seen: Mapping[str, Sequence[object]] | None = None
) -> Abreast:
    """Returns the form of sets as instances of one program.

    Args:
        work: The sweep.
        todo: The sets that are to be done, at least one.
        threads: How many threads there are.
        width: "auto", "lanes" or "turns".
        seen: Values that keys had in other sets, for those that have but one here.

    Raises:
        NotAbreast: The sets cannot share a program; it says why.
    """
    if work.request.setup is not None:
        raise NotAbreast("setup is a Python function, which may change anything")
    if threading.current_thread() is not threading.main_thread():
        threads = min(threads, os.cpu_count() or 1)
    for members in groups(work, todo):
        usual = usual_sets(work, members)
        if usual:
            job = Job(work, usual, width, seen)
            workers = 1 if job.is_on_device else threads
            if workers > 1:
                job.protect()
            if not job.is_idle:
                return Abreast(job.reason, job.width, workers, width, job)
    odd = [name for name in work.request.targets.constants if not work.sets.axes[name].usual.any()]
    raise NotAbreast(f"the values of '{odd[0]}' are no finite numbers" if odd else "no set has a step")
