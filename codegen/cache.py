"""Compiled programs on disk, by content.

A program is one file, `<key>.rvp`, written under another name and renamed: readers see whole files or none, and any
number of processes may use one directory. Files that are damaged, cut short or of another origin are found by their
checksum and key, and replaced. Machine code is loaded only from files that belong to this user (or to root) and that
nobody else may write, since neither checksum nor key are secrets. When the directory cannot be used (full, read-only,
another user's), one warning goes to the logger `ranvier.cache` and everything is compiled anew.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import hashlib
import itertools
import logging
import os
import stat
import sys
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

from ranvier.codegen.artifact import Artifact
from ranvier.codegen.compile_turns import turn
from ranvier.codegen.errors import ArtifactError

ENVIRONMENT = "RANVIER_CACHE"
"""The environment variable with the cache's directory; "off" for no cache on disk."""

DEFAULT_LIMIT = 256 * 2**20
"""The bytes of compiled programs to keep."""

SUFFIX = ".rvp"
LIBRARY = ".rvl"
"""The ending of shared libraries: functions of scripts in C++."""
_SUM = ".rvs"
"""The ending of the file with the checksum of a library; a library without it is not whole."""
_UNFINISHED = ".tmp"
OWN = (SUFFIX, LIBRARY, _SUM, _UNFINISHED)
"""The endings of all files that are ours."""
_ABANDONED_AFTER = 3600.0
"""Unfinished files older than this, in seconds, were left by a process that died."""

_logger = logging.getLogger("ranvier.cache")
_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class CacheInfo:
    """The state of a cache.

    Attributes:
        directory: Where it is; None if there is none on disk.
        programs: How many programs it holds.
        size: Their bytes.
        limit: The bytes it may hold.
        hits: How many programs this process found there.
        misses: How many it did not find.
    """

    directory: Path | None
    programs: int
    size: int
    limit: int
    hits: int
    misses: int


