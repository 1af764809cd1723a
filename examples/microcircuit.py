"""The cortical microcircuit of Potjans and Diesmann (Cerebral Cortex 24:785, 2014).

python examples/microcircuit.py [--scale S] [--seconds T] [--seed N] [--directory DIR]

77,169 neurons and 299 million synapses at scale 1, which needs a machine with 24 GB and some patience. A smaller scale
keeps the probabilities and makes the weights stronger instead: rates are then only roughly those of the paper.
Writes a raster picture and an Arrow file of all spikes, and prints rates, irregularity and synchrony by population.
"""

import argparse
import time
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import numpy

from ranvier import *

arguments = argparse.ArgumentParser()
arguments.add_argument("--scale", type=float, default=0.1)
arguments.add_argument("--seconds", type=float, default=0.5)
arguments.add_argument("--seed", type=int, default=1)
arguments.add_argument("--directory", type=Path, default=Path("results"))
options = arguments.parse_args()
options.directory.mkdir(parents=True, exist_ok=True)
seed(options.seed)
draw = numpy.random.default_rng(options.seed)

names = ["L2/3E", "L2/3I", "L4E", "L4I", "L5E", "L5I", "L6E", "L6I"]
full_sizes = numpy.array([20683, 5834, 21915, 5479, 4850, 1065, 14395, 2948])
probability = numpy.array(
    [  # row: target, column: source
        [0.1009, 0.1689, 0.0437, 0.0818, 0.0323, 0, 0.0076, 0],
        [0.1346, 0.1371, 0.0316, 0.0515, 0.0755, 0, 0.0042, 0],
        [0.0077, 0.0059, 0.0497, 0.135, 0.0067, 0.0003, 0.0453, 0],
        [0.0691, 0.0029, 0.0794, 0.1597, 0.0033, 0, 0.1057, 0],
        [0.1004, 0.0622, 0.0505, 0.0057, 0.0831, 0.3726, 0.0204, 0],
        [0.0548, 0.0269, 0.0257, 0.0022, 0.06, 0.3158, 0.0086, 0],
        [0.0156, 0.0066, 0.0211, 0.0166, 0.0572, 0.0197, 0.0396, 0.2252],
        [0.0364, 0.001, 0.0034, 0.0005, 0.0277, 0.008, 0.0658, 0.1443],
    ]
)
external = numpy.array([1600, 1500, 2100, 1900, 2000, 1900, 2900, 2100])
mean_v = [-68.28, -63.16, -63.33, -63.45, -63.11, -61.66, -66.72, -61.43]
spread_v = [5.36, 4.57, 4.74, 4.94, 4.94, 4.55, 5.46, 4.48]
reference_rates = [0.903, 2.965, 4.414, 5.876, 7.569, 8.633, 1.105, 7.829]

sizes = numpy.maximum((full_sizes * options.scale).astype(int), 1)
first = numpy.concatenate([[0], numpy.cumsum(sizes)])
# the number of synapses falls with the square of the scale, the number that each neuron receives with the scale:
# weights grow as much, so that the mean input stays (its fluctuations grow: a full model has scale 1)
strength = 87.8 * pA / options.scale

capacity, tau_m, tau_syn, rest, threshold_v = 250 * pF, 10 * ms, 0.5 * ms, -65 * mV, -50 * mV
equations = """
dv/dt = (rest - v)/tau_m + I/capacity : volt (unless refractory)
dI/dt = -I/tau_syn : amp
"""
cells = NeuronGroup(
    int(first[-1]), equations, threshold="v > threshold_v", reset="v = rest", refractory=2 * ms, method="exact"
)
potentials = [draw.normal(m, s, n) for m, s, n in zip(mean_v, spread_v, sizes)]
cells.v = numpy.concatenate(potentials) * mV

began = time.perf_counter()
populations = [cells[int(a) : int(b)] for a, b in zip(first[:-1], first[1:])]
background = [PoissonInput(population, "I", int(k), 8 * Hz, 87.8 * pA) for population, k in zip(populations, external)]


