"""What each instance of a batch has for itself, and what all have in common; which programs cannot be batched."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, cast

from xdsl.dialects.builtin import IndexType
from xdsl.ir import BlockArgument, Operation, SSAValue

from ranvier.ir.arrivals import ArrivalsOp, DepositOp, HistoryOp
from ranvier.ir.derive import DeriveOp
from ranvier.ir.emission import EmitOp
from ranvier.ir.integration import IntegrateOp
from ranvier.ir.lanes import InstanceOp, TabulateOp
from ranvier.ir.neurons import CompactOp, MapOp, ResetOp, ScatterOp, ThresholdOp
from ranvier.ir.recording import CallOp, RecordEventsOp, RecordOp, RecordRateOp
from ranvier.ir.scalars import NativeOp
from ranvier.ir.structure import ClockOp, EventSpaceOp, LoopOp, ParamOp, ProgramOp, StateOp, WriteOp, YieldOp
from ranvier.ir.synapses import AccumulateOp, PropagateOp
from ranvier.ir.trees import SolveForestOp, SolveTreeOp
from ranvier.passes.errors import PassError
from ranvier.passes.facts.scalars import SNN_SCALARS
from ranvier.passes.facts.versions import clock_of, describe, updates_of, used_values
from ranvier.passes.lower.abi import INPUT_OPS, input_ops
from ranvier.passes.optimise.rewriting import loop_of

_Named: TypeAlias = Mapping[type[Operation], Sequence[str]]

BATCHED = (
    MapOp, ThresholdOp, CompactOp, ResetOp, ScatterOp, WriteOp, RecordOp, RecordEventsOp, RecordRateOp,
    EmitOp, PropagateOp, AccumulateOp, ArrivalsOp, DepositOp, SolveTreeOp, IntegrateOp,
)  # fmt: skip
"""The ops of the loop that are known for instances side by side."""

REFUSED: Mapping[type[Operation], str] = {
    CallOp: "it calls Python, which sees one network at a time",
    NativeOp: "each of its calls counts, and their order",
    SolveForestOp: "it solves the trees of one network side by side already",
}
"""Why some ops are refused; the others are not known."""

_COMMON: _Named = {
    PropagateOp: ("sources", "targets", "pointers", "delays", "order", "pending", "position"),
    AccumulateOp: ("sources", "targets", "index"),
    ArrivalsOp: ("lists", "words", "delays", "position"),
    DepositOp: ("pointers", "delays", "flat", "position"),
    EmitOp: ("indices", "steps", "period", "step", "position"),
    SolveTreeOp: ("node", "parents", "axial"),
}
"""The operands that all instances have in common: which synapses there are, their delays, given spikes, a tree."""

_WHAT: Mapping[type[Operation], str] = {
    EmitOp: "the spikes that it is given",
    SolveTreeOp: "the shape and the resistances of a cell",
}
"""What these are, in messages; elsewhere they are synapses and their delays."""

_SPIKES: _Named = {
    ResetOp: ("events",),
    RecordEventsOp: ("events",),
    CompactOp: ("mask",),
    SolveTreeOp: ("leak", "source"),
}
"""What each instance has for itself where an op works for each."""

DERIVED: Mapping[str, Sequence[int]] = {"gather": (0,), "ring": (2, 3, 6)}
"""The kinds of derived arrays that may differ between instances, and which of what they are made from may."""


@dataclass(eq=False, repr=False)
class Ownership:
    """Which values of a program differ between instances.

    Attributes:
        program: The program.
        loop: Its loop.
        values: The values of which each instance has its own.
        ops: The ops of the loop that work for each instance; the others work once for all.
        histories: The states that keep spikes of all instances in one list, and those with their numbers.
        lists: The states that give spikes of all instances in one list, and those with their steps.
    """

    program: ProgramOp
    loop: LoopOp
    values: set[SSAValue] = field(default_factory=set[SSAValue])
    ops: set[Operation] = field(default_factory=set[Operation])
    histories: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])
    lists: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])

    def of_scalar(self, op: Operation) -> bool:
        """Tells whether `op` computes a number that differs between instances."""
        return is_scalar(op) and any(out in self.values for out in op.results)


def find_ownership(program: ProgramOp, labels: Collection[str], numbers: Collection[int] = ()) -> Ownership:
    """Returns what each instance has for itself: some inputs, and what depends on them.

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
    for op in loop.body.block.ops:
        _check_known(op)
    own = Ownership(program, loop)
    for op in _chosen_inputs(program, labels, numbers):
        if isinstance(op.value.type, IndexType):
            raise PassError(op, f"batch: {op.label.data!r} is a number of elements, which all instances have alike")
        own.values.add(op.value)
    count = -1
    while count != len(own.values):
        count = len(own.values)
        _spread(own)
    _check(own)
    return own


