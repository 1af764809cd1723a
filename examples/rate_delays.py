"""A rate model with a delay
=========================

A population inhibits itself after a delay. Beyond a critical delay its rate oscillates.

`python examples/rate_delays.py [directory]` writes `results/rate_delays.png`.
"""

import sys
from pathlib import Path

from ranvier import *

directory = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
directory.mkdir(parents=True, exist_ok=True)

# a delay as a chain of stages: each follows the one before, and all together take the time D
stages, tau, gain, drive = 12, 10 * ms, 4.0, 2.0
chain = "\n".join(f"dd{k}/dt = ({f'd{k - 1}' if k else 'r'} - d{k})*{stages}/D : 1" for k in range(stages))
populations = NeuronGroup(
    60,
    f"""dr/dt = (clip(tanh(drive - gain*d{stages - 1}), 0, 1) - r)/tau : 1
    {chain}
    D : second (constant)""",
    method="rk4",
)
populations.D = "1*ms + 29*ms*i/(N - 1)"
populations.r = 0.3
rates = StateMonitor(populations, "r", record=True, dt=0.5 * ms)
run(1 * second)

late = rates.r[:, 1000:]
size = np.ptp(late, axis=1)
delays = populations.D / ms
critical = delays[np.argmax(size > 0.02)]
periods = []
for each in late[-20:]:
    crossings = np.flatnonzero(np.diff((each > each.mean()).astype(int)) > 0)
    periods.append(np.mean(np.diff(crossings)) * 0.5)
print(f"critical delay {critical:.1f} ms; period {periods[-1] / delays[-1]:.1f} delays at {delays[-1]:.0f} ms")
figure(figsize=(10, 4))
subplot(121)
for k in (5, 30, 59):
    plot(rates.t[:600] / ms, rates.r[k, :600], label=f"{delays[k]:.0f} ms")
xlabel("time (ms)")
ylabel("rate")
legend(title="delay")
subplot(122)
fill_between(delays, late.min(axis=1), late.max(axis=1), alpha=0.4)
axvline(critical, linestyle="--", color="k")
xlabel("delay (ms)")
ylabel("lowest and highest rate")
tight_layout()
savefig(directory / "rate_delays.png", dpi=120)
# sphinx_gallery_tags = ["networks", "rates", "delays"]
