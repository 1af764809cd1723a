"""The rows of synapses that are reached in a step: spikes are taken in, then the rows that are due are listed."""

from __future__ import annotations

from xdsl.dialects import arith
from xdsl.dialects.builtin import IntegerAttr, i1, i32, i64
from xdsl.ir import Attribute, Operation, SSAValue

from ranvier.ir.arrivals import DepositOp, HistoryOp
from ranvier.ir.neurons import CompactOp, ThresholdOp
from ranvier.ir.prefetch import PrefetchOp
from ranvier.ir.structure import StateOp
from ranvier.ir.types import element_type
from ranvier.passes.errors import PassError
from ranvier.passes.facts.versions import describe
from ranvier.passes.facts.work import AWAY, ROW, SYNAPSE
from ranvier.passes.lower.scopes import Kernel, Run
from ranvier.passes.lower.writer import INDEX, Writer, element_of

AHEAD = 8
"""A row is asked for so many rows before it is processed."""
LINE = 64
"""Bytes of a line of the cache."""
SPIKES, FEW_DELAYS = 2, 4
"""The number of cache lines of the spikes of a step that are asked for; so many delays are few."""
SPARE = 512
"""Entries of the list of rows beyond the number of rows."""

_READ = {"isWrite": IntegerAttr(0, i1), "localityHint": IntegerAttr(3, i32), "isDataCache": IntegerAttr(1, i1)}


def size_of(kernel: Kernel, op: Operation, value: SSAValue) -> SSAValue:
    """Returns the number of elements of a state."""
    owner = kernel.run.versions.root(value).owner
    if not isinstance(owner, StateOp):
        raise PassError(op, f"{describe(op)} works on states, not on new arrays")
    return kernel.value(owner.size)


def position_of(kernel: Kernel, op: HistoryOp) -> SSAValue:
    """Returns the position of the history at the instant that is written, before its spikes are taken in.

    In a stretch it has been left where it was at the beginning.
    """
    w, stretch = kernel.writer, kernel.run.stretch
    position = w.cast(w.first(kernel.array(op.position)), INDEX)
    return position if stretch is None else w.add(position, kernel.pass_in(stretch.instant))


def take_in(kernel: Kernel, op: HistoryOp, slot: SSAValue, size: SSAValue) -> None:
    """Writes the spikes of this step into their slot of the history."""
    w = kernel.writer
    events = kernel.run.event_list(op.events)
    found, number = kernel.pass_in(events.indices), w.cast(w.first(kernel.pass_in(events.count)), INDEX)
    history, first = kernel.array(op.indices), w.mul(slot, size)
    taken = (_take_run if _ascends(kernel.run, op.events) else _take_each)(kernel, op, found, number, history, first)
    w.store(w.cast(taken, i64), kernel.array(op.counts), slot)


def _ascends(run: Run, events: SSAValue) -> bool:
    """Tells whether a list of events is made of a mask, so that it ascends."""
    root = run.versions.root(events)
    made = (op for op in run.program.body.walk() if isinstance(op, CompactOp | ThresholdOp))
    return any(run.versions.root(op.events) is root for op in made)


def _take_run(
    kernel: Kernel, op: HistoryOp, found: SSAValue, number: SSAValue, history: SSAValue, first: SSAValue
) -> SSAValue:
    """Copies those of an ascending list that are sources, which stand in a row; returns how many.

    None of its loops has to decide anything for a single spike, so all are loops of vectors.
    """
    w = kernel.writer
    start, stop = (w.cast(kernel.value(value), i32) for value in (op.start, op.stop))
    with w.loop(number, carried=[w.constant(0, i32), w.constant(0, i32)]) as each:
        index = w.load(found, each.index)
        are_less = (w.compare("slt", index, bound) for bound in (start, stop))
        ones = (w.select(is_less, w.constant(1, i32), w.constant(0, i32)) for is_less in are_less)
        each.give(*(w.add(count, one) for count, one in zip(each.args[1:], ones, strict=True)))
    before, until = (w.cast(count, INDEX) for count in each.results)
    taken = w.sub(until, before)
    with w.loop(taken) as each:
        index = w.sub(w.load(found, w.add(before, each.index)), start)
        w.store(w.cast(index, element_type(op.indices.type)), history, w.add(first, each.index))
    return taken