def _spread(own: Ownership) -> None:
    """Finds what depends on what differs, once through the program: what the loop carries comes round again."""
    for op in own.program.body.block.ops:
        if isinstance(op, InstanceOp | TabulateOp):
            raise PassError(op, "batch: the program is one of several instances already")
        if not isinstance(op, (*INPUT_OPS, LoopOp)) and _any_own(own, used_values(op)):
            own.values.update(op.results)
    body = own.loop.body.block
    for op in body.ops:
        if isinstance(op, YieldOp):
            continue
        if clock_of(op) is None:
            if _any_own(own, used_values(op)):
                own.values.update(op.results)
        elif isinstance(op, PropagateOp | ArrivalsOp | DepositOp):
            _spread_spikes(op, own)
        else:
            _spread_op(op, own)
    last = body.last_op
    assert last is not None
    for same in zip(own.loop.carried, body.args, own.loop.outs, last.operands, strict=True):
        if _any_own(own, same):
            own.values.update(same)


def _spread_op(op: Operation, own: Ownership) -> None:
    """Finds whether an op works for each instance: if something that it uses or makes differs; then all does."""
    updates = [pair for pair in updates_of(op) if not (isinstance(op, EmitOp) and pair[0] is op.next)]
    made = [value for pair in updates for value in pair if value is not None]
    if isinstance(op, RecordOp | RecordEventsOp | RecordRateOp):
        made.append(op.sink)  # a table has the rows of each instance, or those that all have in common
    if _any_own(own, (*used_values(op), *made)):
        own.ops.add(op)
        own.values.update(made, _operands(op, _SPIKES))
        if isinstance(op, EmitOp) and {op.indices, op.steps} <= own.values:
            own.lists[op.indices] = op.steps


def _spread_spikes(op: HistoryOp, own: Ownership) -> None:
    """Finds whether the spikes of a pathway differ, and what it writes: if they do, or something else that it uses.

    Positions are numbers of steps, which are always common.
    """
    spikes = (op.events, op.indices, op.counts, op.results[0], op.results[1])
    if _any_own(own, spikes):
        own.values.update(spikes)
        own.histories[root_of(own.loop, op.indices)] = root_of(own.loop, op.counts)
    never = (op.position, op.results[2], *(op.pending[2:] if isinstance(op, PropagateOp) else ()))
    made = [
        value
        for out, old in list(updates_of(op))[3:]
        if old is None or old not in never
        for value in (out, old)
        if value is not None
    ]
    if _any_own(own, (*used_values(op), *made)):
        own.ops.add(op)
        own.values.update(made)


def root_of(loop: LoopOp, value: SSAValue) -> SSAValue:
    """Returns what the loop carries for an array of which a version is used."""
    while isinstance(value.owner, Operation):
        value = next(old for out, old in updates_of(value.owner) if out is value and old is not None)
    assert isinstance(value, BlockArgument)
    return loop.carried[value.index]


