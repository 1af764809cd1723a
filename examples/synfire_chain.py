"""A synfire chain
===============

A volley of spikes passes from layer to layer. A strong one gets sharper on its way, a weak one dies.

`python examples/synfire_chain.py [directory]` writes `results/synfire_chain.png`.
"""

import sys
from pathlib import Path

from ranvier import *

directory = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
directory.mkdir(parents=True, exist_ok=True)
seed(8)

layers, width = 10, 100
model = """dv/dt = (g - v)/(10*ms) + 1.5*mV*sqrt(2/(10*ms))*xi : volt (unless refractory)
dg/dt = -g/(2*ms) : volt"""
cells = NeuronGroup(layers * width, model, threshold="v > 10*mV", reset="v = 0*mV", refractory=3 * ms, method="euler")
chain = Synapses(cells, cells, on_pre="g_post += 1.4*mV", delay=3 * ms)
chain.connect("i//width + 1 == j//width", p=0.8)
# two volleys: a weak and a strong one, both scattered in time
volleys = [(45, 20, 2.0), (90, 90, 2.0)]  # spikes, at (ms), spread (ms)
times = np.concatenate([np.random.normal(at, spread, count) for count, at, spread in volleys])
source = SpikeGeneratorGroup(len(times), np.arange(len(times)), times * ms)
entry = Synapses(source, cells[:width], on_pre="g_post += 1.4*mV")
entry.connect(p=0.8)
spikes = SpikeMonitor(cells)
run(160 * ms)

layer, late = spikes.i // width, spikes.t > 85 * ms
strong = [spikes.t[late & (layer == k)] / ms for k in range(layers)]
weak = [int(np.sum(~late & (layer == k))) for k in range(layers)]
print(f"weak volley: {weak[0]} spikes in the first layer, {weak[-1]} in the last")
print(
    f"strong volley: {len(strong[0])} to {len(strong[-1])}, spread {strong[0].std():.2f} to {strong[-1].std():.2f} ms"
)
figure(figsize=(9, 5))
plot(spikes.t / ms, spikes.i / width, ".k", markersize=1.5)
plot(times, np.full(len(times), -0.3), "|r", markersize=8)
xlabel("time (ms); red: the two volleys that go in")
ylabel("layer")
savefig(directory / "synfire_chain.png", dpi=120)
# sphinx_gallery_tags = ["networks", "delays", "noise"]
