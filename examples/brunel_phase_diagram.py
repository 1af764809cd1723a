"""The phase diagram of a sparse network of excitatory and inhibitory cells (Brunel, J Comput Neurosci 8:183, 2000).

python examples/brunel_phase_diagram.py [--cells N] [--points N] [--seconds T] [--directory DIR]

For each strength of inhibition g and each external input, relative to the one that just reaches the threshold: rate,
irregularity (variation of intervals) and synchrony (variation of the population's rate) as pictures and a table.
Ctrl-C stops, and what was done is drawn; a second call goes on where the first one was.
"""

import argparse
from pathlib import Path

import matplotlib
import numpy as np

matplotlib.use("Agg")
from ranvier import *

arguments = argparse.ArgumentParser()
arguments.add_argument("--cells", type=int, default=2000)
arguments.add_argument("--points", type=int, default=10, help="values of g, and of the input")
arguments.add_argument("--seconds", type=float, default=0.5)
arguments.add_argument("--directory", type=Path, default=Path("results"))
options = arguments.parse_args()
options.directory.mkdir(parents=True, exist_ok=True)
seed(1)

N, duration, transient = options.cells, options.seconds * second, 100 * ms
tau, theta, v_r = 20 * ms, 20 * mV, 10 * mV
J = 40 * mV / (0.08 * N)  # 80 excitatory inputs of 0.5 mV for each 1000 cells
cells = NeuronGroup(
    N,
    "dv/dt = (drive*theta - v)/tau + sqrt(J*drive*theta/tau)*xi : volt (unless refractory)",  # many external spikes
    threshold="v > theta",
    reset="v = v_r",
    refractory=2 * ms,
    method="euler",
)
excitatory = Synapses(cells[: N * 4 // 5], cells, on_pre="v += J", delay=1.5 * ms)
excitatory.connect(p=0.1)
inhibitory = Synapses(cells[N * 4 // 5 :], cells, on_pre="v -= g*J", delay=1.5 * ms)
inhibitory.connect(p=0.1)
spikes = SpikeMonitor(cells)
network = Network(cells, excitatory, inhibitory, spikes)


def evaluate():
    """What is measured after the transient: rate, mean variation of intervals, variance over mean of the activity."""
    late = spikes.t > transient
    t, i = np.asarray(spikes.t[late]), np.asarray(spikes.i[late])
    intervals = [np.diff(t[i == cell]) for cell in range(0, N, 10)]
    variations = [each.std() / each.mean() for each in intervals if len(each) > 2]
    activity, _ = np.histogram(t, arange(transient / second, duration / second, 0.002))
    return {
        "rate": len(t) / N / (duration - transient),
        "irregularity": np.mean(variations) if variations else np.nan,
        "synchrony": activity.var() / max(activity.mean(), 1),
    }


result = network.sweep(
    duration,
    over={"g": linspace(1, 8, options.points), "drive": linspace(0.5, 4, options.points)},
    start={cells.v: "v_r + rand()*(theta - v_r)"},
    measure=evaluate,
    workers="all",
    report="bar",
    out=options.directory / "brunel",
)
print(result)
figure(figsize=(13, 3.6))
for k, (name, unit) in enumerate({"rate": Hz, "irregularity": 1, "synchrony": 1}.items()):
    subplot(1, 3, k + 1)
    values = np.asarray(result[name] / unit)
    pcolormesh(result["g"], result["drive"], log10(1 + values) if name == "synchrony" else values)
    colorbar(label={"rate": "rate (Hz)", "irregularity": "variation of intervals", "synchrony": "log(1 + Fano)"}[name])
    xlabel("inhibition g")
    ylabel("external input / threshold")
tight_layout()
savefig(options.directory / "brunel_phase_diagram.png", dpi=120)
for row in (result[-1], result[(options.points - 1)]):
    print(f"g = {row.parameters['g']:.1f}: {row.rate / Hz:.1f} Hz, irregularity {row.irregularity:.2f}")
