"""The COBA network: activity that sustains itself
===============================================

4000 cells with conductance-based synapses keep each other firing (Brette et al. 2007).

`python examples/coba.py [directory]` writes `results/coba.png`.
"""

import sys
from pathlib import Path

from ranvier import *

directory = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
directory.mkdir(parents=True, exist_ok=True)
seed(3)

tau_m, tau_e, tau_i = 20 * ms, 5 * ms, 10 * ms
E_leak, E_e, E_i, v_th, v_reset = -60 * mV, 0 * mV, -80 * mV, -50 * mV, -60 * mV
equations = """
dv/dt = (E_leak - v + g_e*(E_e - v) + g_i*(E_i - v))/tau_m : volt (unless refractory)
dg_e/dt = -g_e/tau_e : 1  # conductances in units of the leak, 10 nS
dg_i/dt = -g_i/tau_i : 1
"""
cells = NeuronGroup(4000, equations, threshold="v > v_th", reset="v = v_reset", refractory=5 * ms, method="euler")
cells.v = "E_leak + (5*randn() - 5)*mV"
cells.g_e, cells.g_i = "(1.5*randn() + 4)/10", "(12*randn() + 20)/10"
excitation = Synapses(cells[:3200], cells, on_pre="g_e += 0.6")
inhibition = Synapses(cells[3200:], cells, on_pre="g_i += 6.7")
excitation.connect(p=0.02)
inhibition.connect(p=0.02)

spikes = SpikeMonitor(cells)
rate = PopulationRateMonitor(cells)
voltage = StateMonitor(cells, "v", record=[0])
run(500 * ms)

synapses = len(excitation) + len(inhibition)
print(f"{synapses} synapses, {spikes.num_spikes / len(cells) / 0.5:.1f} spikes per cell and second")
figure(figsize=(9, 7))
subplot(311)
shown = spikes.i % 10 == 0
plot(spikes.t[shown] / ms, spikes.i[shown], ",k")
ylabel("cell (each tenth)")
subplot(312)
plot(rate.t / ms, rate.smooth_rate(width=2 * ms) / Hz)
ylabel("rate (Hz)")
subplot(313)
plot(voltage.t / ms, voltage.v[0] / mV, "k", lw=0.8)
xlabel("time (ms)")
ylabel("v of cell 0 (mV)")
tight_layout()
savefig(directory / "coba.png", dpi=120)
# sphinx_gallery_tags = ["networks", "conductances"]
