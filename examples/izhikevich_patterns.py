"""Izhikevich's firing patterns
============================

Six firing patterns of cortical cells from one model with four parameters (Izhikevich 2003).

`python examples/izhikevich_patterns.py [directory]` writes `results/izhikevich_patterns.png`.
"""

import sys
from pathlib import Path

from ranvier import *

directory = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
directory.mkdir(parents=True, exist_ok=True)

patterns = {  # a, b, c, d of the paper's figure 2
    "regular spiking": (0.02, 0.2, -65, 8),
    "intrinsically bursting": (0.02, 0.2, -55, 4),
    "chattering": (0.02, 0.2, -50, 2),
    "fast spiking": (0.1, 0.2, -65, 2),
    "low threshold spiking": (0.02, 0.25, -65, 2),
    "resonator": (0.1, 0.26, -65, 2),
}
equations = """
dv/dt = (0.04/mV)*v**2/ms + 5*v/ms + 140*mV/ms - u/ms + I/ms : volt
du/dt = a*(b*v - u) : volt
I = 10*mV*int(t >= 40*ms) : volt
a : Hz (constant)
b : 1 (constant)
c : volt (constant)
d : volt (constant)
"""
cells = NeuronGroup(len(patterns), equations, threshold="v >= 30*mV", reset="v = c; u += d", method="rk4")
table = np.transpose(list(patterns.values()))
cells.a, cells.b, cells.c, cells.d = table[0] / ms, table[1], table[2] * mV, table[3] * mV
cells.v = "((b - 5) - sqrt((b - 5)**2 - 22.4))/0.08*mV"  # at rest
cells.u = "b*v"
voltages = StateMonitor(cells, "v", record=True)
spikes = SpikeMonitor(cells)
run(300 * ms)

figure(figsize=(9, 8))
for k, name in enumerate(patterns):
    print(f"{name}: {spikes.count[k]} spikes")
    subplot(3, 2, k + 1)
    plot(voltages.t / ms, clip(voltages.v[k] / mV, -90, 30), "k", lw=0.8)
    title(name)
    ylim(-90, 40)
    xlabel("time (ms)")
    ylabel("v (mV)")
tight_layout()
savefig(directory / "izhikevich_patterns.png", dpi=120)
# sphinx_gallery_tags = ["neurons"]