def _take_each(
    kernel: Kernel, op: HistoryOp, found: SSAValue, number: SSAValue, history: SSAValue, first: SSAValue
) -> SSAValue:
    """Copies those of a list that are sources; returns how many."""
    w = kernel.writer
    start, stop = kernel.value(op.start), kernel.value(op.stop)
    with w.loop(number, carried=[first]) as each:
        index = w.cast(w.load(found, each.index), INDEX)
        inside = w.binary(arith.AndIOp, w.compare("sge", index, start), w.compare("slt", index, stop))
        with w.when(inside, otherwise=[each.args[1]]) as taken:
            w.store(w.cast(w.sub(index, start), element_type(op.indices.type)), history, each.args[1])
            taken.give(w.add(each.args[1], w.constant(1)))
        each.give(*taken.results)
    return w.sub(each.results[0], first)


def take_in_last(run: Run, op: HistoryOp) -> None:
    """Writes, behind the open phase, the function that takes in the spikes of this step, and calls it."""

    def write() -> None:
        kernel = run.kernel("take_in", op.label.data, op=op)
        w = kernel.writer
        position = w.cast(w.first(kernel.array(op.position)), INDEX)
        slot = w.binary(arith.RemUIOp, position, size_of(kernel, op, op.counts))
        take_in(kernel, op, slot, w.sub(kernel.value(op.stop), kernel.value(op.start)))
        w.store(w.cast(w.add(position, w.constant(1)), i64), kernel.array(op.position), w.constant(0))
        kernel.close()

    run.open_phase().last.append(write)


def room_for_rows(run: Run, op: HistoryOp, element: Attribute = i64) -> SSAValue:
    """Returns a buffer for a number of each row and some more; memory that is never used is never touched.

    In a stretch each part makes its own list.
    """
    w = run.writer
    delays = run.versions.root(op.delays).owner
    sizes = (op.start, op.stop, delays.size) if isinstance(delays, StateOp) else ()
    if not sizes or any(value.owner.parent_block() is not run.program.body.block for value in sizes):
        raise PassError(op, f"{describe(op)}: the number of rows must be known before the loop")
    with w.inside(run.setup):
        start, stop, number = (run.value(value) for value in sizes)
        room = w.add(w.mul(w.sub(stop, start), number), w.constant(SPARE))
        if run.stretch is None:
            return run.allocate(element, room)
    assert run.phase is not None and run.threads is not None
    return run.several(element, room, run.threads).piece(w, run.phase.part)


def list_due_rows(
    kernel: Kernel,
    op: HistoryOp,
    due: SSAValue,
    slot: SSAValue,
    extent: SSAValue,
    *,
    pointers: SSAValue | None = None,
    width: SSAValue | None = None,
    instances: SSAValue | None = None,
) -> SSAValue:
    """Writes the rows that are reached now into a list, in the order of the delays and spikes; returns their number.

    Args:
        kernel: Where to write.
        op: The pathway.
        due: The list (`room_for_rows`).
        slot: The slot of the history for this step.
        extent: The number of elements that may spike.
        pointers: Where the pointers of the rows are asked for early.
        width: What the number of a row is multiplied with.
        instances: How many have their spikes in the list: that of instance b stands for row*instances + b.
    """
    w = kernel.writer
    delays, counts, history = kernel.array(op.delays), kernel.array(op.counts), kernel.array(op.indices)
    number, length = size_of(kernel, op, op.delays), size_of(kernel, op, op.counts)
    position = position_of(kernel, op)
    with w.loop(number, carried=[w.constant(0)]) as each:
        delay = w.cast(w.load(delays, each.index), INDEX)
        with w.when(w.compare("sge", position, delay), otherwise=[each.args[1]]) as passed:
            before = w.sub(slot, delay)
            before = w.select(w.compare("slt", before, w.constant(0)), w.add(before, length), before)
            first = w.mul(before, extent)
            with w.loop(w.cast(w.load(counts, before), INDEX), carried=[each.args[1]]) as spike:
                element = w.cast(w.load(history, w.add(first, spike.index)), INDEX)
                lane: SSAValue | None = None
                if instances is not None:
                    spiking = w.binary(arith.DivUIOp, element, instances)
                    element, lane = spiking, w.sub(element, w.mul(spiking, instances))
                row = w.add(w.mul(element, number), each.index)
                if pointers is not None:
                    announce(w, pointers, row)
                if width is not None:
                    row = w.mul(row, width)
                if instances is not None and lane is not None:
                    row = w.add(w.mul(row, instances), lane)
                w.store(w.cast(row, i64), due, spike.args[1])
                spike.give(w.add(spike.args[1], w.constant(1)))
            passed.give(*spike.results)
        each.give(*passed.results)
    return each.results[0]


