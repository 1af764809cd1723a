"""Values of expressions and variables now, computed by numpy: for assignments and for looking at groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ranvier.actions.present_values import bound_value
from ranvier.analysis.evaluate import evaluate
from ranvier.equations.expressions import Expr, functions, names
from ranvier.objects.memory.arrays import Array
from ranvier.objects.variables.scope import Scope
from ranvier.objects.variables.variables import ElementOwner, Owner
from ranvier.units.dimensions import DIMENSIONLESS
from ranvier.units.mismatch import DimensionMismatchError

MANY = 1 << 20
"""Elements from which on native code computes values, which takes a tenth of the time. A program is found in some
milliseconds and compiled in a tenth of a second; numpy takes as long for so many."""


def evaluated(scope: Scope, expr: Expr, elements: Array, rng: np.random.Generator | None = None) -> Any:
    """Returns the present values of a lowered expression.

    Args:
        scope: The scope that lowered it.
        expr: The expression.
        elements: Numbers of the elements.
        rng: Where random numbers come from; numpy's global generator if absent.

    Returns:
        A plain array of one value for each element, or a single value if all are the same.
    """
    if elements.size >= MANY:
        found = _natively(scope, expr, elements)
        if found is not None:
            return found
    return _by_numpy(scope, expr, elements, rng)


def _by_numpy(scope: Scope, expr: Expr, elements: Array, rng: np.random.Generator | None = None) -> object:
    used = names(expr) | functions(expr)
    values = {name: bound_value(scope.bindings[name], elements) for name in used if name in scope.bindings}
    return evaluate(expr, values, elements.size, rng)


def _natively(scope: Scope, expr: Expr, elements: Array) -> Array | None:
    """Returns values that native code computes, of the type that numpy gives; None if it cannot, or is no faster."""
    from ranvier.objects.variables import native_values as native  # few scripts have so many elements

    if not native.pays(scope, expr):
        return None
    dtype = np.asarray(_by_numpy(scope, expr, elements[:1])).dtype
    return native.native_values(scope, expr, elements, dtype)


def expression_values(
    group: Owner, expr: Expr, elements: Array, namespace: Mapping[str, object], *, source: str | None = None
) -> Array:
    """Returns the present values of an expression of a group for some of its elements, one for each."""
    scope = Scope(group, namespace, warns=False)
    lowered, _, _ = scope.expression(expr, source=source)
    return np.broadcast_to(evaluated(scope, lowered, elements), elements.shape)


def condition_elements(
    group: ElementOwner, text: str, namespace: Mapping[str, object], numbers_of: Callable[[object, int], Array]
) -> Array:
    """Returns the numbers of the elements for which a condition of a group holds, or that a whole number gives.

    Args:
        group: The group.
        text: The condition, or the number.
        namespace: The names of the script.
        numbers_of: Gives the elements that numbers mean among so many.

    Raises:
        IndexError: A number of no element.
        DimensionMismatchError, KeyError, SyntaxError, TypeError: What is wrong with the text.
    """
    scope, expr, dtype = _index(group, text, namespace)
    if dtype == "float":
        scope.condition(text, "The index")  # says what is wrong
    elements: Array = np.arange(group.element_count)
    if dtype == "integer":
        return numbers_of(evaluated(scope, expr, elements), group.element_count)
    held = np.broadcast_to(evaluated(scope, expr, elements), elements.shape)
    return np.flatnonzero(held)


class Where:
    """The elements that a text chooses whose values are set: those for which it is true, or not zero.

    Where values are read, whole numbers are numbers of elements; where they are set they are not, as in Brian.

    Args:
        text: The condition.
        names: Gives the names of the script.
    """

    def __init__(self, text: str, names: Callable[[], Mapping[str, object]]) -> None:
        self._text = text
        self._names = names

    def element_indices(self, group: ElementOwner) -> Array:
        """Returns the numbers of the elements.

        Raises:
            DimensionMismatchError, KeyError, SyntaxError, TypeError: What is wrong with the text.
        """
        scope, expr, _ = _index(group, self._text, self._names())
        elements: Array = np.arange(group.element_count)
        held = np.broadcast_to(evaluated(scope, expr, elements), elements.shape)
        return np.flatnonzero(held)


def _index(group: ElementOwner, text: str, namespace: Mapping[str, object]) -> tuple[Scope, Expr, str]:
    scope = Scope(group, namespace, warns=False)
    expr, dim, dtype = scope.expression(text)
    if dim is not DIMENSIONLESS:
        raise DimensionMismatchError(f"The index '{text}' has to be a condition, but it has a unit", dim)
    return scope, expr, dtype
