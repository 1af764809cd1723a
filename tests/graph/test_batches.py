"""Networks as batches: each instance leaves behind, bit for bit, what the network leaves with its values and key."""

import numpy as np
import pytest
from graph.compared import Compared

from ranvier import (
    Cylinder,
    EventMonitor,
    Hz,
    Network,
    NeuronGroup,
    PoissonGroup,
    PopulationRateMonitor,
    SpatialNeuron,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    cm,
    defaultclock,
    ms,
    mV,
    nA,
    ohm,
    siemens,
    start_scope,
    uF,
    um,
)
from ranvier.codegen import CodegenOptions
from ranvier.passes.errors import PassError
from ranvier.passes.pipeline import default_pipeline, parse_pipeline
from ranvier.runtime.batches import BatchRun
from ranvier.stages import Options
from ranvier.stages.instance_programs import compile_batch, compile_instances, same_bits, why_no_lanes

COUNT = 11


@pytest.fixture(autouse=True)
def fresh():
    start_scope()
    defaultclock.dt = 0.1 * ms


def keys():
    return np.random.default_rng(3).integers(-(2**62), 2**62, COUNT)


@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize("instance", [0, 7])
def test_noisy_neurons_with_all_monitors(size, instance):
    tau, mu, sigma = 10 * ms, 1.2, 0.2
    cells = NeuronGroup(
        size,
        """dv/dt = (mu - v + w*v**2)/tau + sigma*xi*tau**-0.5 : 1 (unless refractory)
           dw/dt = -w/(7*tau) : 1""",
        threshold="v > 1", reset="v = 0.1*rand(); w += 0.05", refractory=1 * ms, method="euler", name="cells",
    )  # fmt: skip
    monitors = [
        SpikeMonitor(cells, "w", name="spikes"),
        StateMonitor(cells, ["v", "w"], record=[0, size - 1], name="states"),
        PopulationRateMonitor(cells, name="rates"),
        SpikeMonitor(cells[size - 1 :], name="last"),
    ]
    compared = Compared(Network(cells, *monitors), {"tau": tau, "mu": mu, "sigma": sigma})
    given = {
        "random key": keys(), "mu": np.linspace(1.0, 2, COUNT), "tau": np.linspace(4e-3, 9e-3, COUNT),
        "cells.v": np.random.default_rng(5).random((COUNT, size)),
    }  # fmt: skip
    assert compared.check(given, instance) > 2


def test_exact_integration_uses_values_made_once_per_run():
    tau, taus = 10 * ms, 5 * ms
    cells = NeuronGroup(
        4, "dv/dt = (s - v)/tau : 1\nds/dt = (drive - s)/taus : 1\ndrive : 1", threshold="v > 1", reset="v = 0",
        method="exact", name="cells",
    )  # fmt: skip
    cells.drive = [1.5, 2, 2.5, 3]
    compared = Compared(Network(cells, SpikeMonitor(cells, name="spikes")), {"tau": tau, "taus": taus})
    given = {"tau": np.linspace(4e-3, 9e-3, COUNT), "taus": np.linspace(2e-3, 7e-3, COUNT)}
    assert compared.check(given, 4) > 2


def test_shared_variables_timed_arrays_and_code_at_regular_times():
    drive = TimedArray(np.linspace(0.5, 3, 10), dt=3 * ms)
    cells = NeuronGroup(
        5, "dv/dt = (gain*drive(t) + total - v)/(5*ms) : 1\ntotal : 1 (shared)\ngain = 1 + 0.1*i : 1",
        threshold="v > 1", reset="v -= scale", method="euler", name="cells",
    )  # fmt: skip
    cells.run_regularly("total = 0.5*scale + 0.5*total; v += 0.01*i", dt=1 * ms)
    scale = 1.0
    network = Network(cells, SpikeMonitor(cells, name="spikes"), StateMonitor(cells, "v", record=True, dt=0.5 * ms))
    compared = Compared(network, {"drive": drive, "scale": scale})
    assert compared.check({"scale": np.linspace(0.3, 1.1, COUNT)}, 5) > 2


def test_poisson_groups_with_rates_of_their_own():
    rates = 200 * Hz
    inputs = PoissonGroup(20, rates="rate*(1 + 0.1*i)", name="inputs", namespace={"rate": rates})
    network = Network(inputs, SpikeMonitor(inputs, name="spikes"))
    compared = Compared(network, {})
    assert compared.check({"random key": keys(), "rate": np.linspace(50, 900, COUNT)}, 6) > 2


