"""Inhibitory plasticity sets the rate (Vogels and Sprekeler)
==========================================================

Inhibitory synapses learn until the cell fires at the rate that they aim at (Vogels et al. 2011).

`python examples/inhibitory_plasticity.py [directory]` writes `results/inhibitory_plasticity.png`.
"""

import sys
from pathlib import Path

from ranvier import *

directory = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
directory.mkdir(parents=True, exist_ok=True)
seed(5)

tau, tau_e, tau_i, tau_stdp = 20 * ms, 5 * ms, 10 * ms, 20 * ms
E_leak, E_i, E_e, v_th = -60 * mV, -80 * mV, 0 * mV, -50 * mV
rate_aimed_at, eta = 5 * Hz, 0.005
alpha = 2 * rate_aimed_at * tau_stdp  # each presynaptic spike alone depresses by this
model = """dv/dt = (E_leak - v + g_e*(E_e - v) + g_i*(E_i - v))/tau : volt (unless refractory)
    dg_e/dt = -g_e/tau_e : 1
    dg_i/dt = -g_i/tau_i : 1"""
cells = NeuronGroup(100, model, threshold="v > v_th", reset="v = E_leak", refractory=5 * ms, method="euler")
cells.v = E_leak
drive = PoissonInput(cells, "g_e", N=200, rate=10 * Hz, weight=0.03)
source = PoissonGroup(100, rates=10 * Hz)
inhibition = Synapses(
    source,
    cells,
    """w : 1
    dpre/dt = -pre/tau_stdp : 1 (event-driven)
    dpost/dt = -post/tau_stdp : 1 (event-driven)""",
    on_pre="pre += 1; w = clip(w + eta*(post - alpha), 0, 10); g_i_post += w",
    on_post="post += 1; w = clip(w + eta*pre, 0, 10)",
)
inhibition.connect(p=0.5)
rate = PopulationRateMonitor(cells)
weights = StateMonitor(inhibition, "w", record=range(0, len(inhibition), 100), dt=100 * ms)
run(30 * second)

at = rate.t >= 20 * second
print(f"at first {mean(rate.rate[:10000]) / Hz:.1f} Hz, at last {mean(rate.rate[at]) / Hz:.1f} Hz, aim {rate_aimed_at}")
figure(figsize=(9, 6))
subplot(211)
plot(rate.t / second, rate.smooth_rate(width=200 * ms) / Hz, "k")
axhline(rate_aimed_at / Hz, color="r", ls="--", label="the aim")
ylabel("rate (Hz)")
legend()
subplot(212)
plot(weights.t / second, weights.w.T, color="0.7", lw=0.7)
plot(weights.t / second, weights.w.mean(axis=0), "b", label="mean")
ylabel("weight")
xlabel("time (s)")
legend()
savefig(directory / "inhibitory_plasticity.png", dpi=120)
# sphinx_gallery_tags = ["synapses", "plasticity", "networks"]
