"""Lowers `snn.propagate` and `snn.accumulate`: loops over the rows of the spikes that arrive, in place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects import arith
from xdsl.dialects.builtin import IntegerAttr, i1, i32, i64
from xdsl.ir import Operation, SSAValue

from ranvier.ir.arrivals import HistoryOp
from ranvier.ir.neurons import GatherOp, element_type
from ranvier.ir.prefetch import PrefetchOp
from ranvier.ir.structure import StateOp
from ranvier.ir.synapses import AccumulateOp, PropagateOp
from ranvier.passes.errors import PassError
from ranvier.passes.lower.draws import TILE
from ranvier.passes.lower.emission import repeat
from ranvier.passes.lower.scopes import Kernel, Run
from ranvier.passes.lower.synapse_code import SynapseCode, run_in_tiles, sums_of, synapse_at
from ranvier.passes.lower.versions import describe
from ranvier.passes.lower.writer import INDEX, Writer, element_of, integer_bits

AHEAD = 4
"""A row is asked for so many spikes before it is processed."""
ANNOUNCED = 32
"""The number of synapses of a row that are asked for; the machine sees the rest coming."""
LINE = 64
"""Bytes of a line of the cache."""

READ = {"isWrite": IntegerAttr(0, i1), "localityHint": IntegerAttr(3, i32), "isDataCache": IntegerAttr(1, i1)}


def lower_propagate(run: Run, op: PropagateOp) -> None:
    """Writes the functions that take in spikes and deliver those that are due, and calls them."""
    if op.pending:
        _lower_pending(run, op)
    kernel = run.kernel("propagate", op.label.data, op=op)
    w = kernel.writer
    place = kernel.array(op.position)
    position = w.cast(w.first(place), INDEX)
    length = size_of(kernel, op, op.counts)
    slot = w.binary(arith.RemUIOp, position, length)
    size = w.sub(kernel.value(op.stop), kernel.value(op.start))
    take_in(kernel, op, slot, size)
    _deliver(kernel, op, position, slot, length, size)
    w.store(w.cast(w.add(position, w.constant(1)), i64), place, w.constant(0))
    kernel.close()


def size_of(kernel: Kernel, op: Operation, value: SSAValue) -> SSAValue:
    """The number of elements of a state."""
    owner = kernel.run.versions.root(value).owner
    if not isinstance(owner, StateOp):
        raise PassError(op, f"{describe(op)} works on states, not on new arrays")
    return kernel.value(owner.size)


def take_in(kernel: Kernel, op: HistoryOp, slot: SSAValue, size: SSAValue) -> None:
    """Writes the spikes of this step into their slot of the history."""
    w = kernel.writer
    events = kernel.run.event_list(op.events)
    found, number = kernel.pass_in(events.indices), w.first(kernel.pass_in(events.count))
    start, stop = kernel.value(op.start), kernel.value(op.stop)
    history = kernel.array(op.indices)
    with w.loop(w.cast(number, INDEX), carried=[w.mul(slot, size)]) as each:
        index = w.cast(w.load(found, each.index), INDEX)
        inside = w.binary(arith.AndIOp, w.compare("sge", index, start), w.compare("slt", index, stop))
        with w.when(inside, otherwise=[each.args[1]]) as taken:
            w.store(w.cast(w.sub(index, start), element_type(op.indices.type)), history, each.args[1])
            taken.give(w.add(each.args[1], w.constant(1)))
        each.give(*taken.results)
    w.store(w.cast(w.sub(each.results[0], w.mul(slot, size)), i64), kernel.array(op.counts), slot)


@dataclass(frozen=True)
class _Slot:
    """The spikes of one step: the place of the first in the history, how many, and the number of their delay."""

    first: SSAValue
    count: SSAValue
    delay: SSAValue


def _deliver(
    kernel: Kernel, op: PropagateOp, position: SSAValue, slot: SSAValue, length: SSAValue, size: SSAValue
) -> None:
    """Delay by delay, spike by spike: the row of synapses that are reached now."""
    w = kernel.writer
    delays, counts = kernel.array(op.delays), kernel.array(op.counts)
    number = size_of(kernel, op, op.delays)
    code = SynapseCode(kernel, op)

    def slot_of(which: SSAValue, delay: SSAValue) -> _Slot:
        before = w.sub(slot, delay)
        wrapped = w.select(w.compare("slt", before, w.constant(0)), w.add(before, length), before)
        return _Slot(w.mul(wrapped, size), w.cast(w.load(counts, wrapped), INDEX), which)

    with w.loop(number) as each:
        delay = w.cast(w.load(delays, each.index), INDEX)
        with w.when(w.compare("sge", position, delay)):
            now = slot_of(each.index, delay)
            with w.when(w.compare("sgt", now.count, w.constant(0))):
                last = w.sub(number, w.constant(1))
                following = w.binary(arith.MinSIOp, w.add(each.index, w.constant(1)), last)
                after = slot_of(following, w.cast(w.load(delays, following), INDEX))
                with w.loop(now.count) as spike:
                    _announce(kernel, op, code, now, after, spike.index, number)
                    element = w.cast(w.load(kernel.array(op.indices), w.add(now.first, spike.index)), INDEX)
                    begin, end = row_of(kernel, op, element, each.index, number)
                    with w.when(w.compare("slt", begin, end)):
                        code.begin_row(element)
                        _run_row(kernel, op, code, begin, end)
                        code.end_row()


def row_of(
    kernel: Kernel, op: PropagateOp, element: SSAValue, delay: SSAValue, number: SSAValue
) -> tuple[SSAValue, SSAValue]:
    """The places of the synapses that a spike reaches: the first, and one beyond the last."""
    w, pointers = kernel.writer, kernel.array(op.pointers)
    row = w.add(w.mul(element, number), delay)
    return w.cast(w.load(pointers, row), INDEX), w.cast(w.load(pointers, w.add(row, w.constant(1))), INDEX)


def _announce(
    kernel: Kernel, op: PropagateOp, code: SynapseCode, now: _Slot, after: _Slot, spike: SSAValue, number: SSAValue
) -> None:
    """Asks for the memory of a row that comes `AHEAD` spikes later: in this slot of the history, or in the next.

    Where there is no such spike it asks for the row of another: any entry of the history has one.
    """
    w, zero = kernel.writer, kernel.writer.constant(0)
    later = w.add(spike, w.constant(AHEAD))
    inside = w.compare("slt", later, now.count)
    beyond = w.binary(arith.MinSIOp, w.sub(later, now.count), w.sub(after.count, w.constant(1)))
    beyond = w.binary(arith.MaxSIOp, beyond, zero)
    place = w.select(inside, w.add(now.first, later), w.add(after.first, beyond))
    element = w.cast(w.load(kernel.array(op.indices), place), INDEX)
    begin, end = row_of(kernel, op, element, w.select(inside, now.delay, after.delay), number)
    last = w.binary(arith.MaxSIOp, w.sub(end, w.constant(1)), begin)
    for array in code.row_arrays():
        for offset in range(0, ANNOUNCED, LINE // bytes_of(array)):
            w.op(PrefetchOp, [array, w.binary(arith.MinSIOp, w.add(begin, w.constant(offset)), last)], [], READ)


def bytes_of(array: SSAValue) -> int:
    return (getattr(element_of(array), "bitwidth", 64) + 7) // 8


def _run_row(kernel: Kernel, op: PropagateOp, code: SynapseCode, begin: SSAValue, end: SSAValue) -> None:
    sums = sums_of(code)
    if sums is not None and code.is_costly():
        run_in_tiles(kernel, op, code, sums, (begin, end))
        return
    with kernel.writer.loop(end, lower=begin) as place:
        code.run(synapse_at(kernel, op, place.index))


def _lower_pending(run: Run, op: PropagateOp) -> None:
    """Writes the function that delivers what was on its way when delays changed: rarely anything."""
    kernel = run.kernel("propagate", op.label.data, "pending", op=op)
    w = kernel.writer
    due, synapses, arrived = (kernel.array(value) for value in op.pending)
    position, number = w.first(kernel.array(op.position)), size_of(kernel, op, op.pending[0])
    code = SynapseCode(kernel, op)

    def is_due(args: Sequence[SSAValue]) -> SSAValue:
        with w.when(w.compare("slt", args[0], number), otherwise=[w.constant(0, i1)]) as more:
            more.give(w.compare("sle", w.load(due, args[0]), position))
        return more.results[0]

    def deliver(args: Sequence[SSAValue]) -> list[SSAValue]:
        code.run(w.cast(w.load(synapses, args[0]), INDEX))
        return [w.add(args[0], w.constant(1))]

    (last,) = repeat(w, [w.cast(w.first(arrived), INDEX)], is_due, deliver)
    w.store(w.cast(last, i64), arrived, w.constant(0))
    kernel.close()


def lower_accumulate(run: Run, op: AccumulateOp) -> None:
    """Writes the function of a sum over synapses, in the order of the synapses.

    Where a value takes long to compute, a tile of them is computed by a loop that can be vectorised, then added.
    """
    kernel = run.kernel("accumulate", op.label.data, op=op)
    w = kernel.writer
    element = element_type(op.array.type)
    count, offset, size = kernel.value(op.count), kernel.value(op.offset), kernel.value(op.size)
    sums, shift = _sums(run, kernel, op, offset)
    zero = w.constant(0, element)
    with w.loop(count) as each:
        w.store(zero, sums, w.add(each.index, shift))
    index = kernel.array(op.index)
    code = SynapseCode(kernel, op)
    if code.is_costly():
        buffer = w.alloca(element, TILE)
        with w.loop(size, step=TILE) as tile:
            length = w.binary(arith.MinSIOp, w.sub(size, tile.index), w.constant(TILE))
            with w.loop(length) as each:
                w.store(code.values(w.add(tile.index, each.index))[0], buffer, each.index)
            with w.loop(length) as each:
                end = w.load_number(index, w.add(tile.index, each.index))
                _add(w, sums, w.add(end, shift), w.load(buffer, each.index))
    else:
        with w.loop(size) as each:
            value = code.values(each.index)[0]
            _add(w, sums, w.add(w.load_number(index, each.index), shift), value)
    if sums is not kernel.array(op.array):
        with w.loop(count) as each:
            w.store(w.load(sums, each.index), kernel.array(op.array), w.add(each.index, offset))
    kernel.close()


def _sums(run: Run, kernel: Kernel, op: AccumulateOp, offset: SSAValue) -> tuple[SSAValue, SSAValue]:
    """Where to sum, and the place of the first sum: elsewhere if the region reads the array of the sums."""
    root = run.versions.root(op.array)
    gathered = (inner.array for inner in op.walk() if isinstance(inner, GatherOp))
    if any(run.versions.root(value) is root for value in (*op.inputs, *gathered)):
        return kernel.pass_in(run.fresh(op, element_type(op.array.type), op.count)), kernel.writer.constant(0)
    return kernel.array(op.array), offset


def _add(w: Writer, array: SSAValue, place: SSAValue, value: SSAValue) -> None:
    kind = arith.AddfOp if integer_bits(value.type) is None else arith.AddiOp
    w.store(w.binary(kind, w.load(array, place), value), array, place)
