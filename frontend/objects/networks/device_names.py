"""The names that Brian's programs give to the values of variables, for scripts that look for them."""

from __future__ import annotations

from ranvier.objects.groups.group import VariableOwner
from ranvier.objects.variables.variables import ArrayVariable, Variable
from ranvier.objects.variables.view import VariableView


def array_name(variable: Variable | VariableView) -> str:
    """Returns `_array_group_variable`, or `_dynamic_array_group_variable` where the number of values changes.

    Args:
        variable: A variable of a group, or a view of it.

    Raises:
        TypeError: If it has no values of its own.
    """
    if isinstance(variable, VariableView):
        variable = variable.variable
    owner = variable.owner
    if owner is None or not isinstance(owner, VariableOwner):
        raise TypeError(f"'{variable.name}' is not a variable of a group.")
    grows = not variable.scalar and not (owner.has_fixed_size and isinstance(variable, ArrayVariable))
    return f"_{'dynamic_' if grows else ''}array_{owner.name}_{variable.name}"
