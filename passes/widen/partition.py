"""The pass `partition`: divides the work of one network among threads, and says where they have to wait."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as replaced
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects import arith
from xdsl.dialects.builtin import IndexType, IntegerAttr, ModuleOp, StringAttr, UnitAttr, i16, i32, i64
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.passes import ModulePass

from ranvier.ir.arrivals import ArrivalsOp, DepositOp
from ranvier.ir.derive import DeriveOp
from ranvier.ir.inputs import THREADS
from ranvier.ir.neurons import CompactOp, MapOp, ResetOp, region_of
from ranvier.ir.recording import RecordEventsOp, RecordOp, RecordRateOp
from ranvier.ir.structure import LoopOp, ParamOp, ProgramOp, StateOp, YieldOp
from ranvier.ir.synapses import ASCENDING, DELAYED, AccumulateOp, PropagateOp, roles_of
from ranvier.ir.team import DIVISION, STRETCHES, TAKES_IN_LAST
from ranvier.ir.types import array_of, element_type
from ranvier.passes.facts.accesses import (
    REASON,
    WAITS,
    Access,
    Work,
    conflict,
    far_size,
    reason_to_wait,
    rest_of,
    whole_of,
    work_of,
)
from ranvier.passes.facts.deferral import DEFERRED, IMMEDIATE, Deferral, deferral
from ranvier.passes.facts.stretches import reason_to_meet
from ranvier.passes.facts.versions import Versions, check_single_version, clock_of, describe
from ranvier.passes.lower.abi import input_ops
from ranvier.passes.lower.compaction import compaction_of
from ranvier.passes.lower.instances import instances_of
from ranvier.passes.optimise.choose_layout import facts_of, with_operands
from ranvier.passes.optimise.rewriting import loop_of, programs_in, replace
from ranvier.passes.statistics import count
from ranvier.passes.widen.instance_scalars import INSTANCES


@dataclass(frozen=True)
class Partition(ModulePass):
    """Divides the ops of the loop among threads.

    Before:
        %v1, %mask = snn.map "integrate" ... [%N] (%v0) ...
        %spikes = snn.compact ... %mask [%N] into %old
        %w1 = snn.propagate "synapses_pre" ... to(%targets) rows(%pointers, %delays) ... elements(%w, %v1) ...
        %v2 = snn.reset "reset" ... %spikes (%v1) ...
    After:
        %threads = snn.param "threads" {threads} : index
        %parts = snn.derive "parts" (%pointers, %targets, %threads, %N) ...
        %v1, %mask = snn.map "integrate" ... {division = "elements"}
        %spikes = snn.compact ... {division = "elements"}
        %w1 = snn.propagate ... rows(%parts, %delays) ... {division = "targets", waits = "reads 'spikes'"}
        %v2 = snn.reset ... {division = "elements"}

    Each thread has a part of all elements: a range that begins at a multiple of 512, where each run says (see
    `ranvier.ir.team.Parts`). What concerns a range of a group (a subgroup) is divided as the
    whole group is: a thread has those of the elements that are in its part of the group.

    `division` says how an op is divided: by its `elements`, by the `targets` of synapses (whatever is at the end
    that does not spike; then row r of the pathway begins for part p at entry r*threads + p of its pointers, and the
    synapses of a sum at entry p of its rows), by `rows` (of a pathway whose spikes wait: by the targets whose
    synapses catch up), by `trees`, or by the `owners` of recorded elements. What has no `division` the main thread
    does, `reason` says why. An op with `waits` begins when all threads are done with the ops before; the attribute
    says because of what. What is recorded by the main thread, which would have to wait for it, comes behind the ops
    that need neither wait nor change it. A pathway of which no spike arrives in its own step has `takes_in_last`:
    it takes in the spikes of a step when all threads are done. A loop with `stretches` goes through as many steps
    as the shortest delay has between two meetings of the threads; the `reason` of another one says why they meet in
    each step.

    Legal because the parts of an op write different elements, each from what the op alone computes it from, in the same
    order: of the synapses that reach an element, that of the rows. The parts of two ops meet only where both stay
    with the elements of their part; else there is a barrier between. Results are the same to the last bit.
    """

    name = "partition"
    statistics: ClassVar = {
        "divided": "ops that all threads do",
        "alone": "ops that the main thread does alone",
        "waits": "ops in front of which threads wait",
        "stretches": "loops whose threads go through several instants between two meetings",
    }
    changes_inputs: ClassVar[bool] = True

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Marks the ops of all programs, and gives pathways rows that are sorted by parts."""
        for program in programs_in(op):
            loop = loop_of(program)
            if loop is not None and not any(_label(each) == INSTANCES for each in input_ops(program)):
                _Partition(program, loop).apply()


