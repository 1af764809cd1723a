"""From lines of LLVM IR to lines of optimised LLVM IR and of assembly, by debug information that only a report has.

Each instruction of the text is given its own line as its place in a source; LLVM carries that through its passes and to
the machine code. Nothing else in the code changes by it, so what is shown is what runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ranvier.codegen import CodegenOptions
from ranvier.codegen.compile import LINKED, assembly_text, optimised_text

_NOTE = re.compile(r",? !dbg !(\d+)")
_NUMBER = re.compile(r"^!(\d+) = ", re.MULTILINE)
_PLACE = re.compile(r"^!(\d+) = (?:distinct )?!DILocation\(line: (\d+)(.*)\)$")
_INLINED = re.compile(r"inlinedAt: !(\d+)")
_DEBUG = re.compile(
    r"^!(?:\d+ = (?:distinct )?!(?:DI\w+\(|\{i32 [27], !\"(?:Debug Info|Dwarf) Version\")"
    r"|llvm\.dbg\.cu|llvm\.module\.flags)"
)
_LOC = re.compile(r"^\s+\.loc\s+\d+\s+(\d+)(.*)$")
_LOC_INLINED = re.compile(r"@\[ [^ ]*?:(\d+):\d+")
_MARK = re.compile(r"^\.(?:Ltmp|Lfunc_begin|Lloc|Lsec_end)\d+:$")
_NOISE = re.compile(r"^\s+\.(?:cfi_\w+|file\s+\d)")


@dataclass(frozen=True)
class Lines:
    """A text, and for each line the lines of the text before that it comes from, the nearest first."""

    lines: Sequence[str]
    parents: Sequence[Sequence[int]]


def split_locations(text: str) -> Lines:
    """Returns LLVM IR that was written with locations of the kind "file:line:column", without them."""
    lines: list[str] = []
    parents: list[Sequence[int]] = []
    current: Sequence[int] = ()
    for line in text.splitlines():
        place = re.match(r"^  ; [^:]*:(\d+):\d+$", line)
        if place:
            current = (int(place[1]),)
        elif not line.startswith("  ; `"):
            lines.append(line)
            parents.append(current if line.startswith("  ") else ())
        if line == "}":
            current = ()
    return Lines(lines, parents)


def with_debug_lines(text: str) -> str:
    """Returns a text of LLVM IR in which each instruction of the first module says its line, counted from 0, plus 1."""
    own, *others = _NOTE.sub("", text).split(LINKED)
    free = 1 + max((int(number) for number in _NUMBER.findall(own)), default=-1)
    compile_unit, file, kind, first = free, free + 1, free + 2, free + 5
    written: list[str] = []
    places: list[str] = []
    function = 0
    for number, line in enumerate(own.splitlines(), start=1):
        if line.startswith("define ") and line.endswith("{"):
            function = first + len(places)
            written.append(f"{line[:-1]}!dbg !{function} {{")
            places.append(
                f'distinct !DISubprogram(name: "f{number}", scope: !{file}, file: !{file}, line: {number}, '
                f"type: !{kind}, unit: !{compile_unit}, spFlags: DISPFlagDefinition)"
            )
        elif function and line.strip() and line.startswith("  ") and not line.startswith(("   ", "  ;", "  ]")):
            written.append(_noted(line, first + len(places)))
            places.append(f"!DILocation(line: {number}, column: 1, scope: !{function})")
        else:
            written.append(line)
            function = 0 if line == "}" else function
    unit = f"distinct !DICompileUnit(language: DW_LANG_C99, file: !{file}, emissionKind: LineTablesOnly)"
    common = [unit, '!DIFile(filename: "llvm", directory: "")', "!DISubroutineType(types: !{})"]
    common += ['!{i32 7, !"Dwarf Version", i32 4}', '!{i32 2, !"Debug Info Version", i32 3}']
    described = [f"!{free + k} = {each}" for k, each in enumerate((*common, *places))]
    named = [f"!llvm.dbg.cu = !{{!{compile_unit}}}", f"!llvm.module.flags = !{{!{free + 3}, !{free + 4}}}"]
    return LINKED.join(["\n".join([*written, *named, *described, ""]), *others])


def _noted(line: str, number: int) -> str:
    return line if line.endswith("[") else f"{line}, !dbg !{number}"


def optimised_lines(text: str, options: CodegenOptions) -> Lines:
    """Returns a text of LLVM IR after LLVM's passes, and from which of its lines each line comes."""
    full = optimised_text(with_debug_lines(text), options=options)
    places = {match[1]: match for match in map(_PLACE.match, full.splitlines()) if match}
    lines: list[str] = []
    parents: list[Sequence[int]] = []
    for line in full.splitlines():
        if _DEBUG.match(line):
            continue
        note = _NOTE.search(line)
        here = note is not None and not line.startswith("define ")
        parents.append(tuple(_chain(note[1], places)) if here and note else ())
        lines.append(_NOTE.sub("", line))
    return Lines(_renumbered(lines), parents)


def _renumbered(lines: Sequence[str]) -> list[str]:
    """Returns lines whose metadata are numbered as if there never had been debug information."""
    numbers: dict[str, int] = {}
    text = [re.sub(r"!(\d+)\b", lambda m: f"!{numbers.setdefault(m[1], len(numbers))}", line) for line in lines]
    first = next((k for k, line in enumerate(text) if re.match(r"!\d+ = ", line)), len(text))
    return [*text[:first], *sorted(text[first:], key=lambda line: int(re.findall(r"\d+|$", line)[0] or 0))]


def _chain(number: str, places: dict[str, re.Match[str]]) -> Iterator[int]:
    """Yields the lines of a place, and of the calls through which it came there."""
    while (place := places.get(number)) is not None:
        if place[2] != "0":
            yield int(place[2]) - 1
        inlined = _INLINED.search(place[3])
        if inlined is None:
            return
        number = inlined[1]


def assembly_lines(text: str, options: CodegenOptions) -> Lines:
    """Returns the assembly of a text that LLVM has optimised, and from which of its lines each line comes."""
    lines: list[str] = []
    parents: list[Sequence[int]] = []
    current: tuple[int, ...] = ()
    for line in assembly_text(with_debug_lines(text), options=options).splitlines():
        if line.lstrip().startswith(".section") and ".debug_" in line:
            break
        loc = _LOC.match(line)
        if loc:
            found = [int(loc[1]), *map(int, _LOC_INLINED.findall(loc[2]))]
            current = tuple(each - 1 for each in found if each)
        elif not (_MARK.match(line) or _NOISE.match(line)):
            instruction = line.startswith("\t") and not line.startswith("\t.")
            lines.append(line)
            parents.append(current if instruction else ())
    return Lines(lines, parents)
