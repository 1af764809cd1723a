"""The derivative-free Milstein method (Stratonovich calculus, diagonal noise)."""

from __future__ import annotations

from ranvier.integrators.explicit import ExplicitStateUpdater
from ranvier.integrators.system import OdeSystem, UnsupportedEquationsException


class Milstein(ExplicitStateUpdater):
    """Milstein's formula, restricted to one noise per equation, of which no other equation knows."""

    def check(self, system: OdeSystem) -> None:
        """Refuses noise that is shared between equations, and several noises in one."""
        super().check(system)
        several = any(len(factors) > 1 for factors in system.diffusion.values())
        for noise in system.noises:
            if several or sum(noise in factors for factors in system.diffusion.values()) > 1:
                raise UnsupportedEquationsException(
                    "It is for equations each of which has one noise that no other equation has."
                )


milstein = Milstein(
    """
    x_support = x + dt*f(x, t) + dt**.5*g(x, t)
    g_support = g(x_support, t)
    k = 1/(2*dt**.5)*(g_support - g(x, t))*(dW**2)
    x_new = x + dt*f(x, t) + g(x, t)*dW + k
    """,
    stochastic="multiplicative",
    name="milstein",
)
