"""Calls of what `Network.batched` makes that leave the network alone, and what they are kept from."""

import concurrent.futures

import numpy as np
import pytest
from objects.networks.swept_models import DURATION, MEASURES, MODELS

from ranvier import (
    Network,
    NeuronGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    ms,
    mV,
    network_operation,
    seed,
)
from ranvier.objects.networks import snapshot
from ranvier.objects.networks.sweeps import instances
from ranvier.session.logger import catch_logs


@pytest.fixture
def sessions(monkeypatch):
    """The calls that had to do with the network."""
    calls, take = [], snapshot.take
    monkeypatch.setattr(snapshot, "take", lambda *args: calls.append(1) or take(*args))
    return calls


def values_for(name, over, start, count):
    """Values of the keys of a model that are numbers, for some sets."""
    span = np.linspace(0.7, 1.6, 60)[start : start + count]
    return {key: (5 * ms if "tau" in key or key == "rest" else 1) * span for key in over}


NUMBERS = {
    "lif": ["tau", "cells.drive"],
    "recurrent": ["scale"],
    "plastic": ["taupre", "gain"],
    "timed": ["a", "b"],
    "steps": ["tau"],
    "quiet": ["drive"],
}


def same(found, other):
    return all(np.array_equal(np.asarray(found[name]), np.asarray(other[name]), equal_nan=True) for name in other)


@pytest.mark.parametrize("count", [1, 3, 12])
@pytest.mark.parametrize("name", NUMBERS)
def test_calls_give_what_sweeps_give(name, count):
    seed(3)
    objects, _, more, names = MODELS[name]()
    network = Network(*objects)
    f = network.batched(DURATION, NUMBERS[name], MEASURES[name], seed=5, namespace=names, **more)
    for k in range(5):
        given = values_for(name, NUMBERS[name], 12 * k, count)
        found = f(**given)
        swept = network.sweep(
            DURATION, {**given, "seed": [5] * count}, zip=True, measure=MEASURES[name], namespace=names, **more
        )
        rows = [each.measures for each in swept]
        assert len(rows) == count
        assert same(found, {each: np.array([np.asarray(row[each]) for row in rows]) for each in rows[0]}), k


def plain():
    cells = NeuronGroup(
        3, "dv/dt = (mu + w*mV - v)/tau : volt\nw : 1 (constant)", threshold="v > 20*mV", reset="v = 0*mV",
        method="exact", name="cells",
    )  # fmt: skip
    cells.w = [0, 1, 2]
    synapses = Synapses(cells, cells, on_pre="v += 0.5*mV", delay=1 * ms, name="synapses")
    synapses.connect(condition="i != j")
    spikes = SpikeMonitor(cells, name="spikes")
    trace = StateMonitor(cells, "v", record=[1], name="trace")
    return Network(cells, synapses, spikes, trace)


NAMES = {"tau": 10 * ms, "mu": 25 * mV}
TEXTS = {
    "n": "counts(spikes)",
    "v": "cells.v",
    "first": "first(spikes)",
    "trace": "trace.v[0, 10:]",
    "m": "mean(v)/tau",
}


@pytest.mark.parametrize("workers", [None, 2])
@pytest.mark.parametrize("count", [1, 3, 40])
def test_the_network_is_left_alone(count, workers, sessions):
    network = plain()
    f = network.batched(10 * ms, ["mu", "tau"], TEXTS, namespace=NAMES, workers=workers)
    given = [(np.linspace(20, 30, count) * mV + k * mV, np.linspace(5, 9, count) * ms + k * ms) for k in range(5)]
    for each in given[:4]:
        f(*each)
    sessions.clear()
    before, key = network["cells"].v[:], network.random.state()
    found = f(*given[4])
    assert not sessions, "the state of the network was looked at"
    assert np.array_equal(network["cells"].v, before) and network.random.state() == key and network.t == 0 * ms
    assert same(found, network.batched(10 * ms, ["mu", "tau"], TEXTS, namespace=NAMES)(*given[4]))


def change_values(network):
    network["cells"].w = 7
    network["cells"].v = 5 * mV


def change_delays(network):
    network["synapses"].delay = 3 * ms


def change_by_a_run(network):
    network.run(7 * ms, namespace=NAMES)


