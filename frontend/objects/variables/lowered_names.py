"""What the names of lowered code mean to integrators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ranvier.actions import actions as act
from ranvier.analysis.symbols import DType, Symbol, constant, function, noise
from ranvier.equations.functions import DEFAULT_FUNCTIONS
from ranvier.equations.identifiers import is_noise
from ranvier.objects.variables.variables import KINDS
from ranvier.units.dimensions import DIMENSIONLESS

if TYPE_CHECKING:
    from ranvier.objects.variables.scope import Scope


def symbol_of(name: str, scope: Scope) -> Symbol:
    """Returns what a name of lowered code means to integrators."""
    if is_noise(name):
        return noise(name)
    if found := scope.functions.get(name) or DEFAULT_FUNCTIONS.get(name):
        return function(name, found)
    binding = scope.bindings[name]
    if isinstance(binding, act.Constant):
        return constant(name, binding.value)
    match binding:
        case act.Element(storage) | act.Indexed(storage) | act.Shared(storage):
            kind: DType = KINDS[storage.dtype.kind]
        case act.OwnIndex():
            kind = "integer"
        case _:
            kind = "integer" if name.endswith("t_in_timesteps") else "float"
    known = scope.symbols(()).get(name)
    dim = DIMENSIONLESS if known is None else known.dim
    return Symbol(name, kind, dim, isinstance(binding, (act.Shared, act.Time)), "variable")
