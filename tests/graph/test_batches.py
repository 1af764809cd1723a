"""Networks as batches: each instance leaves behind, bit for bit, what the network leaves with its values and key."""

import numpy as np
import pytest

from ranvier import (
    Hz,
    Network,
    NeuronGroup,
    PoissonGroup,
    PopulationRateMonitor,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    defaultclock,
    ms,
    start_scope,
)
from ranvier.codegen import CodegenOptions
from ranvier.passes.errors import PassError
from ranvier.passes.pipeline import default_pipeline, parse_pipeline
from ranvier.runtime.batches import BatchRun
from ranvier.runtime.simulation import Simulation
from ranvier.session.clocks import same_time
from ranvier.stages import Options, compile_batch, compile_instances, compile_plan, make_plan, same_bits, why_no_lanes

COUNT = 11


@pytest.fixture(autouse=True)
def fresh():
    start_scope()
    defaultclock.dt = 0.1 * ms


class Compared:
    """A network at the beginning of a run, with the numbers of its inputs by label."""

    def __init__(self, network, namespace, seconds=0.03):
        for clock in network.clocks:
            clock.set_interval(network.t_, network.t_ + seconds, same_time(network.clocks))
        self.network, self.options = network, Options()
        self.plan, self.arguments = make_plan(network.before_run(namespace), network.clocks, options=self.options)
        self.numbers = {entry.label: k for k, entry in enumerate(self.plan.inputs)}

    def batch(self, given):
        given = {self.numbers[label]: values for label, values in given.items()}
        program = compile_batch(self.plan, list(given), self.options)
        run = BatchRun(program, self.arguments.values, COUNT, given)
        assert run.advance()
        return run

    def alone(self, given, instance):
        """Runs the network itself, from values of its own."""
        values = list(self.arguments.values)
        for label, sets in given.items():
            number = self.numbers[label]
            if hasattr(values[number], "array"):
                values[number].array[...] = sets[instance]
            else:
                values[number] = sets[instance]
        assert Simulation(compile_plan(self.plan, same_bits(self.options)), values, []).advance(lambda: False)

    def check(self, given, instance):
        run = self.batch(given)
        self.alone(given, instance)
        program = compile_plan(self.plan, same_bits(self.options))
        used = {slot.input for slot in program.slots if slot.kind != "unused"}
        spikes = 0
        for number, (entry, value) in enumerate(zip(self.plan.inputs, self.arguments.values, strict=True)):
            if number not in used:
                continue
            if entry.kind == "state" and entry.changes:
                np.testing.assert_array_equal(run.state(number)[:, instance], value.array, err_msg=entry.label)
            elif entry.kind == "events":
                np.testing.assert_array_equal(run.events(number, instance), value.indices[: value.count[0]])
            elif entry.kind == "sink" and value.buffers:
                rows = run.rows_of(number, instance)
                for column in value.columns:
                    np.testing.assert_array_equal(rows[column.name], value.values(column.name), err_msg=entry.label)
                spikes += len(rows["i"]) if "i" in rows else 0
        return spikes


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


def test_synapses_are_refused():
    cells = NeuronGroup(2, "v : 1", threshold="v > 1", reset="v = 0")
    synapses = Synapses(cells, cells, on_pre="v += 1")
    synapses.connect()
    compared = Compared(Network(cells, synapses), {})
    with pytest.raises(PassError, match=r"is refused: it is not known for instances side by side"):
        compile_batch(compared.plan, [])
