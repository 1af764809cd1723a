"""The workers that a script has: an executor, or a cluster of Dask. What they are called with is the same.

Neither is imported: what the script gives is asked for what it can do.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import threading
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol, cast

from ranvier.objects.networks.sweeps.shipping import Parcel, compute_chunk, stop_here
from ranvier.objects.networks.sweeps.streaming import Future
from ranvier.objects.networks.sweeps.usable import LOST, not_taken
from ranvier.objects.networks.sweeps.work import Outcome
from ranvier.runtime.lost import INTERRUPTED, Lost
from ranvier.session.logger import get_logger

logger = get_logger("ranvier.core.network")

COUNT_SECONDS = 1.0
"""So often it is asked how many workers a cluster has."""

STOP_SECONDS = 5.0
"""So long it is waited until the workers have been told to end what they compute."""

BEGINNING = 32
"""So many chunks wait for the first worker of a cluster."""

FETCHERS = 4
"""So many threads bring results from a cluster."""

PATIENCE_SECONDS = 10.0
"""After so long without workers it is said that a sweep waits for them."""


class Executor(Protocol):
    """What takes functions: `concurrent.futures.Executor`, that of mpi4py, of loky, of others."""

    def submit(self, fn: Callable[..., object], /, *args: object) -> Future:
        """Has a function called by a worker."""
        ...


class Result(Future, Protocol):
    """A future of an executor."""

    def result(self) -> object:
        """Returns what the function has returned."""
        ...


class ExecutorSender:
    """Sends sets to an executor.

    Args:
        executor: The executor.
        parcel: The work.
        workers: How many processes it has.

    Attributes:
        workers: How many processes it has.
    """

    def __init__(self, executor: Executor, parcel: Parcel, workers: int) -> None:
        self._executor, self._parcel, self.workers = executor, parcel, workers
        self._asked: dict[tuple[int, ...], int] = {}
        self._given = 0
        self._chunks: dict[int, tuple[tuple[int, ...], Future]] = {}
        self._began, self._has_begun = time.monotonic(), False
        self._is_taken = False

    def send(self, chunk: Sequence[int]) -> Future:
        """Sends some sets; a large parcel goes with those only for which a worker has asked for it.

        Where as many were sent as there are workers, a worker has to ask twice: it may have got one meanwhile.
        """
        sets = tuple(chunk)
        asked = self._asked.get(sets, 0)
        parcel = self._parcel
        if asked > 1 or (asked and self._given < self.workers):
            parcel = self._parcel = parcel.with_content()
            self._given += 1
        elif not parcel.is_small:
            parcel = parcel.without_content()
        try:
            future = self._executor.submit(compute_chunk, parcel, chunk)
        except Exception as error:  # executors say in their own ways that they are over
            if not self._is_taken:
                raise not_taken(self._executor, error) from error
            raise Lost(_broken(self._executor, error), is_over=True) from None
        self._is_taken = True
        self._chunks[id(future)] = sets, future
        return future

    def outcomes(self, future: Future) -> list[Outcome] | None:
        """Returns what has come back."""
        sets, _ = self._chunks.pop(id(future))
        self._has_begun = True
        try:
            found = cast("list[Outcome] | None", _result(cast(Result, future)))
        except (concurrent.futures.BrokenExecutor, concurrent.futures.CancelledError) as error:
            raise Lost(_broken(self._executor, error), is_over=True) from None
        except Exception as error:
            _check_workers(error)
            raise
        if found is None:
            self._asked[sets] = self._asked.get(sets, 0) + 1
        return found

    def most_pending(self) -> int:
        """Returns how many chunks may be on their way."""
        if not self._has_begun and self._chunks and time.monotonic() - self._began > PATIENCE_SECONDS:
            self._has_begun = True  # it is said once
            if not any(_is_running(future) for _, future in self._chunks.values()):
                logger.warn(
                    f"The {type(self._executor).__name__} has begun nothing of the sweep for {PATIENCE_SECONDS:.0f} s; "
                    "the sweep waits. Its workers may have other things to do, or it may have none.",
                    "sweep",
                )
        return 2 * self.workers

    def cancel(self, futures: Iterable[Future]) -> None:
        """Gives up what is on its way."""
        for future in futures:
            future.cancel()


def _result(future: Result) -> object:
    """Returns what a future that is there has.

    Raises:
        Lost: If its worker was interrupted: that is not this process.
    """
    failure = getattr(future, "exception", None)
    if callable(failure) and isinstance(failure(), KeyboardInterrupt):
        raise Lost(INTERRUPTED, is_over=False)
    return future.result()


def _is_running(future: Future) -> bool:
    """Tells whether something has begun; so it is taken to be where a future does not say."""
    is_running = cast("Callable[[], bool] | None", getattr(future, "running", None))
    return is_running is None or is_running()


def _broken(executor: Executor, error: BaseException) -> str:
    """Returns the reason of failures when an executor is over."""
    if not isinstance(error, concurrent.futures.BrokenExecutor):
        return LOST
    return _BROKEN if getattr(executor, "_initializer", None) is None else f"{_BROKEN} {_INITIALIZER}"


_BROKEN = (
    "BrokenExecutor: a worker process of the executor has ended (killed, out of memory, or crashed) while this set was "
    "computed or waited for. Make another executor and call the sweep again. Processes that are not forked run the "
    "script first: what makes an executor then stands below if __name__ == '__main__'."
)
_INITIALIZER = "Or the initializer=... of this executor has raised an error."


class Client(Protocol):
    """A `dask.distributed.Client`."""

    @property
    def status(self) -> str:
        """Whether it is connected: "running"."""
        ...

    @property
    def asynchronous(self) -> bool:
        """Whether its methods are to be awaited."""
        ...

    def submit(self, func: Callable[..., object], *args: object, key: str, pure: bool, **place: object) -> DaskFuture:
        """Has a function called by a worker."""
        ...

    def cancel(self, futures: Sequence[Future]) -> object:
        """Gives futures up."""
        ...

    def run(self, function: Callable[..., object], *args: object, on_error: str) -> object:
        """Calls a function in all workers."""
        ...

    def nthreads(self) -> Mapping[str, int]:
        """Returns the number of threads of each worker, by its address."""
        ...


class DaskFuture(Result, Protocol):
    """A future of Dask."""

    @property
    def status(self) -> str:
        """What has become of it: "pending", "finished", "error", "cancelled", "lost"."""
        ...

    def release(self) -> None:
        """Lets the cluster forget it."""
        ...


class Fetched:
    """A future of Dask whose result is brought here by a thread: that of a worker that dies now is computed once more.

    Args:
        future: The future.
        threads: They bring results.
    """

    def __init__(self, future: DaskFuture, threads: concurrent.futures.Executor) -> None:
        self.future = future
        self._threads = threads
        self._found: concurrent.futures.Future[object] = concurrent.futures.Future()

    def add_done_callback(self, fn: Callable[..., object], /) -> None:
        """Has a function called when the result is here."""

        def fetch() -> None:
            try:
                self._found.set_result(self.future.result())
            except BaseException as error:  # it is raised where the result is asked for
                self._found.set_exception(error)
            self.future.release()
            fn(self)

        def begin(_: object) -> None:
            with contextlib.suppress(RuntimeError):  # the sweep has ended, and nobody waits any more
                self._threads.submit(fetch)

        self.future.add_done_callback(begin)

    def cancel(self) -> object:
        """Gives it up."""
        return self.future.cancel()

    def result(self) -> object:
        """Returns the result."""
        return self._found.result()


class DaskSender:
    """Sends sets to a cluster of Dask. The work goes to each worker once, as the result of a task.

    It is no scattered data: those are lost with the workers that have them, a task is done again.

    Args:
        client: A client that is connected.
        parcel: The work.
    """

    def __init__(self, client: Client, parcel: Parcel) -> None:
        self._client, self._parcel = client, parcel
        self._sent = self._given = 0
        self._places: dict[Fetched, str | None] = {}
        self._there: Mapping[str, int] = {}
        self._threads = concurrent.futures.ThreadPoolExecutor(FETCHERS, "sweep")
        self._asked = float("-inf")
        self._began = time.monotonic()
        self._work: DaskFuture | None = None

    def send(self, chunk: Sequence[int]) -> Future:
        """Sends some sets."""
        if self._client.status != "running":
            raise Lost(_GONE, is_over=True)
        self._sent += 1
        key = f"sweep-{self._parcel.key}-{self._sent}"
        address = self._least_busy()
        place = {} if address is None else {"workers": [address], "allow_other_workers": True}
        try:
            future = self._client.submit(compute_chunk, self._given_work(), chunk, key=key, pure=False, **place)
        except (RuntimeError, OSError, AttributeError) as error:  # the connection has ended just now
            raise Lost(f"{_GONE} ({error})", is_over=True) from None
        found = Fetched(future, self._threads)
        self._places[found] = address
        return found

    def _least_busy(self) -> str | None:
        """Returns the worker with the fewest chunks: Dask would send short ones to where the work is already."""
        busy = Counter(self._places.values())
        return min(self._there, key=lambda address: busy[address], default=None) if self.workers else None

    def _given_work(self) -> DaskFuture:
        if self._work is None or self._work.status in ("cancelled", "lost", "error"):
            self._given += 1
            with warnings.catch_warnings():  # Dask warns of arguments of some megabytes: they are sent once
                warnings.simplefilter("ignore", UserWarning)
                key = f"work_of_sweep-{self._parcel.key}-{self._given}"
                self._work = self._client.submit(given, self._parcel, key=key, pure=False)
        return self._work

    def outcomes(self, future: Future) -> list[Outcome] | None:
        """Returns what has come back."""
        self._places.pop(cast(Fetched, future), None)
        try:
            return cast("list[Outcome] | None", cast(Fetched, future).result())
        except concurrent.futures.CancelledError as error:
            raise Lost(f"{_GONE} ({error})", is_over=self._client.status != "running") from None
        except Exception as error:
            if type(error).__name__ in CANCELLED:
                raise Lost(f"{_GONE} ({error})", is_over=self._client.status != "running") from None
            _check_workers(error)
            raise

    @property
    def workers(self) -> int:
        """How many processes the cluster has now; clusters grow and shrink."""
        now = time.monotonic()
        if now - self._asked > COUNT_SECONDS:
            self._asked = now
            # that it is gone is noticed where sets are sent; a client that is being closed has lost its parts
            with contextlib.suppress(RuntimeError, OSError, AttributeError):
                self._there = self._client.nthreads()
            if not self._there and now - self._began > PATIENCE_SECONDS:
                logger.warn("The cluster has no workers; the sweep waits for some.", "sweep", once=True)
            if max(self._there.values(), default=1) > 1:
                logger.warn(
                    "Workers of the cluster have several threads, of which a sweep uses one: more processes with one "
                    "thread each are faster (threads_per_worker=1, or --nthreads 1).",
                    "sweep",
                    once=True,
                )
        return max(len(self._there), 1)

    def most_pending(self) -> int:
        """Returns how many chunks may be on their way: two for each worker; some where a cluster begins."""
        workers = self.workers
        return 2 * workers if self._there else BEGINNING

    def cancel(self, futures: Iterable[Future]) -> None:
        """Gives up what is on its way, and ends what is being computed; waits for that a short time only."""

        given_up = [cast(Fetched, future).future for future in futures]
        self._threads.shutdown(wait=False, cancel_futures=True)

        def stop() -> None:
            with contextlib.suppress(Exception):  # workers and their cluster may be gone already
                self._client.cancel(given_up)
                self._client.run(stop_here, self._parcel.key, on_error="ignore")

        if given_up:
            thread = threading.Thread(target=stop, daemon=True)
            thread.start()
            thread.join(STOP_SECONDS)


CANCELLED = ("FutureCancelledError", "CancelledError", "FuturesCancelledError", "CommClosedError")
"""What Dask says of futures whose results do not come any more."""

_GONE = (
    "CancelledError: the cluster was closed or restarted, or the connection to it has ended, while this set was "
    "computed or waited for. Connect again and call the sweep again."
)
_KILLED = (
    "workers have died whenever they computed this set (killed, out of memory, or crashed), each time another one. "
    "The logs of the workers say more."
)


def given(parcel: Parcel) -> Parcel:
    """Returns what it is given: a task whose result goes to workers, from one to the next."""
    return parcel


def _check_workers(error: Exception) -> None:
    """Raises what an error that has come back says of the workers.

    Raises:
        Lost: If workers of Dask have died.
        RuntimeError: If they lack a module.
    """
    if type(error).__name__ == "KilledWorker":
        raise Lost(f"KilledWorker: {_KILLED}", is_over=False) from None
    if not isinstance(error, ImportError):
        return
    name = error.name or str(error)
    if name.partition(".")[0] == "ranvier":
        raise RuntimeError(
            f"The workers cannot import '{name}': Ranvier is not installed there, or another version of it. Install "
            "the version of the script on all machines."
        ) from error
    raise RuntimeError(
        f"The workers cannot import '{name}', which the function needs. Install it on all machines, or send a file "
        f"with client.upload_file('{name.partition('.')[0]}.py'), or with cloudpickle.register_pickle_by_value(module)."
    ) from error
