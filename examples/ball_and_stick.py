"""A ball and a stick with synapses
================================

A soma and a dendrite with synapses along it: the farther away a synapse is, the weaker and later the soma sees it.

`python examples/ball_and_stick.py [directory]` writes `results/ball_and_stick.png`.
"""

import sys
from pathlib import Path

from ranvier import *

directory = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
directory.mkdir(parents=True, exist_ok=True)

shape = Soma(diameter=20 * um)
shape.dendrite = Cylinder(length=600 * um, diameter=2 * um, n=30)
neuron = SpatialNeuron(
    shape,
    """Im = -g_leak*v : amp/meter**2
    Is = g*(70*mV - v) : amp (point current)  # v is 0 at rest
    dg/dt = -g/(2*ms) : siemens
    g_leak : siemens/meter**2 (constant)""",
    Cm=1 * uF / cm**2,
    Ri=150 * ohm * cm,
    method="exponential_euler",
)
neuron.g_leak = 0.1 * msiemens / cm**2
places = [1, 6, 12, 18, 24, 30]
afferents = SpikeGeneratorGroup(len(places), np.arange(len(places)), (10 + 60 * np.arange(len(places))) * ms)
synapses = Synapses(afferents, neuron, on_pre="g_post += 1*nS")
synapses.connect(i=np.arange(len(places)), j=places)  # a synapse is on a compartment, which has a number
voltages = StateMonitor(neuron, "v", record=[0])
run(370 * ms)

soma = voltages.v[0].reshape(-1, 1)[:3700, 0] / mV
heights, delays = [], []
figure(figsize=(10, 4))
subplot(121)
for k, place in enumerate(places):
    piece = soma[100 + 600 * k : 600 + 600 * k] - soma[100 + 600 * k]
    heights.append(piece.max())
    delays.append(piece.argmax() * 0.1)
    plot(0.1 * np.arange(len(piece)), piece, label=f"{neuron.distance[place] / um:.0f} um")
xlabel("time after the spike (ms)")
ylabel("potential of the soma (mV)")
legend(title="synapse at")
subplot(122)
plot(neuron.distance[places] / um, heights, "o-")
xlabel("distance of the synapse (um)")
ylabel("height at the soma (mV)")
tight_layout()
savefig(directory / "ball_and_stick.png", dpi=120)
for name, k in (("near", 0), ("far", -1)):
    print(f"a {name} synapse moves the soma by {heights[k]:.2f} mV, most after {delays[k]:.1f} ms")
# sphinx_gallery_tags = ["compartments", "synapses"]
