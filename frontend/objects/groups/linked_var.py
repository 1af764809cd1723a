"""`linked_var`: what scripts write to link a variable to one of another group."""

from __future__ import annotations

from ranvier.equations.source import one_of_variables
from ranvier.objects.groups.group import VariableOwner
from ranvier.objects.variables.links import LinkRequest
from ranvier.objects.variables.variables import ElementOwner
from ranvier.objects.variables.view import VariableView
from ranvier.public import public
from ranvier.session.given import is_a


@public
def linked_var(
    group_or_variable: VariableOwner | VariableView, name: str | None = None, index: object = None
) -> LinkRequest:
    """Returns a link to a variable of a group.

    Args:
        group_or_variable: A group, or a variable of one (`H.v`).
        name: Name of the variable, if a group is given.
        index: For each element of the linking group the number of an element, or the name of an integer parameter of
            the linking group that holds it; needed if the groups have different sizes.

    Raises:
        ValueError: If the name is missing, or given twice.
        KeyError: If the group has no such variable.
        NotImplementedError: If it is a variable of synapses, whose number may change.
    """
    if isinstance(group_or_variable, VariableView):
        if name is not None:
            raise ValueError(
                "Give a variable, or a group and a name, not both: linked_var(group.v), or linked_var(group, 'v')."
            )
        _check_fixed(group_or_variable.group)
        return LinkRequest(group_or_variable.group, group_or_variable.name, index)
    if name is None:
        raise ValueError("The name of the variable is missing: linked_var(group, 'v'), or linked_var(group.v).")
    if not is_a(group_or_variable, VariableOwner):
        raise TypeError(f"Variables of groups can be linked, not of type {type(group_or_variable).__name__}.")
    if name not in group_or_variable.variables:
        known = one_of_variables(group_or_variable.variables, name)
        raise KeyError(f"'{group_or_variable.name}' has no variable '{name}' to link to.{known}")
    _check_fixed(group_or_variable)
    return LinkRequest(group_or_variable, name, index)


def _check_fixed(group: ElementOwner) -> None:
    if not group.has_fixed_size:
        raise NotImplementedError(
            f"Only variables of groups of a fixed size can be linked to, not those of the synapses '{group.name}'. Sum "
            "them into a variable of the neurons, with the flag (summed)."
        )
