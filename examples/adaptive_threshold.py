"""A threshold that adapts
=======================

The threshold jumps at each spike and decays again. An event of the script's own counts the time steps at rest.

`python examples/adaptive_threshold.py [directory]` writes `results/adaptive_threshold.png` and
`adaptive_threshold.parquet` (one row for each time and cell).
"""

import sys
from pathlib import Path

import pyarrow.parquet as pq

from ranvier import *

directory = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
directory.mkdir(parents=True, exist_ok=True)

tau, tau_th, jump = 10 * ms, 80 * ms, 6 * mV
equations = """
dv/dt = (drive - v)/tau : volt
dth/dt = (15*mV - th)/tau_th : volt
drive : volt (constant)
rests : integer
"""
cells = NeuronGroup(
    5,
    equations,
    threshold="v > th",
    reset="v = 0*mV; th += jump",
    events={"rest": "th < 15.1*mV and v > 0.9*drive"},
    method="exact",
)
cells.th = 15 * mV
cells.drive = "(14 + 4*i)*mV"
cells.run_on_event("rest", "rests += 1")

states = StateMonitor(cells, ["v", "th"], record=[1, 4], dt=0.5 * ms)
spikes = SpikeMonitor(cells, variables="th")
run(400 * ms)

for k, train in spikes.spike_trains().items():
    intervals = np.diff(train / ms)
    change = f"intervals {intervals[0]:.1f} to {intervals[-1]:.1f} ms" if len(intervals) > 1 else "no intervals"
    print(f"drive {cells.drive[k] / mV:.0f} mV: {len(train)} spikes, {change}, {cells.rests[k]} steps at rest")

plot(states.t / ms, states[4].v / mV, label="v")
plot(states.t / ms, states[4].th / mV, label="threshold")
xlabel("time (ms)")
ylabel("cell 4 (mV)")
legend()
savefig(directory / "adaptive_threshold.png", dpi=120)
pq.write_table(states.to_arrow(layout="long"), directory / "adaptive_threshold.parquet")
# sphinx_gallery_tags = ["neurons", "events", "arrow"]
