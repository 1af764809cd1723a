"""Stretches: several instants between two meetings of the threads, as many as spikes take to arrive.

What happens in an instant depends on other threads' parts only by the spikes that arrive. Spikes of a stretch that is
no longer than the smallest delay arrive after it. So each thread goes through all instants of the stretch with its part
of the elements, and keeps a list of its events for each instant. When all are done, the main thread takes in and
records the spikes, instant by instant, as if each had just passed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from xdsl.dialects import arith
from xdsl.dialects.builtin import i32, i64
from xdsl.ir import Operation, SSAValue

from ranvier.ir.arrivals import ArrivalsOp
from ranvier.ir.neurons import CompactOp, ThresholdOp
from ranvier.ir.recording import RecordOp
from ranvier.ir.structure import LoopOp, StateOp
from ranvier.ir.synapses import PropagateOp
from ranvier.ir.team import DIVISION, LONGEST_STRETCH
from ranvier.passes.facts.accesses import WAITS
from ranvier.passes.lower.lowered import Several, Stretch
from ranvier.passes.lower.own_rows import can_be_own, leave_rows, write_own_rows
from ranvier.passes.lower.phases import Phase, words, write_phase
from ranvier.passes.lower.scopes import Run
from ranvier.passes.lower.writer import INDEX

LowerOp = Callable[[Operation], None]
"""Writes one op of the loop body."""


def longest_stretch(run: Run, loop: LoopOp) -> SSAValue:
    """Writes, in front of the loop, how many instants a stretch has at most: as many as the smallest delay."""
    w, longest = run.writer, run.writer.constant(LONGEST_STRETCH)
    for op in loop.body.block.ops:
        if isinstance(op, PropagateOp | ArrivalsOp):
            delays = run.versions.root(op.delays)
            assert isinstance(delays.owner, StateOp)
            with w.loop(run.value(delays.owner.size), carried=[longest]) as each:
                delay = w.cast(w.load(run.arrays[delays], each.index), INDEX)
                each.give(w.binary(arith.MinSIOp, each.args[1], delay))
            (longest,) = each.results
    return w.binary(arith.MaxSIOp, longest, w.constant(1))


def instants_of_stretch(
    run: Run, longest: SSAValue, left: Sequence[SSAValue], needed: Mapping[SSAValue, SSAValue]
) -> SSAValue:
    """Writes how many instants (i64, at least 1) the stretch has that begins now.

    Args:
        run: Where it is written.
        longest: The most.
        left: How many are left by the clock and by the budget of the call; at least 1.
        needed: The greatest number of rows that an instant appends, by sink; all have room for that.
    """
    w = run.writer
    number = w.cast(longest, i64)
    for most in left:
        number = w.binary(arith.MinSIOp, number, most)
    for sink, rows in needed.items():
        block = run.sinks[sink][0]
        room = w.sub(w.load(block, w.constant(1)), w.first(block))
        fitting = w.binary(arith.DivUIOp, room, w.binary(arith.MaxSIOp, rows, w.constant(1, i64)))
        number = w.binary(arith.MinSIOp, number, fitting)
    return number


def write_stretch(
    run: Run, loop: LoopOp, longest: SSAValue, counter: SSAValue, instants: SSAValue, lower_op: LowerOp
) -> None:
    """Writes a stretch.

    Args:
        run: Where it is written.
        loop: The loop, which has the attribute `stretches`.
        longest: The most instants of a stretch.
        counter: The step of the clock at its beginning.
        instants: Its number of instants.
        lower_op: Writes one op.
    """
    ops = list(loop.body.block.ops)
    first_behind = next((k for k, op in enumerate(ops) if WAITS in op.attributes), len(ops))
    w = run.writer
    assert run.threads is not None
    phase = run.phase = run.new_phase(Phase(w.block, w.cast(instants, INDEX)))
    (clock,) = run.clocks
    lists, joined = _lists(run, ops, longest), dict(run.events)
    with w.inside(run.setup):
        room = words(w, run.threads)
    for root, list_ in lists.items():
        joined[root] = replace(joined[root], lists=list_, numbers=run.several(i64, room, longest))
    run.events = dict(joined)
    own = [op for op in ops[first_behind:] if can_be_own(op, run, loop, lists)]
    unwritten = write_own_rows(run, own, longest) if own else None
    instant = phase.calls.args[0]
    run.stretch = Stretch(longest, instant)
    with w.inside(phase.calls):
        run.steps = {clock: w.add(counter, w.cast(instant, i64))}
        for root, list_ in lists.items():
            events = joined[root]
            run.events[root] = replace(events, indices=list_.piece(w, instant), joined=events.indices)
        for op in ops[:first_behind]:
            lower_op(op)
    run.events = joined
    assert phase.instants is not None
    write_phase(w, phase, run.setup, run.threads, run.control())
    run.phase = None
    behind = [op for op in ops[first_behind:] if op not in own]
    with w.loop(phase.instants) as each:
        for announce in phase.announcing:
            announce(each.index)
    with w.loop(phase.instants) as each:
        run.stretch = Stretch(longest, each.index)
        run.steps = {clock: w.add(counter, w.cast(each.index, i64))}
        for op in _scalars_for([*(op for op in ops if isinstance(op, RecordOp)), *behind], ops[:first_behind]):
            lower_op(op)
        for write in phase.last:
            write()
        run.stretch = None
        for op in behind:
            lower_op(op)
    if unwritten is not None:
        leave_rows(run, unwritten, phase.instants, counter)


def _lists(run: Run, ops: Sequence[Operation], longest: SSAValue) -> dict[SSAValue, Several]:
    """Returns room for the lists of all instants, by event space that an op fills."""
    found: dict[SSAValue, Several] = {}
    for op in ops:
        if isinstance(op, CompactOp | ThresholdOp):
            root = run.versions.root(op.events)
            found[root] = run.several(i32, run.events[root].size, longest)
    return found


def _scalars_for(ops: Sequence[Operation], among: Sequence[Operation]) -> list[Operation]:
    """Returns the scalars of the phase that some ops use."""
    needed = {value.owner for op in ops for inner in op.walk() for value in inner.operands}
    found: list[Operation] = []
    for op in reversed(among):
        if op in needed and DIVISION not in op.attributes:
            needed.update(value.owner for value in op.operands)
            found.append(op)
    return found[::-1]
