"""Spikes of targets that wait until the synapses are read: noted when they come, done row by row.

A pathway of targets that is held back (`ranvier.passes.facts.deferral`) touches no synapse when a target spikes. Each
target keeps the ticks (steps of this call, from 1) of its last `KEPT` spikes in the quarters of a word, the newest in
the lowest; each source the tick up to which its synapses are up to date. Before a spike of the source reads a row, it
*catches up*: for all its synapses at once, from the oldest spike to the newest.

A spike that would push another out of the word, which some source still lacks, first makes the synapses of its target
catch up (*walk*): nothing takes longer than if it had been done at once. Where that happens often because of a few
sources that spike seldom, their rows catch up with those that are due. A call begins without waiting: each spike
makes its target walk, until it is seen that targets spike often enough, compared with sources, for waiting to pay. At
the end of a call everything catches up, by rows or by targets, whichever are fewer: the host sees what it would have
seen.

For each synapse the same numbers are computed in the same order, so not a bit depends on when that is.

With several threads the main thread takes in spikes and notes them, which takes little. Synapses catch up in the parts
of rows that threads deliver, and walk target by target, each target by one thread. Threads meet in between.
"""

from __future__ import annotations

from collections.abc import Mapping

from xdsl.dialects import arith
from xdsl.dialects.builtin import i1, i64
from xdsl.ir import SSAValue

from ranvier.ir.slots import TILE
from ranvier.ir.structure import LoopOp, StateOp
from ranvier.ir.synapses import PropagateOp
from ranvier.ir.types import element_type
from ranvier.passes.facts.deferral import ALWAYS, Deferral, deferral, is_deferred
from ranvier.passes.lower.catch_up import LOOK_AGAIN, keep_elements, rows_in
from ranvier.passes.lower.due_rows import (
    list_due_rows,
    room_for_rows,
    size_of,
    take_in,
    whole_row,
)
from ranvier.passes.lower.held_back import (
    ARRIVED,
    ASKED,
    ASKING,
    BITS,
    KEPT,
    LEAST,
    LOOKED,
    NEWEST,
    NOTED,
    ROWS,
    WALKS,
    WORDS,
    WORKS,
    Call,
    Deferred,
)
from ranvier.passes.lower.held_book import end_call, enter, expect_rows_of, quarter, read, tick_now
from ranvier.passes.lower.replay import Replay
from ranvier.passes.lower.row_loops import each_row
from ranvier.passes.lower.scopes import Kernel, Run
from ranvier.passes.lower.synapse_code import SynapseCode
from ranvier.passes.lower.tiles import tiles
from ranvier.passes.lower.writer import INDEX

MOST_TICKS = 60_000
"""The greatest number of instants of a call: ticks fit into their bits."""

FEWER = 3
"""Everything catches up by targets if fewer than one in so many has spikes that wait: their synapses are far apart."""

ENOUGH = 64
"""Spikes that have to be seen before it is known whether it pays to let spikes wait."""

VISIT, GAIN = 2, 7
"""Nanoseconds that it takes to look for what waits for a synapse, and that it saves to let a spike wait for one."""


def find_deferred(run: Run, loop: LoopOp, steps: Mapping[SSAValue, SSAValue]) -> None:
    """Finds the pathways that are held back, and makes room for what they keep.

    Args:
        run: The run.
        loop: Its loop.
        steps: The steps of the clocks at the beginning of the call.
    """
    if not run.defers:
        return
    for op in loop.body.block.ops:
        if isinstance(op, PropagateOp) and is_deferred(op):
            found = deferral(op, loop, run.versions)
            if isinstance(found, Deferral) and found.reader not in run.deferred:
                run.deferred[found.held] = run.deferred[found.reader] = _deferred(run, found, steps[op.clock])


