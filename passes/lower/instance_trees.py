"""Lowers `snn.solve_tree` for several instances side by side: one tree, potentials of each."""

from __future__ import annotations

from collections.abc import Callable

from xdsl.dialects import arith
from xdsl.dialects.builtin import f64
from xdsl.ir import SSAValue

from ranvier.ir.trees import SolveTreeOp
from ranvier.passes.lower.scopes import Kernel, Run
from ranvier.passes.lower.writer import INDEX


def lower_trees_of_instances(run: Run, op: SolveTreeOp, instances: SSAValue) -> None:
    """Writes the function that solves the systems of all instances, node by node.

    What is computed for an instance, and in which order, is what `lower_solve_tree` computes for one: see `Sweeps`
    there. The innermost loops are over instances and vectorise.
    """
    with run.writer.inside(run.setup):
        room = run.writer.mul(run.value(op.nodes), run.value(instances))
    scratch = run.fresh_lowered(f64, room), run.fresh_lowered(f64, room)
    kernel = run.kernel("solve_tree", op.label.data, op=op)
    lanes = kernel.value(instances)

    def each_lane(write: Callable[[SSAValue], None]) -> None:
        with kernel.writer.loop(lanes) as each:
            write(each.index)

    solve_for_lanes(kernel, op, lanes, scratch, each_lane)
    kernel.close()


def solve_for_lanes(
    kernel: Kernel,
    op: SolveTreeOp,
    lanes: SSAValue,
    scratch: tuple[SSAValue, SSAValue],
    each_lane: Callable[[Callable[[SSAValue], None]], None],
) -> None:
    """Writes the elimination for some instances.

    Args:
        kernel: Where to write.
        op: The op.
        lanes: The number of instances.
        scratch: Two buffers of as many numbers as there are nodes of all instances.
        each_lane: Writes what is done for an instance, for those that the code is about.
    """
    leak, current = (kernel.pass_in(each) for each in scratch)
    w = kernel.writer
    axial, parents = kernel.array(op.axial), kernel.array(op.parents)
    nodes, one, zero = kernel.value(op.nodes), w.constant(1.0, f64), w.constant(0, f64)
    with w.loop(nodes) as each:
        first = w.mul(each.index, lanes)

        def clear(lane: SSAValue) -> None:
            place = w.add(first, lane)
            w.store(zero, leak, place)
            w.store(zero, current, place)

        each_lane(clear)
    _elements(
        kernel, op, lanes, each_lane, [(kernel.array(op.leak), leak), (kernel.array(op.source), current)], to_nodes=True
    )
    with w.loop(nodes, lower=w.constant(1)) as loop:
        k = w.sub(nodes, loop.index)
        g, own = w.load(axial, k), w.mul(k, lanes)
        above = w.mul(w.cast(w.load(parents, k), INDEX), lanes)

        def eliminate(lane: SSAValue) -> None:
            here, parent = w.add(own, lane), w.add(above, lane)
            d, y = w.load(leak, here), w.load(current, here)
            inverse = w.binary(arith.DivfOp, one, w.binary(arith.AddfOp, d, g))
            f = w.binary(arith.MulfOp, g, inverse)
            for values, part in ((leak, d), (current, y)):
                share = w.binary(arith.MulfOp, f, part)
                w.store(w.binary(arith.AddfOp, w.load(values, parent), share), values, parent)
            w.store(f, leak, here)
            w.store(w.binary(arith.MulfOp, y, inverse), current, here)

        each_lane(eliminate)
    each_lane(lambda lane: w.store(w.binary(arith.DivfOp, w.load(current, lane), w.load(leak, lane)), current, lane))
    with w.loop(nodes, lower=w.constant(1)) as loop:
        own = w.mul(loop.index, lanes)
        above = w.mul(w.cast(w.load(parents, loop.index), INDEX), lanes)

        def substitute(lane: SSAValue) -> None:
            here = w.add(own, lane)
            share = w.binary(arith.MulfOp, w.load(leak, here), w.load(current, w.add(above, lane)))
            w.store(w.binary(arith.AddfOp, share, w.load(current, here)), current, here)

        each_lane(substitute)
    _elements(kernel, op, lanes, each_lane, [(kernel.array(op.out), current)], to_nodes=False)


def _elements(
    kernel: Kernel,
    op: SolveTreeOp,
    lanes: SSAValue,
    each_lane: Callable[[Callable[[SSAValue], None]], None],
    pairs: list[tuple[SSAValue, SSAValue]],
    *,
    to_nodes: bool,
) -> None:
    """Writes the copies between arrays of elements and of nodes."""
    w, node = kernel.writer, kernel.array(op.node)
    with w.loop(kernel.value(op.size)) as loop:
        element = w.mul(loop.index, lanes)
        place = w.mul(w.cast(w.load(node, loop.index), INDEX), lanes)

        def copy(lane: SSAValue) -> None:
            one, other = w.add(element, lane), w.add(place, lane)
            for of_elements, of_nodes in pairs:
                if to_nodes:
                    w.store(w.load(of_elements, one), of_nodes, other)
                else:
                    w.store(w.load(of_nodes, other), of_elements, one)

        each_lane(copy)
