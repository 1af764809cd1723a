"""Pathways that only add, rewritten: arrivals are counted, or sums wait in a ring, and a map adds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from xdsl.dialects import arith
from xdsl.dialects.builtin import IndexType, IntegerAttr, i1, i16, i32, i64
from xdsl.ir import Attribute, Block, BlockArgument, Operation, Region, SSAValue

from ranvier.ir.arrivals import ArrivalsOp, DepositOp
from ranvier.ir.neurons import MapOp, region_of
from ranvier.ir.recording import CallOp
from ranvier.ir.scalars import GatherOp
from ranvier.ir.structure import LoopOp, YieldOp
from ranvier.ir.synapses import NO_SHIFT, PropagateOp, written_inputs
from ranvier.ir.types import element_type, integer_bits
from ranvier.passes.facts.scalars import is_inside
from ranvier.passes.optimise.pure_sums import SYNAPSE, Addition, PureSum
from ranvier.passes.optimise.rewriting import new_constant, replace

_EXACT: Mapping[str, Attribute] = {"overflowFlags": arith.IntegerOverflowAttr("none")}


def count_arrivals(
    found: PureSum, rows: tuple[SSAValue, SSAValue] | SSAValue, size: SSAValue, element: Attribute
) -> ArrivalsOp:
    """Puts `snn.arrivals` and a map in the place of a pathway.

    Before:
        %v2 = snn.propagate ... elements(%free, %v) ... { ... %s = addf %x, %je  %y = select %f, %s, %x  yield %y }
    After:
        %n = snn.arrivals ...
        %v2 = snn.map "synapses" ... (%free, %v, %n) updates [1] ... {
            ... %s = addf %x, (%n * %je)  %y = select (%f and %n != 0), %s, %x  yield %y }

    Legal where the synapses can be counted (`PureSum.not_counted`): all additions to an element have the same addend.
    The sum of n of them is rounded once. The counting stands as early as possible, so that maps stay together.

    Args:
        found: The pathway.
        rows: Pointers and targets in the order of rows, or words of bits.
        size: The number of elements at the other end, as `target_size` gives it.
        element: What to count in: i16 or i32.
    """
    op = found.op
    arrivals = ArrivalsOp(
        op.label.data,
        op.clock,
        op.events,
        (op.start, op.stop),
        rows,
        op.delays,
        (op.indices, op.counts, op.position),
        size,
        element,
    )
    arrivals.location = op.location
    _insert_early(arrivals, op)
    _apply(found, size, arrivals.arrived, counted=True)
    _put(found, arrivals)
    return arrivals


def sum_in_ring(found: PureSum, flat: SSAValue, ring: SSAValue, size: SSAValue) -> DepositOp:
    """Puts `snn.deposit` and a map in the place of a pathway without an order; the loop carries the ring from now on.

    Legal where the addends can be summed up when the spike leaves (`PureSum.not_summed`): they do not change during a
    run. The sum of those that arrive together is added to the element at once.

    Args:
        found: The pathway.
        flat: See `DepositOp`.
        ring: The ring before the loop.
        size: The number of elements at the other end, as `target_size` gives it.
    """
    op = found.op
    loop = op.parent_op()
    assert isinstance(loop, LoopOp) and op.order is None and found.source is not None
    inner = carry(loop, ring)
    source = found.source
    block = Block(arg_types=[IndexType(), IndexType(), element_type(source.type)])
    block.add_op(YieldOp(block.args[2]))
    deposit = DepositOp(
        op.label.data,
        op.clock,
        op.events,
        (op.start, op.stop),
        (op.pointers, op.delays),
        flat,
        (op.indices, op.counts, op.position),
        inner,
        size,
        [source],
        [SYNAPSE],
        [NO_SHIFT],
        (),
        Region(block),
    )
    deposit.location = op.location
    _insert_early(deposit, op)
    yielded = inner.owner.last_op if isinstance(inner.owner, Block) else None
    assert yielded is not None
    yielded.operands = [deposit.new_ring if value is inner else value for value in yielded.operands]
    _apply(found, size, deposit.arrived, counted=False)
    _put(found, deposit)
    found.versions.updated.add(ring)
    found.versions.roots.update({inner: ring, deposit.new_ring: ring})
    return deposit


def target_size(found: PureSum) -> SSAValue:
    """Returns the number of elements at the other end, from the first on that synapses can reach."""
    if found.offset is None:
        return found.size
    loop = found.op.parent_op()
    assert loop is not None
    rest = arith.SubiOp(found.size, found.offset)
    block = loop.parent_block()
    assert block is not None
    block.insert_op_before(rest, loop)
    return rest.result


def carry(loop: LoopOp, value: SSAValue) -> SSAValue:
    """Lets a loop carry one more array and returns what stands for it in the body, which does not update it yet."""
    body = loop.body.block
    last = body.last_op
    assert last is not None
    inner = body.insert_arg(value.type, len(body.args))
    inner.name_hint = value.name_hint
    last.operands = [*last.operands, inner]
    region = loop.detach_region(loop.body)
    new = LoopOp.create(
        operands=[*loop.carried, value],
        result_types=[*(out.type for out in loop.outs), value.type],
        attributes=dict(loop.attributes),
        regions=[region],
    )
    new.location = loop.location
    block = loop.parent_block()
    assert block is not None
    block.insert_op_before(new, loop)
    replace(loop, new.results[:-1])
    return inner


def _insert_early(new: Operation, op: PropagateOp) -> None:
    """Inserts what takes in the events of a pathway as soon as all that it uses is there.

    Not in front of a user of the history of before, nor of Python code, which may look at everything.
    """
    history = set(op.updated[:3])
    before: Operation = op
    while before.prev_op is not None:
        earlier = before.prev_op
        if isinstance(earlier, CallOp) or any(value.owner is earlier for value in new.operands):
            break
        if not history.isdisjoint(earlier.operands):
            break
        before = earlier
    new.location = op.location
    block = op.parent_block()
    assert block is not None
    block.insert_op_before(new, before)


def _put(found: PureSum, new: ArrivalsOp | DepositOp) -> None:
    """Replaces the history of a pathway, whose other results have no uses any more, and removes it."""
    op = found.op
    _replace_results(found, op.outs[:3], new.results[:3])
    op.detach()
    op.erase()


def _apply(found: PureSum, size: SSAValue, arrived: SSAValue, *, counted: bool) -> None:
    """Writes the map that adds what has arrived, in front of a pathway, and replaces the arrays that it wrote."""
    op, block = found.op, region_of(found.op)
    ops, args = _needed(found, with_addends=counted)
    written = [addition.written for addition in found.additions]
    numbers = sorted({*written, *args})
    inputs = [op.inputs[k] for k in numbers]
    if found.offset is None:
        inputs.append(arrived)
    body = Block(arg_types=[IndexType(), *(element_type(value.type) for value in inputs)])
    values: dict[SSAValue, SSAValue] = {}
    for k, arg in zip(numbers, body.args[1:], strict=False):
        values[block.args[k + 3]] = arg
        arg.name_hint = block.args[k + 3].name_hint
    number = body.args[-1]
    if found.offset is not None:
        gather = GatherOp(arrived, body.args[0])
        gather.location = op.location
        body.add_op(gather)
        number = gather.value
    for inner in ops:
        body.add_op(inner.clone(values))
    new: list[SSAValue] = []
    for each in found.additions:
        builder = _Builder(body, _made_by(op, each.written))
        new.append(builder.added(each, values[block.args[each.written + 3]], number, values, counted))
    body.add_op(YieldOp(*new))
    sweep = MapOp(
        "synapses",
        op.label.data,
        op.clock,
        size,
        inputs,
        [numbers.index(k) for k in written],
        [op.inputs[k].type for k in written],
        Region(body),
        found.offset,
    )
    sweep.location = op.location
    parent = op.parent_block()
    assert parent is not None
    parent.insert_op_before(sweep, op)
    _replace_results(found, op.outs[3:], sweep.outs)


def _made_by(op: PropagateOp, written: int) -> Operation:
    """Returns what makes the new value of an input: what is written instead has its place in the source."""
    end = region_of(op).last_op
    assert end is not None
    maker = end.operands[written_inputs(op).index(written)].owner
    return maker if isinstance(maker, Operation) else op


def _replace_results(found: PureSum, old: Sequence[SSAValue], new: Sequence[SSAValue]) -> None:
    for one, other in zip(old, new, strict=True):
        other.name_hint = one.name_hint
        found.versions.roots[other] = found.versions.root(one)
        one.replace_all_uses_with(other)


def _needed(found: PureSum, *, with_addends: bool) -> tuple[list[Operation], set[int]]:
    """Returns the ops of a pathway's region that make its guards and perhaps its addends, and the inputs they use."""
    block = region_of(found.op)
    roots = [each.guard for each in found.additions if each.guard is not None]
    if with_addends:
        roots += [each.addend for each in found.additions]
    ops, args = set[Operation](), set[int]()
    while roots:
        value = roots.pop()
        if isinstance(value, BlockArgument) and value.owner is block:
            args.add(value.index - 3)
        elif is_inside(value, block) and isinstance(value.owner, Operation) and value.owner not in ops:
            ops.add(value.owner)
            roots += value.owner.operands
    return [inner for inner in block.ops if inner in ops], args


