"""Event-driven variables held by neurons: the same as one value per synapse, and refused where it would not be."""

import gc
import re

import numpy as np
import pytest

from ranvier import (
    Network,
    NeuronGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    defaultclock,
    ms,
    network_operation,
    prefs,
    second,
    seed,
)

WITHIN = {"rtol": 1e-9, "atol": 1e-12}

PAIR = """
w : 1
dapre/dt = -apre/tau1 : 1 (event-driven)
dapost/dt = -apost/tau2 : 1 (event-driven)
"""
TRIPLET = """
w : 1
dr1/dt = -r1/tau1 : 1 (event-driven)
dr2/dt = -r2/tau3 : 1 (event-driven)
do1/dt = -o1/tau2 : 1 (event-driven)
do2/dt = -o2/tau3 : 1 (event-driven)
"""
ON_PRE = "v_post += 0.05*w; apre += 0.1; w = clip(w + apost, 0, 1)"
ON_POST = "apost -= 0.11; w = clip(w + apre, 0, 1)"

SHARED = {
    "pairs": (PAIR, ON_PRE, ON_POST),
    "nearest": (PAIR, "apre = 0.1; w = clip(w + apost, 0, 1)", "apost = -0.11; w = clip(w + apre, 0, 1)"),
    "triplets": (
        TRIPLET,
        "v_post += 0.05*w; w = clip(w - o1*(0.02 + 0.01*r2), 0, 1); r1 += 1; r2 += 1",
        "w = clip(w + r1*(0.01 + 0.02*o2), 0, 1); o1 += 1; o2 += 1",
    ),
    "inhibitory": (PAIR, "apre += 1; w = clip(w + (apost - 0.2)*0.01, 0, 1); v_post -= 0.02*w",
                   "apost += 1; w = clip(w + apre*0.01, 0, 1)"),
    "driven": (
        "w : 1\ndx/dt = (0.2 - x)/tau1 : 1 (event-driven)\ndy/dt = (x - y)/tau2 : 1 (event-driven)",
        "x += 0.1*c_pre; w = clip(w - 0.1*y, 0, 1)", "w = clip(w + 0.2*y*x, 0, 1)",
    ),
    "coupled": (
        "w : 1\ndx/dt = (y - x)/tau1 : 1 (event-driven)\ndy/dt = (-x - 0.1*y)/tau2 : 1 (event-driven)",
        "x += 0.1; w = clip(w + y, 0, 1)", "w = clip(w + x, 0, 1)",
    ),
    "neurons' constants": (
        "w : 1\nscale : 1 (shared)\ndx/dt = -x/tau_pre : 1 (event-driven)\n"
        "dy/dt = -scale*y/tau_post : 1 (event-driven)",
        "x += 0.1*c_pre + 0.01*i; w += y*0.1", "y += 0.1*c_post; w += 0.1*x*y",
    ),
    "temporaries": (PAIR, "jump = 0.1 + 0.01*c_pre; apre = clip(apre + jump, 0, 0.3); w += 0.1*apost*apre",
                    "apost += 0.1; w *= 0.99 + apre*0.01"),
    "one side": ("w : 1\ndx/dt = -x/tau1 : 1 (event-driven)", "x += 0.1", "w += x"),
    "two pathways": (PAIR, {"a": "apre += 0.1; w += apost", "b": "v_post += 0.05*w", "c": "apre *= 0.9"},
                     {"d": "w += 0.1*apre", "e": "apost += 0.1"}),
    "single precision": (PAIR, ON_PRE, ON_POST),
}  # fmt: skip


def network(model, on_pre, on_post, *, delay=None, dtype=None, connect=None, name=None):
    seed(4)
    given = {} if name is None else {"name": f"{name}_cells"}
    group = NeuronGroup(
        12,
        "dv/dt = (1.1 - v)/(8*ms) + 0.4*sqrt(2/(8*ms))*xi : 1 (unless refractory)\nc : 1\ntau : second",
        threshold="v > 1", reset="v = 0", refractory=2 * ms, method="euler", **given,
    )  # fmt: skip
    group.c, group.tau = "0.5 + i/N", "(10 + i)*ms"
    names = {"tau1": 20 * ms, "tau2": 15 * ms, "tau3": 60 * ms}
    given = ({} if delay is None else {"delay": delay}) | ({} if name is None else {"name": name})
    synapses = Synapses(group, group, model, on_pre=on_pre, on_post=on_post, namespace=names, dtype=dtype, **given)
    (connect or (lambda s: s.connect(condition="i < 10 and j > 0", p=0.6)))(synapses)
    synapses.w = 0.5
    if "scale" in model:
        synapses.scale = 0.7
    spikes = SpikeMonitor(group, **({} if name is None else {"name": f"{name}_spikes"}))
    return Network(group, synapses, spikes), synapses, spikes


