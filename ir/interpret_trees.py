"""What the interpreter makes of systems on trees: the whole matrix, solved densely."""

from __future__ import annotations

from typing import Any

import numpy as np

from ranvier.ir.interpret_run import Handler, Handlers, InterpretError, Run
from ranvier.ir.trees import SolveTreeOp

REFINEMENTS = 5
"""Solutions of the system: of the whole, then of what remains."""


def _solve(run: Run, op: SolveTreeOp) -> list[Any]:
    size, nodes = int(run.get(op.size)), int(run.get(op.nodes))
    node = run.get(op.node)[:size]
    parent, axial = run.get(op.parents)[1:nodes], run.get(op.axial)[1:nodes]
    children = np.arange(1, nodes)
    if len(parent) != nodes - 1 or np.any((parent < 0) | (parent >= children)):
        raise InterpretError("snn.solve_tree: a parent does not come before its children")
    if len(set(node.tolist())) != size or np.any((node < 0) | (node >= nodes)):
        raise InterpretError("snn.solve_tree: an element has no node of its own")
    # conductances differ by many orders of magnitude (a soma's is huge), so the solution is refined
    leak, source = np.zeros(nodes, np.longdouble), np.zeros(nodes, np.longdouble)
    leak[node] = run.get(op.leak)[:size]
    source[node] = run.get(op.source)[:size]
    matrix = np.diag(leak)
    for k, p, g in zip(children, parent, axial, strict=True):
        matrix[np.ix_([k, p], [k, p])] += np.array([[g, -g], [-g, g]], np.longdouble)
    x = np.zeros(nodes, np.longdouble)
    for _ in range(REFINEMENTS):
        rest = source - leak * x
        between = axial * (x[1:] - x[parent])
        rest[1:] -= between
        np.add.at(rest, parent, between)
        x += np.linalg.solve(matrix.astype(float), rest.astype(float))
    out = run.get(op.array).copy()
    out[:size] = x[node]
    return [out]


TREE_HANDLERS: Handlers = {
    SolveTreeOp: Handler(_solve, lambda run, op: [run.old(op.array)]),
}
