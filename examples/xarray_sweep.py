"""A sweep as an xarray dataset
============================

The results have named dimensions and coordinates with units; means and slices are taken by name.

`python examples/xarray_sweep.py [directory]` writes `results/xarray_sweep.png`.
"""

import sys
from pathlib import Path

from ranvier import *

directory = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
directory.mkdir(parents=True, exist_ok=True)
seed(12)

cell = NeuronGroup(
    1,
    "dv/dt = (mu - v)/tau + sigma*sqrt(2/tau)*xi : volt",
    threshold="v > 20*mV",
    reset="v = 10*mV",
    method="euler",
)
spikes = SpikeMonitor(cell)
mu, sigma, tau = 15 * mV, 1 * mV, 10 * ms  # what the model needs; the sweep sets other values
result = Network(cell, spikes).sweep(
    4 * second,
    over={"mu": linspace(14, 26, 7) * mV, "sigma": [1, 3, 5] * mV, "tau": [10, 20] * ms},
    measure={"rate": "rate(spikes)"},
)
data = result.to_xarray()
print(dict(data.sizes), "in", data["rate"].attrs["units"])

gain = data["rate"].differentiate("mu").mean("tau").sel(sigma=0.003, method="nearest") * 1e-3
one = data["rate"].sel(mu=0.02, sigma=0.003, tau=0.02, method="nearest")
print(f"at 20 mV: {float(one):.0f} Hz, {float(gain[3]):.1f} Hz more for each mV")
figure(figsize=(10, 4))
for k, (constant, part) in enumerate(data["rate"].groupby("tau")):
    subplot(1, 2, k + 1)
    for strength in part["sigma"].values:
        line = part.sel(sigma=strength).squeeze()
        plot(line["mu"] * 1e3, line, "o-", label=f"{strength * 1e3:.0f} mV")
    title(f"tau = {constant * 1e3:.0f} ms")
    xlabel("mu (mV)")
    ylabel("rate (Hz)")
legend(title="sigma")
tight_layout()
savefig(directory / "xarray_sweep.png", dpi=120)
# sphinx_gallery_tags = ["data", "sweeps", "xarray"]
