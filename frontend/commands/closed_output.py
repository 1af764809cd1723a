"""Commands whose reader has seen enough (`| head`)."""

from __future__ import annotations

import os
import sys


def leave_closed_output() -> int:
    """Returns the exit status of a command whose output was closed: Python must not fail at its end, either."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1
