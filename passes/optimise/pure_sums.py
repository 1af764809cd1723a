"""Pathways that only add: how they are recognised.

A pathway is a pure sum if each synapse only adds something to elements at the end that does not spike, perhaps where a
condition on that end holds (`unless refractory`), and nothing that it uses depends on what the others add. Then the
order of the synapses matters to rounding only, and they may be counted (`snn.arrivals`), or summed up when the spike
leaves (`snn.deposit`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from xdsl.dialects import arith
from xdsl.ir import Attribute, Block, BlockArgument, Operation, SSAValue

from ranvier.ir.derive import DeriveOp
from ranvier.ir.neurons import region_of
from ranvier.ir.scalars import GatherOp, RandomOp
from ranvier.ir.structure import ReadOp, StateOp, YieldOp
from ranvier.ir.synapses import PropagateOp, roles_of, shifts_of, written_inputs
from ranvier.ir.types import integer_bits
from ranvier.passes.facts.scalars import is_inside, is_pure_scalar
from ranvier.passes.facts.versions import Versions

SYNAPSE, SPIKING, OTHER, CHANGES, WRITTEN = "synapse", "spiking", "other", "changes", "written"
"""What a value may depend on: the synapse, the element that spikes, the one at the other end, the time, the sums."""

ADDITIONS = (arith.AddfOp, arith.SubfOp, arith.AddiOp, arith.SubiOp)


@dataclass(frozen=True)
class Addition:
    """One element that a pathway adds to.

    Attributes:
        written: The number of the input.
        add: The op that adds or subtracts.
        addend: What is added.
        guard: The condition under which it is, None for always.
        inverted: Whether it is added where the condition is false.
    """

    written: int
    add: Operation
    addend: SSAValue
    guard: SSAValue | None
    inverted: bool


@dataclass(frozen=True)
class PureSum:
    """A pathway that only adds.

    Attributes:
        op: The pathway.
        versions: The buffer behind each array; kept up to date where the pathway is replaced.
        additions: The elements that it adds to.
        size: The number of elements of the arrays that they belong to.
        offset: What is added to the number of an element of the other end, None for nothing.
        not_counted: Why the synapses cannot be counted, "" if they can.
        not_summed: Why they cannot be summed up when the spike leaves, "" if they can.
        source: If they can: the array of what each synapse adds.
    """

    op: PropagateOp
    versions: Versions
    additions: tuple[Addition, ...]
    size: SSAValue
    offset: SSAValue | None
    not_counted: str
    not_summed: str
    source: SSAValue | None

    @property
    def rounds(self) -> bool:
        """Whether the order of additions, and a product in their place, changes results."""
        return any(isinstance(each.add, arith.AddfOp | arith.SubfOp) for each in self.additions)

    @property
    def numbers(self) -> SSAValue:
        """The numbers of the elements at the end that does not spike."""
        return self.op.targets if self.op.spiking.data == "pre" else self.op.sources


def pure_sum(op: PropagateOp, versions: Versions) -> PureSum | str:
    """Returns what a pathway adds, or why it is no pure sum."""
    if op.pending:
        return "spikes are on their way with delays of before"
    if not op.writes.get_values():
        return "nothing is written"
    region = _Region(op, versions)
    block = region.block
    if any(arg.first_use is not None for arg in block.args[:3]):
        return "the code asks for numbers of synapses or of their ends"
    for inner in block.ops:
        if not isinstance(inner, YieldOp) and (not is_pure_scalar(inner) or isinstance(inner, RandomOp)):
            return f"the code has {inner.name}"
    last = block.last_op
    assert last is not None
    additions: list[Addition] = []
    for k, value in zip(written_inputs(op), last.operands, strict=True):
        found = region.addition(k, value)
        if isinstance(found, str):
            return found
        additions.append(found)
    return _described(region, additions)


class _Region:
    """The region of a pathway: what each of its values depends on."""

    def __init__(self, op: PropagateOp, versions: Versions) -> None:
        self.op = op
        self.versions = versions
        self.block = region_of(op)
        self.roles = roles_of(op)
        self.shifts = shifts_of(op)
        self.other = "post" if op.spiking.data == "pre" else "pre"
        written = [op.inputs[k] for k in written_inputs(op)]
        self.written = {versions.root(value) for value in written}
        self.each_once = len(self.written) == len(written)
        self._known: dict[SSAValue, frozenset[str]] = {}

    def addition(self, k: int, value: SSAValue) -> Addition | str:
        """Returns what is added to an input, or why nothing is."""
        element = self.block.args[k + 3]
        if self.roles[k] != self.other:
            return "the code writes to synapses, or to the neurons that spike"
        guard: SSAValue | None = None
        inverted = False
        if isinstance(value.owner, arith.SelectOp):
            guard, yes, no = value.owner.operands
            inverted = yes is element
            if not (inverted or no is element):
                return "an element is set to one of two new values"
            value = no if inverted else yes
        add = _modulo(value, element.type).owner
        if not isinstance(add, ADDITIONS) or not self.each_once:
            return "an element is not only added to"
        first, second = (_modulo(operand, element.type) is element for operand in add.operands)
        if not first and not (second and isinstance(add, arith.AddfOp | arith.AddiOp)):
            return "an element is not only added to"
        addend = add.operands[1 if first else 0]
        if WRITTEN in self.depends(addend) or (guard is not None and WRITTEN in self.depends(guard)):
            return "what is added depends on the sum so far"
        if guard is not None and not self.depends(guard) <= {OTHER, CHANGES}:
            return "the condition depends on the synapse"
        return Addition(k, add, addend, guard, inverted)

    def depends(self, value: SSAValue) -> frozenset[str]:
        """Returns what a value depends on."""
        found = self._known.get(value)
        if found is None:
            found = self._known[value] = frozenset(self._depends(value))
        return found

    def _depends(self, value: SSAValue) -> Iterable[str]:
        if isinstance(value, BlockArgument) and value.owner is self.block:
            number = value.index - 3
            array = self.op.inputs[number]
            if self.versions.root(array) in self.written:
                yield WRITTEN
            role = self.roles[number]
            yield SYNAPSE if role == "synapse" else OTHER if role == self.other else SPIKING
            if self.changes(array):
                yield CHANGES
            return
        owner = value.owner
        if not is_inside(value, self.block):
            if isinstance(owner, Block) or owner.parent_block() is self.op.parent_block():
                yield CHANGES
            return
        assert isinstance(owner, Operation)
        array = owner.array if isinstance(owner, GatherOp | ReadOp) else None
        if array is not None and self.changes(array):
            yield CHANGES
        for operand in owner.operands:
            if operand is not array:
                yield from self.depends(operand)

    def changes(self, array: SSAValue) -> bool:
        """Tells whether an array changes during a run."""
        root = self.versions.root(array)
        return root in self.versions.updated or not isinstance(root.owner, StateOp | DeriveOp)

    def place(self, additions: Sequence[Addition]) -> tuple[SSAValue, SSAValue | None] | str:
        """Returns size and offset of the elements of the other end that are used, or why they are not the same."""
        used = {addition.written for addition in additions}
        used |= {k for k, role in enumerate(self.roles) if role == self.other and self._is_used(k)}
        owners = [self.versions.root(self.op.inputs[k]).owner for k in used]
        sizes = {owner.size for owner in owners if isinstance(owner, StateOp)}
        if len(sizes) != 1 or not all(isinstance(owner, StateOp) for owner in owners):
            return "the elements at the other end are of several populations"
        shifts = {self.shifts[k] for k in used}
        if len(shifts) != 1:
            return "the elements at the other end are of several parts of a population"
        return sizes.pop(), shifts.pop()

    def _is_used(self, k: int) -> bool:
        return self.block.args[k + 3].first_use is not None

    def source(self, addend: SSAValue) -> SSAValue | None:
        """Returns the array of which an addend is the synapse's own element, None if it is something else."""
        if not isinstance(addend, BlockArgument) or addend.owner is not self.block:
            return None
        number = addend.index - 3
        is_own = self.roles[number] == "synapse" and self.shifts[number] is None
        return self.op.inputs[number] if is_own else None


def _modulo(value: SSAValue, type: Attribute) -> SSAValue:
    """Returns an integer that is the same modulo the numbers of a type: what a longer one was made of."""
    bits = integer_bits(type)
    if bits is None:
        return value
    while isinstance(value.owner, arith.TruncIOp | arith.ExtSIOp):
        inner = value.owner.operands[0]
        if (integer_bits(inner.type) or 0) < bits:
            break
        value = inner
    return value


def _described(region: _Region, additions: Sequence[Addition]) -> PureSum | str:
    place = region.place(additions)
    if isinstance(place, str):
        return place
    not_counted = not_summed = ""
    if any(region.depends(addition.addend) & {SYNAPSE, SPIKING} for addition in additions):
        not_counted = "what is added differs from synapse to synapse"
    source = region.source(additions[0].addend)
    if len(additions) > 1:
        not_summed = "several elements are added to"
    elif source is None:
        not_summed = "what is added is not simply a variable of the synapses"
    elif CHANGES in region.depends(additions[0].addend):
        not_summed = "what is added changes during a run"
    return PureSum(
        region.op, region.versions, tuple(additions), *place, not_counted, not_summed, None if not_summed else source
    )


# ---------------------------------------------------------------- what they become
