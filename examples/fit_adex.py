"""Fitting an adaptive exponential cell
====================================

An optimiser of SciPy finds four parameters of a cell from a recorded voltage. It tries a whole generation at once:
the network is a function of arrays, four rows of values go in, and the distance of each candidate comes out.

`python examples/fit_adex.py [--generations N] [--candidates N]` (in the gallery: `--generations 12 --candidates 30`)
"""

import argparse
from pathlib import Path

import numpy as np
from scipy.optimize import differential_evolution

from ranvier import *

arguments = argparse.ArgumentParser()
arguments.add_argument("--generations", type=int, default=30)
arguments.add_argument("--candidates", type=int, default=40)
options = arguments.parse_args()
seed(1)

duration, C, E_leak, v_t, delta_t, v_reset = 400 * ms, 150 * pF, -70 * mV, -50 * mV, 2 * mV, -58 * mV
true = {"g_leak": 9 * nS, "tau_w": 80 * ms, "a": 3 * nS, "b": 50 * pA}
units, bounds = [nS, ms, nS, pA], [(4, 15), (20, 200), (0, 8), (0, 120)]
draw = np.random.default_rng(1)
current = TimedArray(draw.normal(0.22, 0.15, 40) * nA, dt=10 * ms)
equations = """
dv/dt = (g_leak*(E_leak - v) + g_leak*delta_t*exp((v - v_t)/delta_t) - w + current(t))/C : volt
dw/dt = (a*(v - E_leak) - w)/tau_w : amp
derror/dt = (v - recorded(t))**2/duration : volt**2
"""
cell = NeuronGroup(1, equations, threshold="v > -40*mV", reset="v = v_reset; w += b", method="euler")
cell.v = E_leak
trace = StateMonitor(cell, "v", record=0)
network = Network(cell, trace)

recorded = TimedArray(zeros(1) * mV, dt=duration)
simulate = network.batched(duration, over=list(true), measure="trace.v[0]")
voltage = simulate(**true)
recorded = TimedArray(voltage + draw.normal(0, 1, len(voltage)) * mV, dt=defaultclock.dt)
distance = network.batched(duration, over=list(true), measure="mean(cell.error)")
found = differential_evolution(
    lambda x: np.asarray(distance(*(row * unit for row, unit in zip(x, units))) / mV**2),  # x: parameters x candidates
    bounds, vectorized=True, updating="deferred", popsize=options.candidates // len(true),
    maxiter=options.generations, polish=False, rng=1,
)  # fmt: skip
fitted = {name: x * unit for name, x, unit in zip(true, found.x, units)}
for name, value in fitted.items():
    print(f"{name:<7} {value!s:<15} (true: {true[name]})")
print(f"distance {found.fun**0.5:.2f} mV after {found.nfev} calls; the noise is 1 mV")

t = arange(len(voltage)) * defaultclock.dt
plot(t / ms, recorded(t) / mV, color="0.7", label="recorded")
plot(t / ms, simulate(**fitted) / mV, label="fitted")
xlabel("t (ms)"), ylabel("v (mV)"), legend()
Path("results").mkdir(exist_ok=True)
savefig("results/fit_adex.png", dpi=120)
# sphinx_gallery_tags = ["sweeps", "fits"]
