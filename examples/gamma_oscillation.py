"""A gamma rhythm of excitation and inhibition
===========================================

Excitatory and inhibitory cells in a loop, known as PING, fire in volleys about thirty times a second.

`python examples/gamma_oscillation.py [directory]` writes `results/gamma_oscillation.png`.
"""

import sys
from pathlib import Path

from ranvier import *

directory = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
directory.mkdir(parents=True, exist_ok=True)
seed(6)

tau, tau_e, tau_i, v_th, v_reset = 10 * ms, 2 * ms, 8 * ms, 20 * mV, 0 * mV
equations = """
dv/dt = (drive + I_e - I_i - v)/tau + sigma*sqrt(2/tau)*xi : volt (unless refractory)
dI_e/dt = -I_e/tau_e : volt
dI_i/dt = -I_i/tau_i : volt
drive : volt (constant)
sigma = 2*mV : volt
"""
cells = NeuronGroup(1000, equations, threshold="v > v_th", reset="v = v_reset", refractory=2 * ms, method="euler")
excitatory, inhibitory = cells[:800], cells[800:]
excitatory.drive, inhibitory.drive = 28 * mV, 12 * mV
cells.v = "rand()*v_th"
to_inhibitory = Synapses(excitatory, inhibitory, on_pre="I_e += 2.5*mV", delay=1 * ms)
to_excitatory = Synapses(inhibitory, excitatory, on_pre="I_i += 1.5*mV", delay=1 * ms)
to_inhibitory.connect(p=0.1)
to_excitatory.connect(p=0.2)
spikes = SpikeMonitor(cells)
rate = PopulationRateMonitor(excitatory)
run(1 * second)

smooth = np.asarray(rate.smooth_rate(width=1 * ms))[2000:]
power = abs(np.fft.rfft(smooth - smooth.mean())) ** 2
frequencies = np.fft.rfftfreq(len(smooth), float(defaultclock.dt))
peak = frequencies[power.argmax()]
print(f"the rhythm has {peak:.0f} Hz, an excitatory cell fires {smooth.mean():.0f} times per second")
figure(figsize=(9, 7))
subplot(311, xlim=(500, 1000))
plot(spikes.t / ms, spikes.i, ",k")
ylabel("cell (inhibitory from 800)")
subplot(312, xlim=(500, 1000), xlabel="time (ms)")
plot(rate.t / ms, rate.smooth_rate(width=1 * ms) / Hz)
ylabel("rate (Hz)")
subplot(313)
plot(frequencies, power / power.max())
xlim(0, 150)
xlabel("frequency (Hz)")
ylabel("power (relative)")
tight_layout()
savefig(directory / "gamma_oscillation.png", dpi=120)
# sphinx_gallery_tags = ["networks", "noise", "delays"]
