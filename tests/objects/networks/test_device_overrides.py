"""Devices of other packages run networks, connect synapses and set values in place of ours."""

import pytest

from ranvier import Network, NeuronGroup, Synapses, ms, set_device
from ranvier.devices.device import RuntimeDevice, all_devices, reset_device


class Exporter(RuntimeDevice):
    """Writes down what it is asked to do."""

    def __init__(self):
        super().__init__("exporter")
        self.seen = []

    def network_run(self, network, duration, namespace=None, level=0, **others):
        self.seen.append(("run", network, duration, "tau" in namespace))

    def synapses_connect(self, synapses, condition=None, i=None, j=None, p=1, n=1, **others):
        self.seen.append(("connect", condition, p))

    def variableview_set_with_expression_conditional(self, view, cond, code, names, check_units=True):
        self.seen.append(("condition", view.name, cond, code, check_units))

    def variableview_set_with_expression(self, view, item, code, names, check_units=True):
        self.seen.append(("text", view.name, item, code, check_units))

    def variableview_set_with_index_array(self, view, item, value, check_units=True):
        self.seen.append(("values", view.name, item, value, check_units))


@pytest.fixture
def exporter(monkeypatch):
    device = Exporter()
    monkeypatch.setitem(all_devices, "exporter", device)
    set_device("exporter")
    yield device
    reset_device()


def test_a_device_does_it_instead(exporter):
    tau = 3 * ms  # noqa: F841
    group = NeuronGroup(3, "dv/dt = -v/tau : 1", threshold="v > 1", reset="v = 0", method="exact")
    synapses = Synapses(group, group, "w : 1")
    synapses.connect(p=0.5)
    synapses.w = 2
    group.v = "rand()"
    group.v["i > 1"] = 3
    group.v_[1:] = "i"
    network = Network(group, synapses)
    network.run(1 * ms)
    everything = slice(None)
    assert exporter.seen == [
        ("connect", None, 0.5),
        ("values", "w", everything, 2, True),
        ("condition", "v", "True", "rand()", True),
        ("condition", "v", "i > 1", "3", True),
        ("text", "v", slice(1, None), "i", False),
        ("run", network, 1 * ms, True),
    ]
    assert network.t == 0 * ms and len(synapses) == 0 and list(group.v) == [0, 0, 0]


def test_afterwards_everything_is_as_before():
    group = NeuronGroup(2, "v : 1")
    group.v = "i"
    Network(group).run(1 * ms)
    assert list(group.v) == [0, 1]
