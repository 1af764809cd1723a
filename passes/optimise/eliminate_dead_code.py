"""The pass `eliminate-dead-code`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, SSAValue
from xdsl.passes import ModulePass

from ranvier.ir.neurons import FRESH, MapOp, ResetOp, ScatterOp, ThresholdOp, region_of, updated_inputs
from ranvier.ir.structure import LoopOp, YieldOp
from ranvier.passes.facts.scalars import is_pure_scalar
from ranvier.passes.optimise.rewriting import blocks_below, replace
from ranvier.passes.optimise.sweeps import rebuilt
from ranvier.passes.statistics import count

REDUCIBLE = (MapOp, ResetOp)
"""Ops with inputs and results that can be dropped one by one."""


@dataclass(frozen=True)
class EliminateDeadCode(ModulePass):
    """Removes what nothing uses: scalars, results and inputs of maps, arrays that are carried but never change.

    Before:
        %v1, %m = snn.map ... (%v0, %w0) updates [0, -1] ... {
        ^bb0(%i: index, %x: f64, %y: f64): ... snn.yield %x2, %cond : f64, i1 }
        // %m has no use, %y has no use
    After:
        %v1 = snn.map ... (%v0) updates [0] ... { ^bb0(%i: index, %x: f64): ... snn.yield %x2 : f64 }

    Legal because the ops removed are pure and their results unused. A result that updates an array with the
    elements it had is the array itself; an array that the loop carries and gives back unchanged is the one from before
    the loop. Input ops always stay: they are the calling convention. Records and calls have effects and stay.
    """

    name = "eliminate-dead-code"
    statistics: ClassVar = {
        "ops-removed": "ops that nothing used",
        "results-dropped": "results of sweeps",
        "inputs-dropped": "inputs of sweeps",
        "arrays-kept": "arrays that the loop does not carry any more, since it leaves them as they are",
    }

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Walks backwards, so that what only dead ops use is dead when it is reached."""
        for block in blocks_below(op):
            _visit(block)


def _visit(block: Block) -> None:
    op = block.last_op
    while op is not None:
        before = op.prev_op
        if isinstance(op, REDUCIBLE):
            op = _reduce(op)
        if isinstance(op, LoopOp):
            _visit_loop(op)
        elif op is not None and op.regions:
            for inner in blocks_below(op):
                _visit(inner)
            if isinstance(op, MapOp | ResetOp | ThresholdOp | ScatterOp):
                _drop_inputs(op)
        elif op is not None and op.results and is_pure_scalar(op) and not any(out.first_use for out in op.results):
            op.detach()
            op.erase()
            count("ops-removed")
        op = before


def _visit_loop(loop: LoopOp) -> None:
    _visit(loop.body.block)
    _drop_unchanged(loop)


def _reduce(op: MapOp | ResetOp) -> MapOp | ResetOp | None:
    """Drops results that nothing uses or that change nothing; returns the op that remains, None if none does."""
    block = region_of(op)
    last = block.last_op
    assert isinstance(last, YieldOp)
    kept: list[int] = []
    updates = updated_inputs(op)
    for number, (k, out, value) in enumerate(zip(updates, op.outs, last.arguments, strict=True)):
        if k != FRESH and value is block.args[k + 1]:
            out.replace_all_uses_with(op.inputs[k])
        elif k != FRESH or out.first_use is not None:
            kept.append(number)
    if len(kept) == len(updates):
        return op
    count("results-dropped", len(updates) - len(kept))
    if not kept:
        op.detach()
        op.erase()
        count("ops-removed")
        return None
    values = list(last.arguments)
    last.operands = [values[k] for k in kept]
    new = rebuilt(op, op.inputs, [updates[k] for k in kept], [op.outs[k] for k in kept])
    assert isinstance(new, REDUCIBLE)
    return new


def _drop_inputs(op: MapOp | ResetOp | ThresholdOp | ScatterOp) -> None:
    """Drops inputs whose elements the region does not use and that no result updates."""
    block = region_of(op)
    updates = updated_inputs(op) if isinstance(op, REDUCIBLE) else ()
    unused = [k for k in range(len(op.inputs)) if block.args[k + 1].first_use is None and k not in updates]
    if not unused:
        return
    count("inputs-dropped", len(unused))
    kept = [k for k in range(len(op.inputs)) if k not in unused]
    for k in reversed(unused):
        block.erase_arg(block.args[k + 1])
    new_updates = [k if k == FRESH else kept.index(k) for k in updates]
    rebuilt(op, [op.inputs[k] for k in kept], new_updates, list(op.results))


def _drop_unchanged(loop: LoopOp) -> None:
    """Stops carrying arrays that the loop gives back as they were."""
    body = loop.body.block
    last = body.last_op
    assert isinstance(last, YieldOp)
    same = [k for k, value in enumerate(last.arguments) if value is body.args[k]]
    if not same:
        return
    count("arrays-kept", len(same))
    kept = [k for k in range(len(loop.carried)) if k not in same]
    values: list[SSAValue] = list(last.arguments)
    last.operands = [values[k] for k in kept]
    carried = list(loop.carried)
    for k in reversed(same):
        body.args[k].replace_all_uses_with(carried[k])
        body.erase_arg(body.args[k])
    new = LoopOp.create(
        operands=[carried[k] for k in kept],
        result_types=[carried[k].type for k in kept],
        attributes=dict(loop.attributes),
        regions=[loop.detach_region(loop.body)],
    )
    new.location = loop.location
    block = loop.parent_block()
    assert block is not None
    block.insert_op_before(new, loop)
    results = iter(new.results)
    replace(loop, [carried[k] if k in same else next(results) for k in range(len(carried))])
