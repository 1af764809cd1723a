"""The forms of a sweep: how its sets are computed, and why so.

All forms give the same: a set depends on its values and its seed only.

| form | when |
|---|---|
| one after another | no workers are asked for, or there is one processor or one set |
| processes | `workers` is a number or "all" |
| an executor | `workers` has a method `submit`, as those of `concurrent.futures`, loky, and mpi4py |
| Dask | `workers` is a client of `dask.distributed` |
"""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import os
import sys
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from ranvier.objects.networks.sweeps.senders import Client, DaskSender, Executor, ExecutorSender
from ranvier.objects.networks.sweeps.shipping import held, packed
from ranvier.objects.networks.sweeps.streaming import stream
from ranvier.objects.networks.sweeps.work import Outcome, Work
from ranvier.objects.networks.sweeps.workers import compute_in_processes
from ranvier.session.given import is_a

Stopped = Callable[[], bool]
"""Tells whether the sweep is to end."""


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
    """An executor that the script has made."""

    reason: str
    executor: Executor
    workers: int
    name: str = "executor"

    def outcomes(self, work: Work, todo: Sequence[int], stopped: Stopped) -> Generator[Outcome, None, None]:
        """Yields the outcomes of sets."""
        with held(work) as parcel:
            yield from stream(ExecutorSender(self.executor, parcel, self.workers), work, todo, stopped)


@dataclass(frozen=True)
class ByDask:
    """A cluster of Dask to which the script has connected."""

    reason: str
    client: Client
    workers: int
    name: str = "Dask"

    def outcomes(self, work: Work, todo: Sequence[int], stopped: Stopped) -> Generator[Outcome, None, None]:
        """Yields the outcomes of sets.

        Raises:
            TypeError: If the work cannot be sent.
        """
        parcel = packed(work)
        if parcel.content is None:
            raise TypeError(f"The sweep cannot be done by a cluster: {parcel.problem}.")
        yield from stream(DaskSender(self.client, parcel), work, todo, stopped)


def form_of(workers: object, work: Work, number: int) -> Form:
    """Returns the form of a sweep.

    Args:
        workers: None, a number, "all", an executor, or a client of Dask.
        work: What is to be done.
        number: How many sets there are to do.

    Raises:
        TypeError: If it is something else, or workers that cannot do this work.
        ValueError: If it is no positive number.
    """
    if workers is None:
        return InTurn("no workers were asked for; workers='all' uses all processors")
    if is_dask_client(workers):
        return _by_dask(cast(Client, workers), work)
    if callable(getattr(workers, "submit", None)):
        return _by_executor(cast(Executor, workers), work)
    if workers == "all":
        count = processors()
    elif is_a(workers, int) and not is_a(workers, bool):
        count = cast(int, workers)
    else:
        hint = " Connect to the cluster: Client(cluster)." if hasattr(workers, "scheduler_address") else ""
        raise TypeError(
            "workers is None, a number, 'all', an executor of concurrent.futures, or a Client of dask.distributed, not "
            f"{workers!r} of type {type(workers).__name__}.{hint}"
        )
    if count < 1:
        raise ValueError(f"workers has to be 1 or more, not {count}.")
    if min(count, number) < 2:
        return InTurn("there is one processor" if count == 1 and workers == "all" else
                      "one worker was asked for" if count == 1 else "there is one set or none to be run")  # fmt: skip
    if multiprocessing.current_process().daemon:
        return InTurn("this is a worker process already, which can have none of its own")
    if "fork" in multiprocessing.get_all_start_methods():
        return InProcesses(f"{min(count, number)} workers, forked: they have the network and its code", count, "fork")
    if work.needs_fork:
        return InTurn("this system cannot fork processes; sweep(function, ...) can use others")
    return InProcesses(f"{min(count, number)} workers", count, "spawn")


def is_dask_client(workers: object) -> bool:
    """Tells whether something is a client of Dask, which is loaded then."""
    module = sys.modules.get("distributed")
    return module is not None and is_a(workers, cast(type, module.Client))


def _by_dask(client: Client, work: Work) -> ByDask:
    if client.asynchronous:
        raise TypeError("The client is asynchronous; a sweep takes one that is not: Client(address).")
    if work.needs_fork:
        raise TypeError(
            "A network cannot be sent to the workers of a cluster. Use sweep(function, over=..., workers=client) with "
            "a function that builds the network and runs it, or workers='all' for the processors of this machine."
        )
    workers = client.nthreads()
    if any(address.startswith("inproc:") for address in workers) and work.is_shared:
        raise TypeError(
            "The workers of this cluster are threads of this process, which cannot run networks at once. Use "
            "processes: LocalCluster(processes=True, threads_per_worker=1)."
        )
    return ByDask(f"the script has given a cluster with {len(workers)} workers", client, max(len(workers), 1))


def _by_executor(executor: Executor, work: Work) -> ByExecutor:
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
