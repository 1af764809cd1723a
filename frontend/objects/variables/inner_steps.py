"""The variables of groups whose method of integration chooses its own steps within a step."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import cast

import numpy as np

from ranvier.actions.actions import Storage
from ranvier.objects.memory.arrays import DType
from ranvier.objects.variables.variables import ArrayVariable, ElementOwner
from ranvier.units import second
from ranvier.units.dimensions import DIMENSIONLESS

NewStorage = Callable[[str, "DType", str], Storage]
"""Makes the memory of a variable from its label, its type, and its dimension as text."""


NAMES = ("_last_timestep", "_failed_steps", "_step_count", "_integration_stuck")
"""The variables; `ranvier.integrators.gsl` says what each is."""


def may_choose_steps(method: object) -> bool:
    """Tells whether a `method` argument names a method that chooses its own steps."""
    if isinstance(method, str):
        return method.lower().startswith("gsl")
    if isinstance(method, Sequence):
        return any(may_choose_steps(one) for one in cast("Sequence[object]", method))
    return str(getattr(method, "name", "")).startswith("gsl")


def add_inner_step_variables(
    owner: ElementOwner, method: object, options: Mapping[str, object], new_storage: NewStorage
) -> None:
    """Adds what such a method keeps for each element.

    Args:
        owner: The group.
        method: Its `method` argument.
        options: Its `method_options` argument.
        new_storage: Makes the memory.
    """
    if not may_choose_steps(method):
        return
    from ranvier.integrators import gsl  # loads algebra; few groups are integrated so

    kept = {name: bool(options.get(name, default)) for name, default in gsl.GSL.options.items()}
    last, failed, count, stuck = NAMES
    rows = (
        (last, np.float64, second.dim, kept["adaptable_timestep"] and kept["use_last_timestep"]),
        (failed, np.int32, DIMENSIONLESS, kept["save_failed_steps"]),
        (count, np.int32, DIMENSIONLESS, kept["save_step_count"]),
        (stuck, np.bool_, DIMENSIONLESS, True),
    )
    for name, dtype, dim, wanted in rows:
        if wanted:
            owner.variables[name] = ArrayVariable(
                name=name,
                dim=dim,
                dtype=np.dtype(dtype),
                storage=new_storage(f"{owner.name}.{name}", np.dtype(dtype), "s" if dim is second.dim else ""),
                owner_ref=weakref.ref(owner),
            )


def inner_step_names(owner: ElementOwner) -> list[str]:
    """Returns the names of the variables that `add_inner_step_variables` has added."""
    return [name for name in owner.variables if name in NAMES]  # not those of the ends of synapses


def check_inner_steps(owner: ElementOwner, element: str, end: str, most: object) -> None:
    """Checks that the last step reached its end for all elements.

    Args:
        owner: The group.
        element: What an element is: "neuron", "synapse".
        end: The time at the end of the step, as text.
        most: The option `max_steps`.

    Raises:
        IntegrationError: Naming the first element that was given up.
    """
    if NAMES[-1] not in inner_step_names(owner):
        return
    variable = owner.variables[NAMES[-1]]
    assert isinstance(variable, ArrayVariable)
    stuck = np.flatnonzero(variable.get_value())
    if not stuck.size:
        return
    from ranvier.integrators.gsl import IntegrationError  # see above

    variable.storage.fill(False)
    others = f" (and {stuck.size - 1} more)" if stuck.size > 1 else ""
    raise IntegrationError(
        f"The equations of '{owner.name}' could not be integrated in {element} {stuck[0]}{others} in the step that "
        f"ends at t = {end}: {most} inner steps (the method option 'max_steps') were not enough for the error that is "
        "allowed, or its values are not finite. Check the equations and their constants; allow more steps or a larger "
        "error ('absolute_error', 'absolute_error_per_variable'), or use a smaller dt."
    )
