"""Choosing a method: by name, from a list, or an object of the user."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from ranvier.equations.assignments import Line
from ranvier.equations.source import one_of
from ranvier.integrators.euler import euler
from ranvier.integrators.exact import exact
from ranvier.integrators.exponential_euler import exponential_euler
from ranvier.integrators.gsl import GSL, gsl_rk2, gsl_rk4, gsl_rk8pd, gsl_rkck, gsl_rkf45
from ranvier.integrators.heun import heun
from ranvier.integrators.independent import independent
from ranvier.integrators.method import MethodOptions, StateUpdateMethod, registered
from ranvier.integrators.milstein import milstein
from ranvier.integrators.rk2 import rk2
from ranvier.integrators.rk4 import rk4
from ranvier.integrators.system import OdeSystem, UnsupportedEquationsException

Method: TypeAlias = "str | Sequence[str | StateUpdateMethod] | StateUpdateMethod"
"""What to choose from: a name, names to try, or a method."""

METHODS: Mapping[str, StateUpdateMethod] = MappingProxyType(
    {
        "linear": exact,
        "exact": exact,
        "independent": independent,
        "exponential_euler": exponential_euler,
        "euler": euler,
        "rk2": rk2,
        "rk4": rk4,
        "milstein": milstein,
        "heun": heun,
        "gsl": gsl_rkf45,
        "gsl_rk2": gsl_rk2,
        "gsl_rk4": gsl_rk4,
        "gsl_rkf45": gsl_rkf45,
        "gsl_rkck": gsl_rkck,
        "gsl_rk8pd": gsl_rk8pd,
    }
)


@dataclass(frozen=True)
class Choice:
    """A method and what it made of the equations.

    Attributes:
        name: Of the method, as the user knows it.
        message: What to tell the user (logger name `method_choice`) after an automatic choice; else `None`.
        warning: What else the user should know (logger name `deprecated_<method>`); else `None`.
    """

    name: str
    lines: tuple[Line, ...]
    message: str | None = None
    warning: str | None = None


def find(name: str) -> StateUpdateMethod:
    """Returns the method of a name (capitals don't matter).

    Raises:
        ValueError: Listing the known names.
    """
    known = {**METHODS, **registered}
    method = known.get(name.lower())
    if method is None:
        raise ValueError(
            f"No method of integration with the name '{name}' is known.{one_of(known, name.lower())} "
            f"Known methods are: {', '.join(sorted(known))}."
        )
    return method


def integrate(system: OdeSystem, method: Method, options: MethodOptions | None = None) -> tuple[Line, ...]:
    """Makes the assignments that advance a system by one step; see `choose`."""
    return choose(system, method, options).lines


def choose(
    system: OdeSystem, method: Method, options: MethodOptions | None = None, group_name: str = "the group"
) -> Choice:
    """Applies a method, or the first applicable one of several.

    Args:
        group_name: For the message about an automatic choice.

    Raises:
        TypeError: Something else was given; functions of the script go another way, see `method.code_of`.
        UnsupportedEquationsException: The named method cannot be used for these equations.
        ValueError: An unknown name; none of several methods can be used.
        KeyError: An option the method does not have.
    """
    if isinstance(method, str):
        found = find(method)
        found.check_options(options)
        return Choice(method.lower(), found.integrate(system, options), warning=found.warning)
    if isinstance(method, StateUpdateMethod):
        method.check_options(options)
        return Choice(method.name, method.integrate(system, options), warning=method.warning)
    if not isinstance(method, Sequence):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"A method of integration is a name, a list of names, or a method, not {method!r}.")
    return _first_applicable(system, method, options, group_name)


def applicable(system: OdeSystem) -> list[str]:
    """Returns the names of the built-in methods that can integrate a system."""
    found: list[str] = []
    for name, method in METHODS.items():
        if isinstance(method, GSL) and name != "gsl":  # one of them says enough
            continue
        if method.warning is not None:  # nobody is told to use it, and to try may take long
            continue
        try:
            method.integrate(system, strict=True)
        except (UnsupportedEquationsException, NotImplementedError):
            continue
        found.append(name)
    return found


def _first_applicable(
    system: OdeSystem, methods: Sequence[str | StateUpdateMethod], options: MethodOptions | None, group_name: str
) -> Choice:
    candidates = [(item, find(item)) if isinstance(item, str) else (item.name, item) for item in methods]
    start = time.perf_counter()
    for name, method in candidates:
        begun = time.perf_counter()
        try:
            lines = method.integrate(system, options, strict=True)
        except UnsupportedEquationsException:
            continue
        now = time.perf_counter()
        others = f", trying other methods took {begun - start:.2f}s" if name != candidates[0][0] else ""
        message = (
            f"No numerical integration method specified for group '{group_name}', using method '{name}' "
            f"(took {now - begun:.2f}s{others})."
        )
        return Choice(name, lines, message)
    tried = ", ".join(f"'{name}'" for name, _ in candidates)
    raise ValueError(f"No method of integration that suits the equations has been found (tried: {tried}).")
