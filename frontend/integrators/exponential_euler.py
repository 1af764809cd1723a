"""Exponential Euler: each equation solved exactly with all other variables held at their old values."""

from __future__ import annotations

from ranvier.equations.build import ZERO
from ranvier.equations.expressions import Expr, render
from ranvier.equations.linear import linear_parts, polynomial
from ranvier.integrators.assignments import Action
from ranvier.integrators.explicit import finish
from ranvier.integrators.method import MethodOptions, StateUpdateMethod
from ranvier.integrators.sampling import Sampler
from ranvier.integrators.scalar_equation import advance
from ranvier.integrators.system import OdeSystem, Temporaries, UnsupportedEquationsException


class ExponentialEuler(StateUpdateMethod):
    """For conditionally linear equations: dx/dt = A x + B, where A and B do not depend on x itself."""

    def integrate(
        self, system: OdeSystem, options: MethodOptions | None = None, *, strict: bool = False
    ) -> tuple[Action, ...]:
        """Advances each variable by `x exp(A dt) + B dt exprel(A dt)`, which holds for A = 0 as well."""
        if system.noises:
            raise UnsupportedEquationsException("Cannot solve stochastic equations with this state updater.")
        sampler = Sampler(system.symbols)
        temporaries = Temporaries(system.symbols)
        actions: list[Action] = []
        results: dict[str, Expr] = {}
        for variable, expr in system.equations:
            slope, offset = conditionally_linear(variable, expr, sampler)
            results[variable] = advance(system, variable, slope, offset, temporaries, actions)
        return (*actions, *finish(system, results, temporaries))


def conditionally_linear(variable: str, expr: Expr, sampler: Sampler) -> tuple[Expr, Expr]:
    """A and B of `dx/dt = A x + B`.

    Raises:
        UnsupportedEquationsException: the right-hand side is not linear in its own variable.
    """
    terms = polynomial(expr, {variable})
    kept = {key: value for key, value in terms.items() if not sampler.is_zero(value)}
    parts = linear_parts(kept, {variable})
    if parts is None:
        raise UnsupportedEquationsException(
            "Can only solve conditionally linear systems with this state updater: the equation of "
            f"'{variable}', '{render(expr)}', is not linear in '{variable}'."
        )
    offset = parts.pop("")
    return parts.get(variable, ZERO), offset


exponential_euler = ExponentialEuler("exponential_euler")
