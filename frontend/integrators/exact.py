"""The exact solution of linear systems: X(t + dt) = exp(M dt) X + (integral of exp(M s) over the step) b.

Nothing here divides by M or by differences of time constants, so that singular and defective systems (an alpha
synapse with two equal time constants) need no special case.
"""

from __future__ import annotations

from collections.abc import Sequence

from ranvier.equations.assignments import Line, Propagator
from ranvier.equations.build import add, call, divide, is_number, multiply, negate, subtract
from ranvier.equations.expressions import Expr, Name, Number
from ranvier.integrators.explicit import finish
from ranvier.integrators.linear_system import LinearSystem, check_solvable, linear_system
from ranvier.integrators.method import MethodOptions, StateUpdateMethod
from ranvier.integrators.scalar_equation import DT, advance, assign, peel_uniform, weighted
from ranvier.integrators.system import OdeSystem, Temporaries


class Exact(StateUpdateMethod):
    """Linear equations with coefficients that hold during a step; no noise.

    Brian refuses singular systems and those with complex eigenvalues. If the user asks for this method by name they are
    solved, in an automatic choice they are refused (`strict`).
    """

    options = {"simplify": True}  # noqa: RUF012

    def integrate(
        self, system: OdeSystem, options: MethodOptions | None = None, *, strict: bool = False
    ) -> tuple[Line, ...]:
        """Advances all variables by the exact solution."""
        linear = linear_system(system)
        if strict:
            check_solvable(linear, system)
        temporaries = Temporaries(system.symbols)
        solver = _Solver(system, linear, temporaries)
        results = solver.solve(linear.variables)
        held = frozenset(system.refractory)
        affected = [name for name in linear.variables if name in linear.influences(held) and name not in held]
        lines = solver.lines
        if affected:
            standing = _Solver(system, linear.holding(held), temporaries)
            for name, value in standing.solve(affected).items():
                results[name] = call("_select", "not_refractory", results[name], value)
            lines = [*lines, *standing.lines]
        return (*lines, *finish(system, results, temporaries))


class _Solver:
    """Solves a linear system component by component."""

    def __init__(self, system: OdeSystem, linear: LinearSystem, temporaries: Temporaries) -> None:
        self.system = system
        self.linear = linear
        self.temporaries = temporaries
        self.lines: list[Line] = []

    def solve(self, wanted: Sequence[str]) -> dict[str, Expr]:
        """Returns the new value of each wanted variable."""
        results: dict[str, Expr] = {}
        for group in self.linear.components():
            asked = [name for name in group if name in wanted]
            if not asked:
                continue
            if self.is_star(group):
                results.update({name: self.driven(name) for name in asked})
            else:
                results.update(self.coupled(group, asked))
        return {name: results[name] for name in wanted}

    def is_star(self, group: Sequence[str]) -> bool:
        """Tells whether each variable depends only on itself and on variables that just decay."""
        rows, offsets = self.linear.rows, self.linear.offsets
        drivers = {other for name in group for other in rows[name] if other != name}
        return all(name not in offsets and rows[name].keys() <= {name} for name in drivers)

    def driven(self, name: str) -> Expr:
        """Returns a variable driven by decaying ones.

        Such a driver g contributes c g dt (exp(a dt) - exp(l dt))/(a dt - l dt), with a and l the rates of the
        variable and of the driver: a divided difference, which is computed as exp(larger) exprel(-|a - l| dt).
        """
        row = self.linear.rows[name]
        rate = row.get(name, Number(0))
        value = advance(self.system, name, rate, self.linear.offsets.get(name, Number(0)), self.temporaries, self.lines)
        for other in sorted(row.keys() - {name}):
            weight = self.divided_difference(rate, self.linear.rows[other].get(other, Number(0)))
            outer, inner = peel_uniform(self.system, row[other])
            weight = assign(multiply(weight, outer), self.temporaries, self.lines, "P", name, other)
            value = add(value, multiply(multiply(weight, inner), Name(other)))
        return value

    def divided_difference(self, rate: Expr, other: Expr) -> Expr:
        """Returns `(exp(rate dt) - exp(other dt))/(rate - other)`, robust against equal and against very different
        rates.
        """
        if is_number(rate, 0):
            rate, other = other, rate
        if is_number(rate, 0):
            return DT
        if is_number(other, 0):
            return multiply(DT, call("exprel", multiply(rate, DT)))
        if rate == other:
            return multiply(DT, call("exp", multiply(rate, DT)))
        distance = assign(call("abs", subtract(rate, other)), self.temporaries, self.lines, "distance")
        larger = divide(add(add(rate, other), distance), Number(2))
        return multiply(multiply(DT, call("exp", multiply(larger, DT))), call("exprel", multiply(negate(distance), DT)))

    def coupled(self, group: Sequence[str], asked: Sequence[str]) -> dict[str, Expr]:
        """Solves any system by the exponential of the matrix [[M, E], [0, 0]].

        A column of E is the unit vector of a variable with an offset.
        """
        inputs = [name for name in group if name in self.linear.offsets]
        columns = [*group, *inputs]
        targets: list[list[str | None]] = [[None] * len(columns) for _ in columns]
        for name in asked:
            for j, other in enumerate(columns):
                if other in self.linear.depends(name):
                    letter = "P" if j < len(group) else "Q"
                    targets[group.index(name)][j] = self.temporaries.new(letter, name, other)
        rows = tuple(tuple(self.entry(name, group, inputs, j) for j in range(len(columns))) for name in group)
        empty = tuple((Number(0.0),) * len(columns) for _ in inputs)
        self.lines.append(Propagator(tuple(tuple(row) for row in targets), rows + empty, DT))
        return {name: self.combine(targets[group.index(name)], group, inputs) for name in asked}

    def entry(self, name: str, group: Sequence[str], inputs: Sequence[str], column: int) -> Expr:
        """Returns one entry of the matrix in the row of a variable."""
        if column < len(group):
            return self.linear.rows[name].get(group[column], Number(0.0))
        return Number(1.0 if inputs[column - len(group)] == name else 0.0)

    def combine(self, entries: Sequence[str | None], group: Sequence[str], inputs: Sequence[str]) -> Expr:
        """Returns the sum of propagator entries times variables and offsets."""
        value: Expr = Number(0)
        for j, entry in enumerate(entries):
            if entry is None:
                continue
            if j < len(group):
                value = add(value, multiply(Name(entry), Name(group[j])))
            else:
                name = inputs[j - len(group)]
                offset = self.linear.offsets[name]
                value = add(value, weighted(self.system, name, Name(entry), offset, self.temporaries, self.lines))
        return value


exact = Exact("exact")
