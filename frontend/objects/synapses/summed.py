"""Summed variables: a variable of neurons that is the sum of an expression over their synapses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from ranvier.actions.actions import Action
from ranvier.actions.synaptic_actions import Accumulate
from ranvier.equations.single_equation import SingleEquation
from ranvier.objects.connections.bindings import synaptic_bindings
from ranvier.objects.connections.connected import Connected
from ranvier.objects.connections.variables import POST, PRE
from ranvier.objects.groups.part import Part
from ranvier.objects.groups.population import Acting, common_facts
from ranvier.objects.variables.kept import Kept
from ranvier.objects.variables.scope import Scope
from ranvier.objects.variables.variables import ArrayVariable, Reference
from ranvier.public import public_in
from ranvier.units import DimensionMismatchError


@public_in("ranvier.synapses.synapses")
class SummedVariableUpdater(Part[Connected]):
    """Computes a summed variable at each step of the target's clock, or at the times of the synapses' `EventClock`.

    Args:
        synapses: The synapses.
        equation: The definition: "g_post = w*s : siemens (summed)".
        target: The group that has the variable.

    Attributes:
        target: The group that has the variable.
        reference: The variable.
    """

    def __init__(self, synapses: Connected, equation: SingleEquation, target: Acting) -> None:
        super().__init__(
            synapses,
            clock=target.clock if synapses.clock.event_times is None else synapses.clock,
            when="groups",
            order=target.order - 1,
            name=f"{synapses.name}_summed_variable_{equation.varname}*",
        )
        self.equation = equation
        self.target = target
        self.reference = summed_target(equation, target)
        self._kept: Kept[Sequence[Action]] = Kept()

    def forget_code(self) -> None:
        """Gives up the code of the last run: its names may stand for variables of groups that are gone."""
        self._kept.forget()

    @property
    def to_source(self) -> bool:
        """Whether the presynaptic neurons have the variable."""
        return self.equation.varname.endswith(PRE)

    def actions(self, run_namespace: Mapping[str, object]) -> Sequence[Action]:
        """Returns the sum."""
        synapses, variable = self.group, self.reference.variable
        assert isinstance(variable, ArrayVariable)
        ends = synapses.connections
        made_of = (*common_facts(self, synapses), self.equation, variable.storage, self.target.element_count, ends)
        return self._kept.result(made_of, run_namespace, lambda: synapses.scope(run_namespace), self._sum)

    def _sum(self, new_scope: Callable[[], Scope]) -> Sequence[Action]:
        synapses, scope = self.group, new_scope()
        assert self.equation.expr is not None
        expression = scope.lower(self.equation.expr.tree)
        variable = self.reference.variable
        assert isinstance(variable, ArrayVariable)
        return (
            Accumulate(
                label=self.name,
                clock=self.clock,
                target=variable.storage,
                offset=self.reference.way.before,
                size=self.target.element_count,
                connections=synapses.connections,
                expression=expression,
                bindings=synaptic_bindings(scope.bindings, synapses.connections),
                to_source=self.to_source,
                float32=synapses.single_precision,
            ),
        )


def summed_target(equation: SingleEquation, group: Acting) -> Reference:
    """Returns the variable that a summed equation sets.

    Raises:
        ValueError: If it is no parameter of the group.
        DimensionMismatchError: If its unit is another one.
    """
    name = equation.varname.removesuffix(PRE).removesuffix(POST)
    found = group.reference(name)
    if found is None:
        raise ValueError(
            f"The summed variable '{equation.varname}' refers to a target variable '{name}' that does not exist in "
            f"'{group.name}'."
        )
    if not group.is_parameter(name) or not isinstance(found.variable, ArrayVariable) or found.variable.scalar:
        raise ValueError(
            f"The summed variable '{equation.varname}' needs a target parameter '{name}' in '{group.name}', one value "
            "for each neuron and no equation of its own."
        )
    if found.variable.dim is not equation.dim:
        raise DimensionMismatchError(
            f"The summed variable '{equation.varname}' does not have the same unit as its target '{name}'",
            equation.dim,
            found.variable.dim,
        )
    return found


def check_sums(actions: Iterable[Action]) -> None:
    """Checks that no two sums set the same variable of the same neurons.

    Raises:
        NotImplementedError: If two do: the second would overwrite the first.
    """
    seen: list[Accumulate] = []
    for action in actions:
        if not isinstance(action, Accumulate):
            continue
        for other in seen:
            apart = action.offset >= other.offset + other.size or other.offset >= action.offset + action.size
            if other.target is action.target and not apart:
                raise NotImplementedError(
                    f"Multiple 'summed variables' target the variable '{action.target.label}': '{other.label}' and "
                    f"'{action.label}'. Use one variable for each, and add them in the equations of the neurons."
                )
        seen.append(action)
