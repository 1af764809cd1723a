"""The pass `hoist-uniform`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation
from xdsl.passes import ModulePass

from ranvier.ir.neurons import FRESH, MapOp, ResetOp, ScatterOp, ThresholdOp, updated_inputs
from ranvier.ir.recording import RecordEventsOp, RecordOp
from ranvier.ir.scalars import GatherOp
from ranvier.ir.structure import LoopOp, TimeOp
from ranvier.ir.synapses import AccumulateOp, PropagateOp
from ranvier.passes.facts.scalars import is_inside, is_pure_scalar, may_trap
from ranvier.passes.optimise.rewriting import blocks_below, loop_of, programs_in
from ranvier.passes.statistics import count

SWEEPS = (MapOp, ThresholdOp, ScatterOp, RecordOp, AccumulateOp)
"""Ops whose regions run at each step of their clock."""
RARE = (ResetOp, RecordEventsOp, PropagateOp)
"""Ops whose regions run for events, which may be none: only what is computed once per run is worth moving out."""


@dataclass(frozen=True)
class HoistUniform(ModulePass):
    """Moves what is the same for all elements out of the regions, and what is the same at all steps out of the loop.

    Before:
        snn.loop ... { snn.map ... { ^bb0(%i: index, %x: f64):
            %k = arith.divf %dt, %tau : f64
            %d = math.exp %k : f64
            %s = math.sin %t : f64
            %y = arith.mulf %x, %d : f64 ... } }
    After:
        %k = arith.divf %dt, %tau : f64
        %d = math.exp %k : f64
        snn.loop ... { %s = math.sin %t : f64
            snn.map ... { ^bb0(%i: index, %x: f64):
                %y = arith.mulf %x, %d : f64 ... } }

    Legal because the ops moved are pure and depend on nothing made inside: their values are the same wherever the
    operands are. Reading an array element (`snn.gather`, `snn.read`) moves out of the loop only if the array is one
    that the loop does not carry, since the carried versions are made inside. `snn.random` moves only with a uniform
    element. An integer division by something that may be zero stays where it is, as it would trap where the sweep is
    empty. Out of the regions of resets, pathways and recorded events only what leaves the loop altogether is moved.
    """

    name = "hoist-uniform"
    statistics: ClassVar = {
        "out-of-sweeps": "ops that are computed once per step, not for each element",
        "out-of-loop": "ops that are computed once per run",
    }

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Works inside out: regions first, then the body of the loop."""
        for program in programs_in(op):
            loop = loop_of(program)
            if loop is not None:
                _hoist(loop)


def _hoist(loop: LoopOp) -> None:
    body = loop.body.block
    for op in list(body.ops):
        if isinstance(op, SWEEPS):
            _move_out(op, op.regions[0].block, op)
    _move_out(loop, body, loop)
    for op in body.ops:
        if isinstance(op, RARE):
            _move_out(op, op.regions[0].block, loop)


def _move_out(op: Operation, block: Block, target: Operation) -> None:
    """Moves ops of `block`, the region of `op`, in front of `target` if they do not depend on what is inside."""
    limit = block if target is op else next(blocks_below(target))
    outer = target.parent_block()
    assert outer is not None
    inner = block.first_op
    while inner is not None:
        following = inner.next_op
        if (
            inner.results
            and is_pure_scalar(inner)
            and not isinstance(inner, TimeOp)
            and not may_trap(inner)
            and not _of_new_array(inner)
            and not any(is_inside(operand, limit) for operand in inner.operands)
        ):
            inner.detach()
            outer.insert_op_before(inner, target)
            count("out-of-loop" if isinstance(target, LoopOp) else "out-of-sweeps")
        inner = following


def _of_new_array(op: Operation) -> bool:
    """Tells whether `op` reads a new array, which has no value at steps at which its clock does not run."""
    if not isinstance(op, GatherOp) or not isinstance(op.array.owner, MapOp):
        return False
    producer = op.array.owner
    return any(out is op.array and k == FRESH for out, k in zip(producer.outs, updated_inputs(producer), strict=True))
