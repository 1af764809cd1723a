"""Runs many scripts without starting Python anew: a process that has loaded what they import forks for each."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from ranvier.bug_report.outcome import Kind

CAN_SERVE = hasattr(os, "fork")
"""Whether this system has processes that fork."""


class Server:
    """The process that forks, see `ranvier.bug_report.watched_script`.

    Args:
        command: What starts it.
        modules: What it loads first.
        environment: Its environment variables.
    """

    def __init__(self, command: Sequence[str], modules: Sequence[str], environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
        self._ask(json.dumps(modules))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def run(self, folder: Path, seconds: float) -> tuple[Kind, int]:
        """Runs the script in a folder; returns "ended" or "late", and the exit status.

        Args:
            folder: Where the script is, and where its outcome goes.
            seconds: The most that it may take.

        Raises:
            EOFError: The process has gone.
        """
        self._ask(str(folder))
        process = int(self._answer(None))
        try:
            answer = self._answer(time.monotonic() + seconds)
        finally:  # what the script has started, and itself if it is late or the user has had enough
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process, signal.SIGKILL)
        if answer:
            return "ended", int(answer)
        return "late", int(self._answer(None))

    def _ask(self, line: str) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(f"{line}\n".encode())
            self._process.stdin.flush()
        except OSError as error:
            raise EOFError from error

    def _answer(self, end: float | None) -> str:
        """Returns a line of the process; "" if it takes too long."""
        pipe = self._process.stdout
        assert pipe is not None
        if end is not None and not select.select([pipe], [], [], max(0.0, end - time.monotonic()))[0]:
            return ""
        line = pipe.readline()
        if not line:
            raise EOFError
        return line.decode().strip()


def server_command(script: Path, arguments: Sequence[str], answers: Path | None) -> list[str]:
    """Returns what starts the process for a script, its arguments, and the file that it reads as standard input."""
    given = [str(answers or os.devnull), str(script), *arguments]
    return [sys.executable, "-m", "ranvier.bug_report.watched_script", "--serve", *given]
