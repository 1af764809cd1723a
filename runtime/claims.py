"""Names of files that recordings are written to: one writer each, and no file of an earlier run is destroyed.

A file that is being written is locked by the system (`flock`): the lock ends with the process, however it ends, so that
no lock can be out of date. Where a file system has no locks (some cluster file systems), names are guarded within one
process only. A file that has to make way is renamed, so that it is still there, also for whoever has it mapped. The
names begin with "_", which readers of directories of Parquet files pass over.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import os
import stat
import weakref
from pathlib import Path
from typing import Protocol

EXISTING = os.O_RDWR | os.O_NONBLOCK
NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL


class Owner(Protocol):
    """What writes to a file, or reads its rows from it."""

    def at_rest(self, path: Path) -> bool:
        """Tells whether the file is complete, so that it may get another name."""
        ...

    def holds(self, path: Path) -> bool:
        """Tells whether it has the lock of the file."""
        ...

    def moved(self, old: Path, new: Path) -> None:
        """Takes note of the new name of a file."""
        ...


class Held:
    """An open file that is locked until it is closed, this object is gone, or the process ends.

    Attributes:
        fd: The number of the open file; -1 after `close`, and in a process that was forked from the one that opened it.
    """

    def __init__(self, path: Path, flags: int) -> None:
        self.fd = os.open(path, flags, 0o666)
        try:
            _lock(self.fd)
        except OSError:
            os.close(self.fd)
            raise
        self._finalizer = weakref.finalize(self, os.close, self.fd)
        _held.add(self)

    def close(self) -> None:
        """Closes the file; another may write to it then."""
        self.fd = -1
        self._finalizer()


_held: weakref.WeakSet[Held] = weakref.WeakSet()
_owners: weakref.WeakValueDictionary[Path, Owner] = weakref.WeakValueDictionary()


def _let_go() -> None:
    """Closes the files in a forked process: the lock is to end with the process that writes."""
    for held in list(_held):
        with contextlib.suppress(OSError):  # whatever one file says, the others are let go, too
            held.close()


os.register_at_fork(after_in_child=_let_go)


def _lock(fd: int) -> None:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise FileExistsError(
            "another process is writing to it. Give each process a file of its own, or end that process"
        ) from None
    except OSError:
        pass  # a file system without locks


def own(path: Path, owner: Owner) -> None:
    """Notes who has a file in this process."""
    _owners[path] = owner


def _is_busy(path: Path) -> bool:
    owner = _owners.get(path)
    return owner is not None and not owner.at_rest(path)


def _check_free(path: Path) -> None:
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        raise FileExistsError("there is a directory or a device of this name")
    if _is_busy(path):
        gc.collect()  # the other may be gone but for a circle of references
    if _is_busy(path):
        raise FileExistsError(
            "another monitor is writing to it. Give each monitor a file of its own, or call close() on the other"
        )
    owner = _owners.get(path)
    if owner is not None and owner.holds(path):
        return  # a second lock would meet the first
    for flags in (EXISTING, os.O_RDONLY):
        try:
            Held(path, flags).close()
            return
        except PermissionError:
            continue


def make_way(path: Path, overwrite: bool) -> Path | None:
    """Lets a name be free: a file that has it gets another.

    Args:
        path: The name.
        overwrite: Whether a file that nobody in this process reads is removed instead.

    Returns:
        The new name of the file that was there.

    Raises:
        OSError: If the file is being written by another monitor or process, or cannot be renamed.
    """
    _check_free(path)
    if not path.exists():
        return None
    owner = _owners.pop(path, None)
    if overwrite and owner is None:
        os.unlink(path)
        return None
    aside = _free_name(path)
    try:
        os.rename(path, aside)
    except OSError:
        os.unlink(aside)
        if owner is not None:
            _owners[path] = owner
        raise
    if owner is not None:
        _owners[aside] = owner
        owner.moved(path, aside)
    return aside


def _free_name(path: Path) -> Path:
    """Returns a name that no file had; an empty file has it now, so that no other process takes it."""
    number = 1
    while True:
        aside = path.with_name(f"_{path.name.removeprefix('_')}.{number}")
        try:
            os.close(os.open(aside, NEW))
            return aside
        except FileExistsError:
            number += 1
