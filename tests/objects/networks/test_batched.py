"""`Network.batched`: a network as a function of arrays."""

import os
import signal

import numpy as np
import pytest

from ranvier import (
    DimensionMismatchError,
    Hz,
    Network,
    NeuronGroup,
    Quantity,
    SpikeMonitor,
    Synapses,
    ms,
    mV,
    seed,
    stages,
    volt,
)
from ranvier.objects.networks.sweeps import batched as module
from ranvier.objects.networks.sweeps import instances
from ranvier.session.logger import catch_logs

tau, mu, sigma, J = 10 * ms, 15 * mV, 2 * mV, 0.5 * mV
N = 6


@pytest.fixture(scope="module")
def network():
    cells = NeuronGroup(
        N,
        "dv/dt = (mu - v)/tau + sigma*xi*tau**-0.5 : volt\nw : 1",
        threshold="v > 20*mV",
        reset="v = 0*mV",
        method="euler",
        name="cells",
    )
    synapses = Synapses(cells, cells, on_pre="v += J*w_post", name="synapses")
    synapses.connect(condition="i != j")
    return Network(cells, synapses, SpikeMonitor(cells, name="spikes"))


def test_it_gives_what_a_sweep_and_a_run_give(network):
    f = network.batched(20 * ms, ["mu", "cells.w", "seed"], {"v": "cells.v", "n": "spikes.num_spikes"})
    values = {"mu": [15, 25, 30] * mV, "cells.w": np.array([0, 1, 2.0]), "seed": np.array([4, 5, 6])}
    found = f(**values)
    swept = network.sweep(20 * ms, values, zip=True, measure={"v": "cells.v", "n": "spikes.num_spikes"})
    assert np.array_equal(found["v"], [each.v for each in swept]) and found["v"].dim is volt.dim
    assert np.array_equal(found["n"], [each.n for each in swept]) and found["n"].dtype.kind == "i"
    network.store("here")
    seed(6)
    network["cells"].w = 2
    network.run(20 * ms, namespace={"mu": 30 * mV, "tau": tau, "sigma": sigma, "J": J})
    assert np.array_equal(network["cells"].v, found["v"][2]) and network["spikes"].num_spikes == found["n"][2] > 0
    network.restore("here")


def test_arguments(network):
    f = network.batched(5 * ms, ["mu", "J"], "mean(cells.v)", seed=1)
    both = f(mu=[10, 20] * mV, J=0.1 * mV)
    assert both.shape == (2,) and np.array_equal(both, f([10, 20] * mV, J=[0.1, 0.1] * mV))
    assert np.array_equal(f([20 * mV], [0.1 * mV]), both[1:])
    one = f(20 * mV, 0.1 * mV)
    assert one.shape == () and one == both[1]
    assert f.names == ("mu", "J") and "mu, J" in repr(f)
    column = Quantity(np.array([[10.0, 1], [20, 1]]), dim=volt.dim)[:, 0] * 1e-3
    assert np.array_equal(f(column, 0.1 * mV), both)


def test_variables_of_elements(network):
    f = network.batched(0 * ms, [network["cells"].v, "cells.w"], {"v": "cells.v", "w": "cells.w"})
    given = np.arange(2.0 * N).reshape(2, N)
    found = f(given * mV, [3, 4])
    assert np.array_equal(found["v"], given * mV) and found["w"].tolist() == [[3.0] * N, [4.0] * N]
    assert np.array_equal(f(given[:1] * mV, [3, 4])["v"][1], given[0] * mV)
    assert f([1, 2] * mV, 1)["v"][1, N - 1] == 2 * mV


def test_groups_by_the_name_that_the_script_has_for_them(network):
    mine, both = network["cells"], {"mine.w": [2, 3], "cells.v": [1, 2] * mV}
    f = network.batched(0 * ms, ["mine.w", mine.v], "mean(mine.w)")
    assert f.names == ("mine.w", "cells.v") and f(**both).tolist() == [2, 3]
    with pytest.raises(ValueError, match=r"'cells\.w' is in over twice"):
        network.batched(0 * ms, ["mine.w", "cells.w"], "mean(mine.w)")
    with pytest.raises(ValueError, match="in over and in start"):
        network.batched(0 * ms, ["mine.w"], "mean(mine.w)", start={mine.w: 1})


