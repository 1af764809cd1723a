"""Taking maps and their kin apart and putting them together again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast

from xdsl.dialects import arith
from xdsl.dialects.builtin import (
    DenseArrayBase,
    DictionaryAttr,
    LocationAttr,
    StringAttr,
    i1,
    i32,
    i64,
)
from xdsl.ir import Attribute, Block, Operation, OpResult, SSAValue

from ranvier.ir.locations import fused
from ranvier.ir.neurons import FRESH, MapOp, ResetOp, ScatterOp, ThresholdOp, region_of, updated_inputs
from ranvier.ir.scalars import GatherOp, NativeOp, RandomOp
from ranvier.ir.types import array_of, element_type
from ranvier.passes.facts.scalars import is_inside, is_pure_scalar, may_trap
from ranvier.passes.optimise.order import Order
from ranvier.passes.remarks import label_of

Reducible: TypeAlias = MapOp | ResetOp | ThresholdOp | ScatterOp
"""Ops with inputs that can be dropped."""


def rebuilt(
    op: Reducible, inputs: Sequence[SSAValue], updates: Sequence[int], results: Sequence[SSAValue]
) -> Reducible:
    """Puts an op with other inputs and fewer results in the place of `op`, whose region it takes over.

    Args:
        op: A map, reset, threshold or scatter.
        inputs: The new inputs; the arguments of the region fit already.
        updates: The new `updates` of a map or reset.
        results: Those of the old results that remain; the region yields values for them already.
    """
    properties = dict(op.properties)
    leading: list[SSAValue] = [op.clock]
    trailing: list[SSAValue] = []
    match op:
        case MapOp():
            leading.append(op.size)
            if op.offset is not None:
                leading.append(op.offset)
            properties["operandSegmentSizes"] = DenseArrayBase.from_list(
                i32, [1, 1, 0 if op.offset is None else 1, len(inputs)]
            )
        case ResetOp():
            leading.append(op.events)
        case ThresholdOp():
            leading.append(op.size)
            trailing.append(op.old)
        case ScatterOp():
            leading.append(op.size)
            trailing.append(op.array)
    if isinstance(op, MapOp | ResetOp):
        properties["updates"] = DenseArrayBase.from_list(i64, updates)
    new = type(op).create(
        operands=[*leading, *inputs, *trailing],
        result_types=[result.type for result in results],
        properties=properties,
        attributes=dict(op.attributes),
        regions=[op.detach_region(op.body)],
    )
    new.location = op.location
    block = op.parent_block()
    assert block is not None
    block.insert_op_before(new, op)
    for old, result in zip(results, new.results, strict=True):
        old.replace_all_uses_with(result)
    op.detach()
    op.erase()
    return new


@dataclass(frozen=True)
class Sweep:
    """A map, or what would be one: a threshold as a map that gives a mask, a reset as a map with a mask.

    Attributes:
        op: Where it comes from.
        size: The number of elements.
        offset: The first element, or None for 0.
        inputs: The arrays whose elements the region takes.
        updates: As in `MapOp`.
        types: The types of the results.
        kind: What it is called.
    """

    op: Operation
    clock: SSAValue
    size: SSAValue
    offset: SSAValue | None
    inputs: tuple[SSAValue, ...]
    updates: tuple[int, ...]
    types: tuple[Attribute, ...]
    kind: str
    label: str

    @property
    def block(self) -> Block:
        """The block of the region."""
        return region_of(self.op)

    @property
    def replaced(self) -> list[SSAValue]:
        """The array values that are replaced by a next version."""
        return [self.inputs[k] for k in self.updates if k != FRESH]


def sweep_of(op: Operation) -> Sweep | None:
    """Returns a map or threshold as a sweep, None for other ops."""
    match op:
        case MapOp():
            types = tuple(out.type for out in op.outs)
            kind, label = op.kind.data, op.label.data
            return Sweep(op, op.clock, op.size, op.offset, tuple(op.inputs), updated_inputs(op), types, kind, label)
        case ThresholdOp():
            types = (array_of(i1),)
            label = op.label.data
            return Sweep(op, op.clock, op.size, None, tuple(op.inputs), (FRESH,), types, "threshold", label)
        case _:
            return None


def is_simple(block: Block) -> bool:
    """Tells whether a region can run for any element, also for one that is not there, and vectorises."""
    index = block.args[0]
    for op in block.ops:
        if op.regions or may_trap(op) or isinstance(op, NativeOp):
            return False
        if isinstance(op, GatherOp) and op.index is not index and is_inside(op.index, block):
            return False
        if isinstance(op, RandomOp) and op.distribution.data in ("poisson", "binomial"):
            return False
    return True


def captured_values(block: Block) -> Iterator[SSAValue]:
    """Yields what the ops of a region use from outside."""
    for op in block.ops:
        for inner in op.walk():
            for value in inner.operands:
                if not is_inside(value, block):
                    yield value


def moves_for_fusion(producer: MapOp, consumer: Sweep, order: Order) -> list[Operation] | str:
    """Returns the scalar ops to move in front of `producer` so that `consumer` can run at its place; why not, if not.

    It can if
    1. both run over the same elements by the same clock, and neither would keep the other from being vectorised;
    2. all that the consumer uses is there before the producer, is a result of the producer used at the same element
       only, or is a pure scalar that can be computed before the producer;
    3. nothing between the two uses an array version that the consumer replaces (it is replaced earlier now), but for
       pure scalars that can be computed before the producer;
    4. the producer does not read, at other elements, an array that the consumer replaces.

    Args:
        producer: The map.
        consumer: The sweep behind it.
        order: That of the block of both.
    """
    if not same_elements(producer, consumer):
        return "it has other elements, or another clock"
    if is_simple(region_of(producer)) != is_simple(consumer.block):
        return "one of them can be computed in vectors, the other one cannot"
    if any(isinstance(op, NativeOp) and op.stateless is None for op in consumer.block.ops):
        return "it calls a function whose calls stay in their order"
    body = producer.parent_block()
    assert body is not None
    first, last = order.place(producer), order.place(consumer.op)
    moves = _Moves(producer, order)
    captured = list(captured_values(consumer.block))
    if any(value.owner is producer for value in captured):
        return "it uses results of other elements"
    for value in (*consumer.inputs, *captured):
        owner = value.owner
        if isinstance(owner, Operation) and owner is not producer and not moves.can_stand_before(owner):
            return f"it uses what '{label_of(owner)}' gives, which comes between"
    gathered = {op.array for op in region_of(producer).ops if isinstance(op, GatherOp)}
    for value in consumer.replaced:
        if value in gathered:
            return "it replaces an array whose other elements are read there"
        for use in value.uses:
            place = _ancestor_in(use.operation, body)
            if place is not None and first < order.place(place) < last and not moves.can_stand_before(place):
                return f"it replaces an array that '{label_of(place)}' uses between the two"
    return moves.in_order()


def same_elements(producer: MapOp, consumer: Sweep) -> bool:
    """Tells whether a map and a sweep run over the same elements by the same clock."""
    return producer.clock is consumer.clock and producer.size is consumer.size and producer.offset is consumer.offset


class _Moves:
    """The scalar ops behind a map that have to be computed in front of it.

    Only what is asked for is looked at, with what it is computed from: not all that stands between two sweeps.
    """

    def __init__(self, producer: MapOp, order: Order) -> None:
        self._producer = producer
        self._order = order
        self._first = order.place(producer)
        self._moves: set[Operation] = set()

    def can_stand_before(self, op: Operation) -> bool:
        """Tells whether an op stands before the map or can be moved there; it is moved, then."""
        found: set[Operation] = set()
        todo = [op]
        while todo:
            one = todo.pop()
            if self._order.place(one) < self._first or one in self._moves or one in found:
                continue
            if one is self._producer or not is_pure_scalar(one) or may_trap(one):
                return False
            found.add(one)
            todo += [value.owner for value in one.operands if isinstance(value.owner, Operation)]
        self._moves |= found
        return True

    def in_order(self) -> list[Operation]:
        """Returns the ops to move, in the order in which they stand."""
        return sorted(self._moves, key=self._order.place)


def _ancestor_in(op: Operation, block: Block) -> Operation | None:
    found: Operation | None = op
    while found is not None and found.parent_block() is not block:
        found = found.parent_op()
    return found


def fuse(producer: MapOp, consumer: Sweep, moves: Sequence[Operation], order: Order) -> list[SSAValue]:
    """Makes one map of two, in the place of the producer, and returns the values that stand for the consumer's results.

    The consumer's op stays, without its region's ops: the caller replaces it.
    """
    body = producer.parent_block()
    assert body is not None
    for op in moves:
        op.detach()
        body.insert_op_before(op, producer)
        order.put(op)
    block = region_of(producer)
    end = block.last_op
    assert end is not None
    yielded = list(end.operands)
    inputs = list(producer.inputs)
    consumer.block.args[0].replace_all_uses_with(block.args[0])
    for arg, value in zip(consumer.block.args[1:], consumer.inputs, strict=True):
        arg.replace_all_uses_with(_element(producer, block, inputs, yielded, value))
    consumer_end = consumer.block.last_op
    assert consumer_end is not None
    consumer_yielded = list(consumer_end.operands)
    for op in list(consumer.block.ops):
        if op is not consumer_end:
            op.detach()
            block.insert_op_before(op, end)
    superseded = {value for value in consumer.replaced if value.owner is producer}
    kept = [k for k, out in enumerate(producer.outs) if out not in superseded]
    producer_updates = updated_inputs(producer)
    updates = [producer_updates[k] for k in kept]
    for k in consumer.updates:
        updates.append(FRESH if k == FRESH else _tie(producer, inputs, consumer.inputs[k]))
    end.operands = [*(yielded[k] for k in kept), *consumer_yielded]
    types = [*(producer.outs[k].type for k in kept), *consumer.types]
    new = _joined(producer, consumer, inputs, updates, types)
    body.insert_op_before(new, producer)
    order.put(new)
    consumer_results: list[SSAValue] = list(new.outs[len(kept) :])
    for k, out in enumerate(producer.outs):
        if k in kept:
            out.replace_all_uses_with(new.outs[kept.index(k)])
    for k, tied in enumerate(consumer.updates):
        if tied != FRESH and consumer.inputs[tied] in superseded:
            # The consumer's op, which is about to go, is the only user left.
            consumer.inputs[tied].replace_all_uses_with(consumer_results[k])
    producer.detach()
    producer.erase()
    return consumer_results


def _element(
    producer: MapOp, block: Block, inputs: list[SSAValue], yielded: Sequence[SSAValue], value: SSAValue
) -> SSAValue:
    """Returns what stands for `value`'s element in the joined region: a yielded value or an argument, old or new."""
    if value.owner is producer:
        return yielded[[*producer.results].index(cast("OpResult", value))]
    if value in inputs:
        return block.args[inputs.index(value) + 1]
    inputs.append(value)
    return block.insert_arg(element_type(value.type), len(block.args))


