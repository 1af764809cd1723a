"""Rate over current and time constant
===================================

The rate of an adaptive exponential cell for each current and each time constant of its adaptation.

`python examples/sweep_fi_surface.py [--currents N] [--constants N]` (in the gallery: `--currents 15 --constants 10`)
writes `results/sweep_fi_surface.png` and `sweep_fi_surface.parquet`, a table with a row for each pair.
"""

import argparse
from pathlib import Path

import pyarrow.parquet as pq

from ranvier import *

arguments = argparse.ArgumentParser()
arguments.add_argument("--currents", type=int, default=30)
arguments.add_argument("--constants", type=int, default=20)
options = arguments.parse_args()

C, g_leak, E_leak, v_t, delta_t = 200 * pF, 10 * nS, -70 * mV, -50 * mV, 2 * mV
a, b, v_reset = 2 * nS, 60 * pA, -58 * mV
equations = """
dv/dt = (g_leak*(E_leak - v) + g_leak*delta_t*exp((v - v_t)/delta_t) - w + current)/C : volt
dw/dt = (a*(v - E_leak) - w)/tau_w : amp
"""
cell = NeuronGroup(1, equations, threshold="v > -30*mV", reset="v = v_reset; w += b", method="euler")
cell.v = E_leak
spikes = SpikeMonitor(cell)
network = Network(cell, spikes)


def onset():
    """The rate at the beginning: one over the first interval."""
    return 1 / (spikes.t[1] - spikes.t[0]) if spikes.num_spikes > 1 else 0 * Hz


currents, constants = linspace(0.2, 1, options.currents) * nA, geomspace(10, 500, options.constants) * ms
over = {"current": currents, "tau_w": constants}
result = network.sweep(1 * second, over=over, measure={"rate": "rate(spikes)", "onset": onset}, workers="all")
rate = result["rate"]  # currents x time constants
print(result)
print(f"up to {rate.max() / Hz:.0f} Hz, at the onset up to {result['onset'].max() / Hz:.0f} Hz")

figure(figsize=(11, 4))
subplot(121)
colorbar(contourf(currents / nA, constants / ms, (rate / Hz).T, 20), label="rate (Hz)")
yscale("log")
xlabel("I (nA)"), ylabel("time constant of adaptation (ms)")
subplot(122)
for k in (0, -1):
    (line,) = plot(currents / nA, rate[:, k] / Hz, label=f"{constants[k] / ms:.0f} ms")
    plot(currents / nA, result["onset"][:, k] / Hz, ":", color=line.get_color(), label="its onset")
xlabel("I (nA)"), ylabel("rate (Hz)"), legend(), tight_layout()
Path("results").mkdir(exist_ok=True)
savefig("results/sweep_fi_surface.png", dpi=120)
pq.write_table(result.to_arrow(), "results/sweep_fi_surface.parquet")
# sphinx_gallery_tags = ["sweeps", "parquet"]
