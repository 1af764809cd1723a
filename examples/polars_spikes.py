"""Spikes in polars
================

Intervals, their variation, and rates by group, as questions to a table.

`python examples/polars_spikes.py [directory]` writes `results/polars_spikes.png`.
"""

import sys
from pathlib import Path

import polars as pl

from ranvier import *

directory = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
directory.mkdir(parents=True, exist_ok=True)
seed(11)

cells = NeuronGroup(
    300,
    """dv/dt = (mu - v)/(10*ms) + 0.35*sqrt(2/(10*ms))*xi : 1 (unless refractory)
    mu : 1 (constant)""",
    threshold="v > 1",
    reset="v = 0",
    refractory=2 * ms,
    method="euler",
)
cells.mu = "0.6 + 0.3*(i//100)"  # three groups of a hundred cells
spikes = SpikeMonitor(cells)
run(2 * second)

table = spikes.to_polars().with_columns(group=pl.col("i") // 100)
intervals = table.sort("i", "t").with_columns(interval=pl.col("t").diff().over("i") * 1e3).drop_nulls()
by_cell = intervals.group_by("group", "i").agg(
    rate=1e3 / pl.col("interval").mean(),
    variation=pl.col("interval").std() / pl.col("interval").mean(),
)
summary = by_cell.group_by("group").agg(pl.col("rate", "variation").mean().round(2)).sort("group")
for row in summary.to_dicts():
    print(f"group {row['group']}: {row['rate']} Hz, variation {row['variation']}")
figure(figsize=(10, 4))
subplot(121)
for (group,), part in intervals.group_by("group", maintain_order=True):
    hist(part["interval"], bins=np.arange(0, 150, 4), histtype="step", label=f"mu = {0.6 + 0.3 * group:.1f}")
xlabel("interval (ms)")
ylabel("number")
legend()
subplot(122)
scatter(by_cell["rate"], by_cell["variation"], c=by_cell["group"], s=8)
xlabel("rate of a cell (Hz)")
ylabel("variation of its intervals")
tight_layout()
savefig(directory / "polars_spikes.png", dpi=120)
# sphinx_gallery_tags = ["data", "polars"]
