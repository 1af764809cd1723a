"""The file of messages in the temporary directory: made with the first message, gone when all went well."""

from __future__ import annotations

import atexit
import os
import sys
import time
import traceback
from pathlib import Path
from types import TracebackType

GREATEST_SCRIPT = 10_000_000
"""Bytes: longer scripts are not copied."""


class LogFile:
    """Appends messages to a file that is made with the first one.

    Attributes:
        path: The file; None before the first message, or if it cannot be written.
        script: The copy of the script, made when an error ended it; None otherwise.
        keep: Whether the files stay when Python ends.
    """

    def __init__(self) -> None:
        self.path: Path | None = None
        self.script: Path | None = None
        self.keep = False
        self._usable = True
        self._process = os.getpid()
        self._source = _main_script()

    def write(self, level: str, name: str, message: str, greatest: int) -> None:
        """Appends a message.

        Args:
            level: E.g. "WARNING".
            name: The logger.
            message: The text.
            greatest: Bytes after which a new file is begun; 0: never.
        """
        if not self._usable or os.getpid() != self._process:
            return
        try:
            path = self.path or self._begin()
            if greatest > 0 and path.stat().st_size >= greatest:
                path.replace(path.with_name(path.name + ".1"))
            with open(path, "a", encoding="utf-8") as file:
                file.write(_line(level, name, message))
        except OSError:
            self._usable = False

    def _begin(self) -> Path:
        import platform
        import tempfile

        handle, name = tempfile.mkstemp(prefix="ranvier_debug_", suffix=".log")
        os.close(handle)
        self.path = Path(name)
        atexit.register(self.close)
        header = f"Python {platform.python_version()} ({sys.executable}), {platform.platform()}"
        self.path.write_text(_line("DEBUG", "ranvier", header), encoding="utf-8")
        return self.path

    def save_script(self) -> None:
        """Writes a copy of the script as it was when the package was imported."""
        if self._source is None or not self._usable or os.getpid() != self._process:
            return
        import tempfile

        try:
            handle, name = tempfile.mkstemp(prefix="ranvier_script_", suffix=".py")
            with os.fdopen(handle, "wb") as file:
                file.write(self._source)
            self.script = Path(name)
        except OSError:
            self.script = None

    def close(self) -> None:
        """Removes the files, unless they are to be kept."""
        if self.keep or os.getpid() != self._process:
            return
        for path in (self.path, None if self.path is None else self.path.with_name(self.path.name + ".1"), self.script):
            if path is not None:
                path.unlink(missing_ok=True)
        self.path = self.script = None


def format_error(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> str:
    """Returns an exception with its traceback as text."""
    return "".join(traceback.format_exception(kind, error, trace)).rstrip()


def _line(level: str, name: str, message: str) -> str:
    now = time.time()
    stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now))
    return f"{stamp},{int(now * 1000) % 1000:03d} {level:<10} {name}: {message}\n"


def _main_script() -> bytes | None:
    """Returns the script that Python was started with; None in an interactive session."""
    path = getattr(sys.modules.get("__main__"), "__file__", None)
    try:
        if path is None or os.path.getsize(path) > GREATEST_SCRIPT:
            return None
        return Path(path).read_bytes()
    except OSError:
        return None
