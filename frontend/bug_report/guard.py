"""Keeps a script from changing files: what it writes goes aside, what else would have effects is refused."""

from __future__ import annotations

import builtins
import hashlib
import io
import os
import sys
from pathlib import Path
from typing import Any

from ranvier.codegen.cache import default_cache

_CHANGES = {
    **dict.fromkeys(("os.remove", "os.rmdir", "os.mkdir", "os.truncate", "os.chmod", "os.chown", "shutil.rmtree"), 1),
    **dict.fromkeys(("os.rename", "os.link", "os.symlink", "shutil.move"), 2),
}
"""Event of Python → how many of the things that it names are files that it changes."""

_REFUSED = frozenset(("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "socket.connect"))
"""Events of Python that have effects elsewhere."""


class _Folders:
    """Where files may be changed: those of the report, and the cache of programs."""

    def __init__(self, folder: Path) -> None:
        self._aside = folder / "written"
        self._aside.mkdir(exist_ok=True)
        found = (folder.parent, default_cache().directory)
        self._allowed = [Path(where).resolve() for where in found if where is not None]

    def allow(self, path: Any) -> bool:
        """Tells whether a file may be changed; one that is open already may."""
        if isinstance(path, int):
            return True
        full = Path(os.path.realpath(os.fsdecode(path)))
        return str(full) == os.devnull or any(full.is_relative_to(one) for one in self._allowed)

    def aside(self, path: Any) -> Path:
        """Returns what stands for a file that may not be changed."""
        full = os.path.realpath(os.fsdecode(path))
        return self._aside / f"{hashlib.sha256(full.encode()).hexdigest()[:8]}-{os.path.basename(full)}"


def keep_files(folder: Path) -> None:
    """Keeps this process, as long as it lives, from changing files elsewhere.

    Args:
        folder: The folder of a script; it and those beside it may be written to.
    """
    folders = _Folders(folder)
    sys.dont_write_bytecode = True
    really_open: Any = io.open
    really_make: Any = os.mkdir

    def open_aside(file: Any, mode: str = "r", *given: Any, **further: Any) -> Any:
        if isinstance(file, int):
            return really_open(file, mode, *given, **further)
        aside = folders.aside(file)
        if _writes(mode, None) and not folders.allow(file):
            return really_open(aside, mode.replace("x", "w"), *given, **further)
        return really_open(aside if aside.exists() else file, mode, *given, **further)

    def make_nothing(path: Any, *given: Any, **further: Any) -> None:
        if folders.allow(path):
            really_make(path, *given, **further)

    for module in (builtins, io):
        setattr(module, "open", open_aside)  # noqa: B010
    setattr(os, "mkdir", make_nothing)  # noqa: B010
    sys.addaudithook(lambda event, given: _check(folders, event, given))


def _check(folders: _Folders, event: str, given: tuple[Any, ...]) -> None:
    if event == "open":
        path, mode, flags = given
        if path is None or not _writes(mode, flags) or folders.allow(path):
            return
    elif event in _CHANGES:
        if all(folders.allow(path) for path in given[: _CHANGES[event]]):
            return
    elif event not in _REFUSED:
        return
    raise PermissionError(f"a script that was made shorter may not do this: {event} {given[0] if given else ''}")


def _writes(mode: Any, flags: Any) -> bool:
    if isinstance(flags, int):
        return bool(flags & (os.O_WRONLY | os.O_RDWR))
    return bool(set(mode or "") & set("wax+"))