def most_instants(run: Run, left: SSAValue) -> SSAValue:
    """Returns the greatest number of instants of a call: ticks fit into their bits."""
    w = run.writer
    return w.binary(arith.MinSIOp, left, w.constant(MOST_TICKS, i64)) if run.deferred else left


def _deferred(run: Run, found: Deferral, first: SSAValue) -> Deferred:
    w = run.writer
    with w.inside(run.setup):
        may_wait = w.constant(1, i1)
        for op in (found.held, found.reader):
            may_wait = w.binary(arith.AndIOp, may_wait, w.compare("eq", _delays(run, op), w.constant(1)))
        recent = run.fresh_lowered(i64, _rows_of(run, found.held))
        caught = run.fresh_lowered(i64, _rows_of(run, found.reader))
        book = run.fresh_lowered(i64, w.constant(WORDS))
        if ALWAYS in found.held.attributes:
            w.store(w.op(arith.ExtUIOp, [may_wait], [i64]).results[0], book, w.constant(WORKS))
    rows, targets, words = (room_for_rows(run, op) for op in (found.reader, found.held, found.held))
    return Deferred(found, recent, caught, book, rows, targets, words, first, may_wait)


def _delays(run: Run, op: PropagateOp) -> SSAValue:
    owner = run.versions.root(op.delays).owner
    assert isinstance(owner, StateOp)
    return run.value(owner.size)


def _rows_of(run: Run, op: PropagateOp) -> SSAValue:
    w = run.writer
    return w.mul(w.sub(run.value(op.stop), run.value(op.start)), _delays(run, op))


# ---------------------------------------------------------------- spikes of targets


def note_spikes(run: Run, op: PropagateOp) -> None:
    """Writes the function that takes in spikes of targets and notes those that are due, then that of the walks."""
    held = run.deferred[op]
    due = room_for_rows(run, op)
    kernel = run.kernel("note", op.label.data, op=op)
    w, code, place = kernel.writer, SynapseCode(kernel, op), kernel.array(op.position)
    position = w.cast(w.first(place), INDEX)
    slot = w.binary(arith.RemUIOp, position, size_of(kernel, op, op.counts))
    size = w.sub(kernel.value(op.stop), kernel.value(op.start))
    take_in(kernel, op, slot, size)
    due = kernel.pass_in(due)
    number = list_due_rows(kernel, op, due, slot, size, pointers=kernel.array(op.pointers))
    w.store(w.cast(w.add(position, w.constant(1)), i64), place, w.constant(0))
    pointers, delays = kernel.array(op.pointers), size_of(kernel, op, op.delays)
    tick = tick_now(kernel, run, held)
    with w.loop(number, carried=[w.constant(0)]) as each:
        row = w.cast(w.load(due, each.index), INDEX)
        begin, end = whole_row(kernel, pointers, row, None)
        with w.when(w.compare("slt", begin, end), otherwise=[each.args[1]]) as reached:
            code.begin_row(w.binary(arith.DivUIOp, row, delays))
            code.end_row()
            walks = _note(kernel, held, row, tick, each.args[1])
            reached.give(w.add(each.args[1], w.cast(walks, INDEX)))
        each.give(*reached.results)
    enter(kernel, held, WALKS, w.cast(each.results[0], i64))
    newest = w.select(w.compare("sgt", number, w.constant(0)), tick, read(kernel, held, NEWEST))
    enter(kernel, held, NEWEST, newest)
    _decide(kernel, held, w.cast(number, i64))
    kernel.close()
    _walk(run, held)


