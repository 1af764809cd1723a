"""From what the user wrote to the plan, and from the plan to the ops of the graph: the first links of the chain.

All later links are followed by `snapshots.py` and `machine_lines.py`. Here is the one place where it is decided which
line of the user an op comes from. Ops of the graph say it themselves: their locations name line and column in a text
of the user (`graph_origins`), and for a report what stands there, too (`graph_spans`). The plan has no locations, so
its lines go by names (`_keys_of`): an op of a step's code serves the next value of it that has a name in the plan; the
plan has these names from the user's texts. So do ops whose location names an object only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation

from ranvier.ir.locations import Site, sites, written_at
from ranvier.ir.structure import INPUT_OPS, LoopOp, YieldOp
from ranvier.plan.plan import Plan
from ranvier.plan.texts import equation_texts
from ranvier.report.printing import Printed
from ranvier.report.records import SourceText, Text

_INNER = re.compile(r"^_(?:new|P|Q|k\d*|x)__(.*)$")
"""Names that integrators make of a variable's."""

INDENTED = 4
"""So many blanks stand in front of what the user wrote."""

HEAD, RESULT, BINDING = "", "->", ":"
"""Keys of a step's lines: its head, its results, and what names stand for."""


def source_lines(sources: Sequence[SourceText]) -> Text:
    """Returns all that the user wrote as one text."""
    lines: list[str] = []
    for text in sources:
        lines.append(f"# {text.object}: {text.kind}{f'  ({text.place})' if text.place else ''}")
        lines += [f"{' ' * INDENTED}{line}" for line, _ in text.lines]
    about = "What the script says, and the objects that it says it of."
    return Text(name="equations", kind="source", about=about, language="equations", lines=lines)


class _Sources:
    """Finds lines of what the user wrote."""

    def __init__(self, sources: Sequence[SourceText]) -> None:
        self._found: dict[tuple[str, str], list[int]] = {}
        line = 0
        for text in sources:
            for label in text.labels:
                self._add(label, HEAD, line)
                for k, (_, name) in enumerate(text.lines, start=1):
                    self._add(label, name, line + k)
            line += 1 + len(text.lines)

    def _add(self, label: str, name: str, line: int) -> None:
        self._found.setdefault((label, name), []).append(line)

    def lines(self, label: str, name: str) -> Sequence[int]:
        """Returns the lines that say what a step makes of a variable, else all of the step."""
        inner = _INNER.match(name)
        for wanted in dict.fromkeys((name, inner[1] if inner else name, HEAD)):
            if (label, wanted) in self._found:
                return self._found[label, wanted]
        return ()


def plan_lines(plan: Plan, sources: Sequence[SourceText]) -> tuple[Text, Mapping[tuple[int, str], Sequence[int]]]:
    """Returns a plan as text, with what its lines come from, and its lines by step and key."""
    finder, lines = _Sources(sources), plan.as_text().splitlines()
    parents: list[Sequence[int]] = [()] * len(lines)
    where: dict[tuple[int, str], list[int]] = {}
    step = -1
    for number, line in enumerate(lines):
        if line.startswith("# ") and not line.startswith("#   "):
            step += 1
        if step < 0:
            where.setdefault((-1, str(number)), []).append(number)
            continue
        key = _key_of(line)
        where.setdefault((step, key), []).append(number)
        if key != BINDING:
            parents[number] = finder.lines(plan.steps[step].label, HEAD if key == RESULT else key)
    about = "What the compiled code depends on, and nothing else."
    return Text(name="plan", kind="stage", about=about, language="plan", lines=lines, parents=parents), where


def _key_of(line: str) -> str:
    if line.startswith("  -> "):
        return RESULT
    assigned = re.match(r"^  (\w+) = ", line)
    if assigned:
        return assigned[1]
    return BINDING if line.startswith("  ") else HEAD


def graph_parents(
    plan: Plan, module: ModuleOp, printed: Printed, where: Mapping[tuple[int, str], Sequence[int]]
) -> list[Sequence[int]]:
    """Returns for each line of the graph the lines of the plan that it comes from."""
    numbers = {step.label: number for number, step in reversed([*enumerate(plan.steps)])}
    inputs = (op for op in module.walk() if isinstance(op, INPUT_OPS))
    found: dict[Operation, Sequence[int]] = {op: where.get((-1, str(k)), ()) for k, op in enumerate(inputs)}
    for loop in (op for op in module.walk() if isinstance(op, LoopOp)):
        for op in loop.body.block.ops:
            step = _step_of(op, numbers)
            if step is None:
                continue
            found[op] = where.get((step, HEAD), ())
            targets = {key for number, key in where if number == step}
            for inner, keys in _keys_of(op, targets).items():
                lines = [line for key in keys for line in where.get((step, key), ())]
                found[inner] = lines or found[op]
    parents: list[Sequence[int]] = [()] * len(printed.lines)
    for line, op in printed.ops:
        parents[line] = found.get(op, ())
    return parents


