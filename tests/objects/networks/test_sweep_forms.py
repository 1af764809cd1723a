"""Every form of a sweep gives what the network gives alone, bit for bit: measures, kept tables, failures."""

import threading

import numpy as np
import pytest
from objects.networks.swept_models import DURATION, MODELS, check_same, lif, sweep

from ranvier import (
    Hz,
    Network,
    NeuronGroup,
    PoissonGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    ms,
    second,
    seed,
)
from ranvier.objects.networks.sweeps import job
from ranvier.objects.networks.sweeps.network_work import NetworkWork
from ranvier.objects.pathways.delay_storage import DelayStorage
from ranvier.runtime import derived


@pytest.fixture(scope="module")
def alone():
    """The sweeps one after another."""
    found = {}

    def get(name):
        if name not in found:
            seed(5)
            found[name] = sweep(name, form="one after another")
        return found[name]

    return get


@pytest.mark.parametrize("workers", [None, 3])
@pytest.mark.parametrize("form", [None, "turns"])
@pytest.mark.parametrize("name", MODELS)
def test_forms_agree(name, form, workers, alone):
    wanted = alone(name)
    seed(5)
    check_same(sweep(name, form=form, workers=workers), wanted)


@pytest.mark.parametrize("name", MODELS)
def test_lanes(name, alone):
    wanted = alone(name)
    seed(5)
    check_same(sweep(name, form="lanes"), wanted)


@pytest.mark.parametrize("form", ["lanes", "turns"])
def test_measures_that_only_the_network_knows(form, alone):
    def measure(network):
        return {"n": network["spikes"].num_spikes, "t": network.t / second, "v": network["cells"].v[:]}

    seed(5)
    wanted = sweep("lif", form="one after another", measure=measure)
    seed(5)
    check_same(sweep("lif", form=form, measure=measure), wanted)


@pytest.mark.parametrize(("form", "workers"), [("lanes", None), ("lanes", 2), ("turns", None), ("turns", 3)])
def test_measures_that_change_the_network(form, workers):
    cells = NeuronGroup(
        9, "dv/dt = (drive - v)/tau : 1\ndrive : 1", threshold="v > 1", reset="v = 0", method="exact", name="cells"
    )
    cells.drive = np.linspace(0.5, 2, 9)
    spikes = SpikeMonitor(cells, name="spikes")
    network = Network(cells, spikes)

    def measure(network):
        first = spikes.num_spikes
        cells.drive = 3
        cells.v = 0
        network.run(5 * ms, namespace={"tau": 1 * ms})
        return {"first": first, "then": spikes.num_spikes - first}

    def result(form, workers=None):
        over = {"tau": np.linspace(5, 20, 20) * ms}
        return network.sweep(50 * ms, over, measure=measure, form=form, workers=workers, namespace={})

    wanted, found = result("one after another"), result(form, workers)
    for name in ("first", "then"):
        assert np.array_equal(found[name], wanted[name]) and not found.failures


def test_another_thread_cannot_run_the_network_or_its_clocks_meanwhile():
    objects, over, more, names = lif()
    network, other = Network(*objects), Network(NeuronGroup(1, "x : 1", name="other"))
    errors = []

    def attempt(run):
        try:
            run()
        except RuntimeError as error:
            errors.append(str(error))

    def measure():
        if not errors:
            for run in (
                lambda: network.run(1 * ms, namespace=names),
                lambda: network.sweep(DURATION, over, namespace=names, **more),
                lambda: other.run(1 * ms),
            ):
                thread = threading.Thread(target=attempt, args=(run,))
                thread.start()
                thread.join()
        return 1

    result = network.sweep(DURATION, over, measure=measure, namespace=names, **more)
    assert not result.failures and len(errors) == 3
    assert all("Another thread runs sets of" in error for error in errors[:2]) and "same clock" in errors[2]
    other.run(1 * ms)