def expect_rows(run: Run, number: SSAValue, rows: SSAValue, synapses: SSAValue) -> None:
    """Notes how long the open phase will take for the rows that are due, by their mean length, if one thread does it.

    Args:
        run: The run.
        number: The number of rows that are due.
        rows: The number of all rows, known before the loop.
        synapses: The number of their synapses, known before the loop.
    """
    w = run.writer
    with w.inside(run.setup):
        mean = w.binary(arith.DivUIOp, synapses, w.binary(arith.MaxSIOp, rows, w.constant(1)))
        cost = w.add(w.mul(mean, w.constant(SYNAPSE + AWAY)), w.constant(ROW))
    phase = run.open_phase()
    with w.inside(phase.home):
        phase.found.append(w.mul(number, cost))


def due_in_stretch(run: Run, op: HistoryOp) -> SSAValue:
    """Writes, in front of the open phase, the function that counts the rows that are due in it; returns how many."""
    phase = run.phase
    assert phase is not None and phase.instants is not None
    found = run.fresh_lowered(i64, run.writer.constant(1))
    with run.writer.inside(phase.home):
        kernel = run.kernel("expected", op.label.data, op=op)
        w = kernel.writer
        delays, counts = kernel.array(op.delays), kernel.array(op.counts)
        length = size_of(kernel, op, op.counts)
        position = w.cast(w.first(kernel.array(op.position)), INDEX)
        with w.loop(size_of(kernel, op, op.delays), carried=[w.constant(0, i64)]) as each:
            first = w.sub(position, w.cast(w.load(delays, each.index), INDEX))
            begin = w.binary(arith.MaxSIOp, w.sub(w.constant(0), first), w.constant(0))
            with w.loop(kernel.pass_in(phase.instants), lower=begin, carried=[each.args[1]]) as instant:
                slot = w.binary(arith.RemUIOp, w.add(first, instant.index), length)
                instant.give(w.add(instant.args[1], w.load(counts, slot)))
            each.give(*instant.results)
        w.store(each.results[0], kernel.pass_in(found), w.constant(0))
        kernel.close()
        return run.writer.cast(run.writer.first(found), INDEX)


