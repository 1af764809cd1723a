"""The window of spike-timing-dependent plasticity
===============================================

How much a weight changes for each lag between a presynaptic and a postsynaptic spike, beside the formula.

`python examples/stdp_window.py [directory]` writes `results/stdp_window.png`.
"""

import sys
from pathlib import Path

from ranvier import *

directory = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
directory.mkdir(parents=True, exist_ok=True)

tau_pre, tau_post, A_pre, A_post = 20 * ms, 20 * ms, 0.01, -0.0105
lags = np.arange(-60, 61, 1) * ms  # post minus pre
# one pair of cells for each lag: both spike once, the presynaptic one at 100 ms
before = SpikeGeneratorGroup(len(lags), np.arange(len(lags)), np.full(len(lags), 100) * ms)
after = SpikeGeneratorGroup(len(lags), np.arange(len(lags)), 100 * ms + lags)
synapses = Synapses(
    before,
    after,
    """w : 1
    dapre/dt = -apre/tau_pre : 1 (event-driven)
    dapost/dt = -apost/tau_post : 1 (event-driven)""",
    on_pre="apre += A_pre; w += apost",
    on_post="apost += A_post; w += apre",
)
synapses.connect(j="i")
run(200 * ms)

lag, change = lags / ms, synapses.w[:]
theory = where(lag > 0, A_pre * exp(-lag * ms / tau_pre), A_post * exp(lag * ms / tau_post))
apart = lag != 0
print(f"largest difference from the formula: {max(abs(change - theory)[apart]):.1e}")
axhline(0, color="0.8")
axvline(0, color="0.8")
plot(lag[apart], change[apart], ".k", label="simulated")
plot(lag[lag > 0], theory[lag > 0], "r", label="potentiation, in theory")
plot(lag[lag < 0], theory[lag < 0], "b", label="depression, in theory")
xlabel("time of the postsynaptic spike minus that of the presynaptic one (ms)")
ylabel("change of the weight")
legend()
tight_layout()
savefig(directory / "stdp_window.png", dpi=120)
# sphinx_gallery_tags = ["synapses", "plasticity", "theory"]