def test_long_runs_are_done_in_chunks_that_take_seconds(monkeypatch):
    sizes, start = [], job.Job.start

    def noted(job, chunk):
        sizes.append(len(chunk))
        return start(job, chunk)

    monkeypatch.setattr(job.Job, "start", noted)
    monkeypatch.setattr(job, "LEAST", 64)
    network = Network(NeuronGroup(1, "dv/dt = -v/tau : 1", method="exact", name="cells"))
    for updates in (2**28, 2**10):
        monkeypatch.setattr(job, "UPDATES", updates)
        network.sweep(20 * ms, {"tau": np.linspace(1, 2, 100) * ms}, measure="mean(v)")
    assert sizes[0] == 100 and len(sizes) > 2


def test_the_network_is_left_as_it_was():
    objects, over, more, names = lif()
    network = Network(*objects)
    network.run(3 * ms, namespace=names)
    before = objects[0].v[:], objects[1].num_spikes, network.t, objects[2].t.size
    network.sweep(DURATION, over, measure="count(spikes)", namespace=names, **more)
    after = objects[0].v[:], objects[1].num_spikes, network.t, objects[2].t.size
    np.testing.assert_array_equal(before[0], after[0])
    assert before[1:] == after[1:]


@pytest.mark.parametrize("workers", [None, 2])
@pytest.mark.parametrize("form", ["lanes", "turns"])
def test_variables_that_are_set_alike_in_all_sets(form, workers):
    cells = NeuronGroup(3, "dv/dt = (w + a - v)/tau : 1\nw : 1\na : 1", method="exact", name="cells")
    cells.w, cells.a = [0.5, 0.75, 1], 3
    network, over = Network(cells), {"tau": [1, 2, 3, 4, 5] * ms, "cells.w": [[0.2, 0.3, 0.4]] * 5}
    given = {"start": {cells.a: 0.25}, "measure": {"v": "cells.v", "f": lambda: cells.v[:] + cells.w[:]}, "zip": True}
    check_same(
        network.sweep(5 * ms, over, form=form, workers=workers, **given),
        network.sweep(5 * ms, over, form="one after another", **given),
    )
    assert cells.a[0] == 3 and cells.w[1] == 0.75


def test_common_arrays_are_looked_at_once(monkeypatch):
    looked, fingerprint = [], derived.fingerprint
    monkeypatch.setattr(derived, "fingerprint", lambda array: looked.append(array.size) or fingerprint(array))
    cells = NeuronGroup(40, "dv/dt = (mu - v)/(5*ms) : 1", threshold="v > 1", reset="v = 0", method="exact")
    synapses = Synapses(cells, cells, "w : 1", on_pre="v_post += w")
    synapses.connect(condition="(i + 7*j) % 3 == 0")
    synapses.w = "0.001*(i + j)"
    synapses.delay = "(1 + (i + j) % 4)*0.1*ms"  # the weights are put into the order of arrival
    network, found = Network(cells, synapses), []
    for number in (3, 9):
        looked.clear()
        network.sweep(5 * ms, {"mu": np.linspace(1.1, 2, number)}, form="turns", measure="mean(v)")
        found.append(looked.count(len(synapses)))
    assert found[0] == found[1] and found[0] > 0
    synapses.w = 0.5  # and another sweep sees what has changed
    result = network.sweep(5 * ms, {"mu": [1.1, 2.0]}, form="turns", measure="mean(v)")
    again = network.sweep(5 * ms, {"mu": [1.1, 2.0]}, form="one after another", measure="mean(v)")
    assert (result["mean(v)"] == again["mean(v)"]).all()


