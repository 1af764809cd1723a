"""What is one number of an instance becomes an array of B: once per run in front of the loop, or by a map in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from xdsl.dialects.builtin import IndexType
from xdsl.ir import Block, Operation, Region, SSAValue

from ranvier.ir.lanes import TabulateOp
from ranvier.ir.neurons import FRESH, MapOp
from ranvier.ir.structure import ParamOp, YieldOp
from ranvier.ir.types import array_of
from ranvier.passes.facts.versions import clock_of
from ranvier.passes.widen.instance_code import InstanceCode
from ranvier.passes.widen.ownership import Ownership

INSTANCES = "instances"
"""The label of the input that says how many instances there are."""


@dataclass(eq=False, repr=False)
class InstanceScalars:
    """The arrays that stand in the place of scalars that differ between instances.

    Attributes:
        own: What differs between instances.
        instances: How many there are.
    """

    own: Ownership
    instances: SSAValue
    _once: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])
    _each: dict[tuple[SSAValue, SSAValue], SSAValue] = field(default_factory=dict[tuple[SSAValue, SSAValue], SSAValue])
    _waiting: list[Operation] = field(default_factory=list[Operation])
    _gone: list[Operation] = field(default_factory=list[Operation])

    def array_of(self, value: SSAValue, clock: SSAValue | None) -> SSAValue | None:
        """Returns the array of the numbers in the place of a scalar at the steps of a clock, None if it is common."""
        found = self._once.get(value)
        if found is None and clock is not None:
            found = self._each.get((value, clock))
        return found

    def give(self, param: ParamOp, array: SSAValue) -> None:
        """Puts an input array in the place of a param."""
        self._once[param.value] = array
        self.own.values.add(array)
        self._gone.append(param)

    def tabulate(self, ops: Sequence[Operation]) -> None:
        """Computes what ops in front of the loop compute, once per run, for each instance."""
        self._gone += ops
        wanted = [out for op in ops for out in op.results if self._users(out, ops)]
        if wanted:
            made = TabulateOp(self.instances, self._region(ops, wanted, None))
            body = self.own.program.body.block
            body.insert_op_before(made, self.own.loop)
            self._keep(made, wanted)
            self._once.update(zip(wanted, made.outs, strict=True))

    def wait(self, op: Operation) -> None:
        """Takes in a scalar op of the loop, to be computed at the next `flush`."""
        self._waiting.append(op)

    def flush(self) -> None:
        """Computes the scalars that wait for each instance: by a map for each clock of what uses them."""
        ops, self._waiting = self._waiting, []
        self._gone += ops
        clocks = dict.fromkeys(clock for op in ops for out in op.results for clock in self._clocks(out))
        for clock in clocks:
            wanted = [
                out
                for op in ops
                for out in op.results
                if any(clock in self._clocks_of(user) for user in self._users(out, ops))
            ]
            types = [array_of(value.type) for value in wanted]
            region = self._region(_needed(ops, wanted), wanted, clock)
            made = MapOp(INSTANCES, "", clock, self.instances, [], [FRESH] * len(wanted), types, region)
            made.location = ops[-1].location
            self.own.loop.body.block.insert_op_after(made, ops[-1])
            self._keep(made, wanted)
            for value, out in zip(wanted, made.outs, strict=True):
                self._each[value, clock] = out

    def erase(self) -> None:
        """Removes the ops that computed one number."""
        for op in reversed(self._gone):
            op.detach()
            op.erase()

    def _region(self, ops: Sequence[Operation], wanted: Sequence[SSAValue], clock: SSAValue | None) -> Region:
        """Returns the code of scalar ops for an instance."""
        block = Block(arg_types=[IndexType()])
        mapping: dict[SSAValue, SSAValue] = {}
        for op in ops:
            copy = op.clone(mapping)
            for old, new in zip(op.results, copy.results, strict=True):
                new.name_hint = old.name_hint
            block.add_op(copy)
        block.add_op(YieldOp(*(mapping[value] for value in wanted)))
        find: Callable[[SSAValue], SSAValue | None] = lambda value: self.array_of(value, clock)
        InstanceCode(block, self.instances, True, self.own.values, find).rewrite()
        return Region(block)

    def _keep(self, made: TabulateOp | MapOp, wanted: Sequence[SSAValue]) -> None:
        self.own.values.update(made.outs)
        for value, out in zip(wanted, made.outs, strict=True):
            out.name_hint = value.name_hint

    def _users(self, value: SSAValue, ops: Sequence[Operation]) -> list[Operation]:
        """Returns the ops that use a scalar, besides `ops`: of the block of the loop, or of the one before it."""
        users = (self._top(use.operation) for use in value.uses)
        return [user for user in users if user not in ops]

    def _top(self, op: Operation) -> Operation:
        blocks = (self.own.loop.body.block, self.own.program.body.block)
        while op.parent_block() not in blocks:
            parent = op.parent_op()
            assert parent is not None
            op = parent
        return op

    def _clocks(self, value: SSAValue) -> set[SSAValue]:
        """Returns the clocks of the ops for which a scalar of the loop is computed."""
        return {clock for user in self._users(value, ()) for clock in self._clocks_of(user)}

    def _clocks_of(self, user: Operation) -> set[SSAValue]:
        clock = clock_of(user)
        return {clock} if clock is not None else {c for out in user.results for c in self._clocks(out)}


def _needed(ops: Sequence[Operation], wanted: Sequence[SSAValue]) -> list[Operation]:
    """Returns those of some ops that values are computed by, in their order."""
    makers = {value.owner for value in wanted}
    needed: list[Operation] = []
    for op in reversed(ops):
        if op in makers:
            needed.append(op)
            makers.update(operand.owner for inner in op.walk() for operand in inner.operands)
    return needed[::-1]
