"""What the ops of a loop read and write, and how their work can be divided among threads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from xdsl.dialects import arith
from xdsl.dialects.builtin import TensorType
from xdsl.ir import Operation, SSAValue

from ranvier.ir.arrivals import ArrivalsOp, DepositOp, HistoryOp
from ranvier.ir.derive import DeriveOp
from ranvier.ir.emission import EmitOp
from ranvier.ir.lanes import InstanceOp
from ranvier.ir.neurons import FRESH, CompactOp, MapOp, ResetOp, ScatterOp, ThresholdOp, region_of, updated_inputs
from ranvier.ir.recording import CallOp, RecordEventsOp, RecordOp, RecordRateOp
from ranvier.ir.scalars import GatherOp, NativeOp
from ranvier.ir.structure import EventSpaceOp, ReadOp, StateOp, WriteOp
from ranvier.ir.synapses import AccumulateOp, PropagateOp, roles_of, shifts_of, written_inputs
from ranvier.ir.team import OWNERS, TAKES_IN_LAST
from ranvier.ir.trees import SolveForestOp, SolveTreeOp
from ranvier.ir.types import EventsType
from ranvier.passes.facts.owners import owned_elements
from ranvier.passes.facts.versions import Versions, describe, label_of, updates_of, used_values

Part: TypeAlias = "tuple[SSAValue, SSAValue | None, SSAValue | None] | None"
"""Which elements of an array a part has: see `part_by`; None: any."""

REASON, WAITS = "reason", "waits"
"""The attributes of ops by which the pass `partition` says why they are not divided, and why they wait."""

EVERYTHING = "everything"
"""Stands for all that there is: Python may look anywhere."""


def part_by(count: SSAValue, first: SSAValue | None = None, shift: SSAValue | None = None) -> Part:
    """Returns the part that has the elements k + shift for all k for which k + first is in part p of `count` elements.

    `first` and `shift` are 0 if None.
    """
    return (count, None, None) if first is shift else (count, first, shift)


@dataclass(frozen=True)
class Access:
    """That a thread reads or writes elements of an array.

    Attributes:
        array: What owns the buffer, or a sink.
        writes: Whether they are changed.
        part: Which elements: those of its own part, by this; None for any.
    """

    array: SSAValue | str
    writes: bool
    part: Part = None

    def conflicts(self, other: Access) -> bool:
        """Tells whether two threads may meet at an element that one of them changes."""
        if EVERYTHING in (self.array, other.array):
            return True
        if self.array is not other.array or not (self.writes or other.writes):
            return False
        return self.part is None or self.part != other.part


@dataclass(frozen=True)
class Work:
    """What an op does, and how it is divided.

    Attributes:
        division: By what: "elements", "targets", "rows", "trees", "owners"; "" if the main thread does all.
        reason: Why the main thread does all, where that is not plain.
        first: What the main thread does before the parts, or all that it does.
        parts: What each part does.
        last: What the main thread does after the parts.
    """

    division: str = ""
    reason: str = ""
    first: tuple[Access, ...] = ()
    parts: tuple[Access, ...] = ()
    last: tuple[Access, ...] = ()

    def alone(self, reason: str = "") -> Work:
        """Returns the same for the main thread alone: it meets the elements of all parts."""
        accesses = (*self.first, *self.parts, *self.last)
        return Work(reason=reason or self.reason, first=tuple(replace(access, part=None) for access in accesses))


def work_of(op: Operation, versions: Versions) -> Work:
    """Returns what an op of the loop body does, and how it can be divided."""
    match op:
        case MapOp():
            return _map(op, versions)
        case ThresholdOp() | CompactOp():
            return _found_events(op, versions)
        case ResetOp():
            return _reset(op, versions)
        case RecordOp():
            return _record(op, versions)
        case PropagateOp():
            return _propagate(op, versions)
        case ArrivalsOp() | DepositOp():
            return _sums(op, versions)
        case AccumulateOp():
            return _accumulate(op, versions)
        case SolveForestOp():
            return _forest(op, versions)
        case CallOp():
            return Work(reason="Python is called", first=(Access(EVERYTHING, True),))
        case _:
            return Work(reason=_REASONS.get(type(op), ""), first=tuple(_accesses(op, versions)))


_REASONS: Mapping[type[Operation], str] = {
    EmitOp: "a list is read from where it was left",
    ScatterOp: "elements of another group are written",
    SolveTreeOp: "one tree is solved from its leaves to its root",
    RecordEventsOp: "rows follow each other",
    RecordRateOp: "events are counted",
    WriteOp: "one value is written",
}


def _accesses(op: Operation, versions: Versions) -> Iterator[Access]:
    """Yields what an op reads and writes, without regard to parts."""
    for value in used_values(op):
        if isinstance(value.type, TensorType | EventsType):
            yield Access(versions.root(value), False)
    for out, old in updates_of(op):
        yield Access(versions.root(out if old is None else old), True)
    if isinstance(op, RecordOp | RecordEventsOp | RecordRateOp):
        yield Access(op.sink, True)


def _alone(op: Operation, versions: Versions, reason: str) -> Work:
    return Work(reason=reason, first=tuple(_accesses(op, versions)))


def _gathers(op: Operation, versions: Versions, own: Part = None) -> Iterator[Access]:
    """Yields what a region reads at computed places.

    Args:
        op: The op.
        versions: What owns the buffers.
        own: The parts of arrays of which the region reads the element that has its own number.
    """
    for inner in op.walk():
        if isinstance(inner, GatherOp | ReadOp):
            is_own = isinstance(inner, GatherOp) and inner.index is region_of(op).args[0]
            yield Access(versions.root(inner.array), False, own if is_own else None)


def _obstacle(op: Operation, versions: Versions) -> str:
    """Returns why a region cannot run for several elements at once; "" if it can."""
    for inner in op.walk():
        if isinstance(inner, NativeOp) and inner.stateless is None:
            return f"each call of {inner.function.data} counts, and their order"
        if isinstance(inner, InstanceOp):
            return "instances stand side by side"
    changed = {versions.root(old) for _, old in updates_of(op) if old is not None}
    met = [access.array for access in _gathers(op, versions) if access.array in changed]
    if met and isinstance(met[0], SSAValue):
        return f"other elements of {label_of(met[0])} are read while it changes"
    return ""


def whole_of(op: Operation, versions: Versions) -> tuple[SSAValue, SSAValue | None] | None:
    """Returns by which array's parts the elements of an op are divided, where that is larger than the op.

    An op that changes a range of an array (that of a subgroup) is divided as the whole array is: then no thread meets
    what another one changes, whatever ranges the ops have.

    Returns:
        The number of elements of the array, and its first element that is the op's (None: 0). None: the op is divided
        by its own elements.
    """
    match op:
        case MapOp() if FRESH not in updated_inputs(op):
            owners = [versions.root(out).owner for out in op.outs]
            sizes = {owner.size if isinstance(owner, StateOp) else None for owner in owners}
            size = sizes.pop() if len(sizes) == 1 else None
            is_part = size is not None and (op.offset is not None or size is not op.size)
            return (size, op.offset) if size is not None and is_part else None
        case AccumulateOp():
            owner = versions.root(op.array).owner
            return (owner.size, op.offset) if isinstance(owner, StateOp) else None
        case PropagateOp():
            found = far_size(op, versions)
            return None if found is None or found[1] is None else found
        case ArrivalsOp() if op.words is not None:  # whole words of bits
            return None
        case ArrivalsOp() | DepositOp():
            return rest_of(op.size)
        case _:
            return None


def rest_of(size: SSAValue) -> tuple[SSAValue, SSAValue] | None:
    """Returns the two numbers whose difference a size is: of all elements of a group, and of the first that counts."""
    return (size.owner.lhs, size.owner.rhs) if isinstance(size.owner, arith.SubiOp) else None


def _map(op: MapOp, versions: Versions) -> Work:
    if reason := _obstacle(op, versions):
        return _alone(op, versions, reason)
    whole = whole_of(op, versions)
    part = part_by(op.size, None, op.offset) if whole is None else part_by(whole[0])
    own = part_by(op.size) if whole is None else part_by(*whole)
    parts = list(_gathers(op, versions, own))
    for arg, value in zip(region_of(op).args[1:], op.inputs, strict=True):
        if arg.first_use is not None:
            parts.append(Access(versions.root(value), False, part))
    for k, out in zip(updated_inputs(op), op.outs, strict=True):
        parts.append(Access(versions.root(out), True, own if k == FRESH else part))
    return Work("elements", parts=tuple(parts))


def _found_events(op: ThresholdOp | CompactOp, versions: Versions) -> Work:
    if reason := _obstacle(op, versions):
        return _alone(op, versions, reason)
    own, part = op.inputs if isinstance(op, ThresholdOp) else (op.mask,), part_by(op.size)
    parts = [*_gathers(op, versions), *(Access(versions.root(value), False, part) for value in own)]
    # each part has a list of its own, of which it may take the events at once; until these are joined, when all parts
    # are done, there can be no other ones
    events = versions.root(op.old)
    return Work("elements", parts=(*parts, Access(events, True, part), Access(events, False)))


def _reset(op: ResetOp, versions: Versions) -> Work:
    if reason := _obstacle(op, versions):
        return _alone(op, versions, reason)
    root = versions.root(op.events)
    assert isinstance(root.owner, EventSpaceOp)
    part = part_by(root.owner.size)
    parts = [*_gathers(op, versions), Access(root, False, part)]
    parts += [Access(versions.root(value), False, part) for value in op.inputs]
    parts += [Access(versions.root(out), True, part) for out in op.outs]
    return Work("elements", parts=tuple(parts))


def _record(op: RecordOp, versions: Versions) -> Work:
    if reason := _obstacle(op, versions):
        return _alone(op, versions, reason)
    sink, owned = Access(op.sink, True), owned_elements(op, versions)
    if owned is None:
        return Work("elements", first=(sink,), parts=(*_gathers(op, versions), sink))
    part = part_by(owned.size)
    parts = [replace(read, part=part if read.array in versions.updated else None) for read in _gathers(op, versions)]
    return Work(OWNERS, first=(sink,), parts=(*parts, replace(sink, part=part)))


def _history(op: HistoryOp, versions: Versions) -> tuple[tuple[Access, ...], tuple[Access, ...]]:
    """Returns what is done with the history of spikes before the parts, and after them (see `TAKES_IN_LAST`)."""
    kept = [Access(versions.root(value), True) for value in (op.indices, op.counts, op.position)]
    events, delays = Access(versions.root(op.events), False), Access(versions.root(op.delays), False)
    return ((delays, *kept), (events, *kept)) if TAKES_IN_LAST in op.attributes else ((events, delays, *kept), ())


def _sums(op: ArrivalsOp | DepositOp, versions: Versions) -> Work:
    if reason := _obstacle(op, versions):
        return _alone(op, versions, reason)
    whole = whole_of(op, versions)
    parts = [*_gathers(op, versions), Access(op.arrived, True, part_by(op.size) if whole is None else part_by(*whole))]
    if isinstance(op, DepositOp):
        parts += [Access(versions.root(value), False) for value in op.inputs]
        parts.append(Access(versions.root(op.ring), True))
    first, last = _history(op, versions)
    return Work("targets", first=first, parts=tuple(parts), last=last)


def _accumulate(op: AccumulateOp, versions: Versions) -> Work:
    root = versions.root(op.array)
    reason = _obstacle(op, versions)
    if not reason and any(versions.root(value) is root for value in op.inputs):
        reason = f"other elements of {label_of(root)} are read while it changes"
    if reason:
        return _alone(op, versions, reason)
    parts = [*_gathers(op, versions), *(Access(versions.root(value), False) for value in op.inputs)]
    whole = whole_of(op, versions)
    part = part_by(op.count, None, op.offset) if whole is None else part_by(whole[0])
    return Work("targets", parts=(*parts, Access(root, True, part)))


def _forest(op: SolveForestOp, versions: Versions) -> Work:
    return Work("trees", parts=tuple(_accesses(op, versions)))


# ---- pathways


def far_role(op: PropagateOp) -> str:
    """Returns the role of the elements at the end that does not spike."""
    return "post" if op.spiking.data == "pre" else "pre"


def far_size(op: PropagateOp, versions: Versions) -> tuple[SSAValue, SSAValue | None] | None:
    """Returns the number of elements at the end that does not spike, and what is added to their numbers in synapses.

    Returns:
        The number of elements of the whole group, and which of them is the first; None if the region uses no such
        element.
    """
    roles, shifts, written = roles_of(op), shifts_of(op), written_inputs(op)
    far = [k for k, role in enumerate(roles) if role == far_role(op)]
    for k in sorted(far, key=lambda k: k not in written):
        owner = versions.root(op.inputs[k]).owner
        if isinstance(owner, StateOp):
            return owner.size, shifts[k]
    return None


def _propagate(op: PropagateOp, versions: Versions) -> Work:
    reason = _obstacle(op, versions) or _indivisible(op, versions)
    if reason:
        return _alone(op, versions, reason)
    size = far_size(op, versions)
    written = {k: versions.root(op.inputs[k]) for k in written_inputs(op)}
    before, last = _history(op, versions)
    first, parts = list(before), list(_gathers(op, versions))
    rows = any(roles_of(op)[k] == "row" for k in written)
    for k, (value, role) in enumerate(zip(op.inputs, roles_of(op), strict=True)):
        root, shift = versions.root(value), shifts_of(op)[k]
        part: Part = None
        if role == far_role(op) and size is not None:
            part = part_by(*size, shift)
        if role == "row" and rows:
            first.append(Access(root, k in written))
        elif role == op.spiking.data and rows:
            first.append(Access(root, False))
            parts.append(Access(root, False))
        else:
            parts.append(Access(root, k in written, part))
    return Work("rows" if size is None else "targets", first=tuple(first), parts=tuple(parts), last=last)


def _indivisible(op: PropagateOp, versions: Versions) -> str:
    """Returns why the synapses of a pathway cannot be divided by what they end at; "" if they can."""
    if op.pending:
        return "spikes are on their way with delays of an earlier run"
    roles, shifts, far = roles_of(op), shifts_of(op), far_role(op)
    written: dict[SSAValue, int] = {}
    for k in written_inputs(op):
        root = versions.root(op.inputs[k])
        if roles[k] == op.spiking.data:
            return f"each synapse changes {label_of(root)} of the neuron that spikes"
        if roles[k] != "row" and roles[k] != far and shifts[k] is not None:
            return f"{label_of(root)} is written at a distance"
        if root in written:
            return f"{label_of(root)} is written in two ways"
        written[root] = k
    for k, value in enumerate(op.inputs):
        root = versions.root(value)
        by = written.get(root, k)
        if by != k and (roles[by], shifts[by]) != (roles[k], shifts[k]):
            return f"{label_of(root)} is written at one end and read at the other"
    size = far_size(op, versions)
    if size is None and any(roles[k] == far for k in written.values()):
        return "what it changes is no array of a group"
    return ""


def conflict(done: Sequence[Access], new: Sequence[Access]) -> Access | None:
    """Returns the first new access that must wait for what is under way, None if all may go on."""
    return next((one for one in new if any(one.conflicts(other) for other in done)), None)


def reason_to_wait(op: Operation, access: Access) -> str:
    """Returns what a dump says about a barrier."""
    if access.array == EVERYTHING:
        return f"{describe(op)}: Python may look anywhere"
    assert isinstance(access.array, SSAValue)
    owner = access.array.owner
    name = label_of(access.array)
    if isinstance(owner, Operation) and not isinstance(owner, StateOp | EventSpaceOp | DeriveOp):
        name = "the table" if owner.name == "snn.sink" else f"what {describe(owner)} makes"
    return f"{'writes' if access.writes else 'reads'} {name}"
