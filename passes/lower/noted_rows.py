"""Rows that are noted once a spike is on its way, for pathways whose rows are records.

What a spike reaches stands in as many rows as there are delays, and where each begins stands side by side for one
neuron. Whoever looks there in the step in which a row is due, finds one number here and one there, in pages that have
not been used for long. So where the rows of a spike begin and end is read at once, before the first of them is due, and
kept where it will be needed: for each step, delay by delay. Only rows are noted that are due in this call. Spikes that
are more than there is room for are looked up when they are due. Each part notes its own parts of the rows.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.dialects import arith
from xdsl.dialects.builtin import i64
from xdsl.ir import SSAValue

from ranvier.ir.structure import StateOp
from ranvier.ir.synapses import PropagateOp
from ranvier.passes.errors import PassError
from ranvier.passes.facts.versions import describe
from ranvier.passes.lower.due_rows import AHEAD, LINE, SPARE, announce, announce_row, position_of, size_of
from ranvier.passes.lower.lowered import Several
from ranvier.passes.lower.scopes import Kernel, Run
from ranvier.passes.lower.synapse_code import SynapseCode
from ranvier.passes.lower.writer import INDEX, Writer

PIECE, DUE = 2, 3
"""Words of a row that is noted (where its part begins and ends), and of one that is due (the spiking element, too)."""

LEAST_ROOM, TIMES_MOST, SHARE_OF_ALL = 64, 2, 256
"""There is room for so many spikes of a step and these times as many as the most in a step that are on their way, but
for no larger part of all elements than the last."""

NEAR = 2
"""The spikes, and the delays, that are asked for ahead."""

RUN = 8
"""The lines of memory that are asked for of the rows of one step and delay."""


@dataclass(frozen=True, eq=False)
class Notes:
    """The buffers of a pathway, of which each part has its own piece.

    Attributes:
        rows: Where the rows of the spikes of the last steps begin and end, by step, delay, and spike.
        numbers: How many spikes of each of these steps are noted, -1 for those that are not; then, as the last, the
            position of the last step that has been noted.
        due: The rows that are due.
        room: The spikes of a step for which there is room.
        end: The position that this call does not reach.
    """

    rows: Several
    numbers: Several
    due: Several
    room: SSAValue
    end: SSAValue


@dataclass(frozen=True, eq=False)
class _Here:
    """What a function knows of a pathway and its notes."""

    kernel: Kernel
    op: PropagateOp
    delays: SSAValue
    number: SSAValue
    length: SSAValue
    extent: SSAValue
    position: SSAValue
    rows: SSAValue
    numbers: SSAValue
    room: SSAValue
    end: SSAValue


def room_for_notes(run: Run, op: PropagateOp) -> Notes:
    """Returns the buffers of a pathway; nothing is noted at the beginning of a call."""
    w, (delays, counts) = run.writer, (run.versions.root(value).owner for value in (op.delays, op.counts))
    if not isinstance(delays, StateOp) or not isinstance(counts, StateOp):
        raise PassError(op, f"{describe(op)}: the number of rows must be known before the loop")
    with w.inside(run.setup):
        parts = w.constant(1) if run.threads is None or run.stretch is None else run.threads
        size = w.sub(run.value(op.stop), run.value(op.start))
        number, length = run.value(delays.size), run.value(counts.size)
        with w.loop(length, carried=[w.constant(0)]) as step:
            found = w.cast(w.load(run.array(op.counts), step.index), INDEX)
            step.give(w.binary(arith.MaxSIOp, step.args[1], found))
        usual = w.mul(step.results[0], w.constant(TIMES_MOST))
        most = w.binary(arith.DivUIOp, size, w.constant(SHARE_OF_ALL))
        room = w.add(w.binary(arith.MinSIOp, usual, most), w.constant(LEAST_ROOM))
        all_due = w.add(w.mul(w.mul(size, number), w.constant(DUE)), w.constant(SPARE))
        all_noted = w.mul(w.mul(length, number), w.mul(room, w.constant(PIECE)))
        rows, due = run.several(i64, all_noted, parts), run.several(i64, all_due, parts)
        numbers = run.several(i64, w.add(length, w.constant(1)), parts)
        position = w.first(run.array(op.position))
        before = w.sub(position, w.cast(length, i64))
        end = w.cast(w.add(position, w.load(run.control(), w.constant(1))), INDEX)
        with w.loop(parts) as each:
            w.store(before, numbers.whole, w.add(w.mul(each.index, numbers.size), length))
    return Notes(rows, numbers, due, room, end)


def list_noted_rows(kernel: Kernel, op: PropagateOp, notes: Notes) -> tuple[SSAValue, SSAValue]:
    """Notes the rows of spikes that are on their way, and lists those that are due now, by delays and then by spikes.

    Returns:
        The list, and how many rows it has.
    """
    w, run = kernel.writer, kernel.run
    phase = None if run.stretch is None else run.phase
    with run.writer.inside(run.setup if phase is None else phase.parts):
        part = run.writer.constant(0) if phase is None else phase.part
        rows, numbers, due = (each.piece(run.writer, part) for each in (notes.rows, notes.numbers, notes.due))
    here = _Here(
        kernel,
        op,
        kernel.array(op.delays),
        size_of(kernel, op, op.delays),
        size_of(kernel, op, op.counts),
        w.sub(kernel.value(op.stop), kernel.value(op.start)),
        position_of(kernel, op),
        kernel.pass_in(rows),
        kernel.pass_in(numbers),
        kernel.pass_in(notes.room),
        kernel.pass_in(notes.end),
    )
    with w.when(w.compare("sgt", here.number, w.constant(0))):
        _note(here)
    listed = kernel.pass_in(due)
    return listed, _list(here, listed)


def _note(here: _Here) -> None:
    """Writes what notes the spikes since the last time, up to those that arrive now after the shortest delay."""
    w, op, kernel = here.kernel.writer, here.op, here.kernel
    counts, history = kernel.array(op.counts), kernel.array(op.indices)
    shortest = w.cast(w.load(here.delays, w.sub(here.number, w.constant(1))), INDEX)
    last = w.sub(here.position, shortest)
    former = w.cast(w.load(here.numbers, here.length), INDEX)
    first = w.binary(arith.MaxSIOp, w.add(former, w.constant(1)), w.constant(0))
    with w.loop(w.add(last, w.constant(1)), lower=first) as step:
        slot = w.binary(arith.RemUIOp, step.index, here.length)
        count = w.cast(w.load(counts, slot), INDEX)
        fits = w.compare("sle", count, here.room)
        w.store(w.select(fits, w.cast(count, i64), w.constant(-1, i64)), here.numbers, slot)
        first_delay, behind = _delays_of(here, step.index)
        with w.when(fits), w.loop(count) as spike:
            begin = w.mul(slot, here.extent)
            _ask_for_pointers(here, history, begin, w.add(spike.index, w.constant(NEAR)), count)
            element = w.cast(w.load(history, w.add(begin, spike.index)), INDEX)
            row = w.mul(element, here.number)
            with w.loop(behind, lower=first_delay) as each:
                start, stop = _ends(here, w.add(row, each.index))
                place = w.add(_run_at(here, slot, each.index, count), w.mul(spike.index, w.constant(PIECE)))
                w.store(start, here.rows, place)
                w.store(stop, here.rows, w.add(place, w.constant(1)))
    w.store(w.cast(last, i64), here.numbers, here.length)


def _delays_of(here: _Here, step: SSAValue) -> tuple[SSAValue, SSAValue]:
    """Returns the first delay after which spikes of a step arrive in this call from now on, and one behind the last."""
    w = here.kernel.writer
    nothing = [w.constant(0), w.constant(0)]
    with w.loop(here.number, carried=nothing) as each:  # the longest comes first
        arrives = w.add(step, w.cast(w.load(here.delays, each.index), INDEX))
        conditions = (w.compare("sge", arrives, here.end), w.compare("sge", arrives, here.position))
        counted = (w.select(condition, w.constant(1), w.constant(0)) for condition in conditions)
        each.give(*(w.add(number, one) for number, one in zip(each.args[1:], counted, strict=True)))
    first, behind = each.results
    return first, behind


def _ask_for_pointers(here: _Here, history: SSAValue, begin: SSAValue, later: SSAValue, count: SSAValue) -> None:
    """Asks for where the rows of a later spike begin."""
    w, share = here.kernel.writer, here.kernel.share
    pointers, per_line = here.kernel.array(here.op.pointers), LINE // 8
    with w.when(w.compare("slt", later, count)):
        element = w.cast(w.load(history, w.add(begin, later)), INDEX)
        first, behind = (w.mul(w.add(element, w.constant(k)), here.number) for k in (0, 1))
        if share is not None:
            first, behind = w.mul(first, share.threads), w.mul(behind, share.threads)
        with w.loop(behind, lower=first, step=per_line) as line:
            announce(w, pointers, line.index)


def _ends(here: _Here, row: SSAValue) -> tuple[SSAValue, SSAValue]:
    """Returns where the part of a row begins, and one beyond its end."""
    w, share, pointers = here.kernel.writer, here.kernel.share, here.kernel.array(here.op.pointers)
    own = row if share is None else share.row(w, row)
    return w.load(pointers, own), w.load(pointers, w.add(own, w.constant(1)))


def _run_at(here: _Here, slot: SSAValue, delay: SSAValue, count: SSAValue) -> SSAValue:
    """Returns where the rows stand of the spikes of a step, after one of the delays."""
    w = here.kernel.writer
    of_slot = w.mul(w.mul(slot, here.number), here.room)
    return w.mul(w.add(of_slot, w.mul(delay, count)), w.constant(PIECE))


def _slot_of(here: _Here, number: SSAValue) -> tuple[SSAValue, SSAValue]:
    """Returns whether there are spikes that arrive now after a delay, and the slot of their step."""
    w = here.kernel.writer
    delay = w.cast(w.load(here.delays, number), INDEX)
    passed = w.compare("sge", here.position, delay)
    step = w.select(passed, w.sub(here.position, delay), w.constant(0))
    return passed, w.binary(arith.RemUIOp, step, here.length)


def _list(here: _Here, due: SSAValue) -> SSAValue:
    """Writes what lists the rows that are due."""
    w, op = here.kernel.writer, here.op
    counts, history = here.kernel.array(op.counts), here.kernel.array(op.indices)
    last = w.sub(here.number, w.constant(1))
    with w.loop(here.number, carried=[w.constant(0)]) as each:
        later = w.binary(arith.MinSIOp, w.add(each.index, w.constant(NEAR)), last)
        _ask_for_run(here, later)
        passed, slot = _slot_of(here, each.index)
        with w.when(passed, otherwise=[each.args[1]]) as now:
            number = w.cast(w.load(here.numbers, slot), INDEX)
            count = w.cast(w.load(counts, slot), INDEX)
            is_noted = w.compare("sge", number, w.constant(0))
            begin = w.mul(slot, here.extent)
            run = _run_at(here, slot, each.index, count)
            noted = w.select(is_noted, count, w.constant(0))
            with w.loop(noted) as spike:
                place = w.add(run, w.mul(spike.index, w.constant(PIECE)))
                start, stop = (w.load(here.rows, w.add(place, w.constant(k))) for k in (0, 1))
                element = w.cast(w.load(history, w.add(begin, spike.index)), i64)
                _put(w, due, w.add(each.args[1], spike.index), (start, stop, element))
            with w.loop(count, lower=noted) as spike:
                element = w.cast(w.load(history, w.add(begin, spike.index)), INDEX)
                start, stop = _ends(here, w.add(w.mul(element, here.number), each.index))
                _put(w, due, w.add(each.args[1], spike.index), (start, stop, w.cast(element, i64)))
            now.give(w.add(each.args[1], count))
        each.give(*now.results)
    return each.results[0]


def _ask_for_run(here: _Here, number: SSAValue) -> None:
    """Asks for the rows that are noted of the spikes that arrive now after a delay."""
    w = here.kernel.writer
    _, slot = _slot_of(here, number)
    count = w.binary(arith.MaxSIOp, w.cast(w.load(here.numbers, slot), INDEX), w.constant(0))
    begin = _run_at(here, slot, number, count)
    for line in range(RUN):
        announce(w, here.rows, w.add(begin, w.constant(line * LINE // 8)))


def _put(w: Writer, due: SSAValue, number: SSAValue, words: tuple[SSAValue, ...]) -> None:
    place = w.mul(number, w.constant(DUE))
    for k, word in enumerate(words):
        w.store(word, due, w.add(place, w.constant(k)))


def deliver_noted(kernel: Kernel, code: SynapseCode, due: SSAValue, number: SSAValue, announced: int) -> None:
    """Writes the delivery of the rows that are due, asking early for the synapses of the rows to come."""
    w = kernel.writer
    last = w.sub(number, w.constant(1))

    def row(place: SSAValue) -> tuple[SSAValue, SSAValue, SSAValue]:
        first = w.mul(place, w.constant(DUE))
        begin, end, element = (w.cast(w.load(due, w.add(first, w.constant(k))), INDEX) for k in range(DUE))
        return begin, end, element

    with w.loop(number) as each:
        begin, end, _ = row(w.binary(arith.MinSIOp, w.add(each.index, w.constant(AHEAD)), last))
        for array in code.row_arrays():
            announce_row(w, array, begin, end, announced, code.words)
        begin, end, element = row(each.index)
        with w.when(w.compare("slt", begin, end)):
            code.begin_row(element)
            with w.loop(end, lower=begin) as place:
                code.at_place(place.index)
                code.run()
            code.end_row()