def _tie(producer: MapOp, inputs: list[SSAValue], value: SSAValue) -> int:
    """Returns the input whose next version a result is, if it is the next version of `value`."""
    if value.owner is producer:
        return updated_inputs(producer)[[*producer.results].index(cast("OpResult", value))]
    return inputs.index(value)


def _joined(
    producer: MapOp, consumer: Sweep, inputs: Sequence[SSAValue], updates: Sequence[int], types: Sequence[Attribute]
) -> MapOp:
    offset = [] if producer.offset is None else [producer.offset]
    new = MapOp.create(
        operands=[producer.clock, producer.size, *offset, *inputs],
        result_types=types,
        properties={
            "kind": StringAttr(_both(producer.kind.data, consumer.kind)),
            "label": StringAttr(_both(producer.label.data, consumer.label)),
            "updates": DenseArrayBase.from_list(i64, updates),
            "operandSegmentSizes": DenseArrayBase.from_list(i32, [1, 1, len(offset), len(inputs)]),
        },
        attributes=joined_attributes(producer, consumer.op),
        regions=[producer.detach_region(producer.body)],
    )
    new.location = joined_location(producer, consumer.op)
    return new


def joined_attributes(one: Operation, other: Operation) -> dict[str, Attribute]:
    """Returns the discardable attributes of the op that two become: all of both.

    Of an attribute that both have, dictionaries are joined, with the texts of a key that both have one behind the
    other; of others that of the first op stays.
    """
    found = dict(one.attributes)
    for name, value in other.attributes.items():
        mine = found.setdefault(name, value)
        if isinstance(mine, DictionaryAttr) and isinstance(value, DictionaryAttr):
            items = dict(mine.data)
            for key, item in value.data.items():
                items[key] = _joined_texts(items.get(key, item), item)
            found[name] = DictionaryAttr(items)
    return found


def _joined_texts(one: Attribute, other: Attribute) -> Attribute:
    if one == other or not isinstance(one, StringAttr) or not isinstance(other, StringAttr):
        return one
    return StringAttr(f"{one.data}; {other.data}")


def joined_location(one: Operation, other: Operation) -> LocationAttr:
    """Returns where the op that two become comes from: the places of both, each once."""
    return fused((one.location, other.location))


def _both(one: str, other: str) -> str:
    return one if other in one.split("+") else f"{one}+{other}"


def choose_by_mask(op: ResetOp, mask_arg_type: Attribute) -> None:
    """Makes the region of a reset one of a map: with the mask as last argument, and old values where it is false."""
    block = region_of(op)
    mask = block.insert_arg(mask_arg_type, len(block.args))
    end = block.last_op
    assert end is not None
    chosen: list[SSAValue] = []
    for k, value in zip(updated_inputs(op), end.operands, strict=True):
        select = arith.SelectOp.create(operands=[mask, value, block.args[k + 1]], result_types=[value.type])
        select.location = value.owner.location if isinstance(value.owner, Operation) else op.location
        block.insert_op_before(select, end)
        chosen.append(select.results[0])
    end.operands = chosen
