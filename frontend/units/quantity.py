"""Numbers and arrays with units."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from typing import Any, cast

import numpy as np

from ranvier.public import public
from ranvier.units.checks import common_dimension, fail_for_dimension_mismatch, get_dimensions, only
from ranvier.units.dimensions import DIMENSIONLESS, Dimension, get_or_create_dimension
from ranvier.units.display import latex_number, number_text
from ranvier.units.mismatch import DimensionMismatchError
from ranvier.units.registry import REGISTERS, UnitRegistry
from ranvier.units.ufunc_rules import DIMENSION_OF, RULES, Rule, dimension_of_reduction


def quantity(value: Any, dim: Dimension) -> Any:
    """Returns a value with a dimension: a `Quantity`, or plain numbers if there is no dimension."""
    if dim is DIMENSIONLESS:
        if isinstance(value, Quantity):
            value = value.view(np.ndarray)
        return value if getattr(value, "shape", None) else value.item() if hasattr(value, "item") else value
    return _with(value, dim)


@public
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
    __array_priority__ = 1000  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]
    dim: Dimension

    def __new__(
        cls, arr: Any, dim: Any = None, dtype: Any = None, copy: bool = False, force_quantity: bool = False
    ) -> Quantity:
        if dim is None:
            dim = arr.dim if isinstance(arr, Quantity) else common_dimension(arr)
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
        """Tells whether another value has the same unit up to a factor."""
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
                return cast("Quantity", register[self])
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
        with np.printoptions(precision=precision):
            code = python_code and values.ndim > 0
            text = repr(values) if code else number_text(values)
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

    def _latex(self, *args: object, **kwds: object) -> str:
        from ranvier.units.unit import Unit

        unit = self._get_best_unit()
        values = np.asarray(np.asarray(self) / np.asarray(unit))
        name = unit.latexname if isinstance(unit, Unit) else self.dim._latex()  # pyright: ignore[reportPrivateUsage]
        number = latex_number(values)
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

    def fill(self, values: Any) -> None:  # type: ignore[override]
        """Sets all elements to one value of the same unit."""
        fail_for_dimension_mismatch(self, values, "fill")
        self.view(np.ndarray).fill(_plain(values))

    def put(self, indices: Any, values: Any, mode: Any = "raise") -> None:  # type: ignore[override]
        """Sets some elements (see `numpy.put`) to values of the same unit."""
        fail_for_dimension_mismatch(self, values, "put")
        self.view(np.ndarray).put(indices, _plain(values), mode=mode)

    # ------------------------------------------------------------------ methods

    def clip(self, a_min: Any = None, a_max: Any = None, *args: Any, **kwds: Any) -> Any:  # type: ignore[override]
        """Returns the values limited to an interval; the limits have the same unit.

        Args:
            a_min: The lower limit, None for no limit (numpy's name for it, `min`, is taken, too).
            a_max: The upper limit.
            args: As for `numpy.ndarray.clip`.
            kwds: The same.
        """
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
        plain: Any = self.view(np.ndarray)
        return plain.searchsorted(_plain(v), **kwds)

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
        if _has_rules_of_its_own(other):
            return NotImplemented
        # Infinity is beyond every value, whatever the unit.
        if not (get_dimensions(other) is DIMENSIONLESS and only(other, np.isinf)):
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
        if any(_has_rules_of_its_own(each) for each in inputs):
            return NotImplemented
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
    values = np.asarray(value)
    if values.dtype.kind == "O":
        raise TypeError("Quantities can only be created from numerical data.")
    result = values.view(Quantity)
    result.dim = dim
    return result


def _has_rules_of_its_own(value: Any) -> bool:
    """Tells whether an operand has its own rules for ufuncs: a view of a group's variable, say."""
    return not isinstance(value, (np.ndarray, np.generic)) and hasattr(value, "__array_ufunc__")


def _plain(value: Any) -> Any:
    """Returns a value without its unit."""
    return value.view(np.ndarray) if isinstance(value, Quantity) else value


def _unpickle(values: np.ndarray[Any, Any], dim: Dimension) -> Quantity:
    return _with(values, dim)


def apply_ufunc(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
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
    first = inputs[0]
    if method == "reduce" and ufunc is np.multiply:
        result = ufunc.reduce(_plain(first), **plain)
        return quantity(result, get_dimensions(first) ** (np.size(first) // max(np.size(result), 1)))
    if method in ("reduce", "accumulate", "reduceat"):
        dim = dimension_of_reduction(ufunc, rule, method, inputs)
        if plain.get("initial") is not None and dim is not None:
            fail_for_dimension_mismatch(first, kwargs["initial"], f"initial value of {ufunc.__name__}")
    elif method == "at":
        dim = DIMENSION_OF[rule](ufunc, (first, *inputs[2:]))
        if dim is not None and dim is not get_dimensions(first):
            raise DimensionMismatchError(f"{ufunc.__name__} in place", get_dimensions(first), dim)
    else:
        dim = DIMENSION_OF[rule](ufunc, inputs)
    result = getattr(ufunc, method)(*[_plain(x) for x in inputs], **plain)
    if out and isinstance(out[0], Quantity):
        out[0].dim = dim or DIMENSIONLESS
        if dim is not None and dim is not DIMENSIONLESS:
            return out[0]
    if dim is None or result is None:
        return result
    return quantity(result, dim)
