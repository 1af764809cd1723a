"""FitzHugh and Nagumo's cell in its phase plane
=============================================

Where each of the two variables stands still, which way the cell moves from any point, and its path for each current.

`python examples/phase_plane.py [directory]` writes `results/phase_plane.png`.
"""

import sys
from pathlib import Path

from ranvier import *

directory = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
directory.mkdir(parents=True, exist_ok=True)

a, b, slow = 0.7, 0.8, 12.5
cells = NeuronGroup(
    60,
    """dv/dt = (v - v**3/3 - w + I)/ms : 1
    dw/dt = (v + a - b*w)/(slow*ms) : 1
    I : 1 (constant)""",
    method="rk4",
)
cells.I = "1.6*i/(N - 1)"
cells.v, cells.w = -1.2, -0.6
paths = StateMonitor(cells, ["v", "w"], record=True, dt=0.5 * ms)
run(400 * ms)

late = paths.v[:, 400:]
swings = np.ptp(late, axis=1) > 1
currents = cells.I[swings]
print(f"it oscillates for currents from {currents.min():.2f} to {currents.max():.2f}")
figure(figsize=(11, 4))
for panel, k in enumerate([0, 19]):
    subplot(1, 3, panel + 1)
    v, w = np.meshgrid(np.linspace(-2.3, 2.3, 19), np.linspace(-1.2, 2, 15))
    current = cells.I[k]
    streamplot(v, w, v - v**3 / 3 - w + current, (v + a - b * w) / slow, color="0.8", density=0.7, linewidth=0.7)
    line = np.linspace(-2.3, 2.3, 200)
    plot(line, line - line**3 / 3 + current, "--", label="v rests")
    plot(line, (line + a) / b, "--", label="w rests")
    plot(paths.v[k], paths.w[k], "k", label="the cell")
    ylim(-1.2, 2)
    title(f"I = {current:.2f}")
    xlabel("v")
    ylabel("w")
    legend(loc="upper right", fontsize=7)
subplot(133)
fill_between(cells.I[:], late.min(axis=1), late.max(axis=1), alpha=0.4)
xlabel("I")
ylabel("lowest and highest v")
tight_layout()
savefig(directory / "phase_plane.png", dpi=120)
# sphinx_gallery_tags = ["neurons", "theory"]