def test_delays_that_a_text_gives_are_not_computed_for_each_set(monkeypatch):
    computed, compute = [], DelayStorage._all
    monkeypatch.setattr(DelayStorage, "_all", lambda storage: computed.append(storage) or compute(storage))
    cells = NeuronGroup(40, "dv/dt = (mu - v)/(5*ms) : 1", threshold="v > 1", reset="v = 0", method="exact")
    synapses = Synapses(cells, cells, on_pre="v_post += 0.01")
    synapses.connect(condition="(i + 7*j) % 3 == 0")
    synapses.delay = "(1 + (i + j) % 4)*0.1*ms"
    network = Network(cells, synapses)
    seen = []
    for form in ("turns", "one after another"):
        seen.append(network.sweep(5 * ms, {"mu": np.linspace(1.1, 2, 9)}, form=form, measure="mean(v)")["mean(v)"])
    assert (seen[0] == seen[1]).all() and 1 <= len(computed) <= 3
    network.store()
    synapses.delay = "(1 + (i + j) % 3)*0.1*ms"
    network.restore()
    assert synapses.delay[:].max() == 0.4 * ms


def test_what_no_step_reads_is_there_after_each_run():
    """`not_refractory` is stored in the last step of a call of compiled code only, wherever that ends."""
    cells = NeuronGroup(
        50, "dv/dt = (1.5 + 0.01*i - v)/(2*ms) : 1 (unless refractory)", threshold="v > 1", reset="v = 0",
        refractory=2 * ms, method="exact", name="cells",
    )  # fmt: skip
    spikes = SpikeMonitor(cells, name="spikes")
    network = Network(cells, spikes)
    network.store()
    for parts in ([300], [1, 298, 1], [77, 0, 223]):
        network.restore()
        for steps in parts:
            network.run(steps * 0.1 * ms)
        free = cells.t - cells.lastspike > 2 * ms + 0.01 * ms  # the last step began dt before the present time
        assert np.array_equal(cells.not_refractory[:], free) and free.any() and not free.all()


def test_windows_of_what_was_recorded_and_traces_of_synapses_side_by_side():
    """Texts may ask for a part of a table; sets that differ in rules of plasticity have the connections in common."""
    source = PoissonGroup(8, 200 * Hz, name="source")
    cells = NeuronGroup(3, "dv/dt = -v/(10*ms) : 1", threshold="v > 1", reset="v = 0", method="exact", name="cells")
    stdp = Synapses(
        source, cells,
        "w : 1\ndapre/dt = -apre/taupre : 1 (event-driven)\ndapost/dt = -apost/(9*ms) : 1 (event-driven)",
        on_pre="v += w; apre += 0.1; w = clip(w + apost, 0, 1)", on_post="apost -= 0.1; w = clip(w + apre, 0, 1)",
        name="stdp",
    )  # fmt: skip
    stdp.connect()
    stdp.w, stdp.pre.delay = "rand()", "2*ms*rand()"
    states = StateMonitor(cells, "v", record=True, name="states")
    network = Network(source, cells, stdp, states)
    ends = stdp.connections.sources.basis, stdp.connections.targets.basis
    measure = {"late": "mean(states.v[:, 100:])", "one": "states.v[1, -1]", "w": "stdp.w"}
    found = network.sweep(
        20 * ms, {"taupre": [5, 20] * ms, "seed": [1, 2]}, measure=measure, form="lanes", namespace={}
    )
    assert stdp.connections.sources.basis is ends[0], "nothing was connected anew"
    assert stdp.connections.targets.basis is ends[1]
    network.store()
    for k, (tau, number) in enumerate([(5, 1), (5, 2), (20, 1), (20, 2)]):
        network.restore()
        seed(number)
        network.run(20 * ms, namespace={"taupre": tau * ms})
        assert found["late"].ravel()[k] == states.v[:, 100:].mean() and found["one"].ravel()[k] == states.v[1, -1]
        assert np.array_equal(found["w"].reshape(4, -1)[k], stdp.w[:]), k
    with pytest.raises(SyntaxError, match=r"\(1, 2\).*is not possible here"):
        network.sweep(1 * ms, {"taupre": 5 * ms}, measure="mean((1, 2))", namespace={})


