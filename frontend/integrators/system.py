"""A system of differential equations, ready for integration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from ranvier.analysis.symbols import Symbol
from ranvier.equations.equations import Equations
from ranvier.equations.expressions import Expr, Name, map_children, names, once_each
from ranvier.equations.linear import polynomial
from ranvier.equations.noise import split_noise
from ranvier.integrators.sampling import Sampler
from ranvier.public import public_in


@public_in("ranvier.stateupdaters.base")
class UnsupportedEquationsException(Exception):
    """A method of integration cannot be used for these equations."""


@dataclass(frozen=True)
class OdeSystem:
    """Right-hand sides with subexpressions put in place, and what their names mean.

    Attributes:
        equations: Variable and right-hand side of each equation.
        symbols: Meanings of all names in them.
        refractory: Variables with `unless refractory`: they stand still where `not_refractory` is false.
        held_functions: Functions that, called with exactly `t`, keep their value during a step.
        source: The user's equations, for checks that users wrote.
    """

    equations: tuple[tuple[str, Expr], ...]
    symbols: Mapping[str, Symbol]
    refractory: frozenset[str] = frozenset()
    held_functions: frozenset[str] = frozenset()
    source: Equations | None = field(default=None, compare=False)

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables in the order of the equations."""
        return tuple(name for name, _ in self.equations)

    @cached_property
    def _split(self) -> dict[str, tuple[Expr, dict[str, Expr]]]:
        return {name: split_noise(expr, name) for name, expr in self.equations}

    @property
    def drift(self) -> dict[str, Expr]:
        """The part of each right-hand side without noise."""
        return {name: drift for name, (drift, _) in self._split.items()}

    @property
    def diffusion(self) -> dict[str, dict[str, Expr]]:
        """For each variable the factor of each noise name."""
        return {name: factors for name, (_, factors) in self._split.items()}

    @property
    def noises(self) -> tuple[str, ...]:
        """All noise names, sorted."""
        return tuple(sorted({noise for factors in self.diffusion.values() for noise in factors}))

    @property
    def stochastic_type(self) -> Literal["additive", "multiplicative"] | None:
        """Multiplicative if the factor of a noise changes during a step: with a variable of the system or with t."""
        if not self.noises:
            return None
        changing = {*self.variables, "t"}
        sampler = Sampler(self.symbols)
        for factors in self.diffusion.values():
            for factor in factors.values():
                terms = polynomial(factor, changing, self.held_functions)
                if any(key and not sampler.is_zero(value) for key, value in terms.items()):
                    return "multiplicative"
        return "additive"

    def with_equations(self, equations: Iterable[tuple[str, Expr]]) -> OdeSystem:
        """Returns the same system with other right-hand sides."""
        return replace(self, equations=tuple(equations))

    def is_uniform(self, expr: Expr) -> bool:
        """Tells whether the expression has the same value for all elements."""
        return all(
            (symbol := self.symbols.get(name)) is not None and symbol.scalar for name in names(expr) - {"dt", "t"}
        )


def substitute_subexpressions(expr: Expr, symbols: Mapping[str, Symbol]) -> Expr:
    """Puts the expressions of subexpressions in place, also inside each other."""
    places: dict[str, Expr] = {}

    def placed(node: Expr) -> Expr:
        if not isinstance(node, Name):
            return map_children(node, place)
        symbol = symbols.get(node.id)
        if symbol is None or symbol.kind != "subexpression" or symbol.expr is None:
            return node
        if node.id not in places:
            places[node.id] = place(symbol.expr)
        return places[node.id]

    place = once_each(placed)
    return place(expr)


class Temporaries:
    """Names for intermediate results: `_k__v` for part `k` of variable `v`, never the same twice."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)

    def new(self, *parts: str) -> str:
        """Returns a name that was not given out before."""
        name = base = "_" + "__".join(part.strip("_") for part in parts)
        number = 1
        while name in self._taken:
            number += 1
            name = f"{base}__{number}"
        self._taken.add(name)
        return name