def test_measures_that_are_functions(network):
    spikes = network["spikes"]
    one = network.batched(5 * ms, "mu", lambda: spikes.num_spikes / (5 * ms))
    assert one([0, 1] * mV).tolist() == [0, 0] and one(0 * mV).dim is Hz.dim
    several = network.batched(5 * ms, "mu", lambda net, values: {"t": net.t, "mu": values["mu"]})
    found = several([1, 2] * mV)
    assert np.array_equal(found["mu"], [1, 2] * mV) and np.array_equal(found["t"], [5, 5] * ms)


def test_runs_begin_from_the_state_at_the_call_of_batched_and_leave_the_network_as_it_is(network):
    network.store("begin")
    f = network.batched(5 * ms, "mu", {"t": lambda: network.t, "v": "cells.v"}, seed=3)
    first = f([20, 25] * mV)
    network.run(3 * ms)
    before, key = network["cells"].v[:], network.random.state()
    numbers = np.random.get_state()[1].copy()
    again = f([20, 25] * mV)
    assert np.array_equal(first["v"], again["v"]) and np.array_equal(again["t"], [5, 5] * ms)
    assert network.t == 3 * ms and np.array_equal(network["cells"].v, before) and network.random.state() == key
    assert np.array_equal(np.random.get_state()[1], numbers)
    network.restore("begin")


def test_seeds(network):
    def calls(number=None):
        seed(8)
        f = network.batched(5 * ms, "mu", "cells.v", seed=number)
        return [f([20, 20] * mV), f([20, 20] * mV)]

    (first, second), again = calls(), calls()
    assert np.unique(np.asarray([first, second])[:, :, 0]).size == 4
    assert np.array_equal(first, again[0]) and np.array_equal(second, again[1])
    (same, later) = calls(5)
    assert np.array_equal(same[0], same[1]) and np.array_equal(same, later)


def test_nothing_is_looked_at_or_compiled_again(network, monkeypatch):
    looked, plans = [], set()
    used_names, compile_plan = module.used_names, stages.compile_plan

    def noted(plan, *args):
        plans.add(plan.key)
        return compile_plan(plan, *args)

    monkeypatch.setattr(module, "used_names", lambda *args: looked.append(1) or used_names(*args))
    monkeypatch.setattr("ranvier.objects.networks.network.compile_plan", noted)
    f = network.batched(1 * ms, ["mu", "tau"], "mean(v)")
    for k in range(1, 4):
        f(np.arange(k) * mV, k * ms)
    assert len(looked) == 1 and len(plans) == 1


@pytest.fixture
def prepared(monkeypatch):
    """The calls that make a network ready for a set."""
    calls, make = [], instances.ready_for

    def noted(*args):
        calls.append(args)
        return make(*args)

    monkeypatch.setattr(instances, "ready_for", noted)
    return calls


@pytest.mark.parametrize("sets", [1, 3, 12])
@pytest.mark.parametrize("over", [["mu"], ["mu", "tau"], ["tau", "cells.w"]])
def test_what_was_learnt_of_the_network_is_kept(network, prepared, over, sets):
    values = {"mu": np.linspace(15, 30, 40) * mV, "tau": np.linspace(5, 9, 40) * ms, "cells.w": np.linspace(0, 1, 40)}
    measures = {"v": "cells.v", "n": "count(spikes)"}
    f = network.batched(5 * ms, over, measures, seed=3)
    for k in range(3):
        given = [values[name][k * sets : (k + 1) * sets] for name in over]
        found, fresh = f(*given), network.batched(5 * ms, over, measures, seed=3)(*given)
        assert all(np.array_equal(found[name], fresh[name]) for name in measures)
    count = len(prepared)
    assert np.array_equal(f(*given)["v"], found["v"])
    assert len(prepared) == count > 0


def changed_names(network):
    network["cells"].namespace["mu"] = 40 * mV


def changed_activity(network):
    network["cells"].thresholder["spike"].active = False


