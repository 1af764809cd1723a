"""Edited dumps in place of stages: `RANVIER_OVERRIDE=directory python script.py`.

A file of a dump (`ranvier.pipeline.dumps`) that was changed takes the place of its stage in the program of its key.
Its inputs have to be those of the network, which binds its arrays to them by position.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ranvier.codegen import LoadedProgram
from ranvier.codegen.cache import ProgramCache
from ranvier.ir.inputs import Input, InputTable
from ranvier.ir.text_files import read_text
from ranvier.pipeline.dumps import RUNNABLE, heading_of
from ranvier.pipeline.options import Options
from ranvier.pipeline.stage_table import Loops, Stage, loops_table
from ranvier.session.logger import get_logger

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

OVERRIDE_VARIABLE = "RANVIER_OVERRIDE"
"""Environment variable: a directory with edited dumps, which take the place of stages."""

_NAME = re.compile(rf"(?:\d+-)?(?P<key>[0-9a-f]{{16}})-(?P<stage>{'|'.join(RUNNABLE)})\.(?:mlir|ll)")
_logger = get_logger("ranvier.devices")


@dataclass(frozen=True)
class EditedStage:
    """A file that takes the place of a stage.

    Attributes:
        stage: The name of the stage.
        key: The program, see `ranvier.pipeline.dumps.dump_key`.
        path: The file.
        text: What is in it.
        alike: See `ranvier.pipeline.dumps.alike_key`; "" if the file does not say it.
    """

    stage: str
    key: str
    path: str
    text: str
    alike: str = ""

    @property
    def digest(self) -> str:
        """A hash of the text: part of the key of the compiled program."""
        return hashlib.sha256(self.text.encode()).hexdigest()


class OverrideError(ValueError):
    """An edited stage does not fit the network, or there are several for one program."""


# ---- finding

_read: dict[str, tuple[tuple[int, int], EditedStage | None]] = {}
"""Path → time and size of the file, and what it is: None if it was not edited."""

_used: set[str] = set()
_asked: dict[str, None] = {}
_looked_in: set[str] = set()


def edited_stage(key: str, alike: Callable[[], str]) -> EditedStage | None:
    """Returns the edited stage of a program that the environment variable's directory has, None if there is none.

    Where there is none of its key, and nothing else of it, that of a program which differs in the number of synapses
    only is taken: random connections are others at each run of a script without `seed`.

    Args:
        key: See `ranvier.pipeline.dumps.dump_key`.
        alike: Returns what `ranvier.pipeline.dumps.alike_key` does.

    Raises:
        OverrideError: There are several, or no such directory.
    """
    directory = os.environ.get(OVERRIDE_VARIABLE)
    if not directory:
        return None
    _asked[key] = None
    try:
        names = sorted(os.listdir(directory))
    except OSError as error:
        raise OverrideError(
            f"{directory}: {error.strerror or error}: the environment variable {OVERRIDE_VARIABLE} names a directory "
            "with edited stages, change or unset it"
        ) from error
    if not _looked_in:
        atexit.register(_warn_of_unused)
    _looked_in.add(directory)
    matches = [found for found in map(_NAME.fullmatch, names) if found is not None]
    every = [one for found in matches if (one := _edited(os.path.join(directory, found[0]))) is not None]
    found = [one for one in every if one.key == key]
    if not found and every and all(match["key"] != key for match in matches):
        name = alike()
        found = [one for one in every if one.alike == name and one.key not in _asked]
        _tell_of_alike(found, key)
    _used.update(one.path for one in found)
    if len(found) > 1:
        paths = " and ".join(one.path for one in found)
        raise OverrideError(f"{paths} are edited stages of one program: keep the one that is to be taken")
    return found[0] if found else None


def _tell_of_alike(found: Sequence[EditedStage], key: str) -> None:
    for one in found:
        if one.path not in _used:
            _logger.info(
                f"{OVERRIDE_VARIABLE}: {one.path} takes its place in the program {key}, which has more or fewer "
                "synapses than the one that was dumped.",
                "override_alike",
            )


def _edited(path: str) -> EditedStage | None:
    """Returns what an edited file holds; None for one that is as it was dumped."""
    status = os.stat(path)
    stamp = (status.st_mtime_ns, status.st_size)
    if path in _read and _read[path][0] == stamp:
        return _read[path][1]
    try:
        text = read_text(path)
    except ValueError as error:
        raise OverrideError(str(error)) from error
    name = _NAME.fullmatch(os.path.basename(path))
    assert name is not None
    heading = heading_of(text)
    same = heading is not None and (heading.key, heading.stage) == (name["key"], name["stage"])
    as_dumped = same and heading is not None and heading.fits(text)
    alike = heading.alike if same and heading is not None else ""
    found = None if as_dumped else EditedStage(name["stage"], name["key"], path, text, alike)
    _read[path] = (stamp, found)
    return found


def _warn_of_unused() -> None:
    edited = [path for path, (_, found) in _read.items() if found is not None]
    unused = [path for path in edited if path not in _used]
    if unused:
        _logger.warn(
            f"{OVERRIDE_VARIABLE}: {', '.join(unused)} took no place: the programs of this script are "
            f"{', '.join(_asked)}. The model, its pipeline or its number of threads has changed since the dump.",
            "override_unused",
        )
    elif not edited:
        of_dumps = "all are as they were dumped" if _read else "a dump has names such as 001-KEY-optimised.mlir"
        _logger.warn(
            f"{OVERRIDE_VARIABLE}: no file in {', '.join(sorted(_looked_in))} takes the place of a stage: {of_dumps}.",
            "override_unused",
        )


# ---- taking the place


def with_edited(
    rows: Sequence[Stage[Any, Any]], edited: EditedStage | None, *, may_grow: bool = True
) -> tuple[Stage[Any, Any], ...]:
    """Returns the table of the stages in which an edited file takes the place of what its stage would make.

    Args:
        rows: The table.
        edited: The file, None for none.
        may_grow: Whether it may need longer arrays, since `check_sizes` is called before each run.
    """
    if edited is None:
        return tuple(rows)
    return tuple(_row(stage, edited, may_grow) if stage.name == edited.stage else stage for stage in rows)


def _row(stage: Stage[Any, Any], edited: EditedStage, may_grow: bool) -> Stage[Any, Any]:
    def make(form: Any, options: Options) -> Any:
        table = loops_table(form.module) if stage.name == "llvm" else None  # what follows may use up the form
        expected = stage.make(form, options)
        table = table or _table_of(expected)
        _compare(table, edited)
        more = [need for need in table_of(edited).needs if need not in table.needs and not may_grow]
        if more:
            raise OverrideError(
                f"{edited.path}:{_line_with(edited, more[0].by)}: {more[0].by} may need more elements than "
                f"{more[0].what} has, which is not known of the instances of a sweep"
            )
        return _form(edited)

    return replace(stage, make=make)


def _form(edited: EditedStage) -> Any:
    """Returns what an edited stage holds, in the form of its stage."""
    if edited.stage == "llvm":
        return edited.text
    module = _module(edited)
    if edited.stage != "loops":
        return module
    from ranvier.passes.lower.abi import used_slots

    found = loops_table(module)
    assert found is not None
    return Loops(module, used_slots(module, found.slots()))


def _table_of(form: Any) -> InputTable:
    from ranvier.passes.lower.abi import program_of
    from ranvier.passes.lower.input_table import input_table

    if not isinstance(form, Loops):
        return input_table(program_of(form))
    table = loops_table(form.module)
    assert table is not None
    return table


def _module(edited: EditedStage) -> ModuleOp:
    from ranvier.ir.diagnostics import parse_module
    from ranvier.ir.locating import LocatingParser
    from ranvier.passes.facts.program_checks import check_programs

    return parse_module(edited.text, edited.path, check=check_programs, parser=LocatingParser)


_tables: dict[str, InputTable] = {}
"""The inputs of edited texts, by digest."""


def table_of(edited: EditedStage) -> InputTable:
    """Returns the inputs of an edited stage.

    Raises:
        IRFileError: The text cannot be read, or is not of this stage.
        CodegenError: LLVM IR does not say its inputs.
    """
    found = _tables.get(edited.digest)
    if found is None:
        found = _tables[edited.digest] = _read_table(edited)
    return found


def _read_table(edited: EditedStage) -> InputTable:
    if edited.stage == "llvm":
        from ranvier.codegen.input_metadata import read_metadata

        return read_metadata(edited.text, edited.path)
    from xdsl.utils.exceptions import VerifyException

    from ranvier.ir.diagnostics import Diagnostic, IRFileError
    from ranvier.passes.lower.abi import program_of
    from ranvier.passes.lower.input_table import input_table

    module = _module(edited)
    try:
        found = loops_table(module)
        if (found is None) is (edited.stage == "loops"):
            raise ValueError(f"this is not the stage {edited.stage!r}, which the name of the file says")
        return input_table(program_of(module)) if found is None else found
    except (VerifyException, ValueError) as error:
        line, text = _line_of(edited, 0)
        raise IRFileError(Diagnostic(str(error), edited.path, line, text=text)) from None


def _compare(expected: InputTable, edited: EditedStage) -> None:
    """Checks that the inputs of an edited stage are those of what it takes the place of.

    Raises:
        IRFileError: They are not: arrays would be bound to the wrong arguments.
    """
    found = table_of(edited)
    theirs, mine = (tuple(_identity(one) for one in table.inputs) for table in (expected, found))
    if theirs == mine:
        return
    from ranvier.ir.diagnostics import Diagnostic, IRFileError

    both = zip(theirs, mine, strict=False)
    number = next((k for k, (a, b) in enumerate(both) if a != b), min(len(theirs), len(mine)))
    old, new = (_text(table.inputs, number) for table in (expected, found))
    line, text = _line_of(edited, number)
    raise IRFileError(
        Diagnostic(
            f"input {number} is {new} here, the network has {old}",
            edited.path,
            line,
            text=text,
            length=len(text),
            note=f"this file is to take the place of the stage {edited.stage!r} ({OVERRIDE_VARIABLE})",
            hint="leave the inputs as they are, in their order; or dump the network again, if that has changed",
        )
    )


def _identity(one: Input) -> tuple[object, ...]:
    """Returns what the host knows an input by: names do not matter."""
    return (one.kind, one.type, one.times, one.columns, one.own, one.carried, one.history)


def _text(inputs: Sequence[Input], number: int) -> str:
    if number >= len(inputs):
        return "nothing"
    one = inputs[number]
    return " ".join(filter(None, (one.kind, repr(one.label), one.type, str(list(one.columns) if one.columns else ""))))


def _line_of(edited: EditedStage, number: int) -> tuple[int, str]:
    """Returns the line in which an input is declared, or the nearest to it that can be found."""
    lines = edited.text.splitlines()
    declares = re.compile(r"\bsnn\.(param|state|event_space|clock|sink)\b")
    declared = [k for k, line in enumerate(lines) if declares.search(line.partition("//")[0])]
    if edited.stage in ("loops", "llvm") or not declared:
        declared = [next((k for k, line in enumerate(lines) if "ranvier.table" in line), 0)]
    place = declared[min(number, len(declared) - 1)]
    return place + 1, lines[place].strip()[:200] if edited.stage in ("loops", "llvm") else lines[place]


# ---- running

_compared: set[str] = set()
"""The digests of LLVM IR whose inputs are those of the network."""


def llvm_program(
    edited: EditedStage,
    options: Options,
    symbols: Mapping[str, int],
    cache: ProgramCache,
    compare: Callable[[], object],
) -> LoadedProgram:
    """Returns the native program of edited LLVM IR.

    Args:
        edited: The stage.
        options: How to compile.
        symbols: The addresses of the functions outside that the program calls.
        cache: Where compiled programs are kept.
        compare: Makes the stages up to this one, which compares the inputs.

    Raises:
        CodegenError: LLVM does not accept it.
        IRFileError: It has other inputs.
    """
    from ranvier.codegen.programs import program_of_text

    if edited.digest not in _compared:
        compare()
        _compared.add(edited.digest)
    slots = table_of(edited).slots()
    return program_of_text(edited.text, slots, options=options.code, symbols=symbols, cache=cache, file=edited.path)


def placed(edited: EditedStage, error: Exception) -> Exception:
    """Returns an error of passes or of code generation as one that names the file and the line."""
    from ranvier.ir.diagnostics import Diagnostic, IRFileError

    place = str(getattr(error, "place", ""))
    message = str(error)
    found = re.fullmatch(r".*:(\d+):(\d+)", place)
    of_llvm = re.search(rf"{re.escape(edited.path)}:(\d+):(\d+)(?:: error: (.*))?", message)
    title, *more = message.splitlines()
    if of_llvm is not None:
        found = of_llvm
        title = f"LLVM does not accept this: {of_llvm[3]}" if of_llvm[3] else title
    elif title.startswith(f"LLVM does not accept {edited.path}: "):  # its verifier has no places, it shows instructions
        title = title.replace(edited.path, "this", 1)
        at = next((edited.text.find(f"\n{one}") for one in reversed(more) if f"\n{one}" in edited.text), -1)
        found = re.match(r"(\d+):(\d+)", f"{edited.text.count(chr(10), 0, at + 1) + 1}:1") if at >= 0 else None
    elif "ranvier_entry" in message:
        title = "the function @ranvier_entry, by which the program is called, is not there any more"
    line, column = (int(found[1]), int(found[2])) if found else (0, 1)
    lines = edited.text.splitlines()
    text = lines[line - 1] if 0 < line <= len(lines) else ""
    if found is None and not title.startswith(edited.path):
        title = f"{edited.path}: {title}"
    return IRFileError(Diagnostic(title, edited.path, line, column, text))


def check_sizes(edited: EditedStage, values: Sequence[Any]) -> None:
    """Checks that the arrays of a run are as long as an edited stage needs.

    Args:
        edited: The stage.
        values: What the inputs of the network stand for.

    Raises:
        OverrideError: An array is too short: native code would read or write beyond it.
    """
    known = [*values, 1]  # behind them stands the number of threads

    def param(number: int) -> int:
        return int(known[number])

    for need in table_of(edited).needs:
        has, size = need.has.value(param), need.size.value(param)
        if has < size:
            raise OverrideError(f"{edited.path}:{_line_with(edited, need.by)}: {need.message(has, size)}")


def _line_with(edited: EditedStage, op: str) -> int:
    """Returns the first line with the label of an op that a message names."""
    label = re.search(r'"[^"]*"', op)
    lines = enumerate(edited.text.splitlines(), 1)
    return next((k for k, line in lines if label is not None and label[0] in line and "snn." in line), 1)


__all__ = [
    "OVERRIDE_VARIABLE",
    "EditedStage",
    "OverrideError",
    "check_sizes",
    "edited_stage",
    "llvm_program",
    "placed",
    "table_of",
    "with_edited",
]