@pytest.mark.parametrize(("form", "workers"), [("lanes", None), ("turns", 2)])
def test_each_set_has_a_timed_array_of_its_own(form, workers):
    cells = NeuronGroup(
        3, "dv/dt = (wave(t, i)*gain - v)/(2*ms) : 1", threshold="v > 0.6", reset="v = 0", method="euler", name="cells"
    )
    spikes = SpikeMonitor(cells, name="spikes")
    network = Network(cells, spikes)
    rng = np.random.default_rng(1)
    waves = [TimedArray(rng.random((6, 3)), dt=(1 + k) * ms) for k in range(3)]
    over, measure = {"wave": waves, "gain": [1, 2]}, {"v": "cells.v", "n": "count(spikes)"}
    found = network.sweep(9 * ms, over, measure=measure, form=form, workers=workers, namespace={})
    alone = network.sweep(9 * ms, over, measure=measure, form="one after another", namespace={})
    assert not found.failures and np.array_equal(found["v"], alone["v"]) and np.array_equal(found["n"], alone["n"])
    assert len({row.tobytes() for row in found["v"].reshape(6, 3)}) == 6


@pytest.mark.parametrize("record", [True, [2], [0, 2]])
def test_measures_of_traces_are_computed_for_many_sets_at_once(monkeypatch, record):
    cells = NeuronGroup(3, "dv/dt = (k*mV - v)/(i + 1)/ms : volt\nx = v/mV : 1", method="exact", name="traced")
    states = StateMonitor(cells, ["v", "x"], record=record, name="states")
    rough = StateMonitor(cells, "v", record=record, dt=0.5 * ms, dtype=np.float32, name="rough")
    network = Network(cells, states, rough)
    texts = ["states.v", "states.v[0]", "states.v[-1, 3:]", "states.v[0, -1]", "states.v[:, 2::7]", "mean(states.v)",
             "var(states.v[0])", "std(states.x[:, 5:])", "max(rough.v) - min(rough.v[0])", "k*mean(states.v[0])",
             "median(states.x)", "states.x[0]*k", "sum(rough.v)"]  # fmt: skip
    over = {"k": np.linspace(1, 2, 37)}
    alone = network.sweep(5 * ms, over=over, measure=texts, form="one after another")
    assert not alone.failures
    prepared = []
    prepare = NetworkWork.prepare
    monkeypatch.setattr(NetworkWork, "prepare", lambda work, values: prepared.append(values) or prepare(work, values))
    together = network.sweep(5 * ms, over=over, measure=texts, form="lanes")
    assert len(prepared) < 20
    turns = network.sweep(5 * ms, over=over, measure=texts, form="turns")
    assert together.to_arrow().drop_columns("seed").equals(alone.to_arrow().drop_columns("seed"), check_metadata=True)
    for text in texts:
        assert np.asarray(turns[text]).tobytes() == np.asarray(together[text]).tobytes()


OTHER_USES = ("mean(states.v**2)", "mean(exp(states.v))", "max(states.v[1] - states.v)", "states.v + k",
              "traced_cells.v[1]", "counts(spikes)[0]", "count(spikes)/k")  # fmt: skip


@pytest.mark.parametrize("text", OTHER_USES)
def test_other_uses_of_traces_are_measured_one_by_one(text):
    cells = NeuronGroup(
        2, "dv/dt = (k - v)/ms : 1", threshold="v > 1", reset="v = 0", method="exact", name="traced_cells"
    )
    states, spikes = StateMonitor(cells, "v", record=True, name="states"), SpikeMonitor(cells, name="spikes")
    network = Network(cells, states, spikes)
    forms = ("lanes", "turns", "one after another")
    found = [network.sweep(5 * ms, over={"k": [1.0, 2.0, 3.0]}, measure=text, form=form) for form in forms]
    assert not any(each.failures for each in found)
    assert len({np.asarray(each[text]).tobytes() for each in found}) == 1