def given_spikes(sizes, room):
    """Lists of given spikes of instances, each with as many spikes, and room for more."""
    rng = np.random.default_rng(4)
    steps, indices = np.full((len(sizes), room + 1), 2**63 - 1), np.zeros((len(sizes), room + 1), np.int32)
    for k, size in enumerate(sizes):
        places = np.sort(rng.choice(250 * 3, size, replace=False))
        steps[k, :size], indices[k, :size] = places // 3, places % 3
    return {"given spikes.step": steps, "given spikes.index": indices}


def driven_by_given_spikes():
    given = SpikeGeneratorGroup(3, [0], [1] * ms, name="given")
    given.take_spikes(np.array([0], np.int32), np.array([1e-3]), room=60)
    cells = NeuronGroup(2, "dv/dt = -v/(5*ms) : 1", threshold="v > 1", reset="v = 0", method="exact", name="cells")
    link = Synapses(given, cells, "w : 1", on_pre="v += w", delay=1 * ms, name="link")
    link.connect()
    link.w = "0.3 + 0.2*i + 0.1*j"
    seen, spikes = SpikeMonitor(given, name="seen"), SpikeMonitor(cells, name="spikes")
    return Compared(Network(given, cells, link, seen, spikes), {})


@pytest.mark.parametrize("instance", [0, 1, 10])
def test_given_spikes_of_each_instance(instance):
    compared = driven_by_given_spikes()
    assert compared.check(given_spikes([30, 0, 1, *range(2, 60, 8)], 60), instance) >= (0 if instance == 1 else 40)


def test_given_spikes_of_each_instance_in_the_interpreter():
    driven_by_given_spikes().check_interpreted(given_spikes([12, 0, 5], 60), 3)


def test_lists_of_given_spikes_differ_with_their_steps():
    compared = driven_by_given_spikes()
    lists = given_spikes([3, 4], 60)
    with pytest.raises(PassError, match="all instances have the spikes that it is given in common"):
        compared.graph([compared.number("given spikes.step")])
    with pytest.raises(PassError, match="all instances have the spikes that it is given in common"):
        compared.graph([*map(compared.number, lists), compared.number("given position")])


def test_one_program_serves_any_number_of_instances():
    tau = 10 * ms
    cells = NeuronGroup(2, "dv/dt = (1.5 - v)/tau : 1", threshold="v > 1", reset="v = 0", method="exact", name="cells")
    compared = Compared(Network(cells, SpikeMonitor(cells, name="spikes")), {"tau": tau})
    program = compile_batch(compared.plan, [compared.numbers["tau"]])
    assert compile_batch(compared.plan, [compared.numbers["tau"]]) is program
    first = None
    for count in (1, 2, 17, 64):
        run = BatchRun(program, compared.arguments.values, count, {compared.numbers["tau"]: np.full(count, 0.007)})
        run.advance()
        for k in (0, count - 1):
            rows = run.rows_of(compared.numbers["spikes"], k)
            first = first or {name: x.copy() for name, x in rows.items()}
            assert len(rows["t"]) > 2 and all((rows[name] == first[name]).all() for name in rows)
    assert not any(compared.network["spikes"].t_), "the network has not been run"


def test_instances_find_their_program_however_the_pipeline_is_given():
    """Lanes and turns, with passes as text and as objects: one program each time, which the cache keeps."""
    tau = 10 * ms
    cells = NeuronGroup(2, "dv/dt = (1.5 - v)/tau : 1", threshold="v > 1", reset="v = 0", method="exact", name="cells")
    compared = Compared(Network(cells), {"tau": tau})
    own = [compared.numbers["tau"]]
    passes = parse_pipeline(default_pipeline())
    for rewrites in (["default"], [*Options().rewrites, *passes]):
        options = Options(pipeline=rewrites)
        assert compile_batch(compared.plan, own, options) is compile_batch(compared.plan, own)
        for width in ("auto", "lanes", "turns"):
            program = compile_instances(compared.plan, own, 24, 100, width, options)
            assert program is compile_instances(compared.plan, own, 24, 100, width)
        assert why_no_lanes(compared.plan, own, options) == ""


