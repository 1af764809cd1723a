"""Values that depend on the element at the other end alone: computed once for all elements where many are reached.

A spike reaches many synapses, and often many spikes arrive in one step. Each synapse then computes for its other end
what others have computed before, say a trace that has decayed until now. Where more synapses are reached in a step than
there are elements, a sweep over the elements computes such values beforehand. Which is less is known in each step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects import arith
from xdsl.ir import Operation, SSAValue

from ranvier.ir.scalars import GatherOp, NativeOp, PropagatorOp, RandomOp
from ranvier.ir.slots import PADDING
from ranvier.ir.structure import StateOp, YieldOp
from ranvier.ir.synapses import PropagateOp
from ranvier.passes.facts.scalars import COSTLY, is_inside, is_pure_scalar, may_trap
from ranvier.passes.lower.due_rows import whole_row
from ranvier.passes.lower.regions import lower_scalar
from ranvier.passes.lower.scopes import Kernel
from ranvier.passes.lower.synapse_code import SynapseCode
from ranvier.passes.lower.writer import INDEX


@dataclass(frozen=True)
class FarValues:
    """Part of a region that depends on the other end alone.

    Attributes:
        ops: The ops of the part, in order.
        costly: Those of them that are left out of the region where the values are known.
        values: The values that the rest of the region uses.
        inputs: The inputs that they are computed from.
        size: The number of elements.
    """

    ops: Sequence[Operation]
    costly: frozenset[Operation]
    values: Sequence[SSAValue]
    inputs: frozenset[int]
    size: SSAValue


def far_values(code: SynapseCode) -> FarValues | None:
    """Returns the costly part of a region that depends on the other end alone, None if there is none."""
    op, block = code.op, code.block
    assert isinstance(op, PropagateOp)
    far, own = ("post", block.args[2]) if op.spiking.data == "pre" else ("pre", block.args[1])
    usable = {k for k, role in enumerate(code.roles) if role == far and code.is_fixed_input(k)}
    known: set[SSAValue] = {own, *(block.args[k + 3] for k in usable)}
    varying, costly = set(known), set[Operation]()
    part: list[Operation] = []
    for inner in block.ops:
        if not _may_move(inner) or not all(v in known or not is_inside(v, block) for v in inner.operands):
            continue
        part.append(inner)
        known.update(inner.results)
        if not varying.isdisjoint(inner.operands):
            varying.update(inner.results)
            if isinstance(inner, (*COSTLY, PropagatorOp)) or any(v.owner in costly for v in inner.operands):
                costly.add(inner)
    values = [v for inner in part if inner in costly for v in inner.results if _is_used_outside(v, costly)]
    needed = _needed(values)
    inputs = frozenset(k for k in usable if block.args[k + 3] in needed)
    sizes = {owner.size for k in inputs if isinstance(owner := code.root(k).owner, StateOp)}
    if not values or len(sizes) != 1 or any(code.shifts[k] is not None for k in inputs):
        return None
    ops = [inner for inner in part if not needed.isdisjoint(inner.results)]
    return FarValues(ops, frozenset(costly), values, inputs, sizes.pop())


def _may_move(op: Operation) -> bool:
    is_scalar = is_pure_scalar(op) and not isinstance(op, YieldOp | RandomOp | GatherOp | NativeOp)
    return is_scalar and not may_trap(op)


def _is_used_outside(value: SSAValue, ops: set[Operation]) -> bool:
    return any(use.operation not in ops for use in value.uses)


def _needed(values: Sequence[SSAValue]) -> set[SSAValue]:
    """Returns the values from which some are computed, themselves included."""
    found, todo = set[SSAValue](), list(values)
    while todo:
        value = todo.pop()
        if value not in found:
            found.add(value)
            todo += value.owner.operands if isinstance(value.owner, Operation) else ()
    return found


def reaches_many(kernel: Kernel, pointers: SSAValue, due: SSAValue, number: SSAValue, far: FarValues) -> SSAValue:
    """Tells whether the rows that are due have more synapses than there are elements at the other end."""
    w, share = kernel.writer, kernel.share
    threads = share.threads if share is not None and share.by_targets else None
    with w.loop(number, carried=[w.constant(0)]) as each:
        row = w.cast(w.load(due, each.index), INDEX)
        begin, end = whole_row(kernel, pointers, row, threads)
        each.give(w.add(each.args[1], w.sub(end, begin)))
    return w.compare("sgt", each.results[0], kernel.value(far.size))


def room_for_values(kernel: Kernel, op: PropagateOp, far: FarValues) -> list[SSAValue]:
    """Returns arrays for the values of all elements."""
    return [kernel.pass_in(kernel.run.fresh(op, value.type, far.size)) for value in far.values]


def compute_far_values(
    kernel: Kernel, code: SynapseCode, far: FarValues, arrays: Sequence[SSAValue], divided: SSAValue
) -> None:
    """Writes the sweep that computes the values of all elements, or of those whose synapses a share has.

    Args:
        kernel: The function.
        code: The code of the synapses.
        far: The values.
        arrays: Where they are put.
        divided: Of how many elements a kernel has shares; traces may belong to a population of another size.
    """
    w = kernel.writer
    begin, end = kernel.bounds(kernel.value(divided), w.round_up(kernel.value(far.size), PADDING))
    with w.loop(end, lower=begin) as each:
        code.at_far_end(each.index)
        for k in sorted(far.inputs):
            kernel.bind(code.block.args[k + 3], code.load(k))
        for inner in far.ops:
            if not isinstance(inner, arith.ConstantOp):
                lower_scalar(kernel, inner)
        for value, array in zip(far.values, arrays, strict=True):
            w.store(kernel.value(value), array, each.index)
