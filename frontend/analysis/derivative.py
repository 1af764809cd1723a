"""Derivatives of expressions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from ranvier.equations.build import ONE, ZERO, add, call, divide, is_number, multiply, negate, power, subtract
from ranvier.equations.expressions import (
    Binary,
    Call,
    Compare,
    Expr,
    Logical,
    Name,
    Number,
    Unary,
    children,
    once_each,
    shown,
)

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
    return _Derivative(name).of(expr)


class _Derivative:
    """Derivatives with respect to one name."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.contains = once_each(self._contains)
        self.of = once_each(self._of)

    def _contains(self, expr: Expr) -> bool:
        return expr.id == self.name if isinstance(expr, Name) else any([self.contains(k) for k in children(expr)])

    def _of(self, expr: Expr) -> Expr:
        if not self.contains(expr):
            return ZERO
        match expr:
            case Name():
                return ONE
            case Unary("-", operand):
                return negate(self.of(operand))
            case Unary("+", operand):
                return self.of(operand)
            case Binary("+", left, right):
                return add(self.of(left), self.of(right))
            case Binary("-", left, right):
                return subtract(self.of(left), self.of(right))
            case Binary("*", left, right):
                first = multiply(self.of(left), right)
                return add(first, multiply(left, self.of(right)))
            case Binary("/", left, right):
                return self._quotient(left, right)
            case Binary("**", base, exponent):
                return self._power(expr, base, exponent)
            case Call(function, (argument,)) if function in _OUTER:
                return multiply(_OUTER[function](argument), self.of(argument))
            case Number() | Unary() | Binary() | Call() | Compare() | Logical():
                raise TypeError(f"'{shown(expr)}' cannot be differentiated with respect to '{self.name}'.")

    def _quotient(self, left: Expr, right: Expr) -> Expr:
        above, below = self.of(left), self.of(right)
        if is_number(below, 0):
            return divide(above, right)
        return subtract(divide(above, right), divide(multiply(left, below), power(right, 2)))

    def _power(self, expr: Expr, base: Expr, exponent: Expr) -> Expr:
        inner, outer = self.of(base), self.of(exponent)
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
