"""Results of maps that nothing in the loop reads: they are stored only in an instant that may be the last of a call.

A map that writes an array at each instant, which is then written anew before anybody has read it, writes for nobody but
the host: `not_refractory` of a group whose refractory periods are counted in steps, a subexpression that is kept for
reading after the run. Where the arrays of a step fill a cache, each store costs its memory traffic. So such a map
becomes two functions: one stores all results, the other those that the loop reads. Which instant may be the last is
known before it: clock and budget say so, sinks have little room, or a stop was requested. A request that comes during
an instant is heeded after the next one.
"""

from __future__ import annotations

from collections.abc import Mapping

from xdsl.dialects import arith
from xdsl.dialects.builtin import i64
from xdsl.ir import SSAValue

from ranvier.ir.integration import IntegrateOp
from ranvier.ir.neurons import FRESH, MapOp, ResetOp, region_of, updated_inputs
from ranvier.ir.recording import CallOp
from ranvier.ir.scalars import GatherOp
from ranvier.ir.structure import LoopOp, StateOp, YieldOp
from ranvier.passes.facts.versions import Versions
from ranvier.passes.facts.work import element_cost
from ranvier.passes.lower.compaction import compaction_of
from ranvier.passes.lower.instances import instances_of
from ranvier.passes.lower.records import any_sink_full
from ranvier.passes.lower.scopes import Run

MOST = 3000
"""Picoseconds for an element, see `element_cost`: beyond that a store more or less is not worth a second function."""


def late_results(run: Run, loop: LoopOp) -> dict[MapOp, frozenset[SSAValue]]:
    """Returns by map the results that need to be stored only in the last instant of a call."""
    if not run.stores_late or run.threads is not None or len(run.clocks) != 1:
        return {}
    if any(isinstance(op, CallOp | IntegrateOp) for op in loop.walk()):  # these stop the run after their instant
        return {}
    found = {op: _late(op, loop, run.versions) for op in loop.body.block.ops if isinstance(op, MapOp)}
    return {op: late for op, late in found.items() if late}


def _late(op: MapOp, loop: LoopOp, versions: Versions) -> frozenset[SSAValue]:
    if op.offset is not None or element_cost(op) > MOST or not _may_be_two(op, versions):
        return frozenset()
    updated = list(zip(updated_inputs(op), op.outs, strict=True))
    return frozenset(out for k, out in updated if k != FRESH and _is_unread(op, k, versions.root(out), loop, versions))


def _may_be_two(op: MapOp, versions: Versions) -> bool:
    """Tells whether a map needs no arrays of its own, which two functions of it would have twice."""
    compact = None if instances_of(op) else compaction_of(op)  # as `lower_map` has it
    updated = {versions.root(out) for out in op.outs}
    gathered = {versions.root(inner.array) for inner in op.walk() if isinstance(inner, GatherOp)}
    made = [out for k, out in zip(updated_inputs(op), op.outs, strict=True) if k == FRESH]
    return gathered.isdisjoint(updated) and all(compact is not None and out is compact.mask for out in made)


def _is_unread(op: MapOp, k: int, root: SSAValue, loop: LoopOp, versions: Versions) -> bool:
    """Tells whether a map writes a whole state that nothing else in the loop reads, and only resets write, too."""
    if not isinstance(root.owner, StateOp) or root.owner.size is not op.size:
        return False
    mine = [arg for arg in loop.body.block.args if versions.root(arg) is root]
    mine += [out for each in loop.body.block.ops for out in each.results if versions.root(out) is root]
    for use in (use for value in mine for use in value.uses):
        user = use.operation
        if isinstance(user, YieldOp) and user.parent_block() is loop.body.block:
            continue
        if not isinstance(user, ResetOp) and user is not op:
            return False
        assert isinstance(user, ResetOp | MapOp)
        args = zip(user.inputs, region_of(user).args[1:], strict=True)
        if use.operation.operands[use.index] not in user.inputs or any(
            arg.first_use is not None for value, arg in args if versions.root(value) is root
        ):
            return False
    return True


def may_be_last(
    run: Run, left: SSAValue, step: SSAValue, end: SSAValue, needed: Mapping[SSAValue, SSAValue]
) -> SSAValue:
    """Writes the test whether an instant may be the last of a call.

    Args:
        run: Where it is written.
        left: The instants that are left of the budget, this one among them.
        step: The step of the clock.
        end: The step at which it ends.
        needed: The greatest number of rows that an instant appends, by sink.
    """
    w = run.writer
    one = w.constant(1, i64)
    found = w.binary(arith.OrIOp, w.compare("sle", left, one), w.compare("sge", w.add(step, one), end))
    asked = w.compare("ne", w.first(run.control()), w.constant(0, i64))
    found = w.binary(arith.OrIOp, found, asked)
    full = any_sink_full(run, {sink: w.add(rows, rows) for sink, rows in needed.items()})
    return found if full is None else w.binary(arith.OrIOp, found, full)
