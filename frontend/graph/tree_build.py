"""Systems on trees → ops of the `snn` graph."""

from __future__ import annotations

from ranvier.graph.scopes import Builder
from ranvier.ir.trees import SolveForestOp, SolveTreeOp
from ranvier.plan.step_kinds import SolveForestStep, SolveTreeStep


def build_solve_tree(builder: Builder, step: SolveTreeStep) -> None:
    """Adds the op of a system on a tree to the body of the loop."""
    state, values = builder.state, builder.values
    op = SolveTreeOp(
        step.label,
        values[step.clock],
        (values[step.size], values[step.nodes]),
        state(step.leak),
        state(step.source),
        state(step.node),
        (state(step.parents), state(step.axial)),
        state(step.potential),
    )
    builder.body.add_op(op)
    builder.advance(step.potential, op.out)


def build_solve_forest(builder: Builder, step: SolveForestStep) -> None:
    """Adds the op of a system on many trees to the body of the loop."""
    state, values = builder.state, builder.values
    op = SolveForestOp(
        step.label,
        values[step.clock],
        (values[step.count], values[step.largest]),
        (state(step.leak), state(step.source)),
        state(step.node),
        (state(step.parents), state(step.axial)),
        state(step.blocks),
        state(step.potential),
    )
    builder.body.add_op(op)
    builder.advance(step.potential, op.out)
