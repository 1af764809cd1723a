"""An action potential along an axon
=================================

An axon with the channels of Hodgkin and Huxley carries an action potential, and its speed is measured.

`python examples/active_axon.py [directory]` writes `results/active_axon.png`.
"""

import sys
from pathlib import Path

from ranvier import *

directory = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
directory.mkdir(parents=True, exist_ok=True)
defaultclock.dt = 0.01 * ms

axon = Cylinder(length=10 * cm, diameter=2 * 238 * um, n=500)  # a squid's, but short
E_leak, E_Na, E_K = 10.613 * mV, 115 * mV, -12 * mV  # v is 0 at rest, as in the paper of 1952
g_leak, g_na, g_k = 0.3 * msiemens / cm**2, 120 * msiemens / cm**2, 36 * msiemens / cm**2
equations = """
Im = g_leak*(E_leak - v) + g_na*m**3*h*(E_Na - v) + g_k*n**4*(E_K - v) : amp/meter**2
I : amp (point current)
dm/dt = alpha_m*(1 - m) - beta_m*m : 1
dn/dt = alpha_n*(1 - n) - beta_n*n : 1
dh/dt = alpha_h*(1 - h) - beta_h*h : 1
alpha_m = 1/exprel((25*mV - v)/(10*mV))/ms : Hz
beta_m = 4*exp(-v/(18*mV))/ms : Hz
alpha_h = 0.07*exp(-v/(20*mV))/ms : Hz
beta_h = 1/(exp((30*mV - v)/(10*mV)) + 1)/ms : Hz
alpha_n = 0.1/exprel((10*mV - v)/(10*mV))/ms : Hz
beta_n = 0.125*exp(-v/(80*mV))/ms : Hz
"""
neuron = SpatialNeuron(axon, equations, Cm=1 * uF / cm**2, Ri=35.4 * ohm * cm, method="exponential_euler",
                       threshold="v > 50*mV", refractory="v > 50*mV")  # fmt: skip
neuron.m, neuron.h, neuron.n = "alpha_m/(alpha_m + beta_m)", "alpha_h/(alpha_h + beta_h)", "alpha_n/(alpha_n + beta_n)"
voltages = StateMonitor(neuron, "v", record=[50, 150, 250, 350, 450])
spikes = SpikeMonitor(neuron)
run(2 * ms)
neuron.I[0] = 10 * uA  # at one end
run(0.5 * ms)
neuron.I = 0 * amp
run(9 * ms)

arrival = spikes.t[np.argsort(spikes.i)]  # each compartment is passed once
along = slice(100, 400)  # away from the ends
slope, _ = np.polyfit(arrival[along] / second, (neuron.distance / meter)[along], 1)
print(f"{spikes.num_spikes} compartments passed, {slope:.1f} m/s")
for k, place in enumerate([50, 150, 250, 350, 450]):
    plot(voltages.t / ms, voltages.v[k] / mV, label=f"{neuron.distance[place] / cm:.0f} cm")
xlabel("time (ms)")
ylabel("v above rest (mV)")
legend(title="from the end")
savefig(directory / "active_axon.png", dpi=120)
# sphinx_gallery_tags = ["compartments", "conductances"]