def outcome(synapses, spikes) -> dict[str, np.ndarray]:
    names = [*synapses.equations.names - {"scale"}, "lastupdate"]
    found = {name: np.array(getattr(synapses, f"{name}_")) for name in names}
    return found | {"t": np.array(spikes.t_), "i": np.array(spikes.i)}


@pytest.fixture(autouse=True)
def preferences():
    yield
    prefs.codegen.share_traces = True
    defaultclock.dt = 0.1 * ms


def both(script) -> None:
    """Runs a script that returns its outcomes with traces of synapses and of neurons, and compares."""
    prefs.codegen.share_traces = False
    expected = script(False)
    prefs.codegen.share_traces = True
    for got, wanted in zip(script(True), expected, strict=True):
        assert got.keys() == wanted.keys()
        for name, values in wanted.items():
            within = {"rtol": 2e-5, "atol": 1e-6} if values.dtype == np.float32 else WITHIN
            np.testing.assert_allclose(got[name], values, err_msg=name, **within)
            assert values.size


def is_shared(synapses) -> bool:
    return not any(synapses.shared_traces.reasons.values()) and synapses.shared_traces.sharing is not None


@pytest.mark.parametrize("name", SHARED)
@pytest.mark.parametrize("delays", [pytest.param("none", marks=pytest.mark.long), "both"])
def test_same_as_one_value_per_synapse(name, delays):
    model, on_pre, on_post = SHARED[name]
    first, last = ("a", "e") if isinstance(on_pre, dict) else ("pre", "post")
    delay = {"none": None, "both": {first: 0.3 * ms, last: 1.1 * ms}}[delays]
    dtype = np.float32 if name == "single precision" else None

    def script(shared):
        net, synapses, spikes = network(model, on_pre, on_post, delay=delay, dtype=dtype)
        net.run(60 * ms)
        assert is_shared(synapses) == shared
        found = [outcome(synapses, spikes)]
        net.run(30 * ms)
        assert is_shared(synapses) == shared
        return [*found, outcome(synapses, spikes)]

    both(script)


DELAYS = {
    "pre": lambda s: setattr(s.pre, "delay", "0.1*ms + rand()*2*ms"),
    "post": lambda s: setattr(s.post, "delay", "rand()*2*ms"),
    "both": lambda s: (setattr(s.pre, "delay", "rand()*2*ms"), setattr(s.post, "delay", "rand()*1.5*ms")),
    "none of the first": lambda s: setattr(s.pre, "delay", "(j % 3)*0.4*ms"),
}


@pytest.mark.parametrize("sides", DELAYS)
@pytest.mark.parametrize("name", [name for name in SHARED if name != "two pathways"])
def test_delays_of_their_own(name, sides):
    """Synapses whose events come at different times have values of their own, which events of their side write."""
    model, on_pre, on_post = SHARED[name]
    if name == "one side" and sides == "post":
        pytest.skip("has no variable of that side")

    def script(shared):
        net, synapses, spikes = network(
            model, on_pre, on_post, dtype=np.float32 if name == "single precision" else None
        )
        DELAYS[sides](synapses)
        net.run(60 * ms)
        sharing = synapses.shared_traces.sharing
        assert (sharing is not None and sharing.is_complete and bool(sharing.apart)) == shared
        found = [outcome(synapses, spikes)]
        net.run(30 * ms)
        return [*found, outcome(synapses, spikes)]

    both(script)


AFTER = {
    "one delay": lambda s: setattr(s.pre, "delay", 0.7 * ms),
    "other delays": lambda s: setattr(s.pre, "delay", "(i % 4)*0.3*ms"),
    "delays of the other side": lambda s: setattr(s.post, "delay", "(i % 4)*0.3*ms"),
    "traces": lambda s: setattr(s, "apre", "0.01*i + 0.001*j"),
    "a few": lambda s: s.lastupdate.__setitem__(slice(3, 7), 12 * ms),
    "more synapses": lambda s: s.connect(i=11, j=[0, 1]),
    "weights": lambda s: setattr(s, "w", "w*0.5"),
}


@pytest.mark.parametrize("name", AFTER)
def test_delays_of_their_own_and_changes_between_runs(name):
    def script(shared):
        net, synapses, spikes = network(PAIR, ON_PRE, ON_POST)
        synapses.pre.delay = "0.1*ms + rand()*2*ms"
        found = []
        for change in (lambda s: None, AFTER[name], lambda s: None):
            change(synapses)
            net.run(30 * ms)
            found.append(outcome(synapses, spikes))
        return found

    both(script)


