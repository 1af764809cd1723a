"""Two populations that decide
===========================

Two populations inhibit each other, and one of them wins: most of the time the one with a little more input.

`python examples/winner_take_all.py [directory]` writes `results/winner_take_all.png`.
"""

import sys
from pathlib import Path

from ranvier import *

directory = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
directory.mkdir(parents=True, exist_ok=True)
seed(9)

# many decisions at once: cells of a trial only meet cells of the same trial; 2 x 20 cells each
trials, size = 40, 20
model = """dv/dt = (drive - v + g)/(20*ms) + 0.25*sqrt(2/(20*ms))*xi : 1 (unless refractory)
dg/dt = -g/(20*ms) : 1
trial = i//(2*size) : integer
side = (i//size) % 2 : integer
drive = 1.0 + 0.12*(trial*1.0/trials)*(1 - side) : 1
"""
cells = NeuronGroup(trials * 2 * size, model, threshold="v > 1", reset="v = 0", refractory=2 * ms, method="euler")
cells.v = "rand()"
own = Synapses(cells, cells, on_pre="g_post += 0.022")
own.connect("i != j and i//size == j//size")
other = Synapses(cells, cells, on_pre="g_post -= 0.05")
other.connect("i//(2*size) == j//(2*size) and i//size != j//size")
spikes = SpikeMonitor(cells)
run(600 * ms)

late = spikes.t > 300 * ms
counts = np.bincount(spikes.i[late], minlength=len(cells)).reshape(trials, 2, size).sum(axis=2)
wins = counts[:, 0] > counts[:, 1]
clear = np.abs(counts[:, 0] - counts[:, 1]) / counts.sum(axis=1)
hard, easy = wins[: trials // 2].mean(), wins[trials // 2 :].mean()
print(f"the side with more input wins {hard:.0%} of the hard and {easy:.0%} of the easy trials")
print(f"rates differ by {np.mean(clear):.0%} of their sum")
figure(figsize=(11, 4))
subplot(121)
shown = spikes.i >= len(cells) - 2 * size
plot(spikes.t[shown] / ms, spikes.i[shown] - len(cells) + 2 * size, ".k", markersize=2)
axhline(size - 0.5, color="r")
xlabel("time (ms)")
ylabel("cells of the easiest trial")
subplot(122)
difference = 12 * np.arange(trials) / trials
plot(difference, counts[:, 0] / size / 0.3, "o", label="more input")
plot(difference, counts[:, 1] / size / 0.3, "o", label="less input")
xlabel("difference of the inputs (%)")
ylabel("rate (Hz)")
legend()
tight_layout()
savefig(directory / "winner_take_all.png", dpi=120)
# sphinx_gallery_tags = ["networks", "noise"]