def changed_arrays(network):
    network["synapses"].delay = 3 * ms
    network["cells"].w = 5
    network.run(3 * ms, namespace={"tau": tau, "J": J})


@pytest.mark.parametrize("change", [changed_names, changed_activity, changed_arrays])
def test_what_scripts_change_between_calls(change):
    cells = NeuronGroup(
        N, "dv/dt = (mu - v)/tau : volt\nw : 1", threshold="v > 20*mV", reset="v = 0*mV", method="euler", name="cells",
        namespace={"mu": 25 * mV},
    )  # fmt: skip
    synapses = Synapses(cells, cells, on_pre="v += J*w_post", delay=1 * ms, name="synapses")
    synapses.connect(condition="i != j")
    network = Network(cells, synapses, SpikeMonitor(cells, name="spikes"))
    f, g = (network.batched(20 * ms, "tau", "cells.v", seed=3) for _ in range(2))
    values = [5, 7, 9] * ms
    before = f(values)
    change(network)
    found = f(values)
    assert np.array_equal(found, g(values))
    assert np.array_equal(found, before) == (change is changed_arrays)  # each call begins from the same state


def test_names_without_values_and_whole_numbers():
    cells = NeuronGroup(2, "dx/dt = a/ms : 1", method="euler", name="cells")
    network = Network(cells)
    f = network.batched(1 * ms, ["a"], "mean(x)")
    assert [round(float(each), 9) for each in f([1, 2])] == [1, 2]
    assert [round(float(each), 9) for each in f(np.array([0.5, 2]))] == [0.5, 2]
    assert round(float(f(3)), 9) == 3
    with pytest.raises(DimensionMismatchError, match="'a' has to be given in the unit 1"):
        f([1, 2] * mV)
    with pytest.raises(KeyError, match="'b' in over is no name"):
        network.batched(1 * ms, ["b", "a"], "mean(x)", namespace={"a": 1})


def fails(network, values):
    if values["mu"] == 2 * mV or values["mu"] > 5 * mV:
        raise ValueError("no such thing")


def test_sets_that_fail_are_nan(network):
    f = network.batched(1 * ms, ["mu"], {"n": "spikes.num_spikes", "v": "cells.v"}, setup=fails)
    with pytest.raises(RuntimeError, match=r"All 1 sets failed; set 0 \(mu=2\. mV, seed=\d+\): ValueError: no such"):
        f(2 * mV)
    with catch_logs() as logs:
        found = f([1, 2, 3] * mV)
    assert np.isnan(found["n"]).tolist() == [False, True, False] and np.isnan(found["v"][1]).all()
    assert [(each.index, each.error) for each in f.failures] == [(1, "ValueError: no such thing")]
    assert "1 of 3 sets failed, their results are NaN" in logs[0][2] and "mu=2. mV" in logs[0][2]
    assert np.isnan(f([6, 7] * mV)["v"]).all() and f([6, 7] * mV)["v"].shape == (2, N)
    assert not np.isnan(f(1 * mV)["n"]) and not f.failures
    strict = network.batched(1 * ms, ["mu"], "mean(v)", setup=fails, failures="raise")
    with pytest.raises(RuntimeError, match=r"set 1 \(mu=2\. mV.*no such thing"):
        strict([1, 2, 3] * mV)


def test_variables_that_become_nan_are_told():
    cells = NeuronGroup(2, "dx/dt = a*x**3/ms : 1", threshold="x > 1e3", reset="", method="euler", name="cells")
    f = Network(cells, SpikeMonitor(cells, name="spikes")).batched(
        9 * ms, "a", "count(spikes)", start={cells.x: 2}, namespace={"a": 1.0}
    )
    with catch_logs() as logs:
        found = f([-0.1, 1e200, 0])  # what counts spikes does not show it
    assert found.shape == (3,) and [each.index for each in f.warnings] == [1]
    assert "'x' of 'cells' became" in f.warnings[0].error
    assert any("NaN or infinite in 1 of 3 sets" in each[2] for each in logs)


def test_worker_processes(network):
    f, g = (network.batched(5 * ms, "mu", "cells.v", seed=2, workers=each) for each in (None, 2))
    for values in ([1, 2, 3] * mV, [4, 5] * mV):
        assert np.array_equal(f(values), g(values))


