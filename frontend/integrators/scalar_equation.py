"""The exact step of one equation dx/dt = A x + B."""

from __future__ import annotations

from ranvier.equations.assignments import Assign, Line
from ranvier.equations.build import ONE, add, call, divide, is_number, multiply, negate
from ranvier.equations.expressions import Binary, Compare, Expr, Name, Number, Unary
from ranvier.integrators.system import OdeSystem, Temporaries

DT = Name("dt")


def advance(
    system: OdeSystem, variable: str, slope: Expr, offset: Expr, temporaries: Temporaries, lines: list[Line]
) -> Expr:
    """Returns the value after one step: `P x + Q B` with `P = exp(A dt)` and `Q = dt exprel(A dt)`.

    P and Q do not divide by A, so they hold for A = 0. What is the same for all elements gets assignments of its
    own, so that it can be computed once. If A differs between elements, one exponential serves both: the value is
    `x + expm1(A dt) (x + B/A)`, or `x + dt B` where A = 0. It stays finite where A overflows to minus infinity.

    Args:
        slope: A.
        offset: B.
        lines: Receives the assignments.
    """
    if is_number(slope, 0):
        return add(Name(variable), weighted(system, variable, DT, offset, temporaries, lines))
    exponent = multiply(slope, DT)
    if not is_number(offset, 0) and not system.is_uniform(slope):
        slope = assign(slope, temporaries, lines, "A", variable)
        offset = assign(offset, temporaries, lines, "B", variable)
        relaxed = multiply(call("expm1", multiply(slope, DT)), add(Name(variable), divide(offset, slope)))
        none = Compare("==", slope, Number(0.0))
        return add(Name(variable), call("_select", none, multiply(DT, offset), relaxed))
    factor = assign(call("exp", exponent), temporaries, lines, "P", variable)
    value = multiply(factor, Name(variable))
    if is_number(offset, 0):
        return value
    weight = multiply(DT, call("exprel", exponent))
    return add(value, weighted(system, variable, weight, offset, temporaries, lines))


def weighted(
    system: OdeSystem, variable: str, weight: Expr, offset: Expr, temporaries: Temporaries, lines: list[Line]
) -> Expr:
    """Returns `weight*offset`, with uniform factors of the offset moved into the weight."""
    outer, inner = peel_uniform(system, offset)
    return multiply(assign(multiply(weight, outer), temporaries, lines, "Q", variable), inner)


def peel_uniform(system: OdeSystem, expr: Expr) -> tuple[Expr, Expr]:
    """Splits a product into a factor that is the same for all elements and the rest."""
    if system.is_uniform(expr):
        return expr, ONE
    match expr:
        case Unary("-", operand):
            outer, inner = peel_uniform(system, operand)
            return negate(outer), inner
        case Binary("*", left, right):
            left_outer, left_inner = peel_uniform(system, left)
            right_outer, right_inner = peel_uniform(system, right)
            return multiply(left_outer, right_outer), multiply(left_inner, right_inner)
        case Binary("/", left, right):
            left_outer, left_inner = peel_uniform(system, left)
            right_outer, right_inner = peel_uniform(system, right)
            return divide(left_outer, right_outer), divide(left_inner, right_inner)
        case _:
            return ONE, expr


def assign(expr: Expr, temporaries: Temporaries, lines: list[Line], *parts: str) -> Expr:
    """Gives an expression a name, unless it is one."""
    if isinstance(expr, Name):
        return expr
    name = temporaries.new(*parts)
    lines.append(Assign(name, expr))
    return Name(name)
