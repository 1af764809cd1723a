"""The whole road in a second: a script's objects, the plan, the graph, loops, native code, the interpreter, Arrow.

It runs first. If it fails, look here before anywhere else.
"""

from ranvier import Network, NeuronGroup, SpikeMonitor, StateMonitor, Synapses, defaultclock, ms
from ranvier.stages import STAGES


def test_the_whole_road() -> None:
    cells = NeuronGroup(
        4, "dv/dt = (2 - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0", refractory=1 * ms, method="exact"
    )
    cells.v = "0.1*i"
    synapses = Synapses(cells, cells, "w : 1", on_pre="v_post += w", delay=0.5 * ms)
    synapses.connect(condition="j == i + 1")
    synapses.w = 0.2
    spikes, voltages = SpikeMonitor(cells), StateMonitor(cells, "v", record=[0])
    network = Network(cells, synapses, spikes, voltages)

    lowered = network.lower()
    assert lowered.stages == STAGES
    assert all(lowered.as_text(stage) for stage in STAGES)

    network.run(20 * ms)
    # alone, a neuron needs 10 ms*ln(2) from 0 to 1, that is 69.3 steps
    alone = [step for step, i in zip((spikes.t / defaultclock.dt).round(), spikes.i, strict=True) if i == 0]
    assert alone == [69, 139]
    assert spikes.count[1] >= spikes.count[0] and set(spikes.i) == {0, 1, 2, 3}
    assert voltages.v.shape == (1, 200)
    assert spikes.to_arrow().num_rows == spikes.num_spikes == sum(spikes.count)
