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
from ranvier.equations.expressions import Binary, Call, Expr, Name, Number, Unary, calls, names
from ranvier.equations.functions import DEFAULT_FUNCTIONS

Samples: TypeAlias = npt.NDArray[np.float64]

POINTS = 8
ROUNDING = 1e-9


class Sampler:
    """Values of expressions at random points.

    Args:
        symbols: units get their true size; everything else random values.
        any_sign: whether values may be negative (positive ones suit square roots and logarithms).
    """

    def __init__(self, symbols: Mapping[str, Symbol], any_sign: bool = False, points: int = POINTS) -> None:
        self.symbols = symbols
        self.any_sign = any_sign
        self.points = points
        self.random = np.random.default_rng(20240229)
        self.values: dict[Expr, Samples] = {}

    def number(self, value: float) -> Samples:
        return np.full(self.points, float(value))

    def atom(self, expr: Expr) -> Samples:
        """Random values for a name or for an expression that cannot be computed."""
        found = self.values.get(expr)
        if found is None:
            symbol = self.symbols.get(expr.id) if isinstance(expr, Name) else None
            if symbol is not None and symbol.kind == "unit" and isinstance(symbol.value, float):
                found = self.number(symbol.value)
            else:
                found = self.random.uniform(0.5, 2.0, self.points)
                if self.any_sign:
                    found = found * self.random.choice([-1.0, 1.0], self.points)
            self.values[expr] = found
        return found

    def value(self, expr: Expr) -> Samples:
        """The values of an expression."""
        return self.with_magnitude(expr)[0]

    def with_magnitude(self, expr: Expr) -> tuple[Samples, Samples]:
        """The values of an expression and the magnitude of what they were computed from."""
        with np.errstate(all="ignore"):
            return self._compute(expr)

    def _compute(self, expr: Expr) -> tuple[Samples, Samples]:
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
        """Anything else: computed if it calls pure built-in functions only, else random."""
        if not all(
            call.function in DEFAULT_FUNCTIONS and DEFAULT_FUNCTIONS[call.function].stateless for call in calls(expr)
        ):
            return self.atom(expr)
        if expr not in self.values:
            known = {name: self.atom(Name(name)) for name in names(expr)}
            result = np.asarray(evaluate(expr, known, self.points), dtype=float)
            self.values[expr] = np.broadcast_to(result, (self.points,)).astype(float)
        return self.values[expr]

    def is_zero(self, expr: Expr) -> bool:
        """Whether an expression is zero whatever its names are."""
        if isinstance(expr, Number):
            return expr.value == 0
        if isinstance(expr, Name | Call):
            return False
        value, magnitude = self.with_magnitude(expr)
        return bool(np.all(np.isfinite(value)) and np.all(np.abs(value) <= ROUNDING * magnitude))

    def are_equal(self, first: Expr, second: Expr) -> bool:
        """Whether two expressions have the same value whatever their names are."""
        return first == second or self.is_zero(Binary("-", first, second))