def announce_history(run: Run, op: HistoryOp) -> None:
    """Asks, before a part of the open stretch begins, for the spikes that arrive in it, which the main thread wrote.

    Where delays are many, for those of the first instant.
    """
    phase = run.phase
    assert phase is not None and phase.instants is not None
    with run.writer.inside(phase.parts):
        kernel = run.kernel("ask", op.label.data, op=op)
        w = kernel.writer
        delays, counts, history = kernel.array(op.delays), kernel.array(op.counts), kernel.array(op.indices)
        number, length = size_of(kernel, op, op.delays), size_of(kernel, op, op.counts)
        size = w.sub(kernel.value(op.stop), kernel.value(op.start))
        position = w.cast(w.first(kernel.array(op.position)), INDEX)
        are_few = w.compare("sle", number, w.constant(FEW_DELAYS))
        instants = w.select(are_few, kernel.pass_in(phase.instants), w.constant(1))
        with w.loop(instants) as instant, w.loop(number) as each:
            arriving = w.sub(w.add(position, instant.index), w.cast(w.load(delays, each.index), INDEX))
            with w.when(w.compare("sge", arriving, w.constant(0))):
                slot = w.binary(arith.RemUIOp, arriving, length)
                announce(w, counts, slot)
                first = w.mul(slot, size)
                for line in range(SPIKES):
                    announce(w, history, w.add(first, w.constant(line * LINE // 4)))
        kernel.close()


def expect_listed(run: Run, op: HistoryOp, pointers: SSAValue, number: SSAValue, *, parts: bool) -> None:
    """Notes how long the open phase will take for the rows that are due.

    Args:
        run: The run.
        op: The pathway.
        pointers: Where its rows begin.
        number: The number of rows that are due.
        parts: Whether each row has as many rows as there are threads.
    """
    w, delays = run.writer, run.versions.root(op.delays).owner
    assert run.threads is not None and isinstance(delays, StateOp)
    with w.inside(run.setup):
        rows = w.sub(run.value(op.stop), run.value(op.start))
        if not isinstance(op, DepositOp):
            rows = w.mul(rows, run.value(delays.size))
        last = w.mul(rows, run.threads) if parts else rows
        synapses = w.cast(w.load(run.array(pointers), last), INDEX)
    expect_rows(run, number, rows, synapses)


def row_at(kernel: Kernel, pointers: SSAValue, due: SSAValue, place: SSAValue) -> tuple[SSAValue, SSAValue, SSAValue]:
    """Returns a row of the list: its number, the place of its first synapse, and one beyond the last.

    Where the work is divided, they are those of the share.
    """
    w = kernel.writer
    row = w.cast(w.load(due, place), INDEX)
    own = row if kernel.share is None else kernel.share.row(w, row)
    return row, w.cast(w.load(pointers, own), INDEX), w.cast(w.load(pointers, w.add(own, w.constant(1))), INDEX)


def whole_row(kernel: Kernel, pointers: SSAValue, row: SSAValue, threads: SSAValue | None) -> tuple[SSAValue, SSAValue]:
    """Returns the place of the first synapse of a row and one beyond the last.

    Args:
        kernel: Where to write.
        pointers: Where rows begin.
        row: The number of the row.
        threads: How many parts each row has; None if it is one.
    """
    w = kernel.writer
    first, last = row, w.add(row, w.constant(1))
    if threads is not None:
        first, last = w.mul(first, threads), w.mul(last, threads)
    return w.cast(w.load(pointers, first), INDEX), w.cast(w.load(pointers, last), INDEX)


def announce(w: Writer, array: SSAValue, place: SSAValue) -> None:
    """Asks for the memory of an element."""
    w.op(PrefetchOp, [array, place], [], _READ)


def announce_row(w: Writer, array: SSAValue, begin: SSAValue, end: SSAValue, most: int, words: int = 1) -> None:
    """Asks for the first synapses of a row, at most so many; the machine sees the rest coming.

    Args:
        w: Where to write.
        array: The array.
        begin: The first place of the row.
        end: One beyond its last.
        most: The most synapses.
        words: The elements of each.
    """
    if words > 1:
        begin, end = (w.mul(place, w.constant(words)) for place in (begin, end))
    last = w.binary(arith.MaxSIOp, w.sub(end, w.constant(1)), begin)
    for offset in range(0, most * words, LINE // bytes_of(array)):
        announce(w, array, w.binary(arith.MinSIOp, w.add(begin, w.constant(offset)), last))


def bytes_of(array: SSAValue) -> int:
    """Returns the bytes of an element of a buffer."""
    return (getattr(element_of(array), "bitwidth", 64) + 7) // 8
