"""Phases: what the threads of a run do at the same time, an `scf.parallel` in the time loop.

The calls of divided kernels are gathered in an open phase. The main thread does the rest, in front of the phase in the
text, until something has to wait for it (see the pass `partition`): then the phase is written and closed. In a program
whose threads need not meet in each instant, a phase goes through several (see `ranvier.passes.lower.stretches`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from xdsl.dialects import arith, scf
from xdsl.ir import Block, Region, SSAValue

from ranvier.ir.slots import TILE
from ranvier.ir.team import LEAST, PART, PARTS, SHARES
from ranvier.passes.lower.writer import INDEX, Writer, segments

BETWEEN = 8
"""Words of 64 bits from what one thread writes to what the next does: a line of the cache."""


@dataclass(eq=False, repr=False)
class Phase:
    """A phase that is being gathered.

    Attributes:
        home: The block in which it will stand.
        instants: The number of instants that it goes through, None: it is part of one.
        parts: What is done for one part.
        starts: Where the part and the next one begin.
        calls: The calls for one part, in one instant.
        known: About how many nanoseconds of work it is as far as that is known before the loop, each in its own form.
        found: How many more it is, as far as each instant shows.
        last: What is to be written behind the phase, for each of its instants.
        announcing: What asks behind a stretch for what other threads have written in one of its instants.
        lists: Lists of events of which each thread finds its part in the phase: how many it has found.
    """

    home: Block
    instants: SSAValue | None = None
    parts: Block = field(default_factory=lambda: Block(arg_types=[INDEX]))
    starts: tuple[SSAValue, SSAValue] = field(init=False)
    calls: Block = field(init=False)
    known: list[SSAValue] = field(default_factory=list[SSAValue])
    found: list[SSAValue] = field(default_factory=list[SSAValue])
    last: list[Callable[[], None]] = field(default_factory=list[Callable[[], None]])
    announcing: list[Callable[[SSAValue], None]] = field(default_factory=list[Callable[[SSAValue], None]])
    lists: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])

    def __post_init__(self) -> None:
        self.calls = self.parts if self.instants is None else Block(arg_types=[INDEX])

    @property
    def part(self) -> SSAValue:
        """The number of the part."""
        return self.parts.args[0]


def write_phase(w: Writer, phase: Phase, setup: Block, threads: SSAValue, control: SSAValue) -> None:
    """Writes the loop over the parts.

    Where the work is not worth it, the width of the parallel loop is 1: the main thread then does all parts itself.

    Args:
        w: Writes the code.
        phase: The phase.
        setup: The block in front of the time loop.
        threads: The number of threads.
        control: The control block.
    """
    with w.inside(setup):
        least = w.cast(w.load(control, w.constant(LEAST)), INDEX)
        work = _sum(w, phase.known)
    if phase.instants is not None:
        work = w.mul(work, phase.instants)
    work = _sum(w, [work, *phase.found])
    with w.inside(w.block if phase.found or phase.instants is not None else setup):
        width = w.select(w.compare("sge", work, least), threads, w.constant(1))
    phase.part.name_hint, width.name_hint = "part", "width"
    body = Block(arg_types=[INDEX])
    if phase.instants is not None:
        with w.inside(phase.calls):
            w.op(scf.YieldOp, [])
        with w.inside(phase.parts):
            bounds = [w.constant(0), phase.instants, w.constant(1)]
            w.op(scf.ForOp, bounds, [], {}, [Region(phase.calls)])
    with w.inside(phase.parts):
        w.op(scf.YieldOp, [])
    with w.inside(body):  # number 0, the main thread, which has more to do, begins with the last part, the smallest
        first = w.sub(w.sub(width, w.constant(1)), body.args[0])
        w.op(scf.ForOp, [first, threads, width], [], {}, [Region(phase.parts)])
        w.op(scf.ReduceOp, [])
    bounds = [w.constant(0), width, w.constant(1)]
    w.op(scf.ParallelOp, bounds, [], {"operandSegmentSizes": segments(1, 1, 1, 0)}, [Region(body)])
    if phase.instants is None:
        for write in phase.last:
            write()


def _sum(w: Writer, values: Sequence[SSAValue]) -> SSAValue:
    if not values:
        return w.constant(0)
    total = values[0]
    for value in values[1:]:
        total = w.add(total, value)
    return total


@dataclass(frozen=True, eq=False)
class Share:
    """Which part of the work a divided kernel does.

    Attributes:
        part: The number of the part.
        threads: The number of parts.
        starts: Where the part and the next one begin, see `first_of`.
        division: By what the work is divided, see the pass `partition`.
        whole: The number of elements of the array by whose parts the work is divided, and its first element that is
            an element of the work; None: by those of the work itself.
    """

    part: SSAValue
    threads: SSAValue
    starts: tuple[SSAValue, SSAValue]
    division: str
    whole: tuple[SSAValue, SSAValue] | None = None

    @property
    def by_targets(self) -> bool:
        """Whether each row of synapses has as many rows as there are parts."""
        return self.division == "targets"

    def row(self, w: Writer, row: SSAValue) -> SSAValue:
        """Returns the number of the part of a row among the parts of all rows."""
        return w.add(w.mul(row, self.threads), self.part) if self.by_targets else row

    def bounds(self, w: Writer, size: SSAValue, upper: SSAValue) -> tuple[SSAValue, SSAValue]:
        """Returns the first element of the part and one beyond the last.

        Args:
            w: Where to write.
            size: The number of all elements.
            upper: One beyond the last that is computed, which may be padding; only of a whole array.
        """
        if self.whole is None:
            begin, end = (w.binary(arith.MinSIOp, first_of(w, size, start), upper) for start in self.starts)
            return begin, end
        count, first = self.whole
        places = (w.sub(first_of(w, count, start), first) for start in self.starts)
        within = (w.binary(arith.MaxSIOp, place, w.constant(0)) for place in places)
        begin, end = (w.binary(arith.MinSIOp, place, size) for place in within)
        return begin, end


def first_of(w: Writer, size: SSAValue, start: SSAValue) -> SSAValue:
    """Returns the first element of a part: whole tiles, in a form in which it is seen to be so.

    Args:
        w: Where to write.
        size: The number of all elements.
        start: How many of `ranvier.ir.team.WHOLE` parts of all elements come before the part.
    """
    return w.round_up(w.binary(arith.ShRUIOp, w.mul(size, start), w.constant(SHARES)), TILE)


def start_of(w: Writer, control: SSAValue, threads: SSAValue, part: SSAValue) -> SSAValue:
    """Returns where a part begins, see `first_of`; of the part behind the last, the end of that."""
    place = w.add(w.add(w.mul(threads, w.constant(PART)), w.constant(PARTS)), part)
    return w.cast(w.load(control, place), INDEX)


def words(w: Writer, threads: SSAValue) -> SSAValue:
    """Returns the size of an array of 64-bit numbers in which each thread has a line of its own."""
    return w.mul(threads, w.constant(BETWEEN))


__all__ = ["BETWEEN", "Phase", "Share", "first_of", "start_of", "words", "write_phase"]
