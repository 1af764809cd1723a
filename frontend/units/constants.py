"""Physical constants (CODATA 2014, as Brian has them)."""

from __future__ import annotations

from math import pi
from typing import Any

from ranvier.units.allunits import amp, coulomb, farad, gram, joule, kelvin, kilogram, metre, mole, newton

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

avogadro_constant: Any = 6.022140857e23 * (1 / mole)
boltzmann_constant: Any = 1.38064852e-23 * (joule / kelvin)
electric_constant: Any = 8.854187817e-12 * (farad / metre)
electron_mass: Any = 9.10938356e-31 * kilogram
elementary_charge: Any = 1.6021766208e-19 * coulomb
faraday_constant: Any = 96485.33289 * (coulomb / mole)
gas_constant: Any = 8.3144598 * (joule / mole / kelvin)
magnetic_constant: Any = 4e-7 * pi * (newton / amp**2)
molar_mass_constant: Any = 1 * (gram / mole)
zero_celsius: Any = 273.15 * kelvin
