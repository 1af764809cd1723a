"""Networks of each kind, small enough for tests and large enough that each of three threads has elements."""

import numpy as np

from ranvier import (
    Cylinder,
    EventMonitor,
    Hz,
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
    cm,
    defaultclock,
    linked_var,
    ms,
    mV,
    network_operation,
    nS,
    ohm,
    prefs,
    uF,
    um,
)

SIZE = 1400
"""Neurons of a group: three parts of at most 512."""

LIF = """dv/dt = (ge + gi - (v + 49*mV))/(20*ms) : volt (unless refractory)
dge/dt = -ge/(5*ms) : volt
dgi/dt = -gi/(10*ms) : volt"""


def cells(size: int = SIZE, name: str = "cells") -> NeuronGroup:
    """Returns integrate-and-fire cells that fire by themselves."""
    group = NeuronGroup(
        size, LIF, threshold="v > -50*mV", reset="v = -60*mV", refractory=2 * ms, method="exact", name=name
    )
    group.v = "-60*mV + 11*mV*rand()"
    return group


def random_pairs(sources: int, targets: int, number: int) -> dict[str, np.ndarray]:
    """Returns ends of synapses in no order, some pairs several times."""
    generator = np.random.default_rng(3)
    return {"i": generator.integers(0, sources, number), "j": generator.integers(0, targets, number)}


def noise() -> Network:
    """Neurons with noise, a threshold and a refractory time, recorded in all ways."""
    group = NeuronGroup(
        SIZE,
        """dv/dt = (1.5 - v)/(10*ms) + 0.4*xi*(10*ms)**-0.5 : 1 (unless refractory)
        x : 1
        mean : 1 (shared)""",
        threshold="v > 1 + 0.1*rand()",
        reset="v = 0.2*rand(); x += 1",
        refractory="2*ms + 2*ms*rand()",
        events={"low": "v < -0.5"},
        method="euler",
        name="group",
    )
    group.run_on_event("low", "x += 0.5")
    group.run_regularly("mean = t/ms; v += 0.01*randn()", dt=0.5 * ms)
    return Network(
        group,
        SpikeMonitor(group, variables="x", name="spikes"),
        SpikeMonitor(group[500:900], name="some"),
        EventMonitor(group, "low", name="low"),
        PopulationRateMonitor(group, name="rate"),
        StateMonitor(group, ["v", "x"], record=[3, 600, 1399], name="few"),
        StateMonitor(group, ["v", "mean"], record=True, dt=0.7 * ms, name="all"),
    )


def _summing(layout: str, *, ordered: bool = True, delays: object = 1 * ms) -> Network:
    """Cells connected by code that only adds, stored in some layout."""
    prefs.codegen.synapse_layout = layout
    group = cells()
    excitation = Synapses(group, group, "w : volt", on_pre="ge += w", name="excitation")
    inhibition = Synapses(group[1000:], group[200:1300], on_pre="gi -= 5*mV", name="inhibition")
    if ordered:
        excitation.connect(p=0.05)
        inhibition.connect(p=0.04)
    else:
        excitation.connect(**random_pairs(SIZE, SIZE, 60000))
        inhibition.connect(**random_pairs(400, 1100, 9000))
    excitation.w = "rand()*1.2*mV"
    excitation.delay = delays
    return Network(group, excitation, inhibition, SpikeMonitor(group, name="spikes"))


def rows() -> Network:
    return _summing("rows")


def rows_out_of_order() -> Network:
    return _summing("rows", ordered=False, delays="rand()*3*ms")


def counts() -> Network:
    return _summing("counts")


def counts_out_of_order() -> Network:
    return _summing("counts", ordered=False)


def bits() -> Network:
    return _summing("bits")


def ring() -> Network:
    return _summing("ring", delays="rand()*3*ms")


def ring_out_of_order() -> Network:
    return _summing("ring", ordered=False, delays="rand()*3*ms")


def _plastic(delay: object, *, ordered: bool, per_synapse: bool = False) -> Network:
    """Synapses that learn by the times of spikes."""
    prefs.codegen.share_traces = not per_synapse
    group, source = cells(), PoissonGroup(700, rates=60 * Hz, name="source")
    synapses = Synapses(
        source,
        group,
        """w : volt
        dapre/dt = -apre/(20*ms) : volt (event-driven)
        dapost/dt = -apost/(20*ms) : volt (event-driven)""",
        on_pre="ge += w; apre += 0.05*mV; w = clip(w + apost, 0*mV, 2*mV)",
        on_post="apost -= 0.05*mV; w = clip(w + apre, 0*mV, 2*mV)",
        name="synapses",
    )
    if ordered:
        synapses.connect(p=0.1)
    else:
        synapses.connect(**random_pairs(700, SIZE, 40000))
    synapses.w = "rand()*1.5*mV"
    synapses.pre.delay = delay
    recurrent = Synapses(group, group, "x : 1", on_pre="x += 1", on_post="x *= 0.5", name="recurrent")
    recurrent.connect(p=0.01)
    return Network(group, source, synapses, recurrent, SpikeMonitor(group, name="spikes"), SpikeMonitor(source))


