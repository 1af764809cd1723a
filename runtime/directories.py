"""Tables as a directory of Parquet parts, with a manifest, and a lock for whoever writes."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ranvier.ir.text_files import read_object
from ranvier.runtime.joined_tables import joined
from ranvier.runtime.parts import SUFFIX, parts_in, read_part, write_part
from ranvier.runtime.writers import Lock, explained, write_to_disk

ABANDONED_SECONDS = 3600.0
"""Unfinished locks older than this, in seconds, were left by a process that died."""


class PartsDirectory:
    """Tables as directories of Parquet parts, in one directory with a manifest.

    A part of the table `main` is written last of those that belong together: parts of other tables without one are of
    a write that was cut short, and are removed by the next one who writes. One process writes at a time, or several of
    which each has a share of the parts; see `ranvier.runtime.writers`.

    Args:
        path: The directory; it is made if it does not exist.
        main: The table whose parts say that the others are there.
    """

    MANIFEST = "manifest.json"

    def __init__(self, path: str | os.PathLike[str], main: str) -> None:
        self.path = Path(path)
        self._main = main

    def manifest(self) -> dict[str, Any] | None:
        """Returns the manifest, None if the directory does not exist or is empty.

        Raises:
            FileExistsError: If the directory holds other things.
            ValueError: If the manifest is damaged.
        """
        file = self.path / self.MANIFEST
        if file.is_file():
            try:
                return read_object(file)
            except ValueError as error:
                raise ValueError(f"{error}. It is damaged: remove the directory, or name another one.") from None
        if self.path.exists() and (
            not self.path.is_dir() or any(not _is_passing(path) for path in self.path.iterdir())
        ):
            if file.is_file():  # another process has begun just now
                return self.manifest()
            raise FileExistsError(f"{self.path} exists and is no directory of a sweep; name another one for out=...")
        return None

    def make(self) -> None:
        """Makes the directory.

        Raises:
            OSError: If it cannot be made.
        """
        with explained(self.path, "The results of a sweep"):
            self.path.mkdir(parents=True, exist_ok=True)

    def begin(self, manifest: Mapping[str, Any]) -> None:
        """Writes the manifest, unless there is one: another process may have begun just now.

        Raises:
            OSError: If it cannot be written.
        """
        with explained(self.path, "The manifest of a sweep"):
            if not (self.path / self.MANIFEST).exists():
                write_new_text(self.path / self.MANIFEST, json.dumps(manifest, indent=1) + "\n")

    def lock(self, share: tuple[int, int] | None) -> Lock:
        """Takes the right to write parts.

        Args:
            share: (k, n) for one of n processes of which each has its own parts; None for the only one.

        Raises:
            BusyError: If another process has it.
            OSError: If that cannot be noted.
        """
        name = "_lock.json" if share is None else f"_lock-{share[0]}-of-{share[1]}.json"
        lock = Lock(self.path / name)
        with explained(self.path, "The lock of a sweep"):
            lock.take()
        try:
            for path in self.path.glob("_lock*.json"):
                if path.name != name and (share is None or not path.name.endswith(f"-of-{share[1]}.json")):
                    Lock(path).check_free()
        except BaseException:
            lock.give_back()
            raise
        return lock

    def clean(self, is_own: Callable[[str], bool]) -> None:
        """Removes what writes that were cut short have left.

        It is called by a process that has a lock, when there is a manifest.

        Args:
            is_own: Tells whether parts of a name are written by this process.
        """
        whole = {path.name for path in parts_in(self.path / self._main)}
        for folder in self.path.iterdir():
            if not folder.is_dir():
                continue
            left = [path for path in folder.glob(f"_*{SUFFIX}.*.tmp") if is_own(path.name[1:].partition(SUFFIX)[0])]
            if folder.name != self._main:
                left += [path for path in parts_in(folder) if path.name not in whole and is_own(path.stem)]
            for path in left:
                path.unlink(missing_ok=True)
        for path in self.path.glob("_*.tmp"):
            with contextlib.suppress(OSError):
                if path.name.startswith(f"_{self.MANIFEST}") or _is_left(path):  # the manifest is there by now
                    path.unlink()

    def add(self, name: str, tables: Mapping[str, Any]) -> None:
        """Writes a part of each table.

        Args:
            name: The name of the parts.
            tables: Name → rows; the main one is among them.

        Raises:
            OSError: If they cannot be written.
        """
        for table in sorted(tables, key=lambda each: each == self._main):
            folder = self.path / table
            with explained(folder, "Results of a sweep"):
                folder.mkdir(exist_ok=True)
                write_part(folder / f"{name}{SUFFIX}", tables[table])

    def names(self) -> list[str]:
        """Returns the names of the tables, without the main one."""
        folders = (path for path in self.path.iterdir() if path.is_dir() and path.name != self._main)
        return sorted(path.name for path in folders if parts_in(path))

    def table(self, name: str) -> Any:
        """Returns a table, None if nothing was written to it.

        Raises:
            ValueError: If one of its parts is damaged.
        """
        pieces = self.pieces(name)
        return joined(pieces) if pieces else None

    def pieces(self, name: str) -> list[Any]:
        """Returns the parts of a table.

        Raises:
            ValueError: If one of them is damaged.
        """
        return [self._read(path) for path in parts_in(self.path / name)]

    def _read(self, path: Path) -> Any:
        try:
            return read_part(path)
        except ValueError as error:
            raise ValueError(
                f"{error} Remove all files of this name, {path.name}, in the directories of {self.path}; then the same "
                "call computes their sets anew, and no others."
            ) from None


def write_new_text(path: Path, text: str) -> None:
    """Writes a text file that is whole or absent; one that is there already stays."""
    aside = path.with_name(f"_{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        write_to_disk(aside, text)
        try:
            os.link(aside, path)
        except FileExistsError:
            pass
        except OSError:  # a file system without hard links
            if not path.exists():
                os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def _is_left(path: Path) -> bool:
    """Tells whether a lock is no longer being written."""
    changed, owner = path.stat().st_mtime, Lock(path).owner()
    return time.time() - changed > ABANDONED_SECONDS or (owner is not None and owner.has_ended(changed))


def _is_passing(path: Path) -> bool:
    """Tells whether a file is one that comes and goes: a lock, one that is being written, one that NFS has renamed."""
    name = path.name
    return name.startswith(".nfs") or (name.startswith("_") and (name.endswith(".tmp") or name.startswith("_lock")))