def test_ctrl_c_ends_the_call(network):
    def interrupt(network, values):
        if values["mu"] == 1 * mV:
            os.kill(os.getpid(), signal.SIGINT)

    f = network.batched(1 * ms, "mu", "mean(v)", setup=interrupt)
    with catch_logs(), pytest.raises(KeyboardInterrupt):
        f(range(3) * mV)
    assert f([2, 3] * mV).shape == (2,)


@pytest.mark.parametrize(
    ("arguments", "kind", "text"),
    [
        ({"over": ["nu"]}, KeyError, "'nu' in over is no name"),
        ({"over": ["cells.u"]}, KeyError, "no variable 'u'"),
        ({"over": {"mu": [1] * mV}}, TypeError, "without values"),
        ({"over": []}, ValueError, "over is empty"),
        ({"over": ["mu", "mu"]}, ValueError, "'mu' is in over twice"),
        ({"over": ["seed"], "seed": 1}, ValueError, "leave out seed"),
        ({"seed": -1}, ValueError, "seed is None, or a whole number"),
        ({"measure": {}}, ValueError, "needs measure"),
        ({"measure": "mean(u)"}, KeyError, "'u' means nothing in the measure"),
        ({"failures": "skip"}, ValueError, "'nan' or 'raise'"),
        ({"workers": 0}, ValueError, "1 or more"),
        ({"workers": object()}, TypeError, "do not get the values of later calls"),
        ({"start": {"cells.v": 1}}, DimensionMismatchError, "start"),
        ({"over": ["cells.v"], "start": {"cells.v": "rand()*mV"}}, ValueError, "in over and in start"),
        ({"setup": 3}, TypeError, "setup is a function"),
    ],
)
def test_mistakes(network, arguments, kind, text):
    arguments = {"over": ["mu"], "measure": "mean(v)", **arguments}
    with pytest.raises(kind, match=text):
        network.batched(1 * ms, **arguments)([1, 2] * mV)


@pytest.mark.parametrize(
    ("given", "named", "kind", "text"),
    [
        ((1 * mV, 2 * mV, 3), {}, TypeError, "takes mu, J, but 3 arguments were given"),
        ((1 * mV,), {}, TypeError, "a value for 'J' is missing"),
        ((1 * mV,), {"mu": 2 * mV}, TypeError, "'mu' was given twice"),
        ((), {"mu": 1 * mV, "j": 1 * mV}, TypeError, "not 'j'. Did you mean \"J\""),
        (([1, 2] * mV, [1, 2, 3] * mV), {}, ValueError, r"equally long, or single values \(mu: 2, J: 3\)"),
        (([1, 2], 1 * mV), {}, DimensionMismatchError, "'mu' has to be given in the unit V"),
        (("1*mV", 1 * mV), {}, TypeError, "'mu' takes numbers"),
        ((1j * mV, 1 * mV), {}, TypeError, "'mu' takes numbers"),
        ((np.zeros((2, N)) * mV, 1 * mV), {}, ValueError, "one for each set, not an array of the shape"),
        ((np.zeros(0) * mV, 1 * mV), {}, ValueError, "There are no values"),
    ],
)
def test_mistakes_in_calls(network, given, named, kind, text):
    f = network.batched(1 * ms, ["mu", "J"], "mean(v)")
    with pytest.raises(kind, match=text):
        f(*given, **named)


def test_measures_of_one_shape_and_unit(network):
    lengths = network.batched(0 * ms, "mu", lambda net, values: np.zeros(int(values["mu"] / mV)))
    with pytest.raises(ValueError, match=r"the shape \(1,\) in set 0, but \(2,\) in set 1"):
        lengths([1, 2] * mV)
    units = network.batched(0 * ms, "mu", lambda net, values: [1, 1 * mV][int(values["mu"] / mV)])
    with pytest.raises(DimensionMismatchError, match="of set 1 has another unit"):
        units([0, 1] * mV)
    with pytest.raises(TypeError, match="has to be a number or an array of numbers, not str"):
        network.batched(0 * ms, "mu", lambda: "much")([0, 1] * mV)
