"""Texts of all parts of a network are lowered once, and again if a name in them means something else: each part."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
from objects.networks.planned_twice import same_when_all_is_forgotten

from ranvier import (
    DimensionMismatchError,
    Network,
    NeuronGroup,
    StateMonitor,
    Synapses,
    check_units,
    ms,
    mV,
    prefs,
)
from ranvier.objects.groups.brianobject import BrianObjectException
from ranvier.objects.variables.scope import Scope


class Model:
    """A network in which each part has a constant of its own, whose value shows in a result."""

    def __init__(self):
        equations = """dv/dt = (drive - v)/tau : 1 (unless refractory)
        held = inner*v : 1 (constant over dt)
        seen = outer*v : 1
        total : 1
        z : 1"""
        self.group = NeuronGroup(
            3, equations, threshold="v > limit", reset="v = low", refractory="rest", method="euler",
            events={"e": "v > early"},
        )  # fmt: skip
        self.group.run_on_event("e", "z += jump")
        self.group.v = [0.1, 0.2, 0.3]
        self.group.run_regularly("z += step", dt=0.2 * ms)
        self.group[1:].run_regularly("z += part")
        self.synapses = Synapses(self.group, self.group, "w : 1\ntotal_post = gain*w : 1 (summed)", on_pre="w += more")
        self.synapses.connect(i=[0, 1, 2], j=[1, 2, 0])
        self.states = StateMonitor(self.group, ["v", "seen", "held"], record=True)
        self.net = Network(self.group, self.synapses, self.states)
        self.names = {
            "drive": 2.0, "tau": 1.0 * ms, "inner": 1.0, "outer": 1.0, "limit": 1.0, "low": 0.0, "rest": 0.2 * ms,
            "early": 0.5, "jump": 1.0, "step": 1.0, "part": 1.0, "gain": 1.0, "more": 1.0,
        }  # fmt: skip

    def run(self):
        self.net.run(1 * ms, namespace=self.names)

    def results(self):
        group, states = self.group, self.states
        arrays = (group.v, group.z, group.held, group.total, self.synapses.w, states.v, states.seen, states.held)
        return [np.array(each) for each in arrays]


CONSTANTS = ["drive", "tau", "inner", "outer", "limit", "low", "rest", "early", "jump", "step", "part", "gain", "more"]


def value(name):
    def change(model):
        model.names[name] = model.names[name] * 0.5

    return change


def value_in_place(model):
    model.names["tau"] *= 2
    model.names["rest"] *= 2


def value_of_the_group(model):
    model.group.namespace["low"] = 0.25


def another_type(model):
    model.names["step"] = 3


def function(model):
    @check_units(x=1, result=1)
    def f(x):
        return 2 * x

    model.group.run_regularly("z += f(step)")
    model.names["f"] = f


def statements(model):
    model.group.event_codes["e"] = "z += 2*jump"


def condition(model):
    model.group.events["e"] = "v > 2*early"


def preference(model):
    prefs["legacy.refractory_timing"] = True


def values(model):
    model.group.v = 0.7


def synapses(model):
    model.synapses.connect(i=0, j=0)


CHANGES = [
    *map(value, CONSTANTS), value_in_place, value_of_the_group, another_type, function, statements, condition,
    preference, values, synapses,
]  # fmt: skip


@pytest.fixture(autouse=True)
def timing():
    """Sets back the preference that a change sets."""
    yield
    prefs["legacy.refractory_timing"] = False


@pytest.mark.parametrize("change", CHANGES, ids=[*CONSTANTS, *(each.__name__ for each in CHANGES[len(CONSTANTS) :])])
def test_results_are_those_of_a_network_that_keeps_nothing(change):
    def make():
        prefs["legacy.refractory_timing"] = False
        return Model()

    same_when_all_is_forgotten(make, change, 4)


def test_a_function_that_changes_is_seen():
    group = NeuronGroup(2, "z : 1")
    group.run_regularly("z = f(3)")
    net, names = Network(group), {}
    for factor in (1, 2):

        @check_units(x=1, result=1)
        def f(x):
            return factor * x  # noqa: B023

        names["f"] = f
        net.run(0.1 * ms, namespace=names)
        np.testing.assert_array_equal(group.z, 3 * factor)


def test_an_unchanged_network_lowers_nothing_again(monkeypatch):
    model = Model()
    model.run()
    model.run()
    lowered = []
    lower = Scope.lower
    monkeypatch.setattr(Scope, "lower", lambda scope, expr: lowered.append(expr) or lower(scope, expr))
    model.run()
    assert lowered == []


@pytest.mark.parametrize("name", CONSTANTS)
def test_a_unit_that_is_wrong_now_is_an_error(name):
    model = Model()
    model.run()
    model.names[name] = 1 * mV
    with pytest.raises(BrianObjectException) as failure:
        model.run()
    assert isinstance(failure.value.__cause__, (DimensionMismatchError, TypeError))
    model.names[name] = Model().names[name]
    model.run()


def test_a_name_that_is_gone_is_an_error():
    model = Model()
    model.run()
    del model.names["more"]
    with pytest.raises(BrianObjectException, match="more"):
        model.run()


def _reference_to_a_group_that_was_run():
    group = NeuronGroup(2, "dv/dt = 1/ms : 1", threshold="v > 1", reset="v = 0", refractory=1 * ms, method="euler")
    net = Network(group)
    for _ in range(2):
        net.run(1 * ms)
    return weakref.ref(group)


def test_what_is_kept_keeps_no_group_alive():
    gc.collect()
    gc.disable()
    try:
        assert _reference_to_a_group_that_was_run()() is None
    finally:
        gc.enable()
