"""The classical Runge-Kutta method of fourth order."""

from __future__ import annotations

from ranvier.integrators.explicit import ExplicitStateUpdater

rk4 = ExplicitStateUpdater(
    """
    k_1 = dt*f(x, t)
    k_2 = dt*f(x + k_1/2, t + dt/2)
    k_3 = dt*f(x + k_2/2, t + dt/2)
    k_4 = dt*f(x + k_3, t + dt)
    x_new = x + (k_1 + 2*k_2 + 2*k_3 + k_4)/6
    """,
    name="rk4",
)
