"""Whether the workers that a script gives can do anything: said before a sweep begins, and in words of their own."""

from __future__ import annotations

import concurrent.futures
import inspect
import multiprocessing
from collections.abc import Mapping
from typing import Protocol

AGAIN = "Make another one, and call the sweep again; in a with statement, the sweep stands inside."
"""What to do about an executor that is over."""
_DAEMONIC = (
    "This is a worker process of multiprocessing, which may have no processes of its own (it is daemonic). Leave "
    "workers out here, or start this process by a ProcessPoolExecutor."
)
LOST = "BrokenExecutor: the executor was shut down while this set was computed or waited for. " + AGAIN


def check_usable(workers: object) -> None:
    """Checks that an executor can be given something to do, as far as it says so.

    Raises:
        TypeError: If it is a class, or its methods are to be awaited.
        RuntimeError: If it was shut down, its processes have died, or it cannot start any here.
    """
    if isinstance(workers, type):
        raise TypeError(
            f"workers is the class {workers.__name__}, not one that was made: workers={workers.__name__}(...)."
        )
    name = type(workers).__name__
    if inspect.iscoroutinefunction(getattr(workers, "submit", None)):
        raise TypeError(f"The methods of {name} are to be awaited; a sweep takes an executor whose are not.")
    flags = getattr(workers, "_flags", workers)  # so has loky
    broken = getattr(workers, "_broken", None) or getattr(flags, "broken", None)
    if broken:
        why = broken if isinstance(broken, str | BaseException) else "a process of it has died"
        raise RuntimeError(f"The {name} is broken: {str(why).rstrip('.')}. {AGAIN}")
    if any(getattr(flags, each, False) is True for each in ("_shutdown", "_shutdown_thread", "shutdown")):
        raise RuntimeError(f"The {name} was shut down. {AGAIN}")
    if isinstance(workers, concurrent.futures.ProcessPoolExecutor) and multiprocessing.current_process().daemon:
        raise RuntimeError(_DAEMONIC)


def not_taken(executor: object, error: Exception) -> RuntimeError:
    """Returns what is said of an executor that takes nothing, with what it says itself."""
    advice = AGAIN if "shut" in str(error) else "Nothing was computed."
    name = type(executor).__name__
    return RuntimeError(f"The {name} takes no sets ({type(error).__name__}: {str(error).rstrip('.')}). {advice}")


class Connected(Protocol):
    """A client of Dask, as far as it tells of its connection."""

    @property
    def status(self) -> str:
        """Whether it is connected: "running"."""
        ...

    @property
    def asynchronous(self) -> bool:
        """Whether its methods are to be awaited."""
        ...

    def nthreads(self) -> Mapping[str, int]:
        """Returns the number of threads of each worker, by its address."""
        ...


def check_connected(client: Connected) -> None:
    """Checks that a client is connected to a cluster.

    Raises:
        TypeError: If it is closed, or its methods are to be awaited.
        ConnectionError: If the scheduler is gone.
    """
    if client.status == "closed":
        raise TypeError("The client is closed: connect to the cluster again, Client(address).")
    if client.asynchronous:
        raise TypeError("The client is asynchronous; a sweep takes one that is not: Client(address).")
    if client.status != "running":
        raise ConnectionError(f"{_GONE} (it is {client.status}).")


def workers_there(client: Connected) -> Mapping[str, int]:
    """Returns the number of threads of each worker of a cluster.

    Raises:
        ConnectionError: If the scheduler is gone.
    """
    try:
        return client.nthreads()
    except (RuntimeError, OSError, AttributeError) as error:  # CommClosedError is an OSError; parts are gone already
        raise ConnectionError(f"{_GONE} ({type(error).__name__}: {error}).") from error


_GONE = (
    "The client has lost its connection to the scheduler of the cluster, which has ended or cannot be reached. See "
    "whether it runs, and connect to it again, Client(address)"
)
