"""`check_units`: the units of a function's arguments and result, checked at each call."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from ranvier.public import public
from ranvier.units.checks import describe, get_dimensions
from ranvier.units.dimensions import DIMENSIONLESS, Dimension
from ranvier.units.mismatch import DimensionMismatchError
from ranvier.units.unit import get_unit_for_display


@public
def check_units(**au: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Returns a decorator that checks the units of arguments and result.

    Args:
        au: For each argument a unit, `1` (no unit), `bool`, `None` (anything) or the name of an argument
            with the same unit; `result` a unit, `bool`, or a function of the arguments' dimensions.
            Text and `None` are accepted as any argument.

    The decorated function has the attributes `_arg_names`, `_arg_units`, `_return_unit` and `_orig_func`,
    with which it can be used in model code; it raises `DimensionMismatchError` for a wrong unit and
    `TypeError` for an argument that should be true or false.
    """

    def decorate(f: Callable[..., Any]) -> Callable[..., Any]:
        shown = f.__qualname__.split(".")[-2] if f.__name__ == "__init__" else f.__name__  # scripts call the class
        names = f.__code__.co_varnames[: f.__code__.co_argcount]
        flexible = inspect.signature(f).parameters
        takes_any = any(each.kind is each.VAR_KEYWORD for each in flexible.values())

        @wraps(f)
        def checked(*args: Any, **kwds: Any) -> Any:
            given = {**dict(zip(names, args, strict=False)), **kwds}
            for name, value in given.items():
                expected = au.get(name)
                is_checked = expected is not None and (takes_any or name in flexible)
                if is_checked and not (value is None or isinstance(value, str)):
                    _check_argument(shown, name, value, expected, given)
            result = f(*args, **kwds)
            if "result" in au and au["result"] is not None:
                _check_result(shown, result, au["result"], [given.get(n) for n in names])
            return result

        checked._orig_func = f  # type: ignore[attr-defined]
        checked._arg_names = names  # type: ignore[attr-defined]
        checked._arg_units = [au.get(name) for name in names]  # type: ignore[attr-defined]
        checked._return_unit = au.get("result")  # type: ignore[attr-defined]
        return checked

    return decorate


def _check_argument(func: str, name: str, value: Any, expected: Any, given: dict[str, Any]) -> None:
    if expected is bool or expected is np.bool_:
        if not _is_boolean(value):
            raise TypeError(f"Function '{func}' expected a boolean value for argument '{name}' but got '{value}'")
        return
    if isinstance(expected, str):
        _check_same(func, name, expected, given)
        return
    dim = _dimension(expected)
    try:
        got = get_dimensions(value)
    except TypeError:
        if isinstance(getattr(value, "code", None), str):  # an `Expression`: a text
            return
        raise TypeError(
            f"Function '{func}' expected a quantity with unit {get_unit_for_display(dim)} for argument "
            f"'{name}' but got '{value}'"
        ) from None
    if got is not dim:
        raise DimensionMismatchError(
            f"Function '{func}' expected a quantity with unit {get_unit_for_display(dim)} for argument "
            f"'{name}' but got '{describe(value)}'",
            got,
        )


def _check_same(func: str, name: str, other: str, given: dict[str, Any]) -> None:
    if other not in given:
        raise TypeError(
            f"Function '{func}' expects argument '{name}' to have the unit of argument '{other}', which is missing."
        )
    dims = get_dimensions(given[name]), get_dimensions(given[other])
    if dims[0] is not dims[1]:
        raise DimensionMismatchError(
            f"Function '{func}' expected the argument '{name}' to have the same units as argument '{other}', "
            f"but argument '{name}' has unit {get_unit_for_display(dims[0])}, while argument '{other}' has "
            f"unit {get_unit_for_display(dims[1])}",
            *dims,
        )


def _check_result(func: str, result: Any, expected: Any, arguments: list[Any]) -> None:
    if expected is bool or expected is np.bool_:
        if not _is_boolean(result):
            raise TypeError(
                f"The return value of function '{func}' was expected to be a boolean value, but was '{result}'"
            )
        return
    if result is None:
        raise TypeError(f"The function '{func}' returned None instead of a value: it has to end with 'return ...'.")
    if callable(expected) and not hasattr(expected, "dim"):
        expected = expected(*[_dimension_or_none(a) for a in arguments])
    dim = _dimension(expected)
    got = get_dimensions(result)
    if got is not dim:
        raise DimensionMismatchError(
            f"The return value of function '{func}' was expected to have unit "
            f"{get_unit_for_display(dim)} but was '{describe(result)}'",
            got,
        )


def _is_boolean(value: Any) -> bool:
    """Tells whether a value is true or false, or an array of such: models call functions with arrays."""
    return isinstance(value, (bool, np.bool_)) or getattr(value, "dtype", None) == np.bool_


def _dimension_or_none(argument: Any) -> Dimension | None:
    """Returns the dimension of an argument; None for text and the like."""
    try:
        return get_dimensions(argument)
    except TypeError:
        return None


def _dimension(expected: Any) -> Dimension:
    return DIMENSIONLESS if isinstance(expected, (int, float)) else get_dimensions(expected)