class ProgramCache:
    """A directory of compiled programs.

    Attributes:
        directory: Where it is; None for a cache that keeps nothing.
        limit: The bytes it may hold. When it grows beyond, the programs that were not used for longest go.
    """

    def __init__(self, directory: Path | None, *, limit: int = DEFAULT_LIMIT) -> None:
        """Takes the directory, which is made when the first program is kept."""
        self.directory = directory
        self.limit = limit
        self._hits = 0
        self._misses = 0
        self._warned = False

    def get(self, key: str) -> Artifact | None:
        """Returns the program that is kept under `key`, or None."""
        artifact = self._read(key)
        if artifact is None:
            self._misses += 1
        else:
            self._hits += 1
        return artifact

    def put(self, key: str, artifact: Artifact) -> None:
        """Keeps `artifact` under `key`, which must be the key inside it; older programs may go for it."""
        if self.directory is None:
            return
        try:
            os.makedirs(self.directory, mode=0o700, exist_ok=True)
            _write_whole(self._path(key), artifact.to_bytes())
            self._evict()
        except OSError as error:
            self._warn(error)

    def has(self, key: str) -> bool:
        """Tells whether there is a file for a program; `get` says whether it is whole."""
        return self.directory is not None and os.path.exists(self._path(key))

    @contextlib.contextmanager
    def turn(self, key: str) -> Generator[None, None, None]:
        """Lets one process at a time compile the program of a key; the others wait."""
        if self.directory is None:
            yield
            return
        with contextlib.suppress(OSError):  # that nothing can be kept there is said by `put`
            os.makedirs(self.directory, mode=0o700, exist_ok=True)
        with turn(os.path.join(self.directory, f"{key}.turn{_UNFINISHED}")):
            yield

    def library(self, name: str) -> Path | None:
        """Returns the path of a shared library that is kept, whole, and that only this user can have written.

        It is loaded by its path, so the directory, too, must be one where nobody else can put files.
        """
        if self.directory is None:
            return None
        path = self.directory / f"{name}{LIBRARY}"
        try:
            _check_directory(self.directory)
            content, checksum = _read_own(str(path)), _read_own(str(path.with_suffix(_SUM)))
        except FileNotFoundError:
            return None
        except OSError as error:
            self._warn(error)
            return None
        if hashlib.sha256(content).hexdigest().encode() != checksum:
            self.discard_library(name)
            return None
        _touch(str(path))
        return path

    def keep_library(self, name: str, built: Path) -> Path | None:
        """Keeps a shared library; returns where it is then, None if it cannot be kept."""
        if self.directory is None:
            return None
        path, content = self.directory / f"{name}{LIBRARY}", built.read_bytes()
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            _check_directory(self.directory)
            _write_whole(str(path), content)
            _write_whole(str(path.with_suffix(_SUM)), hashlib.sha256(content).hexdigest().encode())
            self._evict()
        except OSError as error:
            self._warn(error)
            return None
        return path

    def discard_library(self, name: str) -> None:
        """Forgets a shared library."""
        if self.directory is not None:
            _remove(str(self.directory / f"{name}{LIBRARY}"))

    def discard(self, key: str) -> None:
        """Forgets the program under `key`, if there is one."""
        if self.directory is not None:
            _remove(self._path(key))

    def clear(self) -> int:
        """Removes all programs; returns how many."""
        removed = 0
        for entry in self._files():
            removed += _remove(entry.path) and entry.name.endswith((SUFFIX, LIBRARY))
        return removed

    def info(self) -> CacheInfo:
        """Returns what the cache holds now."""
        sizes = [status.st_size for entry in self._files(SUFFIX) if (status := _status(entry))]
        return CacheInfo(self.directory, len(sizes), sum(sizes), self.limit, self._hits, self._misses)

    def _path(self, key: str) -> str:
        assert self.directory is not None
        return os.path.join(self.directory, key + SUFFIX)

    def _read(self, key: str) -> Artifact | None:
        if self.directory is None:
            return None
        path = self._path(key)
        try:
            data = _read_own(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            self._warn(error)
            return None
        try:
            artifact = Artifact.from_bytes(data)
            if artifact.key != key:
                raise ArtifactError("the file belongs to another program")
        except ArtifactError as error:
            _logger.info("%s is not used and will be replaced: %s", path, error)
            _remove(path)
            return None
        _touch(path)
        return artifact

    def _evict(self) -> None:
        """Removes what was used longest ago until a tenth of the limit is free, and what dead processes left."""
        now = time.time()
        known: list[tuple[int, int, str]] = []
        for entry in self._files():
            status = _status(entry)
            if status is None:
                continue
            if entry.name.endswith((SUFFIX, LIBRARY)):
                known.append((status.st_mtime_ns, status.st_size, entry.path))
            elif entry.name.endswith(_UNFINISHED) and now - status.st_mtime > _ABANDONED_AFTER:
                _remove(entry.path)
        total = sum(size for _, size, _ in known)
        if total <= self.limit:
            return
        for _, size, path in sorted(known):
            if total <= self.limit * 0.9:
                break
            if _remove(path):
                total -= size
                _remove(f"{os.path.splitext(path)[0]}{_SUM}")

    def _files(self, *suffixes: str) -> Iterator[os.DirEntry[str]]:
        """Yields our own files in the directory, whatever else is there."""
        if self.directory is None:
            return
        try:
            with os.scandir(self.directory) as entries:
                yield from [entry for entry in entries if entry.name.endswith(suffixes or OWN)]
        except FileNotFoundError:
            return
        except OSError as error:
            self._warn(error)

    def _warn(self, error: OSError) -> None:
        if self._warned:
            return
        self._warned = True
        _logger.warning(
            "Compiled models cannot be kept in %s (%s). Everything works, but each new process compiles its models "
            "again. Make room or give access there, or set the environment variable %s to another directory, or to "
            "'off' for none.",
            self.directory,
            error.strerror or error,
            ENVIRONMENT,
        )


def default_cache() -> ProgramCache:
    """Returns the cache in the directory that the environment names, else in the user's own cache directory."""
    return _cache_in(os.environ.get(ENVIRONMENT))


@functools.cache
def _cache_in(setting: str | None) -> ProgramCache:
    if setting and setting.lower() == "off":
        return ProgramCache(None)
    try:
        return ProgramCache(Path(setting).expanduser() if setting else user_cache_directory())
    except RuntimeError as error:  # "~name" of a user that does not exist
        _logger.warning(
            "Compiled models are not kept: the environment variable %s is %r (%s).", ENVIRONMENT, setting, error
        )
        return ProgramCache(None)


def user_cache_directory() -> Path | None:
    """Returns the platform's place for this user's cached files; None for a user without a home."""
    try:
        home = Path.home()
    except RuntimeError:
        return None
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "ranvier" / "cache"
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "ranvier"
    return Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "ranvier"


def clear() -> int:
    """Removes all programs of the default cache; returns how many."""
    return default_cache().clear()


def info() -> CacheInfo:
    """Returns the state of the default cache."""
    return default_cache().info()


def _read_own(path: str) -> bytes:
    """Returns the bytes of a file that nobody but this user (or root) can have written.

    Raises:
        OSError: There is no such file, it cannot be read, or somebody else may have written it.
    """
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    with open(os.open(path, flags), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "something that is no plain file has the name of a compiled model", path)
        if hasattr(os, "geteuid"):
            if status.st_uid not in (os.geteuid(), 0):
                raise OSError(errno.EACCES, "a compiled model there belongs to another user", path)
            if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                raise OSError(errno.EACCES, "other users may change a compiled model there", path)
        return file.read()


def _check_directory(directory: Path) -> None:
    """Raises `OSError` if somebody else can put files into a directory."""
    status = os.stat(directory)
    if hasattr(os, "geteuid") and (
        status.st_uid not in (os.geteuid(), 0) or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    ):
        raise OSError(errno.EACCES, "other users may put files there", str(directory))


def _write_whole(path: str, data: bytes) -> None:
    """Writes a file that appears whole or not at all.

    Not forced to the disk: after a crash the checksum tells.
    """
    unfinished = f"{os.path.splitext(path)[0]}.{os.getpid()}.{next(_numbers)}{_UNFINISHED}"
    try:
        file = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(file, rest) :]
        finally:
            os.close(file)
        _replace(unfinished, path)
    except BaseException:
        _remove(unfinished)
        raise


def _replace(source: str, target: str) -> None:
    try:
        os.replace(source, target)
    except PermissionError:
        # Windows: another process has the same program open. Then it need not be written.
        if sys.platform != "win32" or not os.path.exists(target):
            raise
        _remove(source)


def _remove(path: str) -> bool:
    """Removes a file; returns whether it was there and could be removed."""
    try:
        os.unlink(path)
    except OSError:
        return False
    return True


def _touch(path: str) -> None:
    """Marks a file as used now."""
    try:
        os.utime(path)
    except OSError:
        pass


def _status(entry: os.DirEntry[str]) -> os.stat_result | None:
    try:
        return entry.stat()
    except OSError:
        return None
