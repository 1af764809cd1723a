"""Forward Euler; Euler-Maruyama for additive noise."""

from __future__ import annotations

from ranvier.integrators.explicit import ExplicitStateUpdater

euler = ExplicitStateUpdater("x_new = x + dt*f(x, t) + g(x, t)*dW", stochastic="additive", name="euler")
