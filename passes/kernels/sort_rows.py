"""The pass `sort-rows`: what kernels need to know of pathways that add to the elements at which synapses end."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, UnitAttr, i32
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from ranvier.ir.derive import DeriveOp
from ranvier.ir.neurons import region_of
from ranvier.ir.scalars import NativeOp
from ranvier.ir.structure import LoopOp, StateOp
from ranvier.ir.synapses import PropagateOp, roles_of, written_inputs
from ranvier.ir.types import array_of
from ranvier.passes.facts.versions import Versions, check_single_version
from ranvier.passes.lower.abi import program_of

SORTED = "sorted"
"""The attribute of a pathway whose rows are sorted by the ends that do not spike."""


@dataclass(frozen=True)
class SortRows(ModulePass):
    """Sorts the synapses of each row by the elements at which they end, where only their order at one element matters.

    Before:
        %v2 = snn.propagate "syn" ... from(%sources) to(%targets) rows(%pointers, %delays) ...
    After:
        %places = snn.derive "sort_rows" (%pointers, %targets)
        %sorted = snn.derive "gather" (%targets, %places)
        %v2 = snn.propagate "syn" ... from(%sources) to(%sorted) rows(%pointers, %delays, %places) by place ... {sorted}

    Legal because a synapse of such a pathway sees and changes nothing but elements of its own and of the element at
    which it ends, and synapses that end at the same element keep their order. A block of threads then finds the part
    of a row that it owns by bisection.
    """

    name = "sort-rows"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Changes the module."""
        program = program_of(op)
        versions = check_single_version(program)
        loop = next(op for op in program.body.block.ops if isinstance(op, LoopOp))
        for inner in list(loop.body.block.ops):
            if isinstance(inner, PropagateOp) and needs_order(inner, versions) and SORTED not in inner.attributes:
                ends = _ends(inner)
                if ends.type == array_of(i32):
                    _sort(loop, inner, ends)


def needs_order(op: PropagateOp, versions: Versions) -> bool | None:
    """Tells whether synapses that end at one element must follow each other; None if all must.

    All must if one may see what another has changed: an element of the spiking end, one that is seen in two ways, what
    a function keeps. Pending synapses have no rows; of several instances the spikes of a row stand side by side.
    """
    roles, far = roles_of(op), far_role(op)
    if (
        op.pending
        or op.instances is not None
        or any(isinstance(inner, NativeOp) and inner.stateless is None for inner in op.walk())
    ):
        return None
    at_end = False
    for k in written_inputs(op):
        root = versions.root(op.inputs[k])
        if roles[k] not in ("synapse", far):
            return None
        if roles[k] == far:
            at_end = True
            if not isinstance(root.owner, StateOp):
                return None
        if any(n != k and versions.root(value) is root and _is_seen(op, n) for n, value in enumerate(op.inputs)):
            return None
    return at_end


def _is_seen(op: PropagateOp, k: int) -> bool:
    return k in written_inputs(op) or region_of(op).args[k + 3].first_use is not None


def far_role(op: PropagateOp) -> str:
    """Returns the role of the end that does not spike."""
    return "post" if op.spiking.data == "pre" else "pre"


def far_size(op: PropagateOp, versions: Versions) -> SSAValue:
    """Returns the number of the elements of an array that has all at which synapses of a pathway end."""
    roles = roles_of(op)
    roots = (versions.root(op.inputs[k]).owner for k in written_inputs(op) if roles[k] == far_role(op))
    return next(owner.size for owner in roots if isinstance(owner, StateOp))


def _ends(op: PropagateOp) -> SSAValue:
    """Returns the ends that do not spike, before they were made narrow."""
    far = op.targets if far_role(op) == "post" else op.sources
    narrow = far.owner
    return narrow.inputs[0] if isinstance(narrow, DeriveOp) and narrow.kind.data == "narrow" else far


def _sort(loop: LoopOp, op: PropagateOp, far: SSAValue) -> None:
    """Gives a pathway derived arrays, made in front of the loop."""
    block = loop.parent_block()
    assert block is not None

    def derive(kind: str, *inputs: SSAValue) -> SSAValue:
        made = DeriveOp(kind, inputs, array_of(i32))
        block.insert_op_before(made, loop)
        return made.value

    ends = far if op.order is None or op.by_place is not None else derive("gather", far, op.order)
    places = derive("sort_rows", op.pointers, ends)
    order = places if op.order is None else derive("gather", op.order, places)
    far_ends = derive("gather", ends, places)
    sources, targets = (op.sources, far_ends) if far_role(op) == "post" else (far_ends, op.targets)
    body = op.detach_region(op.body)
    made = PropagateOp(
        op.label.data,
        op.clock,
        op.events,
        (op.start, op.stop),
        (sources, targets),
        (op.pointers, op.delays, order),
        (op.indices, op.counts, op.position),
        (),
        list(op.inputs),
        roles_of(op),
        [int(k) for k in op.shifts.get_values()],
        list(op.offsets),
        written_inputs(op),
        body,
        spiking=op.spiking.data,
        by_place=True,
    )
    made.attributes.update({**op.attributes, SORTED: UnitAttr()})
    made.location = op.location
    inside = op.parent_block()
    assert inside is not None
    inside.insert_op_before(made, op)
    for old, result in zip(op.outs, made.outs, strict=True):
        result.name_hint = old.name_hint
        old.replace_all_uses_with(result)
    op.detach()
    op.erase()
