"""Clock-driven variables held by neurons: the same bits as one value per synapse, refused where it would not be."""

from random import Random

import numpy as np
import pytest

from ranvier import (
    Network,
    NeuronGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    ms,
    network_operation,
    prefs,
    seed,
)

NMDA = """
I_post = w*s : 1 (summed)
ds/dt = -s/(20*ms) + x*(1 - s)/(3*ms) : 1 (clock-driven)
dx/dt = -x/(2*ms) : 1 (clock-driven)
w : 1
own : second
"""
GRADED = """
I_post = w*(s - 0.1*v_post) : 1 (summed)
ds/dt = (1 - s)/(1 + exp(-(v_pre - 0.7)/0.1))/(4*ms) - s/(tau_pre) : 1 (clock-driven)
w : 1
"""
BOTH = """
dapre/dt = -apre/(20*ms) : 1 (clock-driven)
dapost/dt = -apost/tau_post : 1 (clock-driven)
w : 1
"""
ON_PRE, ON_POST = "apre += 0.1; v_post += 0.1*w; w = clip(w + apost, 0, 1)", "apost -= 0.1; w = clip(w + apre, 0, 1)"

SHARED = {
    "NMDA": (NMDA, "x += 1; v_post += 0.02*w", None, {"s", "x"}),
    "graded": (GRADED, None, None, {"s"}),
    "a sum for the source": (NMDA.replace("I_post", "I_pre"), "x = clip(x + 0.5, 0, 1)", None, {"s", "x"}),
    "both sides": (BOTH, ON_PRE, ON_POST, {"apre", "apost"}),
    "own time constant": (NMDA.replace("-x/(2*ms)", "-x/own"), "x += 1", None, {"s", "x"}),
    "by the weight of all": (NMDA, "x += own/second + c_pre", None, {"s", "x"}),
    "with traces": (
        NMDA + "dtr/dt = -tr/(9*ms) : 1 (event-driven)", "x += 1; tr += 1; v_post += 0.01*tr", None, {"s", "x"},
    ),
    "one of three": (NMDA + "dy/dt = (w - y)/(9*ms) : 1 (clock-driven)", "x += 1; y += 0.1", None, {"s", "x"}),
    "noise beside": (NMDA + "dy/dt = -y/(9*ms) + 0.1*xi/ms**0.5 : 1 (clock-driven)", "x += 1", None, {"s", "x"}),
    "two pathways": (
        NMDA, {"a": "x += 1", "b": "x *= 0.9; v_post += 0.02*s*w"}, "w = clip(w + 0.01*s, 0, 1)", {"s", "x"},
    ),
    "single precision": (NMDA, "x += 1; v_post += 0.02*w", None, {"s", "x"}),
}  # fmt: skip


@pytest.fixture(autouse=True)
def preferences():
    yield
    prefs.codegen.share_traces, prefs.codegen.threads = True, "auto"


def network(model, on_pre, on_post, *, delay=1.2 * ms, connect=None, method="euler", dtype=None, part=slice(None)):
    seed(5)
    cells = NeuronGroup(
        12, "dv/dt = (1.1 + 0.05*I - v)/(6*ms) : 1 (unless refractory)\nI : 1\nc : 1\ntau : second",
        threshold="v > 1", reset="v = 0", refractory=1 * ms, method="euler", name="cells",
    )  # fmt: skip
    cells.v, cells.c, cells.tau = "i/12", "0.5 + i/N", "(10 + i)*ms"
    synapses = Synapses(
        cells[part], cells, model, on_pre=on_pre, on_post=on_post, method=method, dtype=dtype, name="synapses"
    )
    (connect or (lambda s: s.connect(condition="i != j")))(synapses)
    synapses.w = "0.2 + 0.6*rand()"
    if "own :" in model:
        synapses.own = 3 * ms
    if on_pre is not None and delay is not None:
        for name in on_pre if isinstance(on_pre, dict) else ("pre",):
            getattr(synapses, name).delay = delay
    recorded = [name for name in synapses.equations.diff_eq_names if name not in synapses.event_driven.names]
    record = StateMonitor(synapses, recorded, record=[0, 5, 11], name="record")
    return Network(cells, synapses, SpikeMonitor(cells, name="spikes"), record), synapses


