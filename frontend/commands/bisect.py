"""`ranvier bisect`: finds the first pass after which a program computes something else, and in it the rewrite."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace

from xdsl.dialects.builtin import ModuleOp

from ranvier.brian.run_script import main as run_script
from ranvier.commands.arguments import add_load_option, add_pipeline_option
from ranvier.commands.closed_output import leave_closed_output
from ranvier.commands.interruption import tell_interrupted
from ranvier.commands.opt import read_file
from ranvier.commands.program_options import add_value_options, given_by
from ranvier.commands.script_passes import passes_of_script
from ranvier.ir.diagnostics import IRFileError
from ranvier.ir.dialect import new_context
from ranvier.ir.interpret import InterpretError
from ranvier.meaning.capture import Captured, Enough, capturing
from ranvier.meaning.check import STEPS
from ranvier.meaning.faults import Fault, find_fault
from ranvier.meaning.given import Given
from ranvier.meaning.reproducer import reproducer_of
from ranvier.passes.default_pipeline import TO_LOOPS, lowering_to_emulation
from ranvier.passes.own import load_passes
from ranvier.passes.pipeline import LOWERING, PipelineError, parse_pipeline
from ranvier.pipeline.options import Options, Passes, passes_of_graph
from ranvier.pipeline.output_files import check_output
from ranvier.pipeline.stage_table import loops_table
from ranvier.text.run import InputError


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit status: 0 if no pass is at fault, 1 if one is, 2 for wrong arguments."""
    options, rest = parser().parse_known_args(arguments)
    try:
        check_output(options.reproducer, "--reproducer")
        if options.file.endswith(".py"):
            return _script(options, rest)
        if rest:
            parser().error(f"unrecognized arguments: {' '.join(rest)}")
        return _file(options)
    except BrokenPipeError:
        return leave_closed_output()
    except KeyboardInterrupt as error:
        return tell_interrupted("ranvier bisect", error)
    except IRFileError as error:
        print(error, file=sys.stderr)
    except (InputError, InterpretError, PipelineError, OSError) as error:
        print(f"ranvier bisect: {error}", file=sys.stderr)
    return 2


def parser() -> argparse.ArgumentParser:
    """Returns what reads the arguments of the command."""
    found = argparse.ArgumentParser(
        "ranvier bisect",
        description=__doc__,
        epilog="Each step of the run begins with what the program before the pass has come to. A pass may round as its "
        "`rounding` says; all others must not change a bit.",
    )
    found.add_argument("file", help="a script (*.py), whose arguments follow; an IR file; or a reproducer")
    add_pipeline_option(found, "the passes: by default those of the script or the reproducer, else the default ones")
    add_load_option(found)
    add_value_options(found)
    found.add_argument("--native", action="store_true", help="run native code instead of the interpreter")
    found.add_argument("--no-lower", action="store_true", help=f"leave {LOWERING} out, which comes behind the pipeline")
    found.add_argument(
        "--program", type=int, metavar="N", help="of a script that runs several programs only the N-th, from 1"
    )
    found.add_argument("--reproducer", metavar="FILE", help="write a reproducer of what is found")
    return found


def _file(options: argparse.Namespace) -> int:
    for where in options.load:
        load_passes(where)
    file = read_file(options.file, new_context(), load=True)
    steps = file.steps if file.given is not None and options.steps == STEPS else options.steps
    pipeline: Passes | None = options.pipeline or file.pipeline or None
    graph = loops_table(file.module) is None
    if pipeline is None and not graph:
        pipeline = ""
    given = given_by(options, file.module, file.given)
    lower = graph and not file.pipeline and not options.no_lower
    found = _find(file.module, Options(pipeline=pipeline), given, options, steps=steps, lower=lower)
    return _report(found, options, options.file)


def _script(options: argparse.Namespace, rest: Sequence[str]) -> int:
    programs: list[Captured] = []

    def take(one: Captured) -> None:
        programs.append(one)
        if options.program is not None and len(programs) == options.program:
            raise Enough

    with passes_of_script(options), capturing(take):
        try:
            if run_script([options.file, *rest]):
                return 2
        except (Enough, SystemExit):
            pass
        except Exception as error:  # a pass that raises ends the script: what it was given is known
            print(f"{options.file} ended with {type(error).__name__}: {error}", file=sys.stderr)
    return _programs(programs, options)


def _programs(programs: list[Captured], options: argparse.Namespace) -> int:
    if not programs or (options.program is not None and len(programs) < options.program):
        raise InputError(f"{options.file} runs {len(programs)} programs")
    chosen = range(len(programs)) if options.program is None else [options.program - 1]
    status = 0
    for number in chosen:
        one, name = programs[number], f"{options.file}, program {number + 1} of {len(programs)}"
        if one.calls_python:
            print(f"{name}: calls functions of the script in each step, and cannot be run without it", file=sys.stderr)
            status = max(status, 2)
            continue
        how = replace(
            one.options, pipeline=(*one.options.steps, *one.options.on_loops)
        )  # the rewrites of actions are done already
        fault = _find(one.module, how, one.given, options, steps=options.steps, lower=not options.no_lower)
        status = max(status, _report(fault, options, name))
        if fault is not None:
            return 1
    return status


def _find(
    module: ModuleOp, how: Options, given: Given, options: argparse.Namespace, *, steps: int, lower: bool
) -> Fault | None:
    lower = lower and TO_LOOPS not in how.names
    passes = (*parse_pipeline(passes_of_graph(how)), *(parse_pipeline(_lowering(how)) if lower else ()))
    return find_fault(module, passes, given, steps=steps, native=options.native)


def _lowering(how: Options) -> str:
    """Returns the passes that make loops of the graph; kernels of a GPU are emulated to be run."""
    return LOWERING if how.target == "cpu" else lowering_to_emulation(how.block, how.order)


def _report(fault: Fault | None, options: argparse.Namespace, name: str) -> int:
    """Prints what was found and writes the reproducer; returns the exit status."""
    if fault is None:
        print(f"{name}: no pass is at fault")
        return 0
    print(f"{name}: {fault}")
    if options.reproducer is not None:
        reproducer_of(fault, native=options.native, load=options.load).write(options.reproducer)
        print(f"wrote {options.reproducer}")
    return 1
