"""Proves that each state has one live version at any point, so that every update can be made in place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast

from xdsl.dialects.builtin import TensorType
from xdsl.ir import Block, Operation, SSAValue

from ranvier.ir.arrivals import ArrivalsOp, DepositOp
from ranvier.ir.derive import DeriveOp
from ranvier.ir.emission import EmitOp
from ranvier.ir.neurons import FRESH, CompactOp, MapOp, ResetOp, ScatterOp, ThresholdOp, updated_inputs
from ranvier.ir.recording import CallOp, RecordEventsOp
from ranvier.ir.structure import ClockOp, DtOp, EventSpaceOp, LoopOp, ProgramOp, StateOp, TimeOp, WriteOp, YieldOp
from ranvier.ir.synapses import AccumulateOp, PropagateOp
from ranvier.ir.trees import SolveForestOp, SolveTreeOp
from ranvier.ir.types import EventsType
from ranvier.passes.errors import PassError


def updates_of(op: Operation) -> Iterator[tuple[SSAValue, SSAValue | None]]:
    """Yields each array or event result of `op` with the value whose next version it is (None: a new array)."""
    match op:
        case MapOp() | ResetOp():
            for k, out in zip(updated_inputs(op), op.outs, strict=True):
                yield out, None if k == FRESH else op.inputs[k]
        case ThresholdOp() | CompactOp():
            yield op.events, op.old
        case EmitOp():
            yield op.events, op.old
            yield op.next, op.position
        case PropagateOp():
            yield from zip(op.outs, op.updated, strict=True)
        case ArrivalsOp() | DepositOp():
            yield from zip(op.results, (*op.updated, None), strict=True)
        case ScatterOp() | WriteOp() | AccumulateOp():
            yield op.out, op.array
        case SolveTreeOp() | SolveForestOp():
            yield op.out, op.array
        case RecordEventsOp():
            yield op.out, op.counts
        case CallOp():
            yield from zip(op.outs, op.states, strict=True)
        case _:
            pass


def used_values(op: Operation) -> Iterator[SSAValue]:
    """Yields the operands of `op` and of all ops in its regions."""
    yield from op.operands
    for region in op.regions:
        for block in region.blocks:
            for inner in block.ops:
                yield from used_values(inner)


def label_of(value: SSAValue) -> str:
    """Returns what messages call the state or event space `value`."""
    owner = value.owner
    if isinstance(owner, StateOp | EventSpaceOp):
        return repr(owner.label.data)
    if isinstance(owner, DeriveOp):
        return f"the derived array {owner.kind}"
    return f"the new array %{value.name_hint or 'of ' + owner.name if isinstance(owner, Operation) else '?'}"


def describe(op: Operation) -> str:
    """Returns what messages call an op: its name and the object it comes from."""
    label = op.properties.get("label")
    return f"{op.name} {label}" if label is not None else op.name


@dataclass(eq=False, repr=False)
class Versions:
    """The buffer behind each array and event value.

    Attributes:
        roots: For each value, the value that owns its buffer: a state, an event space or a new array.
        updated: The roots that something in the loop updates.
    """

    roots: dict[SSAValue, SSAValue] = field(default_factory=dict[SSAValue, SSAValue])
    updated: set[SSAValue] = field(default_factory=set[SSAValue])

    def root(self, value: SSAValue) -> SSAValue:
        """Returns the owner of the buffer of `value`."""
        return self.roots.get(value, value)


def check_single_version(program: ProgramOp) -> Versions:
    """Checks that no array is used after its next version was made.

    Returns:
        The buffers behind the values.

    Raises:
        PassError: An op uses a version that another op has already replaced, or the loop carries something
            that is not a state, or gives back a state in another's place.
    """
    loops = [op for op in program.body.block.ops if isinstance(op, LoopOp)]
    if len(loops) != 1:
        raise PassError(program, f"snn.program @{program.sym_name.data} has {len(loops)} loops, not one")
    loop = loops[0]
    versions = Versions()
    for value, arg in zip(loop.carried, loop.body.block.args, strict=True):
        if not isinstance(value.owner, StateOp | EventSpaceOp | DeriveOp):
            raise PassError(loop, f"snn.loop carries states and event spaces, not a result of {value.owner}")
        if value in versions.updated:
            raise PassError(loop, f"snn.loop carries {label_of(value)} twice")
        versions.roots[arg] = value
        versions.updated.add(value)
    _check_body(loop, versions)
    if sum(isinstance(op, ClockOp) for op in program.body.block.ops) > 1:
        _check_clocks(loop)
    return versions


def clock_of(op: Operation) -> SSAValue | None:
    """Returns the clock by which an op of the loop body runs, None for scalar ops."""
    if isinstance(op, TimeOp | DtOp):
        return None
    clock = getattr(op, "clock", None)
    return cast("SSAValue", clock) if isinstance(clock, SSAValue) else None


def _check_clocks(loop: LoopOp) -> None:
    """Checks that new arrays, which exist at the steps of one clock only, are used by ops of that clock."""
    made_by: dict[SSAValue, Operation] = {}
    for op in loop.body.block.ops:
        for value in used_values(op):
            maker = made_by.get(value)
            if maker is not None and clock_of(op) is not clock_of(maker):
                message = f"{describe(op)} uses an array that {describe(maker)} makes at the steps of another clock"
                raise PassError(op, message)
        for out, old in updates_of(op):
            if old is None:
                made_by[out] = op
            elif old in made_by:
                made_by[out] = made_by[old]


def _check_body(loop: LoopOp, versions: Versions) -> None:
    block: Block = loop.body.block
    current: dict[SSAValue, SSAValue] = dict(zip(loop.carried, block.args, strict=True))
    replaced_by: dict[SSAValue, Operation] = {}
    for op in block.ops:
        for value in used_values(op):
            if not isinstance(value.type, TensorType | EventsType):
                continue
            root = versions.root(value)
            if current.get(root, root) is not value:
                by = replaced_by.get(value)
                made = f"after {describe(by)} made the next version" if by else "but the loop carries its versions"
                raise PassError(op, f"{describe(op)} uses an old version of {label_of(root)}, {made}")
        for out, old in updates_of(op):
            if old is None:
                continue
            root = versions.roots[out] = versions.root(old)
            if root not in current and isinstance(root.owner, StateOp | EventSpaceOp | DeriveOp):
                raise PassError(op, f"{describe(op)} updates {label_of(root)}, which snn.loop does not carry")
            current[root] = out
            versions.updated.add(root)
            replaced_by[old] = op
    last = block.last_op
    assert isinstance(last, YieldOp)
    for value, root in zip(last.arguments, loop.carried, strict=True):
        if versions.root(value) is not root:
            raise PassError(last, f"snn.loop carries {label_of(root)}, but its body gives another array in its place")
