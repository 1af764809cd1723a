"""Brunel's phase diagram
======================

How a sparse network fires for each strength of inhibition and each input (Brunel, J Comput Neurosci 8:183, 2000): its
rate, irregularity and synchrony. Ctrl-C stops the sweep, and a second call goes on from there.

`python examples/brunel_phase_diagram.py [--cells N] [--points N] [--seconds T]`
(in the gallery: `--cells 500 --points 5 --seconds 0.3`)
"""

import argparse

import numpy as np

from ranvier import *

arguments = argparse.ArgumentParser()
for name, default in (("--cells", 2000), ("--points", 10), ("--seconds", 0.5)):
    arguments.add_argument(name, type=type(default), default=default)
options = arguments.parse_args()
seed(1)

N, duration, transient = options.cells, options.seconds * second, 100 * ms
tau, theta, v_r = 20 * ms, 20 * mV, 10 * mV
J = 40 * mV / (0.08 * N)  # 80 excitatory inputs of 0.5 mV for each 1000 cells
equation = "dv/dt = (drive*theta - v)/tau + sqrt(J*drive*theta/tau)*xi : volt (unless refractory)"  # external spikes
cells = NeuronGroup(N, equation, threshold="v > theta", reset="v = v_r", refractory=2 * ms, method="euler")
excitatory = Synapses(cells[: N * 4 // 5], cells, on_pre="v += J", delay=1.5 * ms)
inhibitory = Synapses(cells[N * 4 // 5 :], cells, on_pre="v -= g*J", delay=1.5 * ms)
excitatory.connect(p=0.1), inhibitory.connect(p=0.1)
spikes = SpikeMonitor(cells)
network = Network(cells, excitatory, inhibitory, spikes)


def evaluate():
    """What is measured after the transient: rate, mean variation of intervals, variance over mean of the activity."""
    late = spikes.t > transient
    t, i = np.asarray(spikes.t[late]), np.asarray(spikes.i[late])
    intervals = [np.diff(t[i == cell]) for cell in range(0, N, 10)]
    variations = [each.std() / each.mean() for each in intervals if len(each) > 2] or [np.nan]
    activity, _ = np.histogram(t, arange(transient / second, duration / second, 0.002))
    rate, synchrony = len(t) / N / (duration - transient), activity.var() / max(activity.mean(), 1)
    return {"rate": rate, "irregularity": np.mean(variations), "synchrony": synchrony}


over = {"g": linspace(1, 8, options.points), "drive": linspace(0.5, 4, options.points)}
start = {cells.v: "v_r + rand()*(theta - v_r)"}
result = network.sweep(duration, over, start, measure=evaluate, workers="all", report="bar", out="results/brunel")
print(result)
figure(figsize=(13, 3.6), layout="tight")
labels = {"rate": "rate (Hz)", "irregularity": "variation of intervals", "synchrony": "Fano factor of the activity"}
for k, (name, label) in enumerate(labels.items()):
    subplot(1, 3, k + 1)
    shades = pcolormesh(result["g"], result["drive"], np.asarray(result[name]), norm="log" if k == 2 else "linear")
    colorbar(shades, label=label)
    xlabel("inhibition g"), ylabel("external input / threshold")
savefig("results/brunel_phase_diagram.png", dpi=120)
for row in (result[-1], result[options.points - 1]):
    print(f"g = {row.parameters['g']:.1f}: {row.rate / Hz:.1f} Hz, irregularity {row.irregularity:.2f}")
# sphinx_gallery_tags = ["sweeps", "networks"]
