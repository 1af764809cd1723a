"""The further threads of a run: started before native code is entered, gone when the run ends, whatever ends it."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress

import numpy as np
import numpy.typing as npt

from ranvier.ir.team import LEAST_WORK, LEAVE, PART, PARTS, PHASE, WHOLE, Parts
from ranvier.runtime.state import address

NAME = "ranvier-part"
"""What the names of the threads begin with."""

Work = Callable[[int, int], None]
"""What a thread runs: takes the address of the control block and a number; -1 dismisses all."""

_least: list[int] = []


def least_work() -> int:
    """Returns about how many nanoseconds of work are worth a phase."""
    return _least[-1] if _least else LEAST_WORK


@contextmanager
def dividing_all_work(nanoseconds: int = 0) -> Generator[None]:
    """Lets runs inside the `with` block divide work however small it is: for tests."""
    _least.append(nanoseconds)
    try:
        yield
    finally:
        _least.pop()


_shares: list[tuple[float, ...]] = []


def parts_for(threads: int) -> Parts:
    """Returns as many parts as there are threads: those given, or of equal size where it is a plain number."""
    if _shares and not isinstance(threads, Parts) and threads > 1:
        given = _shares[-1]
        ends = sorted(int(WHOLE * share) for share in (given * threads)[: threads - 1])
        return Parts(threads, (0, *ends, WHOLE))
    return threads if isinstance(threads, Parts) else Parts(threads)


@contextmanager
def dividing_at(*shares: float) -> Generator[None]:
    """Lets the parts of runs inside the `with` block end at these shares of all elements: for tests.

    Where there are more threads than shares, these are used again.
    """
    _shares.append(shares)
    try:
        yield
    finally:
        _shares.pop()


class Team:
    """Threads that work for the thread that runs a program; they never hold the interpreter lock while they do.

    Native code divides its work into as many parts as there are threads asked for, whether or not all could be
    started: the main thread does what nobody else does. So a process that was forked in a run goes on alone.

    Args:
        work: What a thread runs; None for a program that has no use for it.
        control: The control block.
        threads: The number of threads, the main one included.
    """

    def __init__(self, work: Work | None, control: npt.NDArray[np.int64], threads: int) -> None:
        self._work = work
        self._control = control
        self._wanted = threads - 1
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Team:
        self._control[LEAVE] = 0
        parts = slice(PARTS, PARTS + PART * (self._wanted + 1), PART)
        self._control[parts] = self._control[PHASE]  # what dismissed an earlier team is no phase to take a part of
        if self._work is None:
            return self
        try:
            elsewhere = _other_processors() if self._wanted else None
            for number in range(1, self._wanted + 1):
                thread = threading.Thread(
                    target=_take_part,
                    args=(self._work, self._control, number, elsewhere),
                    name=f"{NAME}-{number}",
                    daemon=True,
                )
                try:
                    thread.start()
                except (RuntimeError, MemoryError):
                    break  # as many as the system gives
                self._threads.append(thread)
        except BaseException:
            self._dismiss()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._dismiss()

    def _dismiss(self) -> None:
        if self._work is None or not self._wanted:
            return
        self._work(address(self._control), -1)
        for thread in self._threads:
            thread.join()
        self._threads = []


def _take_part(work: Work, control: npt.NDArray[np.int64], number: int, processors: set[int] | None) -> None:
    """Runs a thread; its frame keeps alive what it works with."""
    if processors is not None:
        with suppress(OSError):
            os.sched_setaffinity(0, processors)  # of this thread
    work(address(control), number)


def _other_processors() -> set[int] | None:
    """Returns the processors that this process may use but the one that this thread is on; None if that is not known.

    Where all are busy, the system wakes a thread on the processor of the one that wakes it, behind which it then waits:
    a thread that is to work at the same time must be elsewhere.
    """
    try:
        here = ctypes.CDLL(None).sched_getcpu()
        return os.sched_getaffinity(0) - {here} or None
    except (AttributeError, OSError):
        return None
