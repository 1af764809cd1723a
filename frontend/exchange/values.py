"""Numbers that a model's texts stand for: coefficients of linear equations, element by element."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ranvier.equations.expressions import Expr, Number, functions, names, substitute
from ranvier.objects.groups.group import Group
from ranvier.objects.variables.scope import Scope
from ranvier.objects.variables.values import evaluated

Values = np.ndarray[Any, np.dtype[np.float64]]
"""A value for each element."""

CHANGING = frozenset({"t", "t_in_timesteps", "rand", "randn", "poisson", "binomial"})
"""What changes from step to step."""


def values_of(group: Group, expr: Expr, namespace: Mapping[str, object], given: Mapping[str, float]) -> Values:
    """Returns the values of an expression for each element, in SI units.

    Args:
        group: Neurons or synapses.
        expr: The expression.
        namespace: The names of the script.
        given: Variables that have these values instead of their own.
    """
    replaced = substitute(expr, {name: Number(value) for name, value in given.items()})
    scope = Scope(group, namespace)
    elements = np.arange(group.element_count)
    found = evaluated(scope, scope.lower(replaced), elements)
    return np.broadcast_to(np.asarray(found, dtype=np.float64), elements.shape).copy()


def linear_coefficients(
    group: Group, expr: Expr, variables: Sequence[str], namespace: Mapping[str, object]
) -> tuple[list[Values], Values] | None:
    """Returns the coefficient of each variable and the constant part, None if an expression is not linear in them.

    Args:
        group: Neurons or synapses.
        expr: The expression.
        variables: The variables.
        namespace: The names of the script.
    """
    if (names(expr) | functions(expr)) & CHANGING:
        return None
    zero = dict.fromkeys(variables, 0.0)
    with np.errstate(all="ignore"):
        constant = values_of(group, expr, namespace, zero)
        coefficients = [values_of(group, expr, namespace, {**zero, name: 1.0}) - constant for name in variables]
        for point in ((0.37, -1.9, 2.3), (-1.7, 0.61, 0.83)):
            given = {name: point[k % 3] * (k + 1) for k, name in enumerate(variables)}
            expected = constant + sum(c * given[name] for c, name in zip(coefficients, variables, strict=True))
            if not np.allclose(values_of(group, expr, namespace, given), expected, rtol=1e-6, atol=0, equal_nan=False):
                return None
    return coefficients, constant


def with_subexpressions(text: Expr, definitions: Callable[[], Mapping[str, Expr]]) -> Expr:
    """Returns an expression with subexpressions put in the place of their names."""
    found = definitions()
    while names(text) & found.keys():
        text = substitute(text, found)
    return text
