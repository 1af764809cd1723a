"""Lowers `snn.propagate` and `snn.accumulate`: loops over the rows of the spikes that arrive, in place."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import arith
from xdsl.dialects.builtin import i1, i64
from xdsl.ir import Operation, SSAValue

from ranvier.ir.neurons import GatherOp, element_type, region_of
from ranvier.ir.structure import StateOp, YieldOp
from ranvier.ir.synapses import AccumulateOp, PropagateOp, roles_of, shifts_of, written_inputs
from ranvier.passes.errors import PassError
from ranvier.passes.lower.draws import TILE
from ranvier.passes.lower.emission import repeat
from ranvier.passes.lower.regions import lower_scalar
from ranvier.passes.lower.scopes import Kernel, Run
from ranvier.passes.lower.versions import describe
from ranvier.passes.lower.writer import INDEX, Writer, integer_bits
from ranvier.passes.optimise.scalars import is_inside, is_pure_scalar, may_trap


def lower_propagate(run: Run, op: PropagateOp) -> None:
    """Writes the functions that take in spikes and deliver those that are due, and calls them."""
    if op.pending:
        _lower_pending(run, op)
    kernel = run.kernel("propagate", op.label.data, op=op)
    w = kernel.writer
    place = kernel.array(op.position)
    position = w.cast(w.first(place), INDEX)
    length = _size_of(kernel, op, op.counts)
    slot = w.binary(arith.RemUIOp, position, length)
    size = w.sub(kernel.value(op.stop), kernel.value(op.start))
    _take_in(kernel, op, slot, size)
    _deliver(kernel, op, position, slot, length, size)
    w.store(w.cast(w.add(position, w.constant(1)), i64), place, w.constant(0))
    kernel.close()


def _size_of(kernel: Kernel, op: Operation, value: SSAValue) -> SSAValue:
    """The number of elements of a state."""
    owner = kernel.run.versions.root(value).owner
    if not isinstance(owner, StateOp):
        raise PassError(op, f"{describe(op)} works on states, not on new arrays")
    return kernel.value(owner.size)


def _take_in(kernel: Kernel, op: PropagateOp, slot: SSAValue, size: SSAValue) -> None:
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


def _deliver(
    kernel: Kernel, op: PropagateOp, position: SSAValue, slot: SSAValue, length: SSAValue, size: SSAValue
) -> None:
    """Delay by delay, spike by spike: the row of synapses that are reached now."""
    w = kernel.writer
    delays, pointers = kernel.array(op.delays), kernel.array(op.pointers)
    history, counts = kernel.array(op.indices), kernel.array(op.counts)
    number = _size_of(kernel, op, op.delays)
    code = _Code(kernel, op)
    with w.loop(number) as each:
        delay = w.cast(w.load(delays, each.index), INDEX)
        with w.when(w.compare("sge", position, delay)):
            before = w.sub(slot, delay)
            wrapped = w.select(w.compare("slt", before, w.constant(0)), w.add(before, length), before)
            first = w.mul(wrapped, size)
            with w.loop(w.cast(w.load(counts, wrapped), INDEX)) as spike:
                element = w.cast(w.load(history, w.add(first, spike.index)), INDEX)
                row = w.add(w.mul(element, number), each.index)
                begin = w.cast(w.load(pointers, row), INDEX)
                end = w.cast(w.load(pointers, w.add(row, w.constant(1))), INDEX)
                with w.when(w.compare("slt", begin, end)):
                    code.begin_row(element)
                    with w.loop(end, lower=begin) as place:
                        code.run(_synapse_at(kernel, op, place.index))


def _synapse_at(kernel: Kernel, op: PropagateOp, place: SSAValue) -> SSAValue:
    if op.order is None:
        return place
    return kernel.writer.cast(kernel.writer.load(kernel.array(op.order), place), INDEX)


def _lower_pending(run: Run, op: PropagateOp) -> None:
    """Writes the function that delivers what was on its way when delays changed: rarely anything."""
    kernel = run.kernel("propagate", op.label.data, "pending", op=op)
    w = kernel.writer
    due, synapses, arrived = (kernel.array(value) for value in op.pending)
    position, number = w.first(kernel.array(op.position)), _size_of(kernel, op, op.pending[0])
    code = _Code(kernel, op)
    code.begin_row(None)

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


class _Code:
    """The region of an op, written for one synapse, and once per row what is the same for all synapses of a row.

    In a row the spiking element is the same, so its elements are, unless the region writes their arrays.
    """

    def __init__(self, kernel: Kernel, op: PropagateOp | AccumulateOp) -> None:
        self.kernel = kernel
        self.op = op
        self.block = region_of(op)
        self.roles = roles_of(op)
        self.shifts = shifts_of(op)
        versions = kernel.run.versions
        writes = written_inputs(op) if isinstance(op, PropagateOp) else ()
        self.writes = writes
        self.written = {versions.root(op.inputs[k]) for k in writes}
        self._known: dict[str, SSAValue] = {}
        self._row: set[Operation] = set()
        self._row_inputs: set[int] = set()

    def begin_row(self, element: SSAValue | None) -> None:
        """Writes what depends on the spiking element alone (None: each synapse has its own)."""
        self._known = {}
        self._row, self._row_inputs = set(), set()
        if element is None or not isinstance(self.op, PropagateOp):
            return
        role = self.op.spiking.data
        self._known[role] = element
        fixed: set[SSAValue] = {self.block.args[1 if role == "pre" else 2]}
        for k, value in enumerate(self.op.inputs):
            if self.roles[k] == role and self.kernel.run.versions.root(value) not in self.written:
                self._row_inputs.add(k)
                fixed.add(self.block.args[k + 3])
        self._bind_end(role, element)
        self._load(self._row_inputs, self._known)
        for inner in self.block.ops:
            if self._is_fixed(inner, fixed):
                fixed.update(inner.results)
                self._row.add(inner)
                lower_scalar(self.kernel, inner)

    def _is_fixed(self, inner: Operation, fixed: set[SSAValue]) -> bool:
        if isinstance(inner, YieldOp) or not is_pure_scalar(inner) or may_trap(inner):
            return False
        return all(value in fixed or not is_inside(value, self.block) for value in inner.operands)

    def _bind_end(self, role: str, value: SSAValue) -> None:
        self.kernel.bind(self.block.args[1 if role == "pre" else 2], value)

    def values(self, synapse: SSAValue) -> tuple[list[SSAValue], dict[str, SSAValue]]:
        """Writes the region for one synapse; returns what it yields and the elements by role."""
        w, op = self.kernel.writer, self.op
        known = {"synapse": synapse, **self._known}
        self.kernel.bind(self.block.args[0], synapse)
        rest = {k for k in range(len(op.inputs)) if k not in self._row_inputs}
        for position, (role, ends) in enumerate((("pre", op.sources), ("post", op.targets)), start=1):
            if role not in known and (self.block.args[position].first_use is not None or self._needs(role)):
                known[role] = w.cast(w.load(self.kernel.array(ends), synapse), INDEX)
                self._bind_end(role, known[role])
        self._load(rest, known)
        for inner in self.block.ops:
            if isinstance(inner, YieldOp):
                return [self.kernel.value(value) for value in inner.arguments], known
            if inner not in self._row:
                lower_scalar(self.kernel, inner)
        raise PassError(op, f"the region of {describe(op)} has no end")

    def run(self, synapse: SSAValue) -> None:
        """Writes the region for one synapse and stores what it yields."""
        new, known = self.values(synapse)
        for k, value in zip(self.writes, new, strict=True):
            array = self.kernel.array(self.op.inputs[k])
            self.kernel.writer.store(value, array, self._place(k, known))

    def _needs(self, role: str) -> bool:
        return any(
            self.roles[k] == role and (k in self.writes or self.block.args[k + 3].first_use is not None)
            for k in range(len(self.roles))
        )

    def _place(self, k: int, known: dict[str, SSAValue]) -> SSAValue:
        shift, own = self.shifts[k], known[self.roles[k]]
        return own if shift is None else self.kernel.writer.add(own, self.kernel.value(shift))

    def _load(self, inputs: set[int], known: dict[str, SSAValue]) -> None:
        for k in sorted(inputs):
            arg = self.block.args[k + 3]
            if arg.first_use is not None:
                array = self.kernel.array(self.op.inputs[k])
                self.kernel.bind(arg, self.kernel.writer.load(array, self._place(k, known)))


def lower_accumulate(run: Run, op: AccumulateOp) -> None:
    """Writes the function of a sum over synapses: a tile of values is computed, then added target by target.

    The first loop of a tile can be vectorised, the second keeps the order of the additions.
    """
    kernel = run.kernel("accumulate", op.label.data, op=op)
    w = kernel.writer
    element = element_type(op.array.type)
    count, offset, size = kernel.value(op.count), kernel.value(op.offset), kernel.value(op.size)
    sums, shift = _sums(run, kernel, op, offset)
    zero = w.constant(0, element)
    with w.loop(count) as each:
        w.store(zero, sums, w.add(each.index, shift))
    buffer, index = w.alloca(element, TILE), kernel.array(op.index)
    code = _Code(kernel, op)
    code.begin_row(None)
    with w.loop(size, step=TILE) as tile:
        length = w.binary(arith.MinSIOp, w.sub(size, tile.index), w.constant(TILE))
        with w.loop(length) as each:
            w.store(code.values(w.add(tile.index, each.index))[0][0], buffer, each.index)
        with w.loop(length) as each:
            end = w.cast(w.load(index, w.add(tile.index, each.index)), INDEX)
            _add(w, sums, w.add(end, shift), w.load(buffer, each.index))
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
