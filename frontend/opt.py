"""`ranvier-opt`: runs passes on an IR file, in the manner of `mlir-opt`, and writes any stage that comes of it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from ranvier.actions.rewrites.registry import REWRITES
from ranvier.closed_output import leave_closed_output
from ranvier.ir.diagnostics import IRFileError, read_text
from ranvier.ir.dialect import new_context
from ranvier.ir.inputs import InputTable
from ranvier.ir.interpret import InterpretError
from ranvier.ir.locating import LocatingParser
from ranvier.meaning.guard import PassFailed, add_guard_options, checks_of
from ranvier.meaning.reproducer import Reproducer, read_reproducer
from ranvier.passes.errors import PassError
from ranvier.passes.facts.program_checks import check_programs
from ranvier.passes.lower.abi import used_slots
from ranvier.passes.observe import DumpToDirectory, PrintAfterAll, Timing, all_of
from ranvier.passes.own import load_passes
from ranvier.passes.pipeline import LOWERING, Observer, PipelineError, lower, run_pipeline
from ranvier.passes.registry import load_pass, pass_names
from ranvier.pipelines import Options, code_as_chosen, passes_of_graph
from ranvier.stage_table import (
    AMDGCN,
    DEVICE,
    FROM_GRAPH,
    LOOPS,
    Loops,
    advance,
    device_stages,
    layout_notes,
    loops_table,
)
from ranvier.text_run import InputError


def read_module(path: str, context: Context) -> ModuleOp:
    """Returns the verified module in a file ("-": standard input), whose ops know their lines.

    Raises:
        IRFileError: The text cannot be parsed or breaks a rule of a dialect.
        OSError: The file cannot be read.
    """
    return read_file(path, context).module


def read_file(path: str, context: Context) -> Reproducer:
    """Returns the verified module in a file, see `read_module`, with what the file says of passes and inputs.

    Raises:
        IRFileError: The text cannot be parsed or breaks a rule of a dialect.
        OSError: The file cannot be read.
    """
    text = sys.stdin.read() if path == "-" else read_text(path)
    name = "<stdin>" if path == "-" else path
    return read_reproducer(text, name, context, parser=LocatingParser, check=check_programs)


EMITTED = FROM_GRAPH[FROM_GRAPH.index(LOOPS) + 1 :]
"""The stages that can be written besides IR."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit status: 0, 1 for errors in the file, 2 for wrong arguments."""
    options = parser().parse_args(arguments)
    try:
        for where in options.load:
            load_passes(where)
        status = _list_passes() if options.list_passes else _run(options)
        sys.stdout.flush()
    except PipelineError as error:
        print(f"ranvier-opt: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        return leave_closed_output()
    return status


def _run(options: argparse.Namespace) -> int:
    timing = Timing()
    try:
        text = _result(options, timing)
    except (IRFileError, PassFailed) as error:
        print(error, file=sys.stderr)
        return 1
    except (InputError, InterpretError) as error:
        print(f"ranvier-opt: {error}", file=sys.stderr)
        return 2
    except PassError as error:
        notes = "".join(f"\n = note: {note}" for note in getattr(error, "__notes__", ()))
        print(f"{error.place or options.file}: error: {error}{notes}", file=sys.stderr)
        return 1
    except (OSError, VerifyException) as error:
        print(f"{options.file}: error: {error}", file=sys.stderr)
        return 1
    if options.timing:
        print(timing, file=sys.stderr)
    try:
        _write(text, options.output)
    except BrokenPipeError:
        raise
    except OSError as error:
        print(f"ranvier-opt: cannot write: {error}", file=sys.stderr)
        return 2
    return 0


def _result(options: argparse.Namespace, timing: Timing) -> str:
    """Returns the text of what the passes make of the file, lowered and taken further if that is asked for."""
    context = new_context()
    file = read_file(options.file, context)
    for where in file.load if options.run_reproducer else ():
        load_passes(where)
    if options.run_reproducer:
        options.passes, options.verify_each = file.pipeline, True
    check, guard = checks_of(options, file.module, file)
    observe = _observers(options, timing, [] if check is None else [check])
    with guard.watching(context):
        return _passed(options, file.module, all_of(observe, guard, timing.restart), context)


def _passed(options: argparse.Namespace, module: ModuleOp, observe: Observer, context: Context) -> str:
    how = Options(pipeline=options.passes)
    if options.passes is None and _loops_table(module) is not None:
        how = Options(pipeline="")
    run_pipeline(module, passes_of_graph(how), observe=observe, verify=options.verify_each, context=context)
    for label, text in layout_notes(module):
        print(f"{options.file}: warning: the synapses of '{label}' {text}", file=sys.stderr)
    if stages := device_stages(options.emit):
        return stages[-1].show(advance(module, stages, how))
    if (options.lower or options.emit) and _loops_table(module) is None:
        lower(module, observe=observe, verify=options.verify_each, context=context)
    module.verify()
    if options.emit:
        lowered = _loops_table(module)
        if lowered is None:
            raise VerifyException("there is no function @run")
        how = code_as_chosen(how, lowered.contracted)  # what is written is what `ranvier run` would compile
        return advance(Loops(module, used_slots(module, lowered.slots())), EMITTED[: _emitted(options.emit)], how)
    text = StringIO()
    generic = options.generic or options.locations  # the other form has places that no parser reads
    Printer(text, print_generic_format=generic, print_debuginfo=options.locations).print_op(module)
    return text.getvalue()


def _loops_table(module: ModuleOp) -> InputTable | None:
    try:
        return loops_table(module)
    except ValueError as error:
        raise VerifyException(str(error)) from None


def _emitted(stage: str) -> int:
    return [each.name for each in EMITTED].index(stage) + 1


def parser() -> argparse.ArgumentParser:
    """Returns what reads the arguments of the command."""
    found = argparse.ArgumentParser("ranvier-opt", description="Runs passes on a file of Ranvier's IR.")
    found.add_argument("file", nargs="?", default="-", help="the IR file; standard input if not given")
    found.add_argument(
        "-p",
        "--passes",
        metavar="PIPELINE",
        action="append",
        help='passes such as "fold-constants,fuse-maps", "default" for the default pipeline, which runs if this is not '
        'given, "" for none; several are run in order',
    )
    found.add_argument(
        "--load", metavar="FILE.py|MODULE", action="append", default=[], help="a Python file or module with passes"
    )
    found.add_argument("--lower", action="store_true", help=f"run {LOWERING} after the pipeline")
    emitted = [stage.name for stage in (*EMITTED, *DEVICE, AMDGCN)]
    found.add_argument("--emit", choices=emitted, help=f"run {LOWERING} and write this instead of IR")
    found.add_argument("-o", "--output", metavar="FILE", help="write to a file instead of standard output")
    found.add_argument("--print-ir-after-all", action="store_true", help="print the module after each pass")
    found.add_argument("--dump", metavar="DIR", help="write the module after each pass to files in a directory")
    found.add_argument("--timing", action="store_true", help="print how long each pass took")
    found.add_argument("--verify-each", action="store_true", help="verify the module after each pass")
    add_guard_options(found)
    found.add_argument("--generic", action="store_true", help="print in the generic form")
    spellings = ("--locations", "--print-debuginfo", "--mlir-print-debuginfo")
    found.add_argument(*spellings, action="store_true", help="print the source locations, in the generic form")
    found.add_argument("--list-passes", action="store_true", help="list the passes and what they do")
    return found


def _observers(options: argparse.Namespace, timing: Timing, checks: Sequence[Observer]) -> Observer:
    found: list[Observer] = [timing]
    if options.print_ir_after_all:
        found.append(PrintAfterAll())
    if options.dump is not None:
        found.append(DumpToDirectory(Path(options.dump)))
    return all_of(*found, *checks)


def _list_passes() -> int:
    print("\n".join(f"{name:34}{_summary(name)}" for name in pass_names()))
    print("\nIn pipelines of networks, in front of these (there is no graph yet, so not here):")
    print("\n".join(f"{rewrite.name:34}{rewrite.about}" for rewrite in REWRITES.values()))
    return 0


def _summary(name: str) -> str:
    lines = (load_pass(name).__doc__ or "").strip().splitlines()
    return lines[0] if lines else ""


def _write(text: str, output: str | None) -> None:
    if output is None:
        print(text)
    else:
        Path(output).write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
