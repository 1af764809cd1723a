"""Sets of a call of what `Network.batched` has made that are run and measured without the network: see `Job.apart`."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ranvier.objects.memory.arrays import Array
from ranvier.objects.networks.sweeps.abreast import Abreast
from ranvier.objects.networks.sweeps.forms import Form, InTurn
from ranvier.objects.networks.sweeps.job import Job
from ranvier.objects.networks.sweeps.network_work import NetworkWork
from ranvier.objects.networks.sweeps.notes import Failure, not_finite_in
from ranvier.objects.networks.sweeps.prepared import usual_sets
from ranvier.objects.networks.sweeps.stacked import NotStacked
from ranvier.objects.networks.sweeps.stacked_values import StackedValues
from ranvier.runtime.batches import BatchRun
from ranvier.runtime.turns import TurnRun

Run = BatchRun | TurnRun


@dataclass(frozen=True)
class Measured:
    """What was measured of sets.

    Attributes:
        columns: Name → the measure of all sets.
        bad: Which sets have a value that is not finite.
    """

    columns: dict[str, StackedValues]
    bad: Array

    def not_finite(self, work: NetworkWork) -> list[Failure]:
        """Returns the sets with measures that are NaN or infinite."""
        return [Failure(k, work.values(k), text) for k, text in sorted(not_finite_in(self.columns).items())]


def again(work: NetworkWork, odd: Sequence[int], job: Job) -> Form:
    """Returns the form of sets that went wrong apart, and are to be measured with the network.

    Args:
        work: The work, in a session.
        odd: The sets.
        job: What computed all sets of usual values.
    """
    work.put_back()
    usual = usual_sets(work, odd)
    if not usual:
        return InTurn("their values are no finite numbers")
    return Abreast(job.reason, job.width, 1, job.width, job.with_sets(work, usual))


def measured(job: Job, workers: int) -> Measured | None:
    """Runs and measures the sets of a job that is apart; the network is left alone.

    Args:
        job: The job.
        workers: On how many threads.

    Returns:
        What was measured; None if that needs the network after all.
    """
    chunks = job.chunks(job.members, workers)
    if not job.can_begin(chunks):
        return None
    try:
        found = _alone(job, chunks) if min(workers, len(chunks)) == 1 else _on_threads(job, chunks, workers)
    except (NotStacked, MemoryError):  # there may be memory for one after another
        return None
    finally:
        job.end()
    columns = {name: StackedValues.joined([each[name] for each, _ in found]) for name in found[0][0]}
    return Measured(columns, np.concatenate([bad for _, bad in found]))


Found = list[tuple[dict[str, StackedValues], Array]]


def _alone(job: Job, chunks: Sequence[Sequence[int]]) -> Found:
    found: Found = []
    for chunk in chunks:
        run = job.start(chunk)
        run.advance()
        found.append(_taken(job, run, chunk))
    return found


def _on_threads(job: Job, chunks: Sequence[Sequence[int]], workers: int) -> Found:
    is_over = False
    with concurrent.futures.ThreadPoolExecutor(workers, "ranvier-batched") as pool:
        try:
            runs = [job.start(chunk) for chunk in chunks]
            futures = [pool.submit(run.advance, lambda: is_over) for run in runs]
            for future in futures:
                future.result()
        finally:
            is_over = True
    return [_taken(job, run, chunk) for run, chunk in zip(runs, chunks, strict=True)]


def _taken(job: Job, run: Run, chunk: Sequence[int]) -> tuple[dict[str, StackedValues], Array]:
    """Measures a run, whose memory the next one may have."""
    found = job.returned.stacked(run, chunk)
    job.take_back(run)
    return found