def _label(op: Operation) -> str:
    return op.label.data if isinstance(op, ParamOp) else ""


@dataclass(eq=False, repr=False)
class _Partition:
    """The division of one program.

    Attributes:
        threads: The number of threads.
        under_way: What the ops since the last barrier do, which may not be done yet.
        waiting: The pathways whose spikes wait for others (see `defer-events`).
        put_off: Records of the main thread that wait for these, and for what: later ops that need not wait come first.
        put_off_accesses: What these do.
    """

    program: ProgramOp
    loop: LoopOp
    threads: SSAValue = field(init=False)
    versions: Versions = field(init=False)
    under_way: list[Access] = field(default_factory=list[Access])
    waiting: set[Operation] = field(default_factory=set[Operation])
    put_off: list[tuple[Operation, str]] = field(default_factory=list[tuple[Operation, str]])
    put_off_accesses: list[Access] = field(default_factory=list[Access])
    _made: dict[tuple[object, ...], SSAValue] = field(default_factory=dict[tuple[object, ...], SSAValue])

    def apply(self) -> None:
        """Rewrites the program in place."""
        threads = ParamOp(THREADS, IndexType())
        threads.value.name_hint = THREADS
        threads.attributes[THREADS] = UnitAttr()
        self.program.body.block.insert_op_after(threads, input_ops(self.program)[-1])
        self.threads = threads.value
        self.versions = check_single_version(self.program)
        self._find_waiting()
        clock: SSAValue | None = None
        for op in list(self.loop.body.block.ops):
            if clock_of(op) not in (clock, None):
                self._end_putting_off(op)
                clock, self.under_way = clock_of(op), []  # lowering ends phases there
            if isinstance(op, YieldOp):
                self._end_putting_off(op)
            else:
                self._visit(op)
        if reason := reason_to_meet(self.loop, self.versions):
            self.loop.attributes[REASON] = StringAttr(reason)
        else:
            self.loop.attributes[STRETCHES] = UnitAttr()
            count("stretches")

    def _find_waiting(self) -> None:
        """Finds the pathways whose spikes can wait for one that is divided."""
        for op in self.loop.body.block.ops:
            if not isinstance(op, PropagateOp) or DEFERRED not in op.attributes:
                continue
            found = deferral(op, self.loop, self.versions)
            if isinstance(found, Deferral) and self._divided_work(found.reader).division:
                self.waiting.add(op)
            else:
                del op.attributes[DEFERRED]
                reason = found if isinstance(found, str) else f"{describe(found.reader)} is not divided"
                op.attributes[IMMEDIATE] = StringAttr(reason)

    def _end_putting_off(self, op: Operation) -> None:
        """Lets the ops that were put off follow now, in front of an op: a barrier comes before them."""
        for k, (late, reason) in enumerate(self.put_off):
            late.detach()
            self.loop.body.block.insert_op_before(late, op)
            if not k:
                late.attributes[WAITS] = StringAttr(reason)
                count("waits")
        if self.put_off:
            self.under_way, self.put_off, self.put_off_accesses = [], [], []

    def _visit(self, op: Operation) -> None:
        before = op.prev_op
        if isinstance(before, MapOp) and _found_at_once(before) is op:  # the map does it
            if DIVISION in before.attributes:
                op.attributes[DIVISION] = before.attributes[DIVISION]
            return
        work = self._divided_work(op)
        at_once = (*work.first, *work.parts)
        everything = (*at_once, *work.last)
        may_be_late = not work.division and isinstance(op, RecordOp | RecordEventsOp | RecordRateOp)
        before_late = conflict(self.under_way, at_once) or conflict(self.put_off_accesses, everything)
        if self.put_off and before_late and not may_be_late:
            self._end_putting_off(op)
        if isinstance(op, ResetOp) and (not self.under_way or conflict(self.under_way, at_once)):
            work = work.alone("few elements, and threads would have to wait")
        now = conflict(self.under_way, at_once)
        if before_late is not None and may_be_late:
            self.put_off.append((op, reason_to_wait(op, before_late)))
            self.put_off_accesses += at_once
        elif now is not None:
            op.attributes[WAITS] = StringAttr(reason_to_wait(op, now))
            self.under_way = []
            count("waits")
        count("divided" if work.division else "alone")
        if work.division:
            self.under_way += [*work.parts, *work.last]
            op.attributes[DIVISION] = StringAttr(work.division)
            self._arrange(op)
        elif work.reason:
            op.attributes[REASON] = StringAttr(work.reason)

    def _divided_work(self, op: Operation) -> Work:
        """Returns what an op does; marks pathways that can take in spikes when all threads are done."""
        if isinstance(op, PropagateOp | ArrivalsOp) and facts_of(op).get(DELAYED):
            op.attributes[TAKES_IN_LAST] = UnitAttr()
        work = self._work(op)
        if work.division and not self._can_arrange(op):
            work = work.alone("its synapses cannot be brought into another order")
        if not work.division:
            op.attributes.pop(TAKES_IN_LAST, None)
        return work

    def _work(self, op: Operation) -> Work:
        """Returns what an op does; a map with what compacts its mask at the same time."""
        work = work_of(op, self.versions)
        if op in self.waiting and work.division:
            work = replaced(work, division="rows", parts=tuple(replaced(access, part=None) for access in work.parts))
        compact = _found_at_once(op) if isinstance(op, MapOp) else None
        if compact is None:
            return work
        more = work_of(compact, self.versions)
        both = replaced(work, parts=(*work.parts, *more.parts))
        return both if work.division else both.alone()

    # ---- rows by parts

    def _can_arrange(self, op: Operation) -> bool:
        """Tells whether each part of an op can find its synapses."""
        match op:
            case PropagateOp(words=words) if words is not None:
                return False
            case PropagateOp() if op in self.waiting:
                return True
            case PropagateOp():
                found = far_size(op, self.versions)
                fixed = (op.pointers, op.sources, op.targets, *(() if op.order is None else (op.order,)))
                return found is None or (self._are_fixed(fixed) and _are_inputs(found))
            case ArrivalsOp():
                return op.words is not None or (self._are_fixed(op.lists) and _sizes(op.size) is not None)
            case DepositOp():
                is_flat = isinstance(op.flat.owner, DeriveOp) and op.flat.owner.kind.data == "flat"
                return is_flat and _sizes(op.size) is not None and self._are_fixed((op.pointers, *_by_place(op)))
            case AccumulateOp():
                return self._sizes_of_sums(op) is not None and _are_inputs([op.size]) and self._are_fixed([op.index])
            case _:
                return True

    def _sizes_of_sums(self, op: AccumulateOp) -> tuple[SSAValue, ...] | None:
        """Returns the number of elements by which sums are divided, and the first that is theirs; None: unknown."""
        size, first = whole_of(op, self.versions) or (op.count, None)
        found = (size,) if first is None or _is_zero(first) else (size, first)
        return found if _are_inputs(found) else None

    def _are_fixed(self, values: Iterable[SSAValue]) -> bool:
        """Tells whether arrays do not change during a run."""
        known = (StateOp, ParamOp, DeriveOp)
        return all(isinstance(value.owner, known) and value not in self.versions.updated for value in values)

    def _arrange(self, op: Operation) -> None:
        """Lets each part of an op find its synapses."""
        match op:
            case PropagateOp():
                if op not in self.waiting:
                    self._arrange_pathway(op)
            case ArrivalsOp() if op.lists:
                pointers, targets = op.lists
                rows = _Rows(self, pointers, targets, _sizes(op.size) or ())
                _exchange(op, pointers, rows.parts())
                if not _ascends(op):
                    _exchange(op, targets, rows.arranged(targets))
            case DepositOp():
                self._arrange_deposit(op)
            case AccumulateOp():
                self._arrange_sums(op)
            case _:
                pass

    def _arrange_pathway(self, op: PropagateOp) -> None:
        sizes = far_size(op, self.versions)
        if sizes is None:
            return
        far = op.targets if op.spiking.data == "pre" else op.sources
        numbers = far
        if op.order is not None and op.by_place is None:
            numbers = self.derive("gather", (far, op.order), i32)
        rows = _Rows(self, op.pointers, numbers, tuple(value for value in sizes if value is not None))
        pointers = op.pointers
        if not _ascends(op):
            op = self._sort(op, rows)
        _exchange(op, pointers, rows.parts())

    def _sort(self, op: PropagateOp, rows: _Rows) -> PropagateOp:
        """Brings what stands in the order of the rows into one in which the synapses of a part stand together."""
        far = op.targets if op.spiking.data == "pre" else op.sources
        if op.order is not None:
            _exchange(op, op.order, rows.arranged(op.order))
            if op.by_place is not None:
                _exchange(op, far, rows.arranged(far))
            return op
        own = [k for k, role in enumerate(roles_of(op)) if role == "synapse"]
        is_numbered = region_of(op).args[0].first_use is not None
        if not is_numbered and self._are_fixed(op.inputs[k] for k in own):
            ends = (rows.arranged(op.sources), rows.arranged(op.targets))
            inputs = [rows.arranged(value) if k in own else value for k, value in enumerate(op.inputs)]
            return self._with_operands(op, ends, None, inputs)
        arranged = rows.arranged(far)
        ends = (op.sources, arranged) if op.spiking.data == "pre" else (arranged, op.targets)
        return self._with_operands(op, ends, rows.order(), op.inputs)

    def _with_operands(
        self,
        op: PropagateOp,
        ends: tuple[SSAValue, SSAValue],
        order: SSAValue | None,
        inputs: Sequence[SSAValue],
    ) -> PropagateOp:
        new = with_operands(op, ends, order, inputs, by_place=order is not None)
        for old, out in zip(op.results, new.results, strict=True):
            self.versions.roots[out] = self.versions.root(old)
        replace(op, new.results)
        return new

    def _arrange_sums(self, op: AccumulateOp) -> None:
        """Brings synapses into the order of the parts that they end in, or lists them if that cannot be."""
        row = self.derive("one_row", (op.size,), i64)
        rows = _Rows(self, row, op.index, self._sizes_of_sums(op) or ())
        own = [value for value, role in zip(op.inputs, op.roles, strict=True) if role.data == "synapse"]
        moved = dict.fromkeys([*own, op.sources, op.targets, op.index])
        if op.body.block.args[0].first_use is not None or not self._are_fixed(moved):
            op.set_rows(rows.parts(), rows.order())
            return
        starts = rows.parts()
        for value in moved:
            _exchange(op, value, rows.arranged(value))
        op.set_rows(starts)

    def _arrange_deposit(self, op: DepositOp) -> None:
        """Brings the synapses of each element, whatever their delays, into the order of the parts."""
        made = op.flat.owner
        assert isinstance(made, DeriveOp)
        elements = self.derive("every", (op.pointers, op.delays), i64)
        rows = _Rows(self, elements, made.inputs[2], _sizes(op.size) or ())
        ring = self.versions.root(op.ring).owner
        for value in _by_place(op):
            arranged = rows.arranged(value)
            _exchange(op, value, arranged)
            if isinstance(ring, DeriveOp) and value in ring.inputs:
                ring.operands[list(ring.inputs).index(value)] = arranged
        if isinstance(ring, DeriveOp):  # behind what it is made of now
            ring.detach()
            self.program.body.block.insert_op_before(ring, self.loop)
        _exchange(op, op.pointers, rows.parts())

    def derive(self, kind: str, inputs: tuple[SSAValue, ...], element: Attribute) -> SSAValue:
        """Returns a derived array, made before the loop, once."""
        found = self._made.get((kind, *inputs))
        if found is None:
            op = DeriveOp(kind, inputs, array_of(element))
            self.program.body.block.insert_op_before(op, self.loop)
            found = self._made[kind, *inputs] = op.value
            found.name_hint = inputs[0].name_hint
        return found


