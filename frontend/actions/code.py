"""Code of the model language as the plan holds it: the names in it, and what becomes a number in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ranvier.actions import actions as act
from ranvier.equations.assignments import Adaptive, Assign, Line, Propagator
from ranvier.equations.expressions import Binary, Call, Expr, Name, Number, map_children, once_each, walk
from ranvier.equations.functions import DEFAULT_CONSTANTS
from ranvier.units import unit_in_string

DRAWS = {
    "rand": "uniform",
    "randn": "normal",
    "_normal": "normal",
    "poisson": "poisson",
    "_binomial": "binomial",
    "_tabulated_poisson": "tabulated",
    "_tabulated_binomial": "tabulated",
}
"""Functions of the language that draw random numbers, and their distributions."""


def used_names(code: Iterable[Line], expressions: Iterable[Expr] = ()) -> list[str]:
    """Returns all names and functions in code, assigned ones included, in the order in which they first occur.

    The order does not depend on how names are spelled.
    """
    used: dict[str, None] = {}
    for line in code:
        if isinstance(line, Assign):
            _add_names(line.expr, used)
            used[line.target] = None
        elif isinstance(line, Adaptive):
            for part in line.expressions:
                _add_names(part, used)
            used.update((name, None) for name in (*line.variables, *line.targets))
        else:
            for row in line.matrix:
                for entry in row:
                    _add_names(entry, used)
            _add_names(line.step, used)
            used.update((name, None) for row in line.targets for name in row if name)
    for expression in expressions:
        _add_names(expression, used)
    return list(used)


def read_names(code: Iterable[Line], expressions: Iterable[Expr] = ()) -> set[str]:
    """Returns the names and functions in the expressions of code, and in further ones."""
    used: dict[str, None] = {}
    for line in code:
        for part in _parts(line):
            _add_names(part, used)
        if isinstance(line, Adaptive):
            used.update((name, None) for name in line.variables)
    for expression in expressions:
        _add_names(expression, used)
    return set(used)


def _parts(line: Line) -> Iterable[Expr]:
    match line:
        case Assign():
            return [line.expr]
        case Propagator():
            return [line.step, *(entry for row in line.matrix for entry in row)]
        case Adaptive():
            return line.expressions


def _add_names(expr: Expr, used: dict[str, None]) -> None:
    for node in walk(expr):
        if isinstance(node, Name):
            used[node.id] = None
        elif isinstance(node, Call):
            used[node.function] = None


def assigned_names(code: Iterable[Line]) -> set[str]:
    """Returns the names that code assigns."""
    return {name for line in code for name in _targets(line)}


def _targets(line: Line) -> Iterable[str]:
    match line:
        case Assign():
            return [line.target]
        case Propagator():
            return [name for row in line.targets for name in row if name]
        case Adaptive():
            return line.targets


def bake(expr: Expr, bindings: Mapping[str, Any]) -> Expr:
    """Replaces units, and integer constants of the script in exponents, by numbers: x**n becomes multiplications."""

    def baked(node: Expr) -> Expr:
        match node:
            case Name(id):
                binding = bindings.get(id)
                if isinstance(binding, act.Constant) and is_fixed(id):
                    return Number(binding.value, node.span)
                return node
            case Binary("**", left, Name(id)):
                binding = bindings.get(id)
                if isinstance(binding, act.Constant) and float(binding.value).is_integer():
                    return Binary("**", part(left), Number(binding.value, node.right.span), node.span)
                return Binary("**", part(left), part(node.right), node.span)
            case _:
                return map_children(node, part)

    part = once_each(baked)
    return part(expr)


def is_fixed(name: str) -> bool:
    """Tells whether a name means the same in every script: units and the constants pi, e, inf."""
    return name in DEFAULT_CONSTANTS or unit_in_string(name) is not None


def bake_code(code: Sequence[Line], bindings: Mapping[str, Any]) -> tuple[Line, ...]:
    """Returns code with `bake` applied to all expressions."""
    return tuple(_baked(line, bindings) for line in code)


def _baked(line: Line, bindings: Mapping[str, Any]) -> Line:
    match line:
        case Assign():
            return Assign(line.target, bake(line.expr, bindings))
        case Propagator():
            matrix = tuple(tuple(bake(entry, bindings) for entry in row) for row in line.matrix)
            return Propagator(line.targets, matrix, bake(line.step, bindings))
        case Adaptive():
            return line.with_parts(lambda expr: bake(expr, bindings))
