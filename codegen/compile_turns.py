"""One process of a machine at a time compiles a model; the others wait, and find it on disk.

The turn is a lock of the system on a file: it ends with the process. Where there are no such locks (some file systems
of clusters), each process compiles, which costs time and nothing else.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Generator

if sys.platform != "win32":
    import fcntl

POLL_SECONDS = (0.01, 0.2)
"""The first wait, and the longest one; each is half as long again as the one before."""

MOST_SECONDS = 120.0
"""After so long it is compiled all the same: the other process may have been halted."""


@contextlib.contextmanager
def turn(path: str) -> Generator[None, None, None]:
    """Waits until no other process has the turn that a file stands for, then has it itself.

    Args:
        path: The file. It exists as long as somebody has the turn.
    """
    file = _wait_for(path)
    try:
        yield
    finally:
        if file is not None:
            with contextlib.suppress(OSError):  # whoever opens it from now on begins a new turn
                os.unlink(path)
            _let_go(file)


def _wait_for(path: str) -> int | None:
    """Returns the open file when it is locked; None if it cannot be."""
    pause, end = POLL_SECONDS[0], time.monotonic() + MOST_SECONDS
    while sys.platform != "win32" and time.monotonic() < end:
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            return None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(file, path):
                return file
        except BlockingIOError:
            time.sleep(pause)
            pause = min(pause * 1.5, POLL_SECONDS[1])
        except OSError:  # a file system without locks
            os.close(file)
            return None
        os.close(file)
    return None


def _let_go(file: int) -> None:
    """Ends a turn, also where a process that was forked meanwhile has the file, too."""
    if sys.platform != "win32":
        with contextlib.suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_UN)
    os.close(file)


def _is_at(file: int, path: str) -> bool:
    """Tells whether an open file still has its name: whoever had the turn before has removed it."""
    try:
        return os.path.samestat(os.fstat(file), os.stat(path))
    except FileNotFoundError:
        return False