def outcome(net, synapses) -> dict[str, bytes]:
    clocked = synapses.user_equations.diff_eq_names
    found = {name: np.array(getattr(synapses, f"{name}_")) for name in ("w", *clocked)}
    found |= {f"recorded {name}": np.array(getattr(net["record"], f"{name}_")) for name in clocked}
    found |= {name: np.array(getattr(net["cells"], name)) for name in ("v", "I")}
    found |= {"t": np.array(net["spikes"].t_), "i": np.array(net["spikes"].i)}
    return {name: values.tobytes() for name, values in found.items()}


def held(synapses) -> set[str]:
    assert {name for name, reason in synapses.shared_states.reasons.items() if not reason} == (
        set(synapses.shared_states.held.sharing.sides) if synapses.shared_states.held else set()
    )
    return set(synapses.shared_states.held.sharing.sides) if synapses.shared_states.held else set()


def same_bits(script, threads=(1, 2, 3)) -> None:
    """Runs a script that returns outcomes with values of synapses, and with those of neurons on some threads."""
    prefs.codegen.share_traces, prefs.codegen.threads = False, 1
    expected = script(False)
    prefs.codegen.share_traces = True
    for count in threads:
        prefs.codegen.threads = count
        for got, wanted in zip(script(True), expected, strict=True):
            assert [name for name in wanted if got[name] != wanted[name]] == []


@pytest.mark.parametrize("name", SHARED)
def test_same_bits_as_one_value_per_synapse(name):
    model, on_pre, on_post, expected = SHARED[name]

    def script(shared):
        net, synapses = network(model, on_pre, on_post, dtype=np.float32 if name == "single precision" else None)
        found = []
        for length in (30 * ms, 20 * ms):
            net.run(length)
            assert held(synapses) == (expected if shared else set())
            found.append(outcome(net, synapses))
        return found

    if name == "with traces":  # whose values round otherwise when neurons hold them
        prefs.codegen.share_traces = True
        net, synapses = network(model, on_pre, on_post)
        net.run(30 * ms)
        assert held(synapses) == expected and synapses.shared_traces.sharing is not None
    else:
        same_bits(script)


@pytest.mark.parametrize("method", ["exponential_euler", "rk2", "rk4", "heun"])
def test_methods(method):
    def script(shared):
        net, synapses = network(NMDA, "x += 1", None, method=method)
        net.run(30 * ms)
        assert held(synapses) == ({"s", "x"} if shared else set())
        return [outcome(net, synapses)]

    same_bits(script, threads=(1,))


CONNECTIONS = {
    "all": lambda s: s.connect(),
    "several of a pair": lambda s: s.connect(condition="i != j", n=2),
    "not from all": lambda s: s.connect(condition="i % 3 == 0", p=0.9),
    "unsorted": lambda s: s.connect(i=[3, 1, 0, 3, 2, 1, 0] * 4, j=[0, 1, 5, 3, 3, 3, 3] * 4),
}


@pytest.mark.parametrize("name", CONNECTIONS)
@pytest.mark.parametrize("part", [slice(None), slice(2, 9)], ids=["whole", "part"])
def test_forms_of_connections(name, part):
    def script(shared):
        net, synapses = network(NMDA, "x += 1", None, connect=CONNECTIONS[name], part=part)
        net.run(40 * ms)
        assert held(synapses) == ({"s", "x"} if shared else set())
        return [outcome(net, synapses)]

    same_bits(script, threads=(1, 2))


