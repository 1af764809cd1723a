"""Pathways that only add: how they are recognised, and what they become.

A pathway is a pure sum if each synapse only adds something to elements at the end that does not spike, perhaps where a
condition on that end holds (`unless refractory`), and nothing that it uses depends on what the others add. Then the
order of the synapses matters to rounding only, and they may be counted (`snn.arrivals`), or summed up when the spike
leaves (`snn.deposit`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from xdsl.dialects import arith
from xdsl.dialects.builtin import IndexType, IntegerAttr, i1, i16, i32, i64
from xdsl.ir import Attribute, Block, BlockArgument, Operation, Region, SSAValue

from ranvier.ir.arrivals import ArrivalsOp, DepositOp
from ranvier.ir.derive import DeriveOp
from ranvier.ir.neurons import GatherOp, MapOp, RandomOp, element_type, region_of
from ranvier.ir.recording import CallOp
from ranvier.ir.structure import LoopOp, ReadOp, StateOp, YieldOp
from ranvier.ir.synapses import NO_SHIFT, PropagateOp, roles_of, shifts_of, written_inputs
from ranvier.passes.lower.versions import Versions
from ranvier.passes.lower.writer import integer_bits
from ranvier.passes.optimise.scalars import is_inside, is_pure_scalar, new_constant, replace

SYNAPSE, SPIKING, OTHER, CHANGES, WRITTEN = "synapse", "spiking", "other", "changes", "written"
"""What a value may depend on: the synapse, the element that spikes, the one at the other end, the time, the sums."""

_EXACT: Mapping[str, Attribute] = {"overflowFlags": arith.IntegerOverflowAttr("none")}

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
        """The array of which an addend is the synapse's own element, None if it is something else."""
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
        operands=[*loop.carried, value], result_types=[*(out.type for out in loop.outs), value.type], regions=[region]
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
        body.add_op(gather)
        number = gather.value
    for inner in ops:
        body.add_op(inner.clone(values))
    builder = _Builder(body, op)
    new = [
        builder.added(each, values[block.args[each.written + 3]], number, values, counted) for each in found.additions
    ]
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


def _replace_results(found: PureSum, old: Sequence[SSAValue], new: Sequence[SSAValue]) -> None:
    for one, other in zip(old, new, strict=True):
        other.name_hint = one.name_hint
        found.versions.roots[other] = found.versions.root(one)
        one.replace_all_uses_with(other)


def _needed(found: PureSum, *, with_addends: bool) -> tuple[list[Operation], set[int]]:
    """The ops of the region of a pathway that guards, and perhaps addends, are made by; the inputs that they use."""
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
        """The element after what has arrived is added: a sum, or a number of equal addends."""
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
        """An addend times an unsigned number."""
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
