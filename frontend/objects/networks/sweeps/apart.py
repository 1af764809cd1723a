"""Sets of a call of what `Network.batched` has made that are run and measured without the network: see `Job.apart`."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from ranvier.objects.memory.arrays import Array
from ranvier.objects.networks.sweeps.abreast import Abreast
from ranvier.objects.networks.sweeps.forms import Form, InTurn
from ranvier.objects.networks.sweeps.job import Job
from ranvier.objects.networks.sweeps.network_work import NetworkWork
from ranvier.objects.networks.sweeps.notes import Failure, not_finite_in
from ranvier.objects.networks.sweeps.prepared import usual_sets
from ranvier.objects.networks.sweeps.stacked import NotStacked
from ranvier.runtime.batches import BatchRun
from ranvier.runtime.turns import TurnRun
from ranvier.units.functions import concatenate

Run = BatchRun | TurnRun


@dataclass(frozen=True)
class Measured:
    """What was measured of sets.

    Attributes:
        arrays: Name → the measure of all sets, of shape (sets, 1) for numbers, or (sets, ...).
        shapes: Name → the shape of the measure of one.
        bad: Which sets have a value that is not finite.
    """

    arrays: dict[str, Array]
    shapes: dict[str, tuple[int, ...]]
    bad: Array

    def not_finite(self, work: NetworkWork) -> list[Failure]:
        """Returns the sets with measures that are NaN or infinite."""
        odd: Array = np.zeros(len(self.bad), bool)
        for values in self.arrays.values():
            if values.dtype.kind in "fc":
                odd |= ~np.isfinite(np.asarray(values).reshape(len(odd), -1)).all(axis=1)
        if not odd.any():
            return []
        rows = ((int(k), {name: values[k] for name, values in self.arrays.items()}) for k in np.flatnonzero(odd))
        return [Failure(k, work.values(k), not_finite_in(row)) for k, row in rows]


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
    names = found[0][0].keys()
    arrays = {name: _together([each[name] for each, _ in found]) for name in names}
    shapes = {name: job.returned.shape(name) for name in names}
    return Measured(arrays, shapes, np.concatenate([bad for _, bad in found]))


Found = list[tuple[dict[str, Array], Array]]


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


def _taken(job: Job, run: Run, chunk: Sequence[int]) -> tuple[dict[str, Array], Array]:
    """Measures a run, whose memory the next one may have."""
    arrays, bad = job.returned.stacked(run, chunk)
    arrays = {name: array.copy() for name, array in arrays.items()}
    job.take_back(run)
    return arrays, bad


def _together(parts: Sequence[Array]) -> Array:
    """Returns measures of several runs as those of one, with their unit, which numpy's function forgets."""
    return parts[0] if len(parts) == 1 else cast(Array, concatenate(parts))
