"""`ranvier reduce`: makes a program smaller that shows a fault of a pass, as long as it shows it."""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ranvier.commands.arguments import add_load_option, seconds
from ranvier.commands.closed_output import leave_closed_output
from ranvier.commands.interruption import tell_interrupted
from ranvier.commands.opt import read_file
from ranvier.commands.program_options import add_value_options, given_by
from ranvier.ir.diagnostics import IRFileError
from ranvier.ir.dialect import new_context
from ranvier.ir.input_attributes import entry_of
from ranvier.meaning.apart import run_apart
from ranvier.meaning.check import FAILURES
from ranvier.meaning.faults import Fault, find_fault
from ranvier.meaning.reduction import Case, Reducer, Shows
from ranvier.meaning.reproducer import reproducer_of
from ranvier.passes.default_pipeline import TO_LOOPS
from ranvier.passes.own import load_passes
from ranvier.passes.pipeline import PipelineError, parse_pipeline
from ranvier.pipeline.output_files import check_output
from ranvier.text.run import InputError


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns 0, 1 if the program does not show the fault or is none, 2 for wrong arguments."""
    options = parser().parse_args(arguments)
    try:
        return _reduce(options)
    except BrokenPipeError:
        return leave_closed_output()
    except KeyboardInterrupt as error:
        return tell_interrupted("ranvier reduce", error)
    except IRFileError as error:
        print(error, file=sys.stderr)
        return 1
    except ValueError as error:
        if not isinstance(error, InputError | PipelineError):
            print(f"ranvier reduce: {options.file}: {error}", file=sys.stderr)
            return 1
        print(f"ranvier reduce: {error}", file=sys.stderr)
    except OSError as error:
        print(f"ranvier reduce: {error}", file=sys.stderr)
    return 2


def parser() -> argparse.ArgumentParser:
    """Returns what reads the arguments of the command."""
    found = argparse.ArgumentParser("ranvier reduce", description=__doc__)
    found.add_argument(
        "file", help="a reproducer (ranvier-opt --reproducer, ranvier bisect --reproducer) or an IR file"
    )
    found.add_argument("-o", "--output", metavar="FILE", help="where the small program goes (standard output)")
    found.add_argument(
        "-p", "--passes", metavar="PIPELINE", action="append", help="the passes, instead of those that the file says"
    )
    add_load_option(found)
    found.add_argument(
        "--test",
        metavar="COMMAND",
        help="a shell command that ends with status 0 for programs that show the fault; {} stands for the file. By "
        "default it is the fault that the passes have with the program as it is",
    )
    found.add_argument(
        "--predicate", metavar="FILE.py:FUNCTION", help="a Python function that tells it of the text of a program"
    )
    found.add_argument("--seconds", type=seconds, default=300.0, metavar="S", help="how long it may take (300)")
    add_value_options(found)
    return found


def _reduce(options: argparse.Namespace) -> int:
    for where in options.load:
        load_passes(where)
    check_output(options.output, "--output")
    case = read_file(options.file, new_context(), load=True)
    load = tuple(dict.fromkeys((*case.load, *options.load)))
    pipeline = ",".join(options.passes) if options.passes else case.pipeline
    case = replace(case, pipeline=pipeline, load=load)
    if case.given is not None or options.set or options.inputs:
        case = replace(case, given=given_by(options, case.module, case.given))
    shows = _by_command(options.test) if options.test else None
    shows = _by_function(options.predicate) if options.predicate else shows
    began = time.monotonic()
    begun = case
    if shows is None:
        begun, shows = same_fault(case)
    reducer = Reducer(shows, max(options.seconds - (time.monotonic() - began), 0))
    small = reducer.reduce(begun)
    if options.output is None:
        print(str(small), end="")
    else:
        small.write(options.output)
    sizes = f"{_ops(case)} ops became {_ops(small)}, {len(str(case))} characters {len(str(small))}"
    print(f"{sizes}; {reducer.tried} programs were tried", file=sys.stderr)
    return 0


def _ops(case: Case) -> int:
    return sum(1 for _ in case.module.walk()) - 1


def _fault_of(case: Case) -> Fault | None:
    needs_run = case.fault not in ("raises", "invalid")
    given = case.given if needs_run else None
    passes = parse_pipeline(case.pipeline)
    return find_fault(case.module, passes, given, steps=case.steps, native=case.native, rewrite=False)


def same_fault(case: Case) -> tuple[Case, Shows]:
    """Returns a case to begin with, and what tells whether another has its fault: kind, pass, and what is raised.

    The case begins with the pass at fault and with the instant that differs, if that alone has the fault, too.

    Args:
        case: The case.

    Raises:
        ValueError: It has none.
    """
    first = _fault_of(case)
    if first is None:
        raise ValueError("no pass is at fault: give --test or --predicate, or the passes (-p) and the inputs")
    wanted = _described(first)

    def has_it(other: Case) -> bool:
        fault = _fault_of(other)
        return fault is not None and _described(fault) == wanted

    def shows(other: Case) -> bool:
        """Looks in a process of its own where loops run: cut to pieces, they may never end."""
        if entry_of(other.module) is None and not other.native and TO_LOOPS not in other.pipeline:
            return has_it(other)
        return run_apart(lambda: has_it(other), LONGEST)

    begun = reproducer_of(first, native=case.native, load=case.load)
    if first.kind != "meaning" or begun.given is None:
        begun = replace(begun, given=case.given, steps=case.steps)
    try:
        return (begun if shows(begun) else case), shows
    except FAILURES:
        return case, shows


LONGEST = 5
"""How many seconds of CPU time a candidate may take whose loops are run."""


def _described(fault: Fault) -> tuple[str, str, str]:
    raised = type(fault.error).__name__ if fault.kind == "raises" else ""
    return fault.one.name, fault.kind, raised


def _by_command(command: str) -> Shows:
    def shows(case: Case) -> bool:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "case.mlir"
            case.write(path)
            line = command.replace("{}", str(path)) if "{}" in command else f"{command} {path}"
            return subprocess.run(line, shell=True, capture_output=True, check=False).returncode == 0

    return shows


def _by_function(where: str) -> Shows:
    path, _, name = where.rpartition(":")
    spec = importlib.util.spec_from_file_location(Path(path).stem, path) if path else None
    if spec is None or spec.loader is None or not Path(path).is_file():
        raise InputError(f"--predicate takes FILE.py:FUNCTION, not {where!r}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    function: Any = getattr(module, name, None)
    if not callable(function):
        raise InputError(f"{path} has no function {name!r}")
    return lambda case: bool(function(str(case)))
