"""Methods of integration that scripts write: functions and classes that give the statements of a step as text.

The numbers are Brian's.
"""

from collections.abc import Iterator

import numpy as np
import pytest

from ranvier import (
    BrianObjectException,
    Equations,
    Network,
    NeuronGroup,
    Soma,
    SpatialNeuron,
    StateMonitor,
    Synapses,
    ms,
    um,
)
from ranvier.integrators.method import StateUpdateMethod, registered
from ranvier.integrators.system import UnsupportedEquationsException


class Twice(StateUpdateMethod):
    """Steps of Euler's method that are twice as long; it refuses a variable `nope`."""

    def __call__(self, equations, variables=None, method_options=None):
        if "nope" in equations.names:
            raise UnsupportedEquationsException("There is a 'nope'.")
        found = equations.get_substituted_expressions(variables)
        return "\n".join(f"{name} += 2*dt*({expr.code})" for name, expr in found)


class WithArgument(Twice):
    """One that does not call the `__init__` of its class."""

    def __init__(self, factor):
        self.factor = factor


@pytest.fixture
def twice() -> Iterator[str]:
    StateUpdateMethod.register("twice", Twice())
    yield "twice"
    del registered["twice"]


def after_a_step(method: object, model: str = "dv/dt = -v/ms : 1", **options: object) -> float:
    group = NeuronGroup(1, model, method=method, **options)
    group.v = 1
    Network(group).run(0.1 * ms)
    return float(group.v[0])


@pytest.mark.parametrize("method", [Twice(), WithArgument(3), (Twice(), "euler")])
def test_a_class_of_the_script_writes_the_step(method: object) -> None:
    assert after_a_step(method) == pytest.approx(0.8)


def test_a_registered_one_is_found_by_its_name(twice: str) -> None:
    assert after_a_step(twice) == after_a_step("TWICE") == pytest.approx(0.8)
    assert after_a_step((twice, "euler")) == pytest.approx(0.8)
    assert after_a_step(twice, method_options={"its own": 1}) == pytest.approx(0.8)
    assert StateUpdateMethod.apply_stateupdater(Equations("dv/dt = -v/ms : 1"), {}, twice) == "v += 2*dt*(-v/ms)"


def test_the_next_of_several_is_tried_where_one_refuses(twice: str) -> None:
    model = "dv/dt = -v/ms : 1\ndnope/dt = 0/ms : 1"
    assert after_a_step((twice, "euler"), model) == pytest.approx(0.9)
    with pytest.raises(BrianObjectException) as caught:
        after_a_step(twice, model)
    assert isinstance(caught.value.__cause__, UnsupportedEquationsException)


def test_synapses_and_cables_take_them(twice: str) -> None:
    group = NeuronGroup(1, "v : 1", threshold="v > 1", reset="")
    synapses = Synapses(group, group, "dx/dt = -x/ms : 1 (clock-driven)", method=twice)
    synapses.connect()
    synapses.x = 1
    cable = SpatialNeuron(Soma(10 * um), "Im = -v*siemens/meter**2 : amp/meter**2\ndm/dt = -m/ms : 1", method=twice)
    cable.m = 1
    Network(group, synapses, cable).run(0.1 * ms)
    assert synapses.x[0] == cable.m[0] == pytest.approx(0.8)


@pytest.mark.parametrize("method", [Twice(), lambda *given: Twice()(*given)])
def test_variables_rest_while_neurons_are_refractory(method: object) -> None:
    group = NeuronGroup(
        1,
        "dv/dt = (x - v)/ms : 1 (unless refractory)\ndw/dt = -w/ms : 1\nx = 2*w : 1",
        threshold="v > 0.9",
        reset="v = 0",
        refractory=0.5 * ms,
        method=method,
    )
    group.v, group.w = 0.95, 1
    recorded = StateMonitor(group, ["v", "w"], record=True)
    Network(group, recorded).run(1 * ms)
    np.testing.assert_allclose(recorded.v[0], [0.95, 0, 0, 0, 0, 0, 0.131072, 0.2097152, 0.25165824, 0.26843546])
    np.testing.assert_allclose(recorded.w[0], 0.8 ** np.arange(10))


def test_a_function_cannot_be_registered() -> None:
    with pytest.raises(ValueError, match="an object of a subclass of StateUpdateMethod, not <function"):
        StateUpdateMethod.register("mine", lambda *given: "")
    assert "mine" not in StateUpdateMethod.stateupdaters
