"""Ctrl-C during a sweep: the first one ends the sweep, which gives what was done; a second one interrupts at once."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Generator

from ranvier.session.logger import get_logger
from ranvier.session.preferences import prefs

logger = get_logger("ranvier.core.network")

PREFERENCE = "core.stop_on_keyboard_interrupt"


class Stop:
    """Whether a sweep is to end.

    Attributes:
        is_asked: Whether it is.
    """

    def __init__(self) -> None:
        self.is_asked = False

    def __call__(self) -> bool:
        return self.is_asked


@contextlib.contextmanager
def stoppable(
    stop_run: Callable[[], None], message: str = "the sweep ends with the sets that were done"
) -> Generator[Stop, None, None]:
    """Lets Ctrl-C end a sweep; only in the main thread, and not where Ctrl-C is ignored or means something else.

    Args:
        stop_run: Ends the run that is going on.
        message: What happens then.
    """
    stop = Stop()
    old = signal.getsignal(signal.SIGINT)
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or old in (None, signal.SIG_IGN) or not prefs[PREFERENCE]:
        yield stop
        return

    def handle(signum: int, frame: object) -> None:
        if stop.is_asked:
            raise KeyboardInterrupt
        stop.is_asked = True
        logger.warn(f"Keyboard interrupt: {message} (press again to interrupt).")
        stop_run()

    prefs[PREFERENCE] = False  # runs leave Ctrl-C to the sweep
    signal.signal(signal.SIGINT, handle)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, old)
        prefs[PREFERENCE] = True
