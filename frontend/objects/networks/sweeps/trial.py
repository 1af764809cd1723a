"""About how long a sweep takes: some sets, or the beginning of one, are done as the sweep would do them.

A set in lanes or turns has three parts: it is prepared, its run is native code, it is measured. Threads do the runs
while the thread of the script prepares and measures, so that several workers share all parts, and none can be ahead of
it. Where sets are run alone, a set is done for longer and longer times. Python that a step, a measure or `setup` calls
is called in a forked process only, so that the script notices nothing of it.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import cast

import numpy as np

from ranvier.actions.effects import calls_python
from ranvier.objects.networks.sweeps.abreast import Abreast, groups
from ranvier.objects.networks.sweeps.elsewhere import Elsewhere
from ranvier.objects.networks.sweeps.forms import Form, InProcesses, processors
from ranvier.objects.networks.sweeps.job import Job
from ranvier.objects.networks.sweeps.measures import FunctionMeasure
from ranvier.objects.networks.sweeps.network_work import NetworkWork
from ranvier.objects.networks.sweeps.work import NotAbreast, Outcome, attempted
from ranvier.objects.networks.sweeps.workers import compute_in_processes

Clock = Callable[[], float]
"""Returns seconds of wall time."""

MOST_SECONDS = 0.3
"""A part of a trial that takes so long is the last one."""
TRIED, APART = 25, 7
"""So many sets are tried where they are run alone and take little time, spread over all of them, one so many after the
other."""
PARTS = 64
"""A run in a trial can end after this part of its steps, and each further one."""
PROCESS_SECONDS = 0.03
"""What it takes to start a worker process and to end it. Measured: 15 to 50 ms on 2 cores."""
TAKEN_SECONDS, WRITTEN_SECONDS = 1e-6, 3e-6
"""What it takes to take in the outcome of a set of many, and to write it to a directory. Measured with single cells."""
ALONE_SECONDS = 15e-6
"""What it takes besides, if the set was computed by itself."""


@dataclass(frozen=True)
class Cost:
    """Seconds that a set takes: to be prepared, to be run, to be measured."""

    begin: float
    run: float
    end: float

    @property
    def total(self) -> float:
        """All of it."""
        return self.begin + self.run + self.end

    def seconds(self, sets: int, workers: int, together: int = 1) -> float:
        """Returns how long sets take; one thread prepares and measures all.

        Args:
            sets: How many there are.
            workers: How many threads there are.
            together: How many sets a thread does at once.
        """
        return max(sets * max(self.total / workers, self.begin + self.end), min(together, sets) * self.total)


def estimated(work: NetworkWork, form: Form, todo: Sequence[int], *, prepared: float, written: bool) -> float | None:
    """Returns about how many seconds the outcomes of sets take in a form; None if that cannot be tried.

    Args:
        work: The sweep.
        form: How the sets are computed.
        todo: The sets.
        prepared: The seconds that it takes to prepare the sweep, or sets of another dt or duration.
        written: Whether they are written into a directory.
    """
    if not todo or not work.network.clocks:
        return 0.0 if not todo else None
    more = WRITTEN_SECONDS if written else TAKEN_SECONDS
    if isinstance(form, Abreast | Elsewhere):
        together = form if isinstance(form, Abreast) else form.together
        workers = min(form.workers, processors()) if together is form else form.workers
        try:
            cost = cost_together(work, together.first, together.workers)
        except NotAbreast:  # those that are tried are run alone
            return _estimated_alone(work, form, todo, prepared, more)
        side_by_side = len(together.first.chunks(together.first.members, together.workers)[0])
        found = 0.0
        for members in groups(work, todo):  # these come one after another
            each = Cost(cost.begin, cost.run * relative_lengths(work, members), cost.end + more)
            found += prepared + each.seconds(len(members), workers, side_by_side)
        return found
    return _estimated_alone(work, form, todo, prepared, more)


def _estimated_alone(work: NetworkWork, form: Form, todo: Sequence[int], prepared: float, more: float) -> float | None:
    """Returns about how many seconds sets take that are run by themselves, see `estimated`.

    Args:
        work: The sweep.
        form: How the sets are computed.
        todo: The sets.
        prepared: The seconds that it takes to prepare the sweep.
        more: The seconds that it takes to take in an outcome.
    """
    lengths, more = relative_lengths(work, todo), more + ALONE_SECONDS
    places = [k * APART % TRIED for k in range(TRIED)]  # the first few of them are spread, too
    alone = _cost_alone(work, [todo[k * (len(todo) - 1) // (TRIED - 1)] for k in places], lengths)
    if alone is None:
        return None
    several = 1 if isinstance(form, Abreast) else min(form.workers, len(todo))
    if isinstance(form, InProcesses):
        starting = PROCESS_SECONDS * several
        return prepared + starting + len(todo) * (alone / min(several, processors()) + more)
    return prepared + len(todo) * (alone / several + more)


def relative_lengths(work: NetworkWork, todo: Sequence[int]) -> float:
    """Returns how many steps sets have in the mean, as a share of those of the set that is tried."""
    numbers = np.asarray(todo)
    found = np.ones(len(numbers))
    for name, power in (("duration", 1), ("dt", -1)):
        axis = work.sets.axes.get(name)
        if axis is not None:
            values = np.array([float(cast(float, value)) for value in axis.values])
            tried = float(cast(float, work.values(work.typical)[name]))
            found *= (values[numbers // axis.stride % len(values)] / tried) ** power
    return float(found.mean())


# ---------------------------------------------------------------- instances of one program


def cost_together(work: NetworkWork, job: Job, workers: int, clock: Clock = time.perf_counter) -> Cost:
    """Returns what a set takes as an instance of a program, from those that are computed at once.

    Args:
        work: The sweep.
        job: The instances.
        workers: How many threads there are.
        clock: Tells the time.
    """
    chunks = job.chunks(job.members, workers)
    with job.unchanging():
        cost = _chunk_cost(work, job, chunks[0], clock)
        if cost.total * len(chunks[0]) < MOST_SECONDS:  # what is done once was done now
            cost = _chunk_cost(work, job, chunks[(len(chunks) - 1) // 2], clock)
    job.end()
    return cost


def _chunk_cost(work: NetworkWork, job: Job, chunk: Sequence[int], clock: Clock) -> Cost:
    began = clock()
    run = job.start(chunk)
    ready = clock()
    share = run.advance_part(lambda: clock() - ready >= MOST_SECONDS, PARTS)
    ran = clock()
    measured = 0
    if not any(isinstance(each, FunctionMeasure) for each in work.request.measures.values()):
        outcomes = job.returned.outcomes(run, chunk)
        measured = _counted_until(outcomes, lambda: clock() - ran >= MOST_SECONDS)
    seconds = clock() - ran
    end = seconds / measured if measured else _measuring(work)
    if measured == len(chunk):
        job.take_back(run)
    return Cost((ready - began) / len(chunk), (ran - ready) / share / len(chunk), end)


def _counted_until(outcomes: Iterable[Outcome], ended: Callable[[], bool]) -> int:
    """Returns of how many sets there are outcomes until a function tells to end."""
    count = 0
    for outcome in outcomes:
        count += len(outcome)
        if ended():
            break
    return count


def _measuring(work: NetworkWork) -> float:
    """Returns how long functions take to measure a set: as those of a set that has run for no time."""
    found = _forked(work, lambda: _timed(work, 0.0, time.perf_counter))
    return 0.0 if found is None else found


# ---------------------------------------------------------------- sets that are run alone


def _cost_alone(work: NetworkWork, others: Sequence[int], lengths: float) -> float | None:
    """Returns how long a set takes in the mean that is run alone, None if that cannot be tried; see `cost_alone`."""
    call = work.prepare(work.values(work.typical)) if work.request.setup is None else None
    if call is None or work.request.calls_functions or any(map(calls_python, work.network.examine(call))):
        return _forked(work, lambda: cost_alone(work, others, lengths))
    return cost_alone(work, others, lengths)


def cost_alone(
    work: NetworkWork, others: Sequence[int], lengths: float = 1.0, clock: Clock = time.perf_counter
) -> float:
    """Returns how long a set takes in the mean that is run alone: from two runs, one of which is twice as long.

    Args:
        work: The sweep.
        others: The sets that are tried where the first takes so little time that its whole run was tried.
        lengths: The length of sets in the mean, as a share of that of the first.
        clock: Tells the time.
    """
    values = work.values(work.typical)
    length = float(cast(float, values["duration"])) if "duration" in values else work.request.call.length
    step = min(getattr(each, "dt_", length) for each in work.network.clocks)
    part = min(length, 10 * step)
    _timed(work, part, clock)  # what is made once is made now
    last = None
    while True:
        tried, seconds = part, _timed(work, part, clock)
        if part >= length:
            return _mean_of(work, others, clock) if seconds < MOST_SECONDS else seconds * lengths
        if last is not None and seconds >= MOST_SECONDS:
            each = max(seconds - last[1], 0.0) / (tried - last[0])
            return seconds + (length * lengths - tried) * each
        part = min(length, part * _longer(seconds, None if last is None else last[1]))
        last = tried, seconds


def _longer(seconds: float, before: float | None) -> float:
    """Returns how many times as long the next run of a trial is: it is to take as long as a trial may."""
    if seconds >= MOST_SECONDS:
        return 2.0
    if before is not None and seconds < 1.5 * before:  # most of it is what each run takes
        return 8.0
    return max(2.0, min(8.0, MOST_SECONDS / max(seconds, 1e-9)))


def _mean_of(work: NetworkWork, sets: Sequence[int], clock: Clock) -> float:
    """Returns how long sets take in the mean: as many of them as take about half a second, without what is far off."""
    began, found = clock(), list[float]()
    for k in sets:
        found.append(_timed(work, None, clock, k))
        if clock() - began >= 2 * MOST_SECONDS:
            break
    found.sort()
    usual = found[: len(found) - len(found) // 5]
    return sum(usual) / len(usual)


def _timed(work: NetworkWork, length: float | None, clock: Clock, k: int | None = None) -> float:
    """Returns how long a set takes, the typical one if none is given, if its run is so long, or as long as it is."""
    began = clock()
    work.compute_for(work.typical if k is None else k, length)
    return clock() - began


@dataclass(frozen=True)
class _Tried:
    """Work that tries how long a set takes."""

    work: NetworkWork
    action: Callable[[], float]

    def session(self) -> AbstractContextManager[None]:
        return self.work.session()

    def compute(self, k: int) -> Outcome:
        def tried(outcome: Outcome) -> None:
            outcome.measures["seconds"] = [self.action()]

        return attempted(k, tried)

    def values(self, k: int) -> dict[str, object]:
        return {}


def _forked(work: NetworkWork, action: Callable[[], float]) -> float | None:
    """Returns what a function returns in a forked process, None if there is none."""
    is_worker = multiprocessing.current_process().daemon
    if is_worker or "fork" not in multiprocessing.get_all_start_methods():
        return None
    found = list(compute_in_processes(_Tried(work, action), [work.typical], 1, "fork", lambda: False))
    return cast(float, found[0].measures["seconds"][0]) if found and not found[0].error else None
