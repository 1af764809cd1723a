"""Networks of all kinds with a sweep of each, and the comparison of two results."""

import numpy as np

from ranvier import (
    Cylinder,
    Hz,
    Network,
    NeuronGroup,
    PoissonGroup,
    PopulationRateMonitor,
    Soma,
    SpatialNeuron,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    cm,
    ms,
    mV,
    nA,
    ohm,
    siemens,
    uF,
    um,
)

DURATION = 20 * ms


def lif():
    cells = NeuronGroup(
        3,
        "dv/dt = (drive - v)/tau + 0.3*xi*tau**-0.5 : 1 (unless refractory)\ndrive : 1\nw : 1 (shared)",
        threshold="v > 1 + w", reset="v = 0", refractory="rest", method="euler", name="cells",
    )  # fmt: skip
    cells.drive = 1.5
    spikes = SpikeMonitor(cells, "v", name="spikes")
    states = StateMonitor(cells, ["v", "w"], record=[0, 2], name="states")
    rate = PopulationRateMonitor(cells, name="rate")
    over = {"tau": [5, 10] * ms, "cells.drive": [1.2, 2.5], "cells.w": [0, 0.1], "rest": [0, 1.5] * ms}
    return (cells, spikes, states, rate), over, {"start": {cells.v: "rand()*0.5"}}, {"tau": 7 * ms, "rest": 1 * ms}


def recurrent():
    cells = NeuronGroup(
        12, "dv/dt = (1.4 - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0", method="exact", name="cells"
    )
    noise = PoissonGroup(10, rates="i*20*Hz + 50*Hz", name="noise")
    inner = Synapses(cells, cells, "w : 1", on_pre="v_post += w*scale", name="inner")
    inner.connect(condition="i != j", p=0.4)
    inner.w = "0.05 + 0.01*rand()"
    inner.delay = "1*ms + 2*ms*rand()"
    outer = Synapses(noise, cells, on_pre="v_post += 0.2", delay=0.5 * ms, name="outer")
    outer.connect(p=0.5)
    spikes, states = SpikeMonitor(cells, name="spikes"), StateMonitor(cells, "v", record=True, name="states")
    cells.v = "rand()"
    return (cells, noise, inner, outer, spikes, states), {"scale": [0, 1, 2], "seed": [3, 4]}, {}, {"scale": 1}


def plastic():
    source = PoissonGroup(6, 300 * Hz, name="source")
    cells = NeuronGroup(4, "dv/dt = -v/(10*ms) : 1", threshold="v > 1", reset="v = 0", method="exact", name="cells")
    stdp = Synapses(
        source, cells,
        "w : 1\ndapre/dt = -apre/taupre : 1 (event-driven)\ndapost/dt = -apost/(20*ms) : 1 (event-driven)",
        on_pre="v_post += w; apre += 0.01*gain; w = clip(w + apost, 0, 1)",
        on_post="apost -= 0.012; w = clip(w + apre, 0, 1)", name="stdp",
    )  # fmt: skip
    stdp.connect()
    stdp.w = "0.3 + 0.2*rand()"
    spikes, weights = SpikeMonitor(cells, name="spikes"), StateMonitor(stdp, "w", record=[0, 5], name="weights")
    over = {"taupre": [10, 20] * ms, "gain": [0.5, 2], "stdp.w": [0.4, "0.6*rand()"]}
    return (source, cells, stdp, spikes, weights), over, {}, {"taupre": 15 * ms, "gain": 1}


def timed():
    wave = TimedArray(np.sin(np.arange(20)) * 2, dt=1 * ms)
    cells = NeuronGroup(2, "dv/dt = (a*wave(t) - v)/(3*ms) : 1\ncount : integer", method="rk2", name="cells")
    cells.run_regularly("count += 1; v += b", dt=2 * ms)
    given = SpikeGeneratorGroup(2, [0, 1, 1], [1, 3, 7] * ms, name="given")
    link = Synapses(given, cells, on_pre="v_post += b*10", name="link")
    link.connect(j="i")
    states = StateMonitor(cells, ["v", "count"], record=True, dt=1 * ms, name="states")
    over = {"a": [1, 2, float("nan")], "b": [0.1, 0.25], "cells.v": [[0, 1], [2, 3]], "duration": [5, 20] * ms}
    return (cells, given, link, states), over, {}, {"a": 1, "b": 0, "wave": wave}


def steps():
    cells = NeuronGroup(2, "dv/dt = (2 - v)/tau : 1", threshold="v > 1", reset="v = 0", method="rk4", name="cells")
    spikes = SpikeMonitor(cells, record=False, name="spikes")
    return (cells, spikes), {"dt": [0.1, 0.2] * ms, "tau": [2, 4] * ms}, {}, {"tau": 1 * ms}


def cable():
    shape = Soma(20 * um)
    shape.dendrite = Cylinder(length=100 * um, diameter=1 * um, n=5)
    cell = SpatialNeuron(
        shape, "Im = g*(-70*mV - v) : amp/meter**2\nI : amp (point current)", Cm=1 * uF / cm**2, Ri=100 * ohm * cm,
        name="cell",
    )  # fmt: skip
    cell.v = -70 * mV
    states = StateMonitor(cell, "v", record=[0, 3], name="states")
    over = {"g": [1e-4, 2e-4] * siemens / cm**2, "cell.I": [[0.1] + [0] * 5, [0, 0, 0.2, 0, 0, 0]] * nA}
    return (cell, states), over, {}, {"g": 1e-4 * siemens / cm**2}


MODELS = {each.__name__: each for each in (lif, recurrent, plastic, timed, steps, cable)}
MEASURES = {
    "lif": {"n": "count(spikes)", "v": "mean(v)", "all": "cells.v", "rates": "rates(spikes)", "cv": "cv(spikes)",
            "first": "first(spikes)", "share": "max(v) / tau", "spread": "std(cells.v - mean(cells.v))",
            "num": "spikes.num_spikes", "shared": "cells.w", "one": "v[1]"},
    "recurrent": {"n": "count(spikes)", "v": "sum(cells.v)*scale", "median": "median(cells.v)"},
    "plastic": {"n": "counts(spikes)", "w": "stdp.w", "mean": "mean(stdp.w)", "apre": "stdp.apre"},
    "timed": {"v": "cells.v", "m": "max(states.v)"},
    "steps": {"n": "counts(spikes)", "v": "var(v)"},
    "cable": {"v": "cell.v", "end": "max(cell.v)"},
}  # fmt: skip


def sweep(name, **kwds):
    objects, over, more, names = MODELS[name]()
    keep = [each for each in objects if isinstance(each, SpikeMonitor | StateMonitor | PopulationRateMonitor)]
    keep = [each for each in keep if getattr(each, "record", True) is not False]
    network = Network(*objects)
    measures = kwds.pop("measure", MEASURES[name])
    return network.sweep(DURATION, over, keep=keep, measure=measures, namespace=names, **more, **kwds)


def check_same(result, other):
    assert [str(each) for each in result.failures] == [str(each) for each in other.failures]
    assert _cells(result.to_arrow()) == _cells(other.to_arrow())
    assert sorted(result.table_names) == sorted(other.table_names)
    for name in result.table_names:
        assert result.table(name).schema.equals(other.table(name).schema)
        assert _cells(result.table(name)) == _cells(other.table(name))


def _cells(table):
    """The columns as texts, in which NaN is NaN."""
    return {name: repr(table.column(name).to_pylist()) for name in table.column_names}
