"""Firing patterns of the adaptive exponential cell
================================================

Six firing patterns of one model with different parameters, in the manner of Naud et al. (2008).

`python examples/adex_patterns.py [directory]` writes `results/adex_patterns.png`.
"""

import sys
from pathlib import Path

from ranvier import *

directory = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
directory.mkdir(parents=True, exist_ok=True)

patterns = {  # C (pF), g (nS), E (mV), a (nS), tau_w (ms), b (pA), v_reset (mV), I (pA)
    "tonic": (200, 10, -70, 2, 30, 0, -58, 500),
    "adapting": (200, 12, -70, 2, 300, 60, -58, 500),
    "initial burst": (130, 18, -58, 4, 150, 120, -50, 400),
    "regular bursting": (200, 10, -58, 2, 120, 100, -46, 210),
    "delayed accelerating": (200, 12, -70, -10, 300, 0, -58, 300),
    "transient": (100, 10, -65, 10, 90, 100, -47, 180),
}
v_t, delta = -50 * mV, 2 * mV
equations = """
dv/dt = (g*(E - v) + g*delta*exp((v - v_t)/delta) - w + I)/C : volt
dw/dt = (a*(v - E) - w)/tau_w : amp
I = amplitude*int(t >= 50*ms) : amp
C : farad (constant)
g : siemens (constant)
E : volt (constant)
a : siemens (constant)
tau_w : second (constant)
b : amp (constant)
v_reset : volt (constant)
amplitude : amp (constant)
"""
cells = NeuronGroup(len(patterns), equations, threshold="v > 0*mV", reset="v = v_reset; w += b", method="euler")
table = np.transpose(list(patterns.values()))
names = {"C": pF, "g": nS, "E": mV, "a": nS, "tau_w": ms, "b": pA, "v_reset": mV, "amplitude": pA}
for values, (name, unit) in zip(table, names.items(), strict=True):
    setattr(cells, name, values * unit)
cells.v = "E"
voltages = StateMonitor(cells, "v", record=True)
spikes = SpikeMonitor(cells)
defaultclock.dt = 0.01 * ms
run(550 * ms)

figure(figsize=(9, 8))
for k, (name, times) in enumerate(zip(patterns, spikes.spike_trains().values(), strict=True)):
    print(f"{name}: {len(times)} spikes, intervals", *np.round(diff(times)[:6] / ms).astype(int), "ms")
    subplot(3, 2, k + 1, xlabel="time (ms)", ylabel="v (mV)")
    trace = voltages.v[k] / mV
    trace[np.rint(times / defaultclock.dt).astype(int)] = 20  # the model stops at 0 mV: the peaks are drawn
    plot(voltages.t / ms, trace, "k", lw=0.8)
    title(name)
tight_layout()
savefig(directory / "adex_patterns.png", dpi=120)
# sphinx_gallery_tags = ["neurons"]
