"""Derivatives of expressions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from ranvier.equations.build import ONE, ZERO, add, call, divide, is_number, multiply, negate, power, subtract
from ranvier.equations.expressions import Binary, Call, Compare, Expr, Logical, Name, Number, Unary, names, render

_TWO = Number(2)


def _one_plus_square(x: Expr) -> Expr:
    return add(ONE, power(x, 2))


def _one_minus_square(x: Expr) -> Expr:
    return subtract(ONE, power(x, 2))


def _exprel_slope(x: Expr) -> Expr:
    """Returns (exp(x) - exprel(x))/x, which is 1/2 at 0; there `exp` and `exprel` agree, so the quotient is held off
    zero.
    """
    slope = divide(subtract(call("exp", x), call("exprel", x)), x)
    series = add(Number(0.5), add(divide(x, Number(3)), divide(power(x, 2), Number(8))))
    return call("_select", Compare("<", call("abs", x), Number(1e-4)), series, slope)


_OUTER: Mapping[str, Callable[[Expr], Expr]] = MappingProxyType(
    {
        "exp": lambda x: call("exp", x),
        "expm1": lambda x: call("exp", x),
        "exprel": _exprel_slope,
        "log": lambda x: divide(ONE, x),
        "log10": lambda x: divide(ONE, multiply(x, call("log", Number(10.0)))),
        "log1p": lambda x: divide(ONE, add(ONE, x)),
        "sqrt": lambda x: divide(ONE, multiply(_TWO, call("sqrt", x))),
        "sin": lambda x: call("cos", x),
        "cos": lambda x: negate(call("sin", x)),
        "tan": lambda x: _one_plus_square(call("tan", x)),
        "sinh": lambda x: call("cosh", x),
        "cosh": lambda x: call("sinh", x),
        "tanh": lambda x: _one_minus_square(call("tanh", x)),
        "arcsin": lambda x: divide(ONE, call("sqrt", _one_minus_square(x))),
        "arccos": lambda x: negate(divide(ONE, call("sqrt", _one_minus_square(x)))),
        "arctan": lambda x: divide(ONE, _one_plus_square(x)),
        "abs": lambda x: call("sign", x),
    }
)
"""Outer derivative of each function of one argument."""


def derivative(expr: Expr, name: str) -> Expr:
    """Returns the derivative of an expression with respect to one of its names.

    The result may hold `_select(condition, a, b)`, as integrated code may.

    Raises:
        TypeError: The expression has no derivative there: the name stands in a comparison, in a function with steps
            (`int`, `floor`...) or in a function of the user.
    """
    if name not in names(expr):
        return ZERO
    match expr:
        case Name():
            return ONE
        case Unary("-", operand):
            return negate(derivative(operand, name))
        case Unary("+", operand):
            return derivative(operand, name)
        case Binary("+", left, right):
            return add(derivative(left, name), derivative(right, name))
        case Binary("-", left, right):
            return subtract(derivative(left, name), derivative(right, name))
        case Binary("*", left, right):
            first = multiply(derivative(left, name), right)
            return add(first, multiply(left, derivative(right, name)))
        case Binary("/", left, right):
            return _quotient(left, right, name)
        case Binary("**", base, exponent):
            return _power(expr, base, exponent, name)
        case Call(function, (argument,)) if function in _OUTER:
            return multiply(_OUTER[function](argument), derivative(argument, name))
        case Number() | Unary() | Binary() | Call() | Compare() | Logical():
            raise TypeError(f"'{render(expr)}' cannot be differentiated with respect to '{name}'.")


def _quotient(left: Expr, right: Expr, name: str) -> Expr:
    above, below = derivative(left, name), derivative(right, name)
    if is_number(below, 0):
        return divide(above, right)
    return subtract(divide(above, right), divide(multiply(left, below), power(right, 2)))


def _power(expr: Expr, base: Expr, exponent: Expr, name: str) -> Expr:
    inner, outer = derivative(base, name), derivative(exponent, name)
    if is_number(outer, 0):
        lowered = (
            Number(exponent.value - 1)
            if isinstance(exponent, Number) and not isinstance(exponent.value, bool)
            else subtract(exponent, ONE)
        )
        reduced = base if is_number(lowered, 1) else Binary("**", base, lowered)
        return multiply(multiply(exponent, reduced), inner)
    growth = multiply(multiply(expr, call("log", base)), outer)
    if is_number(inner, 0):
        return growth
    return add(growth, multiply(multiply(divide(exponent, base), expr), inner))
