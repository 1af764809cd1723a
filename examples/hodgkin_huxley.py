"""Hodgkin-Huxley cells under a step of current
============================================

Cells with the rates of Traub and Miles get a step of current. The function `exprel` keeps the rates finite at every
voltage.

`python examples/hodgkin_huxley.py [directory]` writes `results/hodgkin_huxley.png`.
"""

import sys
from pathlib import Path

from ranvier import *

directory = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
directory.mkdir(parents=True, exist_ok=True)
defaultclock.dt = 0.05 * ms

area = 20000 * umetre**2
Cm, gl = 1 * ufarad * cm**-2 * area, 5e-5 * siemens * cm**-2 * area
g_na, g_kd = 100 * msiemens * cm**-2 * area, 30 * msiemens * cm**-2 * area
El, EK, ENa, VT = -65 * mV, -90 * mV, 50 * mV, -63 * mV
# 0.32*(13*mV - u)/(exp((13*mV - u)/(4*mV)) - 1) is 0/0 at u = 13 mV; exprel(x) = (exp(x) - 1)/x is not
equations = """
dv/dt = (gl*(El - v) - g_na*m**3*h*(v - ENa) - g_kd*n**4*(v - EK) + I)/Cm : volt
dm/dt = alpha_m*(1 - m) - beta_m*m : 1
dn/dt = alpha_n*(1 - n) - beta_n*n : 1
dh/dt = alpha_h*(1 - h) - beta_h*h : 1
u = v - VT : volt
alpha_m = 0.32*4/exprel((13*mV - u)/(4*mV))/ms : Hz
beta_m = 0.28*5/exprel((u - 40*mV)/(5*mV))/ms : Hz
alpha_h = 0.128*exp((17*mV - u)/(18*mV))/ms : Hz
beta_h = 4/(1 + exp((40*mV - u)/(5*mV)))/ms : Hz
alpha_n = 0.032*5/exprel((15*mV - u)/(5*mV))/ms : Hz
beta_n = 0.5*exp((10*mV - u)/(40*mV))/ms : Hz
I = amplitude*int(t > 20*ms and t < 120*ms) : amp
amplitude : amp (constant)
"""
# no reset: a spike is a crossing, counted once as long as v stays above
cells = NeuronGroup(3, equations, threshold="v > -20*mV", refractory="v > -20*mV", method="exponential_euler")
cells.v = El
cells.m, cells.h, cells.n = "alpha_m/(alpha_m + beta_m)", "alpha_h/(alpha_h + beta_h)", "alpha_n/(alpha_n + beta_n)"
cells.amplitude = [0.1, 0.3, 1] * nA
voltages = StateMonitor(cells, "v", record=True)
spikes = SpikeMonitor(cells)
run(140 * ms)

print("spikes:", ", ".join(f"{n} at {a / nA:.1f} nA" for n, a in zip(spikes.count, cells.amplitude, strict=True)))
for k in range(3):
    plot(voltages.t / ms, voltages.v[k] / mV - 120 * k, label=f"{cells.amplitude[k] / nA:.1f} nA")
xlabel("time (ms)")
ylabel("v (mV), shifted")
legend()
savefig(directory / "hodgkin_huxley.png", dpi=120)
# sphinx_gallery_tags = ["neurons", "conductances"]
