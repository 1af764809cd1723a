"""What names mean to a group: its variables, then the names of its namespace and of the script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from ranvier.analysis.names import resolve
from ranvier.analysis.symbols import Symbol
from ranvier.equations import Function
from ranvier.objects.variables.variables import Constant, Owner, Variable


class Resolving:
    """Something with variables, for whose texts names are looked up."""

    def resolve_all(
        self: Owner,
        identifiers: Iterable[str],
        run_namespace: Mapping[str, object],
        user_identifiers: object = None,
        additional_variables: Mapping[str, Variable] | None = None,
    ) -> dict[str, Variable | Function]:
        """Returns what names in a text mean: variables, functions, and constants for numbers and units.

        Args:
            identifiers: The names.
            run_namespace: The names of the script.
            user_identifiers: Accepted for compatibility.
            additional_variables: Variables that come before those of the group.

        Raises:
            KeyError: A name means nothing.
        """
        found: dict[str, Variable | Function] = {}
        for name in identifiers:
            if additional_variables is not None and name in additional_variables:
                found[name] = additional_variables[name]
            elif name in self.variables:
                found[name] = self.variables[name]
            else:
                found[name] = _meaning(resolve(name, self.namespace, run_namespace))
        return found


def _meaning(symbol: Symbol) -> Variable | Function:
    if isinstance(symbol.value, Function):
        return symbol.value
    value = symbol.value
    assert isinstance(value, bool | int | float), "other names have no meaning"
    return Constant(
        name=symbol.name,
        dim=symbol.dim,
        dtype=np.dtype(type(value)),
        scalar=True,
        constant=True,
        read_only=True,
        value=value,
    )
