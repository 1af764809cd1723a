"""Which variables of neurons code of synapses must leave alone while the neuron is refractory."""

from __future__ import annotations

from collections.abc import Iterable

from ranvier.actions.actions import Indexed
from ranvier.equations.expressions import Name
from ranvier.objects.connections.connected import Connected
from ranvier.objects.connections.variables import POST, PRE
from ranvier.objects.variables.scope import Scope
from ranvier.objects.variables.variables import ArrayVariable


def guards(synapses: Connected, scope: Scope, assigned: Iterable[str]) -> dict[str, str]:
    """Returns the assigned variables that are protected while refractory → the name of what tells, in the scope."""
    found: dict[str, str] = {}
    for name in sorted(assigned):
        reference = synapses.reference(name)
        if reference is None or name not in scope.bindings:
            continue
        variable, binding = reference.variable, scope.bindings[name]
        if isinstance(variable, ArrayVariable) and variable.protected:
            is_pre = isinstance(binding, Indexed) and binding.index is synapses.connections.sources
            guard = scope.lower(Name(f"not_refractory{PRE if is_pre else POST}"))
            assert isinstance(guard, Name)
            found[name] = guard.id
    return found
