"""Names that mean one thing in the texts of a group and another in the script: warnings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeGuard

import numpy as np

from ranvier.analysis.names import default_symbol, find
from ranvier.equations.identifiers import is_noise
from ranvier.objects.memory.arrays import Array
from ranvier.objects.variables.variables import ClockVariable, Constant, Owner, Reference
from ranvier.session.logger import get_logger

logger = get_logger("ranvier.groups.group.Group.resolve")


def warn_of_conflict(group: Owner, name: str, run_namespace: Mapping[str, object]) -> None:
    """Warns if a name of a group's text also stands for a number or a function of the script, which is not used.

    There is one warning for a name and a model, however many groups of the same variables a script makes.
    """
    if is_noise(name):
        logger.warn(
            f"'{name}' in the texts of '{group.name}' is noise, as all names that begin with 'xi_' are: the value of "
            "this name in the script is not used. Give that value another name.",
            "resolution_conflict",
            once=f"{name} is noise",
        )
        return
    reference = group.reference(name)
    if reference is None or default_symbol(name) is not None:
        _warn_of_two_meanings(group, name, run_namespace)
        return
    if name in group.quiet_names:
        return
    for where, space in (("group-specific", group.namespace), ("run", run_namespace)):
        value = space.get(name)
        if _is_value(value) and not _is_the_same(reference, value):
            logger.warn(
                f"'{name}' is an internal variable of group '{group.name}', but also exists in the {where} namespace "
                f"with the value {_shown(value)}. The internal variable will be used.",
                "resolution_conflict",
                once=f"{name} of {type(group).__name__} with {', '.join(group.variables)}",
            )


def _warn_of_two_meanings(group: Owner, name: str, run_namespace: Mapping[str, object]) -> None:
    def warn(message: str) -> None:
        logger.warn(message, "resolution_conflict", once=f"{name} has two meanings")

    try:
        find(name, group.namespace, run_namespace, warn=warn)
    except TypeError:
        return  # whoever needs the name says so, and where


def _is_value(value: object) -> TypeGuard[float | Array]:
    """Tells whether a value of the script could be meant in a text: a number, an array, a function with units."""
    plain = isinstance(value, (bool, int, float, complex, np.number, np.bool_, np.ndarray))
    return plain or getattr(value, "dim", None) is not None or hasattr(value, "_arg_units")


def _shown(value: float | Array) -> str:
    if isinstance(value, np.ndarray) and value.ndim and not hasattr(value, "dim"):
        return np.array2string(value, threshold=6, edgeitems=2, separator=", ")
    return f"{getattr(value, '__name__', value) if callable(value) else value}"


def _is_the_same(reference: Reference, value: float | Array) -> bool:
    """Tells whether a variable of the group is known to have the value that the script has under its name."""
    variable = reference.variable
    if np.shape(value) or callable(value):
        return False
    if isinstance(variable, Constant):
        return bool(variable.value == np.asarray(value))
    return (
        isinstance(variable, ClockVariable) and variable.what == "dt" and bool(np.asarray(value) == variable.clock.dt_)
    )
