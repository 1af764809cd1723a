"""An integrator of your own, and its order
========================================

Ralston's third-order method from its formula, and its error for each time step beside that of three built-in methods.

`python examples/custom_integrator.py [directory]` writes `results/custom_integrator.png`.
"""

import sys
from pathlib import Path

from ranvier import *

directory = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
directory.mkdir(parents=True, exist_ok=True)

ralston3 = ExplicitStateUpdater("""
    k1 = dt*f(x, t)
    k2 = dt*f(x + k1/2, t + dt/2)
    k3 = dt*f(x + 3*k2/4, t + 3*dt/4)
    x_new = x + 2*k1/9 + k2/3 + 4*k3/9
    """)


def error_of(method: object, step: Quantity) -> float:
    """Integrates the logistic equation, whose solution is known, to 10 ms."""
    start_scope()
    defaultclock.dt = step
    population = NeuronGroup(1, "dx/dt = x*(1 - x)/ms : 1", method=method)
    population.x = 0.01
    run(10 * ms)
    exact = 1 / (1 + (1 / 0.01 - 1) * exp(-10))
    return abs(float(population.x[0]) - exact)


steps = [0.4, 0.2, 0.1, 0.05] * ms
methods = {"euler": "euler", "rk2": "rk2", "ralston3": ralston3, "rk4": "rk4"}
for name, method in methods.items():
    errors = [error_of(method, step) for step in steps]
    orders = np.diff(np.log2(errors[::-1]))[0]
    print(f"{name:9} error at 0.1 ms {errors[2]:.1e}, order {orders:.2f}")
    loglog(steps / ms, errors, "o-", label=name)
xlabel("step (ms)")
ylabel("error")
legend()
savefig(directory / "custom_integrator.png", dpi=120)
# sphinx_gallery_tags = ["integrators"]
