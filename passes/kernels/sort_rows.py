"""The pass `sort-rows`: what kernels need to know of pathways that add to the elements at which synapses end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects import arith
from xdsl.dialects.builtin import ModuleOp, UnitAttr, i32, i64
from xdsl.ir import Attribute, BlockArgument, Operation, SSAValue
from xdsl.passes import ModulePass

from ranvier.ir.arrivals import DepositOp
from ranvier.ir.derive import DeriveOp, before_narrowing
from ranvier.ir.neurons import region_of
from ranvier.ir.scalars import NativeOp
from ranvier.ir.structure import LoopOp, ParamOp, StateOp
from ranvier.ir.synapses import SORTED, AccumulateOp, PropagateOp, roles_of, written_inputs
from ranvier.ir.trees import SolveTreeOp
from ranvier.ir.types import array_of, element_type
from ranvier.passes.errors import PassError
from ranvier.passes.facts.deferral import DEFERRED
from ranvier.passes.facts.versions import Versions, check_single_version, describe
from ranvier.passes.lower.abi import program_of
from ranvier.passes.statistics import count


@dataclass(frozen=True)
class SortRows(ModulePass):
    """Sorts the synapses of each row by the elements at which they end, where only their order at one element matters.

    Before:
        snn.propagate ... to(%targets : tensor<?xi32>) rows(%pointers, %delays) ...
    After:
        %places = snn.derive "sort_rows"(%pointers, %targets)
        %sorted = snn.derive "gather"(%targets, %places)
        snn.propagate ... to(%sorted : tensor<?xi32>) rows(%pointers, %delays, %places) by place ... {sorted}

    For a single tree, its nodes are listed by their distance from the root (`levels`).

    Legal because a synapse of such a pathway sees and changes nothing but elements of its own and of the element at
    which it ends, and synapses that end at the same element keep their order. A block of threads then finds the part
    of a row that it owns by bisection.
    """

    name = "sort-rows"
    statistics: ClassVar = {
        "sorted": "pathways with sorted rows",
        "listed": "sums over synapses that have a list of them for each element",
    }

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Changes the module."""
        program = program_of(op)
        versions = check_single_version(program)
        loop = next(op for op in program.body.block.ops if isinstance(op, LoopOp))
        for inner in list(loop.body.block.ops):
            inner.attributes.pop(DEFERRED, None)  # kernels hold no spikes back
            if isinstance(inner, PropagateOp) and inner.words is not None:
                raise PassError(inner, f"{describe(inner)} has rows of records: leave 'pack-rows' out, it is for CPUs")
            if isinstance(inner, PropagateOp) and needs_order(inner, versions) and SORTED not in inner.attributes:
                ends = _ends(inner)
                if ends.type == array_of(i32):
                    _sort(loop, inner, ends)
                    count("sorted")
                    versions = check_single_version(program)  # what follows sees the results of the op that is new
            elif isinstance(inner, AccumulateOp) and not inner.rows and not keeps_state(inner):
                _list_synapses(loop, inner, versions)
                count("listed")
            elif isinstance(inner, DepositOp) and inner.instances is None and SORTED not in inner.attributes:
                _sort_places(loop, inner, versions)
                count("sorted")
            elif isinstance(inner, SolveTreeOp) and inner.instances is None:
                parents = versions.root(inner.parents)
                if isinstance(parents.owner, StateOp) and inner.levels is None:
                    _list_levels(loop, inner, parents)
                    count("listed")


def _list_levels(loop: LoopOp, op: SolveTreeOp, parents: SSAValue) -> None:
    """Gives the system on a tree its nodes by their distance from the root."""
    sizes, tree = (op.size, op.nodes), (op.parents, op.axial)
    levels = _derive(loop, "levels", [parents])
    made = SolveTreeOp(op.label.data, op.clock, sizes, op.leak, op.source, op.node, tree, op.array, levels=levels)
    made.attributes.update(op.attributes)
    made.location = op.location
    inside = op.parent_block()
    assert inside is not None
    inside.insert_op_before(made, op)
    made.out.name_hint = op.out.name_hint
    op.out.replace_all_uses_with(made.out)
    op.detach()
    op.erase()