def plastic() -> Network:
    return _plastic(1 * ms, ordered=True)


def plastic_with_delays() -> Network:
    return _plastic("rand()*2*ms", ordered=True)


def plastic_out_of_order() -> Network:
    return _plastic("rand()*2*ms", ordered=False)


def plastic_each_synapse() -> Network:
    return _plastic(1 * ms, ordered=False, per_synapse=True)


def stochastic_synapses() -> Network:
    """Releases by chance, depression, and code that changes its source."""
    group = cells()
    synapses = Synapses(
        group,
        group,
        """w : volt
        u : 1
        dx/dt = (1 - x)/(50*ms) : 1 (event-driven)""",
        on_pre="""released = int(rand() < 0.5)
        ge += w*x*released
        x *= 0.8
        u = i + j*released""",
        name="synapses",
    )
    back = Synapses(group, group, on_pre="v_pre -= 0.01*mV; gi_post += 0.1*mV", name="back")
    synapses.connect(**random_pairs(SIZE, SIZE, 30000))
    back.connect(p=0.01)
    synapses.w = "rand()*3*mV"
    return Network(group, synapses, back, SpikeMonitor(group, name="spikes"))


def hodgkin_huxley() -> Network:
    """Neurons whose equations take long, coupled by sums over synapses."""
    group = NeuronGroup(
        700,
        """dv/dt = (-10*(v - 0.5) - 8*m**3*h*(v - 1) + current + coupling)/(5*ms) : 1
        dm/dt = (1/(1 + exp(-8*(v - 0.4))) - m)/(1*ms) : 1
        dh/dt = (1/(1 + exp(9*(v - 0.5))) - h)/(3*ms) : 1
        current : 1
        coupling : 1""",
        threshold="v > 0.7",
        refractory="v > 0.7",
        method="exponential_euler",
        name="group",
    )
    group.current = "2*rand()"
    gaps = Synapses(group, group, "w : 1\ncoupling_post = w*(v_pre - v_post) : 1 (summed)", name="gaps")
    gaps.connect(p=0.02)
    gaps.w = "0.1*rand()"
    return Network(group, gaps, SpikeMonitor(group), StateMonitor(group, "v", record=True, dt=1 * ms))


def trees() -> Network:
    """Many cells with compartments, some of them alike."""
    morphology = Soma(diameter=20 * um)
    morphology.a = Cylinder(length=100 * um, diameter=2 * um, n=7)
    morphology.a.b = Cylinder(length=50 * um, diameter=1 * um, n=3)
    neuron = SpatialNeuron(
        morphology,
        "Im = gl*(-70*mV - v) + 10*nA*x/(1*um)**2/10000 : amp/meter**2\nx : 1\ngl : siemens/meter**2",
        N=40,
        Cm=1 * uF / cm**2,
        Ri=100 * ohm * cm,
        method="exponential_euler",
        name="neuron",
    )
    neuron.v = -70 * mV
    neuron.gl = 1e-4 * 1e9 * nS / cm**2
    neuron.x = "rand()"
    return Network(neuron, StateMonitor(neuron, "v", record=True, dt=1 * ms))


def inputs() -> Network:
    """Several clocks, linked variables, inputs of all kinds, and Python in the loop."""
    drive = TimedArray(np.random.default_rng(1).random((50, 6)), dt=1 * ms)
    slow = NeuronGroup(6, "dz/dt = (drive(t, i) - z)/(5*ms) : 1", dt=0.4 * ms, method="euler", name="slow")
    group = NeuronGroup(
        SIZE,
        """dv/dt = (3*z - v + g)/(10*ms) : 1
        z : 1 (linked)
        g : 1
        k : integer (constant)
        n = i % 7 : integer""",
        threshold="v > 1",
        reset="v = 0; g = 0.5*n",
        method="euler",
        dt=0.1 * ms,
        namespace={"drive": drive},
        name="group",
    )
    slow.namespace["drive"] = drive
    group.k = "i % 6"
    group.z = linked_var(slow, "z", index="k")
    generator = SpikeGeneratorGroup(900, [5, 600, 899, 5], [1, 2, 2, 3] * ms, name="generator")
    synapses = Synapses(generator, group, on_pre="g += 1", name="synapses")
    synapses.connect(p=0.2)
    poisson = PoissonInput(group, "g", N=50, rate=20 * Hz, weight=0.1)

    @network_operation(dt=1 * ms)
    def shake() -> None:
        group.v[::3] += 0.01

    return Network(
        slow, group, generator, synapses, poisson, shake, SpikeMonitor(group), StateMonitor(slow, "z", record=True)
    )


