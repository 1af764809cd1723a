"""The pass `partition`: divides the work of one network among threads, and says where they have to wait."""

from __future__ import annotations

from dataclasses import dataclass, field

from xdsl.context import Context
from xdsl.dialects.builtin import IndexType, ModuleOp, StringAttr, UnitAttr, i32, i64
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.passes import ModulePass

from ranvier.ir.arrivals import ArrivalsOp, DepositOp
from ranvier.ir.derive import DeriveOp
from ranvier.ir.neurons import CompactOp, MapOp, ResetOp, ThresholdOp
from ranvier.ir.scalars import RandomOp
from ranvier.ir.structure import LoopOp, ParamOp, ProgramOp, StateOp
from ranvier.ir.synapses import PropagateOp, roles_of, written_inputs
from ranvier.ir.types import array_of, element_type
from ranvier.passes.facts.accesses import (
    DIVISION,
    REASON,
    WAITS,
    Access,
    Work,
    conflict,
    far_role,
    far_size,
    reason_to_wait,
    work_of,
)
from ranvier.passes.facts.versions import Versions, check_single_version, clock_of
from ranvier.passes.lower.abi import THREADS, input_ops
from ranvier.passes.lower.compaction import compaction_of
from ranvier.passes.optimise.choose_layout import facts_of
from ranvier.passes.optimise.rewriting import loop_of, programs_in, replace
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

    Each thread has a part of all elements: the numbers in [p*C, (p + 1)*C), where C is the number of elements by that of
    threads, rounded up to a multiple of 512. `division` says how an op is divided: by its `elements`, by the `targets`
    of synapses (whatever is at the end that does not spike; then row r of the pathway begins for part p at entry
    r*threads + p of its pointers), by `rows` or by `trees`. What has no `division` the main thread does, `reason` says
    why. An op with `waits` begins when all threads are done with the ops before; the attribute says because of what.

    Legal because the parts of an op write different elements, each from what the op alone computes it from, in the same
    order: of the synapses that reach an element, that of the rows. The parts of two ops meet only where both stay
    with the elements of their part; else there is a barrier between. Results are the same to the last bit.
    """

    name = "partition"

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
    """

    program: ProgramOp
    loop: LoopOp
    threads: SSAValue = field(init=False)
    versions: Versions = field(init=False)
    under_way: list[Access] = field(default_factory=list[Access])
    _made: dict[tuple[object, ...], SSAValue] = field(default_factory=dict[tuple[object, ...], SSAValue])

    def apply(self) -> None:
        """Rewrites the program in place."""
        count = ParamOp(THREADS, IndexType())
        count.value.name_hint = THREADS
        count.attributes[THREADS] = UnitAttr()
        self.program.body.block.insert_op_after(count, input_ops(self.program)[-1])
        self.threads = count.value
        self.versions = check_single_version(self.program)
        clock: SSAValue | None = None
        for op in list(self.loop.body.block.ops):
            if clock_of(op) not in (clock, None):
                clock, self.under_way = clock_of(op), []  # lowering ends phases there
            self._visit(op)

    def _visit(self, op: Operation) -> None:
        work = self._work(op)
        if work.division and not isinstance(op, MapOp | ThresholdOp | CompactOp | ResetOp):
            work = Work(reason="later", first=(*work.first, *work.parts))
        if work.division and not self._can_arrange(op):
            accesses = (*work.first, *work.parts, *work.last)
            work = Work(reason="its synapses cannot be brought into another order", first=accesses)
        if isinstance(op, ResetOp) and (not self.under_way or conflict(self.under_way, work.parts)):
            work = Work(reason="few elements, and threads would have to wait", first=(*work.first, *work.parts))
        now = conflict(self.under_way, (*work.first, *work.parts))
        if now is not None:
            op.attributes[WAITS] = StringAttr(reason_to_wait(op, now))
            self.under_way = []
        if work.division:
            self.under_way += [*work.parts, *work.last]
            op.attributes[DIVISION] = StringAttr(work.division)
            self._arrange(op)
        elif work.reason:
            op.attributes[REASON] = StringAttr(work.reason)

    def _work(self, op: Operation) -> Work:
        """Returns what an op does; a map with what compacts its mask at the same time."""
        work = work_of(op, self.versions)
        compact = compaction_of(op) if isinstance(op, MapOp) else None
        if compact is None:
            return work
        more = work_of(compact, self.versions)
        if not work.division:
            return work
        return Work(work.division, parts=(*work.parts, *more.parts), last=more.last)

    # ---- rows by parts

    def _can_arrange(self, op: Operation) -> bool:
        if isinstance(op, PropagateOp):
            fixed = (op.pointers, op.sources, op.targets, *(() if op.order is None else (op.order,)))
            return far_size(op, self.versions) is None or all(map(self._is_fixed, fixed)) and self._sizes(op) is not None
        if isinstance(op, ArrivalsOp):
            return op.words is not None or all(map(self._is_fixed, op.lists)) and self._size_of(op.size) is not None
        if isinstance(op, DepositOp):
            own = [value for value, role in zip(op.inputs, op.roles, strict=True) if role.data == "synapse"]
            return all(map(self._is_fixed, (op.pointers, op.flat, *own))) and self._size_of(op.size) is not None
        return True

    def _is_fixed(self, value: SSAValue) -> bool:
        return isinstance(value.owner, StateOp | ParamOp | DeriveOp) and value not in self.versions.updated

    def _sizes(self, op: PropagateOp) -> tuple[SSAValue, ...] | None:
        """Returns the number of elements at the end that does not spike and what is taken from it, as inputs."""
        found = far_size(op, self.versions)
        assert found is not None
        given = tuple(value for value in found if value is not None)
        return given if all(isinstance(value.owner, ParamOp) for value in given) else None

    def _size_of(self, size: SSAValue) -> tuple[SSAValue, ...] | None:
        """Returns a number of elements as inputs: it may be the difference of two."""
        if isinstance(size.owner, ParamOp):
            return (size,)
        owner = size.owner
        if isinstance(owner, Operation) and owner.name == "arith.subi":
            given = tuple(owner.operands)
            return given if all(isinstance(value.owner, ParamOp) for value in given) else None
        return None

    def _arrange(self, op: Operation) -> None:
        """Lets each part of an op find its synapses."""
        if isinstance(op, PropagateOp) and far_size(op, self.versions) is not None:
            self._arrange_pathway(op)
        elif isinstance(op, ArrivalsOp) and op.lists:
            pointers, targets = op.lists
            sizes = self._size_of(op.size)
            assert sizes is not None
            rows = _Rows(self, pointers, targets, sizes, is_sorted=_ascends(op))
            op.operands[op.operands.index(pointers)] = rows.parts()
            op.operands[op.operands.index(targets)] = rows.arranged(targets)
        elif isinstance(op, DepositOp):
            self._arrange_deposit(op)

    def _arrange_pathway(self, op: PropagateOp) -> None:
        sizes = self._sizes(op)
        assert sizes is not None
        far = op.targets if op.spiking.data == "pre" else op.sources
        by_number = op.order is not None and op.by_place is None
        numbers = self.derive("gather", (far, op.order), i32) if by_number and op.order is not None else far
        rows = _Rows(self, op.pointers, numbers, sizes, is_sorted=_ascends(op))
        new = [*op.operands]
        new[new.index(op.pointers)] = rows.parts()
        if not rows.is_sorted:
            self._sort(op, rows, new)
        op.operands = new

    def _sort(self, op: PropagateOp, rows: _Rows, new: list[SSAValue]) -> None:
        """Brings what stands in the order of the rows into one in which those of a part stand together."""
        if op.order is not None:
            new[new.index(op.order)] = rows.arranged(op.order)
            if op.by_place is not None:
                far = op.targets if op.spiking.data == "pre" else op.sources
                new[new.index(far)] = rows.arranged(far)
            return
        raise NotImplementedError

    def _arrange_deposit(self, op: DepositOp) -> None:
        raise NotImplementedError

    def derive(self, kind: str, inputs: tuple[SSAValue, ...], element: Attribute) -> SSAValue:
        """Returns a derived array, made before the loop, once."""
        found = self._made.get((kind, *inputs))
        if found is None:
            op = DeriveOp(kind, inputs, array_of(element))
            self.program.body.block.insert_op_before(op, self.loop)
            found = self._made[kind, *inputs] = op.value
            found.name_hint = inputs[0].name_hint
        return found
