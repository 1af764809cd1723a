"""Forms in which the sets of a sweep are instances of one program: side by side in lanes, or in turns on threads."""

from __future__ import annotations

import concurrent.futures
import copy
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

from ranvier.actions.actions import Storage
from ranvier.codegen import LoadedProgram
from ranvier.instance_programs import compile_instances, why_no_lanes
from ranvier.ir.slots import SlotKind
from ranvier.objects.networks.sweeps.finished import Return
from ranvier.objects.networks.sweeps.instances import Instances, usual_sets
from ranvier.objects.networks.sweeps.network_work import NetworkWork
from ranvier.objects.networks.sweeps.shipped import Shipped, shipped
from ranvier.objects.networks.sweeps.work import NotAbreast, Outcome, Work
from ranvier.passes.facts.widths import best_width, device_width
from ranvier.runtime.batches import LANES, MOST, BatchRun
from ranvier.runtime.stand_ins import PlainState, copy_of
from ranvier.runtime.turns import TurnRun
from ranvier.session.clocks import BaseClock, are_at_end
from ranvier.stages import current_options

Stopped = Callable[[], bool]
"""Tells whether the sweep is to end."""

P = ParamSpec("P")
T = TypeVar("T")

CACHE = 256 * 1024
"""Bytes of the arrays of all instances side by side: what the processor's second cache holds."""
MOST_LANES = 4096
"""So many instances are side by side at most."""
LEAST = 2048
"""Values of all instances side by side with which beginning a loop costs little."""
UPDATES = 2**28
"""About so many values change in a run of instances side by side: it takes seconds, then there are results to keep."""
COPIES = 3
"""So many times the own arrays of an instance are the memory that it takes on a GPU, with intermediate values."""
DEVICE_RECORDED = 1 << 30
"""Bytes that monitors may record in the instances that a GPU computes side by side, spikes apart."""
RECORDED = 64 * 1024 * 1024
"""Bytes that monitors may record in the instances side by side, spikes apart."""


