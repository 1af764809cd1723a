"""Which networks are being run: stopping them, Ctrl-C, and runs that would disturb each other."""

from __future__ import annotations

import math
import os
import signal
import threading
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from ranvier.objects.networks.report import Progress
from ranvier.public import public
from ranvier.session.clocks import BaseClock, Run
from ranvier.session.logger import get_logger
from ranvier.session.preferences import prefs
from ranvier.units import DimensionMismatchError, Quantity, get_dimensions, second

logger = get_logger("ranvier.core.network")


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


def checked_seconds(time: Quantity, name: str) -> float:
    """Returns the argument `name` of `run` in seconds.

    Raises:
        TypeError: If it is no number with a unit.
        DimensionMismatchError: If it is no time.
        ValueError: If it is not one finite time, or negative.
    """
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
_lock = threading.Lock()


def _forget_runs() -> None:
    """Returns the child of a fork runs nothing: the threads that did are in the parent."""
    global _lock
    for run in _running.values():
        run.is_over = True
    _running.clear()
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_runs)


def is_running(network: Runnable) -> bool:
    """Returns whether a network is being run now."""
    return network in _running


def check_no_run_within(network: Runnable) -> None:
    """Checks that this thread is not within a run.

    Raises:
        RuntimeError: If it is: `network` is to be run by a network operation or a report, say.
    """
    me = threading.get_ident()
    for other, run in list(_running.items()):
        if run.thread == me:
            raise RuntimeError(
                f"run() of '{network.name}' was called while '{other.name}' is being run, for instance in a network "
                "operation or a report function. A run cannot contain another one: call run() after it has ended, or "
                "put all objects into one network."
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


@contextmanager
def running(network: Runnable) -> Generator[None, None, None]:
    """Marks a network as being run by this thread.

    Raises:
        RuntimeError: If this thread is within a run already, or another thread runs the network, or another network
            with one of its clocks.
    """
    with _lock:
        check_no_run_within(network)
        clocks = {id(clock) for clock in network.clocks}
        for other in _running:
            if other is network:
                raise RuntimeError(f"'{network.name}' is being run by another thread.")
            shared = next((clock for clock in other.clocks if id(clock) in clocks), None)
            if shared is not None:
                raise RuntimeError(
                    f"'{network.name}' cannot be run now: another thread runs '{other.name}', which uses the same "
                    f"clock '{shared.name}'. Give the objects of each network a clock of their own (clock=Clock(...)), "
                    "or use processes instead of threads."
                )
        run = _running[network] = Run(network.name, threading.get_ident())
        note_clocks(network, network.clocks)
    try:
        yield
    finally:
        with _lock:
            run.is_over = True
            _running.pop(network, None)  # gone in a process that was forked meanwhile


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