@pytest.mark.parametrize("change", [change_values, change_delays, change_by_a_run])
@pytest.mark.parametrize("count", [1, 4])
def test_calls_begin_from_the_state_at_the_call_of_batched(change, count):
    network = plain()
    f = network.batched(10 * ms, "mu", TEXTS, namespace=NAMES)
    values = np.linspace(22, 30, count) * mV
    found = [f(values + k * mV) for k in range(4)]
    change(network)
    for k in (0, 3):
        assert same(f(values + k * mV), found[k])
    other = np.array([24.0, 25, 26]) * mV
    fresh = plain().batched(10 * ms, "mu", TEXTS, namespace=NAMES)(other)
    assert same(f(other), fresh)


def test_what_else_the_plan_depends_on_is_still_seen():
    network = plain()
    f = network.batched(10 * ms, "mu", "counts(spikes)", namespace=NAMES)
    for k in range(4):
        before = f([25 + k, 27 + k] * mV)
    network["cells"].thresholder["spike"].active = False
    assert before.sum() > 0 == f([25, 27] * mV).sum()
    network["cells"].thresholder["spike"].active = True
    assert np.array_equal(f([28, 30] * mV), before)


def test_an_argument_that_stays_the_same_is_no_reason_to_learn_anew(monkeypatch):
    calls, make = [], instances.ready_for
    monkeypatch.setattr(instances, "ready_for", lambda *args: calls.append(1) or make(*args))
    network = plain()
    f = network.batched(5 * ms, ["mu", "tau", "cells.w"], "cells.v", namespace=NAMES)

    def is_known(*given):
        calls.clear()
        found = f(*given)
        fresh = network.batched(5 * ms, ["mu", "tau", "cells.w"], "cells.v", namespace=NAMES)
        learnt = len(calls)
        assert np.array_equal(found, fresh(*given))
        return learnt == 0

    first = (25 * mV, 10 * ms, 1.0)
    assert not is_known(*first)
    assert is_known(*first)
    assert not is_known(26 * mV, 10 * ms, 1.0)  # the first other value of this argument
    assert is_known(27 * mV, 10 * ms, 1.0) and is_known(25 * mV, 10 * ms, 1.0)
    assert not is_known(25 * mV, 11 * ms, 1.0)
    assert not is_known(25 * mV, 11 * ms, 2.0)
    assert all(is_known(*given) for given in (first, (30 * mV, 12 * ms, 3.0), (25 * mV, 10 * ms, 0.5)))


@pytest.mark.parametrize("count", [1, 5])
def test_sets_that_go_wrong_are_found_out_with_the_network(count):
    cells = NeuronGroup(2, "dx/dt = a*x**3/ms : 1", threshold="x > 1e3", reset="", method="euler", name="cells")
    network = Network(cells, SpikeMonitor(cells, name="spikes"))
    f = network.batched(9 * ms, "a", {"n": "count(spikes)", "x": "cells.x"}, start={cells.x: 2}, namespace={"a": 1.0})
    good = np.linspace(-0.3, -0.1, 40)
    with catch_logs() as logs:
        for k in range(6):
            given = good[5 * k : 5 * k + count].copy()
            f(given)
            assert not f.warnings
            given[-1] = 1e200 if k % 2 else np.nan
            found = f(given)
            fresh = network.batched(
                9 * ms, "a", {"n": "count(spikes)", "x": "cells.x"}, start={cells.x: 2}, namespace={"a": 1.0}
            )
            with catch_logs():
                assert same(found, fresh(given))
            assert [each.index for each in f.warnings] == [count - 1]
            assert "'x' of 'cells' became" in f.warnings[0].error
    texts = [each[2] for each in logs if "NaN or infinite in" in each[2]]
    assert len(texts) == 3
    assert texts[2].endswith("Of later calls, only 'warnings' of the function tells it.")


def test_measures_that_are_not_finite_are_noted():
    f = plain().batched(5 * ms, "mu", {"first": "first(spikes)", "n": "count(spikes)"}, namespace=NAMES)
    for k in range(5):
        found = f([1, 60 + k, 2] * mV)
    assert np.isnan(found["first"]).tolist() == [True, False, True]
    assert [(each.index, each.error) for each in f.warnings] == [(n, "'first' is NaN or infinite.") for n in (0, 2)]


