"""Whether the threads of a run need to meet in each instant, or can go through several with their parts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations_with_replacement

from xdsl.ir import Operation, SSAValue

from ranvier.ir.arrivals import ArrivalsOp, DepositOp
from ranvier.ir.neurons import CompactOp, ThresholdOp
from ranvier.ir.recording import RecordEventsOp, RecordOp, RecordRateOp
from ranvier.ir.scalars import GatherOp
from ranvier.ir.structure import ClockOp, EventSpaceOp, LoopOp, ReadOp, YieldOp
from ranvier.ir.synapses import PropagateOp
from ranvier.ir.team import DIVISION, TAKES_IN_LAST
from ranvier.passes.facts.accesses import WAITS, Access, work_of
from ranvier.passes.facts.deferral import is_deferred
from ranvier.passes.facts.scalars import is_pure_scalar
from ranvier.passes.facts.versions import Versions, describe, label_of, used_values


def reason_to_meet(loop: LoopOp, versions: Versions) -> str:
    """Returns why the threads have to meet in each instant; "" if they can go through as many as spikes take to arrive.

    They can if all that is done in an instant is divided, each element stays with one thread (which records its values,
    too), spikes are taken in when all are done, and recorded behind all else.

    Args:
        loop: The loop, as the pass `partition` has divided it.
        versions: The buffers behind its arrays.
    """
    ops = [op for op in loop.body.block.ops if not isinstance(op, YieldOp)]
    first_behind = next((k for k, op in enumerate(ops) if WAITS in op.attributes), len(ops))
    parted, behind = ops[:first_behind], ops[first_behind:]
    if not _has_one_regular_clock(loop):
        return "there are several clocks, or one without regular steps"
    if not any(DIVISION in op.attributes for op in parted):
        return "nothing is divided"
    for op in parted:
        if reason := _why_together(op, versions):
            return f"{describe(op)}: {reason}"
    for op in behind:
        if not _records_events(op):
            return f"{describe(op)} needs what all threads have done"
    sinks = [op.sink for op in ops if isinstance(op, RecordOp | RecordEventsOp | RecordRateOp)]
    if len(set(sinks)) < len(sinks):
        return "a table gets rows of several kinds"
    if (early := _uses_old_events(parted, versions)) is not None:
        return f"{describe(early)} uses the spikes of the step before"
    met = _meeting(parted, versions)
    return "" if met is None else f"threads meet at {label_of(met)}"


def _has_one_regular_clock(loop: LoopOp) -> bool:
    program = loop.parent_op()
    assert program is not None
    clocks = [op for op in program.walk() if isinstance(op, ClockOp)]
    return len(clocks) == 1 and clocks[0].times is None


def _why_together(op: Operation, versions: Versions) -> str:
    """Returns why a thread cannot do an op in its own time: its part of it, or the same scalar as all others."""
    if DIVISION not in op.attributes:
        if isinstance(op, GatherOp | ReadOp) and versions.root(op.array) in versions.updated:
            return "reads what changes"
        return "" if is_pure_scalar(op) else "the main thread does it"
    if isinstance(op, DepositOp):
        return "spikes are taken in before their step"
    if is_deferred(op):
        return "its spikes are noted by the main thread, and wait"
    if isinstance(op, PropagateOp | ArrivalsOp):
        if TAKES_IN_LAST not in op.attributes:
            return "spikes may arrive in the step in which they are sent"
        own = {versions.root(value) for value in (op.indices, op.counts, op.position)}
        if any(access.writes and access.array not in own for access in work_of(op, versions).first):
            return "the main thread changes what belongs to the neurons that spike"
    return ""


def _records_events(op: Operation) -> bool:
    """Tells whether an op records nothing but spikes, whatever has become of the neurons since."""
    if not isinstance(op, RecordEventsOp | RecordRateOp) or DIVISION in op.attributes:
        return False
    return not any(isinstance(inner, GatherOp | ReadOp) for inner in op.walk())


def _uses_old_events(ops: Sequence[Operation], versions: Versions) -> Operation | None:
    found: set[SSAValue] = set()
    for op in ops:
        if isinstance(op, CompactOp | ThresholdOp):
            found.add(versions.root(op.events))
        elif not _event_spaces(op, versions) <= found:
            return op
    return None


def _event_spaces(op: Operation, versions: Versions) -> set[SSAValue]:
    roots = (versions.root(value) for value in used_values(op))
    return {root for root in roots if isinstance(root.owner, EventSpaceOp)}


def _meeting(ops: Sequence[Operation], versions: Versions) -> SSAValue | None:
    """Returns what a thread may meet in one instant that another one changes in an earlier or later one."""
    accesses: list[Access] = []
    for op in ops:
        if DIVISION in op.attributes:  # of lists of events there is one for each instant
            spaces = _event_spaces(op, versions)
            accesses += [access for access in work_of(op, versions).parts if access.array not in spaces]
    for one, other in combinations_with_replacement(accesses, 2):
        if one.conflicts(other) and isinstance(one.array, SSAValue):
            return one.array
    return None
