"""What the names in the strings of a script mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import FunctionType, ModuleType
from typing import Any, cast

import numpy as np

from ranvier.analysis.failures import UnknownUnitError, unresolved
from ranvier.analysis.symbols import Symbol, constant, function
from ranvier.equations.function_objects import as_function
from ranvier.equations.functions import DEFAULT_CONSTANTS, DEFAULT_FUNCTIONS
from ranvier.equations.parser import within_64_bit
from ranvier.equations.source import one_of
from ranvier.units.checks import get_dimensions
from ranvier.units.dimensions import get_or_create_dimension
from ranvier.units.quantity import quantity
from ranvier.units.stringunits import unit_in_string

Warn = Callable[[str], None]

_DIMENSIONLESS = get_or_create_dimension([0] * 7)


_LARGER, _SMALLER = "'clip(a, b, inf)' is the larger of a and b", "'clip(a, -inf, b)' is the smaller of a and b"
_DRAWN = "'rand()' gives a random number between 0 and 1 for each element"
_NORMAL = "'randn()' gives a normally distributed random number for each element"
_SUMMED = "a text is about one element at a time; sum in Synapses, with the flag (summed), or in the script"
_POWER = "write 'a**b'"

ADVICE = {
    "max": _LARGER,
    "maximum": _LARGER,
    "fmax": _LARGER,
    "amax": _LARGER,
    "min": _SMALLER,
    "minimum": _SMALLER,
    "fmin": _SMALLER,
    "amin": _SMALLER,
    "where": "write 'int(condition)*a + int(not condition)*b', with a condition in place of 'condition'",
    "heaviside": "write 'int(x > 0)'",
    "power": _POWER,
    "pow": _POWER,
    "square": "write 'x**2'",
    "random": _DRAWN,
    "uniform": f"{_DRAWN}: 'a + (b - a)*rand()'",
    "normal": f"{_NORMAL}: 'mean + sd*randn()'",
    "sum": _SUMMED,
    "mean": _SUMMED,
    "norm": "write 'sqrt(x**2 + y**2)'",
    "round": "write 'floor(x + 0.5)'",
    "rint": "write 'floor(x + 0.5)'",
    "float": "numbers need no conversion; '1.0*x' is a float",
    "mod": "write 'a % b'",
    "fmod": "write 'a % b'",
    "sigmoid": "write '1/(1 + exp(-x))'",
    "relu": "write 'clip(x, 0, inf)'",
}
"""Functions that people know from elsewhere → what to write in a text."""


def default_symbol(name: str) -> Symbol | None:
    """Returns the symbol that a name stands for in every model: a constant, a unit or a function."""
    if name in DEFAULT_CONSTANTS:
        return constant(name, DEFAULT_CONSTANTS[name])
    if name in DEFAULT_FUNCTIONS:
        return function(name, DEFAULT_FUNCTIONS[name])
    unit = unit_in_string(name)
    if unit is not None:
        scale, dim = unit
        return Symbol(name, "float", dim, True, "unit", float(scale))
    return None


def external_symbol(name: str, value: object) -> Symbol | None:
    """Returns the symbol for an object of the script: a scalar or a function; `None` for everything else."""
    found = as_function(value)
    if found is not None:
        return function(name, found)
    if isinstance(value, bool | int | float) and type(value) in (bool, int, float):
        return constant(name, _within_64_bit(name, value))
    if isinstance(value, np.generic | np.ndarray):
        plain: np.ndarray[Any, Any] = np.asarray(cast(Any, value))
        if plain.ndim == 0 and plain.dtype.kind in "biuf":
            return constant(name, within_64_bit(plain.item()), get_dimensions(value))
    return None


def _within_64_bit(name: str, value: bool | int | float) -> bool | int | float:
    """Returns a number of the script as it is computed with; the next integers after those of 64 bit are floats."""
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        raise TypeError(
            f"The value of '{name}' is the integer {value if abs(value) < 2**128 else '...'}, which 64 bit cannot "
            f"hold. Write float({name}) in the script if a float is meant."
        )
    return within_64_bit(value)


def resolve(
    name: str,
    group_namespace: Mapping[str, Any],
    run_namespace: Mapping[str, Any],
    *,
    warn: Warn | None = None,
) -> Symbol:
    """Finds the meaning of a name that is no variable of a group.

    The order: constants, units and functions that every model knows; the namespace of the group; that of the run.

    Args:
        warn: Is told when the name has several meanings with different values.

    Raises:
        KeyError: The name has no meaning, or stands for something that is no scalar.
    """
    chosen = find(name, group_namespace, run_namespace, warn=warn)
    if chosen is None:
        raise meaningless(name, group_namespace, run_namespace)
    return chosen


def find(
    name: str,
    group_namespace: Mapping[str, Any],
    run_namespace: Mapping[str, Any],
    *,
    warn: Warn | None = None,
) -> Symbol | None:
    """Finds the meaning of a name as `resolve` does; `None` if it has none.

    Whoever takes that for an answer calls this: for a proposal, `resolve` looks at all names of the script.
    """
    spaces = [("group-specific namespace", group_namespace), ("run namespace", run_namespace)]
    outside = [(where, external_symbol(name, space[name])) for where, space in spaces if name in space]
    usable = [(where, symbol) for where, symbol in outside if symbol is not None]
    chosen, where = default_symbol(name), "known in every model"
    if chosen is None and usable:
        (place, chosen), *usable = usable
        where = f"defined in the {place}"
    if chosen is not None and warn is not None:
        _warn_of_conflicts(name, chosen, where, usable, warn)
    return chosen


def meaningless(name: str, *spaces: Mapping[str, Any]) -> KeyError:
    """Returns the error for a name that has no meaning in some namespaces, with what may be meant."""
    values = [space[name] for space in spaces if name in space]
    if values and callable(values[0]) and hasattr(values[0], "_arg_units"):
        return UnknownUnitError(
            f"The function '{name}' does not say the unit of what it returns: add result=... to the "
            f"@check_units before 'def {name}', e.g. result=1 for a number."
        )
    if values:
        return unresolved(name, f' The name "{name}" was found in the namespace, but {_why_unusable(name, values[0])}')
    known = {*DEFAULT_FUNCTIONS, *DEFAULT_CONSTANTS}
    for space in spaces:
        known.update(key for key, value in space.items() if not key.startswith("_") and _is_of_use(value))
    if name in ADVICE:
        return unresolved(name, f" In texts, {ADVICE[name]}.")
    return unresolved(name, one_of(known, name) or f" It has no value: {_define(name)}")


def _is_of_use(value: object) -> bool:
    """Tells whether a text may mean an object of the script: a number, an array, or a function of the script's own."""
    if isinstance(value, ModuleType | type):
        return False
    if callable(value):
        return as_function(value) is not None or not _is_known_elsewhere(value)
    return isinstance(value, bool | int | float | list | np.generic | np.ndarray)


