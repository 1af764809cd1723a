"""The actions of real networks do what they say: step by step by numpy, and natively."""

from collections.abc import Callable

import numpy as np
import pytest
from actions.memory import changed, check_effects, copied, name_of

from ranvier import (
    Cylinder,
    Network,
    NeuronGroup,
    PoissonGroup,
    PoissonInput,
    PopulationRateMonitor,
    Soma,
    SpatialNeuron,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    check_units,
    defaultclock,
    kHz,
    linked_var,
    ms,
    mV,
    nA,
    siemens,
    start_scope,
    um,
)
from ranvier.actions import actions as act
from ranvier.actions.effects import ANYTHING, Memory, calls_python, may_be_in, reads, writes, written_by_any
from ranvier.objects.variables.variables import ArrayVariable
from ranvier.plan.steps import make_plan, reserve_rows
from ranvier.runtime.simulation import Simulation
from ranvier.stages import Options, compile_plan

STEPS = 12

NOISY = "dv/dt = (1.5 - v + k)/(1*ms) + 0.1*xi/ms**.5 : 1 (unless refractory)\nk : 1 (shared)\nc : integer"


def neurons() -> Network:
    group = NeuronGroup(6, NOISY, threshold="v > 0.5", reset="v = 0; c += 1", refractory=0.3 * ms, method="euler",
                        events={"low": "v < 0.2"})  # fmt: skip
    group.v = "0.1*i"
    group.run_on_event("low", "v += 0.1")
    group.run_regularly("v = v + 0.01*rand()", dt=defaultclock.dt)
    part = group[2:5]
    return Network(group, SpikeMonitor(part, variables="v"), SpikeMonitor(group, record=False),
                   StateMonitor(group, ["v", "c"], record=[1, 4]), PopulationRateMonitor(part))  # fmt: skip


def links() -> Network:
    slow = NeuronGroup(3, "dx/dt = -x/(5*ms) : 1\ny = x*2 + rand() : 1 (constant over dt)", method="exact")
    slow.x = [1, 2, 3]
    stimulus = TimedArray([[1, 2, 3], [4, 5, 6]], dt=0.5 * ms)
    fast = NeuronGroup(3, "l : 1 (linked)\ndv/dt = (stimulus(t, i) - v + l)/(1*ms) : 1", threshold="v > 1",
                       reset="v -= l", namespace={"stimulus": stimulus})  # fmt: skip
    fast.l = linked_var(slow, "x", index=[2, 0, 0])
    fast.run_regularly("l += 0.1*v", dt=defaultclock.dt)
    return Network(slow, fast, StateMonitor(fast, ["v", "l"], record=True))


def plastic() -> Network:
    source = SpikeGeneratorGroup(4, [0, 1, 2, 3, 0], [0, 0.1, 0.2, 0.3, 0.6] * ms)
    target = NeuronGroup(3, "dv/dt = -v/(2*ms) : 1", threshold="v > 0.6", reset="v = 0", method="exact")
    synapses = Synapses(source, target, "w : 1\ndapre/dt = -apre/(5*ms) : 1 (event-driven)\n"
                        "dapost/dt = -apost/(5*ms) : 1 (event-driven)",
                        on_pre="v_post += w; apre += 0.1; w = clip(w + apost, 0, 1)",
                        on_post="apost -= 0.1; w = clip(w + apre, 0, 1)")  # fmt: skip
    synapses.connect()
    synapses.w = "0.3 + 0.05*i"
    return Network(source, target, synapses, StateMonitor(synapses, "w", record=[0, 5]))


def delayed() -> Network:
    source = SpikeGeneratorGroup(4, [0, 1, 2, 3], [0, 0.1, 0.2, 0.3] * ms, period=0.5 * ms)
    target = NeuronGroup(5, "v : 1\ntotal : 1\nlast : second", threshold="v > 1", reset="v = 0")
    part = target[1:4]
    synapses = Synapses(source, part, "w : 1\ndg/dt = -g/(1*ms) : 1 (clock-driven)\ntotal_post = g*w : 1 (summed)",
                        on_pre={"now": "g += w; v_post += 0.5", "later": "last_post = t + i*ms + j*ms"},
                        method="exact")  # fmt: skip
    synapses.connect(condition="(i + j) % 2 == 0")
    synapses.w = "0.1*(i + 1)"
    synapses.now.delay = "0.1*ms*j"
    synapses.later.delay = 0.2 * ms
    return Network(source, target, synapses)


def inputs() -> Network:
    rates = PoissonGroup(5, rates=2 * kHz)
    target = NeuronGroup(5, "v : 1\nf : 1")
    synapses = Synapses(rates, target, on_pre="v_post += 1")
    synapses.connect(j="i")
    return Network(rates, target, synapses, PoissonInput(target, "f", 10, 1 * kHz, 0.1), SpikeMonitor(rates))


