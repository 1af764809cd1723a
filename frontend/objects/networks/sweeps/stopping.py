"""What ends a sweep early: Ctrl-C, and SIGTERM, which clusters and systems send before they kill.

The first Ctrl-C ends a sweep, which gives what was done; a second one interrupts at once. While a sweep is prepared,
there is nothing to be given: Ctrl-C interrupts it. SIGTERM ends the sweep and then the process, as it does without a
sweep; in between what was done is written, the directory is given back, and worker processes are ended.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Generator
from types import FrameType

from ranvier.session.logger import get_logger
from ranvier.session.preferences import prefs

logger = get_logger("ranvier.core.network")

PREFERENCE = "core.stop_on_keyboard_interrupt"


class Terminated(BaseException):
    """The process is to end, by SIGTERM."""


class Stop:
    """Whether a sweep is to end.

    Attributes:
        is_asked: Whether it is.
        is_terminated: Whether the process is to end with it.
    """

    def __init__(self) -> None:
        self.is_asked = False
        self.is_terminated = False

    def __call__(self) -> bool:
        return self.is_asked


class _Termination:
    """What SIGTERM does in a sweep.

    Attributes:
        ask: Asks the sweep to end; None while it is prepared: then it is given up where it stands.
    """

    def __init__(self) -> None:
        self._process = os.getpid()
        self.ask: Callable[[], None] | None = None

    def __call__(self, signum: int, frame: FrameType | None) -> None:
        if os.getpid() != self._process:  # a worker that was forked meanwhile, of an executor
            _end_process()
        elif self.ask is None:
            raise Terminated
        else:
            self.ask()


def _end_process() -> None:
    """Ends this process as SIGTERM does.

    Raises:
        SystemExit: SIGTERM is blocked.
    """
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGTERM)
    raise SystemExit(128 + signal.SIGTERM)


def _is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


@contextlib.contextmanager
def ended_in_order() -> Generator[None, None, None]:
    """Lets what surrounds a sweep be left before SIGTERM ends the process; not where SIGTERM means something else."""
    if not _is_main_thread() or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _Termination())
    try:
        yield
    except Terminated:
        _end_process()
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


class Preparation:
    """What comes before the first set of a sweep.

    Attributes:
        is_over: Whether sets are computed now.
    """

    def __init__(self) -> None:
        self.is_over = False


@contextlib.contextmanager
def preparing() -> Generator[Preparation, None, None]:
    """Lets Ctrl-C say that nothing was computed, as long as the preparation is not over.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed.
    """
    preparation = Preparation()
    try:
        yield preparation
    except KeyboardInterrupt as error:
        if preparation.is_over:
            raise
        where = ", ".join(getattr(error, "__notes__", ()))  # the pass that does not end, say
        raise KeyboardInterrupt(
            f"the sweep was being prepared{where and f' ({where})'}: no set was computed, and the network is as it was"
        ) from None


@contextlib.contextmanager
def stoppable(
    stop_run: Callable[[], None], message: str = "the sweep ends with the sets that were done"
) -> Generator[Stop, None, None]:
    """Lets Ctrl-C and SIGTERM end a sweep; only in the main thread, and not where these are ignored or mean others.

    Args:
        stop_run: Ends the run that is going on.
        message: What happens then.

    Raises:
        Terminated: SIGTERM has ended it.
    """
    stop = Stop()
    with _stopped_by_termination(stop, stop_run), _stopped_by_keyboard(stop, stop_run, message):
        yield stop
    if stop.is_terminated:
        raise Terminated


@contextlib.contextmanager
def runs_leave_ctrl_c() -> Generator[None, None, None]:
    """Lets Ctrl-C interrupt runs: a run that ends early, as it does else, would be taken for a whole one.

    A terminal interrupts all processes that were started from it, those of executors as well.
    """
    kept = prefs[PREFERENCE]
    prefs[PREFERENCE] = False
    try:
        yield
    finally:
        prefs[PREFERENCE] = kept


@contextlib.contextmanager
def _stopped_by_keyboard(stop: Stop, stop_run: Callable[[], None], message: str) -> Generator[None, None, None]:
    old, process = signal.getsignal(signal.SIGINT), os.getpid()
    if not _is_main_thread() or old in (None, signal.SIG_IGN) or not prefs[PREFERENCE]:
        yield
        return

    def handle(signum: int, frame: FrameType | None) -> None:
        if stop.is_asked or os.getpid() != process:  # a worker of an executor, which the terminal interrupts as well
            raise KeyboardInterrupt
        stop.is_asked = True
        logger.warn(f"Keyboard interrupt: {message} (press again to interrupt).")
        stop_run()

    with runs_leave_ctrl_c():
        signal.signal(signal.SIGINT, handle)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, old)


@contextlib.contextmanager
def _stopped_by_termination(stop: Stop, stop_run: Callable[[], None]) -> Generator[None, None, None]:
    termination = signal.getsignal(signal.SIGTERM)
    if not isinstance(termination, _Termination):
        yield
        return

    def ask() -> None:
        stop.is_asked = stop.is_terminated = True
        logger.warn("SIGTERM: the sweep ends, and the process. With out=..., a later call does what is missing.")
        stop_run()

    termination.ask = ask
    try:
        yield
    finally:
        termination.ask = None
