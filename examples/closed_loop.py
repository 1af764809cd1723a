"""A closed loop: the script steers the network
============================================

Every 10 ms Python reads what the population does and sets its drive, so that it fires at a wanted rate.

`python examples/closed_loop.py [directory]` writes `results/closed_loop.png`.
"""

import sys
from pathlib import Path

from ranvier import *

directory = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
directory.mkdir(parents=True, exist_ok=True)
seed(7)

tau = 10 * ms
equations = """
dv/dt = (drive - v)/tau + 0.3*sqrt(2/tau)*xi : 1 (unless refractory)
drive : 1 (shared)
"""
cells = NeuronGroup(500, equations, threshold="v > 1", reset="v = 0", refractory=2 * ms, method="euler")
spikes = SpikeMonitor(cells, record=False)
rate = PopulationRateMonitor(cells)
period, history = 10 * ms, []
seen = 0


@network_operation(dt=period)
def controller(t):
    """Raises the drive while the population is slower than wanted, and stops when it has been right for long."""
    global seen
    wanted = 20 * Hz if t < 500 * ms else 40 * Hz
    measured = (spikes.num_spikes - seen) / len(cells) / period
    seen = spikes.num_spikes
    cells.drive = float(cells.drive[:]) + 0.004 * float((wanted - measured) / Hz)
    history.append((t / ms, wanted / Hz, measured / Hz))
    if t > 900 * ms and np.std([now for _, _, now in history[-20:]]) < 10:
        stop()


run(2 * second)
times, wanted, measured = np.transpose(history)
print(f"stopped at {magic_network.t / ms:.1f} ms; the last 100 ms: {measured[-10:].mean():.1f} Hz, wanted 40 Hz")

plot(rate.t / ms, rate.smooth_rate(width=10 * ms) / Hz, label="population")
step(times, wanted, "k--", where="post", label="wanted")
xlabel("time (ms)")
ylabel("rate (Hz)")
legend()
savefig(directory / "closed_loop.png", dpi=120)
# sphinx_gallery_tags = ["networks", "operations"]
