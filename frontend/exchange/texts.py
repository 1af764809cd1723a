"""The names in the texts of a model that the script gives a value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ranvier.analysis.names import default_symbol, resolve
from ranvier.equations import Expression, Function, Statements
from ranvier.equations.identifiers import is_noise
from ranvier.objects.groups.brianobject import naming
from ranvier.objects.groups.group import Group
from ranvier.objects.inputs.timedarray import TimedArray
from ranvier.objects.variables.variables import Constant
from ranvier.units import Quantity, second
from ranvier.units.dimensions import Dimension
from ranvier.units.quantity import quantity


def names_of_statements(code: str) -> set[str]:
    """Returns the names that statements use, without those that they define for themselves."""
    statements = Statements(code)
    return statements.identifiers - {k.target for k in statements.tree if k.op == "="}


def names_of_expressions(texts: Iterable[object]) -> set[str]:
    """Returns the names in those of the values that are text."""
    return {name for text in texts if isinstance(text, str) for name in Expression(text).identifiers}


def identifiers(group: Group, names: Iterable[str], namespace: Mapping[str, object]) -> dict[str, Any]:
    """Returns what those of some names mean that are no variables, units or functions that every model knows.

    Args:
        group: The group in whose texts they stand.
        names: The names.
        namespace: The names of the script.

    Raises:
        BrianObjectException: A name means nothing.
    """
    found: dict[str, Any] = {}
    for name in sorted(names):
        reference = group.reference(name)
        if reference is not None:
            if isinstance(reference.variable, Constant):
                found[name] = quantity_or_number(reference.variable.value, reference.variable.dim)
        elif default_symbol(name) is None and not is_noise(name):
            with naming(group):
                resolve(name, group.namespace, namespace)
            found[name] = _described(group.namespace[name] if name in group.namespace else namespace[name])
    return found


def quantity_or_number(value: Any, dim: Dimension) -> Any:
    """Returns a value with its unit, a plain number if it has none."""
    return value if dim.is_dimensionless else quantity(value, dim)


def _described(value: Any) -> Any:
    if isinstance(value, TimedArray):
        return {
            "name": value.name,
            "type": "timedarray",
            "values": quantity_or_number(value.values, value.dim),
            "dt": Quantity(value.dt, dim=second.dim),
            "ndim": value.values.ndim,
        }
    if isinstance(value, Function) or callable(value):
        return {"name": getattr(value, "name", None) or getattr(value, "__name__", "?"), "type": "custom_func"}
    return value