def test_values_that_do_not_fit_are_refused():
    tau = 10 * ms
    cells = NeuronGroup(2, "dv/dt = -v/tau : 1", method="exact", name="cells")
    compared = Compared(Network(cells), {"tau": tau})
    number = compared.numbers["tau"]
    program = compile_batch(compared.plan, [number])
    with pytest.raises(ValueError, match=f"input {number} takes 3 values, or 3 times 1, not"):
        BatchRun(program, compared.arguments.values, 3, {number: np.zeros(4)})
    with pytest.raises(ValueError, match="the same for all instances"):
        BatchRun(program, compared.arguments.values, 3, {0: np.zeros(3)})
    with pytest.raises(ValueError, match="at least one instance"):
        BatchRun(program, compared.arguments.values, 0, {})
    with pytest.raises(ValueError, match="too many for one batch"):
        BatchRun(program, compared.arguments.values, 2**31, {})


def test_products_are_contracted_in_the_graph_or_by_the_code_generator():
    cells = NeuronGroup(2, "dv/dt = (1.5 - v)/(10*ms) : 1", method="exact", name="cells")
    network = Network(cells)
    text = network.lower(options=Options()).as_text("llvm")
    assert "llvm.fma" in text and " contract " not in text
    text = network.lower(options=Options(pipeline="hoist-uniform")).as_text("llvm")
    assert " contract " in text
    for options in (Options(pipeline="hoist-uniform"), Options(codegen=CodegenOptions(fast_math="fast"))):
        text = network.lower(options=same_bits(options)).as_text("llvm")
        assert "llvm.fma" in text and " contract " not in text
    off = Options(codegen=CodegenOptions(fast_math="off"))
    assert same_bits(off) == off and "llvm.fma" not in network.lower(options=off).as_text("llvm")


# ---- synapses


def pair_of_groups(**over):
    source = NeuronGroup(
        6, "dv/dt = (mu - v)/(4*ms) : 1", threshold="v > 1", reset="v = 0", method="exact", name="source"
    )
    target = NeuronGroup(
        5, "dv/dt = -v/(5*ms) : 1 (unless refractory)\ntotal : 1", threshold="v > 0.4", reset="v = 0", method="exact",
        refractory=1 * ms, name="target",
    )  # fmt: skip
    source.v = np.linspace(0, 0.9, 6)
    return source, target


MU = {"mu": np.linspace(1.1, 2, COUNT)}
SETS = {
    "all": {},
    "some": MU,
    "one": {"source.v": np.random.default_rng(1).random((COUNT, 6))},
    "weights": {"synapses.w": np.random.default_rng(2).random((COUNT, 12)) * 0.3},
    "both": {**MU, "synapses.w": np.random.default_rng(2).random((COUNT, 12)) * 0.3},
}


@pytest.mark.parametrize(
    ("sets", "layout"),
    [
        ("all", "rows"), ("all", "counts"), ("some", "rows"), ("some", "bits"), ("weights", "rows"), ("both", "ring"),
        ("one", "ring"), ("one", "rows"),
    ],
)  # fmt: skip
def test_layouts(sets, layout):
    """Spikes of all instances together, of many, of one; weights in common and of each."""
    source, target = pair_of_groups()
    code = "v_post += 0.2" if layout in ("counts", "bits") else "v_post += w"
    synapses = Synapses(source, target, "w : 1", on_pre=code, name="synapses")
    synapses.connect(i=np.repeat(np.arange(6), 2), j=np.arange(12) % 5)
    synapses.w = np.linspace(0.1, 0.3, 12)
    synapses.pre.delay = np.arange(12) % 3 * 0.3 * ms
    spikes = SpikeMonitor(target, name="spikes")
    network = Network(source, target, synapses, spikes)
    compared = Compared(network, {"mu": 1.5}, options=Options(layout=layout))
    given = {k: v for k, v in SETS[sets].items() if k in compared.numbers}
    run = compared.batch(given, COUNT)
    assert sum(compared.check(given, k, run=run) for k in (0, 5)) > 2
    if layout in ("bits", "ring"):
        compared.check_interpreted({k: v[:3] for k, v in given.items()}, 3)


def test_plasticity_with_traces():
    source, target = pair_of_groups()
    synapses = Synapses(
        source, target,
        """w : 1
           dapre/dt = -apre/taupre : 1 (event-driven)
           dapost/dt = -apost/(6*ms) : 1 (event-driven)""",
        on_pre="v_post += w; apre += 0.1; w = clip(w + apost, 0, 1)",
        on_post="apost -= 0.05; w = clip(w + apre, 0, 1)", delay=0.5 * ms, name="synapses",
    )  # fmt: skip
    synapses.connect(p=0.7)
    synapses.w = "0.2 + 0.1*rand()"
    network = Network(
        source, target, synapses, SpikeMonitor(target, name="spikes"), StateMonitor(synapses, "w", [0, 3])
    )
    compared = Compared(network, {"mu": 1.5, "taupre": 3 * ms})
    given = {**MU, "taupre": np.linspace(1e-3, 8e-3, COUNT)}
    run = compared.batch(given, COUNT)
    assert sum(compared.check(given, k, run=run) for k in range(0, COUNT, 3)) > 2


