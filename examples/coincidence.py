"""Delays that tell directions
===========================

A cell fires where its delays make up for the time between the two ears, so that each cell stands for a direction.

`python examples/coincidence.py [directory]` writes `results/coincidence.png`.
"""

import sys
from pathlib import Path

from ranvier import *

directory = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
directory.mkdir(parents=True, exist_ok=True)
seed(6)
defaultclock.dt = 0.02 * ms

# a sound moves from the left to the right: its clicks reach the right ear 0.6 ms later at first, earlier in the end
count, detectors, seconds = 400, 61, 1
times = (np.arange(count) + 0.4 * rand(count)) * 1000 * seconds / count  # ms
lag = 0.6 - 1.2 * times / (1000 * seconds)
clicks = np.arange(count)
left = SpikeGeneratorGroup(count, clicks, (times + 1) * ms)
right = SpikeGeneratorGroup(count, clicks, (times + 1 + lag) * ms)
cells = NeuronGroup(
    detectors, "dv/dt = -v/(0.15*ms) : 1", threshold="v > 1.6", reset="v = 0", refractory=1 * ms, method="exact"
)
from_left = Synapses(left, cells, on_pre="v_post += 1")
from_left.connect()
from_left.delay = "0.5*ms + 0.01*ms*j"
from_right = Synapses(right, cells, on_pre="v_post += 1")
from_right.connect()
from_right.delay = "0.5*ms + 0.01*ms*(N_post - 1 - j)"
spikes = SpikeMonitor(cells)
run((seconds + 0.01) * second)

told = (0.01 * (2 * spikes.i - detectors + 1)).astype(float)  # the lag that the delays of a cell undo
true = 0.6 - 1.2 * (spikes.t / second - 0.002) / seconds
near = np.abs(told - true) < 0.1
print(f"{len(told)} spikes of {count} clicks; {near.mean():.0%} tell the lag within 0.1 ms")
plot(spikes.t / second, told, ".", label="told by the cell that spikes")
plot(times / 1000, lag, "k", label="true")
xlabel("time (s)")
ylabel("the right ear hears it later by (ms)")
legend()
savefig(directory / "coincidence.png", dpi=120)
# sphinx_gallery_tags = ["networks", "delays"]
