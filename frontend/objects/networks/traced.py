"""What a network tells the report of its script: what the user wrote for its objects, its sizes, and its runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ranvier.equations.equations import Equations
from ranvier.objects.groups.brianobject import BrianObject
from ranvier.plan.plan import Plan
from ranvier.report.records import SourceText
from ranvier.report.trace import Context, current

_SETS = re.compile(r"\s*(\w+)\s*(?:[-+*/%]|//|\*\*)?=(?!=)")
"""The beginning of a statement, with the variable that it sets."""


def announce(name: str, objects: Sequence[BrianObject], plan: Plan, values: Sequence[object]) -> None:
    """Tells the report what the program is for that is asked for next.

    Args:
        name: The name of the network.
        objects: Its objects.
        plan: The plan of its run.
        values: What the inputs of the plan stand for.
    """
    trace = current()
    if trace is not None:
        trace.context = Context(name, lambda: [*sources_of(objects)], sizes_of(plan, values))


def note_run(name: str, simulated: float, seconds: float) -> None:
    """Tells the report that a network has run.

    Args:
        name: The name of the network.
        simulated: The time that was simulated, in seconds.
        seconds: How long that took.
    """
    trace = current()
    if trace is not None:
        trace.ran(name, simulated, seconds)


def sizes_of(plan: Plan, values: Sequence[object]) -> Mapping[str, float]:
    """Returns the numbers of elements of a plan, by the labels of its inputs, and its shortest step as "dt"."""
    inputs = zip(plan.inputs, values, strict=False)
    pairs = [(entry, value) for entry, value in inputs if entry.kind in ("param", "clock")]
    found = {
        entry.label: float(value) for entry, value in pairs if entry.type == "index" and isinstance(value, int | float)
    }
    steps = [step for entry, value in pairs if entry.kind == "clock" and (step := getattr(value, "dt_", 0.0))]
    return {**found, "dt": min(steps)} if steps else found


def sources_of(objects: Sequence[BrianObject]) -> Iterator[SourceText]:
    """Yields what the user wrote for the objects of a network: for each its equations, then the texts of its parts."""
    owners = [obj for obj in objects if _owner(obj) is None]
    for obj in owners:
        parts = [part for part in objects if _owner(part) is obj]
        yield from _own_text(obj, parts)
        for part in parts:
            kind, lines = _text_of(part)
            if lines:
                yield SourceText(object=obj.name, kind=kind, place=_place(part), labels=[part.name], lines=lines)


def _own_text(obj: BrianObject, parts: Sequence[BrianObject]) -> Iterator[SourceText]:
    if isinstance(getattr(obj, "user_equations", None), Equations):
        kind, lines = "equations", [*_equations(obj)]
        labels = [part.name for part in parts if hasattr(part, "code") or not _text_of(part)[1]]
    else:
        kind, lines, labels = type(obj).__name__, _text_of(obj)[1], [obj.name]
    if lines or kind != "equations":
        yield SourceText(object=obj.name, kind=kind, place=_place(obj), labels=labels, lines=lines)


def _owner(obj: BrianObject) -> object | None:
    """Returns the group that an object is a part of."""
    group = getattr(obj, "group", None)
    return getattr(obj, "synapses", None) if group is None else group


def _text_of(obj: BrianObject) -> tuple[str, list[tuple[str, str]]]:
    """Returns what a text of an object is, and its lines with the variables that they set."""
    event, group = getattr(obj, "event", None), getattr(obj, "group", None)
    code = getattr(obj, "user_code", None) or getattr(obj, "code", None)
    if isinstance(code, str):
        return obj.name.removeprefix(f"{getattr(_owner(obj), 'name', '')}_"), [*_statements(code)]
    kind = type(obj).__name__
    recorded = getattr(obj, "record_variables", None)
    if recorded:
        return kind, [(f"records {', '.join(recorded)}", "")]
    if kind == "Thresholder" and group is not None:
        what = "threshold" if event == "spike" else f"condition of the event '{event}'"
        refractory = getattr(group, "_refractory", None)
        more = [(f"refractory: {refractory}", "lastspike")] if refractory not in (None, False) else []
        return what, [*_plain(getattr(group, "events", {}).get(event)), *more]
    if kind == "Resetter" and group is not None:
        text = getattr(group, "event_codes", {}).get(event)
        return "reset" if event == "spike" else f"code of the event '{event}'", [*_statements(str(text or ""))]
    return kind, []


def _plain(text: object) -> Iterable[tuple[str, str]]:
    return ((line.strip(), "") for line in str(text or "").splitlines() if line.strip())


def _statements(text: str) -> Iterator[tuple[str, str]]:
    """Yields statements, each with the variable that it sets; "_post" and "_pre" say only whose it is."""
    for line in re.split(r"[\n;]", text):
        if line.strip():
            sets = _SETS.match(line)
            yield line.strip(), re.sub(r"_(?:post|pre)$", "", sets[1]) if sets else ""


def _equations(obj: BrianObject) -> Iterator[tuple[str, str]]:
    equations: Equations = getattr(obj, "user_equations")  # noqa: B009
    for one in equations.values():
        yield str(one), one.varname


def _place(obj: BrianObject) -> str:
    found = re.search(r"File '(.*)', line (\d+)", obj.creation_place())
    return f"{found[1].rpartition('/')[2]}:{found[2]}" if found else ""
