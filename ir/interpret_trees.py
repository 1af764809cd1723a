"""What the interpreter makes of systems on trees: the whole matrix, solved densely."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ranvier.ir.interpret_run import Handler, Handlers, InterpretError, Run
from ranvier.ir.tree_blocks import COLUMNS, LANES, STARTS
from ranvier.ir.trees import SolveForestOp, SolveTreeOp

Numbers = npt.NDArray[Any]

REFINEMENTS = 5
"""Solutions of the system: of the whole, then of what remains."""


def _solve(run: Run, op: SolveTreeOp) -> list[Any]:
    size, nodes = int(run.get(op.size)), int(run.get(op.nodes))
    out = run.get(op.array).copy()
    tree = run.get(op.node)[:size], run.get(op.parents)[:nodes], run.get(op.axial)[:nodes]
    instances = 1 if op.instances is None else int(run.get(op.instances))
    for instance in range(instances):
        own = slice(instance, size * instances, instances)
        out[own] = _solution(op.name, run.get(op.leak)[own], run.get(op.source)[own], *tree)
    return [out]


def _solve_forest(run: Run, op: SolveForestOp) -> list[Any]:
    count, largest = int(run.get(op.count)), int(run.get(op.largest))
    leak, source, out = run.get(op.leak), run.get(op.source), run.get(op.array).copy()
    for block in run.get(op.blocks)[: count * COLUMNS].reshape(count, COLUMNS):
        first, nodes, own, size, trees = block[:STARTS].tolist()
        starts = block[STARTS:].tolist()
        if nodes > largest:
            raise InterpretError(f"{op.name}: a tree has more than {largest} nodes")
        if not 1 <= trees <= LANES or set(starts[trees - 1 :]) != {starts[trees - 1]}:
            raise InterpretError(f"{op.name}: a block has 1 to {LANES} trees, and then the last one again")
        places = slice(first, first + nodes)
        tree = run.get(op.node)[own : own + size], run.get(op.parents)[places], run.get(op.axial)[places]
        for start in starts[:trees]:
            elements = slice(start, start + size)
            out[elements] = _solution(op.name, leak[elements], source[elements], *tree)
    return [out]


def _solution(
    name: str, leaks: Numbers, sources: Numbers, node: Numbers, parents: Numbers, conductances: Numbers
) -> Numbers:
    nodes = len(parents)
    parent, axial, children = parents[1:], conductances[1:], np.arange(1, nodes)
    if np.any((parent < 0) | (parent >= children)):
        raise InterpretError(f"{name}: a parent does not come before its children")
    if len(set(node.tolist())) != len(leaks) or np.any((node < 0) | (node >= nodes)):
        raise InterpretError(f"{name}: an element has no node of its own")
    # conductances differ by many orders of magnitude (a soma's is huge), so the solution is refined
    leak, source = np.zeros(nodes, np.longdouble), np.zeros(nodes, np.longdouble)
    leak[node] = leaks
    source[node] = sources
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
    return x[node]


TREE_HANDLERS: Handlers = {
    SolveTreeOp: Handler(_solve, lambda run, op: [run.old(op.array)]),
    SolveForestOp: Handler(_solve_forest, lambda run, op: [run.old(op.array)]),
}
