"""What a report holds, as plain data; `page.py` writes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Parents: TypeAlias = "Sequence[Sequence[int]]"
"""For each line of a text the lines of the text before that it comes from, counted from 0."""


@dataclass(frozen=True, kw_only=True)
class Text:
    """A form of a program, or what a pass made of it.

    Attributes:
        name: The name of the stage or pass.
        kind: "source", "stage" or "pass".
        about: What it is, in a sentence.
        language: "equations", "plan", "mlir", "llvm" or "asm": how the lines are coloured.
        lines: The text.
        parents: Where the lines come from: lines of the text before this one in the chain; empty if it is not known.
        origins: Of the graph: the lines of the first text that the lines come from, by the places that ops carry; ()
            where an op has none, which comes from where its parents do.
        spans: Of the graph: the parts of these lines that the ops compute: line, from and to before which character.
        seconds: How long it took to make; None if that was not measured.
        ops: How many ops there are of each name.
        options: The options of a pass, as text.
        chained: Whether it is a link of the chain from the equations to the assembly.
        stage: Of the last of several passes, the stage that is its result; "" for others.
    """

    name: str
    kind: str
    about: str = ""
    language: str = "mlir"
    lines: Sequence[str] = ()
    parents: Parents = ()
    origins: Parents = ()
    spans: Sequence[Sequence[tuple[int, int, int]]] = ()
    seconds: float | None = None
    ops: Mapping[str, int] = field(default_factory=dict[str, int])
    options: str = ""
    chained: bool = True
    stage: str = ""


@dataclass(frozen=True, kw_only=True)
class SourceText:
    """A text that the user wrote for an object.

    Attributes:
        object: The name of the object.
        kind: What it is: "equations", "threshold", "reset", ...
        place: Where in the script the object was made; "" if that is not known.
        labels: The names of the parts that run it, which are the labels of steps.
        lines: The lines, each with the name of the variable that it defines or sets, "" if there is none.
    """

    object: str
    kind: str
    place: str
    labels: Sequence[str]
    lines: Sequence[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """What one op of the loop costs.

    Attributes:
        label: Its name.
        kind: The name of the op, and the kind of the sweep.
        line: Its line in the optimised graph.
        per: For what the counts are: "element", "spike" or "synapse that is reached".
        flops: Additions, multiplications and the like; a fused one counts as two.
        divisions: Divisions.
        functions: Calls of mathematical functions.
        draws: Random numbers.
        read: Bytes that are read.
        written: Bytes that are written.
        picoseconds: About how long it takes, by the table of `ranvier.passes.facts.work`.
        size: The label of the input that says how many there are, "" if that is known only in a run.
    """

    label: str
    kind: str
    line: int
    per: str
    flops: int
    divisions: int
    functions: int
    draws: int
    read: int
    written: int
    picoseconds: int
    size: str = ""


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What a pass or a rewrite decided for an op, and why.

    Attributes:
        about: The op.
        line: Its line in the optimised graph, -1 if it is not there any more.
        key: What was decided, or the pass that said something.
        value: The decision, or the reason.
        missed: Whether it is about something that a pass did not do.
    """

    about: str
    line: int
    key: str
    value: str
    missed: bool = False


@dataclass
class Program:
    """A program of a script, with all that a report shows of it.

    Attributes:
        name: A name for people.
        key: The key of its plan.
        spec: The pipeline.
        target: What it is for.
        network: The name of the network that it was first made for; "" if that is not known.
        threads: How many threads it has, and why.
        texts: Its forms, in order.
        sources: What the user wrote for it.
        sweeps: What each op of the loop costs.
        decisions: What passes decided, and why.
        sizes: The values of inputs that are sizes, by their labels, of the last run.
        times: Seconds of making it: what the compiler that ran has measured.
        cache: Where it came from, why, and what its key is made of.
        runs: The runs, in order.
        failure: Why there are no more texts; "" if all are there.
    """

    name: str
    key: str
    spec: str
    target: str
    threads: str = ""
    network: str = ""
    texts: list[Text] = field(default_factory=list[Text])
    sources: Sequence[SourceText] = ()
    sweeps: Sequence[Sweep] = ()
    decisions: Sequence[Decision] = ()
    sizes: dict[str, float] = field(default_factory=dict[str, float])
    times: dict[str, float] = field(default_factory=dict[str, float])
    cache: dict[str, Any] = field(default_factory=dict[str, Any])
    runs: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    failure: str = ""