def needs_order(op: PropagateOp, versions: Versions) -> bool | None:
    """Tells whether synapses that end at one element must follow each other; None if all must.

    All must if one may see what another has changed: an element of the spiking end, one that is seen in two ways, what
    a function keeps. Elements of rows are no matter of single synapses; of several instances the spikes of a row stand
    side by side.
    """
    roles, far = roles_of(op), far_role(op)
    if op.instances is not None or keeps_state(op):
        return None
    at_end = False
    for k in written_inputs(op):
        root = versions.root(op.inputs[k])
        if roles[k] not in ("synapse", "row", far):
            return None
        if roles[k] == far:
            at_end = True
            if not isinstance(root.owner, StateOp):
                return None
        if any(n != k and versions.root(value) is root and _is_seen(op, n) for n, value in enumerate(op.inputs)):
            return None
    return at_end


def keeps_state(op: Operation) -> bool:
    """Tells whether a function in the code of an op keeps something from one call to the next."""
    return any(isinstance(inner, NativeOp) and inner.stateless is None for inner in op.walk())


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
    return before_narrowing(op.targets if far_role(op) == "post" else op.sources)


def _derive(loop: LoopOp, kind: str, inputs: Sequence[SSAValue], element: Attribute = i32) -> SSAValue:
    """Returns an array that is derived in front of the loop."""
    block = loop.parent_block()
    assert block is not None
    made = DeriveOp(kind, inputs, array_of(element))
    block.insert_op_before(made, loop)
    return made.value


def _list_synapses(loop: LoopOp, op: AccumulateOp, versions: Versions) -> None:
    """Gives a sum over synapses the list of the synapses that end at each element."""
    owner = versions.root(op.array).owner
    size = _size_of_one(owner.size, op.instances) if isinstance(owner, StateOp) else None
    if size is None or not isinstance(op.index.owner, StateOp | DeriveOp):
        return
    order = _derive(loop, "order", [op.index])
    starts = _derive(loop, "starts", [op.index, size], i64)
    op.set_rows(starts, order)


def _size_of_one(size: SSAValue, instances: SSAValue | None) -> SSAValue | None:
    """Returns the parameter that is the number of elements, of one instance where there are several."""
    if instances is not None and isinstance(size.owner, arith.MuliOp):
        size = size.owner.lhs if size.owner.rhs is instances else size.owner.rhs
    return size if isinstance(size.owner, ParamOp) else None


def _sort_places(loop: LoopOp, op: DepositOp, versions: Versions) -> None:
    """Sorts the places of the rows of a pathway that only adds, and what its code takes from them."""
    inputs = [versions.root(value) if isinstance(value, BlockArgument) else value for value in op.inputs]
    of_places = [k for k, role in enumerate(op.roles) if role.data == "synapse"]
    block = region_of(op)
    if block.args[0].first_use is not None or any(op.shift_of(k) is not None for k in of_places):
        return
    if any(not isinstance(inputs[k].owner, StateOp | DeriveOp) for k in of_places):
        return
    places = _derive(loop, "sort_rows", [op.pointers, op.flat])
    sorted_inputs = {
        inputs[k]: _derive(loop, "gather", [inputs[k], places], element_type(inputs[k].type)) for k in of_places
    }
    flat = _derive(loop, "gather", [op.flat, places])
    first = next(n for n, value in enumerate(op.operands) if value is op.flat)
    begin = len(op.operands) - len(op.offsets) - len(op.inputs) - int(op.instances is not None)
    operands = list(op.operands)
    operands[first] = flat
    for k in of_places:
        operands[begin + k] = sorted_inputs[inputs[k]]
    op.operands = operands
    op.attributes[SORTED] = UnitAttr()


def _sort(loop: LoopOp, op: PropagateOp, far: SSAValue) -> None:
    """Gives a pathway derived arrays, made in front of the loop."""

    def derive(kind: str, *inputs: SSAValue) -> SSAValue:
        return _derive(loop, kind, inputs)

    ends = far if op.order is None or op.by_place is not None else derive("gather", far, op.order)
    places = derive("sort_rows", op.pointers, ends)
    order = places if op.order is None else derive("gather", op.order, places)
    sources, targets = op.sources, op.targets
    if not op.pending:  # else the ends are looked up by the numbers of synapses, as pending ones need it
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
        list(op.pending),
        list(op.inputs),
        roles_of(op),
        [int(k) for k in op.shifts.get_values()],
        list(op.offsets),
        written_inputs(op),
        body,
        spiking=op.spiking.data,
        by_place=not op.pending,
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
