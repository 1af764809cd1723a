"""From the names of a pathway's code to what they are for a synapse: its own values, its source's, its target's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ranvier.actions import actions as act
from ranvier.actions.synaptic_actions import (
    Connections,
    OfPost,
    OfPre,
    OfSynapse,
    PostIndex,
    PreIndex,
    SynapticBinding,
)
from ranvier.equations.assignments import Adaptive, Assign, Line, Propagator
from ranvier.equations.expressions import Expr, Name, substitute


def synaptic_bindings(bindings: Mapping[str, act.Binding], connections: Connections) -> dict[str, SynapticBinding]:
    """Returns the bindings of a scope of synapses in the terms of a pathway."""
    return {name: _synaptic(binding, connections) for name, binding in bindings.items()}


def _synaptic(binding: act.Binding, connections: Connections) -> SynapticBinding:
    match binding:
        case act.Element(storage) if storage is connections.sources:
            return PreIndex()
        case act.Element(storage) if storage is connections.targets:
            return PostIndex()
        case act.Element(storage):
            return OfSynapse(storage)
        case act.Indexed(storage, index, offset) if index is connections.sources:
            return OfPre(storage, offset)
        case act.Indexed(storage, index, offset) if index is connections.targets:
            return OfPost(storage, offset)
        case _:
            return binding


VARIABLES = (OfSynapse, OfPre, OfPost, act.Indexed, act.Shared, PreIndex, PostIndex)
"""Bindings for which two names in one code would be the same memory twice."""


def one_name_each(
    code: Sequence[Line], bindings: Mapping[str, SynapticBinding]
) -> tuple[tuple[Line, ...], dict[str, SynapticBinding], dict[str, str]]:
    """Renames so that each variable has one name in the code: `v` and `v_post` are the same.

    Args:
        code: The assignments.
        bindings: What names stand for.

    Returns:
        The assignments, the bindings of the names that are left, and for each other name the one in its place.
    """
    assigned = {line.target for line in code if isinstance(line, Assign)}
    chosen: dict[SynapticBinding, str] = {}
    for name in sorted(bindings, key=lambda name: name not in assigned):
        binding = bindings[name]
        if isinstance(binding, VARIABLES):
            chosen.setdefault(binding, name)
    renamed = {
        name: chosen[binding]
        for name, binding in bindings.items()
        if isinstance(binding, VARIABLES) and chosen[binding] != name
    }
    if not renamed:
        return tuple(code), dict(bindings), {}
    left = {name: binding for name, binding in bindings.items() if name not in renamed}
    return tuple(renamed_line(line, renamed) for line in code), left, renamed


def renamed_line(line: Line, names: Mapping[str, str]) -> Line:
    """Returns an assignment in which names are replaced by others."""
    trees: dict[str, Expr] = {old: Name(new) for old, new in names.items()}

    def change(expr: Expr) -> Expr:
        return substitute(expr, trees)

    def rename(name: str) -> str:
        return names.get(name, name)

    return in_expressions(line, change, rename)


def in_expressions(line: Line, change: Callable[[Expr], Expr], rename: Callable[[str], str] | None = None) -> Line:
    """Returns an assignment with its expressions, and the names it assigns, changed."""
    if isinstance(line, Assign):
        return Assign(line.target if rename is None else rename(line.target), change(line.expr))
    if isinstance(line, Adaptive):
        return line.with_parts(change, str if rename is None else rename)
    matrix = tuple(tuple(change(entry) for entry in row) for row in line.matrix)
    return Propagator(line.targets, matrix, change(line.step))