@pytest.mark.parametrize("threads", [2, 3])
def test_delays_of_their_own_with_threads(threads):
    def script(count):
        prefs.codegen.threads = count
        net, synapses, spikes = network(PAIR, ON_PRE, ON_POST)
        synapses.pre.delay, synapses.post.delay = "0.1*ms + rand()*2*ms", "rand()*ms"
        net.run(60 * ms)
        return outcome(synapses, spikes)

    expected = script(1)
    for name, values in script(threads).items():
        np.testing.assert_array_equal(values, expected[name], err_msg=name)


@pytest.mark.parametrize("file", [False, True])
def test_a_restored_network_with_delays_goes_on_bit_by_bit(file, tmp_path):
    where = {"filename": str(tmp_path / "state")} if file else {}
    net, synapses, spikes = network(PAIR, ON_PRE, ON_POST)
    synapses.pre.delay = "0.1*ms + rand()*2*ms"
    net.run(40 * ms)
    net.store(**where)
    net.run(40 * ms)
    first = outcome(synapses, spikes)
    for _ in range(2):
        net.restore(restore_random_state=True, **where)
        net.run(40 * ms)
        for name, values in outcome(synapses, spikes).items():
            np.testing.assert_array_equal(values, first[name], err_msg=name)


CONNECTIONS = {
    "autapses": lambda s: s.connect(),
    "several of a pair": lambda s: s.connect(condition="i != j", n=2),
    "unsorted": lambda s: s.connect(i=[3, 1, 0, 3, 2, 7, 0], j=[0, 1, 5, 3, 3, 3, 3]),
    "one": lambda s: s.connect(i=5, j=5),
}


@pytest.mark.parametrize("name", CONNECTIONS)
def test_forms_of_connections(name):
    def script(shared):
        net, synapses, spikes = network(PAIR, ON_PRE, ON_POST, connect=CONNECTIONS[name])
        net.run(80 * ms)
        assert is_shared(synapses) == shared
        return [outcome(synapses, spikes)]

    both(script)


def test_subgroups():
    def script(shared):
        seed(4)
        group = NeuronGroup(9, "dv/dt = (1.5 - v)/(8*ms) : 1", threshold="v > 1", reset="v = 0", method="euler")
        group.v = "i/N"
        names = {"tau1": 20 * ms, "tau2": 15 * ms}
        synapses = Synapses(group[2:6], group[4:], PAIR, on_pre=ON_PRE, on_post=ON_POST, namespace=names)
        synapses.connect(p=0.7)
        spikes = SpikeMonitor(group)
        Network(group, synapses, spikes).run(80 * ms)
        assert is_shared(synapses) == shared
        return [outcome(synapses, spikes)]

    both(script)


def test_no_synapses():
    net, synapses, spikes = network(PAIR, ON_PRE, ON_POST, connect=lambda s: s.connect(False))
    net.run(50 * ms)
    assert is_shared(synapses) and spikes.num_spikes > 10 and not np.array(synapses.apre).size


BETWEEN = {
    "weights": lambda s: setattr(s, "w", "w*0.5"),
    "one trace": lambda s: setattr(s, "apre", 0.2),
    "random": lambda s: setattr(s, "apre", "0.01*i + 0.001*j"),
    "all": lambda s: (setattr(s, "apre", 0.2), setattr(s, "apost", "-0.1"), setattr(s, "lastupdate", "30*ms")),
    "a few": lambda s: s.apost.__setitem__(slice(3, 7), 0.3),
    "a few of all": lambda s: s.apost[:].__setitem__(slice(3, 7), 0.3),
    "more synapses": lambda s: s.connect(i=11, j=[0, 1]),
    "a shorter delay": lambda s: setattr(s.pre, "delay", 0.2 * ms),
    "time step": lambda s: setattr(defaultclock, "dt", 0.05 * ms),
    "time constant": lambda s: s.namespace.update(tau1=30 * ms),
    "threshold": lambda s: setattr(s.source, "v", 0.0),
}


@pytest.mark.parametrize("name", BETWEEN)
def test_changes_between_runs(name):
    def script(shared):
        defaultclock.dt = 0.1 * ms
        net, synapses, spikes = network(PAIR, ON_PRE, ON_POST, delay={"pre": 1.5 * ms})
        net.run(30 * ms)
        found = [outcome(synapses, spikes)]
        BETWEEN[name](synapses)
        net.run(40 * ms)
        found.append(outcome(synapses, spikes))
        net.run(30 * ms)
        assert is_shared(synapses) == (
            shared and name in ("weights", "all", "a shorter delay", "time step", "threshold")
        )
        return [*found, outcome(synapses, spikes)]

    both(script)


