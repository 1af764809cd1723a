"""The dimensions of any value, and the comparison of two."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Iterable
from typing import Any, cast

import numpy as np

from ranvier.public import public
from ranvier.units.dimensions import DIMENSIONLESS, Dimension
from ranvier.units.mismatch import DimensionMismatchError

Array = np.ndarray[Any, Any]


@public
def get_dimensions(obj: Any) -> Dimension:
    """Returns the dimension of a quantity, unit, number, array or dimension.

    Raises:
        TypeError: If the object is nothing of that kind.
    """
    dim = getattr(obj, "dim", None)
    if isinstance(dim, Dimension):
        return dim
    if isinstance(obj, (numbers.Number, np.ndarray, np.generic)):
        return DIMENSIONLESS
    if isinstance(obj, (list, tuple)):
        return common_dimension(obj)
    if isinstance(obj, range):
        return DIMENSIONLESS
    if hasattr(cast(object, obj), "__array__"):
        return DIMENSIONLESS
    raise TypeError(f"Object of type {type(obj)} does not have dimensions")


def single(value: Any, what: str) -> float:
    """Returns a value as a number, without its unit.

    Args:
        value: What a script gives.
        what: What it is for, as the subject of a sentence.

    Raises:
        TypeError, ValueError: If it is not one number.
    """
    if isinstance(value, str):
        raise ValueError(f"{what} has to be a value, not the text {value!r}: leave out the quotes.")
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{what} has to be a single value, not {value!r}.") from None


@public
def is_dimensionless(obj: Any) -> bool:
    """Tells whether a value has no unit."""
    return get_dimensions(obj) is DIMENSIONLESS


@public
def have_same_dimensions(obj1: Any, obj2: Any) -> bool:
    """Tells whether two values have the same unit up to a factor."""
    return get_dimensions(obj1) is get_dimensions(obj2)


@public
def is_scalar_type(obj: Any) -> bool:
    """Tells whether a value is a single number without unit."""
    if isinstance(obj, np.ndarray):
        return obj.ndim == 0 and is_dimensionless(cast(object, obj))
    return np.isscalar(obj) and not isinstance(obj, (str, bytes))


def only(obj: Any, test: Callable[[Array], Any]) -> bool:
    """Tells whether a number or array (not a list) consists only of values that pass a test."""
    if isinstance(obj, (bool, int, float, np.ndarray, np.generic)):
        try:
            return bool(np.all(test(np.asarray(obj))))
        except TypeError:  # text and objects are neither 0 nor infinite
            return False
    return False


def _is_zero(obj: Any) -> bool:
    return only(obj, lambda values: values == 0)


def describe(obj: Any) -> str:
    """Returns a value for a message: in its best unit, long arrays shortened."""
    with np.printoptions(threshold=10, edgeitems=2):
        if hasattr(obj, "in_best_unit"):
            return obj.in_best_unit()
        return str(np.asarray(cast(list[Any], obj))) if isinstance(obj, (list, tuple)) else str(obj)


def fail_for_dimension_mismatch(
    obj1: Any, obj2: Any = None, error_message: str | None = None, **error_quantities: Any
) -> tuple[Dimension, Dimension]:
    """Compares the dimensions of two values; 0 goes with everything.

    Args:
        obj1: A value.
        obj2: The other value; None stands for one without unit.
        error_message: The message, with `{name}` for each of `error_quantities`.
        error_quantities: Values shown in the message, in their best units.

    Returns:
        The two dimensions.

    Raises:
        DimensionMismatchError: If they differ; the message names both units.
    """
    dim1 = get_dimensions(obj1)
    dim2 = DIMENSIONLESS if obj2 is None else get_dimensions(obj2)
    if dim1 is dim2:
        return dim1, dim2
    if (dim1 is DIMENSIONLESS and _is_zero(obj1)) or (dim2 is DIMENSIONLESS and _is_zero(obj2)):
        return dim1, dim2
    if error_message is None:
        error_message = "Dimension mismatch"
    elif error_quantities:
        error_message = error_message.format(**{k: describe(v) for k, v in error_quantities.items()})
    raise DimensionMismatchError(error_message, dim1, dim2)


def common_dimension(arr: Any) -> Dimension:
    """Returns the dimension of the elements of a (nested) list."""
    if not isinstance(arr, (list, tuple)):
        return get_dimensions(arr) if hasattr(arr, "dim") else DIMENSIONLESS
    leaves = list(_leaves(cast(Iterable[Any], arr)))
    kinds = {isinstance(getattr(x, "dim", None), Dimension) for x in leaves}
    if kinds == {True, False}:
        raise TypeError("Mixing quantities and non-quantities is not allowed.")
    dims = {get_dimensions(x): None for x in leaves if isinstance(getattr(x, "dim", None), Dimension)}
    if len(dims) > 1:
        raise DimensionMismatchError("Mixing quantities with different dimensions is not allowed", *dims)
    return next(iter(dims), DIMENSIONLESS)


def _is_mixed(items: tuple[Any, ...]) -> bool:
    return len({isinstance(getattr(item, "dim", None), Dimension) for item in items}) > 1


def _leaves(items: Iterable[Any]) -> Iterable[Any]:
    for item in items:
        if isinstance(item, tuple) and _is_mixed(cast(tuple[Any, ...], item)):
            yield 0.0  # a record, such as (index, time), has no unit
        elif isinstance(item, (list, tuple)):
            yield from _leaves(cast(Iterable[Any], item))
        else:
            yield item