def _note(kernel: Kernel, held: Deferred, row: SSAValue, tick: SSAValue, walks: SSAValue) -> SSAValue:
    """Writes the tick into the word of a target; returns whether its synapses have to catch up before."""
    w, recent, zero = kernel.writer, kernel.pass_in(held.recent), kernel.writer.constant(0, i64)
    word, works = w.load(recent, row), w.compare("ne", read(kernel, held, WORKS), zero)
    oldest = w.binary(arith.ShRUIOp, word, w.constant(BITS * (KEPT - 1), i64))
    is_kept = w.compare("ne", oldest, zero)

    def is_lacking() -> SSAValue:
        return w.binary(arith.AndIOp, is_kept, w.compare("sge", oldest, read(kernel, held, LEAST)))

    waited = w.compare("sge", w.sub(tick, read(kernel, held, LOOKED)), w.constant(LOOK_AGAIN, i64))
    with w.when(w.binary(arith.AndIOp, is_lacking(), waited)):
        enter(kernel, held, LOOKED, tick)
        reader, caught = held.found.reader, kernel.pass_in(held.caught)
        with w.loop(rows_in(kernel, reader), carried=[tick]) as each:
            each.give(w.binary(arith.MinSIOp, each.args[1], w.load(caught, each.index)))
        enter(kernel, held, LEAST, each.results[0])
    lacks = is_lacking()
    asking = w.add(read(kernel, held, ASKING), w.op(arith.ExtUIOp, [lacks], [i64]).results[0])
    enter(kernel, held, ASKING, asking)
    asked = read(kernel, held, ASKED)
    enter(kernel, held, ASKED, w.select(lacks, w.binary(arith.MaxSIOp, asked, oldest), asked))
    must_walk = w.binary(arith.OrIOp, lacks, w.binary(arith.XOrIOp, works, w.constant(1, i1)))
    longer = w.binary(arith.OrIOp, w.binary(arith.ShLIOp, word, w.constant(BITS, i64)), tick)
    w.store(w.select(works, w.select(must_walk, tick, longer), zero), recent, row)
    w.store(w.cast(row, i64), kernel.pass_in(held.targets), walks)
    w.store(w.select(works, word, longer), kernel.pass_in(held.words), walks)
    return w.op(arith.ExtUIOp, [must_walk], [i64]).results[0]


def _decide(kernel: Kernel, held: Deferred, noted: SSAValue) -> None:
    """Lets spikes wait from now on if targets spike often enough, compared with sources.

    A spike of a source looks for what waits at each synapse, one of a target saves a walk. So many synapses as there
    are belong to the spikes of all sources, and to those of all targets.

    Args:
        kernel: The function.
        held: The pathway.
        noted: The number of spikes of targets in this step.
    """
    w, found = kernel.writer, held.found
    noted = w.add(read(kernel, held, NOTED), noted)
    arrived = read(kernel, held, ARRIVED)
    enter(kernel, held, NOTED, noted)
    sources, targets = (w.cast(rows_in(kernel, op), i64) for op in (found.reader, found.held))
    saves = w.mul(w.mul(noted, sources), w.constant(GAIN, i64))
    takes = w.mul(w.mul(arrived, targets), w.constant(VISIT, i64))
    pays = w.binary(arith.AndIOp, kernel.pass_in(held.may_wait), w.compare("sgt", saves, takes))
    is_known = w.compare("sge", w.add(noted, arrived), w.constant(ENOUGH, i64))
    with w.when(w.binary(arith.AndIOp, pays, is_known)):
        enter(kernel, held, WORKS, w.constant(1, i64))


