"""numpy functions that would lose or ignore units, with units."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ranvier.public import public
from ranvier.units.check_units import check_units
from ranvier.units.checks import describe, fail_for_dimension_mismatch, get_dimensions, is_dimensionless
from ranvier.units.dimensions import DIMENSIONLESS
from ranvier.units.joining import joined
from ranvier.units.mismatch import DimensionMismatchError
from ranvier.units.quantity import Quantity, quantity

__all__ = [
    "arange",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctanh",
    "concat",
    "concatenate",
    "cos",
    "cosh",
    "diagonal",
    "dot",
    "exp",
    "expm1",
    "exprel",
    "linspace",
    "log",
    "log1p",
    "log10",
    "ones_like",
    "ptp",
    "ravel",
    "sin",
    "sinh",
    "tan",
    "tanh",
    "trace",
    "where",
    "zeros_like",
]

_numpy: Any = np
"""numpy for calls that pass arguments on, whose types are not known here."""


def _dimensionless(func: np.ufunc) -> Callable[..., Any]:
    """Returns a numpy function that takes arguments without unit only."""
    name = func.__name__

    def wrapped(x: Any, *args: Any, **kwds: Any) -> Any:
        if get_dimensions(x) is not DIMENSIONLESS:
            message = f"{name} expects a dimensionless argument but got {describe(x)}"
            raise DimensionMismatchError(message, get_dimensions(x))
        return func(np.asarray(x), *args, **kwds)

    wrapped.__name__ = wrapped.__qualname__ = name
    wrapped.__doc__ = func.__doc__
    # Read by the equations when the function is used in model code.
    wrapped._arg_units, wrapped._return_unit = [1], 1  # type: ignore[attr-defined]
    wrapped._arg_names, wrapped._orig_func = ("x",), func  # type: ignore[attr-defined]
    wrapped._do_not_run_doctests = True  # type: ignore[attr-defined]
    return public(wrapped)


log = _dimensionless(np.log)
log10 = _dimensionless(np.log10)
log1p = _dimensionless(np.log1p)
exp = _dimensionless(np.exp)
expm1 = _dimensionless(np.expm1)
sin = _dimensionless(np.sin)
cos = _dimensionless(np.cos)
tan = _dimensionless(np.tan)
arcsin = _dimensionless(np.arcsin)
arccos = _dimensionless(np.arccos)
arctan = _dimensionless(np.arctan)
sinh = _dimensionless(np.sinh)
cosh = _dimensionless(np.cosh)
tanh = _dimensionless(np.tanh)
arcsinh = _dimensionless(np.arcsinh)
arccosh = _dimensionless(np.arccosh)
arctanh = _dimensionless(np.arctanh)


@public
@check_units(x=1, result=1)
def exprel(x: Any) -> Any:
    """Returns (exp(x) - 1)/x, continued by 1 at 0; infinity above 717."""
    values = np.asarray(x, dtype=np.float64)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        result = np.where(np.abs(values) < 1e-16, 1.0, np.expm1(values) / values)
    result = np.where(values > 717, np.inf, result)
    return result if result.ndim else result[()]


def _keeping(name: str) -> Callable[..., Any]:
    plain = getattr(np, name)

    def wrapped(x: Any, *args: Any, **kwds: Any) -> Any:
        if isinstance(x, Quantity):
            return quantity(plain(x.view(np.ndarray), *args, **kwds), x.dim)
        return plain(x, *args, **kwds)

    wrapped.__name__ = wrapped.__qualname__ = name
    wrapped.__doc__ = plain.__doc__
    return public(wrapped)


diagonal = _keeping("diagonal")
ravel = _keeping("ravel")
trace = _keeping("trace")
ptp = _keeping("ptp")


def _without_unit(name: str) -> Callable[..., Any]:
    plain = getattr(np, name)

    def wrapped(a: Any, *args: Any, **kwds: Any) -> Any:
        return plain(np.asarray(a), *args, **kwds)

    wrapped.__name__ = wrapped.__qualname__ = name
    wrapped.__doc__ = plain.__doc__
    return public(wrapped)


ones_like = _without_unit("ones_like")
zeros_like = _without_unit("zeros_like")


@public
def dot(a: Any, b: Any, **kwds: Any) -> Any:
    """Returns the product of two arrays (see `numpy.dot`); units multiply if the first has one.

    With a plain first array the result is plain, as in Brian.
    """
    if isinstance(a, Quantity):
        return quantity(np.dot(np.asarray(a), np.asarray(b), **kwds), get_dimensions(a) * get_dimensions(b))
    return np.dot(a, b, **kwds)


@public
def where(condition: Any, *args: Any, **kwds: Any) -> Any:
    """Returns elements of x or y (see `numpy.where`), which have the same unit.

    A literal 0 needs no unit; as the first of the two it makes the result plain, as in Brian.

    Raises:
        DimensionMismatchError: If they have not.
    """
    if len(args) != 2:
        return _numpy.where(condition, *args, **kwds)
    x, y = args
    dim, _ = fail_for_dimension_mismatch(x, y, "x and y need to have the same dimensions")
    result = np.where(np.asarray(condition), np.asarray(x), np.asarray(y), **kwds)
    return result if dim is DIMENSIONLESS else Quantity(result, dim=dim)


@public
def concatenate(arrays: Any, axis: int | None = 0, out: Any = None, **kwds: Any) -> Any:
    """Returns arrays joined along an axis (see `numpy.concatenate`); all have the same unit, also those of zeros.

    Raises:
        DimensionMismatchError: If they have not.
    """
    return quantity(*joined(arrays, axis, out, **kwds))


@public
def concat(arrays: object, axis: int | None = 0, out: object = None, **kwds: object) -> object:
    """Returns arrays joined along an axis: the newer name of `concatenate`."""
    return concatenate(arrays, axis, out, **kwds)


@public
def linspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False, **kwds: Any) -> Any:
    """Returns evenly spaced values (see `numpy.linspace`) from start to stop, which have the same unit.

    A literal 0 needs no unit; as the start it makes the result plain, as in Brian.

    Raises:
        DimensionMismatchError: If they have not.
    """
    message = "Start value {start} and stop value {stop} have to have the same units."
    dim, _ = fail_for_dimension_mismatch(start, stop, message, start=start, stop=stop)
    values = _numpy.linspace(np.asarray(start), np.asarray(stop), num=num, endpoint=endpoint, retstep=retstep, **kwds)
    if retstep:
        return quantity(values[0], dim), quantity(values[1], dim)
    return quantity(values, dim)


@public
def arange(*args: Any, **kwds: Any) -> Any:
    """Returns evenly spaced values with a step (see `numpy.arange`); all arguments have the same unit.

    A start of 0 needs no unit; a step has to be given if the values have one.

    Raises:
        DimensionMismatchError: If the units differ.
        TypeError: If the stop value is missing or given twice.
    """
    named = _arange_arguments(args, kwds)
    start, stop, step = named["start"], named["stop"], named["step"]
    for a, b, text in (
        (start, stop, "Start value {a} and stop value {b}"),
        (stop, step, "Stop value {a} and step value {b}"),
    ):
        fail_for_dimension_mismatch(a, b, text + " have to have the same units.", a=a, b=b)
    dims = [get_dimensions(x) for x in (start, stop, step)]
    dim = next((d for d in dims if d is not DIMENSIONLESS), DIMENSIONLESS)
    if dim is DIMENSIONLESS:
        values = [x.view(np.ndarray) if isinstance(x, Quantity) else x for x in (start, stop, step)]
        return _numpy.arange(*values, **kwds)
    if is_dimensionless(step):
        fail_for_dimension_mismatch(stop, 1, "Stop value and step value have to have the same units")
    return quantity(np.arange(float(start), float(stop), float(step), **kwds), dim)


def _arange_arguments(args: tuple[Any, ...], kwds: dict[str, Any]) -> dict[str, Any]:
    """Takes start, stop and step out of the arguments of `arange`."""
    names = ("stop",) if len(args) == 1 else ("start", "stop", "step")
    if len(args) == 1 and "stop" in kwds:
        raise TypeError("Duplicate definition of 'stop'")
    named: dict[str, Any] = {"start": 0, "stop": None, "step": 1}
    if len(args) > 3:
        kwds["dtype"] = args[3]
    for name, value in zip(names, args, strict=False):
        if name in kwds:
            raise TypeError(f"Duplicate definition of '{name}'")
        named[name] = value
    for name in named:
        if name in kwds:
            named[name] = kwds.pop(name)
    if named["stop"] is None:
        raise TypeError("Missing stop argument.")
    return named
