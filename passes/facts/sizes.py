"""How many elements arrays have and ops need, in terms of the params of a program."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from xdsl.dialects import arith
from xdsl.dialects.builtin import IntegerAttr
from xdsl.ir import Block, BlockArgument, Operation, OpResult, SSAValue

from ranvier.ir.arrivals import ArrivalsOp, DepositOp
from ranvier.ir.inputs import Need, Size, constant_size, param_size
from ranvier.ir.lanes import TabulateOp
from ranvier.ir.neurons import CompactOp, MapOp, ResetOp, ScatterOp, ThresholdOp, region_of
from ranvier.ir.recording import RecordEventsOp, RecordOp
from ranvier.ir.scalars import GatherOp
from ranvier.ir.structure import INPUT_OPS, EventSpaceOp, LoopOp, ParamOp, ProgramOp, StateOp
from ranvier.ir.synapses import AccumulateOp, PropagateOp
from ranvier.ir.trees import SolveForestOp, SolveTreeOp
from ranvier.passes.errors import PassError
from ranvier.passes.facts.versions import describe, label_of, updates_of

Wanted = Iterator[tuple[SSAValue, Size | None]]
"""Arrays or events, and how many elements each has to have; None: it cannot be said before a run."""


@dataclass(eq=False, repr=False)
class Sizes:
    """The sizes of one program.

    Attributes:
        numbers: The numbers of the params among all inputs.
    """

    program: ProgramOp
    numbers: dict[SSAValue, int] = field(init=False)
    _owners: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])

    def __post_init__(self) -> None:
        """Numbers the inputs."""
        inputs = (op for op in self.program.body.block.ops if isinstance(op, INPUT_OPS))
        self.numbers = {op.results[0]: k for k, op in enumerate(inputs)}

    def of(self, value: SSAValue) -> Size | None:
        """Returns the size that an index says, None if it is computed in another way than by sums and products."""
        owner = value.owner
        match owner:
            case ParamOp() if value in self.numbers:
                return param_size(self.numbers[value])
            case arith.ConstantOp() if isinstance(owner.value, IntegerAttr):
                return constant_size(owner.value.value.data)
            case arith.MuliOp() | arith.AddiOp() | arith.SubiOp():
                left, right = self.of(owner.lhs), self.of(owner.rhs)
                if left is None or right is None:
                    return None
                if isinstance(owner, arith.SubiOp):
                    right = constant_size(-1) * right
                return left * right if isinstance(owner, arith.MuliOp) else left + right
            case _:
                return None

    def has(self, array: SSAValue) -> Size | None:
        """Returns how many elements an array has, or events there may be; None if it cannot be said."""
        owner = self.owner_of(array).owner
        match owner:
            case StateOp() | EventSpaceOp() | TabulateOp():
                return self.of(owner.size)
            case MapOp():
                return self._end(owner)
            case ArrivalsOp() | DepositOp():
                return self.of(owner.size)
            case _:
                return None

    def owner_of(self, array: SSAValue) -> SSAValue:
        """Returns the state, event space or new array whose version an array is."""
        seen: list[SSAValue] = []
        while array not in self._owners:
            seen.append(array)
            before = _version_before(array)
            if before is None:
                self._owners[array] = array
                break
            array = before
        found = self._owners[array]
        self._owners.update((value, found) for value in seen)
        return found

    def _end(self, op: MapOp) -> Size | None:
        size, offset = self.of(op.size), constant_size(0) if op.offset is None else self.of(op.offset)
        return None if size is None or offset is None else size + offset

    def _wanted(self, op: Operation) -> Wanted:
        match op:
            case MapOp():
                yield from ((value, self._end(op)) for value in op.inputs)
                yield from self._gathered(region_of(op), self.of(op.size))
            case ThresholdOp() | ScatterOp():
                yield from ((value, self.of(op.size)) for value in op.inputs)
                yield from self._gathered(region_of(op), self.of(op.size))
                if isinstance(op, ThresholdOp):
                    yield op.old, self.of(op.size)
            case CompactOp():
                yield from ((value, self.of(op.size)) for value in (op.mask, op.old))
            case ResetOp():
                yield from ((value, self.has(op.events)) for value in op.inputs)
                yield from self._gathered(region_of(op), self.has(op.events))
            case RecordOp():
                yield from self._gathered(region_of(op), self.of(op.size))
            case RecordEventsOp():
                start, stop = self.of(op.start), self.of(op.stop)
                yield op.counts, None if start is None or stop is None else stop + constant_size(-1) * start
            case AccumulateOp():
                yield from ((value, self.of(op.size)) for value in (op.sources, op.targets, op.index))
                roles = zip(op.inputs, (role.data for role in op.roles), strict=True)
                yield from ((value, self.of(op.size)) for value, role in roles if role == "synapse")
                count, offset = self.of(op.count), self.of(op.offset)
                yield op.array, None if count is None or offset is None else count + offset
            case PropagateOp() | ArrivalsOp() | DepositOp():
                yield op.counts, constant_size(1)
            case SolveTreeOp():
                yield from ((value, self.of(op.size)) for value in (op.leak, op.source, op.node, op.array))
                yield from ((value, self.of(op.nodes)) for value in (op.parents, op.axial))
            case SolveForestOp():
                count = self.of(op.count)
                yield op.blocks, None if count is None else count * constant_size(13)
            case _:
                pass

    def _gathered(self, block: Block, size: Size | None) -> Wanted:
        """Yields the arrays of which a region reads the element of its own number."""
        for op in block.ops:
            if isinstance(op, GatherOp) and op.index is block.args[0]:
                yield op.array, size

    def needs(self) -> Iterator[tuple[Operation, Need]]:
        """Yields what has to hold of sizes and does not hold whatever the params are, with the op that needs it."""
        for op in self.program.walk():
            for array, wanted in self._wanted(op):
                has = self.has(array)
                if has is not None and wanted is not None and has != wanted:
                    owner = self.owner_of(array)
                    yield op, Need(label_of(owner), has, wanted, describe(op))

    def check(self) -> None:
        """Checks the sizes that are known before a run.

        Raises:
            PassError: An op needs more elements than there are.
        """
        for op, need in self.needs():
            short = (need.size + constant_size(-1) * need.has).known
            if short is not None and short > 0:
                has, size = need.has.known, need.size.known
                counts = (need.has, need.size) if has is None or size is None else (has, size)
                raise PassError(op, need.message(*map(str, counts)))


def _version_before(array: SSAValue) -> SSAValue | None:
    """Returns the version that an array replaces, None if it is the first."""
    if isinstance(array, BlockArgument):
        loop = array.block.parent_op()
        return loop.carried[array.index] if isinstance(loop, LoopOp) else None
    assert isinstance(array, OpResult)
    if isinstance(array.op, LoopOp):
        return array.op.carried[array.index]
    return next((old for out, old in updates_of(array.op) if out is array), None)
