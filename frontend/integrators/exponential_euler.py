"""Exponential Euler: each equation solved exactly with all other variables held at their old values."""

from __future__ import annotations

from ranvier.equations.assignments import Line
from ranvier.equations.build import ZERO, add, is_number, multiply, power
from ranvier.equations.expressions import Expr, Name, names, shown
from ranvier.equations.linear import polynomial
from ranvier.integrators.explicit import finish
from ranvier.integrators.method import MethodOptions, StateUpdateMethod
from ranvier.integrators.removable import with_limits
from ranvier.integrators.sampling import Sampler
from ranvier.integrators.scalar_equation import advance
from ranvier.integrators.system import OdeSystem, Temporaries, UnsupportedEquationsException


class ExponentialEuler(StateUpdateMethod):
    """For conditionally linear equations: dx/dt = A x + B, where A and B do not depend on x itself."""

    def integrate(
        self, system: OdeSystem, options: MethodOptions | None = None, *, strict: bool = False
    ) -> tuple[Line, ...]:
        """Advances each variable by `x exp(A dt) + B dt exprel(A dt)`, which holds for A = 0 as well."""
        if system.noises:
            raise UnsupportedEquationsException("It is for equations without noise.")
        sampler = Sampler(system.symbols)
        temporaries = Temporaries(system.symbols)
        lines: list[Line] = []
        results: dict[str, Expr] = {}
        for variable, expr in system.equations:
            slope, offset = conditionally_linear(variable, expr, sampler)
            results[variable] = advance(system, variable, slope, offset, temporaries, lines)
        return (*lines, *finish(system, results, temporaries))


def conditionally_linear(variable: str, expr: Expr, sampler: Sampler) -> tuple[Expr, Expr]:
    """Returns A and B of `dx/dt = A x + B`.

    As in Brian a function of the variable itself, e.g. the exponential of an action potential's upstroke, counts as
    constant during the step, if there is a linear term besides.

    Raises:
        UnsupportedEquationsException: The right-hand side has no such form.
    """
    slope: Expr = ZERO
    offset: Expr = ZERO
    for key, value in polynomial(expr, {variable}).items():
        exponent = dict(key).get(Name(variable), 0)
        if sampler.is_zero(value):
            continue
        if exponent not in (0, 1):
            raise _not_linear(variable, expr)
        for factor, count in key - {(Name(variable), exponent)}:
            value = multiply(value, power(factor, count))
        slope, offset = (add(slope, value), offset) if exponent else (slope, add(offset, value))
    if is_number(slope, 0) and variable in names(offset):
        raise _not_linear(variable, expr)
    return with_limits(slope, sampler.symbols), with_limits(offset, sampler.symbols)


def _not_linear(variable: str, expr: Expr) -> UnsupportedEquationsException:
    return UnsupportedEquationsException(
        f"It is for equations that are linear in their own variable: that of '{variable}', "
        f"'{shown(expr)}', is not linear in '{variable}'."
    )


exponential_euler = ExponentialEuler("exponential_euler")
