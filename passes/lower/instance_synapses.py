"""Synapses of several instances side by side: those that spike together share the walk of a row.

An element that each instance has for itself stands at e*B + b, so that a loop over instances goes through memory in
order: it is the innermost one, and vectorises. Where few instances spike, the row is walked for each.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from xdsl.dialects import arith, scf
from xdsl.dialects.builtin import i1, i64
from xdsl.ir import Block, Operation, SSAValue

from ranvier.ir.neurons import region_of
from ranvier.ir.scalars import GatherOp, NativeOp, RandomOp
from ranvier.ir.structure import YieldOp
from ranvier.ir.synapses import AccumulateOp, PropagateOp, instance_arg
from ranvier.ir.types import integer_bits
from ranvier.passes.facts.scalars import is_inside, may_trap
from ranvier.passes.lower.due_rows import row_at, size_of
from ranvier.passes.lower.scopes import Kernel
from ranvier.passes.lower.synapse_code import SynapseCode, write_anew
from ranvier.passes.lower.writer import INDEX, Writer

SHARE = 8
"""A row is walked once for all instances, with a mask, where at least one in so many spikes: a vector has as many."""

RunRow = Callable[[Kernel, PropagateOp, SynapseCode, SSAValue, SSAValue], None]
"""Writes the synapses of a row for one instance."""

Group = Callable[[SSAValue, SSAValue, SSAValue], None]
"""Writes what is done for entries of a list that follow one another: what they have in common, the first, the end."""


def each_group(
    kernel: Kernel, entries: SSAValue, bounds: tuple[SSAValue, SSAValue], instances: SSAValue, write: Group
) -> None:
    """Writes a loop over a list of numbers r*B + b, for entries with the same r at once."""
    w, (begin, end) = kernel.writer, bounds
    last = w.sub(end, w.constant(1))

    def at(place: SSAValue) -> SSAValue:
        return w.cast(w.load(entries, w.binary(arith.MaxSIOp, place, w.constant(0))), INDEX)

    def common(entry: SSAValue) -> SSAValue:
        return w.binary(arith.DivUIOp, entry, instances)

    with w.loop(end, lower=begin, carried=[begin, common(at(begin))]) as each:
        _, first, row = each.args
        following = w.add(each.index, w.constant(1))
        entry = at(w.binary(arith.MinSIOp, following, last))
        is_other = w.compare("uge", w.sub(entry, w.mul(row, instances)), instances)
        is_last = w.compare("eq", each.index, last)
        with w.when(w.binary(arith.OrIOp, is_other, is_last), otherwise=[first, row]) as ended:
            write(row, first, following)
            ended.give(following, common(entry))
        each.give(*ended.results)


def each_instance(
    kernel: Kernel,
    entries: SSAValue,
    group: tuple[SSAValue, SSAValue, SSAValue],
    instances: SSAValue,
    write: Callable[[SSAValue], None],
) -> None:
    """Writes a loop over the instances of a group."""
    w, (common, first, end) = kernel.writer, group
    low = w.mul(common, instances)
    with w.loop(end, lower=first) as each:
        write(w.sub(w.cast(w.load(entries, each.index), INDEX), low))


def choose_walk(
    kernel: Kernel,
    group: tuple[SSAValue, SSAValue, SSAValue],
    instances: SSAValue,
    together: Callable[[], None],
    apart: Callable[[], None],
) -> None:
    """Writes the choice between one walk for all instances and one for each of a group."""
    w, (_, first, end) = kernel.writer, group
    many, few = Block(), Block()
    for block, write in ((many, together), (few, apart)):
        with w.inside(block):
            write()
            w.op(scf.YieldOp, [])
    spiking = w.mul(w.sub(end, first), w.constant(SHARE))
    w.branch(w.compare("sge", spiking, instances), many, few)


def write_mask(
    kernel: Kernel,
    mask: SSAValue,
    entries: SSAValue,
    group: tuple[SSAValue, SSAValue, SSAValue],
    instances: SSAValue,
) -> None:
    """Writes which instances a group has."""
    w = kernel.writer
    no, yes = w.constant(0, i1), w.constant(1, i1)
    with w.loop(instances) as lane:
        w.store(no, mask, lane.index)
    each_instance(kernel, entries, group, instances, lambda lane: w.store(yes, mask, lane))


def room_for_mask(kernel: Kernel, instances: SSAValue) -> SSAValue:
    """Returns a buffer for a truth value of each instance."""
    return kernel.pass_in(kernel.run.fresh_lowered(i1, kernel.run.value(instances)))


def deliver_to_instances(kernel: Kernel, op: PropagateOp, due: SSAValue, number: SSAValue, run_row: RunRow) -> None:
    """Writes the delivery of the rows that are due.

    Args:
        kernel: The function.
        op: The pathway.
        due: The rows, each for an instance; with `alike` for all.
        number: How many there are.
        run_row: Writes a row for one instance.
    """
    assert op.instances is not None
    w, code = kernel.writer, SynapseCode(kernel, op)
    pointers, delays = kernel.array(op.pointers), size_of(kernel, op, op.delays)
    instances = kernel.value(op.instances)
    side = SideBySide(code) if may_run_side_by_side(op) else None

    def alone(element: SSAValue, begin: SSAValue, end: SSAValue, lane: SSAValue) -> None:
        code.at_instance(lane)
        code.begin_row(element)
        run_row(kernel, op, code, begin, end)
        code.end_row()

    if op.alike is not None:
        with w.loop(number) as each:
            row, begin, end = row_at(kernel, pointers, due, each.index)
            with w.when(w.compare("slt", begin, end)):
                element = w.binary(arith.DivUIOp, row, delays)
                if side is not None:
                    side.run(element, begin, end)
                else:
                    with w.loop(instances) as lane:
                        alone(element, begin, end, lane.index)
        return
    mask = None if side is None else room_for_mask(kernel, op.instances)

    def write(row: SSAValue, first: SSAValue, following: SSAValue) -> None:
        begin = w.cast(w.load(pointers, row), INDEX)
        end = w.cast(w.load(pointers, w.add(row, w.constant(1))), INDEX)
        group = row, first, following

        def together() -> None:
            assert side is not None and mask is not None
            write_mask(kernel, mask, due, group, instances)
            side.run(element, begin, end, mask)

        def apart() -> None:
            each_instance(kernel, due, group, instances, lambda lane: alone(element, begin, end, lane))

        with w.when(w.compare("slt", begin, end)):
            element = w.binary(arith.DivUIOp, row, delays)
            if side is None:
                apart()
            else:
                choose_walk(kernel, group, instances, together, apart)

    each_group(kernel, due, (w.constant(0), number), instances, write)


def may_run_side_by_side(op: PropagateOp | AccumulateOp) -> bool:
    """Tells whether a region can run for instances that do not spike, whose results are thrown away, and vectorises."""
    block, instance = region_of(op), instance_arg(op)
    all_do = isinstance(op, AccumulateOp) or op.alike is not None
    for inner in block.ops:
        if inner.regions or may_trap(inner) or isinstance(inner, NativeOp):
            return False
        if isinstance(inner, RandomOp) and inner.distribution.data in ("poisson", "binomial"):
            return False
        elsewhere = isinstance(inner, GatherOp) and inner.index is not instance and is_inside(inner.index, block)
        if elsewhere and not all_do:
            return False
    return True


@dataclass(eq=False, repr=False)
class SideBySide:
    """The code of synapses for all instances at once.

    What does not depend on the instance is computed once for all: for a row, or for a synapse.

    Attributes:
        code: The code for one instance.
    """

    code: SynapseCode
    _varies: set[SSAValue] = field(default_factory=set[SSAValue])
    _buffers: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])

    def __post_init__(self) -> None:
        block, instance = self.code.block, instance_arg(self.code.op)
        assert instance is not None
        self._varies = {instance, *(block.args[k + 3] for k in self.code.own)}
        for inner in block.ops:
            if not self._varies.isdisjoint(inner.operands):
                self._varies.update(inner.results)

    @property
    def _writer(self) -> Writer:
        return self.code.kernel.writer

    @property
    def _instances(self) -> SSAValue:
        instances = self.code.op.instances
        assert instances is not None
        return self.code.kernel.value(instances)

    def run(self, element: SSAValue, begin: SSAValue, end: SSAValue, mask: SSAValue | None = None) -> None:
        """Writes the synapses of a row.

        Args:
            element: What spikes.
            begin: The place of the first synapse.
            end: One beyond the place of the last.
            mask: For which instances; all by default.
        """
        code, w = self.code, self._writer
        row, row_inputs = code.open_row(element)
        crossing = self._crossing(row)
        self._load(row_inputs, varying=False)
        self._lower(row, varying=False)
        for value in crossing:
            self._room(value)
        if any(self._of_instance(inner) for inner in row):
            with w.loop(self._instances) as lane:
                code.at_instance(lane.index)
                self._load(row_inputs, varying=True)
                self._lower(row, varying=True)
                for value in crossing:
                    stored = code.kernel.value(value)
                    w.store(w.cast(stored, i64) if value.type == INDEX else stored, self._room(value), lane.index)
        with w.loop(end, lower=begin) as place:
            code.at_place(place.index)
            rest = [inner for inner in code.block.ops if inner not in row and not isinstance(inner, YieldOp)]
            inputs = set(range(len(code.op.inputs))) - row_inputs
            self.write_common(rest, inputs)
            with w.loop(self._instances) as lane:
                code.at_instance(lane.index)
                self._load(row_inputs, varying=True)
                self._recall(crossing, lane.index)
                self.write_own(rest, inputs)
                for k, value in zip(code.writes, code.yielded, strict=True):
                    self._store(k, code.kernel.value(value), mask, lane.index)
        if code.row_writes:
            with w.loop(self._instances) as lane:
                code.at_instance(lane.index)
                code.leave_synapse()
                self._load(row_inputs, varying=True)
                self._recall(crossing, lane.index)
                for k, value in code.row_writes.items():
                    self._store(k, code.kernel.value(value), mask, lane.index)

    def write_common(self, ops: Collection[Operation], inputs: Collection[int]) -> None:
        """Writes what is the same for all instances, of the present synapse."""
        code, args = self.code, self.code.block.args
        roles = {code.roles[k] for k in inputs if args[k + 3].first_use is not None}
        roles |= {code.roles[k] for k in code.writes}
        if "synapse" in roles or args[0].first_use is not None:
            code.kernel.bind(args[0], code.synapse())
        for role, arg in (("pre", args[1]), ("post", args[2])):
            if role in roles or arg.first_use is not None:
                code.end(role)
        self._load(inputs, varying=False)
        self._lower(ops, varying=False)

    def write_own(self, ops: Collection[Operation], inputs: Collection[int]) -> None:
        """Writes the rest, for the present instance."""
        self._load(inputs, varying=True)
        self._lower(ops, varying=True)

    def _of_instance(self, inner: Operation) -> bool:
        return not self._varies.isdisjoint(inner.results)

    def _load(self, inputs: Collection[int], *, varying: bool) -> None:
        """Writes the loads of the elements that each instance has for itself, or of the others."""
        for k in sorted(inputs):
            arg = self.code.block.args[k + 3]
            if arg.first_use is not None and (k in self.code.own) is varying:
                self.code.kernel.bind(arg, self.code.load(k))

    def _lower(self, ops: Collection[Operation], *, varying: bool) -> None:
        for inner in self.code.block.ops:
            if inner in ops and self._of_instance(inner) is varying:
                write_anew(self.code.kernel, inner)

    def _store(self, k: int, value: SSAValue, mask: SSAValue | None, lane: SSAValue) -> None:
        if mask is not None:
            value = self._writer.select(self._writer.load(mask, lane), value, self.code.load(k))
        self.code.store(k, value)

    # ---- values of a row, which the loops over its synapses take from memory

    def _crossing(self, row: Collection[Operation]) -> list[SSAValue]:
        """Returns what differs between instances, is computed once for a row, and is used elsewhere."""
        return [
            out
            for inner in self.code.block.ops
            if inner in row and self._of_instance(inner)
            for out in inner.results
            if any(use.operation not in row for use in out.uses)
        ]

    def _room(self, value: SSAValue) -> SSAValue:
        found = self._buffers.get(value)
        if found is None:
            run, instances = self.code.kernel.run, self.code.op.instances
            assert instances is not None
            stored = i64 if value.type == INDEX else value.type
            found = self._buffers[value] = run.fresh_lowered(stored, run.value(instances))
        return self.code.kernel.pass_in(found)

    def _recall(self, values: Sequence[SSAValue], lane: SSAValue) -> None:
        w = self._writer
        for value in values:
            self.code.kernel.bind(value, w.cast(w.load(self._room(value), lane), value.type))


def accumulate_for_instances(kernel: Kernel, op: AccumulateOp, sums: SSAValue, shift: SSAValue) -> None:
    """Writes the sums over the synapses of each instance, in the order of the synapses.

    Args:
        kernel: The function.
        op: The op.
        sums: Where to sum.
        shift: The number of the first element there.
    """
    assert op.instances is not None
    w, code, instances = kernel.writer, SynapseCode(kernel, op), kernel.value(op.instances)
    side = SideBySide(code) if may_run_side_by_side(op) else None
    inputs = range(len(op.inputs))
    ops = [inner for inner in code.block.ops if not isinstance(inner, YieldOp)]
    with w.loop(kernel.value(op.size)) as each:
        code.at_synapse(each.index)
        place = w.mul(w.add(w.load_number(kernel.array(op.index), each.index), shift), instances)
        if side is not None:
            side.write_common(ops, inputs)
        with w.loop(instances) as lane:
            code.at_instance(lane.index)
            if side is None:
                value = code.values()[0]
            else:
                side.write_own(ops, inputs)
                value = kernel.value(code.yielded[0])
            add_to(w, sums, w.add(place, lane.index), value)


def add_to(w: Writer, array: SSAValue, place: SSAValue, value: SSAValue) -> None:
    """Writes the addition of a value to an element of a buffer."""
    kind = arith.AddfOp if integer_bits(value.type) is None else arith.AddiOp
    w.store(w.binary(kind, w.load(array, place), value), array, place)
