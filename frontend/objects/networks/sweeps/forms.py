"""The forms of a sweep: how its sets are computed, and why so.

All forms give the same: a set depends on its values and its seed only.

| form | when |
|---|---|
| lanes | sets are instances of one program, small ones: side by side in vectors, on threads (`abreast.py`) |
| turns | sets are instances of one program, larger ones: each from beginning to end, several on threads |
| processes | a step or the set-up calls Python, and `workers` is a number or "all" |
| one after another | the same, and no workers are asked for, or there is one processor or one set |
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
from functools import partial
from typing import Protocol, cast

import numpy as np

from ranvier.equations.source import one_of
from ranvier.objects.networks.sweeps.abreast import Abreast
from ranvier.objects.networks.sweeps.elsewhere import Elsewhere
from ranvier.objects.networks.sweeps.senders import Client, DaskSender, Executor, ExecutorSender
from ranvier.objects.networks.sweeps.shipping import held, packed
from ranvier.objects.networks.sweeps.streaming import stream
from ranvier.objects.networks.sweeps.usable import check_connected, check_usable, workers_there
from ranvier.objects.networks.sweeps.work import NotAbreast, Outcome, Work
from ranvier.objects.networks.sweeps.workers import compute_in_processes
from ranvier.session.given import is_a, is_text

FORMS = ("lanes", "turns", "processes", "one after another")
"""The forms that can be asked for."""

Stopped = Callable[[], bool]
"""Tells whether the sweep is to end."""


class Together(Protocol):
    """Gives the form in which sets are instances of one program."""

    def __call__(self, todo: Sequence[int], threads: int, width: str) -> Abreast:
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
    """An executor that the script has made."""

    reason: str
    executor: Executor
    workers: int
    name: str = "executor"

    def outcomes(self, work: Work, todo: Sequence[int], stopped: Stopped) -> Generator[Outcome, None, None]:
        """Yields the outcomes of sets."""
        with held(work) as parcel:
            yield from stream(ExecutorSender(self.executor, parcel, self.workers), todo, stopped)


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
        yield from stream(DaskSender(self.client, parcel), todo, stopped)


def form_of(
    workers: object, work: Work, todo: Sequence[int], together: Together | None = None, asked: str | None = None
) -> Form:
    """Returns the form of a sweep.

    Args:
        workers: None, a number, "all", an executor, or a client of Dask.
        work: What is to be done.
        todo: The sets that are to be done.
        together: Gives the form in which sets are instances of one program; None for work that is no network.
        asked: The name of the form that is asked for, None for the best.

    Raises:
        TypeError: If it is something else, or workers that cannot do this work, or the form is no text.
        ValueError: If it is no positive number, or the form that is asked for is not possible.
    """
    if asked is not None and not is_text(asked):
        raise TypeError(f"form is one of {', '.join(map(repr, FORMS))}, not {asked!r}.")
    if asked is not None and asked not in FORMS:
        raise ValueError(f"form is one of {', '.join(map(repr, FORMS))}, not {asked!r}.{one_of(FORMS, asked)}")
    width = "auto" if asked is None else asked
    if is_dask_client(workers) or callable(getattr(workers, "submit", None)):
        if todo:
            check_usable(workers)
        if asked not in (None, "lanes", "turns"):
            raise ValueError(f"Processes that the script has made have a form of their own: leave form={asked!r} out.")
        return _by_those_given(workers, work, None if together is None or not todo else partial(together, todo), width)
    count = workers_of(workers)
    if asked == InTurn.name:
        return InTurn("it was asked for")
    reason = ""
    if asked != InProcesses.name and todo and together is not None:
        try:
            return together(todo, count, width)
        except NotAbreast as error:
            if asked is not None:
                raise _not_possible(asked, error) from None
            reason = str(error)
    return _by_processes(workers, work, count, len(todo), reason)


def _not_possible(asked: str, error: NotAbreast) -> ValueError:
    """Returns what is said where the form that is asked for cannot be had."""
    other = (
        "form='turns' is possible."
        if error.may_take_turns
        else "Leave form out: the sets are then run by themselves, on several processors with workers='all'."
    )
    return ValueError(f"form={asked!r} is not possible: {error}. {other}")


def workers_of(workers: object) -> int:
    """Returns how many workers there are to be.

    Raises:
        TypeError: If it is no number.
        ValueError: If it is no positive number.
    """
    if workers is None:
        return 1
    if workers == "all":
        count = processors()
    elif is_a(workers, (int, np.integer)) and not is_a(workers, bool):
        count = int(cast(int, workers))
    else:
        hint = " Connect to the cluster: Client(cluster)." if hasattr(workers, "scheduler_address") else ""
        raise TypeError(
            "workers is None, a number, 'all', an executor of concurrent.futures, or a Client of dask.distributed, not "
            f"{workers!r} of type {type(workers).__name__}.{hint}"
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


def is_dask_client(workers: object) -> bool:
    """Tells whether something is a client of Dask, which is loaded then."""
    module = sys.modules.get("distributed")
    return module is not None and is_a(workers, cast(type, module.Client))


Begin = Callable[[int, str], Abreast]
"""Gives the form of the sets as instances of one program, of a number of threads and a width."""


def _by_those_given(workers: object, work: Work, together: Begin | None, width: str) -> Form:
    """Returns the form of sets that the workers of a script compute.

    Args:
        workers: An executor, or a client of Dask.
        work: What is to be done.
        together: Gives the form in which the sets are instances of one program, None where they are none.
        width: "auto", "lanes" or "turns".
    """
    if is_dask_client(workers):
        client = cast(Client, workers)
        check_connected(client)
        if together is None:
            return _by_dask(client, work)
        return _dask_with_instances(client, work, together, width)
    executor = cast(Executor, workers)
    count = cast("int | None", getattr(executor, "_max_workers", None)) or processors()
    if together is not None:
        try:
            if isinstance(executor, concurrent.futures.ThreadPoolExecutor):
                return together(count, width)
            found = together(1, width)
        except NotAbreast as error:
            if width != "auto":
                raise _not_possible(width, error) from None
            return _by_executor(executor, work)
        why = f"the script has given {type(executor).__name__}; in {found.name} there: {found.reason}"
        return Elsewhere(why, "executor", count, found, lambda parcel: ExecutorSender(executor, parcel, count), True)
    return _by_executor(executor, work)


def _dask_with_instances(client: Client, work: Work, together: Begin, width: str) -> Form:
    try:
        found = together(1, width)
    except NotAbreast as error:
        if error.may_take_turns:
            raise _not_possible(width, error) from None
        raise TypeError(
            f"This network cannot be sent to the workers of a cluster: {error}. Use sweep(function, over=..., "
            "workers=client) with a function that builds the network and runs it, or workers='all' for the processors "
            "of this machine."
        ) from None
    count = max(len(workers_there(client)), 1)
    why = f"the script has given a cluster with {count} workers; in {found.name} there: {found.reason}"
    return Elsewhere(why, "Dask", count, found, lambda parcel: DaskSender(client, parcel))


def _by_dask(client: Client, work: Work) -> ByDask:
    workers = workers_there(client)
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
