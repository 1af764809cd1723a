"""From the lines of equations to the ops and instructions that compute them, and back.

    print(network.lower().explain("cells_stateupdater", 2))

Lines are those of texts that were given to objects; `equation_texts` of a plan has them by their names in locations.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from io import StringIO
from typing import TYPE_CHECKING, Any, NamedTuple

from ranvier.pipeline.options import Options
from ranvier.pipeline.stage_table import FROM_GRAPH, Loops, advance
from ranvier.plan.plan import Plan
from ranvier.plan.texts import equation_texts

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp
    from xdsl.ir import Operation

DIRECTORY = "equations"
"""Where the assembly that is looked at says that the texts are; nobody reads them there."""

LOCATED = ("snn", "optimised", "loops")
"""The stages whose ops have source locations that can be printed."""


@dataclass
class EquationLine:
    """A line of a text of the user, and what computes it.

    Attributes:
        file: The name of the text.
        line: The number of the line, from 1.
        text: The line.
        ops: The ops of the optimised graph that compute parts of it, as text.
        instructions: The instructions, each behind the name of its function.
    """

    file: str
    line: int
    text: str
    ops: list[str] = field(default_factory=list[str])
    instructions: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    def __str__(self) -> str:
        parts = [f"{self.file}:{self.line}: {self.text.strip()}", *(f"  {op}" for op in self.ops)]
        function = ""
        for name, instruction in self.instructions:
            if name != function:
                parts.append(f"  {name}:")
                function = name
            parts.append(f"    {instruction}")
        return "\n".join(parts)


class Instruction(NamedTuple):
    """An instruction of assembly.

    Attributes:
        row: The number of its line in the text of the assembly, from 0.
        function: The function that it is in.
        text: The instruction.
        file: The text that it computes a part of; "" if that is not known.
        line: The line there, from 1; 0 if it is not known.
        column: The column there.
    """

    row: int
    function: str
    text: str
    file: str
    line: int
    column: int


def explain_plan(plan: Plan, options: Options, file: str | None = None, line: int | None = None) -> str:
    """Returns the lines of equations with what computes them, see `equation_lines`.

    Args:
        plan: The plan.
        options: How it is compiled.
        file: Only this text, or those of an object whose name it is.
        line: Only this line.

    Raises:
        ValueError: There is no such text, or no such line in it.
    """
    found = equation_lines(plan, options)
    if file is not None:
        found = [one for one in found if one.file == file or one.file.startswith(f"{file}_")]
        if not found:
            raise ValueError(f"There is no text {file!r}; there are {', '.join(equation_texts(plan))}.")
    if line is not None:
        found = [one for one in found if one.line == line]
        if not found:
            raise ValueError(f"No text of {file!r} has a line {line}." if file else f"No text has a line {line}.")
    return "\n".join(str(one) for one in found if line is not None or one.ops or one.instructions)


def equation_lines(plan: Plan, options: Options) -> list[EquationLine]:
    """Returns all lines of the texts that a plan was made of, with the ops and the instructions that compute them."""
    found: dict[tuple[str, int], EquationLine] = {}
    for file, text in equation_texts(plan).items():
        for number, line in enumerate(text.splitlines(), start=1):
            if line.strip():
                found[file, number] = EquationLine(file, number, line)
    optimised, assembly = _stages(plan, options)
    for op, places in located_ops(optimised):
        for place in places:
            if place in found:
                found[place].ops.append(op)
    for one in instructions(assembly):
        if one.column and (one.file, one.line) in found:
            found[one.file, one.line].instructions.append((one.function, one.text))
    return list(found.values())


def located_ops(text: str) -> Iterator[tuple[str, list[tuple[str, int]]]]:
    """Yields the ops of a text with locations that compute parts of equations, and the files and lines of these."""
    for line in text.splitlines():
        op, _, location = line.strip().rpartition(" loc(")
        places = [(file, int(number)) for file, number, column in _SITE.findall(location) if column != "0"]
        if op and places:
            yield op, list(dict.fromkeys(places))


_SITE = re.compile(r'"((?:[^"\\]|\\.)*)":(\d+):(\d+)')


def _stages(plan: Plan, options: Options) -> tuple[str, str]:
    """Returns the optimised graph and the assembly as text with places."""
    texts: list[str] = []

    def note(stage: str, form: Any, _: float) -> None:
        if stage == "optimised":
            texts.append(_with_locations(form))

    placed = replace(options, codegen=replace(options.codegen, debug_info=options.codegen.debug_info or DIRECTORY))
    assembly = advance(_graph(plan), FROM_GRAPH, placed, note)
    return texts[0], assembly


def _graph(plan: Plan) -> ModuleOp:
    from ranvier.graph.build import build_module  # loads xDSL, for those who look

    return build_module(plan)


def located_text(plan: Plan, options: Options, stage: str) -> str:
    """Returns a stage as text in which each op has its source location.

    Raises:
        ValueError: The stage has none: it is none of `LOCATED`.
    """
    if stage not in LOCATED:
        raise ValueError(f"The stage {stage!r} has no locations to print; {', '.join(LOCATED)} have.")
    names = ["snn", *(each.name for each in FROM_GRAPH)]
    form = advance(_graph(plan), FROM_GRAPH[: names.index(stage)], options)
    return _with_locations(form.module if isinstance(form, Loops) else form)


def _with_locations(module: Operation) -> str:
    from xdsl.printer import Printer

    text = StringIO()
    Printer(text, print_debuginfo=True).print_op(module)
    return text.getvalue() + "\n"


_FILE = re.compile(r'\s*\.file\s+(\d+)\s+(?:"(?P<directory>[^"]*)"\s+)?"(?P<name>[^"]*)"')
_PLACE = re.compile(r"\s*\.loc\s+(\d+)\s+(\d+)\s+(\d+)")
_LABEL = re.compile(r'"?([\w.$]+)"?:')


def instructions(assembly: str) -> Iterator[Instruction]:
    """Yields the instructions of assembly with debug information, with their places in the texts of the user."""
    files: dict[str, str] = {}
    function, file, line, column = "", "", 0, 0
    for row, text in enumerate(assembly.splitlines()):
        bare = text.partition("#")[0].strip()
        if label := _LABEL.match(text):
            if not label[1].startswith(".L"):
                function, file, line, column = label[1], "", 0, 0
        elif known := _FILE.match(text):
            files[known[1]] = known["name"].rpartition("/")[2]
        elif place := _PLACE.match(text):
            file, line, column = files.get(place[1], ""), int(place[2]), int(place[3])
        elif bare and not bare.startswith("."):
            yield Instruction(row, function, " ".join(bare.split()), file, line, column)


__all__ = [
    "EquationLine",
    "Instruction",
    "equation_lines",
    "explain_plan",
    "instructions",
    "located_ops",
    "located_text",
]
