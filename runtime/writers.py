"""Who writes to a directory: a lock file, which works between machines that share a file system.

A lock is a file with the machine and the process of its owner, which appears whole or not at all (a hard link, which is
atomic on NFS too; locks of the system are not enough there). One of a process that has ended on this machine is taken
over. Whether a process of another machine is still there cannot be known: who knows removes the file. An owner looks
now and then whether the lock is still its own.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
import socket
import time
from collections.abc import Generator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

BOOT = Path("/proc/sys/kernel/random/boot_id")
UPTIME = Path("/proc/uptime")
NAMESPACE = Path("/proc/self/ns/pid")

ALIVE_SECONDS = 30.0
"""So often an owner says that it is alive."""

TRIES = 5
"""So often a lock of a process that has ended is taken away before it is given up: others may do the same."""


class BusyError(RuntimeError):
    """Another process writes to the directory."""


@dataclass(frozen=True)
class Owner:
    """A process that writes.

    Attributes:
        host: The name of its machine.
        machine: Tells machines of one name apart, restarts of one, and containers, whose processes are numbered anew.
        pid: Its number.
        started: When it began, in units of the system; "" where that is not known. Numbers are used again.
        time: When it locked the directory, seconds since 1970.
        token: Differs for all locks.
    """

    host: str
    machine: str
    pid: int
    started: str
    time: float
    token: str

    @staticmethod
    def here() -> Owner:
        """Returns this process."""
        pid = os.getpid()
        return Owner(socket.gethostname(), _machine(), pid, _start_of(pid) or "", time.time(), secrets.token_hex(8))

    @property
    def is_on_this_machine(self) -> bool:
        """Whether its processes have the numbers that they have here."""
        return (self.host, self.machine) == (socket.gethostname(), _machine())

    def has_ended(self, alive: float) -> bool:
        """Tells whether it is known that the process does not exist any more.

        Args:
            alive: When it has last said that it is alive, seconds since 1970.
        """
        if self.host != socket.gethostname():
            return False
        if self.machine != _machine():
            boot, here = self.machine.partition("/")[0], _machine().partition("/")[0]
            return bool(boot and here) and boot != here and alive < _start_of_machine()  # else: another container
        if self.started:
            return _start_of(self.pid) != self.started
        return not _exists(self.pid)


def _machine() -> str:
    """Returns "start of the machine/numbers of processes", "" where the system does not tell."""
    try:
        return f"{BOOT.read_text().strip()}/{os.readlink(NAMESPACE)}"
    except OSError:
        return ""


def _start_of_machine() -> float:
    """Returns when this machine was started, seconds since 1970."""
    return time.time() - float(UPTIME.read_text().split()[0])


def _start_of(pid: int) -> str | None:
    """Returns when a process began; None if there is none, or if it has ended and nobody has looked yet."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]


def _exists(pid: int) -> bool:
    if os.name == "nt":  # there, no signal is harmless
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