BETWEEN = {
    "weights": (lambda s: setattr(s, "w", 0.3), True),
    "one value": (lambda s: setattr(s, "s", 0.25), True),
    "by the source": (lambda s: setattr(s, "s", "0.01*i"), True),
    "by the target": (lambda s: setattr(s, "s", "0.01*j"), False),
    "a few": (lambda s: s.x.__setitem__(slice(3, 7), 0.3), False),
    "more synapses": (lambda s: (s.connect(i=11, j=[0, 1]), setattr(s, "own", 3 * ms)), False),
    "a parameter": (lambda s: setattr(s, "own", 4 * ms), True),
    "parameters": (lambda s: setattr(s, "own", "(2 + 0.1*j)*ms"), False),
    "delay": (lambda s: setattr(s.pre, "delay", 2.2 * ms), True),
    "delays": (lambda s: setattr(s.pre, "delay", "2*ms + j*0.1*ms"), False),
    "values": (lambda s: s.set_states({"x": np.arange(len(s)) * 0.01}), False),
    "a copy": (lambda s: np.array(s.x).__setitem__(0, 5), True),
    "the memory": (lambda s: s.x[:].__setitem__(0, 5), False),
}


@pytest.mark.parametrize("name", BETWEEN)
def test_changes_between_runs(name):
    change, stays = BETWEEN[name]

    def script(shared):
        net, synapses = network(NMDA.replace("-x/(2*ms)", "-x/own"), "x += 1", None)
        net.run(20 * ms)
        found = [outcome(net, synapses)]
        change(synapses)
        for _ in range(3):
            net.run(10 * ms)
            found.append(outcome(net, synapses))
        assert held(synapses) == ({"s", "x"} if shared and stays else set())
        return found

    same_bits(script, threads=(1,))


@pytest.mark.parametrize("file", [False, True])
def test_a_restored_network_goes_on_bit_by_bit(file, tmp_path):
    where = {"filename": str(tmp_path / "state")} if file else {}
    net, synapses = network(NMDA, "x += 1", None)
    net.run(25 * ms)
    net.store(**where)
    net.run(20 * ms)
    first = outcome(net, synapses)
    for _ in range(2):
        net.restore(restore_random_state=True, **where)
        net.run(20 * ms)
        assert held(synapses) == {"s", "x"} and outcome(net, synapses) == first


