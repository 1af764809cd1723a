"""Which names a model may use for its variables."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable

from ranvier.equations.functions import DEFAULT_CONSTANTS, DEFAULT_FUNCTIONS
from ranvier.units.stringunits import unit_in_string

SPECIAL = frozenset({"t", "dt", "t_in_timesteps", "xi", "i", "N"})
REFRACTORINESS = frozenset({"refractory", "not_refractory", "refractory_until"})

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_NOISE = re.compile(r"xi(_\w+)?\Z")

registered_checks: list[Callable[[str], None]] = []
"""Further checks that packages register (`Equations.register_identifier_check`)."""


def is_noise(name: str) -> bool:
    """Tells whether the name stands for white noise: `xi` or `xi_something`."""
    return _NOISE.match(name) is not None


def check_identifier(name: str, *, internal: bool = False) -> None:
    """Checks that a model may define a variable of this name.

    Args:
        internal: Accept a leading underscore and the names of the refractory mechanism.

    Raises:
        SyntaxError: The name is malformed, or it already means something.
    """
    if not _IDENTIFIER.match(name):
        raise SyntaxError(f"'{name}' is not a valid variable name: use letters, digits and underscores.")
    if keyword.iskeyword(name):
        raise SyntaxError(f"'{name}' is a Python keyword and cannot be used as a variable.")
    if name.startswith("_") and not internal:
        raise SyntaxError(
            f"The variable name '{name}' starts with an underscore; such names are kept for internal use."
        )
    if name in SPECIAL or is_noise(name):
        raise SyntaxError(f"'{name}' has a special meaning in equations and cannot be used as a variable name.")
    if name in DEFAULT_FUNCTIONS:
        raise SyntaxError(f"'{name}' is the name of a function and cannot be used as a variable name.")
    if name in DEFAULT_CONSTANTS:
        raise SyntaxError(f"'{name}' is the name of a constant and cannot be used as a variable name.")
    if name in REFRACTORINESS and not internal:
        raise SyntaxError(f"'{name}' belongs to the refractory mechanism and cannot be used as a variable name.")
    if unit_in_string(name) is not None:
        raise SyntaxError(f"'{name}' is the name of a unit and cannot be used as a variable name.")
    for check in registered_checks:
        check(name)
