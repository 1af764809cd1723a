"""Runs a script in a process of its own, for a while, and tells how it ended."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ranvier.bug_report.outcome import Kind, Outcome, Raised
from ranvier.bug_report.server import CAN_SERVE, Server, server_command

GRACE = 10.0
"""Seconds that a script has to end after it was asked to."""

MOST_OUTPUT = 200_000
"""Characters of output that are kept: the first half and the last."""

MOST_PRINTED = 100_000_000
"""Bytes after which a script that goes on printing is ended."""


@dataclass
class Runner:
    """Runs a script and shorter ones in its place.

    Attributes:
        script: The script's place.
        arguments: What it is given.
        folder: An empty folder for what is noted.
        seconds: The most that a run may take.
        answers: A file with what the script reads from standard input; None: there is none.
        was_stopped: Whether the user has stopped a run.
    """

    script: Path
    arguments: list[str]
    folder: Path
    seconds: float
    answers: Path | None = None
    was_stopped: bool = False
    _runs: int = field(default=0)

    def run(self, source: str) -> Outcome:
        """Runs a text in the place of the script, as it is.

        Args:
            source: The text.
        """
        return self._in_process(self._new_folder(source), self.seconds, guarded=False)

    def run_again(self, source: str, seconds: float, server: Server | None) -> Outcome:
        """Runs a text in the place of the script, which may change no files elsewhere.

        Args:
            source: The text.
            seconds: The most that it may take.
            server: What forks for it; None: Python is started anew.

        Raises:
            KeyboardInterrupt: The user has stopped it.
        """
        folder = self._new_folder(source)
        if server is None:
            return self._in_process(folder, seconds, guarded=True)
        began = time.monotonic()
        how, status = server.run(folder, seconds)
        return _outcome(folder, how, status, time.monotonic() - began)

    def server(self, modules: list[str]) -> Server | None:
        """Returns a new process that forks for scripts; None where the system has none.

        Args:
            modules: What scripts load.
        """
        if not CAN_SERVE:
            return None
        command = server_command(self.script, self.arguments, self.answers)
        return Server(command, modules, self._environment(self.folder))

    def _new_folder(self, source: str) -> Path:
        self._runs += 1
        folder = self.folder / str(self._runs)
        (folder / "tmp").mkdir(parents=True)
        (folder / "script.py").write_text(source, encoding="utf-8")
        return folder

    def _in_process(self, folder: Path, seconds: float, *, guarded: bool) -> Outcome:
        given = ["--guarded"] if guarded else []
        command = [sys.executable, "-m", "ranvier.bug_report.watched_script", *given, str(folder)]
        began = time.monotonic()
        with open(self.answers or os.devnull, "rb") as answers, open(folder / "output.txt", "wb") as output:
            process = subprocess.Popen(
                [*command, str(self.script), *self.arguments],
                stdin=answers,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self._environment(folder / "tmp"),
                start_new_session=True,
            )
            try:
                how = _wait(process, folder / "output.txt", began + seconds)
            except KeyboardInterrupt:
                how = "stopped"
            if how != "ended":
                _end(process, at_once=guarded)
        if how == "stopped" and guarded:
            raise KeyboardInterrupt
        self.was_stopped |= how == "stopped"
        return _outcome(folder, how, process.returncode, time.monotonic() - began)

    def _environment(self, temporary: Path) -> dict[str, str]:
        names = ("TMPDIR", "TEMP", "TMP")
        further = {"MPLBACKEND": "Agg", "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8:replace"}
        return {**os.environ, **dict.fromkeys(names, str(temporary)), **further}


def _wait(process: subprocess.Popen[bytes], output: Path, end: float) -> Kind:
    """Waits for a process; returns how it went: "ended", or "late" where it has to be ended."""
    while process.poll() is None:
        rest = end - time.monotonic()
        if rest <= 0 or output.stat().st_size > MOST_PRINTED:
            return "late"
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(min(rest, 0.5))
    return "ended"


def _end(process: subprocess.Popen[bytes], *, at_once: bool) -> None:
    """Asks a process to end, so that it can say where it is; then ends it with its workers."""
    if not at_once and os.name == "posix":
        process.send_signal(signal.SIGUSR1)  # it writes where it is
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
            process.wait(GRACE)
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def _outcome(folder: Path, how: Kind, status: int, seconds: float) -> Outcome:
    try:
        told: dict[str, Any] = json.loads((folder / "outcome.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        told = {}
    kind: Kind = told.get("kind", "killed" if status < 0 else "status") if how == "ended" else how
    raised = told.get("raised")
    return Outcome(
        kind=kind,
        seconds=seconds,
        status=told.get("status", status),
        output=shortened_text((folder / "output.txt").read_text(encoding="utf-8", errors="replace")),
        raised=None if raised is None else Raised(**raised),
        preferences=told.get("preferences", {}),
        programs=told.get("programs", 0),
        modules=told.get("modules", []),
        stages={path.name: path.read_text(encoding="utf-8") for path in sorted((folder / "stages").glob("*"))},
        log="".join(_read(path) for path in sorted((folder / "tmp").glob("ranvier_debug_*.log"))),
        crash=_read(folder / "crash.txt"),
    )


def _read(path: Path) -> str:
    try:
        return shortened_text(path.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return ""


def shortened_text(text: str, most: int = MOST_OUTPUT) -> str:
    """Returns a text, of a long one the beginning and the end."""
    if len(text) <= most:
        return text
    half = most // 2
    return f"{text[:half]}\n[... {len(text) - 2 * half} characters left out ...]\n{text[-half:]}"


def new_folder() -> tempfile.TemporaryDirectory[str]:
    """Returns a folder for what is noted, which goes when it is closed."""
    return tempfile.TemporaryDirectory(prefix="ranvier-bug-", ignore_cleanup_errors=True)