@pytest.mark.parametrize("file", [False, True])
def test_a_restored_network_goes_on_bit_by_bit(file, tmp_path):
    where = {"filename": str(tmp_path / "state")} if file else {}
    net, synapses, spikes = network(PAIR, ON_PRE, ON_POST, delay={"pre": 1.5 * ms})
    net.run(40 * ms)
    net.store(**where)
    net.run(40 * ms)
    first = outcome(synapses, spikes)
    for _ in range(2):
        net.restore(restore_random_state=True, **where)
        net.run(40 * ms)
        assert is_shared(synapses)
        for name, values in outcome(synapses, spikes).items():
            np.testing.assert_array_equal(values, first[name], err_msg=name)


def stored_run(where) -> list[dict[str, np.ndarray]]:
    """Runs and stores a network that is gone afterwards; returns its state then and later."""
    net, synapses, spikes = network(PAIR, ON_PRE, ON_POST, name="restored")
    net.run(40 * ms)
    net.store(**where)
    stored = outcome(synapses, spikes)
    net.run(20 * ms)
    return [stored, outcome(synapses, spikes)]


def test_a_state_is_restored_into_a_network_that_never_ran(tmp_path):
    where = {"filename": str(tmp_path / "state")}
    both_states = stored_run(where)
    gc.collect()
    net, synapses, spikes = network(PAIR, ON_PRE, ON_POST, name="restored")
    net.restore(restore_random_state=True, **where)
    for expected in both_states:
        for name, values in outcome(synapses, spikes).items():
            np.testing.assert_array_equal(values, expected[name], err_msg=name)
        net.run(20 * ms)
    assert is_shared(synapses)


def test_a_changed_copy_is_no_change():
    net, synapses, _ = network(PAIR, ON_PRE, ON_POST)
    net.run(20 * ms)
    copy = np.array(synapses.apre)
    copy[:] = 5
    assert np.array(synapses.apre).max() < 5 and np.array(synapses.apre[3:5]).size == 2
    net.run(20 * ms)
    assert is_shared(synapses)


def reasons(model=PAIR, on_pre=ON_PRE, on_post=ON_POST, *, more=lambda s: (), change=lambda s: None, **given):
    net, synapses, _ = network(model, on_pre, on_post, **given)
    net.add(*more(synapses))
    change(synapses)
    net.run(1 * ms)
    return {name: re.sub(r"_\d+", "", reason) for name, reason in synapses.shared_traces.reasons.items()}


def noop(_):
    return (network_operation(lambda: None),)


