"""The pass `convert-resets`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, i1
from xdsl.ir import Block, SSAValue
from xdsl.passes import ModulePass

from ranvier.ir.neurons import CompactOp, MapOp, ResetOp, updated_inputs
from ranvier.ir.structure import StateOp
from ranvier.passes.facts.versions import Versions, check_single_version
from ranvier.passes.optimise.order import Order
from ranvier.passes.optimise.rewriting import loop_of, loose_end, programs_in, replace
from ranvier.passes.optimise.sweeps import Sweep, choose_by_mask, fuse, is_simple, moves_for_fusion
from ranvier.passes.remarks import remark
from ranvier.passes.statistics import count


@dataclass(frozen=True)
class ConvertResets(ModulePass):
    """Makes resets part of the sweep that found the spikes: a choice for each element instead of a loop over events.

    Before:
        %v1, %m = snn.map "integrate+threshold" ... (%v0) updates [0, -1] ... { ... snn.yield %x1, %c : f64, i1 }
        %e1 = snn.compact on(%clk) %m[%N] into %e0
        %v2 = snn.reset "reset" ... %e1(%v1) updates [0] ... { ... snn.yield %vr : f64 }
    After:
        %m, %v2 = snn.map "integrate+threshold+reset" ... (%v0) updates [-1, 0] ... {
            ... %x2 = arith.select %c, %vr, %x1 : f64  snn.yield %c, %x2 : i1, f64 }
        %e1 = snn.compact on(%clk) %m[%N] into %e0

    Legal if nothing between the sweep and the reset uses the array versions that the reset replaces (see
    `moves_for_fusion`), the region of the reset can run for any element (`is_simple`), and the arrays are those of the
    population of the events. The choice is exact. It pays where events are frequent or the reset touches only arrays
    that the sweep writes anyway, so a reset of other arrays is left alone unless `all` is set.
    """

    name = "convert-resets"
    statistics: ClassVar = {
        "converted": "resets that became a choice in a sweep",
        "left": "resets that stay a loop over events",
    }

    all: bool = False
    """Whether resets of arrays that the sweep does not write are converted, too."""

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        """Converts the resets of a loop in order."""
        for program in programs_in(op):
            loop = loop_of(program)
            if loop is not None and any(isinstance(inner, ResetOp) for inner in loop.body.block.ops):
                versions = check_single_version(program)
                with loose_end(loop.body.block):
                    self._convert_in(loop.body.block, versions)

    def _convert_in(self, body: Block, versions: Versions) -> None:
        order = Order(body)
        op = body.first_op
        while op is not None:
            following = op.next_op
            if isinstance(op, ResetOp):
                why_not = self._convert(op, versions, order)
                count("left" if why_not else "converted")
                if why_not:
                    remark(op, f"stays a loop over events: {why_not}", missed=True)
            op = following

    def _convert(self, op: ResetOp, versions: Versions, order: Order) -> str:
        """Makes a reset part of the sweep that found the spikes; returns why it cannot be, "" if it is."""
        compact = op.events.owner
        if not isinstance(compact, CompactOp) or not isinstance(compact.mask.owner, MapOp):
            return "no sweep found its events"
        producer = compact.mask.owner
        of_population = compact.size is producer.size and producer.offset is None and op.clock is compact.clock
        fits = all(_size(versions.root(value)) is producer.size for value in op.inputs)
        if not of_population or not fits:
            return "it is about other elements than the sweep that found them"
        if not is_simple(op.body.block):
            return "it cannot be computed for elements without an event"
        written = {versions.root(out) for out in producer.outs}
        if not self.all and any(versions.root(out) not in written for out in op.outs):
            return "it writes arrays that the sweep does not (all=true converts it)"
        sweep = Sweep(
            op,
            op.clock,
            producer.size,
            None,
            (*op.inputs, compact.mask),
            updated_inputs(op),
            tuple(out.type for out in op.outs),
            op.kind.data,
            op.label.data,
        )
        moves = moves_for_fusion(producer, sweep, order)
        if isinstance(moves, str):
            return moves
        remark(op, f"is a choice in the sweep of '{producer.label.data}'")
        roots = [versions.root(out) for out in op.outs]
        choose_by_mask(op, i1)
        results = fuse(producer, sweep, moves, order)
        _remember(versions, results, roots)
        replace(op, results)
        return ""


def _size(root: SSAValue) -> SSAValue | None:
    return root.owner.size if isinstance(root.owner, StateOp) else None


def _remember(versions: Versions, results: list[SSAValue], roots: list[SSAValue]) -> None:
    """Keeps `versions` true for the new op, so that the next reset can be looked at."""
    versions.roots.update(zip(results, roots, strict=True))
    new = results[0].owner
    if isinstance(new, MapOp):
        for k, out in zip(updated_inputs(new), new.outs, strict=True):
            if k >= 0:
                versions.roots[out] = versions.root(new.inputs[k])
