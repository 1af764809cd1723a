"""Calcium in astrocytes
=====================

Each astrocyte watches one synapse. Spikes there make its calcium rise in waves (Li and Rinzel 1994).

`python examples/astrocytes.py [directory]` writes `results/astrocytes.png`.
"""

import sys
from pathlib import Path

from ranvier import *

directory = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
directory.mkdir(parents=True, exist_ok=True)
seed(2)

# calcium C and the part h of channels of the store that are open; spikes make IP3, which opens the store
equations = """
dC/dt = J_channel + J_leak - J_pump : mmolar
dh/dt = (h_inf - h)/tau_h : 1
dIP3/dt = (0.16*umolar - IP3)/(7*second) : mmolar
J_channel = 1.11*Hz*(IP3/(IP3 + 0.13*umolar))**3*(C/(C + 0.08234*umolar))**3*h**3*(stored - C) : mmolar/second
J_leak = 0.0204*Hz*(stored - C) : mmolar/second
J_pump = 0.9*umolar/second*C**2/(C**2 + (0.1*umolar)**2) : mmolar/second
stored = (2*umolar - C)/0.185 : mmolar
Q = 1.049*umolar*(IP3 + 0.13*umolar)/(IP3 + 0.9434*umolar) : mmolar
h_inf = Q/(Q + C) : 1
tau_h = 1/(0.2/umolar/second*(Q + C)) : second
"""
defaultclock.dt = 5 * ms
astrocytes = NeuronGroup(4, equations, threshold="C > 0.3*umolar", refractory="C > 0.3*umolar", method="rk4")
astrocytes.C, astrocytes.h, astrocytes.IP3 = 0.05 * umolar, 0.8, 0.16 * umolar
axons = PoissonGroup(4, rates="int(t > 20*second and t < 80*second)*1.2*i*Hz")
watching = Synapses(axons, astrocytes, on_pre="IP3_post += 0.02*umolar")
watching.connect(j="i")
inside = StateMonitor(astrocytes, ["C", "IP3"], record=True, dt=100 * ms)
waves = SpikeMonitor(astrocytes)
run(120 * second)

print("waves of calcium at 0, 1.2, 2.4 and 3.6 spikes a second:", *waves.count)
fig, panels = subplots(2, 1, figsize=(9, 6), sharex=True)
for k in range(4):
    panels[0].plot(inside.t / second, inside.IP3[k] / umolar, label=f"{1.2 * k:.1f} Hz")
    panels[1].plot(inside.t / second, inside.C[k] / umolar + k)
panels[0].set_ylabel("IP3 (uM)")
panels[0].legend(title="axon")
panels[1].set(xlabel="time (s)", ylabel="calcium (uM), each 1 higher")
for panel in panels:
    panel.axvspan(20, 80, color="0.93")
tight_layout()
savefig(directory / "astrocytes.png", dpi=120)
# sphinx_gallery_tags = ["synapses", "neurons"]
