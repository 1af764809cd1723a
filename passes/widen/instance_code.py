"""Code of one instance as code of instance b: what is read there, and at which places."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field

from xdsl.dialects import arith
from xdsl.dialects.builtin import IndexType
from xdsl.ir import Block, Operation, SSAValue

from ranvier.ir.lanes import InstanceOp
from ranvier.ir.scalars import GatherOp
from ranvier.ir.structure import ReadOp
from ranvier.passes.facts.scalars import is_inside
from ranvier.passes.optimise.rewriting import replace

_NO_OVERFLOW = {"overflowFlags": arith.IntegerOverflowAttr("none")}


@dataclass(eq=False, repr=False)
class InstanceCode:
    """The code of a region, whose first argument is a number: of an element of an instance, or of an instance.

    Attributes:
        block: The block of the region.
        instances: How many there are.
        one: Whether the number is that of an instance.
        own: The arrays of which each instance has its own.
        array_of: Returns the array of the numbers that instances have in the place of a scalar, None for a scalar
            that they have in common.
        lane: The number of the instance, where the code has it as an argument of its own.
    """

    block: Block
    instances: SSAValue
    one: bool
    own: Collection[SSAValue]
    array_of: Callable[[SSAValue], SSAValue | None]
    lane: SSAValue | None = None
    _split: InstanceOp | None = None
    _last: Operation | None = None
    _numbers: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])

    @property
    def instance(self) -> SSAValue:
        """The number of the instance."""
        if self.lane is not None:
            return self.lane
        return self.block.args[0] if self.one else self._instance_op().instance

    @property
    def element(self) -> SSAValue:
        """The number of the element."""
        return self._instance_op().element

    def rewrite(self) -> None:
        """Lets the code read what is of its instance."""
        if not self.one:
            self._tell_elements()
        for op in list(_ops_in(self.block)):
            for k, operand in enumerate(op.operands):
                array = None if is_inside(operand, self.block) else self.array_of(operand)
                if array is not None:
                    op.operands[k] = self._number_of(operand, array)
            if isinstance(op, ReadOp) and op.array in self.own:
                self._put(op, GatherOp(op.array, self.instance))
            elif isinstance(op, GatherOp) and op.array in self.own:
                op.operands[1] = self._place(op)

    def prepend(self, op: Operation) -> None:
        """Puts an op at the beginning of the code, behind others put there before."""
        last, first = self._last, self.block.first_op
        if last is not None:
            self.block.insert_op_after(op, last)
        elif first is not None:
            self.block.insert_op_before(op, first)
        self._last = op

    def _tell_elements(self) -> None:
        """Puts the number of the element where the code has its number among all."""
        index = self.block.args[0]
        uses = list(index.uses)
        if uses:
            element = self.element
            for use in uses:
                use.operation.operands[use.index] = element

    def _instance_op(self) -> InstanceOp:
        if self._split is None:
            self._split = InstanceOp(self.block.args[0], self.instances)
            self.prepend(self._split)
        return self._split

    def _number_of(self, scalar: SSAValue, array: SSAValue) -> SSAValue:
        found = self._numbers.get(scalar)
        if found is None:
            gather = GatherOp(array, self.instance)
            gather.value.name_hint = scalar.name_hint
            self.prepend(gather)
            found = self._numbers[scalar] = gather.value
        return found

    def _place(self, op: GatherOp) -> SSAValue:
        """Returns where the element of an array that `op` reads stands among those of all instances."""
        if self._split is not None and op.index is self._split.element:
            return self.block.args[0]
        row = _integer(arith.MuliOp, op.index, self.instances)
        place = _integer(arith.AddiOp, row.results[0], self.instance)
        for made in (row, place):
            made.location = op.location
            _block_of(op).insert_op_before(made, op)
        return place.results[0]

    def _put(self, old: ReadOp, new: GatherOp) -> None:
        new.location = old.location
        new.value.name_hint = old.value.name_hint
        _block_of(old).insert_op_before(new, old)
        replace(old, new.results)


def product(left: SSAValue, right: SSAValue) -> Operation:
    """Returns the op that multiplies two sizes."""
    return _integer(arith.MuliOp, left, right)


def total(left: SSAValue, right: SSAValue) -> Operation:
    """Returns the op that adds two sizes."""
    return _integer(arith.AddiOp, left, right)


def _integer(kind: type[Operation], left: SSAValue, right: SSAValue) -> Operation:
    return kind.create(operands=[left, right], result_types=[IndexType()], properties=dict(_NO_OVERFLOW))


def _block_of(op: Operation) -> Block:
    block = op.parent_block()
    assert block is not None
    return block


def _ops_in(block: Block) -> Iterator[Operation]:
    for op in block.ops:
        yield from op.walk()
