"""Deciding by value: is a coefficient zero, is a matrix singular, are eigenvalues complex?

Names get random values, the same for the same name; expressions are computed at several points at once, each
value together with its magnitude (the size of the terms it is made of), so that rounding is told from meaning. Two
different formulas agree at eight random points only if they are equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ranvier.analysis.evaluate import evaluate
from ranvier.analysis.symbols import Symbol
from ranvier.equations.expressions import (
    Binary,
    Call,
    Compare,
    Expr,
    Logical,
    Name,
    Number,
    Unary,
    names,
    once_each,
    walk,
)

Samples: TypeAlias = npt.NDArray[np.float64]

POINTS = 8
ROUNDING = 1e-9

_COMPUTED = frozenset(
    "sin cos tan sinh cosh tanh arcsin arccos arctan exp log log10 expm1 log1p exprel sqrt abs".split()
)


class Sampler:
    """Values of expressions at random points.

    Args:
        symbols: Units get their true size; everything else random values.
        any_sign: Whether values may be negative (positive ones suit square roots and logarithms).
    """

    def __init__(self, symbols: Mapping[str, Symbol], any_sign: bool = False, points: int = POINTS) -> None:
        self.symbols = symbols
        self.any_sign = any_sign
        self.points = points
        self.values: dict[Expr, Samples] = {}
        self._compute = once_each(self._computed)

    def number(self, value: float) -> Samples:
        return np.full(self.points, float(value))

    def atom(self, expr: Expr) -> Samples:
        """Returns random values for a name or for an expression that cannot be computed."""
        found = self.values.get(expr)
        if found is None:
            symbol = self.symbols.get(expr.id) if isinstance(expr, Name) else None
            if symbol is not None and symbol.kind == "unit" and isinstance(symbol.value, float):
                found = self.number(symbol.value)
            else:
                found = 0.5 + 1.5 * _scattered(2 * len(self.values), self.points)
                if self.any_sign:
                    found = np.where(_scattered(2 * len(self.values) + 1, self.points) < 0.5, -found, found)
            self.values[expr] = found
        return found

    def value(self, expr: Expr) -> Samples:
        """Returns the values of an expression."""
        return self.with_magnitude(expr)[0]

    def with_magnitude(self, expr: Expr) -> tuple[Samples, Samples]:
        """Returns the values of an expression and the magnitude of what they were computed from."""
        with np.errstate(all="ignore"):
            compute = self._compute = once_each(self._computed)
            return compute(expr)

    def _computed(self, expr: Expr) -> tuple[Samples, Samples]:
        match expr:
            case Number(value):
                result = self.number(value)
            case Name():
                result = self.atom(expr)
            case Unary("-", operand):
                value, magnitude = self._compute(operand)
                return -value, magnitude
            case Binary("+" | "-", left, right):
                (a, size_a), (b, size_b) = self._compute(left), self._compute(right)
                return a + b if expr.op == "+" else a - b, size_a + size_b
            case Binary("*", left, right):
                (a, size_a), (b, size_b) = self._compute(left), self._compute(right)
                return a * b, size_a * size_b
            case Binary("/", left, right):
                (a, size_a), (b, _) = self._compute(left), self._compute(right)
                return a / b, size_a / np.abs(b)
            case _:
                result = self._opaque(expr)
        return result, np.abs(result)

    def _opaque(self, expr: Expr) -> Samples:
        """Returns values of anything else: computed if it is made of functions without steps, else random.

        A function with steps (a comparison, `int`...) may be zero at all random points and still not be zero.
        """
        if expr in self.values:
            return self.values[expr]
        if not _is_computed(expr):
            return self.atom(expr)
        known = {name: self.atom(Name(name)) for name in names(expr)}
        result = np.broadcast_to(np.asarray(evaluate(expr, known, self.points), dtype=float), (self.points,))
        if not np.all(np.isfinite(result)) or not np.any(result):
            return self.atom(expr)
        self.values[expr] = result
        return result

    def is_zero(self, expr: Expr) -> bool:
        """Tells whether an expression is zero whatever its names are."""
        if isinstance(expr, Number):
            return expr.value == 0
        if isinstance(expr, Name | Call):
            return False
        value, magnitude = self.with_magnitude(expr)
        return bool(np.all(np.isfinite(value)) and np.all(np.abs(value) <= ROUNDING * magnitude))

    def are_equal(self, first: Expr, second: Expr) -> bool:
        """Tells whether two expressions have the same value whatever their names are."""
        return first == second or self.is_zero(Binary("-", first, second))


def _is_computed(expr: Expr) -> bool:
    return all(
        not isinstance(node, Compare | Logical)
        and not (isinstance(node, Unary) and node.op == "not")
        and not (isinstance(node, Binary) and node.op in ("//", "%"))
        and not (isinstance(node, Call) and node.function not in _COMPUTED)
        for node in walk(expr)
    )


def _scattered(row: int, points: int) -> Samples:
    """Returns numbers in [0, 1) without pattern, a fixed row for each name (numpy's generators are slow to import)."""
    return np.modf(np.abs(np.sin(np.arange(1, points + 1) * 12.9898 + row * 78.233)) * 43758.5453)[0]
