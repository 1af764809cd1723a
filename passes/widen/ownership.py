"""What each instance of a batch has for itself, and what all have in common; which programs cannot be batched."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import cast

from xdsl.dialects.builtin import IndexType
from xdsl.ir import Operation, SSAValue

from ranvier.ir.derive import DeriveOp
from ranvier.ir.integration import IntegrateOp
from ranvier.ir.lanes import InstanceOp, TabulateOp
from ranvier.ir.neurons import CompactOp, MapOp, ResetOp, ScatterOp, ThresholdOp
from ranvier.ir.recording import CallOp, RecordEventsOp, RecordOp, RecordRateOp
from ranvier.ir.scalars import NativeOp
from ranvier.ir.structure import ClockOp, EventSpaceOp, LoopOp, ParamOp, ProgramOp, StateOp, WriteOp, YieldOp
from ranvier.passes.errors import PassError
from ranvier.passes.facts.scalars import SNN_SCALARS
from ranvier.passes.facts.versions import clock_of, describe, updates_of, used_values
from ranvier.passes.lower.abi import INPUT_OPS, input_ops
from ranvier.passes.optimise.rewriting import loop_of

BATCHED = (MapOp, ThresholdOp, CompactOp, ResetOp, ScatterOp, WriteOp, RecordOp, RecordEventsOp, RecordRateOp)
"""The ops of the loop that are known for instances side by side."""
_ALWAYS = (ThresholdOp, CompactOp, ResetOp, ScatterOp, WriteOp, RecordOp, RecordEventsOp, RecordRateOp)
"""Those of them that each instance always has for itself: they write, or record."""


_REASONS: Mapping[type[Operation], str] = {
    CallOp: "it calls Python, which sees one network at a time",
    IntegrateOp: "an element that gives up would end the run of all instances",
    NativeOp: "each of its calls counts, and their order",
}
"""Why some ops are refused; the others are not known."""


@dataclass(eq=False, repr=False)
class Ownership:
    """Which values of a program differ between instances.

    Attributes:
        program: The program.
        loop: Its loop.
        values: The values of which each instance has its own.
        ops: The ops of the loop that work for each instance; the others work once for all.
    """

    program: ProgramOp
    loop: LoopOp
    values: set[SSAValue] = field(default_factory=set[SSAValue])
    ops: set[Operation] = field(default_factory=set[Operation])

    def of_scalar(self, op: Operation) -> bool:
        """Tells whether `op` computes a number that differs between instances."""
        return is_scalar(op) and any(out in self.values for out in op.results)


def find_ownership(program: ProgramOp, labels: Collection[str], numbers: Collection[int] = ()) -> Ownership:
    """Returns what each instance has for itself: some inputs, what the network writes, what follows.

    Args:
        program: The program of one network.
        labels: The labels of inputs of which each has its own.
        numbers: The positions of such among all inputs.

    Raises:
        PassError: The program holds something that cannot be computed for instances side by side, or has no such
            input.
    """
    loop = loop_of(program)
    if loop is None:
        raise PassError(program, f"snn.program @{program.sym_name.data} has no loop")
    chosen = _chosen_inputs(program, labels, numbers)
    own = Ownership(program, loop)
    for value in loop.carried:
        if not isinstance(value.owner, StateOp | EventSpaceOp):
            raise PassError(loop, f"batch: the loop carries an array that is made before each run: {value.type}")
        own.values.add(value)
    for op in program.body.block.ops:
        if isinstance(op, ParamOp | StateOp) and op in chosen:
            own.values.add(op.value)
            if isinstance(op.value.type, IndexType):
                raise PassError(op, f"batch: {op.label.data!r} is a number of elements, which all instances have alike")
        elif not isinstance(op, (*INPUT_OPS, LoopOp)):
            _visit_once(op, own)
        if isinstance(op, StateOp | EventSpaceOp):
            _check_common(op, op.size, own)
        if isinstance(op, ClockOp) and op.times in own.values:
            raise PassError(op, f"batch: {describe(op)} ticks at times that differ between instances")
    own.values.update(loop.body.block.args)
    masks = {op.mask for op in loop.body.block.ops if isinstance(op, CompactOp)}
    for op in loop.body.block.ops:
        _visit(op, own, masks)
    return own


def is_scalar(op: Operation) -> bool:
    """Tells whether `op` is pure and computes scalars from scalars, or from elements that it reads."""
    if isinstance(op, NativeOp):
        return op.stateless is not None
    return op.name.startswith(("arith.", "math.", "scf.")) or isinstance(op, SNN_SCALARS)


def sizes_of(op: Operation) -> list[SSAValue]:
    """Returns what tells how many elements an op has, or which: numbers that all instances have in common."""
    found: dict[SSAValue, None] = {}
    for name in ("size", "offset", "start", "stop"):
        value = cast("SSAValue | None", getattr(op, name, None))
        if isinstance(value, SSAValue):
            found[value] = None
    return list(found)


def _chosen_inputs(program: ProgramOp, labels: Collection[str], numbers: Collection[int]) -> set[Operation]:
    """Returns the params and states of some labels and positions."""
    inputs = input_ops(program)
    known = {op.label.data for op in inputs if isinstance(op, ParamOp | StateOp)}
    for label in labels:
        if label not in known:
            near = difflib.get_close_matches(label, known, 1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(map(repr, sorted(known)))}"
            raise PassError(program, f"batch: the program has no param or state {label!r}{hint}")
    for number in numbers:
        if not 0 <= number < len(inputs) or not isinstance(inputs[number], ParamOp | StateOp):
            raise PassError(program, f"batch: input {number} of the program is no param or state")
    return {
        op
        for number, op in enumerate(inputs)
        if isinstance(op, ParamOp | StateOp) and (number in numbers or op.label.data in labels)
    }


def _visit_once(op: Operation, own: Ownership) -> None:
    """Looks at an op in front of the loop."""
    if isinstance(op, InstanceOp | TabulateOp):
        raise PassError(op, "batch: the program is one of several instances already")
    if not any(value in own.values for value in used_values(op)):
        return
    if isinstance(op, DeriveOp):
        raise PassError(op, f"batch: {describe(op)} {op.kind} is made from what differs between instances")
    if not is_scalar(op):
        raise PassError(op, f"batch: {describe(op)} in front of the loop differs between instances")
    own.values.update(op.results)


def _visit(op: Operation, own: Ownership, masks: Collection[SSAValue]) -> None:
    """Looks at an op of the loop."""
    if isinstance(op, YieldOp):
        return
    _check_known(op)
    differs = any(value in own.values for value in used_values(op))
    if clock_of(op) is None:
        if differs:
            own.values.update(op.results)
        return
    for value in sizes_of(op):
        _check_common(op, value, own)
    if differs or isinstance(op, _ALWAYS) or any(out in masks for out in op.results):
        own.ops.add(op)
        own.values.update(out for out, _ in updates_of(op))
        if isinstance(op, CompactOp) and op.mask not in own.values:
            raise PassError(op, "batch: snn.compact takes a mask that no map makes")


def _check_common(op: Operation, value: SSAValue, own: Ownership) -> None:
    if value in own.values:
        raise PassError(op, f"batch: {describe(op)} has as many elements as one instance says, not as all say alike")


def _check_known(op: Operation) -> None:
    for inner in op.walk():
        known = is_scalar(inner) or isinstance(inner, (*BATCHED, YieldOp))
        if isinstance(inner, InstanceOp):
            raise PassError(op, "batch: the program is one of several instances already")
        if not known:
            reason = _REASONS.get(type(inner), "it is not known for instances side by side")
            where = "" if inner is op else f" in {describe(op)}"
            raise PassError(inner, f"batch: {describe(inner)}{where} is refused: {reason}")
