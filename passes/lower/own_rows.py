"""Rows of spikes that each thread writes itself.

Behind a stretch (`ranvier.passes.lower.stretches`) the other threads wait for the main one, so it does there only what
they need. What monitors record of spikes nobody needs: the main thread says where the rows of each part begin in each
instant, and each part begins the next stretch with the rows of its own spikes, which are in the cache of its thread.
What the last stretch of a call leaves is written at the end of the call. Rows stand as one thread would write them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeGuard

from xdsl.dialects import arith
from xdsl.dialects.builtin import i64
from xdsl.ir import Operation, SSAValue

from ranvier.ir.neurons import region_of
from ranvier.ir.recording import RecordEventsOp
from ranvier.ir.structure import LoopOp, TimeOp, YieldOp
from ranvier.passes.facts.versions import used_values
from ranvier.passes.lower.lowered import LoweredEvents, Several, time_of_step
from ranvier.passes.lower.phases import first_of, start_of, words
from ranvier.passes.lower.records import append_events, within
from ranvier.passes.lower.scopes import Kernel, Run
from ranvier.passes.lower.writer import INDEX


@dataclass(frozen=True, eq=False)
class Unwritten:
    """What a stretch leaves to the next one.

    Attributes:
        longest: The most instants of a stretch.
        book: Its number of instants, and the step of the clock at its beginning.
        rows: By monitor the first row of each part in each instant, that of part p in instant k at p longest + k.
    """

    longest: SSAValue
    book: SSAValue
    rows: Mapping[RecordEventsOp, SSAValue]


def can_be_own(op: Operation, run: Run, loop: LoopOp, lists: Mapping[SSAValue, Several]) -> TypeGuard[RecordEventsOp]:
    """Tells whether each thread can write the rows of a monitor for its own spikes.

    Not if rows have more than times and indices, which a later instant changes, or if anything else looks at them.

    Args:
        op: An op of the loop.
        run: Where it would be written.
        loop: The loop.
        lists: The lists of all instants, by event space that has them.
    """
    if not isinstance(op, RecordEventsOp) or run.versions.root(op.events) not in lists:
        return False
    is_plain = len(region_of(op).ops) == 1 and isinstance(op.t.owner, TimeOp) and run.clocks[op.clock].times is None
    if not is_plain or any(value.owner.parent_block() is not run.program.body.block for value in (op.start, op.stop)):
        return False
    others = (other for other in loop.body.block.ops if other is not op and not isinstance(other, YieldOp))
    seen = {run.versions.root(value) for other in others for value in used_values(other)}
    return seen.isdisjoint((op.sink, run.versions.root(op.counts)))


def write_own_rows(run: Run, ops: Sequence[RecordEventsOp], longest: SSAValue) -> Unwritten:
    """Writes, at the beginning of the parts of the open phase, the rows that the stretch before has left.

    Args:
        run: Where it is written.
        ops: The monitors.
        longest: The most instants of a stretch.
    """
    w, phase = run.writer, run.phase
    assert phase is not None and run.threads is not None
    with w.inside(run.setup):
        places = w.mul(longest, run.threads)
    unwritten = Unwritten(
        longest,
        run.fresh_lowered(i64, w.constant(2)),
        {op: run.fresh_lowered(i64, places) for op in ops if len(run.sinks[op.sink]) > 1},
    )
    for op in ops:
        with w.inside(phase.parts):
            kernel = _write_share(run, op, unwritten, phase.part)
        run.left.append(partial(_call_again, kernel, phase.part))
    return unwritten


def _call_again(kernel: Kernel, first: SSAValue, part: SSAValue) -> None:
    """Calls a function of a part for another one."""
    kernel.run.writer.call(kernel.name, [part if value is first else value for value in kernel.arguments])


def _write_share(run: Run, op: RecordEventsOp, unwritten: Unwritten, number: SSAValue) -> Kernel:
    """Writes the function that writes the rows of one part."""
    kernel = run.kernel("record_events", op.label.data, op=op)
    w = kernel.writer
    part = kernel.pass_in(number)
    instants, step = (w.load(kernel.pass_in(unwritten.book), w.constant(k)) for k in range(2))
    lists = _Lists(kernel, run.event_list(op.events))
    begin = lists.begin(part)
    with w.loop(w.cast(instants, INDEX)) as instant:
        row = w.constant(0)
        if op in unwritten.rows:
            place = w.add(w.mul(part, kernel.pass_in(unwritten.longest)), instant.index)
            row = w.cast(w.load(kernel.pass_in(unwritten.rows[op]), place), INDEX)
        kernel.bind(op.t, time_of_step(w, w.add(step, w.cast(instant.index, i64)), kernel.dt(op.clock)))
        first, number = lists.first(instant.index, begin), lists.number(instant.index, part)
        append_events(kernel, op, lists.whole, first, number, row)
    kernel.close()
    return kernel


@dataclass(eq=False, repr=False)
class _Lists:
    """The lists of events of all parts in all instants of a stretch."""

    kernel: Kernel
    events: LoweredEvents

    @property
    def whole(self) -> SSAValue:
        """All lists."""
        assert self.events.lists is not None
        return self.kernel.pass_in(self.events.lists.whole)

    def begin(self, part: SSAValue) -> SSAValue:
        """Returns the first element of a part."""
        w, run = self.kernel.writer, self.kernel.run
        assert run.threads is not None
        start = start_of(w, self.kernel.control(), self.kernel.pass_in(run.threads), part)
        return first_of(w, self.kernel.pass_in(self.events.size), start)

    def first(self, instant: SSAValue, begin: SSAValue) -> SSAValue:
        """Returns where the list of the part that begins at an element stands."""
        assert self.events.lists is not None
        return self.kernel.writer.add(
            self.kernel.writer.mul(instant, self.kernel.pass_in(self.events.lists.size)), begin
        )

    def number(self, instant: SSAValue, part: SSAValue) -> SSAValue:
        """Returns how many events a part has had in an instant."""
        w, numbers = self.kernel.writer, self.events.numbers
        assert numbers is not None
        place = w.add(w.mul(instant, self.kernel.pass_in(numbers.size)), words(w, part))
        return w.cast(w.load(self.kernel.pass_in(numbers.whole), place), INDEX)


def leave_rows(run: Run, unwritten: Unwritten, instants: SSAValue, counter: SSAValue) -> None:
    """Writes, behind a stretch, where the rows of each part are to stand.

    Args:
        run: Where it is written.
        unwritten: What is left to the next stretch.
        instants: The number of instants.
        counter: The step of the clock in the first.
    """
    w = run.writer
    for op in unwritten.rows:
        _place_rows(run, op, unwritten, instants)
    for k, value in enumerate((w.cast(instants, i64), counter)):
        w.store(value, unwritten.book, w.constant(k))


def _place_rows(run: Run, op: RecordEventsOp, unwritten: Unwritten, number: SSAValue) -> None:
    """Writes the function that finds out where the rows of each part begin, and where those of the next stretch do."""
    kernel = run.kernel("place_rows", op.label.data, op=op)
    assert run.threads is not None
    w, lists = kernel.writer, _Lists(kernel, run.event_list(op.events))
    rows, counted = kernel.pass_in(unwritten.rows[op]), kernel.pass_in(run.sinks[op.sink][0])
    longest, threads = kernel.pass_in(unwritten.longest), kernel.pass_in(run.threads)
    start, stop = kernel.value(op.start), kernel.value(op.stop)
    size = kernel.pass_in(lists.events.size)
    with w.loop(kernel.pass_in(number), carried=[w.cast(w.first(counted), INDEX)]) as instant:
        with w.loop(threads, carried=[instant.args[1]]) as part:
            row = part.args[1]
            w.store(w.cast(row, i64), rows, w.add(w.mul(part.index, longest), instant.index))
            begin, end = lists.begin(part.index), lists.begin(w.add(part.index, w.constant(1)))
            end = w.binary(arith.MinSIOp, end, size)
            all_, first = lists.number(instant.index, part.index), lists.first(instant.index, begin)
            are_all = w.binary(arith.AndIOp, w.compare("sle", start, begin), w.compare("sle", end, stop))
            some = w.select(are_all, w.constant(0), all_)  # those that have to be looked at
            with w.loop(some, carried=[w.select(are_all, all_, w.constant(0))]) as each:
                index = w.cast(w.load(lists.whole, w.add(first, each.index)), INDEX)
                one = w.select(within(kernel, index, start, stop), w.constant(1), w.constant(0))
                each.give(w.add(each.args[1], one))
            part.give(w.add(row, each.results[0]))
        instant.give(*part.results)
    w.store(w.cast(instant.results[0], i64), counted, w.constant(0))
    kernel.close()


def write_left_rows(run: Run) -> None:
    """Writes, at the end of a call, the rows that its last stretch has left."""
    w = run.writer
    if not run.left:
        return
    assert run.threads is not None
    with w.loop(run.threads) as part:
        for write in run.left:
            write(part.index)