REFUSED = {
    "it differs by synapse": (
        {"on_pre": "apre += 0.1*w"}, {"apre": "what 'synapses_pre' assigns to it depends on 'w', which differs"},
    ),
    "target": ({"on_pre": "apre += v_post"}, {"apre": "depends on 'v_post', which differs"}),
    "number": ({"on_pre": "apre += 0.1*j"}, {"apre": "depends on 'j', which differs"}),
    "the other trace": ({"on_pre": "apre += apost"}, {"apre": "depends on 'apost', which differs"}),
    "through a temporary": ({"on_pre": "x = 2*w; y = x + 1; apre += y"}, {"apre": "depends on 'w', which differs"}),
    "changed by the code": ({"on_pre": "v_pre += w; apre += v_pre"}, {"apre": "depends on 'v_pre', which differs"}),
    "at the other end": ({"on_pre": "v_post += w; apre += v_pre"}, {"apre": "depends on 'v_pre', which differs"}),
    "random": ({"on_pre": "apre += rand()"}, {"apre": "depends on 'rand', which differs"}),
    "both sides": ({"on_post": "apre = 0; apost += 1"}, {"apre": "events of both sides assign to it"}),
    "nobody assigns": ({"on_pre": "w += apre"}, {"apre": "no pathway of one side assigns to it"}),
    "time": ({"on_pre": "apre += lastupdate/second"}, {"apre": "uses 'lastupdate'", "apost": "uses 'lastupdate'"}),
    "recorded": (
        {"more": lambda s: (StateMonitor(s, "apre", record=[0]),)}, {"apre": "'statemonitor' uses it"},
    ),
    "recorded time": (
        {"more": lambda s: (StateMonitor(s, "lastupdate", record=[0]),)},
        {"apre": "'statemonitor' uses 'lastupdate'", "apost": "'statemonitor' uses 'lastupdate'"},
    ),
    "set regularly": (
        {"change": lambda s: s.run_regularly("apost *= 0.9")}, {"apost": "'synapses_run_regularly' uses it"},
    ),
    "callbacks": ({"more": noop}, {"apre": "calls Python", "apost": "calls Python"}),
    "delays": (
        {"change": lambda s: setattr(s, "delay", "j*0.1*ms")},
        {"apre": "the synapses of 'synapses_pre' have different delays"},
    ),
    "delays of both sides": (
        {"change": lambda s: (setattr(s.pre, "delay", "j*0.1*ms"), setattr(s.post, "delay", "i*0.1*ms"))},
        {"apre": "the synapses of 'synapses_pre' have different delays",
         "apost": "the synapses of 'synapses_post' have different delays"},
    ),
    "delays, and it differs by synapse": (
        {"on_pre": "apre += 0.1*w", "change": lambda s: setattr(s.post, "delay", "i*0.1*ms")},
        {"apre": "what 'synapses_pre' assigns to it depends on 'w', which differs",
         "apost": "the synapses of 'synapses_post' have different delays"},
    ),
    "its own time constant": (
        {"model": "w : 1\nown : second\ndapre/dt = -apre/own : 1 (event-driven)\n"
                  "dapost/dt = -apost/tau2 : 1 (event-driven)",
         "change": lambda s: setattr(s, "own", 10 * ms)},
        {"apre": "its equation depends on 'own'"},
    ),
    "the wrong neuron's": (
        {"model": "w : 1\ndapre/dt = -apre/tau_post : 1 (event-driven)\ndapost/dt = -apost/tau2 : 1 (event-driven)"},
        {"apre": "its equation depends on 'tau_post'"},
    ),
    "a neuron's that changes": (
        {"model": "w : 1\ndapre/dt = -apre/tau_pre : 1 (event-driven)\ndapost/dt = -apost/tau2 : 1 (event-driven)",
         "change": lambda s: None, "more": lambda s: (s.source.run_regularly("tau = 10*ms + c*ms", dt=1 * ms),)},
        {"apre": "its equation depends on 'tau_pre'"},
    ),
    "driven by the other side": (
        {"model": "w : 1\ndapre/dt = (apost - apre)/tau1 : 1 (event-driven)\n"
                  "dapost/dt = -apost/tau2 : 1 (event-driven)"},
        {"apre": "its equation depends on 'apost'", "apost": "the equation of 'apre' depends on it"},
    ),
    "unequal values": (
        {"change": lambda s: setattr(s, "apre", "0.01*i + 0.001*j")},
        {"apre": "its values differ between the synapses", "apost": "its values differ between the synapses"},
    ),
    "switched off": (
        {"change": lambda s: setattr(prefs.codegen, "share_traces", False)},
        {"apre": "'share-traces' is left out", "apost": "left out of the pipeline"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_why_not(name):
    given, expected = REFUSED[name]
    found = reasons(**given)
    assert set(found) == {"apre", "apost"}
    for variable, reason in found.items():
        if variable in expected:
            assert expected[variable] in reason
        else:
            assert not reason


@pytest.mark.parametrize("name", ["it differs by synapse", "both sides", "the other trace", "recorded", "delays"])
def test_refused_is_the_same(name):
    given, _ = REFUSED[name]

    def script(shared):
        net, synapses, spikes = network(PAIR, given.get("on_pre", ON_PRE), given.get("on_post", ON_POST))
        net.add(*given.get("more", lambda s: ())(synapses))
        given.get("change", lambda s: None)(synapses)
        net.run(50 * ms)
        assert not is_shared(synapses)
        return [outcome(synapses, spikes)]

    both(script)


def test_what_is_reported_during_a_run():
    net, synapses, _ = network(PAIR, ON_PRE, ON_POST)
    seen = []

    def report(elapsed, completed, start, duration):
        seen.append(np.array(synapses.apre))

    net.run(50 * ms, report=report, report_period=0.001 * second)
    seen.append(np.array(synapses.apre))
    assert not seen[0].any() and seen[-1].any() and np.array_equal(seen[-1], seen[-2])


def test_weights_alone_need_memory():
    net, synapses, _ = network(PAIR, ON_PRE, ON_POST)
    net.run(5 * ms)
    assert not any(storage.is_made for storage in synapses.shared_traces.storages.values())
    np.array(synapses.apre)
    net.run(5 * ms)
    assert not any(storage.is_made for storage in synapses.shared_traces.storages.values())
