"""Systems on trees → ops of the `snn` graph."""

from ranvier.graph.scopes import Builder
from ranvier.ir.trees import SolveTreeOp
from ranvier.plan.plan import Step


def build_solve_tree(builder: Builder, step: Step) -> None:
    """Adds the op that a step of kind "solve_tree" becomes."""
    roles = ("leak", "source", "node", "parents", "axial", "potential")
    leak, source, node, parents, axial, potential = (builder.state(step.operand(role)) for role in roles)
    sizes = (builder.values[step.operand("size")], builder.values[step.operand("nodes")])
    clock = builder.values[step.clock]
    op = SolveTreeOp(step.label, clock, sizes, leak, source, node, (parents, axial), potential)
    builder.body.add_op(op)
    builder.advance(step.operand("potential"), op.out)
