"""The cortical microcircuit of Potjans and Diesmann (Cerebral Cortex 24:785, 2014).

python benchmarks/microcircuit.py [--scale S] [--seconds T] [--transient MS] [--seed N] [--directory DIR]

77,169 neurons and 299 million synapses at scale 1, which need 8 GB of memory and half a minute to be made. A smaller
scale keeps the probabilities and makes the weights stronger instead: rates are then only roughly those of the paper.
Writes a raster picture and an Arrow file of all spikes, and prints rates, irregularity and synchrony by population.
Ctrl-C stops the run; what was simulated until then is evaluated and written.
"""

import argparse
import sys
import time
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import numpy

from ranvier import *

arguments = argparse.ArgumentParser()
arguments.add_argument("--scale", type=float, default=0.1, help="size of the populations, 1: all neurons")
arguments.add_argument("--seconds", type=float, default=0.5, help="biological time that is evaluated")
arguments.add_argument("--transient", type=float, default=500.0, help="milliseconds before that")
arguments.add_argument("--seed", type=int, default=1)
arguments.add_argument("--directory", type=Path, default=Path("results"))
options = arguments.parse_args()
if not 0.001 <= options.scale <= 1:
    arguments.error(f"--scale has to be between 0.001 and 1, not {options.scale}")
if not (0.001 <= options.seconds < 1e6 and 0 <= options.transient < 1e9):
    arguments.error("--seconds has to be at least 0.001, --transient must not be negative")
if not 0 <= options.seed < 2**32:
    arguments.error(f"--seed has to be between 0 and 2**32 - 1, not {options.seed}")
try:
    options.directory.mkdir(parents=True, exist_ok=True)
except OSError as error:
    arguments.error(f"--directory: {error}")
seed(options.seed)
draw = numpy.random.Generator(numpy.random.SFC64(options.seed))

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

began, began_cpu = time.perf_counter(), time.process_time()
populations = [cells[int(a) : int(b)] for a, b in zip(first[:-1], first[1:])]
background = [PoissonInput(population, "I", int(k), 8 * Hz, 87.8 * pA) for population, k in zip(populations, external)]

pairs = numpy.outer(full_sizes, full_sizes).astype(float)
numbers = numpy.round(numpy.log1p(-probability) / numpy.log1p(-1 / pairs) * options.scale**2).astype(int)
total, done = numbers.sum(), 0


def show_progress(more):
    """Draws a bar of the synapses that are made."""
    global done
    done += more
    if sys.stderr.isatty():
        bar = "#" * int(40 * done / total)
        print(f"\rmaking synapses [{bar:<40}] {done / total:4.0%}", end="\n" * (done == total), file=sys.stderr)


def projections(sources):
    """The ends and weights of all synapses from some populations, drawn with replacement, sorted by source."""
    count = numbers[:, sources].sum()
    pre, post = numpy.empty(count, dtype=numpy.int32), numpy.empty(count, dtype=numpy.int32)
    weight = numpy.empty(count, dtype=numpy.float32)
    end = 0
    for s in sources:
        # of the synapses to each target population, so many begin at each neuron of this one
        each = numpy.stack([draw.multinomial(k, numpy.full(sizes[s], 1 / sizes[s])) for k in numbers[:, s]], axis=1)
        mean = numpy.full(8, 1.0 if s % 2 == 0 else -4.0)
        if names[s] == "L4E":
            mean[names.index("L2/3E")] = 2.0
        for block in numpy.array_split(numpy.arange(sizes[s]), max(numbers[:, s].sum() // 500_000, 1)):
            counts = each[block]
            begin, end = end, end + counts.sum()
            target = numpy.repeat(numpy.tile(numpy.arange(8), len(block)), counts.ravel())
            pre[begin:end] = numpy.repeat(first[s] + block, counts.sum(axis=1))
            post[begin:end] = first[target] + draw.random(end - begin) * sizes[target]
            factor = 1 + 0.1 * draw.standard_normal(end - begin, dtype=numpy.float32)
            weight[begin:end] = (mean * float(strength))[target] * numpy.maximum(factor, 0)
            show_progress(end - begin)
    return pre, post, weight


BLOCK = 1 << 22  # synapses whose delays are drawn together
step = defaultclock.dt


def delays(number, mean):
    """Delays in seconds: normal, cut at one step (drawn again below), in whole steps."""
    drawn = mean * (1 + 0.5 * draw.standard_normal(number))
    while (short := numpy.flatnonzero(drawn < 0.5)).size:
        drawn[short] = mean * (1 + 0.5 * draw.standard_normal(short.size))
    return numpy.round(drawn) * float(step)


synapses = []
try:
    for sources, mean_delay in (([0, 2, 4, 6], 1.5 * ms), ([1, 3, 5, 7], 0.75 * ms)):
        kind = Synapses(cells, cells, "w : amp", on_pre="I_post += w", dtype={"w": numpy.float32})
        pre, post, kind_weight = projections(sources)
        kind.connect(i=pre, j=post)
        del pre, post
        kind.w_ = kind_weight
        del kind_weight
        for begin in range(0, len(kind), BLOCK):
            kind.delay_[begin : begin + BLOCK] = delays(min(BLOCK, len(kind) - begin), float(mean_delay / step))
        synapses.append(kind)
except KeyboardInterrupt:
    sys.exit("\nstopped while the synapses were made")
count = len(synapses[0]) + len(synapses[1])
print(
    f"{first[-1]:,} neurons, {count:,} synapses, built in {time.perf_counter() - began:.1f} s "
    f"({time.process_time() - began_cpu:.1f} s of CPU)"
)

spikes = SpikeMonitor(cells)
network = Network(cells, background, synapses, spikes)
if options.transient:
    network.run(options.transient * ms, report="bar")
start = len(spikes)
began_at, began = network.t, time.process_time()
network.run(options.seconds * second, report="bar")
cost = time.process_time() - began
seconds = float(network.t - began_at)
if began_at < options.transient * ms or not seconds:
    sys.exit("stopped before there was anything to evaluate")
print(f"real-time factor on one core: {cost / seconds:.2f}")

times, cell = numpy.asarray(spikes.t[start:]), numpy.asarray(spikes.i[start:])
print("population   rate (Hz)  reference  CV of intervals  synchrony")
for k, name in enumerate(names):
    inside = (cell >= first[k]) & (cell < first[k + 1])
    rate = inside.sum() / sizes[k] / seconds
    # irregularity: the coefficient of variation of each neuron's intervals, where there are at least three
    order = numpy.lexsort((times[inside], cell[inside]))
    owner, when = cell[inside][order] - first[k], times[inside][order]
    same = numpy.diff(owner) == 0
    owner, intervals = owner[1:][same], numpy.diff(when)[same]
    number, sums, squares = (numpy.bincount(owner, intervals**n, sizes[k]) for n in range(3))
    enough = number >= 3
    means = sums[enough] / number[enough]
    variation = numpy.sqrt(numpy.maximum(squares[enough] / number[enough] - means**2, 0)) / means
    cv = variation.mean() if variation.size else float("nan")
    # synchrony as in the paper: variance over mean of the spikes of 1,000 neurons in bins of 3 ms
    counts = numpy.histogram(times[inside & (cell < first[k] + 1000)], bins=max(int(seconds / 3e-3), 1))[0]
    synchrony = counts.var() / counts.mean() if counts.mean() else float("nan")
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