def _any_own(own: Ownership, values: Iterable[SSAValue]) -> bool:
    return any(value in own.values for value in values)


def _operands(op: Operation, names: _Named) -> list[SSAValue]:
    """Returns those operands of an op that a table names."""
    found: list[SSAValue] = []
    for name in names.get(type(op), ()):
        value = cast("SSAValue | Sequence[SSAValue] | None", getattr(op, name))
        if value is not None:
            found += [value] if isinstance(value, SSAValue) else value
    return found


def is_scalar(op: Operation) -> bool:
    """Tells whether `op` is pure and computes scalars from scalars, or from elements that it reads."""
    if isinstance(op, NativeOp):
        return op.stateless is not None
    return op.name.startswith(("arith.", "math.", "scf.")) or isinstance(op, SNN_SCALARS)


def sizes_of(op: Operation) -> list[SSAValue]:
    """Returns what tells how many elements an op has, or which: numbers that all instances have in common."""
    found: dict[SSAValue, None] = {}
    for name in ("size", "offset", "start", "stop", "count", "nodes"):
        value = cast("SSAValue | None", getattr(op, name, None))
        if isinstance(value, SSAValue):
            found[value] = None
    return list(found)


def _chosen_inputs(program: ProgramOp, labels: Collection[str], numbers: Collection[int]) -> list[ParamOp | StateOp]:
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
    return [
        op
        for number, op in enumerate(inputs)
        if isinstance(op, ParamOp | StateOp) and (number in numbers or op.label.data in labels)
    ]


def _check(own: Ownership) -> None:
    """Checks that what differs is nothing that all instances must have alike."""
    for op in own.loop.body.block.ops:
        if clock_of(op) is None:
            continue
        for value in sizes_of(op):
            _check_common(op, value, own)
        listed = {*own.lists, *own.lists.values()}  # spikes that are given are one list of all
        if _any_own(own, (value for value in _operands(op, _COMMON) if value not in listed)):
            what = _WHAT.get(type(op), "synapses and their delays")
            raise PassError(op, f"batch: {describe(op)} is refused: all instances have {what} in common")
    for op in own.program.body.block.ops:
        if isinstance(op, StateOp | EventSpaceOp):
            _check_common(op, op.size, own)
        elif isinstance(op, ClockOp):
            if op.times in own.values:
                raise PassError(op, f"batch: {describe(op)} ticks at times that differ between instances")
        elif isinstance(op, DeriveOp):
            _check_derived(op, own)
        elif not isinstance(op, (*INPUT_OPS, LoopOp)) and not is_scalar(op) and _any_own(own, used_values(op)):
            raise PassError(op, f"batch: {describe(op)} in front of the loop differs between instances")


def _check_derived(op: DeriveOp, own: Ownership) -> None:
    may = DERIVED.get(op.kind.data, ())
    if any(value in own.values for k, value in enumerate(op.inputs) if k not in may):
        raise PassError(op, f"batch: {describe(op)} {op.kind} is made from what differs between instances")


def _check_common(op: Operation, value: SSAValue, own: Ownership) -> None:
    if value in own.values:
        raise PassError(op, f"batch: {describe(op)} has as many elements as one instance says, not as all say alike")


def _check_known(op: Operation) -> None:
    for inner in op.walk():
        known = is_scalar(inner) or isinstance(inner, (*BATCHED, YieldOp))
        if isinstance(inner, InstanceOp):
            raise PassError(op, "batch: the program is one of several instances already")
        if isinstance(inner, PropagateOp) and inner.words is not None:
            raise PassError(op, f"batch: {describe(op)} has rows of records: 'pack-rows' comes after 'batch'")
        if not known:
            reason = REFUSED.get(type(inner), "it is not known for instances side by side")
            where = "" if inner is op else f" in {describe(op)}"
            raise PassError(inner, f"batch: {describe(inner)}{where} is refused: {reason}")
