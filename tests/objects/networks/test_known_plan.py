"""The plan of the last run is taken again if nothing has changed, and only then: every kind of change is seen."""

from __future__ import annotations

import numpy as np
import pytest
from objects.networks.planned_twice import same_when_all_is_forgotten

from ranvier import (
    Clock,
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    defaultclock,
    linked_var,
    ms,
    prefs,
)
from ranvier.plan import steps


@pytest.fixture
def plans(monkeypatch):
    """The actions of each plan that is made anew."""
    made = []
    make_plan = steps.make_plan

    def noting(actions, *args, **kwds):
        made.append(actions)
        return make_plan(actions, *args, **kwds)

    monkeypatch.setattr(steps, "make_plan", noting)
    return made


class Model:
    """A plastic network in which every part of the plan that changes can be seen in a result."""

    def __init__(self):
        model = "dv/dt = (k + y)/ms : 1 (unless refractory)\ny : 1 (linked)"
        self.source = NeuronGroup(3, model, threshold="v > 1", reset="v = 0", refractory=0.3 * ms, method="euler")
        self.other = NeuronGroup(3, "z : 1")
        self.source.y = linked_var(self.other, "z")
        self.target = NeuronGroup(2, "u : 1")
        traces = "w : 1\ndapre/dt = -apre/(5*ms) : 1 (event-driven)"
        self.synapses = Synapses(self.source, self.target, traces, on_pre="apre += 1\nu_post += w*gain*apre")
        self.synapses.connect(i=[0, 1], j=[0, 1])
        self.synapses.w = 0.5
        self.states = StateMonitor(self.source, "v", record=True)
        self.spikes = SpikeMonitor(self.source)
        self.net = Network(self.source, self.other, self.target, self.synapses, self.states, self.spikes)
        self.names = {"k": 2.0, "gain": 1.0}

    def run(self):
        self.net.run(1 * ms, namespace=self.names)

    def results(self):
        return [
            np.array(each) for each in (self.source.v, self.target.u, self.synapses.apre, self.spikes.i, self.states.v)
        ]


def unchanged(model):
    pass


def values_of_variables(model):
    model.source.v = [0.1, 0.2, 0.3]
    model.target.u = 3


@pytest.mark.parametrize("change", [unchanged, values_of_variables])
def test_an_unchanged_network_is_planned_once(plans, change):
    model = Model()
    model.run()
    model.run()
    number = len(plans)
    for _ in range(3):
        change(model)
        model.run()
    assert len(plans) == number


def constant(model):
    model.names["k"] = 3.0


def type_of_a_constant(model):
    model.names["k"] = 2


def constant_of_a_pathway(model):
    model.names["gain"] = 2.0


def constant_in_the_namespace_of_the_group(model):
    model.synapses.namespace["gain"] = 4.0


def connections(model):
    model.synapses.connect(i=2, j=0)
    model.synapses.w = [1, 2, 3]


def delays(model):
    model.synapses.delay = np.array([0.2, 0.4]) * ms


def link(model):
    third = NeuronGroup(3, "z : 1")
    third.z = 1
    model.net.add(third)
    model.source.y = linked_var(third, "z")


def code_of_a_pathway(model):
    model.synapses.pre.code = "apre += 1\nu_post += 2*w*apre"


def activity(model):
    model.states.active = False


def schedule(model):
    model.net.schedule = ["start", "groups", "synapses", "thresholds", "resets", "end"]


def step_length(model):
    defaultclock.dt = 0.05 * ms


def added_object(model):
    model.net.add(NeuronGroup(2, "dq/dt = 1/ms : 1", method="euler"))


def removed_object(model):
    model.net.remove(model.states)


def values_of_traces(model):
    model.synapses.apre = [1, 2]


def one_value_of_a_constant_variable(model):
    model.synapses.w = 0.75


def several_values_of_a_constant_variable(model):
    model.synapses.w = [0.25, 0.75]


def preference(model):
    prefs["codegen.share_traces"] = False


CHANGES = [
    constant,
    type_of_a_constant,
    constant_of_a_pathway,
    constant_in_the_namespace_of_the_group,
    connections,
    delays,
    link,
    code_of_a_pathway,
    activity,
    schedule,
    step_length,
    added_object,
    removed_object,
    one_value_of_a_constant_variable,
    several_values_of_a_constant_variable,
    values_of_traces,
    preference,
]


@pytest.fixture
def as_before():
    """Sets back what a change may have changed for all networks."""
    dt, shared = defaultclock.dt, prefs["codegen.share_traces"]
    yield
    defaultclock.dt, prefs["codegen.share_traces"] = dt, shared


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_seen(plans, as_before, change):
    model = Model()
    model.run()
    model.run()
    number = len(plans)
    change(model)
    model.run()
    assert len(plans) > number


@pytest.mark.parametrize("change", [unchanged, values_of_variables, *CHANGES])
def test_results_are_those_of_a_network_that_is_always_planned_anew(as_before, change):
    def make():
        defaultclock.dt = 0.1 * ms
        prefs["codegen.share_traces"] = True
        return Model()

    same_when_all_is_forgotten(make, change, 5)


def test_times_of_last_spikes_that_a_script_sets_count_though_the_plan_is_kept(plans):
    group = NeuronGroup(
        2, "dv/dt = 1/ms : 1 (unless refractory)", threshold="v > 100", refractory=2 * ms, method="euler"
    )
    net = Network(group)
    for _ in range(2):
        net.run(1 * ms)
    number = len(plans)
    group.lastspike = np.array([2, -10]) * ms
    group.v = 0
    net.run(1 * ms)
    assert len(plans) == number
    np.testing.assert_allclose(group.v, [0, 1])


def test_another_network_that_shares_traces_otherwise_does_not_mislead(plans):
    model = Model()
    model.run()
    model.run()
    prefs_before = prefs["codegen.share_traces"]
    prefs["codegen.share_traces"] = False
    try:
        model.net.lower(namespace=model.names)
    finally:
        prefs["codegen.share_traces"] = prefs_before
    number = len(plans)
    model.run()
    assert len(plans) > number


def test_spikes_given_anew_are_delivered():
    clock = Clock(0.1 * ms)
    spikes = SpikeGeneratorGroup(2, [0], [0.2] * ms, clock=clock)
    monitor = SpikeMonitor(spikes)
    net = Network(spikes, monitor)
    net.run(1 * ms)
    net.run(1 * ms)
    spikes.set_spikes([1, 1], np.array([2.2, 2.5]) * ms)
    net.run(1 * ms)
    assert list(monitor.i) == [0, 1, 1]
