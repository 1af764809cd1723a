"""The stochastic Heun method (Stratonovich calculus, any noise); without noise it is forward Euler."""

from __future__ import annotations

from ranvier.integrators.explicit import ExplicitStateUpdater

heun = ExplicitStateUpdater(
    """
    x_support = x + g(x, t)*dW
    g_support = g(x_support, t + dt)
    x_new = x + dt*f(x, t) + 0.5*dW*(g(x, t) + g_support)
    """,
    stochastic="multiplicative",
    name="heun",
)
