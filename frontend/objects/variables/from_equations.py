"""The variables that a group has by its equations, its size and its clock."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import Any

import numpy as np

from ranvier.equations import Equations
from ranvier.equations.single_equation import SUBEXPRESSION, SingleEquation
from ranvier.objects.memory.arrays import DType, DTypeLike
from ranvier.objects.memory.new_storage import new_storage
from ranvier.objects.variables.variables import (
    ArrayVariable,
    ClockVariable,
    Constant,
    ElementOwner,
    IndexVariable,
    Owner,
    Subexpression,
    UnlinkedVariable,
    Variable,
)
from ranvier.public import public_in
from ranvier.session.clocks import BaseClock
from ranvier.units import second
from ranvier.units.dimensions import DIMENSIONLESS

TIMES = frozenset({"lastspike", "lastupdate"})
"""Variables that are stored in double precision whatever the group's precision is."""

FLOATS = (np.dtype(np.float64), np.dtype(np.float32))


def add_index_variables(owner: Owner, size: int) -> None:
    """Adds `N` and `i`."""
    owner_ref = weakref.ref(owner)
    owner.variables["N"] = Constant(
        name="N", dtype=np.dtype(np.int64), scalar=True, constant=True, read_only=True, value=size, owner_ref=owner_ref
    )
    owner.variables["i"] = IndexVariable(
        name="i", dtype=np.dtype(np.int32), constant=True, read_only=True, size=size, owner_ref=owner_ref
    )


def add_clock_variables(owner: Owner, clock: BaseClock) -> None:
    """Adds `t`, `dt` and `t_in_timesteps`; only `t` if the clock ticks at given times."""
    owner_ref = weakref.ref(owner)
    rows = (("t", second.dim, np.float64), ("dt", second.dim, np.float64), ("t_in_timesteps", DIMENSIONLESS, np.int64))
    for name, dim, dtype in rows if clock.event_times is None else rows[:1]:
        owner.variables[name] = ClockVariable(
            name=name,
            dim=dim,
            dtype=np.dtype(dtype),
            scalar=True,
            constant=name == "dt",
            read_only=True,
            what=name,
            clock=clock,
            owner_ref=owner_ref,
        )


def add_equation_variables(
    owner: ElementOwner, equations: Equations, size: int, dtype: object, *, protect: bool
) -> None:
    """Adds the variables that equations define, with memory for their values.

    Args:
        owner: The group.
        equations: Its equations.
        size: Number of elements.
        dtype: Type of float variables, or name of a variable → type; None for the preferences.
        protect: Whether variables with the flag (unless refractory) keep their values in refractory neurons.
    """
    owner_ref = weakref.ref(owner)
    types = _Types(dtype)
    for equation in equations.ordered:
        name = equation.varname
        common: dict[str, Any] = {
            "name": name,
            "dim": equation.dim,
            "dtype": types.of(equation),
            "scalar": "shared" in equation.flags,
            "owner_ref": owner_ref,
        }
        owner.variables[name] = _variable(owner, equation, common, size, protect)


def _variable(
    owner: ElementOwner, equation: SingleEquation, common: dict[str, Any], size: int, protect: bool
) -> Variable:
    if equation.type == SUBEXPRESSION:
        assert equation.expr is not None
        return Subexpression(**common, read_only=True, expr=equation.expr.code, origin=equation.expr.origin)
    if "linked" in equation.flags:
        return UnlinkedVariable(**common)
    length = 1 if common["scalar"] else size
    population = None if common["scalar"] else owner.element_population
    label = f"{owner.name}.{equation.varname}"
    storage = new_storage(label, length, common["dtype"], equation.dim, population)
    return ArrayVariable(
        **common,
        constant="constant" in equation.flags,
        storage=storage,
        protected=protect and "unless refractory" in equation.flags,
    )


@public_in("ranvier.groups.group")
def get_dtype(equation: SingleEquation, dtype: object = None) -> DType:
    """Returns the type of the values of a variable.

    Args:
        equation: Its equation.
        dtype: Type of float variables, or name of a variable → type; None for the preferences.

    Raises:
        TypeError: If the type given does not fit the equation.
    """
    return _Types(dtype).of(equation)


class _Types:
    """The types of variables' values.

    Args:
        dtype: The `dtype` argument of a group.

    Raises:
        TypeError: If it is no floating point type.
    """

    def __init__(self, dtype: Any) -> None:
        from ranvier.session.preferences import prefs

        self._given: Mapping[str, DTypeLike] = dtype if isinstance(dtype, Mapping) else {}
        self._integer = np.dtype(prefs["core.default_integer_dtype"])
        self._float = np.dtype(prefs["core.default_float_dtype"])
        if dtype is not None and not isinstance(dtype, Mapping):
            self._float = np.dtype(dtype)
            if self._float not in FLOATS:
                raise TypeError(f"{self._float} is not a valid floating point dtype: use float64 or float32.")

    def of(self, equation: SingleEquation) -> DType:
        """Returns the type of a variable's values.

        Raises:
            TypeError: If the type given does not fit the equation.
        """
        name, kind = equation.varname, equation.var_type
        if name in TIMES:
            return np.dtype(np.float64)
        default = {"boolean": np.dtype(np.bool_), "integer": self._integer, "float": self._float}[kind]
        given = np.dtype(self._given.get(name, default))
        if given.kind != default.kind:
            raise TypeError(f"{given} is not a valid dtype for the {kind} variable '{name}'.")
        return given