def _walk(run: Run, held: Deferred) -> None:
    """Writes the function in which all synapses of some targets catch up."""
    op = held.found.held
    kernel = run.divided_kernel("walk", op.label.data, op=op)
    w, code = kernel.writer, Replay(kernel, held.found, held.first)
    expect_rows_of(run, held, op, WALKS, kernel.share)
    targets, words, caught = (kernel.pass_in(each) for each in (held.targets, held.words, held.caught))
    pointers, order = kernel.array(op.pointers), None if op.order is None else kernel.array(op.order)
    sources = kernel.array(op.sources)
    buffers = {k: w.alloca(element_type(op.inputs[k].type), TILE) for k in code.of_synapses}
    ticks, places = w.alloca(i64, TILE), w.alloca(i64, TILE)
    number = w.cast(read(kernel, held, WALKS), INDEX)
    arrays = SynapseCode(kernel, op).row_arrays()
    with each_row(kernel, pointers, targets, number, arrays) as each:
        word = w.load(words, each.place)
        with tiles(w, each.end, each.begin) as tile:

            def synapse(place: SSAValue) -> SSAValue:
                return place if order is None else w.load_number(order, place)

            def source(place: SSAValue) -> SSAValue:
                return w.load_number(sources, place if op.by_place is not None else synapse(place))

            with w.loop(tile.length) as one:
                place = w.add(tile.start, one.index)
                own, far = synapse(place), source(place)
                w.store(w.cast(far, i64), places, one.index)
                w.store(w.load(caught, far), ticks, one.index)
                for k, buffer in buffers.items():
                    w.store(w.load(kernel.array(op.inputs[k]), own), buffer, one.index)
            with w.loop(w.constant(KEPT)) as turn:
                tick = quarter(w, word, turn.index)
                with w.when(w.compare("ne", tick, w.constant(0, i64))):
                    with w.loop(tile.length) as one:
                        code.at(w.cast(w.load(places, one.index), INDEX), tick)
                        waits = w.compare("sge", tick, w.load(ticks, one.index))
                        code.run(waits, {k: (buffer, one.index) for k, buffer in buffers.items()})
            with w.loop(tile.length) as one:
                own = synapse(w.add(tile.start, one.index))
                for k in code.changed:
                    w.store(w.load(buffers[k], one.index), kernel.array(op.inputs[k]), own)
    end_call(held, kernel, op, WALKS)


# ---------------------------------------------------------------- the end of a call


def settle(run: Run) -> None:
    """Writes what lets all synapses catch up."""
    for held in dict.fromkeys(run.deferred.values()):
        _list_all(run, held)
        for call in held.calls:
            _call_again(run, held, call)
        run.close_phase()


def _call_again(run: Run, held: Deferred, call: Call) -> None:
    """Calls a function once more: one that is divided in a phase of its own, for each of its parts."""
    then = call.phase
    if then is None:
        run.writer.call(call.name, call.arguments)
        return
    now = run.open_phase()
    expect_rows_of(run, held, call.op, call.number, call.share)
    same = dict(zip((then.part, *then.starts), (now.part, *now.starts), strict=True))
    with run.writer.inside(now.calls):
        run.writer.call(call.name, [same.get(outer, outer) for outer in call.arguments])


def _list_all(run: Run, held: Deferred) -> None:
    """Writes the function that lists all sources, or all targets with spikes that wait."""
    kernel = run.kernel("settle", held.found.held.label.data, op=held.found.held)
    w, recent = kernel.writer, kernel.pass_in(held.recent)
    targets, words, rows = (kernel.pass_in(each) for each in (held.targets, held.words, held.rows))
    held_op, reader = held.found.held, held.found.reader
    count = rows_in(kernel, held_op)
    with w.loop(count, carried=[w.constant(0)]) as each:
        word = w.load(recent, each.index)
        w.store(w.cast(each.index, i64), targets, each.args[1])
        w.store(word, words, each.args[1])
        waits = w.op(arith.ExtUIOp, [w.compare("ne", word, w.constant(0, i64))], [i64]).results[0]
        each.give(w.add(each.args[1], w.cast(waits, INDEX)))
    found, zero = each.results[0], w.constant(0)
    few = w.compare("slt", w.mul(found, w.constant(FEWER)), count)
    all_rows = w.select(few, zero, rows_in(kernel, reader))
    with w.loop(all_rows) as each:
        w.store(w.cast(each.index, i64), rows, each.index)
    keep_elements(kernel, held, w.constant(0), all_rows)
    enter(kernel, held, ROWS, w.cast(all_rows, i64))
    enter(kernel, held, WALKS, w.cast(w.select(few, found, zero), i64))
    kernel.close()
