"""Physical dimensions: products of powers of the seven SI base dimensions.

A `Dimension` is a singleton: two quantities have the same dimensions exactly if `a.dim is b.dim`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isfinite
from typing import Any, Final, NoReturn

from ranvier.public import public

BASE_UNITS: Final = ("metre", "kilogram", "second", "amp", "kelvin", "mole", "candle")
"""Long and short name of the SI base unit of each base dimension, in the order of the exponents."""

BASE_SYMBOLS: Final = ("m", "kg", "s", "A", "K", "mol", "cd")

BASE_NAMES: Final[dict[str, int]] = {
    "length": 0, "metre": 0, "metres": 0, "meter": 0, "meters": 0, "m": 0, "Length": 0,
    "mass": 1, "kilogram": 1, "kilograms": 1, "kilogramme": 1, "kg": 1, "Mass": 1,
    "time": 2, "second": 2, "seconds": 2, "s": 2, "Time": 2,
    "current": 3, "electric current": 3, "electriccurrent": 3, "ampere": 3, "amperes": 3, "amp": 3, "A": 3,
    "temperature": 4, "kelvin": 4, "kelvins": 4, "K": 4, "Temperature": 4,
    "substance": 5, "quantity of substance": 5, "amount of substance": 5, "mole": 5, "moles": 5, "mol": 5,
    "luminosity": 6, "luminous intensity": 6, "candle": 6, "candela": 6, "candles": 6, "cd": 6,
}  # fmt: skip
"""Every name under which a base dimension can be asked for, and its place among the exponents."""


class Dimension:
    """A product of powers of base dimensions; create one with `get_or_create_dimension`."""

    __slots__ = ("_dims",)
    _dims: tuple[float, ...]

    def __init__(self, dims: tuple[float, ...]) -> None:
        object.__setattr__(self, "_dims", dims)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise TypeError("Dimension objects cannot be changed.")

    @property
    def is_dimensionless(self) -> bool:
        """Whether all exponents are zero."""
        return self is DIMENSIONLESS

    @property
    def dim(self) -> Dimension:
        """The dimension itself, as quantities and units have it."""
        return self

    @property
    def exponents(self) -> tuple[float, ...]:
        """The seven exponents: length, mass, time, current, temperature, substance, luminosity."""
        return self._dims

    def get_dimension(self, name: str) -> float:
        """Returns the exponent of one base dimension, named like `"length"`, `"metre"` or `"m"`."""
        return self._dims[BASE_NAMES[name]]

    def __mul__(self, other: Dimension) -> Dimension:
        if not isinstance(other, Dimension):  # pyright: ignore[reportUnnecessaryIsInstance]
            return NotImplemented
        return _of(tuple(a + b for a, b in zip(self._dims, other._dims, strict=True)))

    def __truediv__(self, other: Dimension) -> Dimension:
        if not isinstance(other, Dimension):  # pyright: ignore[reportUnnecessaryIsInstance]
            return NotImplemented
        return _of(tuple(a - b for a, b in zip(self._dims, other._dims, strict=True)))

    def __pow__(self, exponent: float) -> Dimension:
        if isinstance(exponent, str):
            raise TypeError("The exponent of a dimension has to be a number, not a string.")
        power = float(exponent)
        if not isfinite(power):
            raise ValueError(f"The exponent of a dimension has to be a finite number, not {power}.")
        return _of(tuple(d * power if d else 0 for d in self._dims))

    def _immutable(self, other: object) -> NoReturn:
        raise TypeError(f"Dimensions cannot be changed in place (here {self!r}); write e.g. d = d*e instead.")

    __imul__ = __itruediv__ = __ipow__ = _immutable

    def __reduce__(self) -> tuple[Any, ...]:
        return (get_or_create_dimension, (self._dims,))

    def __copy__(self) -> Dimension:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Dimension:
        return self

    def _factors(self, names: Sequence[str], power: str) -> list[str]:
        parts = zip(names, self._dims, strict=True)
        return [name if exp == 1 else f"{name}{power}{exp}" for name, exp in parts if exp]

    def __repr__(self) -> str:
        return " * ".join(self._factors(BASE_UNITS, " ** ")) or "Dimension()"

    def __str__(self) -> str:
        return " ".join(self._factors(BASE_SYMBOLS, "^")) or "1"

    def _latex(self, *args: object, **kwds: object) -> str:
        parts = zip(BASE_SYMBOLS, self._dims, strict=True)
        return r"\,".join(s if e == 1 else f"{s}^{{{e}}}" for s, e in parts if e) or "1"

    def _repr_latex_(self) -> str:
        return f"${self._latex()}$"


_dimensions: dict[tuple[float, ...], Dimension] = {}


def _tidy(exponent: float) -> float:
    """Returns the exponent as an integer or as the small fraction it stands for (so 1/3 * 3 is 1)."""
    if exponent == int(exponent):
        return int(exponent)
    for divisor in range(2, 13):
        whole = round(exponent * divisor)
        if abs(exponent - whole / divisor) < 1e-9:
            value = whole / divisor
            return int(value) if value == int(value) else value
    return float(exponent)


def _of(dims: tuple[float, ...]) -> Dimension:
    """Returns the one dimension with these exponents."""
    found = _dimensions.get(dims)
    if found is None:
        tidy = tuple(_tidy(d) for d in dims)
        found = _dimensions.setdefault(tidy, Dimension(tidy))
    return found


@public
def get_or_create_dimension(exponents: Iterable[float] | Dimension | None = None, /, **named: float) -> Dimension:
    """Returns the dimension with the given exponents.

    Args:
        exponents: Seven numbers (length, mass, time, current, temperature, substance, luminosity).
        named: Instead of `exponents`, some of them by name, e.g. `length=1, time=-1`.

    Raises:
        TypeError: If there are not exactly seven exponents.
        KeyError: If a name is not that of a base dimension.
    """
    if isinstance(exponents, Dimension):
        return exponents
    if exponents is not None:
        dims = tuple(exponents)
        if len(dims) != 7:
            raise TypeError("Need a sequence of exactly 7 items (the exponents of the SI base units)")
        return _of(dims)
    values: list[float] = [0] * 7
    for name, value in named.items():
        values[BASE_NAMES[name]] = value
    return _of(tuple(values))


DIMENSIONLESS: Final = get_or_create_dimension((0, 0, 0, 0, 0, 0, 0))
