"""A first network
===============

Two hundred noisy integrate-and-fire cells whose thresholds adapt: their spikes, rates and voltages.

`python examples/first_network.py [directory]` writes a picture, `spikes.arrow` and `voltages.parquet` to `results`.
"""

import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ranvier import *

directory = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
directory.mkdir(parents=True, exist_ok=True)
seed(1)

tau, tau_th, sigma = 10 * ms, 60 * ms, 4 * mV
v_rest, v_reset, th_rest = -70 * mV, -65 * mV, -50 * mV
equations = """
dv/dt = (v_rest - v + drive)/tau + sigma*sqrt(2/tau)*xi : volt (unless refractory)
dth/dt = (th_rest - th)/tau_th : volt
drive : volt (constant)
"""
cells = NeuronGroup(
    200, equations, threshold="v > th", reset="v = v_reset; th += 3*mV", refractory=2 * ms, method="euler"
)
cells.v = "v_rest + rand()*(v_reset - v_rest)"
cells.th = th_rest
cells.drive = "(10 + 20.0*i/N)*mV"

voltages = StateMonitor(cells, ["v", "th"], record=[0, 50, 100, 150, 199])
spikes = SpikeMonitor(cells)
rate = PopulationRateMonitor(cells)
run(1 * second, report="text")

print(f"{spikes.num_spikes} spikes of {len(cells)} cells, {spikes.num_spikes / len(cells)} per cell")

figure(figsize=(9, 7))
subplot(311, ylabel="cell")
plot(spikes.t / ms, spikes.i, ",k")
subplot(312)
plot(rate.t / ms, rate.smooth_rate(width=5 * ms) / Hz)
ylabel("rate (Hz)")
subplot(313)
plot(voltages.t / ms, voltages.v[3] / mV, label="v")
plot(voltages.t / ms, voltages.th[3] / mV, label="threshold")
xlabel("time (ms)"), ylabel("cell 150 (mV)"), legend(loc="upper right"), tight_layout()
savefig(directory / "first_network.png", dpi=120)

table = spikes.to_arrow()
with pa.OSFile(str(directory / "spikes.arrow"), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
    writer.write_table(table)
pq.write_table(voltages.to_arrow(layout="long"), directory / "voltages.parquet")
print(f"wrote {directory}/first_network.png, spikes.arrow ({table.num_rows} rows), voltages.parquet")
# sphinx_gallery_tags = ["neurons", "noise", "monitors", "arrow"]
