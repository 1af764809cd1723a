"""Subexpressions with the flag (constant over dt): computed once in each step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ranvier.actions.actions import Action, MapCode
from ranvier.equations.assignments import Assign
from ranvier.equations.expressions import Name
from ranvier.objects.groups.part import Part
from ranvier.objects.groups.population import Checked, common_facts
from ranvier.objects.variables.kept import Kept
from ranvier.objects.variables.scope import Scope
from ranvier.public import public_in


@public_in("ranvier.groups.neurongroup")
class SubexpressionUpdater(Part[Checked]):
    """Computes the subexpressions of a group that are constant over a time step, and stores them.

    Args:
        group: The group.
    """

    def __init__(self, group: Checked) -> None:
        super().__init__(group, when="before_start", order=group.order, name=f"{group.name}_subexpression_update*")
        self._kept: Kept[Sequence[Action]] = Kept()

    def forget_code(self) -> None:
        """Gives up the code of the last run: its names may stand for variables of groups that are gone."""
        self._kept.forget()

    def actions(self, run_namespace: Mapping[str, object]) -> Sequence[Action]:
        """Returns the assignments, in the order in which they depend on each other."""
        group = self.group
        made_of = (*common_facts(self, group), group.user_equations)
        return self._kept.result(made_of, run_namespace, lambda: group.scope(run_namespace), self._assignments)

    def _assignments(self, new_scope: Callable[[], Scope]) -> Sequence[Action]:
        group, scope = self.group, new_scope()
        code: list[Assign] = []
        # shared ones depend on shared ones only; they have to be written first
        for equation in sorted(group.user_equations.ordered, key=lambda equation: "shared" not in equation.flags):
            if "constant over dt" in equation.flags and equation.expr is not None:
                scope.lower(Name(equation.varname))
                code.append(Assign(equation.varname, scope.lower(equation.expr.tree)))
        return (
            MapCode(
                label=self.name,
                clock=self.clock,
                kind="subexpression",
                size=group.element_count,
                code=tuple(code),
                bindings=scope.bindings,
                float32=group.single_precision,
            ),
        )