class Job:
    """Instances that share a program, and how they are computed.

    Args:
        work: The sweep.
        members: The numbers of the sets, of one dt and one duration.
        width: The form that is asked for: "auto", "lanes" or "turns".
        seen: Values that keys had in other sets, for those that have but one here.

    Attributes:
        instances: The instances.
        width: The form that was chosen.
        reason: Why.

    Raises:
        NotAbreast: The sets cannot share a program.
        PassError: Lanes were asked for, and cannot be had.
    """

    def __init__(
        self, work: NetworkWork, members: Sequence[int], width: str, seen: Mapping[str, object] | None = None
    ) -> None:
        self._work, self.members = work, members
        self.instances = Instances(work, members, seen)
        plan, own, size = self.instances.base.plan, self.instances.own, self.instances.own_bytes
        self._program = compile_instances(plan, own, size, len(members), width)
        self.width = "lanes" if any(slot.own for slot in self._program.slots) else "turns"
        self.reason = self._why(size, len(members), width)
        self._values = _apart(self.instances.inputs, self._program, 1 if self.width == "lanes" else 0)
        self._shared = [
            (value, own.array)
            for value, own in zip(self.instances.inputs, self._values, strict=True)
            if isinstance(value, Storage) and isinstance(own, PlainState)
        ]
        self.returned = Return(work, self.instances)
        self._recorded = max(work.network.memory_plan().per_second * self.instances.base.call.length, 1.0)

    def with_sets(self, work: NetworkWork, members: Sequence[int]) -> Job:
        """Returns the same job for other values of the same keys, where its instances are general.

        Args:
            work: The same work with other sets.
            members: The numbers of the sets.
        """
        other = copy.copy(self)
        other._work, other.members = work, members
        other.instances = self.instances.with_sets(work, members)
        other.returned = self.returned.with_sets(work, other.instances)
        return other

    @property
    def is_in_place(self) -> bool:
        """Whether the arrays that all instances share are still those of the network."""
        return all(storage.array is array for storage, array in self._shared)

    def protect(self) -> None:
        """Copies the arrays that all instances share, if functions measure sets while others run."""
        if self.returned.is_changing:
            copies = {id(array): PlainState(copy_of(array), storage.frozen) for storage, array in self._shared}
            self._values = [
                copies.get(id(value.array), value) if isinstance(value, PlainState) else value for value in self._values
            ]

    def _why(self, size: int, count: int, asked: str) -> str:
        if asked != "auto":
            return "it was asked for"
        best, reason = best_width(size, count) if self._program.device is None else device_width(count)
        if best == self.width:
            return reason
        return why_no_lanes(self.instances.base.plan, self.instances.own)

    @property
    def is_idle(self) -> bool:
        """Whether a run would have no steps."""
        return not self._clocks or are_at_end(self._clocks)

    @property
    def _clocks(self) -> list[BaseClock]:
        return [value for value in self.instances.base.arguments.values if isinstance(value, BaseClock)]

    @property
    def _steps(self) -> int:
        """How many steps a run has."""
        return max((int(clock.control[1] - clock.control[0]) for clock in self._clocks), default=0)

    def chunks(self, todo: Sequence[int], threads: int) -> list[Sequence[int]]:
        """Divides sets into those that are computed at once.

        Args:
            todo: The sets.
            threads: How many threads there are.
        """
        size = 1
        if self.width == "lanes" and self._program.device is not None:
            size = self._at_once(len(todo))
        elif self.width == "lanes":
            own = max(self.instances.own_bytes, 1)
            soon = max(UPDATES // max(self._steps, 1), LEAST) * 8 // own
            fitting = min(CACHE // own, RECORDED // int(self._recorded), soon, MOST_LANES)
            share = -(-len(todo) // threads)
            size = max(min(fitting // LANES, -(-share // LANES)), 1) * LANES
        return [todo[k : k + size] for k in range(0, len(todo), size)]

    @property
    def is_on_device(self) -> bool:
        """Whether a GPU computes the instances: then one after another is begun."""
        return self._program.device is not None

    def _at_once(self, count: int) -> int:
        """Returns how many instances a GPU computes side by side: as many as half of its free memory has room for."""
        from ranvier.runtime.cuda.driver import Driver  # only sweeps on a GPU need it

        own = max(self.instances.own_bytes, 4)
        fitting = min(Driver.of_process().free_memory()[0] // 2 // (COPIES * own), MOST // (own // 4))
        most = min(fitting, DEVICE_RECORDED // int(self._recorded), count + LANES - 1)
        return max(int(most) // LANES, 1) * LANES

    def start(self, chunk: Sequence[int]) -> BatchRun | TurnRun:
        """Returns the run of some sets."""
        if self.returned.is_changing:
            self._work.put_back()
        given = self.instances.given(chunk)
        if self.width == "lanes":
            return BatchRun(self._program, self._values, len(chunk), given)
        one = {n: values[0] for n, values in given.items()}
        own = {*self.instances.written, *self.instances.own}
        return TurnRun(self._program, self._values, own, one)

    def shipped(self) -> Shipped:
        """Returns what other processes need to compute the instances."""
        instances = self.instances
        return shipped(
            instances.base.plan, current_options(), self._program, self._values, instances.own, instances.own_bytes,
            len(self.members), self.width, instances.written,
        )  # fmt: skip


def _apart(values: Sequence[object], program: LoadedProgram, shift: int) -> list[object]:
    """Returns inputs that stay where they are, whatever becomes of the network.

    What derived arrays are made of is left as it is: they are made, and kept, for the network's own.

    Args:
        values: What the inputs of the network's program stand for.
        program: The program of the instances.
        shift: By how much the numbers of its inputs are greater.
    """
    found = list(values)
    for slot in program.slots:
        n = slot.input - shift
        value = found[n]
        if slot.kind is SlotKind.STATE and slot.recipe is None and isinstance(value, Storage):
            found[n] = PlainState(value.array, value.frozen)
    return found


@dataclass(frozen=True)
class _Begun:
    """A run that a thread advances.

    Attributes:
        chunk: The numbers of the sets.
        run: The run.
        future: What the thread gives.
        since: When it began.
    """

    chunk: Sequence[int]
    run: BatchRun | TurnRun
    future: concurrent.futures.Future[bool]
    since: float


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
            alone = [*{*members} - {*usual}]
            if usual:
                job = self.job(work, usual)
                if job is None:
                    alone += usual
                else:
                    yield from self._together(work, job, usual, stopped)
            yield from self.one_by_one(work, sorted(alone), stopped)

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
        chunks = deque(job.chunks(members, self.workers))
        running: dict[concurrent.futures.Future[bool], _Begun] = {}
        self._stopped.clear()
        pool = _pool(self.workers)

        def is_ended() -> bool:
            return self._stopped.is_set() or stopped()

        try:
            while (chunks or running) and not stopped():
                while chunks and len(running) < self.workers + (self.workers > 1):
                    chunk = chunks.popleft()
                    try:
                        run = job.start(chunk)
                    except Exception:  # what is wrong with one of them is said when it is run alone
                        yield from self.one_by_one(work, chunk, stopped)
                        continue
                    future = pool.submit(run.advance, is_ended)
                    running[future] = _Begun(chunk, run, future, time.perf_counter())
                ready, _ = concurrent.futures.wait(running, 0.05, concurrent.futures.FIRST_COMPLETED)
                for future in ready:
                    for outcome in self._measured(work, job, running.pop(future), stopped):
                        yield outcome
                        if stopped():
                            return
        finally:
            self._stopped.set()
            pool.shutdown(wait=True, cancel_futures=True)

    def _measured(self, work: NetworkWork, job: Job, begun: _Begun, stopped: Stopped) -> Generator[Outcome, None, None]:
        """Yields the outcomes of sets that have been run; those that went wrong are run alone, which says what."""
        try:
            is_whole = begun.future.result()
        except Exception:
            is_whole = False
        if is_whole:
            yield from job.returned.outcomes(begun.run, begun.chunk, time.perf_counter() - begun.since)
        else:
            yield from self.one_by_one(work, begun.chunk, stopped)

    def one_by_one(self, work: NetworkWork, chunk: Sequence[int], stopped: Stopped) -> Generator[Outcome, None, None]:
        """Runs sets alone."""
        for k in chunk:
            if stopped():
                return
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
    work: NetworkWork, todo: Sequence[int], threads: int, width: str, seen: Mapping[str, object] | None = None
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
    raise NotAbreast("no set has a step")
