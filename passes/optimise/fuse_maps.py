"""The pass `fuse-maps`."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation
from xdsl.passes import ModulePass

from ranvier.ir.neurons import CompactOp, MapOp, ThresholdOp
from ranvier.passes.optimise.rewriting import loop_of, programs_in, replace
from ranvier.passes.optimise.sweeps import Sweep, fuse, moves_for_fusion, sweep_of


@dataclass(frozen=True)
class FuseMaps(ModulePass):
    """Joins maps over the same elements into one sweep; a threshold becomes a mask of the sweep and a compaction.

    Before:
        %v1 = snn.map "integrate" "g" on(%clk) [%N] (%v0) updates [0] ... { ... snn.yield %x1 }
        %e1 = snn.threshold "th" on(%clk) [%N] (%v1) into %e0 ... { ^bb0(%i, %x): %c = cmpf ogt, %x, %vt  snn.yield %c }
    After:
        %v1, %m = snn.map "integrate+threshold" "g+th" on(%clk) [%N] (%v0) updates [0, -1] ... {
            ... %c = cmpf ogt, %x1, %vt  snn.yield %x1, %c }
        %e1 = snn.compact on(%clk) %m [%N] into %e0

    The consumer moves to the place of the producer. Legal under the conditions that `moves_for_fusion` checks: an
    element of the consumer depends on the same element of the producer only, everything else it uses exists before,
    and nothing between the two sees an array that the consumer replaces. Each element is computed by the same ops as
    before, in the same order, so the results are the same.
    """

    name = "fuse-maps"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Goes through the loop body in order, joining each sweep to an earlier one where it can."""
        for program in programs_in(op):
            loop = loop_of(program)
            if loop is not None:
                _fuse_in(loop.body.block)


def _fuse_in(body: Block) -> None:
    op = body.first_op
    while op is not None:
        following = op.next_op
        sweep = sweep_of(op)
        if sweep is not None:
            _try_to_fuse(op, sweep)
        op = following


def _try_to_fuse(op: Operation, sweep: Sweep) -> None:
    earlier = op.prev_op
    while earlier is not None:
        if isinstance(earlier, MapOp) and related(earlier, sweep):
            moves = moves_for_fusion(earlier, sweep)
            if moves is not None:
                _put(op, sweep, earlier, moves)
                return
        earlier = earlier.prev_op


def related(producer: MapOp, sweep: Sweep) -> bool:
    """Tells whether joining saves memory traffic: the sweep reads what the producer gives or reads."""
    return any(value.owner is producer or value in producer.inputs for value in sweep.inputs)


def _put(op: Operation, sweep: Sweep, producer: MapOp, moves: list[Operation]) -> None:
    results = fuse(producer, sweep, moves)
    if isinstance(op, ThresholdOp):
        operands = [op.clock, results[0], op.size, op.old]
        compact = CompactOp.create(operands=operands, result_types=[op.events.type], attributes=dict(op.attributes))
        compact.location = op.location
        body = op.parent_block()
        assert body is not None
        body.insert_op_before(compact, op)
        results = [compact.events]
    replace(op, results)
