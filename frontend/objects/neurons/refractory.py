"""Refractoriness: when `not_refractory` becomes true again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ranvier.actions.actions import Constant
from ranvier.equations.assignments import Assign
from ranvier.equations.expressions import Binary, Call, Compare, Expr, Logical, Name, Number, Unary, functions, names
from ranvier.equations.function_values import TIMESTEP_TOLERANCE
from ranvier.equations.single_equation import SUBEXPRESSION, SingleEquation
from ranvier.units import DimensionMismatchError, Quantity, get_dimensions, second
from ranvier.units.dimensions import DIMENSIONLESS
from ranvier.units.mismatch import UnitTypeError

if TYPE_CHECKING:
    from ranvier.objects.variables.scope import Scope

Refractory = bool | str | Quantity
"""False, a time, or text that means a time or a condition."""

NEVER = -1e4
"""Seconds: `lastspike` of a neuron that has not spiked."""

UNLESS_REFRACTORY = "unless refractory"


def update_of_not_refractory(value: Refractory, scope: Scope, *, legacy: bool) -> Assign:
    """Returns the assignment that recomputes `not_refractory` at the start of each step.

    For a time R it is true if timestep(t - lastspike, dt) >= timestep(R, dt), written so that all but `lastspike` is
    the same for all neurons; for a condition C a neuron stays refractory while C holds.

    Args:
        value: The `refractory` argument of the group.
        scope: Gets the names.
        legacy: Compare (t - lastspike) > R in floating point instead.

    Raises:
        TypeError: If it is neither a time nor a condition.
        DimensionMismatchError: If its unit is not that of time.
    """
    expr, is_condition = _meaning(value, scope)
    scope.lower(Name("not_refractory"))
    if is_condition:
        free: Expr = Logical("or", (Name("not_refractory"), Unary("not", expr)))
        return Assign("not_refractory", free)
    t, dt, lastspike = (scope.lower(Name(name)) for name in ("t", "dt", "lastspike"))
    if legacy:
        return Assign("not_refractory", Compare(">", Binary("-", t, lastspike), expr))
    steps = Call("timestep", (expr, dt))
    border = Binary("+", Binary("-", t, Binary("*", steps, dt)), Binary("*", Number(TIMESTEP_TOLERANCE), dt))
    return Assign("not_refractory", Compare("<=", lastspike, border))


def _meaning(value: Refractory, scope: Scope) -> tuple[Expr, bool]:
    """Returns the expression of a `refractory` argument, and whether it is a condition."""
    if isinstance(value, str):
        expr, dim, dtype = scope.expression(value)
        if dim is second.dim:
            _check_finite_text(value, expr, scope)
            return expr, False
        if dim is not DIMENSIONLESS:
            raise UnitTypeError(
                f"The refractoriness '{value}' has to be a time or a condition, but has another unit", dim
            )
        if dtype != "boolean":
            raise TypeError(
                f"The refractoriness '{value}' is a number: it has to be a time, e.g. '2*ms', or a condition, "
                "e.g. 'v > 0*mV'."
            )
        return expr, True
    if get_dimensions(value) is DIMENSIONLESS:
        raise TypeError(f"The refractoriness {value} is a number: give a time, e.g. 2*ms, or a text.")
    if get_dimensions(value) is not second.dim:
        raise DimensionMismatchError(f"The refractoriness {value} has to be a time", get_dimensions(value))
    if np.ndim(value) != 0:
        raise TypeError(
            "The refractoriness is one time for the whole group: for one per neuron, define a parameter of unit "
            "second in the equations and give its name, e.g. refractory='ref'."
        )
    if not np.isfinite(float(value)):
        raise ValueError(f"The refractoriness has to be a finite time, e.g. 2*ms, not {value}.")
    scope.bindings["_refractory"] = Constant(float(value), "refractory", "s")
    return Name("_refractory"), False


def _check_finite_text(text: str, expr: Expr, scope: Scope) -> None:
    """Checks a text that means a constant time: `inf*ms` is never over, and `nan*ms` never begins."""
    from ranvier.analysis.evaluate import evaluate  # most groups have no such text

    used = {name: scope.bindings[name] for name in names(expr)}
    constants = {name: bound.value for name, bound in used.items() if isinstance(bound, Constant)}
    if len(constants) < len(used) or functions(expr):
        return
    time = float(np.asarray(evaluate(expr, constants)))
    if not np.isfinite(time):
        raise ValueError(f"The refractoriness '{text}' is {time} s: it has to be a finite time, e.g. '2*ms'.")


def displayed(equation: SingleEquation) -> SingleEquation:
    """Returns an equation as `group.equations` shows it in a group with refractoriness."""
    if UNLESS_REFRACTORY not in equation.flags or equation.expr is None:
        return equation
    from ranvier.equations.code_strings import Expression

    expr = Expression(f"int(not_refractory)*({equation.expr.code})")
    return SingleEquation(equation.type, equation.varname, equation.dim, equation.var_type, expr, equation.flags)


def stored(equation: SingleEquation) -> SingleEquation:
    """Returns an equation as `group.equations` shows it if the group stores its values each step."""
    if equation.type != SUBEXPRESSION or "constant over dt" not in equation.flags:
        return equation
    flags = tuple(flag for flag in equation.flags if flag == "shared")
    return SingleEquation("parameter", equation.varname, equation.dim, equation.var_type, None, flags)


__all__ = ["NEVER", "UNLESS_REFRACTORY", "displayed", "stored", "update_of_not_refractory"]