def test_random_numbers_of_synapses():
    """The code of a synapse stands more than once in a program; random numbers are drawn in each place."""
    source, target = pair_of_groups()
    synapses = Synapses(
        source, target, "w : 1\ndapost/dt = -apost/(6*ms) : 1 (event-driven)",
        on_pre="v_post += 0.3*rand(); w += apost*rand()", on_post="apost += 1", name="synapses",
    )  # fmt: skip
    synapses.connect()
    network = Network(source, target, synapses, SpikeMonitor(target, name="spikes"))
    compared = Compared(network, {"mu": 1.5}, options=Options(layout="rows"))
    for given in (MU, {"random key": keys()}):
        run = compared.batch(given, COUNT)
        assert sum(compared.check(given, k, run=run) for k in (2, 8)) > 2


def test_summed_variables():
    source, target = pair_of_groups()
    synapses = Synapses(source, target, "w : 1\ntotal_post = w*v_pre*gain : 1 (summed)", name="synapses")
    synapses.connect(p=0.6)
    synapses.w = "rand()"
    network = Network(source, target, synapses, StateMonitor(target, "total", record=True))
    compared = Compared(network, {"mu": 1.5, "gain": 2.0})
    given = {**MU, "gain": np.linspace(0, 3, COUNT)}
    compared.check(given, 4)
    compared.check_interpreted({k: v[:3] for k, v in given.items()}, 3)


def test_given_spikes_are_those_of_all_instances():
    inputs = SpikeGeneratorGroup(4, [3, 1, 2, 0, 1, 3], [0, 0, 1, 3, 3, 7] * ms, period=9 * ms, name="inputs")
    _, target = pair_of_groups()
    synapses = Synapses(inputs, target, on_pre="v_post += strength", delay=1 * ms, name="synapses")
    synapses.connect()
    network = Network(inputs, target, synapses, SpikeMonitor(inputs, name="given"), SpikeMonitor(target, name="spikes"))
    for layout in ("counts", "rows"):
        compared = Compared(network, {"strength": 0.3}, options=Options(layout=layout))
        text = str(compared.graph([compared.numbers["strength"]]))
        assert ("alike" in text) is (layout == "rows"), "given spikes are not stored for each instance"
        run = compared.batch({"strength": np.linspace(0.1, 0.6, COUNT)}, COUNT)
        assert sum(compared.check({"strength": np.linspace(0.1, 0.6, COUNT)}, k, run=run) for k in (1, 9)) > 2
        assert len(run.rows(compared.numbers["given"])["t"]) == COUNT * len(
            run.rows_of(compared.numbers["given"], 3)["t"]
        )


def test_given_spikes_where_instances_record_values_of_their_own():
    inputs = SpikeGeneratorGroup(3, [2, 0, 1], [0, 1, 1] * ms, name="inputs")
    cells = NeuronGroup(3, "x : 1", events={"seen": "i < 2 and t < 2*ms"}, name="cells")
    cells.run_on_event("seen", "x += step")
    network = Network(inputs, cells, EventMonitor(cells, "seen", "x", name="seen"), SpikeMonitor(inputs, name="given"))
    compared = Compared(network, {"step": 0.5})
    assert compared.check({"step": np.linspace(0, 1, COUNT)}, 3) > 2


def test_spikes_and_synapses_under_way():
    """A run that goes on: spikes of before arrive, some of them by delays that have changed since."""
    for layout in ("auto", "rows"):
        start_scope()
        source, target = pair_of_groups()
        synapses = Synapses(source, target, "w : 1", on_pre="v_post += w", name="synapses")
        synapses.connect()
        synapses.pre.delay = np.linspace(3, 1, 30) * ms
        synapses.w = "0.02*(i + j)"
        network = Network(source, target, synapses, SpikeMonitor(target, name="spikes"))
        network.run(8.05 * ms, namespace={"mu": 1.8})
        if layout == "rows":
            synapses.pre.delay = np.linspace(1, 3, 30) * ms
        compared = Compared(network, {"mu": 1.8}, options=Options(layout=layout))
        run = compared.batch(MU, COUNT)
        assert sum(compared.check(MU, k, run=run) for k in (0, 6)) > 2


