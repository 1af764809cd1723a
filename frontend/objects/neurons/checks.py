"""Checks of a group before and after a run."""

from __future__ import annotations

import weakref
from functools import partial

import numpy as np

from ranvier.actions.actions import Storage
from ranvier.analysis.check import check_derivative, check_subexpression
from ranvier.analysis.failures import unlinked
from ranvier.equations import Equations
from ranvier.equations.expressions import Binary, Expr, names, walk
from ranvier.equations.single_equation import DIFFERENTIAL_EQUATION
from ranvier.objects.groups.population import Checked
from ranvier.objects.variables.scope import Scope
from ranvier.objects.variables.variables import ArrayVariable, UnlinkedVariable
from ranvier.session.logger import get_logger

logger = get_logger("ranvier.groups.group")

LARGE = np.float64(1e50)
"""Values beyond this (in SI units) show that an integration failed."""

PIECE = 1 << 16
"""So many values are looked at together: they may be those of millions of synapses."""


def check_links(group: Checked) -> None:
    """Checks that all linked variables of a group are linked.

    Raises:
        TypeError: If one is not.
    """
    for name, variable in group.variables.items():
        if isinstance(variable, UnlinkedVariable):
            raise unlinked(name, group.name)


def check_equations(group: Checked, equations: Equations, scope: Scope) -> None:
    """Checks units, types, names and calls of all equations of a group, or of equations written for it.

    Args:
        group: The group.
        equations: The equations.
        scope: A new scope of the group.

    Raises:
        DimensionMismatchError, TypeError, KeyError, SyntaxError, NotImplementedError: What is wrong.
    """
    for equation in equations.ordered:
        if equation.expr is None:
            continue
        tree, code = equation.expr.tree, equation.expr.code
        scope.symbols((equation.varname,))
        symbols = scope.symbols_in(tree, code)
        if equation.type == DIFFERENTIAL_EQUATION:
            check_derivative(equation.varname, equation.dim, tree, symbols, code)
        else:
            once = "summed" if "summed" in equation.flags else "stored" if "constant over dt" in equation.flags else ""
            check_subexpression(symbols[equation.varname], tree, symbols, code, once)


def warn_of_bad_values(group: Checked) -> None:
    """Warns if a variable of a differential equation is not a number or very large: when the values are in memory."""
    for name in sorted(group.user_equations.diff_eq_names):
        variable = group.variables[name]
        if isinstance(variable, ArrayVariable):
            variable.storage.when_here(partial(_look_at, weakref.ref(group), name))


def _look_at(reference: weakref.ref[Checked], name: str) -> None:
    group = reference()
    variable = None if group is None else group.variables.get(name)
    if group is not None and isinstance(variable, ArrayVariable):
        if not _is_good(variable.storage):
            logger.warn(
                f"{group.name}'s variable '{name}' has NaN, very large values, or encountered an error in numerical "
                "integration. This is usually a sign that an unstable or invalid integration method was chosen"
                f"{_zero_divisor(group)}. To stop at the first such value, with its neuron and time: "
                "run(..., check_values=True).",
                "invalid_values",
                once=True,
            )


def _is_good(storage: Storage) -> bool:
    """Tells whether all elements are numbers, and not very large; one look does for those that are the same."""
    with np.errstate(invalid="ignore"):
        few = storage.representatives
        if bool((np.abs(few) < LARGE).all()):
            return True
        values = storage.readable
        pieces = (values[begin : begin + PIECE] for begin in range(0, storage.size, PIECE))
        return all(bool((np.abs(piece) < LARGE).all()) for piece in pieces)


def _zero_divisor(group: Checked) -> str:
    """Returns that an equation divides by a parameter which is 0, if so: a value that was never set is 0."""
    for equation in group.user_equations.ordered:
        if equation.expr is None:
            continue
        for name in sorted(_divisors(equation.expr.tree) & group.user_equations.parameter_names):
            variable = group.variables[name]
            if isinstance(variable, ArrayVariable) and not np.all(variable.get_value()):
                return f", or of a parameter that was not set: '{equation.varname}' is divided by '{name}', which is 0"
    return ""


def _divisors(expr: Expr) -> set[str]:
    divisions = (part for part in walk(expr) if isinstance(part, Binary) and part.op in ("/", "//", "%"))
    return {name for division in divisions for name in names(division.right)}


def first_not_finite(group: Checked) -> tuple[str, int, float] | None:
    """Returns variable, element and value of the first value of a differential equation that is not finite."""
    for name in group.user_equations.diff_eq_names:
        variable = group.variables[name]
        if isinstance(variable, ArrayVariable):
            values = variable.storage.readable[:]
            bad = np.flatnonzero(~np.isfinite(values))
            if bad.size:
                return name, int(bad[0]), float(values[bad[0]])
    return None
