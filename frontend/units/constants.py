"""Physical constants (CODATA 2014, as Brian has them)."""

from __future__ import annotations

from math import pi
from typing import Final

from ranvier.units.quantity import Quantity

__all__ = [
    "avogadro_constant",
    "boltzmann_constant",
    "electric_constant",
    "electron_mass",
    "elementary_charge",
    "faraday_constant",
    "gas_constant",
    "magnetic_constant",
    "molar_mass_constant",
    "zero_celsius",
]

_of = Quantity.with_dimensions

avogadro_constant: Final = _of(6.022140857e23, substance=-1)
boltzmann_constant: Final = _of(1.38064852e-23, length=2, mass=1, time=-2, temperature=-1)
electric_constant: Final = _of(8.854187817e-12, length=-3, mass=-1, time=4, current=2)
electron_mass: Final = _of(9.10938356e-31, mass=1)
elementary_charge: Final = _of(1.6021766208e-19, time=1, current=1)
faraday_constant: Final = _of(96485.33289, time=1, current=1, substance=-1)
gas_constant: Final = _of(8.3144598, length=2, mass=1, time=-2, temperature=-1, substance=-1)
magnetic_constant: Final = _of(4e-7 * pi, length=1, mass=1, time=-2, current=-2)
molar_mass_constant: Final = _of(1e-3, mass=1, substance=-1)
zero_celsius: Final = _of(273.15, temperature=1)
