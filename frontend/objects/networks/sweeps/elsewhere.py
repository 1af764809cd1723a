"""Sets as instances of one program in the processes of an executor, or of a cluster of Dask.

The network travels once to each process (`shipped.py`), the values of some sets with each call. What they have come to
returns and is measured here; sets that go wrong there are run here, which says what is wrong.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from ranvier.objects.memory.arrays import Array
from ranvier.objects.networks.sweeps.abreast import Abreast, Stopped, groups
from ranvier.objects.networks.sweeps.job import Job
from ranvier.objects.networks.sweeps.network_work import NetworkWork
from ranvier.objects.networks.sweeps.prepared import usual_sets
from ranvier.objects.networks.sweeps.shipped import Landed, Shipped
from ranvier.objects.networks.sweeps.shipping import Parcel, packed
from ranvier.objects.networks.sweeps.streaming import Future, Sender, stream
from ranvier.objects.networks.sweeps.work import Outcome, Work, failed

LANDED = "landed"
"""The name under which what some sets have come to returns."""


class Values(list[int]):
    """The numbers of some sets, with their values by the number of an input."""

    def __init__(self, sets: Iterable[int], given: Mapping[int, Array]) -> None:
        super().__init__(sets)
        self.given = given


@dataclass
class Errand:
    """What a process elsewhere does: it can be pickled.

    Attributes:
        shipped: The network.
    """

    shipped: Shipped
    _is_stopped: bool = field(default=False, repr=False)

    def ship(self) -> Errand:
        """Returns what is sent."""
        return self

    def compute_many(self, ks: Sequence[int]) -> Iterator[Outcome]:
        """Runs some sets, and yields what they have come to as one outcome."""
        values = cast(Values, ks)
        try:
            landed = self.shipped.compute(values.given, len(values), lambda: self._is_stopped)
        except Exception as error:  # what it means is said where the set is run alone
            yield failed(values[0], f"{type(error).__name__}: {error}")
        else:
            yield Outcome(values[:1], {LANDED: [landed]})

    def session(self) -> contextlib.AbstractContextManager[None]:
        """Returns a context that does nothing: no object of a script is touched."""
        return contextlib.nullcontext()

    def stop(self) -> None:
        """Ends the runs that are going on."""
        self._is_stopped = True


class JobSender:
    """Sends sets with their values, and measures what they have come to.

    Args:
        sender: Sends them.
        work: The sweep.
        job: What the sets are instances of.

    Attributes:
        workers: How many sets are computed at once.
    """

    def __init__(self, sender: Sender, work: NetworkWork, job: Job) -> None:
        self._sender, self._work, self._job = sender, work, job
        self._chunks: dict[int, Sequence[int]] = {}

    @property
    def workers(self) -> int:
        """How many sets are computed at once."""
        return self._sender.workers

    def send(self, chunk: Sequence[int]) -> Future:
        """Sends some sets."""
        future = self._sender.send(Values(chunk, self._job.instances.given(chunk)))
        self._chunks[id(future)] = chunk
        return future

    def outcomes(self, future: Future) -> list[Outcome] | None:
        """Returns the outcomes of sets that have come back."""
        chunk = self._chunks.pop(id(future))
        found = self._sender.outcomes(future)
        if not found:
            return found
        (landed,) = found[0].measures.get(LANDED, [None])
        if not isinstance(landed, Landed):
            return [self._work.compute(k) for k in chunk]
        return list(self._job.returned.outcomes(landed, chunk))

    def most_pending(self) -> int:
        """Returns how many chunks may be on their way."""
        return self._sender.most_pending()

    def cancel(self, futures: Iterable[Future]) -> None:
        """Gives up what is on its way."""
        self._sender.cancel(futures)


@dataclass
class Elsewhere:
    """Sets as instances of one program in other processes.

    Attributes:
        reason: Why in this form.
        name: "executor" or "Dask".
        workers: How many processes there are.
        together: How the sets would be computed here.
        sender: Makes what sends a parcel to the processes.
        is_near: Whether they are likely to be on this machine, where they can map large arrays.
    """

    reason: str
    name: str
    workers: int
    together: Abreast
    sender: Callable[[Parcel], Sender]
    is_near: bool = False

    def outcomes(self, work: Work, todo: Sequence[int], stopped: Stopped) -> Generator[Outcome, None, None]:
        """Yields the outcomes of sets."""
        assert isinstance(work, NetworkWork)
        for members in groups(work, todo):
            usual = usual_sets(work, members)
            alone = [*{*members} - {*usual}]
            job = self.together.job(work, usual) if usual else None
            if job is None:
                alone += usual
            elif not stopped():
                parcel = packed(Errand(job.shipped()), near=self.is_near)
                if parcel.problem:
                    raise TypeError(f"The sweep cannot be done elsewhere: {parcel.problem}.")
                try:
                    yield from stream(JobSender(self.sender(parcel), work, job), usual, stopped)
                finally:
                    parcel.close()
            yield from self.together.one_by_one(work, sorted(alone), stopped)
