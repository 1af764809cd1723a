"""Lowers systems on trees: one sweep from the leaves to the root, and one back."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.dialects import arith
from xdsl.dialects.builtin import f64, i1
from xdsl.ir import Operation, SSAValue

from ranvier.ir.team import DIVISION
from ranvier.ir.tree_blocks import (
    COLUMNS,
    ELEMENTS,
    FIRST_ELEMENT,
    FIRST_NODE,
    LANES,
    NODES,
    STARTS,
    TREES,
)
from ranvier.ir.trees import SolveForestOp, SolveTreeOp
from ranvier.passes.facts.work import TREE
from ranvier.passes.lower.instance_trees import lower_trees_of_instances
from ranvier.passes.lower.scopes import Kernel, Run
from ranvier.passes.lower.vectors import load_vector, spread, store_vector
from ranvier.passes.lower.writer import INDEX, Writer


def lower_solve_tree(run: Run, op: SolveTreeOp) -> None:
    """Writes the function that solves the system by elimination; see `Sweeps`.

    Scratch (`nodes` doubles each) holds leak, then f; and source, then y/(d + axial), then x.
    """
    if op.instances is not None:
        lower_trees_of_instances(run, op, op.instances)
        return
    leak = run.fresh(op, f64, op.nodes)
    current = run.fresh(op, f64, op.nodes)
    kernel = run.kernel("solve_tree", op.label.data, op=op)
    leak, current = kernel.pass_in(leak), kernel.pass_in(current)
    size, nodes = kernel.value(op.size), kernel.value(op.nodes)
    sweeps = Sweeps(kernel, op, 1, leak, current, nodes, size)
    sweeps.clear()
    sweeps.fill()
    sweeps.solve()
    sweeps.take()
    kernel.close()


def lower_solve_forest(run: Run, op: SolveForestOp) -> None:
    """Writes the function that solves the systems block after block; see `Sweeps`.

    The values of a block of trees are brought into an order in which those of one node lie side by side, so that each
    operation is one of whole vectors. This takes scratch for one block only, which stays in the nearest cache: arrays
    keep the order in which all other code reads them. A tree without an equal one is solved alone, as
    `lower_solve_tree` would: a tree's potentials do not depend on its neighbours, to the last bit.
    """
    with run.writer.inside(run.setup):
        room = run.writer.mul(run.value(op.largest), run.writer.constant(LANES))
        own, one = room, run.threads if DIVISION in op.attributes else None
        if one is not None:
            room = run.writer.mul(room, one)
    leak, current = run.fresh_lowered(f64, room), run.fresh_lowered(f64, room)
    kernel = run.divided_kernel("solve_forest", op.label.data, op=op)
    writer = kernel.writer
    leak, current = kernel.pass_in(leak), kernel.pass_in(current)
    blocks, count, first = kernel.array(op.blocks), kernel.value(op.count), writer.constant(0)
    scratch: SSAValue | None = None
    if kernel.share is not None:
        run.expect(run.value(op.count), TREE)
        scratch = writer.mul(kernel.share.part, kernel.pass_in(own))
        first, count = (
            writer.binary(arith.DivUIOp, writer.mul(count, part), kernel.share.threads)
            for part in (kernel.share.part, writer.add(kernel.share.part, writer.constant(1)))
        )
    with writer.loop(count, lower=first) as loop:
        row = writer.mul(loop.index, writer.constant(COLUMNS))
        column = [_index(writer, blocks, writer.add(row, writer.constant(k))) for k in range(STARTS)]
        starts = writer.add(row, writer.constant(STARTS))
        alone = writer.compare("eq", column[TREES], writer.constant(1))
        several = writer.binary(arith.XOrIOp, alone, writer.constant(1, i1))
        for condition, width in ((alone, 1), (several, LANES)):
            with writer.when(condition):
                place = column[FIRST_NODE], column[FIRST_ELEMENT]
                sizes = column[NODES], column[ELEMENTS]
                sweeps = Sweeps(kernel, op, width, leak, current, *sizes, place, scratch)
                sweeps.clear()
                with writer.loop(writer.constant(width)) as lane:
                    sweeps.fill(lane.index, _index(writer, blocks, writer.add(starts, lane.index)))
                sweeps.solve()
                with writer.loop(writer.constant(width)) as lane:
                    sweeps.take(lane.index, _index(writer, blocks, writer.add(starts, lane.index)))
    kernel.close()


def _index(writer: Writer, numbers: SSAValue, place: SSAValue) -> SSAValue:
    return writer.cast(writer.load(numbers, place), INDEX)


@dataclass(eq=False)
class Sweeps:
    """The elimination, for `width` equal trees at once.

    Each node k, last to first, is eliminated in favour of its parent p: with d its leak, y its source, and
    f = axial/(d + axial), the parent's leak grows by f*d and its source by f*y. That is Gaussian elimination without
    fill-in (Hines, Int. J. Biomed. Comput. 15 (1984) 69-76), written for leaks instead of diagonals (which are leak
    plus all conductances): nothing is subtracted, so no digits are lost to a conductance much larger than the others,
    such as that of a soma. Then the root's potential is y/d, and x[k] = f*x[p] + y/(d + axial) from first to last.

    Attributes:
        leak: Scratch: `width` values for each node.
        current: The same.
        nodes: The number of nodes.
        size: The number of elements.
        first: The first entries of the tree in the arrays of nodes and of elements; None if both are 0.
        scratch: Where the scratch of the thread begins; None if that is 0.
    """

    kernel: Kernel
    op: SolveTreeOp | SolveForestOp
    width: int
    leak: SSAValue
    current: SSAValue
    nodes: SSAValue
    size: SSAValue
    first: tuple[SSAValue, SSAValue] | None = None
    scratch: SSAValue | None = None

    @property
    def _writer(self) -> Writer:
        return self.kernel.writer

    def clear(self) -> None:
        """Writes zeros for all nodes: those without an element keep them."""
        writer, zero = self._writer, self._writer.constant(0, f64)
        zeros = zero if self.width == 1 else spread(writer, zero, self.width)
        with writer.loop(self.nodes) as loop:
            self._store(zeros, self.leak, loop.index)
            self._store(zeros, self.current, loop.index)

    def fill(self, lane: SSAValue | None = None, start: SSAValue | None = None) -> None:
        """Writes leaks and sources of the elements from `start` on to their nodes."""
        writer = self._writer
        leaks, sources = self.kernel.array(self.op.leak), self.kernel.array(self.op.source)
        with writer.loop(self.size) as loop:
            own, place = self._element(loop.index, start), self._place(loop.index, lane)
            writer.store(writer.load(leaks, own), self.leak, place)
            writer.store(writer.load(sources, own), self.current, place)

    def take(self, lane: SSAValue | None = None, start: SSAValue | None = None) -> None:
        """Writes the potentials of the nodes to the elements from `start` on."""
        writer, out = self._writer, self.kernel.array(self.op.out)
        with writer.loop(self.size) as loop:
            place = self._place(loop.index, lane)
            writer.store(writer.load(self.current, place), out, self._element(loop.index, start))

    def solve(self) -> None:
        """Writes both sweeps."""
        self._eliminate()
        root = self._writer.constant(0)
        potential = self._op(arith.DivfOp, self._load(self.current, root), self._load(self.leak, root))
        self._store(potential, self.current, root)
        self._substitute()

    def _eliminate(self) -> None:
        writer = self._writer
        axial = self.kernel.array(self.op.axial)
        one = self._everywhere(writer.constant(1.0, f64))
        with writer.loop(self.nodes, lower=writer.constant(1)) as loop:
            k = writer.sub(self.nodes, loop.index)
            p, g = self._parent(k), self._everywhere(writer.load(axial, self._node(k)))
            d, y = self._load(self.leak, k), self._load(self.current, k)
            inverse = self._op(arith.DivfOp, one, self._op(arith.AddfOp, d, g))
            f = self._op(arith.MulfOp, g, inverse)
            for values, own in ((self.leak, d), (self.current, y)):
                share = self._op(arith.MulfOp, f, own)
                self._store(self._op(arith.AddfOp, self._load(values, p), share), values, p)
            self._store(f, self.leak, k)
            self._store(self._op(arith.MulfOp, y, inverse), self.current, k)

    def _substitute(self) -> None:
        writer = self._writer
        with writer.loop(self.nodes, lower=writer.constant(1)) as loop:
            k = loop.index
            above = self._op(arith.MulfOp, self._load(self.leak, k), self._load(self.current, self._parent(k)))
            self._store(self._op(arith.AddfOp, above, self._load(self.current, k)), self.current, k)

    # ------------------------------------------------------------------ values of a node

    def _op(self, kind: type[Operation], left: SSAValue, right: SSAValue) -> SSAValue:
        return self._writer.binary(kind, left, right)

    def _everywhere(self, value: SSAValue) -> SSAValue:
        return value if self.width == 1 else spread(self._writer, value, self.width)

    def _load(self, values: SSAValue, node: SSAValue) -> SSAValue:
        if self.width == 1:
            return self._writer.load(values, self.own(node))
        return load_vector(self._writer, values, self.own(self._scaled(node)), self.width)

    def _store(self, value: SSAValue, values: SSAValue, node: SSAValue) -> None:
        if self.width == 1:
            self._writer.store(value, values, self.own(node))
        else:
            store_vector(self._writer, value, values, self.own(self._scaled(node)))

    # ------------------------------------------------------------------ numbers

    def own(self, place: SSAValue) -> SSAValue:
        """Returns a place of the scratch, in that of the thread."""
        return place if self.scratch is None else self._writer.add(self.scratch, place)

    def _scaled(self, node: SSAValue) -> SSAValue:
        return self._writer.mul(node, self._writer.constant(self.width))

    def _node(self, node: SSAValue) -> SSAValue:
        return node if self.first is None else self._writer.add(self.first[0], node)

    def _parent(self, node: SSAValue) -> SSAValue:
        return _index(self._writer, self.kernel.array(self.op.parents), self._node(node))

    def _element(self, element: SSAValue, start: SSAValue | None) -> SSAValue:
        return element if start is None else self._writer.add(start, element)

    def _place(self, element: SSAValue, lane: SSAValue | None) -> SSAValue:
        """Returns where scratch holds the value of an element of the tree with the number `lane`."""
        writer = self._writer
        entry = element if self.first is None else writer.add(self.first[1], element)
        node = _index(writer, self.kernel.array(self.op.node), entry)
        return self.own(node if lane is None or self.width == 1 else writer.add(self._scaled(node), lane))
