"""`ranvier-opt`: runs passes on an IR file, in the manner of `mlir-opt`, and writes any stage that comes of it."""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from io import StringIO
from pathlib import Path

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.printer import Printer
from xdsl.utils.exceptions import VerifyException

from ranvier.actions.rewrites.own import own_rewrite_names
from ranvier.actions.rewrites.registry import REWRITES, find_rewrites
from ranvier.codegen.errors import CodegenError
from ranvier.commands.arguments import add_load_option
from ranvier.commands.closed_output import leave_closed_output
from ranvier.commands.expected_diagnostics import Said, differences, expected_in, said_of
from ranvier.commands.guard import HOW, PassFailed, add_guard_options, checks_of
from ranvier.commands.interruption import tell_interrupted
from ranvier.ir.diagnostics import IRFileError, read_text
from ranvier.ir.dialect import new_context
from ranvier.ir.input_attributes import entry_of
from ranvier.ir.inputs import InputTable
from ranvier.ir.interpret import InterpretError
from ranvier.ir.locating import LocatingParser
from ranvier.meaning.reproducer import Reproducer, passes_in, read_reproducer
from ranvier.passes.default_pipeline import TO_LOOPS
from ranvier.passes.errors import PassError
from ranvier.passes.facts.program_checks import check_programs
from ranvier.passes.lower.abi import used_slots
from ranvier.passes.observe import DumpToDirectory
from ranvier.passes.own import load_passes
from ranvier.passes.pass_options import options_of, summary_of
from ranvier.passes.pipeline import LOWERING, Observer, PipelineError, lower, run_pipeline
from ranvier.passes.registry import load_pass, pass_names
from ranvier.pipeline.options import Options, code_as_chosen, passes_of_graph
from ranvier.pipeline.output_files import make_directory
from ranvier.pipeline.stage_table import (
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
from ranvier.text.run import InputError
from ranvier.watching.flags import add_flags, flags_of, plain_arguments
from ranvier.watching.watch import Watch


def read_module(path: str, context: Context) -> ModuleOp:
    """Returns the verified module in a file ("-": standard input), whose ops know their lines.

    Raises:
        IRFileError: The text cannot be parsed or breaks a rule of a dialect.
        OSError: The file cannot be read.
    """
    return read_file(path, context).module


def read_file(path: str, context: Context, *, load: bool = False) -> Reproducer:
    """Returns the verified module in a file, see `read_module`, with what the file says of passes and inputs.

    Args:
        path: The file.
        context: The dialects.
        load: Load the passes that it names.

    Raises:
        IRFileError: The text cannot be parsed or breaks a rule of a dialect.
        OSError: The file cannot be read.
    """
    return _read(_text_in(path), path, context, load=load)


def _read(text: str, path: str, context: Context, *, load: bool) -> Reproducer:
    for where in passes_in(text) if load else ():
        load_passes(where)
    return read_reproducer(text, _name(path), context, parser=LocatingParser, check=check_programs)


def _text_in(path: str) -> str:
    return sys.stdin.read() if path == "-" else read_text(path)


def _name(path: str) -> str:
    return "<stdin>" if path == "-" else path


EMITTED = FROM_GRAPH[FROM_GRAPH.index(LOOPS) + 1 :]
"""The stages that can be written besides IR."""


SPLIT = "// -----"
"""The line between the parts of a file that are treated each by itself."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit status: 0, 1 for errors in the file, 2 for wrong arguments."""
    try:
        options = _options(list(sys.argv[1:] if arguments is None else arguments))
        status = _list_passes() if options.list_passes else _run(options)
        sys.stdout.flush()
    except (PipelineError, InputError, InterpretError) as error:
        print(f"ranvier-opt: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        return leave_closed_output()
    except KeyboardInterrupt as error:
        return tell_interrupted("ranvier-opt", error)
    return status


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    """Returns what the arguments say, after the passes of others that they name have been loaded."""
    loading = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    loading.add_argument("--load", action="append", default=[])
    for where in loading.parse_known_args(arguments)[0].load:
        load_passes(where)
    found = parser()
    return found.parse_args(_with_pass_names(plain_arguments(_whole_options(arguments), found), found))


def _whole_options(arguments: Sequence[str]) -> list[str]:
    """Returns arguments in which `--check-meaning` does not take the file behind it for how."""
    followers = [*arguments[1:], ""]
    bare = "--check-meaning"
    return [
        f"{bare}={HOW[0]}" if one == bare and behind not in HOW else one
        for one, behind in zip(arguments, followers, strict=True)
    ]


def _with_pass_names(arguments: Sequence[str], options: argparse.ArgumentParser) -> Iterator[str]:
    """Yields arguments in which passes stand in pipelines: `--fuse-maps` is `-p fuse-maps`."""
    known = options._option_string_actions  # pyright: ignore[reportPrivateUsage]
    passes = {f"--{name}": name for name in pass_names() if f"--{name}" not in known}
    for one in arguments:
        name, equals, given = one.partition("=")
        if name not in passes:
            yield one
        else:
            yield from ("-p", f"{passes[name]}{{{given}}}" if equals else passes[name])


@dataclass
class Diagnostics:
    """What is said of a part of a file: printed, or kept to be compared with what its comments expect.

    Attributes:
        expected: The part, if it is compared.
        said: What was said.
    """

    expected: str | None = None
    said: list[Said] = field(default_factory=list[Said])

    def say(self, text: str, *said: Said) -> None:
        """Takes what is said: as it is printed, and what it consists of."""
        if self.expected is None:
            print(text, file=sys.stderr)
        self.said += said

    def failed(self, file: str) -> bool:
        """Tells whether there was an error, or something else was said than is expected; prints that."""
        if self.expected is None:
            return any(one.kind == "error" for one in self.said)
        try:
            wrong = differences(expected_in(self.expected), self.said, file)
        except ValueError as error:
            wrong = [f"{file}:{error}"]
        for line in wrong:
            print(line, file=sys.stderr)
        return bool(wrong)


def _run(options: argparse.Namespace) -> int:
    flags = flags_of(options)
    try:
        if options.dump is not None:
            make_directory(options.dump, "--dump")
        if flags.tree is not None:
            make_directory(flags.tree, "--ir-tree-dir")
    except OSError as error:
        print(f"ranvier-opt: {error}", file=sys.stderr)
        return 2
    if options.file.endswith(".py"):
        raise PipelineError(
            f"{options.file} is a script, not IR: RANVIER_FLAGS='--print-ir-diff' python {options.file} shows what "
            "passes do with it, RANVIER_DUMP=DIR writes the IR"
        )
    try:
        text = _text_in(options.file)
    except IRFileError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{options.file}: error: {error}", file=sys.stderr)
        return 1
    parts = list(_parts(text)) if options.split_input_file else [text]
    results, status = list[str](), 0
    for number, part in enumerate(parts):
        diagnostics = Diagnostics(part if options.verify_diagnostics else None)
        name = f"part {number + 1}" if len(parts) > 1 else ""
        watch = Watch(flags, name)
        result = _treated(argparse.Namespace(**vars(options)), part, watch, diagnostics)
        if diagnostics.failed(_name(options.file)):
            status = 1
        elif result is not None:
            results.append(result)
        watch.finish()
    if not results and status:
        return status
    return max(status, _written(f"\n{SPLIT}\n".join(results), options.output))


def _parts(text: str) -> Iterator[str]:
    """Yields the parts of a file; lines keep their numbers, and parts without a word are left out."""
    lines = 0
    for part in re.split(rf"(?m)^[ \t]*{SPLIT}-*[ \t]*$", text):
        if re.sub(r"//.*", "", part).strip() or "expected-" in part:
            yield "\n" * lines + part
        lines += part.count("\n")


def _written(text: str, output: str | None) -> int:
    try:
        _write(text, output)
    except BrokenPipeError:
        raise
    except OSError as error:
        print(f"ranvier-opt: cannot write: {error}", file=sys.stderr)
        return 2
    return 0


def _treated(options: argparse.Namespace, part: str, watch: Watch, diagnostics: Diagnostics) -> str | None:
    """Returns what comes of a part of a file, None if there is an error, which is said."""
    told = (Exception,) if options.verify_diagnostics else (OSError, VerifyException, CodegenError)
    try:
        return _result(options, part, watch, diagnostics)
    except (PipelineError, InputError, InterpretError):
        raise
    except (IRFileError, PassFailed) as error:
        diagnostics.say(str(error), *said_of(error))
    except PassError as error:
        notes = "".join(f"\n = note: {note}" for note in getattr(error, "__notes__", ()))
        diagnostics.say(f"{error.place or options.file}: error: {error}{notes}", *said_of(error))
    except told as error:
        diagnostics.say(f"{options.file}: error: {error}", *said_of(error))
    return None


def _result(options: argparse.Namespace, part: str, watch: Watch, diagnostics: Diagnostics) -> str:
    """Returns the text of what the passes make of a part of a file, lowered and taken further if that is asked for."""
    context = new_context()
    began = time.perf_counter()
    file = _read(part, options.file, context, load=options.run_reproducer)
    watch.stage("read", time.perf_counter() - began)
    if options.run_reproducer:
        options.passes, options.verify_each = file.pipeline, True
    check, guard = checks_of(options, file.module, file)
    dump = None if options.dump is None else DumpToDirectory(Path(options.dump))
    others: list[Observer] = [one for one in (dump, check, guard) if one is not None]
    with nullcontext() if options.verify_diagnostics else guard.watching(context):
        return _passed(options, file.module, watch, others, context, diagnostics)


def _passed(
    options: argparse.Namespace,
    module: ModuleOp,
    watch: Watch,
    others: Sequence[Observer],
    context: Context,
    diagnostics: Diagnostics,
) -> str:
    how = Options(pipeline=options.passes, watch=watch)
    if options.passes is None and _loops_table(module) is not None:
        how = replace(how, pipeline="")
    stages = device_stages(options.emit)
    lowers = (options.lower or options.emit) and not stages and _loops_table(module) is None
    behind = LOWERING if lowers and TO_LOOPS not in how.names else ""
    watch.pipeline(",".join(filter(None, (how.passes, behind))))
    began = time.perf_counter()
    with watch.passes(module, others) as observe:
        run_pipeline(
            module,
            passes_of_graph(how),
            observe=observe,
            verify=options.verify_each,
            verify_others=True,
            context=context,
        )
    watch.stage("passes", time.perf_counter() - began)
    for label, text in layout_notes(module):
        text = f"the synapses of '{label}' {text}"
        diagnostics.say(f"{options.file}: warning: {text}", Said("warning", 0, text))
    if stages:
        return stages[-1].show(advance(module, stages, how))
    if lowers and _loops_table(module) is None:
        began = time.perf_counter()
        with watch.passes(module, others) as observe:
            lower(module, observe=observe, verify=options.verify_each, verify_others=True, context=context)
        watch.stage("lowering", time.perf_counter() - began)
    module.verify()
    if options.emit:
        lowered = _loops_table(module)
        if lowered is None:
            raise VerifyException("there is no function @run")
        how = code_as_chosen(how, lowered.contracted)  # what is written is what `ranvier run` would compile
        with watch.llvm_passes():
            return advance(Loops(module, used_slots(module, lowered.slots())), EMITTED[: _emitted(options.emit)], how)
    began = time.perf_counter()
    text = StringIO()
    generic = options.generic or options.locations  # the other form has places that no parser reads
    Printer(text, print_generic_format=generic, print_debuginfo=options.locations).print_op(module)
    watch.stage("write", time.perf_counter() - began)
    return text.getvalue()


def _loops_table(module: ModuleOp) -> InputTable | None:
    try:
        return loops_table(module)
    except ValueError as error:
        entry = entry_of(module)
        raise VerifyException(str(error)) if entry is None else PassError(entry, str(error)) from None


def _emitted(stage: str) -> int:
    return [each.name for each in EMITTED].index(stage) + 1


def parser() -> argparse.ArgumentParser:
    """Returns what reads the arguments of the command."""
    found = argparse.ArgumentParser(
        "ranvier-opt",
        description="Runs passes on a file of Ranvier's IR.",
        epilog="A pass is also an option of its own: --fuse-maps is -p fuse-maps, --convert-resets=all=true is "
        "-p 'convert-resets{all=true}'. Names that begin with --mlir- are those of mlir-opt.",
        allow_abbrev=False,
    )
    found.add_argument("file", nargs="?", default="-", help="the IR file; standard input if not given")
    found.add_argument(
        "-p",
        "--passes",
        "--pass-pipeline",
        metavar="PIPELINE",
        action="append",
        help='passes such as "fold-constants,fuse-maps", or "builtin.module(fold-constants, fuse-maps)"; "default" for '
        'the default pipeline, which runs if this is not given, "" for none; several are run in order',
    )
    add_load_option(found)
    found.add_argument("--lower", action="store_true", help=f"run {LOWERING} after the pipeline")
    emitted = [stage.name for stage in (*EMITTED, *DEVICE, AMDGCN)]
    found.add_argument("--emit", choices=emitted, help=f"run {LOWERING} and write this instead of IR")
    found.add_argument("-o", "--output", metavar="FILE", help="write to a file instead of standard output")
    found.add_argument("--dump", metavar="DIR", help="write the module after each pass to files in a directory")
    found.add_argument(
        "--split-input-file",
        action="store_true",
        help=f"treat each part of the file by itself; the line '{SPLIT}' parts them, also in what is written",
    )
    found.add_argument(
        "--verify-diagnostics",
        action="store_true",
        help="compare errors and warnings with comments such as '// expected-error@+1 {{text}}'; print what differs",
    )
    found.add_argument("--verify-each", action="store_true", help="verify the module after each pass")
    add_guard_options(found)
    spellings = ("--generic", "--mlir-print-op-generic")
    found.add_argument(*spellings, action="store_true", help="print in the generic form")
    spellings = ("--locations", "--print-debuginfo", "--mlir-print-debuginfo")
    found.add_argument(*spellings, action="store_true", help="print the source locations, in the generic form")
    found.add_argument(
        "--list-passes",
        action="store_true",
        help="list the passes and what they do, with their options",
    )
    add_flags(found)
    return found


def _list_passes() -> int:
    for name in pass_names():
        try:
            cls = load_pass(name)
        except PipelineError as error:  # of a package that is broken: the others are listed nevertheless
            print(f"{name:34}cannot be used: {error}")
            continue
        print(f"{name:34}{summary_of(cls)}".rstrip())
        for option in options_of(cls):
            print(f"    {option}")
    print("\nIn pipelines of networks, in front of these (there is no graph yet, so not here):")
    rewrites = find_rewrites((*REWRITES, *own_rewrite_names()))
    print("\n".join(f"{rewrite.name:34}{rewrite.about}".rstrip() for rewrite in rewrites))
    return 0


def _write(text: str, output: str | None) -> None:
    if output is None:
        print(text)
    else:
        Path(output).write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
