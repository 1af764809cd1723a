"""Native code whose pass may be wrong runs in a process of its own first: it may crash, or never end."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

SECONDS = 10
"""How much CPU time a program gets there."""


class Died(Exception):
    """A program ended its process, or did not end."""


def run_apart(do: Callable[[], object], seconds: int | None = None) -> bool:
    """Does something in a forked process (here, where none can be); returns whether it gave something true.

    Args:
        do: What is done. What it raises counts as nothing.
        seconds: The most CPU time that it may take, by default `SECONDS`.

    Raises:
        Died: The process was ended, or took longer.
    """
    seconds = seconds or SECONDS
    if not hasattr(os, "fork"):
        return bool(do())
    child = os.fork()
    if child == 0:
        _do_and_exit(do, seconds)
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status):
        return os.WEXITSTATUS(status) == 0
    number = os.WTERMSIG(status)
    if number in (signal.SIGXCPU, signal.SIGKILL):
        raise Died(f"it does not end (it was stopped after {seconds} s)")
    raise Died(f"it ended the process ({signal.Signals(number).name})")


def _do_and_exit(do: Callable[[], object], seconds: int) -> None:
    """Does it, and ends the process without what Python does at its end: files and threads are the parent's."""
    import resource  # there is none on Windows, where nothing forks

    code = 1
    try:
        _, most = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(signal.SIGXCPU, signal.SIG_DFL)
        for fault in (signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGABRT):
            signal.signal(fault, signal.SIG_DFL)  # the report of faulthandler would be about another process
        code = 0 if do() else 1
    finally:
        os._exit(code)
