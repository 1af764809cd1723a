"""Systems on trees as kernels: each tree has a thread, which solves it by the code of one alone."""

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
    """Writes the kernel in which each instance has a thread; not for a single tree, whose nodes wait for each other."""
    if op.instances is None:
        return False
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