def compartments() -> Network:
    tree = Soma(30 * um)
    tree.dendrite = Cylinder(length=50 * um, diameter=2 * um, n=3)
    neuron = SpatialNeuron(tree, "Im = gl*(-70*mV - v) : amp/meter**2\ngl : siemens/meter**2\nI : amp (point current)",
                           threshold="v > -69*mV", threshold_location=0, refractory="v > -69*mV")  # fmt: skip
    neuron.v, neuron.gl = -70 * mV, 1e-4 * siemens / (1e4 * um**2)
    neuron.I[0] = 0.2 * nA
    return Network(neuron, StateMonitor(neuron, "v", record=True))


NETWORKS = {made.__name__: made for made in (neurons, links, plastic, delayed, inputs, compartments)}


class Begun:
    """A network at the beginning of a run of some steps, with all memory that its actions or objects have."""

    def __init__(self, make: Callable[[], Network]) -> None:
        start_scope()
        defaultclock.dt = 0.1 * ms
        self.network = network = make()
        for clock in network.clocks:
            clock.set_interval(network.t_, STEPS * defaultclock.dt_)
        self.actions: list[act.Action] = network.before_run({})
        found: dict[int, Memory] = {}
        for action in self.actions:
            reserve_rows(action)
            for touched in (reads(action), writes(action)):
                assert touched is not ANYTHING
                found |= {id(memory): memory for memory in touched}
        for obj in network.objects:
            variables = getattr(obj, "variables", {}).values()
            storages = [v.storage for v in variables if isinstance(v, ArrayVariable)]
            found |= {id(storage): storage for storage in storages if type(storage) is act.Storage}
        self.memory = list(found.values())


def is_own(memory: Memory) -> bool:
    """Whether other values of a memory make sense to nobody else: frozen arrays are also read through other ones."""
    return not (isinstance(memory, act.Storage) and memory.frozen)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NETWORKS)
def test_numpy_changes_and_depends_on_what_actions_say(name):
    begun, found = Begun(NETWORKS[name]), set[Memory]()
    for _ in range(STEPS):
        for action in begun.actions:
            found |= check_effects(action, begun.memory, is_own)
        for clock in begun.network.clocks:
            clock.control[0] += 1
    assert len(found) > 2


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NETWORKS)
def test_native_code_changes_what_actions_say(name):
    begun = Begun(NETWORKS[name])
    written = written_by_any(begun.actions)
    before = copied(begun.memory)
    plan, arguments = make_plan(begun.actions, begun.network.clocks)
    assert Simulation(compile_plan(plan, Options()), arguments.values, arguments.callbacks).advance(lambda: False)
    found = changed(before, copied(begun.memory))
    assert len(found) > 2
    for memory in found:
        assert may_be_in(written, memory), f"native code changes {name_of(memory)}"


@check_units(x=1, result=1)
def learn(x):
    learn.synapses.w = 2
    return x


def test_functions_of_the_script_may_change_variables_of_one_value():
    """The weights have one value for all synapses, and no memory of their own, until the function sets them."""
    defaultclock.dt = 0.1 * ms
    source = SpikeGeneratorGroup(1, [0, 0], [0, 0.5] * ms)
    target = NeuronGroup(1, "v : 1\nu : 1", namespace={"learn": learn})
    target.run_regularly("u = learn(u)", dt=defaultclock.dt, when="end")
    learn.synapses = synapses = Synapses(source, target, "w : 1", on_pre="v_post += w")
    synapses.connect()
    synapses.w = 1
    network = Network(source, target, synapses)
    assert any(calls_python(action) for action in network.before_run({}))
    network.run(1 * ms)
    assert list(target.v) == [1 + 2]


def test_a_monitor_keeps_its_rows_when_it_is_asked():
    """Observed: the question whether a monitor calls Python changed its rows per instant and its buffers."""
    group = NeuronGroup(5000, "v : 1\nu = twice(v) : 1", threshold="v > 1", reset="", namespace={"twice": learn})
    monitor = SpikeMonitor(group, variables="u")
    (action,) = monitor.prepare({})
    buffers, control, full = monitor.table.buffers, monitor.table.control.tolist(), monitor.table.full
    assert calls_python(action) and writes(action) is ANYTHING and reads(action) is ANYTHING
    assert monitor.table.buffers is buffers
    assert (monitor.table.control.tolist(), monitor.table.full) == (control, full)
    assert np.isclose(monitor.table.control[0], 0)
    reserve_rows(action)
    assert monitor.table.control[1] >= 5000 and monitor.table.buffers is not buffers