def graph_origins(plan: Plan, printed: Printed, sources: Sequence[SourceText]) -> list[Sequence[int]]:
    """Returns for each line of the graph the lines of what the user wrote at which the locations of its op are."""
    places = _Places(plan, sources)
    found: list[Sequence[int]] = [()] * len(printed.lines)
    for line, op in printed.ops:
        found[line] = tuple(dict.fromkeys(k for site in sites(op.location) for k in places.lines(site)))
    return found


def graph_spans(plan: Plan, printed: Printed, sources: Sequence[SourceText]) -> list[Sequence[Span]]:
    """Returns for each line of the graph which parts of what the user wrote its op computes."""
    places = _Places(plan, sources)
    found: list[Sequence[Span]] = [()] * len(printed.lines)
    for line, op in printed.ops:
        spans = (span for site, text in written_at(op.location) for span in places.spans(site, text))
        found[line] = tuple(dict.fromkeys(spans))
    return found


Span: TypeAlias = tuple[int, int, int]
"""A line, and from which to before which character."""


class _Places:
    """Finds the lines of what the user wrote at the places that locations name."""

    def __init__(self, plan: Plan, sources: Sequence[SourceText]) -> None:
        self._texts = {name: text.splitlines() for name, text in equation_texts(plan).items()}
        self._sources: list[tuple[int, SourceText]] = []
        self._known: dict[Site, Sequence[int]] = {}
        self._lines: list[str] = []
        for text in sources:
            self._sources.append((len(self._lines), text))
            self._lines += ["", *(line for line, _ in text.lines)]

    def lines(self, site: Site) -> Sequence[int]:
        """Returns the lines at a place; none if only the object is known."""
        if site not in self._known:
            self._known[site] = self._found(site)
        return self._known[site]

    def spans(self, site: Site, text: str) -> Iterator[Span]:
        """Yields where a text that stands at a place stands in the lines there."""
        pieces = re.findall(r"[\w.]+|\S", re.sub(r"#.*", "", text))
        if not pieces or not site.column:
            return
        wanted = re.compile(r"\s*".join(map(re.escape, pieces)))
        statement = self._texts[site.file][site.line - 1][: site.column - 1] if site.file in self._texts else ""
        before = len(wanted.findall(statement))
        for line in self.lines(site):
            there = list(wanted.finditer(self._lines[line]))
            if there:
                begin, end = there[min(before, len(there) - 1)].span()
                yield line, begin + INDENTED, end + INDENTED

    def _found(self, site: Site) -> Sequence[int]:
        text = self._texts.get(site.file, [])
        if not site.column or not 0 < site.line <= len(text):
            return ()
        statement, variable = _statement(text[site.line - 1], site.column), _DERIVATIVE.sub(r"\1", site.name)
        own = [one for one in self._sources if site.file in one[1].labels]
        for some in (own, self._sources):  # a subexpression of another group stands in that group's text
            found = [
                first + k
                for first, one in some
                for k, (line, name) in enumerate(one.lines, start=1)
                if line == statement or (one.kind == "equations" and name == variable != "")
            ]
            if found:
                return found
        return ()


_DERIVATIVE = re.compile(r"^d(.*)/dt$")


def _statement(line: str, column: int) -> str:
    """Returns the statement of a line of code that stands at a column, counted from 1."""
    begin = line.rfind(";", 0, column - 1) + 1
    return line[begin:].partition(";")[0].strip()


def _step_of(op: Operation, numbers: Mapping[str, int]) -> int | None:
    """Returns the number of the step that an op of the loop comes from."""
    location = getattr(op.location, "filename", None), getattr(op.location, "line", None)
    if location[0] is not None and location[0].data in numbers and location[1] is not None:
        return int(location[1].data)
    label = getattr(op.properties.get("label"), "data", None)
    return numbers.get(label) if isinstance(label, str) else None


def _keys_of(op: Operation, targets: Iterable[str]) -> dict[Operation, set[str]]:
    """Returns for each op of a region the names in the plan of the values that it is computed for."""
    known, keys = set(targets), dict[Operation, set[str]]()
    for inner in reversed([each for each in op.walk() if each is not op]):
        hint = next((result.name_hint for result in inner.results if result.name_hint in known), None)
        if hint is not None:
            keys[inner] = {hint}
        elif isinstance(inner, YieldOp):
            keys[inner] = {RESULT} & known
        else:
            users = (use.operation for result in inner.results for use in result.uses)
            keys[inner] = {key for user in users for key in keys.get(user, ())}
    return keys
