"""The deprecated method `independent`: each equation solved exactly, alone, the others held."""

from __future__ import annotations

from ranvier.equations.assignments import Assign, Line
from ranvier.equations.build import call
from ranvier.equations.expressions import Expr, names
from ranvier.integrators.exponential_euler import conditionally_linear
from ranvier.integrators.method import MethodOptions, StateUpdateMethod
from ranvier.integrators.sampling import Sampler
from ranvier.integrators.scalar_equation import advance
from ranvier.integrators.solved import solved
from ranvier.integrators.system import OdeSystem, Temporaries, UnsupportedEquationsException

_DEPRECATED = "The method 'independent' is deprecated and may be removed: use 'exact' or 'exponential_euler'."


class Independent(StateUpdateMethod):
    """Equations with a formula for their solution: that of linear ones is known, others are solved by sympy.

    As in Brian the variables are advanced one after the other in alphabetical order, each with the new values of those
    before it.
    """

    def integrate(
        self, system: OdeSystem, options: MethodOptions | None = None, *, strict: bool = False
    ) -> tuple[Line, ...]:
        """Advances each variable by the exact solution of its own equation."""
        if system.noises:
            raise UnsupportedEquationsException("It is for equations without noise.")
        sampler = Sampler(system.symbols)
        temporaries = Temporaries(system.symbols)
        lines: list[Line] = []
        for variable, expr in sorted(system.equations, key=lambda equation: equation[0]):
            value = None if "t" in names(expr) else _linear(system, variable, expr, sampler, temporaries, lines)
            if value is None:
                value = solved(variable, expr)
            if variable in system.refractory:
                value = call("_select", "not_refractory", value, variable)
            lines.append(Assign(variable, value))
        return tuple(lines)


def _linear(
    system: OdeSystem,
    variable: str,
    expr: Expr,
    sampler: Sampler,
    temporaries: Temporaries,
    lines: list[Line],
) -> Expr | None:
    """Returns the value after a step by an equation that is linear in its own variable, None if it is not."""
    try:
        slope, offset = conditionally_linear(variable, expr, sampler)
    except UnsupportedEquationsException:
        return None
    if variable in names(slope) | names(offset):
        return None
    return advance(system, variable, slope, offset, temporaries, lines)


independent = Independent("independent", warning=_DEPRECATED)
