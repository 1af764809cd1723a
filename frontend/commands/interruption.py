"""Commands that are interrupted (Ctrl-C): what was going on is said in a line, not as a traceback."""

from __future__ import annotations

import sys

STATUS = 130
"""The exit status of programs that SIGINT has ended, as shells report it."""


def tell_interrupted(command: str, error: KeyboardInterrupt) -> int:
    """Says that a command was interrupted, and in which pass; returns its exit status."""
    print(": ".join((command, ", ".join(("interrupted", *getattr(error, "__notes__", ()))))), file=sys.stderr)
    return STATUS


__all__ = ["tell_interrupted"]