@dataclass(frozen=True)
class _Builder:
    """Writes what happens to an element."""

    block: Block
    like: Operation

    def op(
        self, kind: type[Operation], operands: Sequence[SSAValue], type: Attribute, properties: Mapping[str, Attribute]
    ) -> SSAValue:
        new = kind.create(operands=operands, result_types=[type], properties=dict(properties))
        new.location = self.like.location
        self.block.add_op(new)
        return new.results[0]

    def added(
        self,
        addition: Addition,
        element: SSAValue,
        arrived: SSAValue,
        values: Mapping[SSAValue, SSAValue],
        counted: bool,
    ) -> SSAValue:
        """Returns the element after what has arrived is added: a sum, or a number of equal addends."""
        guard = None if addition.guard is None else values.get(addition.guard, addition.guard)
        if guard is not None and addition.inverted:
            guard = self.op(arith.XOrIOp, [guard, self.constant(1, i1)], i1, {})
        addend = arrived
        if counted:
            addend = self._several(values.get(addition.addend, addition.addend), arrived, addition.add)
            if integer_bits(element.type) is not None:
                addend = self._as_integer(addend, element.type)
            some = self.op(
                arith.CmpiOp, [arrived, self.constant(0, arrived.type)], i1, {"predicate": IntegerAttr(1, i64)}
            )
            guard = some if guard is None else self.op(arith.AndIOp, [guard, some], i1, {})
        is_first = addition.add.operands[1] is addition.addend
        operands = [element, addend] if is_first else [addend, element]
        properties = _EXACT if integer_bits(element.type) is not None else addition.add.properties
        total = self.op(type(addition.add), operands, element.type, properties)
        return total if guard is None else self.op(arith.SelectOp, [guard, total, element], element.type, {})

    def _several(self, addend: SSAValue, number: SSAValue, add: Operation) -> SSAValue:
        """Returns an addend times an unsigned number."""
        if integer_bits(addend.type) is not None:
            return self.op(arith.MuliOp, [addend, self._as_integer(number, addend.type)], addend.type, _EXACT)
        if number.type == i16:  # signed conversions are the cheaper ones
            number = self.op(arith.ExtUIOp, [number], i32, {})
            number = self.op(arith.SIToFPOp, [number], addend.type, {})
        else:
            number = self.op(arith.UIToFPOp, [number], addend.type, {})
        return self.op(arith.MulfOp, [addend, number], addend.type, add.properties)

    def _as_integer(self, number: SSAValue, wanted: Attribute) -> SSAValue:
        width, new = integer_bits(number.type), integer_bits(wanted)
        assert width is not None and new is not None
        if width == new:
            return number
        return self.op(arith.ExtUIOp if new > width else arith.TruncIOp, [number], wanted, {})

    def constant(self, number: int, type: Attribute) -> SSAValue:
        op = new_constant(number, type)
        self.block.add_op(op)
        return op.result