def test_instances_may_be_given_past_spikes():
    source, target = pair_of_groups()
    synapses = Synapses(source, target, on_pre="v_post += 0.1", delay=1 * ms, name="synapses")
    synapses.connect()
    compared = Compared(Network(source, target, synapses, SpikeMonitor(target, name="spikes")), {"mu": 1.5})
    labels = [
        entry.label
        for number, entry in enumerate(compared.plan.inputs)
        if compared.start(MU, COUNT).history_of(number) is not None
    ]
    spikes, counts = sorted(labels, key=lambda label: compared.plan.inputs[compared.numbers[label]].type)
    size = compared.arguments.values[compared.numbers[counts]].array.size
    rng = np.random.default_rng(4)
    position = next(n for n, entry in enumerate(compared.plan.inputs) if entry.label.endswith("position"))
    compared.arguments.values[position].array[0] = size
    given = {
        spikes: np.array([np.concatenate([rng.permutation(6) for _ in range(size)]) for _ in range(COUNT)]),
        counts: rng.integers(0, 7, (COUNT, size)),
    }
    run = compared.batch(given, COUNT)
    assert sum(compared.check(given, k, run=run) for k in range(COUNT)) > 2
    with pytest.raises(ValueError, match="given together"):
        compared.batch({spikes: given[spikes]}, COUNT)


def test_only_what_depends_on_what_differs_is_computed_for_each_instance():
    source, target = pair_of_groups()
    synapses = Synapses(source, target, on_pre="v_post += strength", name="synapses")
    synapses.connect()
    compared = Compared(Network(source, target, synapses), {"mu": 1.5, "strength": 0.1})
    run = compared.batch({"strength": np.linspace(0.1, 0.6, COUNT)}, COUNT)
    assert run.state(compared.numbers["source.v"]).strides[1] == 0, "one array"
    assert run.state(compared.numbers["target.v"]).strides[1] != 0
    before = compared.arguments.values[compared.numbers["source.v"]].array.copy()
    compared.check({"strength": np.linspace(0.1, 0.6, COUNT)}, 2, run=run)
    np.testing.assert_array_equal(before, np.linspace(0, 0.9, 6), err_msg="the network's own array stays")


@pytest.mark.parametrize(("label", "what"), [("synapses.j", "synapses"), ("inputs spikes.index", "spikes that it is")])
def test_what_all_instances_have_in_common(label, what):
    inputs = SpikeGeneratorGroup(3, [2, 0, 1], [0, 1, 1] * ms, name="inputs")
    _, target = pair_of_groups()
    synapses = Synapses(inputs, target, on_pre="v_post += 0.1", name="synapses")
    synapses.connect()
    compared = Compared(Network(inputs, target, synapses), {}, options=Options(layout="rows"))
    with pytest.raises(PassError, match=f"all instances have (the )?{what}.* in common"):
        compile_batch(compared.plan, [compared.numbers[label]], compared.options)


# ---- steps that follow the error, compartments


def test_an_element_that_is_given_up_is_one_of_its_instance():
    cells = NeuronGroup(
        2, "dv/dt = rate*v**2/ms : 1", method="gsl_rkf45", method_options={"max_steps": 50}, name="cells"
    )
    cells.v = [0.5, 1]
    compared = Compared(Network(cells), {"rate": 0.01}, seconds=0.003)
    given = {"rate": np.array([0.01, 0.02, 1.0, 0.03])}
    with np.errstate(all="ignore"):
        run = compared.batch(given, 4)
    stuck = run.state(compared.numbers["cells._integration_stuck"])
    assert stuck.any(axis=0).tolist() == [False, False, True, False]
    for instance in (0, 1, 3):
        compared.check(given, instance, run=run)


def test_cells_with_compartments():
    morphology = Cylinder(length=50 * um, diameter=1 * um, n=4)
    morphology.branch = Cylinder(length=30 * um, diameter=0.5 * um, n=3)
    cell = SpatialNeuron(
        morphology, "Im = gL*(E - v) : amp/meter**2\nI : amp (point current)", Cm=1 * uF / cm**2, Ri=100 * ohm * cm,
        method="exponential_euler", namespace={"gL": 1e-4 * siemens / cm**2, "E": -70 * mV}, name="cell",
    )  # fmt: skip
    cell.v = -65 * mV
    cell.I[0] = 0.1 * nA
    compared = Compared(Network(cell, StateMonitor(cell, "v", record=True, name="states")), {}, seconds=0.002)
    compared.check({"E": np.linspace(-0.08, -0.05, COUNT)}, 3)
