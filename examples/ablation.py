"""An ablation of the passes
=========================

What each pass does for a program, seen in what the program is without it.

`python examples/ablation.py [directory]` writes `results/ablation.png`.
"""

import sys
from pathlib import Path

from ranvier import *
from ranvier.stages import Options

directory = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
directory.mkdir(parents=True, exist_ok=True)
tau = 10 * ms
model = """dv/dt = (E - v + R*I)/tau : volt
dI/dt = -I/(2*tau) : amp
R = 80*Mohm*(1 + 0.1*sin(2*pi*4*Hz*t)) : ohm"""
E = -70 * mV
cells = NeuronGroup(1000, model, threshold="v > -50*mV", reset="v = E", method="exponential_euler")
network = Network(cells)
passes = Options().spec.split(",")


def counted(pipeline):
    """How often the lowered program touches an array, and how often it computes something."""
    text = network.lower(options=Options(pipeline=pipeline)).as_text("loops")
    memory = text.count("memref.load") + text.count("memref.store")
    return memory, text.count(" arith.") + text.count(" math."), text.count("scf.for")


found = {"all passes": counted(",".join(passes))}
for gone in ("fuse-maps", "hoist-uniform", "convert-resets", "merge-maps", "simplify"):
    if gone in passes:
        found[f"without {gone}"] = counted(",".join(name for name in passes if name != gone))
found["no pass"] = counted("")
for name, (memory, computed, loops) in found.items():
    print(f"{name}: {memory} accesses to arrays, {computed} operations, {loops} loops")
figure(figsize=(9, 4))
place = np.arange(len(found))[::-1]
barh(place + 0.2, [memory for memory, _, _ in found.values()], 0.4, label="accesses to arrays")
barh(place - 0.2, [computed for _, computed, _ in found.values()], 0.4, label="operations")
yticks(place, list(found))
xlabel("in the text of the loops")
legend()
tight_layout()
savefig(directory / "ablation.png", dpi=120)
# sphinx_gallery_tags = ["compiler", "passes"]
