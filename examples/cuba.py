"""The CUBA network: synapses that are currents
============================================

4000 cells whose synapses are currents that decay (Brette et al. 2007). Such a model is integrated exactly.

`python examples/cuba.py [directory]` writes `results/cuba.png`.
"""

import sys
from pathlib import Path

from ranvier import *

directory = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
directory.mkdir(parents=True, exist_ok=True)
seed(5)

tau_m, tau_e, tau_i = 20 * ms, 5 * ms, 10 * ms
equations = """
dv/dt = (-49*mV - v + g_e + g_i)/tau_m : volt (unless refractory)
dg_e/dt = -g_e/tau_e : volt
dg_i/dt = -g_i/tau_i : volt
"""
cells = NeuronGroup(4000, equations, threshold="v > -50*mV", reset="v = -60*mV", refractory=5 * ms, method="exact")
cells.v = "-60*mV + 10*mV*rand()"
excitation = Synapses(cells[:3200], cells, on_pre="g_e += 1.62*mV")
inhibition = Synapses(cells[3200:], cells, on_pre="g_i -= 9*mV")
excitation.connect(p=0.02)
inhibition.connect(p=0.02)
spikes = SpikeMonitor(cells)
currents = StateMonitor(cells, ["g_e", "g_i"], record=[0])
run(400 * ms)

times = np.asarray(spikes.t[spikes.t > 100 * ms])
owners = np.asarray(spikes.i[spikes.t > 100 * ms])
intervals = [np.diff(times[owners == k]) for k in range(0, 4000, 10)]
variation = np.mean([each.std() / each.mean() for each in intervals if len(each) > 2])
print(f"{len(times) / len(cells) / 0.3:.1f} Hz, variation of the intervals {variation:.2f}")
figure(figsize=(9, 6))
subplot(211)
shown = spikes.i % 10 == 0
plot(spikes.t[shown] / ms, spikes.i[shown], ",k")
ylabel("cell (each tenth)")
subplot(212)
plot(currents.t / ms, currents.g_e[0] / mV, label="excitation")
plot(currents.t / ms, currents.g_i[0] / mV, label="inhibition")
plot(currents.t / ms, (currents.g_e[0] + currents.g_i[0]) / mV, "k", label="both")
xlabel("time (ms)")
ylabel("input to cell 0 (mV)")
legend(loc="lower left")
tight_layout()
savefig(directory / "cuba.png", dpi=120)
# sphinx_gallery_tags = ["networks", "exact"]
