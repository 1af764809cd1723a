"""Expressions as polynomials: how a right-hand side depends on some of its names.

`polynomial(expr, {"v"})` collects `(ge*(Ee - v) - v)/tau` into `{1: ge*Ee/tau, v: (-ge - 1)/tau}`. Whatever is
no sum of products of the chosen names (a call, a comparison, a sum in a denominator) becomes a factor of its own,
so that equal opaque factors still cancel. Coefficients keep the structure the user gave them; whether one is zero
is decided by its value at random points, not by its form.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import TypeAlias

from ranvier.equations.build import ONE, ZERO, add, divide, is_number, multiply, negate, power, subtract
from ranvier.equations.expressions import Binary, Call, Expr, Name, Number, Unary, children, once_each

Monomial: TypeAlias = frozenset[tuple[Expr, int]]
"""Factors with their exponents; names and opaque expressions alike. The empty one is the constant term."""

Polynomial: TypeAlias = dict[Monomial, Expr]

CONSTANT: Monomial = frozenset()
MAX_TERMS = 200
MAX_POWER = 12


def polynomial(expr: Expr, over: Set[str], held: Set[str] = frozenset()) -> Polynomial:
    """Collects an expression in powers of the names in `over`.

    Args:
        over: Names of the unknowns.
        held: Functions whose value counts as known when their first argument is `t` itself, even if `t` is unknown.

    Returns:
        Coefficient of each monomial; coefficients contain none of the unknowns.
    """
    return _Collector(over, held).collect(expr)


class _Collector:
    def __init__(self, over: Set[str], held: Set[str]) -> None:
        self.over = over
        self.held = held
        self.known = once_each(self._known)
        self.collect = once_each(self._collected)

    def _known(self, expr: Expr) -> bool:
        """Tells whether the expression contains no unknown."""
        if isinstance(expr, Name):
            return expr.id not in self.over
        if isinstance(expr, Call) and expr.function in self.held and expr.args[:1] == (Name("t"),):
            return all(self.known(column) for column in expr.args[1:])
        return all(self.known(child) for child in children(expr))

    def opaque(self, expr: Expr) -> Polynomial:
        return {frozenset({(expr, 1)}): ONE}

    def _collected(self, expr: Expr) -> Polynomial:
        if self.known(expr):
            return {CONSTANT: expr}
        match expr:
            case Name():
                return self.opaque(expr)
            case Unary("-", operand):
                return {key: negate(value) for key, value in self.collect(operand).items()}
            case Unary("+", operand):
                return self.collect(operand)
            case Binary("+", left, right):
                return _sum(self.collect(left), self.collect(right))
            case Binary("-", left, right):
                minus = {key: negate(value) for key, value in self.collect(right).items()}
                return _difference(self.collect(left), minus, self.collect(right))
            case Binary("*", left, right):
                return self.product(expr, self.collect(left), self.collect(right))
            case Binary("/", left, right):
                return self.quotient(expr, left, right)
            case Binary("**", base, Number(int(exponent))) if not isinstance(exponent, bool):
                return self.raised(expr, base, exponent)
            case Binary("**", base, Number(float(exponent))) if exponent.is_integer():
                return self.raised(expr, base, int(exponent))
            case _:
                return self.opaque(expr)

    def product(self, expr: Expr, left: Polynomial, right: Polynomial) -> Polynomial:
        if len(left) * len(right) > MAX_TERMS:
            return self.opaque(expr)
        total: Polynomial = {}
        for left_key, left_value in left.items():
            for right_key, right_value in right.items():
                key = _times(left_key, right_key)
                term = multiply(left_value, right_value)
                total[key] = add(total[key], term) if key in total else term
        return total

    def quotient(self, expr: Expr, left: Expr, right: Expr) -> Polynomial:
        above, below = self.collect(left), self.collect(right)
        if len(below) == 1:
            ((key, value),) = below.items()
            inverse = frozenset((factor, -exponent) for factor, exponent in key)
            return {_times(above_key, inverse): divide(above_value, value) for above_key, above_value in above.items()}
        inverse = frozenset({(right, -1)})
        return {_times(key, inverse): value for key, value in above.items()}

    def raised(self, expr: Expr, base: Expr, exponent: int) -> Polynomial:
        inner = self.collect(base)
        if len(inner) == 1:
            ((key, value),) = inner.items()
            return {frozenset((factor, e * exponent) for factor, e in key if e * exponent): power(value, exponent)}
        if not 0 <= exponent <= MAX_POWER:
            return self.opaque(expr)
        total: Polynomial = {CONSTANT: ONE}
        for _ in range(exponent):
            total = self.product(expr, total, inner)
        return total


def _times(left: Monomial, right: Monomial) -> Monomial:
    if not left or not right:
        return left or right
    exponents = dict(left)
    for factor, exponent in right:
        exponents[factor] = exponents.get(factor, 0) + exponent
    return frozenset((factor, exponent) for factor, exponent in exponents.items() if exponent)


def _sum(left: Polynomial, right: Polynomial) -> Polynomial:
    total = dict(left)
    for key, value in right.items():
        total[key] = add(total[key], value) if key in total else value
    return total


def _difference(left: Polynomial, minus: Polynomial, right: Polynomial) -> Polynomial:
    """Returns `left - right`, where `minus` is `-right`: written as a difference where both have the term."""
    total = dict(left)
    for key, value in right.items():
        total[key] = subtract(total[key], value) if key in total else minus[key]
    return total


def linear_parts(terms: Mapping[Monomial, Expr], over: Set[str]) -> dict[str, Expr] | None:
    """Returns the coefficients of a polynomial of first degree: per unknown name, and under `''` the constant term.

    Returns:
        `None` if any other term is present.
    """
    parts: dict[str, Expr] = {"": ZERO}
    for key, value in terms.items():
        if key == CONSTANT:
            parts[""] = value
            continue
        ((factor, exponent), *more) = key
        if more or exponent != 1 or not isinstance(factor, Name) or factor.id not in over:
            return None
        parts[factor.id] = value
    return {name: value for name, value in parts.items() if name == "" or not is_number(value, 0)}
