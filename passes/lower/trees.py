"""Lowers systems on trees: one sweep from the leaves to the root, and one back."""

from __future__ import annotations

from xdsl.dialects import arith
from xdsl.dialects.builtin import f64
from xdsl.ir import SSAValue

from ranvier.ir.trees import SolveTreeOp
from ranvier.passes.lower.scopes import Kernel, Run
from ranvier.passes.lower.writer import INDEX, Writer


def lower_solve_tree(run: Run, op: SolveTreeOp) -> None:
    """Writes the function that solves the system by elimination.

    Each node k, last to first, is eliminated in favour of its parent p: with d its leak, y its source, and
    f = axial/(d + axial), the parent's leak grows by f*d and its source by f*y. That is Gaussian elimination without
    fill-in (Hines, Int. J. Biomed. Comput. 15 (1984) 69-76), written for leaks instead of diagonals (which are leak
    plus all conductances): nothing is subtracted, so no digits are lost to a conductance much larger than the others,
    such as that of a soma. Then the root's potential is y/d, and x[k] = f*x[p] + y/(d + axial) from first to last.

    Scratch (`nodes` doubles each) holds leak, then f; and source, then y/(d + axial), then x.
    """
    leak = run.fresh(op, f64, op.nodes)
    current = run.fresh(op, f64, op.nodes)
    kernel = run.kernel("solve_tree", op.label.data, op=op)
    writer = kernel.writer
    leak, current = kernel.pass_in(leak), kernel.pass_in(current)
    size, nodes = kernel.value(op.size), kernel.value(op.nodes)
    _fill(kernel, op, size, nodes, leak, current)
    _eliminate(kernel, op, nodes, leak, current)
    root = writer.constant(0)
    writer.store(
        writer.binary(arith.DivfOp, writer.load(current, root), writer.load(leak, root)),
        current,
        root,
    )
    _substitute(kernel, op, nodes, leak, current)
    node, out = kernel.array(op.node), kernel.array(op.out)
    with writer.loop(size) as loop:
        place = _index(writer, node, loop.index)
        writer.store(writer.load(current, place), out, loop.index)
    kernel.close()


def _index(writer: Writer, numbers: SSAValue, place: SSAValue) -> SSAValue:
    return writer.cast(writer.load(numbers, place), INDEX)


def _fill(kernel: Kernel, op: SolveTreeOp, size: SSAValue, nodes: SSAValue, leak: SSAValue, current: SSAValue) -> None:
    """Puts leaks and sources of the elements at their nodes, zeros at the others."""
    writer, zero = kernel.writer, kernel.writer.constant(0, f64)
    with writer.loop(nodes) as loop:
        writer.store(zero, leak, loop.index)
        writer.store(zero, current, loop.index)
    node, leaks, sources = kernel.array(op.node), kernel.array(op.leak), kernel.array(op.source)
    with writer.loop(size) as loop:
        place = _index(writer, node, loop.index)
        writer.store(writer.load(leaks, loop.index), leak, place)
        writer.store(writer.load(sources, loop.index), current, place)


def _eliminate(kernel: Kernel, op: SolveTreeOp, nodes: SSAValue, leak: SSAValue, current: SSAValue) -> None:
    """Writes the sweep from the leaves to the root."""
    writer = kernel.writer
    parent, axial = kernel.array(op.parents), kernel.array(op.axial)
    with writer.loop(nodes, lower=writer.constant(1)) as loop:
        k = writer.sub(nodes, loop.index)
        p, g = _index(writer, parent, k), writer.load(axial, k)
        d, y = writer.load(leak, k), writer.load(current, k)
        inverse = writer.binary(arith.DivfOp, writer.constant(1.0, f64), writer.binary(arith.AddfOp, d, g))
        f = writer.binary(arith.MulfOp, g, inverse)
        for values, own in ((leak, d), (current, y)):
            share = writer.binary(arith.MulfOp, f, own)
            writer.store(writer.binary(arith.AddfOp, writer.load(values, p), share), values, p)
        writer.store(f, leak, k)
        writer.store(writer.binary(arith.MulfOp, y, inverse), current, k)


def _substitute(kernel: Kernel, op: SolveTreeOp, nodes: SSAValue, factor: SSAValue, current: SSAValue) -> None:
    """Writes the sweep from the root to the leaves."""
    writer = kernel.writer
    parent = kernel.array(op.parents)
    with writer.loop(nodes, lower=writer.constant(1)) as loop:
        k = loop.index
        above = writer.binary(arith.MulfOp, writer.load(factor, k), writer.load(current, _index(writer, parent, k)))
        writer.store(writer.binary(arith.AddfOp, above, writer.load(current, k)), current, k)
