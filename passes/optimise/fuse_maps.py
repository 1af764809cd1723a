"""The pass `fuse-maps`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation
from xdsl.passes import ModulePass

from ranvier.ir.neurons import CompactOp, MapOp, ThresholdOp
from ranvier.passes.optimise.order import NOWHERE, Order
from ranvier.passes.optimise.rewriting import loop_of, loose_end, programs_in, replace
from ranvier.passes.optimise.sweeps import Sweep, fuse, moves_for_fusion, same_elements, sweep_of
from ranvier.passes.remarks import remark
from ranvier.passes.statistics import count


@dataclass(frozen=True)
class FuseMaps(ModulePass):
    """Joins maps over the same elements into one sweep; a threshold becomes a mask of the sweep and a compaction.

    Before:
        %v1 = snn.map "integrate" "g" on(%clk) [%N] (%v0) updates [0] ... { ... snn.yield %x1 : f64 }
        %e1 = snn.threshold "th" on(%clk) [%N] (%v1) into %e0 ... {
        ^bb0(%i: index, %x: f64):  %c = arith.cmpf ogt, %x, %vt : f64  snn.yield %c : i1 }
    After:
        %v1, %m = snn.map "integrate+threshold" "g+th" on(%clk) [%N] (%v0) updates [0, -1] ... {
            ... %c = arith.cmpf ogt, %x1, %vt : f64  snn.yield %x1, %c : f64, i1 }
        %e1 = snn.compact on(%clk) %m[%N] into %e0

    The consumer moves to the place of the producer. Legal under the conditions that `moves_for_fusion` checks: an
    element of the consumer depends on the same element of the producer only, everything else it uses exists before,
    and nothing between the two sees an array that the consumer replaces. Each element is computed by the same ops as
    before, in the same order, so the results are the same.
    """

    name = "fuse-maps"
    statistics: ClassVar = {"fused": "sweeps that joined an earlier one"}

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Goes through the loop body in order, joining each sweep to an earlier one where it can."""
        for program in programs_in(op):
            loop = loop_of(program)
            if loop is not None:
                with loose_end(loop.body.block):
                    _fuse_in(loop.body.block)


def _fuse_in(body: Block) -> None:
    order = Order(body)
    op = body.first_op
    while op is not None:
        following = op.next_op
        sweep = sweep_of(op)
        if sweep is not None:
            _try_to_fuse(op, sweep, order)
        op = following


def _try_to_fuse(op: Operation, sweep: Sweep, order: Order) -> None:
    why = ""
    for earlier in related(sweep, order):
        moves = moves_for_fusion(earlier, sweep, order)
        if not isinstance(moves, str):
            count("fused")
            remark(op, f"joined the sweep of '{earlier.label.data}'")
            _put(op, sweep, earlier, moves, order)
            return
        why = why or f"stays a sweep of its own, behind '{earlier.label.data}': {moves}"
    if why:
        remark(op, why, missed=True)


def related(sweep: Sweep, order: Order) -> list[MapOp]:
    """Returns the maps, the last first, that give or read what a sweep reads: joining them saves memory traffic.

    Args:
        sweep: The sweep.
        order: That of its block.
    """
    last = order.place(sweep.op)
    found: dict[Operation, MapOp] = {}
    for value in sweep.inputs:
        for other in (value.owner, *(use.operation for use in value.uses)):
            if isinstance(other, MapOp) and same_elements(other, sweep) and NOWHERE < order.place(other) < last:
                found[other] = other
    return sorted(found.values(), key=order.place, reverse=True)


def _put(op: Operation, sweep: Sweep, producer: MapOp, moves: list[Operation], order: Order) -> None:
    results = fuse(producer, sweep, moves, order)
    if isinstance(op, ThresholdOp):
        operands = [op.clock, results[0], op.size, op.old]
        compact = CompactOp.create(operands=operands, result_types=[op.events.type], attributes=dict(op.attributes))
        compact.location = op.location
        body = op.parent_block()
        assert body is not None
        body.insert_op_before(compact, op)
        order.put(compact)
        results = [compact.events]
    replace(op, results)
