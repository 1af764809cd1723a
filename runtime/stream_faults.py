"""What may go wrong with the files that recorded tables are written to, and what is said then."""

from __future__ import annotations

import shutil
from pathlib import Path

from ranvier.runtime.arrow import pyarrow
from ranvier.runtime.columns import Recorded

SPARE_BYTES = 1024 * 1024
"""So much space is left on the disk."""


class StreamError(OSError):
    """A recording cannot be written to or read from its file. The message says which data are where."""


def write_error(written: Path, rows: int, table: Recorded, error: Exception, where: Path) -> StreamError:
    """Returns what is said where rows cannot be written.

    Args:
        written: The file that was to be written.
        rows: The number of rows that were.
        table: What is recorded.
        error: What went wrong.
        where: The file that has the rows.
    """
    return StreamError(
        f"The recording of {table.name!r} cannot be written to {written}: {error}. The first {rows} rows are"
        f" in the file {where}, the later ones in memory; all can still be read from the monitor. Free some space on"
        " the disk and run on, or call close(); or go on in another file: stream_to(...)."
    )


def check_space(path: Path, nbytes: int) -> None:
    """Checks that there is room on a disk, before it is full: then nothing has to be repaired.

    Raises:
        OSError: There is not.
    """
    free = shutil.disk_usage(path.parent).free
    if free < nbytes + SPARE_BYTES:
        raise OSError(f"the disk is full ({free} bytes are free)")


def missing_error(path: Path, rows: int, table: Recorded, error: Exception) -> StreamError:
    """Returns what is said where rows that were written to a file cannot be read any more."""
    return StreamError(
        f"The recording of {table.name!r} was written to {path}, which cannot be read any more ({error}). "
        f"{rows} rows are in that file only: put it back, or record again with keep=True."
    )


def failures() -> tuple[type[Exception], ...]:
    """Returns what a write by pyarrow may raise."""
    return (OSError, pyarrow().ArrowException)
