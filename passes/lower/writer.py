"""Writes ops of the upstream dialects at the end of a block, at the price of `.create` (no constructors, no checks)."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, cast

from xdsl.dialects import arith, func, memref, scf
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    DenseArrayBase,
    FloatAttr,
    IndexType,
    IntegerAttr,
    LocationAttr,
    MemRefType,
    StridedLayoutAttr,
    SymbolRefAttr,
    i1,
    i16,
    i32,
    i64,
)
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from ranvier.ir.slots import ALIGNMENT
from ranvier.ir.types import integer_bits

INDEX = IndexType()
PREDICATES = {"eq": 0, "ne": 1, "slt": 2, "sle": 3, "sgt": 4, "sge": 5, "ult": 6, "ule": 7, "ugt": 8, "uge": 9}
"""Predicates of `arith.cmpi` and their numbers."""
FLOAT_PREDICATES = {"oeq": 1, "ogt": 2, "oge": 3, "olt": 4, "ole": 5, "one": 6}
"""Predicates of `arith.cmpf` that the lowering writes."""

_NO_OVERFLOW = arith.IntegerOverflowAttr("none")
_NO_FASTMATH = arith.FastMathFlagsAttr("none")
_DEFAULTS: dict[type[Operation], dict[str, Attribute]] = {
    **{op: {"overflowFlags": _NO_OVERFLOW} for op in (arith.AddiOp, arith.SubiOp, arith.MuliOp, arith.ShLIOp)},
    **{op: {"fastmath": _NO_FASTMATH} for op in (arith.AddfOp, arith.SubfOp, arith.MulfOp, arith.DivfOp)},
}


@lru_cache(maxsize=64)
def pointer_to(element: Attribute, size: int = DYNAMIC_INDEX) -> MemRefType[Attribute]:
    """Returns `memref<?xelement>`, or `memref<sizexelement>`."""
    return MemRefType(element, [size])


def element_of(array: SSAValue) -> Attribute:
    """Returns the type of an element of a memref value."""
    return cast("MemRefType[Attribute]", array.type).get_element_type()


@dataclass(eq=False, repr=False)
class OpenOp:
    """An `scf` op being written: its block's arguments, what it yields, and, once closed, its results."""

    args: Sequence[SSAValue]
    given: Sequence[SSAValue] = ()
    results: Sequence[SSAValue] = ()

    @property
    def index(self) -> SSAValue:
        """The induction variable of a loop."""
        return self.args[0]

    def give(self, *values: SSAValue) -> None:
        """Sets what the block yields."""
        self.given = values