def test_values_of_timed_arrays_may_change_between_calls():
    given = np.zeros(5)
    wave = TimedArray(given, dt=1 * ms)
    cells = NeuronGroup(1, "dv/dt = (a*wave(t) - v)/(2*ms) : 1", method="euler", name="cells")
    f = Network(cells).batched(5 * ms, "a", "sum(v)", namespace={"a": 1.0, "wave": wave})
    ends = []
    for k in range(4):
        given[:] = k
        ends.append(f(1.5))
    for k in range(4):
        wave.values[:] = k
        assert f(1.5) == ends[k] and f(2.5) == f([2.5, 1])[0]
    for k in range(4):
        wave.values = np.full(5, float(k))
        assert f(1.5) == ends[k]
    assert 0 == ends[0] < ends[1] < ends[2] < ends[3]


def test_python_in_a_step_and_functions_as_measures_need_the_network(sessions):
    cells = NeuronGroup(1, "dv/dt = (mu - v)/(5*ms) : 1", method="euler", name="cells")
    seen = []
    each_step = network_operation(dt=1 * ms)(lambda: seen.append(float(cells.v[0])))
    f = Network(cells, each_step).batched(5 * ms, "mu", "sum(v)", namespace={"mu": 1.0})
    g = Network(NeuronGroup(1, "dv/dt = (mu - v)/(5*ms) : 1", method="euler", name="others")).batched(
        5 * ms, "mu", lambda network: float(network["others"].v[0]), namespace={"mu": 1.0}
    )
    for k in range(4):
        assert f(2.0 + k) == g(2.0 + k)
        sessions.clear()
    assert len(seen) >= 20 and f(2.0) == g(2.0) and len(sessions) == 2


@pytest.mark.parametrize("workers", [None, 2])
@pytest.mark.parametrize("count", [1, 20, 60])
def test_measures_have_their_units_in_each_call_however_many_runs_there_are(count, workers):
    """What several threads have measured was put together without the unit, from the second or third call on."""
    f = plain().batched(5 * ms, ["mu"], TEXTS, namespace=NAMES, workers=workers)
    first = f(np.linspace(20, 30, count) * mV)
    units = {name: getattr(first[name], "dim", None) for name in TEXTS}
    assert units["v"] is mV.dim and units["n"] is None
    for _ in range(4):
        found = f(np.linspace(20, 30, count) * mV)
        assert {name: getattr(found[name], "dim", None) for name in TEXTS} == units
        assert all(
            np.array_equal(np.asarray(found[name]), np.asarray(first[name])) for name in TEXTS if name != "first"
        )


def _counting() -> tuple[Network, SpikeMonitor]:
    cells = NeuronGroup(
        1, "dv/dt = (mu - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0", method="exact", name="cells"
    )
    spikes = SpikeMonitor(cells, name="spikes")
    return Network(cells, spikes), spikes


def test_calls_from_several_threads_wait_for_each_other() -> None:
    """As those of `study.optimize(objective, n_jobs=4)` of Optuna; they were refused."""
    network, _ = _counting()
    simulate = network.batched(100 * ms, over=["mu"], measure="count(spikes)")
    values = np.linspace(0.9, 3, 24)
    expected = simulate(values)
    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda mu: int(simulate(mu)), values))
    assert found == list(expected)


def test_a_network_with_other_objects_is_said_to_be_so() -> None:
    network, spikes = _counting()
    simulate = network.batched(100 * ms, over=["mu"], measure="count(spikes)")
    before = simulate([1.5, 2.0])
    further = SpikeMonitor(network["cells"], name="further")
    network.add(further)
    with pytest.raises(
        RuntimeError, match=r"other objects than when .*\('further' was added\): call batched\(\) again"
    ):
        simulate([1.5, 2.0])
    network.remove(further)
    assert (simulate([1.5, 2.0]) == before).all()
    network.remove(spikes)
    with pytest.raises(RuntimeError, match="'spikes' was removed"):
        simulate([1.5, 2.0])
    network.add(spikes, further)
    network.run(0 * ms, namespace={"mu": 1})