def subgroups() -> Network:
    """What changes ranges of a group that begin and end anywhere: each is divided as the whole group is."""
    group = cells()
    parts = [group[:37], group[37:700], group[700:1041], group[900:1399], group[3:1400]]
    inputs = [
        PoissonInput(part, "ge", N=40 * (k + 1), rate=30 * Hz, weight=0.2 * mV, order=k) for k, part in enumerate(parts)
    ]
    for k, part in enumerate(parts):
        part.run_regularly(f"v += 0.1*mV*randn() + 0.1*mV*rand() + {k}*uvolt; gi *= 0.9", dt=0.5 * ms, order=k)
    pathways = []
    for k, part in enumerate(parts[1:]):
        made = Synapses(group, part, "w : volt", on_pre="ge += w", name=f"to_{k}")
        made.connect(**random_pairs(SIZE, len(part), 5000))
        made.w = "0.3*mV*rand()"
        made.delay = "rand()*ms" if k % 2 else 0.5 * ms
        pathways.append(made)
    group_of_sums = NeuronGroup(SIZE, "total : volt\nv : volt", name="group_of_sums")
    sums = Synapses(parts[1], group_of_sums[5:1300], "total_post = 0.01*v_pre : volt (summed)", name="sums")
    sums.connect(**random_pairs(663, 1295, 3000))
    recorded = StateMonitor(group_of_sums, "total", record=True, dt=2 * ms)
    return Network(group, *inputs, *pathways, group_of_sums, sums, recorded, SpikeMonitor(group, name="spikes"))


def delayed() -> Network:
    """Two groups whose spikes take long, with noise and inputs, recorded in all ways that let threads go on."""
    drive = TimedArray([0.2, 1.4, 0.6], dt=2 * ms)
    group = cells()
    others = NeuronGroup(
        900,
        """dv/dt = (drive(t) + 0.3 - v)/(10*ms) + 0.3*xi*(10*ms)**-0.5 : 1
        g : 1""",
        threshold="v > 1 + 0.05*rand()",
        reset="v = 0; g = 0",
        method="euler",
        namespace={"drive": drive},
        name="others",
    )
    source = PoissonGroup(SIZE, rates=40 * Hz, name="source")
    paths = [
        Synapses(group, others, on_pre="v_post += 0.01", name="counted"),
        Synapses(source, group, "w : volt", on_pre="ge += w", name="weighted"),
        Synapses(others[100:], group[37:1300], "w : volt", on_pre="gi -= w*int(v_post < -52*mV)", name="gated"),
    ]
    paths[0].connect(p=0.05)
    paths[1].connect(p=0.1)
    paths[2].connect(**random_pairs(800, 1263, 20000))
    for path in paths[1:]:
        path.w = "rand()*mV"
    paths[0].delay, paths[1].delay, paths[2].delay = 1.7 * ms, "0.9*ms + 3*ms*rand()", 1.1 * ms
    return Network(
        group,
        others,
        source,
        *paths,
        PoissonInput(group[300:1000], "ge", N=50, rate=30 * Hz, weight=0.3 * mV),
        SpikeMonitor(group, name="spikes"),
        SpikeMonitor(source[600:], name="some"),
        PopulationRateMonitor(others, name="rate"),
        StateMonitor(group, ["v", "ge"], record=[1200, 3, 3, 700, 511, 512], name="few"),
        StateMonitor(group[100:1100], "v", record=[0, 500, 999], name="part"),
        StateMonitor(others, ["v", "g"], record=True, when="end", name="all"),
    )


KINDS = (
    noise, rows, rows_out_of_order, counts, counts_out_of_order, bits, ring, ring_out_of_order, plastic,
    plastic_with_delays, plastic_out_of_order, plastic_each_synapse, stochastic_synapses, hodgkin_huxley, trees, inputs,
    subgroups, delayed,
)  # fmt: skip
"""All kinds."""

__all__ = ["KINDS", "defaultclock"]
