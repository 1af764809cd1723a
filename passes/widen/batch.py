"""The pass `batch`: from the program of one network to that of several instances side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar, TypeAlias

from xdsl.context import Context
from xdsl.dialects import arith
from xdsl.dialects.builtin import DenseArrayBase, IndexType, IntegerAttr, ModuleOp, UnitAttr, i32, i64
from xdsl.ir import Attribute, Block, BlockArgument, Operation, OpResult, Region, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter

from ranvier.ir.arrivals import ArrivalsOp, DepositOp
from ranvier.ir.derive import DeriveOp
from ranvier.ir.emission import EmitOp
from ranvier.ir.integration import IntegrateOp
from ranvier.ir.neurons import FRESH, MapOp, ResetOp, ScatterOp, ThresholdOp, region_of, updated_inputs
from ranvier.ir.recording import RecordEventsOp, RecordOp, RecordRateOp
from ranvier.ir.scalars import GatherOp
from ranvier.ir.structure import EventSpaceOp, ParamOp, StateOp, WriteOp, YieldOp
from ranvier.ir.synapses import AccumulateOp, PropagateOp
from ranvier.ir.trees import SolveTreeOp
from ranvier.ir.types import array_of, element_type, is_shared
from ranvier.passes.facts.versions import clock_of
from ranvier.passes.lower.abi import CARRIED, HISTORY, OWN, input_ops
from ranvier.passes.optimise.rewriting import programs_in, replace
from ranvier.passes.optimise.sweeps import Reducible, rebuilt
from ranvier.passes.statistics import count
from ranvier.passes.widen.instance_code import InstanceCode, product, total
from ranvier.passes.widen.instance_scalars import INSTANCES, InstanceScalars
from ranvier.passes.widen.ownership import Ownership, find_ownership, is_scalar, sizes_of

Synaptic: TypeAlias = PropagateOp | AccumulateOp | ArrivalsOp | DepositOp
SYNAPTIC = (PropagateOp, AccumulateOp, ArrivalsOp, DepositOp)
"""The ops over synapses."""

NOTHING: Mapping[str, Attribute] = MappingProxyType({})


@dataclass(frozen=True)
class Batch(ModulePass):
    """Turns the program of one network into that of B instances of it, side by side.

    Before (`batch{own="tau"}`):
        %N = snn.param "g.N" "" : index
        %tau = snn.param "tau" "s" : f64
        %v = snn.state "g.v" ""[%N] : tensor<?xf64>
        %decay = math.exp %k : f64                        // k = -dt/tau
        snn.loop (%v) ... { ^bb0(%v0: tensor<?xf64>):
            %v1 = snn.map "integrate" ... [%N] (%v0) updates [0] ... { ^bb0(%i: index, %x: f64):
                %y = arith.mulf %x, %decay : f64 ... } }
    After:
        %B = snn.param "instances" "" : index
        %N = snn.param "g.N" "" : index
        %all = arith.muli %N, %B : index
        %tau = snn.state "tau" "s"[%B] : tensor<?xf64> {own}
        %v = snn.state "g.v" ""[%all] : tensor<?xf64> {own}
        %decay = snn.tabulate[%B] ... { ^bb0(%b: index): ... math.exp ... }
        snn.loop (%v) ... { ^bb0(%v0: tensor<?xf64>):
            %v1 = snn.map "integrate" ... [%all] (%v0) updates [0] ... { ^bb0(%k: index, %x: f64):
                %i, %e = snn.instance %k of %B
                %d = snn.gather %decay[%e] : tensor<?xf64> -> f64
                %y = arith.mulf %x, %d : f64 ... } }

    An array of which each instance has its own has N*B elements, in the order of the elements: number i*B + b is
    element i of instance b. Own are the params and states that the option `own` names, and what depends on these.
    Everything else is there once, and computed once. What an instance has as one number is an array of B: made once
    per run where it was computed in front of the loop, otherwise by a map. Synapses are those of all instances: their
    ends, rows and delays, but for the variables that are own. The past spikes of all are one list, and so are spikes
    that are given, where each has its own: entries i*B + b in the order of the steps.

    Legal because no op mixes instances: each computes for instance b, from values of instance b and from common
    ones, what it computes for a network alone, in the same order of elements, spikes and synapses. Random numbers are
    functions of key, step, stream and element; the element is i, and the key is one of `own` where seeds differ.
    Events are numbers i*B + b, and so are the rows that record them; `snn.record` appends N*B values,
    `snn.record_rate` B rows.

    Refused, with the reason (see `docs/passes.md`): calls of Python, functions that count their calls, what all
    instances must have alike.
    """

    name = "batch"
    statistics: ClassVar = {"own-inputs": "inputs of which each instance has its own"}
    changes_inputs: ClassVar[bool] = True

    own: tuple[str, ...] = ()
    """The labels of the params and states of which each instance has its own."""
    numbers: tuple[int, ...] = ()
    """The same by position among all inputs, for programs whose text is a key in which labels do not count."""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Rewrites each program, or leaves it as it was.

        Raises:
            PassError: The program holds an op that is refused, or has no input of a label.
        """
        for program in programs_in(op):
            _Batching(find_ownership(program, self.own, self.numbers)).apply()


