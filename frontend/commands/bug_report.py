"""`ranvier bug-report`: puts all that is needed to understand a fault of a script into one file."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import time
import tokenize
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ranvier import __version__
from ranvier.bug_report.archive import Report, write_archive
from ranvier.bug_report.outcome import Outcome
from ranvier.bug_report.private import censor_of
from ranvier.bug_report.running import Runner, new_folder
from ranvier.bug_report.shortening import Shortener
from ranvier.commands.arguments import seconds
from ranvier.commands.closed_output import leave_closed_output


class ReportError(Exception):
    """A report that cannot be made; the message says why, and what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns 0 if the file was written, 2 if it could not be, 130 if it was stopped."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    end = given.index("--") if "--" in given else len(given)
    options = parser().parse_args(given[:end])
    options.arguments += given[end + 1 :]
    try:
        return _report(options)
    except BrokenPipeError:
        return leave_closed_output()
    except ReportError as error:
        print(f"ranvier bug-report: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("ranvier bug-report: stopped; no file was written", file=sys.stderr)
        return 130


def parser() -> argparse.ArgumentParser:
    """Returns what reads the arguments of the command."""
    found = argparse.ArgumentParser(
        "ranvier bug-report",
        description=__doc__,
        epilog="Nothing is sent. The script runs as it is; then shorter ones run, which may not change files, to find "
        "the shortest that ends the same way. Ctrl-C ends the step that is at work; the file is written with what is "
        "known.",
    )
    found.add_argument(
        "-o", "--output", metavar="FILE.zip", help="the file (ranvier-report-SCRIPT.zip, in this folder)"
    )
    found.add_argument("-m", "--message", default="", metavar="TEXT", help="what is wrong, and what you expected")
    found.add_argument(
        "--shows",
        metavar="TEXT",
        help="what the script prints, or warns of, where it shows the fault; for scripts that run to their end",
    )
    found.add_argument("--seconds", type=seconds, default=300.0, metavar="S", help="how long the script may run (300)")
    found.add_argument(
        "--shorten", type=seconds, default=120.0, metavar="S", help="how long to look for shorter scripts (120); 0: not"
    )
    found.add_argument("--input", metavar="FILE", help="a file with what the script reads from standard input")
    found.add_argument("--no-run", action="store_true", help="do not run the script: the report has it as it is")
    found.add_argument(
        "--attach", metavar="FILE", action="append", default=[], help="a text to add, such as the output of a cluster"
    )
    found.add_argument("script", help="the script, which may import ranvier or brian2")
    found.add_argument("arguments", nargs="*", help="what the script is given; those that begin with - follow --")
    return found


def _report(options: argparse.Namespace) -> int:
    script = Path(options.script)
    source = _read_script(script)
    attached = {Path(name).name: _read_text(Path(name), "--attach") for name in options.attach}
    if options.input is not None:
        _read_text(Path(options.input), "--input")
    output = _output(options.output, script)
    censor = censor_of(script)  # the folders that it knows are those of this process
    with new_folder() as folder:
        answers = None if options.input is None else Path(options.input)
        runner = Runner(script, options.arguments, Path(folder), options.seconds, answers)
        outcome = None if options.no_run else _run(runner, source)
        short = _shortened(runner, source, outcome, options)
    from ranvier.bug_report.machine import environment, facts  # loads LLVM: only for a report that is written

    report = Report(
        source, outcome, short.text, short.about, options.message, facts(__version__), environment(), attached
    )
    files = {name: text.replace(folder, "<temporary>") for name, text in report.files.items()}
    try:
        size = write_archive(output, files, censor)
    except OSError as error:
        raise ReportError(f"cannot write {output}: {error.strerror or error}; -o says where to") from error
    _tell(f"wrote {output} ({len(files)} files, {size / 1000:.0f} kB): {', '.join(_folders(files))}.")
    _tell(
        "Nothing was sent. Your home directory, your name and that of the computer were taken out; look at the file "
        "before you attach it to an issue."
    )
    return 0


def _tell(text: str) -> None:
    print(text, file=sys.stderr)


def _folders(files: Sequence[str] | dict[str, str]) -> list[str]:
    """Returns the names of files, and one for each folder."""
    return list(dict.fromkeys(f"{name.partition('/')[0]}/" if "/" in name else name for name in files))


def _read_script(path: Path) -> str:
    if path.suffix == ".ipynb":
        raise ReportError(f"{path} is a notebook: save it as a script first (jupyter nbconvert --to script {path})")
    if path.is_dir():
        raise ReportError(f"{path} is a folder; name the script in it")
    try:
        with tokenize.open(path) as file:
            return file.read()
    except OSError as error:
        raise ReportError(f"cannot read the script {path}: {error.strerror or error}") from error
    except (SyntaxError, UnicodeDecodeError) as error:
        raise ReportError(f"{path} is no Python script: its text cannot be decoded ({error})") from error


def _read_text(path: Path, option: str) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ReportError(f"cannot read {path}, the file of {option}: {error.strerror or error}") from error


def _output(given: str | None, script: Path) -> Path:
    """Returns where the report goes; whether it can be written there is found out before the script runs."""
    path = Path(given or _unused(f"ranvier-report-{script.stem}"))
    if path.is_dir():
        raise ReportError(f"{path} is a folder; -o takes the name of a file in it")
    if not path.parent.is_dir():
        raise ReportError(f"there is no folder {path.parent} to write {path.name} to; -o says where to")
    try:
        os.unlink(_tried(path))
    except OSError as error:
        raise ReportError(f"cannot write to {path.parent}: {error.strerror or error}; -o says where to") from error
    return path


def _tried(path: Path) -> Path:
    probe = path.with_name(f".{path.name}.{os.getpid()}")
    probe.touch()
    return probe


def _unused(stem: str) -> str:
    names = (f"{stem}{end}.zip" for end in ("", *(f"-{number}" for number in range(2, 10_000))))
    return next(name for name in names if not Path(name).exists())


def _run(runner: Runner, source: str) -> Outcome:
    _tell(f"runs {runner.script} (at most {runner.seconds:.0f} s) ...")
    outcome = runner.run(source)
    raised = outcome.raised
    if outcome.kind == "raised" and raised is not None and "EOFError" in raised.types and runner.answers is None:
        raise ReportError(f"{runner.script} waits for input in line {raised.line}; --input FILE gives it what it reads")
    _tell(f"... {outcome.title}")
    return outcome


# ---- shorter scripts


@dataclass(frozen=True)
class _Short:
    text: str
    about: str


def _shortened(runner: Runner, source: str, outcome: Outcome | None, options: argparse.Namespace) -> _Short:
    why_not = _why_not(runner, outcome, options)
    if outcome is None or why_not:
        return _Short("", why_not)
    limit = 2 * outcome.seconds + 5
    text = options.shows
    server = runner.server(outcome.modules)

    def shows(candidate: str) -> bool:
        found = runner.run_again(candidate, limit, server)
        return found.same_as(outcome) if text is None else text in found.output

    _tell(f"looks for a shorter script that does the same (at most {options.shorten:.0f} s) ...")
    shortener = Shortener(shows, time.monotonic() + options.shorten)
    with server or contextlib.nullcontext():
        try:
            repeats = shortener.shorten(source)
        except SyntaxError:
            return _Short("", "It is as it was given: what is no Python cannot be made shorter.")
        except (KeyboardInterrupt, EOFError):
            repeats = True
    if not repeats:
        return _Short(
            "", "It is as it was given: where it may change no files and start no programs it ends in another way."
        )
    before, after = source.count("\n"), shortener.best.count("\n")
    ended = " when the time was over" if shortener.is_late else ""
    about = f"It was made of the script ({before} lines, now {after}{ended}); {shortener.tried} scripts were run."
    _tell(f"... {before} lines became {after}")
    return _Short(shortener.best, about) if shortener.best != source else _Short("", "Nothing of it can be left out.")


def _why_not(runner: Runner, outcome: Outcome | None, options: argparse.Namespace) -> str:
    """Returns why there is no shorter script; "" if one may be looked for."""
    if outcome is None:
        return "It was not run."
    if runner.was_stopped:
        return "It was stopped, so that no shorter one was looked for."
    if options.shorten <= 0:
        return "No shorter one was looked for."
    if options.shows is not None:
        return "" if options.shows in outcome.output else f"It did not print {options.shows!r}, which shows the fault."
    if outcome.kind == "late":
        return "It did not end, so that no shorter one was looked for."
    if not outcome.is_fault:
        return "It ran to its end: without --shows nothing tells whether a shorter one is wrong, too."
    return ""
