"""`ranvier report`: runs a script, and writes a page that shows what each stage and pass made of its programs."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from ranvier.commands.arguments import BEHIND, script_last
from ranvier.report import TRACE_VARIABLE


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command and returns the exit status of the script, or 2 if it or the page cannot be opened."""
    from ranvier.brian import run_script

    reader = parser()
    options = reader.parse_args(script_last(sys.argv[1:] if arguments is None else arguments, reader))
    if not Path(options.script).is_file():
        return run_script.main([options.script])  # says what is wrong with it
    output = options.output or f"{Path(options.script).stem}.html"
    try:
        Path(output).parent.mkdir(parents=True, exist_ok=True)
        with Path(output).open("ab"):
            pass
    except OSError as error:
        print(f"ranvier report: cannot write {output}: {error.strerror or error}", file=sys.stderr)
        return 2
    os.environ[TRACE_VARIABLE] = output
    from ranvier.report.trace import current

    trace = current()
    if trace is None or not trace.works:
        return 2
    try:
        status = run_script.main([options.script, *options.arguments])
    finally:
        trace.write()
    if status == 0:
        print(f"wrote {output}: {_said(len(trace.programs))}", file=sys.stderr)
    return status


def _said(count: int) -> str:
    return "the script has run no network" if not count else f"{count} program{'s' * (count > 1)}"


def parser() -> argparse.ArgumentParser:
    """Returns what reads the arguments of the command."""
    found = argparse.ArgumentParser("ranvier report", description=__doc__, epilog=BEHIND)
    found.add_argument("-o", "--output", metavar="FILE.html", help="the page (SCRIPT.html, in this folder)")
    found.add_argument("script", help="the script, which may import ranvier or brian2")
    found.add_argument("arguments", nargs=argparse.REMAINDER, help="what the script is given")
    return found
