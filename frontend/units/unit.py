"""Units: named quantities such as `mV`, which multiply and divide to new units."""

from __future__ import annotations

from typing import Any, Final, NoReturn, cast

import numpy as np

from ranvier.public import public
from ranvier.units.checks import get_dimensions
from ranvier.units.dimensions import DIMENSIONLESS, Dimension
from ranvier.units.quantity import Quantity
from ranvier.units.registry import register_new_unit, unscaled_unit
from ranvier.units.ufunc_rules import POWERS

SI_PREFIXES: Final[dict[str, int]] = {
    "Y": 24, "Z": 21, "E": 18, "P": 15, "T": 12, "G": 9, "M": 6, "k": 3, "h": 2, "da": 1, "": 0,
    "d": -1, "c": -2, "m": -3, "u": -6, "n": -9, "p": -12, "f": -15, "a": -18, "z": -21, "y": -24,
}  # fmt: skip
"""The power of ten of each SI prefix."""


def power_of_ten(exponent: float) -> float:
    """Returns 10 to a power, correctly rounded for whole exponents."""
    whole = int(exponent)
    return float(f"1e{whole}") if whole == exponent else 10.0**exponent


@public
class Unit(Quantity):
    """A unit: a quantity of a power of ten in SI units, with a name. It cannot be changed.

    Products, quotients and powers of units are units; they are registered, so that later values of
    their dimension are shown in them if no standard unit fits.

    Args:
        arr: The size in SI units; it has to be 10**scale.
        dim: The dimension.
        scale: The power of ten.
        name: The name in Python, e.g. `mvolt`.
        dispname: The name for display, e.g. `mV`.
        latexname: The name in LaTeX.
        iscompound: Whether the name needs parentheses in a quotient or power.

    Attributes:
        name: See the arguments.
        dispname: See the arguments.
        latexname: See the arguments.
        scale: See the arguments.
        iscompound: See the arguments.
    """

    __slots__ = ("_dispname", "_latexname", "_name", "iscompound", "scale")
    automatically_register_units = True
    scale: float
    iscompound: bool

    def __new__(
        cls,
        arr: Any,
        dim: Dimension | None = None,
        scale: float = 0,
        name: str | None = None,
        dispname: str | None = None,
        latexname: str | None = None,
        iscompound: bool = False,
        **ignored: Any,
    ) -> Unit:
        if float(arr) != power_of_ten(scale):
            raise AssertionError(f"Unit value has to be 10**scale (scale={scale}, value={arr})")
        if dim is None:
            dim = get_dimensions(arr)
        unit = np.array(float(arr)).view(cls)
        unit.dim, unit.scale, unit.iscompound = dim, scale, iscompound
        plain = dim is DIMENSIONLESS
        unit._name = name if name is not None else "Unit(1)" if plain else repr(dim)
        unit._dispname = dispname if dispname is not None else "1" if plain else str(dim)
        unit._latexname = latexname if latexname is not None else dim._latex()  # pyright: ignore[reportPrivateUsage]
        unit.flags.writeable = False
        return unit

    def __array_finalize__(self, obj: Any) -> None:
        super().__array_finalize__(obj)
        self.scale, self.iscompound = getattr(obj, "scale", 0), getattr(obj, "iscompound", False)
        self._name = getattr(obj, "_name", "")
        self._dispname = getattr(obj, "_dispname", "")
        self._latexname = getattr(obj, "_latexname", "")

    # ------------------------------------------------------------------ creation

    @staticmethod
    def create(dim: Dimension, name: str, dispname: str, latexname: str | None = None, scale: float = 0) -> Unit:
        """Returns a new unit.

        Args:
            dim: The dimension.
            name: The name in Python.
            dispname: The name for display.
            latexname: The name in LaTeX; without it made from `dispname`.
            scale: The power of ten.
        """
        latexname = rf"\mathrm{{{dispname}}}" if latexname is None else latexname
        return Unit(power_of_ten(scale), dim, scale, name, dispname, latexname)

    @staticmethod
    def create_scaled_unit(baseunit: Unit, scalefactor: str) -> Unit:
        """Returns a unit with an SI prefix, e.g. `mvolt` for `(volt, 'm')`."""
        symbol = r"\mu" if scalefactor == "u" else scalefactor
        return Unit.create(
            baseunit.dim,
            scalefactor + baseunit.name,
            scalefactor + baseunit.dispname,
            rf"\mathrm{{{symbol}}}{baseunit.latexname}",
            SI_PREFIXES[scalefactor] + baseunit.scale,
        )

    # ------------------------------------------------------------------ names

    def _refuse(self, value: str) -> NoReturn:
        """Refuses another name; `Unit.create` makes a unit with one."""
        raise NotImplementedError("The names of a unit cannot be changed; make a new unit with Unit.create.")

    name = property(lambda self: cast(str, self._name), _refuse, doc="The name in Python.")
    dispname = property(lambda self: cast(str, self._dispname), _refuse, doc="The name for display.")
    latexname = property(lambda self: cast(str, self._latexname), _refuse, doc="The name in LaTeX.")

    set_name = set_display_name = set_latex_name = _refuse

    def __repr__(self) -> str:
        return self._name

    def __str__(self) -> str:
        return self._dispname

    def __format__(self, format_spec: str) -> str:
        return format(float(self), format_spec) if format_spec else self._dispname

    def _latex(self, *args: object, **kwds: object) -> str:
        return self._latexname

    # ------------------------------------------------------------------ identity

    def __hash__(self) -> int:  # type: ignore[override]
        return hash((self.dim, self.scale))

    def __eq__(self, other: Any) -> Any:
        if isinstance(other, Unit):
            return other.dim is self.dim and other.scale == self.scale
        return super().__eq__(other)

    def __ne__(self, other: Any) -> Any:
        if isinstance(other, Unit):
            return other.dim is not self.dim or other.scale != self.scale
        return super().__ne__(other)

    def __copy__(self) -> Unit:
        return self

    def __deepcopy__(self, memo: Any, /) -> Unit:
        return self

    def __reduce__(self) -> tuple[Any, ...]:  # type: ignore[override]
        names = (self._name, self._dispname, self._latexname, self.iscompound)
        return (Unit, (float(self), self.dim, self.scale, *names))

    # ------------------------------------------------------------------ arithmetic

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method == "__call__" and not kwargs:
            unit = _combine(ufunc, *inputs)
            if unit is not None:
                return unit
        return super().__array_ufunc__(ufunc, method, *inputs, **kwargs)

    def _immutable(self, other: Any) -> NoReturn:
        raise TypeError(f"Units cannot be changed in place (here {self!r}); write e.g. x = x + y instead.")

    __iadd__ = __isub__ = __imul__ = __itruediv__ = __ifloordiv__ = __imod__ = __ipow__ = _immutable  # type: ignore[assignment]


