"""What a run keeps of a pathway whose spikes wait (`ranvier.passes.lower.deferred`)."""

from __future__ import annotations

from dataclasses import dataclass, field

from xdsl.ir import SSAValue

from ranvier.ir.synapses import PropagateOp
from ranvier.passes.facts.deferral import Deferral
from ranvier.passes.lower.phases import Phase, Share

KEPT = 4
"""The spikes of a target that may wait."""

BITS = 16
"""The bits of a tick in the word of a target."""

MARK, LEAST, LOOKED, DUE, ROWS, WALKS, WORKS, ARRIVED, NOTED, NEWEST, ASKING, ASKED, SOUGHT, WORDS = range(14)
"""Words of the book: the tick up to which rows are brought; the least tick of all sources when that was looked at, and
when that was; the numbers of rows that are due, of those that catch up, and of targets that walk; whether spikes wait;
how many spikes of sources and of targets were seen in this call; the tick of the last spikes of targets; how many
targets had to walk since late rows were sought, the greatest tick that they had to forget, and when rows were sought.
The size of the book."""


@dataclass(frozen=True, eq=False)
class Call:
    """A function in which synapses catch up.

    Attributes:
        name: Its name.
        arguments: What it is given.
        phase: The phase in which threads divide its work, and the share of one of them; None if they do not.
        op: The pathway whose rows these are.
        number: The word of the book that has the number of rows.
    """

    name: str
    arguments: list[SSAValue]
    phase: Phase | None
    share: Share | None
    op: PropagateOp
    number: int


@dataclass(eq=False, repr=False)
class Deferred:
    """A pathway that is held back in a run.

    Attributes:
        found: The pathway, and the one that reads its synapses.
        recent: By target the ticks of its spikes that wait.
        caught: By source the tick from which on spikes wait.
        book: Numbers, see `MARK`.
        rows: The rows that catch up.
        targets: The targets that walk.
        words: Their spikes that wait.
        first: The step of the clock in which the call begins.
        may_wait: Whether spikes may wait: not where a source has synapses of several delays.
        kept: By input of the pathway of the sources what an element was before the row was written, for each row that
            catches up: where threads divide these, and rows are written before.
        calls: The functions that catch up and walk.
    """

    found: Deferral
    recent: SSAValue
    caught: SSAValue
    book: SSAValue
    rows: SSAValue
    targets: SSAValue
    words: SSAValue
    first: SSAValue
    may_wait: SSAValue
    kept: dict[int, SSAValue] = field(default_factory=dict[int, SSAValue])
    calls: list[Call] = field(default_factory=list[Call])
