"""Which networks are being run: stopping them, Ctrl-C, and runs that would disturb each other."""

from __future__ import annotations

import math
import os
import signal
import threading
from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from ranvier.objects.groups.brianobject import BrianObject
from ranvier.objects.networks.report import Progress, Report, make_report
from ranvier.public import public
from ranvier.session.clocks import BaseClock, Run
from ranvier.session.given import is_text
from ranvier.session.logger import get_logger
from ranvier.session.preferences import prefs
from ranvier.units import DimensionMismatchError, Quantity, get_dimensions, second

logger = get_logger("ranvier.core.network")

MOST_NAMED = 10
"""So many objects are named in a message."""


class Runnable(Protocol):
    """A network, as far as it matters whether it is being run."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def clocks(self) -> Sequence[BaseClock]:
        """The clocks of all objects."""
        ...

    @property
    def objects(self) -> Collection[BrianObject]:
        """The objects that have been added to it."""
        ...

    def stop(self) -> None:
        """Stops a run at the end of the current step."""
        ...


@dataclass(frozen=True)
class RunRequest:
    """What a call of `run` asks for.

    Attributes:
        length: Simulated time, seconds.
        progress: What is told of the progress.
        namespace: The names that the objects' texts may use.
        profile: Whether the time that each object takes is measured.
        check_values: Whether the run ends as soon as a value is NaN or infinite.
    """

    length: float
    progress: Progress
    namespace: Mapping[str, object]
    profile: bool
    check_values: bool


@dataclass(frozen=True)
class RunCall:
    """The checked arguments of a call of `run`.

    Attributes:
        length: Simulated time, seconds.
        report: What is told of the progress.
        period: Wall time between two reports, seconds.
        namespace: The names that the objects' texts may use.
        profile: Whether the time that each object takes is measured.
        check_values: Whether the run ends as soon as a value is NaN or infinite.
    """

    length: float
    report: str | Report | None
    period: float
    namespace: Mapping[str, object]
    profile: bool
    check_values: bool

    def begun_at(self, start: float) -> RunRequest:
        """Returns the request of a run that begins at a time in seconds."""
        progress = Progress(make_report(self.report), self.period, start, self.length)
        return RunRequest(self.length, progress, self.namespace, self.profile, self.check_values)


def checked_seconds(time: Quantity, name: str) -> float:
    """Returns the argument `name` of `run` in seconds.

    Raises:
        TypeError: If it is no number with a unit.
        DimensionMismatchError: If it is no time.
        ValueError: If it is not one finite time, or negative.
    """
    if is_text(time):
        raise TypeError(f"The {name} of a run is a time, e.g. 100*ms, not the text {time!r}: leave out the quotes.")
    dim = get_dimensions(time)
    if dim is not second.dim:
        raise DimensionMismatchError(f"The {name} of a run has to be a time, e.g. 100*ms, not {time}", dim)
    if time.size != 1:
        raise ValueError(f"Function 'run' expected one time as {name} but got {time.size}: {time}")
    seconds = float(time.item())
    if not (seconds >= 0 and math.isfinite(seconds)):
        raise ValueError(f"Function 'run' expected a finite, non-negative {name} but got '{time}'")
    return seconds


_running: dict[Runnable, Run] = {}
"""The networks that are being run."""
_swept: dict[Runnable, int] = {}
"""The networks of which a thread computes sets, and these threads."""
_lock = threading.Lock()


def _forget_runs() -> None:
    """Returns the child of a fork runs nothing: the threads that did are in the parent."""
    global _lock
    for run in _running.values():
        run.is_over = True
    _running.clear()
    _swept.clear()
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_runs)


def is_running(network: Runnable) -> bool:
    """Returns whether a network is being run now."""
    return network in _running


def is_run_here(network: Runnable) -> bool:
    """Returns whether this thread is within a run of a network: in a network operation or a report, say."""
    run = _running.get(network)
    return run is not None and run.thread == threading.get_ident()


def check_no_run_within(network: Runnable) -> None:
    """Checks that this thread is not within a run: a magic run has all objects that the script sees.

    Raises:
        RuntimeError: If it is: `network` is to be run by a network operation or a report, say.
    """
    me = threading.get_ident()
    for other, run in list(_running.items()):
        if run.thread == me:
            raise _run_within(network, other)


def _run_within(network: Runnable, other: Runnable) -> RuntimeError:
    return RuntimeError(
        f"run() of '{network.name}' was called while '{other.name}' is being run, for instance in a network operation "
        "or a report function. Within a run, only another Network can be run, whose objects all have clocks of their "
        "own (clock=Clock(...)): do so, call run() after the run has ended, or put all objects into one network."
    )


def check_not_running(network: Runnable, what: str) -> None:
    """Checks that a network is not being run.

    Raises:
        RuntimeError: If it is, saying that `what` is not possible.
    """
    if is_running(network):
        raise RuntimeError(
            f"{what} is not possible while '{network.name}' is being run; call it after run() has ended."
        )
    if _swept.get(network, threading.get_ident()) != threading.get_ident():
        raise _swept_elsewhere(network)


def _swept_elsewhere(network: Runnable) -> RuntimeError:
    return RuntimeError(
        f"Another thread runs sets of '{network.name}', in sweep() or in what batched() made. Begin when it has ended; "
        "workers=... uses several threads for one sweep."
    )


@contextmanager
def sweeping(network: Runnable) -> Generator[None, None, None]:
    """Keeps other threads from running a network, or another one with its clocks, between the runs of a sweep, too.

    Raises:
        RuntimeError: If one does so already.
    """
    me = threading.get_ident()
    with _lock:
        _check_no_other(network, {other: run.thread for other, run in _running.items()} | _swept)
        is_new = network not in _swept
        _swept[network] = me
    try:
        yield
    finally:
        if is_new:
            with _lock:
                _swept.pop(network, None)


def _check_no_other(network: Runnable, busy: Mapping[Runnable, int]) -> None:
    """Checks that no other thread uses a network or one of its clocks.

    Args:
        network: The network.
        busy: The networks that are used, and by which threads.

    Raises:
        RuntimeError: If one does.
    """
    for other, thread in busy.items():
        if thread == threading.get_ident():
            continue
        if other is network:
            raise _swept_elsewhere(network) if network in _swept else _run_elsewhere(network)
        shared = _shared_clocks(network, other)
        if shared:
            raise _clock_taken(network, other, shared[0])


def _shared_clocks(network: Runnable, other: Runnable) -> list[BaseClock]:
    return [clock for clock in other.clocks if any(clock is own for own in network.clocks)]


def _run_elsewhere(network: Runnable) -> RuntimeError:
    return RuntimeError(f"'{network.name}' is being run by another thread.")


def _clock_taken(network: Runnable, other: Runnable, clock: BaseClock) -> RuntimeError:
    return RuntimeError(
        f"The network '{network.name}' cannot be run now: another thread runs another network, '{other.name}', "
        f"which uses the same clock '{clock.name}'. Give the objects of each network a clock of their own: "
        f"{_followers(network, clock)} need clock=Clock(...) when created. Or use processes instead of threads."
    )


@contextmanager
def running(network: Runnable) -> Generator[None, None, None]:
    """Marks a network as being run by this thread.

    Raises:
        RuntimeError: If it is being run already, or another network with one of its clocks, by another thread or around
            this call.
    """
    with _lock:
        for other, run in _running.items():
            is_mine = run.thread == threading.get_ident()
            if is_mine and (other is network or _shared_clocks(network, other)):
                raise _run_within(network, other)
        _check_no_other(network, {other: run.thread for other, run in _running.items()} | _swept)
        run = _running[network] = Run(network.name, threading.get_ident())
        note_clocks(network, network.clocks)
    try:
        yield
    finally:
        with _lock:
            run.is_over = True
            _running.pop(network, None)  # gone in a process that was forked meanwhile


def _followers(network: Runnable, clock: BaseClock) -> str:
    """Returns the names of the objects of a network that follow a clock and do not have it from another object."""
    names = [obj.name for obj in network.objects if any(part.clock is clock for part in (obj, *obj.contained_objects))]
    shown = ", ".join(f"'{name}'" for name in names[:MOST_NAMED])
    return f"{shown} and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else shown


def note_clocks(network: Runnable, clocks: Iterable[BaseClock]) -> None:
    """Notes with clocks that a network is being run with them: their dt stays until the run is over."""
    for clock in clocks:
        clock.used_by = _running[network]


@public
def stop() -> None:
    """Stops all running simulations at the end of the current step."""
    for network in list(_running):
        network.stop()


@contextmanager
def interruptible() -> Generator[None, None, None]:
    """Returns the first Ctrl-C stops the run at the end of a step, a second one interrupts.

    Only in the main thread (Python handles signals there), and not where Ctrl-C is ignored or has been taken over by
    a program around Python.
    """
    old = signal.getsignal(signal.SIGINT)
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or old in (None, signal.SIG_IGN) or not prefs["core.stop_on_keyboard_interrupt"]:
        yield
        return
    presses = 0

    def handle(signum: int, frame: object) -> None:
        nonlocal presses
        presses += 1
        if presses > 1:
            raise KeyboardInterrupt
        logger.warn("Keyboard interrupt: stopping at the end of the current step (press again to interrupt).")
        stop()

    signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, old)