def _define(name: str) -> str:
    return f'define it in the script, or in a namespace: namespace={{"{name}": ...}}.'


def _is_known_elsewhere(function: object) -> bool:
    """Tells whether a function is one of numpy or of the star import, not of the script."""
    owner = getattr(function, "__module__", None) or type(function).__module__
    if isinstance(function, FunctionType) and owner == "builtins":  # of a script without a name
        return False
    return callable(function) and owner.partition(".")[0] in ("numpy", "ranvier", "builtins", "matplotlib", "scipy")


def _why_unusable(name: str, value: Any) -> str:
    if name in ADVICE and _is_known_elsewhere(value):
        return f"it is a function for arrays, not for texts: {ADVICE[name]}."
    if isinstance(value, ModuleType):
        return f"it is a module, not a value: {_define(name)}"
    if _is_known_elsewhere(value):
        return (
            f"it is a function of a package, which texts do not know. If a value is meant, {_define(name)} "
            "If the function is meant, call it in one of the script's own, with "
            "@check_units(..., result=...) before its 'def'."
        )
    if callable(value):
        return f"it is a function whose units are not known: put @check_units(..., result=...) before 'def {name}'."
    if np.size(value) == 1 and hasattr(value, "shape"):
        return f"it is an array with one value, not a number or a quantity: its value is {name}.item(0)."
    if hasattr(value, "shape") or isinstance(value, list | tuple):
        return (
            "it has several values, so it is not a scalar value (a number or a quantity). Values that differ between "
            "elements belong into a variable of the group, values that change with time into a TimedArray."
        )
    return f"it is of type {type(value).__name__}: it is not a scalar value (a number or a quantity)."


def _warn_of_conflicts(name: str, chosen: Symbol, where: str, others: list[tuple[str, Symbol]], warn: Warn) -> None:
    for place, other in others:
        if other.kind == "function" or _same_value(chosen, other):
            continue
        warn(
            f"'{name}' is {where}, but also exists in the {place} with the value {_shown(other)}. "
            f"The former meaning is used."
        )
        return


def _same_value(first: Symbol, second: Symbol) -> bool:
    return first.dim is second.dim and first.value is not None and first.value == second.value


def _shown(symbol: Symbol) -> str:
    return str(symbol.value) if symbol.dim is _DIMENSIONLESS else str(quantity(symbol.value, symbol.dim))
