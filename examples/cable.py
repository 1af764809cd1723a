"""A passive cable and cable theory
================================

A current flows into one end of a passive cable: how far the potential reaches, and when, beside the formulas of the
theory.

`python examples/cable.py [directory]` writes `results/cable.png`.
"""

import sys
from pathlib import Path

from ranvier import *

directory = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
directory.mkdir(parents=True, exist_ok=True)

length, diameter, parts = 1 * mm, 1 * um, 200
g_leak, Cm, Ri = 0.1 * msiemens / cm**2, 1 * uF / cm**2, 100 * ohm * cm
cable = SpatialNeuron(
    Cylinder(length=length, diameter=diameter, n=parts),
    """Im = -g_leak*v : amp/meter**2
    I : amp (point current)""",
    Cm=Cm,
    Ri=Ri,
    method="exact",
)
cable.I[0] = 20 * pA
places = [0, 50, 100, 199]
voltages = StateMonitor(cable, "v", record=places)
run(100 * ms)

# sealed at both ends: v(x) = I*R*cosh((length - x)/lambda)/sinh(length/lambda)
space = sqrt(diameter / (4 * Ri * g_leak))
resistance = 4 * Ri * space / (pi * diameter**2)
theory = 20 * pA * resistance * cosh((length - cable.distance) / space) / sinh(length / space)
error = max(abs(cable.v - theory)) / max(theory)
print(f"length constant {space / um:.0f} um; after 100 ms the largest difference from theory is {100 * error:.3f} %")

figure(figsize=(9, 4))
subplot(121)
plot(cable.distance / um, cable.v / mV, label="after 100 ms")
plot(cable.distance / um, theory / mV, "--", label="in theory")
xlabel("distance (um)")
ylabel("potential (mV)")
legend()
subplot(122)
for k, place in enumerate(places):
    plot(voltages.t / ms, voltages.v[k] / mV, label=f"{cable.distance[place] / um:.0f} um")
xlabel("time (ms)")
legend(loc="center right", bbox_to_anchor=(1, 0.8))
tight_layout()
savefig(directory / "cable.png", dpi=120)
# sphinx_gallery_tags = ["compartments", "theory"]
