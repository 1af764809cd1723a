"""Files that a command is to write: whether it can is said before the work, not after it."""

from __future__ import annotations

import os
from pathlib import Path


def check_output(path: str | None, option: str) -> None:
    """Checks that a file can be written; a new one is not left behind.

    Args:
        path: The file; None: there is none to write.
        option: The option that names it.

    Raises:
        OSError: It cannot be written; the message names the option.
    """
    if path is None:
        return
    is_new = not os.path.lexists(path)
    try:
        with Path(path).open("ab"):
            pass
        if is_new:
            Path(path).unlink()
    except OSError as error:
        raise _named(error, option, path) from error


def make_directory(path: str | Path, option: str) -> None:
    """Makes a directory for what is to be written, if it is not there.

    Args:
        path: The directory.
        option: The option that names it.

    Raises:
        OSError: It cannot be made, or files cannot be made there; the message names the option.
    """
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _named(error, option, str(path)) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise PermissionError(f"{option}: cannot write to {path}: no permission to write there")


def _named(error: OSError, option: str, path: str) -> OSError:
    return type(error)(f"{option}: cannot write to {path}: {error.strerror or error}")


__all__ = ["check_output", "make_directory"]
