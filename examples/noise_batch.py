"""A batch of noise levels and seeds
=================================

Four strengths of noise with five seeds each in one process: nothing is compiled twice, and one file has all results.

`python examples/noise_batch.py [directory]` writes a picture and `results/noise_batch.parquet`: every spike of every
run, with the columns sigma (V), seed, t (s) and i.
"""

import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ranvier import *

directory = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
directory.mkdir(parents=True, exist_ok=True)

tau, v_th = 20 * ms, 15 * mV
equation = "dv/dt = (13*mV - v)/tau + sigma*sqrt(2/tau)*xi : volt (unless refractory)"
cells = NeuronGroup(100, equation, threshold="v > v_th", reset="v = 0*mV", refractory=3 * ms, method="euler")
spikes = SpikeMonitor(cells)
network = Network(cells, spikes)
network.store()


def simulate(strength: Quantity, number: int) -> pa.Table:
    """Returns the spikes of one run, with what it was made of."""
    network.restore()
    seed(number)  # after restore(): from here on everything depends on the seed only
    cells.v = "rand()*v_th"
    network.run(500 * ms, namespace={"sigma": strength, "tau": tau, "v_th": v_th})
    table = spikes.to_arrow()
    table = table.add_column(0, "seed", pa.array([number] * len(table), pa.int64()))
    return table.add_column(0, "sigma", pa.array([float(strength)] * len(table), pa.float64()))


runs = [(strength, number) for strength in [1, 2, 3, 4] * mV for number in range(5)]
path = directory / "noise_batch.parquet"
with pq.ParquetWriter(path, simulate(*runs[0]).schema) as writer:
    for strength, number in runs:
        writer.write_table(simulate(strength, number))

everything = pq.read_table(path)
figure(layout="constrained")
for strength in pc.unique(everything["sigma"]).to_pylist():
    of_strength = everything.filter(pc.field("sigma") == strength)
    hist(of_strength["t"].to_numpy() * 1e3, arange(0, 501, 10), histtype="step", label=f"{strength * 1e3:.0f} mV")
    print(f"sigma {strength * 1e3:.1f} mV: {len(of_strength) / 5 / 100 / 0.5:.1f} Hz")
again = simulate(*runs[-1])
assert again["t"].equals(everything.slice(len(everything) - len(again))["t"]), "a seed gives its run again"
print(f"wrote {path}: {len(everything)} spikes of {len(runs)} runs")
xlabel("time (ms)"), ylabel("spikes of 5 runs in 10 ms"), legend(title="noise", bbox_to_anchor=(1, 1))
savefig(directory / "noise_batch.png", dpi=120)
# sphinx_gallery_tags = ["sweeps", "noise", "parquet"]
