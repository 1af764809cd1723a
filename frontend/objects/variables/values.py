"""Values of expressions and variables now, computed by numpy: for assignments and for looking at groups."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ranvier.actions import actions as act
from ranvier.actions.host import looked_up
from ranvier.analysis.evaluate import evaluate
from ranvier.equations.expressions import Expr, functions, names
from ranvier.objects.memory.arrays import Array
from ranvier.objects.variables.scope import Scope
from ranvier.objects.variables.variables import ElementOwner, Owner
from ranvier.units.dimensions import DIMENSIONLESS
from ranvier.units.mismatch import DimensionMismatchError


def bound_value(binding: act.Binding, elements: Array) -> Any:
    """Returns the present value of a binding for some elements; functions as callables of plain values."""
    match binding:
        case act.Element(storage):
            return storage.take(elements)
        case act.Indexed(storage, None, offset):
            return storage.take(elements + offset)
        case act.Indexed(storage, index, offset):
            assert index is not None
            return storage.take(index.take(elements) + offset)
        case act.Shared(storage):
            return storage.array[0]
        case act.Constant(value=value):
            return value
        case act.Time(what, clock):
            return {"t": clock.t_, "dt": clock.dt_}.get(what, clock.timestep)
        case act.OwnIndex():
            return elements
        case act.Lookup():
            return functools.partial(looked_up, binding)
        case act.HostFunction():
            return _host_call(binding, elements.size)


def _host_call(function: act.HostFunction, count: int) -> Callable[..., Any]:
    if not function.vectorise:
        return function.call
    return lambda *args: function.call(*args, np.arange(count))


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
    used = names(expr) | functions(expr)
    values = {name: bound_value(scope.bindings[name], elements) for name in used if name in scope.bindings}
    return evaluate(expr, values, elements.size, rng)


def expression_values(
    group: Owner, expr: Expr, elements: Array, namespace: Mapping[str, object], *, source: str | None = None
) -> Array:
    """Returns the present values of an expression of a group for some of its elements, one for each."""
    scope = Scope(group, namespace)
    lowered, _, _ = scope.expression(expr, source=source)
    return np.broadcast_to(evaluated(scope, lowered, elements), elements.shape)


def condition_elements(group: ElementOwner, text: str, namespace: Mapping[str, object]) -> Array:
    """Returns the numbers of the elements for which a condition of a group holds.

    Raises:
        DimensionMismatchError, KeyError, SyntaxError, TypeError: What is wrong with the text.
    """
    scope = Scope(group, namespace)
    expr, dim, dtype = scope.expression(text)
    if dim is not DIMENSIONLESS:
        raise DimensionMismatchError(f"The index '{text}' has to be a condition, but it has a unit", dim)
    if dtype == "float":
        scope.condition(text, "The index")  # says what is wrong
    elements: Array = np.arange(group.element_count)
    held = np.broadcast_to(evaluated(scope, expr, elements), elements.shape)
    return elements[held.astype(bool)]
