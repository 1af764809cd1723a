"""Equations of synapses: clock-driven, event-driven, summed; and what code is warned of."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from ranvier import (
    BinomialFunction,
    Function,
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    StateMonitor,
    Synapses,
    ms,
    second,
    start_scope,
)
from ranvier.actions.synaptic_actions import Propagate
from ranvier.objects.pathways.order_dependence import depends_on_order


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    start_scope()
    yield


MODELS = {
    "decay": "dx/dt = -x/(3*ms) : 1 ({kind})",
    "towards a parameter": "dx/dt = (a - x)/(3*ms) : 1 ({kind})\na : 1",
    "chain": "dx/dt = (y - x)/(3*ms) : 1 ({kind})\ndy/dt = -y/(2*ms) : 1 ({kind})",
    "alpha": "dx/dt = (y - x)/(3*ms) : 1 ({kind})\ndy/dt = -y/(3*ms) : 1 ({kind})",
    "oscillation": "dx/dt = y/(3*ms) : 1 ({kind})\ndy/dt = -x/(2*ms) : 1 ({kind})",
    "constant of a neuron": "dx/dt = -x*rate_post - x/(5*ms) : 1 ({kind})",
    "subexpression": "dx/dt = f/ms : 1 ({kind})\nf = -x*0.25 : 1",
    "ramp": "dx/dt = 0.5/ms : 1 ({kind})",
}


@pytest.mark.parametrize("name", list(MODELS))
def test_event_driven_is_what_exact_integration_gives(name: str) -> None:
    """Seen at spikes, both are the same solution: the event-driven one between events, the other step by step."""
    found: dict[str, Any] = {}
    for kind in ("event-driven", "clock-driven"):
        source = SpikeGeneratorGroup(2, [0, 1, 0, 0, 1], [0.5, 1, 2, 4.5, 6] * ms)
        target = NeuronGroup(2, "rate : Hz (constant)\nseen : 1")
        target.rate = [100, 300] / second
        model = MODELS[name].format(kind=kind)
        has_y = "dy/dt" in model
        code = "seen_post = seen_post*0.5 + x; x += 1" + ("; y += 2" if has_y else "")
        synapses = Synapses(source, target, model, on_pre=code, method="exact")
        synapses.connect()
        synapses.x = "0.1*(i + j)"
        if " a : 1" in f" {model.splitlines()[-1]}":
            synapses.a = "1 + i"
        # Before its state updater of a step runs, clock-driven variables are those of the step's time, and the events
        # of the step before are still listed: that is a delay of one step.
        if kind == "clock-driven":
            synapses.pre.when = "before_groups"
        else:
            synapses.pre.delay = 0.1 * ms
        Network(source, target, synapses).run(8 * ms)
        found[kind] = target.seen[:]
    assert np.all(found["event-driven"] != 0)
    assert np.allclose(found["event-driven"], found["clock-driven"], rtol=1e-10)


def test_event_driven_values() -> None:
    source = SpikeGeneratorGroup(1, [0, 0, 0], [1, 3, 6] * ms)
    target = NeuronGroup(1, "v : 1")
    synapses = Synapses(source, target, MODELS["alpha"].format(kind="event-driven"), on_pre="y += 1; v += x")
    synapses.connect()
    Network(source, target, synapses).run(7 * ms)

    def alpha(t: float) -> float:
        return t / 3 * np.exp(-t / 3)

    assert synapses.x[0] == pytest.approx(alpha(5) + alpha(3), rel=1e-12)
    assert target.v[0] == pytest.approx(alpha(2) + alpha(5) + alpha(3), rel=1e-12)
    assert synapses.lastupdate[0] == 6 * ms


def test_event_driven_ramp() -> None:
    source = SpikeGeneratorGroup(1, [0, 0], [1, 3] * ms)
    target = NeuronGroup(1, "v : 1")
    synapses = Synapses(source, target, MODELS["ramp"].format(kind="event-driven"), on_pre="v += x")
    synapses.connect()
    Network(source, target, synapses).run(4 * ms)
    assert target.v[0] == pytest.approx(0.5 + 1.5)


def test_sums_over_many_synapses() -> None:
    rng = np.random.default_rng(3)
    ends = rng.integers(0, 30, 500), rng.integers(0, 20, 500)
    source, target = NeuronGroup(30, "v : 1\nh : 1"), NeuronGroup(40, "u : 1\ng : 1")
    source.v, target.u = rng.random(30), rng.random(40)
    synapses = Synapses(source, target[5:25], "w : 1\ng_post = w*v_pre*u_post : 1 (summed)\nh_pre = w : 1 (summed)")
    synapses.connect(i=ends[0], j=ends[1])
    synapses.w = rng.random(500)
    target.g = 7
    Network(source, target, synapses).run(0.1 * ms)
    weights = synapses.w[:]
    expected = np.bincount(ends[1], weights * source.v[:][ends[0]] * target.u[:][ends[1] + 5], minlength=20)
    assert (
        np.allclose(target.g[5:25], expected, rtol=1e-12) and (target.g[:5] == 7).all() and (target.g[25:] == 7).all()
    )
    assert np.allclose(source.h[:], np.bincount(ends[0], weights, minlength=30), rtol=1e-12)


def test_sums_without_synapses() -> None:
    group = NeuronGroup(3, "v : 1\ng : 1")
    group.g = 5
    synapses = Synapses(group, group, "g_post = v_pre : 1 (summed)")
    Network(group, synapses).run(0.1 * ms)
    assert group.g[:].tolist() == [0, 0, 0]


def test_clock_driven_equations_see_both_ends() -> None:
    source, target = NeuronGroup(2, "v : 1"), NeuronGroup(2, "u : 1")
    source.v, target.u = [1, 2], [10, 20]
    synapses = Synapses(source, target, "ds/dt = (v_pre + u_post)/ms : 1 (clock-driven)", method="euler")
    synapses.connect()
    monitor = StateMonitor(synapses, ["s", "v_pre"], record=synapses[1, :], when="end")
    Network(source, target, synapses, monitor).run(0.2 * ms)
    assert np.allclose(monitor.s[:, -1], [2.4, 4.4]) and monitor.v_pre[:, 0].tolist() == [2, 2]


def test_stored_and_shared_subexpressions() -> None:
    group = NeuronGroup(2, "v : 1", threshold="True", reset="v += 1")
    synapses = Synapses(
        group,
        group,
        "r = v_pre + 10*j : 1 (constant over dt)\nhalf = t/(2*ms) : 1 (shared)\nw : 1\nfactor : 1 (shared)",
        on_pre="w += r*factor",
    )
    synapses.connect()
    synapses.factor = 2
    synapses.run_regularly("factor = factor + 1; w = w + 100", dt=0.2 * ms)
    Network(group, synapses).run(0.3 * ms)
    r = np.array([[0, 1, 2], [10, 11, 12], [0, 1, 2], [10, 11, 12]])
    assert synapses.w[:].tolist() == (200 + r @ [3, 3, 4]).tolist()


@pytest.mark.parametrize(
    ("code", "depends"),
    [
        ("v_post = w", True),
        ("v_post = x_post; x_post += 1", True),
        ("v_post = v_post*10 + w", True),
        ("v_post += 1; v_pre += 1", False),
        ("w = v_post; v_post += w", True),
        ("v_post *= 2; v_post += 1", False),
        ("v_post *= 2; v_post += w", True),
        ("v_pre = v_post", True),
        ("x += 1; x *= 2", False),
        ("v_post = 1", False),
        ("v_post = clip(v_post + w, 0, 1)", True),
        ("w += v_pre", False),
        ("v_post = t/second", False),
        ("v_post += w*v_post", True),
        ("v_post = x_post", False),
        ("a = w*2; v_post += a; x_post -= a", False),
        ("v_post = i", True),
        ("v_post = j", False),
        ("v_post /= w; v_post *= 2", False),
        ("v_post = v_post + w*v_pre - 2", False),
        ("v_post = w + (x_pre*2 + v_post)", False),
        ("v_post = v_post*w + x_pre", True),
        ("v_post = w - (v_post + 1)", True),
        ("v_post = rand()", True),
        ("v_post = poisson(2)", True),
        ("v_post = coins()", True),
        ("v_post = 1; v_post += randn()", True),
        ("v_post *= rand(); v_post += 1", True),
        ("a = rand(); v_post = a", True),
        ("w = rand(); v_post = w", True),
        ("v_post = own(1)", True),
        ("v_post = own(j)", True),
        ("v_post += own(w)", False),
        ("a = own(i); v_post += a*w", False),
        ("v_post += own(v_post)", True),
        ("v_post += keeping(w)", True),
        ("v_post = stated(1)", False),
        ("v_post += stated(w)", False),
        ("v_post += w*randn()", False),  # a number belongs to a synapse; Brian warns of these
        ("v_post += coins()", False),
        ("v_post *= rand()", False),
        ("w = rand(); v_post += w", False),
    ],
)
def test_dependence_on_order(code: str, depends: bool) -> None:
    """The first ones are recorded from Brian's warnings."""
    source = NeuronGroup(2, "v : 1\nx : 1", threshold="v > 1", reset="")
    target = NeuronGroup(2, "v : 1\nx : 1")
    own = Function(lambda x: x, arg_units=[1], return_unit=1)
    stated = Function(lambda x: x, arg_units=[1], return_unit=1)
    stated.implementations.add_implementation("expression", "2*x")
    keeping = Function(lambda x: x, arg_units=[1], return_unit=1, stateless=False)
    names = {"own": own, "keeping": keeping, "stated": stated, "coins": BinomialFunction(3, 0.5)}
    synapses = Synapses(source, target, "w : 1", on_pre=code, namespace=names)
    synapses.connect()
    action = synapses.pre.prepare({"second": second})[0]
    assert isinstance(action, Propagate)
    assert depends_on_order(action.code, action.bindings) == depends


def test_a_sum_for_a_part_of_a_group_comes_one_place_later_than_for_the_whole() -> None:
    """As in Brian: a part of a group has the order of the group plus one, and names decide within an order."""
    for name, expected in (("z", [0, 0, 0]), ("A", [0, 0.3, 0.3])):
        source = NeuronGroup(1, "w : 1")
        source.w = 3
        cells = NeuronGroup(3, "dv/dt = total/ms : 1\ntotal : 1", method="euler", name="a")
        synapses = Synapses(source, cells[1:], "total_post = w_pre : 1 (summed)", name=name)
        synapses.connect()
        Network(source, cells, synapses).run(0.1 * ms)
        assert np.allclose(cells.v, expected)


def test_names_of_ends_may_be_temporaries_of_spike_code() -> None:
    cells = NeuronGroup(3, "v : 1", threshold="True", reset="")
    synapses = Synapses(cells, cells, "w : 1", on_pre="i_pre = 3; w = i_pre + 10*i_post; v_post += i_pre")
    synapses.connect(j="i")
    Network(cells, synapses).run(0.1 * ms)
    assert list(synapses.w) == [3, 13, 23] and list(cells.v) == [3, 3, 3]
