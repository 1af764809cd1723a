"""Which thread has the elements that a monitor records: each then records its own, and nobody waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.ir import Operation, SSAValue

from ranvier.ir.neurons import region_of
from ranvier.ir.recording import RecordOp
from ranvier.ir.scalars import GatherOp
from ranvier.ir.structure import ReadOp, StateOp
from ranvier.passes.facts.scalars import is_inside, is_pure_scalar
from ranvier.passes.facts.versions import Versions


@dataclass(frozen=True)
class Owned:
    """The elements that a monitor records.

    Attributes:
        size: The number of elements of the group that they are of.
        index: Which of them the k-th value of a row is of, in the region of the op.
        ops: The ops of the region that compute it.
    """

    size: SSAValue
    index: SSAValue
    ops: Sequence[Operation]


def owned_elements(op: RecordOp, versions: Versions) -> Owned | None:
    """Returns of which elements a monitor records values that change; None if it reads others, too."""
    block = region_of(op)
    changing = [inner for inner in op.walk() if isinstance(inner, GatherOp | ReadOp) and _changes(inner, versions)]
    gathers = [inner for inner in changing if isinstance(inner, GatherOp)]
    if not gathers or len(gathers) != len(changing) or any(inner.parent_block() is not block for inner in gathers):
        return None
    owners = [versions.root(inner.array).owner for inner in gathers]
    indices = {inner.index for inner in gathers}
    sizes = {owner.size if isinstance(owner, StateOp) else None for owner in owners}
    index, size = indices.pop(), sizes.pop()
    if indices or sizes or size is None or not is_inside(index, block):
        return None
    needed, ops = {index}, list[Operation]()
    for inner in reversed(list(block.ops)):
        if not needed.isdisjoint(inner.results):
            if inner in gathers or not is_pure_scalar(inner):
                return None
            needed.update(inner.operands)
            ops.append(inner)
    return Owned(size, index, tuple(reversed(ops)))


def _changes(op: GatherOp | ReadOp, versions: Versions) -> bool:
    return versions.root(op.array) in versions.updated
