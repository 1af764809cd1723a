"""Kernels for a GPU
=================

What is launched in each time step, the code of the kernels, and a check on the CPU to the last bit.

`python examples/gpu_kernels.py [directory]` writes `results/gpu_kernels.png`.
"""

import sys
from collections import Counter
from pathlib import Path

import ranvier.kernels
from ranvier import *

directory = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
directory.mkdir(parents=True, exist_ok=True)
seed(14)
prefs.codegen.fast_math = "off"  # then the emulated kernels give the bits of the CPU
tau = 10 * ms
cells = NeuronGroup(
    200,
    """dv/dt = (1.1 - v)/tau : 1 (unless refractory)
    dg/dt = -g/(5*ms) : 1""",
    threshold="v > 1",
    reset="v = 0",
    refractory=2 * ms,
    method="exact",
    name="cells",
)
cells.v = "rand()"
synapses = Synapses(cells, cells, on_pre="v_post -= 0.02", delay=1 * ms, name="synapses")
synapses.connect(p=0.1)
spikes = SpikeMonitor(cells, name="spikes")
network = Network(cells, synapses, spikes)
network.store()

trains = {}
for target in ("auto", "emulated"):
    network.restore()
    prefs.codegen.target = target
    network.run(30 * ms)
    trains[target] = spikes.t[:], spikes.i[:]
prefs.codegen.target = "auto"
same = all(np.array_equal(*pair) for pair in zip(*trains.values(), strict=True))
print(f"{len(trains['auto'][0])} spikes on the CPU, {'the same' if same else 'others'} from the emulated kernels")

lowered = network.lower()
print(ranvier.kernels.launch_plan(lowered))
code = lowered.as_text("ptx").splitlines()
kinds = Counter(line.split()[0].split(".")[0] for line in code if line.startswith("\t") and line.rstrip().endswith(";"))
common = [(name, number) for name, number in kinds.most_common(14) if name.isalpha()]
figure(figsize=(9, 4))
bar(*zip(*common, strict=True))
ylabel("instructions of all kernels (PTX)")
savefig(directory / "gpu_kernels.png", dpi=120)
# sphinx_gallery_tags = ["compiler", "gpu"]
