"""One equation solved by sympy: `dx/dt = f(x, t)` with everything else held."""

from __future__ import annotations

import math
from typing import Any

from ranvier.equations.code_strings import SYMPY_NAMES
from ranvier.equations.expressions import (
    Call,
    Compare,
    Expr,
    Logical,
    Name,
    Unary,
    map_children,
    names,
    render,
    shown,
)
from ranvier.equations.parser import parse_expression
from ranvier.equations.sympy_form import SAME_NAMES, str_to_sympy, sympy_to_str
from ranvier.integrators.system import UnsupportedEquationsException

_SMOOTH = (frozenset(SAME_NAMES) | SYMPY_NAMES.keys()) - {"floor", "ceil", "sign", "abs"}

_HELD = "held_{}"

_START, _PASSED = "start_of_step", "time_in_step"


def solved(variable: str, expr: Expr) -> Expr:
    """Returns the value of a variable after a step, by the solution of its equation.

    The solution is one in the time since the beginning of the step, so that nothing in it grows with t.

    Args:
        variable: The variable.
        expr: The right-hand side of its equation, which may contain t.

    Raises:
        UnsupportedEquationsException: There is no formula for the solution.
    """
    import sympy as package  # pyright: ignore[reportMissingTypeStubs]

    sympy: Any = package  # it has no types
    apart = _Held({variable, "t"})
    right: Any = str_to_sympy(render(apart.without(expr)))
    start, passed = sympy.Symbol(_START, real=True), sympy.Symbol(_PASSED, nonnegative=True)
    now, constant = sympy.Symbol(variable, real=True), sympy.Symbol("C1")
    course: Any = sympy.Function(variable)(passed)
    right = right.subs({sympy.Symbol("t", real=True): start + passed, now: course})
    try:
        found: Any = sympy.dsolve(sympy.Eq(course.diff(passed), right), course)
        if isinstance(found, list) or found.lhs != course or found.has(sympy.Integral, sympy.Piecewise):
            raise _unsolved(variable, expr)
        constants: Any = sympy.solve(sympy.Eq(found.rhs.subs(passed, 0), now), constant)
    except Exception:  # sympy's solvers fail in ways of all kinds: of their polynomials, types, recursion
        raise _unsolved(variable, expr) from None
    if len(constants) != 1:
        raise _unsolved(variable, expr)
    value = found.rhs.subs(constant, constants[0]).subs({passed: sympy.Symbol("dt"), start: sympy.Symbol("t")})
    value = value.xreplace({sympy.pi: sympy.Float(math.pi), sympy.E: sympy.Float(math.e)})  # no names of the model
    try:
        return apart.back(parse_expression(sympy_to_str(value)))
    except SyntaxError:
        raise _unsolved(variable, expr) from None


class _Held:
    """The parts of an expression that hold their value during a step and that sympy does not know, as names.

    Args:
        changing: The names of what changes.
    """

    def __init__(self, changing: set[str]) -> None:
        self.changing = changing
        self.parts: dict[Expr, str] = {}

    def without(self, expr: Expr) -> Expr:
        """Returns an expression with these parts replaced by names."""
        is_smooth = not isinstance(expr, Call | Compare | Logical) or (
            isinstance(expr, Call) and expr.function in _SMOOTH
        )
        if is_smooth and not (isinstance(expr, Unary) and expr.op == "not"):
            return map_children(expr, self.without)
        if names(expr) & self.changing:
            raise UnsupportedEquationsException(
                f"The method 'independent' has no solution for '{shown(expr)}', which changes during a step."
            )
        return Name(self.parts.setdefault(expr, _HELD.format(len(self.parts))))

    def back(self, expr: Expr) -> Expr:
        """Returns an expression with the parts in their places."""
        parts = {name: part for part, name in self.parts.items()}
        return parts.get(expr.id, expr) if isinstance(expr, Name) else map_children(expr, self.back)


def _unsolved(variable: str, expr: Expr) -> UnsupportedEquationsException:
    return UnsupportedEquationsException(
        f"The method 'independent' finds no formula that solves the equation of '{variable}', '{shown(expr)}'. Use "
        "another method, e.g. 'rk4'."
    )


__all__ = ["solved"]
