"""The file of a report: `report.md` to be read first, then the script, the traceback, messages and stages."""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ranvier.bug_report.outcome import Outcome
from ranvier.bug_report.running import shortened_text

MOST = 4_000_000
"""Characters of one file."""

LONGEST_SHOWN = 80
"""Lines of a script that `report.md` shows itself."""


@dataclass(frozen=True)
class Report:
    """What a report says.

    Attributes:
        script: The script.
        outcome: How it ended; None if it was not run.
        shortened: The shortest script that ends the same way; "" if there is none.
        about_short: How that was found, or why there is none.
        said: What the user says about the fault.
        facts: What is installed, and on what.
        environment: What of the environment Ranvier obeys.
        attached: Name and text of what the user adds.
    """

    script: str
    outcome: Outcome | None
    shortened: str
    about_short: str
    said: str
    facts: Sequence[tuple[str, str]]
    environment: Sequence[tuple[str, str]]
    attached: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def files(self) -> dict[str, str]:
        """Name and text of each file, `report.md` first."""
        rest = {"script.py": self.script}
        if self.shortened:
            rest["shortened.py"] = self.shortened
        outcome = self.outcome
        if outcome is not None:
            rest["traceback.txt"] = outcome.raised.traceback if outcome.raised is not None else ""
            rest |= {"output.txt": outcome.output, "messages.txt": outcome.log, "crash.txt": outcome.crash}
            rest |= {f"stages/{name}": text for name, text in outcome.stages.items()}
        rest |= {f"attached/{name}": text for name, text in self.attached.items()}
        rest = {name: text for name, text in rest.items() if text.strip()}
        return {"report.md": self._text(rest), **rest}

    def _text(self, files: Mapping[str, str]) -> str:
        title = "not run" if self.outcome is None else self.outcome.title
        parts = [
            f"# Report of a fault: {title}",
            "Nothing was sent: this file was only written. The home directory, the names of the user and of the "
            "computer were taken out of all texts; look at them before you give the file to somebody.",
            f"## What is wrong\n\n{self.said or '(Say here what you expected, if the message does not.)'}",
            *self._script_parts(),
            *self._outcome_parts(),
            _table("Versions and machine", self.facts),
            _table("Environment variables", self.environment),
            "## Files\n\n" + "\n".join(f"- `{name}`: {_about(name)}" for name in files),
        ]
        return "\n\n".join(part for part in parts if part) + "\n"

    def _script_parts(self) -> list[str]:
        shown = self.shortened or self.script
        name = "shortened.py" if self.shortened else "script.py"
        lines = shown.count("\n")
        code = _fenced(shown, "python") if lines <= LONGEST_SHOWN else f"`{name}` has it ({lines} lines)."
        heading = "## The shortest script found" if self.shortened else "## The script"
        return [f"{heading}\n\n{self.about_short}\n\n{code}"]

    def _outcome_parts(self) -> list[str]:
        outcome = self.outcome
        if outcome is None:
            return []
        said = f"{outcome.title} ({outcome.seconds:.1f} s, {_counted(outcome.programs, 'compiled network')})"
        parts = [f"## How it ended\n\n{_fenced(said)}"]
        if outcome.raised is not None:
            parts.append(f"## Traceback\n\n{_fenced(shortened_text(outcome.raised.traceback, 20_000))}")
        if outcome.crash.strip():
            parts.append(f"## Where it was\n\n{_fenced(shortened_text(outcome.crash, 20_000))}")
        parts.append(_table("Preferences that are not their defaults", sorted(outcome.preferences.items())))
        return parts


def _counted(number: int, name: str) -> str:
    return f"{number} {name}{'s' * (number != 1)}"


def _fenced(text: str, language: str = "") -> str:
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def _table(title: str, rows: Sequence[tuple[str, str]]) -> str:
    if not rows:
        return f"## {title}\n\nNone."
    lines = (f"| {name} | `{value.replace('|', '/').replace('`', chr(39))}` |" for name, value in rows)
    return f"## {title}\n\n| | |\n|---|---|\n" + "\n".join(lines)


_ABOUT = {
    "script.py": "the script",
    "shortened.py": "the shortest script that was found to end the same way",
    "traceback.txt": "the error with all steps",
    "output.txt": "what the script printed, with warnings",
    "messages.txt": "all messages, those for experts too",
    "crash.txt": "what each thread was doing when Python crashed or was stopped",
}

_STAGES = {
    "plan": "what the compiled code of a network depends on",
    "snn": "the network as a graph of operations",
    "optimised": "the graph after the passes",
    "loops": "the graph as loops",
    "llvm": "what LLVM is given",
    "llvm-optimised": "what LLVM makes of it",
    "asm": "machine code",
    "failed": "why the stage could not be made",
}


def _about(name: str) -> str:
    if name in _ABOUT:
        return _ABOUT[name]
    if name.startswith("attached/"):
        return "added by the user"
    number, _, stage = name.removeprefix("stages/").partition("-")
    stage = "failed" if ".failed." in name else stage.partition(".")[0]
    return f"network {number}: {_STAGES.get(stage, stage)}"


def write_archive(path: Path, files: Mapping[str, str], censor: Callable[[str], str]) -> int:
    """Writes texts into one zip file, which is there as a whole or not at all; returns its size in bytes.

    Args:
        path: The file.
        files: Name and text of each.
        censor: Takes private names out of a text.

    Raises:
        OSError: It cannot be written.
    """
    handle, name = tempfile.mkstemp(prefix=".ranvier-report-", suffix=".zip", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for title, text in files.items():
                archive.writestr(title, censor(shortened_text(text, MOST)))
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
    return path.stat().st_size