@dataclass(frozen=True, eq=False)
class _Rows:
    """The rows of a pathway, by parts.

    Attributes:
        owner: Makes arrays.
        pointers: Where rows begin.
        numbers: The elements at the end that does not spike, in the order of the rows.
        sizes: How many of these there are, and perhaps what is to be taken from that.
    """

    owner: _Partition
    pointers: SSAValue
    numbers: SSAValue
    sizes: tuple[SSAValue, ...]

    def parts(self) -> SSAValue:
        """Returns where the parts of the rows begin."""
        return self.owner.derive("parts", (self.pointers, self.numbers, self.owner.threads, *self.sizes), i64)

    def order(self) -> SSAValue:
        """Returns the places of the rows in the order of the parts."""
        return self.owner.derive("part_order", (self.pointers, self.numbers, self.owner.threads, *self.sizes), i32)

    def arranged(self, value: SSAValue) -> SSAValue:
        """Returns what stands in the order of the rows in that of the parts."""
        made = value.owner
        if isinstance(made, DeriveOp) and made.kind.data == "narrow":
            return self.owner.derive("narrow", (self.arranged(made.inputs[0]),), i16)
        return self.owner.derive("gather", (value, self.order()), element_type(value.type))


def _exchange(op: Operation, old: SSAValue, new: SSAValue) -> None:
    """Puts a value in the place of another among the operands of an op."""
    for k, operand in enumerate(op.operands):
        if operand is old:
            op.operands[k] = new


def _ascends(op: Operation) -> bool:
    """Tells whether the synapses of a row are known to be in the order of the elements that they end at."""
    return bool(facts_of(op).get(ASCENDING))


def _are_inputs(values: Iterable[SSAValue | None]) -> bool:
    return all(value is None or isinstance(value.owner, ParamOp) for value in values)


def _is_zero(value: SSAValue) -> bool:
    made = value.owner
    return isinstance(made, arith.ConstantOp) and isinstance(made.value, IntegerAttr) and not made.value.value.data


def _sizes(size: SSAValue) -> tuple[SSAValue, ...] | None:
    """Returns a number of elements as one input, or as two that it is the difference of; None if it is neither."""
    given = rest_of(size) or (size,)
    return given if _are_inputs(given) else None


def _by_place(op: DepositOp) -> list[SSAValue]:
    """Returns what stands in the order of the rows."""
    own = [value for value, role in zip(op.inputs, op.roles, strict=True) if role.data == "synapse"]
    return [op.flat, *own]


def _found_at_once(op: MapOp) -> CompactOp | None:
    """Returns what compacts the mask of a map in the same sweep (see `lower_map`)."""
    return None if instances_of(op) else compaction_of(op)
