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
    right = right.subs({sympy.Symbol("t", real=True): start + passed})
    try:
        hint = hint_of(right, now, passed)
        if hint is None:
            raise _unsolved(variable, expr)
        found: Any = sympy.dsolve(sympy.Eq(course.diff(passed), right.subs(now, course)), course, hint=hint)
        if isinstance(found, list) or found.lhs != course or found.has(sympy.Integral, sympy.Piecewise):
            raise _unsolved(variable, expr)
        constants: Any = sympy.solve(sympy.Eq(found.rhs.subs(passed, 0), now), constant)
    except Exception:  # sympy's solvers fail in ways of all kinds: of their polynomials, types, recursion
        raise _unsolved(variable, expr) from None
    if len(constants) != 1:
        raise _unsolved(variable, expr)
    course = _without_logarithms(found.rhs.subs(constant, constants[0]))
    if not is_solution(course, right, now, passed):
        raise _unsolved(variable, expr)
    value = course.subs({passed: sympy.Symbol("dt"), start: sympy.Symbol("t")})
    value = value.xreplace({sympy.pi: sympy.Float(math.pi), sympy.E: sympy.Float(math.e)})  # no names of the model
    try:
        return apart.back(parse_expression(sympy_to_str(value)))
    except SyntaxError:
        raise _unsolved(variable, expr) from None


MOST_PARTS = 2
"""Of so many different functions of a variable, in factors of their own, sympy may know the integral."""


def hint_of(right: Any, now: Any, passed: Any) -> str | None:
    """Returns how sympy is asked for the solution of an equation; None if it would look for long and find nothing.

    There is no bound on the time that its integrals take, but they are of use for few kinds of equations: the time,
    as a function of the variable, has to be solved for the variable.

    | right-hand side | |
    |---|---|
    | linear in the variable | a known formula, with integrals over t |
    | a*x + b*x**n | Bernoulli's |
    | a polynomial of degree 2 | logarithms, or a tangent |
    | one of a higher degree, or a fraction with such a numerator | a sum of logarithms: no formula |
    | functions of the variable, each in a factor of its own, such as x*log(x) | sympy tries |
    | a sum with several, such as x + exp(x); more factors; t and x mixed | no formula |

    Args:
        right: The right-hand side.
        now: The variable.
        passed: The time since the beginning of the step.
    """
    import sympy as package  # pyright: ignore[reportMissingTypeStubs]

    sympy: Any = package  # it has no types
    terms = [term.as_independent(now) for term in sympy.Add.make_args(sympy.expand(right))]
    if all(_is_power(part, now) for _, part in terms):
        exponents = {part.as_base_exp()[1] if part.has(now) else 0 for _, part in terms}
        if exponents <= {0, 1}:
            return "1st_linear"
        if exponents <= {0, 1, 2} or len(exponents) == 1 or right.has(passed):
            return "default" if exponents <= {0, 1, 2} or len(exponents - {1}) == 1 else None
        return "Bernoulli" if len(exponents - {1}) == 1 else None
    numerator = sympy.fraction(sympy.together(right))[0]
    parts = _parts(numerator, now)
    if parts == {now} and sympy.degree(numerator, now) > 2:
        return None
    factors = [each for each in sympy.Mul.make_args(sympy.factor_terms(right)) if each.has(now)]
    several = [_parts(each, now) for each in factors]
    is_mixed = any(each.has(passed) for each in factors) or any(len(each) > 1 for each in several)
    return None if is_mixed or len(set[Any]().union(*several)) > MOST_PARTS else "default"


def _is_power(part: Any, now: Any) -> bool:
    """Tells whether a part of a term is 1 or a power of the variable, with a number as exponent."""
    base, exponent = part.as_base_exp()
    return not part.has(now) or (base == now and exponent.is_number)


def _parts(expr: Any, now: Any) -> set[Any]:
    """Returns the functions of a variable that are added and multiplied in an expression; itself may be one."""
    if not expr.has(now):
        return set()
    if expr.is_Add or expr.is_Mul or (expr.is_Pow and expr.exp.is_integer and expr.exp.is_number):
        return set[Any]().union(*(_parts(each, now) for each in expr.args))
    return {expr}


def _without_logarithms(value: Any) -> Any:
    """Returns a value in which exp(a + b*log(x)/b) is exp(a)*x: x may be negative."""
    import sympy as package  # pyright: ignore[reportMissingTypeStubs]

    sympy: Any = package  # it has no types

    def expanded(argument: Any) -> Any:
        return sympy.exp(sympy.expand(argument))

    return value.replace(sympy.exp, expanded)


TRIED = 4
"""So many places are looked at to see whether a formula solves an equation."""


def is_solution(course: Any, right: Any, now: Any, passed: Any) -> bool:
    """Tells whether a formula solves an equation: sympy's are now and then wrong.

    It is looked at with complex numbers for all names; at one place at least it has to hold, since functions with
    several branches may take the other one.

    Args:
        course: The formula of the variable and the time since the beginning of the step.
        right: The right-hand side of the equation.
        now: The variable.
        passed: The time since the beginning of the step.
    """
    slope, wanted = course.diff(passed), right.subs(now, course)
    symbols = sorted({*slope.free_symbols, *wanted.free_symbols}, key=str)
    for place in range(TRIED):
        values = {symbol: 0.31 + (0.37 * (k + 1) + 0.23 * place) % 0.61 for k, symbol in enumerate(symbols)}
        try:
            left, other = complex(slope.subs(values)), complex(wanted.subs(values))
        except (TypeError, ValueError, ArithmeticError):
            continue
        if abs(left - other) <= 1e-9 * max(abs(left), abs(other), 1e-9):
            return True
    return False


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


__all__ = ["hint_of", "is_solution", "solved"]
