"""The cortical microcircuit
=========================

Four layers of cortex at a tenth of their size (Potjans and Diesmann, Cerebral Cortex 24:785, 2014). Fewer cells get
stronger weights, and rates are only roughly those of the paper; `benchmarks/microcircuit.py` has the full size.

`python examples/microcircuit.py [--scale S] [--seconds T]` (in the gallery: `--scale 0.05 --seconds 0.3`)
"""

import argparse
from pathlib import Path

import numpy as np

from ranvier import *

arguments = argparse.ArgumentParser()
for option, value in (("--scale", 0.1), ("--seconds", 0.5), ("--transient", 500.0)):
    arguments.add_argument(option, type=float, default=value)
options = arguments.parse_args()
seed(1)
draw = np.random.default_rng(1)
names = ["L2/3E", "L2/3I", "L4E", "L4I", "L5E", "L5I", "L6E", "L6I"]
full = np.array([20683, 5834, 21915, 5479, 4850, 1065, 14395, 2948])
external, v_mean = [1600, 1500, 2100, 1900, 2000, 1900, 2900, 2100], [-68, -63, -63, -63, -63, -62, -67, -61]
published = [0.903, 2.965, 4.414, 5.876, 7.569, 8.633, 1.105, 7.829]
probability = 1e-4 * np.array([  # of a pair; row: target, column: source
    [1009, 1689, 437, 818, 323, 0, 76, 0], [1346, 1371, 316, 515, 755, 0, 42, 0], [77, 59, 497, 1350, 67, 3, 453, 0],
    [691, 29, 794, 1597, 33, 0, 1057, 0], [1004, 622, 505, 57, 831, 3726, 204, 0], [548, 269, 257, 22, 600, 3158, 86,
    0], [156, 66, 211, 166, 572, 197, 396, 2252], [364, 10, 34, 5, 277, 80, 658, 1443]])  # fmt: skip
ends = np.cumsum(sizes := (full * options.scale).astype(int))
numbers = (np.log1p(-probability) / np.log1p(-1 / np.outer(full, full)) * options.scale**2).round().astype(int)
weight, C, tau_m, tau_s, rest, v_th = 87.8 * pA / options.scale, 250 * pF, 10 * ms, 0.5 * ms, -65 * mV, -50 * mV
equations = "dv/dt = (rest - v)/tau_m + I/C : volt (unless refractory)\ndI/dt = -I/tau_s : amp"
cells = NeuronGroup(ends[-1], equations, threshold="v > v_th", reset="v = rest", refractory=2 * ms, method="exact")
cells.v = draw.normal(np.repeat(v_mean, sizes), 5) * mV
parts = [cells[end - size : end] for size, end in zip(sizes, ends)]
network = Network(cells, [PoissonInput(part, "I", k, 8 * Hz, 87.8 * pA) for part, k in zip(parts, external)])
for sources, strength, delay in ((range(0, 8, 2), 1, 1.5), (range(1, 8, 2), -4, 0.75)):
    synapses = Synapses(cells, cells, "w : amp", on_pre="I_post += w")
    pairs = [(s, t) for s in sources for t in range(8)]
    pre, post = ([ends[p[k]] - 1 - draw.integers(sizes[p[k]], size=numbers[p[1], p[0]]) for p in pairs] for k in (0, 1))
    synapses.connect(i=np.concatenate(pre), j=np.concatenate(post))
    twice = np.repeat([2 if p == (2, 0) else 1 for p in pairs], [len(each) for each in pre])  # layer 4 excites 2/3 more
    synapses.w = strength * twice * draw.normal(1, 0.1, len(synapses)) * weight
    synapses.delay = np.maximum(draw.normal(delay, delay / 2, len(synapses)), 0.1) * ms
    network.add(synapses)
network.run(options.transient * ms, report="bar")
network.add(spikes := SpikeMonitor(cells))
network.run(options.seconds * second, report="bar")
print(f"{len(cells):,} neurons, {numbers.sum():,} synapses\npopulation  rate (Hz)  published")
for name, part, rate in zip(names, parts, published):
    count = np.sum((spikes.i >= part.start) & (spikes.i < part.stop))
    print(f"{name:<10} {count / len(part) / options.seconds:10.3f} {rate:10.3f}")
figure(figsize=(9, 6), layout="tight")
plot(spikes.t / ms, -spikes.i, ",k")
yticks(-(ends - sizes / 2), names), xlabel("time (ms)")
Path("results").mkdir(exist_ok=True)
savefig("results/microcircuit.png", dpi=150)
# sphinx_gallery_tags = ["networks", "synapses", "delays"]
