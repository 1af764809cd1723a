"""Linked variables: references to variables of other groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ranvier.actions.actions import OneForAll, Storage
from ranvier.objects.memory.arrays import Array
from ranvier.objects.memory.new_storage import index_storage
from ranvier.objects.variables.variables import (
    ArrayVariable,
    ElementOwner,
    IndexVariable,
    LinkedVariable,
    Reference,
    UnlinkedVariable,
    Variable,
    Way,
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
        ValueError: If the sizes do not fit, or the index is no variable of the group itself.
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
    single = request.index is None and request.group.element_count == 1 < _most_elements(group)
    return LinkedVariable(
        name=name,
        dim=variable.dim,
        dtype=target.variable.dtype,
        scalar=single or target.variable.scalar,
        group=request.group,
        target=request.name,
        way=_way(group, name, target, request),
        owner_ref=variable.owner_ref,
    )


def _most_elements(group: ElementOwner) -> float:
    """Returns how many elements a group has, or may come to have."""
    return group.element_count if group.has_fixed_size else float("inf")


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
        return way_of_variable(group, request.index, size)
    if not group.has_fixed_size and (request.index is not None or size > 1):
        raise TypeError(
            f"Cannot link variable '{name}' of '{group.name}' to several elements by their numbers, since the number "
            "of synapses is not fixed: use the name of a variable as index, e.g. linked_var(..., index='j')."
        )
    if request.index is not None:
        return Way(index=_index_array(group, name, np.asarray(request.index), size))
    if target.variable.scalar or size == group.element_count:
        return Way()
    if size == 1 and not group.has_fixed_size:
        return Way()
    if size == 1:
        return Way(index=OneForAll(f"index of {group.name}.{name}", allocate(group.element_count, np.int32)))
    raise ValueError(
        f"Cannot link variable '{name}' to '{request.name}', the size of the target group does not match "
        f"({group.element_count} != {size}). You can provide an indexing scheme with the 'index' keyword to link "
        "groups with different sizes"
    )


def way_of_variable(group: ElementOwner, index: str, size: int) -> Way:
    """Returns the way to elements of another group whose numbers a variable holds.

    Raises:
        ValueError: There is no such variable, or it is not one of `group` itself.
        TypeError: It is not one of integers, one for each element.
    """
    reference = group.reference(index)
    if reference is None:
        raise ValueError(f"Index variable '{index}' not found.")
    variable = reference.variable
    if not variable.is_integer or not (variable.scalar or isinstance(variable, (ArrayVariable, IndexVariable))):
        raise TypeError(f"Index variable '{index}' should be an integer parameter.")
    if variable.scalar or reference.way.index is not None:
        raise ValueError(
            f"Index variable '{index}' should use the default index itself: it has to be a variable of '{group.name}' "
            "with a value for each element."
        )
    if isinstance(variable, IndexVariable):
        if group.element_count > size:
            raise ValueError(
                f"The index '{index}' goes up to {group.element_count - 1}, but only {size} elements are there to be "
                "linked to."
            )
        return Way()
    assert isinstance(variable, ArrayVariable)
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
