"""All units by name, each made when it is first used.

`from ranvier.units.allunits import newton` gives any of the 2067 units; `from ... import *` gives all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, NoReturn

from ranvier.units.dimensions import Dimension, get_or_create_dimension
from ranvier.units.registry import additional_unit_register, standard_unit_register
from ranvier.units.unit import SI_PREFIXES, Unit, power_of_ten

UNITS: Final[dict[str, tuple[str, tuple[int, ...]]]] = {
    "metre": ("m", (1, 0, 0, 0, 0, 0, 0)),
    "kilogram": ("kg", (0, 1, 0, 0, 0, 0, 0)),
    "second": ("s", (0, 0, 1, 0, 0, 0, 0)),
    "amp": ("A", (0, 0, 0, 1, 0, 0, 0)),
    "kelvin": ("K", (0, 0, 0, 0, 1, 0, 0)),
    "mole": ("mol", (0, 0, 0, 0, 0, 1, 0)),
    "candle": ("cd", (0, 0, 0, 0, 0, 0, 1)),
    "hertz": ("Hz", (0, 0, -1, 0, 0, 0, 0)),
    "newton": ("N", (1, 1, -2, 0, 0, 0, 0)),
    "pascal": ("Pa", (-1, 1, -2, 0, 0, 0, 0)),
    "joule": ("J", (2, 1, -2, 0, 0, 0, 0)),
    "watt": ("W", (2, 1, -3, 0, 0, 0, 0)),
    "coulomb": ("C", (0, 0, 1, 1, 0, 0, 0)),
    "volt": ("V", (2, 1, -3, -1, 0, 0, 0)),
    "farad": ("F", (-2, -1, 4, 2, 0, 0, 0)),
    "ohm": ("ohm", (2, 1, -3, -2, 0, 0, 0)),
    "siemens": ("S", (-2, -1, 3, 2, 0, 0, 0)),
    "weber": ("Wb", (2, 1, -2, -1, 0, 0, 0)),
    "tesla": ("T", (0, 1, -2, -1, 0, 0, 0)),
    "henry": ("H", (2, 1, -2, -2, 0, 0, 0)),
    "lux": ("lx", (-2, 0, 0, 0, 0, 0, 1)),
    "gray": ("Gy", (2, 0, -2, 0, 0, 0, 0)),
    "katal": ("kat", (0, 0, -1, 0, 0, 1, 0)),
    # Second names and units with a dimension that has a unit already.
    "meter": ("m", (1, 0, 0, 0, 0, 0, 0)),
    "kilogramme": ("kg", (0, 1, 0, 0, 0, 0, 0)),
    "ampere": ("A", (0, 0, 0, 1, 0, 0, 0)),
    "mol": ("mol", (0, 0, 0, 0, 0, 1, 0)),
    "radian": ("rad", (0, 0, 0, 0, 0, 0, 0)),
    "steradian": ("sr", (0, 0, 0, 0, 0, 0, 0)),
    "lumen": ("lm", (0, 0, 0, 0, 0, 0, 1)),
    "becquerel": ("Bq", (0, 0, -1, 0, 0, 0, 0)),
    "sievert": ("Sv", (2, 0, -2, 0, 0, 0, 0)),
}
"""Unscaled units: display name and exponents (m, kg, s, A, K, mol, cd). The names that come first are those a value is
displayed in if several units have one dimension.
"""

SCALED_UNITS: Final[dict[str, tuple[str, tuple[int, ...], int]]] = {
    "gram": ("g", (0, 1, 0, 0, 0, 0, 0), -3),
    "gramme": ("g", (0, 1, 0, 0, 0, 0, 0), -3),
    "molar": ("M", (-3, 0, 0, 0, 0, 1, 0), 3),
    "litre": ("l", (3, 0, 0, 0, 0, 0, 0), -3),
    "liter": ("l", (3, 0, 0, 0, 0, 0, 0), -3),
}
"""Units that are a power of ten of the SI unit: display name, exponents, power of ten."""

WITHOUT_PREFIXES: Final = frozenset({"kilogram", "kilogramme", "kelvin"})
"""Units without prefixes, and without squares and cubes."""

WITHOUT_POWERS: Final = frozenset({"litre", "liter"})

ABBREVIATIONS: Final[dict[str, str]] = {
    "mV": "mvolt", "mA": "mamp", "uA": "uamp", "nA": "namp", "pA": "pamp", "pF": "pfarad", "uF": "ufarad",
    "nF": "nfarad", "nS": "nsiemens", "uS": "usiemens", "mS": "msiemens", "ms": "msecond", "us": "usecond",
    "Hz": "hertz", "kHz": "khertz", "MHz": "Mhertz", "cm": "cmetre", "cm2": "cmetre2", "cm3": "cmetre3",
    "mm": "mmetre", "mm2": "mmetre2", "mm3": "mmetre3", "um": "umetre", "um2": "umetre2", "um3": "umetre3",
    "mM": "mmolar", "uM": "umolar", "nM": "nmolar",
}  # fmt: skip
"""Short names of common units."""

_DISPLAY_PREFIXES: Final = (
    "Y",
    "k",
    "M",
    "z",
    "E",
    "y",
    "T",
    "u",
    "p",
    "n",
    "m",
    "f",
    "G",
    "P",
    "Z",
    "a",
    "",
)
"""Prefixes in the order in which they win at equal suitability for display (Brian's order)."""

_COMBINATIONS: Final = (
    ("pascal", "second", 1), ("newton", "metre", 1), ("watt", "metre", -2), ("joule", "kelvin", -1),
    ("joule", "kilogram", -1), ("joule", "metre", -3), ("volt", "metre", -3), ("coulomb", "metre", -3),
    ("coulomb", "metre", -2), ("farad", "metre", -1), ("henry", "metre", -1), ("joule", "mole", -1),
    ("coulomb", "kilogram", -1), ("gray", "second", -1), ("katal", "metre", -3),
)  # fmt: skip
"""Products and quotients of units that have no name of their own."""

_DOUBLE_QUOTIENTS: Final = (
    ("joule", "kilogram", "kelvin"), ("watt", "metre", "kelvin"), ("joule", "mole", "kelvin"),
)  # fmt: skip
"""The same with two units below the line."""

_made: dict[str, Unit] = {}


def split_name(name: str) -> tuple[str, str, int] | None:
    """Returns prefix, unscaled unit and power of a unit name, or None if it is not a unit.

    `"mvolt2"` is `("m", "volt", 2)`; abbreviations are not looked up.
    """
    stem, power = (name[:-1], int(name[-1])) if name[-1:] in ("2", "3") else (name, 1)
    for cut in (0, 1, 2):
        prefix, base = stem[:cut], stem[cut:]
        if prefix not in SI_PREFIXES or (base not in UNITS and base not in SCALED_UNITS):
            continue
        if (prefix and base in WITHOUT_PREFIXES) or (power > 1 and base in WITHOUT_POWERS):
            continue
        return prefix, base, power
    return None


def size_and_exponents(prefix: str, base: str, power: int) -> tuple[int, tuple[int, ...]]:
    """Returns the power of ten and the exponents of a unit as `split_name` gives it."""
    _, exponents, scale = SCALED_UNITS[base] if base in SCALED_UNITS else (*UNITS[base], 0)
    return (scale + SI_PREFIXES[prefix]) * power, tuple(e * power for e in exponents)


def unit(name: str) -> Unit:
    """Returns the unit with a name.

    Raises:
        KeyError: If there is none.
    """
    found = _made.get(name)
    if found is not None:
        return found
    made = unit(ABBREVIATIONS[name]) if name in ABBREVIATIONS else _make(name)
    return _made.setdefault(name, made)


def _make(name: str) -> Unit:
    parts = split_name(name)
    if parts is None:
        raise KeyError(name)
    prefix, base, power = parts
    scale, exponents = size_and_exponents(prefix, base, power)
    symbol = SCALED_UNITS[base][0] if base in SCALED_UNITS else UNITS[base][0]
    prefix_symbol = r"\mu" if prefix == "u" else prefix
    latex = (rf"\mathrm{{{prefix_symbol}}}" if prefix else "") + rf"\mathrm{{{symbol}}}"
    display, latexname = (
        (f"{prefix}{symbol}", latex) if power == 1 else (f"{prefix}{symbol}^{power}", f"{latex}^{{{power}}}")
    )
    return Unit(power_of_ten(scale), get_or_create_dimension(exponents), scale, name, display, latexname)


def unit_names() -> Iterator[str]:
    """Yields the names of all units without abbreviations."""
    for base in (*UNITS, *SCALED_UNITS):
        prefixes = ("",) if base in WITHOUT_PREFIXES else tuple(SI_PREFIXES)
        for power in ("",) if base in WITHOUT_POWERS else ("", "2", "3"):
            for prefix in prefixes:
                yield f"{prefix}{base}{power}"


# ---------------------------------------------------------------------- units for display

_of_exponents: dict[tuple[float, ...], tuple[str, int]] = {}
"""The displayed unit of each dimension: name and power."""

for _base, (_symbol, _exponents) in UNITS.items():
    if any(_exponents):
        for _power in (1, 2, 3):
            _of_exponents.setdefault(tuple(e * _power for e in _exponents), (_base, _power))
for _power in (1, 2, 3):
    _of_exponents[(-3 * _power, 0, 0, 0, 0, _power, 0)] = ("molar", _power)


def _standard_units(dim: Dimension) -> Iterable[Unit]:
    """Yields the standard units of a dimension, those that win at equal suitability first."""
    base, power = _of_exponents.get(dim.exponents, ("", 1))
    if not base:
        return
    suffix = "" if power == 1 else str(power)
    if base == "kilogram":  # scaled by grams
        for prefix in _DISPLAY_PREFIXES:
            yield unit(f"kilogram{suffix}" if prefix == "k" else f"{prefix}gram{suffix}")
    else:
        for prefix in ("",) if base in WITHOUT_PREFIXES else _DISPLAY_PREFIXES:
            yield unit(f"{prefix}{base}{suffix}")


def _additional_units(dim: Dimension) -> Iterable[Unit]:
    """Yields the combination of units that is customary for a dimension."""
    Unit.automatically_register_units = False
    try:
        for upper, lower, power in _COMBINATIONS:
            if unit(upper).dim * unit(lower).dim ** power is dim:
                yield _combination(unit(upper), unit(lower), power)
        for upper, first, second in _DOUBLE_QUOTIENTS:
            if unit(upper).dim / unit(first).dim / unit(second).dim is dim:
                yield _combination(unit(upper), _combination(unit(first), unit(second), 1), -1)
    finally:
        Unit.automatically_register_units = True


def _combination(upper: Unit, lower: Unit, power: int) -> Unit:
    """Returns a unit times a power (1 or negative) of another one."""
    divisor: Any = lower**-power if power < -1 else lower
    result: Any = upper * lower if power == 1 else upper / divisor
    return result


standard_unit_register.source = _standard_units
additional_unit_register.source = _additional_units


# ---------------------------------------------------------------------- names of this module


class _Celsius:
    """Refuses to be used: differences in celsius and absolute temperatures would be mixed up."""

    def _refuse(self, *args: Any) -> NoReturn:
        raise TypeError(
            "There is no unit 'celsius': use 'kelvin' for differences of temperature, and "
            "'T + zero_celsius' (from ranvier.units.constants) with T in kelvin for a temperature in celsius."
        )

    __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __add__ = __radd__ = __sub__ = __rsub__ = __pow__ = _refuse


def __getattr__(name: str) -> Any:
    if name == "__all__":
        return ["celsius", *unit_names()]
    if name == "celsius":
        value: Any = _Celsius()
    elif name == "all_units":
        value = [unit(each) for each in unit_names()]
    elif name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    else:
        try:
            value = unit(name)
        except KeyError:
            raise AttributeError(f"module {__name__!r} has no unit {name!r}") from None
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *unit_names(), *ABBREVIATIONS, "celsius"})