def _as_quantity(name: str) -> Any:
    def method(self: Unit, *args: Any, **kwds: Any) -> Any:
        return getattr(Quantity(float(self), dim=self.dim), name)(*args, **kwds)

    method.__name__, method.__doc__ = name, getattr(np.ndarray, name).__doc__
    return method


# Arrays made from a unit are quantities, not units.
for _name in ("copy", "reshape", "flatten", "repeat", "squeeze", "transpose", "take", "astype", "swapaxes"):
    setattr(Unit, _name, _as_quantity(_name))


def _combine(ufunc: np.ufunc, left: Any, right: Any = None) -> Unit | None:
    """Returns the product, quotient or power of units as a unit; None if it is not one."""
    if ufunc in POWERS:
        unit = _power(left, POWERS[ufunc])
    elif ufunc is np.multiply and isinstance(left, Unit) and isinstance(right, Unit):
        unit = _product(left, right)
    elif ufunc is np.divide and isinstance(left, Unit) and isinstance(right, Unit):
        unit = _quotient(left, right)
    elif ufunc is np.divide and isinstance(right, Unit) and _is_number(left) and left == 1:
        unit = _power(right, -1)
    elif ufunc is np.power and isinstance(left, Unit) and _is_number(right):
        unit = _power(left, right)
    else:
        return None
    if Unit.automatically_register_units:
        register_new_unit(unit)
    return unit


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.number)) or (type(value) is np.ndarray and value.ndim == 0)


def _parenthesised(unit: Unit, name: str) -> str:
    return f"({name})" if unit.iscompound else name


def _compound(dim: Dimension, scale: float, name: str, dispname: str, latexname: str) -> Unit:
    return Unit(power_of_ten(scale), dim, scale, name, dispname, latexname, iscompound=True)


def _product(a: Unit, b: Unit) -> Unit:
    names = (f"{a.name} * {b.name}", f"{a.dispname} {b.dispname}", rf"{a.latexname}\,{b.latexname}")
    return _compound(a.dim * b.dim, a.scale + b.scale, *names)


def _quotient(a: Unit, b: Unit) -> Unit:
    name = f"{_parenthesised(a, a.name)} / {_parenthesised(b, b.name)}"
    dispname = f"{_parenthesised(a, a.dispname)}/{_parenthesised(b, b.dispname)}"
    latexname = rf"\frac{{{a.latexname}}}{{{b.latexname}}}"
    return _compound(a.dim / b.dim, a.scale - b.scale, name, dispname, latexname)


def _power(a: Unit, exponent: Any) -> Unit:
    power: float = exponent if isinstance(exponent, (int, float)) else exponent.item()
    name = f"{_parenthesised(a, a.name)} ** {power}"
    dispname = f"{_parenthesised(a, a.dispname)}^{power}"
    latexname = rf"\left({a.latexname}\right)" if a.iscompound else a.latexname
    scale = a.scale * power
    if scale == int(scale):
        scale = int(scale)
    return _compound(a.dim**power, scale, name, dispname, f"{latexname}^{{{power}}}")


@public
def get_unit(d: Any) -> Unit:
    """Returns the unscaled unit of a dimension, e.g. `volt`."""
    dim = get_dimensions(d)
    if dim is DIMENSIONLESS:
        return Unit(1)
    return cast("Unit | None", unscaled_unit(dim)) or Unit(1, dim=dim)


def get_unit_for_display(d: Any) -> str:
    """Returns the name of a unit, or of the unscaled unit of a dimension, e.g. `V`; `1` for none."""
    if isinstance(d, (int, float)) or get_dimensions(d) is DIMENSIONLESS:
        return "1"
    return str(d) if isinstance(d, Unit) else str(get_unit(d))
