"""The plan of a program: all that its compiled code depends on, and nothing else.

A plan is plain data: it is made at every run, its `key` (a hash of the structure, without labels and names) finds the
compiled program in the cache, and only if there is none is the `snn` graph built from it. Sizes, constants, dt and the
arrays themselves are arguments, in the order of the plan's inputs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from ranvier.equations.assignments import Adaptive, Assign, Line
from ranvier.equations.expressions import shown
from ranvier.plan.signature import compared_fields, structure
from ranvier.plan.step_kinds import ElementCode, MapStep, Step

FORMAT = 3
"""Part of every key: to be changed when the meaning of plans changes."""


@dataclass(frozen=True, slots=True)
class Input:
    """A run-time input of the program.

    Attributes:
        kind: "param", "state", "events", "clock" or "sink".
        type: Element type ("f64", "f32", "i64", "i32", "i1", "index"); "" for events and clocks.
        size: For states and events: the number of the input that holds their size.
        shared: For states: whether it is one value for a whole population.
        constant: For states: whether nothing may change it during a run.
        changes: For states and events: whether a step may change it; so the effects of actions say.
        columns: For sinks: the types of the columns.
        times: For clocks that tick at given times: the number of the state that lists them; -1 for others.
        label: For people.
        dim: For people: the physical dimension.
    """

    kind: str
    type: str = ""
    size: int = -1
    shared: bool = False
    constant: bool = False
    changes: bool = False
    columns: tuple[str, ...] = ()
    times: int = -1
    label: str = field(default="", compare=False)
    dim: str = field(default="", compare=False)


@dataclass(frozen=True)
class Plan:
    """Inputs and steps of a program; the first input is the random key.

    Attributes:
        inputs: The inputs.
        steps: The steps.
        libraries: The functions of loaded libraries that the steps call, by their symbols.
    """

    inputs: tuple[Input, ...]
    steps: tuple[Step, ...]
    libraries: tuple[str, ...] = ()

    def signature(self) -> str:
        """Returns the structure as text, without labels and names: equal for programs that share compiled code."""
        return "\n".join([f"plan {FORMAT}", *map(structure, self.inputs), *map(structure, self.steps)])

    @cached_property
    def key(self) -> str:
        """A hash of the signature."""
        return hashlib.sha256(self.signature().encode()).hexdigest()

    def as_text(self) -> str:
        """Returns the plan for people, with labels and names."""
        lines = [
            f"%{n} = {k.kind} {k.type}{' shared' * k.shared}{' constant' * k.constant}{' changes' * k.changes}"
            f"{f' [%{k.size}]' if k.size >= 0 else ''}{f' at %{k.times}' if k.times >= 0 else ''} {k.label!r} "
            f"{k.dim}".rstrip()
            for n, k in enumerate(self.inputs)
        ]
        for step in self.steps:
            lines += _step_lines(step)
        return "\n".join(lines) + "\n"


def _step_lines(step: Step) -> Iterator[str]:
    method = f" ({step.method})" if isinstance(step, MapStep) and step.method else ""
    yield f"# {step.label}{method}"
    for key, text in step.notes:
        yield f"#   {key}: {text}"
    values = {name: getattr(step, name) for name in compared_fields(type(step))}
    code = values.pop("code", None)
    shown = [f"{name}={value!r}" for name, value in values.items() if value is not None]
    yield " ".join([type(step).__name__, *shown])
    if isinstance(code, ElementCode):
        yield from _code_lines(code)


def _code_lines(code: ElementCode) -> Iterator[str]:
    if code.float32:
        yield "  in single precision"
    if code.protected:
        yield f"  protected: {', '.join(code.protected)}"
    yield from (f"  {name}: {bound}" for name, bound in code.bindings)
    yield from (f"  {assignment_text(line)}" for line in code.lines)
    yield from (f"  -> {shown(expression)}" for expression in code.results)


def assignment_text(line: Line) -> str:
    """Returns an assignment as text."""
    if isinstance(line, Assign):
        return f"{line.target} = {shown(line.expr)}"
    if isinstance(line, Adaptive):
        return str(line)
    rows = "; ".join(", ".join(shown(entry) for entry in row) for row in line.matrix)
    targets = "; ".join(", ".join(name or "_" for name in row) for row in line.targets)
    return f"[{targets}] = exp([{rows}] * {shown(line.step)})"