def projections(sources):
    """The ends and weights (pA) of all synapses from some populations, drawn with replacement, sorted by source."""
    pre, post, weight = [], [], []
    for s in sources:
        for t in range(8):
            p, pairs = probability[t, s], full_sizes[s] * full_sizes[t]
            count = round(numpy.log(1 - p) / numpy.log(1 - 1 / pairs) * options.scale**2) if p else 0
            mean = 1.0 if s % 2 == 0 else -4.0
            if (names[s], names[t]) == ("L4E", "L2/3E"):
                mean = 2.0
            drawn = draw.normal(mean, 0.1 * abs(mean), count).astype(numpy.float32)
            pre.append(draw.integers(first[s], first[s + 1], count, dtype=numpy.int32))
            post.append(draw.integers(first[t], first[t + 1], count, dtype=numpy.int32))
            weight.append(numpy.maximum(drawn, 0) if mean > 0 else numpy.minimum(drawn, 0))
    pre, post, weight = (numpy.concatenate(parts) for parts in (pre, post, weight))
    order = numpy.argsort(pre, kind="stable")
    return pre[order], post[order], weight[order]


synapses = []
for sources, mean_delay in ((range(0, 8, 2), 1.5), (range(1, 8, 2), 0.75)):
    pre, post, weight = projections(sources)
    kind = Synapses(cells, cells, "w : amp", on_pre="I_post += w", dtype={"w": numpy.float32})
    kind.connect(i=pre, j=post)
    kind.w = weight * strength
    delays = draw.normal(mean_delay, 0.5 * mean_delay, len(pre))
    kind.delay = numpy.maximum(numpy.round(delays / 0.1), 1) * 0.1 * ms
    synapses.append(kind)
count = len(synapses[0]) + len(synapses[1])
print(f"{first[-1]:,} neurons, {count:,} synapses, built in {time.perf_counter() - began:.1f} s")

spikes = SpikeMonitor(cells)
network = Network(cells, background, synapses, spikes)
network.run(50 * ms)  # the transient
start = len(spikes)
began = time.process_time()
network.run(options.seconds * second, report="bar")
cost = time.process_time() - began
print(f"real-time factor on one core: {cost / options.seconds:.2f}")

times, cell = numpy.asarray(spikes.t[start:]), numpy.asarray(spikes.i[start:])
print("population   rate (Hz)  reference  CV of intervals  synchrony")
for k, name in enumerate(names):
    inside = (cell >= first[k]) & (cell < first[k + 1])
    rate = inside.sum() / sizes[k] / options.seconds
    order = numpy.lexsort((times[inside], cell[inside]))
    same = numpy.diff(cell[inside][order]) == 0
    intervals, owner = numpy.diff(times[inside][order])[same], cell[inside][order][1:][same]
    variation = [intervals[owner == c].std() / intervals[owner == c].mean() for c in numpy.unique(owner)[:500]]
    counts = numpy.histogram(times[inside], bins=max(int(options.seconds / 3e-3), 1))[0]
    synchrony = counts.var() / counts.mean() if counts.mean() else float("nan")
    cv = numpy.mean(variation) if variation else float("nan")
    print(f"{name:<10} {rate:11.3f} {reference_rates[k]:10.3f} {cv:16.2f} {synchrony:10.2f}")

figure(figsize=(9, 6))
chosen = (cell % 10 == 0) & (times > times[-1] - 0.2) if len(times) else numpy.zeros(0, bool)
plot(times[chosen] * 1e3, -cell[chosen], ",k")
yticks(-(first[:-1] + first[1:]) / 2, names)
xlabel("time (ms)")
tight_layout()
savefig(options.directory / "microcircuit.png", dpi=150)

import pyarrow as pa

table = spikes.to_arrow()
with pa.OSFile(str(options.directory / "microcircuit.arrow"), "wb") as file, pa.ipc.new_file(file, table.schema) as out:
    out.write_table(table)
print(f"wrote {options.directory}/microcircuit.png and microcircuit.arrow ({table.num_rows:,} spikes)")
