"""The deprecated method `independent`: each equation solved exactly, alone, the others held."""

from __future__ import annotations

from ranvier.equations.assignments import Assign, Line
from ranvier.equations.build import call
from ranvier.equations.expressions import names
from ranvier.integrators.exponential_euler import conditionally_linear
from ranvier.integrators.method import MethodOptions, StateUpdateMethod
from ranvier.integrators.sampling import Sampler
from ranvier.integrators.scalar_equation import advance
from ranvier.integrators.system import OdeSystem, Temporaries, UnsupportedEquationsException

_DEPRECATED = "The method 'independent' is deprecated and may be removed: use 'exact' or 'exponential_euler'."


class Independent(StateUpdateMethod):
    """Equations that are linear in their own variable, with coefficients that do not depend on time.

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
            if "t" in names(expr):
                raise UnsupportedEquationsException(
                    f"The equation of '{variable}' depends on the time t, which the method 'independent' cannot solve."
                )
            slope, offset = conditionally_linear(variable, expr, sampler)
            value = advance(system, variable, slope, offset, temporaries, lines)
            if variable in system.refractory:
                value = call("_select", "not_refractory", value, variable)
            lines.append(Assign(variable, value))
        return tuple(lines)


independent = Independent("independent", warning=_DEPRECATED)
