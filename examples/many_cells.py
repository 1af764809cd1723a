"""Many cells with dendrites in one object
=======================================

Sixty equal cells with a dendrite, each with one synapse in a place of its own: what the soma sees of it, and when.

`python examples/many_cells.py [directory]` writes `results/many_cells.png`.
"""

import sys
from pathlib import Path

from ranvier import *

directory = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
directory.mkdir(parents=True, exist_ok=True)
defaultclock.dt = 0.05 * ms

places = 60
shape = Soma(diameter=20 * um)
shape.dendrite = Cylinder(length=600 * um, diameter=1.5 * um, n=places)

equations = """
Im = gL*(EL - v) : amp/meter**2
Is = gs*(0*mV - v) : amp (point current)
dgs/dt = -gs/(2*ms) : siemens
"""
leak = {"gL": 1 / (15 * kohm * cm**2), "EL": -70 * mV}
cells = SpatialNeuron(shape, equations, N=places, method="exact", Cm=1 * uF / cm**2, Ri=150 * ohm * cm, namespace=leak)
cells.v = -70 * mV

pulse = SpikeGeneratorGroup(1, [0], [5] * ms)
synapses = Synapses(pulse, cells, on_pre="gs += 0.5*nS")
# in cell k the synapse is on the k-th compartment of the dendrite; compartment 0 is the soma
synapses.connect(i=0, j=[cell.dendrite.indices[k] for k, cell in enumerate(cells.cell)])
somata = StateMonitor(cells, "v", record=cells.main)
run(60 * ms)

heights = somata.v.max(axis=1) + 70 * mV
times = somata.t[somata.v.argmax(axis=1)] - 5 * ms
distances = cells.cell[0].dendrite.distance
for k in (0, places - 1):
    print(f"{distances[k] / um:.0f} um away: {heights[k] / mV:.2f} mV after {times[k] / ms:.1f} ms")
subplot(211)
plot(distances / um, heights / mV)
ylabel("height at the soma (mV)")
subplot(212)
plot(distances / um, times / ms)
ylabel("time to the peak (ms)")
xlabel("distance of the synapse (um)")
savefig(directory / "many_cells.png", dpi=120)
# sphinx_gallery_tags = ["compartments"]
