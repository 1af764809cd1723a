"""All kinds of pictures
=====================

Each function of `ranvier.plots` at work: spikes, rates, traces, connections, weights, and the shape of a cell.

`python examples/pictures.py [directory]` writes `results/pictures.png`.
"""

import sys
from pathlib import Path

from ranvier import *
from ranvier import plots

directory = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
directory.mkdir(parents=True, exist_ok=True)
seed(3)

model = """dv/dt = (21*mV - v + I)/(20*ms) : volt (unless refractory)
           dI/dt = -I/(5*ms) : volt"""
cells = NeuronGroup(
    60, model, threshold="v > 20*mV", reset="v = 10*mV", refractory=2 * ms, method="exact", name="cells"
)
cells.v = "rand()*20*mV"
synapses = Synapses(cells, cells, "w : volt", on_pre="I_post += w")
synapses.connect("i != j and abs(i - j) < 12", p=0.4)
synapses.w = "clip(0.6 + 0.2*randn(), 0.05, 2)*mV - 3*mV*int(i % 5 == 0)"
spikes, rate = SpikeMonitor(cells), PopulationRateMonitor(cells)
states = StateMonitor(cells, "v", record=[3, 20, 40])
run(300 * ms)

cell = Soma(diameter=25 * um)
for k, name in enumerate(["apical", "basal", "oblique"]):
    cell[name] = Cylinder(length=(160 - 40 * k) * um, diameter=5 * um, n=8)
    for tip in ("left", "right"):
        cell[name][tip] = Section(diameter=linspace(4, 1, 9) * um, length=[12] * 8 * um, n=8)
neuron = SpatialNeuron(cell, "Im = -v*siemens/meter**2 : amp/meter**2", Cm=1 * uF / cm**2, Ri=150 * ohm * cm)
neuron.v = "10*mV*exp(-distance/(150*um))"

fig = figure(figsize=(13, 9))
panel = [fig.add_subplot(3, 3, k) for k in range(1, 9)]
plots.raster(spikes, ax=panel[0])
plots.rates(rate, width=5 * ms, ax=panel[1])
plots.traces(states, apart=12 * mV, ax=panel[2])
plots.connectivity(synapses, "w", ax=panel[3])
plots.connectivity({"i": synapses.i[:40], "j": synapses.j[:40]}, kind="arrows", ax=panel[4])
plots.weights(synapses, ax=panel[5])
plots.morphology(neuron, "v", ax=panel[6])
plots.dendrogram(neuron, ax=panel[7])
plots.morphology(neuron, "v", dimensions=3, ax=fig.add_subplot(3, 3, 9, projection="3d"))
tight_layout()
savefig(directory / "pictures.png", dpi=100)
print(f"{spikes.num_spikes} spikes, {len(synapses)} synapses, {len(neuron)} compartments")
# sphinx_gallery_tags = ["plots", "monitors", "synapses", "compartments"]
