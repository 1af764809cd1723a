"""Depression and facilitation (Tsodyks and Markram)
=================================================

One train of spikes drives two synapses: with use, one gets weaker and the other stronger (Tsodyks and Markram 1998).

`python examples/short_term_plasticity.py [directory]` writes `results/short_term_plasticity.png`.
"""

import sys
from pathlib import Path

from ranvier import *

directory = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
directory.mkdir(parents=True, exist_ok=True)

times = np.append(50 + 50 * np.arange(8), 900) * ms  # 20 Hz, and a test of the recovery
source = SpikeGeneratorGroup(1, np.zeros(len(times), dtype=int), times)
target = NeuronGroup(2, "dv/dt = (I - v)/(20*ms) : volt\ndI/dt = -I/(3*ms) : volt", method="exact")
# u: the part of what is there that a spike releases, x: what is there; both are known exactly between spikes
synapses = Synapses(
    source,
    target,
    """du/dt = -u/tau_f : 1 (event-driven)
    dx/dt = (1 - x)/tau_d : 1 (event-driven)
    released : 1
    U : 1 (constant)
    tau_f : second (constant)
    tau_d : second (constant)""",
    on_pre="""u += U*(1 - u)
    released = u*x
    x -= released
    I_post += 100*mV*released""",
)
synapses.connect()
synapses.U, synapses.tau_f, synapses.tau_d = [0.5, 0.1], [1, 1000] * ms, [800, 100] * ms
synapses.x = 1
voltages = StateMonitor(target, "v", record=True)
released = StateMonitor(synapses, "released", record=True, clock=EventClock(times + 0.5 * ms))
run(1.1 * second)

depressing, facilitating = released.released
print(f"depressing: {depressing[0]:.3f}, at last {depressing[7]:.3f}, recovered {depressing[8]:.3f}")
print(f"facilitating: {facilitating[0]:.3f}, at last {facilitating[7]:.3f}, after the pause {facilitating[8]:.3f}")
figure(figsize=(9, 6))
for k, name in enumerate(["depressing (U = 0.5, tau_d = 800 ms)", "facilitating (U = 0.1, tau_f = 1 s)"]):
    subplot(2, 1, k + 1)
    plot(voltages.t / ms, voltages.v[k] / mV, "k")
    title(name, loc="left")
    ylabel("potential (mV)")
xlabel("time (ms)")
tight_layout()
savefig(directory / "short_term_plasticity.png", dpi=120)
# sphinx_gallery_tags = ["synapses", "plasticity"]