@dataclass(eq=False, repr=False)
class Writer:
    """Appends ops to `block`; constants and small buffers go to `entry`, which is put in front at the end.

    Attributes:
        block: Where the next op goes.
        entry: Ops for the beginning of the function: constants, allocas.
        location: The source location of the ops written.
    """

    block: Block
    entry: list[Operation] = field(default_factory=list[Operation])
    location: LocationAttr | None = None
    _constants: dict[tuple[Attribute, Attribute], SSAValue] = field(
        default_factory=dict[tuple[Attribute, Attribute], SSAValue]
    )

    def op(
        self,
        kind: type[Operation],
        operands: Sequence[SSAValue],
        types: Sequence[Attribute] = (),
        properties: Mapping[str, Attribute] | None = None,
        regions: Sequence[Region] = (),
    ) -> Operation:
        """Appends an op and returns it."""
        op = kind.create(
            operands=operands,
            result_types=types,
            properties=dict(_DEFAULTS.get(kind, {}) if properties is None else properties),
            regions=regions,
        )
        if self.location is not None:
            op.location = self.location
        self.block.add_op(op)
        return op

    def finish(self) -> None:
        """Puts the ops of `entry` in front of the block."""
        first = self.block.first_op
        if first is None:
            self.block.add_ops(self.entry)
        else:
            self.block.insert_ops_before(self.entry, first)

    # Values

    def attribute(self, value: Attribute, type: Attribute) -> SSAValue:
        """Returns a constant given as an attribute, once per function."""
        key = (value, type)
        found = self._constants.get(key)
        if found is None:
            op = arith.ConstantOp.create(result_types=[type], properties={"value": value})
            self.entry.append(op)
            found = self._constants[key] = op.results[0]
        return found

    def constant(self, value: float, type: Attribute = INDEX) -> SSAValue:
        """Returns a constant: an index or integer, or a float if `type` is one."""
        if integer_bits(type) is not None:
            return self.attribute(IntegerAttr(int(value), cast("IndexType", type)), type)
        return self.attribute(FloatAttr(float(value), cast(Any, type)), type)

    def alloca(self, element: Attribute, size: int) -> SSAValue:
        """Returns a buffer of constant size on the stack, at the beginning of the function."""
        op = memref.AllocaOp.create(
            result_types=[pointer_to(element, size)],
            properties={"operandSegmentSizes": segments(0, 0), "alignment": IntegerAttr(ALIGNMENT, i64)},
        )
        self.entry.append(op)
        return op.results[0]

    def alloc(self, element: Attribute, size: SSAValue) -> SSAValue:
        """Returns a buffer on the heap, aligned."""
        properties = {"operandSegmentSizes": segments(1, 0), "alignment": IntegerAttr(ALIGNMENT, i64)}
        return self.op(memref.AllocOp, [size], [pointer_to(element)], properties).results[0]

    def binary(self, kind: type[Operation], left: SSAValue, right: SSAValue) -> SSAValue:
        """Returns an op of two operands and a result of one type."""
        return self.op(kind, [left, right], [left.type]).results[0]

    def add(self, left: SSAValue, right: SSAValue) -> SSAValue:
        """Returns the sum of two integers."""
        return self.binary(arith.AddiOp, left, right)

    def sub(self, left: SSAValue, right: SSAValue) -> SSAValue:
        """Returns the difference of two integers."""
        return self.binary(arith.SubiOp, left, right)

    def mul(self, left: SSAValue, right: SSAValue) -> SSAValue:
        """Returns the product of two integers."""
        return self.binary(arith.MuliOp, left, right)

    def compare(self, predicate: str, left: SSAValue, right: SSAValue) -> SSAValue:
        """Returns whether integers compare so; see `PREDICATES`."""
        properties = {"predicate": IntegerAttr(PREDICATES[predicate], i64)}
        return self.op(arith.CmpiOp, [left, right], [i1], properties).results[0]

    def compare_floats(self, predicate: str, left: SSAValue, right: SSAValue) -> SSAValue:
        """Returns whether floats compare so; see `FLOAT_PREDICATES`."""
        properties = {"predicate": IntegerAttr(FLOAT_PREDICATES[predicate], i64), "fastmath": _NO_FASTMATH}
        return self.op(arith.CmpfOp, [left, right], [i1], properties).results[0]

    def select(self, condition: SSAValue, yes: SSAValue, no: SSAValue) -> SSAValue:
        """Returns one of two values."""
        return self.op(arith.SelectOp, [condition, yes, no], [yes.type]).results[0]

    def cast(self, value: SSAValue, type: Attribute) -> SSAValue:
        """Converts a value to another integer or index type, an integer to a float, or a float (cut) to an integer."""
        old, new = integer_bits(value.type), integer_bits(type)
        if value.type == type:
            return value
        if old is not None and new is not None:
            if INDEX in (value.type, type):
                return self.op(arith.IndexCastOp, [value], [type]).results[0]
            return self.op(arith.ExtSIOp if new > old else arith.TruncIOp, [value], [type], {}).results[0]
        if INDEX in (value.type, type):
            return self.cast(self.cast(value, i64), type)
        return self.op(arith.FPToSIOp if old is None else arith.SIToFPOp, [value], [type]).results[0]

    # Memory

    def part_of(self, array: SSAValue, place: SSAValue, size: SSAValue) -> SSAValue:
        """Returns so many elements of a buffer from a place on, as a buffer."""
        properties = {
            "static_offsets": DenseArrayBase.from_list(i64, [DYNAMIC_INDEX]),
            "static_sizes": DenseArrayBase.from_list(i64, [DYNAMIC_INDEX]),
            "static_strides": DenseArrayBase.from_list(i64, [1]),
            "operandSegmentSizes": segments(1, 1, 1, 0),
        }
        result = MemRefType(element_of(array), [DYNAMIC_INDEX], StridedLayoutAttr([1], None))
        return self.op(memref.SubviewOp, [array, place, size], [result], properties).results[0]

    def load(self, array: SSAValue, index: SSAValue) -> SSAValue:
        """Returns an element of a buffer."""
        return self.op(memref.LoadOp, [array, index], [element_of(array)]).results[0]

    def load_number(self, array: SSAValue, index: SSAValue) -> SSAValue:
        """Returns an element of a buffer of numbers of elements, as an index; 16 bits have no sign."""
        value = self.load(array, index)
        if value.type == i16:
            value = self.op(arith.ExtUIOp, [value], [i32]).results[0]
        return self.cast(value, INDEX)

    def store(self, value: SSAValue, array: SSAValue, index: SSAValue) -> None:
        """Sets an element of a buffer."""
        self.op(memref.StoreOp, [value, array, index])

    def first(self, array: SSAValue) -> SSAValue:
        """Returns element 0 of a buffer."""
        return self.load(array, self.constant(0))

    def call(self, name: str, arguments: Sequence[SSAValue], results: Sequence[Attribute] = ()) -> Sequence[SSAValue]:
        """Calls a function of the module."""
        return self.op(func.CallOp, arguments, results, {"callee": SymbolRefAttr(name)}).results

    def unsized(self, array: SSAValue) -> SSAValue:
        """Returns a buffer of constant size as `memref<?xT>`."""
        return self.op(memref.CastOp, [array], [pointer_to(element_of(array))]).results[0]

    # Structure

    @contextmanager
    def inside(self, block: Block) -> Generator[None]:
        """Writes to another block for a while."""
        outer, self.block = self.block, block
        try:
            yield
        finally:
            self.block = outer

    @contextmanager
    def loop(
        self,
        upper: SSAValue,
        *,
        lower: SSAValue | None = None,
        step: int | SSAValue = 1,
        carried: Sequence[SSAValue] = (),
    ) -> Generator[OpenOp]:
        """Opens `scf.for` from `lower` (0) to `upper`; `opened.give` sets the next values of what is carried."""
        types = [value.type for value in carried]
        body = Block(arg_types=[INDEX, *types])
        opened = OpenOp(body.args)
        step = self.constant(step) if isinstance(step, int) else step
        bounds = [self.constant(0) if lower is None else lower, upper, step]
        with self.inside(body):
            yield opened
            self.op(scf.YieldOp, opened.given)
        opened.results = self.op(scf.ForOp, [*bounds, *carried], types, {}, [Region(body)]).results

    def branch(
        self, condition: SSAValue, then: Block, otherwise: Block | None, types: Sequence[Attribute] = ()
    ) -> Operation:
        """Writes `scf.if` of blocks that are already written (both end with `scf.yield`)."""
        regions = [Region(then), Region() if otherwise is None else Region(otherwise)]
        return self.op(scf.IfOp, [condition], types, {}, regions)

    @contextmanager
    def when(self, condition: SSAValue, otherwise: Sequence[SSAValue] = ()) -> Generator[OpenOp]:
        """Opens `scf.if`: `opened.give` sets the results where the condition holds, `otherwise` where not."""
        then = Block()
        opened = OpenOp(())
        with self.inside(then):
            yield opened
            self.op(scf.YieldOp, opened.given)
        other: Block | None = None
        if otherwise:
            other = Block()
            with self.inside(other):
                self.op(scf.YieldOp, otherwise)
        opened.results = self.branch(condition, then, other, [value.type for value in otherwise]).results

    def round_up(self, value: SSAValue, multiple: int) -> SSAValue:
        """Returns the next multiple of a power of two, in a form in which it is seen to be one."""
        shift = self.constant(multiple.bit_length() - 1)
        raised = self.add(value, self.constant(multiple - 1))
        return self.binary(arith.ShLIOp, self.binary(arith.ShRUIOp, raised, shift), shift)


def segments(*sizes: int) -> DenseArrayBase[Any]:
    """Returns the sizes of groups of operands."""
    return DenseArrayBase.from_list(i32, sizes)


__all__ = ["INDEX", "OpenOp", "Writer", "element_of", "pointer_to", "segments"]
