"""Linear systems dX/dt = M X + b: finding M and b, and what Brian demands of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ranvier.equations.build import ZERO, add, multiply
from ranvier.equations.expressions import Expr, Name, calls, names, shown
from ranvier.equations.function_objects import Function
from ranvier.equations.linear import Monomial, linear_parts, polynomial
from ranvier.integrators.removable import with_limits
from ranvier.integrators.sampling import Sampler
from ranvier.integrators.system import OdeSystem, UnsupportedEquationsException

_SINGULAR = 1e-12
"""Relative sizes below which a determinant counts as zero, and the imaginary part of an eigenvalue as rounding (a
defective matrix of order 3 spreads its eigenvalues by the cube root of the rounding).
"""

_COMPLEX = 1e-4


@dataclass(frozen=True)
class LinearSystem:
    """dX/dt = M X + b with coefficients that hold during a step.

    Attributes:
        rows: For each variable the nonzero coefficients of the others.
        offsets: The nonzero entries of b.
    """

    rows: Mapping[str, Mapping[str, Expr]]
    offsets: Mapping[str, Expr]

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables, in the order of the equations."""
        return tuple(self.rows)

    def influences(self, start: Iterable[str]) -> set[str]:
        """Returns the variables that depend on those of `start`, directly or not (themselves included)."""
        found = set(start)
        grown = True
        while grown:
            more = {name for name, row in self.rows.items() if name not in found and found & row.keys()}
            found |= more
            grown = bool(more)
        return found

    def depends(self, start: str) -> set[str]:
        """Returns the variables that one depends on, directly or not (itself included)."""
        found, todo = {start}, [start]
        while todo:
            for name in self.rows[todo.pop()].keys() - found:
                found.add(name)
                todo.append(name)
        return found

    def components(self) -> list[tuple[str, ...]]:
        """Returns groups of variables without influence on each other, in the order of the equations."""
        left = list(self.variables)
        groups: list[tuple[str, ...]] = []
        while left:
            group = {left[0]}
            size = 0
            while size != len(group):
                size = len(group)
                for name, row in self.rows.items():
                    if name in group or group & row.keys():
                        group |= {name, *row}
            groups.append(tuple(name for name in self.variables if name in group))
            left = [name for name in left if name not in group]
        return groups

    def cycles(self) -> list[tuple[str, ...]]:
        """Returns groups of variables that depend on each other mutually (single ones included)."""
        reach = {name: self.depends(name) for name in self.variables}
        groups = {
            tuple(other for other in self.variables if other in reach[name] and name in reach[other])
            for name in self.variables
        }
        return sorted(groups)

    def holding(self, held: frozenset[str]) -> LinearSystem:
        """Returns the system in which some variables are constants."""
        rows: dict[str, dict[str, Expr]] = {}
        offsets: dict[str, Expr] = {}
        for name, row in self.rows.items():
            if name in held:
                continue
            rows[name] = {other: value for other, value in row.items() if other not in held}
            offset = self.offsets.get(name, ZERO)
            for other in row.keys() & held:
                offset = add(offset, multiply(row[other], Name(other)))
            if offset != ZERO:
                offsets[name] = offset
        return LinearSystem(rows, offsets)

    def matrix(self, group: Sequence[str], sampler: Sampler) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        """Returns random samples of a part of M; shape (points, n, n)."""
        result = np.zeros((sampler.points, len(group), len(group)))
        for i, name in enumerate(group):
            for j, other in enumerate(group):
                if other in self.rows[name]:
                    result[:, i, j] = sampler.value(self.rows[name][other])
        return result


def linear_system(system: OdeSystem) -> LinearSystem:
    """Extracts M and b.

    Raises:
        UnsupportedEquationsException: There is noise, a right-hand side is not linear, or a coefficient may change
            during a step.
    """
    if system.noises:
        raise UnsupportedEquationsException("It is for equations without noise.")
    variables = set(system.variables)
    sampler = Sampler(system.symbols)
    rows: dict[str, dict[str, Expr]] = {}
    offsets: dict[str, Expr] = {}
    for name, expr in system.equations:
        terms = polynomial(expr, variables | {"t"}, system.held_functions)
        kept = {key: value for key, value in terms.items() if not sampler.is_zero(value)}
        parts = linear_parts(kept, variables)
        if parts is None:
            raise UnsupportedEquationsException(_why_not_linear(name, expr, kept, variables))
        for value in parts.values():
            _check_held(value, system)
        parts = {other: with_limits(value, system.symbols) for other, value in parts.items()}
        offset = parts.pop("")
        rows[name] = parts
        if offset != ZERO:
            offsets[name] = offset
    return LinearSystem(rows, offsets)


def _why_not_linear(name: str, expr: Expr, terms: Mapping[Monomial, Expr], variables: set[str]) -> str:
    what = f"The expression '{shown(expr)}', defining the variable '{name}',"
    for key in terms:
        used = {name for factor, _ in key for name in names(factor)}
        if "t" in used and not used & variables:
            return f"{what} is not guaranteed to be constant over a time step."
    return f"{what} could not be separated into linear components."


def _check_held(value: Expr, system: OdeSystem) -> None:
    for call in calls(value):
        symbol = system.symbols.get(call.function)
        if symbol is not None and isinstance(symbol.value, Function) and not symbol.value.stateless:
            raise UnsupportedEquationsException(
                f"The expression '{shown(value)}' is not guaranteed to be constant over a time step."
            )


def check_solvable(linear: LinearSystem, system: OdeSystem) -> None:
    """Refuses the linear systems that Brian does not solve, so that an automatic choice goes on like Brian.

    Raises:
        UnsupportedEquationsException: M is singular whatever the values of its names, or its eigenvalues are
            complex whatever these are.
    """
    sampler = Sampler(system.symbols)
    signed = Sampler(system.symbols, any_sign=True, points=24)
    for group in linear.cycles():
        matrix = linear.matrix(group, sampler)
        size = np.prod(np.sqrt(np.sum(matrix**2, axis=2)), axis=1)
        if np.all(np.abs(np.linalg.det(matrix)) <= _SINGULAR * size):
            raise UnsupportedEquationsException("The matrix of the linear system is singular.")
        if len(group) > 1 and _always_complex(linear.matrix(group, signed)):
            raise UnsupportedEquationsException(
                "The solution of the linear system is complex (oscillations), which this method does not compute."
            )


def _always_complex(matrices: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> bool:
    usable = matrices[np.all(np.isfinite(matrices), axis=(1, 2))]
    eigenvalues = np.linalg.eigvals(usable)
    size = np.max(np.abs(eigenvalues), axis=1)
    return bool(np.all(np.max(np.abs(eigenvalues.imag), axis=1) > _COMPLEX * size)) and len(usable) > 0
