"""Working memory: a bump of activity on a ring
============================================

A ring of rate neurons keeps a place in mind: the activity stays where a cue has been.

`python examples/working_memory.py [directory]` writes `results/working_memory.png`.
"""

import sys
from pathlib import Path

from ranvier import *

directory = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
directory.mkdir(parents=True, exist_ok=True)

N, tau = 200, 10 * ms
J_near, J_far = 6.0, -4.0  # strengths of the connections, near and everywhere
equations = """
dr/dt = (clip(tanh(recurrent + cue - 0.2), 0, inf) - r)/tau : 1
recurrent : 1
angle : 1 (constant)
cue = 1.5*int(t >= 100*ms and t < 200*ms)*exp(4*(cos(angle - place) - 1)) : 1
place = 1.0 : 1
"""
cells = NeuronGroup(N, equations, method="rk2")
cells.angle = "2*pi*i/N - pi"
ring = Synapses(cells, cells, "w : 1 (constant)\nrecurrent_post = w*r_pre : 1 (summed)")
ring.connect()
ring.w = "(J_near*cos(angle_pre - angle_post) + J_near + J_far)/N_post"
rates = StateMonitor(cells, "r", record=True, dt=1 * ms)
run(1 * second)

found = np.angle(np.sum(rates.r.T * np.exp(1j * cells.angle), axis=1))
print(f"cue at 1.00; place kept 100 ms after it {found[300]:.2f}, 800 ms after it {found[-1]:.2f}")
print(f"highest rate before the cue {rates.r[:, 90].max():.2f}, at the end {rates.r[:, -1].max():.2f}")
imshow(rates.r, aspect="auto", origin="lower", extent=(0, 1000, -pi, pi), cmap="magma")
colorbar(label="rate")
axvspan(100, 200, color="w", alpha=0.25)
xlabel("time (ms); the cue is on in the pale strip")
ylabel("preferred place (rad)")
savefig(directory / "working_memory.png", dpi=120)
# sphinx_gallery_tags = ["networks", "rates", "summed"]
