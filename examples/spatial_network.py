"""A wave in a sheet of cells
==========================

Excitable cells with connections to near neighbours: a wave runs out from where it is started.

`python examples/spatial_network.py [directory]` writes `results/spatial_network.png`.
"""

import sys
from pathlib import Path

from ranvier import *

directory = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
directory.mkdir(parents=True, exist_ok=True)
seed(4)

side, spacing = 50, 20 * um
equations = """
dv/dt = (-v + g)/(10*ms) : 1 (unless refractory)
dg/dt = -g/(3*ms) : 1
x : meter (constant)
y : meter (constant)
"""
cells = NeuronGroup(side**2, equations, threshold="v > 1", reset="v = 0", refractory=40 * ms, method="exact")
cells.x = "(i % side)*spacing + 0.3*spacing*randn()"
cells.y = "(i // side)*spacing + 0.3*spacing*randn()"
synapses = Synapses(cells, cells, on_pre="g_post += 2")
# the probability falls with distance; conduction takes time
width, speed = 50 * um, 0.05 * metre / second
distance = "sqrt((x_pre - x_post)**2 + (y_pre - y_post)**2)"
synapses.connect("i != j", p=f"0.6*exp(-({distance})**2/(2*width**2))")
synapses.delay = f"0.5*ms + {distance}/speed"
middle = side * spacing / 2
cells.v = "2*int((x - middle)**2 + (y - middle)**2 < (60*um)**2)"
spikes = SpikeMonitor(cells)
run(80 * ms)

first = np.full(len(cells), nan)
first[spikes.i[::-1]] = spikes.t[::-1] / ms
radius = sqrt((cells.x - middle) ** 2 + (cells.y - middle) ** 2) / um
reached = np.isfinite(first) & (radius > 100) & (radius < 450)
slope, _ = np.polyfit(first[reached], radius[reached], 1)
print(f"{len(synapses)} synapses, {np.isfinite(first).mean():.0%} of the cells reached, {slope / 1000:.3f} mm/ms")
figure(figsize=(10, 3.4))
for k, now in enumerate([5, 12, 20]):
    subplot(1, 3, k + 1, aspect="equal")
    near = abs(first - now) < 1
    scatter(cells.x / um, cells.y / um, s=2, color="0.85")
    scatter(cells.x[near] / um, cells.y[near] / um, s=5, color="r")
    title(f"spikes at {now} ms")
    xlabel("x (um)")
tight_layout()
savefig(directory / "spatial_network.png", dpi=120)
# sphinx_gallery_tags = ["networks", "delays", "space"]
