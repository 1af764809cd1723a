"""Numbers and arrays with units."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Iterable
from typing import Any, Final, cast

import numpy as np

from ranvier.units.dimensions import (
    DIMENSIONLESS,
    Dimension,
    DimensionMismatchError,
    get_or_create_dimension,
)
from ranvier.units.registry import REGISTERS, UnitRegistry
from ranvier.units.ufunc_rules import POWERS, RULES, Rule

Array = np.ndarray[Any, Any]


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
        return _common_dimension(obj)
    if isinstance(obj, range):
        return DIMENSIONLESS
    if hasattr(cast(object, obj), "__array__"):
        return DIMENSIONLESS
    raise TypeError(f"Object of type {type(obj)} does not have dimensions")


def is_dimensionless(obj: Any) -> bool:
    """Whether a value has no unit."""
    return get_dimensions(obj) is DIMENSIONLESS


def have_same_dimensions(obj1: Any, obj2: Any) -> bool:
    """Whether two values have the same unit up to a factor."""
    return get_dimensions(obj1) is get_dimensions(obj2)


def is_scalar_type(obj: Any) -> bool:
    """Whether a value is a single number without unit."""
    if isinstance(obj, np.ndarray):
        return obj.ndim == 0 and is_dimensionless(cast(object, obj))
    return np.isscalar(obj) and not isinstance(obj, (str, bytes))


def _only(obj: Any, test: Callable[[Array], Any]) -> bool:
    """Whether a number or array (not a list) consists only of values that pass a test."""
    if isinstance(obj, (bool, int, float, np.ndarray, np.generic)):
        try:
            return bool(np.all(test(np.asarray(obj))))
        except TypeError:  # text and objects are neither 0 nor infinite
            return False
    return False


def _is_zero(obj: Any) -> bool:
    return _only(obj, lambda values: values == 0)


def describe(obj: Any) -> str:
    """Returns a value for a message: in its best unit, long arrays shortened."""
    if isinstance(obj, Quantity):
        return obj.in_best_unit()
    if isinstance(obj, (list, tuple)):
        return np.array2string(np.asarray(obj), threshold=10)
    return str(obj)


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


def quantity(value: Any, dim: Dimension) -> Any:
    """Returns a value with a dimension: a `Quantity`, or plain numbers if there is no dimension."""
    if dim is DIMENSIONLESS:
        if isinstance(value, Quantity):
            value = value.view(np.ndarray)
        return value if getattr(value, "shape", None) else value.item() if hasattr(value, "item") else value
    result = np.asarray(value).view(Quantity)
    result.dim = dim
    return result


class Quantity(np.ndarray[Any, np.dtype[Any]]):
    """A number or an array with a unit; the numbers stored are in SI units.

    Args:
        arr: Numbers, an array, a list of quantities.
        dim: A dimension or unit; without it that of `arr`.
        dtype: The type of the numbers; integers become `float64` unless it is given.
        copy: Whether to copy an array.
        force_quantity: Kept for compatibility; a direct call always gives a `Quantity`.

    Raises:
        TypeError: If `arr` is not numeric, or mixes quantities and numbers.
        DimensionMismatchError: If the list mixes dimensions.
    """

    __slots__ = ("dim",)
    __array_priority__ = 1000
    __hash__ = None  # type: ignore[assignment]
    dim: Dimension

    def __new__(
        cls, arr: Any, dim: Any = None, dtype: Any = None, copy: bool = False, force_quantity: bool = False
    ) -> Quantity:
        if dim is None:
            dim = arr.dim if isinstance(arr, Quantity) else _common_dimension(arr)
        values = np.array(arr, dtype=dtype, copy=True) if copy else np.asarray(arr, dtype=dtype)
        if values.dtype.kind not in "biufc":
            raise TypeError("Quantities can only be created from numerical data.")
        if dtype is None and values.dtype.kind in "biu":
            values = values.astype(np.float64)
        result = values.view(Quantity)
        result.dim = get_dimensions(dim)
        return result

    def __array_finalize__(self, obj: Any) -> None:
        self.dim = getattr(obj, "dim", DIMENSIONLESS)

    @staticmethod
    def with_dimensions(value: Any, *args: Any, **keywords: float) -> Quantity:
        """Returns a quantity with a dimension given as such or by `length=1, time=-1`..."""
        dim = args[0] if args else get_or_create_dimension(**keywords)
        return Quantity(value, dim=dim)

    # ------------------------------------------------------------------ dimensions

    @property
    def dimensions(self) -> Dimension:
        """The dimension (the same as `dim`)."""
        return self.dim

    @dimensions.setter
    def dimensions(self, value: Dimension) -> None:
        self.dim = value

    @property
    def is_dimensionless(self) -> bool:
        """Whether there is no unit."""
        return self.dim is DIMENSIONLESS

    def has_same_dimensions(self, other: Any) -> bool:
        """Whether another value has the same unit up to a factor."""
        return self.dim is get_dimensions(other)

    # ------------------------------------------------------------------ display

    def get_best_unit(self, *registers: UnitRegistry) -> Quantity:
        """Returns the unit in which the values are nearest to 10.

        Args:
            registers: Where to look, in this order; without any in all registers.
        """
        from ranvier.units.unit import Unit

        for register in registers or REGISTERS:
            try:
                return register[self]
            except KeyError:
                pass
        if self.dim is DIMENSIONLESS:
            return Unit(1)
        return Quantity(1.0, dim=self.dim)

    def _get_best_unit(self, *registers: UnitRegistry) -> Quantity:
        if self.dim is DIMENSIONLESS:
            from ranvier.units.unit import Unit

            return Unit(1)
        return self.get_best_unit(*registers)

    def in_unit(self, u: Quantity, precision: int | None = None, python_code: bool = False) -> str:
        """Returns the values as text in a given unit.

        Args:
            u: The unit.
            precision: Digits after the point, as numpy's print option.
            python_code: Whether to write `array([1., 2.]) * mvolt` instead of `[1. 2.] mV`.

        Raises:
            DimensionMismatchError: If the unit does not fit.
        """
        from ranvier.units.unit import Unit

        fail_for_dimension_mismatch(self, u, 'Non-matching unit for method "in_unit"')
        values = np.asarray(np.asarray(self) / np.asarray(u))
        with np.printoptions(**({} if precision is None else {"precision": precision})):
            code = python_code and values.ndim > 0
            text = repr(values) if code else np.array2string(values)
        if self.dim is DIMENSIONLESS and not (isinstance(u, Unit) and u.name != "Unit(1)"):
            return f"Quantity({text})" if python_code else text
        if isinstance(u, Unit):
            name = repr(u) if python_code else str(u)
        else:
            name = repr(self.dim) if python_code else str(self.dim)
        return f"{text} * {name}" if python_code else f"{text} {name}"

    def in_best_unit(self, precision: int | None = None, python_code: bool = False, *registers: UnitRegistry) -> str:
        """Returns the values as text in the unit that suits them best (see `get_best_unit`)."""
        return self.in_unit(self._get_best_unit(*registers), precision, python_code)

    def __str__(self) -> str:
        return self.in_best_unit()

    def __repr__(self) -> str:
        return self.in_best_unit(python_code=True)

    def __format__(self, format_spec: str) -> str:
        if not format_spec:
            return self.in_best_unit()
        if self.ndim:
            raise TypeError("A format specification works for a single quantity only, not for an array.")
        return format(self.view(np.ndarray).item(), format_spec)

    def _latex(self) -> str:
        from ranvier.units.unit import Unit

        unit = self._get_best_unit()
        values = np.asarray(np.asarray(self) / np.asarray(unit))
        name = unit.latexname if isinstance(unit, Unit) else self.dim._latex()  # pyright: ignore[reportPrivateUsage]
        number = _latex_number(values)
        return number if self.dim is DIMENSIONLESS else f"{number}\\,{name}"

    def _repr_latex_(self) -> str:
        return f"${self._latex()}$"

    # ------------------------------------------------------------------ copying

    def __copy__(self) -> Quantity:
        return self.copy()

    def __deepcopy__(self, memo: Any, /) -> Quantity:
        return Quantity(self.view(np.ndarray).copy(), dim=self.dim, dtype=self.dtype)

    def __reduce__(self) -> tuple[Any, ...]:  # type: ignore[override]
        return (_unpickle, (np.array(self), self.dim))

    # ------------------------------------------------------------------ items

    def __getitem__(self, key: Any) -> Any:
        result = self.view(np.ndarray)[_plain(key)]
        return quantity(result, self.dim)

    def __setitem__(self, key: Any, value: Any) -> None:
        fail_for_dimension_mismatch(self, value, "Inconsistent units in assignment")
        self.view(np.ndarray)[_plain(key)] = _plain(value)

    def item(self, *args: Any) -> Any:
        """Returns one element as a quantity."""
        return quantity(self.view(np.ndarray).item(*args), self.dim)

    def tolist(self) -> Any:
        """Returns a (nested) list of quantities."""
        if self.dim is DIMENSIONLESS:
            return self.view(np.ndarray).tolist()
        return self.copy() if self.ndim == 0 else [_with(x, self.dim).tolist() for x in self.view(np.ndarray)]

    def fill(self, value: Any) -> None:  # type: ignore[override]
        """Sets all elements to one value of the same unit."""
        fail_for_dimension_mismatch(self, value, "fill")
        self.view(np.ndarray).fill(_plain(value))

    def put(self, ind: Any, v: Any, mode: Any = "raise") -> None:  # type: ignore[override]
        """Sets some elements (see `numpy.put`) to values of the same unit."""
        fail_for_dimension_mismatch(self, v, "put")
        self.view(np.ndarray).put(ind, _plain(v), mode=mode)

    # ------------------------------------------------------------------ methods

    def clip(self, a_min: Any = None, a_max: Any = None, *args: Any, **kwds: Any) -> Any:  # type: ignore[override]
        """Returns the values limited to an interval; the limits have the same unit."""
        a_min, a_max = kwds.pop("min", a_min), kwds.pop("max", a_max)
        for limit in (a_min, a_max):
            if limit is not None:
                fail_for_dimension_mismatch(self, limit, "clip")
        return quantity(self.view(np.ndarray).clip(_plain(a_min), _plain(a_max), *args, **kwds), self.dim)

    def dot(self, other: Any, **kwds: Any) -> Any:  # type: ignore[override]
        """Returns the product of arrays (see `numpy.dot`); the units multiply."""
        return quantity(self.view(np.ndarray).dot(_plain(other), **kwds), self.dim * get_dimensions(other))

    def searchsorted(self, v: Any, **kwds: Any) -> Any:  # type: ignore[override]
        """Returns where values of the same unit belong in the sorted array."""
        fail_for_dimension_mismatch(self, v, "searchsorted")
        return self.view(np.ndarray).searchsorted(_plain(v), **kwds)

    def prod(self, *args: Any, **kwds: Any) -> Any:
        """Returns the product of elements; the unit has the number of elements as its exponent."""
        result = self.view(np.ndarray).prod(*args, **kwds)
        count = self.size // max(np.size(result), 1)
        return quantity(result, self.dim**count)

    def cumprod(self, *args: Any, **kwds: Any) -> Any:
        """Returns the cumulative product, which only numbers without unit have."""
        if self.dim is not DIMENSIONLESS:
            raise TypeError("cumprod over array elements on quantities with dimensions is not possible.")
        return self.view(np.ndarray).cumprod(*args, **kwds)

    def var(self, *args: Any, **kwds: Any) -> Any:
        """Returns the variance; its unit is the square of the unit."""
        return quantity(self.view(np.ndarray).var(*args, **kwds), self.dim**2)

    def ptp(self, *args: Any, **kwds: Any) -> Any:
        """Returns the difference between the largest and the smallest value."""
        return quantity(np.ptp(self.view(np.ndarray), *args, **kwds), self.dim)

    # ------------------------------------------------------------------ operators

    def _compare(self, other: Any, ufunc: np.ufunc, sign: str) -> Any:
        if isinstance(other, (str, bytes)) or not (
            isinstance(other, (np.ndarray, np.generic, numbers.Number)) or hasattr(other, "dim")
        ):
            return NotImplemented
        # Infinity is beyond every value, whatever the unit.
        if not (get_dimensions(other) is DIMENSIONLESS and _only(other, np.isinf)):
            message = f"Cannot perform comparison {{a}} {sign} {{b}}, units do not match"
            fail_for_dimension_mismatch(self, other, message, a=self, b=other)
        return ufunc(self.view(np.ndarray), _plain(other))

    def __lt__(self, other: Any) -> Any:
        return self._compare(other, np.less, "<")

    def __le__(self, other: Any) -> Any:
        return self._compare(other, np.less_equal, "<=")

    def __gt__(self, other: Any) -> Any:
        return self._compare(other, np.greater, ">")

    def __ge__(self, other: Any) -> Any:
        return self._compare(other, np.greater_equal, ">=")

    def __eq__(self, other: Any) -> Any:
        return self._compare(other, np.equal, "==")

    def __ne__(self, other: Any) -> Any:
        return self._compare(other, np.not_equal, "!=")

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return apply_ufunc(ufunc, method, inputs, kwargs)


def _keeping(name: str) -> Callable[..., Any]:
    """Returns the array method with the unit kept in its result."""
    plain = getattr(np.ndarray, name)

    def method(self: Quantity, *args: Any, **kwds: Any) -> Any:
        if kwds.get("out") is not None:
            kwds["out"] = _plain(kwds["out"])
        if kwds.get("initial") is not None:
            fail_for_dimension_mismatch(self, kwds["initial"], f"Argument 'initial' of {name}")
            kwds["initial"] = _plain(kwds["initial"])
        return quantity(plain(self.view(np.ndarray), *args, **kwds), self.dim)

    method.__name__, method.__doc__ = name, plain.__doc__
    return method


def _stripping(name: str) -> Callable[..., Any]:
    """Returns the array method with a plain result."""
    plain = getattr(np.ndarray, name)

    def method(self: Quantity, *args: Any, **kwds: Any) -> Any:
        return plain(self.view(np.ndarray), *args, **kwds)

    method.__name__, method.__doc__ = name, plain.__doc__
    return method


def _in_place(name: str) -> Callable[..., Any]:
    """Returns `__iadd__` and the like: arrays change in place, single quantities behave as values."""
    plain, in_place = getattr(np.ndarray, f"__{name}__"), getattr(np.ndarray, f"__i{name}__")

    def method(self: Quantity, other: Any) -> Any:
        return (in_place if self.ndim else plain)(self, other)

    method.__name__ = f"__i{name}__"
    return method


for _name in ("sum", "mean", "std", "max", "min", "cumsum", "diagonal", "ravel", "round", "trace"):
    setattr(Quantity, _name, _keeping(_name))
for _name in ("all", "any", "nonzero", "argmax", "argmin", "argsort"):
    setattr(Quantity, _name, _stripping(_name))
for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow"):
    setattr(Quantity, f"__i{_name}__", _in_place(_name))


def _with(value: Any, dim: Dimension) -> Quantity:
    result = np.asarray(value).view(Quantity)
    result.dim = dim
    return result


def _plain(value: Any) -> Any:
    """Returns a value without its unit."""
    return value.view(np.ndarray) if isinstance(value, Quantity) else value


def _unpickle(values: Array, dim: Dimension) -> Quantity:
    return _with(values, dim)


def _common_dimension(arr: Any) -> Dimension:
    """Returns the dimension of the elements of a (nested) list."""
    if not isinstance(arr, (list, tuple)):
        return get_dimensions(arr) if hasattr(arr, "dim") else DIMENSIONLESS
    leaves = list(_leaves(cast(Iterable[Any], arr)))
    kinds = {isinstance(x, Quantity) for x in leaves}
    if kinds == {True, False}:
        raise TypeError("Mixing quantities and non-quantities is not allowed.")
    dims = {get_dimensions(x): None for x in leaves if isinstance(x, Quantity)}
    if len(dims) > 1:
        raise DimensionMismatchError("Mixing quantities with different dimensions is not allowed", *dims)
    return next(iter(dims), DIMENSIONLESS)


def _leaves(items: Iterable[Any]) -> Iterable[Any]:
    for item in items:
        if isinstance(item, (list, tuple)):
            yield from _leaves(cast(Iterable[Any], item))
        else:
            yield item


def _latex_number(values: Array) -> str:
    if values.ndim == 0:
        return str(values.item())
    text = np.array2string(values, separator=" & ", threshold=100)
    rows = text.replace("] &\n", "\\\\\n").replace(" &\n", " & ")
    body = rows.replace("[", "").replace("]", "").replace("...", r"\cdots")
    if values.ndim > 1:
        body = f"\n{body}\n"
    return rf"\left[\begin{{matrix}}{body}\end{{matrix}}\right]"


# ---------------------------------------------------------------------- ufuncs

Inputs = tuple[Any, ...]


def _dimension_same(ufunc: np.ufunc, inputs: Inputs) -> Dimension:
    dims = [get_dimensions(x) for x in inputs]
    if len(inputs) > 1 and dims[0] is not dims[1]:
        message = f"Cannot calculate {{a}} {ufunc.__name__} {{b}}, the units do not match"
        fail_for_dimension_mismatch(inputs[0], inputs[1], message, a=inputs[0], b=inputs[1])
        return dims[1] if dims[0] is DIMENSIONLESS else dims[0]
    return dims[0]


def _dimension_compare(ufunc: np.ufunc, inputs: Inputs) -> Dimension | None:
    _dimension_same(ufunc, inputs)
    return None


def _dimension_plain(ufunc: np.ufunc, inputs: Inputs) -> None:
    for value in inputs:
        if get_dimensions(value) is not DIMENSIONLESS:
            message = f"{ufunc.__name__} expects a dimensionless argument but got {describe(value)}"
            raise DimensionMismatchError(message, get_dimensions(value))


def _dimension_product(ufunc: np.ufunc, inputs: Inputs) -> Dimension:
    return get_dimensions(inputs[0]) * get_dimensions(inputs[1])


def _dimension_quotient(ufunc: np.ufunc, inputs: Inputs) -> Dimension:
    return get_dimensions(inputs[0]) / get_dimensions(inputs[1])


def _dimension_power(ufunc: np.ufunc, inputs: Inputs) -> Dimension:
    value, exponent = inputs
    if get_dimensions(exponent) is not DIMENSIONLESS:
        message = f"The exponent for a power operation has to be dimensionless but was {describe(exponent)}"
        raise DimensionMismatchError(message, get_dimensions(exponent))
    dim = get_dimensions(value)
    if dim is DIMENSIONLESS:
        return dim
    if np.size(exponent) != 1:
        raise TypeError("Only length-1 arrays can be used as an exponent for quantities.")
    return dim ** float(np.asarray(exponent).item())


_DIMENSION_OF: Final[dict[Rule, Callable[[np.ufunc, Inputs], Dimension | None]]] = {
    Rule.SAME: _dimension_same,
    Rule.COMPARE: _dimension_compare,
    Rule.KEEP: lambda ufunc, inputs: get_dimensions(inputs[0]),
    Rule.STRIP: lambda ufunc, inputs: None,
    Rule.PLAIN: _dimension_plain,
    Rule.PRODUCT: _dimension_product,
    Rule.QUOTIENT: _dimension_quotient,
    Rule.POWER: _dimension_power,
    Rule.FIXED_POWER: lambda ufunc, inputs: get_dimensions(inputs[0]) ** POWERS[ufunc],
}


def _dimension_of_reduction(ufunc: np.ufunc, rule: Rule, method: str, inputs: Inputs) -> Dimension | None:
    """Returns the dimension of `reduce`, `accumulate` and `reduceat`."""
    dim = get_dimensions(inputs[0])
    if rule is Rule.STRIP:
        return None
    if dim is DIMENSIONLESS or rule is Rule.SAME:
        return dim
    raise TypeError(f"{ufunc.__name__}.{method} is not possible for quantities with units.")


def apply_ufunc(ufunc: np.ufunc, method: str, inputs: Inputs, kwargs: dict[str, Any]) -> Any:
    """Calls a ufunc on the plain numbers and gives the result its unit (`Quantity.__array_ufunc__`)."""
    rule = RULES.get(ufunc)
    if rule is None and ufunc is np.divmod and method == "__call__":
        return apply_ufunc(np.floor_divide, method, inputs, {}), apply_ufunc(np.remainder, method, inputs, {})
    if rule is None or rule is Rule.FORBIDDEN:
        raise TypeError(f"{ufunc.__name__} cannot be used on quantities.")
    out = kwargs.get("out", ())
    plain = {name: _plain(value) for name, value in kwargs.items() if name != "out"}
    if out:
        plain["out"] = tuple(_plain(x) for x in out)
    if method == "at":
        fail_for_dimension_mismatch(inputs[0], inputs[2] if len(inputs) > 2 else inputs[0], ufunc.__name__)
    if method == "reduce" and ufunc is np.multiply:
        result = ufunc.reduce(_plain(inputs[0]), **plain)
        dim = get_dimensions(inputs[0]) ** (np.size(inputs[0]) // max(np.size(result), 1))
        return quantity(result, dim)
    if method in ("reduce", "accumulate", "reduceat"):
        dim = _dimension_of_reduction(ufunc, rule, method, inputs)
        if plain.get("initial") is not None and dim is not None:
            fail_for_dimension_mismatch(inputs[0], kwargs["initial"], f"initial value of {ufunc.__name__}")
    else:
        dim = _DIMENSION_OF[rule](ufunc, inputs if method != "at" else (inputs[0], *inputs[2:]))
    result = getattr(ufunc, method)(*[_plain(x) for x in inputs], **plain)
    if out and isinstance(out[0], Quantity):
        out[0].dim = dim or DIMENSIONLESS
        if dim is not None and dim is not DIMENSIONLESS:
            return out[0]
    if dim is None or result is None:
        return result
    return quantity(result, dim)


def in_unit(x: Any, u: Quantity, precision: int | None = None) -> str:
    """Returns a value as text in a given unit (see `Quantity.in_unit`)."""
    if is_dimensionless(x):
        fail_for_dimension_mismatch(x, u, 'Non-matching unit for function "in_unit"')
        with np.printoptions(**({} if precision is None else {"precision": precision})):
            return str(np.asarray(x) / np.asarray(u))
    return cast("Quantity", x).in_unit(u, precision=precision)


def in_best_unit(x: Any, precision: int | None = None) -> str:
    """Returns a value as text in the unit that suits it best (see `Quantity.in_best_unit`)."""
    if is_dimensionless(x):
        with np.printoptions(**({} if precision is None else {"precision": precision})):
            return str(np.asarray(x))
    return cast("Quantity", x).in_best_unit(precision=precision)
