"""`ranvier run`: runs a program that is written as text, without the front end."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ranvier.commands.arguments import add_load_option
from ranvier.commands.closed_output import leave_closed_output
from ranvier.commands.interruption import tell_interrupted
from ranvier.passes.own import load_passes
from ranvier.pipeline.options import Watcher
from ranvier.pipeline.output_files import make_directory
from ranvier.text.input_files import read_values
from ranvier.text.program import InputError, TextProgram, TextRun, parse_value
from ranvier.watching.flags import Flags, add_flags, flags_of, plain_arguments


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit status: 0, 1 for errors in the file, 2 for wrong arguments."""
    from xdsl.utils.exceptions import VerifyException

    from ranvier.codegen.errors import CodegenError, LoadError
    from ranvier.ir.diagnostics import IRFileError
    from ranvier.passes.pipeline import PipelineError
    from ranvier.runtime.cuda.driver import DeviceError

    found = parser()
    options = found.parse_args(plain_arguments(sys.argv[1:] if arguments is None else arguments, found))
    if options.file.endswith(".py"):
        print(f"ranvier run: {options.file} is a script: 'ranvier {options.file}' runs it", file=sys.stderr)
        return 2
    try:
        for where in options.load:
            load_passes(where)
        watch = _watch_of(options)
        if options.file == "-":
            program = TextProgram(sys.stdin.read(), "<stdin>", pipeline=options.passes, watch=watch)
        else:
            program = TextProgram.read(options.file, pipeline=options.passes, watch=watch)
        for warning in program.warnings:
            print(f"ranvier run: warning: {warning}", file=sys.stderr)
        if options.output is not None and not options.list_inputs:
            make_directory(options.output, "--output")
        if options.list_inputs:
            print("\n".join(str(entry) for entry in program.inputs))
            return 0
        run = program.start(_values(options, program))
        _advance(run, options)
        _report(run)
        if options.output is not None:
            _write_tables(run, Path(options.output))
        sys.stdout.flush()
    except BrokenPipeError:
        return leave_closed_output()
    except KeyboardInterrupt as error:
        return tell_interrupted("ranvier run", error)
    except (IRFileError, VerifyException, CodegenError, LoadError) as error:
        print(error if isinstance(error, IRFileError) else f"{options.file}: error: {error}", file=sys.stderr)
        return 1
    except InputError as error:
        print(f"ranvier run: {error}", file=sys.stderr)
        print("(--list-inputs shows what the program takes, --set LABEL=VALUE gives a value)", file=sys.stderr)
        return 2
    except DeviceError as error:
        print(f"ranvier run: {error}", file=sys.stderr)
        print("(-p emulate-kernels makes loops for the CPU of a file with kernels)", file=sys.stderr)
        return 2
    except (OSError, MemoryError, PipelineError) as error:
        print(f"ranvier run: {error}", file=sys.stderr)
        return 2
    return 0


def parser() -> argparse.ArgumentParser:
    """Returns what reads the arguments of the command."""
    found = argparse.ArgumentParser("ranvier run", description=__doc__)
    found.add_argument("file", help="the IR file: one snn.program, loops, or LLVM IR; -: standard input")
    found.add_argument("--list-inputs", action="store_true", help="list what the program takes, and run nothing")
    found.add_argument(
        "--set", metavar="LABEL=VALUE", action="append", default=[], help='a param or state: "tau=0.01", "v=[0, 0.5]"'
    )
    found.add_argument(
        "--inputs",
        metavar="FILE",
        help="params and states by their labels from a JSON file, {label: value, ...}, or from arrays with names "
        "(.npz), such as those of a dump",
    )
    found.add_argument(
        "--duration",
        type=float,
        metavar="S",
        help="seconds to simulate (as long as the run that was dumped; 1.0 for other inputs)",
    )
    found.add_argument("--dt", type=float, metavar="S", help="the step of all clocks in seconds (0.0001)")
    found.add_argument(
        "-p",
        "--passes",
        "--pass-pipeline",
        metavar="PIPELINE",
        action="append",
        help='the optimisations: "default" for the default ones, which are done if this is not given, "" for none; '
        "several are done in order",
    )
    add_load_option(found)
    found.add_argument("-o", "--output", metavar="DIR", help="write what is recorded to DIR/<label>.arrow")
    add_flags(found)
    return found


def _watch_of(options: argparse.Namespace) -> Watcher | None:
    """Returns what looks on while the program is made, None if nothing is to be shown."""
    flags = flags_of(options)
    if flags == Flags(colour=flags.colour):
        return None
    from ranvier.watching.watch import Watch  # LLVM IR runs without xDSL, unless one looks

    return Watch(flags)


def _values(options: argparse.Namespace, program: TextProgram) -> Mapping[str, Any]:
    values: dict[str, Any] = {} if options.inputs is None else dict(read_values(options.inputs))
    if options.dt is not None:
        values.update({entry.label: options.dt for entry in program.inputs if entry.kind == "clock"})
    for text in options.set:
        label, equals, value = text.partition("=")
        if not equals:
            raise InputError(f"--set takes LABEL=VALUE, not {text!r}")
        values[label.strip()] = parse_value(value.strip())
    return values


def _advance(run: TextRun, options: argparse.Namespace) -> None:
    seconds = options.duration
    if seconds is None and not run.has_end:
        seconds = 1.0
    start, began = run.time, time.perf_counter()
    run.advance(seconds)
    elapsed = time.perf_counter() - began
    print(f"simulated {run.time - start if seconds is None else seconds:g} s in {elapsed:.3f} s")


def _report(run: TextRun) -> None:
    for label, values in run.states.items():
        shown = ", ".join(f"{value:.6g}" for value in values[:5].tolist())
        print(f"state {label}: {shown}{', ...' if values.size > 5 else ''}")
    for label, table in run.tables.items():
        print(f"table {label}: {table.rows} rows" if table.columns else f"table {label}: counts only")


def _write_tables(run: TextRun, directory: Path) -> None:
    from ranvier.runtime.arrow import pyarrow

    directory.mkdir(parents=True, exist_ok=True)
    for label, table in run.tables.items():
        if table.columns:
            path = directory / f"{label}.arrow"
            recorded = table.to_arrow()
            with pyarrow().OSFile(str(path), "wb") as file, pyarrow("ipc").new_file(file, recorded.schema) as writer:
                writer.write_table(recorded)
            print(f"wrote {path}")
