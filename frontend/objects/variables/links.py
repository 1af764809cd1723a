"""Linked variables: references to variables of other groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ranvier.actions.actions import OneForAll, Storage
from ranvier.objects.memory.arrays import Array
from ranvier.objects.variables.variables import (
    ArrayVariable,
    ElementOwner,
    LinkedVariable,
    Reference,
    UnlinkedVariable,
    Variable,
    Way,
    index_storage,
)
from ranvier.runtime.state import allocate
from ranvier.units.mismatch import DimensionMismatchError


@dataclass(frozen=True, eq=False)
class LinkRequest:
    """What `linked_var` gives: to be assigned to a variable with the flag (linked).

    Attributes:
        group: The group of the variable that is linked to.
        name: Its name.
        index: For each element of the linking group the element of the other, or the name of a variable with it.
    """

    group: ElementOwner
    name: str
    index: object = None


def link(group: ElementOwner, name: str, variable: Variable, request: LinkRequest) -> LinkedVariable:
    """Returns the variable of `group` that a link makes.

    Raises:
        TypeError: If the variable is not marked as linked, or the index is no integer array.
        KeyError: If the link leads back to the variable itself.
        DimensionMismatchError: If the units differ.
        ValueError: If the sizes do not fit.
    """
    if not isinstance(variable, (UnlinkedVariable, LinkedVariable)):
        raise TypeError(
            f"Cannot link variable '{name}', it has to be marked as a linked variable with '(linked)' in the model "
            "equations."
        )
    if _leads_back(group, name, request):
        raise KeyError(f"Cannot link variable '{name}' of '{group.name}': the link leads in a circle back to itself.")
    target = request.group.reference(request.name)
    assert target is not None
    if target.variable.dim is not variable.dim:
        raise DimensionMismatchError(
            f"Unit of variable '{name}' does not match its link target '{request.name}'",
            variable.dim,
            target.variable.dim,
        )
    return LinkedVariable(
        name=name,
        dim=variable.dim,
        dtype=target.variable.dtype,
        scalar=target.variable.scalar,
        group=request.group,
        target=request.name,
        way=_way(group, name, target, request),
        owner_ref=variable.owner_ref,
    )


def _leads_back(group: ElementOwner, name: str, request: LinkRequest) -> bool:
    """Tells whether links lead from the target of a request to the variable that is to be linked."""
    owner, wanted = request.group, request.name
    while True:
        if owner is group and wanted == name:
            return True
        variable = owner.variables.get(wanted)
        if not isinstance(variable, LinkedVariable):
            return False
        owner, wanted = variable.group, variable.target


def _way(group: ElementOwner, name: str, target: Reference, request: LinkRequest) -> Way:
    size = 1 if target.variable.scalar else request.group.element_count
    if isinstance(request.index, str):
        return _way_of_variable(group, request.index)
    if request.index is not None:
        return Way(index=_index_array(group, name, np.asarray(request.index), size))
    if target.variable.scalar or size == group.element_count:
        return Way()
    if size == 1:
        return Way(index=OneForAll(f"index of {group.name}.{name}", allocate(group.element_count, np.int32)))
    raise ValueError(
        f"Cannot link variable '{name}' to '{request.name}', the size of the target group does not match "
        f"({group.element_count} != {size}). You can provide an indexing scheme with the 'index' keyword to link "
        "groups with different sizes"
    )


def _way_of_variable(group: ElementOwner, index: str) -> Way:
    reference = group.reference(index)
    if reference is None:
        raise ValueError(f"Index variable '{index}' not found.")
    variable = reference.variable
    if not isinstance(variable, ArrayVariable) or not variable.is_integer or variable.scalar:
        raise TypeError(f"Index variable '{index}' should be an integer parameter.")
    return Way(reference.way.before, variable.storage).without_before()


def _index_array(group: ElementOwner, name: str, index: Array, size: int) -> Storage:
    if index.dtype.kind not in "iu":
        raise TypeError("The index for a linked variable has to be an integer array")
    if index.shape != (group.element_count,):
        raise TypeError(
            f"Index array for linked variable '{name}' has to be a one-dimensional array of length "
            f"{group.element_count}, but has shape {index.shape}"
        )
    if index.min() < 0 or index.max() >= size:
        raise ValueError(
            f"Index array for linked variable {name} contains values outside of the valid range [0, {size}["
        )
    return index_storage(index, f"index of {group.name}.{name}")