REFUSED = {
    "differs by synapse": ({"on_pre": "x += w"}, {"x": "depends on 'w', which differs", "s": "depends on 'x'"}),
    "target": ({"on_pre": "x += v_post"}, {"x": "depends on 'v_post'"}),
    "random": ({"on_pre": "x += rand()"}, {"x": "depends on 'rand'"}),
    "both sides": ({"on_post": "x = 0"}, {"x": "events of both sides assign to it"}),
    "delays": ({"delay": "rand()*ms"}, {"x": "the synapses of 'synapses_pre' have different delays"}),
    "equation": ({"model": NMDA.replace("x*(1 - s)", "x*(1 - s)*w")}, {"s": "its equation depends on 'w'", "x": "too"}),
    "noise": (
        {"model": NMDA.replace("-x/(2*ms)", "-x/(2*ms) + xi/ms**0.5")}, {"x": "its equation depends on '_normal'"},
    ),
    "nothing drives it": ({"on_pre": "v_post += w"}, {"x": "nothing of one side alone drives it"}),
    "few": ({"connect": lambda s: s.connect(j="i")}, {"x": "there are few synapses for each neuron"}),
    "unequal values": ({"change": lambda s: setattr(s, "x", "0.01*j")}, {"x": "its values differ", "s": "its values"}),
    "callbacks": ({"more": lambda s: network_operation(lambda: None)}, {"x": "calls Python", "s": "calls Python"}),
    "set regularly": ({"change": lambda s: s.run_regularly("x = x*w")}, {"x": "depends on 'w'"}),
    "summed up": (
        {"model": NMDA.replace("-x/", "(v_post - x)/"), "on_pre": "v_post += x"},
        {"x": "'synapses_pre' adds it up at the other end"},
    ),
    "switched off": ({"change": lambda s: setattr(prefs.codegen, "share_traces", False)}, {"x": "is left out"}),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_why_not(name):
    given, expected = REFUSED[name]
    given = {**given}
    change, more = given.pop("change", lambda s: None), given.pop("more", None)
    model, on_pre, on_post = given.pop("model", NMDA), given.pop("on_pre", "x += 1"), given.pop("on_post", None)
    net, synapses = network(model, on_pre, on_post, **given)
    net.remove(net["record"])
    if more is not None:
        net.add(more(synapses))
    change(synapses)
    net.run(1 * ms)
    for variable, reason in expected.items():
        assert reason in synapses.shared_states.reasons[variable]
    assert held(synapses).isdisjoint(expected)


def test_values_that_differ_are_looked_at_ever_less_often_and_the_plan_is_kept():
    net, synapses = network(NMDA, "x += 1", None)
    synapses.x = "0.01*j"
    states, looked = synapses.shared_states, []
    pack = states._pack
    states._pack = lambda *args: looked.append(args) or pack(*args)
    for _ in range(20):
        net.run(0.1 * ms)
    assert 2 <= len(looked) <= 8


def test_a_sweep_gives_what_runs_give():
    net, synapses = network(NMDA.replace("(20*ms)", "decay"), "x += 1", None)
    synapses.namespace["decay"] = 20 * ms
    decays = [5, 10, 20, 40, 80] * ms
    measures = {"s": "mean(synapses.s)", "v": "cells.v", "n": "counts(spikes)"}
    found = net.sweep(25 * ms, over={"decay": decays}, measure=measures)
    for k, decay in enumerate(decays):
        one, other = network(NMDA.replace("(20*ms)", "decay"), "x += 1", None)
        other.namespace["decay"] = decay
        one.run(25 * ms)
        assert held(other) == {"s", "x"}
        assert np.array_equal(found["v"][k], one["cells"].v) and found["s"][k] == np.mean(other.s)


def test_the_state_of_a_cell_takes_the_memory_of_a_cell():
    net, synapses = network(NMDA, "x += 1", None)
    net.run(5 * ms)
    assert not any(storage.is_made for storage in synapses.shared_states.storages.values())
    assert {"s", "x"}.isdisjoint(row.what for row in synapses.memory_plan().rows)
    np.array(synapses.s)
    net.run(5 * ms)
    assert not any(storage.is_made for storage in synapses.shared_states.storages.values())


def test_what_happened_is_noted():
    net, _ = network(NMDA, "x += 1", None)
    text = net.lower().as_text("actions")
    assert "share-traces: s: held by the source; x: held by the source" in text


EQUATIONS = {
    "x": "dx/dt = -x/(5*ms) : 1 (clock-driven)",
    "s": "ds/dt = (x*(1 - s)*3 - s)/(20*ms) : 1 (clock-driven)",
    "z": "dz/dt = (v_pre - z)/tau_pre : 1 (clock-driven)",
    "u": "du/dt = (1/(1 + exp(-3*v_post)) - u*c_post)/(3*ms) : 1 (clock-driven)",
    "k": "dk/dt = (w*v_pre - k)/(3*ms) : 1 (clock-driven)",
    "a": "da/dt = -a/own : 1 (clock-driven)",
    "b": "db/dt = (z - b*b)/(9*ms) : 1 (clock-driven)",
}


@pytest.mark.parametrize("number", range(12))
def test_random_models_give_the_same_bits(number):
    random = Random(number)
    names = [*dict.fromkeys(["x", "z", *random.sample([*EQUATIONS], 3)])]
    model = "\n".join(["w : 1", "own : second", *(EQUATIONS[name] for name in names)])
    model += f"\nI_post = w*({' + '.join(random.sample(names, 2))}) : 1 (summed)"
    raised = [f"{name} += 0.3" for name in names] + ["w = clip(w + 0.05*x - 0.01*z, 0, 1)", "v_post += 0.05*w*z"]
    on_pre, on_post = ("; ".join(random.sample(raised, 2)) for _ in range(2))
    start = random.choice((None, "0.1*i", "0.1*j"))

    def script(shared):
        net, synapses = network(model, on_pre, on_post if number % 2 else None)
        if start is not None:
            setattr(synapses, names[0], start)
        net.run(25 * ms)
        return [outcome(net, synapses)]

    same_bits(script, threads=(1, 2))