class Lock:
    """The right to write.

    Args:
        path: The lock file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._owner: Owner | None = None
        self._said = 0.0

    @property
    def is_held(self) -> bool:
        """Whether this process has it."""
        return self._owner is not None and self._owner.pid == os.getpid()

    def take(self) -> None:
        """Takes it; that of a process that has ended is taken over.

        Raises:
            BusyError: If another process has it.
            OSError: If the file cannot be written.
        """
        owner = Owner.here()
        for _ in range(TRIES):
            if self._create(owner):
                self._owner, self._said = owner, time.monotonic()
                return
            other = self.owner()
            if other is None:
                continue  # it was given back, or is damaged and has been removed
            self._remove_ended(other)
        raise BusyError(f"Several processes try to take over {self.path}: call the sweep again.")

    def _create(self, owner: Owner) -> bool:
        """Makes the file; returns False if there is one."""
        aside = self.path.with_name(f"{self.path.name}.{owner.token}.tmp")
        try:
            write_to_disk(aside, json.dumps(asdict(owner), indent=1) + "\n")
            try:
                os.link(aside, self.path)
            except FileExistsError:
                return os.stat(aside).st_nlink == 2  # NFS may have done it and lost the answer
            except OSError:  # a file system without hard links
                return _created_alone(self.path, aside.read_bytes())
            return True
        finally:
            with contextlib.suppress(OSError):
                aside.unlink(missing_ok=True)

    def owner(self) -> Owner | None:
        """Returns who has it; None if nobody has. A damaged file, of a machine that went down, counts as an owner."""
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        try:
            known: Mapping[str, Any] = json.loads(text)
            return Owner(**{name: known[name] for name in Owner.__dataclass_fields__})
        except (ValueError, KeyError, TypeError):
            return Owner("an unknown machine", "", 0, "", 0.0, text)

    def check_free(self) -> None:
        """Checks that nobody has it; that of a process that has ended is removed.

        Raises:
            BusyError: If a process has it.
        """
        other = self.owner()
        if other is not None:
            self._remove_ended(other)

    def _remove_ended(self, other: Owner) -> None:
        alive = time.time()
        with contextlib.suppress(OSError):
            alive = os.stat(self.path).st_mtime
        if not other.has_ended(alive):
            raise BusyError(self._busy(other))
        self._take_away(other)

    def _take_away(self, other: Owner) -> None:
        """Removes the lock of a process that has ended, unless somebody else has done so and has his own there now."""
        aside = self.path.with_name(f"{self.path.name}.{secrets.token_hex(8)}.tmp")
        try:
            os.rename(self.path, aside)
        except FileNotFoundError:
            return
        found = Lock(aside).owner()
        if found is not None and found.token != other.token:
            with contextlib.suppress(OSError):
                os.link(aside, self.path)
        aside.unlink(missing_ok=True)

    def confirm(self) -> None:
        """Checks that it is still this process that has it, and says now and then that it is alive.

        Raises:
            BusyError: If another process has taken it over.
        """
        if self._owner is None or time.monotonic() - self._said < ALIVE_SECONDS:
            return
        self._said = time.monotonic()
        self.check()
        with contextlib.suppress(OSError):
            os.utime(self.path)

    def check(self) -> None:
        """Checks that it is still this process that has it; takes it again if somebody has removed it.

        Raises:
            BusyError: If another process has it.
        """
        if self._owner is None:
            return
        other = self.owner()
        if other is None:
            self.take()
        elif other.token != self._owner.token:
            raise BusyError(self._busy(other))

    def give_back(self) -> None:
        """Lets others have it."""
        mine, self._owner = self._owner, None
        if mine is None or mine.pid != os.getpid():
            return
        other = self.owner()
        if other is not None and other.token == mine.token:
            self.path.unlink(missing_ok=True)

    def _busy(self, other: Owner) -> str:
        since = time.strftime("%Y-%m-%d %H:%M", time.localtime(other.time))
        if other.is_on_this_machine:
            who = "this process" if other.pid == os.getpid() else f"process {other.pid} of this machine"
            return (
                f"{self.path.parent} is being written to by {who}, since {since}. Wait until it has ended, or name "
                "another directory."
            )
        with contextlib.suppress(OSError):
            age = max(time.time() - os.stat(self.path).st_mtime, 0.0)
            return (
                f"{self.path.parent} is being written to by process {other.pid} of {other.host}, since {since}; its "
                f"last sign of life is {age:.0f} s old. Wait until it has ended, or name another directory. If it does "
                f"not run any more, remove {self.path}."
            )
        return f"{self.path.parent} was written to by process {other.pid} of {other.host} just now: call it again."


def _created_alone(path: Path, content: bytes) -> bool:
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except FileExistsError:
        return False
    try:
        os.write(file, content)
        os.fsync(file)
    finally:
        os.close(file)
    return True


def write_to_disk(path: Path, text: str) -> None:
    """Writes a text file, and waits until it is on the disk."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    try:
        rest = memoryview(text.encode())
        while rest:
            rest = rest[os.write(file, rest) :]
        os.fsync(file)
    finally:
        os.close(file)


@contextlib.contextmanager
def explained(path: Path, what: str) -> Generator[None, None, None]:
    """Lets errors of the system say what could not be written, and what to do.

    Args:
        path: Where.
        what: What was to be written.
    """
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            advice = "Free some space and call it again: what was written before is kept"
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            advice = "Give yourself the right to write there, or name another directory for out=..."
        else:
            advice = "Name another directory for out=..., or look what is the matter with this one"
        reason = error.strerror or str(error)
        raise OSError(error.errno or errno.EIO, f"{what} cannot be written to {path}: {reason}. {advice}.") from error
