"""Building expressions with the obvious simplifications: what a formula needs, nothing that rounds differently."""

from __future__ import annotations

from ranvier.equations.expressions import Binary, Call, Expr, Name, Number, Unary

ZERO = Number(0)
ONE = Number(1)


def is_number(expr: Expr, value: float) -> bool:
    """Tells whether the expression is the literal `value` (of whatever type)."""
    return isinstance(expr, Number) and expr.value == value


def add(left: Expr, right: Expr) -> Expr:
    """Returns `left + right`; zeros vanish, `a + -b` becomes `a - b`."""
    if is_number(left, 0):
        return right
    if is_number(right, 0):
        return left
    if isinstance(right, Unary) and right.op == "-":
        return Binary("-", left, right.operand)
    return Binary("+", left, right)


def subtract(left: Expr, right: Expr) -> Expr:
    """Returns `left - right`; zeros vanish."""
    if is_number(right, 0):
        return left
    if is_number(left, 0):
        return negate(right)
    return Binary("-", left, right)


def negate(expr: Expr) -> Expr:
    """Returns `-expr`; two signs cancel."""
    if isinstance(expr, Unary) and expr.op == "-":
        return expr.operand
    if isinstance(expr, Number) and not isinstance(expr.value, bool):
        return expr if expr.value == 0 else Number(-expr.value)
    return Unary("-", expr)


def multiply(left: Expr, right: Expr) -> Expr:
    """Returns `left*right`; ones vanish, a zero wins, the sign goes to the front."""
    if is_number(left, 0) or is_number(right, 0):
        return ZERO
    if is_number(left, 1):
        return right
    if is_number(right, 1):
        return left
    if is_number(left, -1):
        return negate(right)
    if is_number(right, -1):
        return negate(left)
    if isinstance(right, Binary) and right.op == "/" and is_number(right.left, 1):
        return divide(left, right.right)
    return Binary("*", left, right)


def divide(left: Expr, right: Expr) -> Expr:
    """Returns `left/right`; zero numerators, unit denominators and double fractions vanish."""
    if is_number(left, 0):
        return ZERO
    if is_number(right, 1):
        return left
    if isinstance(right, Binary) and right.op == "/" and is_number(right.left, 1):
        return multiply(left, right.right)
    if isinstance(right, Binary) and right.op == "/" and is_number(right.left, -1):
        return multiply(negate(left), right.right)
    return Binary("/", left, right)


def power(base: Expr, exponent: int) -> Expr:
    """Returns `base**exponent` for a whole exponent."""
    if exponent == 0:
        return ONE
    if exponent == 1:
        return base
    if exponent < 0:
        return divide(ONE, power(base, -exponent))
    return Binary("**", base, Number(exponent))


def call(function: str, *args: Expr | str) -> Call:
    """Returns a call; names may be given as text."""
    return Call(function, tuple(Name(arg) if isinstance(arg, str) else arg for arg in args))
