"""Systems on trees as kernels: each of many trees has a thread; a single one is solved level by level by a block."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from xdsl.dialects import arith
from xdsl.dialects.builtin import f64
from xdsl.ir import SSAValue

from ranvier.ir.tree_blocks import COLUMNS, ELEMENTS, FIRST_ELEMENT, FIRST_NODE, LANES, NODES, STARTS, TREES
from ranvier.ir.trees import SolveForestOp, SolveTreeOp
from ranvier.passes.kernels.device import DeviceKernel, DeviceRun
from ranvier.passes.lower.instance_trees import solve_for_lanes
from ranvier.passes.lower.trees import Sweeps
from ranvier.passes.lower.writer import INDEX


def solve_tree_kernel(run: DeviceRun, op: SolveTreeOp) -> bool:
    """Writes the kernel in which each instance has a thread; or of one tree, each node of a level."""
    if op.instances is None:
        if op.levels is None:
            return False
        _solve_by_levels(run, op, op.levels)
        return True
    with run.writer.inside(run.setup):
        instances = run.value(op.instances)
        room = run.writer.mul(run.value(op.nodes), instances)
    scratch = run.fresh_lowered(f64, room), run.fresh_lowered(f64, room)
    kernel = run.device_kernel("solve_tree", op.label.data, op=op)
    with kernel.each(instances, "instances") as lane:

        def once(write: Callable[[SSAValue], None]) -> None:
            write(lane)

        solve_for_lanes(kernel, op, kernel.pass_in(instances), scratch, once)
    kernel.close()
    return True


def _solve_by_levels(run: DeviceRun, op: SolveTreeOp, levels: SSAValue) -> None:
    """Writes the kernel of one block that solves a single tree, level by level; a barrier ends each.

    Each node adds up what its children give, the last child first, as the elimination of one thread does: so bits are
    the same. A tree that is one long cable has as many levels as nodes, and nothing to be done side by side.
    """
    with run.writer.inside(run.setup):
        nodes = run.value(op.nodes)
    leak, current, given, sent = (run.fresh_lowered(f64, nodes) for _ in range(4))
    kernel = run.device_kernel("solve_tree", op.label.data, op=op)
    kernel.one_block("nodes of a level")
    arrays = run.array(levels), leak, current, given, sent
    level = _Levels(kernel, op, *(kernel.pass_in(each) for each in arrays))
    level.fill()
    w, number = kernel.writer, level.number
    with w.loop(number) as each:
        level.each_node(w.sub(w.sub(number, w.constant(1)), each.index), level.eliminate)
        kernel.barrier()
    with w.loop(number, lower=w.constant(1)) as each:
        level.each_node(each.index, level.substitute)
        kernel.barrier()
    level.take()
    kernel.close()


@dataclass(eq=False)
class _Levels:
    """The elimination of one tree by the threads of a block; see `Sweeps` for what is computed.

    Attributes:
        levels: The nodes by level and the children of each, see `ranvier.ir.row_recipes.levels`.
        leak: Scratch: the leak of a node, then f.
        current: Scratch: the source of a node, then y/(d + axial), then x.
        given: Scratch: what a node gives to the leak of its parent.
        sent: Scratch: what it gives to the source of its parent.
    """

    kernel: DeviceKernel
    op: SolveTreeOp
    levels: SSAValue
    leak: SSAValue
    current: SSAValue
    given: SSAValue
    sent: SSAValue

    def __post_init__(self) -> None:
        w = self.kernel.writer
        self.nodes, self.size = self.kernel.value(self.op.nodes), self.kernel.value(self.op.size)
        self.number = self._at(w.constant(0))
        self.first_node = w.add(self.number, w.constant(2))
        self.first_start = w.add(self.first_node, self.nodes)
        self.first_child = w.add(self.first_start, w.add(self.nodes, w.constant(1)))

    def _at(self, place: SSAValue) -> SSAValue:
        w = self.kernel.writer
        return w.cast(w.load(self.levels, place), INDEX)

    def each_node(self, level: SSAValue, write: Callable[[SSAValue], None]) -> None:
        """Writes what the threads do with the nodes of a level."""
        w, kernel = self.kernel.writer, self.kernel
        begin, end = (self._at(w.add(level, w.constant(k))) for k in (1, 2))
        with w.loop(end, lower=w.add(begin, kernel.thread()), step=kernel.device.block) as each:
            write(self._at(w.add(self.first_node, each.index)))

    def fill(self) -> None:
        """Writes leaks and sources of all nodes; those without an element have none."""
        w, kernel, zero = self.kernel.writer, self.kernel, self.kernel.writer.constant(0, f64)
        with w.loop(self.nodes, lower=kernel.thread(), step=kernel.device.block) as each:
            w.store(zero, self.leak, each.index)
            w.store(zero, self.current, each.index)
        kernel.barrier()
        leaks, sources, node = (kernel.array(value) for value in (self.op.leak, self.op.source, self.op.node))
        with w.loop(self.size, lower=kernel.thread(), step=kernel.device.block) as each:
            place = w.cast(w.load(node, each.index), INDEX)
            w.store(w.load(leaks, each.index), self.leak, place)
            w.store(w.load(sources, each.index), self.current, place)
        kernel.barrier()

    def eliminate(self, node: SSAValue) -> None:
        """Writes what a node takes from its children, and what it gives to its parent; the root has its potential."""
        w = self.kernel.writer
        begin, end = (self._at(w.add(self.first_start, w.add(node, w.constant(k)))) for k in (0, 1))
        start = [w.load(self.leak, node), w.load(self.current, node)]
        with w.loop(w.sub(end, begin), carried=start) as each:
            place = w.sub(w.sub(end, w.constant(1)), each.index)
            child = self._at(w.add(self.first_child, place))
            each.give(
                w.binary(arith.AddfOp, each.args[1], w.load(self.given, child)),
                w.binary(arith.AddfOp, each.args[2], w.load(self.sent, child)),
            )
        d, y = each.results
        is_root = w.compare("eq", node, w.constant(0))
        axial = self.kernel.array(self.op.axial)
        with w.when(is_root):
            w.store(w.binary(arith.DivfOp, y, d), self.current, node)
        with w.when(w.compare("ne", node, w.constant(0))):
            g = w.load(axial, node)
            inverse = w.binary(arith.DivfOp, w.constant(1.0, f64), w.binary(arith.AddfOp, d, g))
            f = w.binary(arith.MulfOp, g, inverse)
            w.store(w.binary(arith.MulfOp, f, d), self.given, node)
            w.store(w.binary(arith.MulfOp, f, y), self.sent, node)
            w.store(f, self.leak, node)
            w.store(w.binary(arith.MulfOp, y, inverse), self.current, node)

    def substitute(self, node: SSAValue) -> None:
        """Writes the potential of a node, from that of its parent."""
        w = self.kernel.writer
        parent = w.cast(w.load(self.kernel.array(self.op.parents), node), INDEX)
        above = w.binary(arith.MulfOp, w.load(self.leak, node), w.load(self.current, parent))
        w.store(w.binary(arith.AddfOp, above, w.load(self.current, node)), self.current, node)

    def take(self) -> None:
        """Writes the potentials of the nodes to the elements."""
        w, kernel = self.kernel.writer, self.kernel
        node, out = kernel.array(self.op.node), kernel.array(self.op.out)
        with w.loop(self.size, lower=kernel.thread(), step=kernel.device.block) as each:
            w.store(w.load(self.current, w.cast(w.load(node, each.index), INDEX)), out, each.index)


@dataclass(eq=False)
class _Thread(Sweeps):
    """The elimination of one tree. The scratch of the trees of a block is interleaved: threads read it side by side."""

    def own(self, place: SSAValue) -> SSAValue:
        """Returns a place of the scratch of this tree."""
        assert self.scratch is not None
        w = self.kernel.writer
        return w.add(self.scratch, w.mul(place, w.constant(LANES)))


def solve_forest_kernel(run: DeviceRun, op: SolveForestOp) -> bool:
    """Writes the kernel in which each tree of a forest has a thread."""
    with run.writer.inside(run.setup):
        w = run.writer
        trees = w.mul(run.value(op.count), w.constant(LANES))
        room = w.mul(trees, run.value(op.largest))
    leak, current = run.fresh_lowered(f64, room), run.fresh_lowered(f64, room)
    kernel = run.device_kernel("solve_forest", op.label.data, op=op)
    with kernel.each(trees, "trees") as number:
        _solve_one(kernel, op, number, (kernel.pass_in(leak), kernel.pass_in(current)))
    kernel.close()
    return True


def _solve_one(kernel: DeviceKernel, op: SolveForestOp, number: SSAValue, scratch: tuple[SSAValue, SSAValue]) -> None:
    """Writes the elimination of the tree with a number in its block; blocks may have fewer than `LANES`."""
    w, blocks = kernel.writer, kernel.array(op.blocks)
    block = w.binary(arith.ShRUIOp, number, w.constant(LANES.bit_length() - 1))
    lane = w.binary(arith.AndIOp, number, w.constant(LANES - 1))
    row = w.mul(block, w.constant(COLUMNS))

    def column(k: SSAValue) -> SSAValue:
        return w.cast(w.load(blocks, w.add(row, k)), INDEX)

    with w.when(w.compare("slt", lane, column(w.constant(TREES)))):
        known = {k: column(w.constant(k)) for k in (FIRST_NODE, NODES, FIRST_ELEMENT, ELEMENTS)}
        start = column(w.add(w.constant(STARTS), lane))
        begin = w.add(w.mul(w.mul(block, kernel.value(op.largest)), w.constant(LANES)), lane)
        place = known[FIRST_NODE], known[FIRST_ELEMENT]
        sweeps = _Thread(kernel, op, 1, *scratch, known[NODES], known[ELEMENTS], place, begin)
        sweeps.clear()
        sweeps.fill(None, start)
        sweeps.solve()
        sweeps.take(None, start)
