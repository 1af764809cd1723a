"""Plasticity that follows the voltage (Clopath)
=============================================

Pairs of spikes at several rates change a weight by a rule that follows the voltage (Clopath et al. 2010, shortened).

`python examples/clopath.py [directory]` writes `results/clopath.png`.
"""

import sys
from pathlib import Path

from ranvier import *

directory = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
directory.mkdir(parents=True, exist_ok=True)

# the postsynaptic cell spikes 10 ms after the presynaptic one, or before; the change grows with the rate of the pairs
rates = np.array([5, 10, 20, 30, 40, 50])
pairs = 15
count = 2 * len(rates)  # the first half: before leads, the second: after leads
starts = 100 + 1000 * np.arange(pairs) / np.tile(rates, 2)[:, np.newaxis]  # ms
leads = np.repeat([0.0, 10.0], len(rates))[:, np.newaxis]
number = np.repeat(np.arange(count), pairs)
before = SpikeGeneratorGroup(count, number, (starts + leads).ravel() * ms)
command = SpikeGeneratorGroup(count, number, (starts + 10 - leads).ravel() * ms)
defaultclock.dt = 0.2 * ms
# u: the voltage of the cell above rest, with its spikes and the depolarisation that each leaves behind
after = NeuronGroup(
    count,
    """du/dt = (z - u)/(3*ms) : volt
    dz/dt = -z/(40*ms) : volt
    dslow/dt = (u - slow)/(10*ms) : volt
    dfast/dt = (u - fast)/(7*ms) : volt""",
    method="exact",
)
drive = Synapses(command, after, on_pre="u_post += 60*mV; z_post += 6*mV")
drive.connect(j="i")
theta_low, theta_high, A_down, A_up = 1 * mV, 25 * mV, 6e-4 / mV, 2.2e-5 / mV**2 / ms
plastic = Synapses(
    before,
    after,
    """dw/dt = A_up*trace*high*clip(fast_post - theta_low, 0*mV, inf*mV) : 1 (clock-driven)
    high = clip(u_post - theta_high, 0*mV, inf*mV) : volt
    dtrace/dt = -trace/(15*ms) : 1 (clock-driven)""",
    on_pre="w -= A_down*clip(slow_post - theta_low, 0*mV, inf*mV); trace += 1",
    method="euler",
)
plastic.connect(j="i")
plastic.w = 1
run(3.2 * second)
leading, following = 100 * (plastic.w[: len(rates)] - 1), 100 * (plastic.w[len(rates) :] - 1)
print(f"at 50 Hz: before leads {leading[-1]:+.0f} %, after leads {following[-1]:+.0f} %")
plot(rates, leading, "o-b", label="presynaptic spike first")
plot(rates, following, "o-r", label="postsynaptic spike first")
axhline(0, color="0.8")
gca().set(xlabel="rate of the pairs (Hz)", ylabel="change of the weight (%)")
legend()
savefig(directory / "clopath.png", dpi=120)
# sphinx_gallery_tags = ["synapses", "plasticity"]
