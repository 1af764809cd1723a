"""Gap junctions synchronise cells
===============================

Cells that are coupled by gap junctions come to fire together. Without coupling they drift apart.

`python examples/gap_junctions.py [directory]` writes `results/gap_junctions.png`.
"""

import sys
from pathlib import Path

from ranvier import *

directory = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
directory.mkdir(parents=True, exist_ok=True)
seed(2)

N, tau = 20, 10 * ms
equations = """
dv/dt = (drive - v + I_gap)/tau : 1
drive : 1 (constant)
I_gap : 1  # the sum over all junctions of a cell
"""


def simulate(strength):
    """Returns the spikes of a ring of cells, each coupled to its four nearest neighbours."""
    cells = NeuronGroup(N, equations, threshold="v > 1", reset="v = 0", method="euler")
    cells.v = "rand()"
    cells.drive = "1.2 + 0.005*randn()"
    model = "weight : 1 (constant)\nI_gap_post = weight*(v_pre - v_post) : 1 (summed)"
    # a spike is shorter than a step of the model: what of it passes a junction comes as a jump
    junctions = Synapses(cells, cells, model, on_pre="v_post += 0.5*weight")
    junctions.connect("i != j and ((i - j + N_pre) % N_pre <= 2 or (j - i + N_pre) % N_pre <= 2)")
    junctions.weight = strength
    spikes = SpikeMonitor(cells)
    Network(cells, junctions, spikes).run(600 * ms)
    return spikes


def coherence(spikes):
    """Returns how close the last spikes of all cells are: 1 if they are one volley, near 0 if they are scattered."""
    trains = spikes.spike_trains()
    period = np.mean([np.mean(np.diff(np.asarray(train))[-5:]) for train in trains.values()])
    return abs(np.mean(np.exp(2j * pi * np.array([np.asarray(train)[-1] for train in trains.values()]) / period)))


figure(figsize=(9, 6))
for k, strength in enumerate([0, 0.1]):
    spikes = simulate(strength)
    print(f"strength {strength}: coherence {coherence(spikes):.2f}")
    subplot(2, 1, k + 1)
    plot(spikes.t / ms, spikes.i, "|k")
    title(f"strength of a junction {strength}", loc="left")
    ylabel("cell")
xlabel("time (ms)")
tight_layout()
savefig(directory / "gap_junctions.png", dpi=120)
# sphinx_gallery_tags = ["synapses", "summed"]