@dataclass(eq=False, repr=False)
class _Batching:
    """The rewriting of one program.

    Attributes:
        own: What differs between instances.
        scalars: What was one number of an instance.
        sizes: Numbers of elements of all instances together, by those of one.
    """

    own: Ownership
    scalars: InstanceScalars = field(init=False)
    sizes: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])

    @property
    def instances(self) -> SSAValue:
        """The number of instances."""
        return self.scalars.instances

    def apply(self) -> None:
        """Rewrites the program in place."""
        body, loop = self.own.program.body.block, self.own.loop
        instances = ParamOp(INSTANCES, IndexType())
        instances.value.name_hint = INSTANCES
        first = body.first_op
        assert first is not None
        body.insert_op_before(instances, first)
        self.scalars = InstanceScalars(self.own, instances.value)
        for value in loop.carried:
            if value not in self.own.values and isinstance(value.owner, StateOp):
                value.owner.attributes[CARRIED] = UnitAttr()
        for op in list(body.ops):
            if isinstance(op, ParamOp | StateOp | EventSpaceOp) and op.value in self.own.values:
                self._widen_input(op)
                count("own-inputs")
        for value in (*loop.outs, *loop.body.block.args):
            if value in self.own.values and self._root(value) not in self.own.histories.values():
                self._widen_type(value)
        for op in list(body.ops):
            if isinstance(op, DeriveOp) and op.value in self.own.values:
                self._derive(op)
        self.scalars.tabulate([op for op in body.ops if self.own.of_scalar(op)])
        for op in list(loop.body.block.ops):
            self._rewrite(op)
        self.scalars.erase()
        self._number_histories()

    # ---- inputs, sizes, types

    def _widen_input(self, op: ParamOp | StateOp | EventSpaceOp) -> None:
        """Gives each instance its own of an input."""
        if isinstance(op, ParamOp):
            state = StateOp(op.label.data, self.instances, array_of(op.value.type), op.dim.data)
            state.location, state.value.name_hint = op.location, op.value.name_hint
            state.attributes[OWN] = UnitAttr()
            block = op.parent_block()
            assert block is not None
            block.insert_op_before(state, op)
            self.scalars.give(op, state.value)
            return
        if op.value not in self.own.lists and op.value not in self.own.lists.values():
            op.attributes[OWN] = UnitAttr()
        if op.value in self.own.histories.values():
            return
        op.operands[0] = self._all(op.size)
        if isinstance(op, StateOp):
            self._widen_type(op.value)

    def _all(self, size: SSAValue) -> SSAValue:
        """Returns a number of elements of all instances together."""
        found = self.sizes.get(size)
        if found is None:
            made = product(size, self.instances)
            owner = size.owner
            assert isinstance(owner, Operation)
            block = owner.parent_block()
            assert block is not None
            block.insert_op_after(made, owner)
            found = self.sizes[size] = made.results[0]
            found.name_hint = None if size.name_hint is None else f"{size.name_hint}_all"
        return found

    def _widen_type(self, value: SSAValue) -> None:
        """Makes an array of B of a variable that was one number."""
        if is_shared(value.type):
            self._retype(value, array_of(element_type(value.type)))

    def _retype(self, value: SSAValue, type: Attribute) -> None:
        new = Rewriter.replace_value_with_new_type(value, type)
        self.own.values.add(new)

    # ---- ops of the loop

    def _rewrite(self, op: Operation) -> None:
        """Lets an op of the loop work for each instance."""
        if self.own.of_scalar(op):
            self.scalars.wait(op)
            return
        if is_scalar(op) or isinstance(op, YieldOp):
            return
        self.scalars.flush()
        if op not in self.own.ops:
            return
        if isinstance(op, WriteOp):
            self._write(op)
            return
        if isinstance(op, EmitOp) and op.indices in self.own.lists:  # its list has the elements of all
            return
        if isinstance(op, EmitOp | SolveTreeOp):
            self._with_instances(op)
            return
        if isinstance(op, SYNAPTIC):
            self._rewrite_synapses(op)
            return
        if isinstance(op, RecordOp | RecordEventsOp | RecordRateOp) and isinstance(op.sink.owner, Operation):
            op.sink.owner.attributes[OWN] = UnitAttr()
        offset = op.offset if isinstance(op, MapOp) else None
        for size in sizes_of(op):
            for k, operand in enumerate(op.operands):
                if operand is size:
                    op.operands[k] = self._all(size)
        if isinstance(op, RecordRateOp):
            self._count_by_instance(op)
            return
        if not op.regions:
            return
        code = self._code(op, one=False)
        code.rewrite()
        if isinstance(op, MapOp):
            _go_on(op)
        if isinstance(op, ScatterOp):
            self._scatter_to_instance(code)
        if isinstance(op, MapOp | ThresholdOp | ResetOp | ScatterOp):
            op = self._read_common(op, code, offset)
        for out in list(op.results):
            self._widen_type(out)

    def _code(self, op: Operation, *, one: bool, lane: SSAValue | None = None) -> InstanceCode:
        clock = clock_of(op)
        return InstanceCode(
            region_of(op), self.instances, one, self.own.values, lambda value: self.scalars.array_of(value, clock), lane
        )

    def _read_common(self, op: Reducible, code: InstanceCode, offset: SSAValue | None) -> Reducible:
        """Lets a sweep read arrays that are there once at the element, not at the number among all."""
        block = region_of(op)
        common = [k for k, value in enumerate(op.inputs) if value not in self.own.values]
        if not common:
            return op
        for k in reversed(common):
            arg = block.args[k + 1]
            if arg.first_use is not None:
                place = code.element
                if offset is not None:
                    shifted = total(place, offset)
                    code.prepend(shifted)
                    place = shifted.results[0]
                gather = GatherOp(op.inputs[k], place)
                gather.value.name_hint = arg.name_hint
                code.prepend(gather)
                arg.replace_all_uses_with(gather.value)
            block.erase_arg(arg)
        kept = [k for k in range(len(op.inputs)) if k not in common]
        updates = updated_inputs(op) if isinstance(op, MapOp | ResetOp) else ()
        updates = [k if k == FRESH else kept.index(k) for k in updates]
        new = rebuilt(op, [op.inputs[k] for k in kept], updates, list(op.results))
        self.own.values.update(new.results)
        return new

    # ---- synapses

    def _rewrite_synapses(self, op: Synaptic) -> None:
        """Lets a pathway, or a sum over synapses, work for each instance: ends, delays and rows are those of all."""
        properties: dict[str, Attribute] = {}
        alike = not isinstance(op, AccumulateOp) and op.events not in self.own.values
        for k in _of_all(op, alike=alike):
            op.operands[k] = self._all(op.operands[k])
        if isinstance(op, ArrivalsOp):
            op = self._as_lists(op)
        else:
            own = [k for k, value in enumerate(op.inputs) if value in self.own.values]
            properties = {"own": DenseArrayBase.from_list(i64, own)}
            if alike:
                properties["alike"] = UnitAttr()
            block = region_of(op)
            lane = block.insert_arg(IndexType(), len(block.args))
            lane.name_hint = "b"
            self._code(op, one=True, lane=lane).rewrite()
        self._with_instances(op, properties)

    def _as_lists(self, op: ArrivalsOp) -> ArrivalsOp:
        """Lets a pathway take its rows as lists: a bit is a synapse of all instances, the counts are of each."""
        if op.words is None:
            return op
        derived = op.words.owner
        assert isinstance(derived, DeriveOp)
        history = (op.indices, op.counts, op.position)
        new = ArrivalsOp(
            op.label.data,
            op.clock,
            op.events,
            (op.start, op.stop),
            (derived.inputs[0], derived.inputs[1]),
            op.delays,
            history,
            op.size,
            element_type(op.arrived.type),
        )
        self._put(op, new)
        return new

    def _with_instances(self, op: Operation, properties: Mapping[str, Attribute] = NOTHING) -> None:
        """Puts an op in the place of another that differs in that it works for several instances."""
        properties = {**op.properties, **properties}
        sizes = properties.get("operandSegmentSizes")
        if isinstance(sizes, DenseArrayBase):
            numbers = [int(k) for k in sizes.get_values()]
            properties["operandSegmentSizes"] = DenseArrayBase.from_list(i32, [*numbers[:-1], 1])
        new = type(op).create(
            operands=[*op.operands, self.instances],
            result_types=[out.type for out in op.results],
            properties=properties,
            regions=[op.detach_region(region) for region in op.regions],
        )
        self._put(op, new)

    def _put(self, op: Operation, new: Operation) -> None:
        """Puts an op in the place of another with the same results."""
        new.location = op.location
        new.attributes.update(op.attributes)
        for old, out in zip(op.results, new.results, strict=True):
            out.name_hint = old.name_hint
            if old in self.own.values:
                self.own.values.add(out)
        body = op.parent_block()
        assert body is not None
        body.insert_op_before(new, op)
        replace(op, new.results)

    def _derive(self, op: DeriveOp) -> None:
        """Makes an array before the run from those of all instances."""
        alike = op.kind.data == "ring" and op.inputs[2] not in self.own.values
        kind = f"{op.kind.data}_{'alike' if alike else 'each'}"
        new = DeriveOp(kind, [self.instances, *op.inputs], op.value.type)
        self._put(op, new)

    def _root(self, value: SSAValue) -> SSAValue:
        """Returns what the loop carries, for its results and the arguments of its body."""
        assert isinstance(value, BlockArgument | OpResult)
        return self.own.loop.carried[value.index]

    def _number_histories(self) -> None:
        """Notes of lists of spikes of all instances where their numbers or steps are, and the other way round."""
        numbers: dict[SSAValue, int] = {op.results[0]: k for k, op in enumerate(input_ops(self.own.program))}
        for spikes, counts in (*self.own.histories.items(), *self.own.lists.items()):
            for one, other in ((spikes, counts), (counts, spikes)):
                assert isinstance(one.owner, Operation)
                one.owner.attributes[HISTORY] = IntegerAttr(numbers[other], i64)

    # ---- writing

    def _scatter_to_instance(self, code: InstanceCode) -> None:
        """Lets a scatter write to the elements of its instance."""
        last = code.block.last_op
        assert isinstance(last, YieldOp)
        row = product(last.arguments[0], self.instances)
        place = total(row.results[0], code.instance)
        code.block.insert_ops_before([row, place], last)
        last.operands[0] = place.results[0]

    def _write(self, op: WriteOp) -> None:
        """Puts a map of B elements in the place of a write."""
        array = op.array.type
        block = Block(arg_types=[IndexType(), element_type(array)])
        block.add_op(YieldOp(op.value))
        new = MapOp("write", "", op.clock, self.instances, [op.array], [0], [array], Region(block))
        new.location = op.location
        body = op.parent_block()
        assert body is not None
        body.insert_op_before(new, op)
        self._code(new, one=True).rewrite()
        new.outs[0].name_hint = op.out.name_hint
        self.own.values.update(new.outs)
        replace(op, new.outs)

    def _count_by_instance(self, op: RecordRateOp) -> None:
        """Lets a monitor of a rate count the events of each instance."""
        events = RecordRateOp(
            op.label.data, op.clock, op.sink, op.events, (op.start, op.stop), op.t, op.dt, self.instances
        )
        events.location = op.location
        body = op.parent_block()
        assert body is not None
        body.insert_op_before(events, op)
        replace(op, [])


def _go_on(op: MapOp) -> None:
    """Lets the run go on where an element is given up, and what says so stay true for its instance."""
    block, updates = region_of(op), updated_inputs(op)
    last = block.last_op
    assert last is not None
    for inner in list(block.walk()):
        if not isinstance(inner, IntegrateOp):
            continue
        inner.properties["going_on"] = UnitAttr()
        for k, value in enumerate(last.operands):
            if value is inner.stuck and updates[k] != FRESH:
                either = arith.OrIOp(value, block.args[updates[k] + 1])
                block.insert_op_before(either, last)
                last.operands[k] = either.result


def _of_all(op: Synaptic, *, alike: bool) -> list[int]:
    """Returns the positions of the operands of an op over synapses that are numbers of elements of all instances."""
    found = [] if alike or isinstance(op, AccumulateOp) else [2, 3]
    if isinstance(op, ArrivalsOp):
        found.append(len(op.operands) - 1)
    elif isinstance(op, DepositOp):
        found.append(len(op.operands) - len(op.inputs) - len(op.offsets) - 1)
    return found
