"""Times stay double where values are single: where they meet values of neurons, too."""

import numpy as np

from ranvier import Network, NeuronGroup, SpikeMonitor, StateMonitor, TimedArray, defaultclock, ms, second


def test_refractory_periods_of_neurons_have_the_same_number_of_steps():
    defaultclock.dt = 0.1 * ms
    group = NeuronGroup(1, "ref : second", threshold="True", reset="", refractory="ref", dtype={"ref": np.float32})
    group.ref = 1 * ms
    spikes = SpikeMonitor(group)
    Network(group, spikes).run(2.1 * second)
    assert set(np.round(np.diff(spikes.t / (0.1 * ms)))) == {10}


def test_differences_of_times_are_exact():
    defaultclock.dt = 0.1 * ms
    ramp = TimedArray(np.arange(21000), dt=0.1 * ms)
    group = NeuronGroup(2, "t0 : second\nx : 1\nk : integer", dtype=np.float32, namespace={"ramp": ramp})
    group.t0 = [0, 0.1] * ms
    group.run_regularly("x = ramp(t - t0)\nk = timestep(t - t0, dt)")
    states = StateMonitor(group, ["x", "k"], record=True)
    Network(group, states).run(2.1 * second)
    assert set(np.diff(states.x[0])) == {1} and set(np.diff(states.k[1][1:])) == {1}
