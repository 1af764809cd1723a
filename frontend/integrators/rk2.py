"""The midpoint method: Runge-Kutta of second order."""

from __future__ import annotations

from ranvier.integrators.explicit import ExplicitStateUpdater

rk2 = ExplicitStateUpdater(
    """
    k = dt*f(x, t)
    x_new = x + dt*f(x + k/2, t + dt/2)
    """,
    name="rk2",
)
